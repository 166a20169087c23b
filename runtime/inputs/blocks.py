"""Decompression of what ROOT wrote: blocks, each with nine bytes before it."""

from __future__ import annotations

import lzma
import mmap
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

_HEADER = 9  # two letters and a version; then the sizes with and without compression, 3 bytes each
_CHECKSUM = 8  # of LZ4, before its data
_own = threading.local()  # a decompressor works for one thread at a time


def decompress(chunk: Any, place: int, size: int, whole: int) -> npt.NDArray[np.uint8]:
    """Return the ``whole`` bytes that the ``size`` bytes at ``place`` of a file hold.

    Most codecs go at once to their library: uproot takes longer to import than a small run, and
    unpacks zstd as a stream: 515 beside 690 MB/s on numbers of NanoAOD. For zlib, Python's own
    manages 165 MB/s where ISA-L has 340.

    Raises:
        ValueError: They are not so many, or no such blocks.
    """
    start = place - chunk.start
    data = np.asarray(chunk.raw_data)[start : start + size]
    if data[:3].tobytes() not in _CODECS:
        from uproot import compression
        from uproot.source.cursor import Cursor

        unpacked = compression.decompress(chunk, Cursor(place), {}, size, whole)
        return np.asarray(unpacked.get(0, whole, Cursor(0), {}))
    parts: list[bytes | npt.NDArray[np.uint8]] = []
    at = 0
    while at < len(data):
        header = data[at : at + _HEADER].tobytes()
        codec, packed = _CODECS.get(header[:3]), int.from_bytes(header[3:6], "little")
        at += _HEADER + packed
        if codec is None or at > len(data):
            raise ValueError("a compressed block is damaged")
        try:
            parts.append(codec(data[at - packed : at], int.from_bytes(header[6:], "little")))
        except (zstandard.ZstdError, lzma.LZMAError, ValueError) as error:
            raise ValueError(f"a compressed block is damaged: {error}") from error
    content = parts[0] if len(parts) == 1 else b"".join(bytes(p) for p in parts)
    if len(content) != whole:
        raise ValueError(f"{len(content)} bytes were compressed where {whole} are expected")
    return np.frombuffer(content, np.uint8)


def _zstd(data: npt.NDArray[np.uint8], size: int) -> bytes:
    tool: Any = getattr(_own, "zstd", None)
    if tool is None:
        tool = _own.zstd = zstandard.ZstdDecompressor()
    content: bytes = tool.decompress(data, max_output_size=size)
    return content


def _zlib(data: npt.NDArray[np.uint8], size: int) -> bytes:
    from isal import isal_zlib

    try:
        content: bytes = isal_zlib.decompress(data.data, bufsize=size)
    except isal_zlib.IsalError as error:  # type: ignore[misc]  # a class; its stub says an instance
        raise ValueError(str(error)) from error
    return content


def _lz4(data: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint8]:
    import cramjam
    import xxhash

    packed, content = data[_CHECKSUM:].data, np.empty(size, np.uint8)
    if xxhash.xxh64(packed).digest() != data[:_CHECKSUM].tobytes():
        raise ValueError("its checksum is another")
    try:
        found = cramjam.lz4.decompress_block_into(packed, content.data, output_len=size)
    except cramjam.DecompressionError as error:
        raise ValueError(str(error)) from error
    return content[:found]


def _lzma(data: npt.NDArray[np.uint8], size: int) -> bytes:
    return lzma.decompress(data.data, lzma.FORMAT_XZ)


# What a block begins with. The old deflate of ROOT (CS) is uproot's.
_CODECS: dict[bytes, Callable[[npt.NDArray[np.uint8], int], bytes | npt.NDArray[np.uint8]]] = {
    b"ZS\x01": _zstd,
    b"L4\x01": _lz4,
    b"ZL\x08": _zlib,
    b"XZ\x00": _lzma,
}


def forget(source: Any, start: int, stop: int) -> None:
    """Let go of bytes of a mapped file: what was read once would count as this process's memory."""
    mapped = getattr(source, "file", None)
    if not isinstance(mapped, np.memmap):
        return
    begin = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
    length = stop // mmap.PAGESIZE * mmap.PAGESIZE - begin
    if length > 0:
        mapped._mmap.madvise(mmap.MADV_DONTNEED, begin, length)  # type: ignore[attr-defined]  # numpy's own name for the map
