"""One analysis being checked: its text, its schema, what it declares and what was found.

A declared block is checked at its first use, so blocks may stand in any order; a block that needs
itself is a circle and is reported once, where it closes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from adl.check.analysis import (
    AttributeDef,
    Collection,
    CompositeDef,
    DefineDef,
    Dialect,
    HistoListDef,
    Loop,
    ObjectDef,
    RegionDef,
    TableDef,
)
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import Findings
from adl.syntax.source import Source, Span
from adl.syntax.tree import (
    Composite,
    CountsFormat,
    Define,
    HistoList,
    Object,
    Region,
    Table,
    Trigger,
)

Definition = ObjectDef | CompositeDef | DefineDef | RegionDef | TableDef | HistoListDef
Block = Object | Composite | Define | Region | Table | HistoList
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
    build: Callable[[Context, Block], Definition | None]
    # The loop of an object block has no collection of its own: its sources stand here.
    sources: dict[Loop, tuple[Collection, ...]] = field(default_factory=dict)
    slices: dict[tuple[Collection, int, int | None], ObjectDef] = field(default_factory=dict)
    # What an object block has defined so far, while it is checked; None after a mistake.
    own: dict[Loop, dict[str, AttributeDef | None]] = field(default_factory=dict)
    # Names of their own, which only `trigger` and `counts` lead to.
    triggers: dict[str, Trigger] = field(default_factory=dict)
    formats: dict[str, CountsFormat] = field(default_factory=dict)
    _done: dict[str, Definition | None] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def definition(self, name: str, span: Span) -> Definition | None:
        """Return what a declared name, used at ``span``, stands for; None after a mistake."""
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            own = self._open[-1] == name and isinstance(self.blocks[name], (Object, Composite))
            help = "in its own block the current element is called this" if own else ""
            self.findings.error("E208", f"{name} depends on itself: {circle}", span, help)
            return None
        if name not in self._done:
            self._open.append(name)
            self._done[name] = self.build(self, self.blocks[name])
            self._open.pop()
        return self._done[name]

    def open_name(self) -> str:
        """Return the name of the block that is being checked."""
        return self._open[-1] if self._open else ""

    def words(self, span: Span) -> str:
        """Return what the user wrote at a place."""
        return self.source.words(span)

    def line(self, span: Span) -> int:
        """Return the line on which a place begins."""
        return self.source.position(span.start)[0]

    def sources_of(self, loop: Loop) -> tuple[Collection, ...]:
        """Return what a loop runs over."""
        return (loop.collection,) if loop.collection is not None else self.sources[loop]
