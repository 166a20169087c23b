"""Tables and hit-or-miss: what they mean, and that the kernel agrees with the interpreter."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt
import pytest
import uproot
from click.testing import CliRunner

from adl.check.checker import check
from adl.cli import main
from adl.compiler.layout import Chunk
from adl.compiler.pipeline import Compiled, build
from adl.runtime.collect import collect
from adl.runtime.results import Cutflow, Histogram, Process
from adl.stdlib.models import Schema
from adl.stdlib.random import named, uniform
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.checking import NANOAOD, findings
from tests.test_differential import differences

Array = npt.NDArray[Any]

EFF = """
table eff
  tabletype efficiency
  nvars 1
  errors true
  0.5 0.1 0.2   20   50
  0.8 0.1 0.2   50  100
  0.9 0.1 0.2  100  200
"""
MAP = """
table map
  nvars 2
  0.1   0 50   0.0 1.5
  0.2  50 90   0.0 1.5
  0.3   0 50   1.5 2.5
  0.4  50 90   1.5 2.5
"""
JETS = "object jets\n  take Jet\n"


def codes(text: str, schema: Schema = NANOAOD) -> list[str]:
    return [f.code for f in findings(text, schema) if f.severity != "note"]


def compiled(text: str, seed: int = 1) -> Compiled:
    source = Source("tables.adl", text)
    return build(check(parse(source), source, NANOAOD)[0], seed)


def run(text: str, events: Chunk, seed: int = 1) -> tuple[list[Cutflow], list[Histogram]]:
    """Count with the kernel, which has to agree with the interpreter."""
    program = compiled(text, seed)
    partial = program.run(events)
    assert not differences(program.interpret(events), partial)
    cutflows, histograms = collect(program.program, program.layout, partial, Process("p", "p"))
    return list(cutflows), list(histograms)


def chunk(pts: list[list[float]], met: list[float] | None = None, **more: Array) -> Chunk:
    """Return events with jets of these pt; eta is 1, 2, 1, 2, …; the event's number counts."""
    flat = np.array([pt for event in pts for pt in event], np.float32)
    number = len(pts)
    columns: dict[str, Array] = {
        "Jet_pt": flat,
        "Jet_eta": (1 + np.arange(len(flat)) % 2).astype(np.float32),
        "MET_pt": np.array(met if met is not None else [0.0] * number, np.float32),
        "run": np.full(number, 5, np.uint32),
        "luminosityBlock": np.full(number, 6, np.uint32),
        "event": np.arange(number, dtype=np.uint64) + 100,
        **more,
    }
    offsets = np.concatenate([[0], np.cumsum([len(e) for e in pts])]).astype(np.int64)
    return Chunk(number, columns, {"Jet": offsets})


def values(expression: str, tables: str, met: list[float]) -> list[float]:
    """Return the value of an expression of MET for each number, NaN where it is none."""
    out = []
    for x in met:
        text = f"{tables}region r\n  weight w {expression}\n  select ALL\n"
        _, weight, last = run(text, chunk([[]], [x]))[0][0].steps
        out.append(np.nan if weight.skipped else last.sumw)
    return out


# ------------------------------------------------------------------------------- look-ups


def test_a_range_has_its_lower_end_and_the_largest_edge_is_in() -> None:
    found = values("eff(MET)", EFF, [19, 20, 49, 50, 100, 199, 200, 201, np.nan])
    np.testing.assert_array_equal(found, [np.nan, 0.5, 0.5, 0.8, 0.9, 0.9, 0.9, np.nan, np.nan])


def test_nearest_moves_a_point_to_the_edge() -> None:
    text = EFF.replace("nvars 1", "nvars 1\n  outside nearest")
    found = values("eff(MET)", text, [-5, 20, 200, 1e9, np.inf])
    np.testing.assert_array_equal(found, [0.5, 0.5, 0.9, 0.9, 0.9])


def test_zero_is_the_value_outside_if_the_table_says_so() -> None:
    text = EFF.replace("nvars 1", "nvars 1\n  outside zero")
    np.testing.assert_array_equal(values("eff(MET)", text, [19, 20, 201]), [0, 0.5, 0])


