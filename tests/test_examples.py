"""The examples on the bundled sample, against awkward and vector.

Every number is computed a second time, whole columns at once, from the language's description and
not from the compiler. What is stored as float32 is computed in float64, as ADL does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from tests.on_sample import (
    EXAMPLES,
    FILES,
    Array,
    Axis,
    Region,
    compare,
    distances,
    each_sample,
    element,
    load,
    run,
    smallest,
    union,
)


def zpeak(events: Array) -> dict[str, Region]:
    muons = events.Muon
    muons = muons[(muons.pt > 20) & (abs(muons.eta) < 2.4) & (muons.pfRelIso04_all < 0.15)]
    first, second = element(muons, 0), element(muons, 1)
    z = first + second
    region = Region(len(events))
    region.cut(ak.num(muons) == 2)
    region.cut(first.charge + second.charge == 0, undecided=False)
    region.histo("hmass", (60, 60.0, 120.0), z.mass)
    region.cut((z.mass >= 80) & (z.mass <= 100), undecided=False)
    region.histo("hpt", (50, 0.0, 100.0), z.pt)
    return {"zpeak": region}


def ttbar(events: Array) -> dict[str, Region]:
    muons, electrons, jets = events.Muon, events.Electron, events.Jet
    muons = muons[(muons.pt > 30) & (abs(muons.eta) < 2.1)]
    muons = muons[muons.tightId & (muons.pfRelIso04_all < 0.15)]
    electrons = electrons[(electrons.pt > 30) & (abs(electrons.eta) < 2.1)]
    electrons = electrons[(electrons.cutBased == 4) & (electrons.pfRelIso03_all < 0.15)]
    leptons = union(muons, electrons)
    jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4) & (jets.jetId >= 2)]
    jets = jets[~ak.any(distances(jets, leptons) < 0.4, axis=-1)]
    bjets = jets[jets.btagDeepFlavB > 0.2783]
    ht = ak.sum(jets.pt, axis=1)
    lepton = element(leptons, 0)
    dphi = abs(lepton.deltaphi(events.MET))
    mt = np.sqrt(2 * lepton.pt * events.MET.pt * (1 - np.cos(dphi)))
    mbb = (element(bjets, 0) + element(bjets, 1)).mass

    def presel() -> Region:
        return Region(len(events)).cut(ak.num(leptons) == 1).cut(ak.num(jets) >= 4)

    hht: Axis = (40, 100.0, 900.0)
    onetag = presel().cut(ak.num(bjets) == 1).histo("hht", hht, ht)
    twotag = presel().cut(ak.num(bjets) >= 2).histo("hht", hht, ht)
    twotag.histo("hmt", (40, 0.0, 200.0), mt)
    twotag.histo("hjetpt", [0.0, 30.0, 50.0, 80.0, 120.0, 200.0, 400.0], jets.pt)
    twotag.histo("hmbb", (40, 0.0, 400.0), mbb)
    return {"presel": presel(), "onetag": onetag, "twotag": twotag}


def search(events: Array) -> dict[str, Region]:
    leptons = union(events.Muon, events.Electron)
    leptons = leptons[(leptons.pt > 10) & (abs(leptons.eta) < 2.4)]
    jets = events.Jet
    jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4)]
    bjets = jets[jets.btagDeepFlavB > 0.2783]
    met, ht = events.MET.pt, ak.sum(jets.pt, axis=1)
    tags = ak.num(bjets)

    def start() -> Region:
        return Region(len(events)).cut(met > 60).cut(ak.num(leptons) == 0)

    region = start().cut(ak.num(jets) >= 2).cut(ht > 100)
    region.cut(smallest(abs(jets.deltaphi(events.MET))) > 0.3)
    region.histo("hmet", (40, 60.0, 460.0), met)
    region.histo2("hmetht", ((20, 60.0, 460.0), (20, 100.0, 900.0)), met, ht)
    region.bin((tags == 0) & (met < 120)).bin((tags == 0) & (met >= 120))
    region.bin((tags == 1) & (met < 120)).bin((tags == 1) & (met >= 120)).bin(tags >= 2)
    return {"search": region, "met_spectrum": start().bin_edges(met, 60, 80, 100, 150, 200)}


@each_sample
@pytest.mark.parametrize("example", [zpeak, ttbar, search])
def test_an_example_gives_what_awkward_gives(
    tmp_path: Path, example: Callable[[Array], dict[str, Region]], sample: str
) -> None:
    results = run(tmp_path, EXAMPLES / f"{example.__name__}.adl", sample)
    assert results["events"] == len(load(sample))
    compare(results, example(load(sample)))


def test_the_files_of_one_run_add_up(tmp_path: Path) -> None:
    analysis = EXAMPLES / "ttbar.adl"

    def counts(sample: str) -> list[int]:
        cutflows = run(tmp_path, analysis, sample)["cutflows"]
        return [step["raw"] for cutflow in cutflows for step in cutflow["steps"]]

    assert np.sum([counts(name) for name in FILES], axis=0).tolist() == counts("all")
