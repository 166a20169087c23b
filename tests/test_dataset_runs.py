"""Runs over dataset lists: what an event counts, checked against numpy on the files' columns."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import jsonschema
import numpy as np
import pytest
import uproot
import yaml
from click.testing import CliRunner, Result

from adl.cli import main
from tests.listed_files import ANALYSIS, Columns, make, weight_of

TOP = Path(__file__).parents[1]
SCHEMA = json.loads((TOP / "runtime" / "outputs" / "results.schema.json").read_text())
LUMI = 2000.0  # 1/pb


def run(folder: Path, entries: Mapping[str, Any], *options: str, text: str = ANALYSIS) -> Result:
    (folder / "a.adl").write_text(text)
    (folder / "list.yaml").write_text(
        yaml.safe_dump({"luminosity": "2 /fb", **entries}, sort_keys=False)
    )
    arguments = [str(folder / "a.adl"), str(folder / "list.yaml"), "-o", str(folder / "out")]
    shutil.rmtree(folder / "out", ignore_errors=True)
    return CliRunner().invoke(main, ["run", *arguments, *options])


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out" / "results.json").read_text())
    jsonschema.validate(found, SCHEMA)
    return found


def ran(folder: Path, entries: Mapping[str, Any], *options: str, **more: str) -> dict[str, Any]:
    result = run(folder, entries, *options, **more)
    assert result.exit_code == 0, result.output
    return results(folder)


def last(found: dict[str, Any], process: str) -> dict[str, Any]:
    """Return the last count of the signal region, with its last weight."""
    (cutflow,) = (c for c in found["cutflows"] if c["process"] == process)
    counts: list[dict[str, Any]] = cutflow["weights"] or cutflow["steps"]
    return counts[-1]


def contents(found: dict[str, Any], process: str) -> Any:
    (hist,) = (h["hist"] for h in found["histograms"] if h["process"] == process)
    return bh.Histogram(hist).view(flow=True)


def simulated(file: str, cross_section: float = 10.0, **more: Any) -> dict[str, Any]:
    return {"files": file, "kind": "simulation", "cross_section": cross_section, **more}


# ------------------------------------------------------------------------------ normalisation


def test_an_event_counts_cross_section_and_luminosity_over_the_sum_of_weights(
    tmp_path: Path,
) -> None:
    one, two = make(tmp_path / "one.root", 300, 1), make(tmp_path / "two.root", 200, 2)
    files = ["one.root", "two.root"]
    found = ran(tmp_path, {"datasets": {"top": simulated(files, k_factor=1.5)}})  # type: ignore[arg-type]
    genw = np.concatenate([c["genWeight"].astype(np.float64) for c in (one, two)])
    scale = 10 * 1.5 * LUMI / genw.sum()
    weights = np.concatenate([weight_of(one), weight_of(two)]) * scale
    assert last(found, "top")["sumw"] == pytest.approx(weights.sum(), rel=1e-12)
    assert last(found, "top")["sumw2"] == pytest.approx((weights**2).sum(), rel=1e-12)
    met = np.concatenate([c["MET_pt"].astype(np.float64) for c in (one, two)])
    expected, _ = np.histogram(met, np.linspace(0, 100, 11), weights=weights)
    cells = contents(found, "top")
    np.testing.assert_allclose(cells.value[1:-1], expected, rtol=1e-11, atol=1e-9)
    (cutflow,) = found["cutflows"]
    assert cutflow["bins"][0]["sumw"] == pytest.approx(weights[met > 60].sum(), rel=1e-12)
    # All events before any cut are what theory says.
    assert cutflow["steps"][0]["sumw"] == pytest.approx(10 * 1.5 * LUMI, rel=1e-12)
    (dataset,) = found["datasets"]
    assert dataset["sum_from"] == "events"
    assert dataset["parts"][0]["scale"] == pytest.approx(scale, rel=1e-12)


def test_skims_take_the_sum_from_their_counters(tmp_path: Path) -> None:
    skim = make(tmp_path / "skim.root", 150, 3, generated=5000.0)
    found = ran(tmp_path, {"datasets": {"top": simulated("skim.root")}})
    expected = weight_of(skim).sum() * 10 * LUMI / 5000
    assert last(found, "top")["sumw"] == pytest.approx(expected, rel=1e-12)
    assert found["datasets"][0]["sum_from"] == "counters"


def test_a_given_sum_goes_before_the_counters(tmp_path: Path) -> None:
    skim = make(tmp_path / "skim.root", 150, 3, generated=5000.0)
    found = ran(tmp_path, {"datasets": {"top": simulated("skim.root", sum_of_weights=7e3)}})
    expected = weight_of(skim).sum() * 10 * LUMI / 7000
    assert last(found, "top")["sumw"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("origin", ["events", "counters", "given"])
def test_stopping_early_scales_what_was_read(tmp_path: Path, origin: str) -> None:
    generated = {"events": None, "counters": 900.0, "given": None}[origin]
    one = make(tmp_path / "one.root", 100, 1, generated=generated)
    make(tmp_path / "two.root", 300, 2, generated=generated)
    more = {"sum_of_weights": 4000.0} if origin == "given" else {}
    entry = {**simulated("*.root", **more)}
    found = ran(tmp_path, {"datasets": {"top": entry}}, "-n", "50")
    first: Columns = {name: values[:50] for name, values in one.items()}
    sums = {
        "events": first["genWeight"].astype(np.float64).sum(),
        "counters": 900.0 * 50 / 100,
        "given": 4000.0 * 50 / 400,
    }
    expected = weight_of(first).sum() * 10 * LUMI / sums[origin]
    assert last(found, "top")["raw"] == int((first["MET_pt"] > 40).sum())
    assert last(found, "top")["sumw"] == pytest.approx(expected, rel=1e-12)


def test_only_the_sign_of_a_weight_counts_where_the_list_says_so(tmp_path: Path) -> None:
    columns = make(tmp_path / "a.root", 200, 5)
    genw = {"column": "genWeight", "use": "sign"}
    found = ran(tmp_path, {"datasets": {"top": simulated("a.root", generator_weight=genw)}})
    signs = np.sign(columns["genWeight"].astype(np.float64))
    columns["genWeight"] = signs
    expected = weight_of(columns).sum() * 10 * LUMI / signs.sum()
    assert last(found, "top")["sumw"] == pytest.approx(expected, rel=1e-12)


def test_without_a_generator_weight_every_event_counts_the_same(tmp_path: Path) -> None:
    columns = make(tmp_path / "a.root", 200, 5)
    found = ran(tmp_path, {"datasets": {"top": simulated("a.root", generator_weight="none")}})
    columns["genWeight"] = np.ones(200)
    expected = weight_of(columns).sum() * 10 * LUMI / 200
    assert last(found, "top")["sumw"] == pytest.approx(expected, rel=1e-12)


def test_each_era_has_its_luminosity(tmp_path: Path) -> None:
    one, two = make(tmp_path / "one.root", 100, 1), make(tmp_path / "two.root", 150, 2)
    entries = {
        "luminosity": {"2017": "1 /fb", "2018": "500 /pb"},
        "datasets": {
            "a": simulated("one.root", process="top", era="2017"),
            "b": simulated("two.root", process="top", era="2018"),
        },
    }
    found = ran(tmp_path, entries)
    sums = [weight_of(c).sum() / c["genWeight"].astype(np.float64).sum() for c in (one, two)]
    expected = 10 * (1000 * sums[0] + 500 * sums[1])
    assert last(found, "top")["sumw"] == pytest.approx(expected, rel=1e-12)
    text = "region r\n  select MET > 40\n  select MET > 90 only era 2018\n  select MET > 50\n"
    found = ran(tmp_path, entries, text=text)
    (cutflow,) = found["cutflows"]
    met = [c["MET_pt"] for c in (one, two)]
    raws = [250, *(int((met[0] > a).sum() + (met[1] > b).sum()) for a, b in PASSED)]
    assert [step["raw"] for step in cutflow["steps"]] == raws


PASSED = ((40, 40), (40, 90), (50, 90))  # cuts on MET of the two eras so far


# ----------------------------------------------------------------------------- split, stitch


def test_split_gives_each_event_to_the_first_condition(tmp_path: Path) -> None:
    columns = make(tmp_path / "a.root", 400, 7)
    split = {"two": "LHE_Njets >= 2", "one": "LHE_Njets >= 1", "none": "otherwise"}
    found = ran(tmp_path, {"datasets": {"w": simulated("a.root", split=split)}})
    scale = 10 * LUMI / columns["genWeight"].astype(np.float64).sum()
    jets = columns["LHE_Njets"]
    for process, mask in {"two": jets >= 2, "one": jets == 1, "none": jets == 0}.items():
        expected = weight_of(columns)[mask].sum() * scale
        assert last(found, process)["sumw"] == pytest.approx(expected, rel=1e-12)
    assert last(found, "total")["sumw"] == pytest.approx(
        weight_of(columns).sum() * scale, rel=1e-12
    )
    text = 'region r\n  select process == "one" ? MET > 70 : MET > 20\n'
    found = ran(tmp_path, {"datasets": {"w": simulated("a.root", split=split)}}, text=text)
    assert last(found, "one")["raw"] == int((columns["MET_pt"][jets == 1] > 70).sum())
    assert last(found, "two")["raw"] == int((columns["MET_pt"][jets >= 2] > 20).sum())


def stitched(tmp_path: Path) -> tuple[dict[str, Any], list[Columns]]:
    """Return a list of an inclusive and two binned samples, and their columns in its order."""
    inclusive = make(tmp_path / "incl.root", 500, 1, generated=900.0)
    sliced = []
    for jets, seed in ((1, 2), (2, 3)):
        columns = make(tmp_path / "tmp.root", 400, seed)
        columns["LHE_Njets"] = np.full(400, jets, np.uint8)
        with uproot.recreate(tmp_path / f"w{jets}.root") as file:
            file.mktree("Events", {n: v.dtype for n, v in columns.items()}).extend(columns)
        sliced.append(columns)
    entries = {
        "datasets": {
            "incl": simulated("incl.root", 100, process="w", k_factor=1.2),
            "w1": simulated("w1.root", 20, process="w", k_factor=1.2),
            "w2": simulated("w2.root", 5, process="w", k_factor=1.2),
        },
        "stitch": {
            "w": {
                "inclusive": ["incl"],
                "slices": {
                    "1 jet": {"when": "LHE_Njets == 1", "datasets": ["w1"]},
                    "2 jets": {"when": "LHE_Njets == 2", "datasets": ["w2"]},
                },
            }
        },
    }
    return entries, [inclusive, *sliced]


def stitched_sum(columns: list[Columns]) -> float:
    """Return the yield by the formula of the manual, event by event."""
    sums = [900.0, *(c["genWeight"].astype(np.float64).sum() for c in columns[1:])]
    worth = [s / (x * 1.2) for s, x in zip(sums, (100, 20, 5), strict=True)]
    total = 0.0
    for number, one in enumerate(columns):
        jets = one["LHE_Njets"]
        lumi = np.where(jets == 1, worth[0] + worth[1], worth[0])
        lumi = np.where(jets == 2, worth[0] + worth[2], lumi)
        if number:
            assert set(jets) == {number}
        total += (weight_of(one) * LUMI / lumi).sum()
    return total


def test_stitched_samples_share_the_luminosity_of_their_slice(tmp_path: Path) -> None:
    entries, columns = stitched(tmp_path)
    found = ran(tmp_path, entries)
    assert last(found, "w")["sumw"] == pytest.approx(stitched_sum(columns), rel=1e-12)
    assert [len(d["parts"]) for d in found["datasets"]] == [3, 1, 1]


def test_a_stitched_sample_can_be_split(tmp_path: Path) -> None:
    entries, columns = stitched(tmp_path)
    for dataset in entries["datasets"].values():
        del dataset["process"]
        dataset["split"] = {"low": "MET_pt < 60", "high": "otherwise"}
    found = ran(tmp_path, entries)
    assert last(found, "total")["sumw"] == pytest.approx(stitched_sum(columns), rel=1e-12)
    assert last(found, "low")["sumw"] != last(found, "high")["sumw"]


def test_events_outside_of_their_slice_are_named_and_left_out(tmp_path: Path) -> None:
    entries, _ = stitched(tmp_path)
    entries["stitch"]["w"]["slices"]["2 jets"]["when"] = "LHE_Njets == 2 and MET > 10"
    result = run(tmp_path, entries)
    assert result.exit_code == 0
    assert "w2:" in result.output
    assert "of 400 events are in slices that it was not made for" in result.output


def test_productions_of_one_sample_are_merged(tmp_path: Path) -> None:
    both = [make(tmp_path / "one.root", 100, 1), make(tmp_path / "two.root", 300, 2)]
    datasets = {name: simulated(f"{name}.root", process="top") for name in ("one", "two")}
    entries = {"datasets": datasets, "stitch": {"top": {"inclusive": ["one", "two"]}}}
    found = ran(tmp_path, entries)
    genw = sum(c["genWeight"].astype(np.float64).sum() for c in both)
    expected = sum(weight_of(c).sum() for c in both) * 10 * LUMI / genw
    assert last(found, "top")["sumw"] == pytest.approx(expected, rel=1e-12)
    assert "W501" in run(tmp_path, {"datasets": datasets}).output


# -------------------------------------------------------------------------------------- data


def test_only_certified_blocks_of_data_count(tmp_path: Path) -> None:
    columns = make(tmp_path / "d.root", 400, 4, data=True)
    golden = {"297050": [[2, 5], [9, 9], [4, 7]], "1": [[1, 99]]}
    (tmp_path / "golden.json").write_text(json.dumps(golden))
    entries = {"lumi_mask": "golden.json", "datasets": {"d": {"files": "d.root", "kind": "data"}}}
    found = ran(tmp_path, entries)
    block = columns["luminosityBlock"]
    inside = ((block >= 2) & (block <= 7)) | (block == 9)
    (cutflow,) = found["cutflows"]
    raws = [int(inside.sum()), int((inside & (columns["MET_pt"] > 40)).sum())]
    assert [step["raw"] for step in cutflow["steps"]] == raws
    assert cutflow["is_data"] is True
    assert found["datasets"][0]["certified"] == raws[0]
    assert found["datasets"][0]["events"] == 400


def test_an_event_of_two_streams_counts_once(tmp_path: Path) -> None:
    text = """