def test_in_cutlang_both_ends_are_in_and_the_first_row_counts() -> None:
    text = "info adl\n  dialect cutlang\n" + EFF
    np.testing.assert_array_equal(values("eff(MET)", text, [19, 50, 100, 201]), [0, 0.5, 0.8, 0])


def test_the_manual_says_what_is_outside() -> None:
    text = (Path(__file__).parents[1] / "grammar" / "README.md").read_text(encoding="utf-8")
    _, _, table = text.partition("<!-- outside -->")
    lines = [line for line in table.splitlines() if line.startswith("|")][2:7]
    shown = np.array([[float(cell) for cell in line.split("|")[1:-1]] for line in lines])
    head, rows = "table eff\n  nvars 1\n", "  0.5 20 50\n  0.8 50 100\n"
    for place, outside in enumerate(("", "  outside nearest\n", "  outside zero\n"), 1):
        found = values("eff(MET)", head + outside + rows, shown[:, 0].tolist())
        np.testing.assert_array_equal(found, shown[:, place])


def test_a_table_stands_in_expressions_and_in_reducers() -> None:
    text = EFF + JETS + 'region r\n  histo h, "h", 50, 0, 5, sum(eff(pT(jets))) + 2 * eff(60)\n'
    (h,) = run(text, chunk([[30, 60, 150], [], [25]]))[1]
    # 0.5 + 0.8 + 0.9 + 1.6, 1.6, 2.1
    expected, _ = np.histogram([3.8001, 1.6001, 2.1001], 50, (0, 5))
    np.testing.assert_array_equal(h.hist.view().value, expected)


def test_a_table_of_two_variables_runs_over_one_loop() -> None:
    text = MAP + JETS + 'region r\n  histo h, "h", 5, 0.05, 0.55, map(pT(jets), abs(eta(jets)))\n'
    (h,) = run(text, chunk([[30, 30, 60], [60]]))[1]  # eta 1 2 1 2
    np.testing.assert_array_equal(h.hist.view().value, [1, 1, 1, 1, 0])


REAL = """
table eff
  nvars 2
  0.5   20  50   0 1
  0.8   50 100   0 1
  0.7   20  50   1 2.4
table near
  nvars 1
  outside nearest
  0.9   20  50
region r
  select size(Jet) > 0
  histo leading, "l", 20, 0, 1, eff(pT(Jet[0]), abs(eta(Jet[0])))
  histo safe, "s", 20, 0, 9, sum(Jet j, pT(j) [] 20 50 ? (abs(eta(j)) < 1 ? eff(pT(j), abs(eta(j))) : 0) : 0)
  histo each, "e", 20, 0, 1, near(pT(Jet))
"""


def test_a_point_outside_is_said_after_the_run_and_ends_it_with_code_2(
    tmp_path: Path, real_data: Path
) -> None:
    file, path = tmp_path / "a.adl", real_data / "cms_opendata2015_ttbar_nano.root"
    file.write_text(REAL, encoding="utf-8")
    said, written = set(), set()
    for target in ("host", "reference"):
        out = tmp_path / target
        options = ["--target", target, "-q", "-o", str(out)]
        result = CliRunner().invoke(main, ["run", str(file), str(path), *options])
        assert result.exit_code == 2
        said.add(result.stderr)
        written.add((out / "results.json").read_bytes())
    (text,), (document,) = said, written  # whatever the target
    with uproot.open(path) as tree:
        pt = ak.values_astype(ak.firsts(tree["Events/Jet_pt"].array()), np.float64)
        eta = abs(ak.values_astype(ak.firsts(tree["Events/Jet_eta"].array()), np.float64))
    pt, eta = (ak.to_numpy(ak.fill_none(x, 21 - 20 * i)) for i, x in enumerate((pt, eta)))
    wide = eta > 2.4
    outside = {
        "abs(eta(Jet[0])) is above 2.4": wide,
        "pT(Jet[0]) is below 20": ~wide & (pt < 20),
        "pT(Jet[0]) is above 100": ~wide & (pt > 100),
        "no row holds the point (pT(Jet[0]), abs(eta(Jet[0])))": ~wide
        & ((eta >= 1) & (pt >= 50) & (pt <= 100)),
    }
    outside = {message: events for message, events in outside.items() if events.any()}
    assert len(outside) > 2
    found = {
        f["message"]: (f["events"], f["first"]["entry"]) for f in json.loads(document)["faults"]
    }
    assert found == {m: (e.sum(), e.argmax()) for m, e in outside.items()}
    for message, events in outside.items():
        line = f"a.adl:2: table eff: {message}, in {events.sum()} events, first for entry"
        assert f"{line} {events.argmax()} of {path}" in text


