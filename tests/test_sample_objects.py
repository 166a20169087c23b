"""Overlap removal, unions and reducers on the bundled sample, against awkward and vector."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np

from tests.on_sample import (
    OBJECTS,
    Objects,
    agree,
    distances,
    each_sample,
    element,
    largest,
    pairs,
    smallest,
    tuples,
)

REMOVALS = {
    "implied": "reject dR(this, leptons) < 0.4",
    "selected": "select dR(this, leptons) > 0.4",
    "all": "select all(dR(this, leptons) > 0.4)",
    "any": "reject any(dR(this, leptons) < 0.4)",
    "none": "select not any(leptons l, dR(this, l) < 0.4)",
    "least": "select min(dR(this, leptons)) > 0.4",
    "count": "reject count(dR(this, leptons) < 0.4) > 0",
    "separately": "reject dR(this, muons) < 0.4 or dR(this, electrons) < 0.4",
}


@each_sample
def test_every_way_to_remove_overlap_leaves_the_same_jets(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    clean = o.jets[ak.all(distances(o.jets, o.leptons) > 0.4, axis=-1)]
    assert 0 < ak.count(clean.pt) < ak.count(o.jets.pt)
    region = o.region()
    region.histo("hpt", [30.0, 40.0, 60.0, 100.0, 200.0], clean.pt)
    region.cut(ak.num(clean) >= 1).cut(element(clean, 0).pt > 50)
    text = OBJECTS
    for name, line in REMOVALS.items():
        text += f"\nobject clean_{name}\n  take jets\n  {line}\n"
    for name in REMOVALS:
        text += f'\nregion {name}\n  histo hpt, "pT", 30 40 60 100 200, pT(clean_{name})\n'
        text += f"  select size(clean_{name}) >= 1\n  select pT(clean_{name}[0]) > 50\n"
    agree(tmp_path, text, sample, dict.fromkeys(REMOVALS, region))


TOGETHER = """
object near_hard
  take jets j
  reject dR(j, leptons) < 0.4 and pT(leptons) / pT(j) > 0.5

object far_or_soft
  take jets j
  select not (dR(j, leptons) < 0.4 and pT(leptons) > 20)

object alone
  take jets
  reject dR(this, Jet) < 1.0

object untagged
  take jets
  reject dR(this, bjets) < 0.4

object not_tagged
  take jets
  reject any(bjets b, b == this)

region r
  histo hnear, "near", 10, 0, 10, size(near_hard)
  histo hfar, "far", 10, 0, 10, size(far_or_soft)
  histo halone, "alone", 10, 0, 10, size(alone)
  histo huntagged, "untagged", 10, 0, 10, size(untagged)
  histo hnot, "not tagged", 10, 0, 10, size(not_tagged)
  select size(near_hard) > 0
  select size(alone) > 0
"""


@each_sample
def test_mentions_of_one_collection_are_one_element_and_no_object_meets_itself(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    jet, lepton = pairs(o.jets, o.leptons)
    near = jet.deltaR(lepton) < 0.4
    near_hard = o.jets[~ak.any(near & (lepton.pt / jet.pt > 0.5), axis=-1)]
    far_or_soft = o.jets[~ak.any(near & (lepton.pt > 20), axis=-1)]
    jet, other = pairs(o.jets, o.events.Jet)
    close = (jet.deltaR(other) < 1.0) & (jet.index != other.index)
    alone = o.jets[~ak.any(close, axis=-1)]
    # A tagged jet is one of the jets: it is not removed for being near itself.
    jet, tagged = pairs(o.jets, o.bjets)
    close = (jet.deltaR(tagged) < 0.4) & (jet.index != tagged.index)
    untagged = o.jets[~ak.any(close, axis=-1)]
    region, axis = o.region(), (10, 0.0, 10.0)
    region.histo("hnear", axis, ak.num(near_hard)).histo("hfar", axis, ak.num(far_or_soft))
    region.histo("halone", axis, ak.num(alone)).histo("huntagged", axis, ak.num(untagged))
    region.histo("hnot", axis, ak.num(o.jets[o.jets.btagDeepFlavB <= 0.2783]))
    region.cut(ak.num(near_hard) > 0).cut(ak.num(alone) > 0)
    agree(tmp_path, OBJECTS + TOGETHER, sample, {"r": region})


UNIONS = """
object twice
  take leptons
  take muons

object inline
  take union(electrons, muons)

