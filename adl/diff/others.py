"""Differences in what stands beside objects and regions: systematics, triggers, corrections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeGuard

from adl.check import analysis as core
from adl.diff.blocks import other_lines
from adl.diff.changes import Change, Status
from adl.diff.files import both_use
from adl.diff.matching import Pair
from adl.diff.places import Places
from adl.diff.sides import Side
from adl.diff.slices import Slice
from adl.diff.systematics import Group
from adl.diff.thresholds import Reader
from adl.diff.walking import everything
from adl.syntax.source import Span
from adl.syntax.tree import Block, Correction, CountsFormat, Function, Trigger, UseAs

_Key = tuple[str, str]  # what a block is, and its name
_Named = dict[_Key, Block]

# Blocks of which the text is the meaning; what a function's code says is in the code.
_BLOCKS: dict[type, str] = {
    Trigger: "trigger",
    Correction: "correction",
    CountsFormat: "format of counts",
    UseAs: "choice",
    Function: "function",
}


def other_blocks(
    a: Side, b: Side, places: tuple[Places, Places], reader: Reader
) -> Iterator[Change]:
    """Yield what differs in the blocks that are no objects, defines, tables or regions."""
    first, second = _blocks(a), _blocks(b)
    renamed = dict(_renamed(first, second, a, b))
    for key in dict.fromkeys((*second, *first)):
        x, y = first.get(key), second.get(key)
        if key in renamed:
            before = renamed[key]
            at = places[0].of_block(first[before].span), places[1].of_block(second[key].span)
            words = (f"{before[1]} is {key[1]} now",)
            yield Change("renamed", *key, "", *at, details=words)
        elif key not in renamed.values() and (x is None or y is None or not _equal(x, y, a, b)):
            for change in changed_lines(*key, _span(x), _span(y), places):
                yield (
                    replace(change, slices=_chosen(key[1], a, b, reader))
                    if (isinstance(x, UseAs) and isinstance(y, UseAs))
                    else change
                )


def _chosen(name: str, a: Side, b: Side, reader: Reader) -> tuple[Slice, ...]:
    """Return the elements that another choice of an attribute gains or loses."""
    first, second = (
        next((v.value for v in everything(side.analysis) if _is_attribute(v, name)), None)
        for side in (a, b)
    )
    if first is None or second is None:
        return ()
    return tuple(s for detail in reader.details(first, second) for s in detail.slices)


def _is_attribute(found: object, name: str) -> TypeGuard[core.AttributeDef]:
    return isinstance(found, core.AttributeDef) and found.name == name


def other_files(a: Side, b: Side, places: tuple[Places, Places]) -> Iterator[Change]:
    """Yield files that hold other things under the names that both analyses call them."""
    for name, x, y in both_use(a.files, b.files):
        if not x.holds_the_same(y):
            at = places[0].place(x.span), places[1].place(y.span)
            yield Change("changed", y.kind, name, "", *at, details=("its content differs",))


def _blocks(side: Side) -> _Named:
    found = (block for block in side.file.blocks if type(block) in _BLOCKS)
    return {(_BLOCKS[type(block)], block.name.name): block for block in found}  # type: ignore[union-attr]  # all of _BLOCKS have a name


def _renamed(a: _Named, b: _Named, x: Side, y: Side) -> Iterator[tuple[_Key, _Key]]:
    """Yield blocks of the second analysis that say what one of another name did in the first."""
    left = [key for key in a if key not in b]
    for key in b:
        named = (k for k in left if key not in a and k[0] == key[0])
        same = (k for k in named if _equal(_called(a[k], b[key]), b[key], x, y))
        found = next(same, None)
        if found is not None:
            left.remove(found)
            yield key, found


def _called(block: Block, other: Block) -> Block:
    """Return a block with the name of another one."""
    return replace(block, name=other.name)  # type: ignore[arg-type,union-attr]  # all of _BLOCKS have a name


def _equal(x: Block, y: Block, a: Side, b: Side) -> bool:
    if isinstance(x, Function) and isinstance(y, Function):
        from adl.diff.contents import code_of

        codes = [
            [code_of(f) for f in side.analysis.functions if f.name == x.name.name]
            for side in (a, b)
        ]
        return codes[0] == codes[1] and x.arguments == y.arguments
    if isinstance(x, Trigger) and isinstance(y, Trigger):
        return {*x.paths} == {*y.paths} and x.stream == y.stream
    return x == y


def _span(found: Block | Group | None) -> Span | None:
    return None if found is None else found.span


def changed_lines(
    kind: str, name: str, x: Span | None, y: Span | None, places: tuple[Places, Places]
) -> Iterator[Change]:
    """Yield what differs in a block, line by line; of one that is new or gone its first line."""
    status: Status = "removed" if y is None else "added" if x is None else "changed"
    at = (
        None if x is None else places[0].of_block(x),
        None if y is None else places[1].of_block(y),
    )
    lines = []
    if x is not None and y is not None:
        lines = [*other_lines(places[0].lines(x), places[1].lines(y))]
    for one, other in lines:
        yield Change(status, kind, name, "", one, other)
    if not lines:
        details = ("its code differs",) if kind == "function" and status == "changed" else ()
        yield Change(status, kind, name, "", *at, details=details)


def other_systematics(
    pairs: Iterable[Pair],
    a: Mapping[str, Group],
    b: Mapping[str, Group],
    places: tuple[Places, Places],
) -> Iterator[Change]:
    """Yield systematics that differ, a family as one."""
    for pair in pairs:
        x, y = a.get(pair.a or ""), b.get(pair.b or "")
        name = pair.b or pair.a or ""
        renamed = pair.a is not None and pair.b is not None and pair.a != pair.b
        if renamed and x and y:
            at = places[0].of_block(x.span), places[1].of_block(y.span)
            words = (f"{x.name} is {y.name} now",)
            yield Change("renamed", "systematic", name, "", *at, details=words)
        if x is None or y is None or x.shape != y.shape:
            for change in changed_lines("systematic", name, _span(x), _span(y), places):
                if not (renamed and x and change.a == places[0].of_block(x.span)):
                    yield change
