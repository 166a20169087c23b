"""Pages: the compressed pieces in which an RNTuple stores a column of a cluster of entries.

Encodings as in ROOT's "RNTuple Binary Format Specification 1.0": integers and floats can be split
into their bytes (all first bytes, then all second bytes, …), signed ones in zigzag, and offsets as
differences within a page.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from adl.runtime.inputs.baskets import arrived, codec_of
from adl.runtime.inputs.blocks import decompress, forget
from adl.runtime.inputs.paths import is_url
from adl.runtime.inputs.shared import Shared
from adl.runtime.inputs.stored import Places
from adl.runtime.profile.meter import active, stage


class Encoding(NamedTuple):
    """How the elements of a page are written; bits are eight a byte, the lowest first."""

    dtype: str
    split: bool = False
    zigzag: bool = False
    delta: bool = False

    @property
    def memory(self) -> np.dtype[Any]:
        """The type of the elements in memory."""
        return np.dtype(self.dtype).newbyteorder("=")

    def size(self, elements: int) -> int:
        """Return the bytes of a page of so many elements, uncompressed."""
        return -(-elements // 8) if self.dtype == "?" else elements * np.dtype(self.dtype).itemsize


# By the number of the column's type. Others (variants, floats of other numbers of bits) are not read.
ENCODINGS = {
    0x00: Encoding("?"),
    0x02: Encoding("i1"),
    0x03: Encoding("i1"),
    0x04: Encoding("u1"),
    0x05: Encoding("<i2"),
    0x06: Encoding("<u2"),
    0x07: Encoding("<i4"),
    0x08: Encoding("<u4"),
    0x09: Encoding("<i8"),
    0x0A: Encoding("<u8"),
    0x0C: Encoding("<f4"),
    0x0D: Encoding("<f8"),
    0x0E: Encoding("<u4"),
    0x0F: Encoding("<u8"),
    0x11: Encoding("<i2", split=True, zigzag=True),
    0x12: Encoding("<u2", split=True),
    0x13: Encoding("<i4", split=True, zigzag=True),
    0x14: Encoding("<u4", split=True),
    0x15: Encoding("<i8", split=True, zigzag=True),
    0x16: Encoding("<u8", split=True),
    0x18: Encoding("<f4", split=True),
    0x19: Encoding("<f8", split=True),
    0x1A: Encoding("<u4", split=True, delta=True),
    0x1B: Encoding("<u8", split=True, delta=True),
}
_LITTLE = sys.byteorder == "little"
INDEX = (0x0E, 0x0F, 0x1A, 0x1B)  # where each list ends, counted from its cluster's first element


@dataclass(frozen=True, eq=False)
class Pages:
    """A column: a row of ``rows`` is a page, its cluster, elements, place and bytes in the file.

    Elements of a page without bytes are zero.
    """

    kind: int
    rows: Places

    def ranges(self, cluster: int, start: int, stop: int) -> list[tuple[int, int, int, int]]:
        """Return the pages with elements [start, stop) of a cluster: first element, then as rows."""
        found, first = [], 0
        for of, elements, place, size in self.rows.tolist():
            if of != cluster:
                continue
            if first < stop and start < first + elements:
                found.append((first, elements, place, size))
            first += elements
        if stop > first:
            raise ValueError(f"the column ends after {first} elements of its cluster")
        return found

    def bytes(self) -> int:
        """Return the uncompressed size."""
        return ENCODINGS[self.kind].size(int(self.rows[:, 1].sum()))

    def held(self) -> int:
        """Return the bytes in the file."""
        return int(self.rows[:, 3].sum())


def elements(
    source: Any, column: Pages, cluster: int, start: int, stop: int, shared: Shared[Any]
) -> npt.NDArray[Any]:
    """Return the elements [start, stop) of a cluster's column, in memory's byte order.

    Pages that reach beyond them are ``shared``: they are unpacked once for all that need some.
    """
    encoding = ENCODINGS[column.kind]
    out = np.empty(stop - start, encoding.memory)
    if start == stop:
        return out
    for first, number, place, size in column.ranges(cluster, start, stop):
        begin, end = max(start, first), min(stop, first + number)
        if not size:
            out[begin - start : end - start] = 0
            continue
        unpack = partial(_content, source, place, size, encoding.size(number))
        if begin == first and end == first + number:
            decode(unpack(), encoding, out[begin - start : end - start])
        else:
            whole = shared.get(column, place, partial(_decoded, unpack, number, encoding))
            out[begin - start : end - start] = whole[begin - first : end - first]
    return out


def _decoded(
    content: Callable[[], npt.NDArray[np.uint8]], number: int, encoding: Encoding
) -> npt.NDArray[Any]:
    out = np.empty(number, encoding.memory)
    decode(content(), encoding, out)
    return out


def decode(content: npt.NDArray[np.uint8], encoding: Encoding, out: npt.NDArray[Any]) -> None:
    """Put the elements of an uncompressed page, all of them, into ``out``."""
    number, size = len(out), out.itemsize
    if encoding.dtype == "?":
        out[:] = np.unpackbits(content, bitorder="little")[:number]
    elif encoding.split:
        # A copy of the transpose would take three times as long.
        lowest_first = out.view(np.uint8).reshape(number, size)[:, :: 1 if _LITTLE else -1]
        for byte in range(size):
            lowest_first[:, byte] = content[byte * number : (byte + 1) * number]
    else:
        out[:] = content.view(encoding.dtype)
    if encoding.zigzag:
        bits = out.view(out.dtype.str.replace("i", "u"))
        bits[:] = (bits >> 1) ^ -(bits & 1)
    if encoding.delta:
        np.cumsum(out, dtype=out.dtype, out=out)


def _content(source: Any, place: int, size: int, whole: int) -> npt.NDArray[np.uint8]:
    with stage("read"):
        chunk: Any = source.chunk(place, place + size)
        arrived(chunk)
    with stage("decompress"):
        content = _unpacked(chunk, place, size, whole)
    forget(source, place, place + size)
    meter = active()
    if meter is not None:
        codec = codec_of(bytes(chunk.raw_data[:2])) if size < whole else ""
        meter.took("", (size, whole), 0, codec, is_url(source.file_path), content)
    return content


def _unpacked(chunk: Any, place: int, size: int, whole: int) -> npt.NDArray[np.uint8]:
    if size < whole:
        return decompress(chunk, place, size, whole)
    raw = np.asarray(chunk.raw_data)
    if size != whole or len(raw) != whole:
        raise ValueError(f"a page has {len(raw)} of {whole} bytes")
    return raw
