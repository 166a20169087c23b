"""Which cutflows and histograms a variation can change; all others are the nominal nodes.

Cutflows are called ``REGION``, histograms ``REGION/HISTO``. In a group with variations of several
weights a member changes less than the group: ``VariationOutput.touches`` says what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from adl.compiler.ir import Column, Lookup, Node, postorder
from adl.compiler.program import Program, RegionOutput, VariationOutput

Roots = dict[str, tuple[Node, ...]]


def outputs(region: RegionOutput) -> Roots:
    """Return the fills of a region's cutflow, which those of object blocks lack, and histograms."""
    found: Roots = {}
    if region.steps:
        own = [s.fill for s in region.steps]
        own += [s.missing for s in region.steps if s.missing is not None]
        found[region.name] = (*own, *(() if region.bins is None else (region.bins.fill,)))
    for histogram in region.histograms:
        name = f"{region.name}/{histogram.name}"
        found[name] = (*found.get(name, ()), *histogram.fills)
    return found


def changes(program: Program, varied: VariationOutput, place: int) -> tuple[str, ...]:
    """Return what the member at a place can change, in the order of the regions."""
    touched = varied.touches[place] if varied.touches else None
    return tuple(name for name in _differ(program, varied) if touched is None or name in touched)


def unchanged(program: Program, varied: VariationOutput, place: int) -> tuple[str, ...]:
    """Return what the member at a place leaves as it is."""
    changed = set(changes(program, varied, place))
    every = (name for region in program.regions for name in outputs(region))
    return tuple(name for name in every if name not in changed)


def nominal_only(program: Program) -> tuple[str, ...]:
    """Return the histograms that no variation changes, events of another tree or dataset neither."""
    every = ((region.name, h) for region in program.regions for h in region.histograms)
    return tuple(f"{region}/{h.name}" for region, h in every if h.nominal_only)


def _differ(program: Program, varied: VariationOutput) -> Iterator[str]:
    for before, after in zip(program.regions, varied.regions, strict=True):
        nominal = outputs(before)
        yield from (name for name, fills in outputs(after).items() if fills != nominal[name])


def leaves(roots: Iterable[Node]) -> frozenset[str]:
    """Return the names of the columns, marks of weights and tables that values are made of."""
    return frozenset(filter(None, map(_name, postorder(roots))))


def leaves_of_outputs(program: Program) -> Mapping[str, frozenset[str]]:
    """Return of each cutflow and histogram of a program the names that it is made of."""
    numbers: dict[str, int] = {}
    below: dict[Node, int] = {}  # the names as bits: sets of them would be long
    for node in program.nodes:
        bits = 0
        for child in node.children:
            bits |= below[child]
        name = _name(node)
        if name:
            bits |= 1 << numbers.setdefault(name, len(numbers))
        below[node] = bits
    found: dict[str, frozenset[str]] = {}
    for region in program.regions:
        for name, roots in outputs(region).items():
            bits = 0
            for root in roots:
                bits |= below[root]
            found[name] = frozenset(n for n, place in numbers.items() if bits >> place & 1)
    return found


def _name(node: Node) -> str:
    if isinstance(node, Column):
        return node.name
    return node.table.name if isinstance(node, Lookup) else ""
