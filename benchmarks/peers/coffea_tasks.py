"""The ADL benchmarks and the search of 50 regions in coffea: FILE TREE TASK THREADS OUT.

OUT gets a line a histogram: name, contents with both flows. Momenta are added in double precision,
as ours are, so that the contents can be compared to the last entry.
"""

from __future__ import annotations

import sys
import warnings

import awkward as ak
import hist
import numpy as np
from coffea import processor
from coffea.nanoevents import NanoAODSchema

warnings.filterwarnings("ignore")
NanoAODSchema.warn_missing_crossrefs = False
CHUNK = 200_000


def filled(name, number, lower, upper, values):
    made = hist.Hist.new.Reg(number, lower, upper, name=name).Int64()
    made.fill(ak.to_numpy(ak.drop_none(ak.flatten(values, axis=None))))
    return {name: made}


def doubles(things):
    """Return particles whose momenta are doubles, without links to others."""
    names = ["pt", "eta", "phi", "mass"]
    names += [n for n in ("charge", "btag") if n in things.fields]
    parts = {n: things[n] for n in names}
    parts |= {n: ak.values_astype(parts[n], np.float64) for n in ("pt", "eta", "phi", "mass")}
    return ak.zip(parts, with_name="PtEtaPhiMLorentzVector", behavior=things.behavior)


def met(events):
    return filled("met", 100, 0, 200, events.MET.pt)


def q1(events):
    return met(events)


def q2(events):
    return filled("jet_pt", 100, 0, 200, events.Jet.pt)


def q3(events):
    return filled("jet_pt", 100, 0, 200, events.Jet.pt[abs(events.Jet.eta) < 1])


def q4(events):
    return met(events[ak.sum(events.Jet.pt > 40, axis=1) >= 2])


def q5(events):
    muons = doubles(events.Muon)
    pair = ak.combinations(muons, 2, fields=["a", "b"])
    mass = (pair.a + pair.b).mass
    good = (pair.a.charge + pair.b.charge == 0) & (mass > 60) & (mass < 120)
    return met(events[ak.any(good, axis=1)])


def q6(events):
    jets = doubles(events.Jet[ak.num(events.Jet.pt) >= 3])
    cartesian = ak.zip(
        {"x": jets.px, "y": jets.py, "z": jets.pz, "t": jets.energy, "btag": jets.btag},
        with_name="LorentzVector",
        behavior=jets.behavior,
    )
    three = ak.combinations(cartesian, 3, fields=["a", "b", "c"])
    total = three.a + three.b + three.c
    best = ak.argmin(abs(total.mass - 172.5), axis=1, keepdims=True)
    chosen = three[best]
    tag = np.maximum(np.maximum(chosen.a.btag, chosen.b.btag), chosen.c.btag)
    return filled("trijet_pt", 100, 0, 300, total[best].pt) | filled(
        "leading_btag", 100, 0, 1, ak.values_astype(tag, np.float64)
    )


def q7(events):
    jets = doubles(events.Jet[events.Jet.pt > 30])
    for leptons in (events.Electron, events.Muon):
        near = jets.nearest(doubles(leptons[leptons.pt > 10]), threshold=None, return_metric=True)[
            1
        ]
        jets = jets[ak.fill_none(near >= 0.4, True)]
    return filled("ht", 100, 0, 500, ak.sum(jets.pt, axis=1))


def q8(events):
    electrons, muons = doubles(events.Electron), doubles(events.Muon)
    electrons["kind"], muons["kind"] = 11 + 0 * electrons.charge, 13 + 0 * muons.charge
    leptons = ak.with_name(ak.concatenate([electrons, muons], axis=1), "PtEtaPhiMLorentzVector")
    many = ak.num(leptons) >= 3
    leptons, missing = leptons[many], events.MET[many]
    leptons = leptons[ak.argsort(leptons.pt, axis=1, ascending=False, stable=True)]
    number = ak.local_index(leptons)
    pair = ak.argcombinations(leptons, 2, fields=["a", "b"])
    a, b = leptons[pair.a], leptons[pair.b]
    same = (a.kind == b.kind) & (a.charge + b.charge == 0)
    pair, mass = pair[same], (a[same] + b[same]).mass
    best = pair[ak.argmin(abs(mass - 91.2), axis=1, keepdims=True)]
    found = ak.num(pair) >= 1
    used = (number == ak.fill_none(ak.firsts(best.a), -1)) | (
        number == ak.fill_none(ak.firsts(best.b), -1)
    )
    third, missing = ak.firsts(leptons[~used])[found], missing[found]
    angle = third.phi - ak.values_astype(missing.phi, np.float64)
    return filled("mt", 100, 0, 200, np.sqrt(2 * third.pt * missing.pt * (1 - np.cos(angle))))


def one_lepton(events):
    e, m = events.Electron, events.Muon
    e = e[(e.pt > 30) & (abs(e.eta) < 2.1) & (e.cutBased == 4) & (e.sip3d < 4)]
    isolated = ak.values_astype(m.pfRelIso04_all, np.float64) < 0.15
    m = m[(m.pt > 30) & (abs(m.eta) < 2.1) & m.tightId & (m.sip3d < 4) & isolated]
    return ak.num(e) + ak.num(m) == 1


