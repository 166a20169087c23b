"""Weights, inheritance, histograms and bins on the bundled sample, against awkward and vector."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np

from tests.on_sample import OBJECTS, Axis, Objects, Region, agree, distances, each_sample, element

WEIGHTS = """
region weighted
  select MET > 10
  histo unweighted, "MET", 20, 0, 200, MET
  weight pu 0.5 + Pileup_nTrueInt / 40
  histo once, "MET", 20, 0, 200, MET
  select size(jets) >= 1
  weight ht sum(pT(jets)) / 100
  weight sign MET > 60 ? -1 : 1
  histo often, "MET", 20, 0, 200, MET
  histo jetpt, "pT", 30 40 60 100 200, pT(jets)
  histo plane, "pT, eta", 5, 30, 130, 4, -2, 2, pT(jets), eta(jets)
  select MET > 30
  weight half 0.5
  bin MET 30 60 100

region plain
  select size(jets) >= 1
  histo often, "MET", 20, 0, 200, MET
"""


@each_sample
def test_a_weight_acts_on_what_stands_after_it(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    axis = (20, 0.0, 200.0)
    region = o.region().cut(o.met > 10).histo("unweighted", axis, o.met)
    region.weigh(0.5 + o.events.Pileup_nTrueInt / 40).histo("once", axis, o.met)
    region.cut(ak.num(o.jets) >= 1).weigh(ak.sum(o.jets.pt, axis=1) / 100)
    region.weigh(ak.where(o.met > 60, -1, 1)).histo("often", axis, o.met)
    region.histo("jetpt", [30.0, 40.0, 60.0, 100.0, 200.0], o.jets.pt)
    region.histo2("plane", ((5, 30.0, 130.0), (4, -2.0, 2.0)), o.jets.pt, o.jets.eta)
    region.cut(o.met > 30).weigh(np.full(len(o.events), 0.5)).bin_edges(o.met, 30, 60, 100)
    plain = o.region().cut(ak.num(o.jets) >= 1).histo("often", axis, o.met)
    agree(tmp_path, OBJECTS + WEIGHTS, sample, {"weighted": region, "plain": plain})


NAN = """
region r
  weight root sqrt(MET - 30)
  select MET > 10
  histo hmet, "MET", 20, 0, 200, MET
  histo hpt, "pT", 10, 30, 230, pT(jets)
  select MET < 60
  bin MET 20 40
"""


@each_sample
def test_an_event_without_a_finite_weight_is_counted_and_not_filled(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    with np.errstate(invalid="ignore"):
        root = np.sqrt(o.met - 30)
    region = o.region().weigh(root).cut(o.met > 10)
    region.histo("hmet", (20, 0.0, 200.0), o.met).histo("hpt", (10, 30.0, 230.0), o.jets.pt)
    region.cut(o.met < 60).bin_edges(o.met, 20, 40)
    assert region.histograms["hmet"].skipped > 100
    agree(tmp_path, OBJECTS + NAN, sample, {"r": region})


INHERITANCE = """
region diamond                      # before what it inherits: the order of blocks is free
  left
  take right
  histo hmet, "MET", 20, 0, 200, MET
  select MET < 150
  bin MET 30 60

region diamond_in_a_line
  left right
  histo hmet, "MET", 20, 0, 200, MET
  select MET < 150
  bin MET 30 60

region base
  select MET > 20
  weight w 0.5 + MET / 100
  histo hbase, "MET", 20, 0, 200, MET
  select size(jets) >= 1
  bin MET 20 60 120

region taking
  take base
  select size(leptons) >= 1
  histo hmet, "MET", 20, 0, 200, MET

region named
  base
  select size(leptons) >= 1
  histo hmet, "MET", 20, 0, 200, MET

region decided
  select base
  select size(leptons) >= 1
  histo hmet, "MET", 20, 0, 200, MET

region late
  select size(leptons) >= 1
  weight first 0.25
  base
  select MET > 20

region vetoed
  reject base

region negated
  select not base

region either
  select base or size(leptons) == 2

region defined
  select eitherway

region left
  base
  select size(leptons) >= 1
  weight wl 1.5

region right
  take base
  weight wr 0.25 + MET / 200
  select size(jets) >= 2
  weight wl 1.5

