"""One program for two analyses: a row for each event of each region, and for each event that moved.

Both are lowered into one table of nodes, so what they share is computed once, and a region's row
stands where its last cut passes: nothing is evaluated that the region itself would not evaluate.
A row's first value is the weight; that of a moved event has, too, how many steps of the region that
lacks it it has passed, and in which bin it is on each side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from adl.check.analysis import Cut, RegionDef, WeightBy
from adl.compiler.ir import ONE, TRUE, Const, Node, Record, both, call, invert
from adl.compiler.lower.regions import counter
from adl.compiler.program import Program, RegionOutput, RowsOutput, StepOutput, joined
from adl.syntax.source import Source

Side = Literal["A", "B"]
# Kinds of rows: events of a region; those of one region that its counterpart lacks; those of both
# in other bins.
Kind = Literal["passes", "lost", "gained", "rebinned"]


@dataclass(frozen=True)
class Step:
    """A statement of a region that an event can fail, and where it is written."""

    text: str
    line: int


@dataclass(frozen=True)
class Probe:
    """What one kind of row is about: a region, or a region and its counterpart in B."""

    kind: Kind
    a: str | None
    b: str | None
    steps: tuple[Step, ...] = ()  # of the region that the event fails
    bins: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def key(self) -> str:
        """The name by which rows of a program are known."""
        return f"{self.kind}:{self.a or ''}:{self.b or ''}"


@dataclass(frozen=True)
class Part:
    """One analysis: its regions, and the program of them."""

    side: Side
    source: Source
    regions: Mapping[str, RegionDef]
    program: Program

    @property
    def outputs(self) -> Iterator[RegionOutput]:
        """The regions of the program, without histograms of objects."""
        return (r for r in self.program.regions if r.name in self.regions)


def together(
    a: Part, b: Part, moved: Sequence[tuple[str, str]]
) -> tuple[Program, dict[str, Probe]]:
    """Return the program of two analyses, and what each kind of its rows is about.

    ``moved`` are the pairs of regions of which events are followed.
    """
    found = [*_passing(a), *_passing(b)]
    by_name = [{r.name: r for r in part.outputs} for part in (a, b)]
    for x, y in moved:
        if x in by_name[0] and y in by_name[1]:
            found += _moves(a, b, by_name[0][x], by_name[1][y])
    rows = tuple(_rows(probe, record) for probe, record in found)
    every = RegionOutput("", (StepOutput("all events", counter(TRUE, ONE)),), rows=rows)
    bare = [
        replace(p.program, regions=(), own_rows=(), variations=(), systematics=()) for p in (a, b)
    ]
    whole = joined([Program((every,)), *bare])
    return whole, {probe.key: probe for probe, _ in found}


def _rows(probe: Probe, record: Record) -> RowsOutput:
    # A save: its first value is the weight, which a dataset list multiplies by the generator's.
    return RowsOutput("save", probe.key, probe.key, "csv", record, ())


def _passing(part: Part) -> Iterator[tuple[Probe, Record]]:
    for region in part.outputs:
        a, b = (region.name, None) if part.side == "A" else (None, region.name)
        last = region.steps[-1].fill
        yield Probe("passes", a, b), Record((), (last.weight,), last.mask)


def _moves(a: Part, b: Part, x: RegionOutput, y: RegionOutput) -> Iterator[tuple[Probe, Record]]:
    """Yield the events that one region has and the other lacks, and those in other bins."""
    sides = ((a, x, "gained"), (b, y, "lost"))
    for (part, lacks, kind), has in zip(sides, (y, x), strict=True):
        inside, outside = has.steps[-1].fill, lacks.steps[-1].fill
        mask = both(inside.mask, invert(outside.mask))
        if mask is inside.mask or inside.mask is outside.mask:
            continue
        values = inside.weight, _passed(lacks.steps), _no_bin(), _no_bin()
        steps = tuple(_steps(part, lacks.name))
        assert len(steps) == len(lacks.steps) - 1
        yield Probe(kind, x.name, y.name, steps), Record((), values, mask)  # type: ignore[arg-type]  # a Kind
    if x.bins is not None and y.bins is not None and x.bins.fill.values != y.bins.fill.values:
        (first,), (second,) = x.bins.fill.values, y.bins.fill.values
        mask = both(
            both(x.steps[-1].fill.mask, y.steps[-1].fill.mask), invert(call("eq", first, second))
        )
        values = y.steps[-1].fill.weight, Const(0), first, second
        labels = x.bins.labels, y.bins.labels
        yield Probe("rebinned", x.name, y.name, (), labels), Record((), values, mask)


def _no_bin() -> Node:
    return Const(-1.0)


def _passed(steps: Sequence[StepOutput]) -> Node:
    """Return how many steps an event passes one after the other, "all events" among them."""
    total: Node = Const(0)
    for mask in _masks(steps):
        total = call("add", total, call("int", mask)) if mask is not TRUE else _more(total)
    return total


def _more(total: Node) -> Node:
    return Const(total.value + 1) if isinstance(total, Const) else call("add", total, Const(1))


def _masks(steps: Iterable[StepOutput]) -> Iterator[Node]:
    return (step.fill.mask for step in steps)


def _steps(part: Part, name: str) -> Iterator[Step]:
    """Yield the statements that stand for the steps of a region, but for "all events"."""
    for statement in part.regions[name].statements:
        if isinstance(statement, Cut | WeightBy):
            line, _ = part.source.position(statement.span.start)
            yield Step(part.source.words(statement.span), line)
