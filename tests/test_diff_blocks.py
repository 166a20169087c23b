"""``adl diff``: blocks that are no objects and regions, and files that analyses read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from adl.cli import differences
from adl.diff.canonical import Canonical
from adl.diff.changes import Difference, Place
from adl.diff.compare import compare
from tests.test_corpus import CORPUS
from tests.test_diff import EXAMPLES, difference, example, only, side

BLOCKS = """
trigger leptons "HLT_Mu50" \\
  or "HLT_IsoMu24"
systematic jes_{i}
  for i 1 2
  scale pt(Jet)  up 1.03 \\
                 down 0.97
  keep MET
systematic lumi
  rate 1.025
region r
  select any(Jet.pt > 30)
  select trigger(leptons)
region other
  select MET > 10
"""


# what is replaced in the blocks above, by what; then block, lines of both and words of both
LINES = (
    ("rate 1.025", "rate 1.030", "lumi", (10, 10), ("rate 1.025", "rate 1.030")),
    ("down 0.97", "down 0.96", "jes_{i}", (6, 6),
     ("scale pt(Jet) up 1.03 down 0.97", "scale pt(Jet) up 1.03 down 0.96")),
    ("  keep MET", "  propagate MET from Jet", "jes_{i}", (8, 8),
     ("keep MET", "propagate MET from Jet")),
    ("  keep MET", "  keep MET\n  correlate \"jet energy scale\"", "jes_{i}", (None, 9),
     (None, 'correlate "jet energy scale"')),
    ("Mu50", "Mu55", "leptons", (2, 2),
     ('trigger leptons "HLT_Mu50" or "HLT_IsoMu24"', 'trigger leptons "HLT_Mu55" or "HLT_IsoMu24"')),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "name", "lines", "words"), LINES)
def test_of_a_block_the_lines_that_differ_are_told(
    old: str,
    new: str,
    name: str,
    lines: tuple[int | None, int | None],
    words: tuple[str | None, str | None],
) -> None:
    change = only(difference(BLOCKS, BLOCKS.replace(old, new)))
    assert (change.status, change.name) == ("changed", name)
    assert (change.a and change.a.line, change.b and change.b.line) == lines
    assert (change.a and change.a.text, change.b and change.b.text) == words


def test_where_systematics_differ_regions_count_the_same_but_for_variations() -> None:
    found = difference(BLOCKS, BLOCKS.replace("rate 1.025", "rate 1.03"))
    assert [pair.status for pair in found.regions] == ["equal", "equal"]
    assert [*differences.region_lines(found)] == [
        "regions r, other count the same, variations aside",
    ]
    found = difference(BLOCKS, BLOCKS.replace("Mu50", "Mu55"))
    assert [*differences.region_lines(found)] == [
        "region r differs, because of leptons",
        "region other counts the same",
    ]


# --------------------------------------------------------------------- files with numbers

FILES = """
object jets
  take Jet
  define noise = correction("{0}", "jet_noise", pt, phi)
  define more = correction("{0}", "other", pt)
  select pt * noise > 30
systematic up
  reweight up correction("{0}", "other", MET.pt) down 1
region r
  select size(jets) > 1
region s
  select size(jets) > 1
  weight w prod(jets.more)
region t
  select MET.pt > correction("{0}", "other", MET.pt)
region u
  select MET.pt > 10
"""


def _correction(name: str, inputs: str, factor: float) -> dict[str, Any]:
    return {
        "name": name,
        "version": 1,
        "description": f"{factor}",
        "inputs": [{"name": one, "type": "real"} for one in inputs.split()],
        "output": {"name": "factor", "type": "real"},
        "data": {
            "nodetype": "binning",
            "input": "pt",
            "edges": [0.0, 50.0, 500.0],
            "content": [1.0, factor],
            "flow": "clamp",
        },
    }


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three folders, of which the last has another correction ``other``."""
    folder = tmp_path_factory.mktemp("versions")
    for name, factor in (("one", 1.1), ("same", 1.1), ("more", 1.2)):
        (folder / name).mkdir()
        corrections = [_correction("jet_noise", "pt phi", 1.3), _correction("other", "pt", factor)]
        document = {"schema_version": 2, "corrections": corrections, "description": name}
        (folder / name / "c.json").write_text(json.dumps(document))
    return folder


