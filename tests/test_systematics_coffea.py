"""The examples of systematics, against coffea with correctionlib: every bin of every variation.

Coffea needs an environment of its own: ADL_COFFEA_PYTHON is a Python that has it, as in

    ADL_COFFEA_PYTHON=venv/bin/python pytest tests/test_systematics_coffea.py

Everywhere, tests/test_systematics_physics.py compares with awkward and correctionlib alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from adl.cli.run import command
from benchmarks.variations import blocks, write
from tests.on_sample import EXAMPLES
from tests.peer_events import write_atlas

FOLDER = EXAMPLES / "systematics"
SCRIPT = Path(__file__).parents[1] / "benchmarks" / "peers" / "coffea_systematics.py"
NAMES = sorted(path.stem for path in FOLDER.glob("*.adl"))
EVENTS = {"ttbar_powheg.root": (6000, 2), "ttbar_other.root": (3000, 5)}
PROCESSES = {"ttbar_agc": "wjets"}  # the process with variations of the scale
FILLED = 5  # bins: of a histogram that is nearly empty, equality would say little

Found = dict[str, dict[str, np.ndarray]]  # by variation and histogram


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with events, and what coffea makes of them."""
    python = os.environ.get("ADL_COFFEA_PYTHON")
    if not python:
        pytest.skip("ADL_COFFEA_PYTHON names no Python that has coffea")
    folder = tmp_path_factory.mktemp("coffea")
    for name, (number, seed) in EVENTS.items():
        write(folder / name, blocks(number, seed), codec="none")
    first, other = (folder / name for name in EVENTS)
    write_atlas(first, folder / "atlas.root")
    paths = (SCRIPT, first, folder / "atlas.root", other, FOLDER, folder / "coffea.json")
    subprocess.run([python, *map(str, paths)], check=True)
    return folder


def peer(folder: Path, name: str) -> Found:
    document = json.loads((folder / "coffea.json").read_text(encoding="utf-8"))
    return {
        label: {histogram: np.array(sums) for histogram, sums in own.items()}
        for label, own in document[name].items()
    }


def ours(folder: Path, name: str, out: Path) -> tuple[Found, set[str]]:
    """Return the histograms of an example, and the variations that it has."""
    data = folder / ("atlas.root" if name == "nosys_columns" else "ttbar_powheg.root")
    dataset = ["--simulation", "--era", "2018", "--process", PROCESSES.get(name, "ttbar")]
    if name == "two_point_generator":
        data, dataset = folder / f"{name}.yaml", []
        shutil.copy(FOLDER / f"{name}.yaml", data)
    arguments = [str(FOLDER / f"{name}.adl"), str(data), "-q", "-o", str(out), *dataset]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    found: Found = {}
    for one in document["histograms"]:
        sums = [one["hist"]["storage"][key] for key in ("values", "variances")]
        if one["process"] != "total":
            found.setdefault(one["variation"], {})[one["name"]] = np.array(sums)
    return found, {"nominal", *found}


@pytest.mark.parametrize("name", NAMES)
def test_every_histogram_is_that_of_coffea(folder: Path, name: str, tmp_path: Path) -> None:
    expected = peer(folder, name)
    found, labels = ours(folder, name, tmp_path)
    assert labels == expected.keys()
    for label, own in expected.items():
        assert own.keys() == found["nominal"].keys()
        for histogram, sums in own.items():
            # What a variation cannot change is not written again.
            one = found[label].get(histogram, found["nominal"][histogram])
            scale = np.abs(sums).max(axis=1, keepdims=True)
            assert np.count_nonzero(sums[0]) >= FILLED or histogram == "number", histogram
            assert np.all(np.abs(one - sums) <= 1e-11 * scale), (label, histogram)
