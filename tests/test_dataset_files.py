"""Runs over dataset lists: files that fail, the bits of sums, and what the analysis is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import numpy as np
import pytest
import uproot

from tests.listed_files import ANALYSIS, Columns, make, weight_of
from tests.listed_runs import LUMI, last, ran, results, run, simulated
from tests.test_dataset_runs import stitched


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
