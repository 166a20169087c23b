"""``correction(…)`` in analyses: what is checked before an event, and what comes of real ones."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import Result
from correctionlib import _core

from adl.check.dataset import Dataset
from adl.stdlib.corrections.formulas import OPERATIONS, unknown
from adl.syntax.diagnostics import Diagnostic
from tests import checking
from tests.commands import adl
from tests.correction_trees import saved, written

TOP = Path(__file__).parents[1]
MUONS = TOP / "examples" / "corrections" / "muons.json"


def findings(
    text: str, folder: Path = TOP / "examples", dataset: Dataset | None = None
) -> tuple[Diagnostic, ...]:
    return checking.findings(text, dataset=dataset, path=str(folder / "test.adl"))


# ---------------------------------------------------------------------------- before a run

ID = '"corrections/muons.json", "muon_id"'
MISTAKES = [
    (f"correction({ID}, 0.5, MET)", "E293", "takes 3 inputs, not 2"),
    (
        f'correction({ID}, "nominal", "high", MET)',
        "E293",
        "abseta of correction muon_id is a number",
    ),
    (f"correction({ID}, MET, 0.5, MET)", "E293", "variation of correction muon_id is a text, MET"),
    (f'correction({ID}, "nominl", 0.5, MET)', "E294", "has no variation nominl"),
    ('correction("corrections/muons.json", "muonid", MET)', "E292", "has no correction muonid"),
    ('correction("corrections/muon.json", "muon_id", MET)', "E290", "no such file or directory"),
    ('correction("test.adl", "muon_id", MET)', "E290", "no such file"),
    ('correction("corrections/muons.json", "muon_scale", MET, 0, 1)', "E293", "MET is a real one"),
    ('correction("corrections/muons.json", "muon_scale", 2, 0, 1)', "E294", "has no charge 2"),
    ("correction(MET)", "E293", "correction begins with a file"),
]


@pytest.mark.parametrize(("words", "code", "message"), MISTAKES)
def test_a_mistake_is_said_at_its_place(words: str, code: str, message: str) -> None:
    (found,) = findings(f"region r\n  select {words} > 0.5\n")
    assert found.code == code
    assert message in found.message
    assert words.startswith("correction(MET)") or found.help


def test_all_mistakes_are_said_at_once() -> None:
    lines = "".join(f"  select {words} > 0.5\n" for words, _, _ in MISTAKES)
    assert [f.code for f in findings(f"region r\n{lines}")] == [code for _, code, _ in MISTAKES]


def test_near_names_are_suggested_and_all_are_listed() -> None:
    category, name = (
        findings(f"region r\n  select {words} > 0.5\n")[0].help
        for words, code, _ in MISTAKES
        if code in ("E292", "E294") and "2," not in words
    )
    assert "muon_id" in name
    assert "it has muon_id, muon_scale, muon_smear" in name
    assert "did you mean nominal" in category
    assert "it has nominal, up, down" in category


BROKEN = [
    (b"{", "E290", "it is no JSON"),
    (b"[1]", "E290", "schema_version"),
    (b'{"schema_version": 1, "corrections": []}', "E291", "its schema version is 1"),
    (b'{"schema_version": 2}', "E290", "correctionlib refuses it"),
    (b"\xff\xfe", "E290", "it is no text"),
    (gzip.compress(MUONS.read_bytes())[:300], "E290", "it cannot be unpacked"),
]


@pytest.mark.parametrize(("content", "code", "message"), BROKEN)
def test_a_file_that_is_none_is_said(
    tmp_path: Path, content: bytes, code: str, message: str
) -> None:
    (tmp_path / "broken.json").write_bytes(content)
    text = 'region r\n  select correction("broken.json", "muon_id", MET) > 0.5\n'
    (found,) = findings(text, tmp_path)
    assert (found.code, message in found.message) == (code, True), found.message
    assert bool(found.help) == (code == "E291")


def test_what_is_not_translated_yet_is_said(tmp_path: Path) -> None:
    formula = {"nodetype": "formula", "expression": "x", "parser": "TFormula", "variables": ["out"]}
    network = {
        "inputs": [{"name": "x", "offset": 0, "scale": 1}],
        "outputs": ["out"],
        "layers": [{"architecture": "dense", "activation": "linear", "bias": [0], "weights": [2]}],
        "layer_inputs": [],
        "nodes": [{"type": "input", "sources": [0], "size": 1}],
    }
    saved(
        written({"nodetype": "lwtnn", "opaque": network, "finalizer": formula}), tmp_path / "n.json"
    )
    text = 'region r\n  select correction("n.json", "test", MET, MET, 1) > 0.5\n'
    (found,) = findings(text, tmp_path)
    assert found.code == "E190"
    assert "a node of the type lwtnn" in found.message
    assert "onnx(" in found.help


def test_every_operation_of_correctionlib_has_a_meaning() -> None:
    tree: Any = _core.FormulaAst  # its enumerations have no annotations
    every = {name.lower() for kind in (tree.UnaryOp, tree.BinaryOp) for name in kind.__members__}
    assert every == set(OPERATIONS)
    assert unknown(("plus", ("variable", 0), ("gamma", ("variable", 0)))) == "gamma"


def test_the_era_stands_in_the_file_and_in_the_inputs(tmp_path: Path) -> None:
    (tmp_path / "2018").mkdir()
    (tmp_path / "2018" / "muons.json.gz").write_bytes(gzip.compress(MUONS.read_bytes()))
    text = 'region r\n  weight w correction("{era}/muons.json.gz", "muon_id", "nominal", 1, MET)\n'
    assert findings(text, tmp_path) == ()  # nobody knows the era
    assert findings(text, tmp_path, Dataset(era="2018")) == ()
    (found,) = findings(text, tmp_path, Dataset(era="2017"))
    assert (found.code, "2017/muons.json.gz" in found.message) == ("E290", True)
    assert [f.code for f in findings(text, tmp_path, Dataset())] == ["E251"]
    text = text.replace('"nominal"', "era")
    (found,) = findings(text, tmp_path, Dataset(era="2018"))
    assert found.code == "E294"


def test_an_input_that_can_be_missing_is_an_error() -> None:
    text = f'region r\n  weight w correction({ID}, "nominal", 1, {{}})\n'
    (found,) = findings(text.format("pT(Jet[0])"))
    assert found.code == "E295"
    assert findings(text.format("default(pT(Jet[0]), 20)")) == ()


# --------------------------------------------------------------------------------- in a run


def results(folder: Path, text: str, file: Path, *options: object) -> tuple[dict[str, Any], Result]:
    """Return the histograms' sums of a run by name, and what it said."""
    (folder / "run.adl").write_text(text, encoding="utf-8")
    result = adl("run", folder / "run.adl", file, "-o", folder / "out", "-q", *options)
    known = json.loads((folder / "out" / "results.json").read_text(encoding="utf-8"))
    return {h["name"]: h["hist"]["storage"]["values"] for h in known["histograms"]}, result


