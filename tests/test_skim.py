"""``adl skim``: the same results from fewer events and columns, and nothing lost on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import Result

from tests.commands import adl

JETS = """\
object good
  take Jet
  select pT > 20
region some
  select size(good) >= 1
  select {more}
  weight w 1 + pT(good[0]) / 7
  histo n, "", 10, 0, 10, size(Jet)
  histo pt, "", 20, 0, 200, pT(good)
  histo dr, "", 20, 0, 5, dR(good[0], good[1])
  bin pT(good[0]) > 40
  bin pT(good[0]) <= 40
region many
  select size(good) >= 3
  select {more}
  histo m, "", 20, 0, 400, m(good[0] + good[1])
"""
MUONS = """\
region pairs
  select size(Muon) == 2 and q(Muon[0]) != q(Muon[1])
  select m(Muon[0] + Muon[1]) > 60
  histo m, "", 60, 60, 120, m(Muon[0] + Muon[1])
"""
# A file, and the cut that makes the skim smaller than the input.
FILES = {
    "cms_opendata2015_ttbar_nano": "MET > 20",
    "cms_opendata2015_ttbar_nano_rntuple": "MET > 40",
    "nano_legacy_10": "MET > 50",
    "nano_v12_ttbar": "MET > 50",
    "nano_v12_dy2e_1000": "MET > 20",
    "nano_v15_ttbar": "PuppiMET > 50",
    "delphes_10": "pT(good[0]) > 100",
    "physlite_100": "size(Electron) >= 1",
    "physlite_rntuple_100": "size(Electron) >= 1",
    "fcc_winter2023_100": "MET > 20",
    "edm4hep_ee_ww": "size(ReconstructedParticles) > 20",
    "treemaker_10": "MET > 40",
    "hzz_flat_2421": "MET > 20",
}
AS_NTUPLES = ("nano_legacy_10", "delphes_10", "physlite_100", "hzz_flat_2421")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.adl"
    path.write_text(text)
    return path


def skimmed(text: Path, *arguments: object) -> Result:
    result = adl("skim", text, *arguments)
    assert result.exit_code == 0, result.output
    return result


def results(text: Path, out: Path, *inputs: object) -> list[Any]:
    """The numbers after the last cut of each region, all histograms and bins."""
    result = adl("run", text, *inputs, "-q", "-o", out)
    assert result.exit_code == 0, result.output
    document = json.loads((out / "results.json").read_text())
    flows = [(f["region"], f["steps"][-1], f.get("bins")) for f in document["cutflows"]]
    histograms = [(h["region"], h["name"], h["hist"]) for h in document["histograms"]]
    return [flows, histograms]


def record(path: Path) -> dict[str, Any]:
    with uproot.open(path) as file:
        found: dict[str, Any] = json.loads(str(file["adl_skim"]))
        return found


def model_of(path: Path) -> tuple[str, str, bool]:
    document = json.loads(adl("inspect", path, "--format", "json").stdout)
    return document["model"], document["version"], document["simulation"]


@pytest.mark.parametrize(
    ("name", "form"),
    [*((name, "ttree") for name in FILES), *((name, "rntuple") for name in AS_NTUPLES)],
)
def test_an_analysis_gives_the_same_bits_on_its_skim(
    tmp_path: Path, real_data: Path, name: str, form: str
) -> None:
    path, out = real_data / f"{name}.root", tmp_path / "skim.root"
    text = written(tmp_path, JETS.format(more=FILES[name]))
    skimmed(text, path, "-o", out, "--format", form)
    assert results(text, tmp_path / "after", out) == results(text, tmp_path / "before", path)
    assert model_of(out) == model_of(path)
    about = record(out)
    assert about["events"] < about["inputs"][0]["events"]


def test_blocks_are_joined(tmp_path: Path, real_data: Path) -> None:
    """100 000 events are two blocks; nothing is weighted, so sums do not depend on them."""
    path, out = real_data / "cms_opendata2012_dimuon_100k.root", tmp_path / "skim.root"
    text = written(tmp_path, MUONS)
    skimmed(text, path, "-o", out)
    after = results(text, tmp_path / "after", out)
    assert after == results(text, tmp_path / "before", path)
    assert after[0][0][1]["raw"] == record(out)["events"] > 8_000
    again = tmp_path / "again.root"
    skimmed(text, path, "-o", again, "-j", 1)
    with uproot.open(out) as one, uproot.open(again) as two:
        assert ak.array_equal(one["Events"].arrays(), two["Events"].arrays())


def test_a_number_of_objects_is_enough_for_a_skim(tmp_path: Path, real_data: Path) -> None:
    path, out = real_data / "nano_legacy_10.root", tmp_path / "skim.root"
    text = written(tmp_path, "region all\n  select size(Jet) > 3\n")
    skimmed(text, path, "-o", out)
    assert results(text, tmp_path / "after", out) == results(text, tmp_path / "before", path)
    with uproot.open(path) as before, uproot.open(out) as after:
        jets = before["Events/nJet"].array()
        assert after["Events/nJet"].array().tolist() == jets[jets > 3].tolist()


def test_a_skim_carries_the_sums_of_nanoaod(tmp_path: Path, real_data: Path) -> None:
    path, out = real_data / "nano_legacy_10.root", tmp_path / "skim.root"
    text = written(tmp_path, "region all\n  select size(Jet) > 3\n")
    skimmed(text, path, "-o", out)
    again = tmp_path / "again.root"
    skimmed(text, out, "-o", again)
    with uproot.open(path) as before, uproot.open(out) as after, uproot.open(again) as twice:
        runs = before["Runs"].arrays()
        (counters,) = after["adlCounters"].arrays().tolist()
        assert counters["sumOfWeights"] == ak.sum(runs.genEventSumw)
        assert counters["events"] == ak.sum(runs.genEventCount) > 10
        for name in ("genEventSumw", "genEventSumw2", "LHEPdfSumw", "LHEScaleSumw"):
            assert after["Runs"][name].array().tolist() == runs[name].tolist()
            assert twice["Runs"][name].array().tolist() == runs[name].tolist()
        assert twice["adlCounters"].arrays().tolist() == [counters]
    assert record(out)["inputs"][0]["counted_by"] == "Runs"
    assert record(again)["inputs"][0]["counted_by"] == "skim"


def test_without_counters_the_weights_of_all_events_are_summed(
    tmp_path: Path, real_data: Path
) -> None:
    paths = [tmp_path / name for name in ("one.root", "two.root")]
    for path in paths:
        path.write_bytes((real_data / "nano_v12_ttbar.root").read_bytes())
    text = written(tmp_path, "region all\n  select MET > 50\n")
    skimmed(text, *paths, "-o", tmp_path / "skim.root", "-j", 3)
    with uproot.open(tmp_path / "skim.root") as file:
        counters = file["adlCounters"].arrays()
    for path, row in zip(paths, counters.tolist(), strict=True):
        weights = uproot.open(path)["Events/genWeight"].array(library="np").astype(np.float64)
        assert row["events"] == len(weights)
        np.testing.assert_allclose(row["sumOfWeights"], weights.sum(), rtol=1e-14)
        np.testing.assert_allclose(row["sumOfWeights2"], (weights**2).sum(), rtol=1e-14)


@pytest.mark.parametrize("name", ["out.root", "out.parquet"])
def test_a_skim_replaces_a_skim_and_no_other_file(
    name: str, tmp_path: Path, real_data: Path
) -> None:
    path, out = real_data / "nano_v12_ttbar.root", tmp_path / name
    text = written(tmp_path, "region all\n  select MET > 50\n")
    out.write_bytes(path.read_bytes())
    refused = adl("skim", text, real_data / "nano_legacy_10.root", "-o", out)
    assert refused.exit_code == 2
    assert "is there already, and is no skim" in refused.stderr
    assert out.read_bytes() == path.read_bytes()
    assert "one of the inputs" in adl("skim", text, out, "-o", out, "--force").stderr
    assert skimmed(text, path, "-o", out, "--force").stdout.startswith("replaced ")
    text.write_text("region none\n  select MET > 50000\n")
    again = skimmed(text, path, "-o", out)
    assert again.stdout.startswith(f"replaced {out}: 0 of ")
    assert "no event passes" in again.stderr
    other = tmp_path / f"new-{name}"
    assert skimmed(text, path, "-o", other).stdout.startswith("wrote ")


def test_a_broken_file_leaves_nothing_in_a_skim(tmp_path: Path, real_data: Path) -> None:
    good = real_data / "nano_v12_ttbar.root"
    broken = tmp_path / "broken.root"
    broken.write_bytes(good.read_bytes()[:-200_000])
    text = written(tmp_path, "region all\n  select MET > 50\n")
    out = tmp_path / "skim.root"
    result = adl("skim", text, good, broken, "-o", out)
    assert result.exit_code == 2
    assert "broken.root: the file is truncated" in result.stderr
    about = record(out)
    assert [i["path"] for i in about["inputs"]] == [str(good)]
    assert [f["path"] for f in about["failed"]] == [str(broken)]
    skimmed(text, good, "-o", tmp_path / "alone.root")
    with uproot.open(out) as one, uproot.open(tmp_path / "alone.root") as two:
        assert ak.array_equal(one["Events"].arrays(), two["Events"].arrays())
        assert one["adlCounters"].arrays().tolist() == two["adlCounters"].arrays().tolist()


def test_columns_and_regions_are_chosen(tmp_path: Path, real_data: Path) -> None:
    path, out = real_data / "nano_v12_ttbar.root", tmp_path / "skim.root"
    text = written(
        tmp_path,
        "region low\n  select MET > 40\nregion high\n  take low\n  select MET > 90\n",
    )
    met = uproot.open(path)["Events/MET_pt"].array()
    skimmed(text, path, "-o", out, "--region", "high", "--columns", "FatJet_*")
    with uproot.open(path) as before, uproot.open(out) as after:
        kept = after["Events"].arrays()
        assert len(kept) == ak.sum(met > 90) > 0
        names = before["Events"].keys()
        fat = [n for n in names if n.startswith("FatJet_")]
        assert set(fat) <= set(kept.fields)
        assert "Jet_area" not in kept.fields
        for name in fat:
            assert kept[name].tolist() == before["Events"][name].array()[met > 90].tolist()
    skimmed(text, path, "-o", out, "--columns", "all")
    with uproot.open(path) as before, uproot.open(out) as after:
        # A counter of one column alone is not kept where the collection has one.
        assert set(names) - set(after["Events"].keys()) <= {f"n{name}" for name in names}
        assert after["Events"].num_entries == ak.sum(met > 40)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-o", "a.root", "--region", "al"), "--region al: the regions are all"),
        (("-o", "a.root", "--columns", "Jat_*"), "--columns Jat_*: the input has no such column"),
        (("-o", "a.txt"), "-o a.txt: the name ends in .root or .parquet, or say --format"),
        (("-o", "a.root", "--format", "parquet"), "does not go with the ending .root"),
    ],
)
def test_what_cannot_be_skimmed_is_refused(
    tmp_path: Path,
    real_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    message: str,
) -> None:
    text = written(tmp_path, "region all\n  select size(Jet) > 3\n")
    monkeypatch.chdir(tmp_path)
    result = adl("skim", text, real_data / "nano_legacy_10.root", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["a.adl"]


def test_histograms_that_a_skim_cannot_give_are_named(tmp_path: Path, real_data: Path) -> None:
    text = written(
        tmp_path,
        'region all\n  histo early, "", 4, 0, 200, MET\n  select MET > 50\n'
        '  histo late, "", 4, 0, 200, MET\n',
    )
    result = skimmed(text, real_data / "nano_v12_ttbar.root", "-o", tmp_path / "skim.root")
    assert "region all fills early before its last cut" in result.stderr


def test_parquet_has_the_same_events(tmp_path: Path, real_data: Path) -> None:
    path = real_data / "nano_v12_ttbar.root"
    text = written(tmp_path, "region all\n  select size(Jet) > 6 and MET > 30\n")
    skimmed(text, path, "-o", tmp_path / "skim.root")
    skimmed(text, path, "-o", tmp_path / "skim.parquet")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(tmp_path / "skim.parquet")
    with uproot.open(tmp_path / "skim.root") as file:
        root = file["Events"].arrays()
        assert set(table.column_names) == set(root.fields)
        for name in root.fields:
            assert table[name].to_pylist() == root[name].tolist()
        (counters,) = file["adlCounters"].arrays().tolist()
    metadata = parquet.read_metadata(tmp_path / "skim.parquet").metadata
    assert json.loads(metadata[b"adl_skim"])["events"] == table.num_rows
    assert json.loads(metadata[b"adlCounters"])["sumOfWeights"] == [counters["sumOfWeights"]]


VARIED = """\
systematic jes_{s}
  for s  A B
  scale pt(Jet)  up 1.1  down 0.9
  keep MET
