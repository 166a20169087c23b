"""Prints and saves: one record of the events, and one for the elements of each list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from adl.check import analysis as core
from adl.check.collections import stages
from adl.compiler.ir import TRUE, Column, Index, Node, Record, as_real, both, record
from adl.compiler.lower.collections import place
from adl.compiler.lower.tuples import order_of, passing
from adl.compiler.lower.values import Lowering
from adl.compiler.program import RowColumn, RowsOutput

_Items = list[core.RowItem]


@dataclass(frozen=True)
class _Kept:
    """A record, and for each of its items where its value and whether it is there stand."""

    record: Record
    places: dict[core.RowItem, tuple[int, int | None]]
    ranked: bool = False  # the last value says in which order the elements come


def rows(
    statement: core.Rows, owner: str, mask: Node, weight: Node, lowering: Lowering
) -> RowsOutput:
    """Return what a print or save keeps of the events that pass ``mask``."""
    lists: dict[tuple[core.Loop, ...], _Items] = {}
    for item in statement.items:
        if item.value is not None:
            lists.setdefault(item.loops, []).append(item)
    weights = [as_real(weight)] if statement.kind == "save" else []
    event = _of_events(lists.pop((), []), weights, mask, lowering)
    kept = [event, *(_of_elements(loops, items, mask, lowering) for loops, items in lists.items())]
    first = [RowColumn("weight", "weight", event.record, 0)] if weights else []
    return _output(statement, owner, first, kept)


def _output(
    statement: core.Rows, owner: str, first: list[RowColumn], kept: list[_Kept]
) -> RowsOutput:
    """Return the columns of a statement: what tells events apart, ``first``, then its own."""
    identity = (
        RowColumn(name, name, column=Column(value.branch.name, value.branch.dtype))
        for name, value in statement.event
    )
    return RowsOutput(
        statement.kind,
        owner,
        statement.name,
        statement.format,
        kept[0].record,
        (*identity, *first, *(_column(item, kept) for item in statement.items)),
        statement.whole,
        tuple(k.record for k in kept if k.ranked),
    )


def of_object(found: core.ObjectDef, lowering: Lowering) -> list[RowsOutput]:
    """Return what an object's prints keep: a row for each element that passes the cuts before."""
    outputs = []
    rows = [(stage, *row) for stage in stages(found) for row in stage.rows]
    for stage, number, statement in rows:
        so_far = replace(stage, cuts=stage.cuts[:number], rows=())
        with lowering.loops([core.Loop(so_far, "")]) as (axes, inside):
            values: list[Node] = []
            with lowering.element_is(stage.this, place(so_far, Index(axes[0]))):
                items = [item for item in statement.items if item.value is not None]
                places = _add(items, values, lowering)
        kept = [_Kept(record(axes, tuple(values), inside), places)]
        outputs.append(_output(statement, found.name, [], kept))
    return outputs


def _column(item: core.RowItem, kept: Iterable[_Kept]) -> RowColumn:
    for k in kept:
        if item in k.places:
            value, there = k.places[item]
            return RowColumn(item.name, item.label, k.record, value, there, dtype=item.dtype)
    return RowColumn("", item.label)


def _of_events(items: _Items, first: list[Node], mask: Node, lowering: Lowering) -> _Kept:
    """Return the record of the events, with ``first`` before the items' values."""
    values = list(first)
    places = _add(items, values, lowering)
    return _Kept(record((), tuple(values), mask), places)


def _of_elements(
    loops: tuple[core.Loop, ...], items: _Items, mask: Node, lowering: Lowering
) -> _Kept:
    """Return the record of the tuples of some loops; a row of it belongs to its event's."""
    with lowering.loops(loops) as (axes, inside):
        first = items[0]
        inside = passing(lowering, first.where, inside)
        values: list[Node] = []
        places = _add(items, values, lowering)
        order = order_of(lowering, loops, first.ordered, partial(passing, lowering, first.where))
        values += [] if order is None else [order]
    return _Kept(record(axes, tuple(values), both(mask, inside)), places, order is not None)


def _add(
    items: _Items, values: list[Node], lowering: Lowering
) -> dict[core.RowItem, tuple[int, int | None]]:
    """Append the items' values, each with whether it is there where it can be missing."""
    places = {}
    for item in items:
        assert item.value is not None
        x = lowering.value(item.value)
        places[item] = len(values), (None if x.defined is TRUE else len(values) + 1)
        values += [x.value] if x.defined is TRUE else [x.value, x.defined]
    return places
