"""Every row of the table of dialects, on one event, in both dialects and both targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checking import errors
from tests.one_event import OBJECTS, PI, near, passes, results, write_event

ADL, CUTLANG = "adl", "cutlang"


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the event once: jets of 100, 60, 40, 35 GeV, an electron, no muon."""
    return write_event(tmp_path_factory.mktemp("event") / "event.root")


TABLE = """
table t
  nvars 1
  1.0   0  40
  2.0  40  60
  3.0  60 100
"""
OVERLAPPING = """
table t
  nvars 1
  1.0   0  50
  2.0  30 100
"""
UNION = """
object hard
  take jets
  select pT(jets) > 50
object both : Union(electrons, jets, hard)
"""
OBJECT_OF_A_UNION = UNION + "object some\n  take both\n  select pT(both) < 90\n"
LONELY = "object far\n  take jets\n  select dR(jets, muons) > 0.4\n"

# the row, what is declared, a condition, and the dialects in which it is true
ROWS: list[tuple[str, str, str, set[str]]] = [
    ("slice", "", "size(jets[0:2]) == 2", {ADL}),
    ("slice", "", "size(jets[0:2]) == 3", {CUTLANG}),
    ("slice", "", "size(jets[:1]) == 2 and size(jets[1:]) == 3", {CUTLANG}),
    ("slice", "", "sum(pT(jets[1:2])) == 100", {CUTLANG}),
    ("slice", "", "size(jets[2:9]) == 2", {ADL, CUTLANG}),
    (
        "table",
        TABLE,
        "size(jets) > 2 and t(pT(jets[2])) == 2",
        {ADL},
    ),  # 40, on the edge of two rows
    ("table", TABLE, "size(jets) > 2 and t(pT(jets[2])) == 1", {CUTLANG}),
    (
        "table",
        TABLE,
        "size(jets) > 0 and t(pT(jets[0])) == 3",
        {ADL, CUTLANG},
    ),  # the largest edge is closed
    ("table", TABLE, "t(101) == 0", {CUTLANG}),
    ("table", TABLE, "t(101) < 1 or t(101) >= 1", {CUTLANG}),  # in adl it is no number
    ("union", UNION, "size(both) == 5", {ADL}),
    ("union", UNION, "size(both) == 7", {CUTLANG}),  # two jets stand in it twice
    ("union", UNION, "pT(both[0]) == 100 and pT(both[4]) == 30", {ADL}),
    ("union", UNION, "pT(both[0]) == 30 and pT(both[5]) == 100", {CUTLANG}),  # as written
    ("union", UNION, "count(both b, b == jets[1]) == 2", {CUTLANG}),
    ("union", UNION, "sum(pT(both)) == 425", {CUTLANG}),
    ("union", UNION, "pT(last(both)) == 60", {CUTLANG}),
    ("union", UNION, "sum(pT(both[4:6])) == 195", {CUTLANG}),
    ("union", OBJECT_OF_A_UNION, "size(some) == 4 and pT(some[1]) == 40", {ADL}),
    ("union", OBJECT_OF_A_UNION, "size(some) == 5 and pT(some[4]) == 60", {CUTLANG}),
    ("missing element", "", "pT(jets[7]) < 10", {CUTLANG}),
    ("missing element", "", "pT(jets[7]) == 0 and m(jets[7]) == 0", {CUTLANG}),
    ("missing element", "", "pT(jets[7]) > 10", set()),
    ("missing element", "", near("m(jets[0] jets[7])", 0.0), {CUTLANG}),
    ("whole collection in a pair", "", near("min(dphi(jets[0:2], METLV[0]))", PI - 1.0), {ADL}),
    ("whole collection in a pair", "", "min(dphi(jets, METLV[0])) > 2", {CUTLANG}),
    ("empty partner", LONELY, "size(far) == 4", {ADL}),
    ("empty partner", LONELY, "size(far) == 0", {CUTLANG}),
    ("min of equal numbers", "", "min(pT(jets[0]), 100) == 100", {ADL}),
    ("min of equal numbers", "", "min(pT(jets[0]), 100) == 0", {CUTLANG}),
    ("min of equal numbers", "", "max(pT(jets[1]), 60) == 0", {CUTLANG}),
    ("NaN as a condition", "", "sqrt(-1)", {CUTLANG}),
    ("NaN as a condition", "", "not sqrt(-1)", {ADL}),
]


@pytest.mark.parametrize("dialect", [ADL, CUTLANG])
@pytest.mark.parametrize(
    ("blocks", "condition", "true_in"),
    [row[1:] for row in ROWS],
    ids=[f"{row[0]}: {row[2]}" for row in ROWS],
)
def test_a_condition_is_true_in_its_dialects(
    event: Path, tmp_path: Path, blocks: str, condition: str, true_in: set[str], dialect: str
) -> None:
    assert passes(event, tmp_path, condition, dialect, blocks) == (dialect in true_in)


