"""Tuples of objects on the bundled sample, against awkward and vector: argmin and composites.

awkward's ``combinations`` come in lexicographic order and its ``argmin`` takes the first, as ADL's.
"""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from adl.cli.front import examine
from adl.syntax.source import Source
from tests.checking import NANOAOD
from tests.on_sample import Region, agree, distances, element, load, union
from tests.tuples_on_sample import OBJECTS, best, jets_of, muons_of, off_z, pairs_of

# ------------------------------------------------------------------------------ argmin, argmax

Z_BY_ARGMIN = """
define Z = argmin(disjoint(muons a, muons b), abs(m(a + b) - 91.2))
region z
  select m(Z) > 20
  select q(Z) == 0 and pT(Z.a) > 15
  histo hm, "m", 60, 0, 180, m(Z)
  histo ha, "a", 50, 0, 200, pT(Z.a)
  histo hb, "b", 50, 0, 200, Z.b.pT
region unguarded
  histo hm, "m", 60, 0, 180, m(Z)
"""


@pytest.mark.parametrize("sample", ["zmumu", "ttbar"])
def test_a_z_candidate_is_the_pair_nearest_to_its_mass(tmp_path: Path, sample: str) -> None:
    events = load(sample)
    pairs = pairs_of(muons_of(events))
    z = best(pairs, off_z(pairs))
    mass = (z.a + z.b).mass
    region = Region(len(events))
    region.cut(mass > 20)
    region.cut((z.a.charge + z.b.charge == 0) & (z.a.pt > 15), undecided=False)
    region.histo("hm", (60, 0.0, 180.0), mass)
    region.histo("ha", (50, 0.0, 200.0), z.a.pt)
    region.histo("hb", (50, 0.0, 200.0), z.b.pt)
    loose = Region(len(events)).histo("hm", (60, 0.0, 180.0), mass)
    agree(tmp_path, OBJECTS + Z_BY_ARGMIN, sample, {"z": region, "unguarded": loose})


ONE_ELEMENT = """
define near = argmin(jets j, dR(j, leptons[0]))
define central = argmin(abs(eta(jets)))
define high = argmax(jets j, floor(pT(j) / 50))
region r
  select size(jets) > 0 and size(leptons) > 0
  histo hnear, "near", 50, 0, 500, pT(near)
  histo hcentral, "central", 50, 0, 500, pT(central)
  histo hhigh, "high", 50, 0, 500, high.pT
"""


def test_argmin_over_one_collection_is_an_element_the_first_of_equals(tmp_path: Path) -> None:
    events = load("ttbar")
    jets, leptons = jets_of(events), union(events.Muon, events.Electron)
    lepton = element(leptons, 0)
    near = best(jets, jets.deltaR(lepton))
    central = best(jets, abs(jets.eta))
    high = best(jets, -np.floor(jets.pt / 50))
    region = Region(len(events))
    region.cut((ak.num(jets) > 0) & (ak.num(leptons) > 0))
    region.histo("hnear", (50, 0.0, 500.0), near.pt)
    region.histo("hcentral", (50, 0.0, 500.0), central.pt)
    region.histo("hhigh", (50, 0.0, 500.0), high.pt)
    agree(tmp_path, OBJECTS + ONE_ELEMENT, "ttbar", {"r": region})


COARSE = """
define pair = argmin(disjoint(leptons a, leptons b), abs(q(a) + q(b)))
define wide = argmax(disjoint(leptons a, leptons b), abs(q(a) + q(b)))
region r
  histo h1, "a", 50, 0, 200, pT(pair.a)
  histo h2, "b", 50, 0, 200, pT(pair.b)
  histo h3, "b", 50, 0, 200, pT(wide.b)
"""


@pytest.mark.parametrize("sample", ["ttbar", "zmumu"])
def test_of_equal_tuples_of_a_union_the_first_in_its_order_wins(
    tmp_path: Path, sample: str
) -> None:
    events = load(sample)
    pairs = pairs_of(union(events.Muon, events.Electron))
    charge = abs(pairs.a.charge + pairs.b.charge)
    pair, wide = best(pairs, charge), best(pairs, -charge)
    region = Region(len(events))
    region.histo("h1", (50, 0.0, 200.0), pair.a.pt)
    region.histo("h2", (50, 0.0, 200.0), pair.b.pt)
    region.histo("h3", (50, 0.0, 200.0), wide.b.pt)
    agree(tmp_path, OBJECTS + COARSE, sample, {"r": region})


