"""Histograms of a region: axes, and what fills them once an event or once an element."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite, prod

from adl.check.analysis import Histogram, HistoListDef, Run, Value
from adl.check.constants import belonging, exclude, included, interpolated
from adl.check.context import Context
from adl.check.excluded import keeps_its_loops
from adl.check.expressions import value
from adl.check.loops import apart
from adl.check.scope import Binder, Scope
from adl.check.types import convert, number
from adl.check.values import free_loops
from adl.syntax.source import Span
from adl.syntax.tree import Histo, HistoList, UniformBins, VariableBins

MOST_BINS = 1_000_000


def histogram(scope: Scope, written: Histo) -> Histogram | None:
    """Return a histogram's meaning; None after a mistake in its axes or values."""
    binder = Binder(implicit=True)
    inside = scope.inside(binder)
    excluded = scope.context.excluded
    before = len(excluded)
    checked = [number(inside, value(inside, expr)) for expr in written.values]
    who = f"histo {written.name.name}"
    if not keeps_its_loops(scope, binder, excluded[before:], who, written.span):
        return None
    axes = [_axis(scope.context, axis) for axis in written.axes]
    values = [convert(v, "real") for v in checked if v is not None]
    if not all(axes) or len(values) < len(checked) or not _small(scope.context, written):
        return None
    fills = _fills(scope.context, written, values)
    if fills is None:
        return None
    runs = tuple(_run(scope.context, binder, fill, written.span) for fill in fills)
    return Histogram(
        written.name.name,
        interpolated(scope.context, written.title, written.span),
        written.axes,
        tuple(binder.loops),
        fills,
        written.span,
        runs,
        only=belonging(scope.context, written.only, written.span),
    )


def check_histo_list(context: Context, block: HistoList) -> HistoListDef:
    """Return a list of histograms; those with mistakes are left out."""
    found: dict[str, Histogram] = {}
    for written in block.histos:
        if written.only and not included(context, written.only, "histo", written.span):
            exclude(context, written)
            continue
        checked = histogram(Scope(context), written)
        if written.name.name in found:
            message = f"histogram {written.name.name} stands twice in {block.name.name}"
            help = "each histogram of a list needs its own name"
            context.findings.error("E219", message, written.name.span, help)
        elif checked is not None:
            found[checked.name] = checked
    return HistoListDef(block.name.name, tuple(found.values()), block.name.span)


def _axis(context: Context, axis: UniformBins | VariableBins) -> bool:
    """Report bins that are none."""
    message = ""
    ends = axis.edges if isinstance(axis, VariableBins) else (axis.lower, axis.upper)
    number = len(axis.edges) - 1 if isinstance(axis, VariableBins) else axis.number
    if not all(map(isfinite, ends)):
        message = "an axis is finite; what lies beyond is counted as under- and overflow"
    elif number > MOST_BINS:
        message = f"an axis has at most {MOST_BINS:,} bins"
    elif isinstance(axis, VariableBins):
        for left, right in pairwise(axis.edges):
            if not left < right:
                message = f"edges ascend, {right:g} follows {left:g}"
        if len(axis.edges) < 2:
            message = "an axis needs two edges at least"
    elif axis.number < 1:
        message = "an axis needs one bin at least"
    elif not axis.lower < axis.upper:
        message = f"an axis goes upwards, not from {axis.lower:g} to {axis.upper:g}"
    if message:
        help = "50, 0, 500: bins, lower, upper end"
        if isinstance(axis, UniformBins) and axis.lower == axis.upper == 0:
            help += "\n0, 0 lets ROOT choose the ends, which then differ from input to input"
        context.findings.error("E215", message, axis.span, help)
    return not message


def _small(context: Context, written: Histo) -> bool:
    """Report a histogram of many axes with too many bins in all."""
    sizes = (a.number if isinstance(a, UniformBins) else len(a.edges) - 1 for a in written.axes)
    cells = prod(sizes)
    if cells > MOST_BINS:
        message = f"a histogram has at most {MOST_BINS:,} bins, this one has {cells:,}"
        context.findings.error("E215", message, written.axes[0].span.to(written.axes[-1].span))
    return cells <= MOST_BINS


def _fills(
    context: Context, written: Histo, values: list[Value]
) -> tuple[tuple[Value, ...], ...] | None:
    """Return one tuple a fill: each value alone on one axis, or one value for each axis."""
    if len(written.axes) == 1:
        return tuple((v,) for v in values)
    if len(values) == len(written.axes):
        return (tuple(values),)
    message = f"{len(written.axes)} axes need {len(written.axes)} values, not {len(values)}"
    context.findings.error("E215", message, written.span)
    return None


def _run(context: Context, binder: Binder, fill: tuple[Value, ...], span: Span) -> Run:
    """Return the loops that a fill mentions, with those of their tuples and conditions."""
    used = {loop for value in fill for loop in free_loops(value)}
    before = -1
    while len(used) > before:
        before = len(used)
        groups = {loop.group for loop in used if loop.group}
        used |= {loop for loop in binder.loops if loop.group in groups}
        for condition in binder.where:
            over = set(free_loops(condition))
            used |= set() if over.isdisjoint(used) else over
    loops = tuple(loop for loop in binder.loops if loop in used)
    where = [c for c in binder.where if not used.isdisjoint(free_loops(c))]
    return Run(loops, (*where, *apart(context, loops, fill, span)))
