"""What a comparison of two analyses finds, as plain data with places in both texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, TypeVar

from adl.diff.slices import Slice

T = TypeVar("T")
Status = Literal["changed", "added", "removed", "renamed", "moved"]


@dataclass(frozen=True)
class Place:
    """A statement or block of one of the texts."""

    line: int
    text: str


@dataclass(frozen=True)
class Change:
    """One difference.

    ``kind`` is what differs (cut, weight, histogram, bin, object, define ...), ``owner`` the block in
    which it stands. ``slices`` say which phase space is gained or lost, ``details`` what else
    differs in words. ``regions`` are those of the second analysis (or, of what was removed, of the
    first) that differ because of it.
    """

    status: Status
    kind: str
    name: str
    owner: str
    a: Place | None
    b: Place | None
    slices: tuple[Slice, ...] = ()
    details: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    idle: bool = False  # the region selects the same, as other cuts decide


@dataclass(frozen=True)
class Because:
    """The causes for which the statement of one line of one of the analyses differs."""

    side: Literal["a", "b"]
    line: int
    causes: tuple[str, ...]


@dataclass(frozen=True)
class RegionPair:
    """Regions that are one, by their names; None where an analysis has none.

    ``status`` is of what the region counts; undecided where nothing differs in its words and in what
    they name, and yet it was not found to be the same. ``causes`` are the names of changed
    declarations for which it differs, ``own`` says whether its own statements differ, too.
    """

    a: str | None
    b: str | None
    status: Literal["equal", "changed", "undecided", "added", "removed"]
    selects: bool = False  # the same events, whatever they weigh and fill
    causes: tuple[str, ...] = ()
    because: tuple[Because, ...] = ()  # of statements that read the same
    own: bool = False
    proven: bool = False  # that it selects the same events

    def cause(self, side: Literal["a", "b"], line: int) -> tuple[str, ...]:
        """Return the changed declarations that make the statement of a line another one."""
        found = (b.causes for b in self.because if (b.side, b.line) == (side, line))
        return tuple(dict.fromkeys(cause for causes in found for cause in causes))


@dataclass(frozen=True)
class Follower:
    """A systematic of unchanged words that varies otherwise, because of what it names."""

    name: str
    causes: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Everything that differs between two analyses."""

    a: str  # names of the files
    b: str
    changes: tuple[Change, ...]
    regions: tuple[RegionPair, ...]
    notes: tuple[str, ...] = ()
    systematics: tuple[Follower, ...] = ()
    one_model: bool = True  # else nothing is proven, and no data are read with both

    @property
    def varies(self) -> bool:
        """Whether variations may differ where nominal values do not."""
        kinds = ("systematic", "correction")
        return bool(self.systematics) or any(change.kind in kinds for change in self.changes)

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.changes and all(pair.status == "equal" for pair in self.regions)

    def with_proofs(self, same: Collection[tuple[str, str]]) -> Difference:
        """Return what is known once regions of both are proven to select the same events."""
        pairs = (
            replace(pair, selects=True, proven=not (pair.selects or pair.status == "equal"))
            if (pair.a, pair.b) in same
            else pair
            for pair in self.regions
        )
        return replace(self, regions=tuple(pairs))

    def counterpart(self, region: str) -> str | None:
        """Return the region of the second analysis that a region of the first one has become."""
        return next((pair.b for pair in self.regions if pair.a == region), None)


def once(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return changes each once: what several regions inherit, or one line says, is one.

    Regions for which a line does nothing are not told where it does something for others.
    """
    found: dict[object, list[Change]] = {}
    for change in changes:
        key = change.status, change.kind, change.a, change.b
        found.setdefault(key, []).append(change)
    return tuple(_together([c for c in same if not c.idle] or same) for same in found.values())


def _together(same: Sequence[Change]) -> Change:
    return replace(
        same[0],
        slices=_each(c.slices for c in same),
        details=_each(c.details for c in same),
        regions=_each(c.regions for c in same),
    )


def _each(every: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(chain(*every)))
