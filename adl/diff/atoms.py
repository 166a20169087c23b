"""Conditions that compare one quantity with constants, as ranges of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adl.check import analysis as core
from adl.diff.intervals import Range, between, compared

_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
_NEGATIVE = compared("lt", 0.0, True)
# Of a comparison, the one that says the same once both sides have changed places.
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


@dataclass(frozen=True)
class Atom:
    """A comparison of a quantity with constants: where it holds, perhaps up to rounding."""

    quantity: core.Value
    range: Range
    rounded: bool = False


def atom(value: core.Value) -> Atom | None:
    """Return a condition as a range of one quantity, if it is one."""
    found = _compared(value)
    if found is None:  # a number that always is there is beyond a bound, or not
        inner = denied(value)
        return inner if inner is not None and _is_there(inner.quantity) else None
    return possible(found)


def unfolded(found: Atom | None) -> Iterator[Atom]:
    """Yield a condition as one of ever simpler quantities: |m - 91| < 10 is one of m - 91, and of m."""
    while found is not None:
        yield found
        match found.quantity:
            case core.Operation(name="abs", arguments=(x,)):
                found = Atom(_stored(x), found.range.of_size(), found.rounded)
            case core.Operation(name="sub", arguments=(x, y)) if (c := constant(y)) is not None:
                found = Atom(_stored(x), found.range.shifted(c), True)
            case core.Operation(name="add", arguments=(x, y)) if (c := constant(y)) is not None:
                found = Atom(_stored(x), found.range.shifted(-c), True)
            case _:
                found = None


def possible(found: Atom) -> Atom:
    """Return a condition without what a quantity never is: no size is negative."""
    if not _is_size(found.quantity):
        return found
    return Atom(found.quantity, found.range.minus(_NEGATIVE))


def as_written(quantity: core.Value, range_: Range) -> Range:
    """Return a range as people write it: size <= 1, not 0 <= size <= 1."""
    parts = range_.parts
    if not _is_size(quantity) or not parts or parts[0][:2] != (0.0, True) or parts[0].upper == 0:
        return range_
    return Range((parts[0]._replace(lower=float("-inf"), lower_in=False), *parts[1:]), True)


def _is_size(value: core.Value) -> bool:
    return isinstance(value, core.Size) or (
        isinstance(value, core.Reduction) and value.operation == "count"
    )


def _is_there(value: core.Value) -> bool:
    """Whether a quantity is never missing, and never NaN."""
    return _is_size(value) or (isinstance(value, core.EventValue) and value.type == "int")


def _compared(value: core.Value) -> Atom | None:
    match value:
        case core.Operation(name=name, arguments=(x, y)) if name in _COMPARISONS:
            for quantity, other, operator in ((x, y, name), (y, x, MIRRORED[name])):
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
            found = _compared(inner)
            if found is not None:
                return possible(Atom(found.quantity, found.range.complement()))
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
