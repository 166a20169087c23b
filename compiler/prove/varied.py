"""Regions under variations: what each variation of an analysis makes of their masks.

A variation that several analyses have by the same name may be one effect or not: no name says so.
It is asked of all of them at once, and of each alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adl.compiler.decisions import Entry
from adl.compiler.ir import (
    Axis,
    Choice,
    Column,
    Const,
    Fill,
    Index,
    Lookup,
    Node,
    Numbers,
    Source,
    Table,
    opened,
    rewrite,
    substitute,
)
from adl.compiler.program import Program, RegionOutput
from adl.compiler.prove.regions import Region, in_bin, regions_of
from adl.compiler.variations import group_of


@dataclass(frozen=True)
class Change:
    """A variation: the masks that it gives to regions, by their numbers; others are nominal."""

    label: str
    masks: Mapping[int, Node]
    alone: bool = False  # in one of several analyses that have it


def changes(programs: Sequence[tuple[str, Program]], regions: Sequence[Region]) -> list[Change]:
    """Return the variations of analyses, each with its name, and what they make of some regions.

    A variation of several analyses comes three times or more: in all of them, and in each alone.
    """
    places = {(region.file, region.own): i for i, region in enumerate(regions)}
    together: dict[str, dict[str, dict[int, Node]]] = {}
    for file, program in programs:
        for label, masks in varied(program):
            numbered = {places[file, r]: mask for r, mask in masks.items() if (file, r) in places}
            together.setdefault(label, {})[file] = numbered
    found = []
    for label, of_files in together.items():
        every = {i: mask for masks in of_files.values() for i, mask in masks.items()}
        found.append(Change(label, every))
        if len(of_files) > 1:
            found += [Change(f"{label} of {f} alone", m, True) for f, m in of_files.items()]
    return found


def varied(program: Program) -> Iterator[tuple[str, dict[str, Node]]]:
    """Yield each variation with the masks that it changes: of regions and bins, by their names."""
    nominal = {region.own: region.mask for region in regions_of(program, bins=True)}
    for output in program.variations:
        for number, member in enumerate(output.members):
            own = (item for region in output.regions for item in _masks(region, number))
            yield member.label, {name: mask for name, mask in own if mask is not nominal[name]}


def _masks(region: RegionOutput, number: int) -> Iterator[tuple[str, Node]]:
    """Yield the masks of a region and its bins for one variation of a group."""
    if not region.steps:
        return
    _, mask = _of_member(region.steps[-1].fill, number)
    yield region.name, mask
    if region.bins is not None:
        values, mask = _of_member(region.bins.fill, number)
        for place, label in enumerate(region.bins.labels):
            yield f"{region.name}: {label}", in_bin(mask, values[-1], place)


def _of_member(fill: Fill, number: int) -> tuple[Sequence[Node], Node]:
    """Return the values and the mask of a fill for one variation of a group."""
    axis = group_of(fill)
    if axis is None:
        return fill.values, fill.mask
    axes, children = opened(fill)
    own: Axis = axes[fill.axes.index(axis)]
    only: dict[Node, Node] = {Index(own): Const(number)}
    *values, mask, _ = (rewrite(substitute(child, only), _chosen) for child in children)
    return values, mask


def _chosen(node: Node) -> Node | None:
    """Return the option of a choice whose position is known."""
    match node:
        case Choice(Const(int(number)), options, arguments):
            match options[number]:
                case Source(name, dtype, collection):
                    return Column(name, dtype, collection, *arguments)
                case Table() as table:
                    return Lookup(table, arguments)
                case Numbers() as numbers:
                    return Entry(numbers, *arguments)
                case int() | float() as constant:
                    return Const(constant)
    return None
