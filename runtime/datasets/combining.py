"""Adds what datasets counted up to processes, and the simulated processes to their total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any, TypeVar

import boost_histogram as bh

from adl.compiler.changes import nominal_only
from adl.runtime.datasets.acting import Acting, merged, with_processes
from adl.runtime.datasets.keeping import is_replica
from adl.runtime.datasets.lists import TOTAL, named
from adl.runtime.datasets.running import Counted, Ran
from adl.runtime.datasets.steps import aligned
from adl.runtime.derived import Item, identity, normalising, scaled
from adl.runtime.derived import combined as banded
from adl.runtime.results import (
    NOMINAL,
    BinCount,
    Cutflow,
    Histogram,
    OddWeights,
    Process,
    Step,
    Systematic,
    Varied,
)
from adl.runtime.varied_trees import varied_items

T = TypeVar("T", Step, BinCount)


@dataclass(frozen=True)
class Combined:
    """The cutflows and histograms of all processes, region by region, and of their total."""

    cutflows: tuple[Cutflow, ...]
    histograms: tuple[Histogram, ...]
    systematics: tuple[Systematic, ...]


Key = tuple[str, str]
# What a dataset or process counted: by variation, then by region and name of the histogram.
Counts = Mapping[str, Mapping[Key, Item]]


def combined(found: Sequence[Ran]) -> Combined:
    """Return what each process counted, in the order in which the list names them."""
    every = _normalised([(ran, c, _counts(ran, c)) for ran in found for c in ran.parts])
    systematics = _systematics(every)
    processes: list[Counts] = []
    simulated: list[Counts] = []
    acting: dict[str, list[Acting]] = {}
    of_total: list[Acting] = []
    for process in dict.fromkeys(c.part.process for _, c, _ in every):
        own = [(ran, counts) for ran, c, counts in every if c.part.process == process]
        label = _process(process, [ran for ran, _ in own])
        processes.append(_process_sums(label, own))
        acting[process] = [_acting(*part) for part in every if part[1].part.process == process]
        if label.is_data is False and NOMINAL in processes[-1]:
            simulated.append(processes[-1])
            of_total += acting[process]
    if len(simulated) > 1:
        processes.append(_sums(Process(TOTAL, "", "", False), simulated))
        acting[TOTAL] = of_total
    systematics = tuple(with_processes(s, acting) for s in systematics)
    items = [item for counts in processes for item in _derived(counts, systematics)]
    cutflows = [item for item in items if isinstance(item, Cutflow)]
    histograms = tuple(item for item in items if isinstance(item, Histogram))
    return Combined(_by_region(cutflows), histograms, systematics)


def _counts(ran: Ran, counted: Counted) -> Counts:
    """Return what a part of a dataset counted, scaled; of one for a variation the nominal part."""
    scale = ran.scales[counted.part]
    own = {NOMINAL: counted.items[NOMINAL]}
    if ran.listed.variation:
        own = {ran.listed.variation: varied_items(counted.program, own[NOMINAL])}
    else:
        own |= {label: items for label, items in counted.items.items() if label != NOMINAL}
    return {
        label: {identity(item): _scaled(item, scale) for item in items}
        for label, items in own.items()
    }


def _process_sums(process: Process, found: Sequence[tuple[Ran, Counts]]) -> Counts:
    """Return the sums over a process's datasets; those for a variation stand for all of them."""
    out = dict(_sums(process, [counts for ran, counts in found if not ran.listed.variation]))
    for variation in dict.fromkeys(ran.listed.variation for ran, _ in found):
        if variation:
            own = [counts for ran, counts in found if ran.listed.variation == variation]
            out |= _sums(process, own)
    return out


def _sums(process: Process, found: Sequence[Counts]) -> Counts:
    """Return the sums over datasets; one that a variation does not change counts as nominal."""
    out: dict[str, dict[Key, Item]] = {}
    for label in dict.fromkeys(label for counts in found for label in counts):
        for place in dict.fromkeys(k for counts in found for k in counts.get(label, {})):
            row = [
                item
                for counts in found
                if (item := counts.get(label, {}).get(place) or counts.get(NOMINAL, {}).get(place))
            ]
            out.setdefault(label, {})[place] = _sum(process, label, row)
    return out


# ------------------------------------------------------------------------------ systematics

_Part = tuple[Ran, Counted, Counts]


