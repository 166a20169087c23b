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

from adl.compiler.layout import Chunk, Rows
from adl.compiler.program import RowsOutput
from adl.runtime.outputs.keeper import Keeper
from adl.runtime.overlap.deciding import BITS
from adl.runtime.overlap.following import parts
from adl.runtime.overlap.patterns import Patterns, numbered, summed, together
from adl.runtime.overlap.program import Pair, Probe
from adl.runtime.overlap.tracing import Steps, passed
from adl.runtime.overlap.words import Words, flags, words_of
from adl.runtime.rows import IDENTITY

if TYPE_CHECKING:
    from adl.runtime.execute.kernel import Kernel

# The part of a dataset, the probe's key, the step that failed, the bins (-1: in none).
MoveKey = tuple[int, str, int, int, int]

# Run, block and number of events, None where the file has none, and their entries in it.
Numbers = tuple[npt.NDArray[Any] | None, ...]


@dataclass(frozen=True)
class Moved:
    """Events of a file that moved, by one probe; ``inside`` are the regions of each, by number."""

    path: str
    key: str
    events: Numbers
    steps: npt.NDArray[np.int64]
    bins: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    weights: npt.NDArray[np.float64]
    inside: npt.NDArray[np.bool_]  # regions x events


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
        pair: What the rows are about; it is filled while it runs.
        listing: Whether events that moved are kept one by one.
    """

    def __init__(self, pair: Pair, *, listing: bool) -> None:
        super().__init__(None)
        self.pair, self.listing = pair, listing
        self.tally = Tally()
        self._of_file = Tally()

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
        tally, number = Tally(), len(self.pair.names)
        for part, region in enumerate(parts(kernel.program)):
            words = words_of(region.rows, rows_of, self.pair.decided, chunk.events)
            tally.sums[part] = [summed(words, number)]
            block = _Block(self, tally, part, words, chunk, place[0])
            block.moves({o.owner: rows_of[o.rows] for o in region.rows})
        return [tally]

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


@dataclass(frozen=True)
class _Block:
    """Counts the events of a block that moved, in one part of a dataset."""

    keeper: OverlapKeeper
    tally: Tally
    part: int
    words: Words
    chunk: Chunk
    first: int  # the entry of its first event

    def moves(self, rows_of: Mapping[str, Rows]) -> None:
        """Count the events of all probes."""
        pair = self.keeper.pair
        flagged = flags(self.words, pair.followed, pair.words)
        moved = np.flatnonzero(flagged.any(axis=0))
        flagged = flagged[:, moved]
        if not len(moved):
            return
        about = {
            name: (steps, rows_of[key])
            for key, traced in pair.traced.items()
            for name, steps in (traced.steps.items() if key in rows_of else ())
        }
        for name, probe in pair.probes.items():  # in the order of the regions
            steps, rows = about[name]
            word, bit = divmod(probe.number, BITS)
            events = moved[flagged[word] & (1 << bit) != 0]
            if len(events):
                at = np.searchsorted(rows.events, events)
                self.move(probe, steps, Rows(events, tuple(v[at] for v in rows.values)))

    def move(self, probe: Probe, steps: Steps | None, rows: Rows) -> None:
        """Count the events of one probe: by the step that they fail, or by their bins."""
        failed = first = second = np.full(len(rows.events), -1)
        if steps is None:
            first, second = (np.floor(values).astype(np.int64) for values in rows.values)
        else:
            failed = passed(steps, rows)
        weights = self.words.weight(probe.counts, rows.events)
        every = np.stack([failed, first, second])
        number, places = numbered(every)
        for column, raw, total in zip(
            every[:, places].T.tolist(),
            np.bincount(number).tolist(),
            np.bincount(number, weights).tolist(),
            strict=True,
        ):
            key = self.part, probe.key, *column
            self.tally.moved[key] += raw
            self.tally.weights[key] = self.tally.weights.get(key, 0.0) + total
        if self.keeper.listing:
            inside = self.words.inside(len(self.keeper.pair.names), rows.events)
            given = self.identity(rows.events), failed, (first, second), weights, inside
            self.tally.events.append(Moved("", probe.key, *given))

    def identity(self, events: npt.NDArray[np.int64]) -> Numbers:
        """Return what tells some events apart."""
        known = {
            role: self.chunk.columns[name][events]
            for name, role in self.keeper.pair.identity.items()
            if name in self.chunk.columns
        }
        return (*(known.get(role) for role in IDENTITY), events + self.first)
