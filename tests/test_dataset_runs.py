"""Runs over dataset lists: what an event counts, checked against numpy on the files' columns."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from tests.listed_files import Columns, make, weight_of
from tests.listed_runs import LUMI, contents, last, ran, results, run, simulated

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


def test_a_cross_section_and_a_sum_of_weights_have_one_sign(tmp_path: Path) -> None:
    columns = make(tmp_path / "a.root", 200, 5)
    other = make(tmp_path / "b.root", 200, 11)["MET_phi"].astype(np.float64).sum()
    assert other < 0  # as the weights of an interference are that is simulated alone
    datasets = {
        "a": simulated("a.root", -10),
        "b": simulated("b.root", -10, generator_weight="MET_phi"),
    }
    result = run(tmp_path, {"datasets": datasets})
    assert result.exit_code == 0, result.output
    total = columns["genWeight"].astype(np.float64).sum()
    told = f"a: its sum of weights is {total:g} and its cross-section -10: each weight counts with"
    assert told in " ".join(result.output.split())
    assert "b: its sum of weights" not in result.output
    expected = weight_of(columns).sum() * -10 * LUMI / total
    assert last(results(tmp_path), "a")["sumw"] == pytest.approx(expected, rel=1e-12)


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


def test_the_table_of_yields_has_the_steps_of_the_cutflows(tmp_path: Path) -> None:
    make(tmp_path / "a.root", 200, 1)
    make(tmp_path / "d.root", 100, 2, data=True)
    datasets = {"data": {"files": "d.root", "kind": "data"}, "top": simulated("a.root")}
    result = run(tmp_path, {"datasets": datasets})
    assert result.exit_code == 0, result.output
    lines = [line.strip() for line in result.output.splitlines()]
    own = lines.index("signal · top"), lines.index("signal: yields")
    cutflow = {m[1]: m[3] for m in map(_ROW.fullmatch, lines[own[0] : own[1]]) if m}
    yields = {m[1]: (m[2], m[3]) for m in map(_ROW.fullmatch, lines[own[1] :]) if m}
    weight = "weight pu 1 + 0.01 * Pileup_nTrueInt"
    assert [*yields] == ["all events", "MET > 40", weight, "bin MET > 60", "bin MET <= 60"]
    assert {label.removeprefix("bin "): top for label, (top, _) in yields.items()} == cutflow
    # Data have no such weight: behind it they count what they did before it.
    assert yields[weight][1] == yields["MET > 40"][1]
    (found,) = (c for c in results(tmp_path)["cutflows"] if c["process"] == "top")
    numbers = [*found["steps"], *found["weights"]]
    assert len({step["sumw"] for step in numbers}) == len(numbers)
    for step in numbers:
        assert float(yields[step["label"]][0].split()[0].replace(",", "")) == pytest.approx(
            step["sumw"], rel=0.05
        )


# A row of a table: its label, a number or a yield, a yield, and what else it has.
_ROW = re.compile(r"(\S.*?) {2,}(\S+(?: ± \S+)?) {2,}(\S+ ± \S+)(?: {2,}.*)?")
