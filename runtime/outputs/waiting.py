"""What was kept of the file at work, in memory or on disk, until it is known to be good."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from typing import IO, Any

_IN_MEMORY = 64 << 20  # bytes


class Waiting:
    """Takes things in their order, and gives them back or forgets them."""

    def __init__(self) -> None:
        self._first: list[Any] = []  # as they are
        self._size = 0  # bytes of these
        self._file: IO[bytes] | None = None

    def add(self, thing: Any, size: int | None = None) -> None:
        """Take one more; of ``size`` bytes, if it holds on to no others."""
        if self._file is None and size is not None and self._size + size <= _IN_MEMORY:
            self._first.append(thing)
            self._size += size
            return
        if self._file is None:
            # ``forget`` closes it: it lives as long as the file that is being read.
            self._file = tempfile.SpooledTemporaryFile(max(1, _IN_MEMORY - self._size))  # noqa: SIM115
        pickle.dump(thing, self._file, protocol=pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Any]:
        """Yield all that was taken."""
        yield from self._first
        if self._file is None:
            return
        self._file.seek(0)
        while True:
            try:
                yield pickle.load(self._file)
            except EOFError:
                return

    def forget(self) -> None:
        """Let go of all that was taken."""
        self._first, self._size = [], 0
        if self._file is not None:
            self._file.close()
            self._file = None
