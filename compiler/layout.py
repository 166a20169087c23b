"""Where each fill's numbers lie in the flat output arrays, and the events that go in.

``Chunk`` and ``Partial`` are the interface of every target: a target turns one into the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from adl.compiler.decisions import Reasons
from adl.compiler.ir import Fill, Positions, extent, factors
from adl.compiler.program import Program

ALIGNED = 64  # bytes: a line of the processor's memory, and its widest vector


def aligned(size: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return zeros of 8 bytes that begin at a line of memory: what crosses one takes twice as long."""
    room = np.zeros(size + ALIGNED // 8, dtype)
    first = -room.ctypes.data % ALIGNED // room.itemsize
    return room[first : first + size]


class Place(NamedTuple):
    """A fill's own part of the outputs; ``sums`` is -1 where every weight is 1."""

    number: int  # in Program.fills
    skipped: int  # offset of its entries of ``skipped``: one, or one for each variation
    cells: int  # offset of its raw counts
    size: int  # cells, flow bins included; the first axis runs fastest
    sums: int  # offset of its sums of weights and of squared weights


@dataclass(frozen=True)
class Layout:
    """Places of all fills of a program."""

    places: Mapping[Fill, Place]
    cells: int
    sums: int
    skipped: int


def layout(program: Program) -> Layout:
    """Place the fills one after the other."""
    places, cells, sums, skipped = {}, 0, 0, 0
    for number, fill in enumerate(program.fills):
        size = prod(map(extent, fill.bins))
        if variations(fill) > 1:  # what one event adds for all of them are whole vectors of memory
            sums += -sums % (ALIGNED // 8)
        places[fill] = Place(number, skipped, cells, size, sums if fill.weighted else -1)
        cells += size
        sums += size if fill.weighted else 0
        skipped += variations(fill)
    return Layout(places, cells, sums, skipped)


def variations(fill: Fill) -> int:
    """Return for how many variations a fill counts: they are its first axis."""
    first = next(iter(fill.bins), None)
    return first.number if isinstance(first, Positions) else 1


@runtime_checkable
class Cut(Protocol):
    """Columns that know themselves how to give those of some events."""

    def part(
        self, start: int, stop: int, of_elements: Collection[str]
    ) -> Mapping[str, npt.NDArray[Any]]:
        """Return the columns of some of the events; those of elements stay whole."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive events: ``columns`` by branch name, ``offsets`` by collection.

    Element p of event e of a collection is entry ``offsets[e] + p`` of its columns, for e in
    [0, events). ``offsets`` (int64, events + 1 entries) need not begin at 0. ``path`` and ``entry``
    say of which file they are, and at which of its entries they begin, where that is known.
    """

    events: int
    columns: Mapping[str, npt.NDArray[Any]]
    offsets: Mapping[str, npt.NDArray[np.int64]]
    path: str = ""
    entry: int = 0

    def part(self, start: int, stop: int, of_elements: Collection[str]) -> Chunk:
        """Return some of the events: views; ``of_elements`` are columns, which stay whole."""
        if isinstance(self.columns, Cut):
            columns = self.columns.part(start, stop, of_elements)
        else:
            every = self.columns.items()
            columns = {n: v if n in of_elements else v[start:stop] for n, v in every}
        offsets = {c: own[start : stop + 1] for c, own in self.offsets.items()}
        return Chunk(stop - start, columns, offsets, self.path, self.entry + start)

    def sizes(self, source: str) -> npt.NDArray[np.int64]:
        """Return how many elements, or tuples of elements, each event has for an axis."""
        first, *more = factors(source)
        sizes: npt.NDArray[np.int64] = np.diff(self.offsets[first])
        for collection in more:
            sizes *= np.diff(self.offsets[collection])
        return sizes


class Rows(NamedTuple):
    """The rows of a record: the number of each one's event in the chunk, and its values."""

    events: npt.NDArray[np.int64]
    values: tuple[npt.NDArray[Any], ...]  # float64, int64 or bool


@dataclass(frozen=True)
class Fault:
    """An exception that a user's function has raised: where, how often, first in which event.

    A correction or table that has no value has no ``kind``, a correction no line either; ``number``
    counts events then.
    """

    function: str
    file: str
    line: int
    kind: str  # "ValueError"
    message: str
    number: int
    event: int  # the first, in the chunk, or with a path in that file
    events: int  # in which it has raised one
    path: str = ""


@dataclass
class Partial:
    """What a program counts over some events, and the rows of its records."""

    raw: npt.NDArray[np.int64]  # entries a cell
    sumw: npt.NDArray[np.float64]
    sumw2: npt.NDArray[np.float64]
    skipped: npt.NDArray[np.int64]  # a fill's entries with a value or weight that is no number
    rows: tuple[Rows, ...] = ()  # of Program.records, in their order
    faults: tuple[Fault, ...] = ()  # a function that has raised one gave NaN

    @staticmethod
    def zeros(layout: Layout) -> Partial:
        """Return the counts over no event."""
        return Partial(
            np.zeros(layout.cells, np.int64),
            aligned(layout.sums, np.float64),
            aligned(layout.sums, np.float64),
            np.zeros(layout.skipped, np.int64),
        )

    def add(self, other: Partial) -> None:
        """Add the counts of later events; the order of additions decides the last bits.

        Rows are not kept: they are taken from each block as it comes.
        """
        self.raw += other.raw
        self.sumw += other.sumw
        self.sumw2 += other.sumw2
        self.skipped += other.skipped
        self.faults = merged_faults((*self.faults, *other.faults))

    def locate_faults(self, path: str, entry: int) -> None:
        """Say in which file the events are that were counted, and at which entry they begin."""
        self.faults = tuple(replace(f, path=path, event=f.event + entry) for f in self.faults)


def rejections(reasons: Reasons, slots: Sequence[int]) -> Iterator[Fault]:
    """Yield where a correction had no value, of the three numbers that each reason has."""
    for place, text in enumerate(reasons.texts):
        number, event, _ = slots[3 * place : 3 * place + 3]
        if number:
            path, line = reasons.path, reasons.line
            yield Fault(reasons.name, path, line, "", text, number, event, number)


def merged_faults(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return one fault a line of Python, the first, with the number of all, by place in the text.

    The order in which one event has them is that of a target's code.
    """
    found: dict[tuple[str, int, str, str], Fault] = {}
    for fault in faults:
        key = fault.file, fault.line, fault.function, "" if fault.kind else fault.message
        first = found.get(key, replace(fault, number=0, events=0))
        number, events = first.number + fault.number, first.events + fault.events
        found[key] = replace(first, number=number, events=events)
    return tuple(found[key] for key in sorted(found))
