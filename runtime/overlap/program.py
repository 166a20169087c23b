"""One program for two analyses: rows that decide in which regions an event is, and of what moved.

Both are lowered into one table of nodes, so what they share is computed once. Rows of two kinds are
for two kernels: which regions an event is in is asked of every event (``deciding.py``), why it moved
only of those that one region of a pair has and the other lacks, or that are in another bin
(``tracing.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from adl.check.analysis import Cut, RegionDef, WeightBy
from adl.compiler.ir import ONE, TRUE, Node, Record, both, call, invert
from adl.compiler.lower.regions import counter
from adl.compiler.program import Program, RegionOutput, RowsOutput, StepOutput, joined
from adl.compiler.prove.regions import bins_of
from adl.runtime.overlap.deciding import BITS, Asked, Decided, decided
from adl.runtime.overlap.tracing import Moving, Traced, rebinned, traced
from adl.syntax.source import Source

Side = Literal["A", "B"]
SIDES: tuple[Side, ...] = ("A", "B")
# Events of one region that its counterpart lacks; those of both in other bins.
Kind = Literal["lost", "gained", "rebinned"]


@dataclass(frozen=True)
class Step:
    """A statement of a region that an event can fail, and where it is written."""

    text: str
    line: int


@dataclass(frozen=True)
class Probe:
    """What moved between a region and its counterpart in B.

    ``number`` is the bit of its events, ``counts`` the region whose weight they count with.
    """

    kind: Kind
    a: str
    b: str
    number: int
    counts: int
    steps: tuple[Step, ...] = ()  # of the region that the event fails
    bins: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def key(self) -> str:
        """The name by which it is known."""
        return f"{self.kind}:{self.a}:{self.b}"


@dataclass(frozen=True)
class Part:
    """One analysis: its regions, and the program of them."""

    side: Side
    source: Source
    regions: Mapping[str, RegionDef]
    program: Program
    bins: bool = False  # whether each bin of a region is asked for as a region, too

    @property
    def outputs(self) -> dict[str, RegionOutput]:
        """The regions of the program by name, without histograms of objects."""
        return {r.name: r for r in self.program.regions if r.name in self.regions}

    @property
    def selections(self) -> dict[str, tuple[Node, Node]]:
        """Which events each region has and what they count; a bin has the name REGION: BIN."""
        found = {}
        for name, region in self.outputs.items():
            last = region.steps[-1].fill
            found[name] = last.mask, last.weight
            if self.bins and region.bins is not None:
                weight = region.bins.fill.weight
                found |= {str(one): (one.mask, weight) for one in bins_of(region)}
        return found


@dataclass
class Pair:
    """What the rows of the programs of two analyses are about, filled as programs are made.

    ``regions`` are numbered: those of A, then those of B, bins among them if asked for. ``followed`` has the numbers of each
    region of which events are followed and of the counterpart that lacks them. ``identity`` says
    which columns are the run, luminosityBlock and event of files, by the columns' names.
    """

    regions: dict[Side, tuple[str, ...]] = field(default_factory=dict)
    decided: dict[str, Decided] = field(default_factory=dict)
    traced: dict[str, Traced] = field(default_factory=dict)
    probes: dict[str, Probe] = field(default_factory=dict)
    followed: dict[int, int] = field(default_factory=dict)
    identity: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[tuple[Side, str], ...]:
        """The regions by their numbers."""
        return tuple((side, name) for side in SIDES for name in self.regions.get(side, ()))

    @property
    def words(self) -> int:
        """How many words have the bits of regions; those behind have events in other bins."""
        return -(-len(self.names) // BITS)


def together(a: Part, b: Part, moved: Sequence[tuple[str, str]], pair: Pair) -> Program:
    """Return the program of two analyses; what its rows are about is added to ``pair``.

    ``moved`` are the pairs of regions of which events are followed, each region in one.
    """
    for part in (a, b):
        names = tuple(part.selections)
        assert pair.regions.setdefault(part.side, names) == names
    number = {region: i for i, region in enumerate(pair.names)}
    asked = [
        Asked(number[part.side, name], mask, weight)
        for part in (a, b)
        for name, (mask, weight) in part.selections.items()
    ]
    moving, bins = list[Moving](), list[tuple[Traced, Record]]()
    for x, y in moved:
        if x in a.outputs and y in b.outputs:
            one, other = number["A", x], number["B", y]
            moving += _moves(a, b, (x, one), (y, other), pair)
            free = BITS * pair.words + len(bins)
            found = _bins(a.outputs[x], b.outputs[y], (free, other), pair)
            if found is not None:
                mask, rows = found
                asked.append(Asked(free, mask, ONE))
                bins.append(rows)
    deciding, tracing = list(decided(asked)), [*traced(moving), *bins]
    pair.decided |= {one.key: one for one, _ in deciding}
    pair.traced |= {one.key: one for one, _ in tracing}
    # A save: its first value is the weight, which a dataset list multiplies by the generator's.
    outputs = [RowsOutput("save", d.key, d.key, "csv", record, ()) for d, record in deciding]
    outputs += [RowsOutput("print", t.key, t.key, "csv", record, ()) for t, record in tracing]
    every = (StepOutput("all events", counter(TRUE, ONE)),)
    bare = [
        replace(p.program, regions=(), own_rows=(), variations=(), systematics=()) for p in (a, b)
    ]
    return joined([Program((RegionOutput("", every, rows=tuple(outputs)),)), *bare])


def _moves(
    a: Part, b: Part, x: tuple[str, int], y: tuple[str, int], pair: Pair
) -> Iterator[Moving]:
    """Yield what has to be asked of events that one region has and the other lacks."""
    sides: tuple[tuple[Kind, Part, Part, tuple[str, int], tuple[str, int]], ...] = (
        ("gained", b, a, y, x),
        ("lost", a, b, x, y),
    )
    for kind, mine, its, (has, number), (lacks, other) in sides:
        region = its.outputs[lacks]
        inside, outside = mine.outputs[has].steps[-1].fill.mask, region.steps[-1].fill.mask
        # Nothing is moved where one cut alone tells that nothing can be.
        if inside is outside or both(inside, invert(outside)) is inside:
            continue
        steps = tuple(_steps(its, lacks))
        assert len(steps) == len(region.steps) - 1
        probe = Probe(kind, x[0], y[0], number, number, steps)
        assert pair.followed.setdefault(number, other) == other
        pair.probes[probe.key] = probe
        yield Moving(probe.key, number, region)


def _bins(
    x: RegionOutput, y: RegionOutput, numbers: tuple[int, int], pair: Pair
) -> tuple[Node, tuple[Traced, Record]] | None:
    """Return which events are in other bins, and the rows with these; None where none can be."""
    if x.bins is None or y.bins is None or x.bins.fill.values == y.bins.fill.values:
        return None
    (first,), (second,) = x.bins.fill.values, y.bins.fill.values
    mask = both(x.steps[-1].fill.mask, y.steps[-1].fill.mask)
    mask = both(mask, invert(call("eq", first, second)))
    labels = x.bins.labels, y.bins.labels
    probe = Probe("rebinned", x.name, y.name, *numbers, (), labels)
    pair.probes[probe.key] = probe
    return mask, rebinned(probe.key, probe.number, first, second)


def _steps(part: Part, name: str) -> Iterator[Step]:
    """Yield the statements that stand for the steps of a region, but for "all events"."""
    for statement in part.regions[name].statements:
        if isinstance(statement, Cut | WeightBy):
            line, _ = part.source.position(statement.span.start)
            yield Step(part.source.words(statement.span), line)
