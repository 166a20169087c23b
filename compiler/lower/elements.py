"""Elements by a computed position, choices between particles, and attributes that hold elements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from adl.check import analysis as core
from adl.check.collections import parts
from adl.compiler.ir import (
    FALSE,
    TRUE,
    Axis,
    Const,
    Element,
    Index,
    Node,
    both,
    call,
    invert,
    reduce,
    store,
)
from adl.compiler.lower import made
from adl.compiler.lower.collections import before, part_mask
from adl.compiler.lower.places import Place, in_all
from adl.compiler.lower.truth import Lowered, choose
from adl.stdlib.kinematics import Cartesian, Particle, Polar, Transverse
from adl.stdlib.models import CollectionSchema

if TYPE_CHECKING:
    from adl.compiler.lower.values import Lowering

_NONE = Const(-1)  # the position of no element


def linked(lowering: Lowering, value: core.Linked) -> Place:
    """Return the element at a position of the input, if it is there and in the collection.

    A column must not be read at a position that the input lacks, so it becomes -1 before anything.
    """
    (part,) = parts(value.collection)
    position = lowering.value(value.position)
    length = reduce("count", (Axis((part.name,), 0),), Const(1), TRUE)
    stored = both(invert(position.value < Const(0)), position.value < length)
    known = both(position.defined, _has_owner(lowering, value.position))
    place = choose(both(known, stored), position.value, _NONE)
    there = call("ge", place, Const(0))
    inside = part_mask(value.collection, 0, place, lowering.cuts)
    if inside is not TRUE:
        place = choose(both(there, inside), place, _NONE)
        there = call("ge", place, Const(0))
    if value.zero:
        return Place((part,), place, TRUE, zero=True, certain=position.certain)
    return Place((part,), place, there, certain=position.certain)


def _has_owner(lowering: Lowering, position: core.Value) -> Node:
    """Return whether the element is there that has a link: that of a zero leads nowhere, not to 0."""
    if not isinstance(position, core.AttributeOf):
        return TRUE
    at = lowering.place(position.particle)
    return call("ge", at.position, Const(0)) if at.zero else TRUE


def chosen(lowering: Lowering, value: core.Choice) -> Place:
    """Return the element of the branch that is taken, among all inputs of both branches."""
    condition = lowering.condition(value.condition)
    then, otherwise = lowering.place(value.then), lowering.place(value.otherwise)
    every = tuple(dict.fromkeys((*then.parts, *otherwise.parts)))
    zero = then.zero and otherwise.zero
    then, otherwise = in_all(then, every), in_all(otherwise, every)
    return Place(
        every,
        choose(condition.value, then.position, otherwise.position),
        choose(condition.value, then.defined, otherwise.defined),
        zero,
        _decided(condition, then.certain, otherwise.certain),
    )


def chosen_particle(lowering: Lowering, value: core.Choice) -> tuple[Particle, Node]:
    """Return the components of the particle of the branch that is taken."""
    condition = lowering.condition(value.condition)
    then, yes = lowering.particle(value.then)
    otherwise, no = lowering.particle(value.otherwise)
    names, record = _components(then, otherwise)
    numbers = (
        choose(condition.value, getattr(then, name), getattr(otherwise, name)) for name in names
    )
    return record(*numbers), choose(condition.value, yes, no)


def own_particle(lowering: Lowering, value: core.OwnAttribute) -> tuple[Particle, Node]:
    """Return the components of a particle that an object block defines for an element."""
    at = defined_for(lowering, value)
    with lowering.element_is(value.definition.this, at):
        particle, there = lowering.particle(value.definition.value)
    return particle, both(at.defined, there)


def defined_for(lowering: Lowering, value: core.OwnAttribute) -> Place:
    """Return the element as it was where its attribute was defined."""
    at = lowering.place(value.particle)
    known = [part for source in value.definition.sources for part in parts(source)]
    return before(known, at) if known else at


def own(lowering: Lowering, value: core.OwnAttribute) -> Place:
    """Return the element that an object block defines for an element."""
    at = defined_for(lowering, value)
    with lowering.element_is(value.definition.this, at):
        found = lowering.place(value.definition.value)
    return replace(
        found, defined=both(at.defined, found.defined), certain=both(at.certain, found.certain)
    )


def by_source(lowering: Lowering, value: core.BySource) -> Lowered:
    """Return a number of an element of a union, as the first source that has it defines it."""
    at = lowering.here[value.this]
    if len(at.parts) == 1:
        return _of_part(lowering, value, at.parts[0], at.position)
    axes = tuple(Axis(made.source(part), 0) for part in at.parts)
    each = zip(at.parts, axes, strict=True)
    found = [_of_part(lowering, value, part, Index(axis)) for part, axis in each]

    def stored(nodes: list[Node]) -> Node:
        same = all(node is TRUE for node in nodes)
        return TRUE if same else Element(store(axes, tuple(nodes)), at.position)

    return Lowered(
        Element(store(axes, tuple(x.value for x in found)), at.position),
        stored([x.defined for x in found]),
        stored([x.certain for x in found]),
    )


def _of_part(
    lowering: Lowering, value: core.BySource, part: CollectionSchema, position: Node
) -> Lowered:
    """Return the number of an element of one part; of the last source without asking it."""
    result: Lowered | None = None
    for loop, own in reversed(value.values):
        assert loop.collection is not None, "a source"
        every = tuple(parts(loop.collection))
        if part not in every:
            continue
        number = every.index(part)
        place = in_all(Place((part,), position), every)
        with lowering.element_is(loop, place):
            x = lowering.value(own)
        if result is not None:
            inside = part_mask(loop.collection, number, position, lowering.cuts)
            x = Lowered(*(choose(inside, a, b) for a, b in zip(x, result, strict=True)))
        result = x
    assert result is not None, "each part is of a source"
    return result


def _components(a: Particle, b: Particle) -> tuple[tuple[str, ...], type[Particle]]:
    """Return the numbers that two particles share, and the record that they make.

    Beside missing momentum only what is transverse counts: the checker lets nothing else through.
    """
    if isinstance(a, Transverse) or isinstance(b, Transverse):
        return ("pt", "phi"), Transverse
    if isinstance(a, Polar) and isinstance(b, Polar):
        return ("pt", "eta", "phi", "mass"), Polar
    return ("px", "py", "pz", "energy"), Cartesian


def certainty(lowering: Lowering, value: core.Value) -> Node:
    """Return whether no missing value has decided which particle a value is."""
    match value:
        case core.DefineRef():
            return certainty(lowering, value.define.value)
        case core.Sum():
            out: Node = TRUE
            for _, item in value.items:
                out = both(out, certainty(lowering, item))
            return out
        case core.Choice():
            yes, no = (certainty(lowering, v) for v in (value.then, value.otherwise))
            return _decided(lowering.condition(value.condition), yes, no)
        case core.Linked():
            return lowering.place(value).certain
        case core.OwnAttribute():
            at = defined_for(lowering, value)
            with lowering.element_is(value.definition.this, at):
                return both(at.certain, certainty(lowering, value.definition.value))
        case _:
            return TRUE


def _decided(condition: Lowered, yes: Node, no: Node) -> Node:
    taken = choose(condition.value, yes, no)
    return taken if condition.certain is TRUE else choose(condition.certain, taken, FALSE)
