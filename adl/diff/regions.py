"""Compares two regions that are one: statement by statement, and what they count in the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from adl.check import analysis as core
from adl.compiler.ir import Fill
from adl.diff.canonical import NOTHING, Facts
from adl.diff.changes import Change, Place, Status
from adl.diff.cuts import CutChange, Cuts
from adl.diff.edges import listed, take_lists
from adl.diff.frames import binnings, frame, is_named, only, where
from adl.diff.laws import Number
from adl.diff.matching import aligned, likeness, taken
from adl.diff.meaning import Entry, crosses, does_the_same, entries, is_rows, meaning, selection
from adl.diff.places import Places
from adl.diff.shape import tokens
from adl.diff.sides import Side
from adl.diff.thresholds import Detail, Reader
from adl.diff.translation import Translation

_ALIKE = 0.5


@dataclass(frozen=True)
class RegionDifference:
    """How two regions differ.

    ``follow`` are statements that differ though their words do not, ``told`` cuts that are changes.
    ``idle`` says that nothing but cuts differs in its words, and that other cuts decide of them.
    """

    changes: tuple[Change, ...]
    equal: bool
    selects: bool  # the same events
    follow: tuple[tuple[Entry | None, Entry | None], ...] = ()
    told: tuple[tuple[Entry | None, Entry | None], ...] = ()
    idle: bool = False


def compare_regions(
    a: Side,
    b: Side,
    name_a: str,
    name_b: str,
    reader: Reader,
    places: tuple[Places, Places],
    translation: Translation,
) -> RegionDifference:
    """Return how a region of A and one of B differ."""
    one = _Regions(a, b, name_a, name_b, reader, places, translation)
    return one.difference()


@dataclass(eq=False)
class _Regions:
    a: Side
    b: Side
    name_a: str
    name_b: str
    reader: Reader
    places: tuple[Places, Places]
    translation: Translation
    _cuts: Cuts | None = None  # once what says the same is taken out

    def difference(self) -> RegionDifference:
        first, second = entries(self.a, self.name_a), entries(self.b, self.name_b)
        equal = meaning(self.a, self.name_a) == meaning(self.b, self.name_b) or self._same()
        selected = selection(self.a, self.name_a), selection(self.b, self.name_b)
        pairs, left, right = aligned([e.here for e in first], [e.here for e in second])
        x, y = [first[i] for i in left], [second[j] for j in right]
        same = [(first[i], second[j]) for i, j in pairs]
        changes: list[Change] = [c for p, q in same for c in self._labels(p, q)]
        places = {e: i for own in (first, second) for i, e in enumerate(own)}
        in_place = taken(x, y, lambda p, q: does_the_same(p, q) and not crosses(p, q, same, places))
        moved = taken(x, y, does_the_same)
        changes += [self._change("moved", p, q) for p, q in moved]
        changes += [c for p, q in (*in_place, *moved) for c in self._labels(p, q)]
        empty = self.a.canonical.false in selected[0]
        one_dialect = self.a.analysis.dialect == self.b.analysis.dialect
        if equal and not (empty and one_dialect):  # other words for the same
            without = [c for c in self._cut_changes(first, second, x, y) if not c.slices]
            changes += map(self._bounded, without)
            return RegionDifference(tuple(changes), True, True)
        for one in take_lists(x, y, (first, second), self.reader, self.places):
            edges = self._change("changed", one.a, one.b, one.slices, one.words)
            changes.append(replace(edges, name=one.quantity))
        follow = taken(x, y, self._says_the_same)
        for p, q in taken(x, y, self._is_for_others):
            changes += self._changed(p, q)
        bounded = self._cut_changes(first, second, x, y)
        changes += map(self._bounded, bounded)
        cuts = self._cuts
        assert cuts is not None
        told = (
            *((p, None) for p in x if cuts.is_told(p)),
            *((None, q) for q in y if cuts.is_told(q)),
        )
        idle = not follow and len(told) == len(x) + len(y) and 0 < len(bounded) == len(changes)
        idle = idle and all(change.exact for change in bounded)
        changes += self._others(x, y, bounded, selected)
        equal = equal and not (changes or follow or told)  # of no event, what was written counts
        selects = selected[0] == selected[1]
        return RegionDifference(tuple(changes), equal, selects, tuple(follow), told, idle)

    def _others(
        self,
        x: list[Entry],
        y: list[Entry],
        bounded: list[CutChange],
        selected: tuple[frozenset[Number], frozenset[Number]],
    ) -> Iterator[Change]:
        """Yield what became of statements but for the comparisons of their cuts, which are told."""
        cuts = self._cuts
        assert cuts is not None
        used = {e for change in bounded for e in (change.a, change.b)}
        idle_x, idle_y = ([e for e in own if cuts.is_told(e) and e not in used] for own in (x, y))
        x, y = ([e for e in own if not cuts.is_told(e)] for own in (x, y))
        for p, q in self._alike(x, y):
            yield from self._changed(p, q)
        x = [e for e in x if not self._implied(e, selected[1])]
        y = [e for e in y if not self._implied(e, selected[0])]
        # A cut can have become one that asks for nothing more: at least 0 of something.
        for p, q in (*self._alike(x, idle_y), *self._alike(idle_x, y)):
            yield from self._changed(p, q)
        yield from (self._alone(p, None) for p in x)
        yield from (self._alone(None, q) for q in y)

    def _cut_changes(
        self, first: list[Entry], second: list[Entry], x: list[Entry], y: list[Entry]
    ) -> list[CutChange]:
        """Return cuts that bound a quantity otherwise, of those that differ."""
        sides = self.a, self.b
        self._cuts = Cuts(sides, self.reader, self.translation, first, second, (*x,), (*y,))
        return [*self._cuts.changes()]

    def _same(self) -> bool:
        """Whether the regions count the same in every case of what is there.

        A missing jet of one analysis can be one without momentum of the other, behind a guard.
        """
        canonical = self.a.canonical
        sides = ((self.a, self.name_a), (self.b, self.name_b))
        first, second = (side.outputs[name] for side, name in sides)
        mask, other = (side.of_program(side.outputs[n].steps[-1].fill.mask) for side, n in sides)
        if not canonical.same(mask, other):
            return False
        facts = canonical.facts(canonical.conjuncts(canonical.under(mask)))
        of_rows = [
            [side.statement(s) for s in side.regions[n].statements if is_rows(s)]
            for side, n in sides
        ]
        fills = [[f for f in r.fills if f.bins or f is r.steps[-1].fill] for r in (first, second)]
        if of_rows[0] != of_rows[1] or len(fills[0]) != len(fills[1]):
            return False
        return all(self._same_fill(x, y, facts) for x, y in zip(*fills, strict=True))

    def _same_fill(self, x: Fill, y: Fill, facts: Facts) -> bool:
        if x.bins != y.bins or len(x.children) != len(y.children):
            return False
        return all(
            self.a.canonical.same(
                *(self.a.of_program(p), self.b.of_program(q)),
                NOTHING if p.free or q.free else facts,
            )
            for p, q in zip(x.children, y.children, strict=True)
        )

    def _implied(self, entry: Entry, selected: frozenset[Number]) -> bool:
        """Whether a cut asks for nothing that the other region does not ask for, too."""
        if not isinstance(entry.statement, core.Cut) or not isinstance(entry.here, tuple):
            return False
        return self.a.canonical.follows(entry.here[1], selected)

    def _is_for_others(self, p: Entry, q: Entry) -> bool:
        """Whether two cuts ask for the same, in other datasets."""
        if not isinstance(p.statement, core.Cut) or not isinstance(q.statement, core.Cut):
            return False
        conditions = p.statement.condition, q.statement.condition
        return only(p.statement) != only(q.statement) and self.reader.same(*conditions)

    def _bounded(self, found: CutChange) -> Change:
        status: Status = "changed" if found.a and found.b else "removed" if found.a else "added"
        change = self._change(status, found.a, found.b, found.slices, found.words)
        return replace(change, idle=not found.slices)

    def _says_the_same(self, p: Entry, q: Entry) -> bool:
        if p.kind != q.kind or frame(p.statement) != frame(q.statement):
            return False
        if self.b.statement(self.translation.of(p.statement)) == self.b.statement(q.statement):
            return True
        shapes = self.reader.a.of(p.values), self.reader.b.of(q.values)
        words = [
            "".join(s.source.words(e.statement.span).split()) for s, e in ((self.a, p), (self.b, q))
        ]
        return bool(shapes[0] == shapes[1]) or words[0] == words[1]

    # ------------------------------------------------------------------------------ changed

    def _alike(self, x: list[Entry], y: list[Entry]) -> list[tuple[Entry, Entry]]:
        """Take statements that are one, changed, from both lists: the nearest first."""
        scores = sorted(
            (
                (self._likeness(p, q), -i, -j)
                for i, p in enumerate(x)
                for j, q in enumerate(y)
                if p.kind == q.kind
            ),
            reverse=True,
        )
        found: dict[int, int] = {}
        for score, i, j in scores:
            if score >= _ALIKE and -i not in found and -j not in found.values():
                found[-i] = -j
        pairs = [(x[i], y[j]) for i, j in sorted(found.items(), key=lambda pair: pair[1])]
        x[:] = [e for i, e in enumerate(x) if i not in found]
        y[:] = [e for j, e in enumerate(y) if j not in found.values()]
        return pairs

    def _likeness(self, p: Entry, q: Entry) -> float:
        match p.statement, q.statement:
            case core.Cut(), core.Cut():
                return self.reader.likeness(self._asks(p), self._asks(q))
            case core.BinDef() as one_bin, core.BinDef() as other_bin:
                same = one_bin.label == other_bin.label
                near = self.reader.likeness(one_bin.condition, other_bin.condition)
                return 3.0 if same else 0.5 + near
            case core.Histogram(name=one_name), core.Histogram(name=other_name):
                return 1.0 if one_name == other_name else self._near(p, q)
            case core.WeightBy(name=one_name), core.WeightBy(name=other_name) if one_name:
                return 1.0 if one_name == other_name else self._near(p, q)
        return self._near(p, q)

    def _asks(self, entry: Entry) -> core.Value:
        """Return what is left to be told of a cut."""
        assert isinstance(entry.statement, core.Cut)
        left = None if self._cuts is None else self._cuts.rest(entry)
        return left or entry.statement.condition

    def _near(self, p: Entry, q: Entry) -> float:
        return likeness(tokens(self.reader.a.of(p.values)), tokens(self.reader.b.of(q.values)))

    def _changed(self, p: Entry, q: Entry) -> Iterator[Change]:
        if only(p.statement) != only(q.statement):
            words = (where(self.a, p), where(self.b, q))
            yield self._change("changed", p, q, (), (" → ".join(words),))
        match p.statement, q.statement:
            case core.Cut(), core.Cut():
                yield from self._details(p, q, self.reader.details(self._asks(p), self._asks(q)))
            case core.BinDef(condition=one), core.BinDef(condition=other):
                yield from self._details(p, q, self.reader.details(one, other))
            case core.WeightBy(value=one), core.WeightBy(value=other):
                yield from self._details(p, q, self.reader.details(one, other, 0))
            case core.Histogram() as one_plot, core.Histogram() as other_plot:
                yield from self._plots(p, q, one_plot, other_plot)
            case _:
                yield self._change("changed", p, q)

    def _plots(self, p: Entry, q: Entry, x: core.Histogram, y: core.Histogram) -> Iterator[Change]:
        words = [*binnings(x.axes, y.axes)]
        if x.nominal_only != y.nominal_only:
            words.append("variations fill it, too" if x.nominal_only else "only nominal")
        details: list[Detail] = []
        for one, other in zip(p.values, q.values, strict=False):
            details += self.reader.details(one, other, 0)
        words += [f"{d.was} → {d.now}" for d in details if not d.slices]
        slices = tuple(s for d in details for s in d.slices)
        yield self._change("changed", p, q, slices, tuple(words))
        yield from self._labels(p, q)

    def _details(self, p: Entry, q: Entry, details: Iterator[Detail]) -> Iterator[Change]:
        found = [*details]
        slices = tuple(dict.fromkeys(s for d in found for s in d.slices))
        words = []
        for d in found:
            if d.was and d.now and not d.slices:
                words.append(f"{d.was} → {d.now}")
            elif not d.now and not d.slices:
                words.append(f"without {d.was}")
            elif not d.was and not d.slices:
                words.append(f"with {d.now}")
        yield self._change("changed", p, q, slices, tuple(words))

    def _labels(self, p: Entry, q: Entry) -> Iterator[Change]:
        """Yield what differs in the names of statements that do the same."""
        match p.statement, q.statement:
            case core.Histogram() as x, core.Histogram() as y:
                if x.name != y.name:
                    yield self._change("renamed", p, q, (), (f"{x.name} is {y.name} now",))
                if x.title != y.title:
                    yield self._change("changed", p, q, (), (f'title "{x.title}" → "{y.title}"',))
            case core.WeightBy(name=x_name), core.WeightBy(name=y_name) if x_name != y_name:
                words = f"{x_name or 'no name'} is {y_name or 'without a name'} now"
                yield self._change("renamed", p, q, (), (words,))
            case core.BinDef() as x_bin, core.BinDef() as y_bin if x_bin.label != y_bin.label:
                if is_named(self.a, x_bin) or is_named(self.b, y_bin):
                    words = f'"{x_bin.label}" is "{y_bin.label}" now'
                    yield self._change("renamed", p, q, (), (words,))

    def _change(
        self,
        status: Status,
        p: Entry | None,
        q: Entry | None,
        slices: tuple[Any, ...] = (),
        words: tuple[str, ...] = (),
    ) -> Change:
        entry = q or p
        assert entry is not None
        at: list[Place | None] = [
            None if e is None else where.place(e.statement.span)
            for e, where in zip((p, q), self.places, strict=True)
        ]
        side = 1 if q is not None else 0
        owner = self.places[side].owner(entry.statement.span)
        name = self.name_b if q is not None else self.name_a
        what = getattr(entry.statement, "name", "") or getattr(entry.statement, "label", "")
        return Change(status, entry.kind, what, owner, at[0], at[1], slices, words, (name,))

    def _alone(self, p: Entry | None, q: Entry | None) -> Change:
        """Return a statement that only one of the regions has, and what it lets through."""
        entry = p or q
        assert entry is not None
        slices: tuple[Any, ...] = ()
        if isinstance(entry.statement, core.Cut):
            source = self.a.source if p is not None else self.b.source
            slices = self.reader.without(self._asks(entry), source, removed=p is not None)
        found = self._change("removed" if q is None else "added", p, q, slices)
        edges = listed(entry, self.places[0 if q is None else 1])
        return found if edges is None else replace(found, name=edges)
