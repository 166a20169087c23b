"""``adl diff``: what is said of regions, and conditions that others decide."""

from __future__ import annotations

from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from random import Random

import pytest

from adl.cli import differences
from adl.diff.canonical import Canonical
from adl.diff.meaning import selection
from tests.commands import adl
from tests.test_corpus import CORPUS
from tests.test_diff import EXAMPLES, difference, effects, example, only, side

SEARCH = """
object mu
  take Muon
  select pT > 10
object tight
  take mu
  select pT > 20 and pfRelIso04_all < 0.15
define high = MET > 200 or MET > 100
region presel
  select size(mu) >= 1
  select MET > 50
region low
  take presel
  select MET > 80
  select MET < 100
region high_met
  take presel
  select high
  select size(tight) >= 1
region veto
  select size(mu) == 0
  bin MET 50 80 100
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("take mu\n  select pT > 20", "take Muon\n  select pT > 20"),
        ("pT > 20 and pfRelIso04_all < 0.15", "pT > 20 and pfRelIso04_all < 0.15 and pT >= 15"),
        ("MET > 200 or MET > 100", "MET > 100"),
        ("pfRelIso04_all < 0.15", "pfRelIso04_all < 0.15 and pfRelIso04_all <= 0.15"),
    ],
)
def test_a_bound_that_another_decides_is_no_difference(old: str, new: str) -> None:
    text = SEARCH.replace(old, new)
    assert text != SEARCH
    assert difference(SEARCH, text).equal


def test_a_region_in_which_other_cuts_decide_of_all_changes_counts_the_same() -> None:
    text = "region r\n  select MET > 20\n  reject MET [] 50 60\n  select MET < 50\n"
    found = difference(text, text.replace("< 50", "<= 50"))
    assert [change.details for change in found.changes] == [
        ("selects the same: other cuts on MET decide",)
    ]
    assert [(pair.status, pair.selects) for pair in found.regions] == [("equal", True)]


def test_a_cut_that_another_decides_is_told_and_the_region_is_the_same() -> None:
    found = difference(SEARCH, SEARCH.replace("  select MET > 80\n", "  select MET > 60\n", 1))
    assert effects(only(found)) == ["gained: 60 < MET <= 80"]
    text = SEARCH.replace("  select MET > 80\n", "  select MET > 80\n  select MET >= 70\n")
    found = difference(SEARCH, text)
    assert only(found).details == ("selects the same: other cuts on MET decide",)
    assert {pair.status for pair in found.regions} == {"equal"}


def test_what_one_cut_does_to_a_quantity_is_said_once() -> None:
    text = SEARCH.replace("  select MET > 80\n", "  select MET > 80\n  select MET [] 60 90\n")
    change = only(difference(SEARCH, text))
    assert (effects(change), change.details) == (["lost: 90 < MET < 100"], ())


def test_of_regions_the_same_is_said_in_one_line() -> None:
    text = SEARCH.replace("pT > 10", "pT > 15").replace("MET < 100", "MET < 90")
    assert [*differences.region_lines(difference(SEARCH, text))] == [
        "regions presel, high_met, veto differ, because of mu",
        "region low differs, also because of mu",
    ]


def test_an_edge_that_is_new_at_an_end_gains_or_loses() -> None:
    found = difference(SEARCH, SEARCH.replace("bin MET 50 80 100", "bin MET 40 80 100"))
    assert effects(only(found)) == ["gained: 40 <= MET < 50, in no bin before"]
    found = difference(SEARCH, SEARCH.replace("  bin MET 50 80 100\n", ""))
    assert (only(found).status, only(found).name) == ("removed", "MET")


def test_what_is_proven_to_select_the_same_is_said(tmp_path: Path) -> None:
    old = "region r\n  select MET > 50\n  select MET * 2 > 90\n"
    new = "region r\n  select MET > 50\n"
    (tmp_path / "a.adl").write_text(old)
    (tmp_path / "b.adl").write_text(new)
    said = adl("diff", tmp_path / "a.adl", tmp_path / "b.adl", "--prove").stdout
    assert "A/r equals B/r" in said
    assert "region r selects the same, as is proven\n" in said


COMPOSITES = """
object leptons
  take Muon
object veto
  take Electron
  select pT > 10
  reject dR(this, leptons) < 0.4
composite pairs
  take disjoint(leptons a, leptons b)
  select m(a + b) > 20
define best = argmin(pairs p, abs(m(p) - 91.2))
region z
  select size(leptons) >= 2
  histo mass, "m", 10, 0, 200, m(best)
