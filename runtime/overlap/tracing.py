"""Why events moved: the conditions of the region that lacks them, as bits; and their bins.

What is asked here is asked of events that moved alone. ``FLAGS`` are columns that no file has: of
each word of regions the events' bits of regions that have them where the counterpart lacks them, and
behind these words those of events in other bins. Regions that need the same values share a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Column, Const, Node, Record, call, conjuncts
from adl.compiler.layout import Rows
from adl.compiler.program import RegionOutput
from adl.runtime.overlap.deciding import BITS, company

FLAGS = "moved:"  # what the names of such columns begin with
# Of each step of a region the conditions that it needs: bits, ``BITS`` in a value of a row.
Steps = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Moving:
    """Events to ask: those of bit ``number``, by the steps of the region that lacks them."""

    key: str  # of the probe
    number: int
    lacks: RegionOutput


@dataclass(frozen=True)
class Traced:
    """What rows tell of the events of some bits.

    Values are bits of conditions, of which ``steps`` has those that each step of a probe's region
    needs; None says that they are the bins on both sides.
    """

    numbers: tuple[int, ...]
    steps: Mapping[str, Steps | None]

    @property
    def key(self) -> str:
        """The name by which rows of a program are known."""
        return f"moved:{','.join(self.steps)}"


def passed(steps: Steps, rows: Rows) -> npt.NDArray[np.int64]:
    """Return how many of some steps each row's event passes, one after the other."""
    found = np.zeros(len(rows.events), np.int64)
    for needs in steps:
        passes = np.ones(len(rows.events), bool)
        for bits, need in zip(rows.values, needs, strict=True):
            passes &= (bits & need) == need
        found += passes
    return found


def traced(every: Iterable[Moving]) -> Iterator[tuple[Traced, Record]]:
    """Yield rows that tell which step each moved event fails."""
    groups: dict[object, list[Moving]] = {}
    for moving in every:
        last = moving.lacks.steps[-1].fill
        groups.setdefault(company(moving.number, last.mask), []).append(moving)
    for group in groups.values():
        yield _row(group)


def _row(group: Sequence[Moving]) -> tuple[Traced, Record]:
    place: dict[Node, int] = {}
    for moving in group:
        for step in moving.lacks.steps:
            for condition in conjuncts(step.fill.mask):
                place.setdefault(condition, len(place))
    words: list[Node] = [Const(0) for _ in range(1 + (len(place) - 1) // BITS)]
    for condition, i in place.items():
        bit = call("where", condition, Const(1 << i % BITS), Const(0))
        words[i // BITS] = call("bitor", words[i // BITS], bit)
    steps = {
        moving.key: tuple(
            _needs((place[c] for c in conjuncts(step.fill.mask)), len(words))
            for step in moving.lacks.steps[1:]  # the first one is "all events"
        )
        for moving in group
    }
    numbers = tuple(moving.number for moving in group)
    return Traced(numbers, steps), Record((), tuple(words), flagged(numbers))


def _needs(places: Iterable[int], words: int) -> tuple[int, ...]:
    needs = [0] * words
    for place in places:
        needs[place // BITS] |= 1 << place % BITS
    return tuple(needs)


def rebinned(key: str, number: int, first: Node, second: Node) -> tuple[Traced, Record]:
    """Return rows with the bins of a probe's events on both sides: -1 is none."""
    return Traced((number,), {key: None}), Record((), (first, second), flagged((number,)))


def flagged(numbers: Sequence[int]) -> Node:
    """Return the condition that an event has one of some flags of one word."""
    word = Column(f"{FLAGS}{numbers[0] // BITS}", "int64")
    bits = sum(1 << number % BITS for number in numbers)
    return call("ne", call("bitand", word, Const(bits)), Const(0))
