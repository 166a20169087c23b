"""Regions: what they hold, what they inherit, and which elements their cuts guarantee."""

from __future__ import annotations

import pytest

from adl.check.analysis import Cut, Histogram, WeightBy
from tests.checking import findings as examined
from tests.meanings import OBJECTS, condition, findings, labels, place, region, show, the

PARENTS = """
region base
  select MET > 100
  weight w 2
  histo h, "t", 5, 0, 10, MET
  bin MET > 200
region left
  base
  select MET > 150
region right
  take base
  select MET > 160
"""


def test_an_inherited_region_stands_where_it_is_named() -> None:
    found = region(PARENTS + "region r\n  select ALL\n  left\n  select MET > 170\n")
    assert labels(found) == ["ALL", "MET > 100", "weight w 2", "MET > 150", "MET > 170"]
    assert found.bins == ()


def test_a_statement_inherited_by_two_paths_counts_once() -> None:
    found = region(PARENTS + "region r\n  left\n  right\n")
    assert labels(found) == ["MET > 100", "weight w 2", "MET > 150", "MET > 160"]


def test_in_cutlang_everything_is_inherited() -> None:
    found = region(PARENTS + "region r\n  left\n", "cutlang")
    assert labels(found) == ["MET > 100", "weight w 2", "h", "MET > 150"]
    assert [b.label for b in found.bins] == ["MET > 200"]


def test_a_region_is_a_condition_without_its_weights() -> None:
    assert condition("base and MET > 1", PARENTS) == "(base and (pt(MET) > 1.0))"
    assert findings(PARENTS + "region r\n  select base\n") == ["W305 14:10"]


@pytest.mark.parametrize(
    ("parent", "expected"),
    [("bass", "E213 2:3"), ("take Jet", "E213 2:8"), ("take union(a, b)", "E213 2:8")],
)
def test_a_parent_that_is_no_region(parent: str, expected: str) -> None:
    assert findings(f"region r\n  {parent}\nregion base\n  select ALL\n") == [expected]


def test_a_misspelt_keyword_is_no_parent() -> None:
    text = "region r\n  weigth genWeight\n  selct ok\n  bace MET\nregion base\n  select ALL\n"
    found = examined(text)
    assert [d.code for d in found] == ["E213"] * 4
    helps = ("did you mean weight?", "did you mean select?", "did you mean base?", "")
    assert tuple(d.help for d in found) == helps


def test_regions_that_inherit_from_each_other_are_a_circle() -> None:
    assert findings("region a\n  b\nregion b\n  a\n") == ["E208 4:3"]


def test_labels_are_what_was_written() -> None:
    found = region(
        "region r\n  select MET  >  1 # a comment\n  reject MET > 9\n  weight 2\n"
        '  weight sf MET / 3\n  bin "tight" MET > 4\n  bin MET > 3\n'
    )
    assert labels(found) == ["MET > 1", "reject MET > 9", "weight 2", "weight sf MET / 3"]
    assert [b.label for b in found.bins] == ["tight", "MET > 3"]
    cut, weight = found.statements[1], found.statements[2]
    assert isinstance(cut, Cut)
    assert show(cut.condition) == "not (pt(MET) > 9.0)"
    assert isinstance(weight, WeightBy)
    assert show(weight.value) == "2.0"


def test_edges_are_half_open_bins_the_last_without_an_end() -> None:
    found = region("region r\n  bin MET 100 200 400.5\n")
    assert [(b.label, show(b.condition)) for b in found.bins] == [
        ("MET in [100, 200)", "((pt(MET) >= 100.0) and (pt(MET) < 200.0))"),
        ("MET in [200, 400.5)", "((pt(MET) >= 200.0) and (pt(MET) < 400.5))"),
        ("MET >= 400.5", "(pt(MET) >= 400.5)"),
    ]


