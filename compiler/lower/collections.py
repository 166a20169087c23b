"""Collections as axes and masks, elements as places.

Every collection is made of *parts*: input collections, each with a mask. One part is a loop over
that input collection; several (a union) are a loop over all of them in a row, whose masks and
attributes are stored once an event. In ADL's unions an object that comes by two ways is in a part
once, because masks of one part are joined by ``or``; in CutLang's it stands twice, because there
each source has parts of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from adl.check.analysis import Collection, Corrected, ObjectDef, Produced
from adl.check.collections import inputs, origin, parts
from adl.compiler.ir import (
    FALSE,
    TRUE,
    Axis,
    Const,
    Element,
    Index,
    Node,
    as_real,
    both,
    call,
    either,
    invert,
    reduce,
    store,
)
from adl.compiler.lower import made
from adl.compiler.lower.places import CutsAt, Place, among, global_positions, matched
from adl.compiler.lower.truth import Lowered, comparison
from adl.stdlib.models import CollectionSchema


def place(collection: Collection, position: Node) -> Place:
    """Return the element of a collection at a position among all its parts' elements."""
    return Place(tuple(parts(collection)), position)


def mask(collection: Collection, at: Place, cuts: CutsAt) -> Node:
    """Return whether the element at a place belongs to a collection."""
    if len(at.parts) == 1:
        return part_mask(collection, 0, at.position, cuts)
    axes = tuple(Axis(made.source(p), 0) for p in at.parts)
    masks = [part_mask(collection, i, Index(axis), cuts) for i, axis in enumerate(axes)]
    if isinstance(at.position, Index) and all(mask is TRUE for mask in masks):
        return TRUE  # a search may have found nothing, which is no element; a loop always has one
    return Element(store(axes, tuple(masks)), at.position)


def part_mask(collection: Collection, number: int, position: Node, cuts: CutsAt) -> Node:
    """Return whether an element of a collection's part of this number belongs to it."""
    if isinstance(collection, Produced):
        return made.inside(collection, position)
    if isinstance(collection, CollectionSchema):
        return TRUE
    inside = _in_sources(collection, number, position, cuts)
    if collection.union:
        every = parts(collection)
        for earlier in range(number):
            if origin(every[earlier]) is origin(every[number]):  # it stands there already
                there = _in_sources(collection, earlier, position, cuts)
                inside = both(inside, invert(there))
    at = Place((parts(collection)[number],), position)
    if collection.ranks is not None:
        return both(inside, _in_slice(collection, number, at, cuts))
    if collection.kept_by is not None:
        return both(inside, made.kept(collection, _rank_in_source(collection, number, at, cuts)))
    return both(inside, cuts(collection, at))


def _in_sources(collection: ObjectDef, number: int, position: Node, cuts: CutsAt) -> Node:
    """Return whether an element of a part is in a source that has this part."""
    inside: Node = FALSE
    for source, own in _sources_of(collection, number):
        inside = either(inside, part_mask(source, own, position, cuts))
    return inside


def _sources_of(collection: ObjectDef, number: int) -> Iterator[tuple[Collection, int]]:
    """Yield the sources of one part, each with the number that the part has there."""
    part = parts(collection)[number]
    first = 0
    for source in collection.sources:
        for own, candidate in enumerate(parts(source)):
            if candidate is part if collection.union else first + own == number:
                yield source, own
        first += len(parts(source))


def _in_slice(collection: ObjectDef, number: int, at: Place, cuts: CutsAt) -> Node:
    """Return whether the element at a place has one of the slice's ranks in its source."""
    assert collection.ranks is not None
    start, stop = collection.ranks
    before = _rank_in_source(collection, number, at, cuts)
    above = call("ge", before, Const(start)) if start else TRUE
    return above if stop is None else both(above, call("lt", before, Const(stop)))


def _rank_in_source(collection: ObjectDef, number: int, at: Place, cuts: CutsAt) -> Node:
    """Return how many elements of the one source stand before an element of a part."""
    (source,) = collection.sources
    every = tuple(parts(source))
    if len(set(every)) < len(every):  # of which of the parts it is, the place cannot tell
        at = among(at, number, every)
    return rank(source, at, cuts)


