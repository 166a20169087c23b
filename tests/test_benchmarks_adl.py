"""The eight ADL benchmarks and the analysis of top pairs, against awkward and vector.

https://github.com/iris-hep/adl-benchmarks-index has the tasks. Where their text leaves room, the
public implementation with coffea decides: windows in mass are open, "within 0.4" is dR < 0.4,
leptons are not selected (task 8) and all events fill the sum of momenta (task 7), which may be 0.
Columns are float32 and are computed with in float64, as ADL does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
import vector
from click.testing import CliRunner

from adl.cli.run import command
from benchmarks.sample import COLLECTIONS, write
from tests.on_sample import Array, Axis, Region, compare, distances

vector.register_awkward()

EXAMPLES = Path(__file__).parents[1] / "examples"
BUNDLED = ("ttbar", "zmumu", "wjets")
GENERATED_EVENTS = 100_000

# ------------------------------------------------------------------------------------- events


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with events from the generator of the benchmarks."""
    path = tmp_path_factory.mktemp("generated") / "generated.root"
    write(path, GENERATED_EVENTS, seed=11, codec="none")
    return path


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All events of the bundled sample, whose one b-tag has the benchmarks' name for it."""
    path = tmp_path_factory.mktemp("bundled") / "bundled.root"
    parts = [uproot.open(EXAMPLES / "sample" / f"{name}.root")["Events"] for name in BUNDLED]
    columns = {
        name: ak.concatenate([part[name].array() for part in parts])
        for name in parts[0].typenames()
    }
    columns["Jet_btag"] = columns.pop("Jet_btagDeepFlavB")
    flat = {
        k: v for k, v in columns.items() if not k.startswith(tuple(f"{c}_" for c in COLLECTIONS))
    }
    lists = {
        c: ak.zip({k.removeprefix(f"{c}_"): v for k, v in columns.items() if k.startswith(f"{c}_")})
        for c in COLLECTIONS
    }
    for c in COLLECTIONS:
        del flat[f"n{c}"]
    together = {**flat, **lists}
    types = {
        name: column.type.content if name in lists else column.type.content.primitive
        for name, column in together.items()
    }
    with uproot.recreate(path, compression=None) as file:
        tree = file.mktree("Events", types, counter_name=lambda name: f"n{name}")
        tree.extend(together)
    return path


@pytest.fixture(scope="session")
def open_data(real_data: Path) -> Path:
    """Simulated top pairs of the CMS open data."""
    return real_data / "cms_opendata2015_ttbar_nano.root"


@cache
def load(path: Path) -> Array:
    """Return the events of a file: collections of particles, and MET."""
    with uproot.open(path) as file:
        names = [
            k
            for k in file["Events"].typenames()
            if k.startswith((*(f"{c}_" for c in COLLECTIONS), "MET_"))
        ]
        columns = {name: _exact(file["Events"][name].array()) for name in names}
    collections = {
        c: ak.zip(
            {k.removeprefix(f"{c}_"): v for k, v in columns.items() if k.startswith(f"{c}_")},
            with_name="Momentum4D",
        )
        for c in COLLECTIONS
    }
    met = ak.zip({"pt": columns["MET_pt"], "phi": columns["MET_phi"]}, with_name="Momentum2D")
    return ak.zip({**collections, "MET": met}, depth_limit=1)


def _exact(column: Array) -> Array:
    return ak.values_astype(column, np.float64) if "float" in str(column.type) else column


def run(tmp_path: Path, analysis: Path, *inputs: Path | str) -> dict[str, Any]:
    """Run an analysis as a user does, on files and with options, and return its results.json."""
    arguments = [str(analysis), *map(str, inputs), "-o", str(tmp_path), "-q"]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads((tmp_path / "results.json").read_text())
    return content


# ------------------------------------------------------------------------------- the eight tasks

MET: Axis = (100, 0.0, 200.0)


def q1(events: Array) -> dict[str, Region]:
    return {"all_events": Region(len(events)).histo("met", MET, events.MET.pt)}


def q2(events: Array) -> dict[str, Region]:
    return {"all_events": Region(len(events)).histo("jet_pt", (100, 0.0, 200.0), events.Jet.pt)}


def q3(events: Array) -> dict[str, Region]:
    central = events.Jet[abs(events.Jet.eta) < 1]
    return {"all_events": Region(len(events)).histo("jet_pt", (100, 0.0, 200.0), central.pt)}


def q4(events: Array) -> dict[str, Region]:
    region = Region(len(events)).cut(ak.sum(events.Jet.pt > 40, axis=1) >= 2)
    return {"two_jets": region.histo("met", MET, events.MET.pt)}


