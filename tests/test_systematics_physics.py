"""The examples of systematics, against awkward, numpy and correctionlib: every variation, bin by bin.

The events are the real ones of CMS open data and generated ones, both with the columns that an
analysis group would add: smearing factors, uncertainties by source, pile-up weights.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from adl.cli.run import command
from benchmarks.variations import GENERATOR_WEIGHT, blocks, write
from tests import peers_of_columns as columns
from tests import peers_of_weights as weights
from tests.on_sample import EXAMPLES
from tests.peer_events import Events, Expected, load, write_atlas, write_real

Peer = Callable[[Events], Expected]

FOLDER = EXAMPLES / "systematics"
PEERS: tuple[Peer, ...] = (
    columns.jet_pt_scale,
    columns.jet_pt_resolution,
    columns.jet_energy_sources,
    columns.jet_columns,
    columns.nosys_columns,
    columns.met_propagation,
    columns.fat_jet_mass,
    weights.pdf_replicas,
    weights.scale_envelope,
    weights.btag_shape,
    weights.btag_working_point,
    weights.lepton_factors,
    weights.trigger_factors,
    weights.pileup,
    weights.top_pt,
    weights.luminosity,
)
DATASET = ("--simulation", "--era", "2018", "--process", "ttbar")
GENERATED_EVENTS = 8000
SUMS = ("values", "variances")


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("generated") / "events.root"
    write(path, blocks(GENERATED_EVENTS, seed=2), codec="none")
    return path


@pytest.fixture(scope="session")
def real(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("real") / "events.root"
    write_real(real_data / "cms_opendata2015_ttbar_nano.root", path)
    return path


def events_of(peer: Peer, path: Path) -> Path:
    """Return the events with the names that a peer's example reads."""
    if peer is not columns.nosys_columns:
        return path
    other = path.with_name("atlas.root")
    if not other.exists():
        write_atlas(path, other)
    return other


def run(peer: Peer, path: Path, out: Path, *more: str) -> dict[str, Any]:
    """Run the example of a peer, and return its results."""
    analysis = FOLDER / f"{peer.__name__}.adl"
    arguments = [str(analysis), str(events_of(peer, path)), "-q", "-o", str(out), *DATASET, *more]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    # Of 200 real events none may have what an example varies, and the run says so.
    few = path.parent.name.startswith("real")
    said = result.stderr.splitlines()
    assert not [line for line in said if not (few and "changed nothing anywhere" in line)]
    found: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return found


def test_every_example_has_a_peer() -> None:
    assert {p.stem for p in FOLDER.glob("*.adl")} - {"ttbar_agc", "two_point_generator"} == {
        peer.__name__ for peer in PEERS
    }


@pytest.mark.parametrize("sample", ["generated", "real"])
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_every_variation_is_that_of_the_peer(
    request: pytest.FixtureRequest, peer: Peer, sample: str, tmp_path: Path
) -> None:
    path: Path = request.getfixturevalue(sample)
    results = run(peer, path, tmp_path)
    found = {
        (h["variation"], h["name"]): np.stack([h["hist"]["storage"][s] for s in SUMS])
        for h in results["histograms"]
    }
    flows = {(c["variation"], c["region"]): c["steps"] for c in results["cutflows"]}
    names = {name for _, name in found}
    (_, region), *_ = flows
    labels = set()
    for label, expected, yields in peer(load(events_of(peer, path))):
        labels.add(label)
        assert names <= expected.keys()
        for name in names:
            scale = np.abs(expected[name]).max(axis=1, keepdims=True)
            assert scale.min() > 0 or sample == "real"
            difference = found.get((label, name), found["nominal", name]) - expected[name]
            assert np.all(np.abs(difference) <= 1e-11 * scale), (label, name)
        steps = flows.get((label, region), flows["nominal", region])
        assert [s["sumw"] for s in steps[1:]] == pytest.approx(yields[1:], rel=1e-11), label
    written = {label for label, _ in found}
    assert written == labels if sample == "generated" else written <= labels


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_nominal_and_each_systematic_alone_are_those_in_company(
    peer: Peer, generated: Path, tmp_path: Path
) -> None:
    def of(chosen: str) -> tuple[dict[str, Any], list[Any]]:
        results = run(peer, generated, tmp_path, "-n", "2000", "--systematics", chosen)
        return results, [*results["histograms"], *results["cutflows"]]

    results, everything = of("all")
    names = [s["name"] for s in results["systematics"]]
    for chosen in dict.fromkeys(("none", *names[:2], names[-1])):
        labels = ("nominal", f"{chosen}Up", f"{chosen}Down")
        _, alone = of(chosen)
        assert alone == [item for item in everything if item["variation"] in labels]
        assert any(item["variation"] == "nominal" for item in alone)


def test_a_rate_is_in_the_results_and_no_variation(generated: Path, tmp_path: Path) -> None:
    results = run(weights.luminosity, generated, tmp_path)
    (lumi,) = results["systematics"]
    assert (lumi["kind"], lumi["correlate"]) == ("rate", "luminosity")
    assert lumi["rate"] == {"up": 1.025, "down": 0.975}
    assert {h["variation"] for h in results["histograms"]} == {"nominal"}


def test_what_only_one_process_has_is_not_in_another(generated: Path, tmp_path: Path) -> None:
    results = run(weights.top_pt, generated, tmp_path, "--process", "wjets")
    assert results["systematics"] == []
    plain = run(weights.luminosity, generated, tmp_path / "plain")
    (ht,) = (h["hist"] for h in results["histograms"] if h["name"] == "ht")
    assert ht == plain["histograms"][0]["hist"]


# --------------------------------------------------------------------------------- two traps


def test_large_generator_weights_lose_nothing(generated: Path, tmp_path: Path) -> None:
    gen = load(generated)["genWeight"]
    assert set(np.unique(gen).tolist()) == {-226048.0, 226048.0}
    results = run(weights.pdf_replicas, generated, tmp_path)
    flow = next(c for c in results["cutflows"] if c["variation"] == "nominal")
    (weighted,) = flow["weights"]
    assert weighted["sumw"] == math.fsum(gen)  # exactly: in float32 the sum would be off
    assert weighted["sumw2"] == math.fsum(w * w for w in gen)


def test_relative_weights_of_parton_densities_multiply_the_large_one(
    generated: Path, tmp_path: Path
) -> None:
    results = run(weights.pdf_replicas, generated, tmp_path)
    flows = {c["variation"]: c["steps"][-1] for c in results["cutflows"]}
    nominal, up, down = (flows[label]["sumw"] for label in ("nominal", "pdfUp", "pdfDown"))
    # A hundred members, each off by 3 % in an event and by less in the sum of many.
    assert 0.001 < (up - nominal) / nominal < 0.05
    assert up - nominal == pytest.approx(nominal - down, rel=1e-9)
    assert nominal > GENERATOR_WEIGHT * 1000
