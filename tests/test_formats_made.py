"""Formats without a file here: small files that are made as they are, and models of users."""

from __future__ import annotations

import json
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from tests.commands import adl
from tests.formats import Array


def made(path: Path, tree: str, **columns: object) -> Path:
    """Write a file of one tree; __ in names is a dot."""
    with uproot.recreate(path) as file:
        # Not file[tree] = …, which writes an RNTuple.
        columns = {name.replace("__", "."): values for name, values in columns.items()}
        file.mktree(tree, columns)
    return path


def lists(*events: list[float]) -> Array:
    return ak.values_astype(ak.Array(list(events)), np.float64)


def saved(tmp_path: Path, path: Path, items: str, *options: str) -> Array:
    text = tmp_path / "a.adl"
    text.write_text(f"region all\n  save got root {items}\n")
    result = adl("run", text, path, "-o", tmp_path / "out", "-q", *options)
    assert result.exit_code == 0, result.output
    return uproot.open(tmp_path / "out" / "got.root")["Events"].arrays()


def test_atlas_open_data_of_2020_is_in_mev(tmp_path: Path) -> None:
    path = made(
        tmp_path / "mini.root",
        "mini",
        eventNumber=np.array([7, 8], np.int32),
        runNumber=np.array([1, 1], np.int32),
        met_et=np.array([25e3, 5e3], np.float32),
        met_phi=np.array([1, 2], np.float32),
        lep_pt=lists([30e3, 20e3], []),
        lep_eta=lists([0.5, -1], []),
        lep_phi=lists([1, 2], []),
        lep_E=lists([50e3, 40e3], []),
        lep_type=lists([11, 13], []),
        lep_ptcone30=lists([3e3, 0], []),
        largeRjet_pt=lists([], [250e3]),
        largeRjet_m=lists([], [80e3]),
    )
    got = saved(tmp_path, path, "pT(Lepton) m(Lepton) Lepton.ptcone30 MET MET.phi m(FatJet) event")
    assert got.pT_Lepton.tolist() == [[30, 20], []]
    e, p = np.array([50, 40]), np.array([30, 20]) * np.cosh([0.5, -1])
    np.testing.assert_allclose(got.m_Lepton[0], np.sqrt(e**2 - p**2))
    assert got.Lepton_ptcone30.tolist() == [[3, 0], []]
    assert (got.MET.tolist(), got.MET_phi.tolist()) == ([25, 5], [1, 2])
    assert got.m_FatJet.tolist() == [[], [80]]
    assert json.loads(adl("inspect", path, "--format", "json").stdout)["model"] == "atlas2020"


def test_topcptoolkit_has_columns_with_and_without_their_suffix(tmp_path: Path) -> None:
    path = made(
        tmp_path / "reco.root",
        "reco",
        eventNumber=np.array([7], np.uint64),
        met_met_NOSYS=np.array([25e3], np.float32),
        met_phi_NOSYS=np.array([1], np.float32),
        jet_pt_NOSYS=lists([30e3]),
        jet_eta=lists([0.5]),
        jet_phi=lists([1]),
        jet_e_NOSYS=lists([50e3]),
        jet_select_tight_NOSYS=lists([1]),
    )
    got = saved(tmp_path, path, "pT(Jet) eta(Jet) Jet.select_tight MET event")
    assert got.pT_Jet.tolist() == [[30]]
    assert got.eta_Jet.tolist() == [[0.5]]
    assert got.Jet_select_tight.tolist() == [[1]]
    assert got.MET.tolist() == [25]
    assert json.loads(adl("inspect", path, "--format", "json").stdout)["model"] == "topcptoolkit"


