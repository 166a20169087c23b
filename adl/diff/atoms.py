"""Conditions that compare one quantity with constants, as ranges of it."""

from __future__ import annotations

from dataclasses import dataclass

from adl.check import analysis as core
from adl.diff.intervals import Range, between, compared

_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


@dataclass(frozen=True)
class Atom:
    """A comparison of a quantity with constants: where it holds."""

    quantity: core.Value
    range: Range


def atom(value: core.Value) -> Atom | None:
    """Return a condition as a range of one quantity, if it is one."""
    match value:
        case core.Operation(name=name, arguments=(x, y)) if name in _COMPARISONS:
            for quantity, other, operator in ((x, y, name), (y, x, _MIRRORED[name])):
                limit, one = constant(other), _stored(quantity)
                if limit is not None and constant(quantity) is None:
                    whole = one.type == "int"
                    return Atom(one, compared(operator, limit, whole))
        case core.Interval(operator=operator, value=value_):
            x = _stored(value_)
            lower, upper = constant(value.lower), constant(value.upper)
            if lower is not None and upper is not None:
                whole = x.type == "int"
                if operator == "[]":
                    return Atom(x, between(lower, upper, whole))
                outside = compared("le", lower, whole).parts + compared("ge", upper, whole).parts
                return Atom(x, Range(outside, whole))
    return None


def denied(value: core.Value) -> Atom | None:
    """Return where a condition is false for a number, of ``not`` of it."""
    match value:
        case core.Logic(operator="not", operands=(inner,)):
            found = atom(inner)
            return None if found is None else Atom(found.quantity, found.range.complement())
    return None


def _stored(value: core.Value) -> core.Value:
    """Return a whole number that is compared as a real one as it is."""
    match value:
        case core.Operation(name="real", arguments=(inner,)):
            return inner
    return value


def constant(value: core.Value) -> float | None:
    """Return the number that a value always is, if one was written."""
    match value:
        case core.Literal_(value=bool()):
            return None
        case core.Literal_(value=number):
            return float(number)
        case core.Operation(name="real", arguments=(inner,)):
            return constant(inner)
        case core.Operation(name="neg", arguments=(inner,)):
            found = constant(inner)
            return None if found is None else -found
    return None


def direction(one: Atom) -> tuple[bool, bool]:
    """Return whether a range goes down, and up, without end."""
    parts = one.range.parts
    return parts[0].lower == float("-inf"), parts[-1].upper == float("inf")
