"""Functions for analyses that say ``function NAME`` with ``code "functions.py"``."""

from __future__ import annotations

import math


def balance(pt: list[float], met: float, power: float = 1.0) -> float:
    """Missing momentum in units of the sum of pt^power; NaN without any element."""
    total = 0.0
    for x in pt:
        total += math.pow(x, power)
    return met / total if total > 0.0 else math.nan
