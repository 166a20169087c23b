"""Calls of algorithms and of users' functions, with their gathered arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adl.check import analysis as core
from adl.compiler.ir import (
    TRUE,
    Axis,
    Const,
    Evaluate,
    Index,
    Node,
    as_real,
    both,
    gather,
    lift,
    reduce,
    substitute,
)
from adl.compiler.lower.collections import comes_before, is_union, place
from adl.compiler.lower.elements import certainty
from adl.compiler.lower.made import remember
from adl.compiler.lower.truth import Lowered

if TYPE_CHECKING:
    from adl.compiler.lower.values import Lowering


def evaluated(lowering: Lowering, value: core.Apply) -> Lowered:
    """Return a number that an algorithm gives; missing where an argument is."""
    node, defined, certain = _evaluate(lowering, value)
    return Lowered(node, defined, certain)


def prepare(lowering: Lowering, collection: core.Collection) -> None:
    """Lower the calls that a collection comes from, before anything asks for its elements."""
    if collection in lowering.prepared:
        return
    lowering.prepared.add(collection)
    for source in getattr(collection, "sources", ()):
        prepare(lowering, source)
    made = collection.call if isinstance(collection, core.Produced) else None
    if isinstance(collection, core.ObjectDef):
        made = collection.kept_by
    if made is not None:
        outside, lowering.here = lowering.here, {}
        with lowering.looked_at(TRUE):
            call, _, _ = _evaluate(lowering, made)
        remember(collection, call)
        lowering.here = outside


# ------------------------------------------------------------------------------- arguments


def _evaluate(lowering: Lowering, value: core.Apply) -> tuple[Evaluate, Node, Node]:
    """Return the node of a call, whether its arguments are there, and whether that is certain."""
    arguments: list[Node] = []
    defined: Node = TRUE
    certain: Node = TRUE
    for kind, argument in zip(value.function.arguments, value.arguments, strict=True):
        if isinstance(argument, core.Whole):
            arguments += _gathered(lowering, argument.collection)
            continue
        if isinstance(argument, core.Each):
            arguments += _each(lowering, argument)
            continue
        if kind in _COMPONENTS:
            particle, there = lowering.particle(argument)
            arguments += [as_real(lift(getattr(particle, name))) for name in _COMPONENTS[kind]]
            certain = both(certain, certainty(lowering, argument))
        else:
            number = lowering.value(argument)
            there = number.defined
            certain = both(certain, number.certain)
            arguments.append(as_real(number.value) if kind == "real" else number.value)
        defined = both(defined, there)
    called = both(defined, lowering.under) if value.function.raises else defined
    return Evaluate(value.function, tuple(arguments), called), defined, certain


_COMPONENTS = {
    "particle": ("px", "py", "pz", "energy"),
    "transverse": ("px", "py"),
    "met": ("px", "py"),
}


def _gathered(lowering: Lowering, collection: core.Collection) -> list[Node]:
    """Return px, py, pz and E of the elements in their order, and the number of elements."""
    loop = core.Loop(collection, "")
    with lowering.loops([loop]) as (axes, inside):
        one = lowering.momentum(lowering.here[loop])
        at = _place(lowering, collection, axes[0], inside)
        components = (one.px, one.py, one.pz, one.energy)
        arrays = [gather(axes, as_real(lift(c)), inside, at) for c in components]
        return [*arrays, reduce("count", axes, Const(1), inside)]


def _each(lowering: Lowering, value: core.Each) -> list[Node]:
    """Return the values that are there in the order of their elements, and their number."""
    with lowering.loops([value.loop]) as (axes, inside):
        for condition in value.where:
            inside = both(inside, lowering.condition(condition).value)
        body = lowering.value(value.value)
        there = both(inside, body.defined)
        assert value.loop.collection is not None, "a loop of values has a collection"
        at = _place(lowering, value.loop.collection, axes[0], there)
        array = gather(axes, as_real(body.value), there, at)
        return [array, reduce("count", axes, Const(1), there)]


def _place(
    lowering: Lowering, collection: core.Collection, axis: Axis, passing: Node
) -> Node | None:
    """Return how many passing elements stand before one; None if they stand as stored."""
    if not is_union(collection, lowering.cuts):
        return None
    slots = [a.slot for a in (axis, *passing.free)]
    other = Axis(axis.source, max(slots) + 1)
    one, another = (place(collection, Index(a)) for a in (axis, other))
    passes = substitute(passing, {Index(axis): Index(other)})
    earlier = both(passes, comes_before(collection, another, one, lowering.cuts))
    return reduce("count", (other,), Const(1), earlier)