NAN = """
define j = argmin(jets j, sqrt(60 - pT(j)))
define all_nan = argmin(jets j, sqrt(0 - pT(j)))
define with_missing = argmin(jets j, pT(j) + 0 * pT(leptons[3]))
region r
  histo h, "softest below 60", 50, 0, 500, pT(j)
  histo h2, "nothing", 50, 0, 500, pT(all_nan)
  histo h3, "four leptons", 50, 0, 500, pT(with_missing)
"""


def test_a_nan_or_a_missing_value_never_wins(tmp_path: Path) -> None:
    events = load("ttbar")
    jets = jets_of(events)
    soft = jets[jets.pt <= 60]
    found = best(soft, 60 - soft.pt)
    many = ak.num(events.Muon) + ak.num(events.Electron) > 3
    softest = best(jets, jets.pt).pt
    region = Region(len(events))
    region.histo("h", (50, 0.0, 500.0), found.pt)
    region.histo("h2", (50, 0.0, 500.0), ak.mask(softest, np.zeros(len(events), bool)))
    region.histo("h3", (50, 0.0, 500.0), ak.mask(softest, many))
    agree(tmp_path, OBJECTS + NAN, "ttbar", {"r": region})


IN_LOOPS = """
region r
  select size(jets) > 2
  histo h, "near", 50, 0, 500, sum(jets j, pT(argmin(jets k, dR(j, k))))
  select any(disjoint(jets a, jets b), m(a + b) > 500)
  select count(cartesian(jets a, jets b), pT(a) == pT(b)) >= 3
"""


def test_argmin_in_a_loop_leaves_the_loops_own_element_out(tmp_path: Path) -> None:
    events = load("ttbar")
    jets = jets_of(events)
    both = ak.cartesian({"a": jets, "b": jets}, nested=True)
    apart = both[both.a.index != both.b.index]
    near = ak.argmin(apart.a.deltaR(apart.b), axis=2, keepdims=True)
    region = Region(len(events))
    region.cut(ak.num(jets) > 2)
    region.histo("h", (50, 0.0, 500.0), ak.sum(ak.firsts(apart.b[near], axis=2).pt, axis=1))
    pairs = pairs_of(jets)
    region.cut(ak.any((pairs.a + pairs.b).mass > 500, axis=1))
    region.cut(ak.num(jets) >= 3)  # each jet with itself, at least
    agree(tmp_path, OBJECTS + IN_LOOPS, "ttbar", {"r": region})


IN_OBJECTS = """
object cleaned
  take jets
  reject pT(argmin(leptons l, dR(this, l))) > 40
object lonely
  take jets
  select dR(this, argmin(jets k, dR(this, k))) > 1
region r
  histo hc, "cleaned", 10, 0, 10, size(cleaned)
  histo hl, "lonely", 10, 0, 10, size(lonely)
"""


def test_argmin_in_an_object_is_asked_for_each_element(tmp_path: Path) -> None:
    events = load("ttbar")
    jets, leptons = jets_of(events), union(events.Muon, events.Electron)
    both = ak.cartesian({"jet": jets, "lepton": leptons}, nested=True)
    nearest = ak.argmin(both.jet.deltaR(both.lepton), axis=2, keepdims=True)
    hard = ak.firsts(both.lepton[nearest], axis=2).pt > 40
    distance = distances(jets, jets)
    others = distance[distance > 0]  # no two jets of an event are in one place
    lonely = ak.fill_none(ak.min(others, axis=2) > 1, False)
    region = Region(len(events))
    region.histo("hc", (10, 0.0, 10.0), ak.sum(~ak.fill_none(hard, False), axis=1))
    region.histo("hl", (10, 0.0, 10.0), ak.sum(lonely, axis=1))
    agree(tmp_path, OBJECTS + IN_OBJECTS, "ttbar", {"r": region})


# ---------------------------------------------------------------------------------- composites

COMPOSITE = """
composite Zs
  take disjoint(leptons a, leptons b)
  select q(a) + q(b) == 0
  object Z = a + b
  select m(Z) > 20
  define off = abs(m(Z) - 91.2)
region z
  select size(Zs) >= 1
  histo hm, "m", 60, 0, 180, m(Zs)
  histo hb, "b", 50, 0, 200, pT(Zs.b)
  histo hfirst, "first", 60, 0, 180, m(Zs[0])
  histo hsecond, "second", 60, 0, 180, Zs[1].Z.m
  histo hpt, "b of the first", 50, 0, 200, Zs[0].b.pT
  histo hoff, "off", 50, 0, 100, Zs[0].off
  histo hsum, "sum", 50, 0, 500, sum(Zs z, pT(z.a))
  select any(m(Zs) > 80)
  select m(argmin(Zs z, z.off)) > 60
region empty
  select pT(Zs[0].a) > 30
"""


