"""Sequential overlap removal: which objects are left in each event, against awkward and vector.

The example counts; the regions added here sum momenta under the number of the event, and so tell
which objects an event keeps. The steps are those of ATLAS's AssociationUtils, without its step for
electrons and muons that share a track. Distances are in rapidity; PHYSLITE stores no mass of muons,
which have none here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
import vector
from click.testing import CliRunner

from adl.cli.run import command

vector.register_awkward()

Array = Any  # awkward's arrays have no types

EXAMPLE = Path(__file__).parents[1] / "examples" / "overlap_removal.adl"
LEFT = ("realJets", "cleanElectrons", "cleanJets", "cleanMuons")
COLUMNS = {
    "Electrons": ("pt", "eta", "phi", "m", "DFCommonElectronsLHLoose"),
    "Muons": ("pt", "eta", "phi"),
    "Jets": ("pt", "eta", "phi", "m", "DFCommonJets_QGTagger_NTracks"),
}
BTAG = "BTagging_AntiKt4EMPFlowAuxDyn.DL1dv01_p"
LINK = "AnalysisJetsAuxDyn.btaggingLink.m_persIndex"
NO_LINK = 2**32 - 1


# ------------------------------------------------------------------------------------- events


def random_events(path: Path, seed: int, events: int = 1000) -> None:
    """Write crowded events in the columns of PHYSLITE; a third of the links lead nowhere."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Array] = {"EventInfoAuxDyn.eventNumber": np.arange(events, dtype=np.uint64)}
    counts = {"Electrons": 4, "Muons": 4, "Jets": 9}
    for name, most in counts.items():
        number = rng.integers(0, most, events)
        size = int(number.sum())
        values = {
            "pt": 1e3 * (5 + rng.exponential(40, size)),
            "eta": rng.normal(0, 0.4, size),
            "phi": rng.uniform(-np.pi, np.pi, size) * rng.choice([0.1, 1.0], size),
            "m": 1e3 * rng.exponential(10, size),
            "DFCommonElectronsLHLoose": rng.integers(0, 2, size),
            "DFCommonJets_QGTagger_NTracks": rng.integers(0, 6, size),
        }
        integers = {"DFCommonElectronsLHLoose": np.int8, "DFCommonJets_QGTagger_NTracks": np.int32}
        for attribute in COLUMNS[name]:
            flat = values[attribute].astype(integers.get(attribute, np.float32))
            columns[f"Analysis{name}AuxDyn.{attribute}"] = ak.unflatten(flat, number)
    number = ak.to_numpy(ak.num(columns["AnalysisJetsAuxDyn.pt"]))
    size = int(number.sum())
    for flavour in "bcu":
        columns[BTAG + flavour] = ak.unflatten(rng.random(size).astype(np.float32) ** 4, number)
    target = rng.integers(0, np.repeat(number, number))
    target[rng.random(size) < 0.3] = NO_LINK
    columns[LINK] = ak.unflatten(target.astype(np.uint32), number)
    with uproot.recreate(path, compression=None) as file:
        types = {
            k: v.dtype if isinstance(v, np.ndarray) else v.type.content for k, v in columns.items()
        }
        file.mktree("CollectionTree", types).extend(columns)


