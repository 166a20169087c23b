"""The conformance micro-tests: one event with known answers, each in the dialect that it names."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner

from adl.cli.run import command
from tests.one_event import ELEMENTS, OBJECTS, PI, near, passes, results, write_event

BOTH = ("adl", "cutlang")
JETS = list(zip(ELEMENTS["Jet"]["pt"], ELEMENTS["Jet"]["phi"], strict=True))
SUM = [sum(pt * f(phi) for pt, phi in JETS) for f in (math.cos, math.sin)]


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the event once."""
    return write_event(tmp_path_factory.mktemp("event") / "event.root")


# condition, the dialects in which it is true, those in which it is false
CONDITIONS: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    ("size(jets) == 4", BOTH, ()),
    ("size(muons) == 0", BOTH, ()),
    ("sum(pT(jets)) == 235", BOTH, ()),
    ("max(pT(jets)) == 100", BOTH, ()),
    ("min(pT(muons)) > 1000000000000", BOTH, ()),
    ("size(jets[0:1]) == 2", ("cutlang",), ("adl",)),
    ("size(jets[0:1]) == 1", ("adl",), ("cutlang",)),
    ("size(jets[:2]) == 3", ("cutlang",), ("adl",)),
    ("size(jets[2:]) == 2", BOTH, ()),
    (near("min(dphi(jets[0:2], METLV[0]))", PI - 2.0), ("cutlang",), ("adl",)),
    (near("min(dphi(jets[0:2], METLV[0]))", PI - 1.0), ("adl",), ("cutlang",)),
    ("pT(jets[7]) > 10", (), BOTH),
    ("pT(jets[7]) < 10", ("cutlang",), ("adl",)),
    ("pT(jets[7]) == 0", ("cutlang",), ("adl",)),
    ("not pT(jets[7]) > 10", BOTH, ()),
    ("pT(jets[2]) [] 40 60", BOTH, ()),
    ("pT(jets[2]) ][ 40 60", BOTH, ()),
    ("50 ][ 40 60", (), BOTH),
    ("30 ][ 40 60", BOTH, ()),
    ("-2^2 == -4", BOTH, ()),
    ("2^3^2 == 512", BOTH, ()),
    ("3 - -2 == 5", BOTH, ()),
    ("pT(jets[0])-5 == 95", BOTH, ()),
    ("size(jets) > 2 ? pT(jets[2]) > 50", (), BOTH),
    ("size(muons) > 2 ? pT(jets[2]) > 50", BOTH, ()),
    ("hstep(-1) == 0 and hstep(0) == 0 and delta(0) == 1", BOTH, ()),
    ("not size(jets) > 4", BOTH, ()),
    ("NOT size(jets) > 4", BOTH, ()),
    (near("dphi(jets[3], jets[2])", 3.0), BOTH, ()),
    ("size(JET) == 4 and size(Jet) == 4 and size(jet) == 4", BOTH, ()),
    ("min(pT(jets[0]), 100) == 0", ("cutlang",), ("adl",)),
    ("min(pT(jets[0]), 100) == 100", ("adl",), ("cutlang",)),
    ("min(pT(jets[1]), 100) == 60", BOTH, ()),
    # The sum of the four jets points to phi = 0.4 or so: CutLang does not loop over them.
    ("min(dphi(jets, METLV[0])) > 2", ("cutlang",), ("adl",)),
    (near("min(dphi(jets, METLV[0]))", PI - 2.0), ("adl",), ("cutlang",)),
    ("sqrt(-1) > 0", (), BOTH),
    ("sqrt(-1)", ("cutlang",), ("adl",)),
    ("!(size(jets) > 4)", BOTH, ()),  # 22
    # 20: of a collection, or of all jets where none is named
    ("fHT(jets) == 235", BOTH, ()),
    ("fHT == 235", BOTH, ()),
    ("fHT(muons) == 0", BOTH, ()),
    ("fAplanarity(electrons) == 0", BOTH, ()),  # 21: fewer than three
    (near("pT(add(jets))", math.hypot(*SUM)), BOTH, ()),
    (near("dphi(jets[0], add(jets))", math.atan2(SUM[1], SUM[0])), BOTH, ()),
]


@pytest.mark.parametrize(("condition", "true", "false"), CONDITIONS)
def test_a_condition_means_what_its_dialect_says(
    event: Path, tmp_path: Path, condition: str, true: tuple[str, ...], false: tuple[str, ...]
) -> None:
    assert set(true) | set(false) == set(BOTH)
    for dialect in BOTH:
        assert passes(event, tmp_path, condition, dialect) == (dialect in true), dialect


def test_a_whole_collection_as_a_number_of_a_region_is_its_sum_in_cutlang(
    event: Path, tmp_path: Path
) -> None:
    assert passes(event, tmp_path, "pT(jets) == 235", "cutlang")


@pytest.mark.parametrize(
    ("dialect", "cut", "left"),
    [
        ("adl", "reject dR(jets, electrons) < 0.4", 3),
        ("cutlang", "reject dR(jets, electrons) < 0.4", 3),
        ("adl", "reject dR(jets, muons) < 0.4", 4),
        ("cutlang", "reject dR(jets, muons) < 0.4", 0),
        ("adl", "select dR(jets, muons) > 0.4", 4),
        ("cutlang", "select dR(jets, muons) > 0.4", 0),
        ("adl", "select dR(jets, anyof(electrons)) < 0.4", 1),
        ("cutlang", "select dR(jets, anyof(electrons)) < 0.4", 1),
    ],
)
def test_overlap_removal_treats_an_empty_partner_as_its_dialect_does(
    event: Path, tmp_path: Path, dialect: str, cut: str, left: int
) -> None:
    blocks = f"object cj\n  take jets\n  {cut}\n"
    assert passes(event, tmp_path, f"size(cj) == {left}", dialect, blocks)


