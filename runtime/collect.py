"""From the flat outputs of a kernel to results: cutflows, bins and histograms with their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boost_histogram as bh
import numpy as np
import numpy.typing as npt

from adl.check.variations import SystematicDef, Variation
from adl.compiler.changes import changes, nominal_only, unchanged
from adl.compiler.ir import Binning, Fill, Positions, Uniform, Variable
from adl.compiler.layout import Layout, Partial, variations
from adl.compiler.program import HistogramOutput, Program, RegionOutput, VariationOutput
from adl.runtime.derived import Item, derived
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

_Counts = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]


def collect(
    program: Program, layout: Layout, partial: Partial, process: Process
) -> tuple[tuple[Cutflow, ...], tuple[Histogram, ...]]:
    """Return the cutflows and histograms that a partial result holds.

    Nominal ones come first. A variation has those that it can change; of replicas that are combined
    there is the band. Of a variation in a tree of its own there is nothing here.
    """
    counts = counted(program, layout, partial, process)
    nominal = counts.pop(NOMINAL)
    every = list(nominal)
    for systematic in program.systematics:
        if systematic.kind != "tree":
            own = {v.label: counts[v.label] for v in systematic.variations}
            every += derived(systematic, nominal, own)
    return (
        tuple(item for item in every if isinstance(item, Cutflow)),
        tuple(item for item in every if isinstance(item, Histogram)),
    )


def counted(
    program: Program, layout: Layout, partial: Partial, process: Process
) -> dict[str, list[Item]]:
    """Return what was counted without any variation, and what each variation has changed of it.

    Replicas are there one by one: what they are combined to depends on the sums over all events.
    """
    reader = _Reader(layout, partial, process)
    nominal = [item for region in program.regions for item in reader.items(region, NOMINAL)]
    varied = {
        v.label: list(reader.varied(v.label, output, i, program))
        for output, i, v in _members(program)
    }
    return {NOMINAL: nominal, **varied}


def systematics(program: Program) -> tuple[Systematic, ...]:
    """Return what the systematics of a program are, and what each variation leaves as it is."""
    # Of trees of their own all but these histograms are made of other events.
    every = (v for s in program.systematics for v in s.variations)
    same = {v.label: nominal_only(program) for v in every if v.tree is not None}
    same |= {v.label: unchanged(program, output, i) for output, i, v in _members(program)}
    return tuple(_systematic(s, same) for s in program.systematics)


def _members(program: Program) -> Iterator[tuple[VariationOutput, int, Variation]]:
    """Yield each variation with its output and its place there."""
    for output in program.variations:
        yield from ((output, place, member) for place, member in enumerate(output.members))


def _systematic(found: SystematicDef, same: dict[str, tuple[str, ...]]) -> Systematic:
    variations = tuple(
        Varied(v.label, v.direction, same.get(v.label, ())) for v in found.variations
    )
    return Systematic(
        found.name,
        found.kind,
        variations,
        found.correlate,
        found.family,
        found.combine,
        found.normalise,
        found.mirror,
        found.rate,
    )


class _Reader:
    def __init__(self, layout: Layout, partial: Partial, process: Process) -> None:
        self.layout = layout
        self.partial = partial
        self.process = process

    def items(
        self, region: RegionOutput, label: str, place: int = 0, before: RegionOutput | None = None
    ) -> Iterator[Item]:
        """Yield a region's cutflow, which those of object blocks do not have, and histograms.

        Of fills for a group it is the member at ``place`` that counts; ``before`` is nominal.
        """
        if region.steps:
            yield self.cutflow(region, label, place, before)
        nominal = [None] * len(region.histograms) if before is None else before.histograms
        for output, old in zip(region.histograms, nominal, strict=True):
            yield self.histogram(region, output, label, place, old)

    def varied(
        self, label: str, varied: VariationOutput, place: int, program: Program
    ) -> Iterator[Item]:
        """Yield what differs from the nominal program."""
        changed = set(changes(program, varied, place))
        for region, before in zip(varied.regions, program.regions, strict=True):
            for item in self.items(region, label, place, before):
                name = region.name if isinstance(item, Cutflow) else f"{region.name}/{item.name}"
                if name in changed:
                    yield item

    def cutflow(
        self, region: RegionOutput, label: str, member: int, before: RegionOutput | None = None
    ) -> Cutflow:
        steps = []
        for step in region.steps:
            raw, sumw, sumw2 = (c[0] for c in self.counts(step.fill, member))
            missing = 0 if step.missing is None else int(self.counts(step.missing, member)[0][0])
            counts = int(raw), float(sumw), float(sumw2)
            skipped = self.skipped(step.fill, member)
            steps.append(Step(step.label, *counts, missing, step.weight, skipped, step.published))
        bins: tuple[BinCount, ...] = ()
        if region.bins is not None:
            raws, sums, squares = (c[1:-1] for c in self.counts(region.bins.fill, member))
            labels = region.bins.labels
            published = region.bins.published or ((),) * len(labels)
            rows = zip(labels, raws, sums, squares, published, strict=True)
            bins = tuple(BinCount(n, int(r), float(w), float(w2), p) for n, r, w, w2, p in rows)
        moved = None if before is None else self.shifted(region, before, member)
        kinds = () if region.odd is None else self.counts(region.odd, member)[0][1:-1].tolist()
        odd = None if region.odd is None else OddWeights(*kinds)
        return Cutflow(
            *(self.process, label, region.name, tuple(steps), bins, region.title, moved, odd)
        )

    def shifted(self, region: RegionOutput, before: RegionOutput, member: int) -> float | None:
        """Return the squared error of the shift of the last step; None where no event is moved."""
        if region.shift is None:
            return None
        _, (sums, *_), (squares, *_) = self.counts(region.shift.fill, member)
        if not region.shift.product:
            return float(squares)
        last = (region, member), (before, 0)
        after, nominal = (self.counts(r.steps[-1].fill, place)[2][0] for r, place in last)
        return max(float(after + nominal - 2.0 * sums), 0.0)  # a difference can be just below

    def histogram(
        self,
        region: RegionOutput,
        output: HistogramOutput,
        label: str,
        member: int,
        before: HistogramOutput | None = None,
    ) -> Histogram:
        bins = (b for b in output.fills[0].bins if not isinstance(b, Positions))
        hist = bh.Histogram(*map(_axis, bins), storage=bh.storage.Weight())
        view: Any = hist.view(flow=True)
        skipped = 0
        for fill in output.fills:
            _, sumw, sumw2 = self.counts(fill, member)
            # Ours run along the first axis fastest.
            view.value += sumw.reshape(view.shape, order="F")
            view.variance += sumw2.reshape(view.shape, order="F")
            skipped += self.skipped(fill, member)
        moved = None if before is None else self.moved(output, before, member, view.shape)
        names = region.name, output.name, output.title
        return Histogram(self.process, label, *names, hist, skipped, moved)

    def moved(
        self, output: HistogramOutput, before: HistogramOutput, member: int, shape: tuple[int, ...]
    ) -> npt.NDArray[np.float64] | None:
        """Return the squared error of the shift of each bin; None where nothing is moved."""
        if not output.moved:
            return None
        error = np.zeros(shape)
        for own, fill, old in zip(output.moved, output.fills, before.fills, strict=True):
            _, sums, new = self.counts(own.fill, member)
            after, nominal = self.counts(fill, member)[2], self.counts(old, 0)[2]
            squared = nominal + after - 2.0 * sums if own.product else nominal - after + 2.0 * new
            error += squared.reshape(shape, order="F")
        return np.maximum(error, 0.0)  # a difference of sums can be just below

    def skipped(self, fill: Fill, member: int) -> int:
        """Return how many of a fill's entries had a value or weight that is no number."""
        own = member if variations(fill) > 1 else 0
        return int(self.partial.skipped[self.layout.places[fill].skipped + own])

    def counts(self, fill: Fill, member: int) -> _Counts:
        """Return a fill's entries, sums of weights and of squared weights, cell by cell."""
        place, many = self.layout.places[fill], variations(fill)
        own = member if many > 1 else 0  # what a group leaves as it is has one
        raw = self.partial.raw[place.cells + own : place.cells + place.size : many]
        if place.sums < 0:
            ones = raw.astype(np.float64)
            return raw, ones, ones
        sums = slice(place.sums + own, place.sums + place.size, many)
        return raw, self.partial.sumw[sums], self.partial.sumw2[sums]


def _axis(bins: Binning) -> Any:
    if isinstance(bins, Uniform):
        return bh.axis.Regular(bins.number, bins.lower, bins.upper)
    assert isinstance(bins, Variable), "positions are no axis of a histogram"
    return bh.axis.Variable(bins.edges)
