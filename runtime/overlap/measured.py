"""What was measured of two analyses: overlaps of their regions, and the events that moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from adl.runtime.overlap.keeper import OverlapKeeper
from adl.runtime.overlap.patterns import together
from adl.runtime.overlap.program import Kind, Probe, Side, Step
from adl.runtime.overlap.sums import Sums

Region = tuple[Side, str]
_Move = tuple[str, int, int, int]  # the probe's key, the step that failed, the bins


@dataclass(frozen=True)
class MovedCount:
    """Events that one region has and its counterpart has not, or in another bin: how many.

    ``step`` is the first statement that they fail, of the region that lacks them.
    """

    kind: Kind
    a: str
    b: str
    step: Step | None
    bins: tuple[str, str]
    raw: int
    weighted: float


@dataclass(frozen=True)
class MovedEvent:
    """One of these events; ``numbers`` are run, block, event and its entry in the file.

    What the file does not have is None.
    """

    path: str
    numbers: tuple[int | None, ...]
    kind: Kind
    a: str
    b: str
    step: Step | None
    bins: tuple[str, str]
    weight: float
    in_a: tuple[str, ...]
    in_b: tuple[str, ...]


@dataclass
class Measured:
    """Sums over all events; ``yields`` are those of each process, and whether it is data."""

    regions: tuple[Region, ...]
    sums: Sums
    yields: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    squares: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)  # of the weights
    is_data: dict[str, bool] = field(default_factory=dict)
    moved: tuple[MovedCount, ...] = ()
    keepers: tuple[OverlapKeeper, ...] = ()

    def events(self) -> Iterator[MovedEvent]:
        """Yield the events that moved, file by file."""
        for keeper in self.keepers:
            yield from _events(keeper)

    @property
    def shared(self) -> bool:
        """Whether an event is in a region of A and in one of B."""
        first = np.array([side == "A" for side, _ in self.regions])
        return bool(self.sums.raw[np.ix_(first, ~first)].any())

    def place(self, region: Region) -> int:
        """Return a region's row and column."""
        return self.regions.index(region)


@dataclass(frozen=True)
class Source:
    """What one run over files gave: of each part, its process and what an event counts."""

    keeper: OverlapKeeper
    parts: Sequence[tuple[str, bool, float | None]]  # process, whether data, scale (None: left out)


def measured(every: tuple[Region, ...], sources: Iterable[Source]) -> Measured:
    """Return what runs over datasets gave together.

    Where some are simulated, sums are those of simulation: data are what it is compared with.
    """
    sources = tuple(sources)
    out = Measured(every, Sums.zeros(len(every)), keepers=tuple(s.keeper for s in sources))
    simulated = any(not data for s in sources for _, data, scale in s.parts if scale is not None)
    for source in sources:
        for number, (process, data, scale) in enumerate(source.parts):
            patterns = source.keeper.tally.sums.get(number)
            if not patterns or scale is None:
                continue
            sums = together(patterns).sums()
            before = out.yields.get(process, np.zeros(len(every)))
            out.yields[process] = before + scale * sums.yields
            known = out.squares.get(process, np.zeros(len(every)))
            out.squares[process] = known + scale**2 * sums.s11.diagonal()
            out.is_data[process] = data
            if not (data and simulated):
                out.sums.add(sums, scale)
    out.moved = tuple(_moved(sources))
    return out


def _moved(sources: Sequence[Source]) -> Iterator[MovedCount]:
    number: Counter[_Move] = Counter()
    weights: dict[_Move, float] = {}
    probes: dict[str, Probe] = {}
    for source in sources:
        probes |= source.keeper.pair.probes
        tally = source.keeper.tally
        for whole, raw in tally.moved.items():
            part, name, step, first, second = whole
            scale = source.parts[part][2]
            if scale is not None:
                key = name, step, first, second
                number[key] += raw
                weights[key] = weights.get(key, 0.0) + scale * tally.weights[whole]
    order = {name: i for i, name in enumerate(probes)}
    for key in sorted(number, key=lambda k: (order[k[0]], *k[1:])):
        name, step, first, second = key
        probe = probes[name]
        failed = probe.steps[step] if probe.steps else None
        bins = _bin(probe.bins[0], first), _bin(probe.bins[1], second)
        yield MovedCount(probe.kind, probe.a, probe.b, failed, bins, number[key], weights[key])


def _bin(labels: Sequence[str], number: int) -> str:
    return labels[number] if 0 <= number < len(labels) else ""


def _events(keeper: OverlapKeeper) -> Iterator[MovedEvent]:
    names = keeper.pair.names
    for moved in keeper.tally.events:
        probe = keeper.pair.probes[moved.key]
        for i in range(len(moved.steps)):
            inside = [names[j] for j in np.flatnonzero(moved.inside[:, i])]
            bins = tuple(
                _bin(labels, int(own[i]))
                for labels, own in zip(probe.bins, moved.bins, strict=True)
            )
            yield MovedEvent(
                moved.path,
                tuple(None if own is None else int(own[i]) for own in moved.events),
                probe.kind,
                probe.a,
                probe.b,
                probe.steps[int(moved.steps[i])] if probe.steps else None,
                (bins[0], bins[1]),
                float(moved.weights[i]),
                tuple(name for side, name in inside if side == "A"),
                tuple(name for side, name in inside if side == "B"),
            )
