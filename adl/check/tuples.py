"""Tuples of elements: those of composites, and the particles that they are as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from adl.check.analysis import (
    Collection,
    CompositeDef,
    Loop,
    Member,
    Ordered,
    Picked,
    Sum,
    Tuple,
    Unknown,
    Value,
    Variable,
)
from adl.check.collections import lineage
from adl.check.context import Block, Context
from adl.check.families import is_family
from adl.check.substitute import with_elements
from adl.check.values import placed
from adl.syntax.source import Span
from adl.syntax.tree import Call, Composite, Name, Object, Take

COMBINERS = frozenset(("disjoint", "cartesian", "comb"))


def is_composite(context: Context, block: Block | None) -> bool:
    """Whether a block declares tuples: a composite, or an object that takes COMB or a composite."""
    seen: set[str] = set()
    while isinstance(block, Object) and block.name.name not in seen:
        seen.add(block.name.name)
        source = next((s.source for s in block.statements if isinstance(s, Take)), None)
        if isinstance(source, Call):
            return source.function.name.lower() in COMBINERS or is_family(context, source)
        block = context.blocks.get(source.name) if isinstance(source, Name) else None
    return isinstance(block, Composite)


def named_tuple(
    entries: Sequence[tuple[str, Value]], span: Span, particle: Value | None = None
) -> Tuple:
    """Return the tuple of named values; as a particle it is ``particle``, else their sum."""
    whole = [particle] if particle is not None else [v for _, v in entries]
    items: list[tuple[int, Value]] = []
    for value in whole:
        items += value.items if isinstance(value, Sum) else ((1, value),)
    return Tuple(tuple(items), tuple(entries), type="particle", span=span)


def fresh(
    composite: CompositeDef, span: Span, group: object = None
) -> tuple[list[Loop], tuple[Value, ...], Value]:
    """Return new loops over a composite's tuples, their conditions, and the current tuple.

    The loops are those of one tuple, or of the larger tuple that ``group`` is.
    """
    group = group or object()
    loops = [Loop(loop.collection, loop.name, group) for loop in composite.loops]
    elements = {
        old: Variable(new, type="particle", span=span)
        for old, new in zip(composite.loops, loops, strict=True)
    }
    where = with_elements(composite.where, elements)
    return loops, where, placed(with_elements(composite.particle, elements), span)


def tuple_at(composite: CompositeDef, index: int, span: Span) -> Value:
    """Return ``Zs[index]``, in the lexicographic order of the members' indices."""
    loops, where, current = fresh(composite, span)
    name = f"{composite.name}[{index}]"
    needs = ((composite, index + 1),)
    ordered = in_order([(composite, loops)], span)
    picked = Picked(name, tuple(loops), where, index=index, needs=needs, ordered=ordered)
    return members_for(current, picked, span)


def in_order(
    tuples: Iterable[tuple[CompositeDef, Sequence[Loop]]], span: Span
) -> tuple[Ordered, ...]:
    """Return the sorted ones among composites whose tuples some loops run over."""
    found = []
    for composite, loops in tuples:
        elements = {
            old: Variable(new, type="particle", span=span)
            for old, new in zip(composite.loops, loops, strict=True)
        }
        where, sorts = with_elements((composite.where, composite.sorts), elements)
        found += [Ordered(tuple(loops), where, sorts)] if sorts else []
    return tuple(found)


def members_for(value: Value, picked: Picked, span: Span) -> Value:
    """Return a value over the loops of a picked tuple, of that tuple's elements."""
    members = {loop: Member(picked, loop, type="particle", span=span) for loop in picked.loops}
    return placed(with_elements(value, members), span)


def unknown(collection: Collection | CompositeDef, index: int, span: Span) -> Value:
    """Return ``jets[-1]``; of a composite the tuple of unknown members."""
    if not isinstance(collection, CompositeDef):
        return Unknown(collection, index, type="particle", span=span)
    members: dict[Loop, Value] = {
        loop: Unknown(collection, index, loop=loop, type="particle", span=span)
        for loop in collection.loops
    }
    return placed(with_elements(collection.particle, members), span)


def another(value: Value, beside: Sequence[tuple[int, Value]]) -> Value:
    """Return an unknown as a further one beside equal ones of its particle."""
    if not isinstance(value, Unknown) or value.loop is not None:
        return value
    equal = [
        v
        for _, v in beside
        if isinstance(v, Unknown) and (v.collection, v.index) == (value.collection, value.index)
    ]
    return replace(value, number=len(equal))


def part_name(unknown: Unknown) -> str:
    """Return the name of the member of a COMB that an index stands for."""
    return f"{unknown.collection.name}[{unknown.index}]" + "'" * unknown.number


def needs(
    loops: Iterable[Loop],
    taken: Iterable[Collection] = (),
    composites: Iterable[CompositeDef] = (),
) -> tuple[tuple[Collection | CompositeDef, int], ...]:
    """Return the sizes that guarantee a tuple of different elements beside those ``taken``.

    The loops of a composite are guaranteed by its own size.
    """
    tuples = list(composites)
    over = [loop.collection for loop in loops if loop.collection is not None]
    if tuples:
        return tuple((composite, 1) for composite in tuples)
    numbers: dict[Collection, int] = {}
    for collection in over:
        numbers[collection] = sum(collection in lineage(other) for other in (*over, *taken))
    return tuple(numbers.items())
