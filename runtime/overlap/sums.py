"""Overlaps of regions: sums over events, as matrices of all regions of both analyses.

With x_i the weight of an event in region i, 0 outside, the yields of regions are sums of x_i, and for
events that come as Poisson's law says their covariance is the sum of x_i x_j. The correlation is
S_ij / sqrt(S_ii S_jj); its variance is the sum of the squares of what each event moves it by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
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
