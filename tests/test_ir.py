"""The IR: interning, binding, substitution, and programs that are deep."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adl.compiler.dump import dump_nodes
from adl.compiler.ir import (
    FALSE,
    NAN,
    ONE,
    TRUE,
    Axis,
    Call,
    Column,
    Const,
    Fill,
    Index,
    Node,
    Part,
    Uniform,
    as_real,
    both,
    call,
    conjuncts,
    either,
    fill,
    invert,
    lift,
    pick,
    postorder,
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
from tests.jets_and_leptons import (
    J0,
    J1,
    J2,
    JET,
    L0,
    LEP,
    MET,
    chain,
    counter,
    lepton_pt,
    program,
    pt,
)

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
