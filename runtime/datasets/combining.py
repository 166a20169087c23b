"""Adds what datasets counted up to processes, and the simulated processes to their total.

Steps are matched by their text: a step that `only` excludes in some datasets lets their events
pass, so there they count what the step before it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any, TypeVar

import boost_histogram as bh

from adl.runtime.datasets.lists import TOTAL
from adl.runtime.datasets.running import Counted, Ran
from adl.runtime.results import (
    NOMINAL,
    BinCount,
    Cutflow,
    Histogram,
    Process,
    Step,
    Systematic,
)

T = TypeVar("T", Step, BinCount)


@dataclass(frozen=True)
class Combined:
    """The cutflows and histograms of all processes, region by region, and of their total."""

    cutflows: tuple[Cutflow, ...]
    histograms: tuple[Histogram, ...]
    systematics: tuple[Systematic, ...]


Item = Cutflow | Histogram
Key = tuple[str, str]
# What a dataset or process counted: by variation, then by region and name of the histogram.
Counts = Mapping[str, Mapping[Key, Item]]


def combined(found: Sequence[Ran]) -> Combined:
    """Return what each process counted, in the order in which the list names them."""
    every = [(ran, c, _counts(ran, c)) for ran in found for c in ran.parts]
    keys = dict.fromkeys((c.part.process, ran.listed.variation) for ran, c, _ in every)
    processes: list[Counts] = []
    nominal: list[Counts] = []  # of simulation
    for process, variation in keys:
        # The labels of a process are those of its variations, too: one folder in results.root.
        label = _process(process, [r for r, c, _ in every if c.part.process == process])
        own = [
            counts
            for r, c, counts in every
            if (c.part.process, r.listed.variation) == (process, variation)
        ]
        processes.append(_sums(label, own))
        if label.is_data is False and not variation:
            nominal.append(processes[-1])
    if len(nominal) > 1:
        processes.append(_sums(Process(TOTAL, "", "", False), nominal))
    items = [item for counts in processes for by in counts.values() for item in by.values()]
    cutflows = [item for item in items if isinstance(item, Cutflow)]
    histograms = tuple(item for item in items if isinstance(item, Histogram))
    declared = {s.name: s for ran in found for c in ran.parts for s in c.systematics}
    return Combined(_by_region(cutflows), histograms, tuple(declared.values()))


def _counts(ran: Ran, counted: Counted) -> Counts:
    """Return what a part of a dataset counted, scaled; of one for a variation the nominal part."""
    out: dict[str, dict[Key, Item]] = {}
    scale = ran.scales[counted.part]
    items: list[Item] = [*scaled_cutflows(counted, scale), *scaled_plots(counted, scale)]
    for item in items:
        if ran.listed.variation and item.variation != NOMINAL:
            continue
        label = ran.listed.variation or item.variation
        out.setdefault(label, {})[_key(item)] = item
    return out


def _key(item: Item) -> Key:
    return item.region, item.name if isinstance(item, Histogram) else ""


def _sums(process: Process, found: Sequence[Counts]) -> Counts:
    """Return the sums over datasets; one that a variation does not change counts as nominal."""
    out: dict[str, dict[Key, Item]] = {}
    for label in dict.fromkeys(label for counts in found for label in counts):
        for key in dict.fromkeys(k for counts in found for k in counts.get(label, {})):
            row = [
                item
                for counts in found
                if (item := counts.get(label, {}).get(key) or counts.get(NOMINAL, {}).get(key))
            ]
            out.setdefault(label, {})[key] = _sum(process, label, row)
    return out


def _sum(process: Process, label: str, row: Sequence[Item]) -> Item:
    plots = [item for item in row if isinstance(item, Histogram)]
    if plots:
        return _histogram(process, label, plots)
    return _cutflow(process, label, [item for item in row if isinstance(item, Cutflow)])


def _process(name: str, ran: Iterable[Ran]) -> Process:
    """Return the labels of a process: those in which all its datasets agree."""
    listed = [r.listed for r in ran]
    datasets = {one.name for one in listed}
    eras = {one.era for one in listed}
    kind = listed[0].kind
    return Process(
        name,
        datasets.pop() if len(datasets) == 1 else "",
        eras.pop() if len(eras) == 1 else "",
        kind == "data" if kind else None,
    )


def _by_region(cutflows: Sequence[Cutflow]) -> tuple[Cutflow, ...]:
    order = {name: i for i, name in enumerate(dict.fromkeys(c.region for c in cutflows))}
    return tuple(sorted(cutflows, key=lambda c: order[c.region]))


# ------------------------------------------------------------------------------------ sums


def scaled_cutflows(counted: Counted, scale: float) -> Iterable[Cutflow]:
    """Yield the cutflows of a part with its weights scaled."""
    for c in counted.cutflows:
        steps = tuple(_times(step, scale) for step in c.steps)
        yield replace(c, steps=steps, bins=tuple(_times(bin, scale) for bin in c.bins))


def scaled_plots(counted: Counted, scale: float) -> Iterable[Histogram]:
    """Yield the histograms of a part with their weights scaled."""
    for h in counted.histograms:
        hist = h.hist.copy()
        view: Any = hist.view(flow=True)
        view.value *= scale
        view.variance *= scale * scale
        yield replace(h, hist=hist)


def _times(count: T, scale: float) -> T:
    return replace(count, sumw=count.sumw * scale, sumw2=count.sumw2 * scale * scale)


def _cutflow(process: Process, variation: str, found: Sequence[Cutflow]) -> Cutflow:
    first = found[0]
    keys = _order([_keys(c.steps) for c in found])
    columns = [_filled(c.steps, keys) for c in found]
    steps = tuple(_added_step(row) for row in zip(*columns, strict=True))
    bins = tuple(_added(row) for row in zip(*(c.bins for c in found), strict=True))
    return Cutflow(process, variation, first.region, steps, bins, first.title)


Place = tuple[str, int]


def _keys(steps: Sequence[Step]) -> list[Place]:
    """Return a step's text and how many of the same came before."""
    labels = [step.label for step in steps]
    return [(label, labels[:i].count(label)) for i, label in enumerate(labels)]


