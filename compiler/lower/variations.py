"""Systematic variations: substitute the varied columns, let interning share the rest.

An analysis is lowered once, with marks in the place of weights and tables that have variations.
The nominal program and each variation are rewritings of that one: columns become their corrected or
varied values, marks the weights and tables of the variation. What is not affected *is* the nominal
node. Variations of one shape are one rewriting, over the axis of their group. Only where a variation
moves what orders a collection is the analysis lowered again, because there ``jets[0]`` is a search
by the new value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from adl.check import analysis as core
from adl.check.variations import Variation
from adl.compiler.changes import changes, leaves, leaves_of_outputs
from adl.compiler.ir import ONE, Axis, Column, Const, Fill, Infer, Node, Table, call
from adl.compiler.lower.rolled import rolled
from adl.compiler.lower.shifts import with_shifts
from adl.compiler.lower.stages import columns, computed_by_model, reordered
from adl.compiler.lower.substitution import Columns, NewColumn, Substitution, rewriter
from adl.compiler.lower.tables import rows
from adl.compiler.lower.truth import known
from adl.compiler.lower.values import Lowering, Marks
from adl.compiler.program import (
    HistogramOutput,
    OutputT,
    Program,
    RegionOutput,
    VariationOutput,
    map_region,
)
from adl.compiler.variations import alike, for_each, group

NOMINAL = ""  # the label of no variation


def with_variations(
    analysis: core.Analysis, seed: int, lowered: Callable[[Lowering], Program]
) -> Program:
    """Return the program of an analysis: corrected, with all of its variations.

    ``lowered`` lowers the analysis without its systematics.
    """
    if not analysis.stages and not analysis.systematics:
        return lowered(Lowering(seed))
    maker = _Maker(analysis, seed, lowered)
    nominal = maker.changed(maker.nominal)
    outputs = (maker.output(members) for members in maker.groups())
    varied = [_against(v, nominal) for v in outputs]
    every = (replace(v, regions=with_shifts(v.regions, nominal.regions)) for v in rolled(varied))
    return replace(nominal, variations=tuple(every), systematics=analysis.systematics)


def _against(varied: VariationOutput, nominal: Program) -> VariationOutput:
    """Return a variation with nominal histograms where no other is wanted, and what it touches."""
    varied = replace(varied, regions=_with_nominal(varied.regions, nominal))
    touched = (frozenset(changes(nominal, varied, 0)),)
    return replace(varied, touches=varied.touches or touched)


def _with_nominal(regions: tuple[RegionOutput, ...], nominal: Program) -> tuple[RegionOutput, ...]:
    """Return a variation's regions with the nominal histograms where no other is wanted."""
    return tuple(
        replace(
            region,
            histograms=tuple(
                before if before.nominal_only else after
                for before, after in zip(same.histograms, region.histograms, strict=True)
            ),
        )
        for region, same in zip(regions, nominal.regions, strict=True)
    )


@dataclass(frozen=True)
class _Base:
    """A program with marks, and what the marks of weights become, by the variation's label."""

    program: Program
    weights: Mapping[Column, Mapping[str, Node]]
    factors: Mapping[str, Node]  # of variations that multiply every weight

    @cached_property
    def leaves(self) -> Mapping[str, frozenset[str]]:
        """The columns, marks and tables that each cutflow and histogram is made of."""
        return leaves_of_outputs(self.program)


