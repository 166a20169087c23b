"""How well two targets agree: every value of every event, every count, every sum.

To compare values, a program records beside what it counts what each of its fills is given: values,
weight, and for which events; of fills for a group of variations, for each of them, or for the first
and the last of very many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Const, Fill, Index, Node, Record, opened, substitute
from adl.compiler.ir import record as record_of
from adl.compiler.layout import Fault, Layout, Partial, Rows
from adl.compiler.pipeline import Compiled
from adl.compiler.program import Program, RegionOutput
from adl.compiler.variations import group_of, turns

if TYPE_CHECKING:
    from adl.runtime.execute.device.kernel import Doings

BLOCK = 8192  # events that are compared at a time: every value of them is kept
_MOST = 5  # cases that are named
_EACH = 16  # variations of a group that are compared one by one

Pair = tuple[Partial, Partial]


@dataclass(frozen=True)
class Case:
    """One difference: of an event's value, or of a bin, where ``event`` is -1."""

    what: str
    path: str
    event: int
    place: int  # of the value among those of the fill, or of the bin in its histogram
    first: float
    second: float


@dataclass
class Compared:
    """Things of one kind: how many were compared, how many differ, and the first of those."""

    number: int = 0
    different: int = 0
    cases: list[Case] = field(default_factory=list)

    def add(self, number: int, cases: Sequence[Case], different: int) -> None:
        """Count comparisons, and keep the first cases."""
        self.number += number
        self.different += different
        self.cases = [*self.cases, *cases][:_MOST]


@dataclass
class Agreement:
    """What came of a comparison; sums also by how many ULP and which part they differ at most."""

    targets: tuple[str, str]
    bound: float  # ULP
    events: int = 0
    values: Compared = field(default_factory=Compared)
    counts: Compared = field(default_factory=Compared)
    sums: Compared = field(default_factory=Compared)
    ulp: float = 0.0
    relative: float = 0.0
    gpu: Doings | None = None  # if one takes part: what it counted, and what the CPU in its place

    @property
    def agree(self) -> bool:
        """Whether values and counts are equal, sums as close as they have to be, and all was asked.

        Without events nothing has been asked. What the CPU has counted in the place of a GPU that failed says nothing of the GPU.
        """
        if self.gpu is not None and (self.gpu.failed or (self.events and not self.gpu.events)):
            return False
        if not self.events:
            return False
        return not self.values.different and not self.counts.different and self.ulp <= self.bound


def recording(program: Program) -> Program:
    """Return a program that records beside what it counts what each of its fills is given."""
    records = dict.fromkeys(given for f in program.fills for given in _records(f))
    return replace(program, inputs=(*program.inputs, *records))


def _records(fill: Fill) -> Iterator[Record]:
    """Yield what a fill is given; of one for a group, for each variation."""
    group = group_of(fill)
    weight = (fill.weight,) if fill.weighted else ()
    if group is None:
        yield Record(fill.axes, (*fill.values, *weight), fill.mask)
        return
    (axis, *axes), (_, *operands) = opened(fill)  # the group's axis and its number come first
    each = range(turns(axis.source[0]))
    for which in each if len(each) <= _EACH else (each[0], each[-1]):
        here: dict[Node, Node] = {Index(axis): Const(which)}
        *values, mask, given = (substitute(operand, here) for operand in operands)
        yield record_of(tuple(axes), (*values, *([given] if weight else ())), mask)


# ---------------------------------------------------------------------------------- comparing


def compare_values(found: Agreement, compiled: Compiled, pair: Pair, path: str, start: int) -> None:
    """Compare what two targets recorded of a block of events, the first of which is ``start``."""
    places = {record: place for place, record in enumerate(compiled.program.records)}
    names = dict(_recorded(compiled.program))
    for record in dict.fromkeys(compiled.program.inputs):
        one, other = (partial.rows[places[record]] for partial in pair)
        what = names.get(record, "a value")
        cases, number, different = _of_rows(one, other, what, path, start)
        found.values.add(number, cases, different)


def _recorded(program: Program) -> Iterator[tuple[Record, str]]:
    for fill, name in reversed(list(named(program))):
        for given in _records(fill):
            yield given, name


def _of_rows(
    one: Rows, other: Rows, what: str, path: str, start: int
) -> tuple[list[Case], int, int]:
    """Return the first differences of the rows of a fill, and how many values there are."""
    if not np.array_equal(one.events, other.events):
        counts = (np.bincount(r.events, minlength=BLOCK) for r in (one, other))
        first, second = counts
        apart = np.flatnonzero(first != second)
        cases = [
            Case(f"{what}: how often", path, start + int(e), 0, float(first[e]), float(second[e]))
            for e in apart[:_MOST]
        ]
        return cases, max(len(one.events), len(other.events)), len(apart)
    cases, different = [], 0
    for place, (x, y) in enumerate(zip(one.values, other.values, strict=True)):
        apart = np.flatnonzero(_bits(x) != _bits(y))
        different += len(apart)
        cases += [
            Case(what, path, start + int(one.events[row]), place, float(x[row]), float(y[row]))
            for row in apart[:_MOST]
        ]
    return cases, len(one.events) * max(1, len(one.values)), different


