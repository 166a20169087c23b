"""Notes about a comparison: dialects, regions without events, names that mean other things."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from adl.diff.matching import Pair
from adl.diff.meaning import selection
from adl.diff.sides import Side


def notes(a: Side, b: Side, pairs: Iterable[Pair], causes: Collection[str]) -> Iterator[str]:
    """Yield what to know of two analyses beside their changes.

    Args:
        a: The first analysis.
        b: The second one.
        pairs: Declarations and regions.
        causes: Of regions that differ though their words do not.
    """
    if a.analysis.dialect != b.analysis.dialect:
        yield (
            f"{a.source.name} is read in the dialect {a.analysis.dialect}, "
            f"{b.source.name} in {b.analysis.dialect}"
        )
    for side in (a, b):
        for name in side.regions:
            if side.canonical.false in selection(side, name):
                yield f"region {name} of {side.source.name} passes no event"
    pairs = tuple(pairs)
    for pair in pairs:
        if (pair.a is None or pair.b is None) and (pair.a or pair.b) in causes:
            here, there = (a, b) if pair.b is None else (b, a)
            yield (
                f"{pair.a or pair.b} means different things: {here.source.name} declares it, "
                f"{there.source.name} has it of the input"
            )
    back = {pair.b: pair.a for pair in pairs if pair.b and pair.a}
    for pair in pairs:
        if pair.a is None or pair.b is None or pair.a == pair.b:
            continue
        if pair.a in b.declared or pair.a in b.regions:
            other = back.get(pair.a)
            also = f", which is {other} of {a.source.name}" if other else ""
            yield (
                f"{pair.a} means different things: that of {a.source.name} is {pair.b} of "
                f"{b.source.name}, where {pair.a} is another one{also}"
            )
