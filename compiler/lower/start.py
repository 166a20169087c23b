"""What every region of a program begins with: which events there are, and their weight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from adl.compiler.ir import ONE, TRUE, Fill, Node, Record, both, call
from adl.compiler.program import (
    Moved,
    OutputT,
    Program,
    RegionOutput,
    RowsOutput,
    StepOutput,
    map_region,
)


@dataclass(frozen=True)
class Start:
    """Events for the regions, and the weight of each. Variations of an analysis change neither."""

    mask: Node = TRUE
    weight: Node = ONE


def started(program: Program, start: Start) -> Program:
    """Return a program whose regions, rows and variations begin with ``start``."""
    if start == Start():
        return program
    return replace(
        program,
        regions=_regions(program.regions, start),
        own_rows=tuple(rows.map(partial(_masked, start)) for rows in program.own_rows),
        variations=tuple(
            replace(v, regions=_regions(v.regions, start)) for v in program.variations
        ),
    )


def _regions(regions: Iterable[RegionOutput], start: Start) -> tuple[RegionOutput, ...]:
    return tuple(_region(region, start) for region in regions)


def _region(region: RegionOutput, start: Start) -> RegionOutput:
    masked = map_region(region, partial(_masked, start))

    def weighted(fill: Fill) -> Fill:
        return Fill(fill.bins, fill.axes, fill.values, fill.mask, _times(start, fill.weight))

    def moved(own: Moved) -> Moved:
        fill = weighted(own.fill)  # products have the weight twice, once of each
        return replace(own, fill=weighted(fill) if own.product else fill)

    def step(output: StepOutput) -> StepOutput:
        return replace(output, fill=weighted(output.fill))  # what is missing is only counted

    return replace(
        masked,
        steps=tuple(map(step, masked.steps)),
        bins=None if masked.bins is None else replace(masked.bins, fill=weighted(masked.bins.fill)),
        histograms=tuple(
            replace(h, fills=tuple(map(weighted, h.fills)), moved=tuple(map(moved, h.moved)))
            for h in masked.histograms
        ),
        rows=tuple(_rows(rows, start) for rows in masked.rows),
        shift=None if masked.shift is None else moved(masked.shift),
    )


def _rows(rows: RowsOutput, start: Start) -> RowsOutput:
    """Return rows whose weight, the first value of a save's events, is that of the region."""
    if rows.kind != "save":
        return rows
    events = rows.rows
    first, *others = events.values
    new = Record(events.axes, (_times(start, first), *others), events.mask)
    columns = (replace(c, record=new) if c.record is events else c for c in rows.columns)
    return replace(rows, rows=new, columns=tuple(columns))


def _times(start: Start, weight: Node) -> Node:
    if start.weight is ONE or weight is ONE:
        return start.weight if weight is ONE else weight
    return call("mul", start.weight, weight)


def _masked(start: Start, output: OutputT) -> OutputT:
    mask = both(start.mask, output.mask)
    if isinstance(output, Fill):
        return Fill(output.bins, output.axes, output.values, mask, output.weight)
    return Record(output.axes, output.values, mask)
