"""Walking over checked values: what a condition compares, what can be missing, what is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adl.check import analysis as core
from adl.check.collections import of_one_collection
from adl.check.context import is_sorted_here
from adl.check.values import operands

_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")


def compared(value: core.Value) -> Iterator[core.Value]:
    """Yield the numbers and conditions that decide a condition; a number decides itself."""
    match value:
        case core.Literal_():
            return
        case core.Logic():
            inner: Sequence[core.Value] = value.operands
        case core.Operation(name=name) if name in _COMPARISONS:
            inner = value.arguments
        case core.Interval():
            inner = (value.value, value.lower, value.upper)
        case core.Choice(type="bool"):
            inner = (value.condition, value.then, value.otherwise)
        case core.DefineRef(type="bool"):
            yield value
            inner = (value.define.value,)
        case _:
            yield value
            return
    for operand in inner:
        yield from compared(operand)


def innermost(value: core.Value) -> core.Value:
    """Return the one number that a condition compares, else the condition."""
    terms = list(compared(value))
    return terms[0] if len(terms) == 1 else value


def closed_operands(value: core.Value) -> tuple[core.Value, ...]:
    """Return the parts of a value, none of which stands inside a loop."""
    match value:
        case core.DefineRef():
            return (value.define.value,)
        case core.Reduction() | core.Member() | core.Total() | core.Draw() | core.OwnAttribute():
            return ()
    # What an algorithm is given of a whole collection is never missing.
    return tuple(o for o in operands(value) if not isinstance(o, core.Whole | core.Each))


def element_name(value: core.Value) -> str:
    """Return what to call an element; in a define it has the place of the define's use."""
    if isinstance(value, core.Element) and not isinstance(value.collection, core.CompositeDef):
        return f"{value.collection.name}[{value.index}]"
    return ""


def objects(region: core.RegionDef) -> tuple[core.ObjectDef, ...]:
    """Return the object blocks that a region uses, those that they take from first."""
    found: dict[core.ObjectDef, None] = {}

    def add(collection: core.Collection) -> None:
        if isinstance(collection, core.ObjectDef) and collection not in found:
            for source in of_one_collection(collection)[0].sources:
                add(source)
            if not is_sorted_here(collection):  # in a region, by which nothing passes or fails
                found[collection] = None
        if isinstance(collection, core.Produced) and collection.call is not None:
            for given in _collections(collection.call, set()):
                add(given)

    for value in _values(region):
        for collection in _collections(value, set()):
            add(collection)
    return tuple(found)


def _values(region: core.RegionDef) -> Iterator[core.Value]:
    for statement in region.statements:
        match statement:
            case core.Cut(condition=value) | core.WeightBy(value=value):
                yield value
    yield from (b.condition for b in region.bins)


def _collections(value: core.Value, seen: set[object]) -> Iterator[core.Collection]:
    match value:
        case core.Element() | core.Size() | core.Total() | core.Whole():
            if not isinstance(value.collection, core.CompositeDef):
                yield value.collection
        case core.Each():
            yield from (x.collection for x in value.loops if x.collection is not None)
        case core.Reduction():
            yield from (x.collection for x in value.loops if x.collection is not None)
        case core.Member():
            yield from (x.collection for x in value.picked.loops if x.collection is not None)
        case core.DefineRef() if value.define not in seen:
            seen.add(value.define)
            yield from _collections(value.define.value, seen)
    for operand in operands(value):
        yield from _collections(operand, seen)
