"""Events for the peers of examples/systematics: real ones and generated ones, with the same columns.

A peer computes an example a second time with awkward, numpy and correctionlib, whole columns at
once. What files store as float32 is computed in float64, as ADL does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import numpy as np
import uproot
import vector

from benchmarks.variations import added, write

vector.register_awkward()

Array = Any  # awkward's arrays have no types
Contents = dict[str, np.ndarray]  # sums of weights and of their squares, by histogram
Expected = Iterator[tuple[str, Contents, list[float]]]  # a variation, and its yields step by step

MOMENTUM = ("pt", "eta", "phi", "mass")
COLLECTIONS = {
    "Jet": (*MOMENTUM, "btagDeepFlavB", "hadronFlavour"),
    "FatJet": MOMENTUM,
    "Muon": (*MOMENTUM, "charge"),
}
PLAIN = ("MET_pt", "MET_phi", "genWeight", "PV_npvs", "LHEPdfWeight", "LHEScaleWeight")


@dataclass(frozen=True)
class Events:
    """The columns of a file in float64, as arrays of events."""

    arrays: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def collection(self, name: str) -> Array:
        """Return a collection as momenta with attributes."""
        prefix = f"{name}_"
        own = {n.removeprefix(prefix): a for n, a in self.arrays.items() if n.startswith(prefix)}
        return ak.zip(own, with_name="Momentum4D")


def load(path: Path) -> Events:
    """Return the columns of a file."""
    with uproot.open(path) as root:
        (tree,) = root.keys(filter_classname="TTree", cycle=False)
        arrays = {name: branch.array() for name, branch in root[tree].items()}
    return Events({n: ak.values_astype(a, np.float64) for n, a in arrays.items()})


def write_real(source: Path, path: Path) -> None:
    """Write the events of a real file with the columns that are added to them."""
    with uproot.open(source) as root:
        tree = root["Events"]
        columns: dict[str, Array] = {
            name: ak.zip({a: tree[f"{name}_{a}"].array() for a in own})
            for name, own in COLLECTIONS.items()
        }
        columns |= {name: tree[name].array() for name in PLAIN}
    plain = ("MET_pt", "MET_phi", "genWeight", "PV_npvs")
    columns |= {name: ak.to_numpy(columns[name]) for name in plain}
    write(path, iter([added(columns)]))


# ------------------------------------------------------------------------- a file of ATLAS

NOSYS_WEIGHTS = ("_NOSYS", "_PRW_DATASF__1up", "_PRW_DATASF__1down")
NOSYS_JETS = ("_NOSYS", "_JET_NP1__1up", "_JET_NP1__1down")


def write_atlas(source: Path, path: Path) -> None:
    """Write events as TopCPToolkit names them, in MeV, with their variations in other columns."""
    events = load(source)
    jets = events.collection("Jet")
    rng = np.random.default_rng(3)
    columns: dict[str, Array] = {
        "jet_eta": jets.eta,
        "jet_phi": jets.phi,
        "weight_mc_NOSYS": events["genWeight"],
        "met_phi_NOSYS": events["MET_phi"],
    }
    factors = (1.0, jets.pt_jesTotalUp / jets.pt, jets.pt_jesTotalDown / jets.pt)
    mets = ("MET_pt", "MET_pt_jesTotalUp", "MET_pt_jesTotalDown")
    for ending, factor, met in zip(NOSYS_JETS, factors, mets, strict=True):
        drawn = ak.unflatten(rng.random(int(ak.sum(ak.num(jets)))) < 0.9, ak.num(jets))
        columns |= {
            f"jet_pt{ending}": jets.pt * factor * 1000,
            f"jet_e{ending}": jets.energy * factor * 1000,
            f"jet_select_baseline{ending}": ak.values_astype(drawn, np.int8),
            f"met_met{ending}": events[met] * 1000,
        }
    weights = ("puWeight", "puWeightUp", "puWeightDown")
    for ending, name in zip(NOSYS_WEIGHTS, weights, strict=True):
        columns[f"weight_pileup{ending}"] = events[name]
    for name, values in columns.items():
        if "select" not in name:
            columns[name] = ak.values_astype(values, np.float32)
    with uproot.recreate(path) as file:
        types = {n: c.type for n, c in columns.items()}
        file.mktree("reco", types).extend({n: ak.to_packed(c) for n, c in columns.items()})


# --------------------------------------------------------------------------------- histograms

AXES = {
    "ht": (25, 50, 550),
    "lead": (25, 0, 500),
    "pair": (25, 0, 500),
    "met": (25, 0, 250),
    "mt": (25, 0, 500),
    "vertices": (30, 0, 60),
    "mass": (20, 0, 200),
    "pt": (20, 0, 1000),
    "score": (20, 0, 1),
    "tags": (6, 0, 6),
    "muon": (25, 0, 125),
    "muons": (5, 0, 5),
    "dimuon": (60, 60, 120),
    "factor": (50, 0.95, 1.05),
}


def histogram(axis: str, values: Array, weight: Array) -> np.ndarray:
    """Return the sums of weights and of their squares, flow in."""
    hist = bh.Histogram(bh.axis.Regular(*AXES[axis]), storage=bh.storage.Weight())
    hist.fill(ak.to_numpy(values), weight=ak.to_numpy(weight))
    view = hist.view(flow=True)
    return np.stack([view.value, view.variance])


def good_jets(jets: Array) -> Array:
    """Return the jets that the examples select, by falling momentum."""
    good = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4)]
    return good[ak.argsort(good.pt, ascending=False, stable=True)]


def missing(events: Events) -> Array:
    """Return the missing momentum of the file."""
    return ak.zip({"pt": events["MET_pt"], "phi": events["MET_phi"]})


def signal(
    events: Events, jets: Array, met: Array, weight: Array, met_cut: bool = True
) -> tuple[Contents, list[float]]:
    """Return histograms and yields of the selection of two jets: all, two jets, missing momentum."""
    good = good_jets(jets)
    two = ak.num(good) >= 2
    passed = two & (met.pt > 20) if met_cut else two
    good, kept, left = good[passed], weight[passed], met[passed]
    values = {
        "ht": ak.sum(good.pt, axis=1),
        "lead": good.pt[:, 0],
        "pair": (good[:, 0] + good[:, 1]).mass,
        "met": left.pt,
        "mt": np.sqrt(2 * good.pt[:, 0] * left.pt * (1 - np.cos(good.phi[:, 0] - left.phi))),
        "score": good.btagDeepFlavB[:, 0] if "btagDeepFlavB" in good.fields else None,
        "vertices": events["PV_npvs"][passed] if "PV_npvs" in events.arrays else None,
    }
    found = {n: histogram(n, v, kept) for n, v in values.items() if v is not None}
    sums = [float(ak.sum(weight)), float(ak.sum(weight[two]))]
    return found, [*sums, *([float(ak.sum(kept))] if met_cut else [])]


def moved(jets: Array, met: Array, factor: Array | float) -> tuple[Array, Array]:
    """Return scaled jets, and missing momentum that loses what those above 15 GeV gain."""
    new = jets.pt * factor
    shift = ak.where(jets.pt > 15, new - jets.pt, 0)
    x = met.pt * np.cos(met.phi) - ak.sum(shift * np.cos(jets.phi), axis=1)
    y = met.pt * np.sin(met.phi) - ak.sum(shift * np.sin(jets.phi), axis=1)
    jets = ak.with_field(jets, jets.mass * factor, "mass")
    following = ak.zip({"pt": np.hypot(x, y), "phi": np.arctan2(y, x)})
    return ak.with_field(jets, new, "pt"), following


def band(
    nominal: tuple[Contents, list[float]],
    members: list[tuple[Contents, Any]],
    edge: Callable[[Any, Any], Any],
) -> tuple[Contents, list[float]]:
    """Return one edge of a band, bin by bin and step by step; its errors are the nominal ones."""
    hists = {}
    for name, middle in nominal[0].items():
        values = edge(middle[0], np.array([m[0][name][0] for m in members]))
        hists[name] = np.stack([values, middle[1]])
    yields = edge(np.array(nominal[1]), np.array([m[1] for m in members]))
    return hists, yields.tolist()
