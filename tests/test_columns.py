"""``adl columns``: what is read, and what a file of only that needs beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import uproot

from tests.commands import adl

REGION = "region all\n  select size(Jet) > 1\n"


def analysis(tmp_path: Path, text: str, name: str = "a.adl") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_each_column_of_several_analyses_stands_once(tmp_path: Path) -> None:
    one = analysis(tmp_path, "region a\n  select any(Muon m, m.pt > 5)\n", "one.adl")
    two = analysis(tmp_path, "region a\n  select any(Muon m, m.pt > 5) and MET > 20\n", "two.adl")
    result = adl("columns", one, two)
    assert result.exit_code == 0, result.output
    assert result.stdout.split() == ["MET_pt", "Muon_pt", "nMuon"]
    columns = json.loads(adl("columns", one, two, "--format", "json").stdout)["columns"]
    readers = {c["name"]: c["read_by"] for c in columns}
    assert readers["Muon_pt"] == [str(one), str(two)]
    assert readers["MET_pt"] == [str(two)]
    assert readers["event"] == []


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("nano_legacy_10", ["nJet"]),
        ("physlite_100", ["AnalysisJetsAuxDyn.pt"]),
        ("delphes_10", ["Jet", "Jet.fUniqueID"]),
        ("hzz_flat_2421", ["Jet_Px", "NJet"]),
    ],
)
def test_a_number_of_objects_needs_what_counts_them(
    tmp_path: Path, real_data: Path, name: str, columns: list[str]
) -> None:
    path = real_data / f"{name}.root"
    result = adl("columns", analysis(tmp_path, REGION), "--input", path)
    assert result.exit_code == 0, result.output
    assert result.stdout.split() == columns


LISTS = {
    "delphes_10": "sum(j.constituents c, pT(c)) > 20",
    "physlite_100": "sum(j.ghostTracks t, abs(t.d0)) > 1",
    "physlite_rntuple_100": "sum(j.NumTrkPt500) > 2",
}


TREES = {
    "delphes_10": "Delphes",
    "physlite_100": "CollectionTree",
    "physlite_rntuple_100": "EventData",
}


@pytest.mark.parametrize(("name", "condition"), LISTS.items())
def test_parts_of_lists_in_lists_are_listed_as_the_branches_of_the_file(
    tmp_path: Path, real_data: Path, name: str, condition: str
) -> None:
    path = real_data / f"{name}.root"
    text = analysis(tmp_path, f"region a\n  select any(Jet j, {condition})\n")
    with uproot.open(path) as file:
        names = file[TREES[name]].keys()
    # The fields of an RNTuple have the names that they have in a TTree.
    known = {key.split("/")[-1].replace(":", ".") for key in names}
    listed = adl("columns", text, "--input", path).stdout.split()
    assert listed
    assert known.issuperset(listed)
    document = json.loads(adl("columns", text, "--input", path, "--format", "json").stdout)
    kept = {column["name"]: column for column in document["columns"]}
    assert known.issuperset(kept)
    assert [n for n, column in kept.items() if column["read_by"]] == listed
    (query,) = json.loads(adl("columns", text, "--input", path, "--format", "servicex").stdout)
    assert {*query["filter_name"]} == {*kept}
    inner = {
        "delphes_10": ("Jet.Constituents", "references", "Jet"),
        "physlite_100": ("AnalysisJetsAuxDyn.GhostTrack", "lists of links", None),
        "physlite_rntuple_100": ("AnalysisJetsAuxDyn.NumTrkPt500", "lists of int32", None),
    }[name]
    of = kept[inner[0]]
    assert (of["type"], of["counter"]) == (inner[1], inner[2] or inner[0])


def test_what_computes_an_attribute_is_read(tmp_path: Path, real_data: Path) -> None:
    text = analysis(tmp_path, "region a\n  select any(Jet j, j.pt > 20)\n")
    result = adl("columns", text, "--input", real_data / "hzz_flat_2421.root")
    assert result.stdout.split() == ["Jet_Px", "Jet_Py", "NJet"]


def test_what_only_excludes_is_not_read(tmp_path: Path) -> None:
    text = "region a\n  weight w genWeight  only simulation\n  select size(Jet) > 1\n"
    path = analysis(tmp_path, text)
    assert adl("columns", path, "--data").stdout.split() == ["nJet"]
    assert adl("columns", path, "--simulation").stdout.split() == ["genWeight", "nJet"]


def test_a_servicex_query_is_what_uproot_takes(tmp_path: Path, real_data: Path) -> None:
    """ServiceX hands filter_name to uproot's arrays: what comes back serves the analysis."""
    path = real_data / "nano_v12_ttbar.root"
    text = analysis(tmp_path, 'region a\n  select pT(Jet[0]) > 30\n  histo h, "", 4, 0, 200, MET\n')
    result = adl("columns", text, "--input", path, "--format", "servicex")
    (query,) = json.loads(result.stdout)
    assert query.keys() == {"treename", "filter_name"}
    tree = uproot.open(path)[query["treename"]]
    arrays = tree.arrays(filter_name=query["filter_name"])
    assert set(arrays.fields) == set(query["filter_name"])
    with uproot.recreate(tmp_path / "got.root") as file:
        file.mktree("Events", {name: arrays[name] for name in arrays.fields})
    outputs = []
    for name, source in (("before", path), ("after", tmp_path / "got.root")):
        result = adl("run", text, source, "-q", "-o", tmp_path / name)
        assert result.exit_code == 0, result.output
        outputs.append(json.loads((tmp_path / name / "results.json").read_text()))
    assert outputs[0]["cutflows"][0]["steps"] == outputs[1]["cutflows"][0]["steps"]
    assert outputs[0]["histograms"][0]["hist"] == outputs[1]["histograms"][0]["hist"]


def test_a_tree_that_can_have_several_names_is_asked_for(tmp_path: Path) -> None:
    path = analysis(tmp_path, REGION)
    result = adl("columns", path, "--model", "physlite", "--format", "servicex")
    assert result.exit_code == 2
    assert "the tree of physlite is one of CollectionTree, EventData" in result.stderr
    options = ("--model", "physlite", "--format", "servicex", "--tree", "EventData")
    assert json.loads(adl("columns", path, *options).stdout)[0]["treename"] == "EventData"


def test_a_mistake_is_shown_as_check_shows_it(tmp_path: Path) -> None:
    result = adl("columns", analysis(tmp_path, "region a\n  select size(Jat) > 1\n"))
    assert result.exit_code == 2
    assert "a.adl:2:15: error[E201]: nothing is called Jat" in result.stderr
