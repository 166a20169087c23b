"""Missing values on the bundled sample, against awkward and vector."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np

from tests.on_sample import OBJECTS, Objects, agree, each_sample, element

MISSING_CUTS = {
    "above": "select pT(jets[2]) > 40",
    "notabove": "select not (pT(jets[2]) > 40)",
    "rejected": "reject pT(jets[2]) > 40",
    "defaulted": "select default(pT(jets[2]), 0) < 40",
    "replaced": "select default(pT(jets[2]), 50) < 40",
    "unequal": "select pT(jets[2]) != 40",
    "between": "select pT(jets[2]) [] 35 50",
    "outside": "select pT(jets[2]) ][ 35 50",
    "guarded": "select size(jets) > 2 and pT(jets[2]) > 40",
    "either": "select MET > 60 or pT(jets[2]) > 40",
    "eitherway": "select pT(jets[2]) > 40 or MET > 60",
    "both": "select pT(jets[2]) > 40 and MET > 60",
    "arithmetic": "select pT(jets[0]) - pT(jets[2]) < 30",
    "summed": "select m(jets[0] + jets[2]) > 100",
    "extremum": "select max(eta(jets[0]), eta(jets[2])) > 0.5",
    "otherway": "select max(eta(jets[2]), eta(jets[0])) > 0.5",
    "ofnothing": "select min(pT(jets[1]), pT(jets[2])) > 60",
}


@each_sample
def test_a_missing_third_jet_fails_a_comparison_and_is_counted(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    first, second, third = (element(o.jets, i) for i in range(3))
    pt, absent = third.pt, ak.is_none(third)
    above = ak.fill_none(pt > 40, False)
    forward = np.maximum(*(ak.fill_none(jet.eta, -np.inf) for jet in (first, third)))
    softer = np.minimum(*(ak.fill_none(jet.pt, np.inf) for jet in (second, third)))
    conditions = {
        "above": (pt > 40, absent),
        "notabove": (~above, absent),
        "rejected": (~above, absent),
        "defaulted": (ak.fill_none(pt, 0) < 40, False),
        "replaced": (ak.fill_none(pt, 50) < 40, False),
        "unequal": (pt != 40, absent),
        "between": ((pt >= 35) & (pt <= 50), absent),
        "outside": ((pt <= 35) | (pt >= 50), absent),
        "guarded": (above, False),
        "either": (above | (o.met > 60), absent & (o.met <= 60)),
        "eitherway": (above | (o.met > 60), absent & (o.met <= 60)),
        "both": (above & (o.met > 60), absent & (o.met > 60)),
        "arithmetic": (first.pt - pt < 30, absent),
        "summed": ((first + third).mass > 100, absent),
        "extremum": (forward > 0.5, False),
        "otherway": (forward > 0.5, False),
        "ofnothing": (softer > 60, False),
    }
    regions = {
        name: o.region().cut(o.met > 20).cut(*conditions[name]).cut(o.met < 100)
        for name in MISSING_CUTS
    }
    text = OBJECTS + "".join(
        f"\nregion {name}\n  select MET > 20\n  {cut}\n  select MET < 100\n"
        for name, cut in MISSING_CUTS.items()
    )
    agree(tmp_path, text, sample, regions)


TERNARY = """
region chosen
  select pT(jets[2]) > 40 ? MET > 60 : MET <= 60

region onlyif
  select size(jets) > 2 ? pT(jets[2]) > 40

region unless
  reject size(jets) > 2 ? pT(jets[2]) > 40

region value
  select (size(jets) > 2 ? pT(jets[2]) : MET) > 40

region missing_branch
  select (MET > 40 ? pT(jets[2]) : MET) > 35
"""


@each_sample
def test_a_ternary_with_a_missing_condition_takes_its_else(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    pt, three = element(o.jets, 2).pt, ak.num(o.jets) > 2
    above = ak.fill_none(pt > 40, False)
    expected = {
        "chosen": o.region().cut(above == (o.met > 60), ~three),
        "onlyif": o.region().cut(~three | above),
        "unless": o.region().cut(~(three & above)),
        "value": o.region().cut(ak.where(three, ak.fill_none(pt, 0), o.met) > 40),
        "missing_branch": o.region().cut(
            ak.where(o.met > 40, ak.fill_none(pt, 0), o.met) > 35, (o.met > 40) & ~three
        ),
    }
    agree(tmp_path, OBJECTS + TERNARY, sample, expected)


MISSING_FILLS = """
region r
  select MET > 20
  histo third, "third jet", 20, 30, 130, pT(jets[2])
  histo mass, "mass", 25, 0, 500, m(jets[0] + jets[1])
  histo both, "first and third", 10, 30, 330, 10, 30, 130, pT(jets[0]), pT(jets[2])
  weight w default(pT(jets[2]), 20) / 40
  select ALL
  histo weighted, "third jet", 20, 30, 130, pT(jets[2])
  bin pT(jets[2]) 0 35 50

