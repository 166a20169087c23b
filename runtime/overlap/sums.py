"""Overlaps of regions: sums over events, as matrices of all regions of both analyses.

With x_i the weight of an event in region i, 0 outside, the yields of regions are sums of x_i, and for
events that come as Poisson's law says their covariance is the sum of x_i x_j. The correlation is
S_ij / sqrt(S_ii S_jj); its variance is the sum of the squares of what each event moves it by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
_BITS = 62  # regions in a word
_DENSE = 4  # distinct weights: with more of them events are taken one by one
# Where no event is shared: so many can be expected at 68 % confidence, of a Poisson mean.
UNSEEN = 1.14


@dataclass
class Sums:
    """Sums over events in regions i and j; ``s[n, m]`` is that of x_i^n x_j^m."""

    events: int
    raw: npt.NDArray[np.int64]
    s10: Matrix
    s11: Matrix
    s22: Matrix
    s31: Matrix

    @staticmethod
    def zeros(regions: int) -> Sums:
        """Return the sums over no event."""
        shape = regions, regions
        return Sums(0, np.zeros(shape, np.int64), *(np.zeros(shape) for _ in range(4)))

    def add(self, other: Sums, scale: float = 1.0) -> None:
        """Add the sums over other events, each of which counts ``scale``."""
        self.events += other.events
        self.raw += other.raw
        self.s10 += scale * other.s10
        self.s11 += scale**2 * other.s11
        self.s22 += scale**4 * other.s22
        self.s31 += scale**4 * other.s31

    @property
    def yields(self) -> Matrix:
        """The weighted yield of each region."""
        return self.s10.diagonal().copy()

    @property
    def fractions(self) -> Matrix:
        """The part of the raw events of region i that is in region j, too; NaN of none."""
        with np.errstate(invalid="ignore"):
            return self.raw / self.raw.diagonal()[:, None]

    @property
    def weighted_fractions(self) -> Matrix:
        """The part of the yield of region i that is in region j, too; NaN of none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.s10 / self.yields[:, None]

    @property
    def correlation(self) -> Matrix:
        """The correlation of the yields; NaN where a region has no event."""
        own = self.s11.diagonal()
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.s11 / np.sqrt(np.outer(own, own))

    @property
    def uncertainty(self) -> Matrix:
        """The statistical uncertainty of the correlation.

        Of regions that share no event it is the correlation that events not seen can make.
        """
        own, fourth = self.s11.diagonal(), self.s22.diagonal()
        rho = self.correlation
        with np.errstate(invalid="ignore", divide="ignore"):
            product = np.sqrt(np.outer(own, own))
            squares = self.s22 / product**2
            mixed = self.s31 / (product * own[:, None]) + self.s31.T / (product * own[None, :])
            of_own = (fourth / own**2)[:, None] + (fourth / own**2)[None, :]
            both = of_own + 2 * self.s22 / np.outer(own, own)
            variance = squares - rho * mixed + rho**2 / 4 * both
            seen = np.sqrt(np.maximum(variance, 0.0))
            number = self.raw.diagonal()
            unseen = UNSEEN / np.sqrt(np.outer(number, number))
        np.fill_diagonal(seen, 0.0)
        return np.where(self.raw > 0, seen, unseen)


@dataclass
class Patterns:
    """Sums over the events that are in the same regions: patterns are few where events are many.

    ``words`` has a row for each 62 regions, with a bit a region; ``number`` the events of each
    pattern, and ``moments`` the sums of products of weights, in the order of ``_moments``. ``kinds``
    says of each region which weight it has; events of many weights are in ``whole`` at once.
    """

    events: int
    kinds: tuple[int, ...]
    words: npt.NDArray[np.int64]
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
        bits = np.arange(size)
        member = ((self.words[bits // _BITS] >> (bits % _BITS)[:, None]) & 1).astype(np.float64)
        out.raw += np.rint(_times(member, self.number, member)).astype(np.int64)
        if self.moments is None:
            for matrix in (out.s10, out.s11, out.s22, out.s31):
                matrix += out.raw
            return out
        for (k, m, power), moment in zip(_moments(self.kinds), self.moments, strict=True):
            rows = np.flatnonzero(np.array(self.kinds) == k)
            if m is None:
                out.s10[rows] += _times(member[rows], moment, member)
                continue
            columns = np.flatnonzero(np.array(self.kinds) == m)
            matrix = {(1, 1): out.s11, (2, 2): out.s22, (3, 1): out.s31}[power]
            matrix[np.ix_(rows, columns)] += _times(member[rows], moment, member[columns])
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


def together(parts: Sequence[Patterns]) -> Patterns:
    """Return the sums over all events of some blocks, added in their order."""
    first = parts[0]
    kinds, weighted = first.kinds, any(p.moments is not None for p in parts)
    words = np.concatenate([p.words for p in parts], axis=1)
    number, places = _numbered(words)
    size = len(places)
    counts = np.bincount(number, np.concatenate([p.number for p in parts]), minlength=size)
    moments = None
    if weighted:
        every = np.concatenate([_with_moments(p) for p in parts], axis=1)
        moments = np.array([np.bincount(number, row, minlength=size) for row in every])
    whole = None
    if any(p.whole is not None for p in parts):
        whole = Sums.zeros(len(kinds))
        for part in parts:
            if part.whole is not None:
                whole.add(part.whole)
    return Patterns(
        sum(p.events for p in parts),
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


def summed(
    events: int,
    rows: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]],
    kinds: Sequence[int],
) -> Patterns:
    """Return the sums over a block.

    Args:
        events: How many events the block has.
        rows: Of each region, the numbers of its events in the block and their weights.
        kinds: Of each region, a number that regions of one weight share.
    """
    size = len(rows)
    words = np.zeros((-(-size // _BITS), events), np.int64)
    weights: dict[int, npt.NDArray[np.float64]] = {}
    for i, (places, values) in enumerate(rows):
        words[i // _BITS, places] |= 1 << (i % _BITS)
        if (values == 1.0).all() and kinds[i] not in weights:
            continue
        own = weights.setdefault(kinds[i], np.ones(events))
        # A weight that is no number counts as an event, and not in the yields.
        own[places] = np.where(np.isfinite(values), values, 0.0)
    out = Patterns(events, tuple(kinds), words[:, :0], np.zeros(0, np.int64), None)
    if len(weights) > _DENSE:
        out.whole = _by_event(rows, events)
        return out
    some = np.flatnonzero(words.any(axis=0))
    number, places = _numbered(words[:, some])
    out.words = words[:, some][:, places]
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


def _by_event(
    rows: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]], events: int
) -> Sums:
    """Return the sums of events that have many weights, one by one."""
    x, member = np.zeros((len(rows), events)), np.zeros((len(rows), events))
    for i, (places, values) in enumerate(rows):
        member[i, places] = 1.0
        x[i, places] = np.where(np.isfinite(values), values, 0.0)
    some = np.flatnonzero(member.any(axis=0))
    x, member = x[:, some], member[:, some]
    return Sums(
        events,
        np.rint(member @ member.T).astype(np.int64),
        x @ member.T,
        x @ x.T,
        (x * x) @ (x * x).T,
        (x**3) @ x.T,
    )


def _numbered(
    words: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the number of each column's pattern, and a column that has each pattern."""
    _, first, number = np.unique(words[0], return_index=True, return_inverse=True)
    for row in words[1:]:
        _, own = np.unique(row, return_inverse=True)
        _, first, number = np.unique(
            number * (int(own.max(initial=0)) + 1) + own, return_index=True, return_inverse=True
        )
    return number, first
