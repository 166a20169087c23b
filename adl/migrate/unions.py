"""Unions: as written in cutlang, in descending pT and without duplicates in adl.

A union is left as it is where nothing asks for its order; elsewhere there are no words for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from adl.check.analysis import (
    Analysis,
    Before,
    Collection,
    Element,
    Loop,
    Member,
    ObjectDef,
    Reduction,
    Unknown,
    Value,
)
from adl.check.collections import inputs, lineage
from adl.migrate.report import Report
from adl.migrate.values import every_value
from adl.syntax.source import Span
from adl.syntax.tree import Call, File, Object, Take


def report_unions(file: File, analysis: Analysis, report: Report) -> None:
    """Report what depends on the order of a union, or on how often an object is in it."""
    united = {block.name.name: block.name.span for block in _unions(file)}
    for found in analysis.declared:
        if isinstance(found, ObjectDef) and found.name in united:
            _duplicates(found, united[found.name], report)
    for value in every_value(analysis):
        for collection in _ordered(value):
            _corrected(collection, value.span, report)
            name = _union(collection, united)
            if name is not None:
                message = (
                    f"{report.source.words(value.span)} depends on the order of {name}: as written "
                    "in cutlang, in descending pT in adl"
                )
                help = f"use the sources of {name}, or say `dialect adl` if descending pT is meant"
                report.impossible(value.span, message, help)


def _unions(file: File) -> Iterator[Object]:
    for block in file.blocks:
        if isinstance(block, Object):
            takes = [s for s in block.statements if isinstance(s, Take)]
            called = (t.source.function.name.lower() for t in takes if isinstance(t.source, Call))
            if len(takes) > 1 or "union" in called:
                yield block


def _duplicates(found: ObjectDef, span: Span, report: Report) -> None:
    """Report sources that can have an object in common."""
    if len(inputs(found.sources)) < sum(len(inputs([source])) for source in found.sources):
        names = " and ".join(source.name for source in found.sources)
        message = (
            f"an object that is in several of {names} stands in {found.name} as often, in adl once"
        )
        help = "make the sources disjoint, or say `dialect adl` if each object is meant once"
        report.impossible(span, message, help)


def _ordered(value: Value) -> Iterator[Collection]:
    """Yield the collections on whose order a value depends."""
    match value:
        case Element() | Before() if isinstance(value.collection, Collection):
            yield value.collection
        case Unknown() if isinstance(value.collection, Collection):
            yield value.collection
        case Member():
            yield from _of(value.picked.loops)
        case Reduction():
            sliced = (c for c in _of(value.loops) if isinstance(c, ObjectDef))
            yield from (c for c in sliced if c.ranks is not None)


def _corrected(collection: Collection, span: Span, report: Report) -> None:
    """Report what depends on the order of elements whose pT something has corrected."""
    for step in lineage(collection):
        if any("pt" in part.values for part in getattr(step, "corrected", ())):
            message = (
                f"{report.source.words(span)} depends on the order of {step.name}: that before the "
                "correction of pT in cutlang, in descending corrected pT in adl"
            )
            help = "say `dialect adl` if the corrected order is meant"
            report.impossible(span, message, help)
            return


def _of(loops: tuple[Loop, ...]) -> Iterator[Collection]:
    yield from (loop.collection for loop in loops if loop.collection is not None)


def _union(collection: Collection, united: dict[str, Span]) -> str | None:
    """Return the union whose order a collection has; None if it has another."""
    return next((c.name for c in lineage(collection) if c.name in united), None)
