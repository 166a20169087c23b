"""The IR: random terms mean after rewriting what a naive evaluator says they mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adl.compiler.ir import (
    FALSE,
    TRUE,
    Axis,
    Call,
    Column,
    Const,
    Element,
    Index,
    Kind,
    Node,
    Part,
    Pick,
    Reduce,
    Store,
    as_real,
    both,
    call,
    invert,
    pick,
    reduce,
    rename,
    rewrite,
    store,
    substitute,
)
from adl.compiler.layout import Chunk
from adl.compiler.targets.reference import evaluate
from adl.compiler.verify import verify
from adl.stdlib import ops
from tests.jets_and_leptons import J0, J1, JET, L0, LEP, MET, counter, program

CHUNK = Chunk(
    3,
    {
        "MET": np.array([1.5, math.nan, -0.0], np.float32),
        "Jet_pt": np.array([9.0, 2.0, 2.0, math.nan, 0.0, -0.0, 3.0], np.float32),
        "Jet_n": np.array([9, 1, -1, 1, 2, 0, 2**31 - 1], np.int32),
        "Lep_pt": np.array([2.0, -1.0, math.inf], np.float64),
        "Lep_n": np.array([5, 0, -3], np.int64),
    },
    # The first jet belongs to no event of the chunk.
    {"Jet": np.array([1, 1, 4, 7]), "Lep": np.array([0, 1, 1, 3])},
)

Environment = Mapping[Axis, int]


def size(source: tuple[str, ...], event: int) -> int:
    return sum(int(np.diff(CHUNK.offsets[name])[event]) for name in source)


def naive(node: Node, event: int, where: Environment) -> Any:
    """Return the value of a term where its free axes are at given positions: no plan, no slots."""

    def turns(axes: tuple[Axis, ...], mask: Node) -> list[Environment]:
        tuples = product(*(range(size(axis.source, event)) for axis in axes))
        places = [{**where, **dict(zip(axes, positions, strict=True))} for positions in tuples]
        return [place for place in places if naive(mask, event, place)]

    match node:
        case Const():
            return node.value
        case Index():
            return where[node.axis]
        case Column(at=None):
            return float(CHUNK.columns[node.name][event])
        case Column(collection=str(collection), at=Node() as at):
            position = naive(at, event, where)
            if not 0 <= position < size((collection,), event):
                return math.nan if node.kind == "real" else 0
            entry = CHUNK.columns[node.name][CHUNK.offsets[collection][event] + position]
            return float(entry) if node.kind == "real" else int(entry)
        case Call():
            return ops.apply(node.function, *(naive(a, event, where) for a in node.arguments))
        case Reduce():
            values = [naive(node.value, event, place) for place in turns(node.axes, node.mask)]
            return naive_reduction(node.operation, node.kind, values)
        case Pick():
            found = turns(node.axes, node.mask)
            if node.order is not None:
                keys = [naive(node.order, event, place) for place in found]
                found = [found[i] for i in sorted(range(len(keys)), key=lambda i: rank(keys[i]))]
            return tuple(found[node.k][a] if node.k < len(found) else -1 for a in node.axes)
        case Part():
            return naive(node.pick, event, where)[node.place]
        case Store():
            pairs = zip(node.axes, node.values, strict=True)
            return [naive(v, event, place) for a, v in pairs for place in turns((a,), TRUE)]
        case Element():
            stored, position = naive(node.store, event, where), naive(node.at, event, where)
            inside = 0 <= position < len(stored)
            return stored[position] if inside else math.nan if node.kind == "real" else 0
    raise AssertionError(node)


def rank(key: float) -> tuple[bool, float]:
    """Return what to sort by: NaN after every number."""
    return (True, 0.0) if math.isnan(key) else (False, key)


def naive_reduction(operation: str, kind: Kind, values: list[Any]) -> Any:
    if operation in ("any", "all"):
        return any(values) if operation == "any" else all(values)
    if operation == "count":
        return len(values)
    if operation in ("min", "max"):
        if any(map(math.isnan, values)):
            return math.nan
        ends = (math.inf, -math.inf) if kind == "real" else (2**63 - 1, -(2**63))
        return min([*values, ends[0]]) if operation == "min" else max([*values, ends[1]])
    result: Any = {"sum": 0, "prod": 1}[operation]
    result = float(result) if kind == "real" else result
    for value in values:
        result = ops.apply("add" if operation == "sum" else "mul", result, value)
    return result


class Terms:
    """Draws random terms over the axes of a scope."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def choose(self, *options: Any) -> Any:
        return self.data.draw(st.sampled_from(options))

    def term(self, kind: str, scope: tuple[Axis, ...], depth: int) -> Node:
        draws = {"real": self.number, "int": self.integer, "bool": self.boolean}
        return draws[kind](scope, depth)

    def number(self, scope: tuple[Axis, ...], depth: int) -> Node:
        if depth == 0:
            number = Const(self.choose(0.0, -0.0, 2.0, math.nan, -1.5, math.inf))
            return self.choose(number, MET, self.column("pt", scope, 0))  # type: ignore[no-any-return]
        match self.choose("call", "where", "reduce", "column", "element", "int"):
            case "call":
                x, y = self.number(scope, depth - 1), self.number(scope, depth - 1)
                return call(self.choose("add", "sub", "mul", "div"), x, y)
            case "where":
                x, y = self.number(scope, depth - 1), self.number(scope, depth - 1)
                return call("where", self.boolean(scope, depth - 1), x, y)
            case "reduce":
                return self.reduction(
                    "real", self.choose("sum", "prod", "min", "max"), scope, depth
                )
            case "column":
                return self.column("pt", scope, depth - 1)
            case "element":
                return self.element("real", scope, depth)
        return as_real(self.integer(scope, depth - 1))

    def integer(self, scope: tuple[Axis, ...], depth: int) -> Node:
        if depth == 0:
            constants = [Const(self.choose(0, 1, -7, 2**62))]
            return self.choose(*constants, *map(Index, scope))  # type: ignore[no-any-return]
        match self.choose("call", "reduce", "count", "part", "column", "element"):
            case "call":
                x, y = self.integer(scope, depth - 1), self.integer(scope, depth - 1)
                return call(self.choose("add", "sub", "mul", "bitxor"), x, y)
            case "reduce":
                return self.reduction("int", self.choose("sum", "prod", "min", "max"), scope, depth)
            case "count":
                return self.reduction("int", "count", scope, depth)
            case "part":
                return self.part(self.choose(JET, LEP), scope, depth)
            case "column":
                return self.column("n", scope, depth - 1)
        return self.element("int", scope, depth)

    def boolean(self, scope: tuple[Axis, ...], depth: int) -> Node:
        if depth == 0:
            return self.choose(TRUE, TRUE, FALSE, MET > 1.0)  # type: ignore[no-any-return]
        match self.choose("real", "int", "and", "not", "reduce"):
            case "real":
                x, y = self.number(scope, depth - 1), self.number(scope, depth - 1)
                return call(self.choose("lt", "ge", "eq"), x, y)
            case "int":
                return call("ne", self.integer(scope, depth - 1), self.integer(scope, depth - 1))
            case "and":
                return both(self.boolean(scope, depth - 1), self.boolean(scope, depth - 1))
            case "not":
                return invert(self.boolean(scope, depth - 1))
        return self.reduction("bool", self.choose("any", "all"), scope, depth)

    def axes(self, scope: tuple[Axis, ...]) -> tuple[Axis, ...]:
        sources = self.choose((JET,), (LEP,), (JET, JET), (JET + LEP,), (LEP, JET))
        first = max((axis.slot for axis in scope), default=-1) + 1
        return tuple(Axis(source, first + i) for i, source in enumerate(sources))

    def reduction(self, kind: str, operation: str, scope: tuple[Axis, ...], depth: int) -> Node:
        axes = self.axes(scope)
        inner = scope + axes
        value = Const(1) if operation == "count" else self.term(kind, inner, depth - 1)
        return reduce(operation, axes, value, self.boolean(inner, depth - 1))

    def part(self, source: tuple[str, ...], scope: tuple[Axis, ...], depth: int) -> Node:
        """A position of an element of this source, or -1."""
        axis = self.axes(scope)[0]._replace(source=source)
        inner = (*scope, axis)
        order = self.choose(None, "real", "int")
        key = None if order is None else self.term(order, inner, depth - 1)
        return Part(pick((axis,), self.boolean(inner, depth - 1), key, self.choose(0, 0, 1)), 0)

    def position(self, source: tuple[str, ...], scope: tuple[Axis, ...], depth: int) -> Node:
        indices = [Index(axis) for axis in scope if axis.source == source]
        if depth > 0 and self.choose(True, not indices):
            return self.part(source, scope, depth - 1) if depth > 1 else Const(-1)
        return self.choose(*indices) if indices else Const(-1)

    def column(self, name: str, scope: tuple[Axis, ...], depth: int) -> Node:
        collection, dtypes = self.choose(
            ("Jet", {"pt": "float32", "n": "int32"}), ("Lep", {"pt": "float64", "n": "int64"})
        )
        at = self.position((collection,), scope, depth)
        return Column(f"{collection}_{name}", dtypes[name], collection, at)

    def element(self, kind: str, scope: tuple[Axis, ...], depth: int) -> Node:
        """An element of the union of jets and leptons."""
        first = max((axis.slot for axis in scope), default=-1) + 1
        axes = (Axis(JET, first), Axis(LEP, first + 1))
        values = [self.term(kind, (*scope, axis), depth - 1) for axis in axes]
        return Element(store(axes, tuple(values)), self.position(JET + LEP, scope, depth - 1))


