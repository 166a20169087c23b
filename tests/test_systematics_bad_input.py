"""Systematics on input that is not what they ask for: said clearly, and never silently nominal."""

from __future__ import annotations

import json
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner, Result

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


# ------------------------------------------------------------------------------- in a run


def run(folder: Path, text: str, **columns: object) -> Result:
    """Run an analysis on three events with a jet each, and these columns."""
    jets = ak.zip({"pt": ak.values_astype(ak.Array([[40.0], [50.0], [60.0]]), np.float32)})
    made = {name: ak.values_astype(ak.Array(c), np.float32) for name, c in columns.items()}
    whole = {"Jet": jets, **made}
    with uproot.recreate(folder / "events.root") as out:
        out.mktree("Events", {n: c.type for n, c in whole.items()}).extend(whole)
    (folder / "a.adl").write_text(text + REGION, encoding="utf-8")
    paths = [str(folder / "a.adl"), str(folder / "events.root")]
    return CliRunner().invoke(command, [*paths, "-q", "-o", str(folder / "out")])


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
