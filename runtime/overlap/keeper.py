"""What becomes of the rows of two analyses: sums of overlaps, and the events that moved.

Blocks are summed in their threads and added in the order of the events, so the last bits do not
depend on how many threads there are. A file that fails counts nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Node
from adl.compiler.layout import Chunk, Rows
from adl.compiler.program import RowsOutput
from adl.runtime.outputs.keeper import Keeper
from adl.runtime.overlap.program import Probe, Side
from adl.runtime.overlap.sums import Patterns, summed, together
from adl.runtime.rows import IDENTITY

if TYPE_CHECKING:
    from adl.runtime.execute.local import Kernel

Regions = Mapping[Side, list[str]]
# The part of a dataset, the probe's key, the step that failed, the bins (-1: in none).
MoveKey = tuple[int, str, int, int, int]


@dataclass(frozen=True)
class Moved:
    """Events of a file that moved, by one probe; ``inside`` are the regions of each, by number."""

    path: str
    key: str
    events: tuple[npt.NDArray[Any], ...]  # run, block, number; or only the entry
    steps: npt.NDArray[np.int64]
    bins: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    weights: npt.NDArray[np.float64]
    inside: npt.NDArray[np.bool_]  # regions x events
    numbered: bool


@dataclass
class Tally:
    """Sums of each part of a dataset, block by block, and how many events moved where."""

    sums: dict[int, list[Patterns]] = field(default_factory=dict)
    moved: Counter[MoveKey] = field(default_factory=Counter)
    weights: dict[MoveKey, float] = field(default_factory=dict)
    events: list[Moved] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add what later events count."""
        for part, sums in other.sums.items():
            self.sums.setdefault(part, []).extend(sums)
        self.moved.update(other.moved)
        for key, weight in other.weights.items():
            self.weights[key] = self.weights.get(key, 0.0) + weight
        self.events += other.events

    def gathered(self) -> Tally:
        """Return the same with one table of sums a part."""
        return replace(self, sums={part: [together(own)] for part, own in self.sums.items()})


class OverlapKeeper(Keeper):
    """Sums the overlaps of one run; ``tally`` has what the files that were read to their end gave.

    Args:
        regions: Names of the regions of both analyses, which are filled while it runs.
        probes: What each kind of row is about.
        listing: Whether events that moved are kept one by one.
    """

    def __init__(self, regions: Regions, probes: Mapping[str, Probe], *, listing: bool) -> None:
        super().__init__(None)
        self.regions, self.probes, self.listing = regions, probes, listing
        self.tally = Tally()
        self._of_file = Tally()

    @property
    def numbers(self) -> dict[str, int]:
        """The place of each region in matrices: those of A, then those of B."""
        keys = [f"passes:{name}:" for name in self.regions["A"]]
        keys += [f"passes::{name}" for name in self.regions["B"]]
        return {key: i for i, key in enumerate(keys)}

    def wanted(self, outputs: Sequence[RowsOutput]) -> tuple[RowsOutput, ...]:
        """Return all outputs: every one is a probe's."""
        return tuple(outputs)

    def tables(  # type: ignore[override]  # what add takes, no tables
        self,
        outputs: Sequence[RowsOutput],
        kernel: Kernel,
        chunk: Chunk,
        recorded: Sequence[Rows],
        place: tuple[int, int],
    ) -> list[Tally]:
        """Return the sums of a block, in any thread."""
        rows_of = dict(zip(kernel.program.records, recorded, strict=True))
        tally, known = Tally(), self.numbers
        for number, part in enumerate(_parts(outputs)):
            passing = {o.owner: rows_of[o.rows] for o in part if o.owner in known}
            weights = {o.owner: o.rows.values[0] for o in part if o.owner in known}
            tally.sums[number] = [self._sums(chunk.events, passing, weights)]
            inside = self._inside(chunk.events, passing) if self.listing else None
            for output in part:
                if output.owner not in known:
                    self._move(tally, number, output, rows_of[output.rows], chunk, place, inside)
        return [tally]

    def _sums(self, events: int, rows: Mapping[str, Rows], weights: Mapping[str, Node]) -> Patterns:
        empty = np.zeros(0, np.int64), np.zeros(0)
        kinds: dict[Node | None, int] = {}
        every = []
        for key in self.numbers:
            one = rows.get(key)
            every.append(empty if one is None else (one.events, one.values[0].astype(np.float64)))
            kinds.setdefault(weights.get(key), len(kinds))
        return summed(events, every, [kinds[weights.get(key)] for key in self.numbers])

    def _inside(self, events: int, rows: Mapping[str, Rows]) -> npt.NDArray[np.bool_]:
        inside = np.zeros((len(self.numbers), events), bool)
        for key, number in self.numbers.items():
            if key in rows:
                inside[number, rows[key].events] = True
        return inside

    def _move(
        self,
        tally: Tally,
        part: int,
        output: RowsOutput,
        rows: Rows,
        chunk: Chunk,
        place: tuple[int, int],
        inside: npt.NDArray[np.bool_] | None,
    ) -> None:
        if not len(rows.events):
            return
        weights = np.nan_to_num(rows.values[0].astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        steps = rows.values[1].astype(np.int64) - 1  # "all events" is none of them
        bins = tuple(np.floor(v.astype(np.float64)).astype(np.int64) for v in rows.values[2:4])
        every = np.stack([steps, *bins])
        alike, number = np.unique(every, axis=1, return_inverse=True)
        sums = np.bincount(number.ravel(), weights)
        for (step, first, second), raw, total in zip(
            alike.T.tolist(), np.bincount(number.ravel()).tolist(), sums.tolist(), strict=True
        ):
            key = part, output.owner, step, first, second
            tally.moved[key] += raw
            tally.weights[key] = tally.weights.get(key, 0.0) + total
        if inside is not None:
            names = [name for name in IDENTITY if name in chunk.columns]
            numbered = "event" in names
            events = (
                tuple(chunk.columns[name][rows.events] for name in IDENTITY if name in names)
                if numbered
                else (rows.events + place[0],)
            )
            at = inside[:, rows.events]
            one = Moved("", output.owner, events, steps, (bins[0], bins[1]), weights, at, numbered)
            tally.events.append(one)

    def add(self, path: str, tables: Sequence[Any]) -> None:
        """Take the sums of the next block of a file."""
        for tally in tables:
            tally.events = [replace(one, path=path) for one in tally.events]
            self._of_file.add(tally)

    def end(self, path: str, *, good: bool) -> None:
        """Keep what a file gave, or forget it if the file failed."""
        if good:
            self.tally.add(self._of_file.gathered())
            self.tally = self.tally.gathered()
        self._of_file = Tally()


def _parts(outputs: Sequence[RowsOutput]) -> list[list[RowsOutput]]:
    """Return the rows of each part of a dataset: every part has those of the same probes."""
    found: list[list[RowsOutput]] = []
    seen: set[str] = set()
    for output in outputs:
        if not found or output.owner in seen:
            found.append([])
            seen = set()
        seen.add(output.owner)
        found[-1].append(output)
    return found
