"""What an expression can see: the analysis around it, its loops, the current element.

A collection that stands un-indexed in an expression becomes a loop of the innermost binder; where
there is none (a region's conditions) it is a mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar

from adl.check.analysis import Collection, DefineDef, Loop, ObjectDef, RegionDef
from adl.check.collections import same_collection
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import Findings
from adl.syntax.source import Source, Span
from adl.syntax.tree import Define, Object, Region

Definition = ObjectDef | DefineDef | RegionDef
Block = Object | Define | Region
Dialect = Literal["adl", "cutlang"]
T = TypeVar("T")


@dataclass(frozen=True)
class Found(Generic[T]):
    """What a look-up found; a meaning of None is a mistake that has been reported."""

    meaning: T | None


@dataclass
class Context:
    """One analysis being checked."""

    source: Source
    schema: Schema
    dialect: Dialect
    findings: Findings
    blocks: dict[str, Block]
    # Checks a declared block at its first use; None after a mistake in it.
    definition: Callable[[str, Span], Definition | None]
    # The loop of an object block has no collection of its own: its sources stand here.
    sources: dict[Loop, tuple[Collection, ...]] = field(default_factory=dict)

    def words(self, span: Span) -> str:
        """Return what the user wrote at a place."""
        return self.source.words(span)

    def line(self, span: Span) -> int:
        """Return the line on which a place begins."""
        return self.source.position(span.start)[0]

    def sources_of(self, loop: Loop) -> tuple[Collection, ...]:
        """Return what a loop runs over."""
        return (loop.collection,) if loop.collection is not None else self.sources[loop]


@dataclass
class Binder:
    """Gives a loop to each collection that is mentioned, unless its loops were written out."""

    implicit: bool
    loops: list[Loop] = field(default_factory=list)

    def loop(self, collection: Collection, name: str) -> Loop:
        """Return the loop over a collection, a new one at its first mention."""
        for loop in self.loops:
            if loop.collection is not None and same_collection(loop.collection, collection):
                return loop
        self.loops.append(Loop(collection, name))
        return self.loops[-1]


@dataclass(frozen=True)
class Current:
    """The current element of an object block, and the words for it in one statement."""

    loop: Loop
    sources: tuple[Collection, ...]
    names: frozenset[str]
    explicit: bool  # the statement says `this` or the instance name: the source is a collection


@dataclass(frozen=True)
class Scope:
    """Where an expression stands."""

    context: Context
    binders: tuple[Binder, ...] = ()
    current: Current | None = None
    asker: str = "one value is needed here"
    comparison: Span | None = None

    def inside(self, binder: Binder) -> Scope:
        """Return the scope of a reducer's argument."""
        return replace(self, binders=(*self.binders, binder))

    def asking(self, who: str) -> Scope:
        """Return the scope in which ``who`` needs its argument."""
        return replace(self, asker=who)

    def compared(self, span: Span) -> Scope:
        """Return the scope inside a comparison: messages quote it."""
        return replace(self, comparison=span)
