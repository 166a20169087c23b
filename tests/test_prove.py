"""Proofs over the cuts of regions: what is decided without an event, and the traps."""

from __future__ import annotations

import pytest

from adl.check.checker import check
from adl.compiler.pipeline import lowered
from adl.compiler.prove.decide import Prover
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
object lightjets
  take jets
  reject btagDeepFlavB > 0.5
define HT = sum(pT(jets))
"""


def verdict(a: str, b: str, objects: str = OBJECTS) -> Verdict:
    """What is proven of two lists of cuts, separated by semicolons."""
    text = f"{objects}\nregion a\n{cuts(a)}\nregion b\n{cuts(b)}\n"
    source = Source("test.adl", text)
    analysis, _ = check(parse(source), source, SCHEMA)
    first, second = regions_of(lowered(analysis))
    return Prover(PROMISES, Limits(solver=False, search=False)).prove(first.mask, second.mask)


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
