"""What a whole run would take, from what a sample of its events took.

An uncertainty is twice the standard error, by leaving out one span after the other (a jackknife);
of what only some files tell, one file after the other. Where there is one span, nothing is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from adl.runtime.execute.sampling import Group, SampledFile, Sampler, Span

_LEFT = 2  # partials a thread that wait to be added
_COPIES = 3.0  # of the columns of a unit: decompressed, joined, and what is kept of the last one
_SIZE = 0.1  # of the files of results: how well bins compress depends on what is in them
_MEMORY = 0.5  # what an allocator and the pieces that threads keep make of it

T = TypeVar("T")


@dataclass(frozen=True)
class Quantity:
    """A number and its uncertainty; None where the sample does not tell it."""

    value: float
    error: float | None = 0.0

    def __add__(self, other: Quantity) -> Quantity:
        if self.error is None or other.error is None:
            return Quantity(self.value + other.value, None)
        return Quantity(self.value + other.value, math.hypot(self.error, other.error))

    def times(self, factor: float) -> Quantity:
        """Return it in other units."""
        error = None if self.error is None else self.error * factor
        return Quantity(self.value * factor, error)


@dataclass(frozen=True)
class Size:
    """A file of results, and the bytes that it would have."""

    name: str
    bytes: Quantity


@dataclass(frozen=True)
class Fixed:
    """What does not depend on the number of events: seconds by the clock and of the processor."""

    whole: tuple[float, float]  # before the first event, after the last one, and between files
    writing: tuple[float, float]  # of the rows of the sample, which one thread does
    opening: tuple[float, float]  # of a file that the sample has looked at
    resident: int  # bytes of memory when events begin
    peak: int  # bytes, the most that the sample itself had


@dataclass(frozen=True)
class Estimate:
    """What a run would take."""

    sampled: int  # events
    spans: int
    files: tuple[int, int]  # looked at, and all
    events: Quantity
    read: Quantity  # bytes, compressed
    cpu: Quantity  # seconds of the processor
    time: Quantity  # seconds by the clock
    memory: Quantity  # bytes
    threads: int


def estimate(sampler: Sampler, fixed: Fixed, threads: int) -> Estimate:
    """Return what a run with some threads would take.

    Its time takes threads to have a core each, and none to wait for another.
    """
    groups = [group for group in sampler.groups if group.files]
    files = [file for group in groups for file in group.files]
    spans = sum(len(file.spans) for file in files)
    nothing = Quantity(0.0)
    events, read, cpu, time = nothing, nothing, nothing, nothing
    for group in groups:
        events += _over_files(group, lambda file: float(file.events))
        read += _over_files(group, _held)
        time += _seconds(group, 0)
        cpu += _seconds(group, 1)
        unseen = len(group.paths) - group.looked
        cpu += Quantity(fixed.opening[1] * unseen)
        time += Quantity(fixed.opening[0] * unseen)
    busy = min(threads, max(sum(_units(file) for file in files), 1))
    every = rows_factor(sampler) or nothing
    return Estimate(
        sum(span.events for file in files for span in file.spans),
        spans,
        (sum(group.looked for group in groups), sum(len(group.paths) for group in groups)),
        events,
        read,
        cpu + Quantity(fixed.whole[1]) + every.times(fixed.writing[1]),
        time.times(1 / busy) + Quantity(fixed.whole[0]) + every.times(fixed.writing[0]),
        _memory(files, fixed, threads),
        threads,
    )


def rows(sampler: Sampler, written: int, empty: int) -> Quantity:
    """Return the bytes of a file with the rows of all events.

    With those of the sample it has ``written`` bytes, with none ``empty``.
    """
    factor = rows_factor(sampler)
    if factor is None:
        return Quantity(written, None)
    return Quantity(empty) + factor.times(max(written - empty, 0))


def rows_factor(sampler: Sampler) -> Quantity | None:
    """Return how many times the rows of the sample there are in all; None if it has none."""
    total = Quantity(0.0)
    for group in sampler.groups:
        total += _scaled(group, lambda span: float(span.rows))
    sampled = sum(s.rows for g in sampler.groups for f in g.files for s in f.spans)
    return total.times(1 / sampled) if sampled else None


def results(written: int) -> Quantity:
    """Return the bytes of a file of histograms and cutflows, filled to what all events would."""
    return Quantity(written, _SIZE * written)


def _seconds(group: Group, clock: int) -> Quantity:
    """Seconds of all spans of a group, had they been all events: by the clock (0) or the CPU (1)."""
    spans = [(file, span) for file in group.files for span in file.spans]
    read = _over_files(group, _held).value
    events = _over_files(group, lambda file: float(file.events))
    units = _over_files(group, lambda file: float(_units(file))).value

    def total(some: Sequence[tuple[SampledFile, Span]]) -> float:
        size = sum(span.bytes for _, span in some)
        number = sum(span.events for _, span in some)
        reading = sum(span.reading[clock] for _, span in some)
        fixed = group.overhead[clock]
        computing = sum(max(span.computing[clock] - fixed, 0.0) for _, span in some)
        by_bytes = read / size if size and read else events.value / max(number, 1)
        return reading * by_bytes + computing * events.value / max(number, 1) + units * fixed

    if not spans:
        return Quantity(0.0, None if group.files else 0.0)
    value = total(spans)
    own = Quantity(value, _left_out(spans, total, 0.0))  # a run again takes another time
    # Files that were not looked at may have more events, or fewer.
    relative = None if events.error is None else events.error / max(events.value, 1.0)
    return own + Quantity(0.0, None if relative is None else relative * value)


def _scaled(group: Group, number: Callable[[Span], float]) -> Quantity:
    """Return the sum of a number of each span over all events."""
    spans = [span for file in group.files for span in file.spans]
    events = _over_files(group, lambda file: float(file.events))

    def total(some: Sequence[Span]) -> float:
        return sum(map(number, some)) * events.value / max(sum(s.events for s in some), 1)

    value = total(spans)
    known = sum(span.events for span in spans) / max(events.value, 1.0)
    relative = None if events.error is None else events.error / max(events.value, 1.0)
    own = Quantity(value, _left_out(spans, total, known))
    return own + Quantity(0.0, None if relative is None else relative * value)


def _left_out(
    found: Sequence[T], total: Callable[[Sequence[T]], float], known: float
) -> float | None:
    """Return twice the standard error of a total; of the share that is known there is none."""
    if known >= 1:
        return 0.0
    number = len(found)
    if number < 2:
        return None
    each = [total([*found[:i], *found[i + 1 :]]) for i in range(number)]
    mean = sum(each) / number
    variance = (number - 1) / number * sum((one - mean) ** 2 for one in each)
    return 2 * math.sqrt(variance * (1 - known))


def _over_files(group: Group, number: Callable[[SampledFile], float]) -> Quantity:
    """Return the sum over all files of a group, of which some were looked at."""
    known = [number(file) for file in group.files]
    looked, every = group.looked, len(group.paths)
    known += [0.0] * (looked - len(known))
    if looked == every or not looked:
        return Quantity(sum(known))
    value = sum(known) * every / looked
    share = looked / every
    return Quantity(value, _left_out(known, lambda some: sum(some) * every / len(some), share))


def _held(file: SampledFile) -> float:
    """Return the compressed bytes of the columns of a file."""
    return float(file.held)


def _units(file: SampledFile) -> int:
    return -(-file.events // file.unit)


def _memory(files: Sequence[SampledFile], fixed: Fixed, threads: int) -> Quantity:
    """Return the most memory: columns of the units at work, and counts that wait to be added."""
    most = 0.0
    for file in files:
        events = sum(span.events for span in file.spans)
        if events:
            busy = min(threads, _units(file))
            unit = min(file.unit, file.events)
            arrays = sum(span.arrays for span in file.spans) / events * unit * _COPIES
            waiting = file.partial * (_LEFT * threads + 2)
            most = max(most, busy * arrays + waiting)
    value = max(fixed.resident + most, fixed.peak)
    return Quantity(value, _MEMORY * (value - fixed.resident) + 0.03 * fixed.resident)