def _systematics(every: Sequence[_Part]) -> tuple[Systematic, ...]:
    """Return the systematics of the analysis, then those for which datasets stand."""
    declared = merged(s for _, c, _ in every for s in c.systematics)
    same_of: dict[str, list[tuple[str, ...]]] = {}  # what the datasets of a variation leave alone
    for ran, counted, _ in every:
        if ran.listed.variation:
            same_of.setdefault(ran.listed.variation, []).append(nominal_only(counted.program))
    for label, (first, *others) in same_of.items():
        name, direction = named(label)
        known = declared.get(name, Systematic(name, "dataset"))
        same = tuple(n for n in first if all(n in other for other in others))
        declared[name] = replace(
            known, variations=(*known.variations, Varied(label, direction, same))
        )
    return tuple(declared.values())


def _acting(ran: Ran, counted: Counted, counts: Counts) -> Acting:
    return Acting(counted.systematics, counts.get(NOMINAL, {}), ran.listed.variation)


def _normalised(every: Sequence[_Part]) -> list[_Part]:
    """Scale variations that keep the sum of weights before cuts: that of a dataset, or of a stitch.

    A part of a dataset alone can have more events under a variation: another has fewer.
    """
    asked = {
        v.label
        for _, c, _ in every
        for systematic in c.systematics
        if systematic.normalise
        for v in systematic.variations
    }
    out = list(every)
    for label in asked:
        whole: dict[str, list[int]] = {}
        for number, (ran, _, counts) in enumerate(out):
            if label in counts and not ran.listed.variation:
                whole.setdefault(ran.whole, []).append(number)
        for numbers in whole.values():
            factors = _factors(label, [out[number] for number in numbers])
            for number in numbers:
                ran, c, counts = out[number]
                items = scaled(list(counts[label].values()), factors)
                out[number] = ran, c, {**counts, label: {identity(item): item for item in items}}
    return out


def _factors(label: str, whole: Sequence[_Part]) -> dict[str, float]:
    """Return by which factors a variation keeps the sum of weights, by region."""
    kept = whole[0][0].kept.get(label)
    if kept is not None:  # of all generated events: the same for every region
        return {"": kept}
    sums = _sums(Process("", ""), [counts for _, _, counts in whole])
    # What a list has no generator's weight of is normalised after the weights of the analysis.
    generated = all(r.normalised and is_replica(r, label) for r, _, _ in whole)
    return normalising(list(sums[label].values()), list(sums[NOMINAL].values()), generated)


def _derived(counts: Counts, systematics: Sequence[Systematic]) -> Iterator[Item]:
    """Yield what a process counted, and what its variations come to: bands are of the sums."""
    nominal = list(counts.get(NOMINAL, {}).values())
    yield from nominal
    for systematic in systematics:
        members = {
            v.label: list(counts[v.label].values())
            for v in systematic.variations
            if v.label in counts
        }
        if members:
            yield from banded(systematic, nominal, members)


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


def _scaled(item: Item, scale: float) -> Item:
    """Return a cutflow or histogram with its weights scaled."""
    if isinstance(item, Cutflow):
        steps = tuple(_times(step, scale) for step in item.steps)
        bins = tuple(_times(bin, scale) for bin in item.bins)
        moved = None if item.moved is None else item.moved * scale * scale
        return replace(item, steps=steps, bins=bins, moved=moved)
    hist = item.hist.copy()
    view: Any = hist.view(flow=True)
    view.value *= scale
    view.variance *= scale * scale
    errors = None if item.moved is None else item.moved * scale * scale
    return replace(item, hist=hist, moved=errors)


def _times(count: T, scale: float) -> T:
    return replace(count, sumw=count.sumw * scale, sumw2=count.sumw2 * scale * scale)


def _cutflow(process: Process, variation: str, found: Sequence[Cutflow]) -> Cutflow:
    first = found[0]
    columns = aligned([c.steps for c in found])
    steps = tuple(_added_step(row) for row in zip(*columns, strict=True))
    bins = tuple(_added(row) for row in zip(*(c.bins for c in found), strict=True))
    moves = [c.moved for c in found if c.moved is not None]
    moved = sum(moves) if moves else None
    odd = sum((c.odd for c in found if c.odd is not None), OddWeights())
    return Cutflow(process, variation, first.region, steps, bins, first.title, moved, odd)


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
    moves = [h.moved for h in found if h.moved is not None]
    moved = reduce(add, moves) if moves else None
    return replace(
        first, process=process, variation=variation, hist=hist, skipped=skipped, moved=moved
    )
