"""Columns that only some files have: ``default`` stands for them, without it they are errors."""

from __future__ import annotations

import json
from pathlib import Path

import awkward as ak
import pytest
import uproot
from click.testing import CliRunner, Result

from adl.cli import main

FILES = ("nano_v12_ttbar", "nano_v15_ttbar")  # only the second has Jet_btagUParTAK4B
ANALYSIS = """\
object jets
  take Jet
  define tag = default(this.btagUParTAK4B, -1)
  select pT > 30
object tagged
  take jets
  select default(btagUParTAK4B(this), 0) > 0.3
define flag = default(HLT_OfTomorrow, 0)
region all
  select size(jets) > 0 and flag == 0
  histo htag, "", 24, -1.15, 1.25, jets.tag
  histo hn, "", 10, 0, 10, size(tagged)
  select default(size(Particles), 3) == 3
"""


def run(folder: Path, text: str, data: Path, *options: str) -> Result:
    analysis = folder / "a.adl"
    analysis.write_text(text)
    files = [str(data / f"{name}.root") for name in FILES]
    return CliRunner().invoke(main, ["run", str(analysis), *files, *options])


def test_default_stands_for_columns_in_the_files_that_lack_them(
    tmp_path: Path, real_data: Path
) -> None:
    documents = []
    for target in ("host", "reference"):
        out = tmp_path / target
        result = run(tmp_path, ANALYSIS, real_data, "--target", target, "-o", str(out))
        assert result.exit_code == 0, result.output
        documents.append(json.loads((out / "results.json").read_text()))
    assert result.stderr.count("W344") == 4  # each place once
    assert "-1 stands for this.btagUParTAK4B" in result.stderr
    assert documents[0]["histograms"] == documents[1]["histograms"]
    assert documents[0]["cutflows"] == documents[1]["cutflows"]

    tags, numbers, events = [], [], 0
    for name in FILES:
        tree = uproot.open(real_data / f"{name}.root")["Events"]
        hard = tree["Jet_pt"].array() > 30
        events += int(ak.sum(ak.any(hard, axis=1)))
        if "Jet_btagUParTAK4B" in tree:
            found = tree["Jet_btagUParTAK4B"].array()[hard]
        else:
            found = ak.values_astype(ak.full_like(tree["Jet_pt"].array()[hard], -1), "float32")
        tags.append(found)
        numbers.append(ak.sum(found[ak.num(found) > 0] > 0.3, axis=1))
    steps = documents[0]["cutflows"][0]["steps"]
    assert [step["raw"] for step in steps] == [400, events, events]
    shown = {h["name"]: h["hist"]["storage"]["values"] for h in documents[0]["histograms"]}
    assert sum(shown["htag"]) == sum(ak.count(t) for t in tags)
    low = [int(ak.sum((t >= -1.05) & (t < -0.95))) for t in tags]
    assert shown["htag"][2] == sum(low) >= low[0] == ak.count(tags[0])  # behind the underflow
    tagged = sum(ak.to_list(n).count(1) for n in numbers)
    assert shown["hn"][2] == tagged > 0


def test_without_default_a_column_that_a_file_lacks_is_an_error_with_its_name(
    tmp_path: Path, real_data: Path
) -> None:
    text = "region all\n  select any(Jet j, j.btagUParTAK4B > 0.3)\n"
    result = run(tmp_path, text, real_data)
    assert result.exit_code == 2
    assert "Jet has no attribute btagUParTAK4B" in result.stderr
    assert "nano_v12_ttbar.root" in result.stderr


@pytest.mark.parametrize(
    "asked", ["default(pT(jetz[0]), 0)", "default(pT(jets), 0)", "default(pT(Jet[0], 1), 0)"]
)
def test_default_hides_no_other_mistake(tmp_path: Path, real_data: Path, asked: str) -> None:
    text = f"object jets\n  take Jet\nregion all\n  select {asked} > 1\n"
    result = run(tmp_path, text, real_data)
    assert result.exit_code == 2
    assert "error[E2" in result.stderr
