"""Operations of one quantity, backwards: which operands give one of the values allowed.

``pt / 1000 > 30`` asks for the doubles whose quotient is beyond 30, which are found by bisection
with the very operation, so that no rounding is assumed away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from adl.compiler.ir import Const, Node
from adl.compiler.prove.bounds import Bounds
from adl.compiler.prove.values import (
    LEAST,
    MOST,
    Kind,
    Number,
    Values,
    between,
    everything,
    preimage,
)
from adl.stdlib import ops

Found = tuple[Node, Values] | None
Through = Callable[[tuple[Node, ...], Values, Bounds], Found]


def _neg(arguments: tuple[Node, ...], allowed: Values, bounds: Bounds) -> Found:
    (x,) = arguments
    if x.kind == "int" and bounds(x).low == LEAST["int"]:
        return None  # the least integer has no opposite
    return x, _mirrored(allowed) & everything(cast("Kind", x.kind))


def _abs(arguments: tuple[Node, ...], allowed: Values, bounds: Bounds) -> Found:
    (x,) = arguments
    kind = cast("Kind", x.kind)
    if kind == "int" and bounds(x).low == LEAST["int"]:
        return None
    positive = allowed & between(kind, 0, MOST[kind], True)
    return x, positive | _mirrored(positive)


def _mirrored(values: Values) -> Values:
    spans = tuple((-high + 0, -low + 0) for low, high in reversed(values.spans))
    return Values(values.kind, spans, values.nan)


def _sqrt(arguments: tuple[Node, ...], allowed: Values, bounds: Bounds) -> Found:
    (x,) = arguments
    positive = between("real", 0.0, MOST["real"], True)
    found = preimage(allowed, ops.MEANING["sqrt"], positive)
    if allowed.nan:
        found = found | ~between("real", 0.0, MOST["real"])
    return x, found


def _real(arguments: tuple[Node, ...], allowed: Values, bounds: Bounds) -> Found:
    (x,) = arguments
    if x.kind != "int":
        return None
    return x, preimage(allowed, float, everything("int"))


def _with_constant(function: str) -> Through:
    """Invert an operation of a quantity and a constant: it is monotonic, rounding included."""
    meaning = ops.MEANING[function]
    scales = function in ("mul", "div")

    def through(arguments: tuple[Node, ...], allowed: Values, bounds: Bounds) -> Found:
        first, second = arguments
        if isinstance(first, Const) == isinstance(second, Const):
            return None
        x = second if isinstance(first, Const) else first
        constant = cast("Const", first if isinstance(first, Const) else second).value
        if not -MOST["real"] < constant < MOST["real"]:
            return None  # NaN, too
        if scales and (constant == 0 or (function == "div" and x is second)):
            return None
        kind = cast("Kind", x.kind)
        domain = everything(kind)
        if kind == "int":
            domain = between(kind, bounds(x).low, bounds(x).high)
            if not _fits(domain, function, constant):
                return None

        def applied(value: Number) -> Number:
            pair = (constant, value) if x is second else (value, constant)
            return cast("Number", meaning(*pair))

        rising = constant > 0 if scales else not (function == "sub" and x is second)
        return x, preimage(allowed, applied, domain, rising)

    return through


def _fits(domain: Values, function: str, constant: Number) -> bool:
    """Whether no result leaves 64 bits."""
    worst = max(abs(domain.low), abs(domain.high))
    return (worst * abs(constant) if function == "mul" else worst + abs(constant)) < 2**62


THROUGH: Mapping[str, Through] = {
    "neg": _neg,
    "abs": _abs,
    "sqrt": _sqrt,
    "real": _real,
    **{name: _with_constant(name) for name in ("add", "sub", "mul", "div")},
}
