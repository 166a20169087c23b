"""Compares two declarations that are one: objects, composites, defines, tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adl.check import analysis as core
from adl.check.collections import stages
from adl.diff.shape import Shapes
from adl.diff.sides import Declared
from adl.diff.thresholds import Detail, Reader
from adl.syntax.source import Source


@dataclass(frozen=True)
class Declarations:
    """Compares declarations of A with such of B; ``shapes`` and ``sources`` are of both."""

    reader: Reader
    shapes: tuple[Shapes, Shapes]
    sources: tuple[Source, Source]

    def details(self, x: Declared, y: Declared) -> Iterator[Detail]:
        """Yield where two declarations that are one differ in their own words."""
        match x, y:
            case core.ObjectDef(), core.ObjectDef():
                yield from self._objects(x, y)
            case core.CompositeDef(), core.CompositeDef():
                yield from self._composites(x, y)
            case core.DefineDef(), core.DefineDef():
                yield from self.reader.details(x.value, y.value, int(y.value.type == "bool"))

    def _objects(self, x: core.ObjectDef, y: core.ObjectDef) -> Iterator[Detail]:
        before, after = [*stages(x)], [*stages(y)]
        sources = [_sources(block) for block in (before[0], after[0])]
        shapes = [
            [(s.of(source), source.name) for source in own]
            for s, own in zip(self.shapes, sources, strict=True)
        ]
        if [shape for shape, _ in shapes[0]] != [shape for shape, _ in shapes[1]]:
            words = [", ".join(dict.fromkeys(name for _, name in own)) for own in shapes]
            was, now = (f"take {own}" for own in words)
            yield Detail(was, now, (), x.span, y.span, takes=True)
        cuts = [[cut for stage in own for cut in stage.cuts] for own in (before, after)]
        yield from self.reader.conditions(cuts[0], cuts[1])
        for name in dict.fromkeys((*x.attributes, *y.attributes)):
            yield from self._attribute(x.attributes.get(name), y.attributes.get(name))
        if (x.ranks, x.descending) != (y.ranks, y.descending):
            yield Detail(_order(x), _order(y), (), x.span, y.span)
        if x.key is not None and y.key is not None:
            yield from self.reader.details(x.key, y.key, 0)
        elif x.key is not y.key:
            yield Detail(_order(x), _order(y), (), x.span, y.span)
        values = [_corrections(own) for own in (before, after)]
        for one, other in zip(*values, strict=False):
            yield from self.reader.details(one, other, 0)
        for one in values[0][len(values[1]) :]:
            yield Detail(self.sources[0].words(one.span), "", (), one.span, None)
        for other in values[1][len(values[0]) :]:
            yield Detail("", self.sources[1].words(other.span), (), None, other.span)

    def _attribute(
        self, x: core.AttributeDef | None, y: core.AttributeDef | None
    ) -> Iterator[Detail]:
        if x is not None and y is not None:
            yield from self.reader.details(x.value, y.value, int(y.value.type == "bool"))
        elif x is not None:
            yield Detail(f"define {x.name}", "", (), x.value.span, None)
        elif y is not None:
            yield Detail("", f"define {y.name}", (), None, y.value.span)

    def _composites(self, x: core.CompositeDef, y: core.CompositeDef) -> Iterator[Detail]:
        loops = [
            [s.of(loop.collection) for loop in d.loops]
            for s, d in zip(self.shapes, (x, y), strict=True)
        ]
        if loops[0] != loops[1]:
            names = [
                ", ".join(loop.collection.name for loop in d.loops if loop.collection)
                for d in (x, y)
            ]
            spans = [next((v.span for v in d.where if _is_of_tuples(v)), d.span) for d in (x, y)]
            yield Detail(f"of {names[0]}", f"of {names[1]}", (), spans[0], spans[1])
        before, after = (
            [value for value in d.where if loops[0] == loops[1] or not _is_of_tuples(value)]
            for d in (x, y)
        )
        yield from self.reader.conditions(before, after)
        for (_, one), (_, other) in zip(x.particle.parts, y.particle.parts, strict=False):
            yield from self.reader.details(one, other, 0)


def _is_of_tuples(value: core.Value) -> bool:
    """Whether a condition says which elements make a tuple, as ``disjoint`` does."""
    match value:
        case core.Before():
            return True
        case core.Logic(operator="not", operands=(core.Operation(name="same"),)):
            return True
    return False


def _sources(block: core.ObjectDef) -> tuple[core.Collection, ...]:
    """Return what an object block takes, without the steps of its own corrections."""
    return block.sources


def _corrections(found: Iterable[core.ObjectDef]) -> list[core.Value]:
    return [
        value
        for stage in found
        for part in stage.corrected[:1]
        for _, value in sorted(part.values.items())
    ]


def _order(found: core.ObjectDef) -> str:
    parts = []
    if found.ranks is not None:
        parts.append(f"elements {found.ranks[0]} to {found.ranks[1] or 'the end'}")
    if found.key is not None:
        parts.append("sorted, descending" if found.descending else "sorted, ascending")
    return ", ".join(parts) or "all, as they stand"