@dataclass(frozen=True)
class _Member:
    """What one variation, or a group of them, puts in the place of columns, weights and tables."""

    variation: Variation | None
    base: _Base
    columns: Columns
    marks: Mapping[Node, Node]
    factor: Node | None
    tables: Mapping[str, Table]

    @property
    def label(self) -> str:
        """The name of the variation."""
        return NOMINAL if self.variation is None else self.variation.label

    def is_like(self, other: _Member) -> bool:
        """Whether two variations can be counted in one loop."""
        return other.over(group("", 2), (other, self)) is not None

    def over(self, axis: Axis, members: Sequence[_Member]) -> _Member | None:
        """Return all of them as one over the axis of a group, if their shapes are the same."""
        if any(m.base is not self.base or m.columns.keys() != self.columns.keys() for m in members):
            return None
        if any(dict(m.tables) != dict(self.tables) for m in members):
            return None
        new: dict[str, NewColumn] = {}
        for name, column in self.columns.items():
            node = alike([m.columns[name].node for m in members], axis)
            if node is None:
                return None
            new[name] = column._replace(node=node)
        marks = {m: alike([member.marks[m] for member in members], axis) for m in self.marks}
        factors = [m.factor for m in members if m.factor is not None]
        factor = alike(factors, axis) if factors else None
        if None in marks.values() or len(factors) not in (0, len(members)):
            return None
        if factors and factor is None:
            return None
        kept = {mark: value for mark, value in marks.items() if value is not None}
        return replace(self, columns=new, marks=kept, factor=factor)


