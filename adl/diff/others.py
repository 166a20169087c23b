"""Differences in what stands beside objects and regions: systematics, triggers, corrections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adl.diff.blocks import other_lines
from adl.diff.changes import Change, Status
from adl.diff.places import Places
from adl.diff.shape import Shapes
from adl.diff.sides import Side
from adl.syntax.tree import Block, Correction, CountsFormat, Function, Systematic, Trigger, UseAs

# Blocks of which the text is the meaning; what a function's code says is in the code.
_BLOCKS: dict[type, str] = {
    Trigger: "trigger",
    Correction: "correction",
    CountsFormat: "format of counts",
    UseAs: "choice",
    Function: "function",
}


def other_blocks(
    a: Side, b: Side, shapes: tuple[Shapes, Shapes], places: tuple[Places, Places]
) -> Iterator[Change]:
    """Yield what differs in the blocks that are no objects, defines, tables or regions."""
    systematics = [*_systematics(a, b, shapes, places)]
    yield from systematics
    told = {(change.a, change.b) for change in systematics}
    first, second = _blocks(a), _blocks(b)
    for key in dict.fromkeys((*second, *first)):
        x, y = first.get(key), second.get(key)
        if x is None or y is None or not _equal(x, y, a, b):
            found = _changes(key[0], key[1], x, y, places)
            yield from (change for change in found if (change.a, change.b) not in told)


def _blocks(side: Side) -> dict[tuple[str, str], Block]:
    found = (block for block in side.file.blocks if type(block) in _BLOCKS)
    return {(_BLOCKS[type(block)], block.name.name): block for block in found}  # type: ignore[union-attr]  # all of _BLOCKS have a name


def _equal(x: Block, y: Block, a: Side, b: Side) -> bool:
    if isinstance(x, Function) and isinstance(y, Function):
        from adl.diff.contents import code_of

        codes = [
            [code_of(f) for f in side.analysis.functions if f.name == x.name.name]
            for side in (a, b)
        ]
        return codes[0] == codes[1] and x.arguments == y.arguments
    return x == y


def _changes(
    kind: str, name: str, x: Block | None, y: Block | None, places: tuple[Places, Places]
) -> Iterator[Change]:
    """Yield what differs in a block, line by line; of one that is new or gone its first line."""
    status: Status = "removed" if y is None else "added" if x is None else "changed"
    at = (
        None if x is None else places[0].of_block(x.span),
        None if y is None else places[1].of_block(y.span),
    )
    lines = []
    if x is not None and y is not None:
        lines = [*other_lines(places[0].lines(x.span), places[1].lines(y.span))]
    for one, other in lines:
        yield Change(status, kind, name, "", one, other)
    if not lines:
        details = ("its code differs",) if kind == "function" and status == "changed" else ()
        yield Change(status, kind, name, "", *at, details=details)


def _systematics(
    a: Side, b: Side, shapes: tuple[Shapes, Shapes], places: tuple[Places, Places]
) -> Iterator[Change]:
    """Yield systematics that differ; members of one family that do stand in one block."""
    first, second = (_by_name(side, own) for side, own in zip((a, b), shapes, strict=True))
    told = set()
    for name in dict.fromkeys((*second, *first)):
        x, y = first.get(name), second.get(name)
        if x is not None and y is not None and x[1] == y[1]:
            continue
        one, other = (None if own is None else own[0] for own in (x, y))
        key = one and one.span, other and other.span
        if key not in told:
            told.add(key)
            family = getattr(one, "family", "") if one is not None and other is not None else ""
            yield from _changes("systematic", family or name, one, other, places)


def _by_name(side: Side, shapes: Shapes) -> dict[str, tuple[Any, Any]]:
    found: dict[str, tuple[Any, Any]] = {}
    for systematic in side.analysis.systematics:
        labels = [v.label for v in systematic.variations]
        stages = [
            tuple(map(shapes.of, (stage.nominal, stage.varied[label], stage.propagations)))
            for stage in side.analysis.stages
            for label in labels
            if label in stage.varied
        ]
        found[systematic.name] = systematic, (shapes.of(systematic), tuple(stages))
    varied = {*found, *(s.family for s in side.analysis.systematics)}
    for block in side.file.blocks:  # without a variation: it corrects, or is for other datasets
        if isinstance(block, Systematic) and block.name not in varied:
            found[block.name] = block, block
    return found