define eitherway = base or size(leptons) == 2
"""


@each_sample
def test_inheritance_hands_down_cuts_and_weights_once(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    leptons, jets, met = ak.num(o.leptons), ak.num(o.jets), o.met
    axis = (20, 0.0, 200.0)

    def base(region: Region | None = None) -> Region:
        region = (region or o.region()).cut(met > 20).weigh(0.5 + met / 100)
        return region.cut(jets >= 1)

    def left() -> Region:
        return base().cut(leptons >= 1).weigh(np.full(len(met), 1.5))

    def right_of(region: Region) -> Region:
        # The weight wl of right is another statement than that of left.
        region.weigh(0.25 + met / 200).cut(jets >= 2)
        return region.weigh(np.full(len(met), 1.5))

    diamond = right_of(left()).histo("hmet", axis, met).cut(met < 150).bin_edges(met, 30, 60)
    taking = base().cut(leptons >= 1).histo("hmet", axis, met)
    decision = (met > 20) & (jets >= 1)
    alone = o.region().cut(met > 20).weigh(0.5 + met / 100).histo("hbase", axis, met)
    late = base(o.region().cut(leptons >= 1).weigh(np.full(len(met), 0.25))).cut(met > 20)
    expected = {
        "diamond": diamond,
        "diamond_in_a_line": diamond,
        "base": alone.cut(jets >= 1).bin_edges(met, 20, 60, 120),
        "taking": taking,
        "named": taking,
        "decided": o.region().cut(decision).cut(leptons >= 1).histo("hmet", axis, met),
        "late": late,
        "vetoed": o.region().cut(~decision),
        "negated": o.region().cut(~decision),
        "either": o.region().cut(decision | (leptons == 2)),
        "defined": o.region().cut(decision | (leptons == 2)),
        "left": left(),
        "right": right_of(base()),
    }
    agree(tmp_path, OBJECTS + INHERITANCE, sample, expected)


MISSING_PARENT = """
region parent
  select MET > 20
  select pT(jets[2]) > 40

region child
  parent
  select MET < 80

region decided
  select parent

region outside
  reject parent
"""


@each_sample
def test_a_region_as_a_condition_is_false_where_a_missing_value_decides(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    third = element(o.jets, 2)
    inside = (o.met > 20) & ak.fill_none(third.pt > 40, False)
    undecided = (o.met > 20) & ak.is_none(third)

    def parent() -> Region:
        return o.region().cut(o.met > 20).cut(third.pt > 40)

    expected = {
        "parent": parent(),
        "child": parent().cut(o.met < 80),
        "decided": o.region().cut(inside, undecided),
        "outside": o.region().cut(~inside, undecided),
    }
    agree(tmp_path, OBJECTS + MISSING_PARENT, sample, expected)


HISTOGRAMS = """
region r
  histo plane, "MET, HT", 8, 40, 120, 6, 100, 400, MET, HT
  histo mixed, "jets, MET", 4, 0, 4, 0 20 40 80 160, size(jets), MET
  histo edges, "MET", 20 30 50 80 130, MET
  histo ints, "jets", 5, 1, 6, size(jets)
  histo pts, "pT", 14, 30, 100, pT(jets)
  histo tags, "tag", 10, 0, 1, jets.btagDeepFlavB
  histo near, "dR", 50, 0, 5, dR(jets, leptons)
  histo two, "first and second", 10, 0, 200, pT(jets[0]), pT(jets[1])
  histo wide, "eta", 0.1 0.2 0.3 0.7 1.4, abs(eta(jets))
  histo across, "pT, dphi", 5, 30, 130, 0 0.5 1 2 3, pT(jets), dPhi(jets, MET)
  histo signed, "dphi", 16, -3.2, 3.2, sdphi(jets, MET)
  select HT > 0
  histo ratio, "MET / HT", 20, 0, 2, MET / HT

define HT = sum(pT(jets))

region zero
  histo ratio, "MET / HT", 20, 0, 2, MET / HT
  histo log, "log", 20, 0, 10, log(HT)
