"""What the interpreter counts and records: the cells of fills, the rows of records."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adl.compiler.ir import Fill, Record, conjuncts, extent
from adl.compiler.layout import Rows, variations
from adl.compiler.targets.cells import find_cell
from adl.compiler.targets.machine import STORED, Machine


class Counter:
    """What one fill has counted so far."""

    def __init__(self, fill: Fill, machine: Machine) -> None:
        self.fill = fill
        # A condition that no axis is in is tested once an event, before any loop.
        conditions = conjuncts(fill.mask)
        self.guards = [c for c in conditions if not c.free]
        tests = [c for c in conditions if c.free]
        self.inputs, self.tuples = machine.loops(fill.axes, tests, (*fill.values, fill.weight))
        self.values = machine.values
        self.entries = [machine.slots[value] for value in fill.values]
        self.weight = machine.slots[fill.weight]
        size = math.prod(map(extent, fill.bins))
        self.raw, self.sumw, self.sumw2 = [0] * size, [0.0] * size, [0.0] * size
        self.skipped = [0] * variations(fill)

    def count(self, event: int) -> None:
        """Fill with each tuple that passes, in an event that passes the guards."""
        for _ in self.tuples(event):
            self._fill()

    def _fill(self) -> None:
        entries = [self.values[slot] for slot in self.entries]
        own = int(entries[0]) if len(self.skipped) > 1 else 0  # the variation
        cell = find_cell(self.fill.bins, entries)
        if cell < 0:
            self.skipped[own] += 1
            return
        self.raw[cell] += 1
        if self.fill.weighted:
            weight = self.values[self.weight]
            if math.isfinite(weight):
                self.sumw[cell] += weight
                self.sumw2[cell] += weight * weight
            else:
                self.skipped[own] += 1


class Recorder:
    """The rows of one record so far."""

    def __init__(self, record: Record, machine: Machine) -> None:
        self.record = record
        conditions = conjuncts(record.mask)
        self.guards = [c for c in conditions if not c.free]
        tests = [c for c in conditions if c.free]
        self.inputs, self.tuples = machine.loops(record.axes, tests, record.values)
        self.values, self.slots = machine.values, [machine.slots[v] for v in record.values]
        self.events: list[int] = []
        self.columns: list[list[Any]] = [[] for _ in record.values]

    def count(self, event: int) -> None:
        """Append a row for each tuple that passes, in an event that passes the guards."""
        for _ in self.tuples(event):
            self.events.append(event)
            for column, slot in zip(self.columns, self.slots, strict=True):
                column.append(self.values[slot])

    def rows(self) -> Rows:
        """Return the rows as arrays."""
        kinds = (STORED[value.kind] for value in self.record.values)
        values = tuple(map(np.array, self.columns, kinds))
        return Rows(np.array(self.events, np.int64), values)


Output = Counter | Recorder
