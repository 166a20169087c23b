"""Tables: in cutlang both ends of a range are in, the first row that fits wins, outside is 0.

In adl a range has its lower end only, so an inner edge that belongs to the row below it is moved up
by one double. Whether that says the same is tried out on every edge and between all edges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product

from adl.check.analysis import Analysis, TableDef
from adl.migrate.report import Report
from adl.syntax.tree import Block, Number, Table

# Points up to which a table is tried out.
MOST_POINTS = 1_000_000

Range = tuple[float, float]
Rows = Sequence[Sequence[Range]]  # a range for each variable


def with_half_open(block: Block, analysis: Analysis, report: Report) -> Block:
    """Return a table whose rows cover in adl the points that they cover in cutlang."""
    if not isinstance(block, Table):
        return block
    tables = (t for t in analysis.declared if isinstance(t, TableDef))
    found = next(t for t in tables if t.name == block.name.name)
    rows = [row.ranges for row in found.rows]
    moved = [_moved(own) for own in zip(*rows, strict=True)]
    columns = zip(*rows, strict=True)
    new = list(zip(*(_with(own, m) for own, m in zip(columns, moved, strict=True)), strict=True))
    if not _agree(rows, new):
        message = f"the rows of {found.name} overlap, and in adl each point needs one row"
        report.impossible(block.name.span, message, "give every point one row")
        return block
    if not block.outside:
        why = "outside of its rows a table is 0"
        report.changed("table", block.name.span, "outside zero", why)
    edges = sorted({edge for m in moved for edge in m})
    if edges:
        values = ", ".join(f"{edge:g}" for edge in edges)
        now = f"the next double after {values}"
        why = "a point on an edge between two rows belongs to the first of them"
        report.changed("table", block.name.span, now, why)
    return replace(block, outside=block.outside or "zero", numbers=_numbers(block, moved))


def _next(edge: float) -> float:
    return math.nextafter(edge, math.inf)


def _moved(ranges: Sequence[Range]) -> frozenset[float]:
    """Return the inner edges of a variable that belong to the row that they end."""
    largest = max(high for _, high in ranges)
    first: dict[float, bool] = {}  # whether the first row that has the edge ends there
    for low, high in ranges:
        first.setdefault(low, False)
        first.setdefault(high, True)
    return frozenset(e for e, ends in first.items() if ends and e != largest)


def _with(ranges: Sequence[Range], moved: frozenset[float]) -> list[Range]:
    return [(_shifted(low, moved), _shifted(high, moved)) for low, high in ranges]


def _shifted(edge: float, moved: frozenset[float]) -> float:
    return _next(edge) if edge in moved else edge


def _agree(old: Rows, new: Rows) -> bool:
    """Whether the first closed row that holds a point is the one half-open row that does."""
    points, closed, half_open = [], [], []
    for own, other in zip(zip(*old, strict=True), zip(*new, strict=True), strict=True):
        edges = sorted({edge for r in own for edge in r})
        tried = [*edges, *map(_next, edges[:-1]), *((a + b) / 2 for a, b in pairwise(edges))]
        points.append(range(len(tried)))
        # As <=, an end that is not in is one double lower; the largest is in.
        ends = [(low, high if high == edges[-1] else _before(high)) for low, high in other]
        closed.append([_rows_of(x, own) for x in tried])
        half_open.append([_rows_of(x, ends) for x in tried])
    if math.prod(map(len, points)) > MOST_POINTS:
        return False
    for point in product(*points):
        before = after = -1
        for place, a, b in zip(point, closed, half_open, strict=True):
            before &= a[place]
            after &= b[place]
        if before & -before != after:  # the lowest bit is the first row
            return False
    return True


def _before(edge: float) -> float:
    return math.nextafter(edge, -math.inf)


def _rows_of(point: float, ranges: Sequence[Range]) -> int:
    """Return the rows whose closed range holds a point, as the bits of an integer."""
    return sum(1 << row for row, (low, high) in enumerate(ranges) if low <= point <= high)


def _numbers(block: Table, moved: Sequence[frozenset[float]]) -> tuple[Number, ...]:
    """Return the numbers of a table with the moved edges in full."""
    first = 3 if block.errors else 1
    length = first + 2 * len(moved)
    numbers = []
    for place, number in enumerate(block.numbers):
        column = place % length - first
        own = moved[column // 2] if column >= 0 else frozenset[float]()
        shifted = _shifted(float(number.value), own)
        same = shifted == float(number.value)
        numbers.append(number if same else replace(number, text=repr(shifted)))
    return tuple(numbers)
