"""What holds for every analysis that is checked: dialects, properties, codes, newcomers' traps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adl.check
import adl.compiler.python
import adl.migrate
import adl.runtime
from adl.check.analysis import (
    Apply,
    AttributeOf,
    Choice,
    Cut,
    Default,
    Extremum,
    Interval,
    Logic,
    Operation,
    Power,
    Value,
)
from adl.check.checker import check
from adl.check.codes import CODES
from adl.check.values import free_loops, operands, walk
from adl.stdlib.models import load_model
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.meanings import (
    OBJECTS,
    checked,
    findings,
    place,
    region,
    show,
    the,
    the_object,
)

# ----------------------------------------------------------------------------------- dialect


CUTLANG = "algo r\n  select size(Jet) > 1\n  bin MET 100 200\n"


def test_cutlang_spellings_with_something_that_matters_make_a_file_cutlang() -> None:
    analysis, (note,) = checked(CUTLANG)
    assert analysis.dialect == "cutlang"
    assert (note.code, place(CUTLANG, note)) == ("N401", "3:3")
    assert "algo on line 1" in note.message


@pytest.mark.parametrize(
    "text",
    [
        "region r\n  select size(Jet) > 1\n  bin MET 100 200\n",
        "algo r\n  select MET > 1\n",
        "info adl\n  dialect adl\n" + CUTLANG,
    ],
)
def test_everything_else_is_adl(text: str) -> None:
    analysis, found = checked(text)
    assert analysis.dialect == "adl"
    assert found == ()


def test_an_info_block_or_the_caller_decides_the_dialect() -> None:
    text = "info adl\n  dialect cutlang\nregion r\n  select MET > 1\n"
    assert checked(text)[0].dialect == "cutlang"
    assert checked(text, "adl")[0].dialect == "adl"


@pytest.mark.parametrize(
    "spelling",
    ["cmd MET > 1", "select size(Jet_) > 1", "select {MET}phi > 1", "select m(MET_0) > 1"],
)
def test_spellings_of_cutlang(spelling: str) -> None:
    text = f"region r\n  {spelling}\n  base\nregion base\n  select ALL\n"
    assert findings(text) == ["N401 3:3"]


def test_an_unknown_dialect_is_a_mistake() -> None:
    assert findings("info adl\n  dialect cutlung\nregion r\n  select ALL\n") == ["E220 1:6"]


def test_spellings_of_both_with_something_that_matters_are_an_error() -> None:
    text = CUTLANG + "object j\n  take Jet\n  select pT(this) > 3\n"
    found = the(text)
    assert (found.code, place(text, found)) == ("E220", "3:3")
    assert "this on line 6" in found.message


def test_a_collection_without_an_attribute_is_no_number_in_cutlang_either() -> None:
    assert [f[:4] for f in findings("region r\n  select 2 * Jet > 3\n", "cutlang")] == ["E203"]


# ------------------------------------------------------------------------------ properties

NUMBERS = st.sampled_from(
    [
        "3",
        "-2.5",
        "MET.pT",
        "run",
        "size(jets)",
        "sum(pT(jets))",
        "pT(jets[0])",
        "q(muons[1])",
        "m(muons[0]muons[1])",
        "ht",
        "dR(jets[0],muons[0])",
        "max(dR(jets,bjets))",
        "muons[0].tightId",
        "count(pT(jets)>3)",
    ]
)


OF_ELEMENTS = NUMBERS | st.sampled_from(
    ["pT", "eta(this)", "pT(j)", "dR(j,muons)", "dPhi(this,jets)", "pT(eles)", "min(dR(j,jets))"]
)


def combined(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return expressions of numbers, comparisons and conditions, each in any other's place."""

    def extended(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        operator = st.sampled_from(["+", "-", "*", "/", "^", "<", ">=", "==", "!=", "and", "or"])
        return (
            st.builds("({} {} {})".format, inner, operator, inner)
            | st.builds("(not {})".format, inner)
            | st.builds("(-{})".format, inner)
            | st.builds("({} [] {} {})".format, inner, st.just("-1"), st.just("3"))
            | st.builds("({} ? {} : {})".format, inner, inner, inner)
            | st.builds("default({}, {})".format, inner, inner)
            | st.builds("abs({})".format, inner)
            | st.builds("min({}, {})".format, inner, inner)
            | st.builds("hstep({})".format, inner)
        )

    return st.recursive(leaves, extended, max_leaves=8)


@settings(deadline=None)
@given(combined(NUMBERS))
def test_every_value_of_a_region_is_well_typed_and_closed(written: str) -> None:
    found = region(f"{OBJECTS}define ht = sum(pT(jets))\nregion r\n  select {written}\n")
    (cut,) = found.statements
    assert isinstance(cut, Cut)
    assert cut.condition.type == "bool"
    assert free_loops(cut.condition) == []
    verify(cut.condition)


@settings(deadline=None)
@given(combined(OF_ELEMENTS), st.sampled_from(["select", "reject"]))
def test_every_cut_of_an_object_is_well_typed_and_about_its_element(
    written: str, keyword: str
) -> None:
    text = f"{OBJECTS}define ht = sum(pT(jets))\n"
    found = the_object(f"  take jets j\n  {keyword} pT(j) > 3 and {written}\n", text)
    (cut,) = found.cuts
    assert cut.type == "bool"
    assert set(free_loops(cut)) <= {found.this}
    verify(cut)


def verify(value: Value) -> None:
    """Assert that operands have the types that lowering relies on."""
    for part in walk(value):
        types = {operand.type for operand in operands(part)}
        match part:
            case Operation(name="same" | "real" | "int"):
                continue
            case Operation() | Extremum() | Default() | Interval():
                assert len(types) == 1, show(part)
                assert "particle" not in types
            case Choice():
                assert part.condition.type == "bool"
                assert part.then.type == part.otherwise.type == part.type
            case Logic():
                assert types == {"bool"}
            case Power():
                assert part.base.type in ("int", "real")
            case AttributeOf():
                assert types == {"particle"}
            case Apply():
                wanted = part.function.arguments
                assert types == set(wanted), show(part)


# ----------------------------------------------------------------------------------- codes


def test_the_name_of_an_analysis_is_that_of_its_file() -> None:
    assert checked("region r\n  select ALL\n")[0].name == "cuts"


def test_every_code_that_the_checker_says_has_its_meaning() -> None:
    folders = [
        Path(module.__file__ or "").parent
        for module in (adl.check, adl.migrate, adl.compiler.python, adl.runtime)
    ]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    texts = [path.read_text() for path in files if path.name != "codes.py"]
    said = {code for text in texts for code in re.findall(r'"([EWN][0-9]{3})"', text)}
    assert said == set(CODES)


# ----------------------------------------------------- what a newcomer ran into, one test a trap


def test_an_element_cannot_be_called_like_a_collection() -> None:
    text = "object mu\n  take Muon\nobject el\n  take Electron\nobject lep\n  take mu el\n"
    assert findings(text) == ["E222 6:11"]
    assert findings("object lep\n  take Muon Electron\n") == ["E222 2:13"]


def test_a_cut_of_an_object_that_does_not_depend_on_the_element_is_a_warning() -> None:
    assert findings("object j\n  take Jet\n  select MET > 100\n") == ["W307 3:10"]
    assert findings("object j\n  take Jet\n  select ALL\n  select pT > MET\n") == []


def test_an_alias_of_the_input_beside_a_declared_name_is_a_warning() -> None:
    text = "object muons\n  take Muon\n  select pT > 20\nregion r\n  select size(Muons) == 2\n"
    assert findings(text) == ["W308 5:15"]
    assert findings(text.replace("size(Muons)", "size(muons)")) == []


@pytest.mark.parametrize("name", ["cutflow", "cutflow_raw", "bins", "bins_raw"])
def test_a_histogram_cannot_be_called_like_one_that_every_region_has(name: str) -> None:
    assert findings(f'region r\n  histo {name}, "", 1, 0, 1, MET\n') == ["E223 2:9"]


def test_a_union_of_one_collection_is_a_union() -> None:
    text = "object one\n  take union(Muon)\nregion r\n  select default(pT(one[0]), 0) > 3\n"
    assert findings(text) == []  # no note that the file's order counts
    assert findings(text.replace("union(Muon)", "Muon")) == ["N403 4:21"]


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("deltaR(Jet[0], MET) > 1", "write dR(a, b)"),
        ("fabs(MET) > 1", "write abs(x)"),
        ("ln(MET) > 1", "write log(x)"),
        ("Jet_pt > 30", "Jet[0].pt"),
        ("MET > 30*GeV", "numbers have no units"),
    ],
)
def test_words_of_other_tools_are_answered_with_ours(written: str, instead: str) -> None:
    source = Source("habit.adl", f"region r\n  select {written}\n")
    with pytest.raises(AnalysisError) as raised:
        check(parse(source), source, load_model("nanoaod").schema())
    assert any(instead in d.help for d in raised.value.diagnostics)