region r
  histo hpt, "pT", 20, 10, 110, pT(leptons[0])
  histo hq, "charge", 3, -1.5, 1.5, q(leptons[0])
  histo hm, "mass", 30, 0, 150, m(leptons[0] + leptons[1])
  select size(leptons) >= 2
  select q(leptons[0]) + q(leptons[1]) == 0
  select size(twice) == size(leptons)
  select m(leptons[0]) > 0.1
  select size(inline) == 2
"""


@each_sample
def test_a_union_runs_in_descending_pt_and_holds_an_object_once(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    first, second = element(o.leptons, 0), element(o.leptons, 1)
    region = o.region()
    region.histo("hpt", (20, 10.0, 110.0), first.pt).histo("hq", (3, -1.5, 1.5), first.charge)
    region.histo("hm", (30, 0.0, 150.0), (first + second).mass)
    region.cut(ak.num(o.leptons) >= 2).cut(first.charge + second.charge == 0, False)
    region.cut(o.met >= 0).cut(first.mass > 0.1, False).cut(ak.num(o.leptons) == 2)
    agree(tmp_path, OBJECTS + UNIONS, sample, {"r": region})


PAIRS = """
region pairs
  histo hn, "ordered pairs", 15, 0, 15, count(muons a, muons b, q(a) + q(b) == 0)
  histo hany, "pairs", 2, 0, 2, any(muons a, muons b, dR(a, b) < 2) ? 1 : 0
  histo hmax, "largest mass", 30, 0, 300, max(jets a, jets b, m(a + b))
  histo hmin, "nearest jets", 40, 0, 4, min(jets a, jets b, dR(a, b))
  histo hsum, "sum of distances", 40, 0, 400, sum(jets a, jets b, dPhi(a, b))
  histo hprod, "product", 40, 0, 1, prod(jets a, jets b, dPhi(a, b) / 3.5)
  histo hacross, "jets and b jets", 40, 0, 4, min(jets j, bjets b, dR(j, b))
  histo hself, "muons and leptons", 40, 0, 4, min(muons a, leptons b, dR(a, b))
  select any(muons a, muons b, q(a) + q(b) == 0 and m(a + b) > 60 and m(a + b) < 120)
  select all(jets a, jets b, dR(a, b) > 0.6)
  select min(muons a, muons b, m(a + b)) > 70
  select any(muons a, jets j, dR(a, j) < 0.4)
"""


@each_sample
def test_loops_over_pairs_leave_out_an_object_with_itself(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    region = o.region()
    a, b = tuples(o.muons, o.muons)
    mass, opposite = (a + b).mass, a.charge + b.charge == 0
    c, d = tuples(o.jets, o.jets)
    dphi = abs(c.deltaphi(d))
    region.histo("hn", (15, 0.0, 15.0), ak.sum(opposite, axis=1))
    region.histo("hany", (2, 0.0, 2.0), ak.any(a.deltaR(b) < 2, axis=1) * 1.0)
    region.histo("hmax", (30, 0.0, 300.0), largest((c + d).mass))
    region.histo("hmin", (40, 0.0, 4.0), smallest(c.deltaR(d)))
    region.histo("hsum", (40, 0.0, 400.0), ak.sum(dphi, axis=1))
    region.histo("hprod", (40, 0.0, 1.0), ak.prod(dphi / 3.5, axis=1))
    jet, tagged = tuples(o.jets, o.bjets)
    region.histo("hacross", (40, 0.0, 4.0), smallest(jet.deltaR(tagged)))
    both = ak.cartesian({"a": o.muons, "b": o.leptons})
    both = both[(both.b.source != 0) | (both.a.index != both.b.index)]
    region.histo("hself", (40, 0.0, 4.0), smallest(both.a.deltaR(both.b)))
    region.cut(ak.any(opposite & (mass > 60) & (mass < 120), axis=1))
    region.cut(ak.all(c.deltaR(d) > 0.6, axis=1))
    region.cut(smallest(mass) > 70)
    near = ak.any(distances(o.muons, o.jets) < 0.4, axis=-1)
    region.cut(ak.any(near, axis=-1))
    agree(tmp_path, OBJECTS + PAIRS, sample, {"pairs": region})


EMPTY = """
region reducers
  histo hx, "x", 40, -400, 400, sum(jets j, pT(j) * cos(phi(j)))
  histo hmax, "leading", 40, 0, 400, max(pT(jets))
  histo hmin, "softest", 40, 0, 400, min(pT(jets))
  histo hdr, "nearest lepton", 50, 0, 5, min(dR(jets, leptons))
  histo hn, "hard jets", 8, 0, 8, count(pT(jets) > 50)
  histo hprod, "product", 20, 0, 2, prod(btagDeepFlavB(jets))
  histo hht, "HT", 30, 0, 600, sum(pT(jets))
  histo hboth, "flow", 10, 0, 400, 10, 0, 5, max(pT(jets)), min(dR(jets, leptons))
  select MET > 10

