"""A program on a device: waves of blocks in, a partial a block out, the bits of the CPU's.

Several threads may call ``run`` at the same time: each takes a lane, with a stream and memory of its
own, so that one reads and decompresses, one copies and one computes. What a device cannot do, the
CPU does: single events that are too large for a thread, blocks for which there is no room, and all
that is left after a kernel has failed. ``Doings`` counts it, so that it can be said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from adl.compiler.layout import Chunk, Fault, Partial, Rows, rejections, variations
from adl.runtime.execute.device.driver import DeviceError, Driver, OutOfMemory
from adl.runtime.execute.device.lanes import Lane, Lanes
from adl.runtime.execute.device.wave import Wave, stored, view

if TYPE_CHECKING:
    from adl.compiler.emit.device import DeviceModule
    from adl.runtime.execute.device.large import Found, LargeEvents
    from adl.runtime.execute.device.tracing import Tracing

THREADS = 128  # of a group
_GROUPS = 1024  # of a wave, if its events are enough: some for every multiprocessor
_EVENTS = 8  # of a thread at most: so many more groups than fit at a time that all end together
_MANY = 1024  # large events of a wave: with more, the CPU counts the whole wave


@dataclass
class Doings:
    """What was done where, of all lanes together."""

    waves: int = 0
    events: int = 0  # on the device
    large: int = 0  # events that the CPU has counted since they are too large for a thread
    crowded: int = 0  # events of blocks for which the device had no room
    failed: int = 0  # events that the CPU has counted since a kernel failed
    failure: str = ""  # why, and where


@dataclass
class DeviceKernel:
    """A loaded program.

    ``host`` counts a chunk on the CPU; ``large`` makes what counts events that are too large;
    ``tracing`` says what a kernel that fails was at, which is ``told`` at once.
    """

    module: DeviceModule
    driver: Driver
    host: Callable[[Chunk], Partial]
    large: Callable[[], LargeEvents]
    lanes: Lanes
    budget: int  # bytes of a lane
    tracing: Tracing | None = None
    told: Callable[[str], None] = lambda text: None
    doings: Doings = field(default_factory=Doings)
    changed: Lock = field(default_factory=Lock)
    making: Lock = field(default_factory=Lock)
    counts_large: LargeEvents | None = None

    @cached_property
    def numbers(self) -> int:
        """The address of the numbers that are data."""
        content = np.frombuffer(b"".join(self.module.arguments.numbers) or bytes(8), np.uint8)
        address = self.driver.allocate(content.size)
        stream = self.driver.stream()
        self.driver.upload(stream, address, content)
        self.driver.wait(stream)
        return address

    def run(self, chunk: Chunk, block: int) -> list[Partial]:
        """Count over each block of a chunk."""
        blocks = -(-chunk.events // block)
        most = blocks
        partials: list[Partial] = []
        while len(partials) < blocks:
            first = len(partials)
            after = min(first + most, blocks)
            part = part_of(chunk, self.module, first * block, min(after * block, chunk.events))
            wave = Wave(self.module, part, block)
            if wave.space.size > self.budget and after - first > 1:
                most = max(1, (after - first) // 2)
                continue
            partials += self._wave(wave)
        return partials

    def _wave(self, wave: Wave) -> list[Partial]:
        events = wave.chunk.events
        if self.lanes.lost:
            self._note(failed=events)
            return self._on_host(wave)
        large = wave.large()
        if len(large) > _MANY or 2 * len(large) > events:
            self._note(large=events)
            return self._on_host(wave)
        if wave.space.size > self.budget:
            self._note(crowded=events)
            return self._on_host(wave)
        try:
            with self.lanes.one() as lane:
                partials = self._launch(wave, lane, large)
        except OutOfMemory:
            self._note(crowded=events)
            return self._on_host(wave)
        except DeviceError as error:
            self._fail(error, wave)
            return self._on_host(wave)
        self._note(waves=1, events=events - len(large), large=len(large))
        return partials

    def _on_host(self, wave: Wave) -> list[Partial]:
        chunk, block = wave.chunk, wave.block
        bounds = range(0, chunk.events, block)
        return [
            self.host(part_of(chunk, self.module, b, min(b + block, chunk.events))) for b in bounds
        ]

    def _note(self, **numbers: int) -> None:
        with self.changed:
            for name, number in numbers.items():
                setattr(self.doings, name, getattr(self.doings, name) + number)

    def _fail(self, error: DeviceError, wave: Wave) -> None:
        """Do without the device from now on; of the first failure say what is known of it."""
        first = self.lanes.lose()
        with self.changed:
            self.doings.failed += wave.chunk.events
            self.doings.failure = self.doings.failure or str(error)
        if first:
            where = ""
            if self.tracing is not None:
                where = ", " + self.tracing.trace(self.driver, wave.chunk, wave.block, shape)
            self.told(f"the GPU has failed, and the CPU counts from here on: {error}{where}")

    # -------------------------------------------------------------------------------- a lane

    def _launch(self, wave: Wave, lane: Lane, large: npt.NDArray[np.int64]) -> list[Partial]:
        self.lanes.grow(lane, wave.space.size, wave.end_of_inputs, self.budget)
        driver, stream, base = self.driver, lane.stream, lane.address
        wave.fill_inputs(lane.memory, base)
        driver.upload(stream, base, lane.memory[: wave.end_of_inputs])
        for piece, array in wave.straight:
            if array.nbytes:
                driver.copy(stream, base + piece.at, int(array.data.ptr), array.nbytes)
        zeros = wave.end_of_sums - wave.begin_of_sums
        driver.fill(stream, base + wave.begin_of_sums, 0, zeros)
        nothing = wave.end_of_streams - wave.end_of_sums
        if nothing:
            driver.fill(stream, base + wave.end_of_sums, 0xFF, nothing)
        slices = groups_a_block(wave)
        arguments = wave.count_arguments(base, self.numbers, slices)
        driver.count(stream, arguments, wave.blocks * slices, THREADS)
        found = self._of_large(wave, large) if len(large) else None
        if found is not None:
            for at, content in found.entries(wave):
                driver.upload(stream, base + at, content)
        if wave.lanes_number:
            driver.sum(stream, wave.sum_arguments(base), wave.lanes_number * wave.blocks)
        counted = np.empty(wave.end_of_sums, np.uint8)  # before the sums it is never touched
        driver.download(stream, counted[wave.begin_of_sums :], base + wave.begin_of_sums)
        events = {r: np.empty(p.size, np.uint8) for r, p in wave.events.items()}
        for record, piece in wave.events.items():
            driver.download(stream, events[record], base + piece.at)
        driver.wait(stream)
        rows = self._rows(wave, lane, {r: e.view(np.int64) for r, e in events.items()})
        if found is not None:
            found.add(wave, counted)
        return self._partials(wave, counted, rows)

    def _of_large(self, wave: Wave, events: npt.NDArray[np.int64]) -> Found:
        with self.making:
            if self.counts_large is None:
                self.counts_large = self.large()
        return self.counts_large.run(wave, events)

    # ------------------------------------------------------------------------------ results

    def _rows(
        self, wave: Wave, lane: Lane, events: dict[Any, npt.NDArray[np.int64]]
    ) -> list[tuple[npt.NDArray[np.int64], list[npt.NDArray[Any]]]]:
        """Return the rows of each record, in the order of events."""
        taken = []
        for record, numbers in events.items():
            filled = np.flatnonzero(numbers >= 0)
            types = stored([v.kind for v in record.values])
            values = [np.empty(0, t) for t in types]
            if len(filled):
                first, after = int(filled[0]), int(filled[-1]) + 1
                for place, (piece, dtype) in enumerate(
                    zip(wave.values[record], types, strict=True)
                ):
                    size = np.dtype(dtype).itemsize
                    content = np.empty((after - first) * size, np.uint8)
                    at = lane.address + piece.at + first * size
                    self.driver.download(lane.stream, content, at)
                    self.driver.wait(lane.stream)
                    values[place] = content.view(dtype)[filled - first]
            taken.append((numbers[filled], values))
        return taken

    def _partials(
        self,
        wave: Wave,
        counted: npt.NDArray[np.uint8],
        rows: list[tuple[npt.NDArray[np.int64], list[npt.NDArray[Any]]]],
    ) -> list[Partial]:
        arguments, blocks = self.module.arguments, wave.blocks
        raw = view(counted, wave.raw, np.int64).reshape(blocks, -1)
        skipped = view(counted, wave.skipped, np.int64).reshape(blocks, -1)
        sumw = view(counted, wave.sumw, np.float64).reshape(blocks, -1)
        sumw2 = view(counted, wave.sumw2, np.float64).reshape(blocks, -1)
        own = arguments.layout.skipped
        partials = []
        for b in range(blocks):
            one = Partial(raw[b].copy(), sumw[b].copy(), sumw2[b].copy(), skipped[b, :own].copy())
            for fill, place in arguments.repeated.items():
                counts = one.raw[place.cells : place.cells + place.size]
                counts.reshape(-1, variations(fill))[:] = counts[:: variations(fill), None]
            first = b * wave.block
            one.rows = tuple(
                _of_block(events, values, first, wave.block) for events, values in rows
            )
            one.faults = self._faults(wave, skipped[b, own:].reshape(-1, 3), first)
            partials.append(one)
        return partials

    def _faults(self, wave: Wave, notes: npt.NDArray[np.int64], first: int) -> tuple[Fault, ...]:
        """Return what was rejected and raised; of an exception the CPU says which it was."""
        arguments = self.module.arguments
        found = [(int(n), int(e), ~int(turned) - first) for n, e, turned in notes]
        faults: list[Fault] = []
        for reasons in arguments.reasons:
            own, found = found[: len(reasons.texts)], found[len(reasons.texts) :]
            slots = [word for number, _, event in own for word in (number, event, 0)]
            faults += rejections(reasons, slots)
        for function, (number, events, event) in zip(arguments.functions, found, strict=True):
            if number:
                one = self.host(part_of(wave.chunk, self.module, first + event, first + event + 1))
                same = next(f for f in one.faults if f.function == function.name and f.line)
                faults.append(replace(same, number=number, event=event, events=events))
        return tuple(faults)


def shape(wave: Wave) -> tuple[int, int]:
    """Return how many groups of how many threads count a wave."""
    return wave.blocks * groups_a_block(wave), THREADS


def groups_a_block(wave: Wave) -> int:
    """Return how many groups of threads share a block of a wave."""
    return shared_by(wave.blocks, wave.block, wave.module.arguments.layout.cells)


def shared_by(blocks: int, block: int, cells: int) -> int:
    """Return how many groups of threads share each of some blocks: of few blocks, many.

    A group clears its counts and adds them up, so that with many cells a thread takes more events.
    """
    most = -(-block // THREADS)
    each = max(_EVENTS, cells // THREADS)
    return max(1, min(most, max(-(-_GROUPS // blocks), -(-most // each))))


def _of_block(
    events: npt.NDArray[np.int64], values: list[npt.NDArray[Any]], first: int, block: int
) -> Rows:
    begin, end = np.searchsorted(events, [first, first + block])
    return Rows(events[begin:end] - first, tuple(v[begin:end] for v in values))


def part_of(chunk: Chunk, module: DeviceModule, start: int, stop: int) -> Chunk:
    """Return some of the events; columns of elements stay whole."""
    columns = module.arguments.program.columns
    return chunk.part(start, stop, {c.name for c in columns if c.collection is not None})
