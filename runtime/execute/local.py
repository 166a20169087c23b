"""Runs an analysis over files with the threads of this process.

The order of additions decides the last bits of a sum, so it is fixed: blocks of 65 536 entries,
counted from each file's first, are added up from zero to a file, and files from zero to the total,
both in order. Threads take *units* of whole blocks, which they read and compute; nothing else
depends on how many there are. With more than one thread, files are opened ahead, too. With one,
everything runs in the caller's, and nothing is read ahead. At most one unit a thread is in memory at
a time.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from adl.compiler.ir import Column
from adl.compiler.layout import Chunk, Fault, Layout, Partial, merged_faults
from adl.compiler.program import Program, RowsOutput
from adl.compiler.replicas import replicas
from adl.runtime.execute.memory import keep_memory
from adl.runtime.execute.sampling import Sampler
from adl.runtime.inputs import InputError
from adl.runtime.inputs.ahead import openings
from adl.runtime.inputs.joined import Joined, Match, read
from adl.runtime.inputs.straight import OnDevice
from adl.runtime.inputs.trees import Input
from adl.runtime.profile.meter import active, stage
from adl.runtime.progress import Progress, Reporter
from adl.runtime.rows import RowsKeeper
from adl.runtime.units import doubts
from adl.syntax.collecting import collecting

BLOCK = 65_536
_UNIT_BLOCKS = 4
_DEVICE_BLOCKS = 16  # a wave of a device
_UNIT_BYTES = 128 << 20  # of columns, uncompressed; a block may be larger
_AHEAD = 2  # files: opening holds Python's lock, so more would not be faster


class Reads(NamedTuple):
    """Input columns, and the collections of which the lengths are needed."""

    columns: tuple[Column, ...]
    collections: tuple[str, ...]
    counters: Mapping[str, str] = {}  # the column that counts each collection, where it is known
    momenta: Mapping[str, float] = {}  # columns of momenta, and how many of their units are a GeV


class Kernel(NamedTuple):
    """A program made ready for the branches of a file: ``run`` counts the events of a chunk."""

    program: Program
    layout: Layout
    run: Callable[[Chunk], Partial]
    reads: Reads | None = None  # what the program reads, if it is not all
    # Counts over each block of a chunk, on a device to which many blocks are no more work than one.
    whole: Callable[[Chunk, int], list[Partial]] | None = None
    # Reads into the memory of that device, or returns None where the CPU has to.
    straight: Callable[..., Chunk | None] | None = None

    @property
    def inputs(self) -> Reads:
        """What has to be read from a file."""
        return self.reads or Reads(self.program.columns, self.program.collections)


@dataclass
class Outcome:
    """What was counted, and what became of each file.

    ``kernel`` is that of the first file that has one; those of the other files have the same fills
    in the same places. Without any file to run on, it and ``partial`` are None.
    """

    kernel: Kernel | None = None
    partial: Partial | None = None
    events: int = 0
    bytes: int = 0  # of the arrays that were read
    reading: float = 0.0  # seconds, of all threads together
    computing: float = 0.0
    files: list[dict[str, Any]] = field(default_factory=list)  # "path", "events", "error"
    failures: list[tuple[str, Exception]] = field(default_factory=list)  # the errors, by path
    nans: Counter[tuple[str, str]] = field(default_factory=Counter)  # of each (path, branch)
    units: dict[tuple[str, str], str] = field(default_factory=dict)  # what is odd, by the same
    # How many numbers an event had at most, by path and a column of replicas.
    most: dict[tuple[str, str], int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()  # of the users' functions
    friends: dict[str, Match] = field(default_factory=dict)  # what each has of the events
    parts: tuple[Outcome, ...] = ()  # of the datasets of a list
    trees: dict[str, Outcome] = field(default_factory=dict)  # of variations in trees of their own

    @property
    def name(self) -> str:
        """What files are called that are one process: the first that could be used, if any."""
        files = [f for f in self.files if not f["error"]] or self.files
        return Path(files[0]["path"]).stem if files else ""


@dataclass(eq=False)
class _File:
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
        # Without the frames of its traceback, which hold arrays and whole trees.
        self.error = error.with_traceback(None)
        self.error.__cause__ = self.error.__context__ = None


class _Unit(NamedTuple):
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


def execute(
    paths: Sequence[str],
    prepare: Callable[[Input], Kernel],
    *,
    threads: int,
    limit: int | None = None,
    tree: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    refusals: tuple[type[Exception], ...] = (),
    block: int = BLOCK,
    unit: int | None = None,
    keeper: RowsKeeper | None = None,
    places: Callable[[str], Sequence[str]] = lambda path: (path,),
    join: Callable[[Input], Input] = lambda file: file,
    sample: Sampler | None = None,
) -> Outcome:
    """Run over files in their order and return the sums.

    A file that cannot be opened, prepared or read to its end counts nothing and is reported in the
    outcome; the others are complete.

    Args:
        paths: The files.
        prepare: Returns the kernel for a file's branches; called in this thread, file by file.
        threads: How many work at the same time, this one included if it is one.
        limit: Events to read at most, of the first files. A file keeps its share if it fails.
        tree: The name of the tree, where there are several in a file.
        progress: Called in this thread, at most ten times a second and at the end.
        refusals: Exceptions of ``prepare``, besides ``InputError``, that are about that file only.
        block: Entries that are added up before they are added to the rest: decides the last bits.
        unit: Blocks that a thread takes at a time; chosen for the file by default.
        keeper: Takes the rows of prints and saves, in the order of the events; else they are lost.
        places: Where a file may be, in the order in which to try: caches, replicas.
        join: Returns a file with its friends; called in this thread, before ``prepare``.
        sample: Chooses some events and measures them, with one thread; sums are scaled to all.
    """
    assert threads >= 1, threads
    chosen = paths if sample is None else sample.files(paths, limit)
    reporter = Reporter(progress)
    asked = prepare, threads, limit, tree, reporter, refusals, block, unit, keeper, places, join
    return _Run(chosen, *asked, sample).execute()


@dataclass
class _Run:
    paths: Sequence[str]
    prepare: Callable[[Input], Kernel]
    threads: int
    limit: int | None
    tree: str | None
    reporter: Reporter
    refusals: tuple[type[Exception], ...]
    block: int
    unit: int | None
    keeper: RowsKeeper | None
    places: Callable[[str], Sequence[str]]
    join: Callable[[Input], Input]
    sample: Sampler | None = None
    outcome: Outcome = field(default_factory=Outcome)
    opened: list[int] = field(default_factory=list)  # events to read of each file so far
    passed: int = 0  # events of finished files, of those that failed as well
    stopped: threading.Event = field(default_factory=threading.Event)

    @collecting()
    def execute(self) -> Outcome:
        """Keep the threads busy with units and merge their results in order."""
        keep_memory()
        alone = self.threads == 1 or self.sample is not None
        pool = None if alone else ThreadPoolExecutor(self.threads)
        ahead = 2 * self.threads if pool else 0
        pending: deque[tuple[_File, Callable[[], _Unit] | None]] = deque()
        try:
            for file, span in self.spans():
                result: Callable[[], _Unit] | None = None
                if span is not None and pool is not None:
                    result = pool.submit(self.work, file, *span).result
                elif span is not None:
                    result = partial(self.alone, file, *span)  # works when it is asked for
                pending.append((file, result))
                while len(pending) > ahead:
                    self.merge(*pending.popleft())
            while pending:
                self.merge(*pending.popleft())
        finally:
            self.stopped.set()  # after Ctrl-C: threads leave before their next block
            if pool is not None:
                pool.shutdown(cancel_futures=True)
        self.report(0, end=True)
        if self.outcome.partial is not None:
            self.outcome.faults = merged_faults(self.outcome.partial.faults)
        return self.outcome

    def spans(self) -> Iterator[tuple[_File, tuple[int, int] | None]]:
        """Open the files one after the other: the units of each, and None at its end."""
        left = self.limit
        ahead = _AHEAD if self.threads > 1 else 0
        with closing(openings(self.paths, self.tree, ahead, self.places)) as opening:
            for path, opened in opening:
                file = self.open(path, opened, left)
                self.opened.append(file.events)
                if left is not None:
                    left -= file.events
                for span in self.units(file):
                    if file.error is not None:
                        break
                    yield file, span
                yield file, None
                if left == 0:
                    break

    def units(self, file: _File) -> Iterable[tuple[int, int]]:
        """Return the entries that threads take at a time."""
        step = self.block * self.blocks(file)
        if self.sample is None or file.source is None or file.kernel is None:
            every = range(0, file.events, step)
            return ((start, min(start + step, file.events)) for start in every)
        names = [column.name for column in file.kernel.inputs.columns]
        counts = Partial.zeros(file.kernel.layout)
        size = counts.raw.nbytes + counts.sumw.nbytes + counts.sumw2.nbytes
        return self.sample.begin(file.source, file.events, names, step, size)

    def open(self, path: str, opened: Callable[[], Input], left: int | None) -> _File:
        file = _File(path, len(self.opened))
        refusals: tuple[type[Exception], ...] = (InputError, *self.refusals)
        try:
            file.source = opened()
            with stage("open"):
                file.source = self.join(file.source)
            with stage("prepare"):
                file.kernel = Kernel(*self.prepare(file.source))
            self.compare(path, file.kernel.program)
        except refusals as error:
            file.fail(error)
            return file
        entries = file.source.entries
        file.events = entries if left is None else min(entries, left)
        file.partial = Partial.zeros(file.kernel.layout)
        file.replicas = frozenset(r.column for r in replicas(file.kernel.program.systematics))
        if self.keeper is not None:
            file.wanted = self.keeper.wanted(file.kernel.program.rows)
        if self.outcome.kernel is None:
            self.outcome.kernel = file.kernel
            self.outcome.partial = Partial.zeros(file.kernel.layout)
        assert _shape(file.kernel.layout) == _shape(self.outcome.kernel.layout), path
        return file

    def compare(self, path: str, program: Program) -> None:
        """Refuse a file that offers other variations than the first one."""
        if self.outcome.kernel is None:
            return
        first, own = labels(self.outcome.kernel.program), labels(program)
        if first != own:
            lacking = [label for label in first if label not in own]
            more = [label for label in own if label not in first]
            words = f"lacks {lacking[0]}" if lacking else f"has {more[0]}, too"
            help = "name the systematics that all files have, or run over these files alone"
            reason = f"it has other variations than the files before: it {words}"
            raise InputError(path, reason, help)

    def blocks(self, file: _File) -> int:
        """Blocks a unit: few enough for memory and for every thread to have some."""
        if self.unit is not None or file.source is None or file.kernel is None:
            return self.unit or 1
        size = file.source.bytes(c.name for c in file.kernel.inputs.columns)
        by_bytes = _UNIT_BYTES * file.source.entries // (self.block * size + 1)
        by_threads = -(-file.events // (2 * self.threads * self.block))
        most = _UNIT_BLOCKS if file.kernel.whole is None else _DEVICE_BLOCKS
        return max(1, min(most, by_bytes, by_threads))

    def alone(self, file: _File, start: int, stop: int) -> _Unit:
        """Do a unit in the caller's thread."""
        if self.sample is None:
            return self.work(file, start, stop)
        return self.sample.measured(partial(self.work, file), start, stop)

    def work(self, file: _File, start: int, stop: int) -> _Unit:
        """Read and compute a unit, in any thread."""
        assert file.source is not None
        assert file.kernel is not None
        partials: list[Partial] = []
        if self.stopped.is_set() or file.error is not None:
            return _Unit(partials)
        reads, run = file.kernel.inputs, file.kernel.run
        begin = time.perf_counter()
        with stage("interpret"):  # less reading and decompressing
            what = file.source, reads.columns, reads.collections, start, stop, reads.counters
            straight = file.kernel.straight(*what) if file.kernel.straight is not None else None
            chunk = straight or read(*what)
        middle = time.perf_counter()
        rows: list[list[Any]] = []
        entry = start
        counted: list[Partial] = []
        if file.kernel.whole is not None:
            with stage("kernel"):
                placed = replace(chunk, path=file.path, entry=start)
                counted = file.kernel.whole(placed, self.block)
        for number, part in enumerate(_blocks(chunk, reads.columns, self.block)):
            if self.stopped.is_set():
                break
            with stage("kernel"):
                partials.append(counted[number] if counted else run(part))
                partials[-1].locate_faults(file.path, entry)
            with stage("rows"):
                rows.append(self.tables(file, file.kernel, part, partials[-1], entry))
            meter = active()
            if meter is not None:
                meter.passed(part.offsets)
            entry += part.events
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
        return _Unit(partials, rows, stop - start, size, nans, odd, friends, most, *times)

    def tables(
        self, file: _File, kernel: Kernel, chunk: Chunk, partial: Partial, entry: int
    ) -> list[Any]:
        """Return the rows of prints and saves that are kept, and let go of the recorded ones."""
        recorded, partial.rows = partial.rows, ()
        if self.keeper is None:
            return []
        return self.keeper.tables(file.wanted, kernel, chunk, recorded, (entry, file.number))

    def merge(self, file: _File, result: Callable[[], _Unit] | None) -> None:
        """Add a unit to its file, or at its end the file to the outcome."""
        if result is None:
            with stage("merge"):
                self.finish(file)
            self.report(0)
        else:
            # Waited for even after an error: a file is closed when no thread reads it any more.
            try:
                unit = result()
                with stage("merge"):
                    self.add(file, unit)
            except InputError as error:
                file.fail(file.error or error)
            self.report(file.done)

    def add(self, file: _File, unit: _Unit) -> None:
        assert file.partial is not None
        for block, rows in zip(unit.partials, unit.rows, strict=True):
            file.partial.add(block)
            if self.keeper is not None and rows and file.error is None:
                self.keeper.add(file.path, rows)
        file.done += unit.events
        for name, match in unit.friends.items():
            file.friends[name] = file.friends.get(name, Match()) + match
        self.outcome.bytes += unit.bytes
        for branch, number in unit.nans.items():
            self.outcome.nans[file.path, branch] += number
        for column, number in unit.most.items():
            key = file.path, column
            self.outcome.most[key] = max(number, self.outcome.most.get(key, 0))
        self.outcome.units |= {(file.path, branch): odd for branch, odd in unit.units.items()}
        self.outcome.reading += unit.reading
        self.outcome.computing += unit.computing

    def finish(self, file: _File) -> None:
        if file.source is not None:
            file.source.close()
        if self.keeper is not None:
            self.keeper.end(file.path, good=file.error is None)
        if file.error is not None:
            self.outcome.failures.append((file.path, file.error))
        elif file.partial is not None and self.outcome.partial is not None:
            counts = file.partial if self.sample is None else self.sample.whole(file.partial)
            self.outcome.partial.add(counts)
            self.outcome.events += file.events
            for name, match in file.friends.items():
                self.outcome.friends[name] = self.outcome.friends.get(name, Match()) + match
        events = 0 if file.error else file.events
        error = file.error.reason if isinstance(file.error, InputError) else str(file.error or "")
        self.outcome.files.append({"path": file.path, "events": events, "error": error})
        self.passed += file.events

    def report(self, merged: int, *, end: bool = False) -> None:
        """Say how far it is, with ``merged`` events of the file at work."""
        known = sum(self.opened)
        exact = len(self.opened) == len(self.paths) or known == self.limit
        total = known if exact else known * len(self.paths) // len(self.opened)
        if self.limit is not None:
            total = min(total, self.limit)
        files = len(self.outcome.files)
        self.reporter.report(self.passed + merged, total, exact, files, end=end)


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


def labels(program: Program) -> tuple[str, ...]:
    """Return the names of a program's variations."""
    return tuple(v.label for s in program.systematics for v in s.variations)


def _shape(layout: Layout) -> tuple[int, int, int]:
    return layout.cells, layout.sums, len(layout.places)