region largest
  select max(pT(jets)) > 60

region largest_below
  select max(pT(jets)) < 60

region nearest
  select min(dR(jets, leptons)) > 0.4

region any
  select any(pT(jets) > 60)

region all
  select all(pT(jets) > 60)

region none
  reject all(pT(jets) > 60)

region counted
  select count(pT(jets) > 50) [] 1 2

region summed
  select sum(pT(jets)) < 100
"""


@each_sample
def test_reducers_of_nothing_are_infinite_or_neutral_and_no_infinity_is_filled(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    jets, pt = o.jets, o.jets.pt
    dr = smallest(ak.flatten(distances(jets, o.leptons), axis=2))
    region = o.region()
    region.histo("hx", (40, -400.0, 400.0), ak.sum(pt * np.cos(jets.phi), axis=1))
    region.histo("hmax", (40, 0.0, 400.0), largest(pt))
    region.histo("hmin", (40, 0.0, 400.0), smallest(pt))
    region.histo("hdr", (50, 0.0, 5.0), dr)
    region.histo("hn", (8, 0.0, 8.0), ak.sum(pt > 50, axis=1))
    region.histo("hprod", (20, 0.0, 2.0), ak.prod(jets.btagDeepFlavB, axis=1))
    region.histo("hht", (30, 0.0, 600.0), ak.sum(pt, axis=1))
    region.histo2("hboth", ((10, 0.0, 400.0), (10, 0.0, 5.0)), largest(pt), dr)
    region.cut(o.met > 10)
    empty = int(ak.sum(ak.num(jets) == 0))
    assert empty > 0
    assert region.histograms["hmax"].skipped == region.histograms["hmin"].skipped == empty
    hard, count = pt > 60, ak.sum(pt > 50, axis=1)
    expected = {
        "reducers": region,
        "largest": o.region().cut(largest(pt) > 60),
        "largest_below": o.region().cut(largest(pt) < 60),
        "nearest": o.region().cut(dr > 0.4),
        "any": o.region().cut(ak.any(hard, axis=1)),
        "all": o.region().cut(ak.all(hard, axis=1)),
        "none": o.region().cut(~ak.all(hard, axis=1)),
        "counted": o.region().cut((count >= 1) & (count <= 2)),
        "summed": o.region().cut(ak.sum(pt, axis=1) < 100),
    }
    agree(tmp_path, OBJECTS + EMPTY, sample, expected)


NESTED = """
object lonely
  take muons
  select min(dR(this, jets)) > 0.4 or count(dR(this, jets) < 1.0) > 1

region r
  histo hn, "far jets", 8, 0, 8, count(jets j, all(leptons l, dR(j, l) > 0.4))
  histo hs, "nearest", 40, 0, 8, sum(bjets b, min(leptons l, dR(b, l)))
  histo hl, "lonely", 5, 0, 5, size(lonely)
  histo hnear, "nearest jet", 20, 0, 4, min(lonely l, jets j, dR(l, j))
  select any(jets j, count(jets k, dR(j, k) < 1.5) >= 2)
"""


@each_sample
def test_a_reducer_stands_inside_another_and_in_an_object_block(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    far = ak.all(distances(o.jets, o.leptons) > 0.4, axis=-1)
    nearest_lepton = ak.fill_none(ak.min(distances(o.bjets, o.leptons), axis=-1), np.inf)
    to_jets = distances(o.muons, o.jets)
    nearest = ak.fill_none(ak.min(to_jets, axis=-1), np.inf)
    around = ak.sum(to_jets < 1.0, axis=-1)
    lonely = (nearest > 0.4) | (around > 1)
    j, k = pairs(o.jets, o.jets)
    neighbours = ak.sum((j.deltaR(k) < 1.5) & (j.index != k.index), axis=-1)
    region = o.region().histo("hn", (8, 0.0, 8.0), ak.sum(far, axis=1))
    region.histo("hs", (40, 0.0, 8.0), ak.sum(nearest_lepton, axis=1))
    region.histo("hl", (5, 0.0, 5.0), ak.sum(lonely, axis=1))
    region.histo("hnear", (20, 0.0, 4.0), smallest(nearest[lonely]))
    region.cut(ak.any(neighbours >= 2, axis=1))
    agree(tmp_path, OBJECTS + NESTED, sample, {"r": region})
