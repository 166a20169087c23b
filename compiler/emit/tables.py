"""The function that looks a point up in a table, one for each number of variables."""

from __future__ import annotations

from adl.compiler.emit.text import Lines, real


def lookup_name(variables: int) -> str:
    """Return the name of the function for tables of so many variables."""
    return f"adl_lookup_{variables}"


def lookup(variables: int) -> str:
    """Write that function: the table is its number of rows, then row after row as in ``ir.Table``.

    The first row that holds the point gives the value; NaN if none does, or an argument is NaN.
    """
    lines = Lines()
    rows = lines.load("i64", "%table")
    counter = lines.slot("i64", "0")
    head, test, found, miss, none = (lines.label() for _ in range(5))
    lines.jump(head)
    lines.begin(head)
    row = lines.load("i64", counter)
    lines.branch(lines.let(f"icmp slt i64 {row}, {rows}"), test, none)
    lines.begin(test)
    before = lines.let(f"mul i64 {row}, {1 + 2 * variables}")
    start = lines.at("double", "%table", lines.let(f"add i64 {before}, 1"))
    inside = "true"
    for i in range(variables):
        lower, upper = (_number(lines, start, 1 + 2 * i + end) for end in (0, 1))
        above = lines.let(f"fcmp ole double {lower}, %x{i}")
        below = lines.let(f"fcmp olt double %x{i}, {upper}")
        inside = lines.let(f"and i1 {inside}, {lines.let(f'and i1 {above}, {below}')}")
    lines.branch(inside, found, miss)
    lines.begin(found)
    lines.do(f"ret double {_number(lines, start, 0)}")
    lines.begin(miss)
    lines.store("i64", lines.let(f"add i64 {row}, 1"), counter)
    lines.jump(head)
    lines.begin(none)
    lines.do(f"ret double {real(float('nan'))}")
    parameters = ", ".join(["ptr %table", *(f"double %x{i}" for i in range(variables))])
    # willreturn: look-ups of the same point merge, and one that nobody needs goes.
    attributes = "memory(argmem: read) nounwind willreturn noinline"
    head_line = f"define internal double @{lookup_name(variables)}({parameters}) {attributes}"
    return f"{head_line} {{\n{lines.text()}\n}}\n"


def _number(lines: Lines, start: str, place: int) -> str:
    pointer = lines.at("double", start, place)
    return lines.let(f"load double, ptr {pointer}, !invariant.load !0")
