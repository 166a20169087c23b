"""The analysis of the Analysis Grand Challenge with its variations, against awkward, bin by bin.

The peer takes weights and the noise of jets from correctionlib; on real events the weights are those
of the corrections that the challenge publishes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import numpy as np
import pytest
import uproot
import vector
from correctionlib import CorrectionSet

from benchmarks.sample import write
from tests.test_benchmarks_adl import EXAMPLES, run

vector.register_awkward()

Array = Any  # awkward's arrays have no types
FOLDER = EXAMPLES / "systematics"
WEIGHTS = "agc_corrections.json"
GENERATED_EVENTS = 20_000  # 100 000 were compared once, equal in every bin
COLLECTIONS = {
    "Jet": ("pt", "eta", "phi", "mass", "jetId", "btagCSVV2"),
    "Electron": ("pt", "eta", "phi", "mass", "cutBased", "sip3d"),
    "Muon": ("pt", "eta", "phi", "mass", "tightId", "sip3d", "pfRelIso04_all"),
}
# On the 200 real events nothing passes the selection: without leptons, and with fewer jets, some do.
LOOSER = (
    ("  select size(electrons) + size(muons) == 1\n", ""),
    ("select size(jets) >= 4", "select size(jets) >= 1"),
    ("select size(bjets) >= 2", "select size(bjets) >= 1"),
)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("agc") / "events.root"
    write(path, GENERATED_EVENTS, seed=11, codec="none")
    return path


@pytest.fixture(scope="module")
def open_data(real_data: Path) -> Path:
    return real_data / "cms_opendata2015_ttbar_nano.root"


def load(path: Path) -> dict[str, Array]:
    found = {}
    with uproot.open(path) as file:
        for name, own in COLLECTIONS.items():
            parts = {a: file["Events"][f"{name}_{a}"].array() for a in own}
            exact = {
                a: ak.values_astype(c, np.float64) if "float" in str(c.type) else c
                for a, c in parts.items()
            }
            found[name] = ak.zip(exact, with_name="Momentum4D")
    return found


def selected(
    events: Mapping[str, Array], pt: Array, weight: Array, loose: bool
) -> dict[str, np.ndarray]:
    """Return both histograms for jets of these momenta: sums of weights and of their squares."""
    electrons, muons = events["Electron"], events["Muon"]
    jets = ak.with_field(events["Jet"], pt, "pt")
    electrons = electrons[(electrons.pt > 30) & (abs(electrons.eta) < 2.1)]
    electrons = electrons[(electrons.cutBased == 4) & (electrons.sip3d < 4)]
    muons = muons[(muons.pt > 30) & (abs(muons.eta) < 2.1) & muons.tightId]
    muons = muons[(muons.sip3d < 4) & (muons.pfRelIso04_all < 0.15)]
    jets = ordered(jets)
    tags = ak.sum(jets.btagCSVV2 > 0.5, axis=1)
    three = ak.combinations(jets, 3, fields=["a", "b", "c"])
    score = np.maximum(np.maximum(three.a.btagCSVV2, three.b.btagCSVV2), three.c.btagCSVV2)
    three = three[score > 0.5]
    total = three.a + three.b + three.c
    mass = ak.firsts(total.mass[ak.argmax(total.pt, axis=1, keepdims=True)])
    presel = ak.num(jets) >= (1 if loose else 4)
    if not loose:
        presel = presel & (ak.num(electrons) + ak.num(muons) == 1)
    ht = ak.sum(jets.pt, axis=1)
    two = presel & (tags >= (1 if loose else 2)) & ~ak.is_none(mass)
    return {
        "CR_4j1b/ht": histogram(ht, presel & (tags == 1), weight),
        "SR_4j2b/trijet_mass": histogram(mass, two, weight),
    }


def ordered(jets: Array) -> Array:
    """Return the good jets in descending momentum."""
    jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4) & (jets.jetId & 4 != 0)]
    return jets[ak.argsort(jets.pt, ascending=False, stable=True)]


def histogram(values: Array, passed: Array, weight: Array) -> np.ndarray:
    hist = bh.Histogram(bh.axis.Regular(25, 50, 550), storage=bh.storage.Weight())
    hist.fill(ak.to_numpy(values[passed]), weight=ak.to_numpy(weight[passed]))
    view = hist.view(flow=True)
    return np.stack([view.value, view.variance])


def variations(
    events: Mapping[str, Array], loose: bool, folder: Path
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Yield each variation with its histograms; the folder has the corrections."""
    jets = events["Jet"]
    one = np.ones(len(jets))
    nominal = selected(events, jets.pt, one, loose)
    yield "nominal", nominal
    noise = CorrectionSet.from_file(str(folder / "corrections.json"))["jet_noise"]
    flat = noise.evaluate(*(ak.to_numpy(ak.flatten(c)) for c in (jets.pt, jets.phi)))
    smear = 1 + 0.05 * ak.unflatten(flat, ak.num(jets))
    for name, factor in (("pt_scale", 1.03), ("pt_res", smear)):
        up = selected(events, jets.pt * factor, one, loose)
        yield f"{name}Up", up
        down = {n: np.stack([2 * nominal[n][0] - h[0], h[1]]) for n, h in up.items()}
        yield f"{name}Down", down
    weights = CorrectionSet.from_file(str(folder / WEIGHTS))["event_systematics"]
    good = ordered(jets)
    for direction in ("up", "down"):
        for i in range(4):
            pt = ak.to_numpy(ak.fill_none(ak.firsts(good.pt[:, i : i + 1]), 0.0))
            name = f"btag_var_{i + 1}"
            weight = weights.evaluate(name, direction, pt)
            yield f"{name}{direction.title()}", selected(events, jets.pt, weight, loose)
        weight = weights.evaluate("scale_var", direction, np.zeros(len(jets)))
        found = selected(events, jets.pt, weight, loose)
        yield f"scale_var{direction.title()}", found


