"""What a condition guarantees: facts, each the least size of a collection.

Conditions short-circuit, so the right side of an ``and`` knows what the left side guarantees, and
the branches of a ternary what its condition does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from adl.check.analysis import (
    IDENTITY,
    AttributeOf,
    Choice,
    Collection,
    CompositeDef,
    Cut,
    Default,
    DefineDef,
    DefineRef,
    Element,
    Extremum,
    Interval,
    Linked,
    Literal_,
    Logic,
    Member,
    ObjectDef,
    Operation,
    Picked,
    Reduction,
    RegionRef,
    Size,
    Value,
)
from adl.check.collections import lineage
from adl.check.context import order_key
from adl.check.friends import friend_of
from adl.check.values import operands
from adl.check.zeros import fails_for_zero
from adl.stdlib.ops import COMPARISON

# What has a number of elements, or is there or not.
Sized = Collection | CompositeDef | Picked | Linked | Choice
# The key of a collection, or an element that is there -> the least number of elements.
Facts = Mapping[object, int]

NOTHING: Facts = MappingProxyType({})
# What a condition that cannot be met guarantees: anything. It is known by `is`.
NEVER: Facts = MappingProxyType({"": 0})

_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}


def least(facts: Facts, sized: Sized) -> int:
    """Return how many elements there are at least; of a tuple or an element, whether it is there."""
    return facts.get(_key(sized), 0)


def both(a: Facts, b: Facts) -> Facts:
    """Return what holds where both facts hold."""
    if a is NEVER or b is NEVER:
        return NEVER
    return {key: max(a.get(key, 0), b.get(key, 0)) for key in {**a, **b}}


def either(a: Facts, b: Facts) -> Facts:
    """Return what holds where one of the facts holds."""
    if a is NEVER or b is NEVER:
        return b if a is NEVER else a
    return {key: min(n, b[key]) for key, n in a.items() if key in b}


def passed(value: Value) -> Facts:
    """Return what a true condition guarantees."""
    return _truth(value, True, {})


def failed(value: Value) -> Facts:
    """Return what a false condition guarantees."""
    return _truth(value, False, {})


# What is known of the parts of one condition. Both truths of a part are asked for at every level,
# and a define or a region can stand in it many times: looking again each time would never end.
_Known = dict[tuple[int, bool], Facts]


def _truth(value: Value, true: bool, known: _Known) -> Facts:
    key = (id(value), true)
    if key not in known:
        known[key] = _passed(value, known) if true else _failed(value, known)
    return known[key]


def _passed(value: Value, known: _Known) -> Facts:
    match value:
        case Logic(operator="and", operands=(left, right)):
            return both(_truth(left, True, known), _truth(right, True, known))
        case Logic(operator="or", operands=(left, right)):
            second = both(_truth(left, False, known), _truth(right, True, known))
            return either(_truth(left, True, known), second)
        case Logic(operands=(operand,)):
            return _truth(operand, False, known)
        case Choice():
            return _chosen(value, True, known)
        case DefineRef():
            return _truth(value.define.value, True, known)
        case RegionRef():
            facts = NOTHING
            for cut in value.region.statements:
                if isinstance(cut, Cut):
                    facts = both(facts, _truth(cut.condition, True, known))
            return facts
        case Operation() if _compares(value):
            return both(_sized(value, value.name), _present(value))
        case Interval():
            return both(_within(value, value.operator == "[]"), _present(value))
        case AttributeOf():
            return _present(value)
        case Reduction(operation="any"):
            return _sizes([(loop.collection, 1) for loop in value.loops if loop.collection])
        case Literal_(value=False):
            return NEVER
        case _:
            return NOTHING


def _failed(value: Value, known: _Known) -> Facts:
    match value:
        case Logic(operator="and", operands=(left, right)):
            second = both(_truth(left, True, known), _truth(right, False, known))
            return either(_truth(left, False, known), second)
        case Logic(operator="or", operands=(left, right)):
            return both(_truth(left, False, known), _truth(right, False, known))
        case Logic(operands=(operand,)):
            return _truth(operand, True, known)
        case Choice():
            return _chosen(value, False, known)
        case DefineRef():
            return _truth(value.define.value, False, known)
        case Operation() if _compares(value) and value.name in _OPPOSITE:
            return _sized(value, _OPPOSITE[value.name])
        case Interval():
            return _within(value, value.operator == "][")
        case Literal_(value=True):
            return NEVER
        case _:
            return NOTHING


def _chosen(value: Choice, true: bool, known: _Known) -> Facts:
    """Return what a choice guarantees when it is true, or false."""
    then = both(_truth(value.condition, True, known), _truth(value.then, true, known))
    otherwise = both(_truth(value.condition, False, known), _truth(value.otherwise, true, known))
    return either(then, otherwise)


def _compares(value: Operation) -> bool:
    return value.name in COMPARISON or value.name in IDENTITY


def _sizes(least: Iterable[tuple[Sized, int]]) -> Facts:
    """Return the facts that collections have least sizes; their ancestors have them too."""
    facts: dict[object, int] = {}
    for sized, n in least:
        for ancestor in _ancestors(sized):
            key = _key(ancestor)
            facts[key] = max(facts.get(key, 0), n)
    return facts


def _ancestors(sized: Sized) -> Iterator[Sized]:
    """Yield what is at least as long: a picked tuple is one of its composite's."""
    if isinstance(sized, (Picked, Linked, Choice)):
        yield sized
    elif isinstance(sized, CompositeDef):
        yield sized
        if sized.source is not None:
            yield from _ancestors(sized.source)
    else:
        yield from lineage(sized)


