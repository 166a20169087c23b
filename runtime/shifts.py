"""What is odd about systematics after a run: nothing changed, one side only, less than chance.

Or weights are missing, zero, of the other sign, or more than ten times the nominal ones. The error
of a shift knows that nominal and varied yields are of the same events, see
``compiler/lower/shifts.py``. A variation of weights alone is as uncertain as the yield is: its
relative error is that of the yield. How many events a tree of its own shares with the nominal one
nobody has said: of it no error is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from adl.runtime.derived import Item, identity, sums
from adl.runtime.results import (
    NOMINAL,
    Cutflow,
    Finding,
    Histogram,
    OddWeights,
    Results,
    Systematic,
)

_EVEN = 1.0 + 1e-9  # one event that moved is a shift as large as its error

_Place = tuple[str, str, str, str, str]  # process, dataset, era, region, histogram
_Items = Mapping[str, Mapping[_Place, Item]]  # by variation
Side = Literal["one-sided", "same-side"]


def with_findings(results: Results) -> Results:
    """Return the results with what is odd about each systematic."""
    items: dict[str, dict[_Place, Item]] = {}
    every: Sequence[Item] = (*results.cutflows, *results.histograms)
    for item in every:
        items.setdefault(item.variation, {})[_place(item)] = item
    examined = (replace(s, findings=tuple(_findings(s, items))) for s in results.systematics)
    return replace(results, systematics=tuple(examined))


def _place(item: Item) -> _Place:
    process = item.process
    return process.name, process.dataset, process.era, *identity(item)


def _odd_weights(place: _Place, own: Sequence[Mapping[_Place, Item]]) -> Iterator[Finding]:
    """Yield how many events have odd weights in a region, in all variations of a systematic."""
    found = (items.get(place) for items in own)
    every = (item.odd for item in found if isinstance(item, Cutflow) and item.odd is not None)
    odd = sum(every, OddWeights())
    if odd:
        counts = odd.zero, odd.flipped, odd.large
        yield Finding("odd-weights", place[0], place[3], "", None, None, None, *counts)


def _lacks_events(nominal: Cutflow, varied: Item) -> bool:
    """Whether events have no weight in a variation that have one without it."""
    assert isinstance(varied, Cutflow)
    pairs = zip(varied.steps, nominal.steps, strict=True)
    return any(own.skipped > before.skipped for own, before in pairs)


def _findings(systematic: Systematic, items: _Items) -> Iterator[Finding]:
    if systematic.kind == "rate":
        yield from _of_rate(systematic)
        return
    nominal = items.get(NOMINAL, {})
    up, down = (items.get(f"{systematic.name}{d}", {}) for d in ("Up", "Down"))
    up = up or items.get(systematic.name, {})  # a dataset without direction
    labels = (v.label for v in systematic.variations)
    both = f"{systematic.name}Up", f"{systematic.name}Down", systematic.name
    # What has but one direction, as a dataset can, says so by its name.
    has_both = bool(systematic.combine) or len({*_sides(systematic)} & {*both[:2]}) == 2
    own = [up, down, *(items.get(label, {}) for label in labels if label not in both)]
    if not any(_differ(nominal[p], item) for found in own for p, item in found.items()):
        yield Finding("unchanged")
        return
    for place, before in nominal.items():
        yield from _odd_weights(place, own)
        if isinstance(before, Cutflow) and any(
            _lacks_events(before, items[place]) for items in own if place in items
        ):
            yield Finding("incomplete", place[0], before.region)
        pair = up.get(place, before), down.get(place, before)
        if not any(_differ(before, item) for item in pair):
            if isinstance(before, Cutflow) and (place in up or place in down):
                yield from _of_yield(systematic, before, pair)  # no shift is within its error, too
            continue
        if isinstance(before, Histogram):
            side = _side_of_bins(before, pair)
            if side is not None and (side == "same-side" or has_both):
                yield Finding(side, place[0], before.region, before.name)
            if not systematic.combine and _is_chance(before, pair):
                yield Finding("insignificant", place[0], before.region, before.name)
        else:
            for finding in _of_yield(systematic, before, pair):
                if finding.kind != "one-sided" or has_both:
                    yield finding


def _of_rate(systematic: Systematic) -> Iterator[Finding]:
    """Yield what is odd about two factors: of everything, or of each process of a list."""
    pairs = [(one.process, one.region, one.up, one.down) for one in systematic.rates]
    if systematic.rate is not None:
        pairs = [("", "", *systematic.rate)]
    if all(up == down == 1.0 for _, _, up, down in pairs):
        yield Finding("unchanged")
        return
    for process, region, *factors in pairs:
        up, down = (factor - 1.0 for factor in factors)
        known = Finding("unchanged", process, region, up=up, down=down)
        if (up == 0.0) != (down == 0.0):
            yield replace(known, kind="one-sided")
        elif up * down > 0.0:
            yield replace(known, kind="same-side")


def _sides(systematic: Systematic) -> list[str]:
    """Return the labels of its variations, and of the mirror of one."""
    return [*(v.label for v in systematic.variations), systematic.mirror]


def _differ(nominal: Item, varied: Item) -> bool:
    return not np.array_equal(sums(nominal), sums(varied), equal_nan=True)


def _side_of_bins(nominal: Item, pair: tuple[Item, Item]) -> Side | None:
    up, down = (sums(item) - sums(nominal) for item in pair)
    if not up.any() or not down.any():
        return "one-sided"
    both = (up != 0) & (down != 0)
    same = np.count_nonzero(both & (np.sign(up) == np.sign(down)))
    return "same-side" if 2 * same > np.count_nonzero(both) else None


def _is_chance(nominal: Histogram, pair: tuple[Item, Item]) -> bool:
    """Whether no direction moves bins by more than their errors: χ² is at most their number.

    The errors are known of variations that move entries.
    """
    known = False
    for item in pair:
        change = sums(item) - sums(nominal)
        if not np.any(change):
            continue
        if not isinstance(item, Histogram) or item.moved is None:
            return False
        uncertain = item.moved > 0.0
        if np.any(change[~uncertain] != 0.0):
            return False
        pulls = change[uncertain] ** 2 / item.moved[uncertain]
        if pulls.sum() > np.count_nonzero(uncertain) * _EVEN:
            return False
        known = True
    return known


def _of_yield(
    systematic: Systematic, nominal: Cutflow, pair: tuple[Item, Item]
) -> Iterator[Finding]:
    """Yield what is odd about the number behind the last step."""
    value = nominal.steps[-1].sumw
    cutflows = [item for item in pair if isinstance(item, Cutflow)]
    if not value or not all(math.isfinite(c.steps[-1].sumw) for c in (nominal, *cutflows)):
        return
    up, down = (c.steps[-1].sumw / value - 1.0 for c in cutflows)
    errors = [] if systematic.kind == "tree" else [_error(systematic, nominal, c) for c in cutflows]
    error = max(errors, default=None)
    known = Finding("unchanged", nominal.process.name, nominal.region, "", up, down, error)
    if (up == 0.0) != (down == 0.0):
        yield replace(known, kind="one-sided")
    elif up * down > 0.0:
        yield replace(known, kind="same-side")
    pairs = zip((up, down), errors or (0.0, 0.0), strict=True)
    if all(abs(shift) <= own * _EVEN for shift, own in pairs) and not systematic.combine:
        yield replace(known, kind="insignificant")


def _error(systematic: Systematic, nominal: Cutflow, varied: Cutflow) -> float:
    """Return the error of a shift, relative to the nominal yield."""
    last, other = nominal.steps[-1], varied.steps[-1]
    if systematic.kind == "dataset":  # events of its own
        return math.sqrt(last.sumw2 + other.sumw2) / abs(last.sumw) if last is not other else 0.0
    if varied.moved is not None:
        return math.sqrt(varied.moved) / abs(last.sumw)
    shift = abs(varied.steps[-1].sumw / last.sumw - 1.0)
    return shift * math.sqrt(last.sumw2) / abs(last.sumw)
