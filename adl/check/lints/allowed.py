"""Sets of numbers: what a condition allows a quantity to be.

Ends are closed: ``x > 3`` begins at the next number that a double can be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Allowed:
    """Disjoint ascending ranges; ``other`` says that it may also be missing or NaN."""

    ranges: tuple[Range, ...]
    other: bool = False

    def __bool__(self) -> bool:
        return bool(self.ranges) or self.other

    def meet(self, second: Allowed) -> Allowed:
        """Return what both allow."""
        both = [
            (max(a, c), min(b, d))
            for a, b in self.ranges
            for c, d in second.ranges
            if max(a, c) <= min(b, d)
        ]
        return Allowed(tuple(both), self.other and second.other)

    def join(self, second: Allowed) -> Allowed:
        """Return what one of both allows."""
        joined: list[Range] = []
        for low, high in sorted(self.ranges + second.ranges):
            if joined and low <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
            else:
                joined.append((low, high))
        return Allowed(tuple(joined), self.other or second.other)

    def whole(self) -> Allowed:
        """Return what is allowed to a whole number."""
        ends = [
            (math.ceil(a) if math.isfinite(a) else a, math.floor(b) if math.isfinite(b) else b)
            for a, b in self.ranges
        ]
        return Allowed(tuple((float(a), float(b)) for a, b in ends if a <= b), self.other)

    def is_point(self) -> bool:
        """Whether nothing but one number is allowed."""
        return not self.other and len(self.ranges) == 1 and self.ranges[0][0] == self.ranges[0][1]

    def covers(self, second: Allowed) -> bool:
        """Whether all that ``second`` allows is allowed."""
        return self.meet(second) == second


ANYTHING = Allowed(((-math.inf, math.inf),), other=True)


def compared(name: str, limit: float) -> Allowed:
    """Return what ``x name limit`` allows x to be."""
    below, above = math.nextafter(limit, -math.inf), math.nextafter(limit, math.inf)
    ranges: dict[str, tuple[Range, ...]] = {
        "lt": ((-math.inf, below),),
        "le": ((-math.inf, limit),),
        "gt": ((above, math.inf),),
        "ge": ((limit, math.inf),),
        "eq": ((limit, limit),),
        "ne": ((-math.inf, below), (above, math.inf)),
    }
    # Missing numbers compare false; NaN differs from every number.
    return Allowed(ranges[name], other=name == "ne")


def within(lower: float, upper: float) -> Allowed:
    """Return what ``x [] lower upper`` allows x to be."""
    return Allowed(((lower, upper),) if lower <= upper else ())


def outside(lower: float, upper: float) -> Allowed:
    """Return what ``x ][ lower upper`` allows x to be."""
    if lower >= upper:
        return Allowed(((-math.inf, math.inf),))
    return Allowed(((-math.inf, lower), (upper, math.inf)))


def complement(allowed: Allowed) -> Allowed:
    """Return what is left of all numbers, and of what is none."""
    ranges: list[Range] = []
    low = -math.inf
    for a, b in allowed.ranges:
        if a > low:
            ranges.append((low, math.nextafter(a, -math.inf)))
        low = math.nextafter(b, math.inf)
    ended = bool(allowed.ranges) and allowed.ranges[-1][1] == math.inf
    if not ended:
        ranges.append((low, math.inf))
    return Allowed(tuple(ranges), not allowed.other)
