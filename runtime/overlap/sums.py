"""Overlaps of regions: sums over events, as matrices of all regions of both analyses.

With x_i the weight of an event in region i, 0 outside, the yields of regions are sums of x_i, and for
events that come as Poisson's law says their covariance is the sum of x_i x_j. The correlation is
S_ij / sqrt(S_ii S_jj); its variance is the sum of the squares of what each event moves it by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
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


def summed(
    events: int,
    rows: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]],
    kinds: Sequence[int],
) -> Sums:
    """Return the sums over a block.

    Args:
        events: How many events the block has.
        rows: Of each region, the numbers of its events in the block and their weights.
        kinds: Of each region, a number that regions of one weight share.
    """
    size = len(rows)
    inside = np.zeros((size, events), bool)
    weights: dict[int, npt.NDArray[np.float64]] = {}
    for i, (places, values) in enumerate(rows):
        inside[i, places] = True
        # A weight that is no number counts as an event, and not in the yields.
        finite = np.where(np.isfinite(values), values, 0.0)
        weights.setdefault(kinds[i], np.zeros(events))[places] = finite
    some = np.flatnonzero(inside.any(axis=0))
    out = Sums.zeros(size)
    out.events = events
    if len(some):
        used = inside[:, some]
        if len(weights) <= _DENSE:
            by_kind = {kind: values[some] for kind, values in weights.items()}
            _by_pattern(out, used, by_kind, kinds)
        else:
            _by_event(out, used, np.array([weights[kind][some] for kind in kinds]))
    return out


def _by_event(out: Sums, inside: npt.NDArray[np.bool_], weights: Matrix) -> None:
    member = inside.astype(np.float64)
    x = weights * member
    out.raw += np.rint(member @ member.T).astype(np.int64)
    out.s10 += x @ member.T
    out.s11 += x @ x.T
    out.s22 += (x * x) @ (x * x).T
    out.s31 += (x**3) @ x.T


def _by_pattern(
    out: Sums,
    inside: npt.NDArray[np.bool_],
    weights: dict[int, npt.NDArray[np.float64]],
    kinds: Sequence[int],
) -> None:
    """Sum the weights of events that are in the same regions first: patterns are few."""
    number, patterns = _patterns(inside)
    size = patterns.shape[1]

    def sums(values: npt.NDArray[np.float64] | None = None) -> Matrix:
        return np.bincount(number, values, minlength=size)[:size].astype(np.float64)

    member = patterns.astype(np.float64)
    of_kind = {kind: np.flatnonzero(np.array(kinds) == kind) for kind in weights}
    out.raw += np.rint((member * sums()) @ member.T).astype(np.int64)
    for k, w in weights.items():
        rows = of_kind[k]
        out.s10[rows] += (member[rows] * sums(w)) @ member.T
        for m, v in weights.items():
            where, left, right = np.ix_(rows, of_kind[m]), member[rows], member[of_kind[m]]
            wv = w * v
            out.s11[where] += (left * sums(wv)) @ right.T
            out.s22[where] += (left * sums(wv * wv)) @ right.T
            out.s31[where] += (left * sums(w * w * wv)) @ right.T


def _patterns(
    inside: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the number of each event's pattern of regions, and which regions each pattern has."""
    number = np.zeros(inside.shape[1], np.int64)
    first = np.zeros(1, np.int64)
    for start in range(0, len(inside), 32):
        words = np.zeros(inside.shape[1], np.int64)
        for bit, row in enumerate(inside[start : start + 32]):
            words |= row.astype(np.int64) << bit
        _, first, number = np.unique((number << 32) | words, return_index=True, return_inverse=True)
    return number, inside[:, first]
