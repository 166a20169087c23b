"""Where the time of a run goes: stages timed by the block, never by the event.

A stage inside another one stops the outer one's clock, so that the seconds of all stages add up to
what the threads have spent in any. While nothing measures, ``stage`` is one test of a global: it has
to be global, since a thread of a pool inherits nothing from who started it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from adl.compiler.cache import KERNELS

# In the order in which events pass them. ``wait`` is for what another thread is at work on.
STAGES = {
    "start": "Python and its imports",
    "prepare": "parse, check, lower",
    "compile": "machine code, or its cache",
    "open": "find the tree and its columns",
    "read": "get bytes from disk or network",
    "decompress": "undo the compression",
    "interpret": "bytes to arrays, NaNs sought",
    "kernel": "cuts, weights, and what is filled",
    "fill": "histograms: a share of the kernel's time, by counting",
    "rows": "prints and saves, made and written",
    "merge": "add up blocks and files",
    "write": "results to files",
    "wait": "for a basket that another thread reads",
}
SLOW = ("LZMA", "zlib")  # codecs that take longer to undo than zstd and LZ4
_SAMPLE = 1 << 20  # bytes of a column kept decompressed, at least one piece of it, …
_SAMPLES = 32 << 20  # … and of all, to try another compression on


class Spent(NamedTuple):
    """Seconds that all threads together spent, and how often they began."""

    wall: float = 0.0
    cpu: float = 0.0
    times: int = 0


@dataclass
class Taken:
    """What was read of a column; keys of baskets count, as in uproot's numbers."""

    compressed: int = 0
    uncompressed: int = 0
    rows: int = 0  # events, decompressed
    pieces: int = 0  # baskets or pages
    remote: int = 0  # of the compressed bytes, those from a server
    codecs: Counter[str] = field(default_factory=Counter)  # uncompressed bytes of each


@dataclass
class _Own:
    """The clock of one thread."""

    stack: list[tuple[str, str]] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0
    spent: dict[tuple[str, str], list[float]] = field(default_factory=dict)


class Meter:
    """Adds up what the threads of a process do while it is active."""

    def __init__(self) -> None:
        self.begin = time.perf_counter()
        self.before = time.process_time()  # CPU seconds of start-up
        self.kernels = KERNELS.written
        self.taken: dict[str, Taken] = {}
        self.facts: Counter[str] = (
            Counter()
        )  # "TTree", "RNTuple", "indexed", "elsewhere", "described"
        self.elements: Counter[str] = Counter()  # of collections, in all events
        self.blocks = 0
        self.samples: dict[str, list[bytes]] = {}  # by column
        self._sampled = 0
        self._threads: list[_Own] = []
        self._local = threading.local()
        self._lock = threading.Lock()

    @property
    def stages(self) -> dict[str, Spent]:
        """What each stage has cost, of those that occurred."""
        found = self._added(lambda stage, column: stage)
        return {stage: found[stage] for stage in STAGES if stage in found}

    @property
    def columns(self) -> dict[str, Mapping[str, Spent]]:
        """What each column has cost, by stage."""
        every = self._added(lambda stage, column: (column, stage))
        found: dict[str, dict[str, Spent]] = {}
        for (column, stage), spent in every.items():
            if column:
                found.setdefault(column, {})[stage] = spent
        return dict(found)

    def _added(self, key: Any) -> dict[Any, Spent]:
        found: dict[Any, Spent] = {}
        for own in self._threads:
            for (stage, column), (wall, cpu, times) in own.spent.items():
                name = key(stage, column)
                before = found.get(name, Spent())
                found[name] = Spent(before.wall + wall, before.cpu + cpu, before.times + int(times))
        return found

    def enter(self, stage: str, column: str) -> None:
        """Begin a stage in this thread; without a column it is for that of the stage around it."""
        own = self._own()
        self._credit(own)
        if not column and own.stack:
            column = own.stack[-1][1]
        own.stack.append((stage, column))
        own.spent.setdefault((stage, column), [0.0, 0.0, 0])[2] += 1

    def leave(self) -> None:
        """End the stage that this thread has begun last."""
        own = self._own()
        self._credit(own)
        own.stack.pop()

    def took(
        self,
        column: str,
        sizes: tuple[int, int],
        rows: int,
        codec: str,
        remote: bool,
        content: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        """Count a basket or page: its compressed and uncompressed bytes, its events."""
        column = column or self._own().stack[-1][1]
        compressed, uncompressed = sizes
        with self._lock:
            taken = self.taken.setdefault(column, Taken())
            taken.compressed += compressed
            taken.uncompressed += uncompressed
            taken.rows += rows
            taken.pieces += 1
            taken.remote += compressed if remote else 0
            taken.codecs[codec] += uncompressed
            if content is not None and codec in SLOW and self._sampled < _SAMPLES:
                kept = self.samples.setdefault(column, [])
                if sum(map(len, kept)) < _SAMPLE:
                    kept.append(content.tobytes())
                    self._sampled += len(content)

    def rows(self, column: str, number: int) -> None:
        """Count the events of a column whose pieces do not know theirs."""
        with self._lock:
            self.taken.setdefault(column, Taken()).rows += number

    def fact(self, *words: str) -> None:
        """Count what is known of a file."""
        with self._lock:
            self.facts.update(words)

    def passed(self, offsets: Mapping[str, npt.NDArray[np.int64]]) -> None:
        """Count a block: the elements of its collections."""
        with self._lock:
            self.blocks += 1
            for collection, ends in offsets.items():
                self.elements[collection] += int(ends[-1] - ends[0])

    def _own(self) -> _Own:
        own: _Own | None = getattr(self._local, "own", None)
        if own is None:
            own = self._local.own = _Own()
            with self._lock:
                self._threads.append(own)
        return own

    def _credit(self, own: _Own) -> None:
        wall, cpu = time.perf_counter(), time.thread_time()
        if own.stack:
            spent = own.spent[own.stack[-1]]
            spent[0] += wall - own.wall
            spent[1] += cpu - own.cpu
        own.wall, own.cpu = wall, cpu


_active: Meter | None = None


def active() -> Meter | None:
    """Return the meter that measures this process, if one does."""
    return _active


@contextlib.contextmanager
def measuring(wanted: bool = True) -> Iterator[Meter | None]:
    """Measure what is done in the block, in any thread; one meter at a time."""
    global _active  # see the module's docstring
    if not wanted:
        yield None
        return
    assert _active is None, "something measures already"
    _active = meter = Meter()
    try:
        yield meter
    finally:
        _active = None


class _Stage:
    def __init__(self, meter: Meter, stage: str, column: str) -> None:
        self.meter, self.stage, self.column = meter, stage, column

    def __enter__(self) -> None:
        self.meter.enter(self.stage, self.column)

    def __exit__(self, *_: object) -> None:
        self.meter.leave()


_OFF = contextlib.nullcontext()


def stage(name: str, column: str = "") -> contextlib.AbstractContextManager[None]:
    """Return what times a block as a stage, if anything measures."""
    meter = _active
    if meter is None:
        return _OFF
    assert name in STAGES, name
    return _Stage(meter, name, column)
