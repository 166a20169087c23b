"""Which elements may be missing where they are used: no condition before guarantees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from adl.check.analysis import (
    Choice,
    CorrectionAt,
    Default,
    DefineDef,
    DefineRef,
    Element,
    EventValue,
    Extremum,
    Linked,
    Logic,
    Member,
    Network,
    OwnAttribute,
    Picked,
    Reduction,
    TableAt,
    Value,
)
from adl.check.friends import friend_of
from adl.check.guarantees import NEVER, Facts, both, failed, is_decided, least, of_members, passed
from adl.check.values import operands, walk
from adl.syntax.source import Span


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
            if facts is not NEVER and least(facts, value.collection) <= max(value.index, 0):
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
        case Choice() if of_members(value) and least(facts, value):
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
            settled = isinstance(value, (Reduction, Extremum)) or is_decided(value)
            for operand in operands(value):
                yield from _uses(operand, facts, decides and not settled, seen)


def _guaranteed(picked: Picked, facts: Facts) -> bool:
    """Whether a tuple is there for sure; of one in a loop nothing is known."""
    if least(facts, picked) > 0:
        return True
    enough = all(least(facts, source) >= n for source, n in picked.needs)
    return enough and not picked.limited


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
