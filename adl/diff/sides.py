"""One of the two analyses: what it declares, with the number of what each declaration computes.

Numbers come from one ``Canonical`` for both analyses, so what is equal has one number. Corrections
of the analysis act on what is numbered, as they do in a run; its variations are items of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from adl.check import analysis as core
from adl.check.collections import parts, stages
from adl.compiler.ir import TRUE, Index, Node, as_real, gather, store
from adl.compiler.lower.belonging import filled, passes, weighs
from adl.compiler.lower.collections import place
from adl.compiler.lower.regions import lower
from adl.compiler.lower.stages import nominal
from adl.compiler.lower.truth import Lowered
from adl.compiler.lower.values import Lowering, Marks
from adl.compiler.program import Program, RegionOutput
from adl.diff.canonical import BY_NAME, Canonical, Inputs
from adl.diff.files import Used, used
from adl.diff.laws import Number
from adl.diff.translation import is_searched, open_loops
from adl.stdlib.kinematics import Particle
from adl.syntax.source import Source, Span
from adl.syntax.tree import File

Key = tuple[Any, ...]
Declared = core.ObjectDef | core.CompositeDef | core.DefineDef | core.TableDef | core.HistoListDef
KINDS: dict[type, str] = {
    core.ObjectDef: "object",
    core.CompositeDef: "composite",
    core.DefineDef: "define",
    core.TableDef: "table",
    core.HistoListDef: "list of histograms",
    core.RegionDef: "region",
}


@dataclass(eq=False)
class Side:
    """An analysis, its text, and the numbers of what it computes."""

    file: File
    analysis: core.Analysis
    canonical: Canonical
    inputs: Inputs = BY_NAME
    seed: int = 1
    _done: dict[object, Any] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        """The text."""
        return self.analysis.source

    def line(self, span: Span) -> int:
        """Return the line on which something begins."""
        return self.source.position(span.start)[0]

    @cached_property
    def declared(self) -> dict[str, Declared]:
        """What the file declares beside regions, by name."""
        found = (d for d in self.analysis.declared if type(d) in KINDS)
        return {d.name: d for d in found if not isinstance(d, core.RegionDef)}  # type: ignore[attr-defined,misc]  # all have a name

    @cached_property
    def regions(self) -> dict[str, core.RegionDef]:
        """The regions by name."""
        return {r.name: r for r in self.analysis.regions}

    @property
    def names(self) -> dict[str, Declared | core.RegionDef]:
        """What the file declares, by name."""
        return {**self.declared, **self.regions}

    @property
    def folder(self) -> str:
        """Where the analysis is: the files that it names are looked for from there."""
        return str(Path(self.source.name).parent)

    @property
    def called(self) -> Mapping[str, str]:
        """What stands for collections and columns of the input in shapes, where not their names."""
        return self.inputs.shown()

    @cached_property
    def files(self) -> dict[str, Used]:
        """What the analysis takes from files, by what it calls that."""
        return used(self.analysis)

    @cached_property
    def program(self) -> Program:
        """The nominal program."""
        return lower(replace(self.analysis, systematics=()), self.seed)

    @cached_property
    def outputs(self) -> dict[str, RegionOutput]:
        """What each region counts; objects with histograms are among them."""
        return {r.name: r for r in self.program.regions}

    # -------------------------------------------------------------------------------- keys

    def number(self, node: Node) -> Number:
        """Return the number of a node as it is after corrections."""
        return self.canonical.number(self._corrected(node), self.inputs)

    def of_program(self, node: Node) -> Number:
        """Return the number of a node of the program, which is corrected already."""
        return self.canonical.number(node, self.inputs)

    def condition(self, value: core.Value) -> Number:
        """Return the number of a condition."""
        return self.number(self.lowering.condition(value).value)

    def statement(self, statement: core.RegionStatement | core.BinDef) -> Key:
        """Return what a statement does, whatever stands before it."""
        if statement not in self._done:
            self._done[statement] = self._statement(statement)
        key: Key = self._done[statement]
        return key

    def alone(self, value: core.Value) -> Key | None:
        """Return what a value is, of an object block's element, too; None inside other loops."""
        if isinstance(value, core.Whole) or is_searched(value):  # no value where it stands
            return None
        open_ = open_loops(value)
        if not open_:
            return tuple(map(self.number, self._values(value)))
        owner = self._owners.get(next(iter(open_))) if len(open_) == 1 else None
        if owner is None:
            return None
        every = replace(owner, cuts=(), rows=(), histograms=())
        with self.lowering.loops([core.Loop(every, "")]) as (axes, _):
            with self.lowering.element_is(owner.this, place(every, Index(axes[0]))):
                nodes = tuple(self._values(value))
            return tuple(self.number(store(axes, (node,))) for node in nodes)

    def _values(self, value: core.Value) -> Iterator[Node]:
        if value.type == "bool":
            yield self.lowering.condition(value).value
        else:
            yield from self._nodes(value)

    @cached_property
    def _owners(self) -> dict[core.Loop, core.ObjectDef]:
        """The objects in whose blocks loops are the current element."""
        blocks = (d for d in self.declared.values() if isinstance(d, core.ObjectDef))
        return {stage.this: stage for block in blocks for stage in stages(block)}

    def declaration(self, found: Declared) -> Key:
        """Return what a declaration computes."""
        if found not in self._done:
            self._done[found] = KINDS[type(found)], *self._declaration(found)
        key: Key = self._done[found]
        return key

    @cached_property
    def lowering(self) -> Lowering:
        """Lowers single values as a run does."""
        self.program  # noqa: B018  # first: one lowering after the other
        return Lowering(self.seed, self._nominal[0])

    @cached_property
    def _nominal(self) -> tuple[Marks, Callable[[Node], Node]]:
        return nominal(self.analysis, self.seed)

    def _corrected(self, node: Node) -> Node:
        return self._nominal[1](node)

    # -------------------------------------------------------------------------- statements

    def _statement(self, statement: core.RegionStatement | core.BinDef) -> Key:
        lowering = self.lowering
        match statement:
            case core.Cut():
                condition = lowering.condition(statement.condition)
                return "cut", self.number(passes(statement, condition, lowering).value)
            case core.WeightBy():
                return "weight", self.number(weighs(statement, lowering))
            case core.Histogram():
                inside = self.number(filled(statement, TRUE, lowering))
                own = statement.axes, self._fills(statement), statement.nominal_only
                return "histogram", *own, inside
            case core.BinDef():
                return "bin", self.condition(statement.condition)
            case core.Rows():
                items = tuple(map(self._item, statement.items))
                return statement.kind, statement.name, statement.format, statement.whole, items
        raise AssertionError(f"{type(statement).__name__} is no statement of a region")

    def _fills(self, statement: core.Histogram) -> Key:
        found = []
        for values, run in zip(statement.fills, statement.runs, strict=True):
            with self.lowering.loops(run.loops) as (axes, inside):
                where = [self.lowering.condition(c).value for c in run.where]
                lowered = [self.lowering.value(v) for v in values]
                nodes = [inside, *where, *(n for x in lowered for n in x[:2])]
                found.append(tuple(self.number(gather(axes, n, inside, None)) for n in nodes))
        return tuple(found)

    def _item(self, item: core.RowItem) -> Key:
        if item.value is None:
            return ("text", item.label)
        with self.lowering.loops(item.loops) as (axes, inside):
            value = self.lowering.value(item.value)
            nodes = (value.value, value.defined)
            where = [self.lowering.condition(c).value for c in item.where]
            return tuple(self.number(gather(axes, n, inside, None)) for n in (*nodes, *where))

    # ------------------------------------------------------------------------ declarations

    def _declaration(self, found: Declared) -> Iterator[Any]:
        match found:
            case core.ObjectDef():
                yield from self._object(found)
            case core.CompositeDef():
                yield from self._composite(found)
            case core.DefineDef():
                yield from self._define(found)
            case core.TableDef():
                yield found.variables, repr(found.closed), found.outside
                yield tuple((row.value, row.errors) for row in found.rows)
            case core.HistoListDef():
                yield tuple(map(self.statement, found.histograms))

    def _object(self, found: core.ObjectDef) -> Iterator[Any]:
        loop = core.Loop(found, "")
        lowering = self.lowering
        with lowering.loops([loop]) as (axes, inside):
            at = place(found, Index(axes[0]))
            named: list[tuple[str, Node]] = [("", inside)]
            order = lowering.order(found, at)
            if order is not None:
                named.append(("in order of", order))
            every = parts(found)
            corrected = {
                n
                for p in every
                if isinstance(p, core.Corrected) and len(every) == 1
                for n in p.values
            }
            named += [(n, at.attribute(n, lowering.cuts)) for n in sorted(corrected)]
            for name, attribute in sorted(found.attributes.items()):
                element = core.Variable(loop, type="particle", span=found.span)
                value = core.OwnAttribute(
                    element, attribute, type=attribute.value.type, span=found.span
                )
                named += [(name, node) for node in self._nodes(value)]
            for name, node in named:
                yield name, self.number(store(axes, (node,)))
        plots = self.outputs.get(found.name)
        for plot in () if plots is None or plots.steps else plots.histograms:
            yield plot.name, plot.title, tuple(map(self.of_program, plot.fills))

    def _composite(self, found: core.CompositeDef) -> Iterator[Any]:
        with self.lowering.loops(found.loops) as (axes, inside):
            where = [self.lowering.condition(c).value for c in found.where]
            mask = self.canonical.true
            masks = [self.number(gather(axes, n, inside, None)) for n in (inside, *where)]
            yield mask, frozenset(masks)
            for name, value in found.particle.parts:
                for node in self._nodes(value):
                    yield name, self.number(gather(axes, node, inside, None))
            for node in self._nodes(found.particle):
                yield "", self.number(gather(axes, node, inside, None))
            for key in found.sorts:
                node = as_real(self.lowering.value(key.value).value)
                yield key.descending, self.number(gather(axes, node, inside, None))

    def _define(self, found: core.DefineDef) -> Iterator[Any]:
        if found.unknowns:  # a search finds them, where the define is used
            yield from ("".join(self.source.words(found.value.span).split()),)
            return
        yield from (self.number(node) for node in self._nodes(found.value))

    def _nodes(self, value: core.Value) -> Iterator[Node]:
        """Yield what a value of any type consists of."""
        match value:
            case core.List_(items=items):
                for item in items:
                    yield from self._nodes(item)
            case core.DefineRef(define=define) if value.type == "list":
                yield from self._nodes(define.value)
            case _ if value.type == "particle":
                particle, there = self.lowering.particle(value)
                yield from _components(particle)
                yield there
            case _:
                lowered: Lowered = self.lowering.value(value)
                yield lowered.value
                yield lowered.defined


def _components(particle: Particle) -> Iterator[Node]:
    from dataclasses import fields

    for one in fields(particle):
        component = getattr(particle, one.name)
        if isinstance(component, Node):
            yield component
