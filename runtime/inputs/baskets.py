"""Baskets: the compressed pieces in which a file stores a branch, entries of it at a time.

Pieces of a branch do not end where pieces of another do, nor where a unit of work does. One that
reaches beyond a unit is kept for the next, else a large one would be decompressed once a unit.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from queue import Queue
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.runtime.inputs import reading
from adl.runtime.inputs.blocks import decompress, forget
from adl.runtime.inputs.paths import is_url
from adl.runtime.inputs.shared import Shared
from adl.runtime.inputs.stored import Basket, Stored
from adl.runtime.profile.meter import active, stage

# A basket begins with a TKey: its size in the file, version, size of the content uncompressed, date,
# size of the key, cycle; then names, and at the key's end what TBasket adds: version, size of its
# buffer, of its list of offsets, number of entries, where the numbers end counted from the key, and
# a flag.
_KEY = struct.Struct(">ihiIhh")
_OF_BASKET = struct.Struct(">HiiiiB")


@dataclass(frozen=True, eq=False)
class Baskets:
    """The baskets of a file's branches, for threads to share."""

    path: str
    source: Any  # uproot's Source: the bytes of the file
    branches: Mapping[str, Stored]
    _shared: Shared[Basket] = field(default_factory=Shared)

    def first(self, name: str, entry: int) -> int:
        """Return the first entry of the basket that holds an entry."""
        starts = self.branches[name].starts
        return int(starts[np.searchsorted(starts, entry, "right") - 1])

    def request(self, names: Iterable[str], start: int, stop: int) -> dict[tuple[str, int], Any]:
        """Ask for the bytes of all baskets that hold entries [start, stop) at once.

        Worth its while where each request is a round trip: returns what ``get`` takes.
        """
        wanted: dict[tuple[str, int], tuple[int, int]] = {}
        for name in names:
            branch = self.branches[name]
            for number in self._numbers(branch, start, stop):
                if number < len(branch.seeks) and not self._shared.has(name, number):
                    wanted[name, number] = _place(branch, number)
        if not wanted:
            return {}
        with stage("read"):
            return dict(
                zip(wanted, self.source.chunks(list(wanted.values()), Queue()), strict=True)
            )

    def get(
        self, name: str, start: int, stop: int, requested: Mapping[tuple[str, int], Any]
    ) -> Iterable[Basket]:
        """Decompress the baskets of a branch that hold entries [start, stop), one at a time."""
        branch = self.branches[name]
        for number in self._numbers(branch, start, stop):
            chunk = requested.get((name, number))
            if start <= branch.starts[number] and branch.starts[number + 1] <= stop:
                yield self._read(name, number, chunk)
            else:
                read = partial(self._read, name, number, chunk)
                yield self._shared.get(name, number, read, name)

    def _read(self, name: str, number: int, chunk: Any) -> Basket:
        branch = self.branches[name]
        start, stop = map(int, branch.starts[number : number + 2])
        with reading(self.path, name, start, stop):
            if number >= len(branch.seeks):
                found = branch.embedded[number - len(branch.seeks)]
                meter = active()
                if meter is not None:  # its bytes came with the tree, when the file was opened
                    size = found.data.nbytes + (
                        0 if found.offsets is None else found.offsets.nbytes
                    )
                    meter.took(name, (0, size), stop - start, "", False)
                return found
            with stage("read", name):
                if chunk is None:
                    chunk = self.source.chunk(*_place(branch, number))
                arrived(chunk)
            with stage("decompress", name):
                entries, data, offsets = _unpacked(chunk)
            self._count(name, chunk, entries, data)
            forget(self.source, chunk.start, chunk.stop)
            if entries != stop - start:
                raise ValueError(f"the basket has {entries} entries")
        return Basket(start, stop, data, offsets)

    def _count(self, name: str, chunk: Any, entries: int, data: npt.NDArray[np.uint8]) -> None:
        meter = active()
        if meter is None:
            return
        raw = chunk.raw_data
        whole, _, size, _, keylen, _ = _KEY.unpack(bytes(raw[: _KEY.size]))
        codec = "" if size == whole - keylen else codec_of(bytes(raw[keylen : keylen + 2]))
        sizes = whole, size + keylen
        meter.took(name, sizes, entries, codec, is_url(self.source.file_path), data)

    @staticmethod
    def _numbers(branch: Stored, start: int, stop: int) -> range:
        starts = branch.starts
        if stop > starts[-1]:
            raise ValueError(f"the branch ends after {starts[-1]} entries")
        if start >= stop:
            return range(0)
        first = np.searchsorted(starts, start, "right") - 1
        return range(int(first), int(np.searchsorted(starts, stop, "left")))


# The first bytes of a compressed block.
_CODECS = {b"ZL": "zlib", b"CS": "zlib", b"XZ": "LZMA", b"L4": "LZ4", b"ZS": "zstd"}


def codec_of(mark: bytes) -> str:
    """Return the name of the compression that the first two bytes of a block tell."""
    return _CODECS.get(mark, "unknown")


def arrived(chunk: Any) -> None:
    """While a run is measured, have the bytes in memory: else decompressing waits for the disk."""
    if active() is not None:
        np.asarray(chunk.raw_data)[:: mmap.PAGESIZE].max(initial=0)


def _place(branch: Stored, number: int) -> tuple[int, int]:
    start = int(branch.seeks[number])  # XRootD does not take numpy's
    return start, start + int(branch.sizes[number])


def _unpacked(chunk: Any) -> tuple[int, npt.NDArray[np.uint8], npt.NDArray[np.int32] | None]:
    """Return the number of entries of a basket, their bytes and, if stored, where each begins."""
    raw = chunk.raw_data
    whole, _, size, _, keylen, _ = _KEY.unpack(bytes(raw[: _KEY.size]))
    if not _KEY.size + _OF_BASKET.size <= keylen <= whole <= len(raw) or size < 0:
        raise ValueError("the basket's key makes no sense")
    _, _, _, entries, last, _ = _OF_BASKET.unpack(bytes(raw[keylen - _OF_BASKET.size : keylen]))
    if size == whole - keylen:
        # A copy: what is mapped goes when the file does.
        content = np.frombuffer(bytes(raw[keylen:whole]), np.uint8)
    else:
        content = decompress(chunk, chunk.start + keylen, whole - keylen, size)
    border = last - keylen
    if not 0 <= border <= size:
        raise ValueError("the basket's numbers end beyond it")
    if border == size:
        return entries, content, None
    # The number of offsets stands before them; the last is not of use.
    offsets = content[border:].view(">i4")[1:] - np.int32(keylen)
    offsets[-1] = border
    return entries, content[:border], offsets
