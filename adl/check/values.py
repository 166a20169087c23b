"""Walking over checked values: operands, and the loops that a value depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from adl.check.analysis import (
    Apply,
    AttributeOf,
    Before,
    BySource,
    Choice,
    CorrectionAt,
    Default,
    DefineRef,
    Draw,
    Each,
    EventValue,
    Extremum,
    Interval,
    Linked,
    List_,
    Literal_,
    Logic,
    Loop,
    Member,
    Network,
    Operation,
    Ordered,
    OwnAttribute,
    Power,
    Reduction,
    Size,
    Sum,
    TableAt,
    Tuple,
    Unknown,
    Value,
    Variable,
)
from adl.syntax.source import Span


def operands(value: Value) -> tuple[Value, ...]:
    """Return the values of which a value is made, in the written order."""
    match value:
        case Sum():
            return tuple(item for _, item in value.items)
        case Member():
            key = (value.picked.key,) if value.picked.key else ()
            return (*key, *value.picked.where, *sorted_by(value.picked.ordered))
        case Linked():
            return (value.position,)
        case Before():
            return (value.first, value.second)
        case AttributeOf() | OwnAttribute():
            return (value.particle,)
        case BySource():
            return tuple(own for _, own in value.values)
        case Apply() | Operation() | TableAt() | CorrectionAt():
            return value.arguments
        case Each():
            return (value.value, *value.where, *sorted_by(value.ordered))
        case List_():
            return value.items
        case Network():
            return value.inputs
        case Draw():
            return () if value.particle is None else (value.particle,)
        case Power():
            return (value.base,)
        case Logic():
            return value.operands
        case Interval():
            return (value.value, value.lower, value.upper)
        case Choice():
            return (value.condition, value.then, value.otherwise)
        case Reduction():
            return (value.value, *value.where)
        case Extremum():
            return value.values
        case Default():
            return (value.value, value.otherwise)
        case _:
            return ()


def sorted_by(ordered: Iterable[Ordered]) -> tuple[Value, ...]:
    """Return what sorted tuples stand by, and which there are."""
    return tuple(v for o in ordered for v in (*(key for key, _ in o.sorts), *o.where))


def walk(value: Value) -> Iterator[Value]:
    """Yield a value and everything of which it is made, uses before their parts."""
    yield value
    for operand in operands(value):
        yield from walk(operand)


def always_there(value: Value) -> bool:
    """Whether it is plain from its form that a number is never missing, in whatever event."""
    match value:
        case Literal_() | EventValue() | Size() | Reduction() | Interval() | Logic():
            return not (isinstance(value, Reduction) and value.operation == "ave")
        case AttributeOf():
            return isinstance(value.particle, Variable)
        case Default():
            return always_there(value.otherwise)
        case Choice():
            return always_there(value.then) and always_there(value.otherwise)
        case Operation(name=name) if name != "mod":
            return all(always_there(operand) for operand in value.arguments)
        case Power():
            return always_there(value.base)
        case DefineRef():
            return always_there(value.define.value)
    return False


def unknowns(value: Value) -> Iterator[Unknown]:
    """Yield the unknowns in a value, those in a define at the define's place."""
    for part in walk(value):
        if isinstance(part, Unknown):
            yield part
        elif isinstance(part, DefineRef):
            for unknown in part.define.unknowns:
                yield replace(unknown, span=part.span)


def free_loops(value: Value) -> list[Loop]:
    """Return the loops on whose current element a value depends, in the order of mention."""
    if isinstance(value, Variable):
        return [value.loop]
    bound: tuple[Loop, ...] = ()
    if isinstance(value, Reduction):
        bound = value.loops
    elif isinstance(value, Member):
        bound = value.picked.loops
    elif isinstance(value, Each):
        bound = value.loops
    elif isinstance(value, BySource):
        bound = tuple(loop for loop, _ in value.values)
    found: dict[Loop, None] = {}
    for operand in operands(value):
        found.update((loop, None) for loop in free_loops(operand) if loop not in bound)
    return list(found)


def placed(particle: Value, span: Span) -> Value:
    """Return a particle as if it had been written at ``span``, where a define is used."""
    if isinstance(particle, Sum):
        items = tuple((sign, placed(item, span)) for sign, item in particle.items)
        if isinstance(particle, Tuple):
            parts = tuple((name, used_at(part, span)) for name, part in particle.parts)
            return replace(particle, items=items, parts=parts, span=span)
        return replace(particle, items=items, span=span)
    return replace(particle, span=span)


def used_at(value: Value, span: Span) -> Value:
    """Return a named value as if it had been written at ``span``."""
    return placed(value, span) if value.type == "particle" else replace(value, span=span)