def kinds(correction: Any) -> list[tuple[str, str]]:
    names = ["scale_var", *("btag_var" + end for end in ("", "_1", "_2", "_3", "_4"))]
    names += ["pt_scale_up"]
    return [(name, direction) for name in names for direction in ("up", "down", "other")]


@pytest.mark.parametrize("target", ["host", "reference"])
def test_the_corrections_of_the_agc_are_those_of_correctionlib(
    tmp_path: Path, real_data: Path, target: str
) -> None:
    (tmp_path / "agc.json").symlink_to(real_data / "agc_corrections.json")
    reference = _core.CorrectionSet.from_file(str(real_data / "agc_corrections.json"))
    evaluator = reference["event_systematics"]
    with uproot.open(real_data / "cms_opendata2015_ttbar_nano.root") as file:
        pt = ak.values_astype(file["Events"]["Jet_pt"].array(), np.float64)
    lines, expected = [], {}
    for name, direction in kinds(evaluator):
        try:
            values = evaluator.evalv(name, direction, ak.to_numpy(ak.flatten(pt)))
        except (IndexError, RuntimeError):
            continue
        called = f'correction("agc.json", "event_systematics", "{name}", "{direction}", pT)'
        lines += [f"  define {name}_{direction} = {called}"]
        expected[f"{name}_{direction}"] = np.histogram(values, 400, (0.0, 4.0))[0]
    assert len(expected) > 10
    histograms = "".join(f'  histo {n}, "f", 400, 0, 4, jets.{n}\n' for n in expected)
    text = "object jets\n  take Jet\n" + "\n".join(lines) + f"\nregion r\n{histograms}"
    found, result = results(
        tmp_path, text, real_data / "cms_opendata2015_ttbar_nano.root", "--target", target
    )
    assert result.exit_code == 0, result.output
    for name, values in expected.items():
        assert found[name][1:-1] == values.tolist(), name


