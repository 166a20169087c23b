"""MeV and GeV: what a model converts, what it does not know of, and files that are in neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from adl.stdlib.models import Branch, load_model
from tests.commands import adl


def file_of_jets(path: Path, scale: float) -> Path:
    pt = ak.Array([[30.0, 25.0], [50.0, 40.0, 22.0], [], [61.0, 20.5]])
    with uproot.recreate(path) as file:
        jets = ak.zip({"pt": pt * scale, "eta": pt * 0, "phi": pt * 0, "mass": pt * 0})
        file.mktree("Events", {"Jet": jets})
    return path


def analysis(folder: Path) -> Path:
    text = folder / "a.adl"
    text.write_text("region all\n  select size(Jet) >= 0\n  histo h, '', 10, 0, 100, pT(Jet)\n")
    return text


# ----------------------------------------------------------------------------------- models


@pytest.mark.parametrize("name", ["physlite_100", "physlite_rntuple_100"])
def test_everything_of_physlite_that_is_in_mev_is_in_gev(
    tmp_path: Path, real_data: Path, name: str
) -> None:
    text = tmp_path / "a.adl"
    text.write_text(
        "region all\n  save got root pT(Photon) m(FatJet) FatJet.Split12 pT(Tau) Tau.ptFinalCalib "
        "pT(TruthElectrons) eta(TruthElectrons) TruthElectrons.pt_dressed GenFiltHT eventWeight\n"
    )
    path = real_data / f"{name}.root"
    result = adl("run", text, path, "-q", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    assert "W343" not in result.stderr
    got = uproot.open(tmp_path / "got.root")["Events"].arrays()
    tree = uproot.open(path)["EventData" if "rntuple" in name else "CollectionTree"]
    columns = {b.name.replace(":", "."): b for b in tree.itervalues(recursive=True)}

    def stored(column: str) -> Any:
        return ak.values_astype(columns[column].array(), np.float64)

    truth = {x: stored(f"TruthElectronsAuxDyn.{x}") for x in ("px", "py", "pz")}
    pt = np.hypot(truth["px"], truth["py"])
    expected = {
        "pT_Photon": stored("AnalysisPhotonsAuxDyn.pt") / 1000,
        "m_FatJet": stored("AnalysisLargeRJetsAuxDyn.m") / 1000,
        "FatJet_Split12": stored("AnalysisLargeRJetsAuxDyn.Split12") / 1000,
        "pT_Tau": stored("AnalysisTauJetsAuxDyn.pt") / 1000,
        "Tau_ptFinalCalib": stored("AnalysisTauJetsAuxDyn.ptFinalCalib") / 1000,
        "pT_TruthElectrons": pt / 1000,
        "eta_TruthElectrons": np.arcsinh(truth["pz"] / pt),
        "TruthElectrons_pt_dressed": stored("TruthElectronsAuxDyn.pt_dressed") / 1000,
        "GenFiltHT": stored("EventInfoAuxDyn.GenFiltHT") / 1000,
        "eventWeight": stored("EventInfoAuxDyn.mcEventWeights")[:, 0],
    }
    for key, values in expected.items():
        found = got[key]
        if values.ndim == 2:
            assert ak.all(ak.num(found) == ak.num(values)), key
            found, values = ak.flatten(found), ak.flatten(values)
        assert len(found) > 50, key
        np.testing.assert_allclose(found, values, rtol=1e-12, atol=1e-12, err_msg=key)


def test_a_column_of_an_unsaid_unit_is_warned_of_where_it_is_used(
    tmp_path: Path, real_data: Path
) -> None:
    text = tmp_path / "a.adl"
    text.write_text(
        "region all\n  select any(FatJet f, f.ECF2 > 1000)\n  select all(FatJet.ECF2 > 0)\n"
        "  select all(FatJet.D2 > 0)\n"
    )
    result = adl("check", text, "--input", real_data / "physlite_100.root")
    assert result.exit_code == 0
    assert result.stderr.count("W343") == 1  # once a column
    assert "a.adl:2:24: warning[W343]" in result.stderr
    assert "AnalysisLargeRJetsAuxDyn.ECF2" in result.stderr
    own = tmp_path / "own.yaml"
    own.write_text("extends: physlite\ncollections: {AnalysisLargeRJets: {as_stored: ECF2}}\n")
    result = adl("check", text, "--input", real_data / "physlite_100.root", "--model", own)
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_varied_column_of_an_unsaid_unit_is_stored_as_the_one_that_it_stands_for(
    tmp_path: Path, real_data: Path
) -> None:
    path = real_data / "physlite_100.root"
    text = tmp_path / "a.adl"
    block = "systematic s\n  set pt(FatJet)  up {0}  down {0}\n"
    region = "region r\n  select any(pt(FatJet) > 1000)\n"
    text.write_text(block.format("ECF2") + region)
    result = adl("run", text, path, "-q", "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr.count("W343")) == (0, 0)
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    (up,) = (c["steps"][-1]["raw"] for c in found["cutflows"] if c["variation"] == "sUp")
    with uproot.open(path) as file:
        stored = file["CollectionTree/AnalysisLargeRJetsAuxDyn.ECF2"].array()
    assert up == ak.sum(ak.any(stored / 1000 > 1000, axis=1)) > 0
    for expression in ("2*ECF2", "pt + ECF2"):
        text.write_text(block.format(expression) + region)
        assert adl("check", text, "--input", path).stderr.count("W343") == 2  # up and down


def test_what_a_collection_says_of_units_goes_before_what_is_usual(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "storage: {prefix: '{}.', MeV: 'pt *_pt', as_stored: 'raw_*'}\n"
        "collections:\n"
        "  A: {float32: pt x raw_pt, as_stored: pt, MeV: x}\n"
        "  B: {float32: pt x a_pt}\n"
    )
    model = load_model(path)
    a, b = (model.schema().collections[name].attributes for name in "AB")
    assert {n: (f.per, f.unit_said) for n, f in a.items()} == {
        "pt": (1, True),
        "x": (1000, True),
        "raw_pt": (1000, True),  # of two patterns that of MeV
    }
    assert {n: (f.per, f.unit_said) for n, f in b.items()} == {
        "pt": (1000, True),
        "x": (1, False),
        "a_pt": (1000, True),
    }
    columns = {n: Branch(n, "float32", None) for n in ("pt", "Info.pt", "rest")}
    scalars = model.schema(columns).scalars
    assert {n: (f.per, f.unit_said) for n, f in scalars.items()} == {
        "pt": (1000, True),
        "Info.pt": (1000, True),
        "rest": (1, False),
    }


def test_the_column_of_missing_momentum_has_the_unit_of_missing_momentum() -> None:
    columns = {n: Branch(n, "float32", None) for n in ("met_et", "met_phi")}
    schema = load_model("atlas2020").schema(columns)
    assert schema.scalars["met_et"] == schema.singletons["MET"].attributes["pt"]
    assert schema.scalars["met_et"].per == 1000


# ------------------------------------------------------------------------------------ files


def test_a_file_in_mev_among_files_in_gev_is_named(tmp_path: Path) -> None:
    good, bad = file_of_jets(tmp_path / "gev.root", 1), file_of_jets(tmp_path / "mev.root", 1000)
    result = adl("run", analysis(tmp_path), good, bad, "-q")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("looks like MeV") == 1
    assert f"{bad}: Jet_pt lies between 20500 and 61000" in result.stderr
    assert "takes that for GeV" in result.stderr


def test_a_file_in_gev_that_a_model_takes_for_mev_is_named(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("extends: nanoaod\ncollections: {Jet: {MeV: pt mass}}\n")
    good, bad = file_of_jets(tmp_path / "mev.root", 1000), file_of_jets(tmp_path / "gev.root", 1)
    result = adl("run", analysis(tmp_path), good, bad, "-q", "--model", own)
    assert f"{bad}: Jet_pt lies between 20.5 and 61" in result.stderr
    assert "takes that for MeV, and it looks like GeV" in result.stderr
    assert str(good) not in result.stderr


def test_a_dataset_list_names_the_dataset_and_its_line(tmp_path: Path) -> None:
    file_of_jets(tmp_path / "gev.root", 1)
    file_of_jets(tmp_path / "mev.root", 1000)
    listed = tmp_path / "list.yaml"
    listed.write_text(
        "datasets:\n"
        "  first: {kind: data, files: gev.root}\n"
        "  second: {kind: data, files: mev.root}\n"
    )
    result = adl("run", analysis(tmp_path), listed, "-q", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("looks like MeV") == 1
    assert "mev.root: Jet_pt" in result.stderr
    assert "(dataset second, " in result.stderr
    assert "list.yaml:3)" in result.stderr
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["events"] == 8  # nothing is lost


@pytest.mark.parametrize("name", ["physlite_100", "nano_v12_ttbar", "treemaker_10", "delphes_10"])
def test_real_files_raise_no_doubt(tmp_path: Path, real_data: Path, name: str) -> None:
    result = adl("run", analysis(tmp_path), real_data / f"{name}.root", "-q")
    assert result.exit_code == 0, result.output
    assert "looks like" not in result.stderr
