"""Nodes for corrections: a tree of decisions as data, its leaf, numbers by leaf, and rejection.

``Decide`` says which leaf of a tree a point reaches; ``Entry`` reads a number of that leaf. Trees and
numbers are data of the kernel, so code does not grow with them, and corrections of one binning
share their ``Decide``.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from adl.compiler.ir import Interned, Node, Numbers

# What follows the number of axes of a grid, for each axis; then its numbers: low and high, or the
# edges. A child is 2 * offset of a node, or 2 * result + 1.
AXIS = ("input", "even", "flow", "under", "over", "nan", "number")
# What flow means: an error's children are results below zero, those of a value are its content.
FLOWS = {"error": 0, "clamp": 1, "wrap": 2, "value": 3}


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Tree(metaclass=Interned):
    """Decisions as words of 64 bits, the first at word 0; equal trees are one object.

    A grid is the number of its axes, each of them, then the children, the last axis fastest.
    A choice by keys is 0, the input, the number of keys, the child of what is no key, the keys (as
    ascending doubles), then their children.
    """

    words: bytes

    @staticmethod
    def key(words: bytes) -> Any:
        """Key by content."""
        return words


@dataclass(frozen=True, eq=False, slots=True)
class Decide(Node):
    """The result that a tree has for a point: a leaf from 0, or below 0 where there is none."""

    tree: Tree
    arguments: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The coordinates of the point."""
        return self.arguments

    def rebuild(self, children: tuple[Node, ...], axes: Any = None) -> Node:
        """Return the result for another point."""
        return Decide(self.tree, children)

    def __post_init__(self) -> None:
        self._derive("int", costly=True)


@dataclass(frozen=True, eq=False, slots=True)
class Entry(Node):
    """The number of a leaf; NaN below 0."""

    numbers: Numbers
    at: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """The leaf."""
        return (self.at,)

    def rebuild(self, children: tuple[Node, ...], axes: Any = None) -> Node:
        """Return the number of another leaf."""
        return Entry(self.numbers, *children)

    def __post_init__(self) -> None:
        self._derive("real")


@dataclass(frozen=True)
class Reasons:
    """Why a correction or table has no value: the text of result -1, of -2 and so on.

    ``line`` is that of a table in the analysis ``path``.
    """

    name: str
    path: str
    texts: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Reject(Node):
    """``value``, or NaN where ``result`` is below 0: said after the run where ``mask`` holds."""

    value: Node
    result: Node
    mask: Node
    reasons: Reasons

    @property
    def children(self) -> tuple[Node, ...]:
        """Value, result and mask."""
        return self.value, self.result, self.mask

    @property
    def raises(self) -> bool:
        """It must not be computed where nothing looks at it."""
        return True

    def rebuild(self, children: tuple[Node, ...], axes: Any = None) -> Node:
        """Reject another value."""
        value, result, mask = children
        return Reject(value, result, mask, self.reasons)

    def __post_init__(self) -> None:
        self._derive("real", costly=True)


# ------------------------------------------------------------------------------- the meaning


def numbers(values: Sequence[float]) -> Numbers:
    """Return numbers by leaf."""
    return Numbers(struct.pack(f"<{len(values)}d", *values))


@lru_cache(maxsize=256)
def doubles(words: bytes) -> tuple[float, ...]:
    """Return words as doubles."""
    return struct.unpack(f"<{len(words) // 8}d", words)


@lru_cache(maxsize=256)
def integers(words: bytes) -> tuple[int, ...]:
    """Return words as integers."""
    return struct.unpack(f"<{len(words) // 8}q", words)


def decide(tree: Tree, point: Sequence[float]) -> int:
    """Return what a tree says of a point."""
    whole, real = integers(tree.words), doubles(tree.words)
    at = 0
    while True:
        find = _in_grid if whole[at] else _by_key
        child = find(whole, real, at, point)
        if child & 1:
            return child >> 1
        at = child >> 1


def _by_key(whole: Sequence[int], real: Sequence[float], at: int, point: Sequence[float]) -> int:
    place, number, otherwise = whole[at + 1 : at + 4]
    first = at + 4
    found = bisect_left(real, point[place], first, first + number)
    hit = found < first + number and real[found] == point[place]
    return whole[found + number] if hit else otherwise


def _in_grid(whole: Sequence[int], real: Sequence[float], at: int, point: Sequence[float]) -> int:
    index, cursor = 0, at + 1
    for _ in range(whole[at]):
        place, even, flow, under, over, nan, number = whole[cursor : cursor + len(AXIS)]
        first = cursor + len(AXIS)
        count = 2 if even else number + 1
        bin = (_even if even else _between)(point[place], flow, number, real, first)
        if flow == FLOWS["clamp"] and bin > _NAN:
            bin = min(max(bin, 0), number - 1)
        if bin < 0:
            return nan if bin == _NAN else under
        if bin == number:
            return over
        index, cursor = index * number + bin, first + count
    return whole[cursor + index]


_NAN, _UNDER = -2, -1  # results of the two functions below; ``number`` is above all bins


def _even(x: float, flow: int, number: int, real: Sequence[float], first: int) -> int:
    low, high = real[first], real[first + 1]
    if flow != FLOWS["wrap"]:
        if x < low:
            return _UNDER
        if x >= high:
            return number
    # Division by zero is no mistake here: the result is NaN or infinite, and that is nowhere.
    position = _divided(x - low, high - low)
    if flow == FLOWS["wrap"]:
        position -= math.floor(position) if math.isfinite(position) else position
    if not math.isfinite(position):
        return _NAN
    bin = int(number * position)
    # Rounding can carry what is below the last edge to the place after the last bin.
    return bin if bin < number or flow == FLOWS["value"] else number - 1


def _between(x: float, flow: int, number: int, real: Sequence[float], first: int) -> int:
    if flow == FLOWS["wrap"]:
        low, high = real[first], real[first + number]
        position = _divided(x - low, high - low)
        position -= math.floor(position) if math.isfinite(position) else position
        x = low + position * (high - low)
    if math.isnan(x):  # as correctionlib: above all, or (wrapped) nowhere
        return _NAN if flow == FLOWS["wrap"] else number
    bin = bisect_right(real, x, first, first + number + 1) - first - 1
    wrapped_away = flow == FLOWS["wrap"] and not 0 <= bin < number
    return _NAN if wrapped_away else bin


def _divided(x: float, y: float) -> float:
    return x / y if y else math.nan