def test_a_compound_correction_changes_its_inputs_on_the_way(tmp_path: Path) -> None:
    from tests.correction_trees import ours, theirs

    formula = {"nodetype": "formula", "expression": "1 + 0.5*x*y", "parser": "TFormula"}
    for join in ("+", "*", "/", "last"):
        content = written({**formula, "variables": ["x", "y"]})
        compound = {
            "name": "whole",
            "inputs": content["corrections"][0]["inputs"],
            "output": content["corrections"][0]["output"],
            "inputs_update": ["x"],
            "input_op": "*",
            "output_op": join,
            "stack": ["test", "test", "test"],
        }
        path = tmp_path / f"compound{join.replace('/', 'div')}.json"
        saved({**content, "compound_corrections": [compound]}, path)
        from adl.stdlib.corrections.files import read

        mine = read(path).corrections["whole"]
        reference = _core.CorrectionSet.from_file(str(path)).compound["whole"]
        at = [(0.3, 1.7, 4), (-2.0, 0.5, 1)]
        for values, said, _ in ours(mine, (None, None, None), at):
            assert values == [theirs(reference, point) for point in at]
            assert said == {}


OUTSIDE = """
object good
  take Jet
  define sf = correction("muons.json", "muon_id", "nominal", abs(eta), pT)
  define safe = abs(eta) < 2.4 ? correction("muons.json", "muon_id", "up", abs(eta), pT) : 1
region r
  select size(good) > 0
  histo sf, "f", 100, 0.9, 1.1, good.sf
  histo safe, "f", 100, 0.9, 1.1, good.safe
"""


@pytest.mark.parametrize("target", ["host", "reference"])
def test_outside_of_its_bins_a_correction_is_no_number_and_is_said(
    tmp_path: Path, real_data: Path, target: str
) -> None:
    (tmp_path / "muons.json").symlink_to(MUONS)
    path = real_data / "cms_opendata2015_ttbar_nano.root"
    with uproot.open(path) as file:
        eta = abs(ak.values_astype(file["Events"]["Jet_eta"].array(), np.float64))
    outside = ak.any(eta >= 2.4, axis=1)
    found, result = results(tmp_path, OUTSIDE, path, "--target", target)
    assert result.exit_code == 2
    assert sum(found["sf"]) == ak.sum(eta < 2.4)
    assert sum(found["safe"]) == ak.sum(eta >= 0)
    first = int(ak.argmax(outside, axis=0))
    text = " ".join(result.output.split())
    assert f"abseta is not below 2.4, in {ak.sum(outside)} events" in text
    assert f"first for entry {first} of" in text
    assert text.count("abseta is not below") == 1


def test_inspect_shows_the_corrections_of_a_file() -> None:
    shown = adl("inspect", MUONS)
    assert shown.exit_code == 0
    assert "muon_id, version 1" in shown.output
    assert "nominal, up, down" in shown.output
    document = json.loads(adl("inspect", MUONS, "--format", "json").output)
    identification, scale, _ = document["corrections"]
    assert identification["inputs"][0]["categories"] == ["nominal", "up", "down"]
    assert scale["inputs"][0] == {
        "name": "charge",
        "type": "int",
        "description": "-1 or 1",
        "categories": [-1, 1],
    }
    assert math.isclose(document["schema_version"], 2)


def test_inspect_says_what_a_file_lacks(tmp_path: Path) -> None:
    assert "no such file" in adl("inspect", tmp_path / "none.json").output
    (tmp_path / "broken.json.gz").write_bytes(b"\x1f\x8b")
    assert "no file of corrections" in adl("inspect", tmp_path / "broken.json.gz").output
    assert "--analysis is for one of events" in adl("inspect", MUONS, "--analysis", "a").output
