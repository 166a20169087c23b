"""Peers of the examples of systematics that change weights: the generator's, and corrections."""

from __future__ import annotations

from collections.abc import Callable

import awkward as ak
import numpy as np
from correctionlib import CorrectionSet

from tests.on_sample import EXAMPLES
from tests.peer_events import (
    Array,
    Contents,
    Events,
    Expected,
    band,
    good_jets,
    histogram,
    missing,
    signal,
)

KNOWN = CorrectionSet.from_file(str(EXAMPLES / "systematics" / "corrections.json"))
MUONS = CorrectionSet.from_file(str(EXAMPLES / "corrections" / "muons.json"))


def of_weight(events: Events, weight: Array, met_cut: bool = True) -> tuple[Contents, list[float]]:
    return signal(events, events.collection("Jet"), missing(events), weight, met_cut)


# ------------------------------------------------------------------------- the generator's


def _width(middle: Array, members: Array) -> Array:
    return np.sqrt(np.sum((members - middle) ** 2, axis=0))


def pdf_replicas(events: Events) -> Expected:
    gen, replicas = events["genWeight"], events["LHEPdfWeight"]
    nominal = of_weight(events, gen)
    members = [of_weight(events, gen * replicas[:, k]) for k in range(1, 101)]
    yield "nominal", *nominal
    yield "pdfUp", *band(nominal, members, lambda n, x: n + _width(n, x))
    yield "pdfDown", *band(nominal, members, lambda n, x: n - _width(n, x))


def scale_envelope(events: Events) -> Expected:
    gen, scales = events["genWeight"], events["LHEScaleWeight"]
    nominal = of_weight(events, gen)
    members = [of_weight(events, gen * scales[:, k]) for k in (0, 1, 3, 5, 7, 8)]
    flat = []
    for hists, sums in members:
        factor = nominal[1][0] / sums[0]
        flat.append(({n: h * factor for n, h in hists.items()}, [s * factor for s in sums]))
    yield "nominal", *nominal
    for name, group in (("scale", members), ("acceptance", flat)):
        yield f"{name}Up", *band(nominal, group, lambda n, x: np.maximum(n, x.max(axis=0)))
        yield f"{name}Down", *band(nominal, group, lambda n, x: np.minimum(n, x.min(axis=0)))


def top_pt(events: Events) -> Expected:
    tops = events["GenPart_pt"][abs(events["GenPart_pdgId"]) == 6]
    top = np.sqrt(ak.prod(np.exp(0.0615 - 0.0005 * np.minimum(tops, 500)), axis=1))
    for label, factor in {"nominal": top, "topptUp": 1, "topptDown": 2 * top - 1}.items():
        yield label, *of_weight(events, events["genWeight"] * factor, met_cut=False)


def pileup(events: Events) -> Expected:
    for label, ending in {"nominal": "", "pileupUp": "Up", "pileupDown": "Down"}.items():
        yield label, *of_weight(events, events["genWeight"] * events[f"puWeight{ending}"])


# ------------------------------------------------------------------------------ corrections


def _flat(function: Callable[..., Array], *columns: Array) -> Array:
    """Return a function of numbers for the elements of lists, in lists again."""
    counts = ak.num(columns[0])
    return ak.unflatten(function(*(ak.to_numpy(ak.flatten(c)) for c in columns)), counts)


def _evaluated(correction: str, *categories: str) -> Callable[..., Array]:
    return lambda *inputs: KNOWN[correction].evaluate(*categories, *inputs)


def btag_shape(events: Events) -> Expected:
    jets = good_jets(events.collection("Jet"))
    flavour = ak.values_astype(jets.hadronFlavour, np.int64)
    inputs = (flavour, abs(jets.eta), jets.pt, jets.btagDeepFlavB)
    labels = {"nominal": "central"}
    for source in ("hf", "lf", "cferr"):
        labels |= {f"btag_{source}Up": f"up_{source}", f"btag_{source}Down": f"down_{source}"}
    for label, key in labels.items():
        weight = ak.prod(_flat(_evaluated("btag_shape", key), *inputs), axis=1)
        yield label, *of_weight(events, events["genWeight"] * weight, met_cut=False)


