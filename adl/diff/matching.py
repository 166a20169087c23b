"""Which of two lists of things are the same ones: by meaning, then by name, then by likeness."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple, TypeVar

T = TypeVar("T")
ALIKE = 0.6  # of the words of two things that are one, changed


class Pair(NamedTuple):
    """Things of both sides that are one; None where a side has nothing of the kind."""

    a: str | None
    b: str | None


def matched(
    a: Mapping[str, Hashable], b: Mapping[str, Hashable], alike: Callable[[str, str], float]
) -> tuple[Pair, ...]:
    """Return every name of both sides once, in the order of the second, removed ones last.

    ``a`` and ``b`` say what each name means, ``alike`` how near two of them are, from 0 to 1.
    """
    found = dict(_by_meaning(a, b))
    left = [name for name in a if name not in found]
    right = [name for name in b if name not in found.values()]
    for name in [n for n in left if n in right]:
        found[name] = name
        left.remove(name)
        right.remove(name)
    scores = sorted(((alike(x, y), x, y) for x in left for y in right), reverse=True)
    for score, x, y in scores:
        if score >= ALIKE and x in left and y in right:
            found[x] = y
            left.remove(x)
            right.remove(y)
    back = {y: x for x, y in found.items()}
    return (*(Pair(back.get(y), y) for y in b), *(Pair(x, None) for x in left))


def _by_meaning(a: Mapping[str, Hashable], b: Mapping[str, Hashable]) -> list[tuple[str, str]]:
    """Return the names of equal meaning; of several with one meaning those that are called alike."""
    same: dict[Hashable, list[str]] = {}
    for name, meaning in b.items():
        same.setdefault(meaning, []).append(name)
    found = [(name, name) for name, meaning in a.items() if name in same.get(meaning, ())]
    for name, _ in found:
        same[a[name]].remove(name)
    for name, meaning in a.items():
        others = same.get(meaning)
        if others and (name, name) not in found:
            best = max(others, key=lambda other: likeness(name, other))
            others.remove(best)
            found.append((name, best))
    return found


def aligned(
    a: Sequence[Hashable], b: Sequence[Hashable]
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Return which places of two lists hold the same in the same order, and what is left of each."""
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    pairs = [(block.a + i, block.b + i) for block in blocks for i in range(block.size)]
    left, right = {i for i, _ in pairs}, {j for _, j in pairs}
    return (
        pairs,
        [i for i in range(len(a)) if i not in left],
        [j for j in range(len(b)) if j not in right],
    )


def likeness(a: Sequence[Hashable], b: Sequence[Hashable]) -> float:
    """Return how near two texts or lists of words are, from 0 to 1."""
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def taken(x: list[T], y: list[T], same: Callable[[T, T], bool]) -> list[tuple[T, T]]:
    """Take pairs that are the same from two lists, in their order."""
    found = []
    for p in list(x):
        q = next((q for q in y if same(p, q)), None)
        if q is not None:
            x.remove(p)
            y.remove(q)
            found.append((p, q))
    return found
