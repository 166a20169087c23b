"""Regions: cuts, weights, histograms, bins, rows; and a whole analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from adl.check.analysis.objects import Loop
from adl.check.analysis.values import Value
from adl.check.published import Published
from adl.check.readings import Reading
from adl.check.variations import Stage, SystematicDef
from adl.stdlib.models import Schema
from adl.stdlib.registry import Function
from adl.syntax.source import Source, Span
from adl.syntax.tree import UniformBins, VariableBins

if TYPE_CHECKING:
    from adl.check.analysis.objects import CompositeDef, ObjectDef, Ordered
    from adl.check.analysis.operations import EventValue

Dialect = Literal["adl", "cutlang"]
AskedDialect = Literal["auto", "adl", "cutlang"]


@dataclass(frozen=True, eq=False)
class Cut:
    """A select or reject: the condition to pass (a reject is already negated)."""

    label: str
    condition: Value
    span: Span
    streams: frozenset[str] = frozenset()  # of data, in which alone something passes
    only: Value | None = None  # in a check without a dataset: elsewhere all events pass


@dataclass(frozen=True, eq=False)
class WeightBy:
    """A weight from here on."""

    label: str
    value: Value
    span: Span
    name: str = ""  # by which a systematic can replace it
    only: Value | None = None  # in a check without a dataset: elsewhere it is 1


class Run(NamedTuple):
    """What one fill of a histogram runs over: tuples of ``loops`` that fulfil ``where``."""

    loops: tuple[Loop, ...]
    where: tuple[Value, ...] = ()


@dataclass(frozen=True, eq=False)
class Histogram:
    """A histogram filled where it stands, once an event or once a tuple of loops.

    ``fills`` has one tuple of values (one an axis) for each fill of an event, ``runs`` its loops.
    """

    name: str
    title: str
    axes: tuple[UniformBins | VariableBins, ...]
    loops: tuple[Loop, ...]  # of all fills
    fills: tuple[tuple[Value, ...], ...]
    span: Span
    runs: tuple[Run, ...]
    nominal_only: bool = False  # no variation fills it
    only: Value | None = None  # in a check without a dataset: elsewhere it is not filled

    @property
    def where(self) -> tuple[Value, ...]:
        """What the tuples of all fills fulfil."""
        return tuple(condition for run in self.runs for condition in run.where)


@dataclass(frozen=True, eq=False)
class BinDef:
    """A bin: counted after every statement; the first that is true gets the event."""

    label: str
    condition: Value
    span: Span


@dataclass(frozen=True, eq=False)
class RowItem:
    """A column of a print or save, with a list in each row if it has loops; or a text (None).

    The items of one collection share ``loops``.
    """

    name: str  # in a file
    label: str  # as it was written
    value: Value | None
    loops: tuple[Loop, ...] = ()
    where: tuple[Value, ...] = ()  # what tuples of ``loops`` must fulfil
    ordered: tuple[Ordered, ...] = ()
    dtype: str = ""  # numpy's name of the type in a file; the value's own if it is empty


@dataclass(frozen=True, eq=False)
class Rows:
    """A print or save: a row for each event that reaches it; ``whole`` adds every input column.

    ``event`` are the columns that tell events apart, as far as the input has them.
    """

    kind: Literal["print", "save"]
    name: str  # of the file, without its ending
    format: Literal["csv", "root", "parquet"]
    items: tuple[RowItem, ...]
    event: tuple[tuple[str, EventValue], ...]
    whole: bool
    span: Span


RegionStatement = Cut | WeightBy | Histogram | Rows

# An unknown's collection, index and number -> what a search found: one element, or the member of
# each loop of a composite.
Solutions = Mapping[tuple[str, int, int], Mapping[Loop | None, Value]]


@dataclass(frozen=True, eq=False)
class RegionDef:
    """A region: all statements in their order, inherited ones included, then the bins."""

    name: str
    statements: tuple[RegionStatement, ...]
    bins: tuple[BinDef, ...]
    span: Span
    found: Solutions = field(default_factory=dict)
    # The collections that the region has sorted, by the names of the unsorted ones.
    orders: Mapping[str, ObjectDef | CompositeDef] = field(default_factory=dict)
    title: str = ""
    counts: tuple[tuple[Cut | BinDef, Published], ...] = ()


@dataclass(frozen=True, eq=False)
class Analysis:
    """A whole checked analysis against one schema."""

    source: Source
    name: str
    dialect: Dialect
    schema: Schema
    regions: tuple[RegionDef, ...]
    # For who translates a file of the dialect cutlang: every declaration, and what was read there.
    declared: tuple[object, ...] = ()
    readings: tuple[Reading, ...] = ()
    functions: tuple[Function, ...] = ()  # from Python files
    # What systematics change: columns in the written order, and what is computed beside nominal.
    stages: tuple[Stage, ...] = ()
    systematics: tuple[SystematicDef, ...] = ()
    sources: frozenset[str] = frozenset()  # names of systematics, of those for other datasets too
