"""What loops run over, and what values are sorted into."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple


class Axis(NamedTuple):
    """A loop over the elements of an event: of one input collection, or of several in a row.

    ``Jet*Muon`` in the place of a collection is as long as there are pairs of their elements.
    """

    source: tuple[str, ...]
    slot: int


_TIMES = "*"


def product(axes: Iterable[Axis]) -> tuple[str, ...]:
    """Return the source of a loop that has a turn for each tuple of elements."""
    return tuple(map(times, itertools.product(*(axis.source for axis in axes))))


def times(names: Iterable[str]) -> str:
    """Return the source whose entries are the tuples of elements of collections."""
    return _TIMES.join(names)


def factors(source: str) -> tuple[str, ...]:
    """Return the collections of whose elements an entry of a source has the tuples."""
    return tuple(source.split(_TIMES))


class Uniform(NamedTuple):
    """``number`` bins of one width over [lower, upper)."""

    number: int
    lower: float
    upper: float


class Variable(NamedTuple):
    """Bins between ascending edges."""

    edges: tuple[float, ...]

    @property
    def number(self) -> int:
        """How many bins, without the flow bins."""
        return len(self.edges) - 1


class Positions(NamedTuple):
    """A bin for each position of an axis with so many elements, without flow bins."""

    number: int


Binning = Uniform | Variable | Positions


def extent(binning: Binning) -> int:
    """Return how many bins there are, flow bins included."""
    return binning.number + (0 if isinstance(binning, Positions) else 2)