trigger mu "HLT_Mu" stream Mu
trigger el "HLT_El" stream El
region r
  select trigger mu or el
"""
    both = [make(tmp_path / f"{s}.root", 300, 4, data=True) for s in ("Mu", "El")]
    datasets = {
        s: {"files": f"{s}.root", "kind": "data", "process": "data", "stream": s}
        for s in ("Mu", "El")
    }
    found = ran(tmp_path, {"datasets": datasets}, text=text)
    mu, el = both[0]["HLT_Mu"], both[1]["HLT_El"]
    assert last(found, "data")["raw"] == int(mu.sum() + (el & ~both[1]["HLT_Mu"]).sum())


def test_data_stand_beside_the_total_of_simulation(tmp_path: Path) -> None:
    make(tmp_path / "one.root", 100, 1)
    make(tmp_path / "two.root", 100, 2)
    make(tmp_path / "d.root", 100, 3, data=True)
    datasets = {
        "top": simulated("one.root"),
        "w": simulated("two.root", 3.0),
        "data": {"files": "d.root", "kind": "data"},
        "up": simulated("three.root", process="top", variation="hdamp_up"),
    }
    three = make(tmp_path / "three.root", 100, 4)
    found = ran(tmp_path, {"datasets": datasets})
    named = [(c["process"], c["variation"], c["is_data"]) for c in found["cutflows"]]
    assert named == [
        ("top", "nominal", False),
        ("top", "hdampUp", False),
        ("w", "nominal", False),
        ("data", "nominal", True),
        ("total", "nominal", False),
        ("total", "hdampUp", False),
    ]
    (systematic,) = found["systematics"]
    assert (systematic["name"], systematic["kind"]) == ("hdamp", "dataset")
    assert [(v["label"], v["direction"]) for v in systematic["variations"]] == [("hdampUp", "up")]
    up = {
        (c["process"], c["variation"]): c["weights"][-1]["sumw"]
        for c in found["cutflows"]
        if c["process"] != "data"
    }
    varied = weight_of(three).sum() * 10 * LUMI / three["genWeight"].astype(np.float64).sum()
    assert up["top", "hdampUp"] == pytest.approx(varied, rel=1e-12)
    # The other processes are in the varied total as they are.
    assert up["total", "hdampUp"] == pytest.approx(varied + up["w", "nominal"], rel=1e-12)
    tops = [c for c in found["cutflows"] if c["process"] == "top" and c["variation"] == "nominal"]
    total = tops[0]["weights"][-1]["sumw"] + last(found, "w")["sumw"]
    assert up["total", "nominal"] == pytest.approx(total, rel=1e-12)
    assert last(found, "data")["sumw"] == last(found, "data")["raw"]
    with uproot.open(tmp_path / "out" / "results.root") as file:
        paths = file.keys(cycle=False)
    assert "top/signal/hmet__hdampUp" in paths
    assert [p for p in paths if p.endswith("hmet")] == [
        "top/signal/hmet",
        "w/signal/hmet",
        "data/signal/hmet",
        "total/signal/hmet",
    ]


# ---------------------------------------------------------------------------- files and bits


def test_results_are_the_same_bits_for_any_number_of_threads(tmp_path: Path) -> None:
    entries, _ = stitched(tmp_path)
    found = [ran(tmp_path, entries, "-j", jobs) for jobs in ("1", "2", "5")]
    assert found[0] == found[1] == found[2]


def test_a_bad_file_in_the_middle_costs_only_itself(tmp_path: Path) -> None:
    good = [make(tmp_path / "a.root", 100, 1), make(tmp_path / "c.root", 80, 2)]
    (tmp_path / "b.root").write_bytes((tmp_path / "a.root").read_bytes()[:3000])
    make(tmp_path / "w.root", 50, 9)
    datasets = {"top": simulated("[abc].root"), "w": simulated("w.root")}
    result = run(tmp_path, {"datasets": datasets})
    assert result.exit_code == 2
    assert "b.root: the file is truncated" in result.output
    assert f"(dataset top, {tmp_path / 'list.yaml'}:4)" in result.output
    found = results(tmp_path)
    assert [d["lost"] for d in found["datasets"]] == [1, 0]
    genw = sum(c["genWeight"].astype(np.float64).sum() for c in good)
    expected = sum(weight_of(c).sum() for c in good) * 10 * LUMI / genw
    assert last(found, "top")["sumw"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("events", "share"), [(300, 180 / 300), (None, 2 / 3)])
def test_lost_files_are_taken_off_a_given_sum(
    tmp_path: Path, events: int | None, share: float
) -> None:
    good = [make(tmp_path / "a.root", 100, 1), make(tmp_path / "c.root", 80, 2)]
    (tmp_path / "b.root").write_bytes(b"")
    more = {"events": events} if events else {}
    entries = {"datasets": {"top": simulated("[abc].root", sum_of_weights=1000.0, **more)}}
    result = run(tmp_path, entries)
    assert ("by their number" in " ".join(result.output.split())) == (events is None)
    expected = sum(weight_of(c).sum() for c in good) * 10 * LUMI / (1000 * share)
    found = results(tmp_path)
    assert last(found, "top")["sumw"] == pytest.approx(expected, rel=1e-12)
    assert found["datasets"][0]["estimated"] == (events is None)


def test_a_copy_of_a_file_does_not_count_twice(tmp_path: Path) -> None:
    columns = make(tmp_path / "a.root", 100, 1)
    shutil.copy(tmp_path / "a.root", tmp_path / "b.root")
    result = run(tmp_path, {"datasets": {"x": simulated("a.root"), "y": simulated("b.root")}})
    assert result.exit_code == 2
    assert "b.root: is a copy of" in result.output
    found = results(tmp_path)
    assert [c["process"] for c in found["cutflows"]] == ["x"]
    assert last(found, "x")["raw"] == int((columns["MET_pt"] > 40).sum())


def test_files_with_and_without_counters_do_not_mix(tmp_path: Path) -> None:
    make(tmp_path / "a.root", 100, 1, generated=500.0)
    make(tmp_path / "b.root", 100, 2)
    result = run(tmp_path, {"datasets": {"x": simulated("*.root")}})
    assert result.exit_code == 2
    assert "b.root: has no counters, unlike other files of x" in result.output


def test_a_dataset_without_events_spoils_no_total(tmp_path: Path) -> None:
    columns = make(tmp_path / "a.root", 100, 1)
    make(tmp_path / "b.root", 100, 2)
    make(tmp_path / "empty.root", 0, 3)
    datasets = {name: simulated(f"{name}.root") for name in ("a", "b", "empty")}
    result = run(tmp_path, {"datasets": datasets})
    assert "empty: its sum of weights is 0" in result.output
    found = results(tmp_path)
    assert [c["process"] for c in found["cutflows"]] == ["a", "b", "total"]
    assert last(found, "total")["sumw"] == pytest.approx(
        last(found, "a")["sumw"] + last(found, "b")["sumw"], rel=1e-12
    )
    assert last(found, "a")["raw"] == int((columns["MET_pt"] > 40).sum())


# ---------------------------------------------------------------------------- the analysis


def test_the_generators_weight_is_not_applied_twice(tmp_path: Path) -> None:
    make(tmp_path / "a.root", 100, 1)
    entries = {"datasets": {"x": simulated("a.root")}}
    text = "define g = 2 * genWeight\nregion r\n  weight gen g\n  select MET > 10\n"
    result = run(tmp_path, entries, text=text)
    assert result.exit_code == 2
    assert "a.adl:3:14: error[E511]" in result.output
    assert run(tmp_path, {**entries, "generator_weight": "none"}, text=text).exit_code == 0
    assert run(tmp_path, {**entries, "normalise": False}, text=text).exit_code == 0
    result = run(tmp_path, entries, text="region r\n  weight lumi 2 * 59.8\n  select MET > 10\n")
    assert result.exit_code == 0
    assert "warning[W502]" in result.output


def test_fields_of_the_user_are_constants_of_the_analysis(tmp_path: Path) -> None:
    columns = make(tmp_path / "a.root", 100, 1)
    entries = {"x-cut": 30, "datasets": {"x": simulated("a.root", **{"x-cut": 50})}}
    found = ran(tmp_path, entries, text="region r\n  select MET > dataset.x_cut\n")
    assert last(found, "x")["raw"] == int((columns["MET_pt"] > 50).sum())


def test_a_condition_that_does_not_fit_the_file_is_shown_in_the_list(tmp_path: Path) -> None:
    make(tmp_path / "a.root", 100, 1)
    split = {"one": "LHE_Njet == 1", "rest": "otherwise"}
    result = run(tmp_path, {"datasets": {"x": simulated("a.root", split=split)}})
    assert result.exit_code == 2
    lines = (tmp_path / "list.yaml").read_text().splitlines()
    line = next(i for i, text in enumerate(lines, 1) if "LHE_Njet" in text)
    column = lines[line - 1].index("LHE_Njet") + 1
    assert f"list.yaml:{line}:{column}: error[E201]" in result.output


def test_saved_rows_of_each_dataset_have_a_folder(tmp_path: Path) -> None:
    make(tmp_path / "a.root", 100, 1)
    make(tmp_path / "b.root", 100, 2)
    split = {"one": "LHE_Njets == 1", "rest": "otherwise"}
    datasets = {"x": simulated("a.root", split=split), "y": simulated("b.root")}
    text = "region r\n  select MET > 40\n  save rows csv MET\n"
    result = run(tmp_path, {"datasets": datasets}, text=text)
    assert result.exit_code == 0, result.output
    written = sorted(p.relative_to(tmp_path / "out").as_posix() for p in tmp_path.rglob("*.csv"))
    assert written == ["x/rows_one.csv", "x/rows_rest.csv", "y/rows.csv"]


def test_systematics_of_an_analysis_add_up_over_datasets(tmp_path: Path) -> None:
    both = [make(tmp_path / "one.root", 100, 1), make(tmp_path / "two.root", 300, 2)]
    make(tmp_path / "d.root", 50, 3, data=True)
    datasets = {
        "top": simulated("one.root", split={"low": "MET_pt < 60", "high": "otherwise"}),
        "w": simulated("two.root"),
        "data": {"files": "d.root", "kind": "data"},
    }
    text = """
