"""One event, statement by statement: what `adl why` prints.

Each statement of a region is lowered as in a run and evaluated by the interpreter, together with
the values that its condition compares: what is shown is what was computed, no second opinion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from adl.check import analysis as core
from adl.check.values import operands
from adl.compiler.ir import Column, Node, both, postorder, store
from adl.compiler.layout import Chunk
from adl.compiler.lower.truth import Lowered
from adl.compiler.lower.values import Lowering
from adl.compiler.targets import reference
from adl.syntax.source import Span

_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")

Kind = Literal["cut", "weight", "histogram", "bin"]
Number = bool | int | float


@dataclass(frozen=True)
class Shown:
    """A value where it was written; None where it is missing.

    ``elements`` are what a reducer over one collection takes from each element that belongs to it,
    with the element's place in the input.
    """

    span: Span
    value: Number | None
    elements: tuple[tuple[int, Number], ...] = ()


@dataclass(frozen=True)
class Missing:
    """A part that is not there; ``name`` says which element it is, else it is what was written."""

    span: Span
    name: str = ""


@dataclass(frozen=True)
class Line:
    """A statement: its outcome (a condition, a factor; None for a histogram or a missing factor).

    ``reached`` is false after the event was lost: the values are what they would have been.
    """

    kind: Kind
    label: str
    span: Span
    outcome: Number | None
    reached: bool
    shown: tuple[Shown, ...] = ()
    missing: tuple[Missing, ...] = ()  # the parts that are not there
    undecided: bool = False  # a missing value decided the condition


@dataclass(frozen=True)
class Candidate:
    """An element of an object's source: the cut that it fails first, None if it passes all."""

    position: int
    failed: Span | None
    shown: tuple[Shown, ...] = ()  # what that cut compares


@dataclass(frozen=True)
class ObjectTrace:
    """An object block at one event: the elements of its sources, by the source's name."""

    name: str
    span: Span
    candidates: tuple[tuple[str, tuple[Candidate, ...]], ...]


@dataclass(frozen=True)
class RegionTrace:
    """A region at one event; ``lost_at`` is the number of the line that lost it."""

    name: str
    lines: tuple[Line, ...]
    lost_at: int | None
    objects: tuple[ObjectTrace, ...]


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
    parts: tuple[_Part, ...]


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
    _nodes: list[Node] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._lowering = Lowering(self.seed)
        chosen = [r for r in self.analysis.regions if not self.regions or r.name in self.regions]
        self._objects = {d: self._object(d) for r in chosen for d in _objects(r)}
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
        looped = {c for n in self._nodes for axis in n.bound for c in axis.source}
        return tuple(sorted(looped | {c.collection for c in self.columns if c.collection}))

    def trace(self, chunk: Chunk, event: int) -> tuple[RegionTrace, ...]:
        """Return what became of one event of a chunk in each region."""
        look = _Look(chunk, event)
        objects = {d: look.object(block) for d, block in self._objects.items()}
        return tuple(
            look.region(region, lines, tuple(objects[d] for d in _objects(region)))
            for region, lines in self._regions
        )

    def _keep(self, *nodes: Node) -> None:
        self._nodes += nodes

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
        terms = {t.span: t for v in values for t in _compared(v)}
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
            elements = store(axes, (self._lowering.value(_innermost(reduction.value)).value,))
            member = store(axes, (inside,))
        self._keep(elements, member)
        return _Term(value.span, lowered, elements, member)

    def _part(self, value: core.Value) -> _Part:
        if value.type == "particle":
            there = self._lowering.particle(value)[1]
        else:
            there = self._lowering.value(value).defined
        self._keep(there)
        what = Missing(value.span, _element_name(value))
        return _Part(what, there, tuple(map(self._part, _closed_operands(value))))

    # ---------------------------------------------------------------------------- objects

    def _object(self, definition: core.ObjectDef) -> _Object:
        """Lower each cut of an object block over the elements of its sources."""
        sources = []
        for source in definition.sources:
            loop = core.Loop(source, source.name)
            with self._lowering.loops([loop]) as (axes, inside):
                self._lowering.here[definition.this] = self._lowering.here[loop]
                cuts = []
                for cut in definition.cuts:
                    terms = [(t.span, self._lowering.value(t)) for t in _compared(cut)]
                    cuts.append(
                        _Cut(
                            cut.span,
                            store(axes, (self._lowering.condition(cut).value,)),
                            tuple(
                                (s, store(axes, (x.value,)), store(axes, (x.defined,)))
                                for s, x in terms
                            ),
                        )
                    )
                member = store(axes, (inside,))
            self._keep(member, *(c.passed for c in cuts))
            self._keep(*(node for c in cuts for _, *pair in c.terms for node in pair))
            sources.append((source.name, member, tuple(cuts)))
        return _Object(definition, tuple(sources))


