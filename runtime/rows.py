"""Rows of prints and saves: tables of columns, made of what a kernel recorded for a block.

A column over the elements of a collection is a list in each row: its values one after the other,
and where each row's begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Column, Record
from adl.compiler.layout import Chunk, Rows
from adl.compiler.program import Program, RowColumn, RowsOutput

if TYPE_CHECKING:
    from adl.runtime.execute.kernel import Kernel

Numbers = npt.NDArray[Any]
Offsets = npt.NDArray[np.int64]

# What an input has that tells its events apart; where one lacks, rows say the file and its entry.
IDENTITY = ("run", "luminosityBlock", "event")


@dataclass(frozen=True)
class Part:
    """A column of a table.

    ``there`` is False where a value is missing, and None if none can be. ``offsets`` (rows + 1)
    say where each row's list begins. Columns of one ``group`` have lists of one length. A text
    (without values) is the same in every row.
    """

    name: str
    label: str
    values: Numbers | None
    there: Numbers | None = None
    offsets: Offsets | None = None
    group: str = ""


@dataclass(frozen=True)
class Table:
    """Some rows of one print or save."""

    rows: int
    parts: tuple[Part, ...]

    @property
    def schema(self) -> tuple[tuple[str, str, bool, bool], ...]:
        """Name, type, whether it can be missing and whether it is a list, of each column."""
        return tuple(
            (p.name, p.values.dtype.name, p.there is not None, p.offsets is not None)
            for p in self.parts
            if p.values is not None
        )

    @property
    def nbytes(self) -> int:
        """The bytes of all columns."""
        arrays = (a for p in self.parts for a in (p.values, p.there, p.offsets))
        return sum(a.nbytes for a in arrays if a is not None)

    def head(self, rows: int) -> Table:
        """Return the first rows."""
        return Table(min(rows, self.rows), tuple(_head(part, rows) for part in self.parts))


class RowsKeeper(Protocol):
    """Takes what is kept of events, in the order of the events, file by file."""

    def wanted(self, outputs: Sequence[RowsOutput]) -> tuple[RowsOutput, ...]:
        """Return those of a program's outputs of which something is kept."""

    def tables(
        self,
        outputs: Sequence[RowsOutput],
        kernel: Kernel,
        chunk: Chunk,
        recorded: Sequence[Rows],
        place: tuple[int, int],
    ) -> list[Any]:
        """Return what is kept of a block, in any thread.

        ``place`` is the block's first entry in its file, and the number of the file.
        """

    def add(self, path: str, tables: Sequence[Any]) -> None:
        """Take what ``tables`` returned of the next block of the file at work."""

    def end(self, path: str, *, good: bool) -> None:
        """Keep what was taken of a file, or forget it if the file failed."""


def tables(
    outputs: Sequence[RowsOutput],
    program: Program,
    columns: Sequence[Column],
    chunk: Chunk,
    recorded: Sequence[Rows],
    entry: int,
    file: int,
) -> list[Table]:
    """Return the rows of some outputs in a block.

    Args:
        outputs: Prints and saves of the program.
        program: What was run.
        columns: Every input column that is read, for saves of whole events.
        chunk: The block.
        recorded: The rows of the program's records.
        entry: The number of the block's first event in its file.
        file: The number of the file.
    """
    rows_of = dict(zip(program.records, recorded, strict=True))
    return [_table(o, rows_of, columns, chunk, entry, file) for o in outputs]


def joined(parts: Sequence[Table]) -> Table:
    """Return tables one after the other as one."""
    columns = zip(*(t.parts for t in parts), strict=True)
    return Table(sum(t.rows for t in parts), tuple(_joined(c) for c in columns))


# ---------------------------------------------------------------------------------- columns


