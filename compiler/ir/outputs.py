"""What a kernel is for: histograms and counters that are filled, rows that are recorded."""

from __future__ import annotations

from dataclasses import dataclass

from adl.compiler.ir.axes import Axis, Binning
from adl.compiler.ir.node import Node
from adl.compiler.ir.values import ONE


@dataclass(frozen=True, eq=False, slots=True)
class Fill(Node):
    """A histogram (or, with no bins, a counter) filled with ``values`` where ``mask`` holds."""

    bins: tuple[Binning, ...]
    axes: tuple[Axis, ...]
    values: tuple[Node, ...]
    mask: Node
    weight: Node

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes over whose elements it is filled."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """Values, mask and weight."""
        return *self.values, self.mask, self.weight

    @property
    def weighted(self) -> bool:
        """Whether the weight can differ from 1."""
        return self.weight is not ONE

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Fill other values under another mask."""
        *values, mask, weight = children
        return Fill(self.bins, axes or self.axes, tuple(values), mask, weight)

    def __post_init__(self) -> None:
        self._derive("fill")


@dataclass(frozen=True, eq=False, slots=True)
class Record(Node):
    """Rows of ``values``: of each event, or with axes of each tuple, for which ``mask`` holds.

    Rows stand in the order of events and positions, each with its event's number in the chunk.
    """

    axes: tuple[Axis, ...]
    values: tuple[Node, ...]
    mask: Node

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes of whose elements there are rows."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """Values and mask."""
        return *self.values, self.mask

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Record other values under another mask."""
        *values, mask = children
        return Record(axes or self.axes, tuple(values), mask)

    def __post_init__(self) -> None:
        self._derive("record")
