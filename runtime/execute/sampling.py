"""A sample of the events of a run, measured span by span: what the whole run would take.

Spans lie evenly over a file, and files evenly over the list. A span of few events decompresses
whole baskets all the same, so spans are not short, reading is measured by the byte and everything
else by the event.
One thread takes one span after the other, so that what the process spends meanwhile is the span's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np

from adl.compiler.layout import Partial
from adl.runtime.inputs.joined import Joined
from adl.runtime.inputs.ntuples import NTuple
from adl.runtime.inputs.stored import Places
from adl.runtime.inputs.trees import Input
from adl.runtime.profile.machine import resident
from adl.runtime.profile.meter import Meter, active

_FILES = 8  # looked at, where there are so many
_SPANS = 8  # of a sample, where its files have the events for it
_LEAST = 3  # in a file: two tell little of how much they differ
_PIECE = 20_000  # events up to which a span has a whole piece of the file
_SHORT = 16  # events so few that they only show what a span costs however many it has
_ROWS = ("rows",)
_BY_BYTES = ("read", "decompress", "wait")  # stages; the others take longer with more events


class Unit(Protocol):
    """What became of a span."""

    @property
    def bytes(self) -> int:
        """Those of the arrays that were read."""

    @property
    def rows(self) -> Sequence[list[Any]]:
        """The tables of prints and saves, block by block."""


U = TypeVar("U", bound=Unit)


@dataclass(frozen=True)
class Span:
    """Events that were run, and what they took: seconds by the clock, and of the processor."""

    events: int
    bytes: int  # compressed, of the pieces that were read
    arrays: int  # bytes of the columns in memory
    rows: int  # of prints and saves
    reading: tuple[float, float]
    computing: tuple[float, float]


@dataclass
class SampledFile:
    """A file of which some spans were run."""

    path: str
    events: int  # that a run reads
    held: int  # compressed bytes of the columns of these
    unit: int  # events that a thread of a run has in memory at a time
    partial: int  # bytes of what a block is counted in
    spans: list[Span] = field(default_factory=list)


@dataclass
class Group:
    """The files that one program runs over: all inputs, a dataset, or a tree of variations."""

    paths: Sequence[str]  # also those that the sample leaves out
    looked: int  # files of the sample; those that could not be used, and are beyond a limit, too
    files: list[SampledFile] = field(default_factory=list)
    overhead: tuple[float, ...] = (0.0, 0.0)  # seconds of a span without events


@dataclass
class Sampler:
    """Chooses the events of a sample and takes down what they cost; a meter has to be active."""

    share: float  # of all events
    groups: list[Group] = field(default_factory=list)
    # Of time.perf_counter and time.process_time: when the first span began and the last one ended,
    # and the seconds of all of them.
    started: tuple[float, float] = (0.0, 0.0)
    ended: tuple[float, float] = (0.0, 0.0)
    spent: tuple[float, float] = (0.0, 0.0)
    resident: int = 0  # bytes of memory then
    # Seconds spent on rows in spans. The others are for writing them, when spans are merged.
    making: tuple[float, float] = (0.0, 0.0)

    def files(self, paths: Sequence[str], limit: int | None) -> Sequence[str]:
        """Return the files to look at; with a limit all, since it decides which are read."""
        most = max(_FILES, math.ceil(self.share * len(paths)))
        every = limit is not None or len(paths) <= most
        chosen = paths if every else [paths[place] for place in _spread(len(paths), most)]
        self.groups.append(Group(tuple(paths), len(chosen)))
        return chosen

    def begin(
        self, file: Input, events: int, names: Sequence[str], unit: int, partial: int
    ) -> list[tuple[int, int]]:
        """Return the spans of a file to run; its columns are ``names``."""
        known = file.branches()
        counters = (known[n].counter for n in names if n in known)
        every = tuple(dict.fromkeys((*names, *filter(None, counters))))
        held = file.held(every) * events // max(file.entries, 1)
        group = self.groups[-1]
        group.files.append(SampledFile(file.path, events, held, unit, partial))
        most = max(_SPANS // len(group.paths), 1)
        return spans(events, self.share, most, unit, _borders(file, every))

    def measured(self, work: Callable[[int, int], U], start: int, stop: int) -> U:
        """Run a span of the file that was begun last, and take down what it costs."""
        group, meter = self.groups[-1], active()
        assert meter is not None, "a sample is measured"
        file, rows = group.files[-1], _of_stages(meter, _ROWS)
        if not any(file.spans for file in group.files):
            short = min(start + _SHORT, stop)
            work(start, short)  # imports and first uses, and the pieces that hold these events
            begin = _now()
            work(start, short)
            group.overhead = tuple(b - a for a, b in zip(begin, _now(), strict=True))
        begin, before = _now(), _stages(meter)
        if not self.resident:
            self.started, self.resident = begin, resident()
        done = work(start, stop)
        self.ended, after = _now(), _stages(meter)
        clock, used = self.ended[0] - begin[0], self.ended[1] - begin[1]
        self.spent = self.spent[0] + clock, self.spent[1] + used
        reading = (after[0] - before[0], after[1] - before[1])
        computing = (max(clock - reading[0], 0.0), max(used - reading[1], 0.0))
        number = sum(table.rows for tables in done.rows for table in tables)
        size = after[2] - before[2]
        self._made(rows, _of_stages(meter, _ROWS))
        file.spans.append(Span(stop - start, size, done.bytes, number, reading, computing))
        return done

    def writing(self, meter: Meter) -> tuple[float, float]:
        """Return the seconds of writing rows, by the clock and of the processor."""
        clock, used = _of_stages(meter, _ROWS)
        return max(clock - self.making[0], 0.0), max(used - self.making[1], 0.0)

    def _made(self, before: tuple[float, float], after: tuple[float, float]) -> None:
        clock, used = self.making
        self.making = clock + after[0] - before[0], used + after[1] - before[1]

    def whole(self, partial: Partial) -> Partial:
        """Return what the whole file might count, were it all like its spans."""
        file = self.groups[-1].files[-1]
        factor = file.events / max(sum(span.events for span in file.spans), 1)
        return Partial(
            np.rint(partial.raw * factor).astype(np.int64),
            partial.sumw * factor,
            partial.sumw2 * factor,
            np.rint(partial.skipped * factor).astype(np.int64),
            faults=partial.faults,
        )


def spans(
    events: int, share: float, most: int, longest: int, borders: Places
) -> list[tuple[int, int]]:
    """Return spans with a share of the entries of a file, or more, each in the middle of its part.

    A span begins where a piece of the file does, and has a whole one if that is not too long:
    pieces are decompressed whole, and columns compared over them. There are ``most`` spans or fewer,
    or more where one would be longer than ``longest``.
    """
    wanted = min(max(math.ceil(share * events), 1), events)
    if not wanted:
        return []
    piece = events / max(int(np.searchsorted(borders, events)), 1)
    length = math.ceil(min(max(wanted / most, min(piece, _PIECE)), longest, events))
    number = min(max(math.ceil(wanted / length), min(most, _LEAST)), math.ceil(events / length))
    part = events / number
    found: list[tuple[int, int]] = []
    for place in range(number):
        middle = place * part + (part - length) / 2
        at = int(borders[max(int(np.searchsorted(borders, middle, "right")) - 1, 0)])
        if middle - at > length / 2:  # a piece longer than the span
            at = int(middle)
        start = max(at, found[-1][1] if found else 0)
        found.append((start, min(start + length, events)))
    return [span for span in found if span[0] < span[1]]


def _borders(file: Input, names: Sequence[str]) -> Places:
    """Return where pieces of a file begin: those of the column in the middle, by their number."""
    own = file.own if isinstance(file, Joined) else file
    if isinstance(own, NTuple):
        return own.clusters
    every = sorted((own.stored[n].starts for n in names if n in own.stored), key=len)
    return every[len(every) // 2][:-1] if every else np.zeros(1, np.int64)


def _spread(number: int, most: int) -> list[int]:
    """Return places in a row, evenly, the middle of each part of it."""
    return [int((place + 0.5) * number / most) for place in range(most)]


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _stages(meter: Meter) -> tuple[float, float, int]:
    """Return the seconds of reading so far, by the clock and of the processor, and the bytes."""
    size = sum(taken.compressed for taken in meter.taken.values())
    return *_of_stages(meter, _BY_BYTES), size


def _of_stages(meter: Meter, names: Sequence[str]) -> tuple[float, float]:
    """Return the seconds of some stages so far, by the clock and of the processor."""
    found: Mapping[str, tuple[float, float, int]] = meter.stages
    spent = [found[name] for name in names if name in found]
    return sum(s[0] for s in spent), sum(s[1] for s in spent)
