"""Takes the events of a skim block by block, and writes those of each file once all of it was read.

A file that turns out to be broken leaves no event and is in no sum: until its end its events wait,
on disk when they are many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import fsum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from adl.compiler.layout import Chunk, Rows
from adl.compiler.program import RowsOutput
from adl.runtime.inputs import InputError
from adl.runtime.outputs.skims import SkimWriter, writing_skim
from adl.runtime.outputs.waiting import Waiting
from adl.runtime.rows import Part, Table, entries
from adl.runtime.skims.counters import OWN, RUNS, Sums, joined_runs, own_counters
from adl.runtime.skims.plan import Kept, SkimRows
from adl.runtime.skims.preparing import Opened

if TYPE_CHECKING:
    from adl.runtime.execute.kernel import Kernel


@dataclass(frozen=True)
class Block:
    """The events of a block that pass, and sums over all of its events."""

    table: Table
    events: int
    weights: float
    weights2: float
    lacking: int  # events without a weight


@dataclass
class _Counted:
    """What was counted of a file so far."""

    events: int = 0
    kept: int = 0
    weights: list[float] = field(default_factory=list)
    weights2: list[float] = field(default_factory=list)
    lacking: int = 0


class SkimKeeper:
    """Writes one skim; ``with`` puts it in its place when it ends well.

    Args:
        path: The file to write.
        form: ``ttree``, ``rntuple`` or ``parquet``.
        opened: What is known of each file, by its path.
        threads: How many compress at the same time.
    """

    def __init__(
        self, path: Path, form: str, opened: Mapping[str, Opened], threads: int = 1
    ) -> None:
        self.path, self.form, self.opened, self.threads = path, form, opened, threads
        self.files: dict[str, tuple[Sums, int]] = {}  # sums and kept events of each good file
        self.trees: dict[str, int] = {}  # kept events of the trees of variations
        self._tree = ""  # the one at work; empty for the nominal events
        self._first: Table | None = None
        self._waiting = Waiting()
        self._counted = _Counted()
        self._writer: SkimWriter | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._forget()
        self._stack.__exit__(*error)  # type: ignore[arg-type]  # the three of an exception

    @property
    def kept(self) -> int:
        """How many events the skim has."""
        return sum(kept for _, kept in self.files.values())

    def turn_to(self, tree: str) -> None:
        """Take the events of a tree of a variation from now on."""
        self._tree, self._first = tree, None

    def wanted(self, outputs: Sequence[RowsOutput]) -> tuple[RowsOutput, ...]:
        """Return the rows of the skim."""
        if self._first is None:
            (rows,) = outputs
            self._first = _empty(cast("SkimRows", rows).kept)
        return tuple(outputs)

    def tables(
        self,
        outputs: Sequence[RowsOutput],
        kernel: Kernel,
        chunk: Chunk,
        recorded: Sequence[Rows],
        place: tuple[int, int],
    ) -> list[Any]:
        """Return what is kept of a block, in any thread."""
        (output,), (rows,) = outputs, recorded
        passes, weights, there = rows.values
        events = np.flatnonzero(passes)
        table = _table(cast("SkimRows", output).kept, chunk, events)
        good = weights[there]
        sums = summed(good), summed(good * good)
        return [Block(table, chunk.events, *sums, chunk.events - len(good))]

    def add(self, path: str, blocks: Sequence[Any]) -> None:
        """Take a block of the file at work.

        Raises:
            InputError: Its columns are not those of the files before.
        """
        (block,) = blocks
        assert self._first is not None
        if self._first.schema != block.table.schema:
            raise InputError(path, _difference(self._first, block.table))
        known = self._counted
        known.events += block.events
        known.kept += block.table.rows
        known.lacking += block.lacking
        known.weights.append(block.weights)
        known.weights2.append(block.weights2)
        self._waiting.add(block.table, block.table.nbytes)

    def end(self, path: str, *, good: bool) -> None:
        """Write the waiting events, or forget those of a file that failed."""
        if good:
            self._open(self._tree or self.opened[path].tree)
            if self._tree:
                self.trees[self._tree] += self._counted.kept
            else:
                self.files[path] = (self._sums(path), self._counted.kept)
            self._write()
        self._forget()

    def finish(self, record: str) -> None:
        """Write the counters and the record of the skim."""
        if self._writer is None:
            return
        counted = (self.opened[path].counted.runs for path in self.files)
        runs = [rows for rows in counted if rows is not None]
        trees = {OWN: own_counters([sums for sums, _ in self.files.values()])}
        if runs:
            trees[RUNS] = joined_runs(runs)
        self._writer.finish(trees, record)

    def _open(self, tree: str) -> None:
        if self._writer is None:
            assert self._first is not None
            writing = writing_skim(self.path, self.form, tree, self._first, self.threads)
            self._writer = self._stack.enter_context(writing)
        elif self._tree and self._tree not in self.trees:
            assert self._first is not None
            self.trees[self._tree] = 0
            self._writer.another(tree, self._first)

    def _sums(self, path: str) -> Sums:
        known = self.opened[path].counted.sums
        if known is not None:
            return known
        counted = self._counted
        return Sums(counted.events, fsum(counted.weights), fsum(counted.weights2), "events")

    def _write(self) -> None:
        assert self._writer is not None
        for table in self._waiting:
            self._writer.write(table)

    def _forget(self) -> None:
        self._counted = _Counted()
        self._waiting.forget()


def summed(values: Any) -> float:
    """Return a sum, rounded once: that of ``fsum``, sooner where numbers differ by sign alone."""
    sizes = np.abs(values)
    if not len(sizes) or not (sizes == sizes[0]).all():
        return fsum(values)
    return float(np.sign(values).sum() * sizes[0])


def _table(kept: Sequence[Kept], chunk: Chunk, events: Any) -> Table:
    """Return the columns of some events of a chunk."""
    places = {
        c: entries(chunk.offsets[c], events) for c in {k.collection for k in kept if k.collection}
    }
    parts = []
    for k in kept:
        values = chunk.columns[k.name]
        if not k.collection:
            parts.append(Part(k.name, _label(k), values[events]))
        else:
            where, ends = places[k.collection]
            parts.append(Part(k.name, _label(k), values[where], None, ends, k.group))
    return Table(len(events), tuple(parts))


def _empty(kept: Sequence[Kept]) -> Table:
    nothing = np.zeros(1, np.int64)
    return Table(
        0,
        tuple(
            Part(k.name, _label(k), np.empty(0, k.dtype), None, nothing, k.group)
            if k.collection
            else Part(k.name, _label(k), np.empty(0, k.dtype))
            for k in kept
        ),
    )


def _label(kept: Kept) -> str:
    """Say whether the column with the lengths is one of the input."""
    return "stored" if kept.stored else ""


def _difference(known: Table, new: Table) -> str:
    """Say which column differs from that of the files before."""
    before, now = ({column[0]: column for column in t.schema} for t in (known, new))
    name = next(n for n in [*before, *now] if before.get(n) != now.get(n))
    what = [f"{c[name][1]}" if name in c else "absent" for c in (now, before)]
    return f"{name} is {what[0]}, and {what[1]} in the files before"
