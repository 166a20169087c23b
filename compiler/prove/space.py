"""Random events and mutations of events, with the columns that some conditions read.

What a model promises of its columns holds in every event.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from adl.compiler.ir import Column, Node, factors, postorder
from adl.compiler.prove.events import MOST, Array, Events
from adl.compiler.prove.normal import columns_of
from adl.compiler.prove.numbers import Generator, sample, thresholds
from adl.compiler.prove.promises import Promises
from adl.compiler.variations import is_group

_LENGTHS = np.array([0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8])
CHANGES = 3  # of an event at a time, at most


class Space:
    """What events have: columns, the numbers worth trying in each, and promises."""

    def __init__(self, conditions: Iterable[Node], promises: Promises) -> None:
        nodes = postorder(conditions)
        self.promises = promises
        columns = columns_of(nodes)
        self.scalars = [c for c in columns if c.collection is None]
        self.elements = {c: c.collection for c in columns if c.collection is not None}
        looped = {f for n in nodes for a in n.bound for s in a.source for f in factors(s)}
        found = {*looped, *self.elements.values()}
        self.collections = sorted(c for c in found if not is_group(c))
        self.worth = thresholds(nodes)

    def random(self, number: int, draw: Generator) -> Events:
        """Return random events."""
        events = Events(
            number,
            {c: self._lengths(c, number, draw) for c in self.collections},
            {c.name: self._numbers(c, (number,), draw) for c in self.scalars},
            {c.name: self._numbers(c, (number, MOST), draw) for c in self.elements},
            {c.name: of for c, of in self.elements.items()},
        )
        self.keep_promises(events)
        return events

    def _lengths(self, collection: str, number: int, draw: Generator) -> Array:
        if collection in self.promises.single:
            return np.ones(number, np.int64)
        return draw.choice(_LENGTHS, number)

    def _numbers(self, column: Column, shape: tuple[int, ...], draw: Generator) -> Array:
        return sample(column, self.worth.get(column.name, ()), shape, draw)

    def keep_promises(self, events: Events) -> None:
        """Change what a model rules out: the order of elements, and numbers out of their range."""
        for name, values in (*events.scalars.items(), *events.elements.items()):
            promised = self.promises.columns.get(name)
            if promised is not None and promised.spans:
                np.clip(values, promised.low, promised.high, out=values)
        for collection, by in self.promises.ordered.items():
            if by in events.elements:
                inside = np.arange(MOST) < events.lengths[collection][:, None]
                descending = np.where(inside, -events.elements[by], np.inf)
                order = np.argsort(descending, axis=1, kind="stable")
                for name, of in events.of.items():
                    if of == collection:
                        values = events.elements[name]
                        values[:] = np.take_along_axis(values, order, 1)

    # ------------------------------------------------------------------------- mutations

    def mutate(self, events: Events, others: Events, draw: Generator) -> None:
        """Change each event a little: its numbers, its elements, or parts of other events."""
        changes = draw.integers(1, CHANGES + 1, events.size)
        fresh = self.random(events.size, draw)
        for turn in range(CHANGES):
            fresh = fresh.take(draw.permutation(events.size)) if turn else fresh
            sort = np.where(changes > turn, draw.random(events.size), 1.0)
            self._change_scalar(events, fresh, sort < 0.2, draw)
            self._change_element(events, fresh, (sort >= 0.2) & (sort < 0.55), draw)
            self._copy_number(events, (sort >= 0.55) & (sort < 0.65), draw)
            self._change_length(events, (sort >= 0.65) & (sort < 0.8), draw)
            self._exchange(events, others, (sort >= 0.8) & (sort < 1.0), draw)
        self.keep_promises(events)

    def _change_scalar(self, events: Events, fresh: Events, where: Array, draw: Generator) -> None:
        """Give one column of the event another number, or move it a little."""
        if not self.scalars:
            return
        chosen = draw.integers(0, len(self.scalars), events.size)
        for number, column in enumerate(self.scalars):
            rows = np.flatnonzero(where & (chosen == number))
            old = events.scalars[column.name]
            old[rows] = _moved(old[rows], fresh.scalars[column.name][rows], draw)

    def _change_element(self, events: Events, fresh: Events, where: Array, draw: Generator) -> None:
        """Give an element another number, or make it another element."""
        if not self.elements:
            return
        owners = np.array([self.collections.index(of) for of in self.elements.values()])
        chosen = draw.integers(0, len(self.elements), events.size)
        whole = draw.random(events.size) < 0.25
        place = draw.integers(0, MOST, events.size)
        for number, (column, of) in enumerate(self.elements.items()):
            own = np.where(whole, owners[chosen] == owners[number], chosen == number)
            rows = np.flatnonzero(where & own)
            at = place[rows] % np.maximum(events.lengths[of][rows], 1)
            old = events.elements[column.name]
            old[rows, at] = _moved(old[rows, at], fresh.elements[column.name][rows, at], draw)

    def _copy_number(self, events: Events, where: Array, draw: Generator) -> None:
        """Give an element the number of another one, or of the event: nearly, or opposite."""
        if not self.elements:
            return
        chosen = draw.integers(0, len(self.elements), events.size)
        every = list(self.elements)
        for number, column in enumerate(every):
            rows = np.flatnonzero(where & (chosen == number))
            attribute = column.name.rpartition("_")[2].lower()
            alike = [c for c in every if c.name.rpartition("_")[2].lower() == attribute]
            scalars = [c for c in self.scalars if c.name.rpartition("_")[2].lower() == attribute]
            source = [*alike, *scalars][draw.integers(0, len(alike) + len(scalars))]
            if source in self.elements:
                given = events.elements[source.name][rows, draw.integers(0, MOST, len(rows))]
            else:
                given = events.scalars[source.name][rows]
            if attribute == "phi":
                given = given + draw.choice([0.0, 0.1, np.pi, np.pi - 0.2], len(rows))
                given = (given + np.pi) % (2 * np.pi) - np.pi
            at = draw.integers(0, MOST, len(rows)) % np.maximum(
                events.lengths[self.elements[column]][rows], 1
            )
            events.elements[column.name][rows, at] = given.astype(column.dtype)

    def _change_length(self, events: Events, where: Array, draw: Generator) -> None:
        """Add an element at the end, or drop one."""
        free = [c for c in self.collections if c not in self.promises.single]
        if not free:
            return
        chosen = draw.integers(0, len(free), events.size)
        for number, name in enumerate(free):
            rows = np.flatnonzero(where & (chosen == number))
            lengths = events.lengths[name]
            step = draw.choice([-1, 1], len(rows))
            dropped = draw.integers(0, MOST, len(rows)) % np.maximum(lengths[rows], 1)
            last = np.maximum(lengths[rows] - 1, 0)
            for column, of in self.elements.items():
                if of == name:  # what stands last takes the place of what is dropped
                    values = events.elements[column.name]
                    stays = values[rows, dropped]
                    values[rows, dropped] = np.where(step < 0, values[rows, last], stays)
            lengths[rows] = np.clip(lengths[rows] + step, 0, MOST)

    def _exchange(self, events: Events, others: Events, where: Array, draw: Generator) -> None:
        """Take a collection, or the columns of the event, from another event."""
        chosen = draw.integers(0, len(self.collections) + 1, events.size)
        donors = draw.integers(0, others.size, events.size)
        for number, name in enumerate(self.collections):
            rows = np.flatnonzero(where & (chosen == number))
            events.lengths[name][rows] = others.lengths[name][donors[rows]]
            for column, of in self.elements.items():
                if of == name:
                    given = others.elements[column.name]
                    events.elements[column.name][rows] = given[donors[rows]]
        rows = np.flatnonzero(where & (chosen == len(self.collections)))
        for column in self.scalars:
            events.scalars[column.name][rows] = others.scalars[column.name][donors[rows]]


def _moved(old: Array, new: Array, draw: Generator) -> Array:
    """Return new numbers; for some, real ones, the old ones moved a little."""
    if old.dtype.kind != "f":
        return new
    scaled = old * draw.choice([0.5, 0.8, 0.95, 1.05, 1.2, 2.0], old.shape)
    return np.where(draw.random(old.shape) < 0.4, scaled, new).astype(old.dtype)
