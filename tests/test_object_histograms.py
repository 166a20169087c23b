"""Histograms in object blocks: once an element that passes the cuts before, against awkward."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import pytest
from click.testing import CliRunner

from adl.check.checker import check
from adl.cli.run import command
from adl.stdlib.models import load_model
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.on_sample import EXAMPLES, load

TEXT = """
object jets
  take Jet
  histo before, "", 50, 0, 500, pT
  select pT > 40
  histo after, "", 50, 0, 500, pT
  histo plane, "", 10, 0, 500, 12, -3, 3, pT, eta
  histo both, "", 50, 0, 500, pT, 2 * pT
object central
  take jets
  reject abs(eta) > 1
  histo after, "", 50, 0, 500, this.pT
object leptons
  take union(Muon, Electron)
  select pT > 20
  histo pt, "", 50, 0, 500, pT
region r
  select MET > 1000
"""


def results(tmp_path: Path, target: str) -> dict[str, Any]:
    analysis = tmp_path / "objects.adl"
    analysis.write_text(TEXT)
    file = EXAMPLES / "sample" / "ttbar.root"
    arguments = [str(analysis), str(file), "-q", "-o", str(tmp_path), "--target", target]
    outcome = CliRunner().invoke(command, arguments)
    assert outcome.exit_code == 0, outcome.output
    document: dict[str, Any] = json.loads((tmp_path / "results.json").read_text())
    return document


def contents(document: dict[str, Any]) -> dict[tuple[str, str], list[float]]:
    return {
        (h["region"], h["name"]): h["hist"]["storage"]["values"] for h in document["histograms"]
    }


def counted(*numbers: Any) -> list[float]:
    histogram = bh.Histogram(bh.axis.Regular(50, 0, 500))
    for more in numbers:
        histogram.fill(ak.to_numpy(ak.flatten(more)))
    values: list[float] = histogram.values(flow=True).tolist()
    return values


@pytest.mark.parametrize("target", ["host", "reference"])
def test_elements_are_filled_where_the_line_stands(target: str, tmp_path: Path) -> None:
    events = load("ttbar")
    jets = events.Jet[events.Jet.pt > 40]
    leptons = ak.concatenate([events.Muon.pt, events.Electron.pt], axis=1)
    plane = bh.Histogram(bh.axis.Regular(10, 0, 500), bh.axis.Regular(12, -3, 3))
    plane.fill(ak.to_numpy(ak.flatten(jets.pt)), ak.to_numpy(ak.flatten(jets.eta)))
    assert contents(results(tmp_path, target)) == {
        ("jets", "before"): counted(events.Jet.pt),
        ("jets", "after"): counted(jets.pt),
        ("jets", "plane"): plane.values(flow=True).tolist(),
        ("jets", "both"): counted(jets.pt, 2 * jets.pt),
        ("central", "after"): counted(jets[abs(jets.eta) <= 1].pt),
        ("leptons", "pt"): counted(leptons[leptons > 20]),
    }


def test_an_object_has_no_cutflow(tmp_path: Path) -> None:
    document = results(tmp_path, "host")
    assert [cutflow["region"] for cutflow in document["cutflows"]] == ["r"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('histo h, "", 10, 0, 5, dR(this, Muon)', "E215"),
        ('histo h, "", 10, 0, 5, Nothing', "E201"),
        ('histo h, "", 10, 5, 0, pT', "E215"),
    ],
)
def test_what_is_no_value_of_the_element_is_refused(line: str, code: str) -> None:
    source = Source("a.adl", f"object j\n  take Jet\n  {line}\nregion r\n  select size(j) > 0\n")
    with pytest.raises(AnalysisError) as raised:
        check(parse(source), source, load_model("nanoaod").schema())
    assert [d.code for d in raised.value.diagnostics if d.severity == "error"] == [code]


def test_a_name_stands_once_in_a_block() -> None:
    line = '  histo h, "", 10, 0, 5, pT\n'
    source = Source("a.adl", f"object j\n  take Jet\n{line}{line}region r\n  select size(j) > 0\n")
    with pytest.raises(AnalysisError) as raised:
        check(parse(source), source, load_model("nanoaod").schema())
    assert [d.code for d in raised.value.diagnostics] == ["E219"]
