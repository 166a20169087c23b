"""The words for how two regions relate: of one pair, and of so many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adl.compiler.prove.verdicts import Relation, Verdict

# Between the names of the first and the second region.
WORDS: dict[Relation, str] = {
    "disjoint": "is disjoint from",
    "equal": "equals",
    "subset": "is within",
    "superset": "contains",
    "overlapping": "overlaps",
    "unknown": "is not decided with",
}
_OF_MANY: dict[Relation, str] = {
    "disjoint": "disjoint",
    "equal": "equal",
    "subset": "within",
    "superset": "containing",
    "overlapping": "overlapping",
    "unknown": "not decided",
}
METHODS = {
    "": "",
    "same": "the same cuts",
    "intervals": "by intervals",
    "z3": "by z3",
    "event": "by an event",
}


def tally(verdicts: Iterable[Verdict]) -> str:
    """Return how many pairs relate how."""
    counts = Counter(verdict.relation for verdict in verdicts)
    return ", ".join(f"{counts[r]} {words}" for r, words in _OF_MANY.items() if counts[r])


def pairs(number: int) -> str:
    """Return a number of pairs."""
    return f"{number:,} {'pair' if number == 1 else 'pairs'}"


def regions(number: int) -> str:
    """Return a number of regions."""
    return f"{number} {'region' if number == 1 else 'regions'}"