region other
  select size(veto) == 0
"""


@pytest.mark.parametrize(
    ("old", "new", "told", "regions"),
    [
        ("leptons b)", "veto b)", ["of leptons, leptons → of leptons, veto"], ("z",)),
        ("m(a + b) > 20", "m(a + b) > 30", ["lost: 20 < m(a + b) <= 30"], ("z",)),
        ("  reject dR(this, leptons) < 0.4\n", "", ["gained: dR(this, leptons) < 0.4"], ("other",)),
        ("  reject dR", "  reject abs(eta) > 2\n  reject dR", ["lost: abs(eta) > 2"], ("other",)),
        ("reject dR(this, leptons) < 0.4", "select dR(this, leptons) >= 0.4",
         ["not (dR(this, leptons) < 0.4) → dR(this, leptons) >= 0.4"], ("other",)),
    ],
)  # fmt: skip
def test_what_an_object_or_composite_asks_otherwise_is_one_change(
    old: str, new: str, told: list[str], regions: tuple[str, ...]
) -> None:
    change = only(difference(COMPOSITES, COMPOSITES.replace(old, new)))
    assert change.status == "changed"
    assert [*change.details, *effects(change)] == told
    assert change.regions == regions


def test_what_only_names_a_changed_object_is_no_cause() -> None:
    old = "object jets\n  take Jet\n  select pT > 30\nregion r\n  select size(jets) >= 2\n"
    new = old.replace("> 30", "> 40").replace("size(jets) >=", "number >=")
    found = difference(old, new + "define number = size(jets)\n")
    assert [pair.causes for pair in found.regions] == [("jets",)]


def test_what_is_new_is_no_cause_of_the_cut_that_asks_for_it() -> None:
    text = COMPOSITES.replace("composite", "object taus\n  take Tau\ncomposite")
    text = text.replace(">= 2\n", ">= 2\n  select size(taus) == 0\n")
    found = difference(COMPOSITES, text)
    assert [(c.status, c.kind) for c in found.changes] == [("added", "object"), ("added", "cut")]
    assert next(differences.region_lines(found)) == "region z differs"


@pytest.mark.parametrize("name", ["ttbar_z", "on_peak"])
def test_a_region_is_found_again_beside_a_changed_object(name: str) -> None:
    text = COMPOSITES.replace("pT > 10", "pT > 15").replace("other", name)
    found = difference(COMPOSITES, text)
    assert [(c.status, c.kind, c.name) for c in found.changes] == [
        ("changed", "object", "veto"),
        ("renamed", "region", name),
    ]
    assert found.changes[0].regions == (name,)


WINDOW = """
object central
  take Jet
  select abs(eta) < 2.4
define z = m(Muon[0] + Muon[1])
region r
  select size(Muon) >= 2 and size(central) > 0
  select z [] 81 101
  reject |z - 91.2| < 2
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("abs(eta) < 2.4", "eta > -2.4 and eta < 2.4", None),
        ("abs(eta) < 2.4", "eta [] -2.4 2.4", ["gained: eta = -2.4 or eta = 2.4"]),
        ("z [] 81 101", "|z - 91.2| < 10",
         ["gained: 101 < z < 101.2", "lost: 81 <= z <= 81.2"]),
        ("z [] 81 101", "|z - 91| <= 10", ["selects the same, up to rounding"]),
        ("reject |z - 91.2| < 2", "select z ][ 89 93",
         ["gained: 93 <= z < 93.2", "lost: 89 < z <= 89.2"]),
        ("reject |z - 91.2| < 2", "reject |z - 91.2| < 3",
         ["lost: 2 <= |z - 91.2| < 3"]),
    ],
)  # fmt: skip
def test_a_window_is_a_range_of_what_is_in_it(old: str, new: str, told: list[str] | None) -> None:
    found = difference(WINDOW, WINDOW.replace(old, new))
    if told is None:
        assert found.equal
    else:
        change = only(found)
        assert [*change.details, *effects(change)] == told
        assert [pair.status for pair in found.regions] == ["changed"]


