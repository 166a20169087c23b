"""Random corrections, and their values by correctionlib, by the interpreter and by a kernel."""

from __future__ import annotations

import math
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from correctionlib import _core, schemav2
from hypothesis import strategies as st

from adl.compiler.ir import TRUE, Column, Const, Node, Record
from adl.compiler.layout import Chunk, Partial
from adl.compiler.lower.corrections import corrected_at
from adl.compiler.pipeline import Compiled, of_program
from adl.compiler.program import Program
from adl.stdlib.corrections.files import Correction, read

Point = tuple[float | int, ...]

INPUTS = (("x", "real"), ("y", "real"), ("n", "int"))
REALS = ("x", "y")
NUMBERS = tuple(name for name, _ in INPUTS)
EDGES = (-math.inf, -2.0, -1.0, 0.0, 0.1, 0.5, 1.0, 3.0, 10.0, math.inf)
FINITE = EDGES[1:-1]
KEYS = (-1, 0, 4, 5)
# Formulas of which every step is exact arithmetic.
EXACT = (
    "x",
    "-x",
    "1.5 + 0.25*x",
    "x*y - 2*x + 0.1",
    "(x + 1)/(y + 3)",
    "sqrt(abs(x)) + y",
    "max(x, y) - min(x, 0.3)",
    "(x > y) + 2*(x == 1) + 3*(x != y)",
    "(x >= 0.5 && y < 1) - (x <= 0 || y > 3)",
    "x[0] - x[1]*3",
    "[0] + [1]*x - [0]*y",
)
# One function at the end: nothing after it makes its last bits count for more.
ROUNDED = (
    *(f"{f}(x)" for f in ("sin", "cos", "tan", "atan", "exp", "sinh", "cosh", "tanh", "asinh")),
    *(f"{f}(x)" for f in ("erf", "acosh", "atanh")),
    *(f"{f}(abs(x))" for f in ("log", "log10")),
    *(
        "asin(x/10)",
        "acos(x/10)",
        "atanh(x/50)",
        "atan2(x, y)",
        "pow(abs(x), y)",
        "abs(x)^1.5",
        "x^2",
    ),
)


def bits(x: float) -> int:
    x = math.nan if math.isnan(x) else x  # NaNs compare equal
    return int(struct.unpack("<q", struct.pack("<d", x))[0])


def ulps(x: float, y: float) -> float:
    """Return how many doubles lie between; 0 for two NaNs."""
    if math.isnan(x) or math.isnan(y):
        return 0 if math.isnan(x) and math.isnan(y) else math.inf
    ordered = [b if (b := bits(v)) >= 0 else -(1 << 63) - b for v in (x, y)]
    return abs(ordered[0] - ordered[1])


# ------------------------------------------------------------------------------- random trees

CONSTANTS = st.sampled_from((0.0, -0.0, 1.0, 1.025, -3.5, 1e300, 0.1))


def uneven() -> st.SearchStrategy[list[Any]]:
    edges = st.lists(st.sampled_from(EDGES), min_size=2, max_size=5, unique=True)
    # JSON has no infinity: it is a text there.
    return edges.map(lambda found: [x if math.isfinite(x) else str(x) for x in sorted(found)])


def even() -> st.SearchStrategy[dict[str, Any]]:
    ends = st.lists(st.sampled_from(FINITE), min_size=2, max_size=2, unique=True).map(sorted)
    return st.builds(lambda n, e: {"n": n, "low": e[0], "high": e[1]}, st.integers(1, 4), ends)


def number_of(edges: Any) -> int:
    return edges["n"] if isinstance(edges, dict) else len(edges) - 1


@st.composite
def formulas(draw: Any, expressions: Sequence[str]) -> dict[str, Any]:
    variables = draw(st.permutations(REALS))
    parameters = draw(st.lists(CONSTANTS, min_size=2, max_size=2))
    return {
        "nodetype": "formula",
        "expression": draw(st.sampled_from(expressions)),
        "parser": "TFormula",
        "variables": variables,
        "parameters": parameters,
    }


@st.composite
def referred(draw: Any) -> dict[str, Any]:
    parameters = draw(st.lists(CONSTANTS, min_size=2, max_size=2))
    return {"nodetype": "formularef", "index": draw(st.integers(0, 1)), "parameters": parameters}


@st.composite
def draws(draw: Any, distributions: Sequence[str]) -> dict[str, Any]:
    distribution = draw(st.sampled_from(distributions))
    inputs = draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=9))
    return {"nodetype": "hashprng", "inputs": inputs, "distribution": distribution}


@st.composite
def binnings(draw: Any, contents: Any, bins: Any) -> dict[str, Any]:
    edges = draw(bins)
    flow = draw(st.one_of(st.sampled_from(("clamp", "error", "wrap")), contents))
    count = number_of(edges)
    return {
        "nodetype": "binning",
        "input": draw(st.sampled_from(NUMBERS)),
        "edges": edges,
        "content": draw(st.lists(contents, min_size=count, max_size=count)),
        "flow": flow,
    }


