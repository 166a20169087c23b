"""Expressions: one rule a kind of value, in the table at the end of ``Lowering.value``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from adl.check import analysis as core
from adl.check.texts import TEXT_OF, number_of
from adl.compiler.ir import (
    TRUE,
    Axis,
    Column,
    Const,
    Index,
    Infer,
    Node,
    Part,
    Pick,
    as_real,
    both,
    call,
    either,
    invert,
    lift,
    pick,
    reduce,
)
from adl.compiler.lower import (
    algorithms,
    belonging,
    computed,
    corrections,
    elements,
    made,
    tables,
    truth,
    tuples,
)
from adl.compiler.lower.collections import (
    Place,
    giving,
    in_all_of,
    in_events_with,
    in_units_of_adl,
    last,
    mask,
    matched,
    order_of,
    orders,
    part_mask,
    place,
    rank,
    same,
)
from adl.compiler.lower.truth import Lowered, choose, defined_all
from adl.stdlib.kinematics import Cartesian, Particle, Polar, Transverse, add
from adl.stdlib.models import Branch, CollectionSchema

_MOMENTUM = ("pt", "eta", "phi", "mass")
_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")


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
        self.cuts = _Rules(self)

    # ------------------------------------------------------------------------------- values

    def value(self, value: core.Value) -> Lowered:
        """Return the node of a number or condition."""
        rule: Callable[[Any], Lowered] = getattr(
            self, f"_{type(value).__name__.lower().strip('_')}"
        )
        return rule(value)

    def condition(self, value: core.Value) -> Lowered:
        """Return a condition, false where it is missing."""
        return truth.truth(self.value(value))

    def _literal(self, value: core.Literal_) -> Lowered:
        return truth.literal(value.value, value.datum)

    def _open(self, value: core.Open) -> Lowered:
        # Nothing that runs has one; a column of the event stands in its place.
        if value.text is not None:
            column = Column(f"{TEXT_OF}{value.words}", "int64")
            return Lowered(call("eq", column, Const(number_of(value.text))))
        stored = {"bool": "bool", "int": "int64", "real": "float64"}[value.type]
        return Lowered(Column(value.words, stored))

    def _eventvalue(self, value: core.EventValue) -> Lowered:
        return self.stored(value.branch)

    def stored(self, branch: Branch) -> Lowered:
        """Return a column of the event, or what the object model computes in its place."""
        if isinstance(branch, core.Computed):
            with self.looked_at(TRUE):
                found = self.value(branch.value)
            if branch.name in self.marks.computed:
                return found._replace(value=Column(branch.name, branch.dtype))
            return found
        return Lowered(in_units_of_adl(Column(branch.name, branch.dtype), branch), matched(branch))

    def _attributeof(self, value: core.AttributeOf) -> Lowered:
        particle = value.particle
        if isinstance(particle, core.Sum):
            items = [
                self._attributeof(
                    core.AttributeOf(p, value.attribute, type=value.type, span=p.span)
                )
                for _, p in particle.items
            ]
            total = items[0].value
            for item in items[1:]:
                total = call("add", total, item.value)
            return Lowered(total, defined_all(*items))
        if isinstance(particle, core.DefineRef):
            inner = core.AttributeOf(
                particle.define.value, value.attribute, type=value.type, span=value.span
            )
            return self._attributeof(inner)
        if isinstance(particle, core.Singleton):
            return self.stored(particle.schema.attributes[value.attribute])
        at = self.place(particle)
        found = self._of_formula(at, value.attribute)
        if found is None:
            there = both(at.defined, at.known(value.attribute))
            return Lowered(at.attribute(value.attribute, self.cuts), there, at.certain)
        defined, certain = both(at.defined, found.defined), both(at.certain, found.certain)
        return Lowered(found.value, defined, certain)

    def _of_formula(self, at: Place, name: str) -> Lowered | None:
        """Return an attribute that something computes for the element of one input, if it does."""
        if len(at.parts) > 1 or at.zero:
            return None
        part = giving(at.parts[0], name)
        if isinstance(part, core.Corrected):
            return self.cuts.corrected(part, name, at.position)
        formula = part.attributes[name]
        if isinstance(formula, core.Computed):
            found = computed.lowered(formula, replace(at, parts=(part,)))
            if formula.name in self.marks.computed:
                return found._replace(value=computed.mark(formula, part, at.position))
            return found
        return None

    def _ownattribute(self, value: core.OwnAttribute) -> Lowered:
        at = elements.defined_for(self, value)
        with self.element_is(value.definition.this, at):
            own = self.value(value.definition.value)
        return Lowered(own.value, both(at.defined, own.defined), both(at.certain, own.certain))

    def weight(self, statement: core.WeightBy) -> Node:
        """Return the factor of a weight statement, or the mark that stands for a replaced one."""
        if statement.name not in self.marks.weights:
            return truth.known(self.value(statement.value))
        if statement not in self.weights:
            mark = f"weight {statement.name} {len(self.weights)}"
            self.weights[statement] = Column(mark, "float64")
        return self.weights[statement]

    def _bysource(self, value: core.BySource) -> Lowered:
        return elements.by_source(self, value)

    def _apply(self, value: core.Apply) -> Lowered:
        if value.function.form in ("algorithm", "user"):
            return algorithms.evaluated(self, value)
        arguments: list[Node | Particle] = []
        defined: Node = TRUE
        certain: Node = TRUE
        for kind, argument in zip(value.function.arguments, value.arguments, strict=True):
            if kind == "particle":
                particle, there = self.particle(argument)
                arguments.append(particle)
                certain = both(certain, elements.certainty(self, argument))
            else:
                number = self.value(argument)
                there = number.defined
                certain = both(certain, number.certain)
                arguments.append(as_real(number.value))
            defined = both(defined, there)
        return Lowered(lift(value.function.call(*arguments)), defined, certain)

    def _operation(self, value: core.Operation) -> Lowered:
        if value.name in core.IDENTITY:
            a, b = (self.place(v) for v in value.arguments)
            there = Lowered(TRUE, both(a.defined, b.defined), both(a.certain, b.certain))
            one = same(a, b)
            return truth.comparison(one if value.name == "same" else invert(one), there)
        operands = [self.value(v) for v in value.arguments]
        node = call(value.name, *(o.value for o in operands))
        if value.name == "mod" and node.kind == "int":  # no integer says "by 0"
            divides = _is_not_zero(operands[1].value)
            operands.append(Lowered(TRUE, divides))
        if value.name in _COMPARISONS:
            return truth.comparison(node, *operands)
        return Lowered(node, defined_all(*operands), truth.certain_all(*operands))

    def _power(self, value: core.Power) -> Lowered:
        base = self.value(value.base)
        result, square, exponent = None, base.value, abs(value.exponent)
        while exponent:
            if exponent % 2:
                result = square if result is None else call("mul", result, square)
            exponent //= 2
            if exponent:
                square = call("mul", square, square)
        one = Const(1) if value.type == "int" else Const(1.0)
        power = one if result is None else result
        if value.exponent < 0:
            power = call("div", Const(1.0), as_real(power))
        return Lowered(power, base.defined, base.certain)

    def _logic(self, value: core.Logic) -> Lowered:
        first = self.value(value.operands[0])
        settled = truth.truth(first).value  # the second operand is looked at, if at all, then
        with self.looked_at(settled if value.operator == "and" else invert(settled), more=True):
            operands = [first, *(self.value(v) for v in value.operands[1:])]
        match value.operator:
            case "not":
                return truth.negation(first)
            case "and":
                return truth.conjunction(*operands)
        return truth.disjunction(*operands)

    def _interval(self, value: core.Interval) -> Lowered:
        x, lower, upper = (self.value(v) for v in (value.value, value.lower, value.upper))
        if value.operator == "[]":
            inside = both(call("ge", x.value, lower.value), call("le", x.value, upper.value))
        else:
            inside = either(call("le", x.value, lower.value), call("ge", x.value, upper.value))
        return truth.comparison(inside, x, lower, upper)

    def _choice(self, value: core.Choice) -> Lowered:
        condition = self.condition(value.condition)
        with self.looked_at(condition.value, more=True):
            yes = self.value(value.then)
        with self.looked_at(invert(condition.value), more=True):
            no = self.value(value.otherwise)
        certain = choose(condition.value, yes.certain, no.certain)
        if condition.certain is not TRUE:  # it decides nothing where both branches agree
            agree = both(truth.certain_all(yes, no), call("eq", yes.value, no.value))
            certain = choose(condition.certain, certain, agree)
        return Lowered(
            choose(condition.value, yes.value, no.value),
            choose(condition.value, yes.defined, no.defined),
            certain,
        )

    def _extremum(self, value: core.Extremum) -> Lowered:
        sign = 1.0 if value.operation == "min" else -1.0
        first, *rest = (self.value(v) for v in value.values)
        best, there = first.value, first.defined
        if not all(v.type == "int" for v in value.values) or there is not TRUE:
            best = choose(there, as_real(best), Const(sign * float("inf")))
        for other in rest:
            x = other.value if best.kind == "int" == other.value.kind else as_real(other.value)
            best = as_real(best) if x.kind == "real" else best
            closer = x < best if sign > 0 else best < x
            # A NaN is never replaced and replaces everything.
            better = closer if x.kind == "int" else either(closer, call("ne", x, x))
            best = choose(both(other.defined, better), x, best)
        if value.equal_is_zero and len(value.values) == 2:
            x, y = (self.value(v).value for v in value.values)
            zero = Const(0) if best.kind == "int" else Const(0.0)
            best = choose(call("eq", as_real(x), as_real(y)), zero, best)
        return Lowered(best)

    def _before(self, value: core.Before) -> Lowered:
        return tuples.before(self, value)

    def _size(self, value: core.Size) -> Lowered:
        if isinstance(value.collection, core.CompositeDef):
            looped = [loop.collection for loop in value.collection.loops]
            return in_events_with(looped, tuples.size(self, value.collection))
        with self.loops([core.Loop(value.collection, "")]) as (axes, inside):
            number = Lowered(reduce("count", axes, Const(1), inside))
        return in_events_with((value.collection,), number)

    def _default(self, value: core.Default) -> Lowered:
        x, otherwise = self.value(value.value), self.value(value.otherwise)
        chosen = choose(x.defined, x.value, otherwise.value)
        return Lowered(chosen, either(x.defined, otherwise.defined), x.certain)

    def _tableat(self, value: core.TableAt) -> Lowered:
        name = value.table.name if value.table.name in self.marks.tables else ""
        arguments = [self.value(a) for a in value.arguments]
        return tables.look_up(value, arguments, self.under, name)

    def _correctionat(self, value: core.CorrectionAt) -> Lowered:
        category = dict(self.marks.categories).get(value.block)
        if category is not None:
            given = (*value.given[: value.place], category, *value.given[value.place + 1 :])
            value = replace(value, given=given)
        return corrections.corrected(value, [self.value(a) for a in value.arguments], self.under)

    def _network(self, value: core.Network) -> Lowered:
        inputs = [self.value(x) for x in value.inputs]
        given = tuple(as_real(x.value) for x in inputs)
        found = Infer(value.path or value.name, value.output, given)
        return Lowered(found, defined_all(*inputs), truth.certain_all(*inputs))

    def _draw(self, value: core.Draw) -> Lowered:
        event = [self.value(number) for number in value.event]
        at = None if value.particle is None else self.place(value.particle)
        return tables.draw(value, event, at, self.seed)

    def _defineref(self, value: core.DefineRef) -> Lowered:
        if value.define not in self.defines:
            with self.looked_at(TRUE):
                self.defines[value.define] = self.value(value.define.value)
        return self.defines[value.define]

    def _regionref(self, value: core.RegionRef) -> Lowered:
        region = value.region
        if region not in self.regions:
            passed = Lowered(TRUE)
            for statement in region.statements:
                if isinstance(statement, core.Cut):
                    with self.looked_at(passed.value):
                        condition = self.value(statement.condition)
                    condition = belonging.passes(statement, condition, self)
                    passed = truth.conjunction(passed, condition)
            self.regions[region] = passed
        return self.regions[region]

    def _singleton(self, value: core.Singleton) -> Lowered:
        return self.stored(value.schema.attributes["pt"])

    def _reduction(self, value: core.Reduction) -> Lowered:
        return in_events_with((loop.collection for loop in value.loops), self._reduced(value))

    def _reduced(self, value: core.Reduction) -> Lowered:
        with self.loops(value.loops) as (axes, inside):
            for condition in value.where:
                inside = both(inside, self.condition(condition).value)
            body = self.value(value.value)
            match value.operation:
                case "any":
                    return truth.any_of(axes, truth.truth(body), inside)
                case "all":
                    return truth.all_of(axes, truth.truth(body), inside)
                case "count":
                    passing = both(inside, truth.truth(body).value)
                    return Lowered(reduce("count", axes, Const(1), passing))
                case "ave":
                    return self.average(axes, body, inside)
            x = call("int", body.value) if body.value.kind == "bool" else body.value
            if value.type == "real":  # min and max of nothing are infinite
                x = as_real(x)
            return Lowered(reduce(value.operation, axes, x, both(inside, body.defined)))

    def average(self, axes: tuple[Axis, ...], body: Lowered, inside: Node) -> Lowered:
        """Return the mean of what is there; missing where nothing is."""
        there = both(inside, body.defined)
        number = reduce("count", axes, Const(1), there)
        total = reduce("sum", axes, as_real(body.value), there)
        mean = call("div", total, as_real(number))
        return Lowered(mean, call("gt", number, Const(0)))

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


@dataclass(frozen=True)
class _Rules:
    """What object blocks say of the element at a place."""

    lowering: Lowering

    @property
    def reordered(self) -> frozenset[str]:
        """The inputs that do not stand as they are stored."""
        return self.lowering.marks.reordered

    @property
    def computed(self) -> frozenset[str]:
        """The attributes of the object model that have another value than it computes."""
        return self.lowering.marks.computed

    def __call__(self, collection: core.ObjectDef, at: Place) -> Node:
        """Return whether the element passes the cuts of the block."""
        lowering = self.lowering
        key = collection, at.parts[0], at.position
        if key not in lowering.masks:
            with lowering.element_is(collection.this, at):
                passed: Node = TRUE
                for cut in collection.cuts:
                    with lowering.looked_at(passed):
                        passed = both(passed, lowering.condition(cut).value)
            lowering.masks[key] = passed
        return lowering.masks[key]

    def key(self, collection: core.ObjectDef, at: Place) -> Node:
        """Return what a sorted object's elements ascend in; NaN, which comes last, if missing."""
        assert collection.key is not None, "a sorted object"
        with self.lowering.element_is(collection.this, at), self.lowering.looked_at(TRUE):
            key = truth.known(self.lowering.value(collection.key))
        return -key if collection.descending else key

    def corrected(self, part: core.Corrected, name: str, position: Node) -> Lowered:
        """Return an attribute that something has corrected, of the element at a position."""
        lowering, key = self.lowering, (part, name, position)
        if key not in lowering.corrections:
            at = Place((part.origin,), position)
            inside = part_mask(part.source, part.number, position, self)
            # What can raise an exception is called for the elements that are corrected.
            with lowering.element_is(part.this, at), lowering.looked_at(inside):
                lowering.corrections[key] = lowering.value(part.values[name])
        return lowering.corrections[key]


def _is_not_zero(divisor: Node) -> Node:
    if isinstance(divisor, Const):
        return Const(divisor.value != 0)
    return call("ne", divisor, Const(0))
