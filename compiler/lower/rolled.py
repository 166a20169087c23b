"""Variations that were lowered one by one and came out alike, rolled up into groups.

Another category of a correction is found while lowering: each of these variations is a program of
its own. Where the categories have one binning the programs differ in numbers only, and one loop
counts them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adl.compiler.ir import Axis, Infer, Node, postorder
from adl.compiler.program import OutputT, RegionOutput, VariationOutput, map_region
from adl.compiler.variations import alike, for_each, group


def rolled(outputs: Sequence[VariationOutput]) -> tuple[VariationOutput, ...]:
    """Return the outputs, those of single variations that are alike as one group."""
    groups: list[list[VariationOutput]] = []
    for output in outputs:
        single = len(output.members) == 1
        own = next((g for g in groups if single and _together([g[0], output])), None)
        if own is None:
            groups.append([output])
        else:
            own.append(output)
    return tuple(_of_group(found) for found in groups)


def _of_group(found: Sequence[VariationOutput]) -> VariationOutput:
    if len(found) == 1:
        return found[0]
    together = _together(found)
    assert together is not None, "members of a group are alike"
    return together


def _together(outputs: Sequence[VariationOutput]) -> VariationOutput | None:
    """Return single variations as one group, or None if they are not alike."""
    first = outputs[0]
    if any(len(output.members) > 1 for output in outputs):
        return None
    axis = group(first.members[0].label, len(outputs))
    fills = [list(_fills(output.regions)) for output in outputs]
    if len({len(own) for own in fills}) > 1:
        return None
    found: list[Node] = []
    for same in zip(*fills, strict=True):
        one = alike(same, axis)
        if one is None or _asks_networks(one, axis):
            return None
        found.append(for_each(axis, one))
    every = iter(found)

    def change(output: OutputT) -> OutputT:
        return next(every)  # type: ignore[return-value]  # the same places in the same order

    members = tuple(member for output in outputs for member in output.members)
    touches = tuple(touched for output in outputs for touched in output.touches)
    return VariationOutput(members, tuple(map_region(r, change) for r in first.regions), touches)


def _fills(regions: Sequence[RegionOutput]) -> Iterator[Node]:
    """Yield the fills as ``map_region`` meets them."""
    found: list[Node] = []

    def note(output: OutputT) -> OutputT:
        found.append(output)
        return output

    for region in regions:
        map_region(region, note)
    yield from found


def _asks_networks(output: Node, axis: Axis) -> bool:
    """Whether a network would run for each variation: they run over the rows of a program."""
    return axis in output.free and any(isinstance(n, Infer) for n in postorder([output]))