def btag_working_point(events: Events) -> Expected:
    jets = good_jets(events.collection("Jet"))
    flavour = ak.values_astype(jets.hadronFlavour, np.int64)
    inputs = (flavour, abs(jets.eta), jets.pt)
    efficiency = _flat(_evaluated("btag_efficiency"), *inputs)
    tagged = jets.btagDeepFlavB > 0.28

    def factors(heavy: str, light: str) -> Callable[..., Array]:
        def by_flavour(flavour: Array, eta: Array, pt: Array) -> Array:
            found, is_heavy = np.empty(len(pt)), flavour >= 4
            for name, key, chosen in (
                ("btag_heavy", heavy, is_heavy),
                ("btag_light", light, ~is_heavy),
            ):
                at = (flavour[chosen], eta[chosen], pt[chosen])
                found[chosen] = KNOWN[name].evaluate(key, "M", *at)
            return found

        return by_flavour

    two = ak.num(jets) >= 2
    for label, heavy, light in (
        ("nominal", "central", "central"),
        ("btag_heavyUp", "up_correlated", "central"),
        ("btag_heavyDown", "down_correlated", "central"),
        ("btag_heavy_2018Up", "up_uncorrelated", "central"),
        ("btag_heavy_2018Down", "down_uncorrelated", "central"),
        ("btag_lightUp", "central", "up"),
        ("btag_lightDown", "central", "down"),
    ):
        sf = _flat(factors(heavy, light), *inputs)
        each = ak.where(tagged, sf, (1 - sf * efficiency) / (1 - efficiency))
        weight = events["genWeight"] * ak.prod(each, axis=1)
        found, yields = of_weight(events, weight, met_cut=False)
        found["tags"] = histogram("tags", ak.sum(tagged[two], axis=1), weight[two])
        yield label, found, yields


def lepton_factors(events: Events) -> Expected:
    muons = events.collection("Muon")
    good = muons[(muons.pt > 15) & (abs(muons.eta) < 2.4)]
    some, two = ak.num(good) >= 1, ak.num(good) == 2
    gen = events["genWeight"]
    for label, key in {"nominal": "nominal", "muon_idUp": "up", "muon_idDown": "down"}.items():

        def factor(eta: Array, pt: Array, key: str = key) -> Array:
            return MUONS["muon_id"].evaluate(key, eta, pt)

        each = _flat(factor, abs(good.eta), good.pt)
        weight = gen * ak.prod(each, axis=1)
        pairs = good[two]
        repeated = ak.flatten(ak.broadcast_arrays(weight[some], each[some])[0])
        found = {
            "lead": histogram("muon", ak.max(good[some].pt, axis=1), weight[some]),
            "factor": histogram("factor", ak.flatten(each[some]), repeated),
            "mass": histogram("dimuon", (pairs[:, 0] + pairs[:, 1]).mass, weight[two]),
        }
        yield label, found, [float(ak.sum(gen)), float(ak.sum(gen[some]))]


def trigger_factors(events: Events) -> Expected:
    muons = events.collection("Muon")
    good = muons[(muons.pt > 10) & (abs(muons.eta) < 2.4)]
    some = ak.num(good) >= 1
    gen = events["genWeight"]
    good, kept = good[some], gen[some]

    def found_by(correction: str, key: str) -> Array:
        each = _flat(_evaluated(correction, key), abs(good.eta), good.pt)
        return 1 - ak.prod(1 - each, axis=1)

    for label, data, simulation in (
        ("nominal", "central", "central"),
        ("trigger_dataUp", "up", "central"),
        ("trigger_dataDown", "down", "central"),
        ("trigger_simulationUp", "central", "up"),
        ("trigger_simulationDown", "central", "down"),
    ):
        ratio = found_by("trigger_data", data) / found_by("trigger_simulation", simulation)
        weight = kept * ratio
        hists = {
            "lead": histogram("muon", ak.max(good.pt, axis=1), weight),
            "number": histogram("muons", ak.num(good), weight),
        }
        yield label, hists, [float(ak.sum(gen)), float(ak.sum(kept))]


def luminosity(events: Events) -> Expected:
    yield "nominal", *of_weight(events, events["genWeight"], met_cut=False)
