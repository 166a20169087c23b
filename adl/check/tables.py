"""Tables: their rows, holes and overlaps, and their look-ups in expressions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from typing import Literal, cast

from adl.check.analysis import (
    TableAt,
    TableDef,
    TableRow,
    Value,
)
from adl.check.context import Context
from adl.check.dominance import Use, absent, unguarded
from adl.check.guarantees import NOTHING
from adl.check.scope import Scope, mistake
from adl.check.types import convert, number
from adl.stdlib.library import find_function
from adl.syntax.source import Span
from adl.syntax.tree import Call, Expr, Name, Number, Table

Check = Callable[[Scope, Expr], Value | None]
Outside = Literal["", "nearest", "zero"]

# Cells of a table's grid up to which holes and overlaps are looked for.
MOST_CELLS = 200_000

# ------------------------------------------------------------------------------ declarations


def check_table(context: Context, block: Table) -> TableDef | None:
    """Return a table's meaning; None after a mistake in its rows."""
    if not block.numbers:
        message = f"table {block.name.name} has no row"
        help = "a row is a value, its errors if there are any, and a range for each variable"
        context.findings.error("E240", message, block.name.span, help)
        return None
    variables = _variables(context, block)
    if variables is None:
        return None
    rows = _rows(block, variables)
    places = _places(block, variables)
    if not _all_ascend(context, rows, places):
        return None
    if not _covers_once(context, block, rows, places):
        return None
    outside = cast("Outside", block.outside)
    closed = _closed(rows, every=context.dialect == "cutlang")
    place = context.source.name, context.line(block.name.span)
    return TableDef(block.name.name, variables, rows, closed, outside, place, block.name.span)


def _variables(context: Context, block: Table) -> int | None:
    """Return how many variables the rows have; they decide where the header disagrees."""
    errors = 2 if block.errors else 0
    expected = 1 + errors + 2 * block.variables
    lines = Counter(context.line(n.span) for n in block.numbers)
    lengths = set(lines.values())
    written = lengths.pop() if len(lengths) == 1 else expected
    if written == expected or (len(lines) == 1 and len(block.numbers) % expected == 0):
        written = expected
    if block.variables > 0 and written == expected and not len(block.numbers) % expected:
        return block.variables
    found, rest = divmod(written - 1 - errors, 2)
    if found > 0 and not rest and written != expected:
        message = f"nvars is {block.variables}, and the rows have ranges for {found}: they count"
        context.findings.warning("W320", message, block.name.span, f"write nvars {found}")
        return found
    wanted = f"a value, {'two errors, ' if errors else ''}a range for each of nvars"
    message = f"the rows do not fit nvars {block.variables}: a row is {expected} numbers, {wanted}"
    context.findings.error("E240", message, _odd_line(context, block, lines, expected))
    return None


def _odd_line(context: Context, block: Table, lines: Counter[int], expected: int) -> Span:
    """Return the first line whose numbers are too many or too few."""
    for line, count in lines.items():
        if count != expected:
            own = [n for n in block.numbers if context.line(n.span) == line]
            return own[0].span.to(own[-1].span)
    return block.name.span


def _split(block: Table, variables: int) -> Iterator[tuple[Number, ...]]:
    length = 1 + (2 if block.errors else 0) + 2 * variables
    for start in range(0, len(block.numbers), length):
        yield block.numbers[start : start + length]


def _rows(block: Table, variables: int) -> tuple[TableRow, ...]:
    rows = []
    for numbers in _split(block, variables):
        value, *rest = (float(n.value) for n in numbers)
        errors = (rest[0], rest[1]) if block.errors else None
        edges = rest[2:] if block.errors else rest
        rows.append(TableRow(value, errors, tuple(zip(edges[::2], edges[1::2], strict=True))))
    return tuple(rows)


def _places(block: Table, variables: int) -> list[Span]:
    return [row[0].span.to(row[-1].span) for row in _split(block, variables)]


def _all_ascend(context: Context, rows: tuple[TableRow, ...], places: list[Span]) -> bool:
    good = True
    for row, at in zip(rows, places, strict=True):
        for low, high in row.ranges:
            if not low < high:
                message = f"a range goes upwards, not from {low:g} to {high:g}"
                context.findings.error("E240", message, at)
                good = False
    return good


