"""How far a run is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """Work done, and how much there is; ``total`` is a guess until the last file is open."""

    events: int
    total: int
    exact: bool  # whether ``total`` is not a guess
    files: int  # finished
    seconds: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds if self.seconds else 0.0


@dataclass
class Reporter:
    """Passes on how far a run is, at most every ``interval`` seconds."""

    show: Callable[[Progress], None] | None
    interval: float = 0.1
    begin: float = field(default_factory=time.perf_counter)
    last: float = 0.0

    def report(
        self, events: int, total: int, exact: bool, files: int, *, end: bool = False
    ) -> None:
        """Pass it on if it is time, or the ``end``."""
        now = time.perf_counter()
        if self.show is not None and (end or now - self.last >= self.interval):
            self.last = now
            self.show(Progress(events, total, exact, files, now - self.begin))
