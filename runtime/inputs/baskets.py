"""Baskets: the compressed pieces in which a file stores a branch, entries of it at a time.

Pieces of a branch do not end where pieces of another do, nor where a unit of work does. One that
reaches beyond a unit is kept for the next, else a large one would be decompressed once a unit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Queue
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from uproot.models.TBasket import Model_TBasket
from uproot.source.cursor import Cursor

from adl.runtime.inputs import reading

_KEPT = 2  # a branch: threads at work on neighbouring units need the same one or its neighbour


class Basket(NamedTuple):
    """The entries [start, stop) of a branch."""

    start: int
    stop: int
    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int32] | None  # of a list's entries in ``data``, if they are stored


@dataclass(frozen=True, eq=False)
class Baskets:
    """The baskets of a file's branches, for threads to share."""

    path: str
    branches: Mapping[str, Any]  # uproot's TBranch by name
    _starts: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    _kept: dict[str, dict[int, Future[Basket]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def first(self, name: str, entry: int) -> int:
        """Return the first entry of the basket that holds an entry."""
        starts = self._entry_offsets(name)
        return int(starts[np.searchsorted(starts, entry, "right") - 1])

    def request(self, names: Iterable[str], start: int, stop: int) -> dict[tuple[str, int], Any]:
        """Ask for the bytes of all baskets that hold entries [start, stop) at once.

        Worth its while where each request is a round trip: returns what ``get`` takes.
        """
        wanted, ranges = [], []
        for name in names:
            branch = self.branches[name]
            for number in self._numbers(name, start, stop):
                seek = branch.member("fBasketSeek")
                if number < len(seek) and seek[number] and number not in self._kept.get(name, ()):
                    wanted.append((name, number))
                    size = branch.basket_compressed_bytes(number)
                    ranges.append((int(seek[number]), int(seek[number]) + size))
        if not wanted:
            return {}
        source = next(iter(self.branches.values())).file.source
        return dict(zip(wanted, source.chunks(ranges, Queue()), strict=True))

    def get(
        self, name: str, start: int, stop: int, requested: Mapping[tuple[str, int], Any]
    ) -> Iterable[Basket]:
        """Decompress the baskets of a branch that hold entries [start, stop), one at a time."""
        starts = self._entry_offsets(name)
        for number in self._numbers(name, start, stop):
            chunk = requested.get((name, number))
            if start <= starts[number] and starts[number + 1] <= stop:
                yield self._read(name, number, chunk)
            else:
                yield self._shared(name, number, chunk)

    def _shared(self, name: str, number: int, chunk: Any) -> Basket:
        with self._lock:
            kept = self._kept.setdefault(name, {})
            future = kept.get(number)
            mine = future is None
            if future is None:
                future = kept[number] = Future()
                while len(kept) > _KEPT:
                    del kept[next(iter(kept))]
        if mine:
            try:
                future.set_result(self._read(name, number, chunk))
            except BaseException as error:
                future.set_exception(error)  # another thread may wait for it
                raise
        return future.result()

    def _read(self, name: str, number: int, chunk: Any) -> Basket:
        branch = self.branches[name]
        start, stop = map(int, self._entry_offsets(name)[number : number + 2])
        with reading(self.path, name, start, stop):
            if chunk is None:
                raw = branch.basket(number)
            else:
                cursor, context = Cursor(chunk.start), {"basket_num": number}
                raw = Model_TBasket.read(chunk, cursor, context, branch.file, branch.file, branch)
            if raw.num_entries != stop - start:
                raise ValueError(f"the basket has {raw.num_entries} entries")
        return Basket(start, stop, raw.data, raw.byte_offsets)

    def _numbers(self, name: str, start: int, stop: int) -> range:
        starts = self._entry_offsets(name)
        if stop > starts[-1]:
            raise ValueError(f"the branch ends after {starts[-1]} entries")
        if start >= stop:
            return range(0)
        first = np.searchsorted(starts, start, "right") - 1
        return range(int(first), int(np.searchsorted(starts, stop, "left")))

    def _entry_offsets(self, name: str) -> npt.NDArray[np.int64]:
        if name not in self._starts:
            self._starts[name] = np.asarray(self.branches[name].entry_offsets, np.int64)
        return self._starts[name]
