"""What came of a run: the sums, and what became of each file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adl.compiler.layout import Fault, Partial
from adl.runtime.execute.kernel import Kernel
from adl.runtime.inputs.joined import Match


@dataclass
class Outcome:
    """What was counted, and what became of each file.

    ``kernel`` is that of the first file that has one; those of the other files have the same fills
    in the same places. Without any file to run on, it and ``partial`` are None.
    """

    kernel: Kernel | None = None
    partial: Partial | None = None
    events: int = 0
    bytes: int = 0  # of the arrays that were read
    reading: float = 0.0  # seconds, of all threads together
    computing: float = 0.0
    files: list[dict[str, Any]] = field(default_factory=list)  # "path", "events", "error"
    failures: list[tuple[str, Exception]] = field(default_factory=list)  # the errors, by path
    nans: Counter[tuple[str, str]] = field(default_factory=Counter)  # of each (path, branch)
    units: dict[tuple[str, str], str] = field(default_factory=dict)  # what is odd, by the same
    # How many numbers an event had at most, by path and a column of replicas.
    most: dict[tuple[str, str], int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()  # of the users' functions
    friends: dict[str, Match] = field(default_factory=dict)  # what each has of the events
    parts: tuple[Outcome, ...] = ()  # of the datasets of a list
    trees: dict[str, Outcome] = field(default_factory=dict)  # of variations in trees of their own

    @property
    def name(self) -> str:
        """What files are called that are one process: the first that could be used, if any."""
        files = [f for f in self.files if not f["error"]] or self.files
        return Path(files[0]["path"]).stem if files else ""