"""


@each_sample
def test_histograms_have_flow_bins_edges_and_elements(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    jets, met, n = o.jets, o.met, ak.num(o.jets)
    ht = ak.sum(jets.pt, axis=1)
    region = o.region()
    region.histo2("plane", ((8, 40.0, 120.0), (6, 100.0, 400.0)), met, ht)
    region.histo2("mixed", ((4, 0.0, 4.0), [0.0, 20.0, 40.0, 80.0, 160.0]), n, met)
    region.histo("edges", [20.0, 30.0, 50.0, 80.0, 130.0], met)
    region.histo("ints", (5, 1.0, 6.0), n)
    region.histo("pts", (14, 30.0, 100.0), jets.pt)
    region.histo("tags", (10, 0.0, 1.0), jets.btagDeepFlavB)
    region.histo("near", (50, 0.0, 5.0), ak.flatten(distances(jets, o.leptons), axis=2))
    # Several values on one axis are as many fills.
    both = ak.from_regular(ak.pad_none(jets.pt, 2, clip=True))
    region.histo("two", (10, 0.0, 200.0), both)
    region.histo("wide", [0.1, 0.2, 0.3, 0.7, 1.4], abs(jets.eta))
    sdphi = jets.deltaphi(o.events.MET)
    plane: tuple[Axis, Axis] = ((5, 30.0, 130.0), [0.0, 0.5, 1.0, 2.0, 3.0])
    region.histo2("across", plane, jets.pt, abs(sdphi))
    region.histo("signed", (16, -3.2, 3.2), sdphi)
    with np.errstate(divide="ignore"):
        ratio, log = met / ht, np.log(ht)
    region.cut(ht > 0).histo("ratio", (20, 0.0, 2.0), ratio)
    zero = o.region().histo("ratio", (20, 0.0, 2.0), ratio).histo("log", (20, 0.0, 10.0), log)
    corners = region.histograms["plane"].values[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners[0] > 0, "no event is in both underflows"
    assert zero.histograms["ratio"].skipped == int(ak.sum(ht == 0))
    agree(tmp_path, OBJECTS + HISTOGRAMS, sample, {"r": region, "zero": zero})


BINS = """
region edges
  bin size(jets) 0 1 2 4

region first
  bin "hard"  MET > 60
  bin "jets"  size(jets) == 2
  bin "third" pT(jets[2]) > 40
  bin "rest"  MET [] 20 40
  bin ALL

region two_scales
  select MET > 10
  bin MET 20 60
  bin size(jets) 0 2
"""


@each_sample
def test_an_event_is_in_the_first_bin_that_is_true(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    n, met = ak.num(o.jets), o.met
    first = o.region().bin(met > 60).bin(n == 2).bin(element(o.jets, 2).pt > 40)
    expected = {
        "edges": o.region().bin_edges(n, 0, 1, 2, 4),
        "first": first.bin((met >= 20) & (met <= 40)).bin(met >= 0),
        "two_scales": o.region().cut(met > 10).bin_edges(met, 20, 60).bin_edges(n, 0, 2),
    }
    agree(tmp_path, OBJECTS + BINS, sample, expected)


EXACT = """
region r
  histo hpt, "pT of all jets", 85, 15, 100, pT(Jet)
  histo hedges, "pT of all jets", 15 16 20 30.5 31 32 64, pT(Jet)
  histo tenth, "eta of all jets", 94, -4.7, 4.7, eta(Jet)
  select size(Jet) > 0
  select pT(Jet[0]) >= 32
  select pT(Jet[0]) ][ 40 64
  select pT(Jet[0]) [] 32 128
  bin pT(Jet[0]) 32 36 64 100
"""


@each_sample
def test_a_value_on_an_edge_is_in_the_bin_above(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    jets = o.events.Jet
    pt = element(jets, 0).pt
    # Ten bits of mantissa: many values lie on edges.
    assert ak.sum((jets.pt == 32) | (jets.pt == 30.5) | (jets.pt == 64)) > 0
    region = o.region().histo("hpt", (85, 15.0, 100.0), jets.pt)
    region.histo("hedges", [15.0, 16.0, 20.0, 30.5, 31.0, 32.0, 64.0], jets.pt)
    region.histo("tenth", (94, -4.7, 4.7), jets.eta)
    region.cut(ak.num(jets) > 0).cut(pt >= 32, False).cut((pt <= 40) | (pt >= 64), False)
    region.cut((pt >= 32) & (pt <= 128), False).bin_edges(pt, 32, 36, 64, 100)
    agree(tmp_path, EXACT, sample, {"r": region})
