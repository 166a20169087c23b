"""Columns of a file and of its friends in one chunk: each friend is read where it has the events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Column
from adl.compiler.layout import Chunk
from adl.runtime.inputs import DataError, chunks
from adl.runtime.inputs.joined import Join, Joined, Rows
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Branch

_STEP = 65_536  # entries of a friend that are read at a time


def read(
    source: Input,
    columns: Sequence[Column],
    collections: Iterable[str],
    start: int,
    stop: int,
    counted_by: Mapping[str, str] | None = None,
) -> Chunk:
    """Return what ``chunks.read`` does, of a file with or without friends.

    The chunk of one with friends has the columns with which events are found, too.

    Raises:
        DataError: They cannot be read, or a friend has another number of elements than the file.
    """
    if not isinstance(source, Joined):
        return chunks.read(source, columns, collections, start, stop, counted_by)
    return _Reading(source, tuple(columns), tuple(collections), counted_by or {}).read(start, stop)


@dataclass(frozen=True)
class _Reading:
    source: Joined
    columns: tuple[Column, ...]
    collections: tuple[str, ...]
    counted_by: Mapping[str, str]
    _own: Mapping[str, Branch] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_own", self.source.own.branches())

    def read(self, start: int, stop: int) -> Chunk:
        """Read the file's own columns, then those of each friend for the same events."""
        owners = {name: join for join in self.source.joins for name in join.columns}
        computed = {join.matched for join in self.source.joins}
        own = [c for c in self.columns if c.name not in owners and c.name not in computed]
        known = {c.name for c in own}
        keys = {k.name: k for join in self.source.joins for k in join.keys if k.name not in known}
        counted = self.counted()
        main = chunks.read(
            self.source.own, [*own, *keys.values()], counted, start, stop, self.counted_by
        )
        arrays, offsets = dict(main.columns), dict(main.offsets)
        for join in self.source.joins:
            wanted = [c for c in self.columns if owners.get(c.name) is join]
            lists = self.lists(join, offsets, wanted)
            self.add(join, wanted, lists, arrays, offsets, start, stop)
        return Chunk(stop - start, arrays, offsets)

    def counted(self) -> list[str]:
        """Return the collections of which the file itself knows the lengths."""
        every = dict.fromkeys((*self.collections, *(c.collection for c in self.columns)))
        friends = {name for join in self.source.joins for name in join.columns}
        return [c for c in every if c is not None and self.counted_by.get(c, "") not in friends]

    def lists(
        self, join: Join, offsets: Mapping[str, Rows], wanted: Sequence[Column]
    ) -> dict[str, str]:
        """Return the counters of a friend's own collections of which only the lengths are needed."""
        covered = {*offsets, *(c.collection for c in wanted)}
        asked = {c: self.counted_by.get(c, "") for c in self.collections if c not in covered}
        return {c: name for c, name in asked.items() if name in join.columns}

    def add(
        self,
        join: Join,
        wanted: Sequence[Column],
        lists: Mapping[str, str],
        arrays: dict[str, npt.NDArray[Any]],
        offsets: dict[str, Rows],
        start: int,
        stop: int,
    ) -> None:
        """Add a friend's columns for the events that were read."""
        if join.rows is None:
            rows = np.arange(start, stop, dtype=np.int64)
        else:
            rows = join.rows([arrays[key.name] for key in join.keys])
        there = rows >= 0
        if join.matched:
            arrays[join.matched] = there
        names = dict.fromkeys((*(c.name for c in wanted), *lists.values()))
        found = _entries(join, names, rows[there])
        for column in wanted:
            values, lengths = found[column.name]
            if column.collection is None:
                arrays[column.name] = _spread(values, there)
                continue
            assert lengths is not None, column.name
            own = offsets.get(column.collection)
            if own is None:
                offsets[column.collection] = own = _cumulated(_spread(lengths, there))
            expected = np.diff(own)
            wrong = np.flatnonzero(expected[there] != lengths)
            if len(wrong):
                at = int(np.flatnonzero(there)[wrong[0]])
                self.differs(join, column, at + start, int(lengths[wrong[0]]), int(expected[at]))
            arrays[column.name] = _spread(values, np.repeat(there, expected))
        for collection, counter in lists.items():
            values, lengths = found[counter]
            numbers = values.astype(np.int64) if lengths is None else lengths
            if len(numbers) and numbers.min() < 0:
                raise DataError(join.name, f"{counter}: a negative number of elements")
            offsets[collection] = _cumulated(_spread(numbers, there))

    def differs(self, join: Join, column: Column, entry: int, found: int, expected: int) -> None:
        """Raise what is said where a list of a friend has another length."""
        raise DataError(
            self.source.path,
            f"{column.name} of the friend {join.name} has {found} elements where "
            f"{column.collection} has {expected}, first in entry {entry}",
            "make the friend from the same objects in the same order",
        )


