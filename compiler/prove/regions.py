"""Regions of programs as masks: whole regions, their bins, and the same under a variation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adl.compiler.ir import (
    Axis,
    Choice,
    Column,
    Const,
    Fill,
    Index,
    Node,
    Source,
    both,
    call,
    opened,
    rewrite,
    substitute,
)
from adl.compiler.program import Program, RegionOutput, VariationOutput
from adl.compiler.variations import group_of


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

    def __str__(self) -> str:
        own = f"{self.name}: {self.label}" if self.label else self.name
        return f"{self.file}:{own}" if self.file else own


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
        inside = call("eq", number, Const(place + 0.5))  # as lowering numbers them
        mask = both(fill.mask, inside)
        steps = (*_steps(region), (f"bin {label}", mask))
        found.append(Region(region.name, mask, label, file, steps))
    return found


def _steps(region: RegionOutput) -> tuple[tuple[str, Node], ...]:
    return tuple((s.label, s.fill.mask) for s in region.steps if not s.weight)


def varied(program: Program) -> Iterator[tuple[str, dict[str, Node]]]:
    """Yield each variation with the masks of the regions, by name, that it changes."""
    nominal = {region.name: mask_of(region) for region in program.regions if region.steps}
    for output in program.variations:
        for number, member in enumerate(output.members):
            masks = {}
            for region in output.regions:
                if region.steps:
                    mask = _of_member(region.steps[-1].fill, number, output)
                    if mask is not nominal.get(region.name):
                        masks[region.name] = mask
            yield member.label, masks


def _of_member(fill: Fill, number: int, output: VariationOutput) -> Node:
    """Return the mask of a fill for one variation of a group."""
    axis = group_of(fill)
    if axis is None:
        return fill.mask
    axes, children = opened(fill)
    own: Axis = axes[fill.axes.index(axis)]
    mask = substitute(children[-2], {Index(own): Const(number)})
    return rewrite(mask, _chosen)


def _chosen(node: Node) -> Node | None:
    """Return the option of a choice whose position is known."""
    match node:
        case Choice(Const(int(number)), options) if isinstance(options[number], float):
            return Const(options[number])  # type: ignore[arg-type]  # a float
        case Choice(Const(int(number)), options):
            option = options[number]
            if isinstance(option, Source):
                return Column(option.name, option.dtype, option.collection, *node.arguments)
    return None
