"""One wave: some blocks of events on their way through a device.

Everything that a wave needs has its place in one piece of memory, so that it is copied at once:

    inputs | those that are on the device already | numbers to add to (0) | streams (all bits set: nothing) | the rest, as it was
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.emit.device import DeviceModule
from adl.compiler.emit.sums import lanes
from adl.compiler.ir import Column, Record
from adl.compiler.layout import Chunk
from adl.runtime.inputs.straight import OnDevice

_ALIGNED = 256
_MOST = (1 << 16) - 1  # tuples that make a difference to the order
_STORED: dict[str, type[np.generic]] = {"real": np.float64, "int": np.int64, "bool": np.bool_}


@dataclass(frozen=True)
class Piece:
    """A place in the memory of a wave."""

    at: int
    size: int


@dataclass
class Space:
    """Places one after the other."""

    size: int = 0

    def take(self, size: int) -> Piece:
        """Return the next place of so many bytes."""
        piece = Piece(self.size, size)
        self.size += -(-max(size, 1) // _ALIGNED) * _ALIGNED
        return piece


@dataclass
class Wave:
    """The places of a wave, and its inputs."""

    module: DeviceModule
    chunk: Chunk
    block: int
    space: Space = field(default_factory=Space)

    def __post_init__(self) -> None:
        arguments, streams, take = self.module.arguments, self.module.streams, self.space.take
        every = dict(enumerate(self._arrays()))
        there = {n for n, c in enumerate(arguments.program.columns) if c.name in self.device}
        places = {n: take(a.nbytes) for n, a in every.items() if n not in there}
        self.inputs = [(place, every[number]) for number, place in places.items()]
        tables = 8 * (len(self.columns) + len(self.offsets) + 2 * len(streams.fills))
        tables += 8 * sum(1 + len(r.values) for r in arguments.records)
        # Of code that says where it is: the address of where it does, which is not of this memory.
        self.tables = take(tables + 8 * self.module.stepping)
        self.table = take(8 * len(self.lanes))
        self.end_of_inputs = self.space.size
        places |= {n: take(every[n].nbytes) for n in sorted(there)}
        self.straight = [(places[number], every[number]) for number in sorted(there)]
        self.arrays = [places[number] for number in every]
        self.begin_of_sums = self.space.size
        layout, blocks = arguments.layout, self.blocks
        self.raw = take(8 * layout.cells * blocks)
        self.skipped = take(8 * self.skips * blocks)
        self.sumw = take(8 * layout.sums * blocks)
        self.sumw2 = take(8 * layout.sums * blocks)
        self.end_of_sums = self.space.size
        fills = streams.fills.values()
        self.weights = [take(8 * self.entries(s.start) * s.width) for s in fills]
        self.events = {r: take(8 * self.rows(r)) for r in arguments.records}
        self.end_of_streams = self.space.size
        self.cells = [take(4 * self.entries(s.start) * s.cells) for s in fills]
        self.values = {
            r: [take(self.rows(r) * np.dtype(_STORED[v.kind]).itemsize) for v in r.values]
            for r in arguments.records
        }

    # ------------------------------------------------------------------------- what it holds

    @property
    def blocks(self) -> int:
        """How many blocks of events it has."""
        return -(-self.chunk.events // self.block)

    @property
    def skips(self) -> int:
        """Numbers of a block beside its counts: what was no number, then three for each fault."""
        return self.module.arguments.layout.skipped + 3 * len(self.module.notes)

    @cached_property
    def columns(self) -> list[Any]:
        """The columns, those of elements from the first of the wave's on; some are on the device."""
        return [
            self._own(self.device[c.name], c) if c.name in self.device else self._here(c)
            for c in self.module.arguments.program.columns
        ]

    @property
    def device(self) -> Mapping[str, Any]:
        """The columns that are on the device already."""
        columns = self.chunk.columns
        return columns.device if isinstance(columns, OnDevice) else {}

    def _here(self, column: Column) -> npt.NDArray[Any]:
        return np.ascontiguousarray(self._own(self.chunk.columns[column.name], column))

    def _own(self, values: Any, column: Column) -> Any:
        assert values.dtype == np.dtype(column.dtype), column.name
        if column.collection is None:
            return values
        offsets = self.chunk.offsets[column.collection]
        return values[int(offsets[0]) : int(offsets[-1])]

    @cached_property
    def on_host(self) -> list[npt.NDArray[Any]]:
        """Columns and offsets, all of them in the memory of this machine."""
        return [*map(self._here, self.module.arguments.program.columns), *self.offsets]

    @cached_property
    def offsets(self) -> list[npt.NDArray[np.int64]]:
        """Where each event's elements begin, where its entries of streams begin; then the order."""
        own = [self.chunk.offsets[c] for c in self.module.arguments.collections]
        moved = [np.ascontiguousarray(o - o[0]) for o in own]
        starts = [self._starts(sources) for sources in self.module.streams.starts]
        return [*moved, *starts, *([self._order()] if self.module.order else ())]

    def _order(self) -> npt.NDArray[np.int64]:
        """Return the events of each block, those with most tuples first."""
        number = np.zeros(self.chunk.events, np.int64)
        for source in self.module.order:
            number += np.sum([self.chunk.sizes(s) for s in source], axis=0, dtype=np.int64)
        # Numbers of 16 bits are sorted in one go over them.
        key = (_MOST - np.minimum(number, _MOST)).astype(np.uint16)
        blocks = range(0, self.chunk.events, self.block)
        parts = [b + np.argsort(key[b : b + self.block], kind="stable") for b in blocks]
        return np.concatenate([np.empty(0, np.int64), *parts])

    def _starts(self, sources: Iterable[tuple[str, ...]]) -> npt.NDArray[np.int64]:
        numbers = np.ones(self.chunk.events, np.int64)
        for source in sources:
            numbers *= np.sum([self.chunk.sizes(s) for s in source], axis=0, dtype=np.int64)
        return np.concatenate([[0], np.cumsum(numbers)]).astype(np.int64)

    @cached_property
    def lanes(self) -> npt.NDArray[np.int64]:
        """What is added up, as the second kernel reads it."""
        return np.array(lanes(self.module.arguments), np.int64)

    def _arrays(self) -> list[Any]:
        return [*self.columns, *self.offsets]

    def starts(self, start: int) -> npt.NDArray[np.int64] | None:
        """Return where each event's entries begin; nothing where each has one."""
        return None if start < 0 else self.offsets[len(self.module.arguments.collections) + start]

    def entries(self, start: int) -> int:
        """Return how many entries a stream has."""
        starts = self.starts(start)
        return self.chunk.events if starts is None else int(starts[-1])

    def rows(self, record: Record) -> int:
        """Return how many rows a record can have."""
        return self.entries(self.module.streams.of_record(record)[0])

    # --------------------------------------------------------------------------- addresses

    def fill_inputs(self, memory: npt.NDArray[np.uint8], base: int) -> None:
        """Write inputs and the tables of addresses into memory that will lie at ``base``."""
        for piece, array in self.inputs:
            put(memory, piece, array)
        put(memory, self.tables, np.array(self.addresses(base), np.int64))
        put(memory, self.table, self.lanes)

    def addresses(self, base: int) -> list[int]:
        """Return the tables of addresses: columns, offsets, weights, cells, buffers of records."""
        pieces = self.arrays + self.weights + self.cells
        for record, values in self.values.items():
            pieces += [self.events[record], *values]
        return [*(base + piece.at for piece in pieces), *([0] if self.module.stepping else ())]

    def count_arguments(self, base: int, numbers: int, slices: int) -> list[int]:
        """Return what the first kernel is called with."""
        columns = base + self.tables.at
        offsets = columns + 8 * len(self.columns)
        weights = offsets + 8 * len(self.offsets)
        cells = weights + 8 * len(self.weights)
        records = cells + 8 * len(self.cells)
        pointers = [columns, offsets, numbers, base + self.raw.at, weights, cells]
        sizes = [self.chunk.events, self.block, self.module.arguments.layout.cells, self.skips]
        return [*pointers, base + self.skipped.at, records, *sizes, slices]

    def sum_arguments(self, base: int) -> list[int]:
        """Return what the second kernel is called with, without the number of its threads."""
        offsets = base + self.tables.at + 8 * len(self.columns)
        weights = offsets + 8 * len(self.offsets)
        cells = weights + 8 * len(self.weights)
        sizes = [self.lanes_number, self.chunk.events, self.block]
        sums = self.module.arguments.layout.sums
        return [
            *(offsets, weights, cells, base + self.table.at),
            *(*sizes, sums, base + self.sumw.at, base + self.sumw2.at),
        ]

    @property
    def lanes_number(self) -> int:
        """How many sums a block has that are added up side by side."""
        return sum(s.width for s in self.module.streams.fills.values())

    # --------------------------------------------------------------------- what is too large

    def large(self) -> npt.NDArray[np.int64]:
        """Return the events that have more than a thread has room for, as the kernel decides."""
        found = np.zeros(self.chunk.events, np.bool_)
        for source, bound in self.module.limits.items():
            size = np.sum([self.chunk.sizes(s) for s in source], axis=0, dtype=np.int64)
            found |= size > bound
        return np.flatnonzero(found)


def put(memory: npt.NDArray[np.uint8], piece: Piece, array: npt.NDArray[Any]) -> None:
    """Copy an array to its place."""
    memory[piece.at : piece.at + array.nbytes] = array.reshape(-1).view(np.uint8)


def view(memory: npt.NDArray[np.uint8], piece: Piece, dtype: Any) -> npt.NDArray[Any]:
    """Return what lies in a place."""
    return memory[piece.at : piece.at + piece.size].view(dtype)


def stored(kinds: Sequence[str]) -> list[Any]:
    """Return the types of a record's values."""
    return [_STORED[kind] for kind in kinds]
