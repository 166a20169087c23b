"""What tells whether a shift is more than chance: how the events of a variation differ.

Nominal and varied yields are of the same events, so that their errors do not add up. The error of
their difference is that of the sum over events of w'm' - wm, with the masks m and m' as 0 and 1.
Only where a variation moves events is that summed: what changes weights alone has the same events.
"""

from __future__ import annotations

from dataclasses import replace

from adl.compiler.ir import Const, Fill, Node, call, either, fill, opened, postorder, raising
from adl.compiler.program import RegionOutput

_ZERO = Const(0.0)


def with_shifts(
    regions: tuple[RegionOutput, ...], nominal: tuple[RegionOutput, ...]
) -> tuple[RegionOutput, ...]:
    """Return the regions of a variation with what they sum up of its events."""
    return tuple(
        replace(after, shift=_shift(before.steps[-1].fill, after.steps[-1].fill))
        if after.steps
        else after
        for after, before in zip(regions, nominal, strict=True)
    )


def _shift(before: Fill, after: Fill) -> Fill | None:
    axes, (*values, mask, weight) = opened(after)
    if mask is before.mask:
        return None
    # In the other's events a weight may be asked for what it does not have.
    if raising(postorder((weight, before.weight))):
        return None
    change = call("sub", _where(mask, weight), _where(before.mask, before.weight))
    return fill(after.bins, axes, tuple(values), either(mask, before.mask), change)


def _where(mask: Node, weight: Node) -> Node:
    return call("where", mask, weight, _ZERO)
