"""One event with known answers, and whether it passes a condition.

jets pT = 100, 60, 40, 35 at eta 0 and phi = 0, 1, 2, -1; one electron of 30 GeV at phi 0.1; no
muons; missing momentum 80 GeV at phi = pi.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot
from click.testing import CliRunner

from adl.cli.run import command

ELEMENTS: dict[str, dict[str, list[float]]] = {
    "Jet": {"pt": [100.0, 60.0, 40.0, 35.0], "phi": [0.0, 1.0, 2.0, -1.0]},
    "Electron": {"pt": [30.0], "phi": [0.1]},
    "Muon": {"pt": [], "phi": []},
}
NUMBERS = {"run": 1, "luminosityBlock": 2, "event": 3}
OBJECTS = """
object jets
  take Jet
object electrons
  take Electron
object muons
  take Muon
"""
PI = float(np.float32(math.pi))


def write_event(path: Path) -> Path:
    """Write the event in NanoAOD's columns."""
    collections = {}
    for name, columns in ELEMENTS.items():
        empty = [0.0] * len(columns["pt"])
        full = {**columns, "eta": empty, "mass": empty}
        charge = ak.values_astype(ak.Array([[-1] * len(empty)]), np.int32)
        floats = {k: ak.values_astype(ak.Array([v]), np.float32) for k, v in full.items()}
        collections[name] = ak.zip({**floats, "charge": charge})
    flat = {"MET_pt": np.array([80.0], np.float32), "MET_phi": np.array([PI], np.float32)}
    flat |= {name: np.array([number], np.uint32) for name, number in NUMBERS.items()}
    with uproot.recreate(path) as file:
        tree = file.mktree(
            "Events",
            {n: a.type.content for n, a in collections.items()}
            | {name: values.dtype for name, values in flat.items()},
            counter_name=lambda name: f"n{name}",
            field_name=lambda outer, inner: f"{outer}_{inner}",
        )
        tree.extend({**collections, **flat})
    return path


def results(event: Path, folder: Path, text: str, dialect: str = "auto") -> dict[str, Any]:
    """What results.json says about an analysis of the event: the same in both targets."""
    analysis = folder / "conformance.adl"
    analysis.write_text(text)
    found = []
    for target in ("host", "reference"):
        arguments = ["--dialect", dialect, "--target", target, "-q", "-o", str(folder)]
        result = CliRunner().invoke(command, [str(analysis), str(event), *arguments])
        found.append(json.loads((folder / "results.json").read_text()))
        assert result.exit_code == (2 if found[-1]["faults"] else 0), result.output
    assert found[0] == found[1]
    return dict(found[0])


def passes(event: Path, folder: Path, condition: str, dialect: str, blocks: str = "") -> bool:
    """Whether the event passes ``select condition``, in both targets."""
    text = f"{OBJECTS}{blocks}region r\n  select {condition}\n"
    return bool(results(event, folder, text, dialect)["cutflows"][0]["steps"][-1]["raw"])


def near(value: str, expected: float) -> str:
    """The condition that a value is what is expected, but for rounding."""
    return f"abs({value} - {expected!r}) < 0.00001"
