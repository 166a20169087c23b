"""Masks of regions as bits of words: what many of them ask is computed once, without branches.

Regions that need the same values are decided together, in one row an event: a word has a bit for
each of them, and a condition that fails clears the bits of those that ask it. Conditions that cost
little come first; the dearer ones are looked at while a bit is left. A row's values are the weight
and the bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from adl.compiler.cost import cost
from adl.compiler.ir import (
    TRUE,
    Call,
    Const,
    Infer,
    Node,
    Record,
    both,
    call,
    conjuncts,
    postorder,
    raising,
)
from adl.stdlib import ops

BITS = 62  # masks in a word, and never its sign
# Conditions of one class of costs (in additions) are computed together, however few are needed.
_CLASSES = (8.0, 40.0, 160.0, 640.0)


@dataclass(frozen=True)
class Asked:
    """A mask to decide, the number of its bit, and what an event that passes it counts."""

    number: int
    mask: Node
    weight: Node


@dataclass(frozen=True)
class Decided:
    """Which bits of which word a kind of row has."""

    word: int
    numbers: tuple[int, ...]

    @property
    def key(self) -> str:
        """The name by which rows of a program are known."""
        return f"decided:{','.join(map(str, self.numbers))}"


def decided(every: Iterable[Asked]) -> Iterator[tuple[Decided, Record]]:
    """Yield the rows that decide some masks, and which bits each of them has."""
    groups: dict[object, list[Asked]] = {}
    for asked in every:
        key = asked.weight, company(asked.number, asked.mask, asked.weight)
        groups.setdefault(key, []).append(asked)
    for group in groups.values():
        word = group[0].number // BITS
        yield Decided(word, tuple(asked.number for asked in group)), _row(group)


def company(number: int, *values: Node) -> object:
    """Return what values share that are asked together: the word of their bits, what is dear."""
    nodes = postorder(values)
    if raising(nodes) or any(isinstance(node, Infer) for node in nodes):
        return number  # what can fail, or is run before, is asked where this mask asks it
    return number // BITS, frozenset(node for node in nodes if not node.free and _dear(node))


def _dear(node: Node) -> bool:
    """Whether a value takes a loop, a table or an elementary function itself."""
    return node.costly and not (isinstance(node, Call) and node.function in ops.MEANING)


def _row(group: Sequence[Asked]) -> Record:
    weight = group[0].weight
    if len(group) == 1:
        return Record((), (weight, Const(_bit(group[0]))), group[0].mask)
    users: dict[Node, int] = {}
    for asked in group:
        for condition in conjuncts(asked.mask):
            users[condition] = users.get(condition, 0) | _bit(asked)
    every = sum(map(_bit, group))
    mask: Node = TRUE
    word: Node = Const(every)
    for conditions in _classes(users):
        for condition in conditions:
            if users[condition] == every:  # all masks ask it: nothing is left without it
                mask = both(mask, condition)
            else:
                word = _narrowed(word, condition, users[condition])
        if not isinstance(word, Const):
            mask = both(mask, call("ne", word, Const(0)))
    return Record((), (weight, word), mask)


def _narrowed(word: Node, condition: Node, users: int) -> Node:
    return call("bitand", word, call("where", condition, Const(-1), Const(~users)))


def _classes(conditions: Iterable[Node]) -> list[list[Node]]:
    """Return conditions by how much they cost, the cheapest first, else in their order."""
    found: list[list[Node]] = [[] for _ in range(len(_CLASSES) + 1)]
    for condition in conditions:
        whole = sum(cost(node, {}) for node in postorder([condition]))
        found[sum(whole > limit for limit in _CLASSES)].append(condition)
    return [some for some in found if some]


def _bit(asked: Asked) -> int:
    return 1 << (asked.number % BITS)