@pytest.mark.parametrize("sample", ["zmumu", "ttbar"])
def test_a_composite_is_a_list_of_tuples_that_pass_its_cuts(tmp_path: Path, sample: str) -> None:
    events = load(sample)
    pairs = pairs_of(union(events.Muon, events.Electron))
    pairs = pairs[pairs.a.charge + pairs.b.charge == 0]
    pairs = pairs[(pairs.a + pairs.b).mass > 20]
    mass, off = (pairs.a + pairs.b).mass, off_z(pairs)
    first = element(pairs, 0)
    region = Region(len(events))
    region.cut(ak.num(mass) >= 1)
    region.histo("hm", (60, 0.0, 180.0), mass)
    region.histo("hb", (50, 0.0, 200.0), pairs.b.pt)
    region.histo("hfirst", (60, 0.0, 180.0), element(mass, 0))
    region.histo("hsecond", (60, 0.0, 180.0), element(mass, 1))
    region.histo("hpt", (50, 0.0, 200.0), first.b.pt)
    region.histo("hoff", (50, 0.0, 100.0), element(off, 0))
    region.histo("hsum", (50, 0.0, 500.0), ak.sum(pairs.a.pt, axis=1))
    region.cut(ak.any(mass > 80, axis=1))
    region.cut(best(mass, off) > 60, undecided=False)
    empty = Region(len(events)).cut(first.a.pt > 30)
    agree(tmp_path, OBJECTS + COMPOSITE, sample, {"z": region, "empty": empty})


MIXED = """
composite tops
  take cartesian(jets j, muons l)
  reject dR(j, l) < 0.4
composite heavy
  take tops
  select m(this) > 100
object away
  take jets
  reject dR(this, tops) < 1
region r
  select size(tops) > 0
  select size(heavy) > 0
  histo h, "m", 50, 0, 1000, m(heavy)
  histo h2, "dr", 50, 0, 5, min(dR(tops.j, tops.l))
  histo h3, "away", 10, 0, 10, size(away)
"""


def test_a_composite_without_a_candidate_is_the_sum_of_its_members(tmp_path: Path) -> None:
    events = load("ttbar")
    jets = jets_of(events)
    tops = ak.cartesian({"j": jets, "l": muons_of(events)})
    tops = tops[tops.j.deltaR(tops.l) >= 0.4]
    whole = tops.j + tops.l
    heavy = whole.mass[whole.mass > 100]
    both = ak.cartesian({"jet": jets, "top": ak.zip({"j": tops.j, "p": whole})}, nested=True)
    other = both.top.j.index != both.jet.index
    near = ak.any(other & (both.jet.deltaR(both.top.p) < 1), axis=-1)
    region = Region(len(events))
    region.cut(ak.num(tops) > 0)
    region.cut(ak.num(heavy) > 0)
    region.histo("h", (50, 0.0, 1000.0), heavy)
    region.histo("h2", (50, 0.0, 5.0), ak.min(tops.j.deltaR(tops.l), axis=1))
    region.histo("h3", (10, 0.0, 10.0), ak.sum(~near, axis=1))
    agree(tmp_path, OBJECTS + MIXED, "ttbar", {"r": region})


COMB = """
object pairs : COMB( muons[-1] muons[-2] ) alias z
  select q(z) == 0
  select pT(muons[-1]) > 20
object mixed : COMB( jets[-1] muons[-1] ) alias c
  select m(c) > 50
object nearest : COMB( jets[-1] jets[-2] ) alias w
  select m(w) ~= 80.4
define lead = constituents(pairs[0], muons[-2])
define Z = pairs[-1]
region r
  histo hn, "n", 30, 0, 30, size(mixed)
  histo hw, "w", 50, 0, 500, m(nearest[0])
  select size(pairs) > 0
  histo hm, "m", 60, 0, 180, m(pairs[0])
  histo hl, "lead", 50, 0, 200, pT(lead)
  select m(Z) ~= 91.2
  histo hz, "z", 60, 0, 180, m(Z)
"""


