"""Systematics on input that is not what they ask for: said clearly, and never silently nominal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner, Result

from adl.check.dataset import Dataset
from adl.cli.run import command
from tests.variations import codes, examined, schema

FILE = schema(
    Jet_pt_jesUp="float32",
    Jet_pt_jesDown="float32",
    Jet_pt_halfUp="float32",
    Jet_mass_otherDown="float32",
)
REGION = 'region r\n  select size(Jet) > 0\n  histo lead, "lead", 10, 0, 100, pt(Jet[0])\n'

HALVES = {
    "systematic auto half\n": "Jet_pt_halfUp has no column for the other direction",
    "systematic auto oth*\n": "Jet_mass_otherDown has no column for the other direction",
    'systematic s\n  suffix "_pt" up "_pt_halfUp" down "_pt_halfDown"\n': "Jet_pt: there is a column",
}


@pytest.mark.parametrize("text", HALVES)
def test_half_of_a_pair_is_a_mistake(text: str) -> None:
    (found,) = (d for d in examined(text + REGION, FILE) if d.severity == "error")
    assert found.code == "E267"
    assert found.message.startswith(HALVES[text])
    assert found.help


def test_a_pattern_takes_whole_pairs_beside_halves_that_it_does_not_match() -> None:
    assert codes("systematic auto je*\n" + REGION, FILE) == []
    assert codes("systematic auto *\n" + REGION, FILE) == ["E267", "E267"]


def test_a_tree_for_one_direction_only_is_a_mistake() -> None:
    (found,) = examined('systematic s\n  tree up "jmsUp"\n' + REGION, FILE)
    assert (found.code, found.message) == ("E262", "s has up, and nothing for down")


def test_a_column_for_one_direction_only_is_a_mistake() -> None:
    text = "systematic s\n  set pt(Jet) up pt_halfUp down pt_halfDown\n  keep MET\n"
    (found,) = (d for d in examined(text + REGION, FILE) if d.severity == "error")
    assert (found.code, found.message) == ("E201", "nothing is called pt_halfDown")


def test_what_only_systematics_use_is_used() -> None:
    text = "define x = default(pt(Jet[0]), 0)\ndefine y = 2*x\n"
    text += "systematic s\n  reweight up 1 + y/100 down 1\n"
    assert [d.code for d in examined(text + REGION, FILE)] == []


# What a block says that changes nothing, and the words of its mistake.
EMPTY = {
    "systematic jes\n": "the systematic jes says nothing that changes",
    "systematic auto\n": "the systematic auto says nothing that changes",
    "systematic s\n  keep MET\n  correlate lumi\n": "the systematic s says nothing that changes",
    "systematic s\n  scale pt(Jet) up 1.02, down 0.98\n": "a comma stands before down",
    "systematic s\n  scale pt(Jet) up 1.02, mirror\n": "a comma stands before mirror",
    "systematic s\n  scale pt(Jet), up 1.02 down 0.98\n": "a comma stands before up: it would be one more value of scale",
    'correction sf "missing.json" tight\n  inputs *\n': "missing.json: no such file or directory",
}


@pytest.mark.parametrize("text", EMPTY)
def test_what_changes_nothing_is_said(text: str) -> None:
    (found,) = (d for d in examined(text + REGION, FILE) if d.severity == "error")
    assert found.message.startswith(EMPTY[text])
    assert found.help


# What a line names that is not there, or not so: words of the way out.
AWAY = {
    "scale pz(Jet) up 1.1 down 0.9": "pz is computed, no column of the input: change pt(Jet)",
    "scale width(Jet) up 1.1 down 0.9": "Jet has pt",
    "scale pt(Higgs) up 1.1 down 0.9": "file has",
    "table nowhere": "the file has no table",
    "reweight LHEPdfWeight[0:3] mirror": "combine hessian, rms or envelope makes a band of them",
}


@pytest.mark.parametrize("line", AWAY)
def test_what_a_line_cannot_change_has_a_way_out(line: str) -> None:
    text = f"systematic s\n  {line}\n"
    known = replace(FILE, complete=True)
    (found,) = (d for d in examined(text + REGION, known) if d.severity == "error")
    assert AWAY[line] in found.help


def test_a_correction_that_nothing_calls_is_said(tmp_path: Path) -> None:
    inputs = [{"name": "pt", "type": "real"}]
    entry = {"name": "sf", "version": 1, "inputs": inputs, "output": {"name": "f", "type": "real"}}
    write_corrections(tmp_path, entry | {"data": 1.5})
    block = f'correction sf "{tmp_path}/c.json" sf\n  inputs *\n'
    text = "region r\n  weight w {}\n  select size(Jet) > 0\n"
    assert codes(block + text.format("prod(Jet j, sf(pt(j)))"), FILE) == ["W336"]
    assert codes(block + text.format("1.5"), FILE) == ["W341", "W336"]


def test_each_variation_of_a_pattern_is_looked_at() -> None:
    names = ("Jet_pt_xUp", "Jet_pt_xDown", "w", "wUp", "wDown")
    columns = schema(**dict.fromkeys(names, "float32"))
    found = examined("systematic auto *\n" + REGION + "  select MET > 20\n", columns)
    assert [d.message for d in found] == [
        "nothing uses w: w changes nothing",
        "x varies Jet, and MET stays as it is",
    ]
    assert "(systematic x, set pt(Jet) up … down …)" in found[1].help


def test_a_histogram_is_not_called_like_a_variation_of_another_one() -> None:
    text = "systematic s\n  scale pt(Jet)  up 1.1  mirror\n" + REGION
    for name in ("lead__sUp", "lead__sDown", "cutflow__sUp"):
        (found,) = examined(f'{text}  histo {name}, "", 10, 0, 100, pt(Jet[0])\n', FILE)
        assert found.code == "E223"
        assert found.message.endswith(
            f"{name.partition('__')[0]} under the variation {name[-5:].strip('_')}"
        )
    for name in ("other__sUp", "lead__s"):
        assert codes(f'{text}  histo {name}, "", 10, 0, 100, pt(Jet[0])\n', FILE) == []


def test_a_systematic_is_not_called_like_a_variation() -> None:
    both = "systematic {}\n  weight w  up 1.1  down 0.9\nsystematic {}\n  weight w  up 2  mirror\n"
    weighted = "region r\n  weight w 1.5\n"
    for names in (("s", "sUp"), ("s", "sDown"), ("sUp", "s")):
        (found,) = examined(both.format(*names) + weighted, FILE)
        assert found.code == "E274"
        assert found.message.startswith(f"{max(names, key=len)} is a variation of the systematic s")
    band = "systematic s\n  reweight LHEPdfWeight[1:4] {}\nsystematic {}\n  rate 1.1\n" + weighted
    assert codes(band.format("combine rms", "sUp"), FILE) == ["E274"]
    assert codes(band.format("", "s_2"), FILE) == ["E274"]
    assert codes(band.format("", "sUp"), FILE) == codes(band.format("", "s_4"), FILE) == []
    assert codes("systematic nominal\n  rate 1.1\n" + weighted, FILE) == ["E274"]


def test_a_region_is_not_called_like_a_text_of_the_results() -> None:
    text = "region rates\n  select MET > 1\nregion systematics\n  select MET > 2\n"
    assert codes(text, FILE) == ["E223", "E223"]


def test_missing_momentum_without_pt_is_no_number() -> None:
    met = FILE.singletons["MET"]
    columns = replace(met, attributes={"phi": met.attributes["phi"]})
    lacks = replace(FILE, singletons={**FILE.singletons, "MET": columns})
    for used in ("MET > 20", "-MET < 20"):
        found = examined(f"region r\n  select {used}\n", lacks)
        assert {(d.code, d.message) for d in found} == {
            ("E202", "MET has no pt, and stands where a number is needed")
        }


def test_pile_up_is_no_direction() -> None:
    columns = schema(
        Rho="float32", Rho_PileUp="float32", Jet_pt_jesUp="float32", Jet_pt_jesDown="float32"
    )
    assert codes("systematic auto *\n" + REGION, columns) == []


def test_a_number_of_a_list_needs_no_particle() -> None:
    text = "systematic isr\n  reweight up LHEPdfWeight[0] down LHEPdfWeight[1]\n"
    cut = "region r\n  select LHEPdfWeight[0] > 0.5\n  weight w default(LHEPdfWeight[1], 1)\n"
    assert [d.code for d in examined(text + cut, FILE)] == ["W301"]
    assert codes("region r\n  weight w LHEPdfWeight[1]\n", FILE) == ["E218"]


def test_what_missing_momentum_follows_is_used() -> None:
    text = "systematic jes\n  scale pt({})  up 1.1  down 0.9\n  {} MET{}\n"
    region = "region r\n  select MET > 20\n"
    follows = text.format("Jet", "propagate", " from Jet pt > 15")
    assert codes(follows + region, FILE) == []
    assert codes(text.format("Jet", "keep", "") + region, FILE) == ["W341"]


def test_missing_momentum_follows_what_its_block_changes() -> None:
    text = "systematic s\n  scale pt(Jet)  up 1.1  down 0.9\n  propagate MET from {}\n"
    text = "use MET = PuppiMET\n" + text + "region r\n  select MET > 20 and size(Jet) > 0\n"
    assert codes(text.format("Jet")) == []
    (found,) = (d for d in examined(text.format("Muon")) if d.severity == "error")
    assert (found.code, found.help) == ("E262", "propagate … from Jet")


def test_what_follows_lines_of_other_processes_does_nothing() -> None:
    text = "use MET = PuppiMET\nsystematic s\n  scale pt({})  up 1.1  down 0.9  only wjets\n{}  propagate MET from {}\n"
    text += "region r\n  select MET > 20 and size(Jet) > 0\n"

    def found(process: str, changed: str, more: str, source: str) -> list[str]:
        asked = examined(text.format(changed, more, source), dataset=Dataset(process=process))
        return [d.code for d in asked if d.severity == "error"]

    assert found("ttbar", "Jet", "", "Jet") == found("wjets", "Jet", "", "Jet") == []
    assert found("wjets", "Jet", "", "Muon") == ["E262"]
    electrons = "  scale pt(Electron)  up 1.1  down 0.9\n"
    assert found("ttbar", "Jet", electrons, "Jet") == []
    assert found("wjets", "Jet", electrons, "Electron") == []
    assert found("wjets", "Jet", electrons, "Muon") == ["E262"]


def test_wide_jets_are_in_missing_momentum_as_others() -> None:
    text = "systematic s\n  scale pt({0})  up 1.1  down 0.9\nregion r\n  select MET > 20 and size({0}) > 0\n"
    assert codes("use MET = PuppiMET\n" + text.format("FatJet")) == []
    assert codes("use MET = PuppiMET\n" + text.format("Jet")) == ["W342"]


def test_one_choice_is_asked_for_once() -> None:
    text = 'region r\n  select any(bTag(Jet) == 1)\n  histo h, "", 2, 0, 1, bTag(Jet[0])\n'
    (found,) = (d for d in examined(text) if d.severity == "error")
    assert found.code == "E254"
    assert found.message.endswith("(and so in one place more)")
    assert "where it is a number" in found.help


# ------------------------------------------------------------------------------- in a run


def write_corrections(folder: Path, *entries: dict[str, object]) -> None:
    """Write a file of corrections."""
    whole = {"schema_version": 2, "corrections": entries}
    (folder / "c.json").write_text(json.dumps(whole), encoding="utf-8")


def run(folder: Path, text: str, *more: str, **columns: object) -> Result:
    """Run an analysis on three events with a jet each, and these columns."""
    jets = ak.zip({"pt": ak.values_astype(ak.Array([[40.0], [50.0], [60.0]]), np.float32)})
    made = {name: ak.values_astype(ak.Array(c), np.float32) for name, c in columns.items()}
    whole = {"Jet": jets, **made}
    with uproot.recreate(folder / "events.root") as out:
        out.mktree("Events", {n: c.type for n, c in whole.items()}).extend(whole)
    (folder / "a.adl").write_text(text + REGION, encoding="utf-8")
    paths = [str(folder / "a.adl"), str(folder / "events.root")]
    return CliRunner().invoke(command, [*paths, "-q", "-o", str(folder / "out"), *more])


def yields(folder: Path) -> dict[str, float]:
    """Return the yields after the last cut, by variation."""
    results = json.loads((folder / "out" / "results.json").read_text(encoding="utf-8"))
    return {c["variation"]: c["steps"][-1]["sumw"] for c in results["cutflows"]}


def test_replicas_of_varying_number_are_named_and_not_nominal(tmp_path: Path) -> None:
    text = "systematic pdf\n  reweight LHEPdfWeight[0:3]\n"
    weights = [[1.0, 2.0, 3.0], [1.0, 2.0], [1.0, 4.0, 5.0]]
    result = run(tmp_path, text, LHEPdfWeight=weights)
    assert "1 event" in result.stderr
    assert "pdf_2" in result.stderr
    assert yields(tmp_path) == {"nominal": 3, "pdf_1": 8, "pdf_2": 8} | {"pdf_0": 3}


def test_labels_stand_in_both_files_of_results(tmp_path: Path) -> None:
    text = "systematic lumi\n  rate 1.1\n  correlate CMS_lumi_13TeV\nsystematic b\n  rate 1.1\n"
    assert run(tmp_path, text).exit_code == 0
    labels = {"lumi": "luminosity: 13TeV", "b": ""}
    with uproot.open(tmp_path / "out" / "results.root") as file:
        assert json.loads(str(file["systematics"])) == labels
        every = {"process": "", "region": "", "up": 1.1, "down": 1 / 1.1}
        assert json.loads(str(file["rates"])) == [{"systematic": s, **every} for s in labels]
    document = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert {s["name"]: s["correlate"] for s in document["systematics"]} == labels


def test_replicas_that_no_event_has_are_named_in_one_line(tmp_path: Path) -> None:
    result = run(
        tmp_path, "systematic pdf\n  reweight LHEPdfWeight[0:20]\n", LHEPdfWeight=[[1.0]] * 3
    )
    assert result.exit_code == 2
    (line,) = (line for line in result.stderr.splitlines() if "E277" in line)
    assert "has LHEPdfWeight[1], LHEPdfWeight[2], LHEPdfWeight[3] and 16 more" in line


def test_a_correction_out_of_its_domain_in_one_direction_only_is_named(tmp_path: Path) -> None:
    def binning(edges: list[float]) -> dict[str, object]:
        content = [1.1] * (len(edges) - 1)
        return {
            "nodetype": "binning",
            "input": "pt",
            "edges": edges,
            "content": content,
            "flow": "error",
        }

    keys = {"central": [0.0, 100.0], "up": [0.0, 55.0], "down": [0.0, 100.0]}
    content = [{"key": key, "value": binning(edges)} for key, edges in keys.items()]
    inputs = [{"name": "systematic", "type": "string"}, {"name": "pt", "type": "real"}]
    correction = {
        "name": "sf",
        "version": 1,
        "inputs": inputs,
        "output": {"name": "factor", "type": "real"},
        "data": {"nodetype": "category", "input": "systematic", "content": content},
    }
    document = {"schema_version": 2, "corrections": [correction]}
    (tmp_path / "sf.json").write_text(json.dumps(document), encoding="utf-8")
    text = 'correction sf "sf.json" sf\n  nominal "central"\n  vary id  up "up"  down "down"\n'
    weighted = "region weighted\n  weight id prod(Jet j, sf(pt(j)))\n  select size(Jet) > 0\n"
    result = run(tmp_path, text + weighted)
    assert result.exit_code == 2
    assert "correction sf" in result.stderr
    assert "1 event" in result.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    (flow,) = (c for c in results["cutflows"] if c["variation"] == "idUp")
    assert flow["steps"][-1]["sumw"] == pytest.approx(2 * 1.1)  # the third event is in none
    assert flow["weights"][0]["skipped"] == 1


def test_fills_that_only_a_variation_skips_are_said(tmp_path: Path) -> None:
    text = "systematic s\n  scale pt(Jet)  up 1/shift  down 0.9\n  keep MET\n"
    result = run(tmp_path, text, shift=[1.0, 0.0, 1.0])
    assert result.exit_code == 0, result.output
    assert "sUp: r/lead: 1 fill was skipped" in result.stderr
    assert "of the nominal one none" in result.stderr
    assert "sDown" not in result.stderr
    assert yields(tmp_path) == {"nominal": 3}
    # A value that can be missing may be missing a little more often.
    second = REGION.replace("region r", "region other").replace("pt(Jet[0])", "pt(Jet[1])")
    assert "sUp: r/lead" in run(tmp_path, text + second, shift=[1.0, 0.0, 1.0]).stderr


def test_systematics_that_are_not_there_are_no_silence(tmp_path: Path) -> None:
    text = "systematic lumi_{n}\n  for n one two\n  rate 1.1\n"
    result = run(tmp_path, text, "--systematics", "lumi_thre")
    assert result.exit_code == 2
    assert "no systematic is called so" in result.stderr
    assert "lumi_one, lumi_two" in result.stderr
    assert not list((tmp_path / "out").glob("*"))
    assert run(tmp_path, text, "--systematics", "lumi_t*").exit_code == 0
    # The help of each name: of a variation, in another case, one among those of the input.
    helps = {"jesUp": "--systematics jes\n", "scale_0": "--systematics scale\n"}
    helps |= {"JES": "did you mean jes?", "nope": "the systematics: jes, scale, half\n"}
    text = "systematic jes\n  rate 1.1\nsystematic scale\n  rate 1.1\nsystematic auto half\n"
    for name, help in helps.items():
        assert help in run(tmp_path, text, "--systematics", name).stderr
    text = "systematic auto *\n"
    both = {"wUp": [1.1] * 3, "wDown": [0.9] * 3, "w": [1.0] * 3}
    assert run(tmp_path, text, "--systematics", "w", **both).exit_code == 0
    result = run(tmp_path, text, "--systematics", "v", **both)
    assert result.exit_code == 2
    assert "adl inspect lists what a file offers" in result.stderr
    assert yields(tmp_path) == {"nominal": 3}