def _closed(rows: tuple[TableRow, ...], every: bool) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the ranges as lower <= x < upper, an end that is in moved up by one double.

    In adl only each variable's largest edge is in, in cutlang every upper end is.
    """
    largest = [max(high for _, high in own) for own in zip(*(r.ranges for r in rows), strict=True)]
    return tuple(
        tuple(
            (low, math.nextafter(high, math.inf) if every or high == last else high)
            for (low, high), last in zip(row.ranges, largest, strict=True)
        )
        for row in rows
    )


def _covers_once(
    context: Context, block: Table, rows: tuple[TableRow, ...], places: list[Span]
) -> bool:
    """Report what two rows cover, and what none does; whether the table can be used."""
    grid = [
        sorted({e for r in own for e in r}) for own in zip(*(r.ranges for r in rows), strict=True)
    ]
    cells = math.prod(len(edges) - 1 for edges in grid)
    if cells > MOST_CELLS:
        return True
    taken: dict[tuple[int, ...], int] = {}
    for place, row in enumerate(rows):
        spans = (
            range(edges.index(low), edges.index(high))
            for edges, (low, high) in zip(grid, row.ranges, strict=True)
        )
        for cell in product(*spans):
            first = taken.setdefault(cell, place)
            if first != place:
                where = _region(grid, cell)
                _overlap(context, context.line(places[first]), where, places[place])
                return context.dialect == "cutlang"
    if len(taken) < cells:
        every = product(*(range(len(edges) - 1) for edges in grid))
        hole = next(cell for cell in every if cell not in taken)
        _hole(context, block, _region(grid, hole))
    return True


def _region(grid: list[list[float]], cell: tuple[int, ...]) -> str:
    ends = (list(pairwise(edges))[place] for edges, place in zip(grid, cell, strict=True))
    return " x ".join(f"[{low:g}, {high:g})" for low, high in ends)


def _overlap(context: Context, line: int, where: str, at: Span) -> None:
    message = f"this row and that on line {line} both cover {where}"
    if context.dialect == "cutlang":
        context.findings.warning("W321", f"{message}: the first one counts", at)
    else:
        context.findings.error("E241", message, at, "each point needs one row")


def _hole(context: Context, block: Table, where: str) -> None:
    message = f"table {block.name.name} has no row for {where}"
    zero = block.outside == "zero" or (context.dialect == "cutlang" and not block.outside)
    there = "its value there is 0" if zero else "an event there is an error, said after the run"
    context.findings.warning("W322", f"{message}: {there}", block.name.span)


# ---------------------------------------------------------------------------------- look-ups


def named_table(context: Context, name: Name) -> Name | None:
    """Return the declared table that a function's name means; a warning if only in another case."""
    near = [n for n in context.named_like(name.name) if isinstance(context.blocks[n], Table)]
    if name.name in near:
        return name
    if len(near) != 1 or find_function(name.name) is not None:
        return None
    message = f"{name.name} is read as {near[0]}"
    context.findings.warning("W302", message, name.span, f"write {near[0]}")
    return Name(near[0], span=name.span)


def look_up(
    scope: Scope, expr: Call, table: Name, check: Check, drawn: bool = False
) -> TableAt | None:
    """Return ``eff(pT(j))``; ``drawn`` in applyHM, where a point outside is 0 unless said."""
    found = scope.context.definition(table.name, expr.function.span)
    if not isinstance(found, TableDef):
        return None
    if len(expr.arguments) != found.variables:
        wanted = f"{found.variables} number{'s' if found.variables > 1 else ''}"
        message = f"table {found.name} takes {wanted}, not {len(expr.arguments)}"
        mistake(scope, "E206", message, expr.span)
        return None
    asking = scope.asking(f"table {found.name} needs one number")
    checked = [number(scope, check(asking, argument)) for argument in expr.arguments]
    arguments = tuple(convert(a, "real") for a in checked if a is not None)
    if len(arguments) < len(checked):
        return None
    cutlang = scope.context.dialect == "cutlang" and not found.outside
    outside: Outside = found.outside or ("zero" if cutlang or drawn else "")
    words = tuple(scope.context.words(a.span) for a in expr.arguments)
    counted = cutlang and not drawn
    return TableAt(found, arguments, outside, counted, words, type="real", span=expr.span)


def refuse_missing(context: Context, value: Value) -> None:
    """Report arguments of tables that may be missing in an object block, which no cut guards."""
    for use in unguarded(value, NOTHING):
        if use.table or use.network:
            refuse_in_table(context, use)


def refuse_in_table(context: Context, use: Use) -> None:
    """Report an argument of a table or correction, or a network's input, that may be missing."""
    message, span, help = absent(use)
    help = f"{help}, or give the value for its absence: default(…, 0)"
    if use.network.startswith("correction "):
        message = f"{use.network} needs a value for every input, {message}"
        context.findings.error("E295", message, span, help)
    elif use.network:
        message = f"{use.network} needs every input, {message}"
        context.findings.error("E285", message, span, help)
    else:
        context.findings.error("E247", f"table {use.table} needs a value, {message}", span, help)
