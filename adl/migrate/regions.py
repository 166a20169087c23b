"""Inheritance: cutlang pastes all statements of a parent, adl only its cuts, weights and searches.

A region is written out where a parent, or a parent's parent, has something else to hand down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from adl.migrate.report import Report
from adl.syntax.source import Span
from adl.syntax.tree import (
    Bin,
    Counts,
    Edges,
    File,
    Histo,
    HistoList,
    Name,
    Print,
    Region,
    Save,
    Statement,
    Take,
    Title,
    Use,
)

# What only cutlang hands down, and what no dialect does.
_LOST = (Histo, Bin, Edges)
_OWN = (Title, Print, Save)


def with_inherited(file: File, report: Report) -> File:
    """Return a file whose regions have what they inherit in cutlang."""
    regions = {block.name.name: block for block in file.blocks if isinstance(block, Region)}
    lists = frozenset(b.name.name for b in file.blocks if isinstance(b, HistoList))
    family = _Family(regions, lists, report)
    blocks = (family.whole(b) if isinstance(b, Region) else b for b in file.blocks)
    return replace(file, blocks=tuple(blocks))


@dataclass
class _Whole:
    """The statements of a region with those of its parents, each once; bins stand apart."""

    statements: list[Statement] = field(default_factory=list)
    bins: list[Statement] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)  # ids of statements, which several paths lead to


@dataclass(frozen=True)
class _Family:
    regions: Mapping[str, Region]
    lists: frozenset[str]
    report: Report

    def whole(self, region: Region) -> Region:
        """Return a region written out, or as it is if its parents hand down the same in adl."""
        losing = [(s, p) for s, p in self._parents(region) if self._loses(p)]
        if not losing:
            return region
        for written, parent in losing:
            why = "a region has all statements of its parent, histograms and bins too"
            now = f"the statements of {parent.name.name}"
            self.report.changed("inheritance", written.span, now, why)
        whole = _Whole()
        self._paste(region, None, whole)
        return replace(region, statements=(*whole.statements, *whole.bins))

    def _parents(self, region: Region) -> Iterator[tuple[Take | Use, Region]]:
        for written in region.statements:
            parent = self._parent(written)
            if parent is not None and isinstance(written, (Take, Use)):
                yield written, parent

    def _parent(self, written: Statement) -> Region | None:
        """Return the region that a statement inherits from; None if it is another statement."""
        match written:
            case Take(source=Name(name)) | Use(name=Name(name)) if name not in self.lists:
                near = [n for n in self.regions if n.lower() == name.lower()]
                return self.regions.get(name) or self.regions[near[0]]
        return None

    def _loses(self, region: Region) -> bool:
        """Whether a region hands down in cutlang what it keeps to itself in adl."""
        own = any(
            isinstance(s, _LOST) or (isinstance(s, Use) and s.name.name in self.lists)
            for s in region.statements
        )
        return own or any(self._loses(parent) for _, parent in self._parents(region))

    def _paste(self, region: Region, at: Span | None, whole: _Whole) -> None:
        """Add a region's statements, at the place of the line that inherits them."""
        of_bin = False
        for written in region.statements:
            parent = self._parent(written)
            if parent is not None:
                self._paste(parent, at or written.span, whole)
            if parent is not None or id(written) in whole.seen:
                continue
            whole.seen.add(id(written))
            if isinstance(written, _OWN) and at is not None:
                continue
            of_bin = isinstance(written, Bin) or (of_bin and isinstance(written, Counts))
            target = whole.bins if of_bin else whole.statements
            target.append(written if at is None else replace(written, span=at))
