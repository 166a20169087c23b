"""How fast the same data would decompress in zstd: tried on a sample of what was read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import uproot

_LEVEL = 5  # what ROOT calls zstd's usual


class Tried(NamedTuple):
    """Bytes a second, uncompressed, of one thread; and compressed over uncompressed bytes."""

    rate: float
    size: float


def zstd(samples: Sequence[bytes]) -> Tried | None:
    """Compress pieces with zstd and time how they decompress; None without any."""
    whole = sum(map(len, samples))
    if not whole:
        return None
    codec = uproot.ZSTD(_LEVEL)
    pieces = [(codec.compress(sample), len(sample)) for sample in samples]
    codec.decompress(*pieces[0])  # the first call loads the library
    begin = time.thread_time()  # others may use the CPU, too
    for piece, size in pieces:
        codec.decompress(piece, size)
    spent = time.thread_time() - begin
    return Tried(whole / max(spent, 1e-9), sum(len(piece) for piece, _ in pieces) / whole)
