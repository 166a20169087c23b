"""Calls of algorithms and of users' functions, with their gathered arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from adl.check import analysis as core
from adl.compiler.ir import (
    TRUE,
    Const,
    Evaluate,
    Node,
    as_real,
    both,
    gather,
    lift,
    reduce,
)
from adl.compiler.lower import tuples
from adl.compiler.lower.collections import in_all_of
from adl.compiler.lower.elements import certainty
from adl.compiler.lower.made import remember
from adl.compiler.lower.truth import Lowered
from adl.syntax.source import NOWHERE

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
            defined = both(defined, in_all_of(inputs_of(argument.collection)))
            continue
        if isinstance(argument, core.Each):
            arguments += _each(lowering, argument)
            defined = both(defined, in_all_of(loop.collection for loop in argument.loops))
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


def inputs_of(whole: core.Collection | core.CompositeDef) -> list[core.Collection | None]:
    """Return the collections of which something is made."""
    if isinstance(whole, core.CompositeDef):
        return [loop.collection for loop in whole.loops]
    return [whole]


_COMPONENTS = {
    "particle": ("px", "py", "pz", "energy"),
    "transverse": ("px", "py"),
    "met": ("px", "py"),
}


def _gathered(lowering: Lowering, collection: core.Collection | core.CompositeDef) -> list[Node]:
    """Return px, py, pz and E of the elements in their order, and the number of elements."""
    where: tuple[core.Value, ...] = ()
    ordered: tuple[core.Ordered, ...] = ()
    if isinstance(collection, core.CompositeDef):
        whole: core.Value = collection.particle
        where, loops = collection.where, collection.loops
        if collection.sorts:
            ordered = (core.Ordered(loops, where, collection.sorts),)
    else:
        loops = (core.Loop(collection, ""),)
        whole = core.Variable(loops[0], type="particle", span=NOWHERE)

    def particles() -> tuple[list[Node], Node]:
        one, there = lowering.particle(whole)
        return [as_real(lift(c)) for c in (one.px, one.py, one.pz, one.energy)], there

    return _arrays(lowering, loops, where, ordered, particles)


def _each(lowering: Lowering, value: core.Each) -> list[Node]:
    """Return the values that are there in the order of their elements, and their number."""

    def numbers() -> tuple[list[Node], Node]:
        body = lowering.value(value.value)
        return [as_real(body.value)], body.defined

    return _arrays(lowering, value.loops, value.where, value.ordered, numbers)


def _arrays(
    lowering: Lowering,
    loops: tuple[core.Loop, ...],
    where: tuple[core.Value, ...],
    ordered: tuple[core.Ordered, ...],
    values: Callable[[], tuple[list[Node], Node]],
) -> list[Node]:
    """Return arrays of what ``values`` gives in each turn, where it is there, and their length."""
    with lowering.loops(loops) as (axes, inside):
        found, there = values()
        mask = both(tuples.passing(lowering, where, inside), there)
        at = tuples.number(
            lowering,
            loops,
            ordered,
            lambda inside: both(tuples.passing(lowering, where, inside), values()[1]),
        )
        arrays: list[Node] = [gather(axes, value, mask, at) for value in found]
        return [*arrays, reduce("count", axes, Const(1), mask)]
