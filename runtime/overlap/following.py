"""The events that moved, asked a second time: which statement moved them, and between which bins.

Which regions an event is in is known of all of them first. What follows runs over the events alone
that one region of a pair has and the other lacks; it is compiled when a block has such events.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from adl.compiler.ir import Column, Record
from adl.compiler.layout import Chunk, Partial, Rows
from adl.compiler.pipeline import Compiled
from adl.compiler.program import Program, RegionOutput
from adl.runtime.overlap.program import Pair
from adl.runtime.overlap.tracing import FLAGS
from adl.runtime.overlap.words import Bits, flags, words_of
from adl.runtime.rows import entries

Events = np.ndarray[tuple[int], np.dtype[np.int64]]


def split(compiled: Compiled, pair: Pair) -> tuple[Compiled, Compiled]:
    """Return what is asked of every event, and what is asked of those that moved."""
    program = compiled.program
    regions = tuple(
        replace(region, rows=tuple(r for r in region.rows if r.owner in pair.decided))
        for region in program.regions
    )
    asked = {record for region in regions for record in region.records}
    moved = tuple(record for record in program.records if record not in asked)
    return (
        replace(compiled, program=replace(program, regions=regions)),
        replace(compiled, program=Program((), program.origins, inputs=moved)),
    )


class Following:
    """Runs a program over a chunk, and what follows moved events over them.

    Args:
        program: All that is recorded, in whose order rows come.
        run: Says of every event in which regions it is.
        deciding: The program that does.
        following: What is asked of events that moved.
        follow: Runs it; asked for once there are some.
        pair: What the rows are about.
    """

    def __init__(
        self,
        program: Program,
        run: Callable[[Chunk], Partial],
        deciding: Program,
        following: Compiled,
        pair: Pair,
    ) -> None:
        self.program, self.run, self.deciding = program, run, deciding
        self.following, self.pair = following, pair
        self._lock = threading.Lock()

    def __call__(self, chunk: Chunk) -> Partial:
        """Return what is counted and all rows; the second kernel's functions fail unheard."""
        partial = self.run(chunk)
        rows_of = dict(zip(self.deciding.records, partial.rows, strict=True))
        flagged = self._flags(chunk.events, rows_of)
        moved = np.flatnonzero(flagged.any(axis=0))
        recorded = self._follow(chunk, moved, flagged[:, moved])
        rows_of |= zip(self.following.program.records, recorded, strict=True)
        partial.rows = tuple(rows_of[record] for record in self.program.records)
        return partial

    def _flags(self, events: int, rows_of: Mapping[Record, Rows]) -> Bits:
        """Return which events are to be followed, in any part of a dataset."""
        found = None
        for region in parts(self.deciding):
            words = words_of(region.rows, rows_of, self.pair.decided, events)
            own = flags(words, self.pair.followed, self.pair.words)
            found = own if found is None else found | own
        return np.zeros((0, events), np.int64) if found is None else found

    def _follow(self, chunk: Chunk, moved: Events, flagged: Bits) -> Iterable[Rows]:
        """Return the rows of the second kernel; it is not compiled for nothing."""
        if not len(moved):
            return (Rows(moved, (moved,) * len(r.values)) for r in self.following.program.records)
        with self._lock:
            self.following.load()
        columns = {f"{FLAGS}{word}": bits for word, bits in enumerate(flagged)}
        part = taken(chunk, moved, self.following.columns)
        found = self.following.run(replace(part, columns={**part.columns, **columns})).rows
        return (Rows(moved[rows.events], rows.values) for rows in found)


def parts(program: Program) -> list[RegionOutput]:
    """Return the parts of a dataset: each is a region with rows."""
    return [region for region in program.regions if region.rows]


def taken(chunk: Chunk, events: Events, columns: tuple[Column, ...]) -> Chunk:
    """Return some events of a chunk, with the columns that are named and all collections."""
    where, offsets = dict[str, Events](), dict[str, Events]()
    for name, own in chunk.offsets.items():
        where[name], offsets[name] = entries(own, events)
    found = {
        c.name: chunk.columns[c.name][events if c.collection is None else where[c.collection]]
        for c in columns
        if not c.name.startswith(FLAGS)
    }
    return Chunk(len(events), found, offsets)