def _condition(random: Random, depth: int) -> tuple[str, Callable[[float], bool]]:
    """Return a random condition on x, and what it means."""
    if depth == 0 or random.random() < 0.3:
        name, c = random.choice(list(COMPARISONS)), random.choice((-1.0, -0.5, 0.0, 0.5, 1.0))
        compare = COMPARISONS[name]
        match random.randrange(3):
            case 0:
                return f"x {name} {c}", lambda x: compare(x, c)
            case 1:
                return f"abs(x) {name} {c}", lambda x: compare(abs(x), c)
        return f"{c} {name} x", lambda x: compare(c, x)
    (one, first), (other, second) = (_condition(random, depth - 1) for _ in range(2))
    match random.randrange(3):
        case 0:
            return f"not ({one})", lambda x: not first(x)
        case 1:
            return f"({one}) and ({other})", lambda x: first(x) and second(x)
    return f"({one}) or ({other})", lambda x: first(x) or second(x)


COMPARISONS = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}


def test_conditions_with_one_number_hold_for_the_same_values() -> None:
    random = Random(8)
    written = [_condition(random, 3) for _ in range(400)]
    text = "define x = MET.pt\n" + "".join(
        f"region r{i}\n  select {words}\n" for i, (words, _) in enumerate(written)
    )
    own = side(text, str(EXAMPLES / "a.adl"), Canonical())
    values = (*(k / 4 for k in range(-6, 7)), -0.0, float("inf"), -float("inf"), float("nan"))
    known: dict[object, tuple[str, tuple[bool, ...]]] = {}
    shared = 0
    for i, (words, holds) in enumerate(written):
        truth = tuple(holds(x) for x in values)
        first, same = known.setdefault(selection(own, f"r{i}"), (words, truth))
        assert truth == same, f"{words} is not {first}"
        shared += first != words
    assert shared > 30


FOLLOWING = """
region vbf
  select size(Jet) >= 2
  select MET > 100
region signal
  select vbf
  select size(Muon) == 0
region spectrum
  select size(Jet) >= 1
  weight w 1 + pT(Jet[0])
  histo met, "met", 10, 0, 100, MET
"""


def test_a_region_that_asks_for_another_one_differs_because_of_it() -> None:
    found = difference(FOLLOWING, FOLLOWING.replace("  select MET > 100\n", ""))
    assert [*differences.region_lines(found)] == [
        "region vbf differs",
        "region signal differs, because of vbf",
        "region spectrum counts the same",
    ]


def test_a_region_that_goes_on_from_another_one_is_told_at_its_line() -> None:
    text = """region low
  select MET < 50
region high
  select MET >= 50
region last
  take low
  select size(Jet) > 2
"""
    changed = difference(text, text.replace("take low", "take high")).changes
    assert [(c.kind, c.name) for c in changed if c.a and c.b and c.a.line == 6] == [
        ("region", "last")
    ]
    assert "lost: MET < 50" in [f"{s.effect}: {s.condition}" for c in changed for s in c.slices]
    renamed = text.replace("low", "soft").replace("Jet) > 2", "Jet) > 3")
    found = difference(text, renamed)
    assert [(c.status, c.kind) for c in found.changes] == [
        ("renamed", "region"),
        ("changed", "cut"),
    ]


def test_a_weight_that_moves_is_why_a_region_counts_otherwise() -> None:
    lines = "  weight w 1 + pT(Jet[0])\n", '  histo met, "met", 10, 0, 100, MET\n'
    found = difference(FOLLOWING, FOLLOWING.replace("".join(lines), "".join(lines[::-1])))
    assert {change.status for change in found.changes} == {"moved"}
    assert [pair.b for pair in found.regions if pair.status == "changed" and pair.own] == [
        "spectrum"
    ]


def test_what_a_search_finds_is_known_by_its_words() -> None:
    text = (CORPUS / "functional_w_plus_top.adl").read_text()
    change = only(difference(text, text.replace("80.4) / 10", "80.4) / 12"), CORPUS))
    assert (change.name, change.details) == ("resolution", ("10 → 12",))
    assert change.regions == ("top",)


def test_a_particle_that_is_another_one_is_a_cause() -> None:
    text = example("zpeak.adl")
    change = only(difference(text, text.replace("muons[0] + muons[1]", "muons[1] + muons[1]")))
    assert (change.name, change.details, change.regions) == (
        "Z",
        ("muons[0] → muons[1]",),
        ("zpeak",),
    )


def test_a_title_names_no_cause() -> None:
    text = COMPOSITES.replace('"m", 10', '"m of veto and best", 10')
    found = difference(text, text.replace("m(a + b) > 20", "m(a + b) > 25"))
    assert {pair.causes for pair in found.regions if pair.status != "equal"} == {("pairs",)}
    found = difference(text, text.replace("pT > 10", "pT > 20").replace("> 20\ndef", "> 21\ndef"))
    assert [pair.causes for pair in found.regions] == [("pairs",), ("veto",)]
