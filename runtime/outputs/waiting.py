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
        self._file: IO[bytes] | None = None

    def add(self, thing: Any) -> None:
        """Take one more."""
        if self._file is None:
            # ``forget`` closes it: it lives as long as the file that is being read.
            self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        pickle.dump(thing, self._file, protocol=pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Any]:
        """Yield all that was taken."""
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
        if self._file is not None:
            self._file.close()
            self._file = None
