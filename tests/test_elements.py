"""Elements as values: links, closest, identity, choices, relations and ``ossf``.

The expected numbers come from plain loops over the same arrays.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.cli.front import examine
from adl.cli.run import command
from adl.syntax.source import Source
from tests.checking import NANOAOD

# Positions that point at nothing: -1, less than that, and past the end, where in the file's column
# other events' elements begin.
EVENTS: list[dict[str, dict[str, list[Any]]]] = [
    {
        "Muon": {"pt": [50, 20, 12], "eta": [0, 1, -1], "phi": [0, 1, 2], "charge": [1, -1, 1]},
        "Muon_": {"genPartIdx": [1, 4, -1], "jetIdx": [0, 1, 2], "pdgId": [-13, 13, -13]},
        "Electron": {"pt": [40], "eta": [0.5], "phi": [-1], "charge": [-1], "pdgId": [11]},
        "Jet": {"pt": [100, 35], "eta": [0.1, 1], "phi": [0.1, 1.3]},
        "GenPart": {"pt": [90, 51, 49, 9], "pdgId": [23, 13, -13, 22]},
        "GenPart_": {"genPartIdxMother": [-1, 0, 0, 1]},
    },
    {
        "Muon": {"pt": [30], "eta": [2], "phi": [3], "charge": [-1]},
        "Muon_": {"genPartIdx": [-9], "jetIdx": [0], "pdgId": [13]},
        "Electron": {"pt": [], "eta": [], "phi": [], "charge": [], "pdgId": []},
        "Jet": {"pt": [20, 80], "eta": [2, -2], "phi": [-3.1, 0]},
        "GenPart": {"pt": [], "pdgId": []},
        "GenPart_": {"genPartIdxMother": []},
    },
    {
        "Muon": {"pt": [], "eta": [], "phi": [], "charge": []},
        "Muon_": {"genPartIdx": [], "jetIdx": [], "pdgId": []},
        "Electron": {"pt": [60, 25], "eta": [0, 0], "phi": [0, 3], "charge": [1, -1]}
        | {"pdgId": [-11, 11]},
        "Jet": {"pt": [], "eta": [], "phi": []},
        "GenPart": {"pt": [5, 6], "pdgId": [1, 2]},
        "GenPart_": {"genPartIdxMother": [1, 2]},
    },
]
_INTEGERS = frozenset(("charge", "genPartIdx", "jetIdx", "pdgId", "genPartIdxMother"))


def write_events(path: Path) -> Path:
    """Write the events in NanoAOD's columns."""
    collections: dict[str, ak.Array] = {}
    for name in ("Muon", "Electron", "Jet", "GenPart"):
        events = [{**event[name], **event.get(f"{name}_", {})} for event in EVENTS]
        fields = {
            key: ak.values_astype(
                ak.Array([event[key] for event in events]),
                np.int32 if key in _INTEGERS else np.float32,
            )
            for key in events[0]
        }
        fields["mass"] = 0 * fields["pt"]
        collections[name] = ak.zip(fields)
    with uproot.recreate(path) as file:
        tree = file.mktree(
            "Events",
            {name: array.type.content for name, array in collections.items()},
            counter_name=lambda name: f"n{name}",
            field_name=lambda outer, inner: f"{outer}_{inner}",
        )
        tree.extend(collections)
    return path


OBJECTS = """
info adl
  dialect adl
object jets
  take Jet
  select pT > 30
object mu
  take Muon
  define truth = GenPart[genPartIdx]
  define near = closest(this, Jet, 0.5)
object leps
  take union(Muon, Electron)
"""

