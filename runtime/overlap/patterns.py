"""Events counted by the regions that they are in: patterns are few where events are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Node
from adl.runtime.overlap.deciding import BITS
from adl.runtime.overlap.sums import Matrix, Sums
from adl.runtime.overlap.words import Bits, Words, member

_DENSE = 4  # distinct weights: with more of them events are taken one by one
_SLOTS = 16  # bits of a number that most patterns have to themselves
_SPREAD = 0x9E3779B97F4A7C15  # an odd number of 64 bits without any order (of the golden ratio)


@dataclass
class Patterns:
    """Sums over the events that are in the same regions.

    ``words`` has a row for each ``BITS`` regions, with a bit a region; ``number`` the events of each
    pattern, and ``moments`` the sums of products of weights, in the order of ``_moments``. ``kinds``
    says of each region which weight it has; events of many weights are in ``whole`` at once.
    """

    events: int
    kinds: tuple[int, ...]
    words: Bits
    number: npt.NDArray[np.int64]
    moments: Matrix | None  # None: every weight is 1
    whole: Sums | None = None

    def sums(self) -> Sums:
        """Return the sums over all events."""
        size = len(self.kinds)
        out = Sums.zeros(size)
        if self.whole is not None:
            out.add(self.whole)
        out.events = self.events
        if not len(self.number):
            return out
        inside = member(self.words, size).astype(np.float64)
        out.raw += np.rint(_times(inside, self.number, inside)).astype(np.int64)
        if self.moments is None:
            for matrix in (out.s10, out.s11, out.s22, out.s31):
                matrix += out.raw
            return out
        for (k, m, power), moment in zip(_moments(self.kinds), self.moments, strict=True):
            rows = np.flatnonzero(np.array(self.kinds) == k)
            if m is None:
                out.s10[rows] += _times(inside[rows], moment, inside)
                continue
            columns = np.flatnonzero(np.array(self.kinds) == m)
            matrix = {(1, 1): out.s11, (2, 2): out.s22, (3, 1): out.s31}[power]
            matrix[np.ix_(rows, columns)] += _times(inside[rows], moment, inside[columns])
        return out


def _times(left: Matrix, values: npt.NDArray[Any], right: Matrix) -> Matrix:
    # Not BLAS: its threads cost more than they bring, beside those that read and compute.
    found: Matrix = np.einsum("ip,jp->ij", left * values, right)
    return found


def _moments(kinds: Sequence[int]) -> list[tuple[int, int | None, tuple[int, int]]]:
    """Return the products of weights that are summed: of one kind alone, then of each two."""
    every = sorted(set(kinds))
    pairs = [(k, m, power) for k in every for m in every for power in ((1, 1), (2, 2), (3, 1))]
    return [*((k, None, (1, 0)) for k in every), *pairs]


def summed(words: Words, regions: int) -> Patterns:
    """Return the sums over a block, of the first so many masks: the regions."""
    size = -(-regions // BITS)
    bits = words.words[:size]
    events = words.words.shape[1]
    numbers: dict[Node, int] = {}
    kinds = tuple(numbers.setdefault(words.kinds[i], len(numbers)) for i in range(regions))
    weights = {numbers[n]: own for n, own in words.weights.items() if n in numbers}
    out = Patterns(events, kinds, bits[:, :0], np.zeros(0, np.int64), None)
    some = np.flatnonzero(bits.any(axis=0))
    bits = bits[:, some]
    if len(weights) > _DENSE:
        out.whole = _by_event(bits, [weights.get(k, np.ones(events))[some] for k in kinds], events)
        return out
    number, places = numbered(bits)
    out.words = bits[:, places]
    out.number = np.bincount(number, minlength=len(places))
    if weights:
        used = {k: weights.get(k, np.ones(events))[some] for k in sorted(set(kinds))}
        out.moments = np.array(
            [
                np.bincount(
                    number,
                    _product(used[k], None if m is None else used[m], power),
                    minlength=len(places),
                )
                for k, m, power in _moments(kinds)
            ]
        )
    return out


def _product(
    w: npt.NDArray[np.float64], v: npt.NDArray[np.float64] | None, power: tuple[int, int]
) -> npt.NDArray[np.float64]:
    if v is None:
        return w
    product: npt.NDArray[np.float64] = w ** power[0] * v ** power[1]
    return product


def _by_event(bits: Bits, weights: Sequence[npt.NDArray[np.float64]], events: int) -> Sums:
    """Return the sums of events that have many weights, one by one."""
    inside = member(bits, len(weights)).astype(np.float64)
    x = np.stack(weights) * inside
    return Sums(
        events,
        np.rint(inside @ inside.T).astype(np.int64),
        x @ inside.T,
        x @ x.T,
        (x * x) @ (x * x).T,
        (x**3) @ x.T,
    )


def together(parts: Sequence[Patterns]) -> Patterns:
    """Return the sums over all events of some blocks, added in their order."""
    kinds = parts[0].kinds
    others = [p for p in parts if p.kinds != kinds]  # a file in which other weights are the same
    parts = [p for p in parts if p.kinds == kinds]
    weighted = any(p.moments is not None for p in parts)
    words = np.concatenate([p.words for p in parts], axis=1)
    number, places = numbered(words)
    size = len(places)
    counts = np.bincount(number, np.concatenate([p.number for p in parts]), minlength=size)
    moments = None
    if weighted:
        every = np.concatenate([_with_moments(p) for p in parts], axis=1)
        moments = np.array([np.bincount(number, row, minlength=size) for row in every])
    whole = None
    more = [*(p.whole for p in parts if p.whole is not None), *(p.sums() for p in others)]
    if more:
        whole = Sums.zeros(len(kinds))
        for sums in more:
            whole.add(sums)
    return Patterns(
        sum(p.events for p in (*parts, *others)),
        kinds,
        words[:, places],
        np.rint(counts).astype(np.int64),
        moments,
        whole,
    )


def _with_moments(patterns: Patterns) -> Matrix:
    """Return the moments, each the number of events where every weight is 1."""
    if patterns.moments is not None:
        return patterns.moments
    number = patterns.number.astype(np.float64)
    return np.tile(number, (len(_moments(patterns.kinds)), 1))


def numbered(words: Bits) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the number of each column's pattern, and a column that has each pattern.

    Columns are compared with one of the same hash; patterns that share theirs with another are
    sorted, which is slower by far.
    """
    size = words.shape[1]
    mixed = np.zeros(size, np.uint64)
    for word in words:
        mixed = (mixed ^ word.view(np.uint64)) * np.uint64(_SPREAD)
        mixed ^= mixed >> np.uint64(32)
    slot = (mixed * np.uint64(_SPREAD)) >> np.uint64(64 - _SLOTS)
    first = np.full(1 << _SLOTS, -1, np.int64)
    first[slot] = np.arange(size)  # the last one stays
    alike = np.ones(size, bool)
    for word in words:
        alike &= word[first[slot]] == word
    used = np.flatnonzero(first >= 0)
    of_slot = np.empty(1 << _SLOTS, np.int64)
    of_slot[used] = np.arange(len(used))
    number = of_slot[slot]
    places = first[used]
    rest = np.flatnonzero(~alike)
    if len(rest):
        own, others = _sorted(words[:, rest])
        number[rest] = len(used) + own
        places = np.concatenate([places, rest[others]])
    return number, places


def _sorted(words: Bits) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return what ``numbered`` does, by sorting."""
    _, first, number = np.unique(words[0], return_index=True, return_inverse=True)
    for row in words[1:]:
        _, own = np.unique(row, return_inverse=True)
        _, first, number = np.unique(
            number * (int(own.max(initial=0)) + 1) + own, return_index=True, return_inverse=True
        )
    return number, first
