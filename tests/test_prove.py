"""Proofs over the cuts of regions: what is decided without an event, and the traps."""

from __future__ import annotations

import pytest

from adl.check.analysis import AskedDialect
from adl.check.checker import check
from adl.compiler.pipeline import lowered
from adl.compiler.prove.decide import Prover, decide
from adl.compiler.prove.facts import FACTS
from adl.compiler.prove.formulas import TRUE, over, under
from adl.compiler.prove.promises import promises_of
from adl.compiler.prove.regions import regions_of
from adl.compiler.prove.verdicts import Limits, Verdict
from adl.stdlib.models import load_model
from adl.syntax.parse import parse
from adl.syntax.source import Source

SCHEMA = load_model("nanoaod").schema()
PROMISES = promises_of(SCHEMA)
OBJECTS = """
object leptons
  take Muon
  take Electron
  select pT > 10
object hardleptons
  take Muon
  take Electron
  select pT > 25
object jets
  take Jet
  select pT > 30 and abs(eta) < 2.4
object bjets
  take jets
  select btagDeepFlavB > 0.5
object hardjets
  take jets
  select pT > 150
object lightjets
  take jets
  reject btagDeepFlavB > 0.5
define HT = sum(pT(jets))
"""


INTERVALS = Limits(solver=False, search=False)
SOLVER = Limits(seconds=10, search=False)
FULL = Limits(seconds=10, solver=False)


def verdict(
    a: str,
    b: str,
    objects: str = OBJECTS,
    limits: Limits = INTERVALS,
    dialect: AskedDialect = "adl",
) -> Verdict:
    """What is decided of two lists of cuts, separated by semicolons."""
    text = f"{objects}\nregion a\n{cuts(a)}\nregion b\n{cuts(b)}\n"
    source = Source("test.adl", text)
    analysis, _ = check(parse(source), source, SCHEMA, dialect)
    program = lowered(analysis)
    if limits.search:
        return decide(program, "a", "b", limits, PROMISES)
    first, second = regions_of(program)
    return Prover(PROMISES, limits).prove(first.mask, second.mask)


def cuts(text: str) -> str:
    words = ("select", "reject")
    each = (c.strip() for c in text.split(";"))
    return "\n".join(f"  {c if c.startswith(words) else f'select {c}'}" for c in each)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("MET > 100", "MET <= 100", "disjoint"),
        ("MET > 100", "MET >= 100", "subset"),
        ("MET > 100", "MET > 100", "equal"),
        ("MET > 100; size(jets) > 1", "size(jets) >= 2; MET > 100", "equal"),
        ("size(jets) > 2.5", "size(jets) >= 3", "equal"),
        ("size(leptons) == 0", "size(hardleptons) >= 1", "disjoint"),
        ("size(bjets) >= 2", "size(jets) < 2", "disjoint"),
        ("size(bjets) >= 2", "size(jets) >= 2", "subset"),
        ("size(bjets) + size(lightjets) > 4", "size(jets) < 4", "disjoint"),
        ("size(jets) >= 4", "HT < 120", "disjoint"),
        ("max(pT(jets)) > 100", "size(jets) > 0", "subset"),
        ("min(jets j, dPhi(j, MET)) > 0.4", "any(jets j, dPhi(j, MET) < 0.3)", "disjoint"),
        ("all(jets j, pT(j) > 50)", "max(jets j, pT(j)) < 40; size(jets) > 0", "disjoint"),
        ("pT(jets[0]) > 100", "size(jets) == 0", "disjoint"),
        ("pT(jets[0]) > 100", "HT < 90", "disjoint"),
        ("size(jets) >= 2", "size(jets) >= 2; HT > 59", "equal"),
        # A mass can be NaN, and so can their sum: it is on neither side.
        ("size(jets) >= 2", "size(jets) >= 2; sum(abs(m(jets))) >= 0", "superset"),
        ("size(jets) >= 2", "size(jets) >= 2; reject sum(abs(m(jets))) < 0", "equal"),
        ("pT(jets[0]) < 100", "pT(jets[1]) > 100", "disjoint"),
        ("pT(jets[0]) > 200", "max(pT(jets)) < 150", "disjoint"),
        ("bjets[0].pt > 200", "jets[0].pt < 150", "disjoint"),
        ("MET > 100 ? size(jets) > 2 : size(jets) > 4", "size(jets) < 3", "disjoint"),
        ("MET > 100 ? size(jets) > 2 : size(jets) > 4", "size(jets) > 2", "subset"),
        ("abs(sdphi(jets[0], MET)) < 4; size(jets) > 0", "size(jets) >= 1", "subset"),
        ("dphi(jets[0], MET) > 3.2", "MET > 0", "disjoint"),
        ("min(MET, HT) > 100", "MET < 100", "disjoint"),
        ("isolated", "not isolated", "disjoint"),
        ("MET [] 80 100", "MET ][ 80 100", "unknown"),
        ("MET [] 80 100", "MET > 100", "disjoint"),
        ("size(leptons) == 2", "MET > 100", "unknown"),
    ],
)
def test_pairs_are_decided_by_intervals(a: str, b: str, expected: str) -> None:
    objects = OBJECTS + "define isolated = MET > 100 and size(jets) == 2\n"
    assert verdict(a, b, objects).relation == expected