@pytest.mark.parametrize("sample", ["zmumu", "ttbar"])
def test_a_comb_is_a_composite_whose_members_are_called_by_their_indices(
    tmp_path: Path, sample: str
) -> None:
    events = load(sample)
    muons, jets = muons_of(events), jets_of(events)
    pairs = pairs_of(muons)
    pairs = pairs[(pairs.a.charge + pairs.b.charge == 0) & (pairs.a.pt > 20)]
    mass = (pairs.a + pairs.b).mass
    mixed = ak.cartesian({"a": jets, "b": muons})
    w = (pairs_of(jets).a + pairs_of(jets).b).mass
    region = Region(len(events))
    region.histo("hn", (30, 0.0, 30.0), ak.sum((mixed.a + mixed.b).mass > 50, axis=1))
    region.histo("hw", (50, 0.0, 500.0), best(w, abs(w - 80.4)))
    region.cut(ak.num(mass) > 0)
    region.histo("hm", (60, 0.0, 180.0), element(mass, 0))
    region.histo("hl", (50, 0.0, 200.0), element(pairs, 0).b.pt)
    region.cut(np.ones(len(events), bool))
    region.histo("hz", (60, 0.0, 180.0), best(mass, off_z(pairs)))
    agree(tmp_path, OBJECTS + COMB, sample, {"r": region})


# -------------------------------------------------------------------------------------- mistakes


def codes(text: str) -> list[str]:
    source = Source("test.adl", OBJECTS + text)
    findings = examine(source, NANOAOD, "auto")[1]
    return [finding.code for finding in findings if finding.severity != "note"]


PAIRS = "composite Zs\n  take disjoint(muons a, muons b)\n"
PAIR = "define Z = argmin(disjoint(muons a, muons b), m(a + b))\n"
SEVEN = " ".join(f"jets[-{i}]" for i in range(1, 8))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("region r\n  select m(jets[-1] jets[-2]) > 50", ["E231"]),
        ("object o\n  take jets\n  select dR(this, jets[-1]) > 1", ["E231"]),
        ('define d = m(jets[-1])\nregion r\n  histo h, "h", 5, 0, 1, d', ["E231"]),
        (PAIRS + "  select pT(muons[-1]) > 20", ["E231"]),
        ("region r\n  reject m(jets[-1] jets[-2]) ~= 50", ["E232"]),
        ("region r\n  select m(jets[-1]) ~= 50 and MET > 3", ["E232"]),
        ("region r\n  bin m(jets[-1]) ~= 50", ["E232"]),
        ("region r\n  select MET ~= 50", ["W311", "W330"]),
        (f"region r\n  select m({SEVEN}) ~= 500", ["E234"]),
        (
            """
region one
  select pT(jets[-1]) ~= 5
region other
  select pT(jets[-1]) ~= 9
region both
  one
  other""",
            ["E235"],
        ),
        ("define Z = argmin(m(muons + jets))", ["E217"]),
        ("define Z = argmin(3)", ["E217"]),
        ("define Z = argmin(muons a, muons b)", ["E206"]),
        ("define Z = argmin(disjoint(muons), 3)", ["E206"]),
        ("define Z = disjoint(muons a, muons b)", ["E206"]),
        ("define Z = argmin(disjoint(muons a, muons a), m(a))", ["E207"]),
        ("composite Zs\n  select MET > 3", ["E214"]),
        ("composite Zs\n  take muons", ["E214"]),
        (PAIRS + "  object a = a + b", ["E207"]),
        (PAIRS + "  select m(Zs) > 3", ["E208"]),
        (PAIRS + "  select pT(c) > 3", ["E201"]),
        (PAIRS + "  select m(this) ~= 91", ["W312", "W330"]),
        (PAIRS + "region r\n  select size(Zs) > 0\n  select pT(Zs[0].c) > 3", ["E202"]),
        (PAIRS + "region r\n  select m(Zs) > 3", ["E203"]),
        (PAIRS + "region r\n  select m(Zs[0]) > 3", ["W301"]),
        (PAIRS + "region r\n  select size(Zs) > 0\n  select m(Zs[0]) > 3", []),
        (PAIR + "region r\n  select m(Z) > 3\n  select pT(Z.a) > 3", ["W301"]),
        (PAIR + "region r\n  select size(muons) > 1\n  select m(Z) > 3", []),
        ("region r\n  weight w m(argmin(jets j, pT(j)))", ["E218"]),
    ],
)
def test_a_mistake_gives_one_message(text: str, wanted: list[str]) -> None:
    assert codes(text + "\n") == wanted
