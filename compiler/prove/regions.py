"""Regions of programs as masks: whole regions, their bins, and the same under a variation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adl.compiler.ir import (
    Const,
    Node,
    both,
    call,
)
from adl.compiler.program import Program, RegionOutput


@dataclass(frozen=True)
class Region:
    """A set of events: what passes all cuts of a region, or one of its bins."""

    name: str
    mask: Node
    label: str = ""  # of a bin
    file: str = ""  # of the analysis, where there are several

    def __str__(self) -> str:
        own = f"{self.name}: {self.label}" if self.label else self.name
        return f"{self.file}:{own}" if self.file else own


def regions_of(program: Program, bins: bool = False, file: str = "") -> list[Region]:
    """Return the regions of a program, with their bins after each if asked for."""
    found = []
    for region in program.regions:
        if region.steps:
            found.append(Region(region.name, mask_of(region), file=file))
            found += _bins(region, file) if bins else []
    return found


def mask_of(region: RegionOutput) -> Node:
    """Return which events pass all cuts of a region."""
    return region.steps[-1].fill.mask


def _bins(region: RegionOutput, file: str) -> Iterator[Region]:
    if region.bins is None:
        return
    fill = region.bins.fill
    (number,) = fill.values
    for place, label in enumerate(region.bins.labels):
        inside = call("eq", number, Const(place + 0.5))  # as lowering numbers them
        yield Region(region.name, both(fill.mask, inside), label, file)
