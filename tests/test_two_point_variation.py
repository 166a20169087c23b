"""Two generators of one process in a dataset list, against awkward, bin by bin."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.cli.run import command
from benchmarks.variations import blocks, write
from tests.on_sample import EXAMPLES
from tests.peer_events import load, missing, signal

LUMINOSITY, CROSS_SECTION = 59_800.0, 831.8  # /pb and pb
EVENTS = {"ttbar_powheg.root": (4000, 2), "ttbar_other.root": (3000, 5)}
LABELS = {"nominal": "ttbar_powheg.root", "generatorUp": "ttbar_other.root"}


def test_a_second_generator_is_a_variation_with_its_own_sum_of_weights(tmp_path: Path) -> None:
    for suffix in ("adl", "yaml"):
        shutil.copy(EXAMPLES / "systematics" / f"two_point_generator.{suffix}", tmp_path)
    for name, (number, seed) in EVENTS.items():
        write(tmp_path / name, blocks(number, seed), codec="none")
    paths = [str(tmp_path / f"two_point_generator.{s}") for s in ("adl", "yaml")]
    result = CliRunner().invoke(command, [*paths, "-q", "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    found = {
        (h["variation"], h["name"]): np.stack(
            [h["hist"]["storage"][s] for s in ("values", "variances")]
        )
        for h in results["histograms"]
        if h["process"] == "ttbar"
    }
    assert set(found) == {(label, name) for label in LABELS for name in ("ht", "met")}
    flows = {c["variation"]: c["steps"] for c in results["cutflows"] if c["process"] == "ttbar"}
    for label, file in LABELS.items():
        events = load(tmp_path / file)
        gen = events["genWeight"]
        weight = gen * (CROSS_SECTION * LUMINOSITY / ak.sum(gen))
        expected, yields = signal(events, events.collection("Jet"), missing(events), weight)
        for name in ("ht", "met"):
            scale = expected[name].max(axis=1, keepdims=True)
            assert np.all(abs(found[label, name] - expected[name]) <= 1e-11 * scale), (label, name)
        sums = [step["sumw"] for step in flows[label]]
        assert sums == pytest.approx(yields, rel=1e-11)
        assert sums[0] == pytest.approx(CROSS_SECTION * LUMINOSITY, rel=1e-11)
    alone = [*paths, "-q", "-o", str(tmp_path / "alone"), "--systematics", "none"]
    assert CliRunner().invoke(command, alone).exit_code == 0
    nominal = json.loads((tmp_path / "alone" / "results.json").read_text(encoding="utf-8"))
    for items in ("histograms", "cutflows"):
        # One dataset more makes the process theirs, and no number another one.
        kept = [i | {"dataset": ""} for i in results[items] if i["variation"] == "nominal"]
        assert [i | {"dataset": ""} for i in nominal[items]] == kept
    with uproot.open(tmp_path / "out" / "results.root") as root:
        names = {key.partition(";")[0].rpartition("/")[2] for key in root.keys()}  # noqa: SIM118
    assert {"ht", "ht__generatorUp"} <= names
