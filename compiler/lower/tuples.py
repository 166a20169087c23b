"""Picked tuples: the best of all tuples of elements, or the k-th, as positions of a ``Pick``.

A pick's own ties are in the stored order. Where a collection has another one (a union is in
descending pt), ties are resolved in a second search: of the tuples that are as good as the best,
the one whose elements' ranks come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
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
    both,
    call,
    pick,
    reduce,
    store,
)
from adl.compiler.lower.collections import comes_before, is_union, mask, place, precedes
from adl.compiler.lower.places import Place
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
        with lowering.looked_at(TRUE):  # from other places, too
            lowering.picks[key] = _picked(lowering, value.picked)
    return lowering.picks[key]


def _picked(lowering: Lowering, tuples: core.Picked) -> Pick:
    with lowering.loops(tuples.loops) as (axes, inside):
        mask = passing(lowering, tuples.where, inside)
        if tuples.key is None and _plainly_sorted(lowering, tuples):
            return pick(axes, mask, _keys(lowering, tuples.ordered[0])[0], tuples.index)
        among = partial(passing, lowering, tuples.where)
        order = order_of(lowering, tuples.loops, tuples.ordered, among)
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

Passes = Callable[[Node], Node]  # whether the tuple of open loops counts, if ``inside`` holds


def order_of(
    lowering: Lowering,
    loops: Sequence[core.Loop],
    ordered: Sequence[core.Ordered],
    passes: Passes,
) -> Node | None:
    """Return a number in which the tuples of open loops ascend; None if they stand as stored."""
    if ordered:
        return number(lowering, loops, ordered, passes)
    return _ranks(lowering, loops)


def number(
    lowering: Lowering,
    loops: Sequence[core.Loop],
    ordered: Sequence[core.Ordered],
    passes: Passes,
) -> Node | None:
    """Return how many tuples stand before that of open loops; None if they stand as stored.

    They are in the lexicographic order of their elements' indices. A tuple of a sorted composite
    has its index there, which equal keys leave to those of its elements.
    """
    if not ordered and not any(map(partial(_moved, lowering), loops)):
        return None
    here = _indices(lowering, loops, ordered)
    with lowering.loops(loops) as (axes, inside):
        others = passes(inside)
        pairs = list(zip(_indices(lowering, loops, ordered), here, strict=True))
        return reduce("count", axes, Const(1), both(others, precedes(pairs, FALSE)))


def _indices(
    lowering: Lowering, loops: Sequence[core.Loop], ordered: Sequence[core.Ordered]
) -> list[Node]:
    """Return the numbers by which tuples are compared, one after the other."""
    sorted_ = {tuples.loops[0]: tuples for tuples in ordered}
    found: list[Node] = []
    for loop in loops:
        found += _keys(lowering, sorted_[loop]) if loop in sorted_ else ()
        found.append(_rank(lowering, loop))
    return found


def _ranks(lowering: Lowering, loops: Sequence[core.Loop]) -> Node | None:
    """Return one number for the indices of the open loops' elements; None if all are as stored."""
    if not any(map(partial(_moved, lowering), loops)):
        return None
    total: Node = Const(0)
    for loop in loops:
        length = reduce("count", (Axis(lowering.here[loop].source, 0),), Const(1), TRUE)
        rank = _rank(lowering, loop)
        total = rank if total is Const(0) else call("add", call("mul", total, length), rank)
    return total


def _plainly_sorted(lowering: Lowering, tuples: core.Picked) -> bool:
    """Whether one key is all that tuples are sorted by: a pick leaves ties as they are stored."""
    if any(map(partial(_moved, lowering), tuples.loops)):
        return False
    return [(o.loops, len(o.sorts)) for o in tuples.ordered] == [(tuples.loops, 1)]


def _keys(lowering: Lowering, tuples: core.Ordered) -> list[Node]:
    """Return the keys of a tuple so that they ascend; NaN, which comes last, if missing."""
    found = []
    for value, descending in tuples.sorts:
        key = known(lowering.value(value))
        found.append(-key if descending else key)
    return found


def _moved(lowering: Lowering, loop: core.Loop) -> bool:
    """Whether the elements of a loop's collection stand in another order than they are stored."""
    assert loop.collection is not None, "an element of a collection"
    return is_union(loop.collection, lowering.cuts)


def _rank(lowering: Lowering, loop: core.Loop) -> Node:
    """Return how many elements of the input stand before a loop's; once an event for all."""
    at, collection = lowering.here[loop], loop.collection
    assert collection is not None, "an element of a collection"
    if not _moved(lowering, loop):
        return at.position
    one, other = Axis(at.source, 0), Axis(at.source, 1)
    first, second = Place(at.parts, Index(other)), Place(at.parts, Index(one))
    earlier = comes_before(collection, first, second, lowering.cuts)
    if any(isinstance(part, core.Produced) for part in at.parts):
        # Beyond what an algorithm has made there are no values that could be compared.
        earlier = both(mask(collection, first, lowering.cuts), earlier)
    return Element(store((one,), (reduce("count", (other,), Const(1), earlier),)), at.position)
