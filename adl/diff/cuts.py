"""Cuts of two regions, condition by condition: what all cuts of a region ask of one quantity.

A condition can stand in a cut of its own in one analysis and in an ``and`` in the other, and two
cuts can bound one quantity. So what is gained and lost is the difference of what all of them let
through together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from adl.check import analysis as core
from adl.diff.atoms import Atom, as_written, atom, denied, direction, possible, unfolded
from adl.diff.intervals import EVERYTHING, Range
from adl.diff.laws import Number
from adl.diff.meaning import Entry
from adl.diff.operands import conjuncts
from adl.diff.sides import Side
from adl.diff.slices import Slice, beyond_numbers, sliced
from adl.diff.thresholds import Reader
from adl.diff.translation import Translation


@dataclass(frozen=True)
class CutChange:
    """Cuts that bound one quantity otherwise; words where the region selects the same.

    It does so in every event if that is ``exact``, else up to rounding.
    """

    a: Entry | None
    b: Entry | None
    slices: tuple[Slice, ...]
    words: tuple[str, ...] = ()
    exact: bool = False


@dataclass(eq=False)
class _Part:
    """One condition of a cut."""

    entry: Entry
    value: core.Value
    numbers: frozenset[Number] | None  # as the second analysis has it; None if that is not known
    atom: Atom | None  # of a comparison, and of ``not`` of one
    keeps_nan: bool  # what is no number passes


@dataclass(eq=False)
class Cuts:
    """The cuts of two regions; ``x`` and ``y`` are those that differ as they stand."""

    sides: tuple[Side, Side]
    reader: Reader
    translation: Translation
    first: Sequence[Entry]
    second: Sequence[Entry]
    x: Sequence[Entry]
    y: Sequence[Entry]
    _left: dict[Entry, list[_Part]] = field(default_factory=dict)

    def changes(self) -> Iterator[CutChange]:
        """Yield what became of comparisons; ``rest`` then has what is left of each cut."""
        every = [*self._parts(self.first, True)], [*self._parts(self.second, False)]
        known = [set().union(*(p.numbers or () for p in own)) for own in every]
        for entries, own, others in ((self.x, every[0], known[1]), (self.y, every[1], known[0])):
            chosen = set(entries)
            for part in own:
                if part.entry in chosen:
                    self._left.setdefault(part.entry, [])
                    if part.numbers is None or not part.numbers <= others:
                        self._left[part.entry].append(part)
        self._simplify(*every)
        self._look_inside(*every)
        found = [*self._bounds(*every)]
        one = {change.a: change.b for change in found if change.a and change.b}
        back = {b: a for a, b in one.items()}
        whole = [  # what else a cut says goes with the cut that it has become
            replace(
                change,
                a=change.a or (change.b and back.get(change.b)),
                b=change.b or (change.a and one.get(change.a)),
            )
            for change in found
        ]
        selecting = {(change.a, change.b) for change in whole if change.slices}
        yield from (c for c in whole if c.slices or (c.a, c.b) not in selecting)

    def is_told(self, entry: Entry) -> bool:
        """Whether a cut has nothing left to be told."""
        return isinstance(entry.statement, core.Cut) and self.rest(entry) is None

    def rest(self, entry: Entry) -> core.Value | None:
        """Return what a cut asks for that was not told; None if that is nothing."""
        statement = entry.statement
        if not isinstance(statement, core.Cut) or entry not in self._left:
            return getattr(statement, "condition", None)
        left = self._left[entry]
        whole = conjuncts(statement.condition)
        if len(left) == len(whole):
            return statement.condition
        values = tuple(part.value for part in left)
        if len(values) < 2:
            return values[0] if values else None
        return core.Logic("and", values, type="bool", span=statement.span)

    def _parts(self, entries: Iterable[Entry], of_first: bool) -> Iterator[_Part]:
        for entry in entries:
            if isinstance(entry.statement, core.Cut) and entry.statement.only is None:
                for value in conjuncts(entry.statement.condition):
                    one, numbers = atom(value), self._numbers(value, of_first)
                    yield _Part(entry, value, numbers, one or denied(value), one is None)

    def _simplify(self, a: list[_Part], b: list[_Part]) -> None:
        """Make conditions that differ such of quantities that the other side bounds: of m, not m - 91."""
        left = {id(part) for own in self._left.values() for part in own}
        changed = [[p for p in own if id(p) in left and p.atom is not None] for own in (a, b)]
        asked = [[q.quantity for p in own for q in unfolded(p.atom)] for own in changed]
        for own, others, of_first in ((changed[0], asked[1], True), (changed[1], asked[0], False)):
            for part in own:
                shared = (
                    one
                    for one in unfolded(part.atom)
                    if any(self._is(one.quantity, q, of_first, not of_first) for q in others)
                )
                part.atom = next(shared, part.atom)

    def _look_inside(self, a: list[_Part], b: list[_Part]) -> None:
        """Take conditions for none on quantities that differ in thresholds alone, as in a count.

        They are one cut, changed inside; as bounds one would be new and the other gone.
        """
        left = {id(part) for own in self._left.values() for part in own}
        for p in (p for p in a if p.atom and id(p) in left):
            for q in (q for q in b if q.atom and id(q) in left):
                assert p.atom
                assert q.atom
                details = [*self.reader.details(p.atom.quantity, q.atom.quantity, 0)]
                if details and all(detail.slices for detail in details):
                    p.atom = q.atom = None
                    break

    def _numbers(self, value: core.Value, of_first: bool) -> frozenset[Number] | None:
        side = self.sides[1]
        key = side.alone(self.translation.of(value) if of_first else value)
        return None if key is None else frozenset(side.canonical.conjuncts(key[0]))

    def _bounds(self, every_a: list[_Part], every_b: list[_Part]) -> Iterator[CutChange]:
        """Yield the quantities that are bounded otherwise, in the order of the second analysis."""
        for of_first, entries in ((False, self.y), (True, self.x)):
            for entry in entries:
                for part in list(self._left.get(entry, ())):
                    if part.atom is not None and part in self._left[entry]:
                        yield from self._bound(part.atom.quantity, of_first, every_a, every_b)

    def _bound(
        self, quantity: core.Value, of_first: bool, every_a: list[_Part], every_b: list[_Part]
    ) -> Iterator[CutChange]:
        a = [p for p in every_a if p.atom and self._is(p.atom.quantity, quantity, True, of_first)]
        b = [p for p in every_b if p.atom and self._is(p.atom.quantity, quantity, False, of_first)]
        before, after = _together(a, quantity), _together(b, quantity)
        more, less = after.minus(before), before.minus(after)
        source = self.reader.source_b if b else self.reader.source_a
        words = source.words((b or a)[0].atom.quantity.span)  # type: ignore[union-attr]  # chosen so
        keeps = [all(p.keeps_nan for p in own) for own in (a, b)]
        nan = () if keeps[0] == keeps[1] or not (a and b) else ("gained" if keeps[1] else "lost",)
        changed = [[p for p in own if p in self._left.get(p.entry, ())] for own in (a, b)]
        for part in (*changed[0], *changed[1]):
            self._left[part.entry].remove(part)
        for one, other in _paired(*changed, *(self._spare(own) for own in (a, b))):
            ranges = [_together([p] if p else [], quantity) for p in (one, other)]
            slices = tuple(
                sliced(effect, as_written(quantity, part), words, 1)
                for effect, part in (
                    ("gained", more.within(ranges[1].minus(ranges[0]))),
                    ("lost", less.within(ranges[0].minus(ranges[1]))),
                )
                if part.parts
            )
            slices += tuple(beyond_numbers(effect, words) for effect in nan)
            rounded = any(p.atom and p.atom.rounded for p in (*a, *b))
            same = f"selects the same: other cuts on {words} decide"
            same = "selects the same, up to rounding" if rounded else same
            p = one.entry if one else self._partner(other, every_b, self.x, every_a)
            q = other.entry if other else self._partner(one, every_a, self.y, every_b)
            yield CutChange(p, q, slices, () if slices else (same,), not (slices or rounded))

    def _spare(self, own: list[_Part]) -> list[_Part]:
        """Return parts that ask for nothing new, as another cut does: what a changed one was."""
        return [p for p in own if p.entry in self._left and p not in self._left[p.entry]]

    def _is(self, one: core.Value, other: core.Value, one_first: bool, other_first: bool) -> bool:
        """Whether two quantities are one."""
        if one_first == other_first:
            shapes = self.reader.a if one_first else self.reader.b
            return bool(shapes.of(one) == shapes.of(other))
        return self.reader.same(*((one, other) if one_first else (other, one)))

    @staticmethod
    def _partner(
        part: _Part | None, own: list[_Part], others: Sequence[Entry], theirs: list[_Part]
    ) -> Entry | None:
        """Return the cut of the other analysis that says what else the cut of a part says."""
        if part is None:
            return None
        said: set[Number] = set().union(*(p.numbers or () for p in own if p.entry is part.entry))
        shared = {
            other: sum(len(said & (p.numbers or set())) for p in theirs if p.entry is other)
            for other in others
        }
        best = max(shared, key=lambda other: shared[other], default=None)
        return best if best is not None and shared[best] else None


def _paired(
    a: list[_Part], b: list[_Part], spare_a: list[_Part], spare_b: list[_Part]
) -> Iterator[tuple[_Part | None, _Part | None]]:
    """Yield parts that are one, changed: bounds in one direction first; then those left alone.

    One that would be left alone takes the first spare one of the other side.
    """
    left, right = list(a), list(b)
    spares = [[p for p in spare if p not in own] for spare, own in ((spare_a, a), (spare_b, b))]
    for x_from, y_from in ((left, right), (left, spares[1]), (spares[0], right)):
        for one_way in (True, False):
            for x in list(x_from):
                y = next((y for y in y_from if not one_way or _ends(x) == _ends(y)), None)
                if y is not None:
                    x_from.remove(x)
                    y_from.remove(y)
                    yield x, y
    yield from ((x, None) for x in left)
    yield from ((None, y) for y in right)


def _ends(part: _Part) -> tuple[bool, bool] | None:
    """Return whether a range goes down, and up, without end; None if there is nothing in it."""
    assert part.atom is not None
    return direction(part.atom) if part.atom.range.parts else None


def _together(parts: Iterable[_Part], quantity: core.Value) -> Range:
    """Return what several conditions on one quantity let through."""
    found = possible(Atom(quantity, replace(EVERYTHING, whole=quantity.type == "int"))).range
    for part in parts:
        if part.atom is not None:
            found = part.atom.range.minus(found.complement())
    return found
