"""What tables, functions and networks are, whatever they are called: for comparing analyses."""

from __future__ import annotations

from ast import dump, parse
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from inspect import getsource
from itertools import groupby, pairwise, product
from math import prod
from pathlib import Path
from textwrap import dedent
from typing import Any

from adl.check.functions import FromFile
from adl.compiler.ir import Table
from adl.stdlib.registry import FUNCTIONS, Function

_MOST_CELLS = 200_000


@cache
def cells(table: Table) -> Any:
    """Return a table as the values of cells between all of its edges, row by row if they are many.

    Rows that overlap or have other edges in common say the same where the first of them does.
    """
    number = table.variables
    ranges = [[row[1 + 2 * v : 3 + 2 * v] for v in range(number)] for row in table.rows]
    edges = [sorted({e for row in ranges for e in row[v]}) for v in range(number)]
    if prod(map(len, edges)) * len(table.rows) > _MOST_CELLS:
        return repr(table.rows)
    found = []
    for cell in product(*(pairwise(own) for own in edges)):
        for row, own in zip(table.rows, ranges, strict=True):
            if all(lo <= a and b <= hi for (a, b), (lo, hi) in zip(cell, own, strict=True)):
                found.append((repr(row[0]), cell))
                break
    return tuple(_merged(found)) if number == 1 else tuple(found)


def _merged(found: list[tuple[str, Any]]) -> Iterable[tuple[str, float, float]]:
    """Yield the ranges of a table of one variable, those of one value that touch as one."""
    for value, own in groupby(found, key=lambda pair: pair[0]):
        ((first, last),), *others = (cell for _, cell in own)
        for ((lower, upper),) in others:
            if lower != last:
                yield value, first, last
                first = lower
            last = upper
        yield value, first, last


def code_of(function: Function) -> Any:
    """Return what makes a function: of a user's its code, for it is not looked into."""
    if FUNCTIONS.get(function.name) is function:
        return function.name
    body = function.body
    try:
        text = body.text if isinstance(body, FromFile) else getsource(body)
        said = dump(parse(dedent(text)))  # comments and spaces say nothing
    except (OSError, SyntaxError, TypeError):
        return id(function)  # of no known code: equal to itself only
    return function.name, function.arguments, function.result, said


def content(path: str) -> str:
    """Return what stands for a network: what its file holds."""
    try:
        return sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return path
