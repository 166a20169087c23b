"""What tables, corrections, functions and networks are, whatever they are called: for comparing analyses."""

from __future__ import annotations

from ast import Import, ImportFrom, Module, dump, parse, walk
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from inspect import getsource
from itertools import groupby, pairwise, product
from json import dumps
from math import prod
from pathlib import Path
from textwrap import dedent
from typing import Any

from adl.check.functions import FromFile
from adl.compiler.ir import Table
from adl.stdlib.corrections.files import Correction
from adl.stdlib.registry import FUNCTIONS, Function

_MOST_CELLS = 200_000
_KNOWN = frozenset(("__future__", "math", "numba", "numpy"))  # the same wherever a file lies


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
        tree = parse(dedent(text))
    except (OSError, SyntaxError, TypeError):
        return id(function)  # of no known code: equal to itself only
    said = dump(tree)  # comments and spaces say nothing
    # What stands beside a file and is imported can be other code in another folder.
    where = ""
    if isinstance(body, FromFile) and not _imports(tree) <= _KNOWN:
        where = str(Path(body.path).resolve().parent)
    return function.name, function.arguments, function.result, said, where


def _imports(tree: Module) -> set[str]:
    """Return the modules that a file imports, by the first part of their names."""
    found = set()
    for node in walk(tree):
        if isinstance(node, Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ImportFrom):
            found.add("" if node.level else (node.module or "").partition(".")[0])
    return found


@cache
def held(correction: Correction) -> Any:
    """Return what stands for a correction: what it computes, whatever is said of it."""
    own = (
        *([given.name, given.kind] for given in correction.inputs),
        *(correction.data, correction.formulas, correction.updated),
        *(correction.update, correction.join),
    )
    digest = sha256(dumps(_plain(own), sort_keys=True).encode()).hexdigest()
    return digest, tuple(map(held, correction.stack))


def _plain(found: Any) -> Any:
    """Return what JSON says, 1 and 1.0 as one number."""
    if isinstance(found, dict):
        return {key: _plain(value) for key, value in found.items() if key != "description"}
    if isinstance(found, list | tuple):
        return [_plain(value) for value in found]
    return float(found) if isinstance(found, int) else found


def content(path: str) -> str:
    """Return what stands for a network: what its file holds."""
    try:
        return sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return path
