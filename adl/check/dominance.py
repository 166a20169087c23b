"""Which elements exist for sure: facts that a passed condition guarantees, and uses without one.

A fact is a least size of a collection. Conditions short-circuit, so the right side of an ``and``
knows what the left side guarantees, and the branches of a ternary what its condition does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adl.check.analysis import (
    AttributeOf,
    Choice,
    Collection,
    Cut,
    Default,
    DefineRef,
    Element,
    Extremum,
    Interval,
    Literal_,
    Logic,
    ObjectDef,
    Operation,
    Reduction,
    RegionRef,
    Size,
    Value,
)
from adl.check.collections import lineage
from adl.check.values import operands, walk
from adl.stdlib.ops import COMPARISON
from adl.syntax.source import Span

# The key of a collection -> the least number of elements it has.
Facts = Mapping[str, int]

NOTHING: Facts = {}

_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}


@dataclass(frozen=True)
class Use:
    """An element that may be missing; ``decides`` if then the whole value is missing."""

    element: Element
    span: Span
    decides: bool


def elements(value: Value) -> Iterator[Element]:
    """Yield every indexed element in a value, those in defines included."""
    for part in walk(value):
        if isinstance(part, Element):
            yield part
        elif isinstance(part, DefineRef):
            yield from elements(part.define.value)


# ------------------------------------------------------------------------------------- uses


def unguarded(value: Value, facts: Facts) -> Iterator[Use]:
    """Yield the uses of elements that ``facts`` do not guarantee, except inside ``default``."""
    yield from _uses(value, facts, decides=True)


def _uses(value: Value, facts: Facts, decides: bool) -> Iterator[Use]:
    match value:
        case Element():
            if facts.get(_key(value.collection), 0) <= value.index:
                yield Use(value, value.span, decides)
        case Logic(operator="and" | "or"):
            left, right = value.operands
            known = passed(left) if value.operator == "and" else failed(left)
            yield from _uses(left, facts, False)
            yield from _uses(right, both(facts, known), False)
        case Choice():
            condition = value.condition
            yield from _uses(condition, facts, False)
            yield from _uses(value.then, both(facts, passed(condition)), decides)
            yield from _uses(value.otherwise, both(facts, failed(condition)), decides)
        case Default():
            yield from _uses(value.otherwise, facts, decides)
        case DefineRef():
            for use in _uses(value.define.value, facts, decides):
                yield Use(use.element, value.span, use.decides)
        case _:
            # A comparison with a missing value is false; reducers and min, max skip it.
            settles = isinstance(value, (Reduction, Extremum, Interval, Logic)) or (
                isinstance(value, Operation) and _compares(value)
            )
            for operand in operands(value):
                yield from _uses(operand, facts, decides and not settles)


# ------------------------------------------------------------------------------------ facts


def both(a: Facts, b: Facts) -> Facts:
    """Return what holds where both facts hold."""
    return {key: max(a.get(key, 0), b.get(key, 0)) for key in {**a, **b}} if a and b else a or b


def either(a: Facts, b: Facts) -> Facts:
    """Return what holds where one of the facts holds."""
    return {key: min(n, b[key]) for key, n in a.items() if key in b}


def passed_all(cuts: Iterator[Cut]) -> Facts:
    """Return what is guaranteed after some cuts."""
    facts = NOTHING
    for cut in cuts:
        facts = both(facts, passed(cut.condition))
    return facts


def passed(value: Value) -> Facts:
    """Return what a true condition guarantees."""
    match value:
        case Logic(operator="and", operands=(left, right)):
            return both(passed(left), passed(right))
        case Logic(operator="or", operands=(left, right)):
            return either(passed(left), both(failed(left), passed(right)))
        case Logic(operands=(operand,)):
            return failed(operand)
        case Choice():
            then = both(passed(value.condition), passed(value.then))
            return either(then, both(failed(value.condition), passed(value.otherwise)))
        case DefineRef():
            return passed(value.define.value)
        case RegionRef():
            return passed_all(s for s in value.region.statements if isinstance(s, Cut))
        case Operation() if _compares(value):
            return both(_sized(value, value.name), _present(value))
        case Interval():
            return both(_within(value, value.operator == "[]"), _present(value))
        case AttributeOf():
            return _present(value)
        case Literal_(value=False):
            return _Everything()
        case _:
            return NOTHING


def failed(value: Value) -> Facts:
    """Return what a false condition guarantees."""
    match value:
        case Logic(operator="and", operands=(left, right)):
            return either(failed(left), both(passed(left), failed(right)))
        case Logic(operator="or", operands=(left, right)):
            return both(failed(left), failed(right))
        case Logic(operands=(operand,)):
            return passed(operand)
        case Choice():
            then = both(passed(value.condition), failed(value.then))
            return either(then, both(failed(value.condition), failed(value.otherwise)))
        case DefineRef():
            return failed(value.define.value)
        case Operation() if _compares(value) and value.name in _OPPOSITE:
            return _sized(value, _OPPOSITE[value.name])
        case Interval():
            return _within(value, value.operator == "][")
        case _:
            return NOTHING
