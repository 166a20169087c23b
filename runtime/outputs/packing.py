"""Compresses the baskets of a TTree in threads, before uproot writes them one after the other.

uproot asks its codec for each basket in turn. Ours has most of them ready: the content was made and
compressed ahead. What it finds nothing for, it compresses then, so only time depends on whether both
agree on a basket's content.
"""

from __future__ import annotations

import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import uproot
import zstandard

from adl.runtime.rows import Numbers, Offsets, Table

_LEVEL = 5  # of ROOT's zstd, as ROOT recommends for data of analyses
_own = threading.local()  # a compressor works for one thread at a time

# What stands before a basket's content, besides three texts: a key with places of 8 bytes, and what
# TBasket adds to it. Offsets are counted from its first byte.
_KEY = struct.calcsize(">ihiIhhqq") + struct.calcsize(">HIIII") + 1
_SHORT = 254  # bytes of a text whose length takes one byte; of a longer one it takes five


class Codec(uproot.ZSTD):  # type: ignore[misc]  # uproot has no types
    """zstd for uproot, which is asked for contents that were compressed ahead."""

    def __init__(self) -> None:
        super().__init__(_LEVEL)
        self.ready: dict[bytes, bytes] = {}
        self.late = 0  # contents that were not ready

    @property
    def code_pair(self) -> tuple[int, int]:
        """ROOT's numbers of the algorithm and the level; uproot knows no classes derived from its own."""
        return uproot.const.kZSTD, _LEVEL

    def compress(self, data: bytes) -> bytes:
        """Return a block compressed; uproot gives it its header."""
        found = self.ready.get(bytes(data))
        if found is None:
            self.late += 1
            found = _compressed(data)
        return found


class Packing:
    """Takes tables and gives them back in their order, their baskets compressed, or some.

    As many tables wait as there are threads. With one thread nothing is done ahead.
    """

    def __init__(self, threads: int) -> None:
        self.codec = Codec()
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._waiting: deque[tuple[Table, list[Future[tuple[bytes, bytes]]]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def add(self, table: Table, baskets: Iterable[Callable[[], bytes]]) -> Iterator[Table]:
        """Take a table, with what makes the content of each of its baskets."""
        if self._pool is None:
            yield table
            return
        self._waiting.append((table, [self._pool.submit(_packed, make) for make in baskets]))
        while len(self._waiting) > self.threads:
            yield self._next()

    def rest(self) -> Iterator[Table]:
        """Give back the tables that still wait."""
        while self._waiting:
            yield self._next()

    def _next(self) -> Table:
        table, baskets = self._waiting.popleft()
        self.codec.ready = dict(basket.result() for basket in baskets)
        return table


def of_numbers(values: Numbers) -> bytes:
    """Return the content of a basket of numbers."""
    return values.astype(values.dtype.newbyteorder(">"), copy=False).tobytes()


def of_lists(values: Numbers, offsets: Offsets, branch: str, tree: str) -> bytes:
    """Return the content of a basket of lists: their numbers, then where each list begins."""
    key = _KEY + sum(map(_text, ("TBasket", branch, tree)))
    places = (offsets * values.itemsize + key).astype(">i4")
    return of_numbers(values) + struct.pack(">i", len(places)) + places.tobytes()


def _text(text: str) -> int:
    length = len(text.encode(errors="surrogateescape"))
    return length + (1 if length <= _SHORT else 5)


def _packed(make: Callable[[], bytes]) -> tuple[bytes, bytes]:
    content = make()
    return content, _compressed(content)


def _compressed(content: bytes) -> bytes:
    tool: Any = getattr(_own, "zstd", None)
    if tool is None:
        # A level of ROOT's is two of the library's.
        tool = _own.zstd = zstandard.ZstdCompressor(level=2 * _LEVEL)
    packed: bytes = tool.compress(content)
    return packed
