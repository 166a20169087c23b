"""Edge lists: n + 1 bins in cutlang, closed on both sides, which adl writes one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from adl.migrate.report import Report, text
from adl.syntax.tree import (
    Bin,
    Binary,
    Counts,
    Edges,
    Expr,
    Name,
    Number,
    Reject,
    Select,
    Statement,
    Take,
    Unary,
    Use,
    Within,
)

# A line of published numbers is about the last of these before it.
_TARGETS = (Select, Reject, Bin, Edges, Take, Use)


def with_bins(statements: Sequence[Statement], report: Report) -> tuple[Statement, ...]:
    """Return a region's statements with a bin for each interval of its edge lists.

    Published numbers follow, one line a bin, and go with their bins.
    """
    out: list[Statement] = []
    left = list(statements)
    while left:
        written = left.pop(0)
        if not isinstance(written, Edges):
            out.append(written)
            continue
        if math.isinf(written.edges[0]):
            message = "an edge of -inf has a bin of its own, for which adl has no number"
            report.impossible(written.span, message, "leave the edge out")
            continue
        bins = _bins(written)
        lines: dict[str, list[Counts]] = {}
        others: list[Statement] = []
        while left and not isinstance(left[0], _TARGETS):
            following = left.pop(0)
            if isinstance(following, Counts):
                lines.setdefault(following.format.name, []).append(following)
            else:
                others.append(following)
        for place, bin in enumerate(bins):
            out.append(bin)
            out += [own[place] for own in lines.values() if place < len(own)]
        out += others
        now = "; ".join(f"bin {text(bin.condition)}" for bin in bins)
        why = f"{len(written.edges)} edges are {len(bins)} bins, which have both their ends"
        report.changed("edge list", written.span, now, why)
    return tuple(out)


def _bins(written: Edges) -> list[Bin]:
    x, edges = written.value, written.edges
    conditions: list[Expr] = [_compared("<=", x, edges[0])]
    for low, high in pairwise(edges):
        if math.isinf(high):
            conditions.append(_compared(">=", x, low))
        else:
            within = Within("[]", x, _number(low), _number(high), span=written.span)
            conditions.append(within)
    # What is infinite is in the bin before.
    last: Expr = Name("NONE") if math.isinf(edges[-1]) else _compared(">=", x, edges[-1])
    return [
        Bin(f"{written.label}: {text(c)}" if written.label else None, c, span=written.span)
        for c in (*conditions, last)
    ]


def _compared(operator: str, x: Expr, edge: float) -> Expr:
    return Binary(operator, x, _number(edge), span=x.span)


def _number(edge: float) -> Expr:
    """Return an edge as an expression."""
    size = abs(edge)
    number = Number(str(int(size)) if size == int(size) and size < 1e15 else repr(size))
    return Unary("-", number) if edge < 0 else number