def _bits(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return numbers that are equal where values are, one NaN being like another."""
    if values.dtype.kind != "f":
        return values.astype(np.int64)
    return np.where(np.isnan(values), np.nan, values).view(np.int64)


def compare_sums(found: Agreement, compiled: Compiled, totals: Pair, path: str) -> None:
    """Compare what two targets counted and added up over a file."""
    names = labels(compiled.program, compiled.layout)
    _counts(found, totals, names, path)
    _sums(found, totals, names, path)
    _faults(found, totals, path)


def _faults(found: Agreement, totals: Pair, path: str) -> None:
    """Compare what functions raised and what had no value: in how many events, first in which."""
    one, other = ({_fault(f): f for f in total.faults} for total in totals)
    apart = [*(one.keys() - other.keys()), *(other.keys() - one.keys())]
    cases = []
    for key in apart[:_MOST]:
        name, what, _, event = key
        events = (float(f[key].events) if key in f else 0.0 for f in (one, other))
        cases.append(Case(f"{name}: {what}, in how many events", path, event, 0, *events))
    found.counts.add(len(one.keys() | other.keys()), cases, len(apart))


def _fault(fault: Fault) -> tuple[str, str, int, int]:
    # Not in how many calls: equal ones are made once or more often, as is faster for the target.
    what = f"{fault.kind} {fault.message}".strip()
    return fault.function, what, fault.events, fault.event


def _counts(found: Agreement, totals: Pair, names: Names, path: str) -> None:
    one, other = totals
    for first, second, places in (
        (one.raw, other.raw, names.raw),
        (one.skipped, other.skipped, names.skipped),
    ):
        apart = np.flatnonzero(first != second)
        cases = [
            _of_bin(places(int(i)), path, float(first[i]), float(second[i])) for i in apart[:_MOST]
        ]
        found.counts.add(len(first), cases, len(apart))


def _sums(found: Agreement, totals: Pair, names: Names, path: str) -> None:
    one, other = totals
    for first, second in ((one.sumw, other.sumw), (one.sumw2, other.sumw2)):
        ulp = ulps(first, second)
        apart = np.flatnonzero(ulp > 0)
        worst = apart[np.argsort(-ulp[apart], kind="stable")]
        cases = [
            _of_bin(names.sums(int(i)), path, float(first[i]), float(second[i]))
            for i in worst[:_MOST]
        ]
        found.sums.add(len(first), cases, len(apart))
        found.ulp = max(found.ulp, float(np.max(ulp, initial=0.0)))
        a, b = first[apart], second[apart]
        with np.errstate(invalid="ignore"):
            parts = np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))
        parts = np.where(np.isfinite(a) & np.isfinite(b), parts, np.inf)
        found.relative = max(found.relative, float(np.max(parts, initial=0.0)))


def _of_bin(place: tuple[str, int], path: str, first: float, second: float) -> Case:
    return Case(place[0], path, -1, place[1], first, second)


def ulps(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Return how many doubles lie between two numbers, and infinity where one alone is a NaN or infinite."""
    x, y = (v.view(np.int64) for v in (first, second))
    sizes = [(bits & np.int64(2**63 - 1)).astype(np.float64) for bits in (x, y)]
    # Numbers of one sign are in the order of their bits; 0 lies between the others.
    apart = np.where((x < 0) == (y < 0), np.abs(x - y).astype(np.float64), sizes[0] + sizes[1])
    for known in (np.isnan, np.isinf):
        apart = np.where(known(first) != known(second), np.inf, apart)
    return np.where(_bits(first) == _bits(second), 0.0, np.maximum(apart, 1.0))


# ------------------------------------------------------------------------------------- names


@dataclass(frozen=True)
class Names:
    """What a number of the output belongs to: a name, and its place in it."""

    layout: Layout
    of: dict[Fill, str]

    def raw(self, at: int) -> tuple[str, int]:
        """Name a raw count."""
        return self._find(at, lambda p: (p.cells, p.size))

    def sums(self, at: int) -> tuple[str, int]:
        """Name a sum."""
        return self._find(at, lambda p: (p.sums, p.size if p.sums >= 0 else 0))

    def skipped(self, at: int) -> tuple[str, int]:
        """Name a count of what was no number."""
        name, place = self._find(at, lambda p: (p.skipped, 1))
        return f"{name}: what is no number", place

    def _find(self, at: int, span: Callable[[Any], tuple[int, int]]) -> tuple[str, int]:
        last = ("a count", at)
        for fill, place in self.layout.places.items():
            first, size = span(place)
            if 0 <= first <= at:
                last = self.of.get(fill, "a count"), at - first
                if at < first + size:
                    return last
        return last


def labels(program: Program, layout: Layout) -> Names:
    """Return the names of a program's fills."""
    return Names(layout, dict(reversed(list(named(program)))))


def named(program: Program) -> Iterator[tuple[Fill, str]]:
    """Yield each fill with the region and statement that it is of, and the variation."""
    for region in program.regions:
        yield from _of_region(region, "")
    for output in program.variations:
        members = output.members
        more = f" [{members[0].label}{' and others' if len(members) > 1 else ''}]"
        for region in output.regions:
            yield from _of_region(region, more)


def _of_region(region: RegionOutput, more: str) -> Iterator[tuple[Fill, str]]:
    own = region.name or "all events"
    for step in region.steps:
        yield step.fill, f"{own}: {step.label}{more}"
        if step.missing is not None:
            yield step.missing, f"{own}: {step.label}, missing{more}"
    if region.bins is not None:
        yield region.bins.fill, f"{own}: bins{more}"
    for histogram in region.histograms:
        for fill in histogram.fills:
            yield fill, f"{own}: {histogram.name}{more}"
    shift = None if region.shift is None else region.shift.fill
    for extra, what in ((shift, "moved"), (region.odd, "odd weights")):
        if extra is not None:
            yield extra, f"{own}: {what}{more}"
