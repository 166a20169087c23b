"""One sign, threshold or working point that differs: one change, where it stands."""

from __future__ import annotations

import pytest

from tests.test_diff import difference

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
