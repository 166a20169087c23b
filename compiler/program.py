"""A program: the regions' fills with their labels, and where each number lies in the output.

Labels live here and not in nodes, so equal cuts of two regions are one node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Protocol, TypeVar

from adl.check.published import Published
from adl.check.variations import SystematicDef, Variation
from adl.compiler.ir import Choice, Column, Fill, Node, Record, factors, postorder
from adl.compiler.variations import is_group

OutputT = TypeVar("OutputT", Fill, Record)


class Change(Protocol):
    """Makes another fill of a fill, and another record of a record."""

    def __call__(self, output: OutputT, /) -> OutputT:
        """Return the changed output."""


@dataclass(frozen=True)
class StepOutput:
    """One line of a cutflow: its counter, and the counter of events that a missing value decided."""

    label: str
    fill: Fill
    missing: Fill | None = None
    weight: bool = False
    published: tuple[Published, ...] = ()


@dataclass(frozen=True)
class Moved:
    """What tells the error of a shift, see ``compiler/lower/shifts.py``: of a yield or of each bin.

    Its squares are those of a yield's change event by event, or of the entries that are new in a
    bin; with ``product`` its sums are those of the products of both weights, over the events that
    pass both times, or the entries that a bin has both times.
    """

    fill: Fill
    product: bool


@dataclass(frozen=True)
class HistogramOutput:
    """One histogram of a region: the sum of its fills, which have the same bins."""

    name: str
    title: str
    fills: tuple[Fill, ...]
    nominal_only: bool = False  # variations have the nominal one
    moved: tuple[Moved, ...] = ()  # of a variation that moves entries: one for each fill


@dataclass(frozen=True)
class BinsOutput:
    """The bins of a region, as the bins of one fill."""

    labels: tuple[str, ...]
    fill: Fill
    published: tuple[tuple[Published, ...], ...] = ()  # of each bin, where there are any


@dataclass(frozen=True)
class RowColumn:
    """A column of rows: value ``place`` of a record, or an input column of the rows' events.

    ``there`` is the place of the value that says whether it is there, None where it always is. A
    column without ``record`` or ``column`` is a text that is the same in every row.
    """

    name: str  # in a file
    label: str  # as it was written
    record: Record | None = None
    place: int = 0
    there: int | None = None
    column: Column | None = None
    dtype: str = ""  # numpy's name of the type in a file; the value's own if it is empty


@dataclass(frozen=True)
class RowsOutput:
    """What a print or save keeps: a row for each event in which ``rows`` has one.

    Columns over the elements of a collection have a list in each row, in ascending order of the
    last value of their record if ``ordered`` has it. ``whole`` adds every column that is read.
    """

    kind: Literal["print", "save"]
    owner: str  # the region or object
    name: str  # of the file, without its ending
    format: Literal["csv", "root", "parquet"]
    rows: Record
    columns: tuple[RowColumn, ...]
    whole: bool = False
    ordered: tuple[Record, ...] = ()

    @property
    def records(self) -> tuple[Record, ...]:
        """All its records, each once."""
        own = (c.record for c in self.columns if c.record is not None)
        return tuple(dict.fromkeys((self.rows, *own)))

    def map(self, change: Change) -> RowsOutput:
        """Return the rows with every record replaced by ``change(record)``."""
        columns = (
            c if c.record is None else replace(c, record=change(c.record)) for c in self.columns
        )
        return replace(
            self,
            rows=change(self.rows),
            columns=tuple(columns),
            ordered=tuple(map(change, self.ordered)),
        )


@dataclass(frozen=True)
class RegionOutput:
    """What a region counts, prints and saves."""

    name: str
    steps: tuple[StepOutput, ...]
    bins: BinsOutput | None = None
    histograms: tuple[HistogramOutput, ...] = ()
    title: str = ""
    rows: tuple[RowsOutput, ...] = ()
    # Of a variation, see compiler/lower/shifts.py:
    shift: Moved | None = None  # if it moves events
    odd: Fill | None = None  # if it changes weights

    @property
    def records(self) -> tuple[Record, ...]:
        """All its records: prints and saves."""
        return tuple(record for rows in self.rows for record in rows.records)

    @property
    def fills(self) -> tuple[Fill, ...]:
        """All its fills: steps, missing values, bins, histograms."""
        return (
            *(s.fill for s in self.steps),
            *(s.missing for s in self.steps if s.missing is not None),
            *(() if self.bins is None else (self.bins.fill,)),
            *(f for h in self.histograms for f in h.fills),
            *(m.fill for h in self.histograms for m in h.moved),
            *(() if self.shift is None else (self.shift.fill,)),
            *(() if self.odd is None else (self.odd,)),
        )


@dataclass(frozen=True)
class VariationOutput:
    """The regions of one variation, or of a group, without rows.

    What it does not touch are the nominal nodes. The other fills of a group are for each of its
    members, in their order: see ``compiler/variations.py``. ``touches`` are the cutflows and
    histograms that each member of a group can change, by the names of ``compiler/changes.py``.
    """

    members: tuple[Variation, ...]
    regions: tuple[RegionOutput, ...]
    touches: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True)
class Program:
    """Everything to compute, as pure nodes; ``origins`` says where a node was first written."""

    regions: tuple[RegionOutput, ...]
    origins: Mapping[Node, tuple[int, int]] = field(default_factory=dict)
    own_rows: tuple[RowsOutput, ...] = ()  # of no region: prints of objects
    inputs: tuple[Record, ...] = ()  # what networks are given
    variations: tuple[VariationOutput, ...] = ()
    systematics: tuple[SystematicDef, ...] = ()  # to which the variations belong

    @cached_property
    def fills(self) -> tuple[Fill, ...]:
        """Each distinct fill once: counters first, then histograms, in the order of the regions."""
        every = (f for region in self.every_region for f in region.fills)
        return tuple(sorted(dict.fromkeys(every), key=lambda fill: bool(fill.bins)))

    @property
    def every_region(self) -> tuple[RegionOutput, ...]:
        """The nominal regions, then those of each variation."""
        return (*self.regions, *(r for v in self.variations for r in v.regions))

    @cached_property
    def rows(self) -> tuple[RowsOutput, ...]:
        """Everything that is printed or saved, in the order of the analysis."""
        return (*self.own_rows, *(rows for region in self.regions for rows in region.rows))

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """Each distinct record once."""
        of_rows = (record for rows in self.rows for record in rows.records)
        return tuple(dict.fromkeys((*self.inputs, *of_rows)))

    @cached_property
    def nodes(self) -> list[Node]:
        """Every node, inputs before users."""
        return postorder((*self.fills, *self.records))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """One column node for each branch that is read, by name."""
        copied = (c.column for rows in self.rows for c in rows.columns if c.column is not None)
        chosen = (c for n in self.nodes if isinstance(n, Choice) for c in n.columns)
        every = (*copied, *chosen, *(n for n in reversed(self.nodes) if isinstance(n, Column)))
        found = {n.name: n for n in every}
        return tuple(found[name] for name in sorted(found))

    @cached_property
    def collections(self) -> tuple[str, ...]:
        """The collections that are looped over or indexed, by name."""
        looped = {
            c for n in self.nodes for axis in n.bound for s in axis.source for c in factors(s)
        }
        read = {c.collection for c in self.columns if c.collection}
        return tuple(sorted(c for c in looped | read if not is_group(c)))

    def map(self, change: Change) -> Program:
        """Return the program with every fill and record replaced by ``change`` of it."""
        return Program(
            tuple(map_region(r, change) for r in self.regions),
            self.origins,
            tuple(rows.map(change) for rows in self.own_rows),
            tuple(map(change, self.inputs)),
            tuple(
                replace(v, regions=tuple(map_region(r, change) for r in v.regions))
                for v in self.variations
            ),
            self.systematics,
        )


def joined(programs: Sequence[Program]) -> Program:
    """Return a program that computes what all of these do: their regions, one after the other."""
    return Program(
        tuple(region for program in programs for region in program.regions),
        {node: place for program in reversed(programs) for node, place in program.origins.items()},
        tuple(rows for program in programs for rows in program.own_rows),
        variations=tuple(v for program in programs for v in program.variations),
        systematics=tuple(s for program in programs for s in program.systematics),
    )


def map_region(region: RegionOutput, change: Change) -> RegionOutput:
    """Return a region with every fill and record replaced by ``change`` of it."""
    return replace(
        region,
        steps=tuple(
            replace(
                s, fill=change(s.fill), missing=None if s.missing is None else change(s.missing)
            )
            for s in region.steps
        ),
        bins=None if region.bins is None else replace(region.bins, fill=change(region.bins.fill)),
        histograms=tuple(
            replace(
                h,
                fills=tuple(change(f) for f in h.fills),
                moved=tuple(replace(m, fill=change(m.fill)) for m in h.moved),
            )
            for h in region.histograms
        ),
        rows=tuple(rows.map(change) for rows in region.rows),
        shift=region.shift and replace(region.shift, fill=change(region.shift.fill)),
        odd=None if region.odd is None else change(region.odd),
    )