region r
  weight pu 1 + 0.01 * Pileup_nTrueInt  only simulation
  select MET > 40
systematic jes
  scale MET  up 1.1  down 0.9  only simulation
systematic pileup
  weight pu  up 1 + 0.02 * Pileup_nTrueInt  down 1  only w
"""
    found = ran(tmp_path, {"datasets": datasets}, text=text)
    yields = {(c["process"], c["variation"]): c["steps"][-1]["sumw"] for c in found["cutflows"]}

    def expected(columns: Columns, scale: float, pu: float) -> float:
        met = columns["MET_pt"].astype(np.float64) * scale
        genw = columns["genWeight"].astype(np.float64)
        weight = genw * (1 + pu * columns["Pileup_nTrueInt"].astype(np.float64)) * (met > 40)
        return float(weight.sum() * 10 * LUMI / genw.sum())

    top, w = both
    for label, scale, pu in (("nominal", 1, 0.01), ("jesUp", 1.1, 0.01), ("jesDown", 0.9, 0.01)):
        parts = yields["low", label] + yields["high", label]
        assert parts == pytest.approx(expected(top, scale, pu), rel=1e-12)
        assert yields["w", label] == pytest.approx(expected(w, scale, pu), rel=1e-12)
        total = parts + yields["w", label]
        assert yields["total", label] == pytest.approx(total, rel=1e-12)
    # What pileup leaves as it is counts as nominal in the total.
    assert yields["w", "pileupUp"] == pytest.approx(expected(w, 1, 0.02), rel=1e-12)
    total = expected(top, 1, 0.01) + expected(w, 1, 0.02)
    assert yields["total", "pileupUp"] == pytest.approx(total, rel=1e-12)
    assert ("low", "pileupUp") not in yields
    assert ("data", "jesUp") not in yields


BANDS = """
region r
  select MET_pt > 40
  histo h, "MET", 6, 40, 100, MET