def _key(sized: Sized) -> object:
    if isinstance(sized, Linked):
        return sized
    if isinstance(sized, Choice):
        return sized.condition, *map(_found, (sized.then, sized.otherwise))
    if isinstance(sized, Picked):
        return f"tuple {id(sized)}"
    if isinstance(sized, ObjectDef):
        return order_key(sized)
    kinds = {ObjectDef: "object", CompositeDef: "composite"}
    return f"{kinds.get(type(sized), 'input')} {sized.name}"


def _found(value: Value) -> object:
    """Return what tells whether an element that a search found is there: its tuple."""
    return _key(value.picked if isinstance(value, Member) else value)  # type: ignore[arg-type]  # a choice


def of_members(value: Value) -> bool:
    """Whether a value is what the one or the other of several searches has found."""
    if isinstance(value, Choice):
        return of_members(value.then) and of_members(value.otherwise)
    return isinstance(value, Member)


def _sized(value: Operation, name: str) -> Facts:
    """Return what a comparison of a size with a number guarantees."""
    left, right = value.arguments
    counted, limit = _counted(left), _number(right)
    if counted is None or limit is None:
        counted, limit = _counted(right), _number(left)
        name = _MIRRORED.get(name, name)
    if counted is None or limit is None:
        return NOTHING
    return _sizes([(counted, _smallest(name, limit))])


def _smallest(name: str, limit: float) -> int:
    """Return the smallest number of elements n for which ``n name limit`` can be true."""
    match name:
        case "gt":
            return math.floor(limit) + 1
        case "ge" | "eq":
            return math.ceil(limit)
        case "ne" if limit == 0:
            return 1
        case _:
            return 0


def _within(value: Interval, closed: bool) -> Facts:
    """Return what a size in a closed interval, or in an open one, guarantees."""
    counted, limit = _counted(value.value), _number(value.lower)
    if counted is None or limit is None:
        return NOTHING
    return _sizes([(counted, _smallest("ge" if closed else "gt", limit))])


def _counted(value: Value) -> Collection | CompositeDef | None:
    """Return the collection that has at least as many elements as a value says."""
    match value:
        case Size():
            return value.collection
        case Reduction(operation="count", loops=(loop,)):
            return loop.collection
        case Operation(name="real" | "int", arguments=(inner,)):
            return _counted(inner)
        case DefineRef():
            return _counted(value.define.value)
        case _:
            return None


def _number(value: Value) -> float | None:
    finite = isinstance(value, Literal_) and math.isfinite(value.value)
    return float(value.value) if finite and isinstance(value, Literal_) else None


def _present(value: Value) -> Facts:
    """Return the elements without which a comparison would not have been true."""
    certain = fails_for_zero(value)
    found = [e for part in operands(value) for e in _needed(part, set())]
    sizes: list[tuple[Sized, int]] = []
    for element in found:
        if isinstance(element, Member):
            sizes += [(element.picked, 1), *element.picked.needs]
        elif isinstance(element, Choice):
            sizes.append((element, 1))
        elif isinstance(element, Linked):
            if certain or not element.zero:
                sizes.append((element, 1))
        elif isinstance(element, Element) and (certain or not element.zero):
            sizes.append((element.collection, max(element.index, 0) + 1))
    friends: Facts = {friend: 1 for element in found if (friend := friend_of(element))}
    return {**_sizes(sizes), **friends}


def _needed(value: Value, seen: set[DefineDef]) -> Iterator[Value]:
    if friend_of(value):
        yield value
    match value:
        case Element() | Member():
            yield value
        case Choice() if of_members(value):
            yield value
        case Linked():
            yield value
            yield from _needed(value.position, seen)
        case DefineRef() if value.define not in seen:
            seen.add(value.define)
            yield from _needed(value.define.value, seen)
        case Default() | Reduction() | Extremum() | Choice():
            return
        case _ if not is_decided(value):
            for operand in operands(value):
                yield from _needed(operand, seen)


def is_decided(value: Value) -> bool:
    """Whether a value is true or false even where an operand is missing."""
    return isinstance(value, (Logic, Interval)) or (
        isinstance(value, Operation) and _compares(value)
    )
