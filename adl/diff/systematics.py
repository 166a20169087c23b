"""Systematics of two analyses, block by block: what they vary, and what they correct."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adl.diff.matching import Pair, likeness, matched
from adl.diff.shape import Shape, Shapes, tokens
from adl.diff.sides import Side
from adl.stdlib.models import Branch
from adl.syntax.source import Span
from adl.syntax.tree import LegacySystematic, Systematic


@dataclass(frozen=True, eq=False)
class Group:
    """What a block declares: one systematic, or a family of them."""

    name: str
    span: Span
    shape: Shape  # whatever the block is called
    nominal: Shape  # of the columns that it corrects
    inputs: frozenset[str]  # these columns, and what they belong to


def groups(side: Side, shapes: Shapes) -> dict[str, Group]:
    """Return the systematics of an analysis by their names."""
    found = {}
    for block in side.file.blocks:
        if isinstance(block, Systematic | LegacySystematic):
            one = _group(block, side, shapes)
            found[one.name] = one
    return found


def paired(a: Mapping[str, Group], b: Mapping[str, Group]) -> tuple[Pair, ...]:
    """Return which systematics are one."""

    def alike(x: str, y: str) -> float:
        return likeness(tokens(a[x].shape), tokens(b[y].shape))

    first, second = ({name: one.shape for name, one in own.items()} for own in (a, b))
    return matched(first, second, alike)


def corrected(
    pairs: tuple[Pair, ...], a: Mapping[str, Group], b: Mapping[str, Group]
) -> dict[str, tuple[str, ...]]:
    """Return which systematics correct a column otherwise, by its name."""
    found: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        one, other = a.get(pair.a or ""), b.get(pair.b or "")
        if (one and one.nominal) != (other and other.nominal):
            inputs = (one.inputs if one else frozenset()) | (other.inputs if other else frozenset())
            for name in inputs:
                found[name] = (*found.get(name, ()), pair.b or pair.a or "")
    return found


def _group(block: Systematic | LegacySystematic, side: Side, shapes: Shapes) -> Group:
    members = [s for s in side.analysis.systematics if _holds(block.span, s.span)]
    labels = [v.label for s in members for v in s.variations]
    stages = [
        stage
        for stage in side.analysis.stages
        if not stage.varied.keys().isdisjoint(labels)
        or any(_holds(block.span, new.value.span) for new in stage.nominal)
    ]
    name = block.name if isinstance(block, Systematic) else ", ".join(s.name for s in members)
    prefix = name.partition("{")[0]
    varied = [
        tuple(map(shapes.of, (stage.nominal, stage.varied.get(label, ()), stage.propagations)))
        for stage in stages
        for label in labels or [""]
    ]
    shape = (shapes.of(tuple(members)), tuple(varied)) if members or varied else (block,)
    nominal = tuple(shapes.of(stage.nominal) for stage in stages if stage.nominal)
    if nominal:
        nominal = (*nominal, *(shapes.of(stage.propagations) for stage in stages))
    return Group(
        *(name or block.kind, block.span, _unnamed(shape, prefix), nominal),  # type: ignore[union-attr]  # a Systematic has a name
        frozenset(_inputs(stages)),
    )


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start < outer.end


def _unnamed(shape: Shape, prefix: str) -> Shape:
    """Return a shape in which what is named after a systematic is not."""
    if isinstance(shape, tuple):
        return tuple(_unnamed(part, prefix) for part in shape)
    if prefix and isinstance(shape, str) and shape.startswith(prefix):
        return ("its own", shape.removeprefix(prefix))
    return shape


def _inputs(stages: list[Any]) -> Iterator[str]:
    for stage in stages:
        for new in stage.nominal:
            yield new.branch.name
            if new.collection is not None:
                yield new.collection.name
        for one in stage.propagations if stage.nominal else ():
            yield one.met.name
            yield from (b.name for b in one.met.attributes.values() if isinstance(b, Branch))
