"""The examples of systematics on real events, against awkward: every variation, bin by bin.

The events are the 200 real ones of CMS open data, eight times with other momenta, written with the
columns that an analysis group would add: smearing factors, uncertainties a source, pile-up weights.
Every variation is computed a second time from these arrays, whole columns at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import numpy as np
import pytest
import uproot
import vector
from click.testing import CliRunner

from adl.cli.inspect import command as inspect
from adl.cli.run import command
from tests.test_examples import EXAMPLES

vector.register_awkward()

Array = Any  # awkward's arrays have no types
FOLDER = EXAMPLES / "systematics"
COPIES = 8
JETS = ("pt", "eta", "phi", "mass")
SOURCES = (FOLDER / "jet_energy_sources.adl").read_text(encoding="utf-8")


def sources() -> list[str]:
    words = SOURCES.partition("for s")[2].partition("scale pt")[0].replace("\\", "").split()
    assert len(words) == 27
    return words


@pytest.fixture(scope="module")
def file(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the events, COPIES times with other momenta, with the columns that are added."""
    with uproot.open(real_data / "cms_opendata2015_ttbar_nano.root") as root:
        tree = root["Events"]
        collections = {
            "Jet": JETS,
            "FatJet": ("pt", "eta", "phi", "mass"),
            "GenPart": ("pt", "pdgId"),
        }
        parts = {
            name: ak.zip({a: ak.concatenate([tree[f"{name}_{a}"].array()] * COPIES) for a in own})
            for name, own in collections.items()
        }
        lists = ("LHEPdfWeight", "LHEScaleWeight")
        plain = ("MET_pt", "MET_phi", "genWeight", "PV_npvs")
        columns: dict[str, Any] = {
            n: ak.concatenate([tree[n].array()] * COPIES) for n in (*lists, *plain)
        }
    random = np.random.default_rng(4)

    def normal(counts: Array, mean: float, width: float) -> Array:
        return ak.unflatten(random.normal(mean, width, int(ak.sum(counts))), counts)

    jets = parts["Jet"]
    counts = ak.num(jets)
    jets["pt"] = jets.pt * normal(counts, 1.3, 0.2)
    added = {
        "smear": normal(counts, 1.0, 0.1),
        "smearUp": normal(counts, 1.0, 0.15),
        "smearDown": normal(counts, 1.0, 0.05),
        **{f"unc_{s}": abs(normal(counts, 0.0, 0.03)) for s in sources()},
    }
    for name, values in added.items():
        jets[name] = values
    jets = jets[ak.argsort(ak.values_astype(jets.pt, np.float32), ascending=False, stable=True)]
    parts["FatJet"]["pt"] = parts["FatJet"].pt * normal(ak.num(parts["FatJet"]), 1.0, 0.1)
    number = len(columns["MET_pt"])
    for name, width in (("puWeight", 0.1), ("puWeightUp", 0.2), ("puWeightDown", 0.2)):
        columns[name] = random.normal(1, width, number).astype(np.float32)
    columns |= {"Jet": jets, "FatJet": parts["FatJet"], "GenPart": parts["GenPart"]}
    for name in ("Jet", "FatJet"):
        columns[name] = ak.values_astype(columns[name], np.float32)
    path = tmp_path_factory.mktemp("physics") / "events.root"
    columns = {n: ak.to_packed(c) if isinstance(c, ak.Array) else c for n, c in columns.items()}
    types = {n: c.type if isinstance(c, ak.Array) else c.dtype for n, c in columns.items()}
    with uproot.recreate(path) as out:
        out.mktree("Events", types).extend(columns)
    return path


@dataclass(frozen=True)
class Events:
    """The columns of the file in float64, as arrays of events."""

    arrays: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    @property
    def jets(self) -> Array:
        names = [n.removeprefix("Jet_") for n in self.arrays if n.startswith("Jet_")]
        return ak.zip({n: self[f"Jet_{n}"] for n in names}, with_name="Momentum4D")


@pytest.fixture(scope="module")
def events(file: Path) -> Events:
    with uproot.open(file) as root:
        arrays = {name: branch.array() for name, branch in root["Events"].items()}
    return Events({n: ak.values_astype(a, np.float64) for n, a in arrays.items()})


# --------------------------------------------------------------------------------- selection

Contents = dict[str, np.ndarray]
AXES = {
    "ht": (25, 50, 550),
    "lead": (25, 0, 500),
    "pair": (25, 0, 500),
    "met": (25, 0, 250),
    "vertices": (30, 0, 60),
    "mass": (20, 0, 200),
    "pt": (20, 0, 1000),
}


def histogram(name: str, values: Array, weight: Array) -> np.ndarray:
    hist = bh.Histogram(bh.axis.Regular(*AXES[name]), storage=bh.storage.Weight())
    hist.fill(ak.to_numpy(values), weight=ak.to_numpy(weight))
    view = hist.view(flow=True)
    return np.stack([view.value, view.variance])


