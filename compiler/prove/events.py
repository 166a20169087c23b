"""Synthetic events as arrays of one shape, which can be changed all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.layout import Chunk

Array = npt.NDArray[Any]

MOST = 10  # elements of a collection in a synthetic event


@dataclass(frozen=True)
class Events:
    """Some events. ``scalars`` and ``lengths`` (of collections) have one number for each.

    ``elements`` have a row of ``MOST`` for each, of which the first ones count, as many as there
    are; ``of`` says whose they are.
    """

    size: int
    lengths: Mapping[str, Array]
    scalars: Mapping[str, Array]
    elements: Mapping[str, Array]
    of: Mapping[str, str]

    def take(self, which: Array) -> Events:
        """Return some of the events, in that order; they can be changed."""
        return Events(
            len(which),
            {name: a[which] for name, a in self.lengths.items()},
            {name: a[which] for name, a in self.scalars.items()},
            {name: a[which] for name, a in self.elements.items()},
            self.of,
        )

    def chunk(self, counters: Mapping[str, str]) -> Chunk:
        """Return the events as targets take them; ``counters`` are columns with lengths."""
        columns = dict(self.scalars)
        for name, collection in counters.items():
            if name in columns and collection in self.lengths:
                columns[name] = self.lengths[collection].astype(columns[name].dtype)
        offsets = {
            name: np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
            for name, lengths in self.lengths.items()
        }
        for name, values in self.elements.items():
            inside = np.arange(MOST) < self.lengths[self.of[name]][:, None]
            columns[name] = values[inside]
        return Chunk(self.size, columns, offsets)


def joined(several: Sequence[Events]) -> Events:
    """Return events one after the other."""
    first = several[0]
    return Events(
        sum(events.size for events in several),
        {n: np.concatenate([e.lengths[n] for e in several]) for n in first.lengths},
        {n: np.concatenate([e.scalars[n] for e in several]) for n in first.scalars},
        {n: np.concatenate([e.elements[n] for e in several]) for n in first.elements},
        first.of,
    )