@pytest.mark.parametrize("variables", [1, 2, 3, 4])
def test_tables_of_any_number_of_variables_agree_with_numpy(variables: int) -> None:
    random = np.random.default_rng(variables)
    edges = [0.0, 10.0, 25.0, 60.0]
    shape = (3,) * variables
    content = np.round(random.random(shape), 3)
    rows = []
    for cell in np.ndindex(*shape):
        ranges = " ".join(f"{edges[i]} {edges[i + 1]}" for i in cell)
        rows.append(f"  {content[cell]} {ranges}")
    arguments = ["MET", "pT(jets[0])", "pT(jets[1])", "pT(jets[2])"][:variables]
    text = (
        f"table t\n  nvars {variables}\n  outside zero\n"
        + "\n".join(rows)
        + f"""
{JETS}
region r
  select size(jets) > 2
  weight w t({", ".join(arguments)})
  histo h, "h", 100, 0, 100, MET
"""
    )
    met = random.uniform(0, 70, 200).tolist()
    pts = random.uniform(0, 70, (200, 3)).astype(np.float32)
    (h,) = run(text, chunk(pts.tolist(), met))[1]
    points = np.column_stack([np.array(met, np.float32), pts])[:, :variables].astype(float)
    places = np.searchsorted(edges, points, side="right") - 1
    inside = ((places >= 0) & (places < 3)).all(axis=1)
    found = np.zeros(200)
    found[inside] = content[tuple(places[inside].T)]
    expected, _ = np.histogram(points[:, 0], 100, (0, 100), weights=found)
    np.testing.assert_allclose(h.hist.view().value, expected, rtol=1e-12)


def test_a_point_outside_counts_like_a_missing_value_in_a_cutflow() -> None:
    text = EFF + "region r\n  select eff(MET) > 0.6\n"
    step = run(text, chunk([[]] * 4, [10, 30, 60, 300]))[0][0].steps[1]
    assert (step.raw, step.missing) == (1, 2)


def test_a_weight_outside_is_skipped_and_counted() -> None:
    text = EFF + "region r\n  weight w eff(MET)\n  select ALL\n"
    weight = run(text, chunk([[]] * 3, [10, 60, 60]))[0][0].steps[1]
    assert (weight.raw, weight.sumw, weight.skipped) == (3, 1.6, 1)


def test_another_value_or_edge_of_a_table_is_the_same_code() -> None:
    rest = JETS + "region r\n  select any(eff(pT(jets)) > 0.6)\n  weight w eff(MET)\n"
    first, other = (
        compiled(EFF + rest),
        compiled(EFF.replace("0.8", "0.7").replace("50", "55") + rest),
    )
    assert first.module.text == other.module.text
    assert first.module.arguments.numbers != other.module.arguments.numbers


def test_a_value_of_zero_keeps_its_sign() -> None:
    text = "table t\n  nvars 1\n  -0.0 0 10\n  0.0 10 20\n"
    assert values("1 / t(MET)", text, [5, 15]) == [np.nan, np.nan]  # infinite weights
    assert values("1 / t(MET) > 0 ? 2 : 3", text, [5, 15]) == [3, 2]


# ----------------------------------------------------------------------------- the checker


def use(table: str, expression: str) -> list[str]:
    return codes(f"{table}{JETS}region r\n  select {expression} > 0.05\n")


def test_the_number_of_arguments_is_checked() -> None:
    assert use(EFF, "eff(MET, MET)") == ["E206"]
    assert use(MAP, "map(MET)") == ["E206"]