@pytest.mark.parametrize(
    ("condition", "total"),
    [
        ("pT(jets) == 235", True),
        ("jets.pT == 235", True),
        ("{jets}pT > 234", True),
        ("pT(jets[0:1]) == 160", True),
        ("jets[0:1].pT == 160", True),
        ("pT(muons) == 0", True),
        ("pT(jets) < 200", False),
    ],
)
def test_a_whole_collection_is_a_sum_in_cutlang_and_an_error_in_adl(
    event: Path, tmp_path: Path, condition: str, total: bool
) -> None:
    assert passes(event, tmp_path, condition, CUTLANG) is total
    assert errors(f"{OBJECTS}region r\n  select {condition}\n", dialect=ADL) == ["E203"]


@pytest.mark.parametrize("dialect", [ADL, CUTLANG])
def test_a_whole_collection_in_a_pair_of_a_region_is_an_error(dialect: str) -> None:
    text = f"{OBJECTS}region r\n  select dR(jets, electrons[0]) > 0.4\n"
    assert errors(text, dialect=dialect) == ["E203"]


@pytest.mark.parametrize(
    ("edges", "number", "bins"),
    [
        # 80 is what MET has.
        ("20 50 80 200", {ADL: 4, CUTLANG: 5}, {ADL: 2, CUTLANG: 2}),
        ("80 100 200", {ADL: 3, CUTLANG: 4}, {ADL: 0, CUTLANG: 0}),
        ("90 100", {ADL: 2, CUTLANG: 3}, {ADL: None, CUTLANG: 0}),
        ("20 80", {ADL: 2, CUTLANG: 3}, {ADL: 1, CUTLANG: 1}),
    ],
)
@pytest.mark.parametrize("dialect", [ADL, CUTLANG])
def test_bins_between_edges(
    event: Path,
    tmp_path: Path,
    edges: str,
    number: dict[str, int],
    bins: dict[str, int | None],
    dialect: str,
) -> None:
    text = f"region r\n  select ALL\n  bin MET {edges}\n"
    (cutflow,) = results(event, tmp_path, text, dialect)["cutflows"]
    filled = [i for i, cell in enumerate(cutflow["bins"]) if cell["raw"]]
    assert len(cutflow["bins"]) == number[dialect]
    assert filled == ([] if bins[dialect] is None else [bins[dialect]])


@pytest.mark.parametrize("dialect", [ADL, CUTLANG])
def test_an_inherited_region_gives_cuts_or_everything(
    event: Path, tmp_path: Path, dialect: str
) -> None:
    text = (
        'region parent\n  select MET > 10\n  histo h, "", 1, 0, 1, 0.5\n  bin MET > 50\n'
        "region child\n  parent\n  select MET > 20\n"
    )
    found = results(event, tmp_path, text, dialect)
    regions = [h["region"] for h in found["histograms"]]
    binned = [c["region"] for c in found["cutflows"] if c["bins"]]
    everything = ["parent", "child"] if dialect == CUTLANG else ["parent"]
    assert (regions, binned) == (everything, everything)
    child = next(c for c in found["cutflows"] if c["region"] == "child")
    assert [step["raw"] for step in child["steps"]] == [1, 1, 1]


@pytest.mark.parametrize("dialect", [ADL, CUTLANG])
def test_rows_of_a_parent_stand_once_in_its_own_files(
    event: Path, tmp_path: Path, dialect: str
) -> None:
    text = (
        "region parent\n  select MET > 10\n  print MET\n  save kept csv MET\n"
        "region child\n  parent\n  select MET > 20\n  print size(Jet)\n"
    )
    results(event, tmp_path, text, dialect)
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.csv"))
    assert written == ["kept.csv", "prints/child_1.csv", "prints/parent_1.csv"]
    assert [len((tmp_path / name).read_text().splitlines()) for name in written] == [2, 2, 2]


@pytest.mark.parametrize("dialect", [ADL, CUTLANG])
def test_what_comes_by_two_paths_acts_once(event: Path, tmp_path: Path, dialect: str) -> None:
    text = (
        "region base\n  select MET > 10\n  weight w 3\n"
        "region a\n  base\nregion b\n  base\n"
        "region child\n  a\n  b\n  select MET > 20\n"
    )
    found = results(event, tmp_path, text, dialect)
    child = next(c for c in found["cutflows"] if c["region"] == "child")
    assert [step["sumw"] for step in child["steps"]] == [1, 1, 3]


def test_rows_of_a_table_that_overlap_are_an_error_or_the_first_wins(
    event: Path, tmp_path: Path
) -> None:
    assert passes(event, tmp_path, "t(40) == 1 and t(70) == 2", CUTLANG, OVERLAPPING)
    assert errors(f"{OVERLAPPING}region r\n  select t(40) == 1\n", dialect=ADL) == ["E241"]
