"""Hypothesis strategies for programs and for the events that they count.

Numbers come mostly from one coarse ``GRID``, in columns as in thresholds, factors and bin edges, so
that ties, values on an edge and sums of equal numbers are common and not one draw in a million.
Every attribute exists for every collection and for the event: an axis over anything can be drawn
for any value.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import adl.stdlib.elementary  # noqa: F401  # registers the elementary functions
from adl.compiler.dump import dump
from adl.compiler.ir import (
    FALSE,
    NAN,
    ONE,
    TRUE,
    Axis,
    Binning,
    Column,
    Const,
    Element,
    Evaluate,
    Index,
    Lookup,
    Node,
    Part,
    Pick,
    Table,
    Uniform,
    Variable,
    as_real,
    both,
    call,
    either,
    fill,
    gather,
    invert,
    pick,
    record,
    reduce,
    store,
    substitute,
)
from adl.compiler.layout import Chunk
from adl.compiler.program import (
    BinsOutput,
    HistogramOutput,
    Program,
    RegionOutput,
    RowColumn,
    RowsOutput,
    StepOutput,
)
from adl.stdlib.registry import FUNCTIONS
from tests.python_functions import ALTERNATE, FOLDED, REVERSED

COLLECTIONS = ("Electron", "Jet", "Muon")
SOURCES = (
    *((c,) for c in COLLECTIONS),
    ("Jet",),  # mostly one collection: loops can be shared, and captured, where they are alike
    ("Jet",),
    ("Electron", "Muon"),
    ("Jet", "Jet"),
)
EVENT = "Event"
# attribute -> the stored type; every owner has all of them
ATTRIBUTES = {"x": "float32", "y": "float64", "n": "int32", "u": "uint8", "b": "bool"}
REALS, INTEGERS, TRUTHS = ("x", "y"), ("n", "u"), ("b",)

# 0.1 has no finite binary fraction: sums of it show their order.
GRID = (-50.0, -1.0, -0.5, -0.0, 0.0, 0.1, 0.5, 1.0, 2.0, 20.0, 50.0)
EDGES = tuple(sorted({x + 0.0 for x in GRID}))  # edges ascend: no -0.0 before 0.0
WHOLE = (-50, -1, 0, 1, 2, 20)
SPECIAL = (float("nan"), float("inf"), float("-inf"), -0.0)

ELEMENTARY = tuple(sorted(n for n, f in FUNCTIONS.items() if f.form == "elementary"))

T = TypeVar("T")
Scope = tuple[Axis, ...]  # the loops around a value; their slots are 0, 1, ...

# ---------------------------------------------------------------------------------- cases


@dataclass(frozen=True, repr=False)
class Case:
    """A program and the events that it counts; shown as text, since a node's own repr is a tree."""

    program: Program
    chunk: Chunk

    def __repr__(self) -> str:
        columns = "\n".join(f"{n} = {v.tolist()}" for n, v in sorted(self.chunk.columns.items()))
        offsets = "\n".join(f"{n}: {o.tolist()}" for n, o in sorted(self.chunk.offsets.items()))
        return f"\n{dump(self.program)}\n{self.chunk.events} events\n{offsets}\n{columns}\n"


@st.composite
def cases(draw: st.DrawFn, times: int = 1) -> Case:
    """Return strategies for a program with events."""
    return Case(draw(programs()), draw(events(times)))


