"""Slices, the last element, attributes that objects define, and means, against awkward."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import numpy as np
import pytest
from click.testing import CliRunner

from adl.cli.run import command
from tests.on_sample import EXAMPLES, load

OBJECTS = """
object jets
  take Jet
  select pT > 30
  define central = abs(eta) < 1.5
  define big = pT > 50 and central
object leps
  take union(Muon, Electron)
"""


def values(tmp_path: Path, sample: str, value: str, target: str = "host") -> list[float]:
    """Return the contents of a histogram of some value, flow bins included."""
    analysis = tmp_path / "slices.adl"
    analysis.write_text(f'{OBJECTS}region r\n  histo h, "", 100, 0, 400, {value}\n')
    file = EXAMPLES / "sample" / f"{sample}.root"
    arguments = [str(analysis), str(file), "-q", "-o", str(tmp_path), "--target", target]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    (histogram,) = json.loads((tmp_path / "results.json").read_text())["histograms"]
    contents: list[float] = histogram["hist"]["storage"]["values"]
    return contents


def counted(numbers: Any) -> list[float]:
    """Return the contents of the same histogram of numbers."""
    flat = ak.to_numpy(ak.drop_none(ak.flatten(numbers, axis=None)))
    flat = flat[np.isfinite(flat)]  # the mean of nothing
    histogram = bh.Histogram(bh.axis.Regular(100, 0, 400)).fill(flat)
    counts: list[float] = histogram.values(flow=True).tolist()
    return counts


def jets(sample: str) -> Any:
    every = load(sample).Jet
    return every[every.pt > 30]


def leptons(sample: str) -> Any:
    """Muons and electrons in descending pt, stably."""
    events = load(sample)
    pt = ak.concatenate([events.Muon.pt, events.Electron.pt], axis=1)
    return pt[ak.argsort(pt, axis=1, ascending=False, stable=True)]


CASES = {
    "pT(jets[0:2])": lambda s: jets(s).pt[:, :2],
    "pT(jets[1:])": lambda s: jets(s).pt[:, 1:],
    "pT(jets[:3])": lambda s: jets(s).pt[:, :3],
    "sum(pT(jets[0:3]))": lambda s: ak.sum(jets(s).pt[:, :3], axis=1),
    "sum(jets[1:3] j, pT(j))": lambda s: ak.sum(jets(s).pt[:, 1:3], axis=1),
    "size(jets[2:4])": lambda s: ak.num(jets(s).pt[:, 2:4]),
    "pT(last(jets))": lambda s: ak.mask(jets(s).pt, ak.num(jets(s).pt) > 0)[:, -1:],
    "ave(pT(jets))": lambda s: ak.mean(jets(s).pt, axis=1),
    "pT(leps[0:2])": lambda s: leptons(s)[:, :2],
    "pT(leps[1:])": lambda s: leptons(s)[:, 1:],
    "pT(last(leps))": lambda s: leptons(s)[:, -1:],
    "count(jets j, j.big)": lambda s: ak.sum((jets(s).pt > 50) & (abs(jets(s).eta) < 1.5), axis=1),
    "sum(jets[0:2] j, j.big ? pT(j) : 0)": lambda s: ak.sum(
        ak.where((jets(s).pt > 50) & (abs(jets(s).eta) < 1.5), jets(s).pt, 0)[:, :2], axis=1
    ),
}


@pytest.mark.parametrize("sample", ["ttbar", "zmumu"])
@pytest.mark.parametrize("value", CASES)
def test_a_value_of_a_part_equals_awkwards(tmp_path: Path, sample: str, value: str) -> None:
    assert values(tmp_path, sample, value) == counted(CASES[value](sample))


@pytest.mark.parametrize("value", CASES)
def test_the_interpreter_says_the_same(tmp_path: Path, value: str) -> None:
    assert values(tmp_path, "zmumu", value, "reference") == values(tmp_path, "zmumu", value)


def run(tmp_path: Path, text: str) -> list[int]:
    """Return the raw counts of a region on the top pairs."""
    analysis = tmp_path / "objects.adl"
    analysis.write_text(OBJECTS + text)
    file = EXAMPLES / "sample" / "ttbar.root"
    result = CliRunner().invoke(command, [str(analysis), str(file), "-q", "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    cutflows = json.loads((tmp_path / "results.json").read_text())["cutflows"]
    return [step["raw"] for step in cutflows[-1]["steps"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select dR(this, anyof(leps)) < 1", "select any(dR(this, leps) < 1)"),
        ("select dR(this, allof(leps)) > 1", "select all(dR(this, leps) > 1)"),
        ("reject dR(this, allof(leps)) < 2", "reject all(dR(this, leps) < 2)"),
        ("reject dR(this, anyof(leps)) < 2", "reject dR(this, leps) < 2"),
    ],
)
def test_anyof_and_allof_are_any_and_all(tmp_path: Path, one: str, other: str) -> None:
    block = "object o\n  take jets\n  {}\nregion r\n  select size(o) >= 1\n  select size(o) >= 3\n"
    counts = run(tmp_path, block.format(one))
    assert counts == run(tmp_path, block.format(other))
    assert 0 < counts[2] < counts[1] < 6000


def test_attributes_are_known_to_objects_that_take_from_the_one_that_defines_them(
    tmp_path: Path,
) -> None:
    text = (
        "object bigs\n  take jets\n  select big\n"
        "object parts\n  take bigs[0:2]\n  select central\n"
        "region r\n  select size(bigs) >= 2\n  select parts[1].big and bigs[0].central\n"
    )
    counts = run(tmp_path, text)
    assert counts[1] == counts[2] > 0


def test_a_slice_of_a_slice_counts_from_its_start(tmp_path: Path) -> None:
    text = (
        "object tail\n  take jets[1:]\nobject third\n  take tail[1:2]\n"
        "region r\n  select size(jets) >= 3\n  select third[0] == jets[2]\n"
    )
    counts = run(tmp_path, text)
    assert counts[1] == counts[2] > 0
