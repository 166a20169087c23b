"""Events that are too large for a thread of a device: the same code counts them on the CPU.

What they give to streams is copied to where the device expects it, before it adds up; so sums keep
the order of events.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from adl.runtime.execute.device.wave import Wave, put, stored, view

if TYPE_CHECKING:
    from adl.compiler.emit.device import DeviceModule
    from adl.compiler.ir import Record
    from adl.compiler.targets.emulated import Emulated


@dataclass
class LargeEvents:
    """The device's code for this machine."""

    module: DeviceModule
    code: Emulated

    def run(self, wave: Wave, events: npt.NDArray[np.int64]) -> Found:
        """Run events of a wave, in memory of the wave's own shape."""
        arguments = self.module.arguments
        memory = np.zeros(wave.space.size, np.uint8)  # only what is touched becomes real
        base = memory.ctypes.data
        # Columns are read where they are.
        inputs = [array.ctypes.data for array in wave.on_host]
        put(memory, wave.tables, np.array(inputs + wave.addresses(base)[len(inputs) :], np.int64))
        found = Found(self.module, memory, events)
        for at, size in found.streams(wave):
            memory[at : at + size] = 0xFF
        numbers = np.frombuffer(b"".join(arguments.numbers) or bytes(8), np.int64)
        sizes = [self._most(wave, s) for s in arguments.store_sources]
        scratch = [np.empty(size + 1) for size in sizes]
        places = (ctypes.c_void_p * max(1, len(scratch)))(*(s.ctypes.data for s in scratch))
        rows = np.zeros(max(1, self.module.streams.counters), np.int64)
        memo = np.zeros(max(1, arguments.memo_size), np.int64)
        flags = np.zeros(max(1, len(arguments.program.nodes)), np.int8)
        columns, offsets, _, raw, weights, cells, skipped, records, *_ = wave.count_arguments(
            base, 0, 1
        )
        self.code.some(
            [
                *(columns, offsets, numbers.ctypes.data, raw, weights, cells, skipped),
                *(rows.ctypes.data, records, ctypes.addressof(places)),
                *(memo.ctypes.data, flags.ctypes.data, events.ctypes.data),
                *(len(events), wave.block, arguments.layout.cells, wave.skips),
            ]
        )
        return found

    def _most(self, wave: Wave, source: tuple[str, ...]) -> int:
        from adl.compiler.variations import is_group, turns

        chunk = wave.chunk
        return sum(
            turns(s) if is_group(s) else int(np.max(chunk.sizes(s), initial=0)) for s in source
        )


@dataclass
class Found:
    """What large events gave, in memory of the wave's shape."""

    module: DeviceModule
    memory: npt.NDArray[np.uint8]
    events: npt.NDArray[np.int64] = field(repr=False)

    def streams(self, wave: Wave) -> Iterator[tuple[int, int]]:
        """Yield where entries of streams lie that say whether there is one, and their sizes."""
        for stream in self.module.streams.fills.values():
            piece = wave.weights[stream.number]
            yield from self._pieces(piece.at, 8 * stream.width, wave.starts(stream.start))
        for record, piece in wave.events.items():
            yield from self._pieces(piece.at, 8, self._starts(wave, record))

    def entries(self, wave: Wave) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        """Yield what has to lie where on the device: entries of streams, and rows."""
        pieces = list(self.streams(wave))
        for stream in self.module.streams.fills.values():
            piece = wave.cells[stream.number]
            pieces += self._pieces(piece.at, 4 * stream.cells, wave.starts(stream.start))
        for record, values in wave.values.items():
            for piece, dtype in zip(values, stored([v.kind for v in record.values]), strict=True):
                size = np.dtype(dtype).itemsize
                pieces += self._pieces(piece.at, size, self._starts(wave, record))
        for at, size in pieces:
            yield at, self.memory[at : at + size]

    def _starts(self, wave: Wave, record: Record) -> npt.NDArray[np.int64] | None:
        return wave.starts(self.module.streams.of_record(record)[0])

    def _pieces(
        self, at: int, width: int, starts: npt.NDArray[np.int64] | None
    ) -> Iterator[tuple[int, int]]:
        """Yield where the entries of these events lie, and how many bytes they are."""
        for event in self.events.tolist():
            first, after = (event, event + 1) if starts is None else starts[event : event + 2]
            if after > first and width:
                yield at + int(first) * width, int(after - first) * width

    def add(self, wave: Wave, counted: npt.NDArray[np.uint8]) -> None:
        """Add their counts to those of the device; of faults the first event stays."""
        view(counted, wave.raw, np.int64)[:] += view(self.memory, wave.raw, np.int64)
        own = self.module.arguments.layout.skipped
        device, mine = (
            view(memory, wave.skipped, np.int64).reshape(wave.blocks, -1)
            for memory in (counted, self.memory)
        )
        device[:, :own] += mine[:, :own]
        # How often, in how many events, and the complement of the first: its largest is the first.
        notes, others = (words[:, own:].reshape(wave.blocks, -1, 3) for words in (device, mine))
        notes[:, :, :2] += others[:, :, :2]
        firsts = notes[:, :, 2].view(np.uint64)
        np.maximum(firsts, others[:, :, 2].view(np.uint64), out=firsts)
