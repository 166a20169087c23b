"""Events of a file as contiguous arrays.

They are put together from decompressed baskets, since uproot's ``arrays`` decompresses a basket for
each call that needs a part of it, and a counter for each basket of lists that lacks offsets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Column
from adl.compiler.layout import Chunk
from adl.runtime.inputs import DataError, InputError, reading
from adl.runtime.inputs.lists import Lists, decoded, joined, numbers, positions
from adl.runtime.inputs.ntuples import NTuple
from adl.runtime.inputs.paths import is_url
from adl.runtime.inputs.stored import Basket, Form, Part
from adl.runtime.inputs.trees import Input
from adl.runtime.profile.meter import active, stage

Numbers = npt.NDArray[Any]
Offsets = npt.NDArray[np.int64]

_BYTE = np.dtype("uint8")

# Where a file keeps the number of elements of a collection: NanoAOD, Delphes, EDM4hep and vectors,
# PHYSLITE (which has no counters, but a momentum of everything).
_COUNTERS = ("n{}", "{}_size", "{}", "{}AuxDyn.pt")


def read(
    source: Input,
    columns: Sequence[Column],
    collections: Iterable[str],
    start: int,
    stop: int,
    counted_by: Mapping[str, str] | None = None,
) -> Chunk:
    """Return the entries [start, stop) of columns, and where the collections' elements begin.

    ``counted_by`` says which column counts a collection's elements; otherwise usual names are tried.

    Raises:
        DataError: They cannot be read, or columns of one collection have different lengths.
    """
    with_columns = {column.collection for column in columns}
    known = counted_by or {}
    counters = {c: known.get(c) or counter(source, c) for c in collections if c not in with_columns}
    branches = _Branches(source, start, stop, (*(c.name for c in columns), *counters.values()))
    arrays: dict[str, Numbers] = {}
    offsets: dict[str, Offsets] = {}
    for column in columns:
        values, own = branches.read(column.name)
        assert values.dtype.name == column.dtype, (column.name, values.dtype, column.dtype)
        assert (own is None) == (column.collection is None), column.name
        arrays[column.name] = values
        if own is None or column.collection is None:
            continue
        first = offsets.setdefault(column.collection, own)
        if first is not own and not np.array_equal(first, own):
            raise DataError(
                source.path,
                f"{column.name}: its lists differ in length from those of other branches of "
                f"{column.collection}, in entries {start} to {stop}",
            )
    for collection, name in counters.items():
        values, own = branches.read(name)
        with reading(source.path, name, start, stop):
            offsets[collection] = _cumulated(values) if own is None else own
    return Chunk(stop - start, arrays, offsets)


def counter(source: Input, collection: str) -> str:
    """Return the branch with the number of a collection's elements, by the usual names.

    Raises:
        InputError: There is none.
    """
    names = [pattern.format(collection) for pattern in _COUNTERS]
    for name in names:
        if name in source.branches():  # and not just in the file, as an object that is no number
            return name
    raise InputError(source.path, f"no branch counts {collection}: neither {', '.join(names)}")


@dataclass(frozen=True)
class _Lists:
    """Where lists of a branch are: those of another with its counter mostly are in the same places."""

    baskets: tuple[Basket, ...]
    sizes: tuple[int, int, int]  # bytes of an item, a number, a header
    ranges: tuple[tuple[int, int], ...]  # bytes of each basket
    offsets: Offsets

    def fits(self, baskets: tuple[Basket, ...], sizes: tuple[int, int, int]) -> bool:
        """Whether baskets of another branch begin and end alike, and their lists, too."""
        if sizes != self.sizes or len(baskets) != len(self.baskets):
            return False
        return all(
            (a.start, a.stop) == (b.start, b.stop) and _equal(a.offsets, b.offsets)
            for a, b in zip(self.baskets, baskets, strict=True)
        )


def _equal(a: Numbers | None, b: Numbers | None) -> bool:
    """Whether both have no offsets, or equal ones."""
    return a is b if a is None or b is None else np.array_equal(a, b)


@dataclass(frozen=True)
class _Branches:
    """Some branches, to be read for the entries [start, stop)."""

    source: Input
    start: int
    stop: int
    names: tuple[str, ...]
    counts: dict[tuple[str, int], Offsets] = field(default_factory=dict)
    inner: dict[str, Lists] = field(default_factory=dict)
    lists: dict[str, _Lists] = field(default_factory=dict)  # by counter

    def read(self, name: str) -> tuple[Numbers, Offsets | None]:
        """Return the numbers of a branch and, of lists, where each begins."""
        with stage("interpret", name):
            return self._read(name)

    def _read(self, name: str) -> tuple[Numbers, Offsets | None]:
        if isinstance(self.source, NTuple):
            with reading(self.source.path, name, self.start, self.stop):
                numbers = self.source.numbers(name, self.start, self.stop)
            meter = active()
            if meter is not None:  # pages know elements, not events
                meter.rows(name, self.stop - self.start)
            return numbers
        how = self.source.stored[name].form
        if how.part is not None:
            return self._of_part(name, how, how.part)
        with reading(self.source.path, name, self.start, self.stop):
            if how.counter is None:
                return self._flat(name, how, self.start), None
            return self._lists(name, how, how.counter)

    def _of_part(self, name: str, how: Form, part: Part) -> tuple[Numbers, Offsets]:
        """Numbers of a column that is a part of a branch of lists in lists or of references."""
        with reading(self.source.path, name, self.start, self.stop):
            if part.prefix:
                found = self._inner(name, how, part)
                if part.what != "items":
                    values: Numbers = found.borders(part.what)
                    return values.astype(how.dtype), found.lists
                values, offsets = numbers(found.items, how), found.offsets()
            else:
                whole = how._replace(stored=_BYTE, dtype=_BYTE)
                items, offsets = self._lists(name, whole, how.counter or name, part.item)
                values = numbers(items.reshape(-1, part.item), how)
                offsets //= part.item
            if part.refers:
                known, borders = self._read(part.refers)
                assert borders is not None, part.refers
                values = positions(values, offsets, known, borders)
        return values.astype(how.dtype), offsets

    def _inner(self, name: str, how: Form, part: Part) -> Lists:
        """The lists in lists of a branch; its columns share them."""
        if part.of not in self.inner:
            pieces = []
            # By one of its columns' names, else each would keep baskets of its own.
            for basket in self._baskets(_borders(part), self.start):
                begin, end = max(self.start, basket.start), min(self.stop, basket.stop)
                with self._reading(name, basket):
                    if basket.offsets is None:
                        raise ValueError("the basket does not say where its entries begin")
                    ends = basket.offsets[begin - basket.start : end - basket.start + 1]
                    pieces.append(decoded(basket.data, ends, how.header, part))
            self.inner[part.of] = joined(pieces, part.item)
        return self.inner[part.of]

    def _flat(self, name: str, how: Form, start: int) -> Numbers:
        """Numbers of the entries [start, self.stop)."""
        pieces = []
        for basket in self._baskets(name, start):
            with self._reading(name, basket):
                values = basket.data.view(how.stored)
                if len(values) != basket.stop - basket.start:
                    raise ValueError(f"there are {len(values)} numbers")
            pieces.append(values[max(start - basket.start, 0) : self.stop - basket.start])
        return _joined(pieces, how.dtype)

    def _lists(self, name: str, how: Form, counter: str, item: int = 0) -> tuple[Numbers, Offsets]:
        item = item or how.stored.itemsize
        baskets = tuple(self._baskets(name, self.start))
        like = self.lists.get(counter)
        sizes = item, how.stored.itemsize, how.header
        if like is not None and like.fits(baskets, sizes):
            pieces = list(self._same_lists(name, how, baskets, like))
            return _joined(pieces, how.dtype), like.offsets
        pieces = []
        offsets = np.zeros(self.stop - self.start + 1, np.int64)
        ranges = []
        for basket in baskets:
            begin, end = max(self.start, basket.start), min(self.stop, basket.stop)
            ends: Numbers | None = basket.offsets
            if ends is None:
                ends = self._counted(name, counter, basket.start) * item
            with self._reading(name, basket):
                ends = ends[begin - basket.start : end - basket.start + 1]
                ranges.append((int(ends[0]), int(ends[-1])))
                data, ends = basket.data[ends[0] : ends[-1]], ends - ends[0]
                if how.header:
                    data, ends = _without_headers(data, ends, how.header)
                # Offsets in a file are not to be trusted: a kernel would follow them anywhere.
                if ends[-1] != len(data) or np.any(ends[1:] < ends[:-1]):
                    raise ValueError("lists overlap, or end beyond their basket")
                pieces.append(data.view(how.stored))
            filled = offsets[begin - self.start : end - self.start + 1]
            np.add(ends[1:] // how.stored.itemsize, filled[0], out=filled[1:])
        if not how.header:
            self.lists[counter] = _Lists(baskets, sizes, tuple(ranges), offsets)
        return _joined(pieces, how.dtype), offsets

    def _same_lists(
        self, name: str, how: Form, baskets: tuple[Basket, ...], like: _Lists
    ) -> Iterator[Numbers]:
        for basket, (begin, end) in zip(baskets, like.ranges, strict=True):
            with self._reading(name, basket):
                if end > len(basket.data):
                    raise ValueError("lists end beyond their basket")
                yield basket.data[begin:end].view(how.stored)

    def _counted(self, name: str, counter: str, entry: int) -> Offsets:
        """Offsets from an entry on of lists whose baskets leave their lengths to the counter."""
        first = self.source.baskets.first(name, self.start)
        if (counter, first) not in self.counts:
            how = self.source.stored[counter].form
            self.counts[counter, first] = _cumulated(self._flat(counter, how, first))
        offsets = self.counts[counter, first]
        counted: Offsets = offsets[entry - first :] - offsets[entry - first]
        return counted

    def _reading(self, name: str, basket: Basket) -> AbstractContextManager[None]:
        return reading(self.source.path, name, basket.start, basket.stop)

    def _baskets(self, name: str, start: int) -> Iterable[Basket]:
        return self.source.baskets.get(name, start, self.stop, self._requested)

    @cached_property
    def _requested(self) -> Mapping[tuple[str, int], Any]:
        if not is_url(self.source.path):
            return {}
        parts = {name: self.source.stored[name].form.part for name in self.names}
        names = {_borders(p) if p and p.prefix else n: None for n, p in parts.items()}
        names |= {p.refers: None for p in parts.values() if p and p.refers}
        return self.source.baskets.request(names, self.start, self.stop)


def _borders(part: Part) -> str:
    return f"{part.of}_begin"


def _joined(pieces: Sequence[Numbers], dtype: np.dtype[Any]) -> Numbers:
    """Join and convert in one copy."""
    joined = np.empty(sum(map(len, pieces)), dtype)
    filled = 0
    for piece in pieces:
        joined[filled : filled + len(piece)] = piece
        filled += len(piece)
    return joined


def _without_headers(data: Numbers, ends: Numbers, size: int) -> tuple[Numbers, Numbers]:
    """Drop the bytes that begin each list of a ``std::vector``."""
    kept = np.ones(len(data), np.bool_)
    for byte in range(size):
        kept[ends[:-1] + byte] = False
    return data[kept], ends - size * np.arange(len(ends))


def _cumulated(counts: Numbers) -> Offsets:
    if len(counts) and counts.min() < 0:
        raise ValueError("a negative number of elements")
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets
