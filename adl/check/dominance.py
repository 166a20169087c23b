"""Which elements exist for sure: facts that a passed condition guarantees, and uses without one.

A fact is a least size of a collection. Conditions short-circuit, so the right side of an ``and``
knows what the left side guarantees, and the branches of a ternary what its condition does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from adl.check.analysis import (
    IDENTITY,
    AttributeOf,
    Choice,
    Collection,
    CompositeDef,
    CorrectionAt,
    Cut,
    Default,
    DefineDef,
    DefineRef,
    Element,
    EventValue,
    Extremum,
    Interval,
    Linked,
    Literal_,
    Logic,
    Member,
    Network,
    ObjectDef,
    Operation,
    OwnAttribute,
    Picked,
    Reduction,
    RegionRef,
    Size,
    TableAt,
    Value,
)
from adl.check.collections import lineage
from adl.check.context import order_key
from adl.check.friends import friend_of
from adl.check.values import operands, walk
from adl.check.zeros import fails_for_zero
from adl.stdlib.ops import COMPARISON
from adl.syntax.source import Span

# The key of a collection, or an element that is there -> the least number of elements.
Facts = Mapping[object, int]

NOTHING: Facts = MappingProxyType({})
# What a condition that cannot be met guarantees: anything. It is known by `is`.
NEVER: Facts = MappingProxyType({"": 0})

_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}


@dataclass(frozen=True)
class Use:
    """What may be missing, an element or a friend's value; ``decides`` if then the whole value is.

    ``table`` is the table of which an argument is missing then. That of a link or of a ``closest``
    with a limit is no ``oversight``: no size could guarantee it. Nor could it that of a friend.
    """

    element: Value
    span: Span
    decides: bool
    table: str = ""
    network: str = ""  # the same for an input of a network, or of a correction
    oversight: bool = True


def elements(value: Value) -> Iterator[Element]:
    """Yield every indexed element in a value, those in defines included."""
    todo, seen = [value], set[DefineDef]()
    while todo:
        for part in walk(todo.pop()):
            if isinstance(part, Element):
                yield part
            elif isinstance(part, DefineRef) and part.define not in seen:
                seen.add(part.define)
                todo.append(part.define.value)


# ------------------------------------------------------------------------------------- uses


def unguarded(value: Value, facts: Facts) -> Iterator[Use]:
    """Yield the uses of elements that ``facts`` do not guarantee, except inside ``default``.

    A define that is used twice under the same facts counts once, at its first use. In the dialect
    cutlang no element is missing: see ``zeros``.
    """
    return (use for use in _uses(value, facts, True, set()) if not _is_zero(use.element))


def zeros(value: Value, facts: Facts) -> Iterator[Use]:
    """Yield the uses of elements that may be four-vectors of zeros, in the dialect cutlang."""
    return (use for use in _uses(value, facts, True, set()) if _is_zero(use.element))


def _is_zero(element: Value) -> bool:
    return isinstance(element, (Element, Linked)) and element.zero


def _uses(value: Value, facts: Facts, decides: bool, seen: set[object]) -> Iterator[Use]:
    friend = friend_of(value)
    if friend and facts is not NEVER and friend not in facts:
        yield Use(value, value.span, decides, oversight=False)
    match value:
        case Element():
            if facts is not NEVER and facts.get(_key(value.collection), 0) <= max(value.index, 0):
                yield Use(value, value.span, decides)
        case Member():
            # Several members of one tuple are one use of it.
            once = (value.picked, frozenset(facts.items()), decides)
            if facts is not NEVER and not _guaranteed(value.picked, facts) and once not in seen:
                seen.add(once)
                yield Use(value, value.span, decides, oversight=not value.picked.limited)
        case Linked():
            if facts is not NEVER and value not in facts:
                yield Use(value, value.span, decides, oversight=False)
            yield from _uses(value.position, facts, decides, seen)
        case OwnAttribute():
            yield from _uses(value.particle, facts, decides, seen)
            for use in _uses(value.definition.value, facts, decides, seen):
                said = use.table or use.network  # in the object's own block
                if not use.oversight and not said:
                    yield replace(use, span=value.span)
        case Logic(operator="and" | "or"):
            left, right = value.operands
            known = passed(left) if value.operator == "and" else failed(left)
            yield from _uses(left, facts, False, seen)
            yield from _uses(right, both(facts, known), False, seen)
        case Choice() if _of_members(value) and _key(value) in facts:
            return
        case Choice():
            condition = value.condition
            yield from _uses(condition, facts, False, seen)
            yield from _uses(value.then, both(facts, passed(condition)), decides, seen)
            yield from _uses(value.otherwise, both(facts, failed(condition)), decides, seen)
        case Default():
            # What is missing has a value here; four-vectors of zeros never are.
            inside = _uses(value.value, facts, decides, seen)
            yield from (use for use in inside if _is_zero(use.element))
            yield from _uses(value.otherwise, facts, decides, seen)
        case TableAt():
            for argument in value.arguments:
                for use in _uses(argument, facts, True, set()):
                    yield replace(use, table=value.table.name) if use.decides else use
        case CorrectionAt():
            for argument in value.arguments:
                for use in _uses(argument, facts, True, set()):
                    named = f"correction {value.correction.name}"
                    yield replace(use, network=named) if use.decides else use
        case Network():
            for given in value.inputs:
                for use in _uses(given, facts, True, set()):
                    yield replace(use, network=value.name) if use.decides else use
        case DefineRef():
            key = (value.define, frozenset(facts.items()), decides)
            if key not in seen:
                seen.add(key)
                for use in _uses(value.define.value, facts, decides, seen):
                    yield replace(use, span=value.span)
        case _:
            settled = isinstance(value, (Reduction, Extremum)) or _is_decided(value)
            for operand in operands(value):
                yield from _uses(operand, facts, decides and not settled, seen)


def _guaranteed(picked: Picked, facts: Facts) -> bool:
    """Whether a tuple is there for sure; of one in a loop nothing is known."""
    if facts.get(_key(picked), 0) > 0:
        return True
    enough = all(facts.get(_key(source), 0) >= n for source, n in picked.needs)
    return enough and not picked.limited


def _is_decided(value: Value) -> bool:
    """Whether a value is true or false even where an operand is missing."""
    return isinstance(value, (Logic, Interval)) or (
        isinstance(value, Operation) and _compares(value)
    )


def absent(use: Use) -> tuple[str, Span, str]:
    """Return what is said about an element that may be missing: message, place, way out."""
    if not use.oversight:
        found = use.element
        words = found.picked.name if isinstance(found, Member) else "what a link leads to"
        if friend_of(found):
            words = found.branch.name if isinstance(found, EventValue) else "a value of a friend"
        message = f"{words} may be missing: no cut before guarantees it"
        return message, use.span, "a cut on it before asks that it is there"
    if isinstance(use.element, Member):
        picked = use.element.picked
        message = f"{picked.name} may be missing: no cut before guarantees it"
        sizes = (f"size({source.name}) >= {n}" for source, n in picked.needs)
        return message, use.span, f"select {' and '.join(sizes)} before"
    assert isinstance(use.element, Element), "nothing else is an oversight"
    name, index = use.element.collection.name, use.element.index
    element = f"last({name})" if index < 0 else f"{name}[{index}]"
    message = f"{element} may be missing: no cut before guarantees it"
    return message, use.span, f"select size({name}) > {max(index, 0)} before"


# ------------------------------------------------------------------------------------ facts


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


_Sized = Collection | CompositeDef | Picked | Linked | Choice


def _sizes(least: Iterable[tuple[_Sized, int]]) -> Facts:
    """Return the facts that collections have least sizes; their ancestors have them too."""
    facts: dict[object, int] = {}
    for sized, n in least:
        for ancestor in _ancestors(sized):
            key = _key(ancestor)
            facts[key] = max(facts.get(key, 0), n)
    return facts


def _ancestors(sized: _Sized) -> Iterator[_Sized]:
    """Yield what is at least as long: a picked tuple is one of its composite's."""
    if isinstance(sized, (Picked, Linked, Choice)):
        yield sized
    elif isinstance(sized, CompositeDef):
        yield sized
        if sized.source is not None:
            yield from _ancestors(sized.source)
    else:
        yield from lineage(sized)


def _key(sized: _Sized) -> object:
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


def _of_members(value: Value) -> bool:
    """Whether a value is what the one or the other of several searches has found."""
    if isinstance(value, Choice):
        return _of_members(value.then) and _of_members(value.otherwise)
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
    return _sizes([(counted, _least(name, limit))])


def _least(name: str, limit: float) -> int:
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
    return _sizes([(counted, _least("ge" if closed else "gt", limit))])


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
    sizes: list[tuple[_Sized, int]] = []
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
        case Choice() if _of_members(value):
            yield value
        case Linked():
            yield value
            yield from _needed(value.position, seen)
        case DefineRef() if value.define not in seen:
            seen.add(value.define)
            yield from _needed(value.define.value, seen)
        case Default() | Reduction() | Extremum() | Choice():
            return
        case _ if not _is_decided(value):
            for operand in operands(value):
                yield from _needed(operand, seen)
