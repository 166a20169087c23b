"""Lowers the statements of regions, and evaluates them at one event.

Each statement is lowered as in a nominal run, with what systematics correct, and evaluated by the
interpreter, together with the values that its condition compares: what is shown is what was computed,
no second opinion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from adl.check import analysis as core
from adl.check.collections import of_one_collection, parts
from adl.compiler.ir import TRUE, Axis, Column, Infer, Node, both, factors, invert, postorder, store
from adl.compiler.layout import Chunk
from adl.compiler.lower.places import Place
from adl.compiler.lower.stages import nominal
from adl.compiler.lower.truth import Lowered
from adl.compiler.lower.values import Lowering
from adl.compiler.targets import reference
from adl.compiler.targets.batches import RunNetwork
from adl.compiler.trace.result import (
    Candidate,
    Kind,
    Line,
    Missing,
    Number,
    ObjectTrace,
    RegionTrace,
    Shown,
)
from adl.compiler.trace.terms import closed_operands, compared, element_name, innermost, objects
from adl.syntax.source import Span

# What is known before there is an event: nodes in the place of values.


@dataclass(frozen=True)
class _Term:
    span: Span
    lowered: Lowered
    elements: Node | None = None  # a store of what a reducer takes from each element
    inside: Node | None = None  # a store: which elements belong to the collection


@dataclass(frozen=True)
class _Part:
    what: Missing
    there: Node
    parts: tuple[tuple[Node, _Part], ...]  # each with whether it is looked at


@dataclass(frozen=True)
class _Statement:
    kind: Kind
    label: str
    span: Span
    outcome: Lowered | None
    terms: tuple[_Term, ...]
    parts: tuple[_Part, ...]


@dataclass(frozen=True)
class _Cut:
    span: Span
    passed: Node  # stores over the elements of a source, as all that follows
    terms: tuple[tuple[Span, Node, Node], ...]  # the values and whether they are there


@dataclass(frozen=True)
class _Object:
    definition: core.ObjectDef
    sources: tuple[tuple[str, Node, tuple[_Cut, ...]], ...]  # name, which elements it has, cuts


@dataclass
class Tracer:
    """Lowers regions of an analysis (all if none is named) to look at any number of events."""

    analysis: core.Analysis
    regions: Sequence[str] = ()
    seed: int = 1
    networks: RunNetwork | None = None  # needed where there are ``models``
    _nodes: list[Node] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        marks, self._corrected = nominal(self.analysis, self.seed)
        self._lowering = Lowering(self.seed, marks)
        chosen = [r for r in self.analysis.regions if not self.regions or r.name in self.regions]
        self._objects = {d: self._object(d) for r in chosen for d in objects(r)}
        self._regions = [(r, [*self._statements(r)]) for r in chosen]
        self._nodes = postorder(dict.fromkeys(self._nodes))

    @property
    def columns(self) -> tuple[Column, ...]:
        """One column node for each branch that is needed, by name."""
        found = {n.name: n for n in reversed(self._nodes) if isinstance(n, Column)}
        return tuple(found[name] for name in sorted(found))

    @property
    def collections(self) -> tuple[str, ...]:
        """The collections that are looped over or indexed, by name."""
        looped = {
            c for n in self._nodes for axis in n.bound for s in axis.source for c in factors(s)
        }
        return tuple(sorted(looped | {c.collection for c in self.columns if c.collection}))

    @property
    def models(self) -> tuple[str, ...]:
        """The files of the networks, each once."""
        return tuple(dict.fromkeys(n.network for n in self._nodes if isinstance(n, Infer)))

    def trace(self, chunk: Chunk, event: int) -> tuple[RegionTrace, ...]:
        """Return what became of one event of a chunk in each region."""
        look = _Look(chunk, event, self.networks, self._corrected)
        blocks = {d: look.object(block) for d, block in self._objects.items()}
        return tuple(
            look.region(region, lines, tuple(blocks[d] for d in objects(region)))
            for region, lines in self._regions
        )

    def _keep(self, *nodes: Node) -> None:
        self._nodes += map(self._corrected, nodes)

    # ------------------------------------------------------------------------- statements

    def _statements(self, region: core.RegionDef) -> Iterator[_Statement]:
        for statement in region.statements:
            match statement:
                case core.Cut(label=label, condition=condition, span=span):
                    outcome = self._lowering.condition(condition)
                    yield self._statement("cut", label, span, outcome, [condition])
                case core.WeightBy(label=label, value=value, span=span):
                    outcome = self._lowering.value(value)
                    yield self._statement("weight", label, span, outcome, [value])
                case core.Histogram(name=label, span=span, loops=()):
                    values = [v for values in statement.fills for v in values]
                    yield self._statement("histogram", label, span, None, values)
        for bin_ in region.bins:
            outcome = self._lowering.condition(bin_.condition)
            yield self._statement("bin", bin_.label, bin_.span, outcome, [bin_.condition])

    def _statement(
        self,
        kind: Kind,
        label: str,
        span: Span,
        outcome: Lowered | None,
        values: list[core.Value],
    ) -> _Statement:
        if outcome is not None:
            self._keep(*outcome)
        terms = {t.span: t for v in values for t in compared(v)}
        lowered = tuple(map(self._term, terms.values()))
        return _Statement(kind, label, span, outcome, lowered, tuple(map(self._part, values)))

    def _term(self, value: core.Value) -> _Term:
        lowered = self._lowering.value(value)
        self._keep(*lowered)
        reduction = value.define.value if isinstance(value, core.DefineRef) else value
        if not isinstance(reduction, core.Reduction) or len(reduction.loops) != 1:
            return _Term(value.span, lowered)
        with self._lowering.loops(reduction.loops) as (axes, inside):
            for condition in reduction.where:
                inside = both(inside, self._lowering.condition(condition).value)
            elements = store(axes, (self._lowering.value(innermost(reduction.value)).value,))
            member = store(axes, (inside,))
        self._keep(elements, member)
        return _Term(value.span, lowered, elements, member)

    def _part(self, value: core.Value) -> _Part:
        if value.type == "particle":
            there = self._lowering.particle(value)[1]
        else:
            there = self._lowering.value(value).defined
        self._keep(there)
        what = Missing(value.span, element_name(value))
        parts = [(self._taken(value, o), self._part(o)) for o in closed_operands(value)]
        self._keep(*(taken for taken, _ in parts))
        return _Part(what, there, tuple(parts))

    def _taken(self, value: core.Value, operand: core.Value) -> Node:
        """Return whether an operand counts: not that of a branch which is not taken."""
        match value:
            case core.Choice(condition=condition) if operand is not condition:
                taken = self._lowering.condition(condition).value
                return taken if operand is value.then else invert(taken)
            # A ternary without an else: select a ? b.
            case core.Logic(operator="or", operands=(core.Logic(operator="not") as first, second)):
                if operand is second:
                    return invert(self._lowering.condition(first).value)
        return TRUE

    # ---------------------------------------------------------------------------- objects

    def _object(self, definition: core.ObjectDef) -> _Object:
        """Lower each cut of an object block over the elements of its sources, as they are there."""
        first, *corrected = of_one_collection(definition)
        every, sources, known = parts(first), [], 0
        for source in first.sources:
            own = parts(source)
            # An element that stands in a union of adl once is in one part for all its sources.
            places = [every.index(part) if first.union else known + i for i, part in enumerate(own)]
            known += len(own)
            loop = core.Loop(source, source.name)
            with self._lowering.loops([loop]) as (axes, inside):
                self._lowering.here[first.this] = at = self._lowering.here[loop]
                cuts = [self._cut(cut, axes) for cut in first.cuts]
                for stage in corrected:
                    (after,) = stage.sources
                    there = tuple(parts(after)[place] for place in places)
                    self._lowering.here[stage.this] = Place(there, at.position)
                    cuts += [self._cut(cut, axes) for cut in stage.cuts]
                member = store(axes, (inside,))
            self._keep(member, *(c.passed for c in cuts))
            self._keep(*(node for c in cuts for _, *pair in c.terms for node in pair))
            sources.append((source.name, member, tuple(cuts)))
        return _Object(definition, tuple(sources))

    def _cut(self, cut: core.Value, axes: tuple[Axis, ...]) -> _Cut:
        """Lower a cut over the elements of a loop that is open."""
        terms = [(t.span, self._lowering.value(t)) for t in compared(cut)]
        passed = store(axes, (self._lowering.condition(cut).value,))
        shown = ((s, store(axes, (x.value,)), store(axes, (x.defined,))) for s, x in terms)
        return _Cut(cut.span, passed, tuple(shown))


@dataclass(frozen=True)
class _Look:
    """An event of a chunk, in which nodes have values."""

    chunk: Chunk
    event: int
    networks: RunNetwork | None
    corrected: Callable[[Node], Node]

    def region(
        self,
        region: core.RegionDef,
        statements: Sequence[_Statement],
        blocks: tuple[ObjectTrace, ...],
    ) -> RegionTrace:
        lines: list[Line] = []
        lost: int | None = None
        for number, statement in enumerate(statements):
            line = self.line(statement, reached=lost is None)
            lines.append(line)
            if lost is None and line.kind == "cut" and not line.outcome:
                lost = number
        return RegionTrace(region.name, tuple(lines), lost, blocks)

    def line(self, statement: _Statement, *, reached: bool) -> Line:
        outcome: Number | None = None
        certain = True
        if statement.outcome is not None:
            value, there, certain = self.values(*statement.outcome)
            outcome = value if there else None
        shown = tuple(map(self.shown, statement.terms))
        absent = [m for part in statement.parts for m in self.absent(part)]
        missing = tuple({m.name or m.span: m for m in absent}.values())
        return Line(
            statement.kind,
            statement.label,
            statement.span,
            outcome,
            reached,
            shown,
            missing,
            not certain,
        )

    def shown(self, term: _Term) -> Shown:
        value, there = self.values(term.lowered.value, term.lowered.defined)
        elements: tuple[tuple[int, Number], ...] = ()
        if term.elements is not None and term.inside is not None:
            every, inside = self.values(term.elements, term.inside)
            pairs = enumerate(zip(every, inside, strict=True))
            elements = tuple((place, x) for place, (x, belongs) in pairs if belongs)
        return Shown(term.span, value if there else None, elements)

    def absent(self, part: _Part) -> list[Missing]:
        """Return the smallest parts that are missing."""
        looked_at = [p for taken, p in part.parts if self.values(taken)[0]]
        inner = [missing for p in looked_at for missing in self.absent(p)]
        return inner or ([] if self.values(part.there)[0] else [part.what])

    def object(self, block: _Object) -> ObjectTrace:
        sources = []
        for name, member, cuts in block.sources:
            belongs = self.values(member)[0]
            sources.append(
                (name, tuple(self.candidate(i, cuts) for i, ok in enumerate(belongs) if ok))
            )
        return ObjectTrace(block.definition.name, block.definition.span, tuple(sources))

    def candidate(self, position: int, cuts: tuple[_Cut, ...]) -> Candidate:
        for cut in cuts:
            if not self.values(cut.passed)[0][position]:
                shown = []
                for span, values, there in cut.terms:
                    x, known = (n[position] for n in self.values(values, there))
                    shown.append(Shown(span, x if known else None))
                return Candidate(position, cut.span, tuple(shown))
        return Candidate(position, None)

    def values(self, *nodes: Node) -> list[Any]:
        corrected = tuple(map(self.corrected, nodes))
        return reference.evaluate(corrected, self.chunk, self.event, self.networks)
