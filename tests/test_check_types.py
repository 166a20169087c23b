"""Types of values, and reducers over collections."""

from __future__ import annotations

import pytest

from adl.check.analysis import Cut, Literal_, Operation
from adl.check.checker import check
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.source import Source
from adl.syntax.tree import Define, File, Name, Number, Ternary
from tests.checking import NANOAOD
from tests.meanings import OBJECTS, condition, expression, findings, region, the


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("size(jets) + 1 == 2", "((size(jets) + 1) == 2)"),
        ("size(jets) / 2 > 1", "((real(size(jets)) / 2.0) > 1.0)"),
        ("MET > 30", "(pt(MET) > 30.0)"),
        ("MET * 2 > 1", "((pt(MET) * 2.0) > 1.0)"),
        ("muons[0].tightId == 1", "(int(tightId(muons[0])) == 1)"),
        ("muons[0].tightId == true", "(tightId(muons[0]) == True)"),
        ("(MET > 3) + (MET > 4) == 1", "((int((pt(MET) > 3.0)) + int((pt(MET) > 4.0))) == 1)"),
        ("2^3^2 > 1", "(pow(2.0, real((3 ^ 2))) > 1.0)"),
        ("-MET^2 < 1", "(neg((pt(MET) ^ 2)) < 1.0)"),
        ("MET^-1 < 1", "((pt(MET) ^ -1) < 1.0)"),
        ("MET^0.5 < 1", "(pow(pt(MET), 0.5) < 1.0)"),
        ("run < 9223372036854775808", "(real(run) < 9.223372036854776e+18)"),
        ("-MET < 5", "(neg(pt(MET)) < 5.0)"),
        ("size(jets)^2 < 5", "((size(jets) ^ 2) < 5)"),
        ("size(jets)^-1 < 5", "((real(size(jets)) ^ -1) < 5.0)"),
        ("sqrt(size(jets)) < 5", "(sqrt(real(size(jets))) < 5.0)"),
        ("abs(size(jets) - 3) < 5", "(abs((size(jets) - 3)) < 5)"),
        ("abs(-2.5) [] -2.4 2.4", "(abs(-2.5) [] -2.4 2.4)"),
        ("size(jets) ][ 2 4", "(size(jets) ][ 2 4)"),
        ("size(jets) [] 2 4.5", "(real(size(jets)) [] 2.0 4.5)"),
        ("(MET > 1 ? 1 : 0.5) > 0", "(((pt(MET) > 1.0) ? 1.0 : 0.5) > 0.0)"),
        ("min(MET, size(jets), 3) > 0", "(min(pt(MET), real(size(jets)), 3.0) > 0.0)"),
        ("default(pT(jets[0]), 0) > 3", "(default(pt(jets[0]), 0.0) > 3.0)"),
        ("hstep(MET > 3) > 0", "(hstep(real((pt(MET) > 3.0))) > 0.0)"),
        ("not MET > 3 and MET > 2 or ALL", "((not (pt(MET) > 3.0) and (pt(MET) > 2.0)) or True)"),
        ("jets[0] == bjets[0]", "(jets[0] is bjets[0])"),
        ("jets[0] != bjets[0]", "differ(jets[0], bjets[0])"),
    ],
)
def test_operands_have_one_type(written: str, meant: str) -> None:
    assert condition(written, OBJECTS) == meant


def test_written_numbers_are_data_but_exponents_and_indices_are_not() -> None:
    found = region("region r\n  select MET^2 > 30\n").statements[0]
    assert isinstance(found, Cut)
    assert isinstance(found.condition, Operation)
    assert found.condition.arguments[1] == Literal_(
        30.0, True, type="real", span=found.condition.span
    )