def compared(first: Path, second: Path, text: str = FILES, other: str = "c.json") -> Difference:
    canonical = Canonical()
    a = side(text.replace("{0}", "c.json"), str(first / "a.adl"), canonical)
    b = side(text.replace("{0}", other), str(second / "a.adl"), canonical)
    return compare(a, b)


def test_corrections_in_another_folder_are_one_if_they_hold_the_same(versions: Path) -> None:
    assert compared(versions / "one", versions / "same").equal
    shutil.copy(versions / "one" / "c.json", versions / "same" / "d.json")
    assert compared(versions / "one", versions / "same", other="d.json").changes == ()


def test_a_correction_that_holds_something_else_is_told_once(versions: Path) -> None:
    found = compared(versions / "one", versions / "more")
    change = only(found)
    assert (change.status, change.kind, change.name) == ("changed", "correction", "other of c.json")
    assert change.details == ("its content differs",)
    assert change.regions == ("s", "t")
    assert change.a is not None
    assert change.a.line == 5
    assert [(pair.b, pair.status) for pair in found.regions] == [
        *(("r", "equal"), ("s", "changed"), ("t", "changed"), ("u", "equal"))
    ]
    lines = [*differences.region_lines(found)]
    assert lines[0] == "regions r, u count the same, variations aside"
    assert [*differences.systematic_lines(found)] == [
        "systematic up differs, because of other of c.json"
    ]


def test_networks_in_another_folder_are_one_if_they_hold_the_same(tmp_path: Path) -> None:
    text = (CORPUS / "functional_network_stau.adl").read_text()
    for name in ("one", "same", "more"):
        shutil.copytree(CORPUS / "models", tmp_path / name / "models")
    shutil.copy(CORPUS / "models" / "stau_mid.onnx", tmp_path / "more" / "models" / "stau_low.onnx")
    assert compared(tmp_path / "one", tmp_path / "same", text).equal
    found = compared(tmp_path / "one", tmp_path / "more", text)
    change = only(found)
    assert (change.kind, change.name) == ("network", "models/stau_low.onnx")
    assert change.regions
    assert {p.causes for p in found.regions if p.status != "equal"} == {("models/stau_low.onnx",)}


# ------------------------------------------------------------------ what differs because of it

CAUSES = """
trigger m "HLT_Mu50"
trigger e "HLT_Ele27_WPTight_Gsf" or "HLT_Ele32_WPTight_Gsf"
systematic jes
  scale pt(Jet)  nominal 1.2  up 1.3  down 1.1
  keep MET
systematic size
  reweight up 1 + 0.1 * big down 1
define big = count(Jet.pt > 100)
region muon
  select trigger(m)
region electron
  select trigger(e)
region jet
  select big >= 1
region met
  select MET > 30
"""


@pytest.mark.parametrize(
    ("old", "new", "causes"),
    [
        ('"HLT_Mu50"', '"HLT_Mu55"', {"muon": "m"}),
        ("nominal 1.2", "nominal 1.25", {"jet": "jes", "systematic size": "jes"}),
        ("pt > 100)", "pt > 90)", {"jet": "big", "systematic size": "big"}),
        ("up 1.3", "up 1.25", {}),
    ],
)
def test_what_differs_names_its_causes_alone(old: str, new: str, causes: dict[str, str]) -> None:
    found = difference(CAUSES, CAUSES.replace(old, new))
    assert only(found).regions == tuple(name for name in causes if " " not in name)
    told = {pair.b: ", ".join(pair.causes) for pair in found.regions if pair.causes}
    told |= {f"systematic {one.name}": ", ".join(one.causes) for one in found.systematics}
    assert told == causes
    assert {pair.status for pair in found.regions} <= {"equal", "changed"}