def test_an_argument_that_can_be_missing_is_an_error() -> None:
    assert use(EFF, "eff(pT(jets[0]))") == ["E247"]
    assert use(EFF, "eff(default(pT(jets[0]), 30))") == []
    text = f"{EFF}{JETS}region r\n  select size(jets) > 0\n  weight w eff(pT(jets[0]))\n"
    assert codes(text) == []
    text = f'{EFF}{JETS}define x = eff(pT(jets[0]))\nregion r\n  histo h, "h", 2, 0, 1, x\n'
    assert codes(text) == ["E247"]
    text = f"{EFF}{JETS}object a\n  take Muon\n  select eff(pT(jets[0])) > pT(this)\n"
    assert codes(text) == ["E247"]


def test_a_whole_collection_is_no_argument() -> None:
    assert use(EFF, "eff(pT(jets))") == ["E203"]
    assert use(EFF, "eff(jets[0])")[0] == "E204"


def test_a_table_alone_is_no_value() -> None:
    assert use(EFF, "eff") == ["E248"]


def test_a_table_in_another_case_is_found_with_a_warning() -> None:
    assert use(EFF, "EFF(MET)") == ["W302"]


def test_a_table_needs_rows() -> None:
    assert codes("table t\n  nvars 1\n") == ["E240"]


def test_rows_decide_about_the_number_of_variables() -> None:
    text = MAP.replace("nvars 2", "nvars 1")
    assert use(text, "map(MET, 1)") == ["W320"]


@pytest.mark.parametrize("row", ["0.5 0 10 5", "0.5 10 0", "0.5 10 10"])
def test_rows_that_fit_nothing_are_an_error(row: str) -> None:
    assert "E240" in codes(f"table t\n  nvars 1\n  0.1 10 20\n  {row}\n")


def test_rows_may_stand_on_one_line() -> None:
    assert use("table t\n  nvars 1\n  0.1 0 10 0.2 10 20\n", "t(MET)") == []


def test_a_point_needs_one_row() -> None:
    twice = "table t\n  nvars 1\n  0.1 0 10\n  0.2 5 20\n"
    assert codes(twice) == ["E241"]
    assert codes("info adl\n  dialect cutlang\n" + twice) == ["W321"]


def test_a_hole_is_a_warning() -> None:
    assert codes("table t\n  nvars 1\n  0.1 0 10\n  0.2 15 20\n") == ["W322"]
    assert codes(MAP.replace("  0.3   0 50   1.5 2.5\n", "")) == ["W322"]
    message = findings(MAP.replace("  0.3   0 50   1.5 2.5\n", ""))[0].message
    assert "[0, 50) x [1.5, 2.5)" in message


# ----------------------------------------------------------------------------- hit or miss

HITS = (
    EFF
    + JETS
    + """
object kept
  take jets
  select applyHM(eff(pT) == 1)
object lost
  take jets
  select applyHM(eff(pT) == 0)
object again
  take jets
  select pT > 40
  select applyHM(eff(pT(this)) == 1)
"""
)


def many(events: int = 500) -> Chunk:
    random = np.random.default_rng(1)
    return chunk([random.uniform(10, 250, n).tolist() for n in random.integers(0, 6, events)])


def expected(events: Chunk, seed: int) -> Array:
    """Return which jets pass, each computed alone."""
    kept = []
    for e, (first, after) in enumerate(
        np.lib.stride_tricks.sliding_window_view(events.offsets["Jet"], 2)
    ):
        for i in range(after - first):
            pt = float(events.columns["Jet_pt"][first + i])
            value = (
                0.5 if 20 <= pt < 50 else 0.8 if 50 <= pt < 100 else 0.9 if 100 <= pt <= 200 else 0
            )
            keys = [seed, 5, 6, 100 + e, named("Jet"), named("eff"), i]
            kept.append(value > uniform(keys))
    return np.array(kept)


@pytest.mark.parametrize("seed", [0, 1, 2**62])
def test_an_element_is_kept_with_the_probability_of_the_table(seed: int) -> None:
    events = many()
    text = HITS + 'region r\n  histo h, "h", 25, 0, 250, pT(kept)\n'
    (h,) = run(text, events, seed)[1]
    passed = expected(events, seed)
    counts, _ = np.histogram(events.columns["Jet_pt"][passed], 25, (0, 250))
    np.testing.assert_array_equal(h.hist.view().value, counts)


