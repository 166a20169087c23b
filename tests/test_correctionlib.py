"""Corrections are equal to correctionlib's own evaluator, in the interpreter and in kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.correction_trees import (
    EDGES,
    EXACT,
    KEYS,
    ROUNDED,
    Point,
    bits,
    even,
    ours,
    saved,
    theirs,
    trees,
    ulps,
    uneven,
    written,
)

BETWEEN = (-5.0, -0.5, 0.05, 0.3, 0.75, 2.5, 9.0, 50.0, -0.0, 1e308)
REAL = (*EDGES, *BETWEEN)
FINITE = tuple(x for x in REAL if math.isfinite(x) and abs(x) < 1e300)
WHOLE = (*KEYS, 1, 3, -7, 2**40)


def points(reals: tuple[float, ...]) -> st.SearchStrategy[list[Point]]:
    one = st.tuples(st.sampled_from(reals), st.sampled_from(reals), st.sampled_from(WHOLE))
    return st.lists(one, min_size=1, max_size=12)


def agree(data: Any, at: Sequence[Point], folder: Path, within: int = 0) -> None:
    """Check that every value is that of correctionlib, and NaN where it raises an exception."""
    mine, reference = saved(written(data), folder / "test.json")
    interpreted, compiled = ours(mine, (None, None, None), at)
    assert list(map(bits, interpreted[0])) == list(map(bits, compiled[0]))
    assert interpreted[1] == compiled[1]
    expected = [theirs(reference, point) for point in at]
    for point, value, wanted in zip(at, interpreted[0], expected, strict=True):
        assert ulps(value, math.nan if wanted is None else wanted) <= within, (point, wanted)
    # Every exception is said, and nothing else is.
    assert sum(interpreted[1].values()) == expected.count(None)


CALM = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@CALM
@given(
    st.booleans().flatmap(lambda how: trees(EXACT, uneven(), rewriting=how)),
    points((*REAL, math.nan)),
)
def test_a_random_tree_is_equal_to_the_bit(tmp_path: Path, data: Any, at: list[Point]) -> None:
    agree(data, at, tmp_path)


@CALM
@given(trees(EXACT, st.one_of(even(), uneven()), rewriting=False), points(FINITE))
def test_even_bins_are_equal_to_the_bit(tmp_path: Path, data: Any, at: list[Point]) -> None:
    agree(data, at, tmp_path)


@CALM
@given(trees(ROUNDED, uneven(), rewriting=False, normal=True), points(FINITE))
def test_functions_are_equal_within_two_last_places(
    tmp_path: Path, data: Any, at: list[Point]
) -> None:
    agree(data, at, tmp_path, within=2)


@pytest.mark.parametrize("flow", ["clamp", "error", "wrap", 7.0])
@pytest.mark.parametrize("edges", [[0.0, 1.0, 3.0], {"n": 3, "low": 0.0, "high": 3.0}])
def test_an_edge_belongs_to_the_bin_above_it(tmp_path: Path, flow: Any, edges: Any) -> None:
    count = edges["n"] if isinstance(edges, dict) else len(edges) - 1
    data = {
        "nodetype": "binning",
        "input": "x",
        "edges": edges,
        "content": [float(i) for i in range(count)],
        "flow": flow,
    }
    steps = [math.nextafter(e, to) for e in (0.0, 1.0, 3.0) for to in (-9.0, 9.0)]
    # A step below the first edge wraps to the end by rounding: no bin of correctionlib's is there.
    at = [(x, 0.0, 0) for x in (0.0, 1.0, 2.0, 3.0, *steps) if x >= 0 or flow != "wrap"]
    agree(data, at, tmp_path)


def test_a_draw_by_what_a_transform_gives(tmp_path: Path) -> None:
    formula = {"nodetype": "formula", "parser": "TFormula", "variables": ["x", "y"]}
    draw = {"nodetype": "hashprng", "inputs": ["x", "n"], "distribution": "stdflat"}
    rule = {**formula, "expression": "(x + 1)/(y + 3)"}
    data = {"nodetype": "transform", "input": "x", "rule": rule, "content": draw}
    agree(data, [(x, y, 4) for x in FINITE for y in FINITE], tmp_path)
    # The sign of a NaN that is computed is the processor's, and it must not choose the number.
    mine, _ = saved(written(data), tmp_path / "test.json")
    for values, _, _ in ours(
        mine, (None, None, None), [(math.nan, 0.0, 4), (math.inf, math.inf, 4)]
    ):
        assert values[0] == values[1]


def test_nan_in_even_bins_is_no_number(tmp_path: Path) -> None:
    bins = {"n": 2, "low": 0.0, "high": 1.0}
    data = {"nodetype": "binning", "input": "x", "edges": bins, "content": [1.0, 2.0], "flow": 0.0}
    mine, _ = saved(written(data), tmp_path / "test.json")
    for values, said, _ in ours(mine, (None, None, None), [(math.nan, 0.0, 0), (0.7, 0.0, 0)]):
        assert math.isnan(values[0])
        assert values[1] == 2.0
        assert said == {"x is not a finite number first in 0": 1}


def grid(bins: int) -> dict[str, Any]:
    """Return bins of formulas of one shape, each with numbers of its own."""
    formula = {"nodetype": "formula", "parser": "TFormula", "variables": ["y"]}
    return {
        "nodetype": "binning",
        "input": "x",
        "edges": [float(i) for i in range(bins + 1)],
        "content": [{**formula, "expression": f"{i}.5 + {i + 1}*x"} for i in range(bins)],
        "flow": "error",
    }


def test_code_does_not_grow_with_the_bins(tmp_path: Path) -> None:
    texts = []
    for bins in (3, 300):
        mine, reference = saved(written(grid(bins)), tmp_path / f"{bins}.json")
        at = [(2.5, 0.25, 0), (bins - 0.5, 3.0, 0)]
        (values, _, _), (_, _, compiled) = ours(mine, (None, None, None), at)
        assert values == [theirs(reference, point) for point in at]
        texts.append(compiled.module.text)
    # Only the places of the numbers differ.
    assert len(texts[0].splitlines()) == len(texts[1].splitlines())
