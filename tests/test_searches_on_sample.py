"""Searches for particles on the bundled sample, against awkward and vector, and on both targets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
from click.testing import CliRunner

from adl.cli.front import examine
from adl.cli.run import command
from adl.syntax.source import Source
from tests.checking import NANOAOD
from tests.on_sample import Region, agree, load, paths, union
from tests.test_tuples import (
    COARSE,
    COMB,
    COMPOSITE,
    IN_LOOPS,
    IN_OBJECTS,
    MIXED,
    NAN,
    ONE_ELEMENT,
    Z_BY_ARGMIN,
)
from tests.tuples_on_sample import OBJECTS, best, jets_of, off_z, pairs_of, without

TWO_ZS = """
define Z1 : leptons[-1] leptons[-1]
define Z2 : leptons[-2] leptons[-2]
define apart = abs(m(Z1) - m(Z2))
region two
  select m(Z1) ~= 91.2
  histo h1, "Z1", 60, 0, 180, m(Z1)
  histo hlead, "lead", 50, 0, 200, pT(leptons[-1])
  select m(Z2) ~= 91.2
  histo h2, "Z2", 60, 0, 180, m(Z2)
  select apart < 30
region child
  take two
  select q(Z2) == 0
  histo h3, "Z2", 60, 0, 180, m(Z2)
"""


@pytest.mark.parametrize("sample", ["ttbar", "zmumu"])
def test_a_second_search_leaves_out_what_the_first_found(tmp_path: Path, sample: str) -> None:
    events = load(sample)
    leptons = union(events.Muon, events.Electron)
    one = best(pairs_of(leptons), off_z(pairs_of(leptons)))
    rest = pairs_of(without(leptons, one.a, one.b))
    two = best(rest, off_z(rest))
    m1, m2 = (one.a + one.b).mass, (two.a + two.b).mass
    region, child = Region(len(events)), Region(len(events))
    region.cut(np.ones(len(events), bool))
    region.histo("h1", (60, 0.0, 180.0), m1)
    region.histo("hlead", (50, 0.0, 200.0), one.a.pt)
    region.cut(np.ones(len(events), bool))
    region.histo("h2", (60, 0.0, 180.0), m2)
    region.cut(abs(m1 - m2) < 30)
    child.cut(np.ones(len(events), bool)).cut(np.ones(len(events), bool))
    child.cut(abs(m1 - m2) < 30)
    child.cut(two.a.charge + two.b.charge == 0, undecided=False)
    child.histo("h3", (60, 0.0, 180.0), m2)
    agree(tmp_path, OBJECTS + TWO_ZS, sample, {"two": region, "child": child})


TOP = """
define W : jets[-1] jets[-1]
define top = W + jets[-2]
define chi = (m(W) - 80.4)^2 / 100 + (m(top) - 172.5)^2 / 400
region simple
  select size(jets) >= 3
  select m(jets[-1] jets[-1] jets[-1]) ~= 172.5
  histo h, "m", 50, 0, 500, m(jets[-1] jets[-1] jets[-1])
region assigned
  select size(jets) >= 3
  select chi ~= 0
  histo hw, "W", 50, 0, 500, m(W)
  histo hb, "b", 50, 0, 500, pT(jets[-2])
  bin chi 0 1 10
region far
  select m(jets[-1] jets[-2]) ~! 0
  select default(m(jets[-1] + jets[-2]), 1000) > 200
"""


def test_three_jets_nearest_to_the_top(tmp_path: Path) -> None:
    events = load("ttbar")
    jets = jets_of(events)
    three = ak.combinations(jets, 3, fields=("a", "b", "c"))
    mass = (three.a + three.b + three.c).mass
    simple = Region(len(events))
    simple.cut(ak.num(jets) >= 3)
    simple.cut(np.ones(len(events), bool))
    simple.histo("h", (50, 0.0, 500.0), best(mass, abs(mass - 172.5)))
    each = ak.cartesian({"w": pairs_of(jets), "b": jets})
    each = each[(each.w.a.index != each.b.index) & (each.w.b.index != each.b.index)]
    w = each.w.a + each.w.b
    chi = (w.mass - 80.4) ** 2 / 100 + ((w + each.b).mass - 172.5) ** 2 / 400
    assigned = Region(len(events))
    assigned.cut(ak.num(jets) >= 3)
    assigned.cut(np.ones(len(events), bool))
    assigned.histo("hw", (50, 0.0, 500.0), best(w.mass, chi))
    assigned.histo("hb", (50, 0.0, 500.0), best(each.b, chi).pt)
    assigned.bin_edges(best(chi, chi), 0, 1, 10)
    pairs = (pairs_of(jets).a + pairs_of(jets).b).mass
    far = Region(len(events)).cut(np.ones(len(events), bool))
    far.cut(ak.fill_none(best(pairs, -pairs), 1000) > 200, undecided=False)
    agree(tmp_path, OBJECTS + TOP, "ttbar", {"simple": simple, "assigned": assigned, "far": far})


CHOICE = """
region both
  select size(jets) > 3 ? m(jets[-1] jets[-1]) ~= 80.4 : m(jets[-1] jets[-1]) ~= 91.2
  histo h, "m", 50, 0, 500, m(jets[-1] jets[-1])
