"""Pieces of a file that several units of work need: unpacked by one thread, kept for the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from adl.runtime.profile.meter import stage

_KEPT = 2  # a column: threads at work on neighbouring units need the same one or its neighbour

Piece = TypeVar("Piece")


@dataclass(frozen=True, eq=False)
class Shared(Generic[Piece]):
    """The last pieces of each column."""

    _kept: dict[Hashable, dict[Hashable, Future[Piece]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def has(self, column: Hashable, number: Hashable) -> bool:
        """Whether a piece is kept, or at work."""
        return number in self._kept.get(column, ())

    def get(
        self, column: Hashable, number: Hashable, make: Callable[[], Piece], branch: str = ""
    ) -> Piece:
        """Return a piece of a column, which ``make`` makes if it is not there.

        Waiting for another thread is counted to the ``branch``.
        """
        with self._lock:
            kept = self._kept.setdefault(column, {})
            future = kept.get(number)
            mine = future is None
            if future is None:
                future = kept[number] = Future()
                while len(kept) > _KEPT:
                    del kept[next(iter(kept))]
        if mine:
            try:
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)  # another thread may wait for it
                raise
        with stage("wait", branch):
            return future.result()