@pytest.fixture(params=["physlite", "random 1", "random 2"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file in the form of PHYSLITE."""
    if request.param == "physlite":
        real: Path = request.getfixturevalue("real_data")
        return real / "physlite_100.root"
    random_events(tmp_path / "random.root", int(request.param.split()[1]))
    return tmp_path / "random.root"


def read(path: Path) -> dict[str, Array]:
    """Return the three kinds of particles, in GeV and float64, and the numbers of the events."""
    with uproot.open(path) as file:
        tree = file["CollectionTree"]
        found = {"event": tree["EventInfoAuxDyn.eventNumber"].array(library="np")}
        for name, attributes in COLUMNS.items():
            column = {a: tree[f"Analysis{name}AuxDyn.{a}"].array() for a in attributes}
            momentum = {
                "pt": ak.values_astype(column["pt"], np.float64) / 1000,
                "eta": ak.values_astype(column["eta"], np.float64),
                "phi": ak.values_astype(column["phi"], np.float64),
                "mass": ak.values_astype(column.get("m", 0 * column["pt"]), np.float64) / 1000,
            }
            rest = {a: column[a] for a in attributes if a not in ("pt", "eta", "phi", "m")}
            found[name] = ak.zip({**momentum, **rest}, with_name="Momentum4D")
        scores = {f: ak.values_astype(tree[BTAG + f].array(), np.float64) for f in "bcu"}
        position = tree[LINK].array()
    there = position < ak.num(scores["b"])
    linked = {f: s[ak.where(there, position, 0)] for f, s in scores.items()}
    score = np.log(linked["b"] / (0.018 * linked["c"] + 0.982 * linked["u"]))
    jets = found["Jets"]
    found["Jets"] = ak.with_field(jets, there & (score > 2.456) & (abs(jets.eta) < 2.5), "tagged")
    return found


# ------------------------------------------------------------------------------- what is left


def nearest(a: Array, b: Array) -> Array:
    """Return the distance in rapidity and azimuth of each of ``a`` to the nearest of ``b``."""
    both = ak.cartesian({"a": a, "b": b}, nested=True)
    distance = np.hypot(both.a.rapidity - both.b.rapidity, both.a.deltaphi(both.b))
    return ak.fill_none(ak.min(distance, axis=-1), np.inf)


def left(found: dict[str, Array]) -> dict[str, Array]:
    """Return the objects that each step leaves."""
    electrons, muons, jets = found["Electrons"], found["Muons"], found["Jets"]
    electrons = electrons[(electrons.pt > 10) & (abs(electrons.eta) < 2.47)]
    electrons = electrons[electrons.DFCommonElectronsLHLoose != 0]
    muons = muons[(muons.pt > 10) & (abs(muons.eta) < 2.7)]
    jets = jets[(jets.pt > 20) & (abs(jets.eta) < 4.5)]
    jets = jets[jets.tagged | (nearest(jets, electrons) >= 0.2)]
    real = jets
    electrons = electrons[nearest(electrons, jets) >= 0.4]
    jets = jets[(jets.DFCommonJets_QGTagger_NTracks >= 3) | (nearest(jets, muons) >= 0.2)]
    muons = muons[nearest(muons, jets) >= np.minimum(0.4, 0.04 + 10 / muons.pt)]
    return dict(zip(LEFT, (real, electrons, jets, muons), strict=True))


def run(tmp_path: Path, text: str, file: Path, *more: str) -> dict[str, dict[str, Any]]:
    """Return a text's histograms by region and name."""
    analysis = tmp_path / "analysis.adl"
    analysis.write_text(text)
    options = ["--model", "physlite", "-o", str(tmp_path / "out"), "-q", *more]
    result = CliRunner().invoke(command, [str(analysis), str(file), *options])
    assert result.exit_code == 0, result.output
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    return {f"{h['region']}.{h['name']}": h["hist"]["storage"] for h in results["histograms"]}


def test_each_event_keeps_the_objects_that_awkward_keeps(tmp_path: Path, file: Path) -> None:
    found = read(file)
    expected = left(found)
    numbers = np.sort(found["event"])
    assert len(set(numbers)) == len(numbers)
    edges = " ".join(str(n) for n in (*numbers, numbers[-1] + 1))
    text = EXAMPLE.read_text()
    for name in LEFT:
        for attribute in ("pt", "eta"):
            text += (
                f"\nregion {name}_{attribute}\n"
                f"  weight w sum({attribute}({name}))\n"
                f'  histo h, "a bin for each event", {edges}, eventNumber\n'
            )
    histograms = run(tmp_path, text, file)
    order = np.argsort(found["event"])
    for name, objects in expected.items():
        for attribute in ("pt", "eta"):
            sums = histograms[f"{name}_{attribute}.h"]["values"][1:-1]
            wanted = ak.to_numpy(ak.sum(objects[attribute], axis=1))[order]
            np.testing.assert_allclose(sums, wanted, rtol=1e-11, atol=1e-11)


def test_the_example_counts_what_is_left(tmp_path: Path, file: Path) -> None:
    expected = left(read(file))
    histograms = run(tmp_path, EXAMPLE.read_text(), file)
    for histogram, name, bins in (
        ("njets", "cleanJets", 20),
        ("nelectrons", "cleanElectrons", 10),
        ("nmuons", "cleanMuons", 10),
    ):
        counts = np.bincount(ak.to_numpy(ak.num(expected[name])), minlength=bins)
        assert histograms[f"all_events.{histogram}"]["values"][1:-1] == counts.tolist()


def test_each_step_removes_some_of_the_random_objects(tmp_path: Path) -> None:
    random_events(tmp_path / "random.root", 1)
    found = read(tmp_path / "random.root")
    kept = left(found)
    no_jets = left({**found, "Jets": found["Jets"][:, :0]})
    no_electrons = left({**found, "Electrons": found["Electrons"][:, :0]})
    for some, more in (
        (kept["realJets"], no_electrons["realJets"]),
        (kept["cleanElectrons"], no_jets["cleanElectrons"]),
        (kept["cleanJets"], kept["realJets"]),
        (kept["cleanMuons"], no_jets["cleanMuons"]),
    ):
        assert 0.1 < ak.count(some.pt) / ak.count(more.pt) < 0.99


def test_the_interpreter_removes_the_same_objects(tmp_path: Path) -> None:
    random_events(tmp_path / "random.root", 3, events=200)
    text = EXAMPLE.read_text()
    kernel = run(tmp_path, text, tmp_path / "random.root")
    assert run(tmp_path, text, tmp_path / "random.root", "--target", "reference") == kernel


def test_jets_are_counted_where_nothing_of_them_is_read(tmp_path: Path, file: Path) -> None:
    text = 'region r\n  histo n, "jets", 50, 0, 50, size(Jet)\n'
    counts = np.bincount(ak.to_numpy(ak.num(read(file)["Jets"])), minlength=50)
    assert run(tmp_path, text, file)["r.n"]["values"][1:-1] == counts.tolist()


def test_a_momentum_in_mev_is_divided_and_not_rounded_twice(tmp_path: Path) -> None:
    whole = np.arange(20_000, 80_000, 1000, dtype=np.float32)
    pt = {"AnalysisJetsAuxDyn.pt": ak.unflatten(whole, [60])}
    with uproot.recreate(tmp_path / "whole.root") as out:
        types = {name: column.type.content for name, column in pt.items()}
        out.mktree("CollectionTree", types).extend(pt)
    text = 'region r\n  histo h, "pt", 60, 20, 80, pT(Jet)\n'
    for target in ("host", "reference"):
        found = run(tmp_path, text, tmp_path / "whole.root", "--target", target)
        assert found["r.h"]["values"] == [0, *[1] * 60, 0]
