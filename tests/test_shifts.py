"""After a run: variations that changed nothing, moved one way only, or less than chance."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from adl.check.checker import check
from adl.cli import main
from adl.cli.tables import variations_table
from adl.compiler.ir import TRUE, Column, Const, as_real, call
from adl.compiler.layout import Chunk
from adl.compiler.lower.start import Start, started
from adl.compiler.pipeline import Compiled, lowered, of_program
from adl.runtime.collect import collect, systematics
from adl.runtime.results import Cutflow, Process, Results, Step, Systematic, Varied
from adl.runtime.shifts import with_findings
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.test_differential import differences
from tests.variations import compiled, jets, lists, schema

TOP = Path(__file__).parents[1]
FILE = schema(
    w="float32", v="float32", Jet_pt_up="float32", Jet_pt_down="float32", Jet_pt_u="float32"
)
REGION = """
region r
  weight w w
  select count(pt(Jet) > 30) >= 1
  histo hht, "HT", 4, 0, 200, sum(pt(Jet))
"""
GENERATOR = np.random.default_rng(7)
ROWS = [[float(x) for x in GENERATOR.uniform(5, 60, n)] for n in GENERATOR.integers(0, 4, 300)]
WEIGHTS = GENERATOR.normal(1.0, 0.7, 300).astype(np.float32)
V = GENERATOR.uniform(0.5, 1.5, 300).astype(np.float32)


def events(replicas: tuple[float, float]) -> Chunk:
    chunk = jets(*ROWS, w=WEIGHTS, v=V)
    up, _ = lists(*[[1.2 * x for x in row] for row in ROWS])
    pdf, offsets = lists(*[replicas] * 300)
    new = {"Jet_pt_up": up, "Jet_pt_down": up * 0.5, "LHEPdfWeight": pdf}
    return replace(
        chunk,
        columns={**chunk.columns, **new},
        offsets={**chunk.offsets, "LHEPdfWeight": offsets},
    )


def results(text: str, replicas: tuple[float, float] = (1.1, 1.2), region: str = REGION) -> Results:
    """Run compiled and interpreted: both give the same."""
    return results_of(compiled(text + region, FILE), replicas)


def results_of(analysis: Compiled, replicas: tuple[float, float] = (1.1, 1.2)) -> Results:
    chunk = events(replicas)
    partial = analysis.run(chunk)
    assert not differences(analysis.interpret(chunk), partial)
    found = collect(analysis.program, analysis.layout, partial, Process("p", "p"))
    made = Results("", "", "adl", chunk.events, *found, systematics=systematics(analysis.program))
    return with_findings(made)


def kinds(found: Results, histogram: str = "") -> list[tuple[str, ...]]:
    return [
        tuple(f.kind for f in s.findings if f.histogram == histogram) for s in found.systematics
    ]


def varied(found: Results, label: str) -> Cutflow:
    return next(c for c in found.cutflows if c.variation == label)


def passing(pts: list[list[float]]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    small = [np.array(row, np.float32).astype(float) for row in pts]
    return np.array([any(row > 30) for row in small])


def test_factors_of_the_yield_to_one_side_are_told() -> None:
    rates = ("1.02 1.03", "0.9 0.8", "1.02 1", "1 1", "1.02 0.98", "1.02")
    text = "".join(f"systematic s{i}\n  rate {rate}\n" for i, rate in enumerate(rates))
    found = results(text)
    same, one, none = ("same-side",), ("one-sided",), ("unchanged",)
    assert kinds(found) == [same, same, one, none, (), ()]
    (finding,) = found.systematics[0].findings
    assert (finding.up, finding.down) == pytest.approx((0.02, 0.03))
    assert found.systematics[5].rate == pytest.approx((1.02, 1 / 1.02))


def test_the_error_of_a_shift_is_that_of_the_events_that_move() -> None:
    found = results("systematic s\n  set pt(Jet)  up pt_up  down pt_down\n  keep MET\n")
    before, after = passing(ROWS), passing([[1.2 * x for x in row] for row in ROWS])
    change = WEIGHTS.astype(float) * (after.astype(float) - before)
    assert 0 < np.count_nonzero(change) < 300
    up = varied(found, "sUp")
    assert up.moved == pytest.approx(np.sum(change**2), rel=1e-12)
    nominal = varied(found, "nominal")
    shift = up.steps[-1].sumw - nominal.steps[-1].sumw
    assert shift == pytest.approx(np.sum(change), rel=1e-9)
    # Far less than if the two yields were independent.
    assert up.moved is not None
    assert up.moved < 0.5 * (up.steps[-1].sumw2 + nominal.steps[-1].sumw2)


def test_variations_of_one_group_have_errors_of_their_own() -> None:
    text = "systematic s_{x}\n  for x  a b\n  set pt(Jet)  up pt_up  down pt_down\n  keep MET\n"
    alone = results("systematic s\n  set pt(Jet)  up pt_up  down pt_down\n  keep MET\n")
    together = results(text)
    for name in ("a", "b"):
        for direction in ("Up", "Down"):
            own = varied(together, f"s_{name}{direction}").moved
            assert own == varied(alone, f"s{direction}").moved


def contributions(pts: list[list[float]], weights: np.ndarray) -> np.ndarray:
    """Return what each event adds to each bin of HT, flow in, computed with numpy."""
    jets_ = [np.array(row, np.float32).astype(float) for row in pts]
    out = np.zeros((len(pts), 6))
    for event, (row, weight) in enumerate(zip(jets_, weights, strict=True)):
        if any(row > 30):
            out[event, np.searchsorted([0, 50, 100, 150, 200], row.sum(), side="right")] = weight
    return out


def of_bins(found: Results, label: str) -> np.ndarray:
    (histogram,) = (h for h in found.histograms if h.variation == label)
    assert histogram.moved is not None
    return histogram.moved


UP = [[float(np.float32(1.2 * x)) for x in row] for row in ROWS]


@pytest.mark.parametrize(
    "text",
    [
        "systematic s\n  set pt(Jet)  up pt_up  down pt_down\n  keep MET\n",
        "systematic s_{x}\n  for x  a b\n  set pt(Jet)  up pt_up  down pt_down\n  keep MET\n",
    ],
)
def test_the_error_of_a_bin_is_that_of_the_entries_that_come_and_go(text: str) -> None:
    found = results(text)
    weights = WEIGHTS.astype(float)
    nominal = contributions(ROWS, weights)
    for label in {h.variation for h in found.histograms} - {"nominal"}:
        pts = UP if label.endswith("Up") else [[0.5 * x for x in row] for row in UP]
        change = contributions(pts, weights) - nominal
        assert of_bins(found, label) == pytest.approx((change**2).sum(axis=0), rel=1e-9, abs=1e-9)
        assert (change != 0).any()


def test_the_error_of_a_bin_knows_weights_that_change_with_the_entries() -> None:
    found = results(
        "systematic s\n  set pt(Jet)  up pt_up  down pt_down\n  keep MET\n  weight w up v down v\n"
    )
    change = contributions(UP, V.astype(float)) - contributions(ROWS, WEIGHTS.astype(float))
    assert of_bins(found, "sUp") == pytest.approx((change**2).sum(axis=0), rel=1e-9)


EDGES, FACTORS = [0.0, 20.0, 40.0, 1000.0], [0.9, 1.05, 1.2]


def test_weights_that_can_have_no_value_are_known_in_what_passes_both_times(tmp_path: Path) -> None:
    binning = {"nodetype": "binning", "input": "pt", "edges": EDGES, "content": FACTORS}
    correction = {
        "name": "sf",
        "version": 1,
        "inputs": [{"name": "pt", "type": "real"}],
        "output": {"name": "factor", "type": "real"},
        "data": {**binning, "flow": "error"},
    }
    path = tmp_path / "sf.json"
    path.write_text(json.dumps({"schema_version": 2, "corrections": [correction]}))
    weight = f'weight w w\n  weight sf prod(Jet j, correction("{path}", "sf", pt(j)))'
    text = "systematic s\n  set pt(Jet)  up pt_up  down pt_down\n  keep MET\n"
    found = results(text, region=REGION.replace("weight w w", weight))

    def weights(pts: list[list[float]]) -> np.ndarray:
        rows = (np.searchsorted(EDGES, np.array(row), side="right") - 1 for row in pts)
        factors = np.array([np.prod(np.array(FACTORS)[row]) for row in rows])
        return np.asarray(WEIGHTS.astype(float) * factors)

    change = contributions(UP, weights(UP)) - contributions(ROWS, weights(ROWS))
    assert of_bins(found, "sUp") == pytest.approx((change**2).sum(axis=0), rel=1e-9, abs=1e-9)
    whole = np.sum(change.sum(axis=1) ** 2)
    assert varied(found, "sUp").moved == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize("more", ["", "  weight w up v down v\n"])
def test_errors_have_the_weight_with_which_every_region_begins(more: str) -> None:
    text = f"systematic s\n  set pt(Jet)  up pt_up  down pt_down\n  keep MET\n{more}"
    written = results(text, region=REGION.replace("weight w w", "weight gen 1e5*v\n  weight w w"))
    source = Source("systematics.adl", text + REGION)
    gen = call("mul", Const(1e5), as_real(Column("v", "float32")))
    program = lowered(check(parse(source), source, FILE, "adl")[0], 1)
    begun = results_of(of_program(started(program, Start(TRUE, gen))))
    for label in ("sUp", "sDown"):
        assert varied(begun, label).moved == pytest.approx(varied(written, label).moved, rel=1e-9)
        assert of_bins(begun, label) == pytest.approx(of_bins(written, label), rel=1e-9, abs=1e-3)
        assert of_bins(begun, label).max() > 1e9


def test_one_entry_in_another_bin_is_less_than_chance() -> None:
    # The factor that moves the first entry over an edge, and no other.
    sums = [sum(row) for row in ROWS if any(x > 30 for x in row)]
    factors = (edge / x for x in sums for edge in (50.0, 100.0, 150.0) if x < edge)
    text = f"systematic s\n  scale pt(Jet)  up {min(factors) * 1.000001}  down 1\n  keep MET\n"
    found = results(text)
    assert kinds(found, "hht") == [("one-sided", "insignificant")]
    assert np.count_nonzero(of_bins(found, "sUp")) == 2
    far = results("systematic s\n  scale pt(Jet)  up 1.5  down 0.7\n  keep MET\n")
    assert "insignificant" not in kinds(far, "hht")[0]


@pytest.mark.parametrize("number", [1, 3])
def test_odd_weights_are_counted(number: int) -> None:
    up, down = "w > 1.5 ? 0 : w", "w > 1 ? -w : 20*w"
    blocks = (f"systematic s{i}\n  weight w  up {up}  down {down}\n" for i in range(number))
    found = results("".join(blocks))
    here = passing(ROWS) & (WEIGHTS != 0)
    weights = WEIGHTS[here].astype(float)
    for systematic in found.systematics:
        (finding,) = (f for f in systematic.findings if f.kind == "odd-weights")
        assert finding.zero == np.count_nonzero(weights > 1.5)
        assert finding.flipped == np.count_nonzero(weights > 1)
        assert finding.large == np.count_nonzero(weights <= 1)


def test_odd_replicas_of_a_band_are_counted_once() -> None:
    text = "systematic pdf\n  reweight LHEPdfWeight[0,1]  combine hessian\n"
    assert "odd-weights" not in kinds(results(text))[0]
    found = results(text, replicas=(0.0, 11.0))
    (finding,) = (f for f in found.systematics[0].findings if f.kind == "odd-weights")
    number = int(np.count_nonzero(passing(ROWS)))
    assert (finding.zero, finding.flipped, finding.large) == (number, 0, number)


def test_what_changes_weights_alone_sums_up_nothing_more() -> None:
    found = results("systematic s\n  reweight  up 1.1  down 0.9\n")
    assert varied(found, "sUp").moved is None
    assert kinds(found) == [()]


def test_a_variation_that_changes_nothing_is_found() -> None:
    found = results(
        "systematic s\n  reweight  up 1  down 1\nsystematic t\n  reweight up 2 down 1\n"
    )
    assert kinds(found) == [("unchanged",), ("one-sided",)]
    assert kinds(found, "hht") == [(), ("one-sided",)]
    (finding,) = (f for f in found.systematics[1].findings if not f.histogram)
    assert (finding.process, finding.region) == ("p", "r")
    assert finding.up == pytest.approx(1.0)
    assert finding.down == 0.0


def test_both_directions_on_one_side_are_found_bin_by_bin_too() -> None:
    found = results("systematic s\n  reweight  up 1.2  down 1.1\n")
    assert kinds(found) == [("same-side",)]
    assert kinds(found, "hht") == [("same-side",)]


def test_no_shift_is_within_its_error_where_there_can_be_one() -> None:
    cuts = "region all_of_them\n  select v > -1\nregion half\n  select v > 1\n"
    found = results("systematic s\n  scale v  up 1.3  down 0.7\n" + cuts)
    regions = {f.region: (f.kind, f.up, f.down) for f in found.systematics[0].findings}
    assert regions == {"all_of_them": ("insignificant", 0.0, 0.0)}


def test_a_shift_of_one_event_is_less_than_chance() -> None:
    # The factor moves one jet over the threshold, and down none under it.
    pts = [x for row in ROWS for x in row]
    below = max(x for x in pts if x <= 30.0 and passes_alone(x))
    text = f"systematic s\n  scale pt(Jet)  up {30.001 / below}  down 1\n  keep MET\n"
    found = results(text)
    assert varied(found, "sUp").steps[-1].raw == varied(found, "nominal").steps[-1].raw + 1
    assert kinds(found) == [("one-sided", "insignificant")]


def passes_alone(x: float) -> bool:
    """Whether a jet is the hardest of an event that does not pass."""
    return any(x == max(row) for row in ROWS if row)


def test_an_envelope_can_be_one_sided_and_a_mirrored_variation_is_not() -> None:
    text = "systematic a\n  reweight LHEPdfWeight[0,1]  combine envelope\n"
    text += "systematic b\n  set pt(Jet)  up pt_up  mirror\n  keep MET\n"
    found = results(text)
    assert kinds(found) == [("one-sided",), ()]  # both replicas are above
    assert varied(found, "bDown").moved == varied(found, "bUp").moved


def test_a_run_says_it_in_the_table_in_the_results_and_as_a_warning(tmp_path: Path) -> None:
    analysis = tmp_path / "a.adl"
    analysis.write_text(
        "info adl\n  dialect adl\nsystematic same\n  reweight up 1 down 1\n"
        "systematic once\n  reweight up 1.1 down 1\nsystematic odd\n  reweight up 11 down 0\nregion r\n  select size(Jet) >= 1\n"
    )
    sample = TOP / "examples" / "sample" / "ttbar.root"
    run = CliRunner().invoke(main, ["run", str(analysis), str(sample), "-o", str(tmp_path)])
    assert run.exit_code == 0, run.output
    lines = run.stdout.splitlines()
    assert any("same" in line and "changes nothing anywhere" in line for line in lines)
    assert any("once" in line and "one direction only" in line for line in lines)
    assert any("odd" in line and " zero, " in line and "above 10x" in line for line in lines)
    assert "warning: same changed nothing anywhere" in run.stderr
    document = json.loads((tmp_path / "results.json").read_text())
    found = {s["name"]: [f["kind"] for f in s["findings"]] for s in document["systematics"]}
    assert found == {"same": ["unchanged"], "once": ["one-sided"], "odd": ["odd-weights"]}


def test_processes_of_a_list_are_added_up_with_their_scales(tmp_path: Path) -> None:
    analysis = tmp_path / "a.adl"
    analysis.write_text(
        "info adl\n  dialect adl\nsystematic jes\n  scale pt(Jet)  up 1.05  down 0.95\n"
        "  keep MET\nregion r\n  select count(pt(Jet) > 30) >= 2\n"
    )
    folder = TOP / "examples" / "sample"
    text = "luminosity: 1 /fb\nkind: simulation\ndatasets:\n"
    for name in ("ttbar", "wjets"):
        text += f"  {name}:\n    files: {folder}/{name}.root\n    cross_section: 100\n"
        text += "    process: mine\n"
    (tmp_path / "list.yaml").write_text(text)
    arguments = ["run", str(analysis), str(tmp_path / "list.yaml"), "-o", str(tmp_path)]
    run = CliRunner().invoke(main, arguments)
    assert run.exit_code == 0, run.output
    document = json.loads((tmp_path / "results.json").read_text())
    assert [f["kind"] for s in document["systematics"] for f in s["findings"]] == []


def test_a_dataset_that_is_a_variation_has_an_error_of_its_own() -> None:
    process = Process("p", "")
    nominal = Cutflow(process, "nominal", "r", (Step("all", 100, 100.0, 100.0),), ())
    up = replace(nominal, variation="hdampUp", steps=(Step("all", 112, 112.0, 112.0),))
    found = Results(
        "", "", "adl", 212, (nominal, up), (), systematics=(Systematic("hdamp", "dataset"),)
    )
    # It has no other direction, which is no finding.
    (chance,) = with_findings(found).systematics[0].findings
    assert chance.kind == "insignificant"
    assert chance.error == pytest.approx(np.sqrt(212.0) / 100.0)


def test_a_second_generator_without_direction_has_one_shift() -> None:
    process = Process("p", "")
    nominal = Cutflow(process, "nominal", "r", (Step("all", 100, 100.0, 100.0),), ())
    other = replace(nominal, variation="herwig", steps=(Step("all", 112, 112.0, 112.0),))
    systematic = Systematic("herwig", "dataset", (Varied("herwig", ""),))
    found = with_findings(
        Results("", "", "adl", 212, (nominal, other), (), systematics=(systematic,))
    )
    (chance,) = found.systematics[0].findings
    assert chance.kind == "insignificant"
    assert chance.error == pytest.approx(np.sqrt(212.0) / 100.0)
    table = variations_table(nominal, found)
    assert table is not None
    cells = {c.header: list(c.cells) for c in table.columns}
    assert (cells["up"], cells["down"]) == (["+12.00%"], [""])


def test_of_a_tree_of_its_own_no_error_is_known() -> None:
    process = Process("p", "")
    nominal = Cutflow(process, "nominal", "r", (Step("all", 100, 100.0, 100.0),), ())
    flows = [
        replace(nominal, variation=f"jms{d}", steps=(Step("all", n, float(n), float(n)),))
        for d, n in (("Up", 101), ("Down", 102))
    ]
    systematic = Systematic("jms", "tree", (Varied("jmsUp", "up"), Varied("jmsDown", "down")))
    found = with_findings(
        Results("", "", "adl", 303, (nominal, *flows), (), systematics=(systematic,))
    )
    (same,) = found.systematics[0].findings
    assert (same.kind, same.error) == ("same-side", None)
