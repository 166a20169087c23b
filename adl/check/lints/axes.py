"""W337: half of the axis of an unsigned quantity stays empty."""

from __future__ import annotations

from adl.check.lints.domains import inner
from adl.check.lints.subject import Subject
from adl.syntax.tree import UniformBins, VariableBins

# Functions with a sign, by those without.
SIGNED = {"dphi": "sdphi", "deta": "sdeta"}


def symmetric_axes(subject: Subject) -> None:
    """Warn of axes from -a to a for values that are never negative."""
    for histogram in subject.histograms():
        for values in histogram.fills:
            # One axis may have several fills; several axes have one.
            for axis, value in zip(histogram.axes, values, strict=True):
                lower, upper = _ends(axis)
                if lower >= 0 or lower != -upper or subject.numbers.domain(value)[0] < 0:
                    continue
                name = getattr(getattr(inner(value), "function", None), "name", "")
                text = subject.context.words(value.span)
                message = f"{text} is never negative, this axis goes from {lower:g} to {upper:g}"
                signed = f"{SIGNED[name]} has a sign; or " if name in SIGNED else ""
                help = f"{signed}begin the axis at 0"
                subject.context.findings.warning("W337", message, axis.span, help)


def _ends(axis: UniformBins | VariableBins) -> tuple[float, float]:
    if isinstance(axis, UniformBins):
        return axis.lower, axis.upper
    return axis.edges[0], axis.edges[-1]
