"""Collections as axes and masks, elements as places.

Every collection is made of *parts*: input collections, each with a mask. One part is a loop over
that input collection; several (a union) are a loop over all of them in a row, whose masks and
attributes are stored once an event. An object that comes by two ways is in a part once, because
masks of one part are joined by ``or``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adl.check.analysis import Collection, ObjectDef
from adl.compiler.ir import (
    FALSE,
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
from adl.stdlib.models import CollectionSchema


@dataclass(frozen=True)
class Place:
    """The element at a position of one input collection, or of several in a row."""

    parts: tuple[CollectionSchema, ...]
    position: Node
    defined: Node = TRUE
    zero: bool = False  # a missing element is there, with attributes of 0

    @property
    def source(self) -> tuple[str, ...]:
        """The names of the input collections."""
        return tuple(p.name for p in self.parts)

    def attribute(self, name: str) -> Node:
        """Return a stored attribute of the element."""
        value = self._stored(name)
        if not self.zero:
            return value
        nothing = {"real": Const(0.0), "int": Const(0), "bool": FALSE}[value.kind]
        return call("where", call("ge", self.position, Const(0)), value, nothing)

    def _stored(self, name: str) -> Node:
        if len(self.parts) == 1:
            return _column(self.parts[0], name, self.position)
        axes = tuple(Axis((p.name,), 0) for p in self.parts)
        values = [_column(p, name, Index(a)) for p, a in zip(self.parts, axes, strict=True)]
        if len({v.kind for v in values}) > 1:
            values = [as_real(v) for v in values]
        return Element(store(axes, tuple(values)), self.position)

    def has(self, name: str) -> bool:
        """Whether every part stores an attribute."""
        return all(name in p.attributes for p in self.parts)


CutsAt = Callable[[ObjectDef, Place], Node]  # whether an element passes an object block's cuts


def place(collection: Collection, position: Node) -> Place:
    """Return the element of a collection at a position among all its parts' elements."""
    return Place(tuple(parts(collection)), position)


def parts(collection: Collection) -> list[CollectionSchema]:
    """Return the input collections that a collection's elements come from, each once."""
    if isinstance(collection, CollectionSchema):
        return [collection]
    return list(dict.fromkeys(p for s in collection.sources for p in parts(s)))


def mask(collection: Collection, at: Place, cuts: CutsAt) -> Node:
    """Return whether the element at a place belongs to a collection."""
    if len(at.parts) == 1:
        return part_mask(collection, at.parts[0], at.position, cuts)
    axes = tuple(Axis((p.name,), 0) for p in at.parts)
    masks = [part_mask(collection, p, Index(a), cuts) for p, a in zip(at.parts, axes, strict=True)]
    return Element(store(axes, tuple(masks)), at.position)


def part_mask(collection: Collection, part: CollectionSchema, position: Node, cuts: CutsAt) -> Node:
    """Return whether an element of an input collection belongs to a collection."""
    if isinstance(collection, CollectionSchema):
        return TRUE if collection is part else FALSE
    inside: Node = FALSE
    for source in collection.sources:
        inside = either(inside, part_mask(source, part, position, cuts))
    if inside is FALSE:
        return FALSE
    at = Place((part,), position)
    if collection.ranks is not None:
        return both(inside, _in_slice(collection, at, cuts))
    return both(inside, cuts(collection, at))


def _in_slice(collection: ObjectDef, at: Place, cuts: CutsAt) -> Node:
    """Return whether the element at a place has one of the slice's ranks in its source."""
    assert collection.ranks is not None
    start, stop = collection.ranks
    (source,) = collection.sources
    axis, other = _another(source, at)
    earlier = both(mask(source, other, cuts), comes_before(source, other, at))
    rank = reduce("count", (axis,), Const(1), earlier)
    above = call("ge", rank, Const(start)) if start else TRUE
    return above if stop is None else both(above, call("lt", rank, Const(stop)))


def last(collection: Collection, at: Place, cuts: CutsAt) -> Node:
    """Return whether no element of a collection comes after the one at a place."""
    axis, other = _another(collection, at)
    later = both(mask(collection, other, cuts), comes_before(collection, at, other))
    return invert(reduce("any", (axis,), TRUE, later))


def _another(collection: Collection, at: Place) -> tuple[Axis, Place]:
    """Return a loop over all elements of the input, with a slot that nothing open has."""
    source = tuple(p.name for p in parts(collection))
    slots = [a.slot for a in at.position.free]
    axis = Axis(source, max(slots, default=-1) + 1)
    return axis, Place(tuple(parts(collection)), Index(axis))


def comes_before(collection: Collection, a: Place, b: Place) -> Node:
    """Return whether one element stands before another: as stored, or in a union by pt."""
    stored = call("lt", *_global_positions(collection, a, b))
    if not is_union(collection):
        return stored
    x, y = as_real(a.attribute("pt")), as_real(b.attribute("pt"))
    x_nan, y_nan = call("ne", x, x), call("ne", y, y)
    larger = either(call("gt", x, y), both(y_nan, invert(x_nan)))
    equal = either(call("eq", x, y), both(x_nan, y_nan))
    return either(larger, both(equal, stored))


def _global_positions(collection: Collection, a: Place, b: Place) -> tuple[Node, Node]:
    """Return the positions of two places among all elements of a collection's parts."""
    every = tuple(parts(collection))

    def position(at: Place) -> Node:
        if at.parts == every:
            return at.position
        (part,) = at.parts
        before = _before(every, part)
        return at.position if before is None else call("add", before, at.position)

    return position(a), position(b)


def _before(every: tuple[CollectionSchema, ...], part: CollectionSchema) -> Node | None:
    """Return the number of elements of the parts that stand before a part; None for the first."""
    total: Node | None = None
    for other in every[: every.index(part)]:
        number = reduce("count", (Axis((other.name,), 0),), Const(1), TRUE)
        total = number if total is None else call("add", total, number)
    return total


def is_union(collection: Collection) -> bool:
    """Whether elements stand in descending pt rather than as they are stored."""
    if isinstance(collection, CollectionSchema):
        return False
    return collection.union or is_union(collection.sources[0])


def same(a: Place, b: Place) -> Node:
    """Return whether two places hold the same physical object."""
    out: Node = FALSE
    for part in a.parts:
        if part in b.parts:
            (x, in_x), (y, in_y) = _within(a, part), _within(b, part)
            out = either(out, both(both(in_x, in_y), call("eq", x, y)))
    return out


def _within(at: Place, part: CollectionSchema) -> tuple[Node, Node]:
    """Return the position in one part of a place, and whether the place is in that part."""
    if len(at.parts) == 1:
        return at.position, TRUE
    before = _before(at.parts, part)
    if before is None:
        before = Const(0)
    after = call("add", before, reduce("count", (Axis((part.name,), 0),), Const(1), TRUE))
    inside = both(invert(at.position < before), at.position < after)
    return call("sub", at.position, before), inside


def _column(part: CollectionSchema, name: str, position: Node) -> Node:
    branch = part.attributes[name]
    return Column(branch.name, branch.dtype, part.name, position)
