"""What tells whether a shift is more than chance, and which weights of a variation are odd.

Nominal and varied numbers are of the same events, so that their errors do not add up. The squared
error of a shift is the sum over events of (w'm' - wm)^2, with the masks m and m' as 0 and 1. In a bin
of a histogram that is Σw'^2 + Σw^2 - 2 Σww', the last sum over what is in this bin both times: what
has come into the bin says it where weights are the nominal ones, the products where they are not.
So is the error of a yield where a weight can raise an exception in events that it is not for.
Only where a variation moves events is that summed: what changes weights alone has the same events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce as fold

from adl.compiler.ir import (
    ONE,
    TRUE,
    Axis,
    Cell,
    Const,
    Element,
    Fill,
    Index,
    Node,
    Uniform,
    as_real,
    both,
    call,
    conjuncts,
    either,
    fill,
    invert,
    opened,
    postorder,
    raising,
    reduce,
    rename,
    store,
)
from adl.compiler.program import HistogramOutput, Moved, RegionOutput
from adl.compiler.variations import is_varied

_ZERO = Const(0.0)
ODD = ("zero", "flipped", "large")  # zero, of the other sign, or more than so often the nominal one
_LARGE = Const(10.0)


def with_shifts(
    regions: tuple[RegionOutput, ...], nominal: tuple[RegionOutput, ...]
) -> tuple[RegionOutput, ...]:
    """Return the regions of a variation with what they sum up of its events."""
    return tuple(
        _with_shifts(after, before) for after, before in zip(regions, nominal, strict=True)
    )


def _with_shifts(after: RegionOutput, before: RegionOutput) -> RegionOutput:
    pairs = zip(after.histograms, before.histograms, strict=True)
    after = replace(after, histograms=tuple(_moved(*pair) for pair in pairs))
    if not after.steps:
        return after
    last = before.steps[-1].fill, after.steps[-1].fill
    return replace(after, shift=_shift(*last), odd=_odd(*last))


def _shift(before: Fill, after: Fill) -> Moved | None:
    axes, (*values, mask, weight) = opened(after)
    if mask is before.mask:
        return None
    shared, own, old = _in_common(mask, before.mask)
    if weight is before.weight:  # what passes both times adds nothing
        one = both(shared, either(both(own, invert(old)), both(old, invert(own))))
        return Moved(fill(after.bins, axes, tuple(values), one, weight), False)
    # In the other's events a weight may be asked for what it does not have: in those of both alone
    # neither is. Where that cannot be, each event's change is exact, and a difference of sums is not.
    if raising(postorder((weight, before.weight))):
        products = call("mul", weight, before.weight)
        passing = both(shared, both(own, old))
        return Moved(fill(after.bins, axes, tuple(values), passing, products), True)
    change = call("sub", _where(mask, weight), _where(before.mask, before.weight))
    one = both(shared, either(own, old))
    return Moved(fill(after.bins, axes, tuple(values), one, change), False)


def _in_common(a: Node, b: Node) -> tuple[Node, Node, Node]:
    """Return what two masks both ask, and what each asks beside it.

    It is asked first, and once: what it rejects is not looked at, as in both masks.
    """
    first, second = conjuncts(a), conjuncts(b)
    common = [part for part in first if part in second]
    parts = common, *([x for x in own if x not in common] for own in (first, second))
    nothing: Node = TRUE
    shared, one, other = (fold(both, part, nothing) for part in parts)
    return shared, one, other


def _where(mask: Node, weight: Node) -> Node:
    return call("where", mask, weight, _ZERO)


# -------------------------------------------------------------------------------- histograms


def _moved(after: HistogramOutput, before: HistogramOutput) -> HistogramOutput:
    found = [_of_fill(*pair) for pair in zip(before.fills, after.fills, strict=True)]
    moved = tuple(m for m in found if m is not None)
    return replace(after, moved=moved) if len(moved) == len(found) else after


def _of_fill(before: Fill, after: Fill) -> Moved | None:
    """Return what sums up the entries that a bin has both times, or those that are new in it."""
    if after is before:
        return None
    axes, (*values, mask, weight) = opened(after)
    groups = [axis for axis in axes if is_varied(axis)]
    own = [axis for axis in axes if not is_varied(axis)]
    old_axes, (*old_values, old_mask, old_weight) = opened(before)
    if [a.source for a in own] != [a.source for a in old_axes]:
        return None
    same_place = dict(zip(old_axes, own, strict=True))
    old_mask, old_weight, *old_values = (
        rename(node, same_place) for node in (old_mask, old_weight, *old_values)
    )
    new_values = values[len(groups) :]
    if mask is old_mask and new_values == old_values:
        return None
    # Weights are asked for what they have: there both times the entry counts with each.
    if raising(postorder((*values, mask, *old_values, old_mask))):
        return None
    there = both(old_mask, _same_cell(before, old_values, new_values))
    if weight is old_weight:
        mask, product = both(mask, invert(there)), False
    else:
        mask, weight, product = both(mask, there), call("mul", weight, old_weight), True
    return Moved(fill(after.bins, axes, tuple(values), mask, weight), product)


def _same_cell(before: Fill, old: Sequence[Node], new: Sequence[Node]) -> Node:
    if list(old) == list(new) or not before.bins:
        return TRUE
    cells = (Cell(before.bins, tuple(map(as_real, values))) for values in (old, new))
    return call("eq", *cells)


# ------------------------------------------------------------------------------- odd weights


def _odd(before: Fill, after: Fill) -> Fill | None:
    """Return what counts the events with an odd weight, by ``ODD``, of those that pass both."""
    axes, (*values, mask, weight) = opened(after)
    if weight is before.weight or raising(postorder((weight, before.weight))):
        return None
    groups = tuple(axis for axis in axes if is_varied(axis))
    weight = _stored(weight, groups)
    nominal = before.weight
    is_zero = both(call("eq", weight, _ZERO), invert(call("eq", nominal, _ZERO)))
    flipped = call("lt", call("mul", weight, nominal), _ZERO)
    large = call("gt", call("abs", weight), call("mul", _LARGE, call("abs", nominal)))
    odd = either(either(is_zero, flipped), large)
    kind = call("where", is_zero, _ZERO, call("where", flipped, ONE, Const(2.0)))
    passing = both(before.mask, mask)
    if groups and not any(group in mask.free for group in groups):
        # Asked once an event, for all variations: it is rare.
        passing = both(passing, reduce("any", groups, odd, TRUE))
    bins = (*after.bins, Uniform(len(ODD), 0.0, float(len(ODD))))
    return fill(bins, axes, (*values, kind), both(passing, odd), ONE)


def _stored(weight: Node, groups: tuple[Axis, ...]) -> Node:
    """Return the weight of a group as its fills keep it."""
    if not groups or weight.free != set(groups):
        return weight
    return Element(store(groups, (weight,)), Index(groups[0]))