def test_1_and_0_are_complements_and_a_further_cut_changes_no_draw() -> None:
    text = (
        HITS
        + """
region r
  select size(kept) + size(lost) == size(jets)
  select all(jets j, any(kept k, k == j) or any(lost k, k == j))
  select count(kept k, pT(k) > 40) == size(again)
  select all(again a, any(kept k, k == a))
"""
    )
    steps = run(text, many())[0][0].steps
    assert [s.raw for s in steps] == [500] * 5


def test_a_draw_does_not_depend_on_regions_or_on_other_events() -> None:
    events = many(50)
    alone = HITS + 'region r\n  histo h, "h", 25, 0, 250, pT(kept)\n'
    more = alone + 'region s\n  select size(lost) > 0\n  histo g, "g", 5, 0, 5, size(kept)\n'
    first, second = run(alone, events)[1][0], run(more, events)[1][0]
    np.testing.assert_array_equal(first.hist.view().value, second.hist.view().value)
    offsets = {"Jet": events.offsets["Jet"][20:]}
    per_event = {n: v[20:] for n, v in events.columns.items() if not n.startswith("Jet")}
    rest = replace(events, events=30, offsets=offsets, columns={**events.columns, **per_event})
    start = replace(
        events,
        events=20,
        offsets={"Jet": events.offsets["Jet"][:21]},
        columns={
            **events.columns,
            **{n: v[:20] for n, v in events.columns.items() if not n.startswith("Jet")},
        },
    )
    parts = [run(alone, part)[1][0].hist.view().value for part in (start, rest)]
    np.testing.assert_array_equal(first.hist.view().value, parts[0] + parts[1])


def test_a_seed_is_data_of_the_kernel() -> None:
    text = HITS + "region r\n  select size(kept) > 1\n"
    first, other = compiled(text, 1), compiled(text, 2)
    assert first.module.text == other.module.text
    assert first.run(many()).raw.tolist() != other.run(many()).raw.tolist()


def test_a_point_outside_is_never_hit_and_always_missed() -> None:
    text = HITS + "region r\n  select size(kept) == 0\n  select size(lost) == 2\n"
    steps = run(text, chunk([[5, 500]]))[0][0].steps
    assert [s.raw for s in steps] == [1, 1, 1]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("applyHM(eff(pT))", "E206"),
        ("applyHM(eff(pT) == 2)", "E206"),
        ("applyHM(pT == 1)", "E206"),
        ("any(applyHM(eff(pT(Muon)) == 1))", "E242"),
    ],
)
def test_hit_or_miss_takes_a_table(condition: str, code: str) -> None:
    assert code in codes(f"{EFF}object a\n  take Jet\n  select {condition}\n")


def test_hit_or_miss_stands_in_an_object_block() -> None:
    assert codes(f"{EFF}region r\n  select applyHM(eff(MET) == 1)\n") == ["E242"]


def test_one_element_is_hit_in_a_region_as_in_an_object_block() -> None:
    text = HITS + (
        "region first\n  select size(jets) > 0\n  select applyHM(eff(pT(jets[0])) == 1)\n"
        "region miss\n  select size(jets) > 0\n  select applyHM(eff(pT(jets[0])) == 0)\n"
        "object leading\n  take jets[0:1]\n  select applyHM(eff(pT(this)) == 1)\n"
        "region block\n  select size(leading) == 1\n"
    )
    events = many()
    first, miss, block = (c.steps[-1].raw for c in run(text, events)[0])
    assert 0 < first == block
    assert first + miss == np.count_nonzero(np.diff(events.offsets["Jet"]))


def test_several_elements_have_no_one_number() -> None:
    text = f"{EFF}region r\n  select size(Jet) > 1\n  select applyHM(eff(pT(Jet[0]) + pT(Jet[1])) == 1)\n"
    assert codes(text) == ["E242"]


def test_hit_or_miss_needs_the_numbers_of_events() -> None:
    scalars = {n: b for n, b in NANOAOD.scalars.items() if n != "luminosityBlock"}
    schema = Schema(
        NANOAOD.model,
        NANOAOD.collections,
        NANOAOD.singletons,
        scalars,
        NANOAOD.attribute_aliases,
        True,
    )
    assert codes(HITS, schema) == ["E243", "E243", "E243"]
