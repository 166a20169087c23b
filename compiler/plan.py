"""What variations need beside the nominal program: nodes, an estimated cost, memory, columns.

What a variation does not change are nominal nodes, so its cone is a difference of sets. A group is
taken as a whole: of its nodes those that depend on it count once for each member.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from adl.check.variations import SystematicDef, Variation
from adl.compiler.changes import changes, nominal_only, outputs
from adl.compiler.cost import Lengths, cost, cost_of_network
from adl.compiler.ir import Choice, Column, Fill, Node, Record, extent, factors, postorder
from adl.compiler.layout import variations
from adl.compiler.networks import Stage, is_made
from adl.compiler.program import Program, RegionOutput

_RAW, _SUMS, _SKIPPED = 8, 16, 8  # bytes: of a cell's entries, of its two sums, of what was skipped


@dataclass(frozen=True)
class Needs:
    """What some fills are made of."""

    nodes: int
    cost: float  # in units of the cost model
    memory: int  # bytes of the cells of histograms and counters
    columns: tuple[str, ...]  # counters of collections of which nothing else is read among them


@dataclass(frozen=True)
class PlannedGroup:
    """Variations that are computed together, or one alone.

    ``needs`` is what comes to the nominal program, ``shared`` the number of nominal nodes that are
    used; ``changes`` are the cutflows, ``REGION``, and histograms, ``REGION/HISTO``, that each
    member can change.
    """

    members: tuple[Variation, ...]
    needs: Needs
    shared: int
    changes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class PlannedTree:
    """A tree of variations: the nominal analysis is run once more, over the events there."""

    name: str
    variations: tuple[Variation, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True)
class PlannedRow:
    """All groups of a family, or of a systematic without one, and of what shares a group with it.

    So each stands in one row. ``needs`` is what the groups need together: a value that two have, up
    and down of a mirrored weight say, is computed once.
    """

    names: tuple[str, ...]
    groups: tuple[PlannedGroup, ...]
    needs: Needs


@dataclass(frozen=True)
class Plan:
    """A program before it runs: ``varied`` is what all groups together need, each node once."""

    outputs: tuple[str, ...]  # all cutflows and histograms
    nominal: Needs
    rows: tuple[PlannedRow, ...]
    trees: tuple[PlannedTree, ...]
    varied: Needs
    systematics: tuple[SystematicDef, ...]

    @property
    def groups(self) -> tuple[PlannedGroup, ...]:
        """All groups, in the order of the rows."""
        return tuple(group for row in self.rows for group in row.groups)

    def times_nominal(self, needs: Needs) -> float:
        """Return an estimated cost as a multiple of that of the nominal program."""
        return needs.cost / max(self.nominal.cost, 1.0)


def plan(
    program: Program,
    stages: Iterable[Stage],
    lengths: Lengths,
    counters: Mapping[str, str] | None = None,
) -> Plan:
    """Return what a program needs, and each of its variations beside the nominal one.

    ``stages`` are the networks before it, ``lengths`` the mean numbers of elements of collections,
    ``counters`` the columns of these numbers: they are read where no column of a collection is.
    """
    maker = _Maker(program, _makers(stages), lengths, counters or {})
    nominal = maker.cone((*_fills(program.regions), *program.records))
    groups: list[tuple[PlannedGroup, dict[Node, None]]] = []
    for varied in program.variations:
        cone = maker.cone(_fills(varied.regions))
        own = {node: None for node in cone if node not in nominal}
        changed = tuple(changes(program, varied, i) for i in range(len(varied.members)))
        shared = len(cone) - len(own)
        needs = maker.needs(own, nominal)
        groups.append((PlannedGroup(varied.members, needs, shared, changed), own))
    names = tuple(name for region in program.regions for name in outputs(region))
    every = {node: None for _, own in groups for node in own}
    return Plan(
        names,
        maker.needs(nominal, {}),
        tuple(_rows(program, groups, lambda own: maker.needs(own, nominal))),
        tuple(_trees(program)),
        maker.needs(every, nominal),
        program.systematics,
    )


def _rows(
    program: Program,
    groups: Iterable[tuple[PlannedGroup, dict[Node, None]]],
    needs: Callable[[dict[Node, None]], Needs],
) -> Iterator[PlannedRow]:
    """Yield the rows of groups, each with its own nodes, in the order of their first group."""
    families = {v.label: s.family or s.name for s in program.systematics for v in s.variations}
    rows: list[tuple[dict[str, None], list[PlannedGroup], dict[Node, None]]] = []
    for group, own in groups:
        names = dict.fromkeys(families[v.label] for v in group.members)
        together = [row for row in rows if not row[0].keys().isdisjoint(names)]
        if not together:
            rows.append((names, [group], dict(own)))
            continue
        first, *others = together
        for other in (*others, (names, [group], own)):
            first[0].update(other[0])
            first[1].extend(other[1])
            first[2].update(other[2])
        rows = [row for row in rows if all(row is not other for other in others)]
    return (PlannedRow(tuple(n), tuple(g), needs(own)) for n, g, own in rows)


def _trees(program: Program) -> Iterator[PlannedTree]:
    """Yield the trees of variations; histograms that are nominal only are not made of them."""
    found: dict[str, list[Variation]] = {}
    for variation in (v for s in program.systematics for v in s.variations):
        if variation.tree is not None:
            found.setdefault(variation.tree.name, []).append(variation)
    alone = nominal_only(program)
    every = (name for region in program.regions for name in outputs(region))
    changed = tuple(name for name in every if name not in alone)
    return (PlannedTree(name, tuple(its), changed) for name, its in found.items())


def _fills(regions: Iterable[RegionOutput]) -> tuple[Fill, ...]:
    return tuple(fill for region in regions for fill in region.fills)


def _makers(stages: Iterable[Stage]) -> Mapping[str, Record]:
    """Return the rows over which the network runs that makes a column."""
    batches = (batch for stage in stages for batch in stage.batches)
    return {name: batch.record for batch in batches for name in batch.columns.values()}


@dataclass(frozen=True)
class _Maker:
    program: Program
    made: Mapping[str, Record]
    lengths: Lengths
    counters: Mapping[str, str]

    def cone(self, roots: Sequence[Node]) -> dict[Node, None]:
        """Return everything that values are made of, inputs before users, networks included."""
        found: dict[Node, None] = {}
        waiting = list(roots)
        while waiting:
            new = [node for node in postorder(waiting) if node not in found]
            found |= dict.fromkeys(new)
            # Not the mask of the rows: that is where any use of the network needs it.
            rows = {self.made[n] for n in _columns(new) if is_made(n)}
            waiting = [v for record in rows for v in record.values if v not in found]
        return found

    def needs(self, nodes: Mapping[Node, None], nominal: Mapping[Node, None]) -> Needs:
        """Return what some nodes need beside nominal ones."""
        fills = [node for node in nodes if isinstance(node, Fill)]
        columns = set(_columns(nodes)) - set(_columns(nominal))
        networks = {self.made[n] for n in columns if is_made(n)}
        computing = sum(cost(node, self.lengths) for node in nodes)
        computing += sum(cost_of_network(rows, self.lengths) for rows in networks)
        memory = sum(map(memory_of, fills))
        columns |= self.counted((*nominal, *nodes)) - self.counted(nominal)
        read = (name for name in columns if not is_made(name))
        return Needs(len(nodes), computing, memory, tuple(sorted(read)))

    def counted(self, nodes: Iterable[Node]) -> set[str]:
        """Return the counters of collections that are looped over, and of which no column is read."""
        every = list(nodes)
        looped = {s for node in every for axis in node.bound for s in axis.source}
        collections = {name for source in looped for name in factors(source)}
        collections -= {c.collection for c in _read(every) if c.collection}
        return {self.counters[name] for name in collections if name in self.counters}


def _columns(nodes: Iterable[Node]) -> list[str]:
    """Return the names of the columns that values are made of."""
    return [column.name for column in _read(nodes)]


def _read(nodes: Iterable[Node]) -> Iterator[Column]:
    """Yield the columns among nodes, those that a group of variations chooses from too."""
    for node in nodes:
        if isinstance(node, Column):
            yield node
        elif isinstance(node, Choice):
            yield from node.columns


def memory_of(fill: Fill) -> int:
    """Return how many bytes the cells of a fill have, flow bins included."""
    cells = prod(map(extent, fill.bins))
    return cells * (_RAW + (_SUMS if fill.weighted else 0)) + _SKIPPED * variations(fill)