# what is filled -> what comes out, in the order of events and elements
VALUES: list[tuple[str, list[float]]] = [
    ("pT(GenPart[Muon.genPartIdx])", [51]),
    ("mu.truth.pT", [51]),
    ("mu.genPart.pT", [51]),
    ("Muon.genPart.mother.pdgId", [23]),
    ("pT(Jet[Muon.jetIdx])", [100, 35, 20]),
    ("pT(jets[Muon.jetIdx])", [100, 35]),  # the jet that it means, if it passed
    ("pT(Muon.jet)", [100, 35, 20]),
    ("default(mu.truth.pT, 7.25)", [51, 7.25, 7.25, 7.25]),
    ("pT(mu.near)", [100, 35, 20]),
    ("pT(closest(Electron, Jet))", [100]),
    ("pT(closest(jets, Jet))", [35, 100, 20]),  # not itself
    ("size(GenPart[0].daughters)", [2, 0, 0]),
    ("GenPart.daughters.pT", [51, 49, 9, 5]),
    ("pT(daughters(GenPart[0], 1))", [49]),
    ("GenPart[0].daughters[0].daughters[0].pdgId", [22]),
    ("sum(GenPart[0].daughters d, d.pT)", [100, 0, 0]),
    ("max(GenPart g, size(g.daughters))", [2, 1]),
    ("size(Muon) > 0 ? Muon[0].pT : Electron[0].pT", [50, 30, 60]),
    ("pT(size(Muon) > 0 ? Muon[0] : Electron[0])", [50, 30, 60]),
    ("count(leps l, l == (size(Muon) > 0 ? Muon[0] : Electron[0]))", [1, 1, 1]),
    ("count(jets j, j == Muon[0].jet)", [1, 0, 0]),
    ("count(leps l, l == mu[0] or l == Electron[0])", [2, 1, 1]),
    ("count(leps l, l != Electron[0])", [3, 0, 1]),  # false where there is no electron
    ("count(mu m, m.near != m.jet)", [0, 0, 0]),
    ("size(ossf(leps))", [2, 0, 1]),
    ("ossf(leps)[0].a.pT", [50, 60]),
    ("pT(argmin(ossf(leps) z, abs(m(z) - 30)).b)", [12, 25]),
    ("count(ossf(leps) z, pT(z.b) > 15)", [1, 0, 1]),
    ("max(ossf(leps) x, ossf(leps) y, pT(x.a))", []),  # no two pairs without a common lepton
    ("pT(Jet), pT(Electron)", [100, 35, 20, 80, 40, 60, 25]),
    ("pT((size(Muon) > 1 ? Muon[0] : Electron[0]) + Jet[0])", [149.7]),
    ("dR(size(Jet) > 0 ? Jet[0] : Muon[0], Muon[0])", [math.hypot(0.1, 0.1), 0.183185]),
]


BINS = (800, -50.0, 350.0)


def run(folder: Path, file: Path, text: str, target: str) -> dict[str, Any]:
    analysis = folder / "analysis.adl"
    analysis.write_text(text)
    arguments = [str(analysis), str(file), "-q", "-o", str(folder), "--target", target]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return found


