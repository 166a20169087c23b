"""Table look-ups and random numbers."""

from __future__ import annotations

from collections.abc import Sequence

from adl.check import analysis as core
from adl.compiler.ir import (
    Const,
    Lookup,
    Node,
    Table,
    as_real,
    both,
    call,
)
from adl.compiler.lower.collections import Place
from adl.compiler.lower.truth import Lowered, certain_all, choose, defined_all
from adl.stdlib import random


def look_up(value: core.TableAt, arguments: Sequence[Lowered]) -> Lowered:
    """Return a table's value at lowered arguments; where no row holds them it is not certain."""
    table = value.table
    point = [as_real(a.value) for a in arguments]
    if value.outside == "nearest":
        point = [_clamped(x, *ends) for x, ends in zip(point, table.hull, strict=True)]
    found = Lookup(_table(table), tuple(point))
    held = call("eq", found, found)
    defined, certain = defined_all(*arguments), certain_all(*arguments)
    if value.outside != "zero":
        return Lowered(found, defined, both(certain, held))
    if value.counted:
        certain = both(certain, held)
    return Lowered(choose(held, found, Const(0.0)), defined, certain)


def _table(table: core.TableDef) -> Table:
    return Table(
        tuple(
            (row.value, *(edge for ends in ranges for edge in ends))
            for row, ranges in zip(table.rows, table.closed, strict=True)
        )
    )


def _clamped(x: Node, low: float, high: float) -> Node:
    """Return the nearest number between the ends; NaN stays what it is."""
    # Data like the table: another edge is the same code.
    lower, upper = Const(low, True), Const(high, True)
    return choose(call("lt", x, lower), lower, choose(call("gt", x, upper), upper, x))


def draw(value: core.Draw, event: Sequence[Lowered], at: Place, seed: int) -> Lowered:
    """Return a number in [0, 1) that seed, event, element and name choose, and nothing else."""
    (part,) = at.parts
    numbers = [_integer(number.value) for number in event]
    names = [Const(random.named(name)) for name in (part.name, value.name)]
    # What is the same for all elements comes first, and is computed once an event.
    return Lowered(random.uniform([Const(seed, True), *numbers, *names, at.position]))


def _integer(x: Node) -> Node:
    return x if x.kind == "int" else call("int", x)
