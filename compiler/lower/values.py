"""Expressions: one rule a kind of value, in the table at the end of ``Lowering.value``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

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
    either,
    lift,
    pick,
    reduce,
)
from adl.compiler.lower import tables, truth, tuples
from adl.compiler.lower.collections import Place, is_union, last, mask, place, same
from adl.compiler.lower.truth import Lowered, choose, defined_all
from adl.stdlib.kinematics import Cartesian, Particle, Polar, Transverse, add
from adl.stdlib.models import CollectionSchema

_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")


class Lowering:
    """Lowers the values of one analysis; loops that are open are places in ``here``."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed  # of random numbers
        self.here: dict[core.Loop, Place] = {}
        self.defines: dict[core.DefineDef, Lowered] = {}
        self.regions: dict[core.RegionDef, Lowered] = {}
        self.masks: dict[tuple[core.ObjectDef, CollectionSchema, Node], Node] = {}
        self.picks: dict[tuple[core.Picked, tuple[tuple[core.Loop, Place], ...]], Pick] = {}
        self.open = 0  # loops being lowered: the slot of the next one

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

    def _eventvalue(self, value: core.EventValue) -> Lowered:
        return Lowered(Column(value.branch.name, value.branch.dtype))

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
            branch = particle.schema.attributes[value.attribute]
            return Lowered(Column(branch.name, branch.dtype))
        at = self.place(particle)
        return Lowered(at.attribute(value.attribute), at.defined)

    def _ownattribute(self, value: core.OwnAttribute) -> Lowered:
        at = self.place(value.particle)
        outside = self.here
        self.here = {value.definition.this: at}
        own = self.value(value.definition.value)
        self.here = outside
        return Lowered(own.value, both(at.defined, own.defined), own.certain)

    def _apply(self, value: core.Apply) -> Lowered:
        arguments: list[Node | Particle] = []
        defined: Node = TRUE
        certain: Node = TRUE
        for kind, argument in zip(value.function.arguments, value.arguments, strict=True):
            if kind == "particle":
                particle, there = self.particle(argument)
                arguments.append(particle)
            else:
                number = self.value(argument)
                there = number.defined
                certain = both(certain, number.certain)
                arguments.append(as_real(number.value))
            defined = both(defined, there)
        return Lowered(lift(value.function.call(*arguments)), defined, certain)

    def _operation(self, value: core.Operation) -> Lowered:
        if value.name == "same":
            a, b = (self.place(v) for v in value.arguments)
            there = Lowered(TRUE, both(a.defined, b.defined))
            return truth.comparison(same(a, b), there)
        operands = [self.value(v) for v in value.arguments]
        node = call(value.name, *(o.value for o in operands))
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
        operands = [self.value(v) for v in value.operands]
        match value.operator:
            case "not":
                return truth.negation(operands[0])
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
        yes, no = self.value(value.then), self.value(value.otherwise)
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
            x, y = (as_real(self.value(v).value) for v in value.values)
            best = choose(call("eq", x, y), Const(0.0), as_real(best))
        return Lowered(best)

    def _before(self, value: core.Before) -> Lowered:
        return tuples.before(self, value)

    def _size(self, value: core.Size) -> Lowered:
        if isinstance(value.collection, core.CompositeDef):
            return tuples.size(self, value.collection)
        with self.loops([core.Loop(value.collection, "")]) as (axes, inside):
            return Lowered(reduce("count", axes, Const(1), inside))

    def _default(self, value: core.Default) -> Lowered:
        x, otherwise = self.value(value.value), self.value(value.otherwise)
        chosen = choose(x.defined, x.value, otherwise.value)
        return Lowered(chosen, either(x.defined, otherwise.defined), x.certain)

    def _tableat(self, value: core.TableAt) -> Lowered:
        return tables.look_up(value, [self.value(a) for a in value.arguments])

    def _draw(self, value: core.Draw) -> Lowered:
        event = [self.value(number) for number in value.event]
        return tables.draw(value, event, self.place(value.particle), self.seed)

    def _defineref(self, value: core.DefineRef) -> Lowered:
        if value.define not in self.defines:
            self.defines[value.define] = self.value(value.define.value)
        return self.defines[value.define]

    def _regionref(self, value: core.RegionRef) -> Lowered:
        region = value.region
        if region not in self.regions:
            passed = Lowered(TRUE)
            for statement in region.statements:
                if isinstance(statement, core.Cut):
                    passed = truth.conjunction(passed, self.value(statement.condition))
            self.regions[region] = passed
        return self.regions[region]

    def _singleton(self, value: core.Singleton) -> Lowered:
        branch = value.schema.attributes["pt"]
        return Lowered(Column(branch.name, branch.dtype))

    def _reduction(self, value: core.Reduction) -> Lowered:
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
            pt, phi = (value.schema.attributes[a] for a in ("pt", "phi"))
            return Transverse(
                as_real(Column(pt.name, pt.dtype)), as_real(Column(phi.name, phi.dtype))
            ), TRUE
        if isinstance(value, core.Total):
            return self.total(value.collection), TRUE
        if isinstance(value, core.Sum):
            items = [(sign, *self.particle(p)) for sign, p in value.items]
            defined: Node = TRUE
            for _, _, there in items:
                defined = both(defined, there)
            return add([(sign, p) for sign, p, _ in items]), defined
        at = self.place(value)
        parts = [_component(at, name) for name in ("pt", "eta", "phi", "mass")]
        return Polar(*parts), at.defined

    def total(self, collection: core.Collection) -> Cartesian:
        """Return the vector sum of a collection's elements."""
        with self.loops([core.Loop(collection, "")]) as (axes, inside):
            at = place(collection, Index(axes[0]))
            one = Polar(*(_component(at, name) for name in ("pt", "eta", "phi", "mass")))
            components = (one.px, one.py, one.pz, one.energy)
            return Cartesian(*(reduce("sum", axes, c, inside) for c in components))

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
        raise AssertionError(f"{type(value).__name__} is no element")

    def element(self, collection: core.Collection, index: int) -> Place:
        """Return the k-th element that passes, in stored order or (unions) in descending pt."""
        with self.loops([core.Loop(collection, "")]) as (axes, inside):
            at = place(collection, Index(axes[0]))
            order = -as_real(at.attribute("pt")) if is_union(collection) else None
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

    def cuts(self, collection: core.ObjectDef, at: Place) -> Node:
        """Return whether the element at a place passes the cuts of an object block."""
        key = collection, at.parts[0], at.position
        if key not in self.masks:
            outside = self.here
            self.here = {collection.this: at}
            passed: Node = TRUE
            for cut in collection.cuts:
                passed = both(passed, self.condition(cut).value)
            self.here = outside
            self.masks[key] = passed
        return self.masks[key]


def _component(at: Place, name: str) -> Node:
    # Massless kinds (photons) are stored without a mass in some versions of a format.
    return as_real(at.attribute(name)) if at.has(name) else Const(0.0)