object good
  take Jet
  select pT > 30
region a
  select size(good) >= 2 and MET > 40
"""


def test_inspect_says_what_a_skim_was_made_from(tmp_path: Path, real_data: Path) -> None:
    path, out = real_data / "nano_legacy_10.root", tmp_path / "skim.root"
    text = written(tmp_path, "region many\n  select size(Jet) > 3\n")
    skimmed(text, path, "-o", out)
    assert json.loads(adl("inspect", out, "--format", "json").stdout)["skim"] == record(out)
    shown = adl("inspect", out).stdout
    (file,) = record(out)["inputs"]
    assert f"of {file['events']:,} events in {path}, sum of weights" in shown
    assert f"many of {text}" in shown
    assert json.loads(adl("inspect", path, "--format", "json").stdout)["skim"] is None


def test_events_of_variations_are_kept_when_asked(tmp_path: Path, real_data: Path) -> None:
    path = real_data / "cms_opendata2015_ttbar_nano.root"
    text = written(tmp_path, VARIED)
    plain = skimmed(text, path, "-o", tmp_path / "plain.root")
    assert "under 4 variations (jes_AUp …) other events can pass" in plain.stderr
    varied = skimmed(text, path, "-o", tmp_path / "varied.root", "--any-variation")
    assert "variations" not in varied.stderr
    before = results(text, tmp_path / "before", path)
    assert results(text, tmp_path / "after", tmp_path / "varied.root") == before
    assert record(tmp_path / "plain.root")["events"] < record(tmp_path / "varied.root")["events"]


def test_a_skim_of_nominal_events_is_no_sample_of_variations(
    tmp_path: Path, real_data: Path
) -> None:
    path = real_data / "cms_opendata2015_ttbar_nano.root"
    text = written(tmp_path, VARIED + "systematic lumi\n  reweight up 1.1 down 0.9\n")
    skimmed(text, path, "-o", tmp_path / "plain.root")
    lost = ["jes_AUp", "jes_ADown", "jes_BUp", "jes_BDown"]
    assert record(tmp_path / "plain.root")["variations"] == {
        "kept": [],
        "left_out": lost,
        "trees": {},
    }
    skimmed(text, path, "-o", tmp_path / "whole.root", "--any-variation")
    assert record(tmp_path / "whole.root")["variations"] == {
        "kept": lost,
        "left_out": [],
        "trees": {},
    }
    skimmed(text, tmp_path / "plain.root", "-o", tmp_path / "again.root", "--any-variation")
    for name, warned in {"plain": True, "plain ": True, "again": True, "whole": False}.items():
        run = adl("run", text, tmp_path / f"{name.strip()}.root", "-q")
        assert run.exit_code == 0, run.output
        assert ("skim without the events that pass under jes_AUp" in run.stderr) == warned, name
    run = adl("run", text, tmp_path / "plain.root", "-q", "--systematics", "lumi")
    assert "skim without" not in run.stderr


def test_an_analysis_runs_on_its_skim_whatever_its_systematics_name(
    tmp_path: Path, real_data: Path
) -> None:
    path = real_data / "cms_opendata2015_ttbar_nano.root"
    blocks = "systematic a\n  scale pt(Jet) up 1.1 down 0.9\n  keep MET\n"
    blocks += "systematic b\n  scale mass(Tau) up 1 + 0.1*charge down 1\n"
    text = written(tmp_path, blocks + "region r\n  select count(pt(Jet) > 100) >= 1\n")
    skimmed(text, path, "-o", tmp_path / "skim.root", "--any-variation")
    assert adl("run", text, tmp_path / "skim.root").exit_code == 0


def test_a_dataset_list_normalises_a_skim_as_its_input(tmp_path: Path, real_data: Path) -> None:
    text = written(tmp_path, "region all\n  select MET > 50\n")
    original = real_data / "nano_v12_ttbar.root"
    skimmed(text, original, "-o", tmp_path / "skim.root")
    yields = []
    for path in (original, tmp_path / "skim.root"):
        entry = {"files": str(path), "cross_section": 800.0, "kind": "simulation"}
        document = {"luminosity": "10 /fb", "datasets": {"ttbar": entry}}
        (tmp_path / "list.yaml").write_text(json.dumps(document))
        out = tmp_path / path.stem
        result = adl("run", text, tmp_path / "list.yaml", "-q", "-o", out)
        assert result.exit_code == 0, result.output
        flow = json.loads((out / "results.json").read_text())["cutflows"][0]
        yields.append((flow["steps"][-1]["raw"], flow["steps"][-1]["sumw"]))
    assert yields[0][0] == yields[1][0]
    np.testing.assert_allclose(yields[0][1], yields[1][1], rtol=1e-13)
    assert yields[0][1] > 1e6


ROOT_SCRIPT = """
import json, sys, ROOT
ROOT.gErrorIgnoreLevel = ROOT.kError
path, tree, column, number = sys.argv[1:]
file = ROOT.TFile.Open(path)
counters = ROOT.RDataFrame("adlCounters", path)
events = ROOT.RDataFrame(tree, path)
print(json.dumps({
    "record": json.loads(str(file.Get("adl_skim"))),
    "sum": counters.Sum("sumOfWeights").GetValue(),
    "events": events.Count().GetValue(),
    "list": events.Sum(column).GetValue(),
    "number": events.Sum(number).GetValue(),
}))
"""
ROOT_PYTHON = os.environ.get("ADL_ROOT_PYTHON", sys.executable)


def in_root(*arguments: object) -> dict[str, Any]:
    """Read a skim with ROOT itself, in an interpreter that has it."""
    command = [ROOT_PYTHON, "-W", "ignore", "-c", ROOT_SCRIPT, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named 'ROOT'" in run.stderr:
        pytest.skip("ROOT is not installed: ADL_ROOT_PYTHON names an interpreter that has it")
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("name", "form", "tree", "column", "number"),
    [
        ("nano_v12_ttbar", "ttree", "Events", "Jet_pt", "nJet"),
        ("nano_v12_ttbar", "rntuple", "Events", "Jet_pt", "nJet"),
        ("delphes_10", "ttree", "Delphes", "Jet.PT", "Jet"),
        ("physlite_100", "rntuple", "CollectionTree", "AnalysisJetsAuxDyn:pt", ""),
    ],
)
def test_root_reads_a_skim(
    tmp_path: Path, real_data: Path, name: str, form: str, tree: str, column: str, number: str
) -> None:
    text = written(tmp_path, "region all\n  select size(Jet) > 3 and pT(Jet[0]) > 40\n")
    out = tmp_path / "skim.root"
    skimmed(text, real_data / f"{name}.root", "-o", out, "--format", form)
    with uproot.open(out) as file:
        own = file[tree]
        values = own[column].array()
        rows = file["adlCounters/sumOfWeights"].array()
        lengths = own[number].array() if number else values[:, 0]
        assert len(values) > 0
    found = in_root(out, tree, column, number or column)
    assert found["events"] == len(values) == found["record"]["events"]
    assert found["sum"] == ak.sum(rows)
    total = ak.sum(ak.values_astype(values, np.float64))
    np.testing.assert_allclose(found["list"], total, rtol=1e-6)
    if number:
        assert found["number"] == ak.sum(lengths)


def test_parquet_is_for_other_programs(tmp_path: Path) -> None:
    (tmp_path / "skim.parquet").write_bytes(b"PAR1" + bytes(100))
    (tmp_path / "a.adl").write_text("region r\n  select ALL\n")
    result = adl("run", tmp_path / "a.adl", tmp_path / "skim.parquet")
    assert result.exit_code == 2
    assert "is Parquet: events are read of ROOT files" in result.stderr


def test_a_skim_of_physlite_carries_what_its_bookkeepers_have_counted(
    tmp_path: Path, real_data: Path
) -> None:
    text = tmp_path / "a.adl"
    text.write_text("region r\n  select SoftMET > 5\n")
    out = tmp_path / "skim.root"
    skimmed(text, real_data / "physlite_rntuple_100.root", "-o", out)
    with uproot.open(out) as file:
        (row,) = file["adlCounters"].arrays().tolist()
    with uproot.open(real_data / "physlite_rntuple_100.root") as file:
        name = "CutBookkeepersAux./CutBookkeepersAux"
        read = {x: file["MetaData"][f"{name}.{x}"].array()[0].tolist() for x in BOOKKEEPERS}
    place = read["name"].index("AllExecutedEvents")
    assert list(row.values()) == [read[x][place] for x in BOOKKEEPERS[1:]]
    assert record(out)["inputs"][0]["counted_by"] == "MetaData"


BOOKKEEPERS = ("name", "nAcceptedEvents", "sumOfEventWeights", "sumOfEventWeightsSquared")