region one
  select size(jets) > 3 ? m(jets[-1] jets[-1]) ~= 80.4
  histo h, "m", 50, 0, 500, m(jets[-1] jets[-1])
"""


def test_a_search_in_a_ternary_is_made_where_its_branch_is_taken(tmp_path: Path) -> None:
    events = load("ttbar")
    jets = jets_of(events)
    pairs = pairs_of(jets)
    mass = (pairs.a + pairs.b).mass
    many = ak.num(jets) > 3
    axis = (50, 0.0, 500.0)
    everything = np.ones(len(events), bool)
    both = Region(len(events)).cut(everything)
    both.histo("h", axis, best(mass, abs(mass - ak.where(many, 80.4, 91.2))))
    one = Region(len(events)).cut(everything)
    one.histo("h", axis, ak.mask(best(mass, abs(mass - 80.4)), many))
    agree(tmp_path, OBJECTS + CHOICE, "ttbar", {"both": both, "one": one})


SHARED = """
define far = size(jets) > 3
region shared
  select far ? m(jets[-1] jets[-2]) ~= 80.4 : pT(jets[-1]) ~= 60
  histo h1, "found by both", 50, 0, 500, pT(jets[-1])
  histo h2, "found by one", 50, 0, 500, pT(jets[-2])
  select m(jets[-1] jets[-3]) ~= 91.2         # beside what has been found
  histo h3, "the rest", 50, 0, 500, pT(jets[-3])
region nested
  select far ? m(jets[-1] jets[-1]) ~= 80.4 : size(jets) > 2 ? m(jets[-1] jets[-1]) ~= 91.2 : ALL
  select m(jets[-1] jets[-1]) > 60
  histo h, "m", 50, 0, 500, m(jets[-1] jets[-1])
"""


def test_an_unknown_of_both_branches_is_what_the_taken_one_finds(tmp_path: Path) -> None:
    events = load("ttbar")
    jets = jets_of(events)
    many, axis, everything = ak.num(jets) > 3, (50, 0.0, 500.0), np.ones(len(events), bool)
    a, b = ordered_pair(jets)
    w = np.round(abs((a + b).mass - 80.4), 6)  # vector's a + b and b + a differ in the last bits
    near = abs(jets.pt - 60)
    first = ak.where(many, best(a.index, w), best(jets.index, near))
    second = ak.mask(best(b.index, w), many)
    shared = Region(len(events)).cut(everything)
    shared.histo("h1", axis, pt_at(jets, first))
    shared.histo("h2", axis, pt_at(jets, second))
    left = jets[jets.index != ak.fill_none(first, -1)]
    left = left[left.index != ak.fill_none(second, -1)]
    found = jets[jets.index == ak.fill_none(first, -1)]
    pair = ak.cartesian({"a": found, "b": left})
    shared.cut(everything)
    shared.histo("h3", axis, best(pair.b.pt, abs((pair.a + pair.b).mass - 91.2)))
    pairs = pairs_of(jets)
    mass = (pairs.a + pairs.b).mass
    wanted = ak.where(many, 80.4, 91.2)
    some = ak.mask(best(mass, abs(mass - wanted)), ak.num(jets) > 2)
    nested = Region(len(events)).cut(everything).cut(some > 60)
    nested.histo("h", axis, some)
    agree(tmp_path, OBJECTS + SHARED, "ttbar", {"shared": shared, "nested": nested})


def ordered_pair(jets: Any) -> tuple[Any, Any]:
    """Two different jets, in both orders."""
    a, b = ak.unzip(ak.cartesian([jets, jets]))
    return a[a.index != b.index], b[a.index != b.index]


def pt_at(jets: Any, index: Any) -> Any:
    """The pT of the jet of an index; None where that is None."""
    return ak.firsts(jets[jets.index == ak.fill_none(index, -1)].pt)


def test_a_found_choice_is_there_after_a_cut_on_it() -> None:
    text = f"{OBJECTS}{SHARED}"
    source = Source("a.adl", text)
    findings = examine(source, NANOAOD, "auto")[1]
    lines = [text[: d.span.start].count("\n") for d in findings if d.code == "W301"]
    after = text[: text.index("select m(jets[-1] jets[-1]) > 60")].count("\n")
    assert not [line for line in lines if line > after]


def results(tmp_path: Path, text: str, target: str) -> dict[str, Any]:
    analysis = tmp_path / "analysis.adl"
    analysis.write_text(text)
    arguments = [*map(str, [analysis, *paths("ttbar"), "-o", tmp_path / target]), "-q"]
    ran = CliRunner().invoke(command, [*arguments, "-n", "300", "--target", target])
    assert ran.exit_code == 0, ran.output
    content: dict[str, Any] = json.loads((tmp_path / target / "results.json").read_text())
    return {key: content[key] for key in ("cutflows", "histograms")}


TEXTS = [
    Z_BY_ARGMIN,
    ONE_ELEMENT,
    COARSE,
    NAN,
    IN_LOOPS,
    IN_OBJECTS,
    COMPOSITE,
    MIXED,
    COMB,
    TWO_ZS,
    TOP,
    CHOICE,
    SHARED,
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_the_kernel_gives_what_the_interpreter_does(tmp_path: Path, text: str) -> None:
    host, reference = (results(tmp_path, OBJECTS + text, t) for t in ("host", "reference"))
    assert host == reference
