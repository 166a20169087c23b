"""A function of numbers that dotted_delphes_leptoquark.adl calls."""

from __future__ import annotations

import math


def massless_mass(pt1: float, pt2: float, deta: float, dphi: float) -> float:
    """Return the invariant mass of two massless particles."""
    return math.sqrt(2 * pt1 * pt2 * (math.cosh(deta) - math.cos(dphi)))
