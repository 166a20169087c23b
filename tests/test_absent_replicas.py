"""A replica that no event of a file has is an error, and no band is made of the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
import yaml
from click.testing import CliRunner, Result

from adl.cli import main
from adl.runtime.inputs.opening import open_input

TEXT = """
region r
  select MET > 20
  histo h, "MET", 4, 0, 100, MET
systematic short
  reweight LHEPdfWeight[0:3]  combine hessian
systematic pdf
  reweight LHEPdfWeight[1:5]  combine hessian
systematic each
  reweight LHEPdfWeight[3,4]
"""


def write(path: Path, replicas: int, *, ntuple: bool = False) -> None:
    """Write a file of five events with so many replicas; only a TTree says how many at most."""
    columns = {
        "run": np.ones(5, np.uint32),
        "luminosityBlock": np.ones(5, np.uint32),
        "event": np.frombuffer(path.stem.encode()[:1] * 5, np.uint8).astype(np.uint64),
        "MET_pt": np.linspace(10, 90, 5).astype(np.float32),
        "MET_phi": np.zeros(5, np.float32),
        "HLT_Mu": np.ones(5, bool),
        "genWeight": np.ones(5, np.float32),
        "LHEPdfWeight": ak.from_regular(ak.Array(np.full((5, replicas), 1.1, np.float32))),
    }
    with uproot.recreate(path) as file:
        if ntuple:
            file.mkrntuple("Events", ak.Array(columns))
        else:
            types: Any = {n: getattr(v, "dtype", "var * float32") for n, v in columns.items()}
            file.mktree("Events", types).extend(columns)


def run(folder: Path, *inputs: str) -> Result:
    (folder / "a.adl").write_text(TEXT)
    arguments = ["run", str(folder / "a.adl"), *(str(folder / name) for name in inputs)]
    return CliRunner().invoke(main, [*arguments, "-o", str(folder / "out")])


def labels(folder: Path) -> tuple[set[str], dict[str, list[str]]]:
    """Return the variations in the results, and the kinds of findings by systematic."""
    found = json.loads((folder / "out" / "results.json").read_text())
    shown = {c["variation"] for c in found["cutflows"]}
    assert shown == {h["variation"] for h in found["histograms"]}
    return shown, {s["name"]: [f["kind"] for f in s["findings"]] for s in found["systematics"]}


def test_a_tree_that_says_how_many_there_are_is_refused_before_it_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.root", 4)
    with open_input(str(tmp_path / "a.root")) as opened:
        assert opened.most == {"LHEPdfWeight": 4}
    result = run(tmp_path, "a.root")
    assert result.exit_code == 2
    words = f"a.adl:7:1: error[E277]: no event of {tmp_path}/a.root has LHEPdfWeight[4]: "
    assert words in result.output
    assert "LHEPdfWeight has at most 4 numbers an event" in result.output
    assert result.output.count("E277") == 2, "pdf and each"
    assert not (tmp_path / "out" / "results.json").exists()
    # adl plan has no plan for what no run does.
    planned = CliRunner().invoke(main, ["plan", str(tmp_path / "a.adl"), str(tmp_path / "a.root")])
    assert planned.exit_code == 2
    assert planned.output.count("E277") == 2
    assert "all together" not in planned.output


def test_the_other_files_are_run(tmp_path: Path) -> None:
    write(tmp_path / "a.root", 5)
    write(tmp_path / "b.root", 2)
    result = run(tmp_path, "a.root", "b.root")
    assert result.exit_code == 2
    assert f"no event of {tmp_path}/b.root has LHEPdfWeight[2]" in result.output
    shown, findings = labels(tmp_path)
    assert shown == {"nominal", *(f"{n}{d}" for n in ("short", "pdf") for d in ("Up", "Down"))} | {
        "each_3",
        "each_4",
    }
    assert "absent" not in findings["pdf"]


def test_what_is_seen_only_in_the_events_is_in_no_result(tmp_path: Path) -> None:
    write(tmp_path / "a.root", 5, ntuple=True)
    write(tmp_path / "b.root", 4, ntuple=True)
    result = run(tmp_path, "a.root", "b.root")
    assert result.exit_code == 2, result.output
    words = f"a.adl:7:1: error[E277]: no event of {tmp_path}/b.root has LHEPdfWeight[4]: "
    assert words in result.output
    assert "a replica is in no event" in result.output
    shown, findings = labels(tmp_path)
    assert shown == {"nominal", "shortUp", "shortDown", "each_3"}
    assert findings["pdf"] == ["absent"]
    assert findings["each"] == ["absent"]
    assert findings["short"] != ["absent"]
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert found["events"] == 10, "nominal covers both files"


@pytest.mark.parametrize("variation", ["", "genUp"])
def test_a_dataset_for_a_variation_needs_no_replicas(tmp_path: Path, variation: str) -> None:
    write(tmp_path / "a.root", 5, ntuple=True)
    write(tmp_path / "b.root", 1, ntuple=True)
    dataset = {"kind": "simulation", "cross_section": 1, "process": "top"}
    other = {**dataset, "files": "b.root", **({"variation": variation} if variation else {})}
    entries = {"luminosity": "1/pb", "datasets": {"a": {**dataset, "files": "a.root"}, "b": other}}
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(entries))
    result = run(tmp_path, "list.yaml")
    shown, _ = labels(tmp_path)
    assert (result.exit_code == 0) == bool(variation), result.output
    assert ("pdfUp" in shown) == bool(variation)
    assert result.output.count("E277") == (0 if variation else 3)
    assert ("genUp" in shown) == bool(variation)


def test_real_files_say_how_many_replicas_there_are(real_data: Path) -> None:
    with open_input(str(real_data / "nano_v15_ttbar.root")) as opened:
        assert opened.most["LHEPdfWeight"] == 103
        assert opened.most["LHEScaleWeight"] == 9


def test_there_is_no_band_of_replicas_that_some_events_lack(tmp_path: Path) -> None:
    columns = {
        "MET_pt": np.full(6, 50, np.float32),
        "MET_phi": np.zeros(6, np.float32),
        "HLT_Mu": np.ones(6, bool),
        "run": np.ones(6, np.uint32),
        "luminosityBlock": np.ones(6, np.uint32),
        "event": np.arange(6, dtype=np.uint64),
        "LHEPdfWeight": ak.Array([[1.1] * n for n in (4, 5, 5, 4, 5, 5)]),
    }
    types: Any = {n: getattr(v, "dtype", "var * float32") for n, v in columns.items()}
    with uproot.recreate(tmp_path / "a.root") as file:
        file.mktree("Events", types | {"LHEPdfWeight": "var * float32"}).extend(columns)
    result = run(tmp_path, "a.root")
    assert result.exit_code == 2, result.output
    words = "a.adl:7:1: error[E277]: the weight of 2 events of r is missing, NaN or infinite for a "
    assert words in result.output
    assert "replica of pdf: hessian has no band" in result.output
    # Of single replicas the events are just missing.
    words = "warning: each_4: the weight of 2 events is missing, NaN or infinite, first seen in r"
    assert words in result.output
    shown, findings = labels(tmp_path)
    assert shown == {"nominal", "shortUp", "shortDown", "each_3", "each_4"}
    assert findings["pdf"] == ["incomplete"]
    assert findings["each"] == ["incomplete"]
    assert "incomplete" not in findings["short"]
    (row,) = (x.strip() for x in result.output.splitlines() if x.strip().startswith("pdf "))
    assert row.endswith("events have no weight")
