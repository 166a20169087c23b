"""Collections as axes and masks, elements as places.

Every collection is made of *parts*: input collections, each with a mask. One part is a loop over
that input collection; several (a union) are a loop over all of them in a row, whose masks and
attributes are stored once an event. In ADL's unions an object that comes by two ways is in a part
once, because masks of one part are joined by ``or``; in CutLang's it stands twice, because there
each source has parts of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from adl.check.analysis import Collection, Computed, Corrected, ObjectDef, Produced
from adl.check.collections import inputs, origin, parts
from adl.compiler.ir import (
    FALSE,
    NAN,
    TRUE,
    Axis,
    Column,
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
from adl.compiler.lower import computed, made
from adl.compiler.lower.truth import Lowered, choose, comparison
from adl.stdlib.models import Branch, CollectionSchema


@dataclass(frozen=True)
class Place:
    """The element at a position of one input collection, or of several in a row."""

    parts: tuple[CollectionSchema, ...]
    position: Node
    defined: Node = TRUE
    zero: bool = False  # a missing element is there, with attributes of 0
    certain: Node = TRUE  # whether no missing value has decided which element it is

    @property
    def source(self) -> tuple[str, ...]:
        """The names of the input collections."""
        return tuple(name for p in self.parts for name in made.source(p))

    def attribute(self, name: str, cuts: CutsAt) -> Node:
        """Return an attribute of the element, as stored or as something has corrected it."""
        value = self._stored(name, cuts)
        if not self.zero:
            return value
        nothing = {"real": Const(0.0), "int": Const(0), "bool": FALSE}[value.kind]
        return call("where", call("ge", self.position, Const(0)), value, nothing)

    def _stored(self, name: str, cuts: CutsAt) -> Node:
        if len(self.parts) == 1:
            return _column(self.parts[0], name, self.position, cuts)
        axes = tuple(Axis(made.source(p), 0) for p in self.parts)
        values = [_column(p, name, Index(a), cuts) for p, a in zip(self.parts, axes, strict=True)]
        if len({v.kind for v in values}) > 1:
            values = [as_real(v) for v in values]
        return Element(store(axes, tuple(values)), self.position)

    def known(self, name: str) -> Node:
        """Return whether an attribute is there: one of a friend is where the friend has the event."""
        every = [_known(p, name) for p in self.parts]
        if len(every) == 1 or all(node is TRUE for node in every):
            return every[0]
        axes = tuple(Axis(made.source(p), 0) for p in self.parts)
        return Element(store(axes, tuple(every)), self.position)

    def has(self, name: str) -> bool:
        """Whether every part stores an attribute."""
        return all(name in p.attributes for p in self.parts)


class CutsAt(Protocol):
    """What object blocks say of the element at a place."""

    def __call__(self, collection: ObjectDef, at: Place) -> Node:
        """Return whether the element passes the cuts of the block."""

    @property
    def reordered(self) -> frozenset[str]:
        """The inputs that stand by another value of what orders them than the stored one."""

    @property
    def computed(self) -> frozenset[str]:
        """The attributes of the object model that have another value than it computes."""

    def key(self, collection: ObjectDef, at: Place) -> Node:
        """Return what a sorted object's elements ascend in; NaN, which comes last, if missing."""

    def corrected(self, part: Corrected, name: str, position: Node) -> Lowered:
        """Return an attribute that something has corrected, of the element at a position."""


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
        at = _among(at, number, every)
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
    stored = call("lt", *_global_positions(collection, a, b))
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


def in_all(at: Place, every: tuple[CollectionSchema, ...]) -> Place:
    """Return a place as one among the elements of more inputs; a missing one stays at -1."""
    if at.parts == every:
        return at
    position: Node = Const(-1)
    for number, part in enumerate(at.parts):
        own, inside = _within(at, number)
        there = both(inside, call("ge", own, Const(0)))
        moved = _among(Place((part,), own), every.index(part), every)
        position = call("where", there, moved.position, position)
    return replace(at, parts=every, position=position)


def _among(at: Place, number: int, every: tuple[CollectionSchema, ...]) -> Place:
    """Return the place of an element of part ``number`` among the elements of all parts."""
    before = _before(every, number)
    position = at.position if before is None else call("add", before, at.position)
    return replace(at, parts=every, position=position)


def _global_positions(collection: Collection, a: Place, b: Place) -> tuple[Node, Node]:
    """Return the positions of two places among all elements of a collection's parts."""
    every = tuple(parts(collection))

    def position(at: Place) -> Node:
        if at.parts == every:
            return at.position
        (part,) = at.parts
        return _among(at, every.index(part), every).position

    return position(a), position(b)


def _before(every: tuple[CollectionSchema, ...], number: int) -> Node | None:
    """Return how many elements stand before the part of this number; None for the first."""
    total: Node | None = None
    for other in every[:number]:
        length = reduce("count", (Axis(made.source(other), 0),), Const(1), TRUE)
        total = length if total is None else call("add", total, length)
    return total


def is_union(collection: Collection, cuts: CutsAt) -> bool:
    """Whether elements stand in another order than they are stored: by pt, or sorted."""
    return bool(orders(collection, cuts))


def same(a: Place, b: Place) -> Node:
    """Return whether two places hold the same physical object."""
    out: Node = FALSE
    for i, part in enumerate(a.parts):
        for j, other in enumerate(b.parts):
            if origin(part) is origin(other):
                (x, in_x), (y, in_y) = _within(a, i), _within(b, j)
                out = either(out, both(both(in_x, in_y), call("eq", x, y)))
    return out


def _within(at: Place, number: int) -> tuple[Node, Node]:
    """Return the position in one part of a place, and whether the place is in that part."""
    if len(at.parts) == 1:
        return at.position, TRUE
    before = _before(at.parts, number)
    if before is None:
        before = Const(0)
    length = reduce("count", (Axis(made.source(at.parts[number]), 0),), Const(1), TRUE)
    after = call("add", before, length)
    inside = both(invert(at.position < before), at.position < after)
    return call("sub", at.position, before), inside


def _column(part: CollectionSchema, name: str, position: Node, cuts: CutsAt) -> Node:
    part = giving(part, name)
    if isinstance(part, Corrected):
        found = cuts.corrected(part, name, position)
        return choose(found.defined, found.value, NAN)
    if isinstance(part, Produced):
        return made.attribute(part, name, position)
    branch = part.attributes[name]
    if isinstance(branch, Computed) and branch.name in cuts.computed:
        return computed.mark(branch, part, position)
    if isinstance(branch, Computed):
        return computed.attribute(branch, Place((part,), position))
    return in_units_of_adl(Column(branch.name, branch.dtype, part.name, position), branch)


def _known(part: CollectionSchema, name: str) -> Node:
    branch = giving(part, name).attributes.get(name)
    return TRUE if branch is None else matched(branch)


def matched(stored: Branch | CollectionSchema) -> Node:
    """Return whether the event has a column or collection: one of a friend, if the friend has it."""
    return Column(stored.matched, "bool") if stored.matched else TRUE


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


def giving(part: CollectionSchema, name: str) -> CollectionSchema:
    """Return what says an attribute of a part: the last that has corrected it, or the input."""
    while isinstance(part, Corrected) and name not in part.values:
        part = part.origin
    return part


def in_units_of_adl(column: Column, branch: Branch) -> Node:
    """Return a column's value in ADL's units."""
    if branch.per == 1:
        return column
    # Divided, not multiplied by 0.001, which is no power of two: 25 000 MeV are 25 GeV exactly.
    return call("div", as_real(column), Const(branch.per))
