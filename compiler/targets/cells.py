"""Which cell of a histogram a point is in: what a kernel's own search has to give."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from adl.compiler.ir import Binning, Positions, Uniform, extent


def find_cell(bins: Sequence[Binning], values: Sequence[float]) -> int:
    """Return the number of the cell, the first axis fastest; -1 if a value is not finite."""
    cell, stride = 0, 1
    for binning, value in zip(bins, values, strict=True):
        if not math.isfinite(value):
            return -1
        cell += stride * find_bin(binning, value)
        stride *= extent(binning)
    return cell


def find_bin(binning: Binning, x: float) -> int:
    """Return the bin of a finite value: 0 below all, 1 for the first, number + 1 above all."""
    if isinstance(binning, Positions):
        return int(x)
    if isinstance(binning, Uniform):
        z = (x - binning.lower) / (binning.upper - binning.lower)
        if not z < 1.0:
            return binning.number + 1
        return int(z * binning.number) + 1 if z >= 0.0 else 0
    return bisect_right(binning.edges, x)
