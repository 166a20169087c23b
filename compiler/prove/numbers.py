"""Numbers that are worth trying in a column: near thresholds, and usual for its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from adl.compiler.ir import Call, Column, Const, Element, Node, Store
from adl.compiler.prove.events import Array

Generator = np.random.Generator

_COMPARED = ("lt", "le", "gt", "ge", "eq", "ne")
_SCALES = np.array([3.0, 10.0, 25.0, 40.0, 80.0, 150.0, 300.0, 600.0, 1200.0])


def thresholds(nodes: Sequence[Node]) -> dict[str, list[float]]:
    """Return the constants that each column is compared with, as it is or through operations."""
    found: dict[str, dict[float, None]] = {}
    for node in nodes:
        match node:
            case Call(operator, (x, Const(c))) | Call(operator, (Const(c), x)):
                if operator in _COMPARED and not isinstance(c, bool) and math.isfinite(c):
                    for name, value in _sources(x, float(c)):
                        found.setdefault(name, {})[value] = None
    return {name: sorted(values) for name, values in found.items()}


def _sources(value: Node, constant: float) -> list[tuple[str, float]]:
    """Return the columns of which a value is made by simple operations, and what they have then."""
    out: list[tuple[str, float]] = []
    stack = [(value, constant)]
    while stack and len(out) < 20:
        node, c = stack.pop()
        match node:
            case Column(name):
                out.append((name, c))
            case Element(Store(values=values)):
                stack += [(inner, c) for inner in values]
            case Call("abs", (x,)):
                stack += [(x, c), (x, -c)]
            case Call("neg", (x,)):
                stack.append((x, -c))
            case Call("where", (_, x, y)):
                stack += [(x, c), (y, c)]
            case Call("div", (x, Const(d))) if d:
                stack.append((x, c * d))
            case Call("mul", (x, Const(d))) | Call("mul", (Const(d), x)) if d:
                stack.append((x, c / d))
            case Call("sqrt", (x,)):
                stack.append((x, c * c))
            case Call("real" | "int", (x,)):
                stack.append((x, c))
            case Call("bitand", (x, Const(d))):
                stack += [(x, float(d)), (x, 0.0)]
            case Call("add" | "sub", (x, y)):
                stack += [(x, c), (y, c)]
    return out


def sample(
    column: Column, worth: Sequence[float], shape: tuple[int, ...], draw: Generator
) -> Array:
    """Return random numbers for a column, of its type."""
    kind = np.dtype(column.dtype).kind
    if kind == "b":
        return draw.random(shape) < 0.5
    usual = _usual(column, shape, draw)
    if not worth:
        found = usual
    else:
        near = draw.choice(np.array(worth), shape)
        if kind == "f":
            step = draw.choice([0.0, 1e-6, -1e-6, 0.02, -0.02, 0.2, -0.2, 0.7], shape)
            near = near + step * (np.abs(near) + 0.1)
        else:
            near = near + draw.choice([0, 0, 1, -1], shape)
        found = np.where(draw.random(shape) < (0.4 if kind == "f" else 0.7), near, usual)
    if kind == "f":
        return found.astype(column.dtype)
    info = np.iinfo(column.dtype)
    return np.clip(np.rint(found), max(info.min, -(2**53)), min(info.max, 2**53)).astype(
        column.dtype
    )


def _usual(column: Column, shape: tuple[int, ...], draw: Generator) -> Array:
    name = column.name.lower()
    for words, numbers in _BY_NAME.items():
        if name.endswith(words):
            return numbers(shape, draw)
    if np.dtype(column.dtype).kind != "f":
        return draw.choice([-1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 3.0], shape)
    return np.where(draw.random(shape) < 0.6, draw.random(shape), draw.normal(0, 30, shape))


def _momenta(shape: tuple[int, ...], draw: Generator) -> Array:
    return draw.choice(_SCALES, shape) * (0.5 + draw.random(shape))


def _azimuths(shape: tuple[int, ...], draw: Generator) -> Array:
    return np.where(
        draw.random(shape) < 0.5,
        draw.uniform(-math.pi, math.pi, shape),
        draw.choice([-3.0, -1.5, 0.0, 0.2, 1.5, 3.0], shape),
    )


def _directions(shape: tuple[int, ...], draw: Generator) -> Array:
    wide = np.where(draw.random(shape) < 0.3, 5.0, 2.0)
    return draw.uniform(-1.0, 1.0, shape) * wide


def _signs(shape: tuple[int, ...], draw: Generator) -> Array:
    return draw.choice([-1.0, 1.0], shape)


_BY_NAME: Mapping[tuple[str, ...], Callable[[tuple[int, ...], Generator], Array]] = {
    ("pt", "met", "ht", "energy", ".e"): _momenta,
    ("phi",): _azimuths,
    ("eta",): _directions,
    ("charge",): _signs,
    ("mass", "msoftdrop"): lambda shape, draw: (
        draw.choice([0.0, 0.1, 10.0, 85.0, 170.0], shape) * (0.9 + 0.2 * draw.random(shape))
    ),
    ("dxy", "dz", "iso", "iso_all", "iso04_all"): lambda shape, draw: draw.normal(0, 0.1, shape),
}