@dataclass
class _Maker:
    """Makes the nominal program and the variations of one analysis."""

    analysis: core.Analysis
    seed: int
    lowered: Callable[[Lowering], Program]
    bases: dict[Marks, _Base] = field(default_factory=dict)

    @cached_property
    def variations(self) -> tuple[Variation, ...]:
        """All variations, in the order of the file, less those that are in trees of their own."""
        return tuple(v for s in self.analysis.systematics for v in s.variations if v.tree is None)

    def output(self, members: Sequence[_Member]) -> VariationOutput:
        """Return what variations of one shape count: together, or written out if it is one."""
        first = members[0]
        variations = tuple(m.variation for m in members if m.variation is not None)
        if len(members) == 1:
            return VariationOutput(variations, self.changed(first).regions)
        axis = group(first.label, len(members))
        together = first.over(axis, members)
        assert together is not None, "members of a group are alike"

        def each(output: OutputT) -> OutputT:
            return for_each(axis, output)

        regions = self.changed(together).regions
        regions = tuple(map_region(r, each) for r in regions)
        return VariationOutput(variations, regions, tuple(map(self.touched, members)))

    def touched(self, member: _Member) -> frozenset[str]:
        """Return the cutflows and histograms that a member of a group can change."""
        reach = member.base.leaves
        if member.base is not self.nominal.base or member.factor is not None:
            return frozenset(reach)
        moved = self.moved(member)
        marks = self.nominal.marks
        moved |= {
            mark.name
            for mark, value in member.marks.items()
            if isinstance(mark, Column)
            and (value is not marks[mark] or not moved.isdisjoint(leaves((value,))))
        }
        moved |= {n for n, table in member.tables.items() if table is not self.nominal.tables[n]}
        return frozenset(name for name, made_of in reach.items() if moved & made_of)

    def moved(self, member: _Member) -> frozenset[str]:
        """Return the names of the columns that are not the nominal ones."""
        known = self.nominal.columns
        return frozenset(
            name
            for name, column in member.columns.items()
            if name not in known or column.node is not known[name].node
        )

    def groups(self) -> list[list[_Member]]:
        """Return the variations, those of one shape together, in the order of the file."""
        groups: list[list[_Member]] = []
        for variation in self.variations:
            member = self.member(variation)
            # Networks run over the rows of a whole program.
            alone = any(isinstance(node, Infer) for node in member.base.program.nodes)
            like = (g for g in groups if self.are_alike(member, g[0]))
            own = None if alone else next(like, None)
            if own is None:
                groups.append([member])
            else:
                own.append(member)
        return groups

    def are_alike(self, member: _Member, other: _Member) -> bool:
        """Whether two variations are counted in one loop.

        What moves other columns, or none, is not: the loop would compute for each of them what only
        the others move.
        """
        return self.moved(member) == self.moved(other) and member.is_like(other)

    @cached_property
    def nominal(self) -> _Member:
        """What corrects the nominal program."""
        return self.member(None)

    def member(self, variation: Variation | None) -> _Member:
        """Return what a variation puts in the place of columns, weights and tables."""
        label = NOMINAL if variation is None else variation.label
        categories = () if variation is None else tuple(variation.categories.items())
        marks = replace(self.marks, categories=categories)
        new = columns(self.analysis.stages, label, self.seed, marks)
        base = self.base(replace(marks, reordered=reordered(self.analysis, new)))
        weights: dict[Node, Node] = {
            m: by.get(label, by[NOMINAL]) for m, by in base.weights.items()
        }
        tables = self.tables(variation)
        return _Member(variation, base, new, weights, base.factors.get(label), tables)

    def changed(self, member: _Member) -> Program:
        """Return the program of a variation, without rows, or the nominal one."""
        base, substitution = member.base, Substitution(member.columns, tables=member.tables)
        rewritten = rewriter(substitution)
        marks: dict[Node, Node] = {m: rewritten(value) for m, value in member.marks.items()}
        change = rewriter(replace(substitution, marks=marks))

        def changed(output: OutputT) -> OutputT:
            return change(output)  # type: ignore[return-value]  # a rule keeps a root's class

        if member.variation is None:
            return base.program.map(changed)
        regions = [map_region(replace(r, rows=()), changed) for r in base.program.regions]
        if member.factor is not None:
            factor = rewritten(member.factor)
            regions = [_reweighted(region, factor) for region in regions]
        return Program(tuple(regions))

    @cached_property
    def marks(self) -> Marks:
        """What is marked in every lowering."""
        names = frozenset(name for v in self.variations for name in v.weights)
        tables = frozenset(name for v in self.variations for name in v.tables)
        return Marks(names, tables, computed=computed_by_model(self.analysis.stages))

    def base(self, marks: Marks) -> _Base:
        """Return the program with marks; each set of them is lowered once."""
        if marks not in self.bases:
            lowering = Lowering(self.seed, marks)
            program = self.lowered(lowering)
            # At once: what algorithms have made of collections is known until the next lowering.
            weights = {m: self.weights(s, lowering) for s, m in lowering.weights.items()}
            factors = {
                v.label: _mirrored(ONE, known(lowering.value(v.factor)), v.mirrored)
                for v in self.variations
                if v.factor is not None
            }
            self.bases[marks] = _Base(program, weights, factors)
        return self.bases[marks]

    def weights(self, statement: core.WeightBy, lowering: Lowering) -> dict[str, Node]:
        """Return the nominal factor of a weight statement, and those of variations."""
        nominal = known(lowering.value(statement.value))
        found = {NOMINAL: nominal}
        for variation in self.variations:
            other = variation.weights.get(statement.name)
            if other is not None:
                value = known(lowering.value(other.value))
                found[variation.label] = _mirrored(nominal, value, other.mirrored)
        return found

    def tables(self, variation: Variation | None) -> dict[str, Table]:
        """Return the rows of the tables that have variations."""
        names = {name for v in self.variations for name in v.tables}
        tables = (t for t in self.analysis.declared if isinstance(t, core.TableDef))
        signs = {} if variation is None else variation.tables
        return {t.name: Table(rows(t, signs.get(t.name, 0))) for t in tables if t.name in names}


def _mirrored(nominal: Node, value: Node, mirrored: bool) -> Node:
    """Return a factor, or the one that is as far from nominal on the other side."""
    return call("sub", call("mul", Const(2.0), nominal), value) if mirrored else value


def _reweighted(region: RegionOutput, factor: Node) -> RegionOutput:
    """Return a region with every weight multiplied; what counts events stays."""

    def times(fill: Fill) -> Fill:
        weight = factor if fill.weight is ONE else call("mul", fill.weight, factor)
        return Fill(fill.bins, fill.axes, fill.values, fill.mask, weight)

    def histogram(output: HistogramOutput) -> HistogramOutput:
        return replace(output, fills=tuple(map(times, output.fills)))

    return replace(
        region,
        steps=tuple(replace(s, fill=times(s.fill)) for s in region.steps),
        bins=None if region.bins is None else replace(region.bins, fill=times(region.bins.fill)),
        histograms=tuple(map(histogram, region.histograms)),
    )