@st.composite
def multibinnings(draw: Any, contents: Any, bins: Any) -> dict[str, Any]:
    inputs = draw(st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3))
    edges = [draw(bins) for _ in inputs]
    count = math.prod(map(number_of, edges))
    # Many cells: some contents, again and again.
    some = draw(st.lists(contents, min_size=1, max_size=4))
    return {
        "nodetype": "multibinning",
        "inputs": inputs,
        "edges": edges,
        "content": [some[i % len(some)] for i in range(count)],
        "flow": draw(st.one_of(st.sampled_from(("clamp", "error", "wrap")), contents)),
    }


@st.composite
def categories(draw: Any, contents: Any) -> dict[str, Any]:
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True))
    return {
        "nodetype": "category",
        "input": "n",
        "content": [{"key": k, "value": draw(contents)} for k in keys],
        "default": draw(st.one_of(st.none(), contents)),
    }


@st.composite
def transforms(draw: Any, contents: Any) -> dict[str, Any]:
    return {
        "nodetype": "transform",
        "input": draw(st.sampled_from(NUMBERS)),
        "rule": draw(contents),
        "content": draw(contents),
    }


def trees(
    expressions: Sequence[str], bins: Any, *, rewriting: bool, normal: bool = False
) -> st.SearchStrategy[Any]:
    """Return trees over these bins.

    correctionlib reads anywhere in memory for what even bins cannot place: NaN, and infinity where
    they wrap. So trees with even bins rewrite nothing, and are asked about finite numbers. What
    rewrites may compute a NaN, whose sign is the processor's own: correctionlib draws by it, and we
    draw by the one NaN. So these trees draw nothing.
    """
    distributions = ("stdflat", "normal", "stdnormal") if normal else ("stdflat",)
    drawing = () if rewriting else (draws(distributions),)
    leaves = st.one_of(CONSTANTS, formulas(expressions), referred(), *drawing)

    def grown(inner: Any) -> Any:
        more = (transforms(inner),) if rewriting else ()
        return st.one_of(
            binnings(inner, bins), multibinnings(inner, bins), categories(inner), *more
        )

    return st.recursive(leaves, grown, max_leaves=12)


def written(data: Any, **more: Any) -> dict[str, Any]:
    """Return the text of a file with one correction, as correctionlib's own models write it."""
    generic = [
        {"nodetype": "formula", "expression": e, "parser": "TFormula", "variables": ["x", "y"]}
        for e in ("[0] + [1]*x", "[1]/([0] + y) - 1")
    ]
    return {
        "schema_version": 2,
        "corrections": [
            {
                "name": "test",
                "version": 1,
                "inputs": [{"name": n, "type": k} for n, k in INPUTS],
                "output": {"name": "out", "type": "real"},
                "generic_formulas": generic,
                "data": data,
            }
        ],
        **more,
    }


def saved(content: dict[str, Any], path: Path) -> tuple[Correction, Any]:
    """Write a file; return the correction of ours and that of correctionlib."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # stdnormal, which files have
        model = schemav2.CorrectionSet.model_validate(content)
    path.write_text(model.model_dump_json(exclude_unset=True))
    # Written anew within one tick of the clock it can look unchanged.
    read.__globals__["_read"].cache_clear()
    return read(path).corrections["test"], _core.CorrectionSet.from_file(str(path))["test"]


# ------------------------------------------------------------------------------------ values


def theirs(correction: Any, point: Point) -> float | None:
    """Return correctionlib's value; None where it raises an exception."""
    try:
        return float(correction.evaluate(*point))
    except (RuntimeError, IndexError, ValueError):
        return None


def ours(
    correction: Correction, given: Sequence[str | int | None], points: Sequence[Point]
) -> list[tuple[list[float], dict[str, int], Compiled]]:
    """Return values and rejections at points: those of the interpreter, those of a kernel."""
    kinds = [i.kind for i, g in zip(correction.inputs, given, strict=True) if g is None]
    stored = {"real": "float64", "int": "int64"}
    columns = [Column(f"c{i}", stored[kind]) for i, kind in enumerate(kinds)]
    value = corrected_at(correction, given, list[Node](columns), TRUE)
    held: tuple[Node, ...] = (*columns, value, Const(1))
    compiled = of_program(Program((), inputs=(Record((), held, TRUE),)))
    arrays = {
        column.name: np.array([p[i] for p in points], column.dtype)
        for i, column in enumerate(columns)
    }
    chunk = Chunk(len(points), arrays, {})
    return [
        (found.rows[0].values[-2].tolist(), _numbers(found), compiled)
        for found in (compiled.interpret(chunk), compiled.run(chunk))
    ]


def _numbers(partial: Partial) -> dict[str, int]:
    return {f"{f.message} first in {f.event}": f.number for f in partial.faults}
