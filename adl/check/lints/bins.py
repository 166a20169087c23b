"""W333 and W334: bins that no event can enter, and bins that overlap.

The first bin that is true gets an event, so an overlap makes the numbers depend on the order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adl.check.analysis import BinDef, Cut, RegionDef, Value
from adl.check.lints.allowed import ANYTHING, Allowed
from adl.check.lints.conditions import Meaning, Reader
from adl.check.lints.subject import Subject

MOST_COMPARISONS = 1_000_000  # of the bins of a region
HELP = "the first bin that is true gets an event: let the bins exclude each other"


@dataclass(frozen=True)
class _Box:
    """A bin as what it allows each quantity to be, in a region."""

    place: int
    bin: BinDef
    allowed: dict[Value, Allowed]


def overlapping_bins(subject: Subject) -> None:
    """Warn of bins that stay empty, and of each bin that shares events with one before it."""
    reader = Reader(subject.numbers)
    seen: set[BinDef] = set()
    for region in subject.regions:
        cuts = (s.condition for s in region.statements if isinstance(s, Cut))
        held = reader.everything(cuts)
        if held.never or all(bin in seen for bin in region.bins):
            continue
        boxes: list[_Box] = []
        empty: list[BinDef] = []
        for place, bin in enumerate(region.bins):
            meaning = reader.meaning(bin.condition)
            inside = reader.both(held, meaning)
            if inside.never:
                empty.append(bin)
            elif meaning.exact and meaning.allowed:
                own = {q: inside.allowed[q] for q in meaning.allowed}
                boxes.append(_Box(place, bin, own))
        # A list of edges has a first and a last bin of its own, which cuts may well exclude.
        entered = {bin.span for bin in region.bins if bin not in empty}
        for bin in empty:
            if bin.span not in entered:
                _warn_empty(subject, region, bin)
        for first, second in _overlaps(boxes, held):
            _warn_overlap(subject, first, second)
        seen |= set(region.bins)


def _touch(a: _Box, b: _Box, quantity: Value, common: Allowed) -> bool:
    """Whether two ranges of a real number share ends only, not a whole range of one point."""
    points = _of(a, quantity).is_point() or _of(b, quantity).is_point()
    return not points and all(low == high for low, high in common.ranges)


def _warn_empty(subject: Subject, region: RegionDef, bin: BinDef) -> None:
    message = f"no event of {region.name} can enter this bin"
    subject.context.findings.warning("W333", message, bin.span)


def _warn_overlap(subject: Subject, first: _Box, second: _Box) -> None:
    context = subject.context
    shared = {*first.allowed, *second.allowed}
    line = context.line(first.bin.span)
    inside = all(_of(first, q).covers(_of(second, q)) for q in shared)
    if inside and first.allowed.keys() <= second.allowed.keys():
        message = f"this bin lies inside the bin of line {line}, which gets all its events"
    else:
        message = f"this bin overlaps with the bin of line {line}, which gets the shared events"
    context.findings.warning("W334", message, second.bin.span, HELP)


def _of(box: _Box, quantity: Value) -> Allowed:
    return box.allowed.get(quantity, ANYTHING)


def _overlaps(boxes: list[_Box], held: Meaning) -> Iterator[tuple[_Box, _Box]]:
    """Yield each bin that shares events with an earlier one, and the first such.

    The bins are swept along the quantity that parts most of them: only those that share a number
    of it are compared, and no more than so many.
    """
    if len(boxes) < 2:
        return
    along = _sharpest(boxes)
    ranges = [(low, high, box) for box in boxes for low, high in _of(box, along).ranges]
    ranges.sort(key=lambda item: item[:2])
    open_: list[tuple[float, _Box]] = []
    found: dict[int, _Box] = {}
    left = MOST_COMPARISONS
    for low, high, box in ranges:
        open_ = [(end, other) for end, other in open_ if end >= low]
        left -= len(open_)
        if left < 0:
            break
        for _, other in open_:
            first, second = (box, other) if box.place < other.place else (other, box)
            known = found.get(second.place)
            if known is not None and known.place <= first.place:
                continue
            if first.place != second.place and _share(first, second, held):
                found[second.place] = first
        open_.append((high, box))
    by_place = {box.place: box for box in boxes}
    for place, first in sorted(found.items()):
        yield first, by_place[place]


def _sharpest(boxes: list[_Box]) -> Value:
    """Return the quantity of which the bins allow the most different numbers."""
    kinds: dict[Value, set[Allowed]] = {}
    for box in boxes:
        for quantity, allowed in box.allowed.items():
            kinds.setdefault(quantity, set()).add(allowed)
    return max(kinds, key=lambda quantity: len(kinds[quantity]))


def _share(a: _Box, b: _Box, held: Meaning) -> bool:
    """Whether two bins have events in common for sure, more than one point of a real number.

    Quantities that only one bin knows could exclude what the other asks for, unless it asks for
    nothing else.
    """
    if a.bin.span == b.bin.span:  # of one list of edges
        return False
    if not (a.allowed.keys() <= b.allowed.keys() or b.allowed.keys() <= a.allowed.keys()):
        return False
    for quantity in (*a.allowed, *b.allowed):
        common = _of(a, quantity).meet(_of(b, quantity))
        common = common.meet(held.allowed.get(quantity, ANYTHING))
        if not common.ranges or (quantity.type == "real" and _touch(a, b, quantity, common)):
            return False
    return True
