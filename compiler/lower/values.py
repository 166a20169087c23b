"""A lowering: the values, objects and open loops of one analysis; ``rules.py`` has the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from adl.check import analysis as core
from adl.compiler.ir import (
    TRUE,
    Axis,
    Column,
    Const,
    Index,
    Node,
    Part,
    Pick,
    as_real,
    both,
    call,
    lift,
    pick,
    reduce,
)
from adl.compiler.lower import algorithms, elements, made, truth, tuples
from adl.compiler.lower.collections import in_all_of, last, mask, order_of, orders, place, rank
from adl.compiler.lower.object_rules import ObjectRules
from adl.compiler.lower.places import Place, in_units_of_adl, matched
from adl.compiler.lower.rules import RULES
from adl.compiler.lower.truth import Lowered, defined_all
from adl.stdlib.kinematics import Cartesian, Particle, Polar, Transverse, add
from adl.stdlib.models import Branch, CollectionSchema

_MOMENTUM = ("pt", "eta", "phi", "mass")


@dataclass(frozen=True)
class Marks:
    """What a lowering marks, so that variations can find it: see ``lower/variations.py``.

    ``reordered`` are inputs whose elements stand by another value of what orders them.
    """

    weights: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    reordered: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()  # attributes of the object model that change
    categories: tuple[tuple[str, str], ...] = ()  # of correction blocks, in place of the nominal


class Lowering:
    """Lowers the values of one analysis; loops that are open are places in ``here``."""

    def __init__(self, seed: int = 1, marks: Marks = Marks()) -> None:
        self.seed = seed  # of random numbers
        self.marks = marks
        self.weights: dict[core.WeightBy, Column] = {}  # the marks of replaced weights
        self.here: dict[core.Loop, Place] = {}
        self.defines: dict[core.DefineDef, Lowered] = {}
        self.regions: dict[core.RegionDef, Lowered] = {}
        self.masks: dict[tuple[core.ObjectDef, CollectionSchema, Node], Node] = {}
        self.picks: dict[tuple[core.Picked, tuple[tuple[core.Loop, Place], ...]], Pick] = {}
        self.corrections: dict[tuple[core.Corrected, str, Node], Lowered] = {}
        self.under: Node = TRUE  # the condition under which a value is looked at
        self.prepared: set[core.Collection] = set()  # whose calls have been lowered
        self.open = 0  # loops being lowered: the slot of the next one
        self.cuts = ObjectRules(self)

    # ------------------------------------------------------------------------------- values

    def value(self, value: core.Value) -> Lowered:
        """Return the node of a number or condition."""
        return RULES[type(value)](self, value)

    def condition(self, value: core.Value) -> Lowered:
        """Return a condition, false where it is missing."""
        return truth.truth(self.value(value))

    def stored(self, branch: Branch) -> Lowered:
        """Return a column of the event, or what the object model computes in its place."""
        if isinstance(branch, core.Computed):
            with self.looked_at(TRUE):
                found = self.value(branch.value)
            if branch.name in self.marks.computed:
                return found._replace(value=Column(branch.name, branch.dtype))
            return found
        return Lowered(in_units_of_adl(Column(branch.name, branch.dtype), branch), matched(branch))

    def weight(self, statement: core.WeightBy) -> Node:
        """Return the factor of a weight statement, or the mark that stands for a replaced one."""
        if statement.name not in self.marks.weights:
            return truth.known(self.value(statement.value))
        if statement not in self.weights:
            mark = f"weight {statement.name} {len(self.weights)}"
            self.weights[statement] = Column(mark, "float64")
        return self.weights[statement]

    # ------------------------------------------------------------------------------ objects

    def particle(self, value: core.Value) -> tuple[Particle, Node]:
        """Return the components of a particle, and whether it is there."""
        if isinstance(value, core.DefineRef):
            return self.particle(value.define.value)
        if isinstance(value, core.Singleton):
            pt, phi = (self.stored(value.schema.attributes[a]) for a in ("pt", "phi"))
            return Transverse(as_real(pt.value), as_real(phi.value)), defined_all(pt, phi)
        if isinstance(value, core.Total):
            return self.total(value.collection), in_all_of(algorithms.inputs_of(value.collection))
        if isinstance(value, core.Sum):
            items = [(sign, *self.particle(p)) for sign, p in value.items]
            defined: Node = TRUE
            for _, _, there in items:
                defined = both(defined, there)
            return add([(sign, p) for sign, p, _ in items]), defined
        if isinstance(value, core.Choice):
            return elements.chosen_particle(self, value)
        if isinstance(value, core.OwnAttribute):
            return elements.own_particle(self, value)
        at = self.place(value)
        there = at.defined
        for name in _MOMENTUM:
            there = both(there, at.known(name))
        return self.momentum(at), there

    def momentum(self, at: Place) -> Particle:
        """Return the components of the element at a place."""
        if len(at.parts) == 1 and isinstance(at.parts[0], core.Produced):
            return made.momentum(at.parts[0], at.position)
        return Polar(*(self._component(at, name) for name in _MOMENTUM))

    def _component(self, at: Place, name: str) -> Node:
        # Massless kinds (photons) are stored without a mass in some versions of a format.
        return as_real(at.attribute(name, self.cuts)) if at.has(name) else Const(0.0)

    def total(self, collection: core.Collection | core.CompositeDef) -> Cartesian:
        """Return the vector sum of a collection's elements, or of a composite's tuples."""
        if isinstance(collection, core.CompositeDef):
            with self.loops(collection.loops) as (axes, inside):
                whole, there = self.particle(collection.particle)
                mask = both(tuples.passing(self, collection.where, inside), there)
                components = (whole.px, whole.py, whole.pz, whole.energy)
                return Cartesian(*(reduce("sum", axes, lift(c), mask) for c in components))
        with self.loops([core.Loop(collection, "")]) as (axes, inside):
            at = place(collection, Index(axes[0]))
            one = self.momentum(at)
            components = (one.px, one.py, one.pz, one.energy)
            return Cartesian(*(reduce("sum", axes, lift(c), inside) for c in components))

    def place(self, value: core.Value) -> Place:
        """Return where an element lies."""
        match value:
            case core.DefineRef(define=define):
                return self.place(define.value)
            case core.Variable(loop=loop):
                return self.here[loop]
            case core.Member():
                return tuples.member(self, value)
            case core.Element(collection=collection, index=index):
                found = self.element(collection, index)
                return replace(found, defined=TRUE, zero=True) if value.zero else found
            case core.Linked():
                return elements.linked(self, value)
            case core.Choice():
                return elements.chosen(self, value)
            case core.OwnAttribute():
                return elements.own(self, value)
        raise AssertionError(f"{type(value).__name__} is no element")

    def element(self, collection: core.Collection, index: int) -> Place:
        """Return the k-th element that passes, in stored order or (unions) in descending pt."""
        with self.loops([core.Loop(collection, "")]) as (axes, inside):
            at = place(collection, Index(axes[0]))
            order = self.order(collection, at)
            if index < 0:  # the last: none passes that comes after it
                inside, order, index = both(inside, last(collection, at, self.cuts)), None, 0
            position = Part(pick(axes, inside, order, index), 0)
        return Place(at.parts, position, call("ge", position, Const(0)))

    @contextmanager
    def loops(self, loops: Iterable[core.Loop]) -> Iterator[tuple[tuple[Axis, ...], Node]]:
        """Open loops; the mask says whether the current elements belong to their collections."""
        before, start = dict(self.here), self.open
        axes: list[Axis] = []
        inside: Node = TRUE
        for loop in loops:
            assert loop.collection is not None, "an object block's this has a place of its own"
            algorithms.prepare(self, loop.collection)
            at = place(loop.collection, Const(0))
            axis = Axis(at.source, self.open)
            self.open += 1
            self.here[loop] = at = Place(at.parts, Index(axis))
            inside = both(inside, mask(loop.collection, at, self.cuts))
            axes.append(axis)
        try:
            yield tuple(axes), inside
        finally:
            self.here, self.open = before, start

    @contextmanager
    def element_is(self, this: core.Loop, at: Place) -> Iterator[None]:
        """Make a place the current element of an object block; nothing else is open in it."""
        outside = self.here
        self.here = {this: at}
        before, used = self.open, (axis.slot + 1 for axis in at.position.free)
        self.open = max(before, *used, 0)  # a loop inside must not take the element's own slot
        try:
            yield
        finally:
            self.here, self.open = outside, before

    @contextmanager
    def looked_at(self, condition: Node, more: bool = False) -> Iterator[None]:
        """Say when the values that are lowered now are looked at; ``more`` adds to what was said.

        What can raise an exception is called only then.
        """
        outside = self.under
        self.under = both(outside, condition) if more else condition
        try:
            yield
        finally:
            self.under = outside

    def order(self, collection: core.Collection, at: Place) -> Node | None:
        """Return the key by which elements ascend, or their rank; None for the stored order."""
        match orders(collection, self.cuts):
            case []:
                return None
            case [one]:
                return order_of(one, at, self.cuts)
        return as_real(rank(collection, at, self.cuts))