def test_two_masks_that_nothing_decides_say_which_the_nearest_event_does_not_pass() -> None:
    few = Limits(seconds=0.05, solver=False)
    found = verdict("m(jets[0] + jets[1]) == 91.1876", "MET > 10", limits=few)
    assert found.relation == "unknown"
    assert found.term == "what is asked in a"


def test_an_event_that_the_interpreter_has_no_time_for_is_no_witness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = Limits(seconds=0.05, solver=False)
    asked = "size(jets) >= 2", "size(bjets) <= 3"
    assert verdict(*asked, limits=few).relation == "overlapping"
    monkeypatch.setattr("adl.compiler.prove.search.PATIENCE", -1.0)
    late = verdict(*asked, limits=few)
    assert late.relation == "unknown"
    assert late.witness is None


# ------------------------------------------------------------------------ background facts

# fact -> two regions that are disjoint by it
BY_FACT = {
    "subset": ("size(bjets) >= 2", "size(jets) < 2"),
    "covered": ("all(jets j, pT(j) > 50)", "max(jets j, pT(j)) < 40; size(jets) > 0"),
    "exclusive": ("size(bjets) + size(lightjets) > 4", "size(jets) < 4"),
    "parts": ("size(leptons) == 0", "size(hardleptons) >= 1"),
    "found": ("pT(jets[0]) > 100", "size(jets) == 0"),
    "passes": ("pT(jets[0]) < 20", "size(jets) > 0"),
    "counted": ("jets[0].btagDeepFlavB > 0.6", "size(bjets) == 0"),
    "order": ("pT(jets[0]) < 100", "pT(jets[1]) > 100"),
    "threshold": ("pT(jets[1]) > 200", "size(hardjets) < 2"),
    "sum of none": ("size(jets) == 0", "HT > 1"),
    "sum grows": ("HT < 90", "sum(pT(bjets)) > 100"),
    "sum of many": ("size(jets) >= 4", "HT < 120"),
    "comparison": ("pT(jets[0]) > pT(bjets[0])", "pT(jets[0]) < pT(bjets[0])"),
}


def test_every_fact_has_its_justification_and_its_pair() -> None:
    assert BY_FACT.keys() == FACTS.keys()
    assert all(len(reason.split()) > 5 for reason in FACTS.values())


@pytest.mark.parametrize("fact", FACTS)
def test_a_proof_names_the_fact_that_it_needs(fact: str) -> None:
    found = verdict(*BY_FACT[fact])
    assert found.relation == "disjoint"
    assert fact in found.facts


