"""Where values stand in a checked analysis, and what each is an operand of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adl.check.analysis import (
    Analysis,
    CompositeDef,
    Cut,
    DefineDef,
    DefineRef,
    Histogram,
    HistoListDef,
    ObjectDef,
    RegionDef,
    RegionStatement,
    Value,
    WeightBy,
)
from adl.check.collections import block_values
from adl.check.values import operands, walk


def statement_values(statement: RegionStatement) -> Iterator[Value]:
    """Yield the values of a region's statement."""
    match statement:
        case Cut():
            yield statement.condition
        case WeightBy():
            yield statement.value
        case Histogram():
            for fill in statement.fills:
                yield from fill
            yield from statement.where


def object_values(found: ObjectDef | CompositeDef) -> Iterator[Value]:
    """Yield the values of a block of elements or tuples."""
    if isinstance(found, ObjectDef):
        yield from block_values(found)
    else:
        yield from found.where
        yield found.particle
        yield from (part for _, part in found.particle.parts)


def every_value(analysis: Analysis) -> Iterator[Value]:
    """Yield all values and their operands; what regions inherit comes several times."""
    for found in analysis.declared:
        roots: Iterable[Value] = ()
        match found:
            case ObjectDef() | CompositeDef():
                roots = object_values(found)
            case DefineDef():
                roots = (found.value,)
            case RegionDef():
                roots = [v for s in found.statements for v in statement_values(s)]
                roots += [bin.condition for bin in found.bins]
            case HistoListDef():
                roots = [v for h in found.histograms for v in statement_values(h)]
        for root in roots:
            yield from walk(root)


def parents(root: Value) -> dict[int, list[Value]]:
    """Return for each value in a root, defines included, what it is an operand of, by its id."""
    found: dict[int, list[Value]] = {}
    todo, seen = [root], set[DefineDef]()
    while todo:
        for part in walk(todo.pop()):
            if isinstance(part, DefineRef) and part.define not in seen:
                seen.add(part.define)
                todo.append(part.define.value)
            for operand in operands(part):
                found.setdefault(id(operand), []).append(part)
    return found
