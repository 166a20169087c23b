"""What differs in declarations that are one: in their own words, where these stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from adl.check import analysis as core
from adl.check.collections import stages
from adl.diff.blocks import other_lines
from adl.diff.changes import Change, Status
from adl.diff.declarations import Declarations
from adl.diff.matching import Pair
from adl.diff.others import changed_lines
from adl.diff.places import Places
from adl.diff.sides import KINDS, Declared, Side
from adl.diff.thresholds import Detail
from adl.diff.translation import Translation


@dataclass(frozen=True)
class DeclarationChanges:
    """Finds what differs between declarations of two analyses."""

    a: Side
    b: Side
    declarations: Declarations
    translation: Translation
    places: tuple[Places, Places]

    def of(self, pair: Pair) -> Iterator[Change]:
        """Yield what differs in a declaration itself."""
        x = None if pair.a is None else self.a.declared[pair.a]
        y = None if pair.b is None else self.b.declared[pair.b]
        if x is None or y is None:
            yield self._alone(x, y)
            return
        at = self.places[0].of_block(x.span), self.places[1].of_block(y.span)
        if x.name != y.name:
            words = (f"{x.name} is {y.name} now",)
            yield Change("renamed", KINDS[type(y)], y.name, "", *at, details=words)
        if self.a.declaration(x) == self.b.declaration(y) or self._follows(x, y):
            return
        if isinstance(y, core.TableDef | core.HistoListDef):
            spans = self.places[0].block(x.span), self.places[1].block(y.span)
            lines = changed_lines(KINDS[type(y)], y.name, *spans, self.places)
            yield from (c for c in lines if x.name == y.name or (c.a, c.b) != at)
            return
        details = [
            d
            for d in self.declarations.details(x, y)
            if (d.slices or not _same_words(d)) and self._is_inside(d, x, y)
        ]
        for detail in details:
            yield from self._detailed(detail, x, y)
        texts = [
            "".join(where.block_text(d.span).split())
            for where, d in zip(self.places, (x, y), strict=True)
        ]
        if not details and texts[0].replace(x.name, y.name) != texts[1]:
            yield Change("changed", KINDS[type(y)], y.name, "", *at)

    def _is_inside(self, detail: Detail, x: Declared, y: Declared) -> bool:
        """Whether a detail is of the declaration's own words: a reducer has a composite's cuts."""
        spans = [
            (at, where.block(found.span))
            for at, where, found in (
                (detail.was_at, self.places[0], x),
                (detail.now_at, self.places[1], y),
            )
            if at is not None
        ]
        return not spans or any(b.start <= at.start and at.end <= b.end for at, b in spans)

    def _follows(self, x: Declared, y: Declared) -> bool:
        """Whether a declaration would be the other one, if all that it names were."""
        if any(isinstance(d, core.DefineDef) and d.unknowns for d in (x, y)):
            return False  # a search is known by its words
        if any(isinstance(d, core.ObjectDef) and _has_plots(d) for d in (x, y)):
            return False  # they are counted by the name of the object
        return self.b.declaration(self.translation.declaration(x)) == self.b.declaration(y)

    def _alone(self, x: Declared | None, y: Declared | None) -> Change:
        found = x or y
        assert found is not None
        status: Status = "removed" if y is None else "added"
        at = (
            None if x is None else self.places[0].of_block(x.span),
            None if y is None else self.places[1].of_block(y.span),
        )
        return Change(status, KINDS[type(found)], found.name, "", *at)

    def _detailed(self, detail: Detail, x: Declared, y: Declared) -> Iterator[Change]:
        was = None if detail.was_at is None else self.places[0].place(detail.was_at)
        now = None if detail.now_at is None else self.places[1].place(detail.now_at)
        words = () if detail.slices or not (was and now) else (f"{detail.was} → {detail.now}",)
        found = Change("changed", KINDS[type(y)], y.name, y.name, was, now, detail.slices, words)
        taken = self.places[0].takes(x.span), self.places[1].takes(y.span)
        lines = [*other_lines(*taken)] if detail.takes else []
        for one, other in lines:
            yield replace(found, a=one, b=other)
            found = replace(found, details=())  # they are said once
        if not lines:
            yield found


def _has_plots(block: core.ObjectDef) -> bool:
    return any(stage.histograms for stage in stages(block))


def _same_words(detail: Detail) -> bool:
    """Whether a value differs only by what it names."""
    return "".join(detail.was.split()) == "".join(detail.now.split())
