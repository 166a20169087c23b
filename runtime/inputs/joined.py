"""A file with the columns of its friends: other trees or files that have the same events.

An event of the file is looked for in each friend. Where a friend does not have it, its numbers are
NaN, 0 or false, which the column ``matched`` keeps from counting: they are missing. Of the friends'
files those that have events of a unit are opened for it, so memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Column
from adl.compiler.layout import Chunk
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Branch

Rows = npt.NDArray[np.int64]
_NAMED = 3  # events of a kind that are named


class Part(NamedTuple):
    """A file of a friend; its first entry has the number ``start`` among those of all files."""

    path: str
    start: int
    entries: int


@dataclass(frozen=True, eq=False)
class Join:
    """A friend of a file.

    ``columns`` are its own, by the names that they have beside the file's. ``rows`` says which of
    its entries belongs to each event, -1 where none does, from the columns ``keys`` of the file; a
    friend without keys is joined by entry, and its entries are those of the file.
    """

    name: str
    parts: tuple[Part, ...]
    columns: Mapping[str, Branch]
    open: Callable[[str], Input]
    sizes: Mapping[str, float]  # bytes an entry
    held: Mapping[str, float]  # the same, compressed as they are
    keys: tuple[Column, ...] = ()
    rows: Callable[[Sequence[npt.NDArray[Any]]], Rows] | None = None

    @property
    def matched(self) -> str:
        """The name of the column that says which events it has; empty where it has all."""
        return f"matched in {self.name}" if self.keys else ""

    @property
    def branches(self) -> dict[str, Branch]:
        """What it offers, by the names beside the file's."""
        counters = {own.name: name for name, own in self.columns.items() if own.counter is None}
        out = {}
        for name, own in self.columns.items():
            counter = name if own.counter == own.name else counters.get(own.counter or "")
            out[name] = Branch(
                name,
                own.dtype,
                None if own.counter is None else counter or own.counter,
                matched=self.matched,
            )
        return out


class Match(NamedTuple):
    """How many events a friend has of those that were read, and the first that it has not."""

    events: int = 0
    found: int = 0
    missing: tuple[str, ...] = ()  # RUN:BLOCK:EVENT

    def __add__(self, other: object) -> Match:
        assert isinstance(other, Match)
        missing = (*self.missing, *other.missing)[:_NAMED]
        return Match(self.events + other.events, self.found + other.found, missing)


@dataclass(frozen=True, eq=False)
class Joined(Input):
    """An open file with its friends."""

    main: Input | None = None
    joins: tuple[Join, ...] = ()

    @staticmethod
    def of(main: Input, joins: Iterable[Join]) -> Joined:
        """Return a file with friends."""
        own = (main.path, main.tree, main.entries, main.uuid, main.source, main.compression)
        facts = (main.unread, main.stored, main.skimmed, main.most)
        return Joined(*own, *facts, main, tuple(joins))

    @property
    def own(self) -> Input:
        """The file without its friends."""
        assert self.main is not None
        return self.main

    @cached_property
    def _branches(self) -> Mapping[str, Branch]:
        friends = {name: b for join in self.joins for name, b in join.branches.items()}
        return {**self.own.branches(), **friends}

    def bytes(self, names: Iterable[str]) -> int:
        """Return the uncompressed size of branches, of friends about that of as many events."""
        sizes = {name: size for join in self.joins for name, size in join.sizes.items()}
        sizes |= {join.matched: 1.0 for join in self.joins}
        return self._total(names, self.own.bytes, sizes)

    def held(self, names: Iterable[str]) -> int:
        """Return how many bytes hold branches, of friends about those of as many events."""
        sizes = {name: size for join in self.joins for name, size in join.held.items()}
        sizes |= {join.matched: 0.0 for join in self.joins}
        return self._total(names, self.own.held, sizes)

    def _total(
        self,
        names: Iterable[str],
        own: Callable[[Iterable[str]], int],
        friends: Mapping[str, float],
    ) -> int:
        """Return the bytes of branches: those of friends by what one event takes."""
        every = list(names)
        theirs = sum(friends[name] for name in every if name in friends)
        return own(name for name in every if name not in friends) + int(theirs * self.entries)

    def matches(self, chunk: Chunk) -> dict[str, Match]:
        """Return of each friend which events of a chunk it has."""
        found = {}
        for join in self.joins:
            if not join.matched:
                found[join.name] = Match(chunk.events, chunk.events)
                continue
            there = chunk.columns[join.matched]
            first = np.flatnonzero(~there)[:_NAMED]
            keys = [chunk.columns[key.name] for key in join.keys]
            names = tuple(":".join(str(int(k[i])) for k in keys) for i in first)
            found[join.name] = Match(chunk.events, int(there.sum()), names)
        return found

    def filled(self, chunk: Chunk, columns: Iterable[Column]) -> dict[str, int]:
        """Return how many NaNs of a chunk's columns stand for events that a friend lacks."""
        matched = {name: join.matched for join in self.joins for name in join.columns}
        out = {}
        for column in columns:
            there = matched.get(column.name)
            if not there or column.kind != "real":
                continue
            lacking = ~chunk.columns[there]
            if column.collection is None:
                out[column.name] = int(lacking.sum())
            else:
                out[column.name] = int(np.diff(chunk.offsets[column.collection])[lacking].sum())
        return out