def q5(events: Array) -> dict[str, Region]:
    pair = ak.combinations(events.Muon, 2, fields=["a", "b"])
    mass = (pair.a + pair.b).mass
    good = (pair.a.charge == -pair.b.charge) & (mass > 60) & (mass < 120)
    region = Region(len(events)).cut(ak.any(good, axis=1))
    return {"dimuon": region.histo("met", MET, events.MET.pt)}


def q6(events: Array) -> dict[str, Region]:
    three = ak.combinations(events.Jet, 3, fields=["a", "b", "c"])
    total = three.a + three.b + three.c
    best = ak.argmin(abs(total.mass - 172.5), axis=1, keepdims=True)
    score = np.maximum(np.maximum(three.a.btag, three.b.btag), three.c.btag)
    region = Region(len(events)).cut(ak.num(events.Jet) >= 3)
    region.histo("trijet_pt", (100, 0.0, 300.0), ak.firsts(total.pt[best]))
    region.histo("leading_btag", (100, 0.0, 1.0), ak.firsts(score[best]))
    return {"three_jets": region}


def q7(events: Array) -> dict[str, Region]:
    jets = events.Jet[events.Jet.pt > 30]
    for leptons in (events.Electron, events.Muon):
        hard = leptons[leptons.pt > 10]
        jets = jets[ak.all(distances(jets, hard) >= 0.4, axis=-1)]
    region = Region(len(events)).histo("ht", (100, 0.0, 500.0), ak.sum(jets.pt, axis=1))
    return {"all_events": region}


def q8(events: Array) -> dict[str, Region]:
    common = ("pt", "eta", "phi", "mass", "charge")
    leptons = ak.concatenate(
        [
            ak.zip(
                {name: own[name] for name in common} | {"code": code * own.charge},
                with_name="Momentum4D",
            )
            for own, code in ((events.Electron, -11), (events.Muon, -13))
        ],
        axis=1,
    )
    first, second = ak.unzip(ak.argcombinations(leptons, 2))
    opposite = leptons[first].code == -leptons[second].code
    first, second = first[opposite], second[opposite]
    off = abs((leptons[first] + leptons[second]).mass - 91.2)
    best = ak.argmin(off, axis=1, keepdims=True)
    used = [ak.fill_none(ak.firsts(member[best]), -1) for member in (first, second)]
    number = ak.local_index(leptons)
    others = leptons[(number != used[0]) & (number != used[1])]
    third = ak.firsts(others[ak.argmax(others.pt, axis=1, keepdims=True)])
    cosine = np.cos(third.deltaphi(events.MET))
    region = Region(len(events)).cut(ak.num(leptons) >= 3).cut(ak.num(first) >= 1)
    region.histo("mt", MET, np.sqrt(2 * third.pt * events.MET.pt * (1 - cosine)))
    return {"three_leptons": region}


@pytest.mark.parametrize("sample", ["bundled", "generated"])
@pytest.mark.parametrize("task", [q1, q2, q3, q4, q5, q6, q7, q8])
def test_a_benchmark_gives_what_awkward_gives(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    task: Callable[[Array], dict[str, Region]],
    sample: str,
) -> None:
    path: Path = request.getfixturevalue(sample)
    results = run(tmp_path, EXAMPLES / "benchmarks" / f"{task.__name__}.adl", path)
    expected = task(load(path))
    assert results["events"] == len(load(path))
    for region in expected.values():
        assert all(np.count_nonzero(h.values) > 10 for h in region.histograms.values())
    compare(results, expected)


@pytest.mark.parametrize("task", [q5, q6, q7, q8])
def test_the_interpreter_gives_the_same_numbers(
    tmp_path: Path, task: Callable[[Array], dict[str, Region]], generated: Path
) -> None:
    analysis = EXAMPLES / "benchmarks" / f"{task.__name__}.adl"
    kernel, interpreter = (
        run(tmp_path, analysis, generated, "-n", "300", "--target", target)
        for target in ("host", "reference")
    )
    assert kernel["events"] == 300
    assert interpreter == kernel


def test_a_line_names_the_b_tag_of_the_bundled_sample(tmp_path: Path, bundled: Path) -> None:
    text = (EXAMPLES / "benchmarks" / "q6.adl").read_text()
    analysis = tmp_path / "analysis.adl"
    analysis.write_text(f"use btag = btagDeepFlavB\n{text}")
    files = [EXAMPLES / "sample" / f"{name}.root" for name in BUNDLED]
    compare(run(tmp_path, analysis, *files), q6(load(bundled)))