def signal(events: Events, jets: Array, met: Array, weight: Array) -> tuple[Contents, list[float]]:
    """Return the histograms and the last yields of the selection of two jets."""
    good = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4)]
    good = good[ak.argsort(good.pt, ascending=False, stable=True)]
    two = ak.num(good) >= 2
    passed = two & (met > 20)
    good, kept = good[passed], weight[passed]
    values = {
        "ht": ak.sum(good.pt, axis=1),
        "lead": good.pt[:, 0],
        "pair": (good[:, 0] + good[:, 1]).mass,
        "met": met[passed],
        "vertices": events["PV_npvs"][passed],
    }
    return (
        {name: histogram(name, v, kept) for name, v in values.items()},
        [float(ak.sum(weight)), float(ak.sum(weight[two])), float(ak.sum(kept))],
    )


def moved(events: Events, *factors: Array) -> tuple[Array, Array]:
    """Return jets scaled by factors one after the other, and missing momentum that follows."""
    jets = events.jets
    x = events["MET_pt"] * np.cos(events["MET_phi"])
    y = events["MET_pt"] * np.sin(events["MET_phi"])
    for factor in factors:
        new = jets.pt * factor
        shift = ak.where(jets.pt > 15, new - jets.pt, 0)
        x = x - ak.sum(shift * np.cos(jets.phi), axis=1)
        y = y - ak.sum(shift * np.sin(jets.phi), axis=1)
        jets = ak.with_field(jets, new, "pt")
        jets = ak.with_field(jets, jets.mass * factor, "mass")
    return jets, np.hypot(x, y)


Expected = Iterator[tuple[str, Contents, list[float]]]


def jet_energy_scale(events: Events) -> Expected:
    by = 0.01 + 0.02 * abs(events["Jet_eta"])
    for label, factors in (("nominal", ()), ("jesUp", (1 + by,)), ("jesDown", (1 - by,))):
        yield label, *signal(events, *moved(events, *factors), events["genWeight"])


def jet_energy_sources(events: Events) -> Expected:
    yield "nominal", *signal(events, *moved(events), events["genWeight"])
    for source in sources():
        by = events[f"Jet_unc_{source}"]
        for direction, factor in (("Up", 1 + by), ("Down", 1 - by)):
            found = signal(events, *moved(events, factor), events["genWeight"])
            yield f"jes_{source}{direction}", *found


def jet_energy_resolution(events: Events) -> Expected:
    smear = events["Jet_smear"]
    for label, factors in {
        "nominal": (smear,),
        "jesUp": (1.02, smear),
        "jesDown": (0.98, smear),
        "jerUp": (events["Jet_smearUp"],),
        "jerDown": (events["Jet_smearDown"],),
    }.items():
        yield label, *signal(events, *moved(events, *factors), events["genWeight"])


def generator_weights(events: Events) -> Expected:
    gen = events["genWeight"]
    jets, met = moved(events)
    nominal, yields = signal(events, jets, met, gen)
    yield "nominal", nominal, yields
    pdf = [signal(events, jets, met, gen * events["LHEPdfWeight"][:, k]) for k in range(1, 101)]
    scales = [
        signal(events, jets, met, gen * events["LHEScaleWeight"][:, k]) for k in (0, 1, 3, 5, 7, 8)
    ]
    flat = [
        (
            {n: h * yields[0] / sums[0] for n, h in hists.items()},
            np.array(sums) * yields[0] / sums[0],
        )
        for hists, sums in scales
    ]

    def band(members: list[Any], edge: Callable[[Any, Any], Any]) -> tuple[Contents, list[float]]:
        hists = {}
        for name, middle in nominal.items():
            values = edge(middle[0], np.array([m[0][name][0] for m in members]))
            hists[name] = np.stack([values, middle[1]])
        return hists, edge(np.array(yields), np.array([m[1] for m in members])).tolist()

    def width(n: Any, x: Any) -> Any:
        return np.sqrt(np.sum((x - n) ** 2, axis=0))

    def largest(n: Any, x: Any) -> Any:
        return np.maximum(n, x.max(axis=0))

    def least(n: Any, x: Any) -> Any:
        return np.minimum(n, x.min(axis=0))

    yield "pdfUp", *band(pdf, lambda n, x: n + width(n, x))
    yield "pdfDown", *band(pdf, lambda n, x: n - width(n, x))
    for name, members in (("scale", scales), ("acceptance", flat)):
        yield f"{name}Up", *band(members, largest)
        yield f"{name}Down", *band(members, least)


