"""From the flat outputs of a kernel to results: cutflows, bins and histograms with their names."""

from __future__ import annotations

from typing import Any

import boost_histogram as bh
import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Binning, Fill, Uniform
from adl.compiler.layout import Layout, Partial
from adl.compiler.program import HistogramOutput, Program, RegionOutput
from adl.runtime.results import BinCount, Cutflow, Histogram, Process, Step

_Counts = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]


def collect(
    program: Program, layout: Layout, partial: Partial, process: Process
) -> tuple[tuple[Cutflow, ...], tuple[Histogram, ...]]:
    """Return the cutflows and histograms that a partial result holds."""
    reader = _Reader(layout, partial, process)
    return (
        # The histograms of an object block have no cutflow.
        tuple(reader.cutflow(region) for region in program.regions if region.steps),
        tuple(reader.histogram(region, h) for region in program.regions for h in region.histograms),
    )


class _Reader:
    def __init__(self, layout: Layout, partial: Partial, process: Process) -> None:
        self.layout = layout
        self.partial = partial
        self.process = process

    def cutflow(self, region: RegionOutput) -> Cutflow:
        steps = []
        for step in region.steps:
            raw, sumw, sumw2 = (c[0] for c in self.counts(step.fill))
            missing = 0 if step.missing is None else int(self.counts(step.missing)[0][0])
            counts = int(raw), float(sumw), float(sumw2)
            skipped = self.skipped(step.fill)
            steps.append(Step(step.label, *counts, missing, step.weight, skipped, step.published))
        bins: tuple[BinCount, ...] = ()
        if region.bins is not None:
            raws, sums, squares = (c[1:-1] for c in self.counts(region.bins.fill))
            labels = region.bins.labels
            published = region.bins.published or ((),) * len(labels)
            rows = zip(labels, raws, sums, squares, published, strict=True)
            bins = tuple(BinCount(n, int(r), float(w), float(w2), p) for n, r, w, w2, p in rows)
        return Cutflow(self.process, "nominal", region.name, tuple(steps), bins, region.title)

    def histogram(self, region: RegionOutput, output: HistogramOutput) -> Histogram:
        hist = bh.Histogram(*map(_axis, output.fills[0].bins), storage=bh.storage.Weight())
        view: Any = hist.view(flow=True)
        skipped = 0
        for fill in output.fills:
            _, sumw, sumw2 = self.counts(fill)
            # Ours run along the first axis fastest.
            view.value += sumw.reshape(view.shape, order="F")
            view.variance += sumw2.reshape(view.shape, order="F")
            skipped += self.skipped(fill)
        return Histogram(
            self.process, "nominal", region.name, output.name, output.title, hist, skipped
        )

    def skipped(self, fill: Fill) -> int:
        """Return how many of a fill's entries had a value or weight that is no number."""
        return int(self.partial.skipped[self.layout.places[fill].number])

    def counts(self, fill: Fill) -> _Counts:
        """Return a fill's entries, sums of weights and of squared weights, cell by cell."""
        place = self.layout.places[fill]
        raw = self.partial.raw[place.cells : place.cells + place.size]
        if place.sums < 0:
            ones = raw.astype(np.float64)
            return raw, ones, ones
        sums = slice(place.sums, place.sums + place.size)
        return raw, self.partial.sumw[sums], self.partial.sumw2[sums]


def _axis(bins: Binning) -> Any:
    if isinstance(bins, Uniform):
        return bh.axis.Regular(bins.number, bins.lower, bins.upper)
    return bh.axis.Variable(bins.edges)