# ------------------------------------------------------------------------------------ top pairs


def ttbar_agc(events: Array, loose: bool = False) -> dict[str, Region]:
    """Return the selection, or one without leptons and with a jet and a b-tag or more."""
    electrons, muons, jets = events.Electron, events.Muon, events.Jet
    electrons = electrons[(electrons.pt > 30) & (abs(electrons.eta) < 2.1)]
    electrons = electrons[(electrons.cutBased == 4) & (electrons.sip3d < 4)]
    muons = muons[(muons.pt > 30) & (abs(muons.eta) < 2.1) & muons.tightId]
    muons = muons[(muons.sip3d < 4) & (muons.pfRelIso04_all < 0.15)]
    jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4) & (jets.jetId & 4 != 0)]
    tags = ak.sum(jets.btagCSVV2 > 0.5, axis=1)

    three = ak.combinations(jets, 3, fields=["a", "b", "c"])
    score = np.maximum(np.maximum(three.a.btagCSVV2, three.b.btagCSVV2), three.c.btagCSVV2)
    three = three[score > 0.5]
    total = three.a + three.b + three.c
    mass = ak.firsts(total.mass[ak.argmax(total.pt, axis=1, keepdims=True)])

    def presel() -> Region:
        region = Region(len(events))
        if not loose:
            region.cut(ak.num(electrons) + ak.num(muons) == 1)
        return region.cut(ak.num(jets) >= (1 if loose else 4))

    axis: Axis = (25, 50.0, 550.0)
    return {
        "presel": presel(),
        "CR_4j1b": presel().cut(tags == 1).histo("ht", axis, ak.sum(jets.pt, axis=1)),
        "SR_4j2b": presel().cut(tags >= (1 if loose else 2)).histo("trijet_mass", axis, mass),
    }


@pytest.mark.parametrize("sample", ["open_data", "generated"])
def test_the_selection_of_top_pairs_gives_what_awkward_gives(
    request: pytest.FixtureRequest, tmp_path: Path, sample: str
) -> None:
    path: Path = request.getfixturevalue(sample)
    results = run(tmp_path, EXAMPLES / "ttbar_agc.adl", path)
    expected = ttbar_agc(load(path))
    if sample == "generated":
        assert expected["SR_4j2b"].steps[-1][0] > 1000
    else:  # a lepton in 14 of 200 events, none of which has four jets
        assert [step[0] for step in expected["presel"].steps] == [200, 14, 0]
    compare(results, expected)


def test_on_open_data_a_looser_selection_fills_the_same_histograms(
    tmp_path: Path, open_data: Path
) -> None:
    text = (EXAMPLES / "ttbar_agc.adl").read_text()
    for old, new in (
        ("  select size(electrons) + size(muons) == 1\n", ""),
        ("select size(jets) >= 4", "select size(jets) >= 1"),
        ("select size(bjets) >= 2", "select size(bjets) >= 1"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    analysis = tmp_path / "looser.adl"
    analysis.write_text(text)
    expected = ttbar_agc(load(open_data), loose=True)
    counts = {name: region.steps[-1][0] for name, region in expected.items()}
    assert counts == {"presel": 50, "CR_4j1b": 13, "SR_4j2b": 13}
    assert expected["SR_4j2b"].histograms["trijet_mass"].values.sum() == 4
    compare(run(tmp_path, analysis, open_data), expected)


# ------------------------------------------------------------------------------- the generator


def test_a_smaller_sample_is_the_begin_of_a_larger_one(generated: Path, tmp_path: Path) -> None:
    write(tmp_path / "small.root", 60_000, seed=11, codec="lz4")
    small = uproot.open(tmp_path / "small.root")["Events"]
    large = uproot.open(generated)["Events"]
    assert small.typenames() == large.typenames()
    assert small.num_entries == 60_000
    for name in ("event", "Jet_pt", "Muon_charge", "MET_phi"):
        assert ak.array_equal(small[name].array(), large[name].array(entry_stop=60_000))


def test_another_seed_gives_other_events(generated: Path, tmp_path: Path) -> None:
    write(tmp_path / "other.root", 1000, seed=12)
    other = uproot.open(tmp_path / "other.root")["Events"]["MET_pt"].array()
    assert np.mean(other == uproot.open(generated)["Events"]["MET_pt"].array(entry_stop=1000)) < 0.1


@pytest.mark.parametrize("name", ["Jet", "Electron"])
def test_what_nanoaod_has_in_order_is_in_order(generated: Path, name: str) -> None:
    pt = load(generated)[name].pt
    assert ak.all(pt[:, 1:] <= pt[:, :-1])
