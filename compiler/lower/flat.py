"""A tree of decisions as words: what a ``Decide`` goes through, see ``compiler/decisions.py``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adl.compiler.decisions import FLOWS
from adl.stdlib import ops
from adl.stdlib.corrections.contents import Content, Even, Grid, Keys, Leaf, Nothing


@dataclass
class Flat:
    """A tree of decisions as words, and the leaves in the order of their results."""

    reason: Callable[[str], int]  # the result below 0 for a reason of no value
    names: Sequence[str]  # of the inputs
    words: list[int] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    fails: bool = False

    def child(self, node: Content) -> int:
        """Return the word for a node, which is written if it is a decision."""
        match node:
            case Grid():
                return self.grid(node)
            case Keys():
                return self.keys(node)
            case Nothing():
                known = ", ".join(node.known)
                return self.failure(f"{node.input} has no {node.given} there, only {known}")
        self.leaves.append(node)
        return 2 * (len(self.leaves) - 1) + 1

    def failure(self, text: str) -> int:
        """Return the word for no value."""
        self.fails = True
        return 2 * self.reason(text) + 1

    def grid(self, node: Grid) -> int:
        """Write bins."""
        start = len(self.words)
        self.words.append(len(node.axes))
        sides = []
        for place, bins in node.axes:
            even = isinstance(bins, Even)
            sides.append(len(self.words) + 3)
            self.words += [place, int(even), FLOWS[node.flow], 0, 0, 0, bins.number]
            self.words += map(bits, (bins.low, bins.high) if isinstance(bins, Even) else bins.edges)
        first = len(self.words)
        self.words += [0] * len(node.contents)
        for i, inner in enumerate(node.contents):
            self.words[first + i] = self.child(inner)
        outside = None if node.outside is None else self.child(node.outside)
        for at, (place, bins) in zip(sides, node.axes, strict=True):
            self.words[at : at + 3] = self.sides(node, self.names[place], bins, outside)
        return 2 * start

    def sides(self, node: Grid, name: str, bins: Any, outside: int | None) -> list[int]:
        """Return the words for below, above and nowhere."""
        nan = self.failure(f"{name} is not a finite number") if _can_be_nan(node, bins) else 0
        if outside is not None:
            return [outside, outside, nan]
        if node.flow != "error":
            return [0, 0, nan]
        below = self.failure(f"{name} is below {bins.low:g}")
        return [below, self.failure(f"{name} is not below {bins.high:g}"), nan]

    def keys(self, node: Keys) -> int:
        """Write a choice by keys."""
        start = len(self.words)
        known = ", ".join(str(key) for key, _ in node.contents)
        count = len(node.contents)
        self.words += [0, node.input, count, 0, *(bits(float(key)) for key, _ in node.contents)]
        self.words += [0] * count
        for i, (_, inner) in enumerate(node.contents):
            self.words[start + 4 + count + i] = self.child(inner)
        if node.otherwise is not None:
            self.words[start + 3] = self.child(node.otherwise)
        else:
            text = f"{self.names[node.input]} is none of {known}"
            self.words[start + 3] = self.failure(text)
        return 2 * start


def _can_be_nan(node: Grid, bins: Any) -> bool:
    return node.flow == "wrap" or isinstance(bins, Even)


def bits(x: float) -> int:
    """Return the 64 bits of a number, as an integer."""
    return int(ops.bits(x))