@dataclass(frozen=True)
class _Look:
    """An event of a chunk, in which nodes have values."""

    chunk: Chunk
    event: int

    def region(
        self,
        region: core.RegionDef,
        statements: Sequence[_Statement],
        objects: tuple[ObjectTrace, ...],
    ) -> RegionTrace:
        lines: list[Line] = []
        lost: int | None = None
        for number, statement in enumerate(statements):
            line = self.line(statement, reached=lost is None)
            lines.append(line)
            if lost is None and line.kind == "cut" and not line.outcome:
                lost = number
        return RegionTrace(region.name, tuple(lines), lost, objects)

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
        inner = [missing for p in part.parts for missing in self.absent(p)]
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
        return reference.evaluate(nodes, self.chunk, self.event)


# ---------------------------------------------------------------- walking over checked values


def _compared(value: core.Value) -> Iterator[core.Value]:
    """Yield the numbers and conditions that decide a condition; a number decides itself."""
    match value:
        case core.Literal_():
            return
        case core.Logic():
            inner: Sequence[core.Value] = value.operands
        case core.Operation(name=name) if name in _COMPARISONS:
            inner = value.arguments
        case core.Interval():
            inner = (value.value, value.lower, value.upper)
        case core.Choice(type="bool"):
            inner = (value.condition, value.then, value.otherwise)
        case core.DefineRef(type="bool"):
            yield value
            inner = (value.define.value,)
        case _:
            yield value
            return
    for operand in inner:
        yield from _compared(operand)


def _innermost(value: core.Value) -> core.Value:
    """Return the one number that a condition compares, else the condition."""
    terms = list(_compared(value))
    return terms[0] if len(terms) == 1 else value


def _closed_operands(value: core.Value) -> tuple[core.Value, ...]:
    """Return the parts of a value, none of which stands inside a loop."""
    match value:
        case core.DefineRef():
            return (value.define.value,)
        case core.Reduction() | core.Member() | core.Total() | core.Draw() | core.OwnAttribute():
            return ()
    return operands(value)


def _element_name(value: core.Value) -> str:
    # An element that stands in a define has the place of the define's use.
    if isinstance(value, core.Element) and not isinstance(value.collection, core.CompositeDef):
        return f"{value.collection.name}[{value.index}]"
    return ""


def _objects(region: core.RegionDef) -> tuple[core.ObjectDef, ...]:
    """Return the object blocks that a region uses, those that they take from first."""
    found: dict[core.ObjectDef, None] = {}

    def add(collection: core.Collection) -> None:
        if isinstance(collection, core.ObjectDef) and collection not in found:
            for source in collection.sources:
                add(source)
            found[collection] = None

    for value in _values(region):
        for collection in _collections(value, set()):
            add(collection)
    return tuple(found)


def _values(region: core.RegionDef) -> Iterator[core.Value]:
    for statement in region.statements:
        match statement:
            case core.Cut(condition=value) | core.WeightBy(value=value):
                yield value
    yield from (b.condition for b in region.bins)


def _collections(value: core.Value, seen: set[object]) -> Iterator[core.Collection]:
    match value:
        case core.Element() | core.Size() | core.Total():
            if not isinstance(value.collection, core.CompositeDef):
                yield value.collection
        case core.Reduction():
            yield from (x.collection for x in value.loops if x.collection is not None)
        case core.Member():
            yield from (x.collection for x in value.picked.loops if x.collection is not None)
        case core.DefineRef() if value.define not in seen:
            seen.add(value.define)
            yield from _collections(value.define.value, seen)
    for operand in operands(value):
        yield from _collections(operand, seen)
