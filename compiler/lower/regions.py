"""Regions: cuts become masks, each step, bin and histogram a fill under the mask it stands at."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from adl.check import analysis as core
from adl.check.collections import stages
from adl.check.published import Published
from adl.compiler.ir import (
    ONE,
    TRUE,
    Binning,
    Const,
    Fill,
    Index,
    Node,
    Uniform,
    Variable,
    both,
    call,
    fill,
    invert,
)
from adl.compiler.lower.belonging import filled, passes, weighs
from adl.compiler.lower.collections import place
from adl.compiler.lower.records import of_object, rows
from adl.compiler.lower.truth import choose, known
from adl.compiler.lower.values import Lowering
from adl.compiler.lower.variations import with_variations
from adl.compiler.program import (
    BinsOutput,
    HistogramOutput,
    Program,
    RegionOutput,
    StepOutput,
)
from adl.syntax.collecting import uncollected
from adl.syntax.tree import UniformBins, VariableBins

ALL_EVENTS = "all events"


@uncollected
def lower(analysis: core.Analysis, seed: int = 1) -> Program:
    """Return the program of a checked analysis; the seed chooses its random numbers."""
    return with_variations(analysis, seed, partial(_nominal, analysis))


def _nominal(analysis: core.Analysis, lowering: Lowering) -> Program:
    """Return the program of an analysis without its systematics."""
    objects = [found for found in analysis.declared if isinstance(found, core.ObjectDef)]
    regions = [_region(region, lowering) for region in analysis.regions]
    regions += [plots for found in objects for plots in _of_elements(found, lowering)]
    return Program(
        tuple(regions),
        own_rows=tuple(kept for found in objects for kept in of_object(found, lowering)),
    )


def _region(region: core.RegionDef, lowering: Lowering) -> RegionOutput:
    mask: Node = TRUE
    weight: Node = ONE
    steps = [StepOutput(ALL_EVENTS, counter(TRUE, ONE))]
    histograms = []
    kept = []
    published = _published(region)
    for statement in region.statements:
        match statement:
            case core.Cut():
                condition = lowering.condition(statement.condition)
                condition = passes(statement, condition, lowering)
                undecided = both(mask, invert(condition.certain))
                mask = both(mask, condition.value)
                missing = None if condition.certain is TRUE else counter(undecided, ONE)
                numbers = published.get(statement, ())
                passed = counter(mask, weight)
                steps.append(StepOutput(statement.label, passed, missing, published=numbers))
            case core.WeightBy():
                factor = weighs(statement, lowering)
                weight = factor if weight is ONE else call("mul", weight, factor)
                steps.append(StepOutput(statement.label, counter(mask, weight), weight=True))
            case core.Rows():
                kept.append(rows(statement, region.name, mask, weight, lowering))
            case core.Histogram():
                within = filled(statement, mask, lowering)
                histograms.append(_histogram(statement, within, weight, lowering))
    bins = None
    if region.bins:
        bins = _bins(region.bins, mask, weight, lowering)
        bins = replace(bins, published=tuple(published.get(b, ()) for b in region.bins))
    return RegionOutput(
        region.name, tuple(steps), bins, tuple(histograms), region.title, tuple(kept)
    )


def _published(region: core.RegionDef) -> dict[core.Cut | core.BinDef, tuple[Published, ...]]:
    """Return the published numbers of each cut and bin."""
    found: dict[core.Cut | core.BinDef, tuple[Published, ...]] = {}
    for target, number in region.counts:
        found[target] = (*found.get(target, ()), number)
    return found


def counter(mask: Node, weight: Node) -> Fill:
    """Return the fill that counts the events of a mask."""
    return fill((), (), (), mask, weight)


def _histogram(
    histogram: core.Histogram, mask: Node, weight: Node, lowering: Lowering
) -> HistogramOutput:
    axes = tuple(_binning(axis) for axis in histogram.axes)
    fills = []
    for values, run in zip(histogram.fills, histogram.runs, strict=True):
        with lowering.loops(run.loops) as (loops, inside):
            for condition in run.where:
                inside = both(inside, lowering.condition(condition).value)
            entries = tuple(known(lowering.value(v)) for v in values)
            fills.append(fill(axes, loops, entries, both(mask, inside), weight))
    return HistogramOutput(histogram.name, histogram.title, tuple(fills), histogram.nominal_only)


def _of_elements(found: core.ObjectDef, lowering: Lowering) -> list[RegionOutput]:
    """Return an object's histograms, if it has any."""
    plots = [
        _filled_by(stage, number, plot, lowering)
        for stage in stages(found)
        for number, plot in stage.histograms
    ]
    return [RegionOutput(found.name, (), histograms=tuple(plots))] if plots else []


def _filled_by(
    found: core.ObjectDef, number: int, plot: core.Histogram, lowering: Lowering
) -> HistogramOutput:
    """Return a histogram with a fill for each element that passes the cuts before."""
    axes = tuple(_binning(axis) for axis in plot.axes)
    so_far = replace(found, cuts=found.cuts[:number], rows=(), histograms=())
    with lowering.loops([core.Loop(so_far, "")]) as (loops, inside):
        with lowering.element_is(found.this, place(so_far, Index(loops[0]))):
            entries = [[known(lowering.value(v)) for v in values] for values in plot.fills]
            inside = filled(plot, inside, lowering)
        fills = tuple(fill(axes, loops, tuple(values), inside, ONE) for values in entries)
    return HistogramOutput(plot.name, plot.title, fills)


def _bins(
    bins: tuple[core.BinDef, ...], mask: Node, weight: Node, lowering: Lowering
) -> BinsOutput:
    """Number the first bin that is true; no bin is the underflow."""
    number: Node = Const(-1.0)
    for i, bin_ in reversed(list(enumerate(bins))):
        # The middle of unit bins: no rounding can move it to a neighbour.
        number = choose(lowering.condition(bin_.condition).value, Const(i + 0.5), number)
    axis = Uniform(len(bins), 0.0, float(len(bins)))
    return BinsOutput(tuple(b.label for b in bins), fill((axis,), (), (number,), mask, weight))


def _binning(axis: UniformBins | VariableBins) -> Binning:
    if isinstance(axis, UniformBins):
        return Uniform(axis.number, float(axis.lower), float(axis.upper))
    return Variable(tuple(float(edge) for edge in axis.edges))
