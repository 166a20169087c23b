"""What statements of regions say beside their values: names, axes, and for which datasets."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from adl.check import analysis as core
from adl.diff.meaning import Entry, Statement
from adl.diff.shape import Shapes
from adl.diff.sides import Side
from adl.syntax.tree import UniformBins, VariableBins


def frame(statement: Statement) -> Hashable:
    """Return what a statement says beside its values."""
    match statement:
        case core.Histogram():
            return statement.name, statement.axes, statement.nominal_only, only(statement)
        case core.WeightBy():
            return statement.name, only(statement)
        case core.Cut():
            return only(statement)
    return ()


def only(statement: Statement) -> Hashable:
    """Return what ``only`` keeps a statement to, whatever it is called."""
    found = getattr(statement, "only", None)
    return None if found is None else Shapes({}, {}).of(found)


def where(side: Side, entry: Entry) -> str:
    """Return in which datasets a statement counts, as it was written."""
    if getattr(entry.statement, "only", None) is None:
        return "in every dataset"
    words = side.source.words(entry.statement.span)
    return f"only {words.rpartition(' only ')[2]}"


def is_named(side: Side, found: core.BinDef) -> bool:
    """Whether a bin's label was written, not made of its condition."""
    return f'"{found.label}"' in side.source.words(found.span)


def binnings(
    x: Sequence[UniformBins | VariableBins], y: Sequence[UniformBins | VariableBins]
) -> Iterator[str]:
    """Yield how the axes of two histograms differ."""
    for one, other in zip(x, y, strict=False):
        if one != other:
            yield f"bins {_binning(one)} → {_binning(other)}"
    if len(x) != len(y):
        yield f"{len(x)} → {len(y)} axes"


def _binning(bins: UniformBins | VariableBins) -> str:
    if isinstance(bins, UniformBins):
        return f"{bins.number}, {bins.lower:g}, {bins.upper:g}"
    return " ".join(f"{edge:g}" for edge in bins.edges)