# Every batch has a seed of its own, so a run finds what the run before found: a commit that is no
# cause of a failure must not meet it. New seeds are for a longer run: ADL_EXAMPLES=10000 pytest,
# and ADL_FIRST_BATCH=1000 to begin where another run ended.
# Ten examples a batch: from the eleventh on Hypothesis mutates the examples before, and most
# mutants are the same program again.
BATCH = 10
EXAMPLES = int(os.environ.get("ADL_EXAMPLES", "250"))
FIRST = int(os.environ.get("ADL_FIRST_BATCH", "0"))
SETTINGS = settings(
    max_examples=BATCH,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def batches(examples: int = EXAMPLES) -> list[int]:
    """Return the numbers of the batches that make so many examples."""
    return [FIRST + i for i in range(-(-examples // BATCH))]


def check(batch: int, test: Callable[..., None], *arguments: st.SearchStrategy[Any]) -> None:
    """Run a property over one batch; a failure is shrunk."""
    seed(batch)(SETTINGS(given(*arguments)(test)))()


def seeded(batch: int) -> list[Case]:
    """Return the cases of one batch."""
    out: list[Case] = []

    def keep(case: Case) -> None:
        out.append(case)

    check(batch, keep, cases())
    return out


# ------------------------------------------------------------------------------- programs


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Return strategies for well-formed programs of one or two regions."""
    writer = _Writer(draw)
    return Program(tuple(writer.region(f"r{i}") for i in range(writer.among(1, 2, 3))))


@dataclass
class _Writer:
    """Writes one program; earlier parts of it are used again, as an analysis does."""

    draw: st.DrawFn
    cuts: list[Node] = field(default_factory=lambda: [TRUE])  # masks of regions so far
    masks: dict[tuple[str, ...], list[Node]] = field(default_factory=dict)  # over slot 0
    picks: list[Pick] = field(default_factory=list)  # of event level
    quantities: list[Node] = field(default_factory=list)  # of event level and costly, real

    def among(self, *options: T) -> T:
        return self.draw(st.sampled_from(options))

    def chance(self, one_in: int) -> bool:
        # The last option: a shrunk program has none of what is optional.
        return self.among(*[False] * (one_in - 1), True)

    # ----------------------------------------------------------------------------- outputs

    def region(self, name: str) -> RegionOutput:
        steps: list[StepOutput] = []
        histograms: list[HistogramOutput] = []
        cut, weight = self.among(*self.cuts), self.weight(())
        for i in range(self.among(2, 3, 4, 5)):
            condition = self.truth((), 3)
            if self.chance(2):  # lets most events pass, so that the cuts after it see some
                condition = either(condition, self.read((), TRUTHS))
            missing = None
            if self.chance(4):
                undecided = both(cut, invert(self.truth((), 1)))
                missing = fill((), (), (), undecided, ONE)
            cut = both(cut, condition)
            self.cuts.append(cut)
            steps.append(StepOutput(f"{name}.{i}", fill((), (), (), cut, weight), missing))
            if self.chance(3) or not histograms:
                histograms.append(self.histogram(f"{name}.h{i}", cut, weight))
        bins = self.bins(cut, weight) if self.chance(4) else None
        rows = (self.rows(f"{name}.rows", cut),) if self.chance(3) else ()
        return RegionOutput(name, tuple(steps), bins, tuple(histograms), rows=rows)

    def rows(self, name: str, cut: Node) -> RowsOutput:
        records = [record((), (self.real((), 2), self.read((), INTEGERS)), cut)]
        if self.chance(2):
            scope = self.enter((), self.among(1, 1, 2))
            values = self.real(scope, 2), self.truth(scope, 1)
            records.append(record(scope, values, both(cut, self.selection(scope, 2))))
        columns = tuple(RowColumn("x", "x", r, 0) for r in records)
        return RowsOutput("print", name, name, "csv", records[0], columns)

    def histogram(self, name: str, cut: Node, weight: Node) -> HistogramOutput:
        scope = self.enter((), self.among(0, 0, 1, 1, 2))
        binnings = tuple(self.binning() for _ in range(self.among(1, 1, 2)))
        fills = tuple(
            fill(
                binnings,
                scope,
                tuple(self.real(scope, 2) for _ in binnings),
                both(cut, self.selection(scope, 2)) if scope else cut,
                self.weight(scope) if self.chance(3) else weight,
            )
            for _ in range(self.among(1, 1, 1, 2))
        )
        return HistogramOutput(name, "", fills)

    def bins(self, cut: Node, weight: Node) -> BinsOutput:
        number: Node = Const(-1.0)
        labels = tuple(f"b{i}" for i in range(self.among(1, 2, 3)))
        for i in reversed(range(len(labels))):
            number = call("where", self.truth((), 1), Const(i + 0.5), number)
        axis = Uniform(len(labels), 0.0, float(len(labels)))
        return BinsOutput(labels, fill((axis,), (), (number,), cut, weight))

    def binning(self) -> Binning:
        edges = self.draw(st.lists(st.sampled_from(EDGES), min_size=2, max_size=5, unique=True))
        if self.chance(2):
            return Variable(tuple(sorted(edges)))
        return Uniform(self.among(1, 3, 10), min(edges), max(edges))

    def weight(self, scope: Scope) -> Node:
        match self.among("none", "none", "datum", "event", "any", "quantity", "quantity"):
            case "none":
                return ONE
            case "datum":
                return self.constant()
            case "event":
                return column("x") + Const(0.3, True)
            case "quantity":  # a sum of weights shows the last bit of a value
                return self.quantity()
        return self.real(scope, 1)

    # ------------------------------------------------------------------------------ values

    def real(self, scope: Scope, depth: int) -> Node:
        if depth <= 0:
            return self.plain(scope)
        match self.among(
            "plain",
            "arithmetic",
            "sign",
            "elementary",
            "where",
            "reduce",
            "reduce",
            "picked",
            "picked",
            "int",
            "bool",
            "quantity",
            "quantity",
            "table",
            "evaluate",
        ):
            case "quantity":
                return self.quantity()
            case "table":
                return self.look_up(scope, depth)
            case "evaluate":
                return self.evaluated(scope, depth)
            case "arithmetic":
                x, y = self.real(scope, depth - 1), self.real(scope, depth - 1)
                return call(self.among("add", "sub", "mul", "div"), x, y)
            case "sign":
                name = self.among("neg", "abs", "sqrt", "rint", "floor")
                return call(name, self.real(scope, depth - 1))
            case "elementary":
                name = self.among(*ELEMENTARY)
                arguments = [self.real(scope, depth - 1) for _ in FUNCTIONS[name].arguments]
                return call(name, *arguments)
            case "where":
                c, x = self.truth(scope, depth - 1), self.real(scope, depth - 1)
                return call("where", c, x, self.among(NAN, self.real(scope, depth - 1)))
            case "reduce":
                return self.reduction(scope, depth, ("sum", "sum", "prod", "min", "max"), self.real)
            case "picked":
                return self.picked(scope, depth, self.real, NAN)
            case "int":
                return as_real(self.integer(scope, depth - 1))
            case "bool":
                return as_real(self.truth(scope, depth - 1))
        return self.plain(scope)

    def integer(self, scope: Scope, depth: int) -> Node:
        if depth <= 0:
            return self.among(Const(self.among(*WHOLE), self.chance(2)), self.read(scope, INTEGERS))
        match self.among(
            "plain",
            "arithmetic",
            "sign",
            "bits",
            "where",
            "count",
            "reduce",
            "picked",
            "position",
            "truncate",
            "bool",
        ):
            case "arithmetic":
                x, y = self.integer(scope, depth - 1), self.integer(scope, depth - 1)
                return call(self.among("add", "sub", "mul", "mod"), x, y)
            case "sign":
                return call(self.among("neg", "abs"), self.integer(scope, depth - 1))
            case "bits":
                x, y = self.integer(scope, depth - 1), self.integer(scope, depth - 1)
                return call(self.among("bitand", "bitor", "bitxor", "shl", "shr"), x, y)
            case "where":
                c, x = self.truth(scope, depth - 1), self.integer(scope, depth - 1)
                return call("where", c, x, self.integer(scope, depth - 1))
            case "count":
                return self.reduction(scope, depth, ("count",), lambda *_: Const(1))
            case "reduce":
                return self.reduction(scope, depth, ("sum", "prod", "min", "max"), self.integer)
            case "picked":
                return self.picked(scope, depth, self.integer, Const(0))
            case "position":
                return self.position(scope, depth)
            case "truncate":
                return call("truncate", self.real(scope, depth - 1))
            case "bool":
                return call("int", self.truth(scope, depth - 1))
        return self.integer(scope, 0)

    def truth(self, scope: Scope, depth: int) -> Node:
        if depth <= 0:
            return self.among(self.threshold(scope), self.read(scope, TRUTHS))
        match self.among(
            "threshold",
            "threshold",
            "compare",
            "integers",
            "truths",
            "both",
            "either",
            "not",
            "reduce",
            "found",
            "again",
            "again",
            "where",
            "constant",
            "distinct",
        ):
            case "compare":
                x, y = self.real(scope, depth - 1), self.real(scope, depth - 1)
                return call(self.among("lt", "le", "gt", "ge", "eq", "ne"), x, y)
            case "integers":
                x, y = self.integer(scope, depth - 1), self.integer(scope, depth - 1)
                return call(self.among("lt", "le", "gt", "ge", "eq", "ne"), x, y)
            case "truths":
                x, y = self.truth(scope, depth - 1), self.truth(scope, depth - 1)
                return call(self.among("eq", "ne"), x, y)  # the emitter orders no booleans
            case "both":
                return both(self.truth(scope, depth - 1), self.truth(scope, depth - 1))
            case "either":
                return either(self.truth(scope, depth - 1), self.truth(scope, depth - 1))
            case "not":
                return invert(self.truth(scope, depth - 1))
            case "reduce":
                return self.reduction(scope, depth, ("any", "all"), self.truth)
            case "found":
                return self.position(scope, depth) >= Const(0)
            case "again":
                return self.again(scope)
            case "where":
                c, x = self.truth(scope, depth - 1), self.truth(scope, depth - 1)
                return call("where", c, x, self.picked(scope, depth, self.truth, FALSE))
            case "constant":
                return self.among(FALSE, Const(True, True), Const(False, True))
            case "distinct" if len(scope) > 1:
                return call(self.among("lt", "ne"), Index(scope[0]), Index(scope[1]))
        return self.threshold(scope)

    def plain(self, scope: Scope) -> Node:
        return self.among(self.read(scope, REALS), self.read(scope, REALS), self.constant())

    def threshold(self, scope: Scope) -> Node:
        name = self.among("lt", "le", "gt", "ge", "lt", "le", "gt", "ge", "eq", "ne")
        x = self.read(scope, REALS) if scope or self.chance(2) else self.quantity()
        return call(name, x, self.constant())

    def constant(self) -> Node:
        return Const(self.among(*GRID), self.among(True, True, False))

    def look_up(self, scope: Scope, depth: int) -> Node:
        variables = self.among(1, 1, 2)
        edges = st.lists(st.sampled_from(EDGES), min_size=2, max_size=2, unique=True)
        rows = [
            (self.among(*GRID), *(e for _ in range(variables) for e in sorted(self.draw(edges))))
            for _ in range(self.among(1, 2, 3))
        ]
        arguments = tuple(self.real(scope, depth - 1) for _ in range(variables))
        return Lookup(Table(tuple(rows)), arguments)

    def evaluated(self, scope: Scope, depth: int) -> Node:
        """Call a Python function of gathered values, and use its number or an entry of its array."""
        if len(scope) > 2:
            return self.plain(scope)
        (axis,) = self.enter(scope, 1)
        inside, index = (*scope, axis), Index(axis)
        mask = self.selection(inside, depth)
        other = Axis(axis.source, len(scope) + 1)
        later = both(substitute(mask, {index: Index(other)}), call("gt", Index(other), index))
        place = self.among(None, reduce("count", (other,), Const(1), later))  # or in reverse
        number = reduce("count", (axis,), Const(1), mask)
        called = self.among(TRUE, self.truth(scope, depth - 1))

        def array() -> Node:
            return gather((axis,), self.real(inside, depth - 1), mask, place)

        if self.chance(2):
            return Evaluate(FOLDED, (array(), number, self.real(scope, depth - 1)), called)
        first = array()
        four = (first, *(self.among(first, array()) for _ in range(3)), number)
        if self.chance(3):
            made = Evaluate(ALTERNATE, four, called)
            made_length, result = both(called, call("gt", number, Const(0))), 0
        else:
            made = Evaluate(REVERSED, four, called)
            made_length, result = call("gt", Part(made, 0), Const(0)), self.among(0, 1, 2, 3)
        # Only what an algorithm has made is looked at: the first element, if there is one.
        return as_real(Element(made, call("where", made_length, Const(0), Const(-1)), result))

    def read(self, scope: Scope, names: Sequence[str]) -> Node:
        """Read a column of the event or of an element, mostly of the innermost loop's."""
        name = self.among(*names)
        axis = self.among(None, *scope, *scope, *scope[-1:], *scope[-1:])
        return column(name) if axis is None else attribute(name, axis, Index(axis))

    # ------------------------------------------------------------------------------- loops

    def enter(self, scope: Scope, number: int) -> Scope:
        """Return ``number`` more axes, inside those of ``scope``."""
        return tuple(Axis(self.among(*SOURCES), len(scope) + i) for i in range(number))

    def deeper(self, scope: Scope) -> Scope:
        # At most three loops inside each other: an event of 40 jets has 64 000 turns of them.
        return self.enter(scope, self.among(1, 1, 1, 2) if len(scope) < 2 else 1)

    def reduction(
        self,
        scope: Scope,
        depth: int,
        operations: tuple[str, ...],
        value: Callable[[Scope, int], Node],
    ) -> Node:
        if len(scope) > 2:
            return value(scope, 0)
        axes = self.deeper(scope)
        inside = (*scope, *axes)
        mask = self.selection(inside, depth)
        return reduce(self.among(*operations), axes, value(inside, depth - 1), mask)

    def selection(self, scope: Scope, depth: int) -> Node:
        match self.among("all", "again", "again", "new"):
            case "all":
                return TRUE
            case "again":
                return self.again(scope)
        return self.truth(scope, depth - 1)

    def again(self, scope: Scope) -> Node:
        """Apply an object's mask to an axis of the scope: what loops and passes share."""
        if not scope:
            return self.among(*self.cuts)
        axis = self.among(*scope)
        own = Axis(axis.source, 0)
        if axis.source not in self.masks:
            overlap = self.reduction((own,), 1, ("any", "all"), self.truth)
            self.masks[axis.source] = [self.truth((own,), 1), overlap]
        return substitute(self.among(*self.masks[axis.source]), {Index(own): Index(axis)})

    def quantity(self) -> Node:
        """Return a value of the event that other cuts and loops use too, such as HT."""
        if len(self.quantities) < 2 or self.chance(6):
            kinds: tuple[Callable[[], Node], ...] = (
                lambda: self.reduction((), 1, ("sum",), self.real),
                lambda: self.reduction((), 2, ("sum", "min"), self.real),
                lambda: self.picked((), 1, self.real, NAN),
                lambda: as_real(self.reduction((), 2, ("count",), lambda *_: Const(1))),
            )
            self.quantities.append(self.among(*kinds)())
        return self.among(*self.quantities)

    def search(self, scope: Scope, depth: int) -> Pick:
        """Return the k-th element or pair, now and then one of an earlier search."""
        if self.picks and (len(scope) > 2 or self.chance(2)):
            return self.among(*self.picks)
        if len(scope) > 2:
            scope = ()
        axes = self.deeper(scope)
        inside = (*scope, *axes)
        # The key of a pick is real, as lowering makes it: the emitter knows no other.
        order = self.among(None, self.read(inside, REALS), -self.real(inside, depth - 1))
        found = pick(axes, self.selection(inside, depth), order, self.among(0, 0, 1, 2))
        if not found.free:
            self.picks.append(found)
        return found

    def position(self, scope: Scope, depth: int) -> Node:
        found = self.search(scope, depth)
        return Part(found, self.among(*range(len(found.axes))))

    def linked(self, scope: Scope, depth: int, source: tuple[str, ...]) -> Node:
        """Write any integer as a position: -1 where there is no element."""
        at = self.integer(scope, depth - 1 if len(scope) < 2 else 0)
        size = reduce("count", (Axis(source, 0),), Const(1), TRUE)
        there = both(invert(call("lt", at, Const(0))), call("lt", at, size))
        return call("where", there, at, Const(-1))

    def picked(
        self,
        scope: Scope,
        depth: int,
        value: Callable[[Scope, int], Node],
        otherwise: Node,
    ) -> Node:
        """Write a value of the picked element: one over an axis, with the position put in."""
        at = self.position(scope, depth)
        assert isinstance(at, Part)
        assert isinstance(at.pick, Pick)
        axis = Axis(at.pick.axes[at.place].source, len(scope))
        if self.chance(3):
            at = self.linked(scope, depth, axis.source)
        whole = value((*scope, axis), depth - 1 if len(scope) < 2 else 0)
        whole = substitute(whole, {Index(axis): at})
        return call("where", at >= Const(0), whole, otherwise) if self.chance(2) else whole


def column(name: str) -> Column:
    """Return a column of the event."""
    return Column(f"{EVENT}_{name}", ATTRIBUTES[name])


def attribute(name: str, axis: Axis, at: Node) -> Node:
    """Return an attribute of the element at a position; that of a union is read from a store."""
    if len(axis.source) == 1:
        collection = axis.source[0]
        return Column(f"{collection}_{name}", ATTRIBUTES[name], collection, at)
    parts = tuple(Axis((source,), 0) for source in axis.source)
    values = tuple(attribute(name, part, Index(part)) for part in parts)
    return Element(store(parts, values), at)


# --------------------------------------------------------------------------------- events


@st.composite
def events(draw: st.DrawFn, times: int = 1) -> Chunk:
    """Return strategies for chunks of up to a dozen events (or ``times`` as many), amid others.

    How many elements an event has is drawn and shrinks. The numbers come from a drawn seed.
    """
    number = draw(st.sampled_from([6, 12, 9, 12, 1, 0]))
    several = st.tuples(*[_multiplicity] * len(COLLECTIONS))
    counts = draw(st.lists(several, min_size=number, max_size=number))
    if draw(_rarely):
        counts = [(0,) * len(COLLECTIONS)] * len(counts)
    if draw(_rarely):
        counts.insert(draw(st.integers(0, len(counts))), draw(st.sampled_from(_LARGE)))
    continuous = draw(st.booleans())
    special = draw(st.sampled_from([0.0, 0.0, 0.1, 0.4]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    first, after = draw(st.integers(0, 2)), draw(st.integers(0, 1))
    around = [(2, 1, 1)]
    counts *= times
    chunk = _chunk([*around * first, *counts, *around * after], random, continuous, special)
    return part(chunk, first, first + len(counts))


_rarely = st.sampled_from([False] * 5 + [True])
_multiplicity = st.sampled_from([0, 1, 2, 3, 0, 5, 8])
_LARGE = ((1, 40, 2), (0, 40, 0), (12, 12, 12))


def part(chunk: Chunk, first: int, after: int) -> Chunk:
    """Return the events from ``first`` up to ``after``, whose elements stay where they are."""
    columns = {
        name: values[first:after] if name.startswith(f"{EVENT}_") else values
        for name, values in chunk.columns.items()
    }
    offsets = {name: o[first : after + 1] for name, o in chunk.offsets.items()}
    return Chunk(after - first, columns, offsets)


def _chunk(
    counts: list[tuple[int, ...]], random: np.random.Generator, continuous: bool, special: float
) -> Chunk:
    columns: dict[str, npt.NDArray[Any]] = {}
    offsets: dict[str, npt.NDArray[np.int64]] = {}
    for number, collection in enumerate(COLLECTIONS):
        sizes = np.array([c[number] for c in counts], np.int64)
        offsets[collection] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    sizes_of = {EVENT: len(counts)} | {c: int(o[-1]) for c, o in offsets.items()}
    for owner, size in sizes_of.items():
        for name, dtype in ATTRIBUTES.items():
            values = _numbers(dtype, size, random, continuous, special)
            columns[f"{owner}_{name}"] = values
    return Chunk(len(counts), columns, offsets)


def _numbers(
    dtype: str, size: int, random: np.random.Generator, continuous: bool, special: float
) -> npt.NDArray[Any]:
    match np.dtype(dtype).kind:
        case "f":
            values = random.normal(0.0, 20.0, size) if continuous else random.choice(GRID, size)
            replaced = random.choice(SPECIAL, size)
            return np.where(random.random(size) < special, replaced, values).astype(dtype)
        case "b":
            return random.random(size) < 0.6
    info = np.iinfo(dtype)
    grid = [w for w in (*WHOLE, info.min, info.max, 255) if info.min <= w <= info.max]
    return random.choice(np.array(grid, np.int64), size).astype(dtype)