@pytest.mark.parametrize(("jets", "met"), [("Jet", "MissingET"), ("JetPUPPI", "PuppiMissingET")])
def test_objects_that_delphes_stores_as_lists_of_one_are_one(
    tmp_path: Path, jets: str, met: str
) -> None:
    columns = {
        "Event__Number": lists([7.0], [8.0]),
        "Event__Weight": lists([0.5], [2.0]),
        f"{jets}__PT": lists([50, 40], [30]),
        f"{jets}__Eta": lists([0, 1], [2]),
        f"{jets}__Phi": lists([0, 1], [2]),
        f"{jets}__Mass": lists([5, 4], [3]),
        f"{jets}__BTag": lists([1, 0], [0]),
        "Electron__PT": lists([20], []),
        "Electron__Eta": lists([1], []),
        "Electron__Phi": lists([2], []),
        "Electron__Charge": lists([-1], []),
        f"{met}__MET": lists([60], [70]),
        f"{met}__Phi": lists([1], [2]),
        f"{met}__Eta": lists([0], [0]),
        "ScalarHT__HT": lists([90], [30]),
    }
    path = made(tmp_path / "delphes.root", "Delphes", **columns)
    use = "" if met == "MissingET" else "use MET = PuppiMET\n"
    text = tmp_path / "a.adl"
    text.write_text(
        f"{use}region all\n  save got root pT(JET) bTag(JET) m(ELE) MET phi(METLV[0]) HT "
        "pdgID(ELE) MET.MET\n"
        "region tagged\n  weight w eventWeight\n  select any(bTag(JET) == 1) and MET > 50\n"
    )
    result = adl("run", text, path, "-o", tmp_path / "out", "-q")
    assert result.exit_code == 0, result.output
    got = uproot.open(tmp_path / "out" / "got.root")["Events"].arrays()
    assert got.pT_JET.tolist() == [[50, 40], [30]]
    assert got.bTag_JET.tolist() == [[1, 0], [0]]
    assert got.m_ELE.tolist() == [[0.000511], []]
    assert got.pdgID_ELE.tolist() == [[11], []]
    assert got.MET.tolist() == got.MET_MET.tolist() == [60, 70]
    assert got.phi_METLV_0.tolist() == [1, 2]
    assert got.HT.tolist() == [90, 30]
    flow = json.loads((tmp_path / "out" / "results.json").read_text())["cutflows"][1]
    assert (flow["steps"][-1]["raw"], flow["steps"][-1]["sumw"]) == (1, 0.5)


def test_lists_of_one_that_are_empty_are_missing(tmp_path: Path) -> None:
    path = made(
        tmp_path / "delphes.root",
        "Delphes",
        Event__Number=lists([7.0], [8.0]),
        MissingET__MET=lists([60], []),
        MissingET__Phi=lists([1], []),
        MissingET__Eta=lists([0], []),
    )
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select not (MET > 100)\n  select MET > 0\n")
    result = adl("run", text, path, "-o", tmp_path / "out", "-q")
    assert result.exit_code == 0, result.output
    (flow,) = json.loads((tmp_path / "out" / "results.json").read_text())["cutflows"]
    assert [step["raw"] for step in flow["steps"]] == [2, 2, 1]


def test_a_users_model_extends_one_of_ours(tmp_path: Path) -> None:
    path = made(
        tmp_path / "skim.root",
        "Events",
        Jet=ak.zip({"pt": lists([50, 40]), "eta": lists([0, 1]), "phi": lists([0, 1])}),
        Jet_mass=lists([5, 4]),
        Jet_b=lists([0.9, 0.1]),
        Jet_c=lists([0.3, 0.2]),
    )
    model = tmp_path / "ours.yaml"
    model.write_text(
        "extends: nanoaod\n"
        "collections:\n"
        "  Jet:\n"
        "    float64: b c\n"
        "    formulas: {score: b + c}\n"
        "    aliases: Hadrons\n"
    )
    got = saved(tmp_path, path, "Hadrons.score pT(JET)", "--model", str(model))
    np.testing.assert_allclose(got.Hadrons_score[0], [1.2, 0.3])
    assert got.pT_JET.tolist() == [[50, 40]]