def test_nothing_comes_after_an_infinite_edge() -> None:
    found = region("region r\n  bin MET 100 200 inf\n")
    assert [b.label for b in found.bins] == ["MET in [100, 200)", "MET in [200, inf)"]


def test_edges_in_cutlang_are_closed_bins_with_one_below() -> None:
    found = region("region r\n  bin MET 100 200\n", "cutlang")
    assert [(b.label, show(b.condition)) for b in found.bins] == [
        ("MET <= 100", "(pt(MET) <= 100.0)"),
        ("MET in [100, 200]", "(pt(MET) [] 100.0 200.0)"),
        ("MET >= 200", "(pt(MET) >= 200.0)"),
    ]


def test_edges_ascend() -> None:
    assert findings("region r\n  bin MET 600 800 100 1300\n") == ["E216 2:3"]


def test_a_histogram_of_event_values_is_filled_once_a_value() -> None:
    (found,) = region(
        OBJECTS + 'region r\n  histo h, "t", 5, 0, 1, MET ht\ndefine ht = 3'
    ).statements
    assert isinstance(found, Histogram)
    assert found.loops == ()
    assert [[show(v) for v in fill] for fill in found.fills] == [["pt(MET)"], ["real(ht)"]]


def test_a_histogram_of_a_collection_is_filled_once_an_element() -> None:
    text = 'region r\n  histo h, "t", 5, 0, 1, 4, 0, 2, pT(jets), dR(jets, bjets)'
    (found,) = region(OBJECTS + text).statements
    assert isinstance(found, Histogram)
    assert [loop.name for loop in found.loops] == ["jets", "bjets"]
    assert [[show(v) for v in fill] for fill in found.fills] == [["pt(jets)", "dr(jets, bjets)"]]
    assert [show(w) for w in found.where] == ["not (jets is bjets)"]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("0, 0, 10, MET", "E215 2:17"),
        ("5, 10, 10, MET", "E215 2:17"),
        ("0 10 5, MET", "E215 2:17"),
        ("5, 0, 10, Jet[0]", "E204 2:27"),
    ],
)
def test_mistakes_in_a_histogram(rest: str, expected: str) -> None:
    assert findings(f'region r\n  histo h, "t", {rest}\n') == [expected]


def test_two_histograms_of_a_region_have_two_names() -> None:
    text = 'region r\n  histo h, "t", 5, 0, 1, MET\n  histo h, "t", 5, 0, 2, MET\n'
    found = the(text)
    assert (found.code, place(text, found)) == ("E219", "3:9")
    assert "line 2" in found.message
    assert findings(text.replace("5, 0, 1", "0, 0, 1")) == ["E215 2:17", "E219 3:9"]


@pytest.mark.parametrize(
    "before",
    [
        "select size(jets) >= 2",
        "select size(jets) > 1",
        "select 2 <= size(jets)",
        "select size(jets) == 2",
        "select size(jets) > 1.5",
        "select size(jets) [] 2 4",
        "reject size(jets) < 2",
        "reject size(jets) <= 1 or MET < 3",
        "reject not size(jets) > 1",
        "select size(bjets) >= 2",
        "select njets >= 2",
        "select count(pT(jets) > 50) >= 2",
        "select size(jets) > 1 and MET > 3",
        "select size(jets) > 1 or size(bjets) > 2",
        "select size(jets) > 3 ? MET > 3 : size(jets) == 2",
        "select MET > 3 ? size(jets) > 1 : NONE",
        "select default(pT(jets[1]), 0) > 3 and size(jets) > 1",
        "guard",
        "select guard",
    ],
)
def test_a_size_cut_guarantees_an_element(before: str) -> None:
    text = (
        f"{OBJECTS}define njets = size(jets)\nregion guard\n  select size(jets) > 4\n"
        f"region r\n  {before}\n  select pT(jets[1]) > 30\n"
    )
    assert findings(text) == []


