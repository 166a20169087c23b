"""Comparisons that are false of a four-vector of zeros, as they are of a missing element.

In the dialect cutlang ``jets[1]`` without a second jet has a pT of 0: ``pT(jets[1]) > 50`` is false
there as it is in adl, ``pT(jets[1]) < 50`` is not.
"""

from __future__ import annotations

from adl.check.analysis import AttributeOf, Element, Interval, Linked, Literal_, Operation, Value

_TRUE_OF_ZERO = {
    "lt": lambda limit: limit > 0,
    "le": lambda limit: limit >= 0,
    "gt": lambda limit: limit < 0,
    "ge": lambda limit: limit <= 0,
    "eq": lambda limit: limit == 0,
    "ne": lambda limit: limit != 0,
}
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


def fails_for_zero(value: Value) -> bool:
    """Whether a condition on an attribute of an element is false where that is 0."""
    match value:
        case Operation(name=name, arguments=(left, right)) if name in _TRUE_OF_ZERO:
            if _is_attribute(left) and isinstance(right, Literal_):
                return not _TRUE_OF_ZERO[name](right.value)
            if isinstance(left, Literal_) and _is_attribute(right):
                return not _TRUE_OF_ZERO[_MIRRORED[name]](left.value)
        case Interval(value=x, lower=Literal_(value=low), upper=Literal_(value=high)):
            inside = low <= 0 <= high
            outside = low >= 0 or high <= 0
            return _is_attribute(x) and not (inside if value.operator == "[]" else outside)
        case AttributeOf(particle=Element() | Linked()):  # a flag
            return True
    return False


def _is_attribute(value: Value) -> bool:
    """Whether a value is a stored attribute of an element, or its size."""
    match value:
        case Operation(name="abs" | "real" | "int", arguments=(inner,)):
            return _is_attribute(inner)
        case AttributeOf(particle=Element() | Linked()):
            return True
    return False
