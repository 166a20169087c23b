"""What a region and its statements do: keys that are equal where two of them do the same."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adl.check import analysis as core
from adl.compiler.ir import Fill
from adl.diff.canonical import NOTHING, Facts
from adl.diff.laws import Number
from adl.diff.sides import Side

Statement = core.RegionStatement | core.BinDef

_KINDS: dict[type, str] = {
    core.Cut: "cut",
    core.WeightBy: "weight",
    core.Histogram: "histogram",
    core.BinDef: "bin",
}


@dataclass(frozen=True, eq=False)
class Entry:
    """A statement of a region: what it does where it stands, and anywhere."""

    statement: Statement
    here: Hashable
    anywhere: Hashable

    @property
    def kind(self) -> str:
        """What people call it."""
        if isinstance(self.statement, core.Rows):
            return self.statement.kind
        return _KINDS[type(self.statement)]

    @property
    def values(self) -> tuple[core.Value, ...]:
        """The values that it is made of."""
        match self.statement:
            case core.Cut(condition=condition) | core.BinDef(condition=condition):
                return (condition,)
            case core.WeightBy(value=value):
                return (value,)
            case core.Histogram() as plot:
                return *(v for values in plot.fills for v in values), *plot.where
            case core.Rows(items=items):
                return tuple(i.value for i in items if i.value is not None)
        raise AssertionError(self.statement)


def meaning(side: Side, name: str) -> Hashable:
    """Return what a region selects, weighs and fills, without the steps on the way."""
    canonical, output = side.canonical, side.outputs[name]
    last = output.steps[-1].fill
    selected = canonical.conjuncts(canonical.under(side.of_program(last.mask)))
    facts = canonical.facts(selected)
    if canonical.false in selected:  # no event passes: what it would fill is all the same
        return False, tuple(f.bins for f in output.fills if f.bins)

    def of(fill: Fill) -> Hashable:
        return fill.bins, *(
            canonical.under(side.of_program(node), NOTHING if node.free else facts)
            for node in fill.children
        )

    plots = sorted(repr((h.nominal_only, [of(f) for f in h.fills])) for h in output.histograms)
    bins = None if output.bins is None else of(output.bins.fill)
    region = side.regions[name]
    rows = tuple(_in(side.statement(s), side, NOTHING) for s in region.statements if is_rows(s))
    weight = canonical.under(side.of_program(last.weight), facts)
    return frozenset(selected), weight, tuple(plots), bins, rows


def selection(side: Side, name: str) -> frozenset[Number]:
    """Return the conditions that the events of a region fulfil."""
    mask = side.outputs[name].steps[-1].fill.mask
    canonical = side.canonical
    return frozenset(canonical.conjuncts(canonical.under(side.of_program(mask))))


def is_rows(statement: Statement) -> bool:
    """Whether a statement prints or saves rows."""
    return isinstance(statement, core.Rows)


def _in(key: Any, side: Side, facts: Facts) -> Any:
    """Return a key with each number as it is where something is known."""
    if isinstance(key, Number):
        return side.canonical.under(key, facts)
    return tuple(_in(k, side, facts) for k in key) if type(key) is tuple else key


def entries(side: Side, name: str) -> list[Entry]:
    """Return the statements of a region, bins last."""
    canonical = side.canonical
    region, found = side.regions[name], []
    passed: list[Number] = []
    for statement in (*region.statements, *region.bins):
        key = side.statement(statement)
        here = _in(key, side, canonical.facts(passed))
        found.append(Entry(statement, here, _in(key, side, NOTHING)))
        if isinstance(statement, core.Cut):
            passed += canonical.conjuncts(canonical.under(key[1]))
    return found


def does_the_same(p: Entry, q: Entry) -> bool:
    """Whether two statements do one thing, where they stand or anywhere."""
    return p.kind == q.kind and (p.here == q.here or p.anywhere == q.anywhere)


def crosses(
    p: Entry, q: Entry, same: Sequence[tuple[Entry, Entry]], places: Mapping[Entry, int]
) -> bool:
    """Whether two statements stand on different sides of such that are the same."""
    return any((places[one] - places[p]) * (places[other] - places[q]) < 0 for one, other in same)