@pytest.fixture(scope="module", params=["host", "reference"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[list[float]]:
    """Fill a histogram with each of the values, all in one run; return the contents."""
    folder = tmp_path_factory.mktemp("elements")
    axis = ", ".join(map(str, BINS))
    regions = (
        f'region r{i}\n  histo h, "", {axis}, {value}\n' for i, (value, _) in enumerate(VALUES)
    )
    text = OBJECTS + "".join(regions)
    results = run(folder, write_events(folder / "events.root"), text, request.param)
    return [h["hist"]["storage"]["values"][1:-1] for h in results["histograms"]]


@pytest.mark.parametrize("number", range(len(VALUES)), ids=[value for value, _ in VALUES])
def test_an_element_is_found(filled: list[list[float]], number: int) -> None:
    expected = np.histogram(VALUES[number][1], BINS[0], BINS[1:])[0]
    assert filled[number] == expected.tolist()


# ------------------------------------------------------------------------------- real files


def test_links_and_daughters_of_a_real_file(tmp_path: Path, real_data: Path) -> None:
    file = real_data / "nano_v12_ttbar.root"
    text = """
object mu
  take Muon
  define truth = GenPart[genPartIdx]
object tops
  take GenPart
  define nb = count(this.daughters d, abs(d.pdgId) == 5)
  select abs(pdgId) == 6 and any(this.daughters.pdgId == 24 or this.daughters.pdgId == -24)
region r
  histo ht, "", 100, 0, 200, mu.truth.pT
  histo hm, "", 60, -30, 30, mu.genPart.mother.pdgId
  histo hj, "", 100, 0, 200, Muon.jet.pT
  histo hn, "", 5, 0, 5, tops.nb
  histo hd, "", 50, 0, 5, dR(Jet[0], closest(Jet[0], Electron))
"""
    results = run(tmp_path, file, text, "host")
    assert results["histograms"] == run(tmp_path, file, text, "reference")["histograms"]
    with uproot.open(f"{file}:Events") as tree:
        columns = tree.arrays(
            [
                *("GenPart_pt", "GenPart_pdgId", "GenPart_genPartIdxMother", "Jet_pt"),
                *("Muon_genPartIdx", "Muon_jetIdx"),
                *(f"{c}_{a}" for c in ("Jet", "Electron") for a in ("eta", "phi")),
            ],
        )
    expected: dict[str, list[float]] = {name: [] for name in ("ht", "hm", "hj", "hn", "hd")}
    for event in columns.to_list():
        ids, mothers = event["GenPart_pdgId"], event["GenPart_genPartIdxMother"]
        for index in event["Muon_genPartIdx"]:
            if 0 <= index < len(ids):
                expected["ht"].append(event["GenPart_pt"][index])
                if 0 <= mothers[index] < len(ids):
                    expected["hm"].append(ids[mothers[index]])
        jets = len(event["Jet_pt"])
        expected["hj"] += [event["Jet_pt"][i] for i in event["Muon_jetIdx"] if 0 <= i < jets]
        for top, pdg in enumerate(ids):
            daughters = [i for i, mother in enumerate(mothers) if mother == top]
            if abs(pdg) == 6 and any(abs(ids[i]) == 24 for i in daughters):
                expected["hn"].append(sum(abs(ids[i]) == 5 for i in daughters))
        if jets and event["Electron_eta"]:
            eta, phi = event["Jet_eta"][0], event["Jet_phi"][0]
            electrons = zip(event["Electron_eta"], event["Electron_phi"], strict=True)
            expected["hd"].append(
                min(math.hypot(eta - e, math.remainder(phi - p, math.tau)) for e, p in electrons)
            )
    for histogram in results["histograms"]:
        (axis,) = histogram["hist"]["axes"]
        edges = (axis["bins"], (axis["lower"], axis["upper"]))
        counts = np.histogram(expected[histogram["name"]], *edges)[0]
        assert sum(counts) > 20, histogram["name"]
        assert histogram["hist"]["storage"]["values"][1:-1] == counts.tolist(), histogram["name"]


def test_constituents_of_a_real_file(tmp_path: Path, real_data: Path) -> None:
    file = real_data / "nano_v15_ttbar.root"
    text = """
region r
  histo h, "", 100, -0.5, 99.5, size(FatJet[0].constituents)
  histo hn, "", 100, -0.5, 99.5, max(FatJet f, count(f.constituents c, abs(c.pdgId) == 211))
"""
    results = run(tmp_path, file, text, "host")
    assert results["histograms"] == run(tmp_path, file, text, "reference")["histograms"]
    with uproot.open(f"{file}:Events") as tree:
        columns = tree.arrays(
            ["FatJetPFCand_jetIdx", "FatJetPFCand_pfCandIdx", "PFCand_pdgId", "FatJet_subJetIdx1"]
        )
    sizes, charged = [], []
    for event in columns.to_list():
        pairs = list(
            zip(event["FatJetPFCand_jetIdx"], event["FatJetPFCand_pfCandIdx"], strict=True)
        )
        ids = event["PFCand_pdgId"]
        sizes.append(sum(jet == 0 for jet, _ in pairs))
        counts = [
            sum(j == jet and c < len(ids) and abs(ids[c]) == 211 for j, c in pairs)
            for jet in range(len(event["FatJet_subJetIdx1"]))
        ]
        charged += [max(counts)] if counts else []
    found = [h["hist"]["storage"]["values"][1:-1] for h in results["histograms"]]
    assert found[0] == np.histogram(sizes, 100, (-0.5, 99.5))[0].tolist()
    assert found[1] == np.histogram(charged, 100, (-0.5, 99.5))[0].tolist()


# --------------------------------------------------------------------------- what is refused

MISTAKES = {
    "select GenPart[Muon[0].pt].pT > 1": ["E225"],
    "select Muon[Muon[0].jetIdx].pT > 1": ["E225"],
    "select leps[Muon[0].jetIdx].pT > 1": ["E225"],
    "select jets[size(jets) - 1].pT > 1": ["E225"],
    "select MET[Muon[0].jetIdx].pT > 1": ["E210"],
    "select ossf(leps)[Muon[0].jetIdx].pT > 1": ["E210"],
    "select closest(jets[0]).pT > 1": ["E206"],
    "select closest(MET, jets).pT > 1": ["E221"],
    "select closest(jets[0], MET).pT > 1": ["E210"],
    "select size(ossf()) > 1": ["E206"],
    "select GenPart[0].daughters > 1": ["E203"],
    "select Muon[0].daughters.pT > 1": ["E202"],
    "select daughters(GenPart[0], pT(Jet[0])).pT > 1": ["E206"],
    "select (size(jets) > 1 ? MET : jets[0]).eta > 1": ["E221"],
    "select dR(size(jets) > 1 ? MET : jets[0], Jet[1]) > 1": ["E221"],
    "select (size(jets) > 1 ? jets[0] : Muon[0]).dxy > 1": ["E202"],
    "select Jet[0] == (size(jets) > 1 ? jets[0] : MET)": ["E204"],
    "weight w Muon[0].genPart.pT": ["E218"],
}


def codes(text: str) -> list[str]:
    _, found = examine(Source("a.adl", text), NANOAOD, "auto")
    return [d.code for d in found if d.severity != "note"]


@pytest.mark.parametrize(("statement", "expected"), MISTAKES.items())
def test_a_mistake_gives_one_message(statement: str, expected: list[str]) -> None:
    region = "region r\n  select size(Muon) > 1 and size(GenPart) > 0 and size(Jet) > 1\n"
    assert codes(f"{OBJECTS}{region}  {statement}\n") == expected


def test_a_cut_on_what_a_link_leads_to_guarantees_it() -> None:
    region = "region r\n  select size(Muon) > 0\n  select Muon[0].genPart.pT > 20\n"
    assert codes(f"{OBJECTS}{region}  weight w Muon[0].genPart.pT\n") == []


def test_a_link_of_an_argument_of_a_table_needs_a_default() -> None:
    table = "table t\n  nvars 1\n  0.5 0 100\n  0.7 100 200\n"
    block = "object own\n  take mu\n  define w = t({})\nregion r\n  select any(own.w > 0.6)\n"
    assert codes(OBJECTS + table + block.format("this.truth.pT")) == ["E247"]
    assert codes(OBJECTS + table + block.format("default(this.truth.pT, 50)")) == []


def test_a_muon_without_a_partner_has_no_warning() -> None:
    text = "region r\n  select size(Muon) > 0\n  select closest(Muon[0], jets, 0.4).pT > 40\n"
    assert codes(OBJECTS + text) == []


@pytest.mark.parametrize("target", ["host", "reference"])
def test_cutlang_has_zeros_behind_links_and_asks_anyof_daughters(
    tmp_path: Path, target: str
) -> None:
    text = """
info adl
  dialect cutlang
object parents
  take GEN
  select anyof(abs(pdgId(GEN daughters))) == 13
object many
  take GEN
  select daughters(GEN) >= 2
object both : Union(parents, many)
region r
  select pT(GEN[genPartIdx(Muon[2])]) == 0
  select size(parents) == 1 and size(many) == 1 and size(both) == 2
"""
    found = run(tmp_path, write_events(tmp_path / "events.root"), text, target)
    assert [step["raw"] for step in found["cutflows"][0]["steps"]] == [3, 3, 1]


@pytest.mark.parametrize(
    ("cut", "found"),
    [
        ("pT(GEN daughters) > 5", []),
        ("pT(GEN daughters) > 5 and eta(GEN daughters) < 2", []),
        ("pT(daughters(GEN[0], 0) daughters) > 5", ["E190"]),
    ],
)
def test_cutlang_filters_daughters_of_the_element_that_no_reducer_has(
    cut: str, found: list[str]
) -> None:
    text = f"info adl\n  dialect cutlang\nobject o\n  take GEN\n  select {cut}\n"
    assert codes(text) == found


def test_a_relation_that_the_format_does_not_have_is_said_to_be_missing() -> None:
    assert codes("object o\n  take Jet\n  select any(this.constituents c, c.pT > 5)\n") == ["E202"]
