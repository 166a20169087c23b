"""Table look-ups and random numbers."""

from __future__ import annotations

from collections.abc import Sequence

from adl.check import analysis as core
from adl.compiler.decisions import Reasons, Reject
from adl.compiler.ir import (
    Axis,
    Const,
    Element,
    Index,
    Lookup,
    Node,
    Table,
    as_real,
    both,
    call,
    lift,
    store,
)
from adl.compiler.lower.made import source
from adl.compiler.lower.places import Place
from adl.compiler.lower.truth import Lowered, certain_all, choose, defined_all
from adl.stdlib import random


def look_up(
    value: core.TableAt, arguments: Sequence[Lowered], under: Node, name: str = ""
) -> Lowered:
    """Return a table's value at lowered arguments; where no row holds them it is not certain.

    Then it is NaN, said after the run, or 0; ``under`` says when it is looked at. ``name`` marks a
    table that has variations.
    """
    table = value.table
    written = point = [as_real(a.value) for a in arguments]
    if value.outside == "nearest":
        point = [_clamped(x, *ends) for x, ends in zip(point, table.hull, strict=True)]
    found = Lookup(Table(rows(table), name), tuple(point))
    held = call("eq", found, found)
    defined, certain = defined_all(*arguments), certain_all(*arguments)
    if value.outside != "zero":
        result, reasons = _failures(value, written, held)
        said = Reject(found, result, both(defined, under), reasons)
        return Lowered(said, defined, both(certain, held))
    if value.counted:
        certain = both(certain, held)
    return Lowered(choose(held, found, Const(0.0)), defined, certain)


def _failures(value: core.TableAt, point: Sequence[Node], held: Node) -> tuple[Node, Reasons]:
    """Return which reason a point has to be in no row, from -1, or 0, and the reasons."""
    table = value.table
    texts = ["no row holds the point ({})".format(", ".join(value.words))]
    result: Node = Const(-1)
    for x, (low, high), word in zip(point, table.hull, value.words, strict=True):
        ways = [(call("ne", x, x), f"{word} is not a number")]
        if value.outside != "nearest":
            # Data like the table: another edge is the same code.
            ways += [
                (call("lt", x, Const(low, True)), f"{word} is below {low:g}"),
                (call("gt", x, Const(high, True)), f"{word} is above {high:g}"),
            ]
        for condition, text in ways:
            texts.append(text)
            result = choose(condition, Const(-len(texts)), result)
    path, line = table.place
    reasons = Reasons(f"table {table.name}", path, tuple(texts), line)
    return choose(held, Const(0), result), reasons


def rows(table: core.TableDef, direction: int = 0) -> tuple[tuple[float, ...], ...]:
    """Return the values with their ranges; +1 adds the upper errors, -1 subtracts the lower ones."""
    found = []
    for row, ranges in zip(table.rows, table.closed, strict=True):
        value = row.value
        if direction and row.errors is not None:
            down, up = row.errors
            value = value + up if direction > 0 else value - down
        found.append((value, *(edge for ends in ranges for edge in ends)))
    return tuple(found)


def _clamped(x: Node, low: float, high: float) -> Node:
    """Return the nearest number between the ends; NaN stays what it is."""
    # Data like the table: another edge is the same code.
    lower, upper = Const(low, True), Const(high, True)
    return choose(call("lt", x, lower), lower, choose(call("gt", x, upper), upper, x))


def draw(value: core.Draw, event: Sequence[Lowered], at: Place | None, seed: int) -> Lowered:
    """Return a number that seed, event, element and name choose, and nothing else."""
    numbers = [Const(seed, True), *(_integer(number.value) for number in event)]
    if at is None:
        return Lowered(_number(value, numbers, "", Const(-1)))
    if len(at.parts) == 1:
        return Lowered(_number(value, numbers, at.parts[0].name, at.position), at.defined)
    # An element of a union has its number in its own source.
    axes = tuple(Axis(source(part), 0) for part in at.parts)
    each = zip(at.parts, axes, strict=True)
    values = tuple(_number(value, numbers, part.name, Index(axis)) for part, axis in each)
    return Lowered(Element(store(axes, values), at.position), at.defined)


def _number(value: core.Draw, event: Sequence[Node], collection: str, position: Node) -> Node:
    names = [Const(random.named(name)) for name in (collection, value.name)]
    # What is the same for all elements comes first, and is computed once an event.
    keys = [*event, *names, position]
    drawn = random.normal(keys) if value.distribution == "normal" else random.uniform(keys)
    return as_real(lift(drawn))


def _integer(x: Node) -> Node:
    return x if x.kind == "int" else call("int", x)
