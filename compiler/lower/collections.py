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

    @property
    def source(self) -> tuple[str, ...]:
        """The names of the input collections."""
        return tuple(p.name for p in self.parts)

    def attribute(self, name: str) -> Node:
        """Return a stored attribute of the element."""
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
    return FALSE if inside is FALSE else both(inside, cuts(collection, Place((part,), position)))


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
    before: Node = Const(0)
    for other in at.parts[: at.parts.index(part)]:
        before = call("add", before, reduce("count", (Axis((other.name,), 0),), Const(1), TRUE))
    after = call("add", before, reduce("count", (Axis((part.name,), 0),), Const(1), TRUE))
    inside = both(invert(at.position < before), at.position < after)
    return call("sub", at.position, before), inside


def _column(part: CollectionSchema, name: str, position: Node) -> Node:
    branch = part.attributes[name]
    return Column(branch.name, branch.dtype, part.name, position)
