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


SIZES = """object jets
  take Jet
  select pT > 30
region presel
  select size(jets) >= 2
  select MET > 40
  select pT(jets[1]) > 50
region few
  take presel
  select size(jets) <= 3
region many
  take presel
  select size(jets) >= 3
"""


@pytest.mark.parametrize("back", [False, True])
def test_a_sign_that_other_cuts_decide_in_some_regions_is_one_change(back: bool) -> None:
    texts = SIZES, SIZES.replace("size(jets) >= 2", "size(jets) > 2")
    found = difference(*(reversed(texts) if back else texts))
    (change,) = found.changes
    assert (change.status, change.kind) == ("changed", "cut")
    assert [place.line for place in (change.a, change.b) if place] == [5, 5]
    effect = "gained" if back else "lost"
    assert [f"{s.effect}: {s.condition}" for s in change.slices] == [f"{effect}: size(jets) = 2"]
    assert change.details == ()
    assert change.regions == ("presel", "few")
    assert {pair.b: pair.status for pair in found.regions} == {
        "presel": "changed",
        "few": "changed",
        "many": "equal",
    }


SIGNS = """region r
  select pT(Jet[0]) > MET
  reject MET < pT(Muon[0])
  select size(Muon) > 0 or size(Electron) > 0
"""


@pytest.mark.parametrize(
    ("old", "new", "effects"),
    [
        ("pT(Jet[0]) > MET", "pT(Jet[0]) >= MET", ["gained: pT(Jet[0]) = MET"]),
        ("pT(Jet[0]) > MET", "MET < pT(Jet[0])", []),
        ("pT(Jet[0]) > MET", "MET > pT(Jet[0])",
         ["gained: MET > pT(Jet[0])", "lost: MET < pT(Jet[0])"]),
        ("MET < pT(Muon[0])", "MET <= pT(Muon[0])", ["lost: MET = pT(Muon[0])"]),
        ("size(Muon) > 0 or", "size(Muon) >= 0 or", ["gained: size(Muon) = 0"]),
    ],
)  # fmt: skip
def test_another_sign_between_quantities_is_an_order_of_them(
    old: str, new: str, effects: list[str]
) -> None:
    found = difference(SIGNS, SIGNS.replace(old, new))
    line = SIGNS[: SIGNS.index(old)].count("\n") + 1
    assert found.equal == (not effects)
    for change in found.changes:
        assert [place.line for place in (change.a, change.b) if place] == [line, line]
    told = [f"{s.effect}: {s.condition}" for change in found.changes for s in change.slices]
    assert told == effects


INSIDE = """composite pairs
  take disjoint(Muon a, Muon b)
  select dR(a, b) > 0.1
define upsilon = max(pairs p, mass(p) > 9 ? mass(p) : 0)
region low
  select upsilon > 0
region tagged
  select count(Jet j, j.btagDeepFlavB > 0.3) >= 2
  select sum(Jet j, j.pT > 30 ? j.pT : 0) < 500
"""


@pytest.mark.parametrize(
    ("old", "new", "kind", "effect", "region"),
    [
        ("b) > 0.1", "b) >= 0.1", "composite", "gained: dR(a, b) = 0.1", "low"),
        ("mass(p) > 9", "mass(p) >= 9", "define", "moved: mass(p) = 9", "low"),
        ("FlavB > 0.3", "FlavB >= 0.3", "cut", "moved: j.btagDeepFlavB = 0.3", "tagged"),
        ("j.pT > 30", "j.pT > 35", "cut", "moved: 30 < j.pT <= 35", "tagged"),
    ],
)
def test_a_threshold_inside_a_reducer_is_one_change_where_it_stands(
    old: str, new: str, kind: str, effect: str, region: str
) -> None:
    found = difference(INSIDE, INSIDE.replace(old, new))
    (change,) = found.changes
    line = INSIDE[: INSIDE.index(old)].count("\n") + 1
    assert (change.status, change.kind) == ("changed", kind)
    assert [place.line for place in (change.a, change.b) if place] == [line, line]
    assert [f"{s.effect}: {s.condition}" for s in change.slices] == [effect]
    assert [pair.b for pair in found.regions if pair.status != "equal"] == [region]


TAGGED = """use bTag = btagDeepFlavB > wp("M")
object tagged
  take Jet
  select bTag
object tight
  take Jet
  select btagDeepFlavB > wp("M")
region r
  select size(tagged) + size(tight) >= 1
  select btagDeepFlavB(Jet[0]) > wp("M")
"""


@pytest.mark.parametrize(
    ("line", "quantity"),
    [(1, "btagDeepFlavB"), (7, "btagDeepFlavB"), (10, "btagDeepFlavB(Jet[0])")],
)
@pytest.mark.parametrize("back", [False, True])
def test_another_working_point_gains_or_loses_in_each_era(
    line: int, quantity: str, back: bool
) -> None:
    lines = TAGGED.splitlines()
    lines[line - 1] = lines[line - 1].replace('"M"', '"T"')
    texts = TAGGED, "\n".join(lines) + "\n"
    (change,) = difference(*(reversed(texts) if back else texts)).changes
    assert [place.line for place in (change.a, change.b) if place] == [line, line]
    assert [f"{s.effect}: {s.condition}" for s in change.slices] == [
        f"{'gained' if back else 'lost'}: {low} < {quantity} <= {high} in {era}"
        for low, high, era in (
            (0.2598, 0.6502, "2016preVFP"),
            (0.2489, 0.6377, "2016postVFP"),
            (0.304, 0.7476, "2017"),
            (0.2783, 0.71, "2018"),
        )
    ]


def test_a_cut_that_comes_to_ask_for_something_is_one_change() -> None:
    text = SIGNS.replace("size(Muon) > 0 or", "size(Muon) >= 0 or")
    (change,) = difference(text, SIGNS).changes
    assert (change.status, [s.effect for s in change.slices]) == ("changed", ["lost"])


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ("MET > 50", "MET >= 50", "gained: MET = 50"),
        ("MET > 80", "MET > 90", "lost: 80 < MET <= 90"),
        ("size(Jet) > 4", "size(Jet) >= 4", "moved: size(Jet) = 4"),
    ],
)
def test_a_branch_of_a_choice_gains_or_loses(old: str, new: str, effect: str) -> None:
    text = "region r\n  select size(Jet) > 4 ? MET > 50 : MET > 80\n"
    (change,) = difference(text, text.replace(old, new)).changes
    assert [f"{s.effect}: {s.condition}" for s in change.slices] == [effect]


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
