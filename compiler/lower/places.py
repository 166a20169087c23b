"""Places: the element at a position of one input collection, or of several in a row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from adl.check.analysis import Collection, Computed, Corrected, ObjectDef, Produced
from adl.check.collections import origin, parts
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
from adl.compiler.lower.truth import Lowered, choose
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


def in_all(at: Place, every: tuple[CollectionSchema, ...]) -> Place:
    """Return a place as one among the elements of more inputs; a missing one stays at -1."""
    if at.parts == every:
        return at
    position: Node = Const(-1)
    for number, part in enumerate(at.parts):
        own, inside = _within(at, number)
        there = both(inside, call("ge", own, Const(0)))
        moved = among(Place((part,), own), every.index(part), every)
        position = call("where", there, moved.position, position)
    return replace(at, parts=every, position=position)


def among(at: Place, number: int, every: tuple[CollectionSchema, ...]) -> Place:
    """Return the place of an element of part ``number`` among the elements of all parts."""
    before = _before(every, number)
    position = at.position if before is None else call("add", before, at.position)
    return replace(at, parts=every, position=position)


def global_positions(collection: Collection, a: Place, b: Place) -> tuple[Node, Node]:
    """Return the positions of two places among all elements of a collection's parts."""
    every = tuple(parts(collection))

    def position(at: Place) -> Node:
        if at.parts == every:
            return at.position
        (part,) = at.parts
        return among(at, every.index(part), every).position

    return position(a), position(b)


def _before(every: tuple[CollectionSchema, ...], number: int) -> Node | None:
    """Return how many elements stand before the part of this number; None for the first."""
    total: Node | None = None
    for other in every[:number]:
        length = reduce("count", (Axis(made.source(other), 0),), Const(1), TRUE)
        total = length if total is None else call("add", total, length)
    return total


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
