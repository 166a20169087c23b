"""What one call of a kernel works on: the chunk's columns, what it counts, its memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.ahead import MOST
from adl.compiler.emit.arguments import Arguments
from adl.compiler.ir import Record
from adl.compiler.layout import Chunk, Fault, Partial, Rows, aligned, rejections, variations
from adl.compiler.variations import is_group, turns

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Work:
    """Arrays of one call, by the names of a kernel's parameters."""

    arguments: Arguments
    chunk: Chunk
    partial: Partial
    columns: list[Array]
    offsets: list[Array]
    rows: Array  # how many each record has
    records: list[list[Array]]  # buffers of each record
    scratch: list[Array]
    memo: npt.NDArray[np.int64]
    flags: Array

    @staticmethod
    def on(chunk: Chunk, arguments: Arguments) -> Work:
        """Return arrays for the events of a chunk."""
        program = arguments.program
        room = 1 + (MOST if arguments.windows else 0)
        extents = {s: _extent(chunk, s) for s in dict.fromkeys(arguments.store_sources)}
        memo = np.zeros(arguments.memo_size, np.int64)
        for slot, collection in arguments.windows.items():
            memo[slot] = chunk.offsets[collection][-1]
        return Work(
            arguments,
            chunk,
            Partial.zeros(arguments.layout),
            [_contiguous(chunk.columns[c.name], c.dtype) for c in program.columns],
            [_contiguous(chunk.offsets[c], "int64") for c in arguments.collections],
            np.zeros(len(program.records), np.int64),
            [_buffers(record, chunk) for record in program.records],
            [aligned(extents[s] + room, np.float64) for s in arguments.store_sources],
            memo,
            np.empty(len(program.nodes), np.int8),
        )

    @property
    def buffers(self) -> list[Array]:
        """Those of all records."""
        return [column for record in self.records for column in record]

    @property
    def counts(self) -> tuple[Array, ...]:
        """What is counted, in the order of the parameters."""
        partial = self.partial
        return partial.raw, partial.sumw, partial.sumw2, partial.skipped

    def result(self) -> Partial:
        """Return what was counted."""
        arguments, partial = self.arguments, self.partial
        for fill, place in arguments.repeated.items():
            counts = partial.raw[place.cells : place.cells + place.size].reshape(
                -1, variations(fill)
            )
            counts[:] = counts[:, :1]
        partial.rows = tuple(map(_written, self.records, self.rows.tolist()))
        partial.faults = _faults(arguments, self.memo)
        return partial


def _faults(arguments: Arguments, memo: npt.NDArray[np.int64]) -> tuple[Fault, ...]:
    """Return what Python functions have raised, and where corrections had no value."""
    found = ((r, arguments.rejected(r)) for r in arguments.reasons)
    faults = tuple(f for r, first in found for f in rejections(r, memo[first:].tolist()))
    if not arguments.functions:
        return faults
    from adl.compiler.targets import python

    slots = ((f, arguments.fault(f)) for f in arguments.functions)
    raised = (python.fault(f, memo[first : first + 5].tolist()) for f, first in slots)
    return (*faults, *(fault for fault in raised if fault is not None))


def _contiguous(array: Array, dtype: str) -> Array:
    assert array.dtype == np.dtype(dtype), f"{array.dtype} is not {dtype}"
    return np.ascontiguousarray(array)


def _extent(chunk: Chunk, source: tuple[str, ...]) -> int:
    """Return the largest number of elements of an event, over the collections of a source."""
    return sum(turns(s) if is_group(s) else int(np.max(chunk.sizes(s), initial=0)) for s in source)


_STORED = {"real": np.float64, "int": np.int64, "bool": np.bool_}


def _buffers(record: Record, chunk: Chunk) -> list[Array]:
    """Return room for every row that a record can have: the events' numbers, then the values."""
    rows = np.ones(chunk.events, np.int64)
    for axis in record.axes:
        rows *= sum(chunk.sizes(s) for s in axis.source)
    most = int(rows.sum())
    return [np.empty(most, t) for t in (np.int64, *(_STORED[v.kind] for v in record.values))]


def _written(buffers: Sequence[Array], rows: int) -> Rows:
    """Return copies of what was written, so that the rest of the room goes."""
    events, *values = (buffer[:rows].copy() for buffer in buffers)
    return Rows(events, tuple(values))
