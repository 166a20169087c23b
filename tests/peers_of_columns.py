"""Peers of the examples of systematics that change columns: jets, missing momentum, wide jets."""

from __future__ import annotations

import awkward as ak
import numpy as np

from benchmarks.variations import SOURCES
from tests.peer_events import (
    NOSYS_JETS,
    NOSYS_WEIGHTS,
    Array,
    Contents,
    Events,
    Expected,
    histogram,
    missing,
    moved,
    signal,
)


def jet_pt_scale(events: Events) -> Expected:
    jets, met = events.collection("Jet"), missing(events)
    for label, factor in {"nominal": 1.0, "jesUp": 1.03, "jesDown": 0.97}.items():
        scaled, _ = moved(jets, met, factor)
        yield label, *signal(events, scaled, met, events["genWeight"])


def met_propagation(events: Events) -> Expected:
    jets, met = events.collection("Jet"), missing(events)
    by = 0.01 + 0.02 * abs(jets.eta)
    yield "nominal", *signal(events, jets, met, events["genWeight"])
    for label, factor in {"jesUp": 1 + by, "jesDown": 1 - by}.items():
        yield label, *signal(events, *moved(jets, met, factor), events["genWeight"])


def jet_energy_sources(events: Events) -> Expected:
    jets, met = events.collection("Jet"), missing(events)
    yield "nominal", *signal(events, jets, met, events["genWeight"])
    for source in SOURCES:
        by = jets[f"unc_{source}"]
        for direction, factor in (("Up", 1 + by), ("Down", 1 - by)):
            found = signal(events, *moved(jets, met, factor), events["genWeight"])
            yield f"jes_{source}{direction}", *found


def jet_pt_resolution(events: Events) -> Expected:
    jets = events.collection("Jet")
    for label, factors in {
        "nominal": (jets.smear,),
        "jesUp": (1.02, jets.smear),
        "jesDown": (0.98, jets.smear),
        "jerUp": (jets.smearUp,),
        "jerDown": (jets.smearDown,),
    }.items():
        one, met = jets, missing(events)
        for factor in factors:
            one, met = moved(one, met, factor)
        yield label, *signal(events, one, met, events["genWeight"])


def jet_columns(events: Events) -> Expected:
    jets, met = events.collection("Jet"), missing(events)
    yield "nominal", *signal(events, jets, met, events["genWeight"])
    for direction in ("Up", "Down"):
        varied = ak.with_field(jets, jets[f"pt_jer{direction}"], "pt")
        yield f"jer{direction}", *signal(events, varied, met, events["genWeight"])
        varied = ak.with_field(jets, jets[f"pt_jesTotal{direction}"], "pt")
        varied = ak.with_field(varied, jets[f"mass_jesTotal{direction}"], "mass")
        other = ak.with_field(met, events[f"MET_pt_jesTotal{direction}"], "pt")
        yield f"jesTotal{direction}", *signal(events, varied, other, events["genWeight"])


def nosys_columns(events: Events) -> Expected:
    """Compute in GeV what a file of ATLAS has in MeV."""

    def varied(jet: str, weight: str) -> tuple[Contents, list[float]]:
        pt, energy = events[f"jet_pt{jet}"] / 1000, events[f"jet_e{jet}"] / 1000
        mass2 = energy**2 - (pt * np.cosh(events["jet_eta"])) ** 2
        mass = np.where(mass2 >= 0, 1, -1) * np.sqrt(abs(mass2))
        parts = {"pt": pt, "eta": events["jet_eta"], "phi": events["jet_phi"], "mass": mass}
        jets = ak.zip(parts, with_name="Momentum4D")
        jets = jets[events[f"jet_select_baseline{jet}"] != 0]
        met = ak.zip({"pt": events[f"met_met{jet}"] / 1000, "phi": events["met_phi_NOSYS"]})
        by = events["weight_mc_NOSYS"] * events[f"weight_pileup{weight}"]
        return signal(events, jets, met, by)

    nominal = NOSYS_JETS[0]
    yield "nominal", *varied(nominal, nominal)
    yield "JET_NP1Up", *varied(NOSYS_JETS[1], nominal)
    yield "JET_NP1Down", *varied(NOSYS_JETS[2], nominal)
    yield "PRWUp", *varied(nominal, NOSYS_WEIGHTS[1])
    yield "PRWDown", *varied(nominal, NOSYS_WEIGHTS[2])


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
