"""What variations need beside the nominal program: nodes, an estimated cost, memory, columns.

What a variation does not change are nominal nodes, so its cone is a difference of sets. A group is
taken as a whole: of its nodes those that depend on it count once for each member.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from adl.check.variations import SystematicDef, Variation
from adl.compiler.changes import changes, outputs
from adl.compiler.cost import Lengths, cost, cost_of_network
from adl.compiler.ir import Choice, Column, Fill, Node, Record, extent, postorder
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
    columns: tuple[str, ...]


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
class PlannedRow:
    """Groups whose members are of the same families, or systematics without one.

    ``needs`` is what they need together: a value that two groups have, up and down of a mirrored
    weight say, is computed once.
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
    varied: Needs
    systematics: tuple[SystematicDef, ...]

    @property
    def groups(self) -> tuple[PlannedGroup, ...]:
        """All groups, in the order of the rows."""
        return tuple(group for row in self.rows for group in row.groups)

    def times_nominal(self, needs: Needs) -> float:
        """Return an estimated cost as a multiple of that of the nominal program."""
        return needs.cost / max(self.nominal.cost, 1.0)


def plan(program: Program, stages: Iterable[Stage], lengths: Lengths) -> Plan:
    """Return what a program needs, and each of its variations beside the nominal one.

    ``stages`` are the networks before it, ``lengths`` the mean numbers of elements of collections.
    """
    maker = _Maker(program, _makers(stages), lengths)
    nominal = maker.cone((*_fills(program.regions), *program.records))
    families = {v.label: s.family or s.name for s in program.systematics for v in s.variations}
    rows: dict[tuple[str, ...], list[PlannedGroup]] = {}
    owns: dict[tuple[str, ...], dict[Node, None]] = {}
    every: dict[Node, None] = {}
    for varied in program.variations:
        cone = maker.cone(_fills(varied.regions))
        own = {node: None for node in cone if node not in nominal}
        every |= own
        changed = tuple(changes(program, varied, i) for i in range(len(varied.members)))
        shared = len(cone) - len(own)
        group = PlannedGroup(varied.members, maker.needs(own, nominal), shared, changed)
        row = tuple(dict.fromkeys(families[v.label] for v in varied.members))
        rows.setdefault(row, []).append(group)
        owns.setdefault(row, {}).update(own)
    names = tuple(name for region in program.regions for name in outputs(region))
    needs, beside = maker.needs(nominal, {}), maker.needs(every, nominal)
    planned = tuple(
        PlannedRow(row, tuple(groups), maker.needs(owns[row], nominal))
        for row, groups in rows.items()
    )
    return Plan(names, needs, planned, beside, program.systematics)


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
        read = (name for name in columns if not is_made(name))
        return Needs(len(nodes), computing, memory, tuple(sorted(read)))


def _columns(nodes: Iterable[Node]) -> list[str]:
    """Return the names of the columns that values are made of."""
    found = [node.name for node in nodes if isinstance(node, Column)]
    return found + [c.name for node in nodes if isinstance(node, Choice) for c in node.columns]


def memory_of(fill: Fill) -> int:
    """Return how many bytes the cells of a fill have, flow bins included."""
    cells = prod(map(extent, fill.bins))
    return cells * (_RAW + (_SUMS if fill.weighted else 0)) + _SKIPPED * variations(fill)
