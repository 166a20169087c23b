"""The reference interpreter, against numbers worked out by hand, numpy and boost-histogram."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import boost_histogram as bh
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adl.compiler.ir import (
    NAN,
    ONE,
    TRUE,
    Axis,
    Binning,
    Column,
    Const,
    Element,
    Fill,
    Index,
    Node,
    Part,
    Uniform,
    Variable,
    as_real,
    both,
    call,
    fill,
    lift,
    pick,
    reduce,
    store,
)
from adl.compiler.layout import Chunk, Partial, layout
from adl.compiler.program import Program, RegionOutput, StepOutput
from adl.compiler.targets.cells import find_bin
from adl.compiler.targets.reference import evaluate, evaluate_in_time, run
from adl.stdlib import ops
from adl.stdlib.elementary import atan2, sin

INF = math.inf
JETS, MUONS = ("Jet",), ("Muon",)
J, K, M = Axis(JETS, 0), Axis(JETS, 1), Axis(MUONS, 2)
X = Column("x", "float64", None, None)
W = Column("w", "float64", None, None)


def jet(at: Node | Axis, name: str = "pt", dtype: str = "float64") -> Node:
    return Column(f"Jet_{name}", dtype, "Jet", Index(at) if isinstance(at, Axis) else at)


def muon(at: Node | Axis) -> Node:
    return Column("Muon_pt", "float64", "Muon", Index(at) if isinstance(at, Axis) else at)


def ragged(values: Sequence[Sequence[float]]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    sizes = [len(event) for event in values]
    flat = np.array([v for event in values for v in event], np.float64)
    return flat, np.cumsum([0, *sizes], dtype=np.int64)


def of_jets(*events: Sequence[float]) -> Chunk:
    """A chunk of events that have nothing but the pt of jets."""
    flat, offsets = ragged(events)
    return Chunk(len(events), {"Jet_pt": flat}, {"Jet": offsets})


def of_jets_and_muons(jets: Sequence[Sequence[float]], muons: Sequence[Sequence[float]]) -> Chunk:
    (jet_pt, jet_offsets), (muon_pt, muon_offsets) = ragged(jets), ragged(muons)
    columns = {"Jet_pt": jet_pt, "Muon_pt": muon_pt}
    return Chunk(len(jets), columns, {"Jet": jet_offsets, "Muon": muon_offsets})


def of_values(x: Sequence[float], w: Sequence[float] = ()) -> Chunk:
    columns = {"x": np.array(x, np.float64), "w": np.array(w, np.float64)}
    return Chunk(len(x), columns, {})


def program(*fills: Fill) -> Program:
    return Program((RegionOutput("SR", tuple(StepOutput("step", f) for f in fills)),))


def count(chunk: Chunk, *fills: Fill) -> Partial:
    return run(program(*fills), chunk)


def histogram(binning: Binning, value: Node = X, mask: Node = TRUE, weight: Node = ONE) -> Fill:
    return fill((binning,), (), (value,), mask, weight)


def counter(mask: Node, weight: Node = ONE) -> Fill:
    return fill((), (), (), mask, weight)


def each_event(node: Node, chunk: Chunk) -> list[Any]:
    return [evaluate([node], chunk, event)[0] for event in range(chunk.events)]


def same(x: Any, y: Any) -> bool:
    """Whether two results are equal bit by bit, any NaN like any other."""
    return repr(x) == repr(y)


def test_an_event_whose_loops_take_too_long_has_no_value_and_the_next_has() -> None:
    total = reduce("sum", (J,), jet(J), TRUE)
    events = of_jets([1.0, 2.0], [], [4.0])
    assert list(evaluate_in_time([total], events, range(3), INF)) == [[3.0], [0.0], [4.0]]
    assert list(evaluate_in_time([total], events, range(3), -1.0)) == [None, [0.0], None]


# ------------------------------------------------------------------------------- columns


def test_a_counter_counts_the_events_that_pass() -> None:
    partial = count(of_values([1.0, 2.0, 3.0, math.nan]), counter(TRUE), counter(X > 1.5))
    assert partial.raw.tolist() == [4, 2]
    assert partial.skipped.tolist() == [0, 0]
    assert partial.sumw.size == 0


def test_a_program_over_no_events_counts_nothing() -> None:
    partial = count(of_values([]), counter(TRUE), histogram(Uniform(2, 0.0, 1.0), weight=X))
    assert partial.raw.tolist() == [0, 0, 0, 0, 0]
    assert partial.sumw.tolist() == partial.sumw2.tolist() == [0.0, 0.0, 0.0, 0.0]


def test_32_bit_columns_are_compared_as_doubles() -> None:
    chunk = Chunk(2, {"x": np.array([0.1, 0.3], np.float32)}, {})
    x = Column("x", "float32", None, None)
    # float32(0.1) > 0.1 and float32(0.3) > 0.3, as doubles; as float32 they are equal
    assert count(chunk, counter(x > 0.1)).raw.tolist() == [2]
    assert each_event(x, chunk) == [0.10000000149011612, 0.30000001192092896]


@pytest.mark.parametrize(
    ("dtype", "stored", "value"),
    [
        ("uint64", 2**63 + 5, -(2**63) + 5),
        ("uint64", 2**64 - 1, -1),
        ("int64", -(2**63), -(2**63)),
        ("uint8", 255, 255),
        ("int32", -7, -7),
        ("bool", True, True),
        ("float32", 0.5, 0.5),
    ],
)
def test_a_column_is_read_as_python_number_of_its_kind(dtype: str, stored: Any, value: Any) -> None:
    chunk = Chunk(1, {"c": np.array([stored], dtype)}, {})
    assert same(each_event(Column("c", dtype, None, None), chunk), [value])


@pytest.mark.parametrize(
    ("dtype", "missing"), [("float32", math.nan), ("int32", 0), ("bool", False)]
)
def test_a_column_at_no_element_is_nan_zero_or_false(dtype: str, missing: Any) -> None:
    chunk = Chunk(1, {"Jet_c": np.array([1, 1], dtype)}, {"Jet": np.array([0, 2])})
    for position in (-1, -2):
        column = jet(Const(position), "c", dtype)
        assert same(each_event(column, chunk), [missing])
    assert each_event(jet(Const(1), "c", dtype), chunk) == [1]


def test_offsets_need_not_begin_at_zero() -> None:
    chunk = Chunk(2, {"Jet_pt": np.array([9.0, 1.0, 2.0, 4.0, 9.0])}, {"Jet": np.array([1, 3, 4])})
    assert each_event(reduce("sum", (J,), jet(J), TRUE), chunk) == [3.0, 4.0]


# ---------------------------------------------------------------------------- operations


def test_arithmetic_of_integers_wraps_at_64_bits() -> None:
    big = Const(2**62)
    cases = {
        big + big: -(2**63),
        big * 8: 0,
        -(big + big): -(2**63),
        abs(big + big): -(2**63),
        ops.shl(Const(1), Const(63)): -(2**63),
    }
    assert evaluate(list(cases), of_values([0.0]), 0) == list(cases.values())


def test_division_and_roots_follow_ieee_754_and_never_raise() -> None:
    chunk = of_values([0.0])
    zero = X
    cases = [ops.div(ONE, zero), ops.div(ONE, -zero), ops.div(zero, zero), ops.sqrt(zero - 1.0)]
    assert same(evaluate(cases, chunk, 0), [INF, -INF, math.nan, math.nan])


def test_an_elementary_function_is_its_own_python_body() -> None:
    chunk = of_values([0.5, -3.0])
    assert each_event(sin(X), chunk) == [sin(0.5), sin(-3.0)]
    assert each_event(atan2(X, lift(2.0)), chunk) == [atan2(0.5, 2.0), atan2(-3.0, 2.0)]
    assert sin(0.5) == pytest.approx(math.sin(0.5), rel=1e-15)


# ---------------------------------------------------------------------------- reductions


@pytest.mark.parametrize(
    ("operation", "result"),
    [("sum", 0.0), ("prod", 1.0), ("min", INF), ("max", -INF)],
)
def test_a_reduction_of_no_element_is_its_neutral_value(operation: str, result: float) -> None:
    chunk = of_jets([], [5.0])
    nothing_passes = reduce(operation, (J,), jet(J), jet(J) > 9.0)
    assert same(each_event(nothing_passes, chunk), [result, result])
    assert same(each_event(reduce(operation, (J,), jet(J), TRUE), chunk), [result, 5.0])


def test_integer_and_boolean_reductions_of_no_element() -> None:
    cases = {
        reduce("sum", (J,), Index(J), TRUE): 0,
        reduce("prod", (J,), Index(J), TRUE): 1,
        reduce("min", (J,), Index(J), TRUE): 2**63 - 1,
        reduce("max", (J,), Index(J), TRUE): -(2**63),
        reduce("count", (J,), Const(1), TRUE): 0,
        reduce("any", (J,), jet(J) > 0.0, TRUE): False,
        reduce("all", (J,), jet(J) > 0.0, TRUE): True,
    }
    assert same(evaluate(list(cases), of_jets([]), 0), list(cases.values()))


def test_a_sum_is_folded_from_the_left_without_compensation() -> None:
    chunk = of_jets([1e16, 1.0, 1.0, -1e16], [1.0, 1.0, 1e16, -1e16], [0.1] * 10)
    total = reduce("sum", (J,), jet(J), TRUE)
    assert each_event(total, chunk) == [0.0, 2.0, 0.9999999999999999]


def test_a_sum_of_negative_zeros_starts_at_zero() -> None:
    total = reduce("sum", (J,), jet(J), TRUE)
    assert same(each_event(total, of_jets([-0.0, -0.0])), [0.0])


def test_a_product_is_folded_from_the_left() -> None:
    chunk = of_jets([1e308, 10.0, 0.01], [0.01, 1e308, 10.0])
    assert each_event(reduce("prod", (J,), jet(J), TRUE), chunk) == [INF, 0.01 * 1e308 * 10.0]


def test_integer_sums_and_products_wrap() -> None:
    values = np.array([2**62, 2**62, 3])
    chunk = Chunk(1, {"Jet_n": values}, {"Jet": np.array([0, 3])})
    n = jet(J, "n", "int64")
    folds = [reduce("sum", (J,), n, TRUE), reduce("prod", (J,), n, TRUE)]
    assert evaluate(folds, chunk, 0) == [-(2**63) + 3, 0]


def test_one_nan_makes_a_minimum_and_a_maximum_nan_unless_it_is_masked() -> None:
    chunk = of_jets([1.0, math.nan, 0.0], [math.nan], [2.0, 3.0])
    for operation, last in (("min", 2.0), ("max", 3.0)):
        extreme = reduce(operation, (J,), jet(J), TRUE)
        assert same(each_event(extreme, chunk), [math.nan, math.nan, last])
    real = call("eq", jet(J), jet(J))
    assert same(each_event(reduce("min", (J,), jet(J), real), chunk), [0.0, INF, 2.0])


def test_of_equal_extremes_the_first_stays() -> None:
    chunk = of_jets([0.0, -0.0], [-0.0, 0.0])
    for operation in ("min", "max"):
        assert same(each_event(reduce(operation, (J,), jet(J), TRUE), chunk), [0.0, -0.0])


def test_any_and_all_look_at_the_elements_that_pass() -> None:
    chunk = of_jets([1.0, 5.0], [5.0, 6.0], [1.0])
    hard, good = jet(J) > 4.0, jet(J) > 2.0
    assert each_event(reduce("any", (J,), hard, TRUE), chunk) == [True, True, False]
    assert each_event(reduce("all", (J,), hard, TRUE), chunk) == [False, True, False]
    assert each_event(reduce("all", (J,), hard, good), chunk) == [True, True, True]


def test_a_count_of_pairs_counts_each_pair_once() -> None:
    chunk = of_jets([1.0] * 4, [1.0], [])
    pairs = reduce("count", (J, K), Const(1), call("lt", Index(J), Index(K)))
    assert each_event(pairs, chunk) == [6, 0, 0]


def test_a_loop_inside_a_loop_sees_the_element_of_the_outer_one() -> None:
    jets = [[10.0, 20.0, 30.0], [5.0], [], [7.0]]
    muons = [[11.0, 28.0], [], [4.0], [1.0, 9.0]]
    chunk = of_jets_and_muons(jets, muons)
    nearest = reduce("min", (M,), abs(jet(J) - muon(M)), TRUE)
    total = reduce("sum", (J,), nearest, nearest < 5.0)
    assert each_event(total, chunk) == [1.0 + 2.0, 0.0, 0.0, 2.0]
    both_ways = reduce("max", (M,), reduce("min", (J,), abs(jet(J) - muon(M)), TRUE), TRUE)
    assert each_event(both_ways, chunk) == [2.0, -INF, INF, 6.0]


def test_two_loops_over_one_collection_inside_each_other_do_not_disturb_each_other() -> None:
    chunk = of_jets([3.0, 1.0, 2.0])
    below = reduce("count", (K,), Const(1), call("lt", jet(K), jet(J)))
    rank_times_pt = reduce("sum", (J,), as_real(below) * jet(J), TRUE)
    assert each_event(rank_times_pt, chunk) == [2.0 * 3.0 + 0.0 * 1.0 + 1.0 * 2.0]


# --------------------------------------------------------------------------------- picks


def places(
    chunk: Chunk, axes: tuple[Axis, ...], mask: Node, order: Node | None, k: int
) -> list[Any]:
    return each_event(pick(axes, mask, order, k), chunk)


def test_without_a_key_the_stored_order_counts() -> None:
    chunk = of_jets([1.0, 5.0, 2.0, 7.0], [1.0], [])
    good = jet(J) > 1.5
    assert places(chunk, (J,), good, None, 0) == [(1,), (-1,), (-1,)]
    assert places(chunk, (J,), good, None, 2) == [(3,), (-1,), (-1,)]
    assert places(chunk, (J,), good, None, 3) == [(-1,), (-1,), (-1,)]


def test_a_key_is_ascending_and_ties_keep_the_stored_order() -> None:
    chunk = of_jets([5.0, 1.0, 5.0, 1.0])
    order = [places(chunk, (J,), TRUE, jet(J), k)[0][0] for k in range(5)]
    assert order == [1, 3, 0, 2, -1]
    order = [places(chunk, (J,), TRUE, -jet(J), k)[0][0] for k in range(4)]
    assert order == [0, 2, 1, 3]


def test_a_key_that_is_no_number_comes_last() -> None:
    chunk = of_jets([math.nan, 3.0, math.nan, INF, -0.0, 0.0])
    order = [places(chunk, (J,), TRUE, jet(J), k)[0][0] for k in range(7)]
    assert order == [4, 5, 1, 3, 0, 2, -1]


def test_pairs_that_tie_come_in_lexicographic_order_of_their_positions() -> None:
    chunk = of_jets([1.0, 1.0, 1.0])
    distinct = call("ne", Index(J), Index(K))
    found = [places(chunk, (J, K), distinct, jet(J) + jet(K), k)[0] for k in range(7)]
    assert found == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (-1, -1)]


def test_the_best_pair_is_found_and_its_parts_are_read() -> None:
    chunk = of_jets_and_muons([[10.0, 50.0], [1.0]], [[45.0, 30.0, 49.0], []])
    pair = pick((J, M), TRUE, abs(jet(J) - muon(M)), 0)
    assert each_event(pair, chunk) == [(1, 2), (-1, -1)]
    gap = jet(Part(pair, 0)) - muon(Part(pair, 1))
    assert same(each_event(gap, chunk), [1.0, math.nan])


def test_a_pick_may_depend_on_the_element_of_a_loop_around_it() -> None:
    chunk = of_jets_and_muons([[10.0, 50.0, 31.0]], [[45.0, 30.0]])
    nearest = Part(pick((M,), TRUE, abs(jet(J) - muon(M)), 0), 0)
    assert each_event(reduce("sum", (J,), muon(nearest), TRUE), chunk) == [30.0 + 45.0 + 30.0]


# -------------------------------------------------------------------------------- unions

UNION = Axis(JETS + MUONS, 4)
STORED = store((J, M), (jet(J), muon(M) * 10.0))
UNITED = Element(STORED, Index(UNION))


def test_a_union_runs_over_its_collections_one_after_the_other() -> None:
    chunk = of_jets_and_muons([[1.0, 2.0], [], [7.0]], [[0.3], [0.4, 0.5], []])
    assert each_event(STORED, chunk) == [[1.0, 2.0, 3.0], [4.0, 5.0], [7.0]]
    assert each_event(reduce("sum", (UNION,), UNITED, TRUE), chunk) == [6.0, 9.0, 7.0]
    assert each_event(reduce("max", (UNION,), Index(UNION), TRUE), chunk) == [2, 1, 0]


def test_a_pick_over_a_union_reads_the_store() -> None:
    chunk = of_jets_and_muons([[1.0, 5.0], [], []], [[0.3], [0.4, 0.9], []])
    hardest = Part(pick((UNION,), TRUE, -UNITED, 0), 0)
    second = Part(pick((UNION,), TRUE, -UNITED, 1), 0)
    assert each_event(hardest, chunk) == [1, 1, -1]
    assert same(each_event(Element(STORED, hardest), chunk), [5.0, 9.0, math.nan])
    assert same(each_event(Element(STORED, second), chunk), [3.0, 4.0, math.nan])


def test_a_fill_over_a_union_fills_each_element() -> None:
    chunk = of_jets_and_muons([[1.0, 5.0], [], [3.0]], [[0.3], [0.4, 0.9], []])
    entries = fill((Uniform(10, 0.0, 10.0),), (UNION,), (UNITED,), UNITED > 1.0, ONE)
    assert count(chunk, entries).raw.tolist() == [0, 0, 0, 0, 2, 1, 1, 0, 0, 0, 1, 0]


def test_a_store_keeps_values_that_need_a_loop() -> None:
    chunk = of_jets([3.0, 1.0, 2.0])
    below = reduce("count", (K,), Const(1), call("lt", jet(K), jet(J)))
    assert each_event(store((J,), (below,)), chunk) == [[2, 0, 1]]


@pytest.mark.parametrize(("value", "missing"), [(ONE, math.nan), (Const(1), 0), (TRUE, False)])
def test_an_element_at_no_position_is_nan_zero_or_false(value: Node, missing: Any) -> None:
    assert same(each_event(Element(store((J,), (value,)), Const(-1)), of_jets([1.0])), [missing])


# ----------------------------------------------------------------------------- histograms

AXES: list[Binning] = [
    Uniform(10, 0.0, 1.0),
    Uniform(7, 0.1, 0.7),
    Uniform(60, -3.3, 12.1),
    Uniform(1, 0.0, 1e-300),
    Uniform(3, 91.0, 91.3),
    Variable((0.0, 0.5, 2.0, 10.0)),
    Variable((-1.0, 1e-3)),
]


def of_boost(binning: Binning) -> bh.axis.Axis:
    if isinstance(binning, Uniform):
        return bh.axis.Regular(*binning)
    assert isinstance(binning, Variable)
    return bh.axis.Variable(binning.edges)


def near_edges(binning: Binning) -> list[float]:
    """Every edge as written and as computed, its neighbours, and far values."""
    edges = of_boost(binning).edges.tolist()
    if isinstance(binning, Uniform):
        steps = range(binning.number + 1)
        width = binning.upper - binning.lower
        edges += [binning.lower + width / binning.number * i for i in steps]
        edges += [round(edge, 2) for edge in edges]
    around = [math.nextafter(edge, away) for edge in edges for away in (-INF, INF)]
    return [*edges, *around, 0.0, -0.0, 5e-324, -5e-324, 1e300, -1e300]


@pytest.mark.parametrize("binning", AXES, ids=str)
def test_bins_are_those_of_boost_histogram_at_every_edge(binning: Binning) -> None:
    x = near_edges(binning)
    mirror = of_boost(binning)
    assert [find_bin(binning, v) for v in x] == [int(mirror.index(v)) + 1 for v in x]
    mirrored = bh.Histogram(mirror).fill(x).view(flow=True)
    assert count(of_values(x), histogram(binning)).raw.tolist() == mirrored.tolist()


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 200),
    st.floats(-1e6, 1e6),
    st.floats(1e-6, 1e6),
    st.lists(st.floats(-2.0, 3.0) | st.sampled_from([0.0, 1.0]), min_size=1),
)
def test_uniform_bins_are_those_of_boost_histogram_for_any_range(
    number: int, lower: float, width: float, places_in_range: list[float]
) -> None:
    binning = Uniform(number, lower, lower + width)
    x = [lower + place * width for place in places_in_range]
    mirror = of_boost(binning)
    assert [find_bin(binning, v) for v in x] == [int(mirror.index(v)) + 1 for v in x]


def test_lower_edges_belong_to_their_bin_and_the_upper_end_to_overflow() -> None:
    x = [-0.1, 0.0, 0.5, math.nextafter(1.0, 0.0), 1.0, 2.0]
    chunk = of_values(x)
    for binning in (Uniform(2, 0.0, 1.0), Variable((0.0, 0.5, 1.0))):
        assert count(chunk, histogram(binning)).raw.tolist() == [1, 1, 2, 2]


def test_values_that_are_no_numbers_are_skipped_and_counted() -> None:
    chunk = of_values([0.5, math.nan, INF, -INF, 0.5], [1.0, 2.0, 4.0, math.nan, 8.0])
    weighted = histogram(Uniform(1, 0.0, 1.0), weight=W)
    partial = count(chunk, weighted, counter(TRUE, W))
    assert partial.raw.tolist() == [5, 0, 2, 0]  # the counter comes first
    assert partial.sumw.tolist() == [15.0, 0.0, 9.0, 0.0]
    assert partial.sumw2.tolist() == [85.0, 0.0, 65.0, 0.0]
    assert partial.skipped.tolist() == [1, 3]


@pytest.mark.parametrize("weight", [math.nan, INF, -INF])
def test_an_entry_whose_weight_is_no_number_counts_but_adds_no_weight(weight: float) -> None:
    partial = count(
        of_values([0.5, 0.5], [weight, -2.0]), histogram(Uniform(1, 0.0, 1.0), weight=W)
    )
    assert partial.raw.tolist() == [0, 2, 0]
    assert partial.sumw.tolist() == [0.0, -2.0, 0.0]
    assert partial.sumw2.tolist() == [0.0, 4.0, 0.0]
    assert partial.skipped.tolist() == [1]


def test_what_a_mask_excludes_is_not_skipped() -> None:
    chunk = of_values([math.nan, 0.5], [math.nan, 1.0])
    partial = count(chunk, histogram(Uniform(1, 0.0, 1.0), mask=W > 0.0, weight=W))
    assert partial.skipped.tolist() == [0]
    assert partial.sumw.tolist() == [0.0, 1.0, 0.0]


def test_a_constant_weight_is_a_weight_unless_it_is_one() -> None:
    chunk = of_values([0.5, 0.5])
    partial = count(chunk, counter(TRUE), counter(TRUE, Const(2.0)), counter(TRUE, NAN))
    assert partial.raw.tolist() == [2, 2, 2]
    assert partial.sumw.tolist() == [4.0, 0.0]
    assert partial.skipped.tolist() == [0, 0, 2]


def test_weights_are_added_in_the_order_of_events() -> None:
    weights = np.random.default_rng(5).lognormal(0.0, 9.0, 1000)
    x = np.random.default_rng(6).uniform(-0.2, 1.2, 1000)
    binning = Uniform(3, 0.0, 1.0)
    partial = count(of_values(x.tolist(), weights.tolist()), histogram(binning, weight=W))
    sumw, sumw2 = [0.0] * 5, [0.0] * 5
    for value, weight in zip(x.tolist(), weights.tolist(), strict=True):
        sumw[find_bin(binning, value)] += weight
        sumw2[find_bin(binning, value)] += weight * weight
    assert partial.sumw.tolist() == sumw
    assert partial.sumw2.tolist() == sumw2
    mirror = bh.Histogram(of_boost(binning), storage=bh.storage.Weight()).fill(x, weight=weights)
    np.testing.assert_allclose(partial.sumw, mirror.view(flow=True)["value"], rtol=1e-12)
    np.testing.assert_allclose(partial.sumw2, mirror.view(flow=True)["variance"], rtol=1e-12)


def test_the_first_axis_of_a_histogram_runs_fastest() -> None:
    rng = np.random.default_rng(7)
    x, w = rng.normal(0.5, 0.5, 500), rng.normal(1.0, 2.0, 500)
    bins = (Uniform(4, 0.0, 1.0), Variable((-1.0, 0.5, 3.0)), Uniform(2, -1.0, 1.0))
    chunk = of_values(x.tolist(), w.tolist())
    partial = count(chunk, fill(bins, (), (X, W, X * W), TRUE, ONE))
    mirror = bh.Histogram(*[of_boost(b) for b in bins]).fill(x, w, x * w).view(flow=True)
    assert partial.raw.tolist() == mirror.flatten(order="F").tolist()


def test_one_value_that_is_no_number_keeps_an_entry_out_once() -> None:
    bins = (Uniform(1, 0.0, 1.0), Uniform(1, 0.0, 1.0))
    partial = count(of_values([math.nan, 0.5], [math.nan, INF]), fill(bins, (), (X, W), TRUE, ONE))
    assert partial.skipped.tolist() == [2]
    assert partial.raw.sum() == 0


def test_a_fill_over_elements_fills_those_that_pass() -> None:
    jets = [[1.0, 2.0, math.nan], [], [3.0, 0.5]]
    binning = Variable((0.0, 1.0, 2.0, 3.0))
    every = fill((binning,), (J,), (jet(J),), TRUE, ONE)
    good = fill((binning,), (J,), (jet(J),), jet(J) > 0.9, jet(J))
    partial = count(of_jets(*jets), every, good)
    where = layout(program(every, good)).places[good]
    assert partial.raw[:5].tolist() == [0, 1, 1, 1, 1]
    assert partial.raw[where.cells : where.cells + 5].tolist() == [0, 0, 1, 1, 1]
    assert partial.sumw.tolist() == [0.0, 0.0, 1.0, 2.0, 3.0]
    assert partial.sumw2.tolist() == [0.0, 0.0, 1.0, 4.0, 9.0]
    assert partial.skipped.tolist() == [1, 0]


def test_a_fill_over_pairs_weighs_them_in_lexicographic_order() -> None:
    weights = [1e16, 1.0, -1e16]
    chunk = of_jets(weights)
    pairs = fill((), (J, K), (), call("lt", Index(J), Index(K)), jet(J) + jet(K))
    expected = 0.0
    for a, b in [(0, 1), (0, 2), (1, 2)]:
        expected += weights[a] + weights[b]
    partial = count(chunk, pairs)
    assert partial.raw.tolist() == [3]
    assert partial.sumw.tolist() == [expected]


def test_a_fill_over_elements_may_be_guarded_by_a_cut_on_the_event() -> None:
    chunk = of_jets([1.0, 2.0], [3.0], [4.0, 5.0, 6.0])
    two = call("ge", reduce("count", (J,), Const(1), TRUE), lift(2))
    entries = fill((Uniform(10, 0.0, 10.0),), (J,), (jet(J),), both(two, jet(J) > 1.5), ONE)
    assert count(chunk, entries).raw.tolist() == [0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0]


# -------------------------------------------------------------------------------- guards


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_regions_share_does_not_change_what_each_of_them_counts(data: st.DataObject) -> None:
    """Regions are random sequences of cuts; each fill counts what numpy counts."""
    x = np.array(data.draw(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0, math.nan]), max_size=12)))
    square, shifted = X * X, X * X + X
    cuts = [
        (X > -0.5, x > -0.5),
        (square < 3.0, x * x < 3.0),
        (shifted > 0.1, x * x + x > 0.1),
        (call("not", X > 1.0), ~(x > 1.0)),
    ]
    values = [(square, x * x), (shifted, x * x + x), (X + 1.0, x + 1.0)]
    fills, expected = [], []
    for _ in range(data.draw(st.integers(1, 6))):
        mask: Node = TRUE
        passing = np.ones(len(x), bool)
        for cut, also in data.draw(st.lists(st.sampled_from(cuts), max_size=5)):
            mask, passing = call("and", mask, cut), passing & also
        value, weights = data.draw(st.sampled_from(values))
        fills.append(counter(mask, value))
        finite = passing & np.isfinite(weights)
        expected.append((passing.sum(), (passing & ~finite).sum(), weights[finite].tolist()))
    whole = program(*fills)
    partial, places_of = run(whole, of_values(x.tolist())), layout(whole).places
    for one, (raw, skipped, weights) in zip(fills, expected, strict=True):
        _, number, cells, _, sums = places_of[one]
        assert partial.raw[cells] == raw
        assert partial.skipped[number] == skipped
        assert partial.sumw[sums] == pytest.approx(sum(weights))


def test_a_long_chain_of_cuts_needs_no_recursion() -> None:
    mask: Node = TRUE
    fills = []
    for i in range(1500):
        mask = both(mask, call("gt", X, Const(float(i))))
        fills.append(counter(mask))
    partial = count(of_values([0.0, 700.5, 1e6]), *fills)
    assert partial.raw.tolist() == [2] * 701 + [1] * 799


def test_chunks_add_up_to_the_whole() -> None:
    jets = [[1.0, 2.0], [], [3.0], [4.0, 5.0, 6.0], [0.5]]
    entries = fill((Uniform(10, 0.0, 10.0),), (J,), (jet(J),), TRUE, jet(J))
    whole = count(of_jets(*jets), entries, counter(TRUE))
    parts = count(of_jets(*jets[:2]), entries, counter(TRUE))
    parts.add(count(of_jets(*jets[2:]), entries, counter(TRUE)))
    assert parts.raw.tolist() == whole.raw.tolist()
    assert parts.sumw.tolist() == whole.sumw.tolist()