def _entries(
    join: Join, names: Iterable[str], rows: Rows
) -> dict[str, tuple[npt.NDArray[Any], Rows | None]]:
    """Return the numbers of a friend's entries in the order of ``rows``; of lists their lengths."""
    every = list(names)
    order = np.argsort(rows, kind="stable")
    pieces: dict[str, list[tuple[npt.NDArray[Any], Rows | None]]] = {name: [] for name in every}
    for opened, local in _stretches(join, rows[order]) if every else ():
        wanted = [_own_column(join.columns[name]) for name in every]
        first, last = int(local[0]), int(local[-1]) + 1
        chunk = chunks.read(opened, wanted, (), first, last)
        for name, column in zip(every, wanted, strict=True):
            values = chunk.columns[column.name]
            offsets = None if column.collection is None else chunk.offsets[column.collection]
            pieces[name].append(_taken(values, offsets, local - first))
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    out: dict[str, tuple[npt.NDArray[Any], Rows | None]] = {}
    for name in every:
        dtype = np.dtype(join.columns[name].dtype)
        values = np.concatenate([np.empty(0, dtype), *(v for v, _ in pieces[name])])
        if join.columns[name].counter is None:
            out[name] = values[back], None
            continue
        lengths = np.concatenate([np.empty(0, np.int64), *(n for _, n in pieces[name])])
        out[name] = _taken(values, _cumulated(lengths), back)
    return out


def _own_column(own: Branch) -> Column:
    # Each list for itself: their lengths are compared with those of the file.
    return Column(own.name, own.dtype, None if own.counter is None else own.name, None)


def _stretches(join: Join, rows: Rows) -> Iterator[tuple[Input, Rows]]:
    """Yield a friend's files, each with ascending entries to be read of it at a time."""
    for part in join.parts:
        own = rows[np.searchsorted(rows, part.start) :]
        own = own[: np.searchsorted(own, part.start + part.entries)] - part.start
        if not len(own):
            continue
        with join.open(part.path) as opened:
            while len(own):
                number = np.searchsorted(own, own[0] + _STEP)
                yield opened, own[:number]
                own = own[number:]


def _taken(
    values: npt.NDArray[Any], offsets: Rows | None, entries: Rows
) -> tuple[npt.NDArray[Any], Rows | None]:
    """Return the numbers of some entries, and of lists their lengths."""
    if offsets is None:
        return values[entries], None
    lengths = np.diff(offsets)[entries]
    ends = np.cumsum(lengths)
    inside = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    return values[np.repeat(offsets[:-1][entries], lengths) + inside], lengths


def _spread(values: npt.NDArray[Any], there: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Return values where they belong, NaN, 0 or false elsewhere."""
    nothing = np.nan if values.dtype.kind == "f" else 0
    out = np.full(len(there), nothing, values.dtype)
    out[there] = values
    return out


def _cumulated(lengths: Rows) -> Rows:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
