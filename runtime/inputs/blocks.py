"""Decompression of what ROOT wrote: blocks, each with nine bytes before it."""

from __future__ import annotations

import mmap
import threading
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

_HEADER = 9  # two letters and a version; then the sizes with and without compression, 3 bytes each
_ZSTD = b"ZS\x01"
_own = threading.local()  # a decompressor works for one thread at a time


def decompress(chunk: Any, place: int, size: int, whole: int) -> npt.NDArray[np.uint8]:
    """Return the ``whole`` bytes that the ``size`` bytes at ``place`` of a file hold.

    zstd goes at once to the library, since what uproot calls unpacks it as a stream: 690 beside
    515 MB/s on numbers of NanoAOD.

    Raises:
        ValueError: They are not so many, or no such blocks.
    """
    start = place - chunk.start
    data = np.asarray(chunk.raw_data)[start : start + size]
    if data[: len(_ZSTD)].tobytes() != _ZSTD:
        from uproot import compression  # here: importing it takes longer than a small run
        from uproot.source.cursor import Cursor

        unpacked = compression.decompress(chunk, Cursor(place), {}, size, whole)
        return np.asarray(unpacked.get(0, whole, Cursor(0), {}))
    parts, at = [], 0
    while at < len(data):
        header = data[at : at + _HEADER].tobytes()
        packed = int.from_bytes(header[3:6], "little")
        at += _HEADER + packed
        if header[: len(_ZSTD)] != _ZSTD or at > len(data):
            raise ValueError("a compressed block is damaged")
        parts.append(_unpacked(data[at - packed : at], int.from_bytes(header[6:], "little")))
    content = parts[0] if len(parts) == 1 else b"".join(parts)
    if len(content) != whole:
        raise ValueError(f"{len(content)} bytes were compressed where {whole} are expected")
    return np.frombuffer(content, np.uint8)


def forget(source: Any, start: int, stop: int) -> None:
    """Let go of bytes of a mapped file: what was read once would count as this process's memory."""
    mapped = getattr(source, "file", None)
    if not isinstance(mapped, np.memmap):
        return
    begin = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
    length = stop // mmap.PAGESIZE * mmap.PAGESIZE - begin
    if length > 0:
        mapped._mmap.madvise(mmap.MADV_DONTNEED, begin, length)  # type: ignore[attr-defined]  # numpy's own name for the map


def _unpacked(data: npt.NDArray[np.uint8], size: int) -> bytes:
    tool: Any = getattr(_own, "zstd", None)
    if tool is None:
        tool = _own.zstd = zstandard.ZstdDecompressor()
    try:
        content: bytes = tool.decompress(data, max_output_size=size)
    except zstandard.ZstdError as error:
        raise ValueError(f"a compressed block is damaged: {error}") from error
    return content
