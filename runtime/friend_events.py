"""Where in the files of a friend each event stands, by run, luminosity block and number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.runtime.inputs import InputError
from adl.runtime.inputs.joined import Part, Rows

NAMED = 3  # of several, in a message


@dataclass(frozen=True)
class Twice:
    """Events that a friend has twice."""

    names: tuple[str, ...]
    number: int
    entry: int  # of the first

    HELP = "which of them belongs to the event, nothing says: make the friend again, with each once"

    def message(self, friend: str) -> str:
        """Return what is wrong, with the first of them."""
        shown = ", ".join(self.names) + (" …" if self.number > len(self.names) else "")
        return f"the friend {friend} has {self.number:,} events more than once: {shown}"

    def where(self, parts: Sequence[Part]) -> str:
        """Return the file in which the first stands again."""
        return next(p.path for p in reversed(parts) if p.start <= self.entry)


@dataclass(frozen=True, eq=False)
class Events:
    """Where each event of a friend stands: exact, since its numbers are ranked, not hashed."""

    values: tuple[npt.NDArray[np.int64], ...]  # each of run, block, number that occurs, ascending
    keys: Rows  # ascending: the ranks as one number
    entries: Rows  # of each key

    @staticmethod
    def of(numbers: Sequence[npt.NDArray[np.int64]]) -> Events | Twice:
        """Return the index of events with these runs, blocks and numbers."""
        values = tuple(np.unique(n) for n in numbers)
        size = 1
        for known in values:
            size *= max(len(known), 1)
        if size >= 1 << 63:
            raise InputError("friends", "too many runs, blocks and events to be told apart")
        keys = np.zeros(len(numbers[0]), np.int64)
        for known, own in zip(values, numbers, strict=True):
            keys = keys * len(known) + np.searchsorted(known, own)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        twice = np.flatnonzero(keys[1:] == keys[:-1])
        if len(twice):
            names = [":".join(str(n[order[i]]) for n in numbers) for i in twice]
            first = tuple(dict.fromkeys(names))
            return Twice(first[:NAMED], len(first), int(order[twice[0] + 1]))
        return Events(values, keys, order.astype(np.int64))

    def find(self, numbers: Sequence[npt.NDArray[Any]]) -> Rows:
        """Return the entry of each event, -1 where there is none."""
        wanted = np.zeros(len(numbers[0]), np.int64)
        there = np.ones(len(wanted), np.bool_)
        for known, own in zip(self.values, numbers, strict=True):
            rank, found = _ranked(known, own.astype(np.int64))
            wanted = wanted * len(known) + rank
            there &= found
        at, found = _ranked(self.keys, wanted)
        if not len(self.keys):
            return np.full(len(wanted), -1, np.int64)
        return np.where(there & found, self.entries[at], -1)


def _ranked(known: Rows, values: Rows) -> tuple[Rows, npt.NDArray[np.bool_]]:
    """Return the places of values in an ascending array, and whether they are there."""
    if not len(known):
        return np.zeros(len(values), np.int64), np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return at, known[at] == values
