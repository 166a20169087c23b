"""Sets of numbers between bounds: what a comparison with a constant lets through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor, inf, isfinite
from typing import NamedTuple


class Interval(NamedTuple):
    """Numbers from ``lower`` to ``upper``, each end in it or not."""

    lower: float
    lower_in: bool
    upper: float
    upper_in: bool

    def __contains__(self, x: object) -> bool:
        assert isinstance(x, int | float)
        above = x > self.lower or (self.lower_in and x == self.lower)
        return above and (x < self.upper or (self.upper_in and x == self.upper))


@dataclass(frozen=True)
class Range:
    """A union of intervals; ``whole`` if only whole numbers count."""

    parts: tuple[Interval, ...]
    whole: bool = False

    def __contains__(self, x: object) -> bool:
        return any(x in part for part in self.parts)

    def minus(self, other: Range) -> Range:
        """Return the numbers of this range that the other one lacks."""
        return _where(self.whole, (self, other), lambda x: x in self and x not in other)

    def within(self, other: Range) -> Range:
        """Return the numbers of this range that the other one has, too."""
        return _where(self.whole, (self, other), lambda x: x in self and x in other)

    def complement(self) -> Range:
        """Return all other numbers."""
        return _where(self.whole, (self,), lambda x: x not in self)

    def of_size(self) -> Range:
        """Return the numbers of which the absolute value is in this range."""
        mirrored = tuple(Interval(-u, u_in, -l, l_in) for l, l_in, u, u_in in self.parts[::-1])
        other = Range(mirrored, self.whole)
        return _where(self.whole, (self, other), lambda x: (x if x >= 0 else -x) in self)

    def shifted(self, by: float) -> Range:
        """Return the range with its bounds moved, in the digits of people: 91.2 - 10 is 81.2."""
        parts = (Interval(_sum(l, by), l_in, _sum(u, by), u_in) for l, l_in, u, u_in in self.parts)
        return Range(tuple(parts), self.whole)

    def words(self, quantity: str) -> str:
        """Return the range as conditions of a quantity.

        >>> Range((Interval(25.0, False, 30.0, True),)).words("pt")
        '25 < pt <= 30'
        """
        return " or ".join(self._words(part, quantity) for part in self.parts) or "nothing"

    def _words(self, part: Interval, x: str) -> str:
        lower, lower_in, upper, upper_in = part
        if self.whole:
            lower = lower if lower_in or not isfinite(lower) else lower + 1
            upper = upper if upper_in or not isfinite(upper) else upper - 1
            lower_in = upper_in = True
        if lower == upper:
            return f"{x} = {number(lower)}"
        left = f"{number(lower)} {'<=' if lower_in else '<'} "
        right = f" {'<=' if upper_in else '<'} {number(upper)}"
        if not isfinite(lower) and not isfinite(upper):
            return f"any {x}"
        if not isfinite(lower):
            return f"{x}{right}"
        if not isfinite(upper):
            return f"{x} {'>=' if lower_in else '>'} {number(lower)}"
        return f"{left}{x}{right}"


EVERYTHING = Range((Interval(-inf, False, inf, False),))


def compared(operator: str, c: float, whole: bool) -> Range:
    """Return the numbers x for which ``x operator c`` holds."""
    if whole and not float(c).is_integer():
        found = {"lt": ("le", floor(c)), "le": ("le", floor(c))}
        found |= {"gt": ("ge", ceil(c)), "ge": ("ge", ceil(c))}
        if operator not in found:
            return (
                Range((), True)
                if operator == "eq"
                else Range((Interval(-inf, False, inf, False),), True)
            )
        operator, c = found[operator]
    below, above = Interval(-inf, False, c, False), Interval(c, False, inf, False)
    point = Interval(c, True, c, True)
    parts = {
        "lt": (below,),
        "le": (below, point),
        "gt": (above,),
        "ge": (point, above),
        "eq": (point,),
        "ne": (below, above),
    }[operator]
    return _where(whole, (Range(parts, whole),), lambda x: any(x in p for p in parts))


def between(lower: float, upper: float, whole: bool) -> Range:
    """Return the numbers from lower to upper, both in."""
    if whole:
        lower, upper = ceil(lower), floor(upper)
    return Range((Interval(lower, True, upper, True),) if lower <= upper else (), whole)


def _sum(x: float, y: float) -> float:
    return float(Decimal(repr(x)) + Decimal(repr(y))) if isfinite(x) else x


def _where(whole: bool, ranges: Iterable[Range], holds: Callable[[float], bool]) -> Range:
    """Return the numbers of which something holds that changes at the bounds of ranges only."""
    bounds = sorted({b for r in ranges for p in r.parts for b in (p.lower, p.upper)} - {inf, -inf})
    edges = [-inf, *bounds, inf]
    found: list[Interval] = []
    for lower, upper in pairwise(edges):
        if isfinite(lower) and holds(lower):
            _join(found, Interval(lower, True, lower, True))
        if _has_numbers(lower, upper, whole) and holds(_inside(lower, upper)):
            _join(found, Interval(lower, False, upper, False))
    return Range(tuple(found), whole)


def _has_numbers(lower: float, upper: float, whole: bool) -> bool:
    """Whether something lies between two bounds; of whole numbers 2 and 3 nothing does."""
    return not whole or not (isfinite(lower) and isfinite(upper)) or upper - lower > 1


def _inside(lower: float, upper: float) -> float:
    if isfinite(lower) and isfinite(upper):
        return lower + (upper - lower) / 2
    if isfinite(lower):
        return lower + 1 + abs(lower)
    return upper - 1 - abs(upper) if isfinite(upper) else 0.0


def _join(found: list[Interval], new: Interval) -> None:
    """Append an interval, to the last one if they touch."""
    if found and found[-1].upper == new.lower and (found[-1].upper_in or new.lower_in):
        last = found.pop()
        new = Interval(last.lower, last.lower_in, new.upper, new.upper_in)
    found.append(new)


def number(x: float) -> str:
    """Return a number as people write it."""
    return repr(int(x)) if isfinite(x) and float(x).is_integer() and abs(x) < 1e15 else repr(x)
