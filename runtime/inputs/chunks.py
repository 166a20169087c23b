"""Events of a file as contiguous arrays.

Arrays are put together from uproot's decompressed baskets. Its own ways cost more: ``arrays``
reads a basket again for each call that needs a part of it, and its lists are awkward arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Column
from adl.compiler.layout import Chunk
from adl.runtime.inputs import DataError, InputError, first_line
from adl.runtime.inputs.paths import is_url
from adl.runtime.inputs.trees import Form, Input, form

Numbers = npt.NDArray[Any]
Offsets = npt.NDArray[np.int64]

# Where a file keeps the number of elements of a collection: NanoAOD, Delphes, EDM4hep and vectors.
_COUNTERS = ("n{}", "{}_size", "{}")


def read(
    source: Input, columns: Sequence[Column], collections: Iterable[str], start: int, stop: int
) -> Chunk:
    """Return the entries [start, stop) of columns, and where the collections' elements begin.

    Raises:
        DataError: They cannot be read, or columns of one collection have different lengths.
    """
    counters = {c: _counter(source, c) for c in collections}
    for column in columns:
        if column.collection is not None:
            counters.pop(column.collection, None)
    reading = _Reading(source, start, stop, (*(c.name for c in columns), *counters.values()))
    arrays: dict[str, Numbers] = {}
    offsets: dict[str, Offsets] = {}
    for column in columns:
        values, own = reading.branch(column.name)
        assert values.dtype.name == column.dtype, (column.name, values.dtype, column.dtype)
        assert (own is None) == (column.collection is None), column.name
        arrays[column.name] = values
        if own is None or column.collection is None:
            continue
        if not np.array_equal(offsets.setdefault(column.collection, own), own):
            raise DataError(
                source.path,
                f"{column.name}: its lists differ in length from those of other branches of "
                f"{column.collection}, in entries {start} to {stop}",
            )
    for collection, name in counters.items():
        values, own = reading.branch(name)
        offsets[collection] = _cumulated(values) if own is None else own
    return Chunk(stop - start, arrays, offsets)


def _counter(source: Input, collection: str) -> str:
    names = [pattern.format(collection) for pattern in _COUNTERS]
    for name in names:
        if name in source.raw:
            return name
    raise InputError(source.path, f"no branch counts {collection}: neither {', '.join(names)}")


@dataclass(frozen=True)
class _Reading:
    """One pass over some branches of the entries [start, stop)."""

    source: Input
    start: int
    stop: int
    names: tuple[str, ...]

    def branch(self, name: str) -> tuple[Numbers, Offsets | None]:
        """Return the numbers of a branch and, of lists, where each begins."""
        try:
            return self._branch(name)
        except (InputError, MemoryError):
            raise
        except Exception as error:  # whatever uproot meets in bytes that are not as they should be
            raise DataError(
                self.source.path,
                f"{name}: entries {self.start} to {self.stop} cannot be read: {first_line(error)}",
            ) from error

    def _branch(self, name: str) -> tuple[Numbers, Offsets | None]:
        how = form(self.source.raw[name])
        assert how is not None, name
        if how.counter is None:
            return self._flat(name, how, self.start), None
        return self._lists(name, how, how.counter)

    def _flat(self, name: str, how: Form, start: int) -> Numbers:
        pieces = []
        for basket in self._baskets(name, start):
            values = basket.data.view(how.stored)
            if len(values) != basket.stop - basket.start:
                raise ValueError(f"{len(values)} numbers in {basket.stop - basket.start} entries")
            pieces.append(values[max(start - basket.start, 0) : self.stop - basket.start])
        return _joined(pieces, how.dtype)

    def _lists(self, name: str, how: Form, counter: str) -> tuple[Numbers, Offsets]:
        pieces = []
        offsets = np.zeros(self.stop - self.start + 1, np.int64)
        filled = 0
        for basket in self._baskets(name, self.start):
            first, last = max(self.start - basket.start, 0), min(self.stop, basket.stop) - basket.start
            ends = basket.offsets
            if ends is None:
                ends = self._counted(counter, basket.start, basket.stop) * how.stored.itemsize
            ends = ends[first : last + 1]
            data = basket.data[ends[0] : ends[-1]]
            ends = ends - ends[0]
            if how.header:
                data, ends = _without_headers(data, ends, how.header)
            # Offsets of the file are not to be trusted: a kernel would follow them anywhere.
            if len(data) != ends[-1] or np.any(ends[1:] < ends[:-1]):
                raise ValueError("lists overlap or end beyond their basket")
            pieces.append(data.view(how.stored))
            lists = last - first
            np.floor_divide(ends[1:], how.stored.itemsize, out=offsets[filled + 1 : filled + lists + 1])
            offsets[filled + 1 : filled + lists + 1] += offsets[filled]
            filled += lists
        return _joined(pieces, how.dtype), offsets
