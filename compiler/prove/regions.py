"""Regions of programs as masks: whole regions and their bins."""

from __future__ import annotations

from dataclasses import dataclass

from adl.compiler.ir import Const, Node, both, call
from adl.compiler.program import Program, RegionOutput


@dataclass(frozen=True)
class Region:
    """A set of events: what passes all cuts of a region, or one of its bins.

    ``steps`` are the labels of its cuts, each with what passes up to it.
    """

    name: str
    mask: Node
    label: str = ""  # of a bin
    file: str = ""  # of the analysis, where there are several
    steps: tuple[tuple[str, Node], ...] = ()

    @property
    def own(self) -> str:
        """Its name in its analysis."""
        return f"{self.name}: {self.label}" if self.label else self.name

    def __str__(self) -> str:
        return f"{self.file}:{self.own}" if self.file else self.own


def regions_of(program: Program, bins: bool = False, file: str = "") -> list[Region]:
    """Return the regions of a program, with their bins after each if asked for."""
    found = []
    for region in program.regions:
        if region.steps:
            found.append(Region(region.name, mask_of(region), file=file, steps=_steps(region)))
            found += bins_of(region, file) if bins else []
    return found


def mask_of(region: RegionOutput) -> Node:
    """Return which events pass all cuts of a region."""
    return region.steps[-1].fill.mask


def bins_of(region: RegionOutput, file: str = "") -> list[Region]:
    """Return the bins of a region, each as a region of its own."""
    if region.bins is None:
        return []
    fill, found = region.bins.fill, []
    (number,) = fill.values
    for place, label in enumerate(region.bins.labels):
        mask = in_bin(fill.mask, number, place)
        steps = (*_steps(region), (f"bin {label}", mask))
        found.append(Region(region.name, mask, label, file, steps))
    return found


def in_bin(mask: Node, number: Node, place: int) -> Node:
    """Return which events of a region are in one bin, from the number that fills the bins."""
    return both(mask, call("eq", number, Const(place + 0.5)))  # as lowering numbers them


def _steps(region: RegionOutput) -> tuple[tuple[str, Node], ...]:
    return tuple((s.label, s.fill.mask) for s in region.steps if not s.weight)
