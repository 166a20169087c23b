"""Compares two analyses: declarations, then regions, then what stands beside them.

What differs is told once, where it was written: a region that only follows an object which has
changed names the object as its cause.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from adl.check import analysis as core
from adl.diff.blocks import other_takes
from adl.diff.causes import Causes
from adl.diff.changes import Because, Change, Difference, Follower, RegionPair, Status, once
from adl.diff.declarations import Declarations
from adl.diff.declared import DeclarationChanges
from adl.diff.files import both_use, elsewhere
from adl.diff.matching import Pair, likeness, matched
from adl.diff.meaning import Entry, entries, meaning
from adl.diff.notes import notes
from adl.diff.others import other_blocks, other_files, other_systematics
from adl.diff.places import Places
from adl.diff.regions import RegionDifference, compare_regions
from adl.diff.shape import Shapes, tokens
from adl.diff.sides import KINDS, Side
from adl.diff.systematics import Group, corrected, groups, paired
from adl.diff.thresholds import Reader
from adl.diff.translation import Translation

_GONE = " of the first"  # behind the name of what the second analysis does not declare


def compare(a: Side, b: Side) -> Difference:
    """Return where two analyses differ; both sides must share one ``Canonical``."""
    return _Comparison(a, b).difference()


@dataclass(eq=False)
class _Comparison:
    a: Side
    b: Side

    def difference(self) -> Difference:
        """Compare everything."""
        found = [self._region(pair) for pair in self.region_pairs]
        changes = [change for own, _ in found for change in own]
        regions = tuple(pair for _, pair in found)
        causes = {cause for pair in regions for cause in pair.causes}
        quiet = self._without_effect(regions)
        lists = {change.owner for change in changes}  # their histograms are told
        changes = [
            *(
                c
                for pair in self.pairs
                if pair not in quiet
                for c in self._declared.of(pair)
                if not (c.kind == KINDS[core.HistoListDef] and c.name in lists)
            ),
            *self.systematics,
            *self.others,
            *changes,
        ]
        return Difference(
            self.a.source.name,
            self.b.source.name,
            tuple(self._with_regions(c, regions) for c in (*self.files, *once(changes))),
            regions,
            tuple(notes(self.a, self.b, (*self.pairs, *self.region_pairs), causes)),
            tuple(self._following()) if changes or self.files else (),
            self.a.analysis.schema.model == self.b.analysis.schema.model,
        )

    # ----------------------------------------------------------------------------- matching

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The declarations of both sides, kind by kind."""
        found: list[Pair] = []
        for kind in (k for k in KINDS if k is not core.RegionDef):
            own = [
                {n: d for n, d in side.declared.items() if type(d) is kind}
                for side in (self.a, self.b)
            ]
            first, second = (
                {n: side.declaration(d) for n, d in named.items()}
                for side, named in zip((self.a, self.b), own, strict=True)
            )
            found += matched(first, second, self._alike)
        return tuple(found)

    @cached_property
    def region_pairs(self) -> tuple[Pair, ...]:
        """The regions of both sides."""
        first, second = (
            {name: meaning(side, name) for name in side.regions} for side in (self.a, self.b)
        )
        return matched(first, second, self._regions_alike)

    def _alike(self, x: str, y: str) -> float:
        """Return how near two declarations of other names are."""
        first, second = (
            tokens(Shapes(side.declared, {}, side.folder, side.called).content(side.declared[name]))
            for side, name in ((self.a, x), (self.b, y))
        )
        return likeness(first, second)

    def _regions_alike(self, x: str, y: str) -> float:
        """Return how near two regions of other names are: by what they do, or by what they say."""
        does, says = (
            _shared([{*find(side, name)} for side, name in ((self.a, x), (self.b, y))])
            for find in (self._does, self._says)
        )
        # Regions that go on from one selection say much of the same, whatever they are called.
        return max(does, says if says == 1 or likeness(x.lower(), y.lower()) > 0.5 else 0.0)

    @staticmethod
    def _does(side: Side, name: str) -> Iterator[Hashable]:
        region = side.regions[name]
        return (side.statement(s) for s in (*region.statements, *region.bins))

    def _says(self, side: Side, name: str) -> Iterator[Hashable]:
        names = {p.a: p.b for p in self.pairs if p.a and p.b} if side is self.a else {}
        shapes = Shapes(side.names, names, side.folder, side.called)
        return ((e.kind, repr(shapes.of(e.values))) for e in entries(side, name))

    @cached_property
    def shapes(self) -> tuple[Shapes, Shapes]:
        """What gives shapes: matched names are called as in the second analysis."""
        names = {
            pair.a: pair.b
            for pair in (*self.pairs, *self.region_pairs)
            if pair.a is not None and pair.b is not None
        }
        gone = {
            pair.a: f"{pair.a}{_GONE}"
            for pair in (*self.pairs, *self.region_pairs)
            if pair.a is not None and pair.b is None
        }
        files = elsewhere(self.a.files, self.b.files)
        first = Shapes(self.a.names, {**names, **gone, **files}, self.a.folder, self.a.called)
        return first, Shapes(self.b.names, {}, self.b.folder, self.b.called)

    @cached_property
    def places(self) -> tuple[Places, Places]:
        """Where statements stand."""
        return Places(self.a.file, self.a.source), Places(self.b.file, self.b.source)

    @cached_property
    def reader(self) -> Reader:
        """What compares values."""
        return Reader(
            *(*self.shapes, self.a.source, self.b.source, self._computes_the_same),
            self.b.analysis.schema.working_points,
        )

    def _computes_the_same(self, x: core.Value, y: core.Value) -> bool:
        if self.a.analysis.schema.model != self.b.analysis.schema.model:
            return False  # objects of the second need not have what the first asks of its own
        found = self.b.alone(y) if x.type == y.type else None
        return found is not None and found == self.b.alone(self.translation.of(x))

    @cached_property
    def translation(self) -> Translation:
        """What says of the first analysis what it would be with the second one's declarations."""
        named = (
            (self.a.names[pair.a], self.b.names[pair.b])
            for pair in (*self.pairs, *self.region_pairs)
            if pair.a is not None and pair.b is not None
        )
        files = [(x.thing, y.thing) for _, x, y in both_use(self.a.files, self.b.files)]
        networks = {x: y for x, y in files if isinstance(x, str) and isinstance(y, str)}
        return Translation((*named, *(f for f in files if f[0] not in networks)), networks)

    @cached_property
    def declarations(self) -> Declarations:
        """What compares declarations."""
        return Declarations(self.reader, self.shapes, (self.a.source, self.b.source))

    @cached_property
    def _declared(self) -> DeclarationChanges:
        own = self.declarations, self.translation, self.places
        return DeclarationChanges(self.a, self.b, *own)

    @cached_property
    def others(self) -> tuple[Change, ...]:
        """What differs beside declarations, systematics and regions."""
        return tuple(other_blocks(self.a, self.b, self.places, self.reader))

    @cached_property
    def files(self) -> tuple[Change, ...]:
        """What files hold another thing in the second analysis."""
        return tuple(other_files(self.a, self.b, self.places))

    @cached_property
    def groups(self) -> tuple[dict[str, Group], dict[str, Group]]:
        """The systematics of both sides."""
        return groups(self.a, self.shapes[0]), groups(self.b, self.shapes[1])

    @cached_property
    def systematics(self) -> tuple[Change, ...]:
        """What differs in systematics themselves."""
        return tuple(other_systematics(paired(*self.groups), *self.groups, self.places))

    @cached_property
    def causes(self) -> Causes:
        """What finds out why a statement of unchanged words differs."""
        gone = {f"{pair.a}{_GONE}" for pair in self.pairs if pair.b is None}
        return Causes(
            self._changed | gone | self._new,
            corrected(paired(*self.groups), *self.groups),
            {change.name for change in self.others}
            | {n for n in self._changed if self._is_open(n)},
            self.b.names,
            self.shapes[1],
        )

    # ------------------------------------------------------------------------------ regions

    def _region(self, pair: Pair) -> tuple[list[Change], RegionPair]:
        if pair.a is None or pair.b is None:
            return self._lone_region(pair)
        found = self._compared[pair]
        changes = [*(() if found.equal else self._taken(pair)), *found.changes]
        if pair.a != pair.b:
            at = (
                self.places[0].of_block(self.a.regions[pair.a].span),
                self.places[1].of_block(self.b.regions[pair.b].span),
            )
            words = (f"{pair.a} is {pair.b} now",)
            changes.insert(0, Change("renamed", "region", pair.b, "", *at, details=words))
        because = tuple(
            replace(one, causes=self._of_both(one.causes) or _named(one.causes))
            for p, q in found.follow
            for one in self._because(p, q, pair)
        )
        because += tuple(
            replace(one, causes=self._of_both(one.causes))
            for p, q in found.told
            for one in self._because(p, q, pair)
        )
        causes = tuple(dict.fromkeys(cause for one in because for cause in one.causes))
        known = bool(changes or causes)
        equal = found.equal or (found.idle and not causes)
        status = "equal" if equal else "changed" if known else "undecided"
        own = any(change.status != "renamed" for change in found.changes)
        about = found.selects or equal, causes, because, own
        return changes, RegionPair(pair.a, pair.b, status, *about)  # type: ignore[arg-type]  # one of its literals

    def _taken(self, pair: Pair) -> Iterator[Change]:
        """Yield where a region goes on from another one; what that asks for is told beside it."""
        regions = self.a.regions[pair.a or ""], self.b.regions[pair.b or ""]
        before, after = (p.takes(r.span) for p, r in zip(self.places, regions, strict=True))
        renamed = {p.a: p.b for p in self.region_pairs if p.a and p.b}
        name = pair.b or ""
        for one, other in other_takes(before, after, renamed):
            status: Status = "added" if one is None else "removed" if other is None else "changed"
            yield Change(status, "region", name, name, one, other, regions=(name,))

    def _lone_region(self, pair: Pair) -> tuple[list[Change], RegionPair]:
        status: Status = "removed" if pair.b is None else "added"
        name = pair.a or pair.b
        assert name is not None
        at = (
            None if pair.a is None else self.places[0].of_block(self.a.regions[pair.a].span),
            None if pair.b is None else self.places[1].of_block(self.b.regions[pair.b].span),
        )
        change = Change(status, "region", name, "", *at, regions=(name,))
        return [change], RegionPair(pair.a, pair.b, status)  # type: ignore[arg-type]  # one of its literals

    def _because(self, p: Entry | None, q: Entry | None, pair: Pair) -> Iterator[Because]:
        """Yield the declarations that make a statement of unchanged words another one."""
        sides: tuple[Literal["a", "b"], Literal["a", "b"]] = ("a", "b")
        regions = self.a.regions[pair.a or ""], self.b.regions[pair.b or ""]
        for side, entry, region, shapes, where in zip(
            sides, (p, q), regions, self.shapes, self.places, strict=True
        ):
            if entry is not None:
                at = where.place(entry.statement.span)
                # What a region has found by a search is in its statements, by the search's words.
                words = where.block_text(region.span) if region.found else at.text
                causes = self.causes.of(shapes.of(entry.values), words, where)
                yield Because(side, at.line, causes)

    @cached_property
    def _compared(self) -> dict[Pair, RegionDifference]:
        return {
            pair: compare_regions(
                *(self.a, self.b, pair.a, pair.b, self.reader, self.places, self.translation)
            )
            for pair in self.region_pairs
            if pair.a is not None and pair.b is not None
        }

    def _of_both(self, causes: Iterable[str]) -> tuple[str, ...]:
        """Return the causes that both analyses declare: what only names them is none itself."""
        return tuple(c for c in causes if c not in self._new and not c.endswith(_GONE))

    @cached_property
    def _new(self) -> frozenset[str]:
        """What the second analysis declares alone: it makes no statement of both another one."""
        return frozenset(pair.b for pair in self.pairs if pair.a is None and pair.b is not None)

    def _following(self) -> Iterator[Follower]:
        """Yield systematics of unchanged words that vary otherwise, as what they name does."""
        for name, one in self.groups[1].items():
            causes = self.causes.of(one.shape, self.places[1].block_text(one.span), self.places[1])
            if causes and not any(change.name == name for change in self.systematics):
                yield Follower(name, causes)

    def _is_open(self, name: str) -> bool:
        """Whether a value has what a name means in the place of the name."""
        found = self.b.declared.get(name)
        if isinstance(found, core.DefineDef):
            return bool(found.unknowns) or found.value.type == "particle"
        return isinstance(found, core.CompositeDef)

    @cached_property
    def _changed(self) -> frozenset[str]:
        """What differs in its own words: declarations and regions of the second analysis, and files."""
        declared = (
            pair.b
            for pair in self.pairs
            if pair.b is not None and any(c.status != "renamed" for c in self._declared.of(pair))
        )
        regions = (
            pair.b or ""
            for pair, found in self._compared.items()
            if not found.equal and any(c.status != "renamed" for c in found.changes)
        )
        return frozenset((*declared, *regions, *(change.name for change in self.files)))

    def _without_effect(self, regions: Iterable[RegionPair]) -> frozenset[Pair]:
        """Return declarations that differ where nothing sees it: a missing element, after a guard.

        Two dialects say other things of it, so only what regions count can tell.
        """
        if self.a.analysis.dialect != self.b.analysis.dialect and all(
            pair.status == "equal" for pair in regions
        ):
            return frozenset(p for p in self.pairs if p.a is not None and p.a == p.b)
        return frozenset()

    def _with_regions(self, change: Change, regions: Iterable[RegionPair]) -> Change:
        """Return the change of a declaration with the regions that follow it."""
        if change.regions or change.kind == "region" or change.status == "renamed":
            return change
        follow = tuple(p.b for p in regions if p.b is not None and change.name in p.causes)
        return Change(
            *(change.status, change.kind, change.name, change.owner, change.a, change.b),
            *(change.slices, change.details, follow),
        )


def _named(causes: Iterable[str]) -> tuple[str, ...]:
    return tuple(cause.removesuffix(_GONE) for cause in causes)


def _shared(sets: list[set[Hashable]]) -> float:
    union = len(sets[0] | sets[1])
    return len(sets[0] & sets[1]) / union if union else 0.0
