"""Runs over dataset lists, and what came of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boost_histogram as bh
import jsonschema
import yaml
from click.testing import CliRunner, Result

from adl.cli import main
from tests.listed_files import ANALYSIS

TOP = Path(__file__).parents[1]
SCHEMA = json.loads((TOP / "runtime" / "outputs" / "results.schema.json").read_text())
LUMI = 2000.0  # 1/pb


def run(folder: Path, entries: Mapping[str, Any], *options: str, text: str = ANALYSIS) -> Result:
    (folder / "a.adl").write_text(text)
    (folder / "list.yaml").write_text(
        yaml.safe_dump({"luminosity": "2 /fb", **entries}, sort_keys=False)
    )
    arguments = [str(folder / "a.adl"), str(folder / "list.yaml"), "-o", str(folder / "out")]
    shutil.rmtree(folder / "out", ignore_errors=True)
    return CliRunner().invoke(main, ["run", *arguments, *options])


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out" / "results.json").read_text())
    jsonschema.validate(found, SCHEMA)
    return found


def ran(folder: Path, entries: Mapping[str, Any], *options: str, **more: str) -> dict[str, Any]:
    result = run(folder, entries, *options, **more)
    assert result.exit_code == 0, result.output
    return results(folder)


def last(found: dict[str, Any], process: str) -> dict[str, Any]:
    """Return the last count of the signal region, with its last weight."""
    (cutflow,) = (c for c in found["cutflows"] if c["process"] == process)
    counts: list[dict[str, Any]] = cutflow["weights"] or cutflow["steps"]
    return counts[-1]


def contents(found: dict[str, Any], process: str) -> Any:
    (hist,) = (h["hist"] for h in found["histograms"] if h["process"] == process)
    return bh.Histogram(hist).view(flow=True)


def simulated(file: str, cross_section: float = 10.0, **more: Any) -> dict[str, Any]:
    return {"files": file, "kind": "simulation", "cross_section": cross_section, **more}