KINDS = st.sampled_from(["real", "int", "bool"])


@settings(max_examples=400, deadline=None)
@given(st.data(), KINDS)
def test_the_interpreter_gives_what_naive_recursion_gives(data: st.DataObject, kind: str) -> None:
    term = Terms(data).term(kind, (), 4)
    verify(program(counter(call("eq", term, term))))
    for event in range(CHUNK.events):
        assert repr(evaluate([term], CHUNK, event)[0]) == repr(naive(term, event, {}))


@settings(max_examples=200, deadline=None)
@given(st.data(), KINDS)
def test_substituting_then_interpreting_is_interpreting_in_another_environment(
    data: st.DataObject, kind: str
) -> None:
    terms = Terms(data)
    term, position = terms.term(kind, (J0, J1, L0), 3), terms.integer((J0, J1, L0), 2)
    moved = substitute(term, {Index(J0): position})
    assert moved.free <= (term.free - {J0}) | position.free
    for event, places in product(range(CHUNK.events), product((-1, 1), repeat=3)):
        where = dict(zip((J0, J1, L0), places, strict=True))
        there = {**where, J0: naive(position, event, where)}
        assert repr(naive(moved, event, where)) == repr(naive(term, event, there))


@settings(max_examples=300, deadline=None)
@given(st.data(), KINDS)
def test_binding_forgets_the_names_of_the_axes(data: st.DataObject, kind: str) -> None:
    term = Terms(data).term(kind, (J0, L0), 3)
    other_jet, other_lepton = Axis(JET, 41), Axis(LEP, 40)
    renamed = rename(term, {J0: other_jet, L0: other_lepton})
    through_indices = substitute(
        term, {Index(J0): Index(other_jet), Index(L0): Index(other_lepton)}
    )
    assert renamed is through_indices
    equal = call("eq", term, term)
    other = call("eq", renamed, renamed)
    assert pick((J0, L0), equal, None, 0) is pick((other_jet, other_lepton), other, None, 0)
    assert rewrite(term, lambda node: None) is term