def test_the_order_of_a_triggers_paths_is_no_difference() -> None:
    paths = '"HLT_Ele27_WPTight_Gsf" or "HLT_Ele32_WPTight_Gsf"'
    assert difference(CAUSES, CAUSES.replace(paths, " or ".join(paths.split(" or ")[::-1]))).equal


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("jes_{i}", "jec_{i}", [("renamed", "jec_{i}")]),
        ("for i 1 2", "for i 1 2 3", [("changed", "jes_{i}")]),
        ("systematic lumi\n  rate 1.025\n", "", [("removed", "lumi")]),
    ],
)
def test_a_family_is_told_as_one(old: str, new: str, told: list[tuple[str, str]]) -> None:
    found = difference(BLOCKS, BLOCKS.replace(old, new))
    assert [(change.status, change.name) for change in found.changes] == told


def test_what_a_correction_varies_is_told_with_its_block() -> None:
    text = example("systematics/trigger_factors.adl")
    folder = EXAMPLES / "systematics"
    found = difference(text, text.replace("vary trigger_data", "vary efficiency"), folder)
    assert (only(found).kind, only(found).name) == ("correction", "ofData")
    assert found.varies


# ----------------------------------------------------------------------- tables and lists

TABLES = """
object mu
  take Muon
  select pT > 10
table factors
  tabletype efficiency
  nvars 1
  errors false
  0.98 0 50
  0.96 50 500
histolist plots
  histo hmet, "MET;MET", 20, 0, 400, MET
trigger t1 "HLT_Mu50" or "HLT_Mu55"
region r
  select trigger(t1)
  select size(mu) > 0
  weight w factors(pT(mu[0]))
  plots
region s
  select MET > 10
"""


@pytest.mark.parametrize(
    ("old", "new", "told", "line"),
    [
        ("0.96 50", "0.95 50", ("changed", "table", "factors"), 10),
        ("0.98 0 50\n  0.96 50", "0.98 0 60\n  0.96 60", ("changed", "table", "factors"), 9),
        ("20, 0, 400", "20, 0, 200", ("changed", "histogram", "hmet"), 12),
        ("factors", "weights", ("renamed", "table", "weights"), 5),
        ("plots", "spectra", ("renamed", "list of histograms", "spectra"), 11),
        ("t1", "mu50", ("renamed", "trigger", "mu50"), 13),
    ],
)
def test_a_row_of_a_table_and_a_plot_of_a_list_are_told_once_where_they_stand(
    old: str, new: str, told: tuple[str, str, str], line: int
) -> None:
    changes = difference(TABLES, TABLES.replace(old, new)).changes
    assert {(c.status, c.kind, c.name) for c in changes} == {told}
    assert changes[0].b is not None
    assert changes[0].b.line == line


def test_a_list_that_no_region_fills_is_told_by_its_lines() -> None:
    unused = TABLES.replace("  plots\n", "")
    change = only(difference(unused, unused.replace("20, 0, 400", "20, 0, 200")))
    assert (change.kind, change.b and change.b.line) == ("list of histograms", 12)


OTHERS = """
object leptons
  take Electron
  select pT > 10 and cutBased >= 2
object jets
  take Jet
  reject dR(this, leptons) < 0.4
region r
  select size(leptons) == 1 and MET > 20
  select any(leptons.cutBased > 3)
  select size(jets) >= 2
"""


@pytest.mark.parametrize("other", ["take union(Electron, Muon)", "take Muon"])
def test_elements_without_what_the_first_analysis_asks_of_its_own(other: str) -> None:
    new = OTHERS.replace("take Electron", other).replace(" and cutBased >= 2", "")
    new = new.replace("  select any(leptons.cutBased > 3)\n", "")
    found = difference(OTHERS, new)
    change = found.changes[0]
    assert (change.status, change.name, change.b) == ("changed", "leptons", Place(3, other))
    assert [(pair.status, pair.causes) for pair in found.regions] == [("changed", ("leptons",))]
