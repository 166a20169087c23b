"""Where two conditions of one shape part: the thresholds, and the phase space between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from adl.check import analysis as core
from adl.diff.atoms import MIRRORED, Atom, atom, denied, direction, unfolded
from adl.diff.matching import likeness
from adl.diff.operands import conjuncts, flat, operands, own_words, pushed
from adl.diff.points import Points, by_era, tagger
from adl.diff.shape import Shapes, tokens
from adl.diff.signs import beyond, sides
from adl.diff.slices import Slice, alone, beyond_numbers, said, sensed, sliced
from adl.syntax.source import Source, Span


@dataclass(frozen=True)
class Detail:
    """One place at which two values differ, in the words of both."""

    was: str
    now: str
    slices: tuple[Slice, ...] = ()
    was_at: Span | None = None
    now_at: Span | None = None
    takes: bool = False  # where the elements of an object come from


@dataclass(frozen=True)
class Reader:
    """Compares values of one analysis with such of another."""

    a: Shapes
    b: Shapes
    source_a: Source
    source_b: Source
    computes_the_same: Callable[[core.Value, core.Value], bool] = lambda a, b: False
    points: Points = field(default_factory=dict)

    def details(self, a: core.Value, b: core.Value, sense: int = 1) -> Iterator[Detail]:
        """Yield the smallest parts in which a value of A and one of B differ."""
        if self.same(a, b):
            return
        first, second = atom(a), atom(b)
        if first and second and self.same(first.quantity, second.quantity):
            if first.range != second.range:
                yield self._moved(a, b, first, second, sense)
            return
        simpler = next(self._simpler(first, second), None)
        if simpler is not None:
            known = simpler[0].range != simpler[1].range  # else they are the same but for rounding
            yield from (self._moved(a, b, *simpler, sense),) if known else self._words(a, b)
            return
        x, y = first or denied(a), second or denied(b)
        if x and y and (first or second) and self.same(x.quantity, y.quantity):
            yield self._otherwise_missing(self._moved(a, b, x, y, sense), a, b, y, sense)
            return
        other = self._signs(a, b, sense) or self._points(a, b, sense)
        if other is not None:
            yield other
            return
        match a, b:
            case core.Logic(operator="not"), core.Logic(operator="not"):
                yield from self.details(a.operands[0], b.operands[0], -sense)
            case core.Logic(), core.Logic() if a.operator == b.operator:
                yield from self._operands(a, b, sense)
            case core.Logic(), core.Logic() if pushed(a) is not a or pushed(b) is not b:
                yield from self.details(pushed(a), pushed(b), sense)
            case core.Logic(operator="and" | "or"), _ if second or isinstance(b, core.Reduction):
                yield from self._lists(a.operator, flat(a), [b], sense)
            case _, core.Logic(operator="and" | "or") if first or isinstance(a, core.Reduction):
                yield from self._lists(b.operator, [a], flat(b), sense)
            case core.DefineRef(), core.DefineRef() if a.define.name == b.define.name:
                yield from self._words(a, b)
            case core.DefineRef(), _ if not isinstance(b, core.DefineRef):
                yield from self.details(a.define.value, b, sense)
            case _, core.DefineRef() if not isinstance(a, core.DefineRef):
                yield from self.details(a, b.define.value, sense)
            case core.Reduction(), core.Reduction() if a.operation == b.operation:
                yield from self._reductions(a, b, sense)
            case core.Choice(type="bool"), core.Choice(type="bool"):
                yield from self._choices(a, b, sense)
            case _:
                yield from self._inside(a, b)

    def conditions(
        self, a: Sequence[core.Value], b: Sequence[core.Value], sense: int = 1
    ) -> Iterator[Detail]:
        """Yield where two lists of conditions that all have to hold differ."""
        first = [part for value in a for part in conjuncts(value)]
        second = [part for value in b for part in conjuncts(value)]
        yield from self._lists("and", first, second, sense)

    def without(self, value: core.Value, source: Source, *, removed: bool) -> tuple[Slice, ...]:
        """Return what a whole condition keeps out: gained without it, lost with it."""
        found: list[Slice] = []
        for part in conjuncts(value):
            words = said(part, source)
            effect = "gained" if removed else "lost"
            found += alone(part, words, source, effect, 1, "and")
        return tuple(found)

    def same(self, a: object, b: object) -> bool:
        """Whether two values say the same, in their own words or in others."""
        if self.a.of(a) == self.b.of(b):
            return True
        values = isinstance(a, core.Typed) and isinstance(b, core.Typed)
        return values and self.computes_the_same(a, b)  # type: ignore[arg-type]  # every Typed is a Value

    def _simpler(self, a: Atom | None, b: Atom | None) -> Iterator[tuple[Atom, Atom]]:
        """Yield two conditions as such of one quantity, if they can be that."""
        for x in unfolded(a):
            yield from ((x, y) for y in unfolded(b) if self.same(x.quantity, y.quantity))

    def _moved(self, a: core.Value, b: core.Value, x: Atom, y: Atom, sense: int) -> Detail:
        quantity = self.source_b.words(y.quantity.span)
        more, less = y.range.minus(x.range), x.range.minus(y.range)
        found = []
        for effect, part in (("gained", more), ("lost", less)):
            if part.parts:
                found.append(sliced(effect, part, quantity, sense))
        return Detail(
            self.source_a.words(a.span), self.source_b.words(b.span), tuple(found), a.span, b.span
        )

    def _signs(self, a: core.Value, b: core.Value, sense: int) -> Detail | None:
        """Return what another sign between the same two quantities lets through."""
        first, second = sides(a), sides(b)
        if first is None or second is None:
            return None
        old, (new, x, y) = first[0], second
        if not (self.same(first[1], x) and self.same(first[2], y)):
            if not (self.same(first[1], y) and self.same(first[2], x)):
                return None
            old = MIRRORED[old]
        found = []
        for effect, sign in (("gained", beyond(new, old)), ("lost", beyond(old, new))):
            if sign:
                words = f"{self.source_b.words(x.span)} {sign} {self.source_b.words(y.span)}"
                found.append(Slice(sensed(effect, sense), words, "", ()))
        return Detail(
            self.source_a.words(a.span), self.source_b.words(b.span), tuple(found), a.span, b.span
        )

    def _points(self, a: core.Value, b: core.Value, sense: int) -> Detail | None:
        """Return what another working point lets through, in each era."""
        x, y = tagger(a), tagger(b)
        if x is None or y is None or not self.same(x, y):
            return None
        words = self.source_b.words(y.span)
        found = [
            sliced(effect, part, words, sense, f" in {era}")
            for era, before, after in by_era(a, b, self.points)
            for effect, part in (("gained", after.minus(before)), ("lost", before.minus(after)))
            if part.parts
        ]
        was, now = self.source_a.words(a.span), self.source_b.words(b.span)
        return Detail(was, now, tuple(found), a.span, b.span) if found else None

    def _otherwise_missing(
        self, moved: Detail, a: core.Value, b: core.Value, y: Atom, sense: int
    ) -> Detail:
        """Return a detail with what ``not`` lets through, too: a quantity that is no number."""
        quantity = self.source_b.words(y.quantity.span)
        effect = "gained" if denied(b) else "lost"
        alone = beyond_numbers(sensed(effect, sense), quantity)
        was = f"not ({moved.was})" if denied(a) else moved.was
        now = f"not ({moved.now})" if denied(b) else moved.now
        return replace(moved, was=was, now=now, slices=(*moved.slices, alone))

    def _operands(self, a: core.Logic, b: core.Logic, sense: int) -> Iterator[Detail]:
        yield from self._lists(a.operator, flat(a), flat(b), sense)

    def _lists(
        self, operator: str, a: Sequence[core.Value], b: Sequence[core.Value], sense: int
    ) -> Iterator[Detail]:
        """Compare the operands of an ``and`` or ``or``: which are new, gone, other."""
        pairs, left, right = self.paired(a, b)
        for x, y in pairs:
            yield from self.details(x, y, sense)
        inner = sense if operator == "and" else -sense
        for x in left:
            words = said(x, self.source_a)
            slices = alone(x, words, self.source_a, "gained", inner, operator)
            yield Detail(words, "", slices, x.span, None)
        for y in right:
            words = said(y, self.source_b)
            slices = alone(y, words, self.source_b, "lost", inner, operator)
            yield Detail("", words, slices, None, y.span)

    def paired(
        self, a: Sequence[core.Value], b: Sequence[core.Value]
    ) -> tuple[list[tuple[core.Value, core.Value]], list[core.Value], list[core.Value]]:
        """Return which conditions are one, changed, and those that only one side has.

        Conditions that say the same are in no list.
        """
        right = list(b)
        left: list[core.Value] = []
        for x in a:
            same = next((y for y in right if self.same(x, y)), None)
            if same is None:
                left.append(x)
            else:
                right.remove(same)
        scores = sorted(
            (
                (self.likeness(x, y), -i, -j)
                for i, x in enumerate(left)
                for j, y in enumerate(right)
            ),
            reverse=True,
        )
        found: list[tuple[core.Value, core.Value]] = []
        used: tuple[set[int], set[int]] = (set(), set())
        for score, i, j in scores:
            if score >= 0.5 and -i not in used[0] and -j not in used[1]:
                found.append((left[-i], right[-j]))
                used[0].add(-i)
                used[1].add(-j)
        return (
            found,
            [x for i, x in enumerate(left) if i not in used[0]],
            [y for j, y in enumerate(right) if j not in used[1]],
        )

    def likeness(self, a: core.Value, b: core.Value) -> float:
        """Return how near two conditions are: comparisons of one quantity are one, changed."""
        first, second = atom(a), atom(b)
        if first and second:
            if not self.same(first.quantity, second.quantity):
                simpler = next(self._simpler(first, second), None)
                return self._near(a, b) if simpler is None else 1.0
            shared = bool(first.range.parts) and bool(second.range.parts)
            return 2.0 if shared and direction(first) == direction(second) else 1.0
        if any(self.same(x, y) for x in conjuncts(a) for y in conjuncts(b)):
            return 1.5  # one of them asks for more
        return self._near(a, b)

    def _near(self, a: core.Value, b: core.Value) -> float:
        """Return how near two values are in words, less than comparisons of one quantity are."""
        text = likeness(self.source_a.words(a.span), self.source_b.words(b.span))
        return 0.9 * max(text, likeness(_words(self.a, a), _words(self.b, b)))

    def _reductions(self, a: core.Reduction, b: core.Reduction, sense: int) -> Iterator[Detail]:
        known_a: dict[object, int] = {}
        known_b: dict[object, int] = {}
        if self.a.of(a.loops, known_a) != self.b.of(b.loops, known_b):
            yield from self._words(a, b)
            return
        inner = sense if a.operation in ("any", "all") else 0
        found = False
        for detail in self.details(a.value, b.value, inner):
            found = True
            yield detail
        where = -inner if a.operation == "all" else inner
        if self.a.of(a.where, known_a) != self.b.of(b.where, known_b):
            found = True
            yield from self._lists("and", a.where, b.where, where)
        if not found:
            yield from self._words(a, b)

    def _choices(self, a: core.Choice, b: core.Choice, sense: int) -> Iterator[Detail]:
        """Yield what differs in either branch, and what goes to the other one."""
        for x, y, inner in (
            (a.condition, b.condition, 0),
            (a.then, b.then, sense),
            (a.otherwise, b.otherwise, sense),
        ):
            if not self.same(x, y):
                yield from self.details(x, y, inner)

    def _inside(self, a: core.Value, b: core.Value) -> Iterator[Detail]:
        """Look for what differs in the operands of two operations of one kind."""
        if type(a) is not type(b):
            yield from self._words(a, b)
            return
        inner = [
            (x, y) for x, y in zip(operands(a), operands(b), strict=False) if not self.same(x, y)
        ]
        alike = len(operands(a)) == len(operands(b)) and own_words(a) == own_words(b)
        if not alike or not inner:
            yield from self._words(a, b)
            return
        for x, y in inner:
            yield from self.details(x, y, 0)

    def _words(self, a: core.Value, b: core.Value) -> Iterator[Detail]:
        yield Detail(said(a, self.source_a), said(b, self.source_b), (), a.span, b.span)


def _words(shapes: Shapes, value: core.Value) -> tuple[str, ...]:
    return tuple(tokens(shapes.of(value)))
