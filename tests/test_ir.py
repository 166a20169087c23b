"""The IR: interning, binding, rewriting, the verifier and the dump."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adl.compiler.dump import dump, dump_nodes
from adl.compiler.ir import (
    FALSE,
    NAN,
    ONE,
    TRUE,
    Axis,
    Call,
    Column,
    Const,
    Element,
    Fill,
    Index,
    Kind,
    Node,
    Part,
    Pick,
    Record,
    Reduce,
    Store,
    Uniform,
    Variable,
    as_real,
    both,
    call,
    conjuncts,
    either,
    fill,
    invert,
    lift,
    opened,
    pick,
    postorder,
    reduce,
    rename,
    rewrite,
    store,
    substitute,
)
from adl.compiler.layout import Chunk
from adl.compiler.program import (
    BinsOutput,
    HistogramOutput,
    OutputT,
    Program,
    RegionOutput,
    StepOutput,
)
from adl.compiler.targets.reference import evaluate
from adl.compiler.verify import ARGUMENTS, verify
from adl.stdlib import ops
from adl.stdlib.elementary import sin

JET, LEP = ("Jet",), ("Lep",)
J0, J1, J2, L0 = Axis(JET, 0), Axis(JET, 1), Axis(JET, 2), Axis(LEP, 3)
MET = Column("MET", "float32", None, None)


def pt(at: Node) -> Node:
    return Column("Jet_pt", "float32", "Jet", at)


def lepton_pt(at: Node) -> Node:
    return Column("Lep_pt", "float64", "Lep", at)


def program(*fills: Fill) -> Program:
    return Program((RegionOutput("SR", tuple(StepOutput("step", f) for f in fills)),))


def counter(mask: Node) -> Fill:
    return fill((), (), (), mask, ONE)


# ------------------------------------------------------------------------------ interning


def test_equal_nodes_are_one_object() -> None:
    assert pt(Index(J0)) + 1.0 is pt(Index(J0)) + 1.0
    assert pt(Index(J0)) is not pt(Index(J1))
    assert pt(Index(J0)) is not Column("Jet_pt", "float64", "Jet", Index(J0))


@pytest.mark.parametrize(
    ("x", "y"), [(0.0, -0.0), (1, 1.0), (1, True), (0.0, False), (0.1 + 0.2, 0.3)]
)
def test_constants_that_differ_in_type_or_bits_are_different_nodes(x: Any, y: Any) -> None:
    assert Const(x) is not Const(y)
    assert Const(x) is Const(x)
    assert repr(Const(x).value) == repr(x)


def test_a_number_of_the_user_is_not_the_same_constant_as_ours() -> None:
    assert Const(30.0, True) is not Const(30.0)
    assert Const(30.0, False) is Const(30.0)
    assert Const(math.nan) is NAN


def test_equality_of_nodes_is_identity_and_a_node_has_no_truth_value() -> None:
    assert (Const(1.0) == Const(2.0)) is False
    with pytest.raises(TypeError, match=r"ops\.where"):
        bool(Const(True))


def test_a_formula_called_with_nodes_builds_nodes() -> None:
    assert ops.where(MET > 3.0, MET, 1.0) is call("where", call("gt", MET, lift(3.0)), MET, ONE)
    assert 2.0 - MET is call("sub", lift(2.0), MET)
    assert ops.sqrt(4.0) == 2.0


def test_boolean_builders_drop_what_is_decided() -> None:
    a, b = MET > 1.0, MET > 2.0
    assert both(TRUE, a) is a
    assert both(a, TRUE) is a
    assert both(a, a) is a
    assert both(a, FALSE) is FALSE
    assert either(FALSE, a) is a
    assert either(a, TRUE) is TRUE
    assert invert(invert(a)) is a
    assert invert(TRUE) is FALSE
    assert both(a, b) is not both(b, a)


def test_the_negation_of_a_comparison_stays_a_negation() -> None:
    negated = invert(MET < 1.0)
    assert isinstance(negated, Call)
    assert negated.function == "not"


def test_a_literal_becomes_real_as_a_literal() -> None:
    assert as_real(Const(2, True)) is Const(2.0, True)
    assert as_real(MET) is MET


def test_conjuncts_come_in_written_order_without_what_is_true() -> None:
    a, b, c, d = (call("gt", MET, Const(float(i))) for i in range(4))
    assert conjuncts(call("and", call("and", a, b), call("and", c, d))) == [a, b, c, d]
    assert conjuncts(call("and", TRUE, call("and", a, TRUE))) == [a]
    assert conjuncts(TRUE) == []
    assert conjuncts(either(a, b)) == [either(a, b)]


def test_conjuncts_of_a_long_chain_need_no_recursion() -> None:
    cuts = [call("gt", MET, Const(float(i))) for i in range(20_000)]
    left: Node = TRUE
    right: Node = TRUE
    for first, last in zip(cuts, reversed(cuts), strict=True):
        left, right = both(left, first), both(last, right)
    assert conjuncts(left) == cuts
    assert conjuncts(right) == cuts


# -------------------------------------------------------------------------------- binding


def test_terms_equal_up_to_the_names_of_bound_axes_are_one_node() -> None:
    def nearest(outer: Axis, inner: Axis) -> Node:
        gap = abs(pt(Index(outer)) - lepton_pt(Index(inner)))
        return reduce("sum", (outer,), reduce("min", (inner,), gap, TRUE), pt(Index(outer)) > 1.0)

    assert nearest(J0, L0) is nearest(Axis(JET, 77), Axis(LEP, 5))
    assert nearest(J0, L0).free == frozenset()


def test_terms_over_other_sources_are_other_nodes() -> None:
    assert reduce("count", (J0,), Const(1), TRUE) is not reduce("count", (L0,), Const(1), TRUE)


def test_the_order_of_the_axes_of_a_pair_matters() -> None:
    first = pick((J0, J1), pt(Index(J0)) > 1.0, None, 0)
    second = pick((J1, J0), pt(Index(J0)) > 1.0, None, 0)
    assert first is not second
    assert second is pick((J0, J1), pt(Index(J1)) > 1.0, None, 0)


def test_bound_slots_lie_below_those_bound_inside() -> None:
    inner = reduce("min", (J1,), abs(pt(Index(J0)) - pt(Index(J1))), TRUE)
    outer = reduce("sum", (J0, J2), inner + pt(Index(J2)), TRUE)
    assert [axis.slot for axis in inner.axes] == [-1]
    assert [axis.slot for axis in outer.axes] == [-2, -3]
    assert inner.height == 1
    assert outer.height == 0  # closed: nothing outside can be bound by its slots


def test_a_store_binds_each_axis_in_its_own_value() -> None:
    stored = store((J0, L0), (pt(Index(J0)), lepton_pt(Index(L0))))
    assert [axis.slot for axis in stored.axes] == [-1, -1]
    assert stored.free == frozenset()
    assert store((J0, J1), (pt(Index(J0)), pt(Index(J0)))).free == {J0}


def test_renaming_leaves_terms_without_the_axis_alone() -> None:
    total = reduce("sum", (J0,), pt(Index(J0)), TRUE)
    assert rename(total, {J0: J1}) is total
    assert rename(pt(Index(J0)), {J0: J1}) is pt(Index(J1))
    assert rename(pt(Index(J0)) - pt(Index(J1)), {J0: J1, J1: J0}) is pt(Index(J1)) - pt(Index(J0))


# --------------------------------------------------------------------------- substitution


def test_substituting_the_position_moves_every_attribute_to_the_pick() -> None:
    leading = Part(pick((J1,), TRUE, -pt(Index(J1)), 0), 0)
    value = pt(Index(J0)) * pt(Index(J0)) + 1.0
    assert substitute(value, {Index(J0): leading}) is pt(leading) * pt(leading) + 1.0


def test_a_substituted_index_is_not_captured_by_a_binder_of_its_collection() -> None:
    others = reduce("sum", (J1,), pt(Index(J1)) * pt(Index(J0)), TRUE)
    moved = substitute(others, {Index(J0): Index(J2)})
    assert moved.free == {J2}
    assert moved is reduce("sum", (J1,), pt(Index(J1)) * pt(Index(J2)), TRUE)


def test_substitution_leaves_the_bound_occurrences_alone() -> None:
    total = reduce("sum", (J0,), pt(Index(J0)), TRUE)
    assert substitute(total + pt(Index(J0)), {Index(J0): Index(J1)}) is total + pt(Index(J1))


def test_a_replacement_with_binders_raises_the_slots_of_the_binders_around_it() -> None:
    def deep(axis: Axis) -> Node:
        """A position that needs two nested searches, over a free axis."""
        near = Part(pick((L0,), TRUE, abs(lepton_pt(Index(L0)) - pt(Index(axis))), 0), 0)
        return Part(pick((J1,), TRUE, abs(lepton_pt(near) - pt(Index(J1))), 0), 0)

    for body_axis in (J1, J2):
        body = reduce("sum", (body_axis,), pt(Index(body_axis)) - pt(Index(J0)), TRUE)
        moved = substitute(body, {Index(J0): deep(Axis(JET, 9))})
        rebuilt = reduce("sum", (body_axis,), pt(Index(body_axis)) - pt(deep(Axis(JET, 9))), TRUE)
        assert moved is rebuilt
        assert moved.axes[0].slot == -3
        verify(program(counter(reduce("any", (Axis(JET, 9),), moved > 1.0, TRUE))))


def test_two_axes_are_exchanged_at_once() -> None:
    value = pt(Index(J0)) - reduce("max", (J2,), pt(Index(J2)) * pt(Index(J1)), TRUE)
    swapped = substitute(value, {Index(J0): Index(J1), Index(J1): Index(J0)})
    assert swapped is pt(Index(J1)) - reduce("max", (J2,), pt(Index(J2)) * pt(Index(J0)), TRUE)


def test_rewriting_with_a_rule_that_never_applies_gives_the_same_node() -> None:
    inner = reduce("min", (J1,), abs(pt(Index(J0)) - pt(Index(J1))), TRUE)
    root = fill((Uniform(4, 0.0, 1.0),), (J0,), (inner,), pt(Index(J0)) > 1.0, MET)
    assert rewrite(root, lambda node: None) is root


def test_rewriting_a_column_inside_nested_loops_gives_what_building_with_the_other_gives() -> None:
    def build(column: Callable[[Node], Node]) -> Fill:
        gap = abs(column(Index(J0)) - column(Index(J1)))
        return counter(reduce("sum", (J0,), reduce("min", (J1,), gap, TRUE), TRUE) > 1.0)

    def shifted(at: Node) -> Node:
        return pt(at) * reduce("prod", (L0,), lepton_pt(Index(L0)), TRUE)

    def rule(node: Node) -> Node | None:
        if isinstance(node, Column) and node.name == "Jet_pt" and node.at is not None:
            return shifted(node.at)
        return None

    assert rewrite(build(pt), rule) is build(shifted)


def test_nodes_that_a_rewrite_does_not_enter_stay() -> None:
    total = reduce("sum", (J0,), pt(Index(J0)), TRUE)
    refused = rewrite(
        total + MET, lambda n: ONE if isinstance(n, Column) else None, lambda n: n is not total
    )
    assert refused is total + ONE


# ------------------------------------------------------------------------- deep programs


def chain(length: int) -> Node:
    node: Node = MET
    for _ in range(length):
        node = node + 1.0
    return node


def test_a_chain_of_30_000_nodes_needs_no_recursion() -> None:
    root = chain(30_000)
    order = postorder([root])
    place = {node: i for i, node in enumerate(order)}
    assert len(order) == 30_002
    assert all(place[child] < place[node] for node in order for child in node.children)
    chunk = Chunk(1, {"MET": np.array([0.5], np.float32)}, {})
    assert evaluate([root], chunk, 0) == [30_000.5]
    verify(program(counter(root > 1.0)))
    assert dump_nodes([root]).count("\n") == 30_001
    assert rewrite(root, lambda node: Const(2.0) if node is MET else None) is not root


def test_postorder_holds_each_shared_node_once() -> None:
    node: Node = MET
    for _ in range(200):
        node = node + node  # 2^200 paths
    assert len(postorder([node, node])) == 201


# ------------------------------------------------- random terms against a naive evaluator

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


# ------------------------------------------------------------------------------- verifier

JET1 = Axis(JET, -1)
MUON1 = Axis(("Muon",), -1)
AT = Index(JET1)
VALUE = Column("Jet_pt", "float32", "Jet", AT)
COUNT = reduce("count", (J0,), Const(1), TRUE)
SEARCH = pick((J0,), TRUE, None, 0)
UNION = Axis(JET + LEP, -1)


def in_fill(node: Node) -> Fill:
    """A fill with a node of any kind inside it, well formed but for that node."""
    if node.kind == "pick":
        node = Part(node, 0)
    if isinstance(node, Store):
        node = Element(node, Const(-1))
    return counter(call("eq", node, node))


FAULTS: dict[str, tuple[Fill, str]] = {
    "mixed_arithmetic": (in_fill(Call("add", (ONE, Const(1)))), "add does not take (real, int)"),
    "arithmetic_of_bools": (in_fill(Call("mul", (TRUE, TRUE))), "mul does not take"),
    "mixed_comparison": (counter(Call("lt", (ONE, Const(1)))), "lt does not take (real, int)"),
    "logic_of_numbers": (counter(Call("and", (TRUE, ONE))), "and does not take (bool, real)"),
    "not_of_two": (counter(Call("not", (TRUE, TRUE))), "not does not take (bool, bool)"),
    "choice_by_number": (in_fill(Call("where", (ONE, ONE, ONE))), "where does not take"),
    "mixed_choice": (in_fill(Call("where", (TRUE, ONE, Const(1)))), "where does not take"),
    "division_of_ints": (
        in_fill(Call("div", (Const(1), Const(2)))),
        "div does not take (int, int)",
    ),
    "root_of_int": (in_fill(Call("sqrt", (Const(1),))), "sqrt does not take (int)"),
    "bits_of_real": (in_fill(Call("bitand", (ONE, ONE))), "bitand does not take (real, real)"),
    "real_of_real": (in_fill(Call("real", (ONE,))), "real does not take (real)"),
    "elementary_of_int": (in_fill(sin(Const(1))), "sin does not take (int)"),
    "elementary_of_two": (in_fill(sin(ONE, ONE)), "sin does not take (real, real)"),
    "unknown_function": (in_fill(Call("frobnicate", (ONE,))), "neither primitive nor elementary"),
    "arithmetic_of_picks": (in_fill(Call("neg", (SEARCH,))), "neg does not take (pick)"),
    "wide_constant": (in_fill(Const(2**63)), "does not fit 64 bits"),
    "int_in_histogram": (
        Fill((Uniform(2, 0.0, 1.0),), (), (Const(1),), TRUE, ONE),
        "values and weight must be real",
    ),
    "int_weight": (Fill((), (), (), TRUE, Const(1)), "values and weight must be real"),
    "mask_of_a_fill": (Fill((), (), (), ONE, ONE), "the mask is no bool"),
    "free_axis": (Fill((), (), (), VALUE > 1.0, ONE), "a fill has a free axis"),
    "axis_of_another_binder": (
        Fill((), (Axis(LEP, -1),), (), VALUE > 1.0, ONE),
        "a fill has a free axis",
    ),
    "values_without_bins": (Fill((), (), (ONE,), TRUE, ONE), "one value an axis"),
    "no_bins": (Fill((Uniform(0, 0.0, 1.0),), (), (ONE,), TRUE, ONE), "finite and ascending"),
    "empty_range": (Fill((Uniform(2, 1.0, 1.0),), (), (ONE,), TRUE, ONE), "finite and ascending"),
    "infinite_range": (
        Fill((Uniform(2, 0.0, math.inf),), (), (ONE,), TRUE, ONE),
        "finite and ascending",
    ),
    "unsorted_edges": (
        Fill((Variable((0.0, 2.0, 2.0)),), (), (ONE,), TRUE, ONE),
        "finite and ascending",
    ),
    "one_edge": (Fill((Variable((0.0,)),), (), (ONE,), TRUE, ONE), "finite and ascending"),
    "slot_of_a_reduction": (
        in_fill(Reduce("sum", (Axis(JET, -2),), ONE, TRUE)),
        "bound slots are not [-1]",
    ),
    "slot_taken_inside": (
        in_fill(Reduce("sum", (JET1,), Reduce("sum", (MUON1,), Index(JET1), TRUE), TRUE)),
        "bound slots are not",
    ),
    "slots_out_of_sequence": (
        in_fill(Pick((Axis(JET, -2), JET1), TRUE, None, 0)),
        "bound slots are not [-1, -2]",
    ),
    "slot_of_a_store": (
        in_fill(Store((Axis(JET, -2),), (ONE,))),
        "bound slots are not [-1]",
    ),
    "mask_of_a_reduction": (in_fill(Reduce("sum", (JET1,), ONE, ONE)), "the mask is no bool"),
    "sum_of_bools": (in_fill(Reduce("sum", (JET1,), TRUE, TRUE)), "sum does not take bool"),
    "any_of_reals": (in_fill(Reduce("any", (JET1,), ONE, TRUE)), "any does not take real"),
    "unknown_reduction": (in_fill(Reduce("mean", (JET1,), ONE, TRUE)), "mean does not take real"),
    "count_of_values": (in_fill(Reduce("count", (JET1,), AT, TRUE)), "count counts the constant"),
    "reduction_over_nothing": (in_fill(Reduce("sum", (), ONE, TRUE)), "a loop over no axis"),
    "axis_without_source": (
        in_fill(Reduce("sum", (Axis((), -1),), ONE, TRUE)),
        "an axis runs over nothing",
    ),
    "mask_of_a_pick": (in_fill(Pick((JET1,), ONE, None, 0)), "the mask is no bool"),
    "key_of_a_pick": (in_fill(Pick((JET1,), TRUE, TRUE, 0)), "the key of a pick is no real number"),
    "negative_rank": (in_fill(Pick((JET1,), TRUE, None, -1)), "k is negative"),
    "part_beyond_the_axes": (in_fill(Part(SEARCH, 1)), "a part of no axis"),
    "part_of_a_number": (in_fill(Part(ONE, 0)), "a part of no axis"),
    "mixed_store": (
        in_fill(Store((JET1, Axis(LEP, -1)), (ONE, Const(1)))),
        "stored values differ in kind",
    ),
    "store_without_a_value": (
        in_fill(Store((JET1, Axis(LEP, -1)), (ONE,))),
        "one value an axis",
    ),
    "store_across_axes": (
        in_fill(Store((JET1, Axis(LEP, -1)), (ONE, VALUE))),
        "varies along the axis of another",
    ),
    "element_at_a_real": (
        in_fill(Element(store((J0,), (ONE,)), ONE)),
        "the position is no int",
    ),
    "column_at_a_real": (in_fill(Column("x", "float32", "Jet", ONE)), "the position is no int"),
    "column_at_another_collection": (
        in_fill(reduce("sum", (L0,), pt(Index(L0)), TRUE)),
        "a column of Jet at a position of Lep",
    ),
    "column_at_a_union": (
        in_fill(Reduce("sum", (UNION,), pt(Index(UNION)), TRUE)),
        "a column of Jet at a position of Jet+Lep",
    ),
    "column_at_a_pick_of_another_collection": (
        in_fill(lepton_pt(Part(SEARCH, 0))),
        "a column of Lep at a position of Jet",
    ),
    "column_without_a_position": (
        in_fill(Column("x", "float32", "Jet", None)),
        "a collection without a position",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_verifier_finds_a_planted(name: str) -> None:
    faulty, message = FAULTS[name]
    with pytest.raises(AssertionError) as raised:
        verify(program(counter(TRUE), faulty), after="plant")
    assert str(raised.value).startswith("after plant: ")
    assert message in str(raised.value)


def test_the_verifier_shows_the_node_with_what_is_above_it() -> None:
    with pytest.raises(AssertionError) as raised:
        verify(program(counter(Call("lt", (MET, Const(1))))))
    assert str(raised.value) == (
        "lt does not take (real, int)\n%0 = column(MET float32) : real\n%1 = lt(%0, 1) : bool"
    )


def test_the_verifier_shows_no_more_than_a_screen() -> None:
    with pytest.raises(AssertionError) as raised:
        verify(program(counter(Call("lt", (chain(5000), Const(1))))))
    assert str(raised.value).count("\n") == 41


def test_the_verifier_knows_the_arguments_of_every_primitive() -> None:
    assert ARGUMENTS.keys() == ops.MEANING.keys()
    examples: dict[str, Any] = {"bool": True, "int": 3, "real": 2.5}
    types = {"bool": bool, "int": int, "real": float}
    for name, choices in ARGUMENTS.items():
        for kinds in choices:
            result = ops.apply(name, *(examples[kind] for kind in kinds))
            assert type(result) is types[ops.result_kind(name, kinds)], name


# ----------------------------------------------------------------------------------- dump


def example() -> Program:
    good = both(pt(Index(J0)) > Const(30.0, True), abs(pt(Index(J0))) < 2.5)
    number = reduce("count", (J0,), Const(1), good)
    cut = call("ge", number, Const(2, True))
    pair = pick((J0, L0), TRUE, -(pt(Index(J0)) + lepton_pt(Index(L0))), 0)
    union = store((J0, L0), (pt(Index(J0)), lepton_pt(Index(L0))))
    every = Axis(JET + LEP, 0)
    hardest = Part(pick((every,), TRUE, None, 1), 0)
    bins = (Uniform(4, 0.0, 100.0), Variable((0.0, 1.0, 5.0)))
    missing = counter(call("lt", Part(pair, 1), Const(0)))
    values = (pt(Part(pair, 0)), Element(union, hardest))
    return Program(
        (
            RegionOutput(
                "SR",
                (
                    StepOutput("two jets", counter(cut), missing),
                    StepOutput("weight MET", fill((), (), (), cut, MET), None, True),
                ),
                BinsOutput(("low", 'MET > "1"'), fill(bins[1:], (), (MET,), cut, ONE)),
                (
                    HistogramOutput(
                        "h",
                        "a title",
                        (fill(bins, (), values, cut, MET), fill(bins, (), values, TRUE, ONE)),
                    ),
                ),
            ),
        )
    )


DUMP = """\
%0 = index(Jet#-1) : int [Jet#-1]
%1 = column(Jet_pt float32, Jet[%0]) : real [Jet#-1]
%2 = gt(%1, $30.0) : bool [Jet#-1]
%3 = abs(%1) : real [Jet#-1]
%4 = lt(%3, 2.5) : bool [Jet#-1]
%5 = and(%2, %4) : bool [Jet#-1]
%6 = count[Jet#-1](1 if %5) : int
%7 = ge(%6, $2) : bool
%8 = fill(1 if %7) : fill
%9 = column(MET float32) : real
%10 = fill(1 if %7 weight %9) : fill
%11 = index(Lep#-2) : int [Lep#-2]
%12 = column(Lep_pt float64, Lep[%11]) : real [Lep#-2]
%13 = add(%1, %12) : real [Lep#-2, Jet#-1]
%14 = neg(%13) : real [Lep#-2, Jet#-1]
%15 = pick[Jet#-1, Lep#-2](0 by %14) : pick
%16 = part(%15, 1) : int
%17 = lt(%16, 0) : bool
%18 = fill(1 if %17) : fill
%19 = fill(%9 in variable(0.0, 1.0, 5.0) if %7) : fill
%20 = part(%15, 0) : int
%21 = column(Jet_pt float32, Jet[%20]) : real
%22 = index(Lep#-1) : int [Lep#-1]
%23 = column(Lep_pt float64, Lep[%22]) : real [Lep#-1]
%24 = store[Jet#-1, Lep#-1](%1, %23) : store
%25 = pick[Jet+Lep#-1](1) : pick
%26 = part(%25, 0) : int
%27 = element(%24, %26) : real
%28 = fill(%21 in uniform(4, 0.0, 100.0), %27 in variable(0.0, 1.0, 5.0) if %7 weight %9) : fill
%29 = fill(%21 in uniform(4, 0.0, 100.0), %27 in variable(0.0, 1.0, 5.0)) : fill

region SR
  step 'two jets' %8 missing %18
  weight 'weight MET' %10
  bins 'low', 'MET > "1"' %19
  histogram h 'a title' %28, %29
"""


def test_the_dump_shows_every_node_once_and_the_outputs_of_each_region() -> None:
    verify(example())
    assert dump(example()) == DUMP


def test_the_dump_does_not_depend_on_nodes_that_were_built_before() -> None:
    noise = [pt(Index(L0)), MET + 7.0, example().fills]
    assert dump(example()) == DUMP
    assert len(noise) == 3  # alive until here


def test_the_dump_of_an_open_value_names_its_free_axes() -> None:
    assert dump_nodes([pt(Index(J1)) - lepton_pt(Index(L0))]).splitlines()[-1] == (
        "%4 = sub(%1, %3) : real [Jet#1, Lep#3]"
    )


def test_a_program_is_mapped_fill_by_fill() -> None:
    def without_weights(f: OutputT) -> OutputT:
        if isinstance(f, Record):
            return f
        return Fill(f.bins, f.axes, f.values, f.mask, ONE)

    mapped = example().map(without_weights)
    assert not any(f.weighted for f in mapped.fills)
    assert [s.missing for s in mapped.regions[0].steps] == [example().fills[2], None]
    assert example().map(lambda f: f).regions == example().regions


def test_a_binder_in_an_open_body_opens_no_axis_of_that_body() -> None:
    jet = Axis(("Jet",), 0)
    (outer,), _ = opened(reduce("count", (jet,), Const(1), TRUE))
    inner = Axis(("Jet",), 1)
    mask = call("lt", Index(inner), Index(outer))  # how many come before the outer one
    count = reduce("count", (inner,), Const(1), mask)
    (own,), (_, open_mask) = opened(count)
    assert own != outer
    assert open_mask is call("lt", Index(own), Index(outer))


def test_what_is_replaced_is_no_axis_that_a_binder_inside_opens() -> None:
    jet = Axis(("Jet",), 0), Axis(("Jet",), 1), Axis(("Jet",), 2)

    def before(axis: Axis) -> Node:
        mask = call("lt", Index(jet[2]), Index(axis))
        return reduce("count", (jet[2],), Const(1), mask)

    # Each count knows one axis of the pair: its own one could be taken for the other.
    mask = both(call("eq", before(jet[0]), Const(0)), call("eq", before(jet[1]), Const(1)))
    (first, second), (_, body) = opened(reduce("count", jet[:2], Const(1), mask))
    new = Const(7), Const(8)
    found = substitute(body, {Index(first): new[0], Index(second): new[1]})

    def after(value: Const) -> Node:
        return reduce("count", (jet[2],), Const(1), call("lt", Index(jet[2]), value))

    assert found is both(call("eq", after(new[0]), Const(0)), call("eq", after(new[1]), Const(1)))