def rank(collection: Collection, at: Place, cuts: CutsAt) -> Node:
    """Return how many elements of a collection stand before the one at a place."""
    axis, other = _another(collection, at)
    earlier = both(mask(collection, other, cuts), comes_before(collection, other, at, cuts))
    return reduce("count", (axis,), Const(1), earlier)


def last(collection: Collection, at: Place, cuts: CutsAt) -> Node:
    """Return whether no element of a collection comes after the one at a place."""
    axis, other = _another(collection, at)
    later = both(mask(collection, other, cuts), comes_before(collection, at, other, cuts))
    return invert(reduce("any", (axis,), TRUE, later))


def _another(collection: Collection, at: Place) -> tuple[Axis, Place]:
    """Return a loop over all elements of the input, with a slot that nothing open has."""
    source = tuple(name for p in parts(collection) for name in made.source(p))
    slots = [a.slot for a in at.position.free]
    axis = Axis(source, max(slots, default=-1) + 1)
    return axis, Place(tuple(parts(collection)), Index(axis))


def comes_before(collection: Collection, a: Place, b: Place, cuts: CutsAt) -> Node:
    """Return whether one element stands before another: sorted, in a union by pt, or as stored."""
    stored = call("lt", *global_positions(collection, a, b))
    keys = [(order_of(o, a, cuts), order_of(o, b, cuts)) for o in orders(collection, cuts)]
    return precedes(keys, stored)


def precedes(keys: Sequence[tuple[Node, Node]], otherwise: Node) -> Node:
    """Return whether the left sides of pairs come before the right ones, NaN last.

    The first pair that differs decides, and ``otherwise`` where none does.
    """
    result = otherwise
    for x, y in reversed(keys):
        smaller, equal = call("lt", x, y), call("eq", x, y)
        if x.kind == "real":
            x_nan, y_nan = call("ne", x, x), call("ne", y, y)
            smaller = either(smaller, both(y_nan, invert(x_nan)))
            equal = either(equal, both(x_nan, y_nan))
        result = either(smaller, both(equal, result))
    return result


def order_of(order: Collection, at: Place, cuts: CutsAt) -> Node:
    """Return the number that ascends in the order of a sorted object, of a union or an input."""
    at = before(parts(order), at)
    if isinstance(order, CollectionSchema):
        return -as_real(at.attribute(order.ordered or "pt", cuts))
    return -as_real(at.attribute("pt", cuts)) if order.key is None else cuts.key(order, at)


def before(known: Sequence[CollectionSchema], at: Place) -> Place:
    """Return the place of an element among parts that are ``known``, before later corrections."""

    def earlier(part: CollectionSchema) -> CollectionSchema:
        while isinstance(part, Corrected) and part not in known:
            part = part.origin
        return part

    return replace(at, parts=tuple(earlier(part) for part in at.parts))


def orders(collection: Collection, cuts: CutsAt) -> list[Collection]:
    """Return what puts elements in another order than the stored one, the last sort first."""
    found: list[Collection] = []
    while isinstance(collection, ObjectDef):
        if collection.key is not None or collection.union or collection.by_pt:
            found.append(collection)
        if collection.union or len(collection.sources) > 1:
            break  # a union stands by pt, in cutlang as written
        (collection,) = collection.sources
    if isinstance(collection, CollectionSchema) and collection.name in cuts.reordered:
        found.append(collection)
    return found


def is_union(collection: Collection, cuts: CutsAt) -> bool:
    """Whether elements stand in another order than they are stored: by pt, or sorted."""
    return bool(orders(collection, cuts))


def in_all_of(collections: Iterable[Collection | None]) -> Node:
    """Return whether an event has all of some collections: those of a friend it may lack."""
    there: Node = TRUE
    for collection in inputs(c for c in collections if c is not None):
        there = both(there, matched(collection))
    return there


def in_events_with(collections: Iterable[Collection | None], found: Lowered) -> Lowered:
    """Return what is computed of whole collections: missing where an event lacks one of them."""
    there = in_all_of(collections)
    if found.value.kind == "bool":
        return comparison(found.value, found, Lowered(TRUE, there))
    return Lowered(found.value, both(there, found.defined), found.certain)
