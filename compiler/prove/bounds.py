"""What values a node can have at all, by what it is made of and what a model promises of columns.

Rounding is monotonic, so the ends of an interval are computed with the operations themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import cast
from weakref import WeakKeyDictionary

import numpy as np

from adl.compiler.ir import (
    Call,
    Cell,
    Column,
    Const,
    Element,
    Index,
    Node,
    Part,
    Reduce,
    Store,
    extent,
)
from adl.compiler.prove.values import (
    LEAST,
    MOST,
    Kind,
    Number,
    Values,
    between,
    compared,
    everything,
    just,
)
from adl.stdlib import ops

# An event has fewer elements of a collection than this: they would fit no computer's memory.
MOST_ELEMENTS = 2**40

# Ranges of elementary functions, one per mille wider than the mathematical ones: none of ours is
# wrong by more than some units in the last place.
RANGES: Mapping[str, tuple[float, float]] = {
    "sin": (-1.001, 1.001),
    "cos": (-1.001, 1.001),
    "tanh": (-1.001, 1.001),
    "atan": (-1.573, 1.573),
    "atan2": (-3.145, 3.145),
    "exp": (0.0, math.inf),
    "cosh": (0.999, math.inf),
}


class Bounds:
    """Remembers the values that nodes can have; ``promised`` is what a column's values lie in."""

    def __init__(self, promised: Mapping[str, Values] | None = None) -> None:
        self.promised = promised or {}
        self._known: WeakKeyDictionary[Node, Values] = WeakKeyDictionary()

    def __call__(self, node: Node) -> Values:
        """Return a set that has every value of a bool, int or real node."""
        known = self._known.get(node)
        if known is not None:
            return known
        stack = [(node, False)]
        while stack:
            inner, ready = stack.pop()
            if inner in self._known:
                continue
            if ready:
                self._known[inner] = self._of(inner)
            else:
                stack.append((inner, True))
                stack += [(c, False) for c in _asked(inner) if c not in self._known]
        return self._known[node]

    def _of(self, node: Node) -> Values:
        kind = cast("Kind", node.kind)
        match node:
            case Const(value):
                return just(kind, value)
            case Column():
                return self._column(node)
            case Index():
                return between("int", 0, MOST_ELEMENTS)
            case Part():
                return between("int", -1, MOST_ELEMENTS)
            case Cell(bins):
                return between("int", -1, math.prod(map(extent, bins)))
            case Element(Store(values=values)):
                missing: Number = math.nan if kind == "real" else 0
                return _union(kind, [*map(self, values), just(kind, missing)])
            case Reduce():
                return self._reduce(node)
            case Call("where", arguments):
                return self._where(arguments)
            case Call(function, arguments):
                return self._call(function, arguments, kind)
        return everything(kind)

    def _column(self, column: Column) -> Values:
        kind = cast("Kind", column.kind)
        found = everything(kind)
        dtype = np.dtype(column.dtype)
        # Unsigned 64-bit integers keep their bits, so that large ones are negative.
        if kind == "int" and dtype != np.uint64:
            found = between(kind, int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
        promised = self.promised.get(column.name)
        if promised is not None:
            found = found & promised
        if column.at is not None and not isinstance(column.at, Index):
            found = found | just(kind, math.nan if kind == "real" else 0)  # no such element
        return found

    def _reduce(self, node: Reduce) -> Values:
        kind = cast("Kind", node.kind)
        value = self(node.value)
        match node.operation:
            case "count":
                return between("int", 0, MOST_ELEMENTS ** len(node.axes))
            case "min":
                return value | just(kind, MOST[kind])
            case "max":
                return value | just(kind, LEAST[kind])
            case "sum" if kind == "real" and value.low >= 0:
                return between(kind, 0.0, math.inf, value.nan)
            case "sum" if kind == "real" and value.high <= 0:
                return between(kind, -math.inf, 0.0, value.nan)
            case "sum" if kind == "int" and len(node.axes) == 1 and _small(value):
                low, high = min(0, value.low), max(0, value.high)
                return between(kind, low * 2**40, high * 2**40)
            case "prod" if kind == "real" and value.low >= 0:
                return between(kind, 0.0, math.inf, True)
        return everything(kind)

    def _where(self, arguments: tuple[Node, ...]) -> Values:
        """Return both branches; what the condition says of a branch is used."""
        condition, yes, no = arguments
        first, second = self(yes), self(no)
        match condition:
            case Call("lt" | "le" | "gt" | "ge" | "eq" as operator, (x, Const(c))):
                allowed = compared(operator, cast("Kind", x.kind), c)
                first = first & allowed if x is yes else first
                second = second & ~allowed if x is no else second
            case Call("lt" | "le", (x, y)) if x is yes and y is no:  # the lesser of two
                return _without_more(first | second, min(first.high, second.high), first, second)
        return first | second

    def _call(self, function: str, arguments: tuple[Node, ...], kind: Kind) -> Values:
        if function in RANGES:
            return between(kind, *RANGES[function], True)
        operation = _OPERATIONS.get(function)
        if operation is None or kind == "bool":
            return everything(kind)
        if function == "mul" and arguments[0] is arguments[1] and kind == "real":
            inside = self(arguments[0])
            worst = max(abs(inside.low), abs(inside.high)) if inside.spans else 0.0
            return between(kind, 0.0, worst * worst, inside.nan)
        return operation(kind, *map(self, arguments))


def _asked(node: Node) -> tuple[Node, ...]:
    """Return the nodes whose values those of a node are computed from."""
    match node:
        case Element(Store(values=values)):
            return values
        case Reduce(value=value):
            return (value,)
        case Call("where", (_, yes, no)):
            return (yes, no)
        case Call(function, arguments) if function in _OPERATIONS and node.kind != "bool":
            return arguments
    return ()


def _union(kind: Kind, every: Iterable[Values]) -> Values:
    out = Values(kind)
    for values in every:
        out = out | values
    return out


def _small(values: Values) -> bool:
    return max(abs(values.low), abs(values.high)) < 2**20


def _without_more(both: Values, most: Number, first: Values, second: Values) -> Values:
    """Return values up to ``most``; a NaN beside it lets the second branch through as it is."""
    if first.nan or second.nan:
        return both
    return both & between(both.kind, LEAST[both.kind], most, True)


# ---------------------------------------------------------------------------- operations


def _corners(kind: Kind, x: Values, y: Values, meaning: Callable[..., Number], nan: bool) -> Values:
    """Return the values of an operation that is monotonic in each operand."""
    if not x.spans or not y.spans:
        return Values(kind, (), kind == "real")
    found = [meaning(a, b) for a in (x.low, x.high) for b in (y.low, y.high)]
    if any(map(math.isnan, found)):
        return everything(kind)
    low, high = min(found), max(found)
    if kind == "int" and (low < LEAST["int"] or high > MOST["int"]):
        return everything(kind)  # it wraps
    return between(kind, low, high, nan)


def _infinite(x: Values) -> bool:
    return x.low == -math.inf or x.high == math.inf


def _add(kind: Kind, x: Values, y: Values) -> Values:
    opposite = _infinite(x) and _infinite(y)
    if opposite and x.low + y.low == x.low + y.low and x.high + y.high == x.high + y.high:
        low, high = x.low + y.low, x.high + y.high  # (inf - inf inside makes a NaN)
        return between(kind, low, high, True)
    return _corners(kind, x, y, lambda a, b: a + b, x.nan or y.nan or opposite)


def _sub(kind: Kind, x: Values, y: Values) -> Values:
    return _add(kind, x, _neg(kind, y))


def _mul(kind: Kind, x: Values, y: Values) -> Values:
    def times(a: Number, b: Number) -> Number:
        return 0 if a == 0 or b == 0 else a * b

    return _corners(kind, x, y, times, x.nan or y.nan or _infinite(x) or _infinite(y))


def _div(kind: Kind, x: Values, y: Values) -> Values:
    if not y.spans or not (y.low > 0 or y.high < 0):
        if y.spans and x.spans and y.low >= 0 and x.low >= 0:
            return between(kind, 0.0, math.inf, True)
        return everything(kind)
    return _corners(kind, x, y, ops.MEANING["div"], True)


def _neg(kind: Kind, x: Values) -> Values:
    if kind == "int" and x.low == LEAST["int"]:
        return everything(kind)
    spans = tuple((-high + 0, -low + 0) for low, high in reversed(x.spans))
    return Values(kind, spans, x.nan)


def _abs(kind: Kind, x: Values) -> Values:
    if kind == "int" and x.low == LEAST["int"]:
        return everything(kind)
    positive = between(kind, 0, MOST[kind], True)
    return (x & positive) | (_neg(kind, x) & positive)


def _rising(function: str) -> Callable[..., Values]:
    def of(kind: Kind, x: Values) -> Values:
        meaning = ops.MEANING[function]
        spans = [(meaning(low), meaning(high)) for low, high in x.spans]
        if not spans:
            return Values(kind, (), x.nan)
        return between(kind, spans[0][0], spans[-1][1], x.nan)

    return of


def _sqrt(kind: Kind, x: Values) -> Values:
    inside = x & between(kind, 0.0, math.inf)
    nan = x.nan or x.low < 0
    if not inside.spans:
        return Values(kind, (), True)
    return between(kind, math.sqrt(inside.low), math.sqrt(inside.high), nan)


_OPERATIONS: Mapping[str, Callable[..., Values]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "abs": _abs,
    "sqrt": _sqrt,
    "rint": _rising("rint"),
    "floor": _rising("floor"),
    "real": _rising("real"),
    "int": _rising("int"),
}
