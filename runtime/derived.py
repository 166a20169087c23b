"""What results make of variations: normalised to nominal, mirrored, combined to a band.

Everything is bin by bin and cut by cut, on sums over all events. Where a replica has left a
histogram as it is, it counts as the nominal one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from adl.runtime.results import BinCount, Cutflow, Histogram, OddWeights, Step

Item = Cutflow | Histogram
Numbers = npt.NDArray[np.float64]
Members = Mapping[str, Sequence[Item]]
_Key = tuple[str, str]

_DIRECTIONS = ("Up", "Down")


class Rules(Protocol):
    """What a systematic says of its variations."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def combine(self) -> str:
        """How replicas become a band; empty where each stands for itself."""

    @property
    def normalise(self) -> bool:
        """Whether variations keep the sum of weights before cuts."""

    @property
    def mirror(self) -> str:
        """The label of the variation that mirrors the other; empty for none."""


def derived(systematic: Rules, nominal: Sequence[Item], members: Members) -> list[Item]:
    """Return the cutflows and histograms of a systematic, from those of its variations."""
    if systematic.normalise:
        members = {
            label: scaled(items, normalising(items, nominal)) for label, items in members.items()
        }
    return combined(systematic, nominal, members)


def combined(systematic: Rules, nominal: Sequence[Item], members: Members) -> list[Item]:
    """Return what is made of variations that are normalised already, as far as they have to be."""
    of_nominal = {identity(item): item for item in nominal}
    if systematic.combine:
        return list(_bands(systematic, of_nominal, members))
    found = [item for items in members.values() for item in items]
    if systematic.mirror:
        found = [i for i in found if i.variation != systematic.mirror]
        found += [_mirrored(i, of_nominal[identity(i)], systematic.mirror) for i in found]
    return found


def identity(item: Item) -> _Key:
    """Return what tells apart the items of one variation."""
    return item.region, item.name if isinstance(item, Histogram) else ""


# ----------------------------------------------------------------------------------- sums


def _counts(cutflow: Cutflow) -> list[Step | BinCount]:
    return [*cutflow.steps, *cutflow.bins]


def sums(item: Item) -> Numbers:
    """Return all sums of weights of a histogram, or of the steps and bins of a cutflow."""
    if isinstance(item, Histogram):
        return item.values
    return np.array([count.sumw for count in _counts(item)])


def _squares(item: Item) -> Numbers:
    if isinstance(item, Histogram):
        return item.variances
    return np.array([count.sumw2 for count in _counts(item)])


def _with(item: Item, label: str, sums: Numbers, squares: Numbers) -> Item:
    """Return a histogram or cutflow with other sums."""
    if isinstance(item, Histogram):
        hist = item.hist.copy()
        view: Any = hist.view(flow=True)
        view.value, view.variance = sums, squares
        return replace(item, variation=label, hist=hist, moved=None)
    pairs = list(zip(sums.tolist(), squares.tolist(), strict=True))
    steps: tuple[Step, ...] = tuple(
        replace(step, sumw=w, sumw2=w2)
        for step, (w, w2) in zip(item.steps, pairs[: len(item.steps)], strict=True)
    )
    bins: tuple[BinCount, ...] = tuple(
        replace(count, sumw=w, sumw2=w2)
        for count, (w, w2) in zip(item.bins, pairs[len(item.steps) :], strict=True)
    )
    return replace(item, variation=label, steps=steps, bins=bins, moved=None)


# -------------------------------------------------------------------------------- normalise


def normalising(
    items: Sequence[Item], nominal: Sequence[Item], generated: bool = False
) -> dict[str, float]:
    """Return by which factors a variation keeps the sum of weights before cuts, by region.

    That of ``generated`` events has none of the analysis' own weights in it.
    """
    of_nominal = {identity(item): item for item in nominal}
    factors: dict[str, float] = {}
    for item in items:
        if isinstance(item, Cutflow):
            before, after = (_before_cuts(c, generated) for c in (of_nominal[identity(item)], item))
            factors[item.region] = before / after if after else 1.0
    return factors


def scaled(items: Sequence[Item], factors: Mapping[str, float]) -> list[Item]:
    """Return a variation with its sums scaled."""
    # An object block's histograms have no cutflow: they stand before all cuts of regions.
    anywhere = next(iter(factors.values()), 1.0)
    out = []
    for item in items:
        factor = factors.get(item.region, anywhere)
        out.append(
            _with(item, item.variation, sums(item) * factor, _squares(item) * factor * factor)
        )
    return out


def _before_cuts(item: Item, generated: bool) -> float:
    """Return the sum of weights after the weight statements that stand before the first cut."""
    assert isinstance(item, Cutflow)
    last = item.steps[0]
    for step in item.steps[1:]:
        if generated or not step.weight:
            break
        last = step
    return last.sumw


# ------------------------------------------------------------------------- mirror and combine


def _mirrored(item: Item, nominal: Item, label: str) -> Item:
    """Return what is as far from nominal on the other side; its errors are the variation's."""
    other = _with(item, label, 2.0 * sums(nominal) - sums(item), _squares(item))
    if isinstance(other, Cutflow) and isinstance(item, Cutflow):
        return replace(other, moved=item.moved, odd=None)
    return replace(other, moved=item.moved)  # type: ignore[arg-type]  # both are histograms


def _hessian(nominal: Numbers, members: Numbers) -> tuple[Numbers, Numbers]:
    """Return nominal ± the root of the sum of squares (PDF4LHC15, arXiv:1510.03865, eq. 20)."""
    width = np.sqrt(np.sum((members - nominal) ** 2, axis=0))
    return nominal + width, nominal - width


def _rms(nominal: Numbers, members: Numbers) -> tuple[Numbers, Numbers]:
    """Return nominal ± the standard deviation of the members around their mean (eq. 21)."""
    if len(members) == 1:
        return nominal, nominal
    width = np.std(members, axis=0, ddof=1)
    return nominal + width, nominal - width


def _envelope(nominal: Numbers, members: Numbers) -> tuple[Numbers, Numbers]:
    """Return the largest and the least of all, nominal included."""
    every = np.concatenate((nominal[np.newaxis], members))
    return every.max(axis=0), every.min(axis=0)


_COMBINE: dict[str, Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]] = {
    "hessian": _hessian,
    "rms": _rms,
    "envelope": _envelope,
}


def _bands(systematic: Rules, nominal: Mapping[_Key, Item], members: Members) -> Iterator[Item]:
    """Yield the upper and the lower edge of each band; their errors are the nominal ones."""
    by_key: list[dict[_Key, Item]] = [{identity(i): i for i in items} for items in members.values()]
    changed = [key for key in nominal if any(key in items for items in by_key)]
    for key in changed:
        middle = nominal[key]
        replicas = [items.get(key, middle) for items in by_key]
        skipped = max(replicas, key=_skipped)
        values = np.stack([sums(item) for item in replicas])
        edges = _COMBINE[systematic.combine](sums(middle), values)
        odd = [item.odd for item in replicas if isinstance(item, Cutflow) and item.odd]
        for direction, edge in zip(_DIRECTIONS, edges, strict=True):
            band = _with(skipped, f"{systematic.name}{direction}", edge, _squares(middle))
            if isinstance(band, Cutflow):  # the upper edge counts for all replicas
                count = sum(odd, OddWeights()) if direction == "Up" else None
                band = replace(band, odd=count)
            yield band


def _skipped(item: Item) -> int:
    return item.skipped if isinstance(item, Histogram) else max(s.skipped for s in item.steps)
