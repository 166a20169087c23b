"""Comparing what two targets count, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.layout import Partial


def row_differences(expected: Partial, actual: Partial) -> list[str]:
    """Return the records of which a bit differs; one NaN is like another."""
    if len(expected.rows) != len(actual.rows):
        return ["number of records"]
    found = []
    for number, (one, other) in enumerate(zip(expected.rows, actual.rows, strict=True)):
        pairs = zip((one.events, *one.values), (other.events, *other.values), strict=True)
        found += [f"record {number}" for x, y in pairs if not same_bits(x, y)]
    return found


def same_bits(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> bool:
    """Whether two arrays have the same bits, but for those of NaN."""
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    if x.dtype.kind == "f":
        x, y = (np.where(np.isnan(values), np.nan, values) for values in (x, y))
    return x.tobytes() == y.tobytes()