@pytest.mark.parametrize("sample", ["open_data", "open_data_looser", "generated"])
def test_every_histogram_of_every_variation_is_that_of_awkward(
    request: pytest.FixtureRequest, tmp_path: Path, sample: str
) -> None:
    path: Path = request.getfixturevalue(sample.removesuffix("_looser"))
    loose = sample == "open_data_looser"
    folder = shutil.copytree(FOLDER, tmp_path / "analysis")
    if sample != "generated":  # the file of the challenge in the place of ours
        shutil.copy(path.parent / WEIGHTS, folder / WEIGHTS)
    analysis = folder / "ttbar_agc.adl"
    text = analysis.read_text(encoding="utf-8")
    for old, new in LOOSER if loose else ():
        assert text.count(old) == 1
        text = text.replace(old, new)
    analysis.write_text(text, encoding="utf-8")
    run(tmp_path, analysis, path, "--process", "wjets")
    labels = {"nominal"}
    filled = 0
    with uproot.open(tmp_path / "results.root") as root:
        for label, expected in variations(load(path), loose, folder):
            labels.add(label)
            for name, contents in expected.items():
                hist = root[name if label == "nominal" else f"{name}__{label}"]
                found = np.stack([hist.values(flow=True), hist.variances(flow=True)])
                scale = max(1.0, float(np.abs(contents).max()))
                assert np.all(np.abs(found - contents) <= 1e-11 * scale), (label, name)
                filled += bool(contents[0].any())
        written = {key.partition(";")[0].partition("__")[2] for key in root["CR_4j1b"]}
    assert written == labels - {"nominal"} | {""}
    assert len(labels) == 15
    assert filled == (0 if sample == "open_data" else 30)


def test_nominal_and_each_systematic_alone_are_those_in_company(
    generated: Path, tmp_path: Path
) -> None:
    def of(*chosen: str) -> list[Any]:
        arguments = (FOLDER / "ttbar_agc.adl", generated, "-n", "2000", "--process", "wjets")
        results = run(tmp_path, *arguments, *chosen)
        return [*results["histograms"], *results["cutflows"]]

    everything = of()
    for chosen in ("none", "pt_res", "btag_var_2"):
        labels = ("nominal", f"{chosen}Up", f"{chosen}Down")
        alone = of("--systematics", chosen)
        assert alone == [item for item in everything if item["variation"] in labels]
        assert len({item["variation"] for item in alone}) == (1 if chosen == "none" else 3)


def test_only_one_process_has_variations_of_the_scale(generated: Path, tmp_path: Path) -> None:
    results = run(tmp_path, FOLDER / "ttbar_agc.adl", generated, "-n", "100", "--process", "ttbar")
    names = [s["name"] for s in results["systematics"]]
    assert names == ["pt_scale", "pt_res", *(f"btag_var_{i}" for i in (1, 2, 3, 4))]


def test_our_weights_are_those_that_are_published(real_data: Path) -> None:
    ours, published = (
        CorrectionSet.from_file(str(folder / WEIGHTS))["event_systematics"]
        for folder in (FOLDER, real_data)
    )
    for name in ("scale_var", *(f"btag_var_{i}" for i in (1, 2, 3, 4))):
        for direction in ("up", "down"):
            pts = np.linspace(0, 500, 101)
            one, other = (c.evaluate(name, direction, pts) for c in (ours, published))
            assert np.array_equal(one, other)
