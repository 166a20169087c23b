"""An open file: its tree, its branches and their types.

uproot says what is in a file, and takes its time over one with thousands of branches; the index
remembers it. How the events are read from then on does not depend on who said it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Self

from adl.runtime.inputs.baskets import Baskets
from adl.runtime.inputs.stored import Part, Stored
from adl.stdlib.models import Branch


class Compression(NamedTuple):
    """How a file is compressed; the algorithm is empty where it is not."""

    algorithm: str = ""
    level: int = 0


NOT_COMPRESSED = Compression()


@dataclass(frozen=True, eq=False)
class Input:
    """An open file and the tree of its events; ``with`` closes it."""

    path: str
    tree: str
    entries: int
    uuid: str
    source: Any  # uproot's Source: the bytes of the open file
    compression: Compression = NOT_COMPRESSED
    unread: tuple[str, ...] = ()  # branches with data that are neither numbers nor lists of them
    stored: Mapping[str, Stored] = field(default_factory=dict)  # the others; none of an RNTuple
    skimmed: bool = False  # whether it is a skim of ours
    # How many numbers an event has at most, of columns whose own counter says it.
    most: Mapping[str, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; its arrays stay valid."""
        self.source.close()

    def branches(self) -> Mapping[str, Branch]:
        """Return what can be read: branches of one number, or of a list of numbers, an event.

        The counter of a list is the branch with its length; that of a ``std::vector`` is itself.
        """
        return self._branches

    @cached_property
    def baskets(self) -> Baskets:
        """The stored pieces of the branches."""
        return Baskets(self.path, self.source, self.stored)

    @cached_property
    def _branches(self) -> Mapping[str, Branch]:
        forms = ((name, stored.form) for name, stored in self.stored.items())
        return {
            name: Branch(
                name, f.dtype.name, f.counter, inside=_inside(f.part), border=_border(f.part)
            )
            for name, f in forms
        }

    def bytes(self, names: Iterable[str]) -> int:
        """Return the uncompressed size of branches."""
        return sum(stored.uncompressed for stored in self._once(names))

    def held(self, names: Iterable[str]) -> int:
        """Return how many bytes of the file hold branches, compressed as they are.

        Last baskets that are in the tree itself count as they are there, uncompressed.
        """
        return sum(stored.held for stored in self._once(names))

    def _once(self, names: Iterable[str]) -> Iterable[Stored]:
        """Return where columns are, of those that are parts of one branch only the first."""
        return {self.stored[n].physical or n: self.stored[n] for n in names}.values()

    def sizes(self) -> tuple[int, int]:
        """Return how many bytes the readable branches have in the file, and uncompressed.

        Those of an RNTuple are of pages that fields share: 0, which means unknown.
        """
        held = sum(int(s.sizes.sum()) for s in self._once(self.stored))
        return held, self.bytes(self.stored)


def _border(part: Part | None) -> bool:
    return part is not None and part.what != "items"


def _inside(part: Part | None) -> str:
    """Return the branch whose items, from all lists in a list, are a column."""
    return part.of if part and part.what == "items" and part.prefix else ""
