"""Collections that a model makes of another one: electrons and muons of a list of leptons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from adl.stdlib.models import Branch, ModelError, Part, load_model
from tests.commands import adl

ANALYSIS = """\
object goodEle
  take Electron
  select pt(Electron) > 15
object leps
  take union(Muon, Electron)
  select pT > 15
composite Z
  take disjoint(Muon a, Muon b)
  select a.charge + b.charge == 0
region all
  select size(leps) >= 1
  save got root size(Muon) size(ele) size(goodEle) size(Z) size(ossf(leps)) pT(leps) pdgId(leps)
  select leps[0] == Muon[0]
  histo h, "", 10, 0, 100, pt(MUO)
"""


@pytest.fixture
def leptons() -> ak.Array:
    """Random leptons in MeV, in no order."""
    rng = np.random.default_rng(5)
    counts = rng.integers(0, 5, 400)
    n = int(counts.sum())
    flat = {
        "pt": rng.uniform(5e3, 80e3, n),
        "eta": rng.uniform(-2, 2, n),
        "phi": rng.uniform(-3, 3, n),
        "E": rng.uniform(400e3, 500e3, n),
        "type": rng.choice([11, 13], n).astype(np.uint32),
        "charge": rng.choice([-1, 1], n).astype(np.int32),
    }
    return ak.zip({name: ak.unflatten(values, counts) for name, values in flat.items()})


@pytest.fixture
def mini(tmp_path: Path, leptons: ak.Array) -> Path:
    path = tmp_path / "mini.root"
    number = np.arange(len(leptons), dtype=np.int32)
    columns: dict[str, Any] = {f"lep_{name}": leptons[name] for name in leptons.fields}
    met = {"met_et": np.full(len(leptons), 3e4, np.float32), "met_phi": number.astype(np.float32)}
    with uproot.recreate(path) as file:
        file.mktree("mini", {"eventNumber": number, "runNumber": number * 0, **met, **columns})
    return path


def test_a_part_is_a_filter_whose_elements_are_those_of_the_whole(
    tmp_path: Path, mini: Path, leptons: ak.Array
) -> None:
    text = tmp_path / "a.adl"
    text.write_text(ANALYSIS)
    documents = []
    for target in ("host", "reference"):
        options = ("-q", "--target", target, "-o", tmp_path / target)
        result = adl("run", text, mini, *options)
        assert result.exit_code == 0, result.output
        documents.append(json.loads((tmp_path / target / "results.json").read_text()))
    assert documents[0]["cutflows"] == documents[1]["cutflows"]
    assert documents[0]["histograms"] == documents[1]["histograms"]

    muon, electron = leptons[leptons["type"] == 13], leptons[leptons["type"] == 11]
    good = leptons[leptons.pt > 15e3]
    good = good[ak.argsort(good.pt, ascending=False)]
    some = ak.num(good) >= 1
    got = uproot.open(tmp_path / "host" / "got.root")["Events"].arrays()
    pairs = ak.combinations(muon, 2, fields=["a", "b"])
    same = ak.combinations(good, 2, fields=["a", "b"])
    opposite = same[(same.a.charge + same.b.charge == 0) & (same.a["type"] == same.b["type"])]
    expected = {
        "size_Muon": ak.num(muon),
        "size_ele": ak.num(electron),
        "size_goodEle": ak.sum(electron.pt > 15e3, axis=1),
        "size_Z": ak.sum(pairs.a.charge + pairs.b.charge == 0, axis=1),
        "size_ossf_leps": ak.num(opposite),
    }
    for name, values in expected.items():
        assert got[name].tolist() == values[some].tolist(), name
    assert ak.all(got.pT_leps == good.pt[some] / 1000)
    assert ak.all(got.pdgId_leps == (-good.charge * ak.values_astype(good["type"], int))[some])

    # leps[0] is the leading lepton, Muon[0] the first muon that is stored: the same lepton?
    first = ak.firsts(muon)
    same_one = ak.fill_none(first.pt == ak.firsts(good).pt, False) & some
    flow = documents[0]["cutflows"][0]
    assert flow["steps"][-1]["raw"] == ak.sum(same_one) > 20
    counts, _ = np.histogram(ak.flatten(muon.pt[same_one]) / 1000, 10, (0, 100))
    assert documents[0]["histograms"][0]["hist"]["storage"]["values"][1:-1] == counts.tolist()


def test_declarations_of_an_analysis_do_not_change_what_a_part_is(
    tmp_path: Path, mini: Path, leptons: ak.Array
) -> None:
    text = tmp_path / "a.adl"
    text.write_text(
        "define type = 13\n"
        "object Lepton\n  take Muon\n  select pT > 1000\n"
        "region all\n  select size(Electron) >= 1\n  select type == 13 and size(Lepton) == 0\n"
    )
    result = adl("run", text, mini, "-q", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    (flow,) = json.loads((tmp_path / "results.json").read_text())["cutflows"]
    assert flow["steps"][-1]["raw"] == ak.sum(ak.any(leptons["type"] == 11, axis=1))


def test_an_analysis_may_declare_what_a_model_has(tmp_path: Path, mini: Path) -> None:
    text = tmp_path / "a.adl"
    text.write_text(
        "object Electron\n  take Lepton\n  select type == 11\n"
        "region all\n  select size(Electron) >= 1\n"
    )
    assert adl("run", text, mini, "-q").exit_code == 0


def test_a_systematic_of_the_whole_changes_its_parts(
    tmp_path: Path, mini: Path, leptons: ak.Array
) -> None:
    text = tmp_path / "a.adl"
    body = "region all\n  select any(Electron e, e.pT > 40)\n"
    text.write_text(f"systematic les\n  scale pt(Lepton)  up 1.1  down 0.9\n{body}")
    result = adl("run", text, mini, "-q", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    flows = json.loads((tmp_path / "results.json").read_text())["cutflows"]
    found = {flow["variation"]: flow["steps"][-1]["raw"] for flow in flows}
    pt = leptons.pt[leptons["type"] == 11] / 1000
    for name, factor in (("nominal", 1.0), ("lesUp", 1.1), ("lesDown", 0.9)):
        assert found[name] == ak.sum(ak.any(pt * factor > 40, axis=1))


def test_a_systematic_of_a_part_leaves_the_other_elements(
    tmp_path: Path, mini: Path, leptons: ak.Array
) -> None:
    text = tmp_path / "a.adl"
    text.write_text(
        "systematic ees\n  scale pt(Electron)  up 1.1  down 0.9\n"
        "  propagate MET from Electron pt > 20\n"
        'region r\n  histo e, "", 37, 0, 100, pt(Electron)\n  histo m, "", 37, 0, 100, pt(Muon)\n'
        '  histo l, "", 37, 0, 100, pt(Lepton)\n  histo met, "", 37, 0, 100, MET\n'
    )
    result = adl("run", text, mini, "-q", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    stored = json.loads((tmp_path / "results.json").read_text())["histograms"]
    found = {(h["variation"], h["name"]): h["hist"]["storage"]["values"] for h in stored}
    found |= {(label, "m"): found["nominal", "m"] for label in ("eesUp", "eesDown")}  # unchanged
    electron, pt, phi = leptons["type"] == 11, leptons.pt / 1000, leptons.phi
    x = 30 * np.cos(np.arange(len(leptons), dtype=np.float32).astype(float))
    y = 30 * np.sin(np.arange(len(leptons), dtype=np.float32).astype(float))
    edges = np.concatenate([[-np.inf], np.linspace(0, 100, 38), [np.inf]])
    for label, factor in (("nominal", 1.0), ("eesUp", 1.1), ("eesDown", 0.9)):
        new = ak.where(electron, pt * factor, pt)
        moved = ak.where(pt > 20, new - pt, 0)
        met = np.hypot(
            x - ak.sum(moved * np.cos(phi), axis=1), y - ak.sum(moved * np.sin(phi), axis=1)
        )
        filled = {"e": new[electron], "m": new[~electron], "l": new, "met": met}
        for name, values in filled.items():
            expected = np.histogram(ak.to_numpy(ak.flatten(values, axis=None)), edges)[0]
            assert found[label, name] == expected.tolist(), (label, name)


def test_inspect_says_of_what_it_is_a_part(mini: Path) -> None:
    document = json.loads(adl("inspect", mini, "--format", "json").stdout)
    assert document["collections"]["Electron"]["of"] == "Lepton"
    assert document["collections"]["Electron"]["where"] == "type == 11"
    assert "Lepton where type == 11" in adl("inspect", mini).stdout


def test_columns_of_a_part_are_those_of_the_whole(tmp_path: Path, mini: Path) -> None:
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select size(Electron) >= 1\n")
    read = adl("columns", text, "--input", mini).stdout.split()
    assert "lep_type" in read
    result = adl("skim", text, mini, "-o", tmp_path / "skim.root")
    assert result.exit_code == 0, result.output
    again = adl("run", text, tmp_path / "skim.root", "-q", "-o", tmp_path)
    assert again.exit_code == 0, again.output


def test_a_part_is_there_if_the_file_has_what_its_condition_needs() -> None:
    from adl.check.checker import computed

    def lists(*names: str) -> dict[str, Branch]:
        return {name: Branch(name, "float32", name) for name in names}

    model = load_model("atlas2020")
    with_type, _ = computed(model.schema(lists("lep_pt", "lep_type")))
    assert isinstance(with_type.collections["Muon"], Part)
    without, _ = computed(model.schema(lists("lep_pt")))
    assert "Muon" not in without.collections
    muons = {"Muon_pt": Branch("Muon_pt", "float32", "nMuon")}
    stored, _ = computed(model.schema({**lists("lep_pt", "lep_type"), **muons}))
    assert "pt" in stored.collections["Muon"].attributes
    assert not isinstance(stored.collections["Muon"], Part)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("E: {of: L}", "bad.yaml:3: E is a part of L: where says of which elements"),
        (
            "E: {of: X, where: t == 1}",
            "bad.yaml:3: E is a part of X, which is no stored collection",
        ),
        ("E: {of: L, where: t == 1, float32: pt}", "bad.yaml:3: unknown 'float32': expected "),
        ("E: {of: L, where: t + 1}", "bad.yaml:3: E: where t + 1: it is no condition"),
        ("E: {of: L, where: u == 1}", "bad.yaml:3: E: where u == 1: nothing is called u"),
        ("E: {of: L, where: t == }", "bad.yaml:3: E: where t ==: "),
        ("E: {aliases: L, of: L, where: t == 1}\n  F: {aliases: L}", "bad.yaml:4: L already is"),
    ],
)
def test_a_mistake_in_a_part_has_its_line(tmp_path: Path, text: str, message: str) -> None:
    model = tmp_path / "bad.yaml"
    model.write_text(f"collections:\n  L: {{float32: pt, int32: t}}\n  {text}\n")
    analysis = tmp_path / "a.adl"
    analysis.write_text("region all\n  select ALL\n")
    result = adl("check", analysis, "--model", model)
    assert result.exit_code == 2
    assert message in result.stderr.replace(f"{tmp_path}/", "")


def test_nothing_links_to_a_part(tmp_path: Path) -> None:
    model = tmp_path / "bad.yaml"
    model.write_text(
        "collections:\n  L: {int32: t}\n  E: {of: L, where: t == 1}\n"
        "  J: {int32: e, links: {x: e E}}\n"
    )
    with pytest.raises(ModelError, match=r"bad\.yaml:4: .*E is a part of L"):
        load_model(model)