def four_jets(jets, pt):
    """Return events by their jets: HT of those with one tag, the mass of tops of those with more.

    Momenta of the chosen jets of both come with them.
    """
    good = (pt > 30) & (abs(jets.eta) < 2.4) & (jets.jetId >= 4)
    enough = ak.num(pt[good]) >= 4
    jets, pt = jets[good][enough], pt[good][enough]
    tags = ak.sum(jets.btagCSVV2 > 0.5, axis=1)
    ht = ak.sum(pt[tags == 1], axis=1)
    two = tags >= 2
    p = doubles(jets[two])
    p["pt"] = pt[two]
    cartesian = ak.zip(
        {"x": p.px, "y": p.py, "z": p.pz, "t": p.energy, "tag": jets[two].btagCSVV2},
        with_name="LorentzVector",
        behavior=p.behavior,
    )
    three = ak.combinations(cartesian, 3, fields=["a", "b", "c"])
    tagged = (three.a.tag > 0.5) | (three.b.tag > 0.5) | (three.c.tag > 0.5)
    total = (three.a + three.b + three.c)[tagged]
    mass = total[ak.argmax(total.pt, axis=1, keepdims=True)].mass
    return (ht, pt[tags == 1]), (mass, pt[two])


def agc(events):
    jets = events.Jet[one_lepton(events)]
    (ht, _), (mass, _) = four_jets(jets, ak.values_astype(jets.pt, np.float64))
    return filled("ht", 25, 50, 550, ht) | filled("trijet_mass", 25, 50, 550, mass)


def agc_varied(events):
    jets = events.Jet[one_lepton(events)]
    pt = ak.values_astype(jets.pt, np.float64)
    off = 0.02 * abs(ak.values_astype(jets.eta, np.float64))
    momenta = {
        "": pt,
        ":pt_scaleUp": pt * 1.03,
        ":pt_scaleDown": pt * 0.97,
        ":pt_resUp": pt * (1 + off),
        ":pt_resDown": pt * (1 - off),
    }
    names, out = ("ht", "trijet_mass"), {}
    for variation, varied in momenta.items():
        for name, (values, leading) in zip(names, four_jets(jets, varied), strict=True):
            weights = weights_of(leading) if not variation else {variation: np.ones(len(values))}
            out |= weighted(name, values, weights)
    return out


def weights_of(leading):
    """Return the weights of an event by variation; nominal has no name."""
    one = np.ones(len(leading))
    weights = {"": one, ":scale_varUp": 1.025 * one, ":scale_varDown": 0.975 * one}
    for i in range(4):
        off = ak.to_numpy(0.075 * leading[:, i] / 50)
        weights |= {f":btag_var_{i + 1}Up": 1 + off, f":btag_var_{i + 1}Down": 1 - off}
    return weights


def weighted(name, values, weights):
    """Return a histogram for each weight; of a list of values its only one."""
    values = ak.to_numpy(ak.flatten(values, axis=None))
    out = {}
    for variation, weight in weights.items():
        made = hist.Hist.new.Reg(25, 50, 550, name=f"{name}{variation}").Double()
        out[f"{name}{variation}"] = made.fill(values, weight=weight)
    return out


def search(events):
    good = (events.Jet.pt > 30) & (abs(events.Jet.eta) < 2.4)
    jets = ak.sum(good, axis=1)
    tags = ak.sum(good & (events.Jet.btag > 0.7), axis=1)
    leptons = ak.sum(events.Electron.pt > 20, axis=1) + ak.sum(events.Muon.pt > 20, axis=1)
    ht = ak.to_numpy(ak.sum(ak.values_astype(events.Jet.pt[good], np.float64), axis=1))
    missing = ak.to_numpy(events.MET.pt)
    jets, tags, leptons = map(ak.to_numpy, (jets, tags, leptons))
    out = {}
    for j in range(1, 6):
        of_jets = jets == j if j < 5 else jets >= 5
        for t in range(5):
            of_tags = of_jets & (tags == t if t < 4 else tags >= 4)
            for lepton in range(2):
                chosen = of_tags & (leptons >= 1 if lepton else leptons == 0)
                name = f"j{j}t{t}l{lepton}"
                out |= filled(f"{name}_ht", 8, 0, 800, ht[chosen])
                out |= filled(f"{name}_met", 100, 0, 200, missing[chosen])
    return out


class Task(processor.ProcessorABC):
    def __init__(self, work):
        self.work = work

    def process(self, events):
        return self.work(events)

    def postprocess(self, accumulator):
        return accumulator


def main():
    path, tree, task, threads, out = sys.argv[1:]
    workers = int(threads)
    executor = (
        processor.FuturesExecutor(workers=workers, status=False)
        if workers > 1
        else processor.IterativeExecutor(status=False)
    )
    run = processor.Runner(
        executor=executor, schema=NanoAODSchema, chunksize=CHUNK, savemetrics=False
    )
    found = run({"sample": {"files": {path: tree}}}, Task(globals()[task]))
    with open(out, "w") as file:
        file.writelines(
            f"{name} {' '.join(map(str, histogram.values(flow=True).tolist()))}\n"
            for name, histogram in found.items()
        )


if __name__ == "__main__":
    main()