@pytest.mark.parametrize(
    "before",
    [
        "select MET > 3",
        "select size(jets) >= 1",
        "select size(jets) < 2",
        "select size(jets) != 1",
        "reject size(jets) > 1",
        "select size(jets) > 1 or MET > 3",
        "select size(jets) > 1 ? MET > 3 : MET > 4",
        "select not size(jets) > 1",
        "select size(Jet) > 1",
        "select size(muons) > 1",
        "weight w 2",
    ],
)
def test_without_a_size_cut_an_element_is_a_warning(before: str) -> None:
    text = f"{OBJECTS}region r\n  {before}\n  select pT(jets[1]) > 30\n"
    assert findings(text) == ["W301 15:13"]


@pytest.mark.parametrize(
    "written",
    [
        "size(jets) > 1 and pT(jets[1]) > 30",
        "size(jets) < 2 or pT(jets[1]) > 30",
        "not (size(jets) > 1 and pT(jets[1]) > 30)",
        "size(jets) > 1 ? pT(jets[1]) > 30",
        "size(jets) < 2 ? MET > 3 : pT(jets[1]) > 30",
        "default(pT(jets[1]), 0) > 30",
        "any(bjets b, pT(b) > 3) and pT(jets[0]) > 3",
    ],
)
def test_a_condition_guards_what_comes_after_it(written: str) -> None:
    assert findings(f"{OBJECTS}region r\n  select {written}\n") == []


def test_a_passing_comparison_guarantees_its_element_later() -> None:
    text = f"{OBJECTS}region r\n  select pT(jets[1]) > 30\n  select eta(jets[1]) < 2\n"
    assert findings(text) == ["W301 14:13"]


def test_a_define_is_followed_to_its_elements() -> None:
    text = f"{OBJECTS}define x = pT(jets[1])\nregion r\n  select MET > 3\n  select x > 30\n"
    assert findings(text) == ["W301 16:10"]
    assert findings(text.replace("MET > 3", "size(jets) > 2")) == []


def test_a_mistake_in_a_cut_does_not_make_elements_missing() -> None:
    text = f"{OBJECTS}region r\n  select siz(jets) > 0\n  weight w pT(jets[0])\n"
    assert findings(text) == ["E205 14:10"]


def test_long_chains_of_defines_are_read_once() -> None:
    chain = "".join(f"define x{i + 1} = x{i} + x{i}\n" for i in range(60))
    text = f"define x0 = pT(Jet[0])\n{chain}region r\n  select x60 > 1\n  select x59 > 1\n"
    assert findings(text) == ["W301 63:10"]


def test_bins_know_every_cut() -> None:
    text = f"{OBJECTS}region r\n  bin pT(jets[0]) > 50\n  select size(jets) > 0\n"
    assert findings(text) == []


def test_a_histogram_before_its_size_cut_is_a_warning() -> None:
    text = f'{OBJECTS}region r\n  histo h, "t", 5, 0, 1, pT(jets[0])\n  select size(jets) > 0\n'
    assert findings(text) == ["W301 14:29"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("pT(jets[0]) / 100", ["E218 14:15"]),
        ("default(pT(jets[0]), 100) / 100", []),
        ("max(pT(jets[0]), 20)", ["W301 14:19"]),
        ("1 * (pT(jets[0]) > 30 ? 1.1 : 1.0)", ["W301 14:20"]),
    ],
)
def test_a_weight_needs_a_value(written: str, expected: list[str]) -> None:
    assert findings(f"{OBJECTS}region r\n  weight w {written}\n") == expected
    guarded = f"{OBJECTS}region r\n  select size(jets) > 0\n  weight w {written}\n"
    assert findings(guarded) == []


def test_an_index_into_an_unordered_collection_is_noted_once() -> None:
    text = "region r\n  select size(Muon) > 1 and pT(Muon[0]) > 3 and pT(Muon[1]) > 3\n"
    assert findings(text) == ["N403 2:32"]
