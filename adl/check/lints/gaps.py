"""N406: a range that the bins of a region leave out."""

from __future__ import annotations

import math
from itertools import pairwise

from adl.check.analysis import BinDef, Cut, RegionDef, Value
from adl.check.lints.allowed import ANYTHING, Allowed
from adl.check.lints.conditions import Reader
from adl.check.lints.subject import Subject


def gaps_between_bins(subject: Subject) -> None:
    """Note the first range between the bins of one quantity that is in none of them.

    Where a cut says where the quantity begins, what is below the first bin counts, too.
    """
    reader = Reader(subject.numbers)
    seen: set[BinDef] = set()
    for region in subject.regions:
        if len(region.bins) < 2 or any(bin in seen for bin in region.bins):
            continue
        seen |= set(region.bins)
        found = _one_quantity(reader, region)
        if found is None:
            continue
        quantity, covered = found
        cuts = (s.condition for s in region.statements if isinstance(s, Cut))
        held = reader.everything(cuts).allowed.get(quantity, ANYTHING)
        gap = _gap(covered, held, quantity.type == "int")
        if gap is not None:
            low, high = gap
            words = subject.context.words(quantity.span)
            message = f"no bin of {region.name} has {words} from {low:g} to {high:g}"
            subject.context.findings.note("N406", message, region.bins[0].span)


def _one_quantity(reader: Reader, region: RegionDef) -> tuple[Value, Allowed] | None:
    """Return what all bins are of, and what they allow it to be; None if they differ in more."""
    quantity: Value | None = None
    covered = Allowed(())
    for bin in region.bins:
        meaning = reader.meaning(bin.condition)
        if not meaning.exact or len(meaning.allowed) != 1:
            return None
        ((own, allowed),) = meaning.allowed.items()
        if own.type == "bool" or own != (quantity or own):
            return None
        quantity, covered = own, covered.join(allowed)
    return None if quantity is None else (quantity, covered)


def _gap(covered: Allowed, held: Allowed, whole: bool) -> tuple[float, float] | None:
    """Return the ends of the first gap that cuts leave open; of whole numbers those in it."""
    if not held.ranges:  # no event passes the cuts: W332 says so
        return None
    ends = covered.meet(held).ranges
    begin = held.ranges[0][0]
    if math.isfinite(begin) and begin > 0:  # by a cut: at 0 begins what is never negative
        ends = ((-math.inf, begin - 1 if whole else math.nextafter(begin, -math.inf)), *ends)
    for (_, high), (low, _) in pairwise(ends):
        first, last = math.nextafter(high, math.inf), math.nextafter(low, -math.inf)
        if whole:
            first, last = high + 1, low - 1
        if first > last:
            continue
        left = Allowed(((first, last),)).meet(held).ranges
        if any(a < b or whole for a, b in left):  # one point of a real number is no gap
            return (first, last) if whole else (high, low)
    return None
