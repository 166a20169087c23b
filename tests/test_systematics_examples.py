"""Every example of systematics says at its head how to run it, and what it plans is what it says.

``adl plan`` reads the same files and compiles nothing; tests/test_systematics_physics.py runs them.
"""

from __future__ import annotations

import fnmatch
import json
import os
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from adl.cli import main
from benchmarks.variations import blocks, write
from tests.peer_events import write_atlas

TOP = Path(__file__).parents[1]
FOLDER = TOP / "examples" / "systematics"
NAMES = sorted(path.stem for path in FOLDER.glob("*.adl"))
# Its list names files that nobody has; tests/test_two_point_variation.py runs it on others.
OWN_FILES = "two_point_generator"


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that README.md makes."""
    folder = tmp_path_factory.mktemp("events")
    write(folder / "events.root", blocks(300, seed=2), codec="none")
    write_atlas(folder / "events.root", folder / "atlas.root")
    return folder


def command_of(name: str) -> list[str]:
    lines = (FOLDER / f"{name}.adl").read_text(encoding="utf-8").splitlines()
    head = lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))]
    (told,) = (line for line in head if line.startswith("#   adl run "))
    return shlex.split(told.removeprefix("#   adl "))


# How many variations are counted, and in how many loops; each changes everything.
PLANS = {
    "btag_shape": (6, 1),
    "btag_working_point": (6, 1),
    "fat_jet_mass": (3, 2),
    "jet_columns": (4, 2),
    "jet_energy_sources": (54, 1),
    "jet_pt_resolution": (4, 2),
    "jet_pt_scale": (2, 1),
    "lepton_factors": (2, 1),
    "luminosity": (0, 0),
    "met_propagation": (2, 1),
    "nosys_columns": (4, 2),
    "pdf_replicas": (100, 1),
    "pileup": (2, 1),
    "scale_envelope": (12, 1),
    "top_pt": (2, 2),
    "trigger_factors": (4, 1),
    "ttbar_agc": (10, 6),
}


# The columns that only variations read; of a pattern, how many.
COLUMNS = {
    "jet_columns": {"Jet_*_jesTotal*": 4, "MET_pt_jesTotal*": 2, "Jet_pt_jer*": 2},
    "jet_energy_sources": {"Jet_unc_*": 27, "Jet_phi": 1, "MET_phi": 1},
    "jet_pt_resolution": {"Jet_smearUp": 1, "Jet_smearDown": 1},
    "nosys_columns": {"*_JET_NP1__1up": 4, "*_JET_NP1__1down": 4, "weight_pileup_PRW_*": 2},
    "pdf_replicas": {"LHEPdfWeight": 1},
    "pileup": {"puWeightUp": 1, "puWeightDown": 1},
    "scale_envelope": {"LHEScaleWeight": 1},
}


@pytest.mark.parametrize("name", [name for name in NAMES if name != OWN_FILES])
def test_the_command_at_its_head_fits_an_example(name: str, events: Path) -> None:
    _, *words = command_of(name)
    made = {"events.root": str(events / "events.root"), "atlas.root": str(events / "atlas.root")}
    before = Path.cwd()
    os.chdir(TOP)
    try:
        own = [made.get(word, word) for word in words]
        run = CliRunner().invoke(main, ["plan", *own, "--format", "json"])
    finally:
        os.chdir(before)
    assert run.exit_code == 0, run.output
    (plan,) = json.loads(run.stdout)["plans"]
    number = sum(len(group["variations"]) for group in plan["groups"])
    assert (number, len(plan["groups"])) == PLANS[name]
    assert plan["systematics"]
    changed = {tuple(v["changes"]) for g in plan["groups"] for v in g["variations"]}
    assert changed <= {tuple(plan["outputs"])}
    more = {c for g in plan["groups"] for c in g["columns"]} - {*plan["nominal"]["columns"]}
    known = COLUMNS.get(name, {})
    assert {p: len(fnmatch.filter(more, p)) for p in known} == known
    assert len(more) == sum(known.values())
    assert (sum(g["bytes"] for g in plan["groups"]) > 0) == bool(known)
    costs = [g["cost"] for g in plan["groups"]]
    assert all(
        cost > 0 for cost in costs if not name.startswith("top")
    )  # up it leaves out a weight
    # A weight is cheaper than the jets again, once a variation.
    if name in ("pileup", "btag_shape", "lepton_factors"):
        assert sum(costs) < number


def test_what_the_folder_has_is_in_its_readme() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"`{name}`" not in text] == []
    assert command_of(OWN_FILES)[-1].endswith(f"{OWN_FILES}.yaml")
