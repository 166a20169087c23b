"""Random analyses as text over random events: what is checked runs, with one answer everywhere.

The checker accepts each of them, the kernel counts, fills and records what the interpreter does,
bit for bit, and the formatter's text is the same program. ``ADL_EXAMPLES=10000`` makes the long
run.
"""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from adl.check.analysis import AskedDialect
from adl.compiler import cache
from adl.compiler.targets import host
from adl.syntax.diagnostics import AnalysisError
from tests.adltext.arrays import Analysis, sound
from tests.adltext.comparison import RECORDED, SIMULATION, compare, compile_text, differences
from tests.adltext.events import events
from tests.strategies import EXAMPLES, batches, check


@pytest.mark.parametrize("batch", batches(EXAMPLES * 4 // 5))
def test_a_text_means_one_thing_everywhere(batch: int) -> None:
    check(batch, compare, st.randoms(use_true_random=False))


# ----------------------------------------------------------------------- what was found once


def agree(text: str, dialect: AskedDialect = "adl") -> list[int]:
    """Check an analysis on random events; return its raw counts."""
    compiled = compile_text(text, dialect)
    chunk = events(Random(1), 60)
    expected = compiled.interpret(chunk)
    assert not differences(expected, compiled.run(chunk))
    return [int(count) for count in expected.raw]


def test_a_comparison_in_letters_takes_a_negative_number() -> None:
    words = agree("region r\n  select size(Jet) > 0 and eta(Jet[0]) GT -0.5\n")
    signs = agree("region r\n  select size(Jet) > 0 and eta(Jet[0]) > -0.5\n")
    assert words == signs
    assert 0 < words[1] < words[0]


@pytest.mark.parametrize(
    "spelling", ["own(jets[0])", "jets[0].own", "{jets[0]}own", "sum(own(jets))"]
)
def test_an_attribute_of_an_object_block_has_every_spelling(spelling: str) -> None:
    block = "object jets\n  take Jet\n  select size(Jet) == 1\n  define own = 2 * pT\n"
    counts = agree(f"{block}region r\n  select size(jets) > 0\n  select {spelling} > 40\n")
    plain = agree(f"{block}region r\n  select size(jets) > 0\n  select 2 * pT(jets[0]) > 40\n")
    assert counts[:3] == plain[:3]
    assert 0 < counts[2] < counts[1]


@pytest.mark.parametrize(
    ("whole", "written"),
    [
        ("min(pT(Jet) + dphi(Jet, MET))", "min(Jet j, pT(j) + dphi(add(Jet), MET))"),
        ("min(dphi(Jet, MET) + pT(Jet))", "min(Jet j, pT(j) + dphi(add(Jet), MET))"),
        ("min(dphi(Jet, Jet) + pT(Muon))", "min(Muon x, pT(x) + dphi(add(Jet), add(Jet)))"),
    ],
)
def test_a_vector_sum_of_cutlang_leaves_the_loops_that_others_need(
    whole: str, written: str
) -> None:
    text = 'region r\n  select size(Jet) > 0\n  histo h, "h", 10, 0, 50, {}\n'
    assert agree(text.format(whole), "cutlang") == agree(text.format(written), "cutlang")


def test_a_correction_says_nothing_of_events_that_no_variation_looks_at() -> None:
    agree(
        'region r\n  select pT(Jet[0]) > 30\n  histo h, "t", 10, 0, 2, '
        'correction("../corpus/corrections/muons.json", "muon_id", "nominal", phi(MET), MET)\n'
        "systematic s\n  scale pt(Jet) up 2 down 0.5\n"
    )


def test_what_a_correction_says_is_a_weight_of_every_variation() -> None:
    agree(
        "region r\n  select size(Muon) > 0\n  weight w default(correction("
        '"../corpus/corrections/muons.json", "muon_id", "nominal", pT(MET), p(Muon[0])), 2)\n'
        "  select pT(Muon[0]) > 20\nsystematic s\n  scale pt(Muon) up 1.1 down 0.9\n"
    )


def test_what_a_search_has_found_is_used_in_a_loop_and_after_it() -> None:
    agree(
        "define best = argmax(Jet j, correction("
        '"../corpus/corrections/muons.json", "muon_id", "nominal", eta(j), pT(j)))\n'
        "region r\n  select size(Jet) > 1\n"
        "  select all(Jet j, pT(j) > 20 or pT(best) > pT(j))\n  select m(best) > 0\n"
    )


def test_a_weight_by_what_variations_sort_is_that_of_each() -> None:
    agree(
        "region r\n  sort -Electron.e ascend\n  weight w default(fMHT(Electron[1:]), 50)\n"
        "  select size(Electron) > 1\n  select any(pz(Electron) > 1)\n"
        "systematic s\n  scale pt(Electron), mass(Electron) up 1.1 down 0.9\n"
    )


MOVED = """\
function scaled
  code "functions.py"
correction cor1 "../corpus/corrections/muons.json" muon_id
  inputs $, *
  nominal "nominal"
  vary idv2 up "up" down "nominal"
Object obj3
  take FatJet
Object obj5
  take obj3
obj obj6
  take obj5 one7
composite comp8
  take Jet m9, m10, m11
define def12 = gauss(2 * MET, 5)
algorithm reg13
  weight default((all(comp8 z16, ({z16}py GE {MET}PT)) ? (0)^0 : ({comp8[0].m9}pt * def12)), 0)
systematic sys17
  scale pt(Jet), mass(Jet) nominal 1.01 up 1 + 0.02 * abs(eta) down 0.5
  propagate MET from Jet pt > 15
systematic sys18
  scale Jet.pt up 1 + 0.02 * abs(eta) down 0.5
"""


def test_a_weight_by_what_moves_the_missing_momentum_is_that_of_each_variation() -> None:
    agree(MOVED)


def test_a_draw_from_what_is_no_number_is_one_draw() -> None:
    agree(
        "region r\n  select size(Jet) > 0\n"
        '  histo h, "t", 100, -5, 5, correction("../corpus/corrections/muons.json", "muon_smear", '
        "event, sqrt(-1 - MET), 1, MET)\n"
    )


@pytest.mark.parametrize("seed", range(2))
def test_the_passes_for_many_regions_give_the_same_bits(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    asked: list[int] = []
    optimised = host.optimised

    def noted(module: Any, machine: Any, level: int = 2) -> Any:
        asked.append(level)
        return optimised(module, machine, level)

    monkeypatch.setattr(host, "_MANY", 0)
    monkeypatch.setattr(host, "optimised", noted)
    monkeypatch.setattr(cache, "load", lambda name: None)
    monkeypatch.setattr(cache, "save", lambda name, payload: None)
    compare(Random(seed))
    assert set(asked) == {1}


def test_members_of_a_composite_are_no_vector_sum_in_cutlang() -> None:
    block = "composite pairs\n  take disjoint(Muon a, Jet b)\n"
    fill = '  histo h, "h", 10, 0, 5, pT(pairs) * 0 + dR(pairs.a, pairs.b)\n'
    assert sum(agree(f"{block}region r\n{fill}", "cutlang")[1:]) > 0


@pytest.mark.parametrize("dialect", ["adl", "cutlang"])
def test_the_largest_of_integers_can_be_none(dialect: AskedDialect) -> None:
    for second in ("Electron[2].charge", "1", "size(Jet)"):
        value = f"max(Electron[1].charge, {second}) + 0.5"
        agree(f'region r\n  histo h, "h", 4, -2, 2, {value}\n', dialect)
    agree("region r\n  select (max(size(Jet), 1) & 1) == 1\n", dialect)


def test_a_loop_that_another_dataset_has_is_not_left_out() -> None:
    for value in ("all(isData and pT(Jet) > 20)", "sum((isData ? pT(Jet) : 1) * pT(Muon)) > 1"):
        text = f"region r\n  select {value}\n"
        with pytest.raises(AnalysisError) as caught:
            compile_text(text, "adl", SIMULATION)
        assert [d.code for d in caught.value.diagnostics if d.severity == "error"] == ["E217"]
        compile_text(text, "adl", RECORDED)
    written = "region r\n  select all(Jet j, isData and pT(j) > 20) or any(isData or pT(Jet) > 1)\n"
    assert agree(written)[1] > 0


@pytest.mark.parametrize("first", ["c[0]", "c_0"])
def test_a_composite_with_an_index_is_whole_in_the_block_that_takes_it(first: str) -> None:
    text = f"""composite c
  take disjoint(Jet a, Jet b)
composite e
  take c
  select {first}.a == a and {first}.b == b
region r
  select size(c) > 0
  select size(e) == 1
"""
    counts = agree(text)
    assert 0 < counts[1] == counts[2]


@pytest.mark.parametrize(
    "value",
    ["argmin(Jet lead, pT(lead))", "argmax(disjoint(Jet lead, Jet b), m(lead + b))"],
)
def test_a_define_may_be_called_like_a_loop_in_it(value: str) -> None:
    text = f"define lead = {value}\nregion r\n  select pT(lead) > 20\n"
    counts = agree(text)
    assert 0 < counts[1] < counts[0]


def test_a_define_may_be_called_like_an_attribute_in_it() -> None:
    text = "object o\n  take Jet\n  define twice = 2 * pT\n"
    text += "define twice = sum(o.twice)\nregion r\n  select twice > 50\n"
    counts = agree(text)
    assert 0 < counts[1] < counts[0]


# ------------------------------------------------------------------------- against awkward


@pytest.mark.parametrize("batch", batches(EXAMPLES // 5))
def test_a_text_means_what_awkward_computes(batch: int) -> None:
    def compare_arrays(random: Random) -> None:
        chunk = sound(events(random, 40, special=0.0))
        twice = Analysis(random, chunk)
        compiled = compile_text(twice.text, "adl")
        found = compiled.run(chunk)
        (output,) = compiled.program.regions
        steps = [compiled.layout.places[s.fill] for s in output.steps if not s.weight]
        assert [found.raw[place.cells] for place in steps] == twice.steps, twice.text
        for place, number in zip(steps, twice.sums, strict=True):
            if place.sums >= 0:
                assert found.sumw[place.sums] == pytest.approx(number, rel=1e-12, abs=1e-9)
        for histogram, expected in zip(output.histograms, twice.histograms, strict=True):
            place = compiled.layout.places[histogram.fills[0]]
            counts = found.raw[place.cells : place.cells + place.size]
            assert counts.tolist() == expected.counts.tolist(), (expected.name, twice.text)
            if place.sums >= 0:
                sums = found.sumw[place.sums : place.sums + place.size]
                np.testing.assert_allclose(sums, expected.sums, rtol=1e-12, atol=1e-9)

    check(batch, compare_arrays, st.randoms(use_true_random=False))


def test_rows_of_sorted_hemispheres_compare_only_what_was_made() -> None:
    """A loop over them runs over the muons: beyond two there is what an event before has left."""
    block = "object made\n  take fhemisphere(Muon, 2, 3)\n"
    counts = agree(f"{block}region r\n  sort -phi(made) ascend\n  save kept csv theta(made)\n")
    assert counts[0] == 60


def test_a_call_of_the_library_without_arguments_is_one_of_a_function() -> None:
    text = 'region r\n  select size(Jet) > 0\n  histo h, "h", 10, 0, 1, tanh({})\n'
    assert agree(text.format("hardMET"), "cutlang") == agree(text.format("hardMET()"), "cutlang")


def test_a_correction_has_no_fault_in_an_event_that_failed_before_its_variation() -> None:
    """What tells how far a variation moves asks first what nominal and varied cuts both ask."""
    text = """\
correction id "../corpus/corrections/muons.json" muon_id
  nominal "nominal"
  vary moved up "up" down "nominal"
correction fixed "../corpus/corrections/muons.json" muon_id
  inputs "nominal", $, *
region r
  select any(pz(Jet) > 1)
  select MET > 50 or fixed(default(Jet[1].btagDeepFlavB, -1), 20) > 0.5
  select id(MET.phi, 20) <= 1 or MET > 1
"""
    compiled = compile_text(text, "adl")
    chunk = events(Random(1), 60, most=3)
    expected, found = compiled.interpret(chunk), compiled.run(chunk)
    assert expected.faults
    assert not differences(expected, found)
