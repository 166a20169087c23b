"""How each kind of value becomes nodes: one rule a kind, in the table ``RULES``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adl.check import analysis as core
from adl.check.texts import TEXT_OF, number_of
from adl.compiler.ir import (
    TRUE,
    Axis,
    Column,
    Const,
    Infer,
    Node,
    as_real,
    both,
    call,
    lift,
    reduce,
)
from adl.compiler.lower import (
    algorithms,
    belonging,
    computed,
    corrections,
    elements,
    operations,
    tables,
    truth,
    tuples,
)
from adl.compiler.lower.collections import in_events_with
from adl.compiler.lower.places import Place, giving
from adl.compiler.lower.truth import Lowered, defined_all
from adl.stdlib.kinematics import Particle

if TYPE_CHECKING:
    from adl.compiler.lower.values import Lowering


def _literal(lowering: Lowering, value: core.Literal_) -> Lowered:
    return truth.literal(value.value, value.datum)


def _open(lowering: Lowering, value: core.Open) -> Lowered:
    # Nothing that runs has one; a column of the event stands in its place.
    if value.text is not None:
        column = Column(f"{TEXT_OF}{value.words}", "int64")
        return Lowered(call("eq", column, Const(number_of(value.text))))
    stored = {"bool": "bool", "int": "int64", "real": "float64"}[value.type]
    return Lowered(Column(value.words, stored))


def _event_value(lowering: Lowering, value: core.EventValue) -> Lowered:
    return lowering.stored(value.branch)


def _singleton(lowering: Lowering, value: core.Singleton) -> Lowered:
    return lowering.stored(value.schema.attributes["pt"])


def _attribute_of(lowering: Lowering, value: core.AttributeOf) -> Lowered:
    particle = value.particle
    if isinstance(particle, core.Sum):
        items = [
            _attribute_of(
                lowering, core.AttributeOf(p, value.attribute, type=value.type, span=p.span)
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
        return _attribute_of(lowering, inner)
    if isinstance(particle, core.Singleton):
        return lowering.stored(particle.schema.attributes[value.attribute])
    at = lowering.place(particle)
    found = _of_formula(lowering, at, value.attribute)
    if found is None:
        there = both(at.defined, at.known(value.attribute))
        return Lowered(at.attribute(value.attribute, lowering.cuts), there, at.certain)
    defined, certain = both(at.defined, found.defined), both(at.certain, found.certain)
    return Lowered(found.value, defined, certain)


def _of_formula(lowering: Lowering, at: Place, name: str) -> Lowered | None:
    """Return an attribute that something computes for the element of one input, if it does."""
    if len(at.parts) > 1 or at.zero:
        return None
    part = giving(at.parts[0], name)
    if isinstance(part, core.Corrected):
        return lowering.cuts.corrected(part, name, at.position)
    formula = part.attributes[name]
    if isinstance(formula, core.Computed):
        found = computed.lowered(formula, replace(at, parts=(part,)))
        if formula.name in lowering.marks.computed:
            return found._replace(value=computed.mark(formula, part, at.position))
        return found
    return None


def _own_attribute(lowering: Lowering, value: core.OwnAttribute) -> Lowered:
    at = elements.defined_for(lowering, value)
    with lowering.element_is(value.definition.this, at):
        own = lowering.value(value.definition.value)
    return Lowered(own.value, both(at.defined, own.defined), both(at.certain, own.certain))


def _apply(lowering: Lowering, value: core.Apply) -> Lowered:
    if value.function.form in ("algorithm", "user"):
        return algorithms.evaluated(lowering, value)
    arguments: list[Node | Particle] = []
    defined: Node = TRUE
    certain: Node = TRUE
    for kind, argument in zip(value.function.arguments, value.arguments, strict=True):
        if kind == "particle":
            particle, there = lowering.particle(argument)
            arguments.append(particle)
            certain = both(certain, elements.certainty(lowering, argument))
        else:
            number = lowering.value(argument)
            there = number.defined
            certain = both(certain, number.certain)
            arguments.append(as_real(number.value))
        defined = both(defined, there)
    return Lowered(lift(value.function.call(*arguments)), defined, certain)


def _size(lowering: Lowering, value: core.Size) -> Lowered:
    if isinstance(value.collection, core.CompositeDef):
        looped = [loop.collection for loop in value.collection.loops]
        return in_events_with(looped, tuples.size(lowering, value.collection))
    with lowering.loops([core.Loop(value.collection, "")]) as (axes, inside):
        number = Lowered(reduce("count", axes, Const(1), inside))
    return in_events_with((value.collection,), number)


def _table_at(lowering: Lowering, value: core.TableAt) -> Lowered:
    name = value.table.name if value.table.name in lowering.marks.tables else ""
    arguments = [lowering.value(a) for a in value.arguments]
    return tables.look_up(value, arguments, lowering.under, name)


def _correction_at(lowering: Lowering, value: core.CorrectionAt) -> Lowered:
    category = dict(lowering.marks.categories).get(value.block)
    if category is not None:
        given = (*value.given[: value.place], category, *value.given[value.place + 1 :])
        value = replace(value, given=given)
    return corrections.corrected(
        value, [lowering.value(a) for a in value.arguments], lowering.under
    )


def _network(lowering: Lowering, value: core.Network) -> Lowered:
    inputs = [lowering.value(x) for x in value.inputs]
    given = tuple(as_real(x.value) for x in inputs)
    found = Infer(value.path or value.name, value.output, given)
    return Lowered(found, defined_all(*inputs), truth.certain_all(*inputs))


def _draw(lowering: Lowering, value: core.Draw) -> Lowered:
    event = [lowering.value(number) for number in value.event]
    at = None if value.particle is None else lowering.place(value.particle)
    return tables.draw(value, event, at, lowering.seed)


def _define_ref(lowering: Lowering, value: core.DefineRef) -> Lowered:
    if value.define not in lowering.defines:
        with lowering.looked_at(TRUE):
            lowering.defines[value.define] = lowering.value(value.define.value)
    return lowering.defines[value.define]


def _region_ref(lowering: Lowering, value: core.RegionRef) -> Lowered:
    region = value.region
    if region not in lowering.regions:
        passed = Lowered(TRUE)
        for statement in region.statements:
            if isinstance(statement, core.Cut):
                with lowering.looked_at(passed.value):
                    condition = lowering.value(statement.condition)
                condition = belonging.passes(statement, condition, lowering)
                passed = truth.conjunction(passed, condition)
        lowering.regions[region] = passed
    return lowering.regions[region]


def _reduction(lowering: Lowering, value: core.Reduction) -> Lowered:
    return in_events_with((loop.collection for loop in value.loops), _reduced(lowering, value))


def _reduced(lowering: Lowering, value: core.Reduction) -> Lowered:
    with lowering.loops(value.loops) as (axes, inside):
        for condition in value.where:
            inside = both(inside, lowering.condition(condition).value)
        body = lowering.value(value.value)
        match value.operation:
            case "any":
                return truth.any_of(axes, truth.truth(body), inside)
            case "all":
                return truth.all_of(axes, truth.truth(body), inside)
            case "count":
                passing = both(inside, truth.truth(body).value)
                return Lowered(reduce("count", axes, Const(1), passing))
            case "ave":
                return _average(axes, body, inside)
        x = call("int", body.value) if body.value.kind == "bool" else body.value
        if value.type == "real":  # min and max of nothing are infinite
            x = as_real(x)
        return Lowered(reduce(value.operation, axes, x, both(inside, body.defined)))


def _average(axes: tuple[Axis, ...], body: Lowered, inside: Node) -> Lowered:
    """Return the mean of what is there; missing where nothing is."""
    there = both(inside, body.defined)
    number = reduce("count", axes, Const(1), there)
    total = reduce("sum", axes, as_real(body.value), there)
    mean = call("div", total, as_real(number))
    return Lowered(mean, call("gt", number, Const(0)))


RULES: Mapping[type[core.Typed], Callable[[Lowering, Any], Lowered]] = {
    core.Literal_: _literal,
    core.Open: _open,
    core.EventValue: _event_value,
    core.AttributeOf: _attribute_of,
    core.OwnAttribute: _own_attribute,
    core.BySource: elements.by_source,
    core.Apply: _apply,
    core.Operation: operations.operation,
    core.Power: operations.power,
    core.Logic: operations.logic,
    core.Interval: operations.interval,
    core.Choice: operations.choice,
    core.Extremum: operations.extremum,
    core.Before: tuples.before,
    core.Size: _size,
    core.Default: operations.default,
    core.TableAt: _table_at,
    core.CorrectionAt: _correction_at,
    core.Network: _network,
    core.Draw: _draw,
    core.DefineRef: _define_ref,
    core.RegionRef: _region_ref,
    core.Singleton: _singleton,
    core.Reduction: _reduction,
}
