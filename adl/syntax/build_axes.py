"""Lists of numbers and values to the axes of histograms, and to the edges of bins."""

from __future__ import annotations

import math
from collections.abc import Sequence

from adl.syntax.build_basics import Misread, across
from adl.syntax.tree import Expr, Name, Number, Unary, UniformBins, VariableBins


def edge(item: Expr) -> float:
    """Return a number that bins begin or end at.

    Raises:
        Misread: it is no number.
    """
    value = _number(item)
    if value is None:
        raise Misread("an edge is a number", item.span)
    return value


def axes_and_values(
    name: Name, groups: Sequence[Sequence[Expr]]
) -> tuple[tuple[UniformBins | VariableBins, ...], tuple[Expr, ...]]:
    """Divide what follows the title of a histogram into axes and values.

    Raises:
        Misread: there is no axis or no value, or there are two axes and not two values.
    """
    axes: list[UniformBins | VariableBins] = []
    rest = list(groups)
    while len(axes) < 2 and (found := _axis(rest)):
        axis, width = found
        axes.append(axis)
        rest = rest[width:]
    values = tuple(value for group in rest for value in group)
    help = 'histo h, "title", 50, 0, 500, pT(jets[0]); or edges, 0 20 50 100, for the 50, 0, 500'
    if not axes:
        message = "an axis is the number of bins, the lower and the upper end, or a list of edges"
        raise Misread(message, groups[0][0].span, help)
    if not values:
        raise Misread(f"histogram `{name.name}` has no value to fill", name.span, help)
    if len(axes) == 2 and len(values) != 2:
        message = f"a histogram with two axes has two values to fill, not {len(values)}"
        raise Misread(message, across(values[0], values[-1]))
    return tuple(axes), values


def _axis(groups: Sequence[Sequence[Expr]]) -> tuple[UniformBins | VariableBins, int] | None:
    """Return the axis with which a list begins and the number of groups that it takes."""
    if not groups:
        return None
    if len(groups[0]) > 1:
        edges = [_number(item) for item in groups[0]]
        known = tuple(e for e in edges if e is not None)
        span = across(groups[0][0], groups[0][-1])
        return (VariableBins(known, span=span), 1) if len(known) == len(edges) else None
    ends = [_number(group[0]) for group in groups[:3] if len(group) == 1]
    match ends:
        case [float(), float() as lower, float() as upper]:
            number = groups[0][0]
            if not (isinstance(number, Number) and number.text.isdigit()):
                raise Misread("the number of bins is a whole number", number.span)
            bins = int(number.text)
            return UniformBins(bins, lower, upper, span=across(number, groups[2][0])), 3
    return None


def _number(item: Expr) -> float | None:
    """Return the value of a number with or without its sign, or of ``inf``; None for the rest."""
    match item:
        case Number():
            return float(item.text)
        case Name("inf"):
            return math.inf
        case Unary("-", Number() | Name("inf") as operand):
            value = _number(operand)
            return None if value is None else -value
    return None
