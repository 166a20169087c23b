"""What a skim keeps of a file: a program that says which events pass, and the columns to write.

The program is the analysis without what it fills: one record with, for each event, whether it
passes a chosen region, and its generator weight, which is summed over all events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from adl.check import analysis as core
from adl.compiler.ir import (
    FALSE,
    ONE,
    TRUE,
    Column,
    Node,
    as_real,
    conjuncts,
    either,
    record,
)
from adl.compiler.lower.values import Lowering
from adl.compiler.program import Program, RegionOutput, RowColumn, RowsOutput
from adl.runtime.needs import collections_of
from adl.runtime.skims.later import final
from adl.stdlib.models import Branch, CollectionSchema, Schema
from adl.stdlib.models.finding import find_scalar
from adl.syntax.source import Span

NEEDED, ALL = "needed", "all"


@dataclass(frozen=True)
class Kept:
    """A column of a skim; one of lists belongs to a ``group`` of columns of the same lengths.

    The group's name is that of the column with the lengths. It is ``stored`` if the input has it, or
    only there because a TTree cannot hold lists without.
    """

    name: str
    dtype: str
    collection: str = ""  # of the analysis; empty for a number an event
    group: str = ""
    stored: bool = False


@dataclass(frozen=True)
class SkimRows(RowsOutput):
    """The rows of a skim: each event's decision, weight, and whether the weight is there."""

    kept: tuple[Kept, ...] = ()


def skim_program(
    program: Program,
    regions: Sequence[str],
    schema: Schema,
    kept: Sequence[Kept],
    any_variation: bool,
) -> Program:
    """Return what finds the events that pass any of the regions; ``program`` is the analysis.

    With ``any_variation`` an event that passes under a variation alone is one of them, and the trees
    of variations have skims of their own.
    """
    passes: Node = FALSE
    for region in program.every_region if any_variation else program.regions:
        if region.name in regions and region.steps:
            passes = either(passes, final(region))
    weight, there = _weight(schema)
    columns = tuple(
        RowColumn(k.name, k.name, column=Column(k.name, k.dtype, k.collection or None))
        for k in kept
    )
    rows = record((), (passes, as_real(weight), there), TRUE)
    in_trees = (s for s in program.systematics if any(v.tree is not None for v in s.variations))
    return Program(
        (),
        own_rows=(SkimRows("save", "", "skim", "root", rows, columns, kept=tuple(kept)),),
        systematics=tuple(in_trees) if any_variation else (),
    )


def filled_before(region: RegionOutput) -> list[str]:
    """Return the histograms of a region that events fill which later cuts reject."""
    cuts = set(conjuncts(final(region)))
    return [
        h.name
        for h in region.histograms
        if any(not cuts.issubset(conjuncts(fill.mask)) for fill in h.fills)
    ]


def generator_weight(schema: Schema) -> str:
    """Return the column with the generator weight; empty if there is none."""
    return next((name for name in schema.weights if find_scalar(schema, name)), "")


def _weight(schema: Schema) -> tuple[Node, Node]:
    """Return an event's generator weight and whether it is there; 1 where a format has none."""
    match = find_scalar(schema, generator_weight(schema))
    if match is None:
        return ONE, TRUE
    value = Lowering().value(core.EventValue(match.item, type="real", span=Span(0, 0)))
    return value.value, value.defined


# --------------------------------------------------------------------------------- columns


def chosen(
    words: Sequence[str], needed: frozenset[str], branches: Mapping[str, Branch]
) -> set[str]:
    """Return the columns that ``needed``, ``all`` or patterns choose: what is needed is among them."""
    patterns = tuple("*" if word == ALL else word for word in words if word != NEEDED)
    return {*needed} | {b for b in branches if any(fnmatchcase(b, p) for p in patterns)}


def kept_columns(
    names: set[str], schema: Schema, branches: Mapping[str, Branch]
) -> tuple[Kept, ...]:
    """Return columns as they are written, in the order of the file."""
    owners = {b.name: c for c in collections_of(schema) for b in c.attributes.values()}
    lists = {n: _of_elements(branches[n], owners[n], branches) for n in names if n in owners}
    groups = {k.group for k in lists.values()}
    counters = {branches[name].counter for name in lists}
    numbers = names - lists.keys() - groups - counters
    scalars = {n: Kept(n, branches[n].dtype) for n in numbers if branches[n].counter is None}
    found = {**lists, **scalars}
    return tuple(found[name] for name in branches if name in found)


def _of_elements(branch: Branch, owner: CollectionSchema, branches: Mapping[str, Branch]) -> Kept:
    """Return a column of lists; its lengths are in the collection's counter, or in its own."""
    own = branch.counter if branch.counter in branches and branch.counter != branch.name else None
    counter = owner.counter.name if owner.counter is not None else own
    if counter is not None:
        return Kept(branch.name, branch.dtype, owner.name, counter, stored=True)
    return Kept(branch.name, branch.dtype, owner.name, f"n{branch.name}")