def test_a_number_as_condition_is_non_zero_with_a_warning() -> None:
    assert findings("region r\n  select size(Jet) and ALL\n") == ["W304 2:10"]
    assert condition("size(Jet)") == "((size(Jet) < 0) or (size(Jet) > 0))"
    assert condition("MET") == "((pt(MET) < 0.0) or (pt(MET) > 0.0))"  # NaN is neither


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Jet[0] > 3", "E204 2:10"),
        ("Jet[0] Jet[1] > 3", "E204 2:10"),
        ("2 * Jet[0] > 3", "E204 2:14"),
        ("sin(Jet[0]) > 3", "E204 2:14"),
        ("dR(Jet[0], 3) > 3", "E209 2:21"),
        ("m(3 + Jet[0]) > 3", "E204 2:16"),
        ("MET.pT.phi > 3", "E209 2:10"),
        ("Jet > 3", "E203 2:10"),
        ("dR(Jet, Jet[0]) > 3", "E203 2:13"),
        ("size(Jet > 3)", "E210 2:15"),
        ("size(MET) > 3", "E210 2:15"),
        ("MET[1] > 3", "E210 2:10"),
        ("sin(3, 4) > 3", "E206 2:10"),
        ("dR(Jet[0]) > 3", "E206 2:10"),
        ("default(3) > 3", "E206 2:10"),
        ("pT(Jet[-1]) > 3", "E231 2:13"),
        ('MET > "a"', "E211 2:16"),
        ("sum(pT(Jet), 3) > 3", "E206 2:10"),
        ("sum(pT(Jet[0])) > 3", "E217 2:10"),
        ("any(Jet j, Jet j, pT(j) > 3)", "E207 2:25"),
        ("any(Jet j, pT(Jet) > 3)", "E203 2:24"),
        ("any(MET j, pT(j) > 3)", "E210 2:14"),
    ],
)
def test_a_mistake_in_an_expression_is_one_error(written: str, expected: str) -> None:
    found = findings(f"region r\n  select {written}\n")
    assert [f for f in found if f[0] == "E"] == [expected]


def test_a_collection_where_one_element_is_needed_has_both_ways_out() -> None:
    found = the("object jets\n  take Jet\nregion r\n  select dphi(jets, MET) > 0.4\n")
    assert (found.code, found.message) == (
        "E203",
        "dphi needs one particle, jets is a collection",
    )
    assert found.help == (
        "jets[0] is the first of jets; any(dphi(jets, MET) > 0.4) asks for at least one"
    )


def test_a_collection_where_a_number_is_needed_has_a_size() -> None:
    found = the("region r\n  select Jet > 3\n")
    assert found.message == "one value is needed here, Jet is a collection"
    assert found.help == "Jet[0] is the first of Jet; size(Jet) is their number"


def test_all_mistakes_come_in_one_run() -> None:
    text = "region r\n  select Jett > 1 and Muonn > 2\n  select foo(MET) > 1\n"
    assert findings(text) == ["E201 2:10", "E201 2:23", "E205 3:10"]


def test_a_ternary_in_an_expression_needs_its_else() -> None:
    bare = Ternary(Name("ALL"), Number("1"), None)
    file = File((Define(Name("x"), bare),))
    with pytest.raises(AnalysisError, match="E212"):
        check(file, Source("t", "define x = ALL ? 1"), NANOAOD)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sum(pT(jets))", "sum[jets jets](pt(jets))"),
        ("sum(jets.pT)", "sum[jets jets](pt(jets))"),
        ("max(jets.pT)", "max[jets jets](pt(jets))"),
        ("min(dR(jets, muons))", "min[jets jets, muons muons](dr(jets, muons))"),
        ("sum(jets j, pT(j))", "sum[jets j](pt(j))"),
        ("sum(jets j, size(jets))", "real(sum[jets j](size(jets)))"),
        ("sum(pT(jets) > 30)", "real(sum[jets jets](int((pt(jets) > 30.0))))"),
        ("max(nConstituents(jets))", "max[jets jets](real(nConstituents(jets)))"),
        (
            "min(jets a, jets b, dR(a, b))",
            "min[jets a, jets b, where not (a is b)](dr(a, b))",
        ),
        (
            "min(dR(jets, bjets))",
            "min[jets jets, bjets bjets, where not (jets is bjets)](dr(jets, bjets))",
        ),
        (
            "count(jets j, any(muons m, dR(j, m) < 0.4))",
            "real(count[jets j](any[muons m]((dr(j, m) < 0.4))))",
        ),
        (
            "count(jets j, all(jets k, dR(j, k) > 1))",
            "real(count[jets j](all[jets k, where not (j is k)]((dr(j, k) > 1.0))))",
        ),
        (
            "sum(jets j, pT(j) / max(pT(jets)))",
            "sum[jets j]((pt(j) / max[jets jets](pt(jets))))",
        ),
        (
            "count(jets j, any(bjets b, j == b))",
            "real(count[jets j](any[bjets b]((j is b))))",
        ),
        ("sum(pT(jets) * size(muons))", "sum[jets jets]((pt(jets) * real(size(muons))))"),
        ("sum(pT(jets) * pT(jets))", "sum[jets jets]((pt(jets) * pt(jets)))"),
    ],
)
def test_reducers_bind_their_loops(written: str, meant: str) -> None:
    assert expression(written, OBJECTS) == meant