# --------------------------------------------------------------------------------- the traps


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        # abs with a negative constant
        ("abs(jets[0].eta) > -1", "size(jets) > 0; abs(jets[0].eta) >= 0", "equal"),
        ("abs(jets[0].eta) < -1", "size(jets) > 0", "disjoint"),
        # a collection that no model orders, and the same after a union
        ("pT(Muon[0]) < 50", "pT(Muon[1]) > 60", "overlapping"),
        ("pT(leptons[0]) < 50", "pT(leptons[1]) > 60", "disjoint"),
        # floating folding: 3 * 0.1 is more than 0.3, and 0.1 + 0.2 is, too
        ("MET * 0.1 > 0.3", "MET > 3", "superset"),
        ("MET > 0.1 + 0.2", "MET > 0.3", "subset"),
        ("MET / 10 > 3", "MET > 30", "equal"),
        # missing elements: neither side passes, the opposite does
        ("pT(jets[1]) > 50", "reject pT(jets[1]) > 50", "disjoint"),
        ("pT(jets[1]) <= 50", "reject pT(jets[1]) > 50", "subset"),
        ("reject pT(jets[1]) > 50", "reject pT(jets[1]) <= 50", "overlapping"),
        # NaN is on neither side
        ("reject MET < 100", "MET >= 100", "superset"),
        # a shared index after a sort is another element
        ("pT(bysecond[0]) < 50", "pT(bysecond[1]) > 100", "overlapping"),
        ("btagDeepFlavB(bysecond[0]) < 0.5", "btagDeepFlavB(bysecond[1]) > 0.6", "disjoint"),
        ("pT(bysecond[0]) > 100", "pT(jets[0]) < 90", "disjoint"),
        # integer sizes
        ("size(jets) > 2", "size(jets) < 3", "disjoint"),
        ("size(jets) != 2", "size(jets) > 1; size(jets) < 3", "disjoint"),
        ("size(jets) >= 1.5", "size(jets) > 1", "equal"),
        ("size(jets) < 0", "MET > 0", "disjoint"),
        # closed edges
        ("MET [] 100 200", "MET [] 200 300", "overlapping"),
        ("MET >= 100 and MET < 200", "MET [] 200 300", "disjoint"),
        ("MET ][ 100 200", "MET > 100 and MET < 200", "disjoint"),
        ("size(jets) [] 2 3", "size(jets) [] 4 5", "disjoint"),
        # a column of 32 bits is compared as a double
        ("MET > 0.1", "MET >= 0.1", "subset"),
        # what is opaque is equal to itself alone
        ("fSphericity(jets) > 0.5", "fSphericity(jets) > 0.7", "superset"),
        ("fSphericity(jets) > 0.5", "fSphericity(bjets) < 0.4", "overlapping"),
    ],
)
def test_traps(a: str, b: str, expected: str) -> None:
    bysecond = "object bysecond\n  take sort(jets, btagDeepFlavB, descend)\n"
    limits = FULL if expected == "overlapping" else INTERVALS
    found = verdict(a, b, OBJECTS + bysecond, limits)
    assert found.relation == expected
    assert (found.witness is not None) == (expected == "overlapping")


def test_closed_bins_of_cutlang_share_an_edge_but_no_event() -> None:
    text = "region a\n  select MET > 0\n  bin MET 100 200 300\n"
    source = Source("test.adl", text)
    for dialect in ("adl", "cutlang"):
        analysis, _ = check(parse(source), source, SCHEMA, dialect)
        _, *bins = regions_of(lowered(analysis), bins=True)
        prover = Prover(PROMISES, INTERVALS)
        pairs = [(x, y) for i, x in enumerate(bins) for y in bins[:i]]
        assert {prover.prove(x.mask, y.mask).relation for x, y in pairs} == {"disjoint"}


# --------------------------------------------------------------------------------- the solver


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("MET + HT > 500", "MET < 100; HT < 300", "disjoint"),
        ("MET - HT > 100", "MET < 100", "disjoint"),
        ("MET > 2 * HT; HT > 100", "MET > 150", "subset"),
    ],
)
def test_sums_of_quantities_need_the_solver(a: str, b: str, expected: str) -> None:
    pytest.importorskip("z3")
    assert verdict(a, b).relation == "unknown"
    found = verdict(a, b, limits=SOLVER)
    assert (found.relation, found.method) == (expected, "z3")


def test_rounding_is_part_of_what_the_solver_is_asked() -> None:
    """0.1 + 0.2 + 0.3 is more than 0.6: without rounding these would be disjoint."""
    pytest.importorskip("z3")
    objects = OBJECTS + "define mu = pT(Muon[0])\n"
    found = verdict("MET + 0.2 + mu > 0.6", "MET <= 0.1; mu <= 0.3", objects, SOLVER)
    assert found.relation == "unknown"


def test_without_time_nothing_is_said_but_that() -> None:
    pytest.importorskip("z3")
    found = verdict("MET + HT > 500", "MET < 100; HT < 300", limits=Limits(1e-9, search=False))
    assert found.relation == "unknown"
    assert found.term == "the solver ran out of time"


def test_what_was_asked_without_time_is_asked_again() -> None:
    text = f"{OBJECTS}\nregion a\n{cuts('size(bjets) >= 2')}\nregion b\n{cuts('size(jets) < 2')}\n"
    source = Source("a.adl", text)
    first, second = regions_of(lowered(check(parse(source), source, SCHEMA)[0]))
    prover = Prover(PROMISES, Limits(1e-9, solver=False, search=False))
    found = prover.prove(first.mask, second.mask)
    assert (found.relation, found.term) == ("unknown", "the solver ran out of time")
    prover.limits = INTERVALS
    assert prover.prove(first.mask, second.mask).relation == "disjoint"


def test_approximations_cannot_be_mixed() -> None:
    with pytest.raises(AssertionError):
        over(TRUE) & under(TRUE)  # type: ignore[operator]  # that is the point
