"""How a loop accumulates: small classes for reductions, picks and stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from adl.compiler.emit.text import LLVM_TYPE, Lines, real
from adl.compiler.ir import Gather, Node, Pick, Reduce, Store

if TYPE_CHECKING:
    from adl.compiler.emit.function import FunctionEmitter

_INF, _MAX = float("inf"), 9223372036854775807
_START = {
    ("sum", "real"): real(0.0),
    ("sum", "int"): "0",
    ("prod", "real"): real(1.0),
    ("prod", "int"): "1",
    ("count", "int"): "0",
    ("min", "real"): real(_INF),
    ("max", "real"): real(-_INF),
    ("min", "int"): str(_MAX),
    ("max", "int"): str(-_MAX - 1),
    ("any", "bool"): "false",
    ("all", "bool"): "true",
}
_FOLD = {
    ("sum", "real"): "fadd double {0}, {1}",
    ("sum", "int"): "add i64 {0}, {1}",
    ("prod", "real"): "fmul double {0}, {1}",
    ("prod", "int"): "mul i64 {0}, {1}",
    ("any", "bool"): "or i1 {0}, {1}",
    ("all", "bool"): "and i1 {0}, {1}",
}
_BETTER = {
    ("min", "real"): "fcmp olt double {1}, {0}",
    ("max", "real"): "fcmp ogt double {1}, {0}",
    ("min", "int"): "icmp slt i64 {1}, {0}",
    ("max", "int"): "icmp sgt i64 {1}, {0}",
}


class Accumulator(Protocol):
    """What a loop does for one value."""

    def update(self, operands: list[str], positions: list[str], part: int) -> None:
        """Write what the current element does."""

    def results(self) -> tuple[str, ...]:
        """Write and return the value after the loop."""


def accumulators(
    function: FunctionEmitter, nodes: tuple[Node, ...]
) -> Iterator[tuple[Node, Accumulator]]:
    """Write the start of each accumulation; what picks from one order picks from one search."""
    deepest: dict[object, Pick] = {}
    for node in nodes:
        if isinstance(node, Pick) and node.order is not None and len(node.axes) == 1:
            key = node.axes, node.mask, node.order
            deepest[key] = max(deepest.get(key, node), node, key=lambda pick: pick.k)
    searches = {pick: Ordered(function.lines, pick) for pick in deepest.values()}
    for node in nodes:
        search = None
        if isinstance(node, Pick) and node.order is not None:
            search = deepest.get((node.axes, node.mask, node.order))
        if search is None:
            yield node, _accumulator(function, node)
        else:
            assert isinstance(node, Pick)
            found = searches[search]
            yield node, found if node is search else Picked(found, node.k)


def _accumulator(function: FunctionEmitter, node: Node) -> Accumulator:
    match node:
        case Reduce():
            return _Reduction(function.lines, node)
        case Pick(order=None):
            return _PickStored(function.lines, node)
        case Pick():
            return Ordered(function.lines, node)
        case Store():
            return _Storing(function, node)
        case Gather():
            return _Gathering(function, node)
    raise AssertionError(f"{type(node).__name__} accumulates nothing")


class _Reduction:
    def __init__(self, lines: Lines, node: Reduce) -> None:
        self.lines = lines
        self.rule = node.operation, node.kind
        self.type = LLVM_TYPE[node.kind]
        self.slot = lines.slot(self.type, _START[self.rule])

    def update(self, operands: list[str], positions: list[str], part: int) -> None:
        lines = self.lines
        old = lines.load(self.type, self.slot)
        if self.rule[0] == "count":
            new = lines.let(f"add i64 {old}, 1")
        elif self.rule in _FOLD:
            new = lines.let(_FOLD[self.rule].format(old, operands[0]))
        else:
            new = self.better(old, operands[0])
        lines.store(self.type, new, self.slot)

    def better(self, old: str, x: str) -> str:
        lines = self.lines
        take = lines.let(_BETTER[self.rule].format(old, x))
        if self.type == "double":  # one NaN makes the result NaN, and a NaN is never replaced
            take = lines.let(f"or i1 {take}, {lines.let(f'fcmp uno double {x}, {x}')}")
        return lines.let(f"select i1 {take}, {self.type} {x}, {self.type} {old}")

    def results(self) -> tuple[str, ...]:
        return (self.lines.load(self.type, self.slot),)


class _PickStored:
    """The k-th passing tuple in stored order."""

    def __init__(self, lines: Lines, node: Pick) -> None:
        self.lines = lines
        self.k = node.k
        self.places = [lines.slot("i64", "-1") for _ in node.axes]
        self.seen = lines.slot("i64", "0")

    def update(self, operands: list[str], positions: list[str], part: int) -> None:
        lines = self.lines
        seen = lines.load("i64", self.seen)
        hit = lines.let(f"icmp eq i64 {seen}, {self.k}")
        for place, position in zip(self.places, positions, strict=True):
            old = lines.load("i64", place)
            lines.store("i64", lines.let(f"select i1 {hit}, i64 {position}, i64 {old}"), place)
        lines.store("i64", lines.let(f"add i64 {seen}, 1"), self.seen)

    def results(self) -> tuple[str, ...]:
        return tuple(self.lines.load("i64", place) for place in self.places)


class Ordered:
    """The k + 1 first tuples in ascending order of a key, NaN last, ties as they come."""

    def __init__(self, lines: Lines, node: Pick) -> None:
        self.lines = lines
        self.keys = [lines.slot("double", real(0.0)) for _ in range(node.k + 1)]
        self.places = [[lines.slot("i64", "-1") for _ in node.axes] for _ in range(node.k + 1)]

    def update(self, operands: list[str], positions: list[str], part: int) -> None:
        """Write where the current tuple comes among those that were found."""
        lines = self.lines
        key, carried, moved = operands[0], positions, "false"
        for slot, places in zip(self.keys, self.places, strict=True):
            old_key = lines.load("double", slot)
            old = [lines.load("i64", place) for place in places]
            # Once an entry has moved down, all below it do: equal keys keep their order.
            moved = lines.let(f"or i1 {moved}, {self.before(key, old_key, old[0])}")
            lines.store("double", self.choose(moved, "double", key, old_key), slot)
            for place, new, was in zip(places, carried, old, strict=True):
                lines.store("i64", self.choose(moved, "i64", new, was), place)
            key = self.choose(moved, "double", old_key, key)
            carried = [
                self.choose(moved, "i64", was, new) for was, new in zip(old, carried, strict=True)
            ]

    def before(self, key: str, old_key: str, old_place: str) -> str:
        """Write whether a key comes before one that was found."""
        lines = self.lines
        empty = lines.let(f"icmp slt i64 {old_place}, 0")
        less = lines.let(f"fcmp olt double {key}, {old_key}")
        number = lines.let(f"fcmp ord double {key}, {key}")
        after = lines.let(f"fcmp uno double {old_key}, {old_key}")
        beats_nan = lines.let(f"and i1 {number}, {after}")
        return lines.let(f"or i1 {empty}, {lines.let(f'or i1 {less}, {beats_nan}')}")

    def above(self, bound: str) -> str:
        """Write whether a key that is not below ``bound`` can still come first."""
        lines = self.lines
        empty = lines.let(f"icmp slt i64 {lines.load('i64', self.places[0][0])}, 0")
        reached = lines.let(f"fcmp oge double {bound}, {lines.load('double', self.keys[0])}")
        return lines.let(f"or i1 {empty}, {lines.let(f'xor i1 {reached}, true')}")

    def choose(self, condition: str, type_: str, yes: str, no: str) -> str:
        """Write a choice between two values."""
        return self.lines.let(f"select i1 {condition}, {type_} {yes}, {type_} {no}")

    def results(self) -> tuple[str, ...]:
        """Return the tuple at place k."""
        return tuple(self.lines.load("i64", place) for place in self.places[-1])


class Picked:
    """One of the tuples that another pick finds on its way to a later one."""

    def __init__(self, search: Ordered, k: int) -> None:
        self.search, self.k = search, k

    def update(self, operands: list[str], positions: list[str], part: int) -> None:
        """Write nothing: the other search does it."""

    def results(self) -> tuple[str, ...]:
        """Return the tuple at place k."""
        return tuple(self.search.lines.load("i64", place) for place in self.search.places[self.k])


class _Storing:
    """Values of each part of a store, one after the other."""

    def __init__(self, function: FunctionEmitter, node: Store) -> None:
        self.lines = function.lines
        self.base = function.scratch(node)
        self.kind = node.content
        self.starts = ["0"]
        for axis in node.axes[:-1]:
            total = self.lines.let(f"add i64 {self.starts[-1]}, {function.size(axis.source)}")
            self.starts.append(total)

    def update(self, operands: list[str], positions: list[str], part: int) -> None:
        lines = self.lines
        type_, value = LLVM_TYPE[self.kind], operands[0]
        if self.kind == "bool":
            type_, value = "i8", lines.let(f"zext i1 {value} to i8")
        entry = positions[0]
        if part:
            entry = lines.let(f"add i64 {self.starts[part]}, {entry}")
        lines.store(type_, value, lines.at(type_, self.base, entry))

    def results(self) -> tuple[str, ...]:
        return ()


class _Gathering:
    """Values of passing elements, one after the other or each at its place."""

    def __init__(self, function: FunctionEmitter, node: Gather) -> None:
        self.lines = function.lines
        self.base = function.scratch(node)
        self.next = None if node.place is not None else self.lines.slot("i64", "0")

    def update(self, operands: list[str], positions: list[str], part: int) -> None:
        lines = self.lines
        if self.next is None:
            entry = operands[1]
        else:
            entry = lines.load("i64", self.next)
            lines.store("i64", lines.let(f"add i64 {entry}, 1"), self.next)
        lines.store("double", operands[0], lines.at("double", self.base, entry))

    def results(self) -> tuple[str, ...]:
        return ()
