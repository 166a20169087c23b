"""Picked tuples: the best of all tuples of elements, or the k-th, as positions of a ``Pick``.

A pick's own ties are in the stored order. Where a collection has another one (a union is in
descending pt), ties are resolved in a second search: of the tuples that are as good as the best,
the one whose elements' ranks come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from adl.check import analysis as core
from adl.check.values import free_loops
from adl.compiler.ir import (
    FALSE,
    TRUE,
    Axis,
    Const,
    Element,
    Index,
    Node,
    Part,
    Pick,
    as_real,
    both,
    call,
    pick,
    reduce,
    store,
)
from adl.compiler.lower.collections import Place, comes_before, is_union, place, precedes
from adl.compiler.lower.truth import Lowered, known

if TYPE_CHECKING:
    from adl.compiler.lower.values import Lowering


def member(lowering: Lowering, value: core.Member) -> Place:
    """Return where one element of a picked tuple lies."""
    loops = value.picked.loops
    position = Part(picked(lowering, value), loops.index(value.loop))
    assert value.loop.collection is not None, "an element of a collection"
    parts = place(value.loop.collection, position).parts
    return Place(parts, position, call("ge", position, Const(0)))


def picked(lowering: Lowering, value: core.Member) -> Pick:
    """Return the search for a tuple; the members of one tuple share it."""
    around = tuple((loop, lowering.here[loop]) for loop in free_loops(value))
    key = value.picked, around
    if key not in lowering.picks:
        lowering.picks[key] = _picked(lowering, value.picked)
    return lowering.picks[key]


def _picked(lowering: Lowering, tuples: core.Picked) -> Pick:
    with lowering.loops(tuples.loops) as (axes, inside):
        mask = passing(lowering, tuples.where, inside)
        order = _ranks(lowering, tuples.loops, axes)
        if tuples.sorts:
            return pick(axes, mask, _sorted_by(lowering, tuples, order), tuples.index)
        if tuples.key is None:
            return pick(axes, mask, order, tuples.index)
        key = lowering.value(tuples.key)
        mask = both(mask, key.defined)
        if key.value.kind == "real":  # a NaN never wins
            mask = both(mask, call("eq", key.value, key.value))
        if order is None:
            return pick(axes, mask, key.value, tuples.index)
        best = reduce("min", axes, key.value, mask)
        return pick(axes, both(mask, call("eq", key.value, best)), order, tuples.index)


def passing(lowering: Lowering, where: Iterable[core.Value], inside: Node) -> Node:
    """Return which tuples are meant; what says that elements differ is cheap and comes first."""
    first: Node = TRUE
    then = inside
    for condition in where:
        passed = lowering.condition(condition).value
        if _tells_apart(condition):
            first = both(first, passed)
        else:
            then = both(then, passed)
    return both(first, then)


def _tells_apart(condition: core.Value) -> bool:
    if isinstance(condition, core.Logic) and condition.operator == "not":
        (condition,) = condition.operands
    same = isinstance(condition, core.Operation) and condition.name == "same"
    return same or isinstance(condition, core.Before)


def before(lowering: Lowering, value: core.Before) -> Lowered:
    """Return whether one element stands before another."""
    first, second = lowering.place(value.first), lowering.place(value.second)
    defined = both(first.defined, second.defined)
    return Lowered(both(defined, comes_before(value.collection, first, second, lowering.cuts)))


def size(lowering: Lowering, composite: core.CompositeDef) -> Lowered:
    """Return the number of a composite's tuples."""
    with lowering.loops(composite.loops) as (axes, inside):
        mask = passing(lowering, composite.where, inside)
        return Lowered(reduce("count", axes, Const(1), mask))


# -------------------------------------------------------------------------------------- order


def _ranks(lowering: Lowering, loops: Sequence[core.Loop], axes: Sequence[Axis]) -> Node | None:
    """Return a number by which tuples are in lexicographic order; None if they are stored so."""
    collections = [loop.collection for loop in loops if loop.collection is not None]
    if not any(is_union(c, lowering.cuts) for c in collections):
        return None
    total: Node = Const(0)
    for loop, collection, axis in zip(loops, collections, axes, strict=True):
        length = reduce("count", (Axis(axis.source, 0),), Const(1), TRUE)
        rank = _rank(lowering, collection, lowering.here[loop])
        total = rank if total is Const(0) else call("add", call("mul", total, length), rank)
    return total


def _sorted_by(lowering: Lowering, tuples: core.Picked, order: Node | None) -> Node:
    """Return by what sorted tuples ascend: their key, or their rank where ties do not stand so."""
    mine = _keys(lowering, tuples)
    if len(mine) == 1 and order is None:
        return mine[0]
    here = [lowering.here[loop].position for loop in tuples.loops]
    with lowering.loops(tuples.loops) as (axes, inside):
        others = passing(lowering, tuples.where, inside)
        ranks = _ranks(lowering, tuples.loops, axes)
        if order is None or ranks is None:
            positions = [lowering.here[loop].position for loop in tuples.loops]
            before = precedes(list(zip(positions, here, strict=True)), FALSE)
        else:
            before = call("lt", ranks, order)
        before = precedes(list(zip(_keys(lowering, tuples), mine, strict=True)), before)
        return as_real(reduce("count", axes, Const(1), both(others, before)))


def _keys(lowering: Lowering, tuples: core.Picked) -> list[Node]:
    """Return the keys of a tuple so that they ascend; NaN, which comes last, if missing."""
    found = []
    for value, descending in tuples.sorts:
        key = known(lowering.value(value))
        found.append(-key if descending else key)
    return found


def _rank(lowering: Lowering, collection: core.Collection, at: Place) -> Node:
    """Return how many elements of the input stand before one; once an event for all."""
    if not is_union(collection, lowering.cuts):
        return at.position
    one, other = Axis(at.source, 0), Axis(at.source, 1)
    first, second = Place(at.parts, Index(other)), Place(at.parts, Index(one))
    earlier = comes_before(collection, first, second, lowering.cuts)
    return Element(store((one,), (reduce("count", (other,), Const(1), earlier),)), at.position)