region one_bin_each
  bin "soft" not (pT(jets[2]) > 50) and size(jets) > 0
  bin "hard" pT(jets[2]) > 50
"""


@each_sample
def test_a_missing_value_is_skipped_by_a_histogram_and_in_no_bin(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    first, second, third = (element(o.jets, i) for i in range(3))
    region = o.region().cut(o.met > 20)
    region.histo("third", (20, 30.0, 130.0), third.pt)
    region.histo("mass", (25, 0.0, 500.0), (first + second).mass)
    region.histo2("both", ((10, 30.0, 330.0), (10, 30.0, 130.0)), first.pt, third.pt)
    region.weigh(ak.fill_none(third.pt, 20) / 40).cut(o.met >= 0)
    region.histo("weighted", (20, 30.0, 130.0), third.pt).bin_edges(third.pt, 0, 35, 50)
    hard = ak.fill_none(third.pt > 50, False)
    each = o.region().bin(~hard & (ak.num(o.jets) > 0)).bin(hard)
    assert region.histograms["third"].skipped > 100
    assert region.histograms["both"].skipped == region.histograms["third"].skipped
    agree(tmp_path, OBJECTS + MISSING_FILLS, sample, {"r": region, "one_bin_each": each})


MISSING_INSIDE = """
object far
  take jets
  select dR(this, leptons[0]) > 0.4

object not_near
  take jets
  reject dR(this, leptons[0]) < 0.4

region r
  histo hfar, "far", 8, 0, 8, size(far)
  histo hnot, "not near", 8, 0, 8, size(not_near)
  histo hmin, "nearest", 25, 0, 5, min(jets j, dR(j, leptons[0]))
  histo hsum, "sum", 25, 0, 25, sum(jets j, dR(j, leptons[0]))
  histo hprod, "product", 25, 0, 25, prod(jets j, dR(j, leptons[0]))
  histo hn, "harder", 8, 0, 8, count(jets j, pT(j) > pT(leptons[0]))
  histo helement, "ratio", 20, 0, 4, pT(jets) / pT(leptons[0])
  histo hlast, "n-ary", 20, 0, 200, min(pT(leptons[0]), MET, pT(jets[0]))
  select any(jets j, pT(j) > pT(leptons[0]))

region all
  select all(jets j, pT(j) > pT(leptons[0]))

region notall
  reject all(jets j, pT(j) > pT(leptons[0]))

region either
  select any(jets j, pT(j) > pT(leptons[0]) or pT(j) > 60)
"""


@each_sample
def test_a_missing_value_inside_a_reducer_is_skipped_and_fails_an_element(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    jets, n, lepton = o.jets, ak.num(o.jets), element(o.leptons, 0)
    lost = ak.is_none(lepton)
    # Where there is no lepton no jet is near it, far from it, harder or softer.
    there = ak.fill_none(lepton.pt, np.nan)
    harder, hard = jets.pt > there, jets.pt > 60
    distance = jets.mask[~lost].deltaR(lepton)
    near = ak.sum(distance < 0.4, axis=1)
    region = o.region()
    region.histo("hfar", (8, 0.0, 8.0), ak.fill_none(ak.sum(distance > 0.4, axis=1), 0))
    region.histo("hnot", (8, 0.0, 8.0), n - ak.fill_none(near, 0))
    region.histo("hmin", (25, 0.0, 5.0), ak.fill_none(ak.min(distance, axis=1), np.inf))
    region.histo("hsum", (25, 0.0, 25.0), ak.fill_none(ak.sum(distance, axis=1), 0))
    region.histo("hprod", (25, 0.0, 25.0), ak.fill_none(ak.prod(distance, axis=1), 1))
    region.histo("hn", (8, 0.0, 8.0), ak.sum(harder, axis=1))
    region.histo("helement", (20, 0.0, 4.0), jets.pt / there)
    first = ak.fill_none(element(jets, 0).pt, np.inf)
    least = np.minimum(np.minimum(ak.fill_none(lepton.pt, np.inf), o.met), first)
    region.histo("hlast", (20, 0.0, 200.0), least)
    lost_some = lost & (n > 0)
    all_harder = ak.all(harder, axis=1)
    expected = {
        "r": region.cut(ak.any(harder, axis=1), lost_some),
        "all": o.region().cut(all_harder, lost_some),
        "notall": o.region().cut(~all_harder, lost_some),
        "either": o.region().cut(ak.any(harder | hard, axis=1), lost_some & ~ak.any(hard, axis=1)),
    }
    agree(tmp_path, OBJECTS + MISSING_INSIDE, sample, expected)