systematic pdf
  reweight LHEPdfWeight[0:20]  combine COMBINE  NORMALISE
"""


@pytest.mark.parametrize("combine", ["hessian", "rms", "envelope"])
@pytest.mark.parametrize("normalise", ["", "normalise"])
@pytest.mark.parametrize("layout", ["split", "two datasets", "stitched"])
def test_a_band_is_of_the_sums_over_all_parts(
    tmp_path: Path, combine: str, normalise: str, layout: str
) -> None:
    files = [with_replicas(tmp_path / f"{n}.root", n) for n in range(2)]
    if layout == "split":
        split = {"low": "Pileup_nTrueInt < 30", "high": "otherwise"}
        datasets = {"a": simulated("0.root", split=split), "b": simulated("1.root")}
    else:
        datasets = {n: simulated(f"{n}.root", process="p") for n in ("0", "1")}
    entries: dict[str, Any] = {"datasets": datasets}
    if layout == "stitched":
        entries["stitch"] = {"all": {"inclusive": ["0", "1"]}}
    text = BANDS.replace("COMBINE", combine).replace("NORMALISE", normalise)
    found = ran(tmp_path, entries, text=text)
    sums = [c["genWeight"].astype(np.float64).sum() for c, _ in files]
    scales = [10 * LUMI / s for s in (sums if layout != "stitched" else [sum(sums)] * 2)]
    groups = [[0, 1]] if layout == "stitched" else [[0], [1]]
    factors = np.ones((2, 20))
    for group in groups if normalise else ():
        nominal = sum(scales[n] * sums[n] for n in group)
        genw = [files[n][0]["genWeight"].astype(np.float64) for n in group]
        parts = [
            scales[n] * (w[:, None] * files[n][1]).sum(0) for n, w in zip(group, genw, strict=True)
        ]
        for n in group:
            factors[n] = nominal / sum(parts)
    nominal, members = np.zeros(6), np.zeros((20, 6))
    for n, (columns, replicas) in enumerate(files):
        weights = columns["genWeight"].astype(np.float64) * scales[n]
        met = columns["MET_pt"].astype(np.float64)
        nominal = nominal + np.histogram(met, 6, (40, 100), weights=weights)[0]
        for i in range(20):
            varied = weights * replicas[:, i] * factors[n, i]
            members[i] += np.histogram(met, 6, (40, 100), weights=varied)[0]
    upper, lower = {
        "hessian": lambda: [nominal + s * np.sqrt(((members - nominal) ** 2).sum(0)) for s in (1, -1)],
        "rms": lambda: [nominal + s * members.std(0, ddof=1) for s in (1, -1)],
        "envelope": lambda: [
            np.maximum(nominal, members.max(0)),
            np.minimum(nominal, members.min(0)),
        ],
    }[combine]()  # fmt: skip
    process = "p" if layout != "split" else "total"
    for label, edge in (("pdfUp", upper), ("pdfDown", lower)):
        (hist,) = (
            h["hist"]
            for h in found["histograms"]
            if (h["process"], h["variation"]) == (process, label)
        )
        values = bh.Histogram(hist).values()
        np.testing.assert_allclose(values, edge, rtol=1e-9, atol=1e-7)


def with_replicas(path: Path, seed: int) -> tuple[Columns, Any]:
    """Write a file with twenty replicas of its weight; return its columns and these."""
    columns = make(path, 300, seed)
    # Positive weights: the sum before cuts is not near 0.
    columns["genWeight"] = np.abs(columns["genWeight"]) + np.float32(0.1)
    replicas = np.random.default_rng(seed + 50).normal(1.1, 0.2, (300, 20)).astype(np.float32)
    with uproot.recreate(path) as file:
        types: dict[str, Any] = {name: values.dtype for name, values in columns.items()}
        tree = file.mktree("Events", {**types, "LHEPdfWeight": "var * float32"})
        tree.extend({**columns, "LHEPdfWeight": ak.from_regular(ak.Array(replicas))})
    return columns, replicas.astype(np.float64)


def test_a_mistake_of_the_analysis_is_told_once(tmp_path: Path) -> None:
    for number, name in enumerate("abc"):
        make(tmp_path / f"{name}.root", 30, number)
    datasets = {"top": simulated("[ab].root"), "w": simulated("c.root")}
    result = run(tmp_path, {"datasets": datasets}, text="region r\n  select MTE > 20\n")
    assert result.exit_code == 2
    assert result.stderr.count("nothing is called MTE") == 1
    assert "none of its files could be used" not in result.stderr
    assert result.stderr.endswith("nothing was run\n")


@pytest.mark.parametrize(("generated", "said"), [(5000.0, True), (None, False)])
def test_a_shape_of_a_skim_is_said_to_be_of_its_events(
    tmp_path: Path, generated: float | None, said: bool
) -> None:
    make(tmp_path / "a.root", 60, 3, generated=generated)
    text = f"systematic tilt\n  reweight up 1 + MET / 900 down 1 - MET / 900 normalise\n{ANALYSIS}"
    result = run(tmp_path, {"datasets": {"top": simulated("a.root")}}, text=text)
    assert result.exit_code == 0, result.output
    words = "top: tilt with `normalise` keeps the sum of weights of the events of its files"
    assert (words in result.stderr) is said
