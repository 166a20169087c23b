"""A program: the regions' fills with their labels, and where each number lies in the output.

Labels live here and not in nodes, so equal cuts of two regions are one node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from adl.check.published import Published
from adl.compiler.ir import Column, Fill, Node, postorder


@dataclass(frozen=True)
class StepOutput:
    """One line of a cutflow: its counter, and the counter of events that a missing value decided."""

    label: str
    fill: Fill
    missing: Fill | None = None
    weight: bool = False
    published: tuple[Published, ...] = ()


@dataclass(frozen=True)
class HistogramOutput:
    """One histogram of a region: the sum of its fills, which have the same bins."""

    name: str
    title: str
    fills: tuple[Fill, ...]


@dataclass(frozen=True)
class BinsOutput:
    """The bins of a region, as the bins of one fill."""

    labels: tuple[str, ...]
    fill: Fill
    published: tuple[tuple[Published, ...], ...] = ()  # of each bin, where there are any


@dataclass(frozen=True)
class RegionOutput:
    """What a region counts."""

    name: str
    steps: tuple[StepOutput, ...]
    bins: BinsOutput | None = None
    histograms: tuple[HistogramOutput, ...] = ()
    title: str = ""

    @property
    def fills(self) -> tuple[Fill, ...]:
        """All its fills: steps, missing values, bins, histograms."""
        return (
            *(s.fill for s in self.steps),
            *(s.missing for s in self.steps if s.missing is not None),
            *(() if self.bins is None else (self.bins.fill,)),
            *(f for h in self.histograms for f in h.fills),
        )


@dataclass(frozen=True)
class Program:
    """Everything to compute, as pure nodes; ``origins`` says where a node was first written."""

    regions: tuple[RegionOutput, ...]
    origins: Mapping[Node, tuple[int, int]] = field(default_factory=dict)

    @cached_property
    def fills(self) -> tuple[Fill, ...]:
        """Each distinct fill once: counters first, then histograms, in the order of the regions."""
        every = (f for region in self.regions for f in region.fills)
        return tuple(sorted(dict.fromkeys(every), key=lambda fill: bool(fill.bins)))

    @cached_property
    def nodes(self) -> list[Node]:
        """Every node, inputs before users."""
        return postorder(self.fills)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """One column node for each branch that is read, by name."""
        found = {n.name: n for n in reversed(self.nodes) if isinstance(n, Column)}
        return tuple(found[name] for name in sorted(found))

    @cached_property
    def collections(self) -> tuple[str, ...]:
        """The collections that are looped over or indexed, by name."""
        looped = {c for n in self.nodes for axis in n.bound for c in axis.source}
        return tuple(sorted(looped | {c.collection for c in self.columns if c.collection}))

    def map(self, change: Callable[[Fill], Fill]) -> Program:
        """Return the program with every fill replaced by ``change(fill)``."""
        return Program(tuple(_map_region(r, change) for r in self.regions), self.origins)


def _map_region(region: RegionOutput, change: Callable[[Fill], Fill]) -> RegionOutput:
    return replace(
        region,
        steps=tuple(
            replace(
                s, fill=change(s.fill), missing=None if s.missing is None else change(s.missing)
            )
            for s in region.steps
        ),
        bins=None if region.bins is None else replace(region.bins, fill=change(region.bins.fill)),
        histograms=tuple(
            replace(h, fills=tuple(change(f) for f in h.fills)) for h in region.histograms
        ),
    )