def test_what_a_users_model_names_and_a_file_has_not_is_told_with_its_line(
    tmp_path: Path,
) -> None:
    path = made(
        tmp_path / "skim.root",
        "Events",
        Jet=ak.zip({"pt": lists([50, 40]), "eta": lists([0, 1]), "phi": lists([0, 1])}),
    )
    model = tmp_path / "ours.yaml"
    model.write_text(
        "extends: nanoaod\n"
        "collections:\n"
        "  Jet:\n"
        "    columns: {pt: pt_corrected}\n"
        "    float32: score\n"
        "  Widget:\n"
        "    float32: >-\n"
        "      pt\n"
        "      eta\n"
        "scalars: {float32: mine}\n"
        "computed:\n  HTW: sum(Widget w, w.pt)\n"
    )
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select any(eta(Jet) > 2)\n")
    expected = [
        "4: Jet_pt_corrected: not in",
        "5: Jet_score: not in",
        "8: Widget_pt: not in",
        "9: Widget_eta: not in",
        "10: mine: not in",
        "12: HTW: nothing is called Widget, in",
    ]
    for command in (("run", text, path, "-q"), ("check", text, "--input", path)):
        result = adl(*command, "--model", model)
        assert result.exit_code == 0, result.output
        notes = [line for line in result.stderr.splitlines() if "ours.yaml" in line]
        assert notes == [f"note: {model}:{words} {path}" for words in expected]
    # The model says which column pt is: the file's Jet_pt is not it.
    text.write_text("region all\n  select any(pT(Jet) > 2)\n")
    result = adl("run", text, path, "-q", "--model", model)
    assert "Jet has no pt" in result.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("collections:\n  J: {float32: pt, formulas: {x: pt +}}", "bad.yaml:2: "),
        ("collections:\n  J:\n    float32: pt\n    formulas: {x: qt + 1}", "bad.yaml:4: J: x: "),
        ("collections:\n  J: {float32: pt, through: k}", "bad.yaml:2: J has no link k"),
        ("extends: nano", "bad.yaml:1: unknown object model 'nano'"),
        ("extends: bad.yaml", "bad.yaml:1: bad extends itself"),
        ("recognise: {tree: Events}", "bad.yaml:1: unknown 'tree': expected trees, "),
        ("computed: {a: 'Nothing[0].x'}", "bad.yaml:1: a: "),
    ],
)
def test_a_mistake_in_a_model_has_its_line(tmp_path: Path, line: str, message: str) -> None:
    model = tmp_path / "bad.yaml"
    model.write_text(f"{line}\n")
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select ALL\n")
    result = adl("check", text, "--model", model)
    assert result.exit_code == 2
    assert message in result.stderr.replace(f"{tmp_path}/", "")


def test_a_file_that_fits_two_models_equally_well_is_asked_about(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from adl.stdlib.models import ModelError, load_model, recognition

    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    for model in (one, two):
        model.write_text("recognise: {branches: a_pt b_*}\n")
    three = tmp_path / "three.yaml"
    three.write_text("extends: one.yaml\nrecognise: {trees: T}\n")
    models = [load_model(m) for m in (one, two)]
    monkeypatch.setattr(recognition, "_models", lambda: (*models,))
    with pytest.raises(
        ModelError, match=r"fits the models one and two equally well\n.*--model one"
    ):
        recognition.recognise("T", {"a_pt", "b_x"})
    found = recognition.recognise("T", {"a_pt"})
    assert found.model.name == "ntuple"
    monkeypatch.setattr(recognition, "_models", lambda: (models[0], load_model(three)))
    found = recognition.recognise("T", {"a_pt", "b_x"})
    assert found.model.name == "three"
    assert found.reason == "its tree is T and it has a_pt and b_*"


def test_a_momentum_that_is_not_stored_is_no_zero(tmp_path: Path) -> None:
    path = made(tmp_path / "a.root", "Events", nHit=np.array([1], np.int32), Hit_x=lists([1.0]))
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select size(Hit) > 0\n  select pT(Hit[0]) > 2\n")
    result = adl("run", text, path, "--model", "nanoaod")
    assert result.exit_code == 2
    assert "Hit has no pt and no phi, which pT needs" in result.stderr
