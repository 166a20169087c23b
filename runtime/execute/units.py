"""A unit of work: some whole blocks of a file, read and computed by one thread."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from adl.compiler.ir import Column
from adl.compiler.layout import Chunk, Partial
from adl.compiler.program import RowsOutput
from adl.runtime.execute.kernel import Kernel
from adl.runtime.inputs.joined import Joined, Match
from adl.runtime.inputs.joined_columns import read
from adl.runtime.inputs.straight import OnDevice
from adl.runtime.inputs.trees import Input
from adl.runtime.profile.meter import active, stage
from adl.runtime.rows import RowsKeeper
from adl.runtime.units import doubts


@dataclass(eq=False)
class File:
    """A file at work; after an ``error`` nothing of it counts."""

    path: str
    number: int = 0  # in the order of the files
    events: int = 0  # to be read
    source: Input | None = None
    kernel: Kernel | None = None
    replicas: frozenset[str] = frozenset()  # columns of several factors of the weight
    wanted: tuple[RowsOutput, ...] = ()  # its prints and saves that are kept
    partial: Partial | None = None  # of the blocks so far
    done: int = 0  # events in ``partial``
    friends: dict[str, Match] = field(default_factory=dict)
    error: Exception | None = None

    def fail(self, error: Exception) -> None:
        """Keep what went wrong."""
        # Without the frames of its traceback, which hold arrays and whole trees.
        self.error = error.with_traceback(None)
        self.error.__cause__ = self.error.__context__ = None


class Unit(NamedTuple):
    """What came of a unit: a partial a block."""

    partials: list[Partial]
    rows: Sequence[list[Any]] = ()
    events: int = 0
    bytes: int = 0
    nans: Mapping[str, int] = {}
    units: Mapping[str, str] = {}
    friends: Mapping[str, Match] = {}
    most: Mapping[str, int] = {}
    reading: float = 0.0
    computing: float = 0.0


@dataclass(frozen=True)
class Worker:
    """What any thread does with a unit: after ``stopped`` it leaves before its next block."""

    block: int
    keeper: RowsKeeper | None
    stopped: threading.Event

    def work(self, file: File, start: int, stop: int) -> Unit:
        """Read and compute the entries of a unit."""
        assert file.source is not None
        assert file.kernel is not None
        if self.stopped.is_set() or file.error is not None:
            return Unit([])
        reads = file.kernel.inputs
        begin = time.perf_counter()
        with stage("interpret"):  # less reading and decompressing
            what = file.source, reads.columns, reads.collections, start, stop, reads.counters
            straight = file.kernel.straight(*what) if file.kernel.straight is not None else None
            chunk = straight or read(*what)
        middle = time.perf_counter()
        partials, rows = self.counted(file, file.kernel, chunk, start)
        size = bytes_of(chunk)
        with stage("interpret"):
            nans, friends = count_nans(chunk), {}
            if isinstance(file.source, Joined):
                friends = file.source.matches(chunk)
                nans = dict(Counter(nans) - Counter(file.source.filled(chunk, reads.columns)))
            odd = {} if start else doubts(chunk, reads.momenta)
            most = _longest(chunk, file.replicas)
        end = time.perf_counter()
        times = middle - begin, end - middle
        return Unit(partials, rows, stop - start, size, nans, odd, friends, most, *times)

    def counted(
        self, file: File, kernel: Kernel, chunk: Chunk, start: int
    ) -> tuple[list[Partial], list[list[Any]]]:
        """Return what each block of a chunk counts, and its rows of prints and saves."""
        whole: list[Partial] = []
        if kernel.whole is not None:
            with stage("kernel"):
                whole = kernel.whole(replace(chunk, path=file.path, entry=start), self.block)
        partials: list[Partial] = []
        rows: list[list[Any]] = []
        entry = start
        for number, part in enumerate(_blocks(chunk, kernel.inputs.columns, self.block)):
            if self.stopped.is_set():
                break
            with stage("kernel"):
                partials.append(whole[number] if whole else kernel.run(part))
                partials[-1].locate_faults(file.path, entry)
            with stage("rows"):
                rows.append(self.tables(file, kernel, part, partials[-1], entry))
            meter = active()
            if meter is not None:
                meter.passed(part.offsets)
            entry += part.events
        return partials, rows

    def tables(
        self, file: File, kernel: Kernel, chunk: Chunk, partial: Partial, entry: int
    ) -> list[Any]:
        """Return the rows of prints and saves that are kept, and let go of the recorded ones."""
        recorded, partial.rows = partial.rows, ()
        if self.keeper is None:
            return []
        return self.keeper.tables(file.wanted, kernel, chunk, recorded, (entry, file.number))


def _blocks(chunk: Chunk, columns: Sequence[Column], block: int) -> Iterator[Chunk]:
    """Views of a chunk's blocks; columns of elements stay whole, their offsets begin anywhere."""
    of_elements = {c.name for c in columns if c.collection is not None}
    for start in range(0, chunk.events, block):
        stop = min(start + block, chunk.events)
        yield chunk.part(start, stop, of_elements)


def _longest(chunk: Chunk, names: Collection[str]) -> dict[str, int]:
    """Return the length of the longest list of an event, of columns that the chunk has."""
    lengths = {n: np.diff(chunk.offsets[n]) for n in names if n in chunk.offsets}
    return {name: int(numbers.max(initial=0)) for name, numbers in lengths.items()}


def bytes_of(chunk: Chunk) -> int:
    """Return the size of a chunk's columns."""
    if isinstance(chunk.columns, OnDevice):
        return chunk.columns.nbytes
    return sum(values.nbytes for values in chunk.columns.values())


def count_nans(chunk: Chunk) -> dict[str, int]:
    """Return how many NaNs a chunk's columns hold, of those that have any."""
    if isinstance(chunk.columns, OnDevice):
        return chunk.columns.nans()
    found = {}
    with np.errstate(all="ignore"):
        for name, values in chunk.columns.items():
            # One NaN makes the sum NaN: a whole column is cleared at the speed of memory.
            if values.dtype.kind == "f" and np.isnan(values.sum()):
                number = int(np.count_nonzero(np.isnan(values)))
                if number:
                    found[name] = number
    return found
