"""Bins of a region: one condition each, or the intervals between edges."""

from __future__ import annotations

import math
from itertools import pairwise

from adl.check.analysis import BinDef, Interval, Literal_, Logic, Operation, Value
from adl.check.constants import interpolated
from adl.check.context import Context
from adl.check.expressions import value
from adl.check.scope import Scope
from adl.check.streams import in_streams
from adl.check.types import condition, convert, number
from adl.syntax.tree import Bin, Edges


def one_bin(scope: Scope, written: Bin) -> list[BinDef]:
    """Return the bin of a condition; its label is its string, or else the condition's text."""
    asked = written.condition
    found = in_streams(scope.context, asked, lambda: condition(scope, value(scope, asked)))
    if found is None:
        return []
    label = interpolated(scope.context, written.label or "", written.span)
    label = label or scope.context.words(written.condition.span)
    return [BinDef(label, found, written.span)]


def edge_bins(scope: Scope, written: Edges) -> list[BinDef]:
    """Return the bins between edges.

    In adl n edges are n half-open bins, the last without an end (unless an edge is infinite); in
    cutlang they are n + 1, up to the first edge, closed intervals, and from the last edge.
    """
    found = number(scope, value(scope, written.value))
    if _descending(scope.context, written) or found is None:
        return []
    x = convert(found, "real")
    text = scope.context.words(written.value.span)
    if scope.context.dialect == "cutlang":
        bins = _closed(written, x, text)
    else:
        bins = _half_open(written, x, text)
    label = interpolated(scope.context, written.label or "", written.span)
    prefix = f"{label}: " if label else ""
    return [BinDef(f"{prefix}{interval}", cut, written.span) for interval, cut in bins]


def _descending(context: Context, written: Edges) -> bool:
    for left, right in pairwise(written.edges):
        if not left < right:
            message = f"edges ascend, {_edge(right)} follows {_edge(left)}"
            context.findings.error("E216", message, written.span)
            return True
    return False


def _half_open(written: Edges, x: Value, text: str) -> list[tuple[str, Value]]:
    bins: list[tuple[str, Value]] = []
    for low, high in pairwise(written.edges):
        inside = (_compare("ge", x, low), _compare("lt", x, high))
        label = f"{text} in [{_edge(low)}, {_edge(high)})"
        bins.append((label, Logic("and", inside, type="bool", span=x.span)))
    last = written.edges[-1]
    if last != math.inf:
        bins.append((f"{text} >= {_edge(last)}", _compare("ge", x, last)))
    return bins


def _closed(written: Edges, x: Value, text: str) -> list[tuple[str, Value]]:
    first, last = written.edges[0], written.edges[-1]
    bins: list[tuple[str, Value]] = [(f"{text} <= {_edge(first)}", _compare("le", x, first))]
    for low, high in pairwise(written.edges):
        ends = (_threshold(x, low), _threshold(x, high))
        label = f"{text} in [{_edge(low)}, {_edge(high)}]"
        bins.append((label, Interval("[]", x, *ends, type="bool", span=x.span)))
    return [*bins, (f"{text} >= {_edge(last)}", _compare("ge", x, last))]


def _compare(name: str, x: Value, edge: float) -> Value:
    return Operation(name, (x, _threshold(x, edge)), type="bool", span=x.span)


def _threshold(x: Value, edge: float) -> Value:
    return Literal_(edge, True, type="real", span=x.span)


def _edge(edge: float) -> str:
    """Return an edge as a user writes it: ``100`` for 100.0."""
    return str(int(edge)) if math.isfinite(edge) and edge == int(edge) else repr(edge)