def test_a_union_is_ordered_by_pt_or_as_written(event: Path, tmp_path: Path) -> None:
    blocks = "object l : Union(electrons, jets)\n"
    assert passes(event, tmp_path, "pT(l[0]) == 100", "adl", blocks)
    assert passes(event, tmp_path, "pT(l[0]) == 30", "cutlang", blocks)
    assert passes(event, tmp_path, "size(l) == 5", "cutlang", blocks)


@pytest.mark.parametrize(
    ("dialect", "lines", "expected"),
    [
        ("adl", "  bin MET 50 80 200\n", [0, 1, 0]),
        ("cutlang", "  bin MET 50 80 200\n", [0, 1, 0, 0]),
        ("adl", "  bin MET [] 50 80\n  bin MET [] 80 200\n", [1, 0]),
        ("cutlang", "  bin MET [] 50 80\n  bin MET [] 80 200\n", [1, 0]),
    ],
)
def test_a_value_on_an_edge_is_in_the_bin_of_its_dialect(
    event: Path, tmp_path: Path, dialect: str, lines: str, expected: list[int]
) -> None:
    analysis = tmp_path / "bins.adl"
    analysis.write_text(f"region r\n  select ALL\n{lines}")
    arguments = [str(analysis), str(event), "--dialect", dialect, "-q", "-o", str(tmp_path)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    (cutflow,) = json.loads((tmp_path / "results.json").read_text())["cutflows"]
    assert [b["raw"] for b in cutflow["bins"]] == expected


def test_weights_multiply_from_where_they_stand(event: Path, tmp_path: Path) -> None:
    analysis = tmp_path / "weights.adl"
    analysis.write_text("region r\n  select ALL\n  weight a 0.5\n  weight b 0.4\n  bin MET > 0\n")
    arguments = [str(analysis), str(event), "-q", "-o", str(tmp_path)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    (cutflow,) = json.loads((tmp_path / "results.json").read_text())["cutflows"]
    assert [s["sumw"] for s in cutflow["steps"]] == [1.0, 1.0]
    assert cutflow["bins"][0]["sumw"] == 0.2


def test_an_unbound_search_leaves_its_particles_missing(event: Path, tmp_path: Path) -> None:
    blocks = (
        "object one\n  take jets\n  select pT > 90\n"
        "define d : one[-1] one[-1]\ndefine p : jets[-1] jets[-1]\n"
    )
    text = f"{OBJECTS}{blocks}region r\n  select m(d) ~= 91.2\n  select m(d) > 0\n"
    for dialect in BOTH:
        (cutflow,) = results(event, tmp_path, text, dialect)["cutflows"]
        assert [s["raw"] for s in cutflow["steps"]] == [1, 1, 0]
    # Masses of pairs: sqrt(2 pT pT (1 - cos dphi)), the nearest to 91.2 of all six.
    pairs = [
        math.sqrt(2 * a[0] * b[0] * (1 - math.cos(a[1] - b[1])))
        for i, a in enumerate(JETS)
        for b in JETS[i + 1 :]
    ]
    best = min(pairs, key=lambda m: abs(m - 91.2))
    text = f"{OBJECTS}{blocks}region r\n  select m(p) ~= 91.2\n  select {near('m(p)', best)}\n"
    for dialect in BOTH:
        (cutflow,) = results(event, tmp_path, text, dialect)["cutflows"]
        assert [s["raw"] for s in cutflow["steps"]] == [1, 1, 1]


@pytest.mark.parametrize(("dialect", "value"), [("cutlang", 0.5), ("adl", 0.8)])
def test_a_point_on_an_edge_of_a_table_is_in_the_row_of_its_dialect(
    event: Path, tmp_path: Path, dialect: str, value: float
) -> None:
    blocks = "table t\n  nvars 1\n  0.5 20 40\n  0.8 40 100\n"
    condition = f"size(jets) > 2 and t(pT(jets[2])) == {value}"
    assert passes(event, tmp_path, condition, dialect, blocks)


@pytest.mark.parametrize("dialect", BOTH)
def test_hit_and_miss_are_complementary(event: Path, tmp_path: Path, dialect: str) -> None:
    blocks = (
        "table t\n  nvars 1\n  0.5 0 1000\n"
        "object hit\n  take jets\n  select applyHM(t(pT(this)) == 1)\n"
        "object missed\n  take jets\n  select applyHM(t(pT(this)) == 0)\n"
    )
    condition = "size(hit) + size(missed) == 4 and sum(pT(hit)) + sum(pT(missed)) == 235"
    assert passes(event, tmp_path, condition, dialect, blocks)
    assert not passes(event, tmp_path, "size(hit) == 0 or size(hit) == 4", dialect, blocks)


def test_the_first_line_all_keeps_every_event(event: Path, tmp_path: Path) -> None:
    text = "region r\n  select ALL\n  select MET > 100\n"
    (cutflow,) = results(event, tmp_path, text)["cutflows"]
    assert [(s["label"], s["raw"]) for s in cutflow["steps"]] == [
        ("all events", 1),
        ("ALL", 1),
        ("MET > 100", 0),
    ]


def test_an_index_beyond_the_end_is_noted(event: Path, tmp_path: Path) -> None:
    text = f"{OBJECTS}region r\n  select pT(jets[7]) > 10\n"
    (cutflow,) = results(event, tmp_path, text)["cutflows"]
    assert cutflow["steps"][-1]["missing"] == 1
