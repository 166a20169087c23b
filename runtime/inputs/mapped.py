"""A local file in the process's memory, without uproot: a known file is read with no word from it.

Importing uproot, and awkward with it, takes longer than most of what a small run does.
"""

from __future__ import annotations

from collections.abc import Iterable
from queue import Queue
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


class Piece(NamedTuple):
    """Bytes [start, stop) of a file; what uproot's decompression asks of its own chunks."""

    source: Mapped
    start: int
    stop: int
    raw_data: Bytes

    def get(self, start: int, stop: int, cursor: Any, context: Any) -> Bytes:
        """Return some of the bytes.

        Raises:
            ValueError: They are not in this piece.
        """
        if not self.start <= start <= stop <= self.stop:
            raise ValueError(f"bytes {start} to {stop} are beyond {self.start} to {self.stop}")
        return self.raw_data[start - self.start : stop - self.start]


class Mapped:
    """A mapped file, for threads to share; as uproot's ``MemmapSource``.

    Raises:
        OSError: It cannot be mapped.
    """

    def __init__(self, path: str) -> None:
        self.file_path = path
        self.file = np.memmap(path, dtype=np.uint8, mode="r")
        self.num_bytes = len(self.file)
        self.num_requests = 0

    @property
    def closed(self) -> bool:
        """Whether it can be read no more."""
        return bool(self._map.closed)

    def chunk(self, start: int, stop: int) -> Piece:
        """Return some bytes; they are gone when the file is closed."""
        if self.closed:
            raise OSError(f"{self.file_path} is closed")
        self.num_requests += 1
        data = self.file[start:stop]
        return Piece(self, start, start + len(data), data)

    def chunks(self, ranges: Iterable[tuple[int, int]], notifications: Queue[Piece]) -> list[Piece]:
        """Return several pieces."""
        found = [self.chunk(*one) for one in ranges]
        for piece in found:
            notifications.put(piece)
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()

    @property
    def _map(self) -> Any:
        return self.file._mmap  # type: ignore[attr-defined]  # numpy's own name for the map