def event_weights(events: Events) -> Expected:
    jets, met = moved(events)
    tops = events["GenPart_pt"][abs(events["GenPart_pdgId"]) == 6]
    hardest = ak.fill_none(ak.max(tops, axis=1), 0)
    top = np.exp(0.0615 - 0.0005 * np.maximum(hardest, 0))
    gen, pu = events["genWeight"], events["puWeight"]
    for label, weight in {
        "nominal": gen * pu * top,
        "pileupUp": gen * events["puWeightUp"] * top,
        "pileupDown": gen * events["puWeightDown"] * top,
        "topptUp": gen * pu,
        "topptDown": gen * pu * (2 * top - 1),
    }.items():
        yield label, *signal(events, jets, met, weight)


def fat_jet_mass(events: Events) -> Expected:
    def boosted(mass: Array) -> tuple[Contents, list[float]]:
        jets = ak.zip({"pt": events["FatJet_pt"], "mass": mass})
        wide = jets[(jets.pt > 150) & (jets.mass > 20)]
        passed = ak.num(wide) >= 1
        weight = events["genWeight"]
        kept, first = weight[passed], wide[passed][:, 0]
        values = {"mass": first.mass, "pt": first.pt, "met": events["MET_pt"][passed]}
        hists = {name: histogram(name, v, kept) for name, v in values.items()}
        return hists, [float(ak.sum(weight)), float(ak.sum(kept))]

    mass = events["FatJet_mass"]
    nominal = boosted(mass)
    wider = boosted(mass + 0.1 * (mass - 30))
    yield "nominal", *nominal
    yield "jmsUp", *boosted(mass * 1.05)
    yield "jmsDown", *boosted(mass * 0.95)
    yield "jmrUp", *wider
    mirrored = {n: np.stack([2 * nominal[0][n][0] - h[0], h[1]]) for n, h in wider[0].items()}
    sums = [2 * n - u for n, u in zip(nominal[1], wider[1], strict=True)]
    yield "jmrDown", mirrored, sums


PEERS = (
    jet_energy_scale,
    jet_energy_sources,
    jet_energy_resolution,
    generator_weights,
    event_weights,
    fat_jet_mass,
)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
def test_every_variation_is_that_of_awkward(
    peer: Callable[[Events], Expected], file: Path, events: Events, tmp_path: Path
) -> None:
    analysis = FOLDER / f"{peer.__name__}.adl"
    result = CliRunner().invoke(command, [str(analysis), str(file), "-q", "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert not result.stderr
    number = changed = 0
    with uproot.open(tmp_path / "results.root") as root:
        region = root[root.keys(recursive=False)[0]]
        written = {key.partition(";")[0] for key in region}
        for label, expected, yields in peer(events):
            number += 1
            suffix = "" if label == "nominal" else f"__{label}"
            for name, contents in expected.items():
                if name not in written:
                    continue  # another example's histogram
                changed += f"{name}{suffix}" in written
                hist = region[f"{name}{suffix}" if f"{name}{suffix}" in written else name]
                found = np.stack([hist.values(flow=True), hist.variances(flow=True)])
                scale = np.abs(contents).max(axis=1, keepdims=True)
                assert np.all(np.abs(found - contents) <= 1e-11 * scale), (label, name)
            flow = region[f"cutflow{suffix}" if f"cutflow{suffix}" in written else "cutflow"]
            assert flow.values()[1:] == pytest.approx(yields[1:], rel=1e-11), label
    endings = {key.partition("__")[2] for key in written} - {""}
    assert len(endings) == number - 1
    assert changed > number


def test_a_file_that_offers_other_variations_is_left_out_and_named(tmp_path: Path) -> None:
    def write(name: str, *endings: str) -> Path:
        pt = ak.values_astype(ak.Array([[40.0], [50.0, 35.0]]), np.float32)
        jets = ak.zip({"pt": pt, **{f"pt_{e}": pt * 1.1 for e in endings}})
        columns = {"Jet": jets, "MET_pt": np.ones(2, np.float32)}
        columns |= {"MET_phi": columns["MET_pt"]}
        types = {n: c.type if isinstance(c, ak.Array) else c.dtype for n, c in columns.items()}
        path = tmp_path / name
        with uproot.recreate(path) as out:
            out.mktree("Events", types).extend(columns)
        return path

    shown = CliRunner().invoke(inspect, [str(write("c.root", "jesUp", "jesDown", "odd"))])
    assert "variations in columns: jes (systematic auto GLOB)" in shown.stdout
    one, other = write("a.root", "jesUp", "jesDown"), write("b.root", "jerUp", "jerDown")
    analysis = tmp_path / "auto.adl"
    analysis.write_text("systematic auto je*\nregion r\n  select any(pt(Jet) > 37)\n")
    result = CliRunner().invoke(command, [str(analysis), str(one), str(other)])
    assert result.exit_code == 2
    assert "it lacks jesUp" in result.stderr
    assert "b.root" in result.stderr
    assert "jes" in result.stdout
    pattern = CliRunner().invoke(command, [str(analysis), str(one), "--systematics", "none"])
    assert pattern.exit_code == 0
    assert "jes" not in pattern.stdout
