"""Lints: what they find, what they leave alone, and that a comment silences them."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adl.check.lints import bins as overlaps
from adl.check.lints.allowed import Allowed, compared, complement, outside, within
from adl.check.lints.units import ANGLES, ENERGIES
from adl.cli.front import examine, schema
from adl.stdlib.registry import FUNCTIONS
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.source import Source

NANOAOD = schema("nanoaod", None, None)
LINTS = (
    "W330",
    "W331",
    "W332",
    "W333",
    "W334",
    "W335",
    "W336",
    "W337",
    "W338",
    "N405",
    "N406",
    "N407",
    "W346",
)

JETS = """\
object jets
  take Jet
  select pT > 30
define HT = sum(pT(jets))
table eff tabletype efficiency nvars 1 errors false 0.5 0 30 0.9 30 9999
"""
USED = """\
region used
  select size(jets) > 0 and HT > 0
  weight w eff(HT)
"""


def findings(text: str) -> tuple[Diagnostic, ...]:
    return examine(Source("lints.adl", text), NANOAOD, "auto")[1]


def lints(text: str) -> list[str]:
    """Return ``CODE line`` of the lints of a text in which nothing else is wrong."""
    found = findings(text)
    source = Source("lints.adl", text)
    assert not [d for d in found if d.severity == "error"], [d.message for d in found]
    return [f"{d.code} {source.position(d.span.start)[0]}" for d in found if d.code in LINTS]


def in_region(*statements: str) -> list[str]:
    """Return the lints of a region behind the declarations of ``JETS``, as its own line numbers."""
    before = JETS + USED + "region r\n"
    found = lints(before + "".join(f"  {s}\n" for s in statements))
    lines = before.count("\n")
    return [f"{code} {int(line) - lines}" for code, line in map(str.split, found)]


# ------------------------------------------------------------------------- each of them found


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("select HT == 100.5", "W330"),
        ("select HT == 100", "W330"),
        ("reject HT / 2 != MET", "W330"),
        ("select any(jets j, dR(j, jets[0]) == min(dR(jets, jets[0])))", "W330"),
        ("select MET [] 120 60", "W331"),
        ("select MET ][ 120 60", "W331"),
        ("select any(eta(jets) [] 2 -2)", "W331"),
        ("bin HT [] 300 100", "W331"),
        ("select size(jets) < 0", "W332"),
        ("select abs(HT - 3) < -1", "W332"),
        ("select cos(HT) > 1.5", "W332"),
        ("select eff(HT) > 0.95", "W332"),
        ("select MET > 3 and MET < 2", "W332"),
        ("select size(jets) > 2 and size(jets) < 3", "W332"),
        ("select MET ][ 60 120 and MET [] 70 80", "W332"),
        ("reject MET > 3 or MET <= 3", "W332"),
        ("bin MET > 3 and MET < 2", "W333"),
        ("select any(btagDeepFlavB(jets) > 1.5)", "W335"),
        ("select any(btagDeepFlavB(jets) [] 1.5 2)", "W335"),
        ('histo h, "h", 10, -3.2, 3.2, dPhi(MET, RawMET)', "W337"),
        ('histo h, "h", -3 0 1 3, abs(HT)', "W337"),
        ('histo h, "h", 10, 0, 1, 10, -3, 3, HT, dEta(jets, jets)', "W337"),
        ("select HT > dPhi(MET, RawMET)", "W338"),
        ("select MET + phi(RawMET) > 3", "W338"),
        ("select HT - 2 > size(jets)", "W338"),
        ("select any(jets j, abs(eta(j)) > pT(j))", "W338"),
        ("select MET [] 3 dPhi(MET, RawMET)", "W338"),
        ("select default(min(pT(jets)), 3) > max(eta(jets))", "W338"),
        ("select max(MET, dPhi(MET, RawMET)) > 3", "W338"),
    ],
)
def test_a_lint_is_found(statement: str, code: str) -> None:
    assert f"{code} 1" in in_region(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "select HT > MET + 30 and HT - MET > max(pT(jets)) and m(Jet[0] + Jet[1]) > MET",
        "select any(jets j, dR(j, jets[0]) > dPhi(j, jets[0]))",
        "select HT / MET > dPhi(MET, RawMET) and HT * phi(MET) > size(jets)",
        "select (size(jets) > 2 ? HT : 3) > MET",
        "select size(jets) == 2",
        "select size(jets) + 2 == 4",
        "select floor(HT) == 4",
        "select default(min(pT(jets)), -1) == -1",
        "select (HT > 3 ? 1.5 : 0.5) == 1.5",
        "select eff(HT) == 0.9",
        "select MET [] 60 60",
        "select any(eta(jets) [] -2 -1)",
        "select MET [] HT 20",
        "select MET > 3 or MET < 2",
        "select not (MET > 3 and MET < 2)",
        "select size(jets) >= 2 and size(jets) <= 2",
        "select abs(HT - 3) <= 0",
        "select NONE",
        "select any(btagDeepFlavB(jets) > 0.9)",
        "select any(btagDeepFlavB(jets) <= 1)",
        'histo h, "h", 10, -3, 3, sdphi(MET, RawMET)',
        'histo h, "h", 10, -0.5, 9.5, size(jets)',
        'histo h, "h", 10, 0, 3.2, dPhi(MET, RawMET)',
    ],
)
def test_what_is_meant_is_left_alone(statement: str) -> None:
    assert in_region(statement) == []


def test_nothing_is_said_about_an_analysis_with_errors_but_what_its_text_shows() -> None:
    text = "region r\n  select MET [] 120 60\n  select nothing > 3\n"
    assert [d.code for d in findings(text)] == ["E201"]
    text = 'define x = OME("/home/me/x.onnx", MET, MET)\nregion r\n  select nothing > 3\n'
    assert "W336" in [d.code for d in findings(text)]


@pytest.mark.parametrize(("path", "absolute"), [("/a/b", 1), ("~/b", 1), ("C:/b", 1), ("b/c", 0)])
def test_a_path_of_one_machine_is_a_warning(path: str, absolute: bool) -> None:
    found = findings(f'define x = OME("{path}", MET)\nregion r\n  select x > 3\n')
    assert ("W336" in [d.code for d in found]) == absolute


def test_functions_have_the_unit_that_their_docstring_says() -> None:
    for function in FUNCTIONS.values():
        said = re.search(r"in (GeV|rad)\b(?!\^)", (function.body.__doc__ or "").partition("\n")[0])
        if function.result == "real" and "particle" in function.arguments:
            assert bool(said) == (function.name in ENERGIES | ANGLES), function.name
            assert said is None or (said[1] == "GeV") == (function.name in ENERGIES)


# ------------------------------------------------------------------------ regions that are empty


def test_an_inherited_cut_excludes_one_of_the_region() -> None:
    text = "region on\n  select MET [] 60 120\nregion off\n  take on\n  select MET > 150\n"
    assert lints(text) == ["W332 5"]
    (found,) = findings(text)
    assert found.message == "no event can pass off: `MET > 150` excludes `MET [] 60 120` of line 2"


def test_a_contradiction_is_said_once_not_for_every_child() -> None:
    text = "region a\n  select MET > 3\n  select MET < 2\nregion b\n  take a\nregion c\n  take b\n"
    assert lints(text) == ["W332 3"]


def test_two_parents_that_exclude_each_other_are_said_at_the_name_of_the_child() -> None:
    text = "region a\n  select MET > 3\nregion b\n  select MET < 2\nregion c\n  take a\n  take b\n"
    assert lints(text) == ["W332 5"]


def test_three_cuts_together_may_leave_nothing() -> None:
    statements = ("select MET [] 0 9", "reject MET [] 0 5", "reject MET [] 5 9")
    assert in_region(*statements) == ["W332 3"]


def test_what_is_missing_passes_two_rejects() -> None:
    assert in_region("reject max(HT, 2) / HT > 3", "reject max(HT, 2) / HT <= 3") == []


def test_a_region_as_a_condition_brings_its_cuts() -> None:
    text = "region a\n  select MET > 3\nregion b\n  select a\n  select MET < 2\n"
    assert lints(text) == ["W332 5"]


def test_one_quantity_has_many_spellings() -> None:
    assert in_region("select HT > 300", "select 200 > HT") == ["W332 2"]
    text = "define a = MET\ndefine b = a\nregion r\n  select b > 3\n  select MET < 2\n"
    assert lints(text) == ["W332 5"]


def test_attributes_of_different_elements_are_different_quantities() -> None:
    text = (
        "object js\n  take Jet\n  define x = pT / 2\nregion r\n  select size(js) > 1\n"
        "  select x(js[0]) > 100\n  select x(js[1]) < 50\n"
    )
    assert lints(text) == []


def test_what_inherits_none_is_never_reached() -> None:
    text = "region off\n  select NONE\nregion a\n  take off\n  select MET > 3\nregion b\n  take a\n"
    assert lints(text) == ["W332 3", "W332 6"]
    said = findings(text)[0].message
    assert said == "no event can pass a: it inherits `NONE` of line 2"
    assert lints("region off\n  select NONE\n") == []


# ------------------------------------------------------------------------------------- bins


@pytest.mark.parametrize(
    ("statements", "gap"),
    [
        (("bin MET [] 0 100", "bin MET > 200"), "MET from 100 to 200"),
        (("bin MET [] 0 100", "bin MET >= 100"), ""),
        (("bin MET < 100", "bin MET > 100"), ""),  # one point of a real number
        (("bin size(jets) < 2", "bin size(jets) > 3"), "size(jets) from 2 to 3"),
        (("bin size(jets) < 2", "bin size(jets) >= 2"), ""),
        (("select MET > 50", "bin MET [] 100 200", "bin MET > 200"), "MET from 50 to 100"),
        (("select MET > 50", "bin MET 50 100 200"), ""),
        (("select MET ][ 100 200", "bin MET < 100", "bin MET > 200"), ""),
        (("bin MET [] 100 200", "bin MET > 200"), ""),  # nothing says where it begins
        (("bin MET [] 0 100 and HT > 3", "bin MET > 200"), ""),
        (("bin MET [] 0 100", "bin HT > 200"), ""),
        (("bin MET > 100",), ""),
    ],
)
def test_a_range_that_is_in_no_bin_is_noted(statements: tuple[str, ...], gap: str) -> None:
    text = JETS + USED + "region r\n" + "".join(f"  {s}\n" for s in statements)
    said = [d.message for d in findings(text) if d.code == "N406"]
    assert said == ([f"no bin of r has {gap}"] if gap else [])


@pytest.mark.parametrize(
    ("bins", "expected"),
    [
        (("MET [] 0 100", "MET [] 100 200"), []),
        (("MET < 100", "MET >= 100"), []),
        (("MET [] 0 100", "MET [] 90 200"), ["W334 2"]),
        (("size(jets) [] 2 3", "size(jets) [] 3 4"), ["W334 2"]),
        (("size(jets) == 2", "size(jets) == 2 and MET > 100"), ["W334 2"]),
        (("size(jets) == 2 and MET > 100", "size(jets) == 3 and MET > 100"), []),
        (("size(jets) == 2 and MET > 100", "size(jets) >= 2 and MET > 200"), ["W334 2"]),
        (("MET > 100", "HT > 100"), []),  # whether they overlap is for the events to say
        (("MET > 100 or HT > 3", "MET > 200"), []),
        (("MET ][ 60 120", "MET [] 60 120"), []),
        (("MET 100 200 300", "MET < 100"), []),
        (("MET 100 200 300", "MET < 150"), ["W334 2"]),
        (("MET > 100", "MET > 200", "MET > 300"), ["W334 2", "W334 3"]),
        (("HT == HT or MET > 3",), []),
        (("MET > 5 and MET < 3", "MET > 3"), ["W333 1"]),
    ],
)
def test_bins_that_overlap_or_stay_empty(bins: tuple[str, ...], expected: list[str]) -> None:
    found = in_region(*(f"bin {b}" for b in bins))
    assert [f for f in found if not f.startswith("W330")] == expected


def test_a_cut_can_part_bins_and_close_them() -> None:
    assert in_region("select MET > 200", "bin MET [] 100 200", "bin MET > 200") == ["W333 2"]
    assert in_region("select size(jets) == 2", "bin size(jets) > 1", "bin size(jets) < 4") == [
        "W334 3"
    ]
    # The first bin of a list of edges in cutlang lies below them: cuts may well exclude it.
    text = "info x\n  dialect cutlang\nregion r\n  select MET > 200\n  bin MET 200 300\n"
    assert [f for f in lints(text) if f[:4] in ("W333", "W334")] == []


def test_the_message_says_whether_anything_is_left_for_the_bin() -> None:
    (inside,) = findings("region r\n  bin MET > 3\n  bin MET > 4\n")
    assert "lies inside the bin of line 2, which gets all its events" in inside.message
    (across,) = findings("region r\n  bin MET < 4\n  bin MET > 3\n")
    assert "overlaps with the bin of line 2" in across.message


def test_inherited_bins_are_looked_at_once() -> None:
    text = (
        "info x\n  dialect cutlang\nregion a\n  bin MET > 3\n  bin MET > 4\nregion b\n  take a\n"
        "  select MET > 2\n"
    )
    assert lints(text).count("W334 5") == 1


# --------------------------------------------------------------------------------------- MeV


def test_a_threshold_in_mev_is_a_warning() -> None:
    assert in_region("select HT > 20000", "select 30000 < sum(pT(jets))") == ["W346 1", "W346 2"]
    assert in_region("select MET [] 50000 99999", "select any(jets j, m(j) >= 14001)") == [
        "W346 1",
        "W346 2",
    ]
    text = "object o\n  take Jet\n  select pT > 25e3\nregion r\n  select size(o) > 1\n"
    assert lints(text) == ["W346 3"]


def test_large_numbers_that_are_no_threshold_of_a_momentum_are_none_of_mev() -> None:
    assert not in_region("select HT < 99999", "select HT [] 100 99999", "select run > 300000")
    assert not in_region("select HT > 14000", "select HT * 1000 > 200000")


def test_an_angle_in_degrees_is_a_warning() -> None:
    text = (
        "object o\n  take Jet\n  select dPhi(this, MET) < 30\n  select not phi(this) [] -180 20\n"
        "  select 6 > dPhi(this, MET) and eta < 7\nregion r\n  select size(o) > 1\n"
    )
    assert lints(text) == ["W346 3", "W346 4"]
    assert [d.help for d in findings(text) if d.code == "W346"] == [
        "0.5236 for 30 degrees",
        "-3.142 for -180 degrees",
    ]


# ------------------------------------------------------------------------- regions without lines


def test_a_region_without_a_line_is_noted_with_what_ends_it() -> None:
    text = "region a\ndefine x = MET > 3\nregion b\nregion c\n  select x\nregion d\n  select ALL\n"
    assert lints(text) == ["N407 1", "N407 3"]
    helps = [d.help for d in findings(text) if d.code == "N407"]
    assert helps[0].startswith("the block on line 2 ends it")
    assert helps[1] == "select ALL says that this is meant"


# ----------------------------------------------------------------------------------- unused


def test_what_no_region_uses_is_noted_with_its_user() -> None:
    text = (
        "object a\n  take Jet\nobject b\n  take a\ndefine c = size(b)\nregion r\n  select MET > 3\n"
    )
    assert lints(text) == ["N405 1", "N405 3", "N405 5"]
    helps = {d.span.start: d.help for d in findings(text) if d.code == "N405"}
    assert list(helps.values()) == [
        "only b uses it, which nothing uses",
        "only c uses it, which nothing uses",
        "",
    ]


@pytest.mark.parametrize(
    "use",
    [
        "select size(a) > 0",
        "select size(A) > 0",
        "select size(a) > 0 and pT(a_0) > 3",
        'histo h, "h", 5, 0, 9, pT(a)',
        "weight w 1 + size(a)",
        "bin size(a) > 2",
        "select size(a[0:2]) > 1",
    ],
)
def test_every_kind_of_use_counts(use: str) -> None:
    assert lints(f"object a\n  take Jet\nregion r\n  {use}\n") == []


def test_a_file_without_regions_declares_things_for_others() -> None:
    assert lints("object a\n  take Jet\n") == []


# --------------------------------------------------------------------------------- silencing


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("region r\n  select MET == 2.5  # adl: ignore[W330]\n", "W330"),
        ("region r\n  # adl: ignore[W331]\n  select MET [] 3 2\n", "W331"),
        ("region r\n  select MET > 3\n  select MET < 2  # adl: ignore[W332]\n", "W332"),
        ("region r\n  select MET > 3\n  bin MET < 2  # adl: ignore[W333]\n", "W333"),
        ("region r\n  bin MET > 3\n  bin MET > 4  # adl: ignore[W334]\n", "W334"),
        ("region r\n  select any(btagDeepB(Jet) > 3)  # adl: ignore[W335]\n", "W335"),
        ("object a  # adl: ignore[N405]\n  take Jet\nregion r\n  select MET > 3\n", "N405"),
    ],
)
def test_a_comment_silences_a_lint(text: str, code: str) -> None:
    assert code in [d.code for d in findings(text.replace("adl: ignore", "nothing"))]
    assert [d.code for d in findings(text) if d.code in (code, "N404")] == []


def test_a_comment_behind_a_statement_of_several_lines_silences_all_of_it() -> None:
    statement = "region r\n  select MET > 3 and\n    MET == 4.5 and\n    MET < 9"
    assert "W330" in [d.code for d in findings(f"{statement}\n")]
    assert findings(f"{statement}  # adl: ignore[W330]\n") == ()
    above = statement.replace("  select", "  # adl: ignore[W330]\n  select")
    assert findings(f"{above}\n") == ()
    # The statement behind it is another one.
    assert [d.code for d in findings(f"{statement}\n  select MET > 2  # adl: ignore[W330]\n")] == [
        "W330",
        "N404",
    ]


def test_many_quotes_before_a_comment_take_no_time() -> None:
    found = findings("region r\n  select MET > 3  # adl: ignore\n" + "'" * 200 + "\n")
    assert [d.code for d in found] == ["E110"]


# ---------------------------------------------------------------------------- no explosions


def test_defines_that_double_are_looked_at_once() -> None:
    lines = [f"define a{i + 1} = a{i} + a{i}" for i in range(60)]
    text = (
        "define a0 = MET.pT\n" + "\n".join(lines) + "\nregion r\n  select a60 > 3 and a60 == 5.5\n"
    )
    assert lints(text) == ["W330 63"]


def test_a_thousand_bins_take_no_thousand_times_thousand_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0
    share = overlaps._share

    def counted(*pair: Any) -> bool:
        nonlocal looks
        looks += 1
        return share(*pair)

    monkeypatch.setattr(overlaps, "_share", counted)
    bins = "".join(f"  bin MET [] {i} {i + 1} and size(Jet) > {i % 3}\n" for i in range(3000))
    assert lints(f"region r\n{bins}") == []
    assert 0 < looks < 10_000


# ------------------------------------------------------------------------------ sets of numbers

limits = st.sampled_from([-math.inf, -2.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, math.inf])
numbers = st.one_of(limits.filter(math.isfinite), st.floats(-4, 4))


@given(st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne"]), limits.filter(math.isfinite), numbers)
def test_a_comparison_allows_what_it_is_true_of(name: str, limit: float, x: float) -> None:
    truth = {
        "lt": x < limit,
        "le": x <= limit,
        "gt": x > limit,
        "ge": x >= limit,
        "eq": x == limit,
        "ne": x != limit,
    }
    assert holds(compared(name, limit), x) == truth[name]
    assert holds(complement(compared(name, limit)), x) != truth[name]


@given(limits, limits, limits, limits, numbers)
def test_sets_of_numbers_meet_and_join_like_sets(
    a: float, b: float, c: float, d: float, x: float
) -> None:
    first, second = within(a, b), outside(c, d)
    assert holds(first, x) == (a <= x <= b)
    assert holds(second, x) == (x <= c or x >= d)
    assert holds(first.meet(second), x) == (holds(first, x) and holds(second, x))
    assert holds(first.join(second), x) == (holds(first, x) or holds(second, x))
    assert holds(first.whole(), round(x)) == holds(first, round(x))
    assert first.join(second).covers(first)


def holds(allowed: Allowed, x: float) -> bool:
    return any(low <= x <= high for low, high in allowed.ranges)


# ------------------------------------------------------------------------- N403, of order


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("  select size(Muon) == 2\n  select m(Z) > 60\n", []),
        ("  select size(Muon) == 2 and m(Z) > 60\n", ["N403 3"]),  # not a cut before
        ("  select size(Muon) >= 2\n  select m(Z) > 60\n", ["N403 4"]),
        ("  select size(Muon) == 3\n  select m(Z) > 60\n", ["N403 4"]),
        ("  select size(Muon) == 2\n  select m(Z) > 60\n  select pT(Muon[0]) > 5\n", ["N403 5"]),
        ("  select size(Muon) == 2\n  select m(Muon[1] + Muon[0]) > 60\n", []),
        ("  select size(Muon) == 2\n  select m(Muon[1] - Muon[0]) > 60\n", ["N403 4"]),
    ],
)
def test_in_a_sum_of_all_elements_no_order_matters(region: str, expected: list[str]) -> None:
    text = f'define Z = Muon[0] + Muon[1]\nregion r\n{region}  histo h, "", 9, 0, 9, size(Muon)\n'
    found = [f"{d.code} {text.count(chr(10), 0, d.span.start) + 1}" for d in findings(text)]
    assert [f for f in found if f.startswith("N403")] == expected
