"""Every example of systematics in coffea, with correctionlib: EVENTS ATLAS OTHER EXAMPLES OUT.

EVENTS, and OTHER of a second generator, come from ``benchmarks.variations``, ATLAS has the names of
that experiment. OUT is JSON: by example, variation and histogram the sums of weights and of their
squares, flow in. Columns are in double precision, as ours are. tests/test_systematics_coffea.py
compares.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import ClassVar

import awkward as ak
import hist
import numpy as np
from coffea.analysis_tools import PackedSelection, Weights
from coffea.nanoevents import BaseSchema, NanoAODSchema, NanoEventsFactory
from correctionlib import CorrectionSet

warnings.filterwarnings("ignore")


class Schema(NanoAODSchema):
    """NanoAOD whose vertices and generated particles are no more than their columns."""

    warn_missing_crossrefs = False
    mixins: ClassVar = {
        **NanoAODSchema.mixins,
        **dict.fromkeys(("PV", "GenPart"), "NanoCollection"),
    }


LUMINOSITY, CROSS_SECTION = 59_800.0, 831.8  # of two_point_generator.yaml
SCALES = (0, 1, 3, 5, 7, 8)
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
    "number": (5, 0, 5),
    "dimuon": (60, 60, 120),
    "factor": (50, 0.95, 1.05),
    "trijet_mass": (25, 50, 550),
}


def doubles(array):
    return ak.values_astype(array, np.float64)


def filled(axis, values, weight):
    made = hist.Hist(hist.axis.Regular(*AXES[axis]), storage=hist.storage.Weight())
    made.fill(ak.to_numpy(values), weight=ak.to_numpy(weight))
    view = made.view(flow=True)
    return np.stack([view.value, view.variance])


def ordered(jets):
    return jets[ak.argsort(jets.pt, axis=1, ascending=False, stable=True)]


def signal(events, jets, met, weight, names, met_cut=True):
    """Return the histograms of two good jets, and with ``met_cut`` of missing momentum."""
    good = ordered(jets[(jets.pt > 30) & (abs(jets.eta) < 2.4)])
    cuts = PackedSelection()
    cuts.add("two", ak.num(good) >= 2)
    cuts.add("met", met.pt > 20)
    passed = cuts.all(*(("two", "met") if met_cut else ("two",)))
    good, met, kept = good[passed], met[passed], weight[passed]
    first = good[:, 0]
    values = {
        "ht": lambda: ak.sum(good.pt, axis=1),
        "lead": lambda: first.pt,
        "pair": lambda: (first + good[:, 1]).mass,
        "met": lambda: met.pt,
        "mt": lambda: np.sqrt(2 * first.pt * met.pt * (1 - np.cos(first.phi - met.phi))),
        "score": lambda: first.btagDeepFlavB,
        "vertices": lambda: events.PV.npvs[passed],
        "tags": lambda: ak.sum(good.btagDeepFlavB > 0.28, axis=1),
    }
    return {name: filled(name, values[name](), kept) for name in names}


def moved(jets, met, factor):
    """Return scaled jets, and missing momentum that loses what those above 15 GeV gain."""
    new = jets.pt * factor
    gain = ak.where(jets.pt > 15, new - jets.pt, 0)
    x = met.pt * np.cos(met.phi) - ak.sum(gain * np.cos(jets.phi), axis=1)
    y = met.pt * np.sin(met.phi) - ak.sum(gain * np.sin(jets.phi), axis=1)
    jets = ak.with_field(ak.with_field(jets, jets.mass * factor, "mass"), new, "pt")
    return jets, ak.zip({"pt": np.hypot(x, y), "phi": np.arctan2(y, x)})


def flat(function, *columns):
    counts = ak.num(columns[0])
    return ak.unflatten(function(*(ak.to_numpy(ak.flatten(c)) for c in columns)), counts)


class Cases:
    """The examples by name, on one set of events."""

    def __init__(self, path, folder):
        self.events = NanoEventsFactory.from_root(
            {path: "Events"}, schemaclass=Schema, mode="eager"
        ).events()
        self.jets, self.muons = doubles(self.events.Jet), doubles(self.events.Muon)
        self.met, self.gen = doubles(self.events.MET), doubles(self.events.genWeight)
        names = ("corrections.json", "../corrections/muons.json", "agc_corrections.json")
        files = (CorrectionSet.from_file(str(folder / name)) for name in names)
        self.known, self.muon_known, self.agc_known = files

    def weights(self):
        found = Weights(len(self.events))
        found.add("gen", self.gen)
        return found

    def columns(self, variations, names, met_cut=True):
        for label, (jets, met) in variations.items():
            yield label, signal(self.events, jets, met, self.gen, names, met_cut)

    def by_weight(self, weights, names, met_cut=True):
        for label in (None, *sorted(weights.variations)):
            found = signal(self.events, self.jets, self.met, weights.weight(label), names, met_cut)
            yield label or "nominal", found

    def jet_pt_scale(self):
        both = {"nominal": 1.0, "jesUp": 1.03, "jesDown": 0.97}
        jets = {n: (moved(self.jets, self.met, f)[0], self.met) for n, f in both.items()}
        return self.columns(jets, ("ht", "lead", "pair", "met", "vertices"))

    def met_propagation(self):
        by = 0.01 + 0.02 * abs(self.jets.eta)
        both = {"nominal": 1.0, "jesUp": 1 + by, "jesDown": 1 - by}
        jets = {n: moved(self.jets, self.met, f) for n, f in both.items()}
        return self.columns(jets | {"nominal": (self.jets, self.met)}, ("met", "mt"))

    def jet_energy_sources(self):
        found = {"nominal": (self.jets, self.met)}
        for name in (n for n in self.jets.fields if n.startswith("unc_")):
            for direction, sign in (("Up", 1), ("Down", -1)):
                label = f"jes_{name.removeprefix('unc_')}{direction}"
                found[label] = moved(self.jets, self.met, 1 + sign * self.jets[name])
        return self.columns(found, ("ht", "lead", "met"))

    def jet_pt_resolution(self):
        jets = self.jets
        found = {
            "nominal": moved(jets, self.met, jets.smear),
            "jerUp": moved(jets, self.met, jets.smearUp),
            "jerDown": moved(jets, self.met, jets.smearDown),
        }
        for direction, factor in (("Up", 1.02), ("Down", 0.98)):
            found[f"jes{direction}"] = moved(*moved(jets, self.met, factor), jets.smear)
        return self.columns(found, ("ht", "lead", "pair", "met"))

    def jet_columns(self):
        found = {"nominal": (self.jets, self.met)}
        for direction in ("Up", "Down"):
            jets = ak.with_field(self.jets, self.jets[f"pt_jer{direction}"], "pt")
            found[f"jer{direction}"] = (jets, self.met)
            jets = ak.with_field(self.jets, self.jets[f"pt_jesTotal{direction}"], "pt")
            jets = ak.with_field(jets, self.jets[f"mass_jesTotal{direction}"], "mass")
            met = ak.with_field(self.met, self.met[f"pt_jesTotal{direction}"], "pt")
            found[f"jesTotal{direction}"] = (jets, met)
        return self.columns(found, ("ht", "pair", "met"))

    def fat_jet_mass(self):
        wide, found = doubles(self.events.FatJet), {}
        masses = {"nominal": wide.mass, "jmsUp": wide.mass * 1.05, "jmsDown": wide.mass * 0.95}
        for label, mass in (masses | {"jmrUp": wide.mass + 0.1 * (wide.mass - 30)}).items():
            good = wide[(wide.pt > 150) & (mass > 20)]
            passed = ak.num(good) >= 1
            own = mass[(wide.pt > 150) & (mass > 20)][passed][:, 0]
            values = {"mass": own, "pt": good[passed][:, 0].pt, "met": self.met.pt[passed]}
            found[label] = {n: filled(n, v, self.gen[passed]) for n, v in values.items()}
        found["jmrDown"] = mirrored(found["nominal"], found["jmrUp"])
        return found.items()

    def pdf_replicas(self):
        names = ("ht", "met")
        found = signal(self.events, self.jets, self.met, self.gen, names)
        members = self.members(self.events.LHEPdfWeight, range(1, 101), names)
        yield "nominal", found
        for label, sign in (("pdfUp", 1), ("pdfDown", -1)):
            widths = {
                n: np.sqrt(sum((m[n][0] - h[0]) ** 2 for m, _ in members)) for n, h in found.items()
            }
            yield label, {n: np.stack([h[0] + sign * widths[n], h[1]]) for n, h in found.items()}

    def scale_envelope(self):
        names = ("ht", "met")
        found = signal(self.events, self.jets, self.met, self.gen, names)
        members = self.members(self.events.LHEScaleWeight, SCALES, names)
        yield "nominal", found
        for name, keeps in (("scale", False), ("acceptance", True)):
            for direction, edge in (("Up", max), ("Down", min)):
                band = {}
                for n, h in found.items():
                    own = [m[n][0] * (np.sum(self.gen) / s if keeps else 1) for m, s in members]
                    band[n] = np.stack([getattr(np, edge.__name__)([h[0], *own], axis=0), h[1]])
                yield name + direction, band

    def members(self, replicas, places, names):
        """Return the histograms of each replica, and its sum of weights before all cuts."""
        weights = [self.gen * doubles(replicas[:, k]) for k in places]
        return [
            (signal(self.events, self.jets, self.met, w, names), np.sum(ak.to_numpy(w)))
            for w in weights
        ]

    def btag_shape(self):
        jets = ordered(self.jets[(self.jets.pt > 30) & (abs(self.jets.eta) < 2.4)])
        inputs = (ak.values_astype(jets.hadronFlavour, int), abs(jets.eta), jets.pt)
        shape, weights = self.known["btag_shape"], self.weights()

        def product(key):
            def each(*columns):
                return shape.evaluate(key, *columns)

            return ak.to_numpy(ak.prod(flat(each, *inputs, jets.btagDeepFlavB), axis=1))

        keys = [f"{{}}_{source}" for source in ("hf", "lf", "cferr")]
        weights.add_multivariation(
            "btag",
            product("central"),
            [key.format("").strip("_") for key in keys],
            [product(key.format("up")) for key in keys],
            [product(key.format("down")) for key in keys],
        )
        return self.by_weight(weights, ("score", "ht"), met_cut=False)

    def btag_working_point(self):
        jets = self.jets[(self.jets.pt > 30) & (abs(self.jets.eta) < 2.4)]
        flavour = ak.values_astype(jets.hadronFlavour, int)
        inputs = (flavour, abs(jets.eta), jets.pt)
        efficiency = flat(self.known["btag_efficiency"].evaluate, *inputs)
        heavy, light = self.known["btag_heavy"], self.known["btag_light"]

        def event_weight(of_heavy="central", of_light="central"):
            def factor(flavour, eta, pt):
                b = heavy.evaluate(of_heavy, "M", np.where(flavour >= 4, flavour, 5), eta, pt)
                other = light.evaluate(of_light, "M", np.zeros_like(flavour), eta, pt)
                return np.where(flavour >= 4, b, other)

            sf = flat(factor, *inputs)
            untagged = (1 - sf * efficiency) / (1 - efficiency)
            return ak.to_numpy(ak.prod(ak.where(jets.btagDeepFlavB > 0.28, sf, untagged), axis=1))

        weights = self.weights()
        weights.add_multivariation(
            "btag",
            event_weight(),
            ["heavy", "heavy_2018", "light"],
            [event_weight(k) for k in ("up_correlated", "up_uncorrelated")]
            + [event_weight(of_light="up")],
            [event_weight(k) for k in ("down_correlated", "down_uncorrelated")]
            + [event_weight(of_light="down")],
        )
        return self.by_weight(weights, ("tags", "ht"), met_cut=False)

    def lepton_factors(self):
        good = self.muons[(self.muons.pt > 15) & (abs(self.muons.eta) < 2.4)]
        some, two = ak.num(good) >= 1, ak.num(good) == 2
        for label, key in {"nominal": "nominal", "muon_idUp": "up", "muon_idDown": "down"}.items():

            def evaluated(eta, pt, key=key):
                return self.muon_known["muon_id"].evaluate(key, eta, pt)

            each = flat(evaluated, abs(good.eta), good.pt)
            weights = self.weights()
            weights.add("id", ak.to_numpy(ak.prod(each, axis=1)))
            weight, pairs = weights.weight(), good[two]
            repeated = np.repeat(weight[some], ak.to_numpy(ak.num(each[some])))
            yield (
                label,
                {
                    "lead": filled("muon", ak.max(good[some].pt, axis=1), weight[some]),
                    "factor": filled("factor", ak.flatten(each[some]), repeated),
                    "mass": filled("dimuon", (pairs[:, 0] + pairs[:, 1]).mass, weight[two]),
                },
            )

    def trigger_factors(self):
        good = self.muons[(self.muons.pt > 10) & (abs(self.muons.eta) < 2.4)]
        some = ak.num(good) >= 1
        good = good[some]

        def fired(name, key):
            def lost(eta, pt):
                return 1 - self.known[name].evaluate(key, eta, pt)

            return 1 - ak.to_numpy(ak.prod(flat(lost, abs(good.eta), good.pt), axis=1))

        keys = {"": ("central", "central"), "trigger_dataUp": ("up", "central")}
        keys |= {"trigger_dataDown": ("down", "central"), "trigger_simulationUp": ("central", "up")}
        keys |= {"trigger_simulationDown": ("central", "down")}
        for label, (data, simulation) in keys.items():
            ratio = fired("trigger_data", data) / fired("trigger_simulation", simulation)
            weight = self.gen[some] * ratio
            lead = filled("muon", ak.max(good.pt, axis=1), weight)
            number = filled("number", ak.num(good), weight)
            yield label or "nominal", {"lead": lead, "number": number}

    def pileup(self):
        weights = self.weights()
        columns = (self.events[f"puWeight{ending}"] for ending in ("", "Up", "Down"))
        weights.add("pileup", *map(doubles, columns))
        return self.by_weight(weights, ("vertices", "met"))

    def top_pt(self):
        particles = doubles(self.events.GenPart)
        tops = particles[abs(particles.pdgId) == 6]
        factor = np.exp(0.0615 - 0.0005 * np.minimum(tops.pt, 500))
        weights = self.weights()
        top = np.sqrt(ak.to_numpy(ak.prod(factor, axis=1)))
        weights.add("toppt", top, np.ones_like(top), 2 * top - 1)
        return self.by_weight(weights, ("ht", "met"), met_cut=False)

    def luminosity(self):
        return self.by_weight(self.weights(), ("ht",), met_cut=False)

    def ttbar_agc(self):
        events, weights = self.events, self.agc_known["event_systematics"]
        one, pt = np.ones(len(events)), self.jets.pt
        nominal = self.agc(self.jets, one)
        yield "nominal", nominal
        noise = flat(self.known["jet_noise"].evaluate, pt, self.jets.phi)
        for name, factor in (("pt_scale", 1.03), ("pt_res", 1 + 0.05 * noise)):
            up = self.agc(ak.with_field(self.jets, pt * factor, "pt"), one)
            yield f"{name}Up", up
            yield f"{name}Down", mirrored(nominal, up)
        good = ordered(tight(self.jets))
        leading = ak.fill_none(ak.pad_none(good.pt, 4, clip=True), 0.0)
        names = [*(f"btag_var_{i + 1}" for i in range(4)), "scale_var"]
        for place, name in enumerate(names):
            lead = ak.to_numpy(leading[:, place % 4])
            for direction in ("up", "down"):
                by = weights.evaluate(name, direction, lead)
                yield f"{name}{direction.title()}", self.agc(self.jets, by)

    def agc(self, jets, weight):
        electrons, muons = doubles(self.events.Electron), self.muons
        electrons = electrons[(electrons.pt > 30) & (abs(electrons.eta) < 2.1)]
        electrons = electrons[(electrons.cutBased == 4) & (electrons.sip3d < 4)]
        muons = muons[(muons.pt > 30) & (abs(muons.eta) < 2.1) & (muons.tightId == 1)]
        muons = muons[(muons.sip3d < 4) & (muons.pfRelIso04_all < 0.15)]
        jets = ordered(tight(jets))
        tags = ak.sum(jets.btagCSVV2 > 0.5, axis=1)
        three = ak.combinations(jets, 3, fields=["a", "b", "c"])
        best = np.maximum(np.maximum(three.a.btagCSVV2, three.b.btagCSVV2), three.c.btagCSVV2)
        three = three[best > 0.5]
        total = three.a + three.b + three.c
        mass = ak.firsts(total.mass[ak.argmax(total.pt, axis=1, keepdims=True)])
        cuts = PackedSelection()
        cuts.add("lepton", ak.num(electrons) + ak.num(muons) == 1)
        cuts.add("jets", ak.num(jets) >= 4)
        cuts.add("one", tags == 1)
        cuts.add("two", tags >= 2)
        cr, sr = (cuts.all("lepton", "jets", name) for name in ("one", "two"))
        sr = sr & ~ak.to_numpy(ak.is_none(mass))
        return {
            "ht": filled("ht", ak.sum(jets.pt, axis=1)[cr], weight[cr]),
            "trijet_mass": filled("trijet_mass", mass[sr], weight[sr]),
        }


def tight(jets):
    return jets[(jets.pt > 30) & (abs(jets.eta) < 2.4) & (ak.values_astype(jets.jetId, int) >= 4)]


def mirrored(nominal, up):
    return {n: np.stack([2 * nominal[n][0] - h[0], h[1]]) for n, h in up.items()}


def nosys_columns(path):
    """Yield the variations of a file of ATLAS: columns with other endings, in MeV."""
    events = NanoEventsFactory.from_root(
        {path: "reco"}, schemaclass=BaseSchema, mode="eager"
    ).events()
    up, down = "_JET_NP1__1up", "_JET_NP1__1down"
    endings = {"nominal": ("_NOSYS", "_NOSYS")}
    endings |= {"JET_NP1Up": (up, "_NOSYS"), "JET_NP1Down": (down, "_NOSYS")}
    endings |= {"PRWUp": ("_NOSYS", "_PRW_DATASF__1up")}
    endings |= {"PRWDown": ("_NOSYS", "_PRW_DATASF__1down")}
    for label, (jet, weight) in endings.items():
        parts = {"pt": f"jet_pt{jet}", "energy": f"jet_e{jet}", "eta": "jet_eta", "phi": "jet_phi"}
        columns = {name: doubles(events[column]) for name, column in parts.items()}
        columns |= {name: columns[name] / 1000 for name in ("pt", "energy")}
        jets = ak.zip(columns, with_name="PtEtaPhiELorentzVector", behavior=vectors())
        jets = jets[events[f"jet_select_baseline{jet}"] == 1]
        columns = {"pt": doubles(events[f"met_met{jet}"]) / 1000}
        met = ak.zip(columns | {"phi": doubles(events["met_phi_NOSYS"])})
        weights = Weights(len(events))
        weights.add("mc", doubles(events["weight_mc_NOSYS"]))
        weights.add("pileup", doubles(events[f"weight_pileup{weight}"]))
        yield label, signal(events, jets, met, weights.weight(), ("ht", "pair", "met"))


def vectors():
    from coffea.nanoevents.methods import vector

    return vector.behavior


def two_point_generator(nominal, other):
    for label, cases in (("nominal", nominal), ("generatorUp", other)):
        weight = cases.gen * (CROSS_SECTION * LUMINOSITY / np.sum(ak.to_numpy(cases.gen)))
        yield label, signal(cases.events, cases.jets, cases.met, weight, ("ht", "met"))


def main(path, atlas, other, examples, out):
    folder = Path(examples)
    cases = Cases(path, folder)
    found = {p.stem: getattr(cases, p.stem, None) for p in sorted(folder.glob("*.adl"))}
    found["nosys_columns"] = lambda: nosys_columns(atlas)
    found["two_point_generator"] = lambda: two_point_generator(cases, Cases(other, folder))
    written = {
        name: {label: {n: h.tolist() for n, h in hists.items()} for label, hists in case()}
        for name, case in found.items()
    }
    Path(out).write_text(json.dumps(written), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