def _order(found: Sequence[list[Place]]) -> list[Place]:
    """Return all steps once, each behind those that stand before it."""
    order = list(found[0])
    for keys in found[1:]:
        place = 0
        for key in keys:
            if key in order:
                place = order.index(key) + 1
            else:
                order.insert(place, key)
                place += 1
    return order


def _filled(steps: Sequence[Step], keys: Sequence[Place]) -> list[Step]:
    """Return a step for each key; where there is none, the events pass."""
    own = dict(zip(_keys(steps), steps, strict=True))
    out: list[Step] = []
    for key in keys:
        if key in own:
            out.append(own[key])
        else:
            out.append(replace(out[-1], label=key[0], missing=0, skipped=0, published=()))
    weights = {key for key in keys if key in own and own[key].weight}
    return [replace(s, weight=k in weights) for k, s in zip(keys, out, strict=True)]


def _added(row: Sequence[T]) -> T:
    """Return the sum of counts of one step or bin."""
    return replace(
        row[0],
        raw=sum(c.raw for c in row),
        sumw=reduce(add, (c.sumw for c in row)),
        sumw2=reduce(add, (c.sumw2 for c in row)),
        published=next((c.published for c in row if c.published), ()),
    )


def _added_step(row: Sequence[Step]) -> Step:
    return replace(
        _added(row),
        missing=sum(s.missing for s in row),
        skipped=sum(s.skipped for s in row),
        weight=any(s.weight for s in row),
    )


def _histogram(process: Process, variation: str, found: Sequence[Histogram]) -> Histogram:
    first, *others = found
    hist: bh.Histogram[bh.storage.Weight] = first.hist.copy()
    view: Any = hist.view(flow=True)
    for other in others:
        cells: Any = other.hist.view(flow=True)
        view.value += cells.value
        view.variance += cells.variance
    skipped = sum(h.skipped for h in found)
    return replace(first, process=process, variation=variation, hist=hist, skipped=skipped)
