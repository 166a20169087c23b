"""The bundled event sample in ``examples/sample`` is what its README says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

SAMPLE = Path(__file__).parent.parent / "examples" / "sample"
EVENTS = {"zmumu": 8000, "ttbar": 6000, "wjets": 6000}

KINEMATICS = {"pt": "float[]", "eta": "float[]", "phi": "float[]", "mass": "float[]"}
COLLECTIONS = {
    "Muon": {
        **KINEMATICS,
        "charge": "int32_t[]",
        "pfRelIso04_all": "float[]",
        "tightId": "bool[]",
    },
    "Electron": {
        **KINEMATICS,
        "charge": "int32_t[]",
        "pfRelIso03_all": "float[]",
        "cutBased": "int32_t[]",
    },
    "Jet": {
        **KINEMATICS,
        "btagDeepFlavB": "float[]",
        "jetId": "int32_t[]",
        "hadronFlavour": "int32_t[]",
        "nConstituents": "uint8_t[]",
    },
}
COLUMNS = {
    "run": "uint32_t",
    "luminosityBlock": "uint32_t",
    "event": "uint64_t",
    "genWeight": "float",
    **{f"n{collection}": "int32_t" for collection in COLLECTIONS},
    **{
        f"{collection}_{field}": typename
        for collection, fields in COLLECTIONS.items()
        for field, typename in fields.items()
    },
    "MET_pt": "float",
    "MET_phi": "float",
    "PV_npvs": "int32_t",
    "Pileup_nTrueInt": "float",
    "HLT_IsoMu24": "bool",
}


def tree(process: str) -> Any:
    return uproot.open(SAMPLE / f"{process}.root")["Events"]


@pytest.fixture(scope="module", params=list(EVENTS))
def process(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def events(process: str) -> Any:
    return tree(process).arrays()


def test_the_sample_is_small_enough_for_the_repository() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.glob("*.root")) <= 3_000_000


def test_columns_have_the_names_and_types_of_nanoaod(process: str) -> None:
    assert tree(process).typenames() == COLUMNS


def test_the_readme_names_every_column() -> None:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    named = [f"`{name}`" in readme for name in COLUMNS]
    assert [name for name, found in zip(COLUMNS, named, strict=True) if not found] == []


def test_every_event_is_there_once(process: str, events: Any) -> None:
    assert np.array_equal(np.asarray(events.event), np.arange(1, EVENTS[process] + 1))


def test_counters_agree_with_their_collections(events: Any) -> None:
    for collection in COLLECTIONS:
        assert np.all(events[f"n{collection}"] == np.sum(events[f"{collection}_pt"] > 0, axis=1))


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_collections_run_from_the_hardest_down(events: Any, collection: str) -> None:
    pt = events[f"{collection}_pt"]
    assert np.all(pt[:, :-1] >= pt[:, 1:])


@pytest.mark.parametrize("name", [n for n, typename in COLUMNS.items() if "float" in typename])
def test_floats_are_finite(events: Any, name: str) -> None:
    assert np.all(np.isfinite(events[name]))


@pytest.mark.parametrize("name", ["Muon_phi", "Electron_phi", "Jet_phi", "MET_phi"])
def test_azimuth_is_within_pi(events: Any, name: str) -> None:
    assert np.all(abs(events[name]) < np.pi)


@pytest.mark.parametrize(
    ("collection", "min_pt", "max_eta"),
    [("Muon", 5.0, 2.4), ("Electron", 5.0, 2.5), ("Jet", 15.0, 4.7)],
)
def test_objects_are_within_acceptance(
    events: Any, collection: str, min_pt: float, max_eta: float
) -> None:
    rounding = 1 + 2**-10  # of the mantissa
    assert np.all(events[f"{collection}_pt"] >= min_pt / rounding)
    assert np.all(abs(events[f"{collection}_eta"]) <= max_eta * rounding)


def test_flags_and_scores_take_their_documented_values(events: Any) -> None:
    assert set(np.unique(np.ravel(events.Muon_charge))) == {-1, 1}
    assert set(np.unique(np.ravel(events.Electron_cutBased))) <= {0, 1, 2, 3, 4}
    assert set(np.unique(np.ravel(events.Jet_jetId))) == {0, 2, 6}
    assert set(np.unique(np.ravel(events.Jet_hadronFlavour))) == {0, 4, 5}
    assert np.all((events.Jet_btagDeepFlavB > 0) & (events.Jet_btagDeepFlavB < 1))


def test_the_trigger_fires_on_a_hard_muon(events: Any) -> None:
    hard = (events.Muon_pt > 24) & (events.Muon_pfRelIso04_all < 0.15)
    agree = np.any(hard, axis=1) == events.HLT_IsoMu24
    assert np.mean(agree) > 0.999  # the trigger cuts before rounding


def test_two_muons_make_a_z() -> None:
    events = tree("zmumu").arrays()
    pair = events[(events.nMuon == 2) & (np.sum(events.Muon_charge, axis=1) == 0)]
    pt, eta, phi = (pair[f"Muon_{field}"] for field in ("pt", "eta", "phi"))
    mass = np.sqrt(
        2 * pt[:, 0] * pt[:, 1] * (np.cosh(eta[:, 0] - eta[:, 1]) - np.cos(phi[:, 0] - phi[:, 1]))
    )
    peak = mass[(mass > 80) & (mass < 100)]
    assert len(peak) > 2000
    assert 90 < np.mean(peak) < 92.5


def test_top_pairs_have_more_b_tags_than_w_bosons() -> None:
    top, w_boson = (
        np.mean(np.sum(tree(name)["Jet_btagDeepFlavB"].array() > 0.5, axis=1))
        for name in ("ttbar", "wjets")
    )
    assert top > 1
    assert w_boson < 0.1


def test_jets_contain_the_muons() -> None:
    events = tree("zmumu").arrays()
    with_muon = events[events.nMuon > 0]
    with_muon = with_muon[with_muon.Muon_pt[:, 0] > 20]
    phi = (with_muon.Jet_phi - with_muon.Muon_phi[:, 0] + np.pi) % (2 * np.pi) - np.pi
    distance = np.hypot(with_muon.Jet_eta - with_muon.Muon_eta[:, 0], phi)
    assert np.mean(np.any(distance < 0.4, axis=1)) > 0.99
