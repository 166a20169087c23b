"""Searches that skip tuples by a lower bound find the same tuple as the interpreter does."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adl.check.checker import check
from adl.compiler.ir import Axis, Column, Const, Index, Node, call
from adl.compiler.layout import Chunk
from adl.compiler.pipeline import Compiled, build
from adl.compiler.pruning import bound, nonnegative
from adl.stdlib.models import load_model
from adl.syntax.parse import parse
from adl.syntax.source import Source

# Each with the number of loops that a bound stands before.
SEARCHES = {
    "two terms": (
        "define x = ((m(jets[-1] jets[-2]) - 80)/10)^2 + ((m(jets[-3] jets[-4]) - 90)/10)^2",
        "x ~= 0",
        1,
    ),
    "three terms, absolute": (
        "define x = abs(m(jets[-1]) - 8) + abs(m(jets[-2]) - 9) + abs(m(jets[-3]) - 7)",
        "x ~= 0",
        2,
    ),
    "a root of squares, far from 0": (
        "define x = sqrt((pT(jets[-1]) - 30)^2 + (pT(jets[-2]) - 40)^2)",
        "x ~= 20",
        1,
    ),
    "largest": ("define x = pT(jets[-1]) + pT(jets[-2])", "x ~! 0", 0),
    "one term": ("define x = m(jets[-1] jets[-2])", "x ~= 91.2", 0),
}


def compiled(definition: str, search: str) -> Compiled:
    text = f"""object jets
  take Jet
{definition}
region r
  select {search}
  histo h, "h", 200, 0, 200, x
  histo a, "a", 100, 0, 100, pT(jets[-1])
"""
    source = Source("search", text)
    schema = load_model("nanoaod").schema()
    return build(check(parse(source), source, schema, "auto")[0])


def events(program: Compiled, seed: int) -> Chunk:
    """Events of 0 to 6 jets on a coarse grid: ties everywhere, and now and then NaN or inf."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 7, 60)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    total = int(offsets[-1])

    def numbers(low: float, high: float) -> np.ndarray:
        values = np.round(rng.uniform(low, high, total) * 2) / 2
        values[rng.random(total) < 0.02] = rng.choice([math.nan, math.inf, -math.inf])
        return values

    ranges = {"pt": (20, 60), "eta": (-2, 2), "phi": (-3, 3), "mass": (0, 20)}
    columns = {
        c.name: numbers(*ranges[c.name.split("_")[1]]).astype(c.dtype)
        for c in program.program.columns
    }
    return Chunk(len(counts), columns, {"Jet": offsets})


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.filterwarnings("ignore:overflow")
def test_a_pruned_search_finds_what_the_interpreter_finds(name: str) -> None:
    definition, search, bounds = SEARCHES[name]
    program = compiled(definition, search)
    assert program.kernel.render().count("< best of") == bounds
    for seed in range(5):
        chunk = events(program, seed)
        fast, slow = program.run(chunk), program.interpret(chunk)
        assert fast.raw.tobytes() == slow.raw.tobytes()
        assert fast.skipped.tobytes() == slow.skipped.tobytes()
        assert fast.raw.sum() > 60


JET = (Index(Axis(("Jet",), 0)), Index(Axis(("Jet",), 1)))
A, B = (Column("Jet_pt", "float32", "Jet", i) for i in JET)
FIRST = frozenset([Axis(("Jet",), 0)])


def square(x: Node) -> Node:
    return call("mul", x, x)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (call("add", square(A), square(B)), square(A)),
        (call("add", square(B), call("abs", A)), call("abs", A)),
        (call("add", square(A), B), None),  # B may be negative
        (call("sqrt", call("add", square(A), square(B))), call("sqrt", square(A))),
        (
            call("mul", call("add", square(A), square(B)), Const(2.0)),
            call("mul", square(A), Const(2.0)),
        ),
        (call("mul", square(A), B), None),
        (call("sub", square(A), square(B)), None),
    ],
)
def test_a_bound_is_what_the_rules_allow(key: Node, expected: Node | None) -> None:
    assert bound(key, FIRST) is expected


def test_signs() -> None:
    datum = Const(4.0, True)
    assert nonnegative(Const(0.0))
    assert not nonnegative(Const(-1.0))
    assert not nonnegative(datum), "its value is data, not code"
    assert nonnegative(square(A))
    assert not nonnegative(A)
    assert not nonnegative(call("mul", A, B))
    assert not nonnegative(call("abs", JET[0])), "the least integer has a negative absolute value"