def _table(
    output: RowsOutput,
    rows_of: dict[Record, Rows],
    columns: Sequence[Column],
    chunk: Chunk,
    entry: int,
    file: int,
) -> Table:
    events = rows_of[output.rows].events
    parts = [_part(c, output, rows_of, chunk) for c in output.columns]
    if not {p.name for p in parts}.issuperset(IDENTITY):
        places = Part("file", "file", np.full(len(events), file, np.int32))
        parts[:0] = [places, Part("entry", "entry", entry + events)]
    if output.whole:
        parts += _whole(columns, {p.name for p in parts}, chunk, events)
    return Table(len(events), tuple(parts))


def _part(column: RowColumn, output: RowsOutput, rows_of: dict[Record, Rows], chunk: Chunk) -> Part:
    events = rows_of[output.rows].events
    if column.column is not None:
        return Part(column.name, column.label, chunk.columns[column.column.name][events])
    if column.record is None:
        return Part(column.name, column.label, None)
    rows = rows_of[column.record]
    values = rows.values[column.place]
    there = None if column.there is None else rows.values[column.there]
    if column.dtype:
        values = values.astype(column.dtype, copy=False)
    if column.record is output.rows:
        return Part(column.name, column.label, values, there)
    if column.record in output.ordered:
        order = np.lexsort((rows.values[-1], rows.events))
        values, there = values[order], None if there is None else there[order]
    offsets = np.searchsorted(rows.events, events).astype(np.int64)
    alone = sum(c.record is column.record for c in output.columns) == 1
    group = column.name if alone else column.label.partition(".")[0]
    ends = np.append(offsets, len(values))
    return Part(column.name, column.label, values, there, ends, group)


def _whole(
    columns: Sequence[Column], known: set[str], chunk: Chunk, events: Offsets
) -> Iterator[Part]:
    """Yield the input's own columns: of the event, then those of each collection together."""
    lengths = {f"n{collection}" for collection in chunk.offsets}
    fresh = [c for c in columns if c.name not in known]
    for collection, offsets in chunk.offsets.items():
        if all(c.collection != collection for c in fresh):
            name = f"n{collection}"
            yield Part(name, name, np.diff(offsets)[events].astype(np.int32))
    for column in fresh:
        if column.collection is None and column.name not in lengths:
            yield Part(column.name, column.name, chunk.columns[column.name][events])
    of_elements = sorted((c for c in fresh if c.collection is not None), key=_collection)
    for collection, members in groupby(of_elements, _collection):
        offsets = chunk.offsets[collection]
        where, ends = entries(offsets, events)
        for column in members:
            values = chunk.columns[column.name][where]
            yield Part(column.name, column.name, values, None, ends, collection)


def _collection(column: Column) -> str:
    return column.collection or ""


def entries(offsets: Offsets, events: Offsets) -> tuple[Offsets, Offsets]:
    """Return which entries of a collection's columns some events have, and where each begins."""
    starts, counts = offsets[:-1][events], np.diff(offsets)[events]
    ends = np.zeros(len(events) + 1, np.int64)
    np.cumsum(counts, out=ends[1:])
    return np.repeat(starts - ends[:-1], counts) + np.arange(ends[-1]), ends


# ---------------------------------------------------------------------------- parts of tables


def _head(part: Part, rows: int) -> Part:
    if part.values is None:
        return part
    if part.offsets is None:
        values, offsets = rows, None
    else:
        offsets = part.offsets[: rows + 1]
        values = int(offsets[-1])
    there = None if part.there is None else part.there[:values]
    return replace(part, values=part.values[:values].copy(), there=there, offsets=offsets)


def _joined(parts: Iterable[Part]) -> Part:
    every = list(parts)
    first = every[0]
    if first.values is None:
        return first
    values = np.concatenate([p.values for p in every if p.values is not None])
    there = None if first.there is None else np.concatenate([_there(p) for p in every])
    if first.offsets is None:
        return replace(first, values=values, there=there)
    counts = np.concatenate([np.diff(p.offsets) for p in every if p.offsets is not None])
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return replace(first, values=values, there=there, offsets=offsets)


def _there(part: Part) -> Numbers:
    assert part.there is not None, part.name
    return part.there
