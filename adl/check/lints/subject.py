"""What a lint looks at: the file, what its declarations mean, and all values in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from adl.check.analysis import (
    CompositeDef,
    Cut,
    DefineDef,
    Histogram,
    HistoListDef,
    ObjectDef,
    RegionDef,
    Rows,
    Value,
    WeightBy,
)
from adl.check.collections import block_values
from adl.check.context import Context, Definition
from adl.check.lints.domains import Numbers
from adl.check.values import operands
from adl.syntax.tree import File


@dataclass(frozen=True)
class Subject:
    """An analysis without errors."""

    file: File
    context: Context
    definitions: tuple[Definition, ...]

    @cached_property
    def numbers(self) -> Numbers:
        """What is known of the values, found once for all lints."""
        return Numbers(self.context)

    @property
    def regions(self) -> tuple[RegionDef, ...]:
        """The regions in the order of the file."""
        return tuple(d for d in self.definitions if isinstance(d, RegionDef))

    def histograms(self) -> Iterator[Histogram]:
        """Yield every histogram once, those that regions hand down and those of lists."""
        seen: set[int] = set()
        for definition in self.definitions:
            if isinstance(definition, HistoListDef):
                yield from definition.histograms
        for region in self.regions:
            for statement in region.statements:
                if isinstance(statement, Histogram) and id(statement) not in seen:
                    seen.add(id(statement))
                    yield statement

    def values(self) -> Sequence[Value]:
        """Return every value and everything of which it is made, what is shared once."""
        return self._values

    @cached_property
    def _values(self) -> list[Value]:
        found: list[Value] = []
        seen: set[int] = set()
        todo = [value for definition in self.definitions for value in roots(definition, seen)]
        todo.reverse()
        while todo:
            value = todo.pop()
            if id(value) not in seen:
                seen.add(id(value))
                found.append(value)
                todo += reversed(operands(value))
        return found


def roots(definition: Definition, seen: set[int]) -> Iterator[Value]:
    """Yield the values of a declaration; statements that a region hands down come once."""
    match definition:
        case DefineDef():
            yield definition.value
        case ObjectDef():
            yield from block_values(definition)
        case CompositeDef():
            yield from definition.where
            for _, part in definition.particle.parts:
                yield part
        case HistoListDef():
            for histogram in definition.histograms:
                yield from _filled(histogram)
        case RegionDef():
            for statement in (*definition.statements, *definition.bins):
                if id(statement) in seen:
                    continue
                seen.add(id(statement))
                if isinstance(statement, Histogram):
                    yield from _filled(statement)
                elif isinstance(statement, WeightBy):
                    yield statement.value
                elif isinstance(statement, Rows):
                    yield from (i.value for i in statement.items if i.value is not None)
                else:
                    yield statement.condition


def _filled(histogram: Histogram) -> Iterator[Value]:
    for values in histogram.fills:
        yield from values
    yield from histogram.where


def own_cuts(subject: Subject, region: RegionDef) -> set[Cut]:
    """Return the cuts that stand in a region itself, not in one from which it inherits."""
    block = subject.context.blocks[region.name]
    places = {statement.span for statement in getattr(block, "statements", ())}
    return {s for s in region.statements if isinstance(s, Cut) and s.span in places}
