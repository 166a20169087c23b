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
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial

from adl.compiler.layout import Layout, Partial, merged_faults
from adl.compiler.program import Program
from adl.compiler.replicas import replicas
from adl.runtime.execute.kernel import Kernel
from adl.runtime.execute.memory import keep_memory
from adl.runtime.execute.outcome import Outcome
from adl.runtime.execute.sampling import Sampler
from adl.runtime.execute.units import File, Unit, Worker
from adl.runtime.inputs import InputError
from adl.runtime.inputs.ahead import openings
from adl.runtime.inputs.joined import Match
from adl.runtime.inputs.trees import Input
from adl.runtime.profile.meter import stage
from adl.runtime.progress import Progress, Reporter
from adl.runtime.rows import RowsKeeper
from adl.syntax.collecting import collecting

BLOCK = 65_536
_UNIT_BLOCKS = 4
_DEVICE_BLOCKS = 16  # a wave of a device
_UNIT_BYTES = 128 << 20  # of columns, uncompressed; a block may be larger
_AHEAD = 2  # files: opening holds Python's lock, so more would not be faster


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

    @cached_property
    def worker(self) -> Worker:
        """What the threads do."""
        return Worker(self.block, self.keeper, self.stopped)

    @collecting()
    def execute(self) -> Outcome:
        """Keep the threads busy with units and merge their results in order."""
        keep_memory()
        alone = self.threads == 1 or self.sample is not None
        pool = None if alone else ThreadPoolExecutor(self.threads)
        ahead = 2 * self.threads if pool else 0
        pending: deque[tuple[File, Callable[[], Unit] | None]] = deque()
        try:
            for file, span in self.spans():
                result: Callable[[], Unit] | None = None
                if span is not None and pool is not None:
                    result = pool.submit(self.worker.work, file, *span).result
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

    def spans(self) -> Iterator[tuple[File, tuple[int, int] | None]]:
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

    def units(self, file: File) -> Iterable[tuple[int, int]]:
        """Return the entries that threads take at a time."""
        step = self.block * self.blocks(file)
        if self.sample is None or file.source is None or file.kernel is None:
            every = range(0, file.events, step)
            return ((start, min(start + step, file.events)) for start in every)
        names = [column.name for column in file.kernel.inputs.columns]
        counts = Partial.zeros(file.kernel.layout)
        size = counts.raw.nbytes + counts.sumw.nbytes + counts.sumw2.nbytes
        return self.sample.begin(file.source, file.events, names, step, size)

    def open(self, path: str, opened: Callable[[], Input], left: int | None) -> File:
        file = File(path, len(self.opened))
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
        first, own = _labels(self.outcome.kernel.program), _labels(program)
        if first != own:
            lacking = [label for label in first if label not in own]
            more = [label for label in own if label not in first]
            words = f"lacks {lacking[0]}" if lacking else f"has {more[0]}, too"
            help = "name the systematics that all files have, or run over these files alone"
            reason = f"it has other variations than the files before: it {words}"
            raise InputError(path, reason, help)

    def blocks(self, file: File) -> int:
        """Blocks a unit: few enough for memory and for every thread to have some."""
        if self.unit is not None or file.source is None or file.kernel is None:
            return self.unit or 1
        size = file.source.bytes(c.name for c in file.kernel.inputs.columns)
        by_bytes = _UNIT_BYTES * file.source.entries // (self.block * size + 1)
        by_threads = -(-file.events // (2 * self.threads * self.block))
        most = _UNIT_BLOCKS if file.kernel.whole is None else _DEVICE_BLOCKS
        return max(1, min(most, by_bytes, by_threads))

    def alone(self, file: File, start: int, stop: int) -> Unit:
        """Do a unit in the caller's thread."""
        if self.sample is None:
            return self.worker.work(file, start, stop)
        return self.sample.measured(partial(self.worker.work, file), start, stop)

    def merge(self, file: File, result: Callable[[], Unit] | None) -> None:
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

    def add(self, file: File, unit: Unit) -> None:
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

    def finish(self, file: File) -> None:
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


def _labels(program: Program) -> tuple[str, ...]:
    """Return the names of a program's variations."""
    return tuple(v.label for s in program.systematics for v in s.variations)


def _shape(layout: Layout) -> tuple[int, int, int]:
    return layout.cells, layout.sums, len(layout.places)
