"""Formulas of corrections: correctionlib parses them, here they become shapes and constants.

The shape of ``0.9 + 0.01*x`` is that of ``0.8 + 0.02*x``; the constants of each are data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from adl.stdlib import elementary, ops

# A shape: ("variable", place), ("constant", place), or the name of an operation and its operands.
Shape = tuple[Any, ...]

_PARAMETER = re.compile(r"(?<!x)\[\s*([0-9]+)\s*\]")


@dataclass(frozen=True)
class Parsed:
    """A formula: its shape, and for each of its constants a number or the place of a parameter."""

    shape: Shape
    constants: tuple[float | int, ...]  # an int is the place of a parameter

    def with_parameters(self, parameters: Sequence[float]) -> tuple[float, ...]:
        """Return the constants."""
        return tuple(parameters[c] if isinstance(c, int) else c for c in self.constants)


def parse(formula: Mapping[str, Any]) -> Parsed:
    """Return the shape of a file's formula.

    Raises:
        RuntimeError: correctionlib cannot parse it.
    """
    return _parse(formula["expression"], len(formula["variables"]))


@lru_cache(maxsize=4096)
def _parse(expression: str, variables: int) -> Parsed:
    """Parse with every parameter as one more variable, since parsing would put numbers there."""
    from correctionlib import _core

    places = [int(found) for found in _PARAMETER.findall(expression)]
    every = [f"v{i}" for i in range(variables + max(places, default=-1) + 1)]
    text = _PARAMETER.sub(lambda found: f"x[{variables + int(found[1])}]", expression)
    content = {"expression": text, "parser": "TFormula", "variables": every}
    inputs = [_core.Variable.from_string(json.dumps({"name": n, "type": "real"})) for n in every]
    tree = _core.Formula.from_string(json.dumps(content), inputs).ast
    constants: list[float | int] = []
    return Parsed(_shape(tree, variables, constants), tuple(constants))


def _shape(tree: Any, variables: int, constants: list[float | int]) -> Shape:
    kind = tree.nodetype.name
    if kind == "VARIABLE" and tree.data < variables:
        return "variable", tree.data
    if kind in ("VARIABLE", "LITERAL"):
        constants.append(tree.data - variables if kind == "VARIABLE" else float(tree.data))
        return "constant", len(constants) - 1
    operands = (_shape(child, variables, constants) for child in tree.children)
    return tree.data.name.lower(), *operands


# ------------------------------------------------------------------------------- the meaning


def evaluate(shape: Shape, variables: Sequence[Any], constants: Sequence[Any]) -> Any:
    """Return a formula's value: of numbers a number, of IR nodes a node."""
    kind, *operands = shape
    if kind == "variable":
        return variables[operands[0]]
    if kind == "constant":
        return constants[operands[0]]
    return OPERATIONS[kind](*(evaluate(o, variables, constants) for o in operands))


def unknown(shape: Shape) -> str:
    """Return the first operation of a formula that has no meaning here; empty if all have one."""
    kind, *operands = shape
    if kind in ("variable", "constant"):
        return ""
    if kind not in OPERATIONS:
        return str(kind)
    return next(filter(None, map(unknown, operands)), "")


def _truth(condition: Any) -> Any:
    return ops.where(condition, 1.0, 0.0)


def _holds(x: Any) -> Any:
    return ops.apply("ne", x, 0.0)


# By correctionlib's names; what is not here is refused.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "negative": lambda x: -x,
    "abs": abs,
    "sqrt": ops.sqrt,
    "plus": lambda x, y: ops.apply("add", x, y),
    "minus": lambda x, y: ops.apply("sub", x, y),
    "times": lambda x, y: ops.apply("mul", x, y),
    "div": ops.div,
    # As std::max and std::min: of what cannot be ordered, the first.
    "max": lambda x, y: ops.where(ops.apply("lt", x, y), y, x),
    "min": lambda x, y: ops.where(ops.apply("lt", y, x), y, x),
    "equal": lambda x, y: _truth(ops.eq(x, y)),
    "notequal": lambda x, y: _truth(ops.apply("ne", x, y)),
    "greater": lambda x, y: _truth(ops.apply("gt", x, y)),
    "less": lambda x, y: _truth(ops.apply("lt", x, y)),
    "greatereq": lambda x, y: _truth(ops.apply("ge", x, y)),
    "lesseq": lambda x, y: _truth(ops.apply("le", x, y)),
    "logicalor": lambda x, y: _truth(ops.either(_holds(x), _holds(y))),
    "logicaland": lambda x, y: _truth(ops.both(_holds(x), _holds(y))),
    **{
        name: getattr(elementary, name)
        for name in (
            *("sin", "cos", "tan", "asin", "acos", "atan", "atan2"),
            *(
                "sinh",
                "cosh",
                "tanh",
                "asinh",
                "acosh",
                "atanh",
                "exp",
                "log",
                "log10",
                "pow",
                "erf",
            ),
        )
    },
}
