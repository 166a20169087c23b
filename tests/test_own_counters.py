"""Files of uproot in which each column of an object has a counter of its own."""

from __future__ import annotations

import json
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner, Result

from adl.cli import main

TEXT = """
object muons
  take Muon
  select pt > 25
region r
  select size(muons) >= 1
  histo h, "eta", 5, -2.5, 2.5, eta(muons[0])
"""


def write(path: Path, kind: str, columns: dict[str, ak.Array]) -> None:
    """Write a file of lists: as a TTree nX counts each column X, in an RNTuple nothing does."""
    with uproot.recreate(path) as file:
        if kind == "rntuple":
            file.mkrntuple("Events", ak.Array(columns))
        else:
            file.mktree("Events", dict.fromkeys(columns, "var * float32")).extend(columns)
    names = {*columns, *(f"n{name}" for name in columns if kind == "ttree")}
    with uproot.open(path) as file:
        assert set(file["Events"].keys()) == names


def run(folder: Path) -> Result:
    (folder / "a.adl").write_text(TEXT)
    arguments = ["run", str(folder / "a.adl"), str(folder / "a.root"), "-q"]
    return CliRunner().invoke(main, [*arguments, "-o", str(folder / "out")])


@pytest.mark.parametrize("kind", ["ttree", "rntuple"])
def test_they_are_objects_without_a_common_counter(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(1)
    number = rng.integers(0, 4, 200)
    pt, eta, phi = (
        ak.unflatten(rng.uniform(low, high, number.sum()).astype(np.float32), number)
        for low, high in ((5, 60), (-2.5, 2.5), (-3, 3))
    )
    columns = {"Muon_pt": pt, "Muon_eta": eta, "Muon_phi": phi, "Muon_mass": pt * 0}
    write(tmp_path / "a.root", kind, columns)
    result = run(tmp_path)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    hard = pt > 25
    passing = ak.any(hard, axis=1)
    assert found["cutflows"][0]["steps"][-1]["raw"] == ak.sum(passing)
    first = ak.to_numpy(ak.firsts(eta[hard])[passing]).astype(np.float64)
    with uproot.open(tmp_path / "out" / "results.root") as file:
        name = next(k for k, c in file.classnames().items() if c.startswith("TH1") and "h;" in k)
        np.testing.assert_array_equal(file[name].values(), np.histogram(first, 5, (-2.5, 2.5))[0])


def test_lists_of_one_object_that_differ_in_length_are_told(tmp_path: Path) -> None:
    good, other = ak.Array([[30.0, 40.0], [], [50.0]]), ak.Array([[0.1], [0.2], [0.3]])
    columns = {"Muon_pt": good, "Muon_eta": other, "Muon_phi": good, "Muon_mass": good}
    write(tmp_path / "a.root", "ttree", columns)
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "its lists differ in length from those of other branches of Muon" in result.stderr
