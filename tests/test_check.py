"""What the checker says about analyses: the meaning it finds, and every mistake in its place.

Meanings are compared as short texts: ``(pt this) > 30.0`` for the pT of the current element.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adl.check
import adl.compiler.python
import adl.migrate
import adl.runtime
from adl.check.analysis import (
    Analysis,
    Apply,
    AttributeOf,
    Choice,
    Cut,
    Default,
    DefineRef,
    Element,
    EventValue,
    Extremum,
    Histogram,
    Interval,
    Literal_,
    Logic,
    ObjectDef,
    Operation,
    Power,
    Reduction,
    RegionDef,
    RegionRef,
    Rows,
    Singleton,
    Size,
    Sum,
    Value,
    Variable,
    WeightBy,
)
from adl.check.checker import check
from adl.check.codes import CODES
from adl.check.values import free_loops, operands, walk
from adl.stdlib.models import Branch, Schema, load_model
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.parse import parse
from adl.syntax.source import Source
from adl.syntax.tree import Define, File, Name, Number, Ternary
from tests.checking import NANOAOD

LINTS = re.compile(r"W33\d|N405")

SYMBOLS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
SYMBOLS |= {"add": "+", "sub": "-", "mul": "*", "div": "/", "same": "is"}


# --------------------------------------------------------------------------------- helpers


def checked(
    text: str,
    dialect: Literal["auto", "adl", "cutlang"] = "auto",
    schema: Schema = NANOAOD,
) -> tuple[Analysis, tuple[Diagnostic, ...]]:
    source = Source("cuts.adl", text)
    return check(parse(source), source, schema, dialect)


def findings(text: str, dialect: Literal["auto", "adl", "cutlang"] = "auto") -> list[str]:
    """Return ``CODE line:column`` of all findings but lints, which have their own tests."""
    found = diagnostics(text, dialect)
    return [f"{d.code} {place(text, d)}" for d in found if not LINTS.fullmatch(d.code)]


def diagnostics(
    text: str, dialect: Literal["auto", "adl", "cutlang"] = "auto"
) -> tuple[Diagnostic, ...]:
    try:
        return checked(text, dialect)[1]
    except AnalysisError as error:
        return error.diagnostics


def place(text: str, diagnostic: Diagnostic) -> str:
    line, column = Source("", text).position(diagnostic.span.start)
    return f"{line}:{column}"


def the(text: str) -> Diagnostic:
    """Return the only finding."""
    (found,) = diagnostics(text)
    return found


def expression(text: str, before: str = "") -> str:
    """Return the meaning of a numeric or boolean expression of the event."""
    analysis, _ = checked(f"{before}\nregion r\n  histo h, 't', 5, 0, 1, {text}".replace("'", '"'))
    (histogram,) = analysis.regions[-1].statements
    assert isinstance(histogram, Histogram)
    return show(histogram.fills[0][0])


def condition(text: str, before: str = "") -> str:
    """Return the meaning of a condition of a region."""
    analysis, _ = checked(f"{before}\nregion r\n  select {text}")
    (cut,) = analysis.regions[-1].statements
    assert isinstance(cut, Cut)
    return show(cut.condition)


def kept(block: str, before: str = "") -> list[str]:
    """Return the cuts of an object block."""
    return [show(cut) for cut in the_object(block, before).cuts]


def the_object(block: str, before: str = "") -> ObjectDef:
    analysis, _ = checked(f"{before}\nobject tested\n{block}\nregion r\n  select size(tested) > 0")
    (cut,) = analysis.regions[-1].statements
    assert isinstance(cut, Cut)
    assert isinstance(cut.condition, Operation)
    size = cut.condition.arguments[0]
    assert isinstance(size, Size)
    assert isinstance(size.collection, ObjectDef)
    return size.collection


def region(text: str, dialect: Literal["auto", "adl", "cutlang"] = "auto") -> RegionDef:
    """Return the last region."""
    return checked(text, dialect)[0].regions[-1]


def labels(found: RegionDef) -> list[str]:
    return [s.name if isinstance(s, (Histogram, Rows)) else s.label for s in found.statements]


def show(value: Value) -> str:
    match value:
        case Literal_():
            return repr(value.value)
        case EventValue():
            return value.branch.name
        case Element():
            return f"{value.collection.name}[{value.index}]"
        case Variable():
            return value.loop.name
        case Singleton():
            return value.schema.name
        case Sum():
            return " ".join(f"{'-' if sign < 0 else '+'}{show(v)}" for sign, v in value.items)
        case AttributeOf():
            return f"{value.attribute}({show(value.particle)})"
        case Apply():
            return f"{value.function.name}({', '.join(map(show, value.arguments))})"
        case Operation() if value.name in SYMBOLS:
            left, right = map(show, value.arguments)
            return f"({left} {SYMBOLS[value.name]} {right})"
        case Operation():
            return f"{value.name}({', '.join(map(show, value.arguments))})"
        case Power():
            return f"({show(value.base)} ^ {value.exponent})"
        case Logic(operator="not"):
            return f"not {show(value.operands[0])}"
        case Logic():
            return f"({f' {value.operator} '.join(map(show, value.operands))})"
        case Interval():
            return f"({show(value.value)} {value.operator} {show(value.lower)} {show(value.upper)})"
        case Choice():
            parts = map(show, (value.condition, value.then, value.otherwise))
            return "({} ? {} : {})".format(*parts)
        case Reduction():
            loops = ", ".join(
                f"{loop.collection.name} {loop.name}" if loop.collection else loop.name
                for loop in value.loops
            )
            where = "".join(f", where {show(w)}" for w in value.where)
            return f"{value.operation}[{loops}{where}]({show(value.value)})"
        case Extremum():
            return f"{value.operation}({', '.join(map(show, value.values))})"
        case Size():
            return f"size({value.collection.name})"
        case Default():
            return f"default({show(value.value)}, {show(value.otherwise)})"
        case DefineRef():
            return value.define.name
        case RegionRef():
            return value.region.name
        case _:
            raise AssertionError(type(value).__name__)


OBJECTS = """
object jets
  take Jet
  select pT > 30
object bjets
  take jets
  select btagDeepB > 0.5
object muons : Muon
  select pT(Muon) > 10
object eles
  take Electron e
  select e.pT > 10
"""

# ----------------------------------------------------------------------------------- names


def test_blocks_may_stand_in_any_order() -> None:
    text = "region r\n  select ht > 1\ndefine ht = sum(pT(late))\nobject late\n  take Jet\n"
    assert findings(text) == []


def test_a_circle_is_reported_once_with_its_chain() -> None:
    found = the("define a = b + 1\ndefine b = c + 1\ndefine c = a + 1\nregion r\n  select a > 0\n")
    assert (found.code, found.message) == ("E208", "a depends on itself: a -> b -> c -> a")


def test_objects_that_remove_each_other_are_a_circle() -> None:
    text = (
        "object pho\n  take Photon p\n  reject dR(p, jet) < 0.4\n"
        "object jet\n  take Jet j\n  reject dR(j, pho) < 0.4\n"
    )
    assert findings(text) == ["E208 6:16"]


def test_an_object_that_names_itself_learns_of_this() -> None:
    found = the("object jets\n  take Jet\n  select pT(jets) > 30\n")
    assert found.code == "E208"
    assert "this" in found.help


def test_a_duplicate_is_reported_at_the_second_with_the_line_of_the_first() -> None:
    found = the("define x = MET\n\ndefine x = 3\n")
    assert found.code == "E207"
    assert "line 1" in found.message
    assert place("define x = MET\n\ndefine x = 3\n", found) == "3:8"


def test_an_unknown_name_has_suggestions() -> None:
    found = the(OBJECTS + "region r\n  select size(jest) > 2\n")
    assert found.code == "E201"
    assert "jets" in found.help
    assert "--input" in found.help


def test_a_files_own_branches_are_all_there_is() -> None:
    branches = {b.name: b for b in (Branch("nJet", "uint32", None), Branch("run", "int64", None))}
    schema = load_model("nanoaod").schema(branches)
    with pytest.raises(AnalysisError) as raised:
        checked("region r\n  select rum > 2\n", schema=schema)
    assert "--input" not in raised.value.diagnostics[0].help
    assert raised.value.diagnostics[0].help == "did you mean run?"


def test_a_mistake_in_a_define_is_reported_once() -> None:
    text = "define ht = summ(pT(Jet))\nregion r\n  select ht > 1\n  select ht + 1 > 2\n"
    assert findings(text) == ["E205 1:13"]


def test_a_mistake_in_an_attribute_is_reported_once_wherever_it_is_used() -> None:
    text = """\
object jets
  take Jet
  define soft = ptt < 3
  define hard = soft and pt > 3
  select hard
object some
  take jets
  select soft
object either
  take union(some, Muon)
  select soft
composite pairs
  take disjoint(some a, some b)
  object both = a + bb
  define far = abs(m(both) - 91)
  select far < 10
region r
  select any(soft(some)) and some[0].soft and size(either) > 1
  select pairs[0].far < 3 and m(pairs[0].both) > 3
  sort soft(jets) descend
"""
    assert findings(text) == ["E201 3:17", "E201 14:21"]


def test_an_index_behind_an_attribute_is_put_where_it_belongs() -> None:
    found = diagnostics("region r\n  select Jet.pt[0] > 3 and pT(Jet)[1] > 2\n")
    helps = [d.help for d in found if d.code == "E210"]
    assert helps == [
        "the index belongs to the collection: Jet[0].pt",
        "the index belongs to the collection: pT(Jet[1])",
    ]


def test_what_a_file_lacks_is_said_once_and_what_is_misspelt_at_each_place() -> None:
    branches = {b.name: b for b in (Branch("nJet", "uint32", None), Branch("run", "int64", None))}
    lacking = load_model("nanoaod").schema(branches)
    text = "region r\n  select MET > 2\n  select rum > 2\n  select MET > 3 and rum > 3\n"
    with pytest.raises(AnalysisError) as raised:
        checked(text, schema=lacking)
    found = [(place(text, d), d.message) for d in raised.value.diagnostics]
    assert found == [
        ("2:10", "nothing is called MET (and so in one place more)"),
        ("3:10", "nothing is called rum"),
        ("4:22", "nothing is called rum"),
    ]


def test_an_unknown_function_is_reported_beside_a_mistake_in_its_argument() -> None:
    text = "define a = mm(Zz)\nobject o\n  take Jet\n  select dR(this, clossest(this, Muon)) > 1\n"
    assert findings(text) == ["E205 1:12", "E201 1:15", "E205 4:19"]
    assert diagnostics(text)[-1].help == "did you mean closest?"


def test_a_bracket_that_is_closed_too_late_is_put_right() -> None:
    (warning,) = diagnostics("object o\n  take Jet\n  select abs(eta < 2.4)\n")
    assert (warning.code, warning.help) == ("W304", "did you mean abs(eta) < 2.4?")


def test_another_case_of_a_declared_name_is_a_warning() -> None:
    assert findings("define mTbmin = MET\nregion r\n  select mtbmin > 2\n") == ["W302 3:10"]


def test_a_forgotten_object_is_said_to_be_all_elements_of_the_input() -> None:
    (warning,) = checked("region r\n  select size(jets) > 2\n")[1]
    assert (warning.code, warning.message.split("read as ")[1]) == (
        "W302",
        "Jet of the input, all of them without a cut",
    )
    assert warning.help == "write Jet, or declare your own selection: object jets"


def test_an_exact_declared_name_comes_before_the_inputs() -> None:
    assert condition("size(Jets) > 0", "object Jets\n  take Jet\n") == "(size(Jets) > 0)"


def test_another_case_of_a_declared_name_comes_before_that_of_the_input() -> None:
    assert condition("size(jETs) > 0", "object Jets\n  take Muon\n") == "(size(Jets) > 0)"


def test_hiding_the_library_or_the_input_is_a_warning() -> None:
    text = "define pt = 3\ndefine MET = 4\nregion r\n  select MET + pt > 2\n"
    assert findings(text) == ["W303 1:8", "W303 2:8"]
    analysis, _ = checked(text)
    assert show(analysis.regions[0].statements[0].condition) == "((MET + pt) > 2)"  # type: ignore[union-attr] # a cut


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("pT(jets_0)", "pt(jets[0])"),
        ("{jets_0}pT", "pt(jets[0])"),
        ("pT(jets[0])", "pt(jets[0])"),
        ("jets[0].pT", "pt(jets[0])"),
        ("JET[1].m", "mass(Jet[1])"),
        ("size(jets_)", "real(size(jets))"),
        ("Count(jets)", "real(size(jets))"),
        ("jets.size", "real(size(jets))"),
        ("count(pT(jets) > 50)", "real(count[jets jets]((pt(jets) > 50.0)))"),
        ("MET", "pt(MET)"),
        ("METLV[0].phi", "phi(MET)"),
        ("m(MET)", "0.0"),
        ("px(MET)", "px(MET)"),
        ("MET_sumEt", "MET_sumEt"),
        ("run", "real(run)"),
    ],
)
def test_names_and_elements(written: str, meant: str) -> None:
    assert expression(written, OBJECTS) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("ALL", "True"), ("none", "False"), ("True and FALSE", "(True and False)")],
)
def test_constants_in_any_case(written: str, meant: str) -> None:
    assert condition(written) == meant


# ------------------------------------------------------------------------------ attributes


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("px(jets[0])", "px(jets[0])"),
        ("jets[0].E", "energy(jets[0])"),
        ("jets[0].nConstituents", "real(nConstituents(jets[0]))"),
        ("m(muons[0] muons[1])", "mass(+muons[0] +muons[1])"),
        ("m(muons[0] + muons[1] + MET)", "mass(+muons[0] +muons[1] +MET)"),
        ("pT(-muons[0] muons[1])", "pt(-muons[0] +muons[1])"),
        ("m(muons[0] - muons[1])", "mass(+muons[0] -muons[1])"),
        ("q(muons[0] eles[0])", "real(charge(+muons[0] +eles[0]))"),
        ("m(Z)", "mass(+muons[0] +muons[1])"),
        ("Z.pT", "pt(+muons[0] +muons[1])"),
        ("lead.pT", "pt(jets[0])"),
        ("dR(muons[0], Z)", "dr(muons[0], +muons[0] +muons[1])"),
        ("dPhi(jets[0], MET)", "dphi(jets[0], MET)"),
        ("dphi(jets[0], METLV[0])", "dphi(jets[0], MET)"),
    ],
)
def test_attributes_of_particles(written: str, meant: str) -> None:
    defines = "define Z = muons[0] muons[1]\ndefine lead = jets[0]\n"
    assert expression(written, OBJECTS + defines) == meant


def test_an_unknown_attribute_is_reported_at_the_attribute() -> None:
    text = "region r\n  select Jet[0].btagDeepC > 1\n"
    found = the(text)
    assert (found.code, place(text, found)) == ("E202", "2:17")
    assert "btagDeepB" in found.help


def test_an_attribute_of_a_union_must_be_in_all_sources() -> None:
    text = (
        "object l\n  take union(Muon, Electron)\n  select tightId\nregion r\n  select q(l[0]) > 0\n"
    )
    assert findings(text)[0] == "E201 3:10"
    text = text.replace("select tightId", "select tightId(this)")
    assert findings(text)[0] == "E202 3:10"
    assert "Electron has no attribute tightId" in diagnostics(text)[0].message


def test_a_sum_of_particles_has_no_stored_attribute() -> None:
    text = "region r\n  select btagDeepB(Jet[0] Jet[1]) > 1\n"
    assert [f for f in findings(text) if f[0] == "E"] == ["E202 2:10"]


def test_jets_without_a_charge_have_no_sum_of_it() -> None:
    found = the("region r\n  select q(Jet[0] Jet[1]) == 0\n")
    assert (found.code, found.message) == ("E202", "Jet has no attribute q")


def test_missing_momentum_has_no_eta() -> None:
    assert findings("region r\n  select eta(MET) > 1\n") == ["E221 2:14"]
    assert findings("region r\n  select dR(Muon[0], MET) > 1\n")[-1] == "E221 2:22"


def test_an_unknown_function_has_suggestions() -> None:
    found = the("region r\n  select sinn(MET / 3) > 1\n")
    assert (found.code, found.help[:20]) == ("E205", "did you mean sin or ")


def test_particles_after_commas_are_their_sum() -> None:
    text = "region r\n  select size(Jet) > 1 and m(Jet[0], Jet[1]) > 80\n"
    assert findings(text) == ["W306 2:30"]
    assert condition("m(Jet[0], Jet[1]) > 80") == "(mass(+Jet[0] +Jet[1]) > 80.0)"


# ----------------------------------------------------------------------------------- types


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


# -------------------------------------------------------------------------------- reducers


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


# ----------------------------------------------------------------------------------- objects


@pytest.mark.parametrize(
    "written", ["pT > 30", "pT(Jet) > 30", "Jet.pT > 30", "pT(this) > 30", "this.pt > 30"]
)
def test_words_for_the_current_element(written: str) -> None:
    assert kept(f"  take Jet\n  select {written}\n") == ["(pt(this) > 30.0)"]


def test_the_instance_name_is_the_current_element() -> None:
    assert kept("  take Jet j\n  select pT(j) > 30\n  select j.pT > 40\n  select pT > 50\n") == [
        "(pt(j) > 30.0)",
        "(pt(j) > 40.0)",
        "(pt(j) > 50.0)",
    ]


def test_an_ancestor_is_the_current_element_with_a_note() -> None:
    text = "object b\n  take jets\n  select btagDeepB(Jet) > 0.5\nobject jets\n  take Jet\n"
    assert findings(text) == ["N402 3:20"]
    assert kept("  take jets\n  select btagDeepB(JET) > 0.5\n", OBJECTS) == [
        "(btagDeepB(this) > 0.5)"
    ]


def test_a_statement_with_this_reads_the_source_as_the_whole_collection() -> None:
    assert kept("  take jets\n  select all(dR(this, jets) > 0.4)\n", OBJECTS) == [
        "all[jets jets, where not (this is jets)]((dr(this, jets) > 0.4))"
    ]
    assert kept("  take jets j\n  select pT(j) > 0.5 * max(pT(jets))\n", OBJECTS) == [
        "(pt(j) > (0.5 * max[jets jets](pt(jets))))"
    ]


def test_size_and_an_index_of_the_source_are_those_of_the_collection() -> None:
    assert kept("  take Jet\n  select pT(Jet) > pT(Jet[0]) / size(Jet)\n") == [
        "(pt(this) > (pt(Jet[0]) / real(size(Jet))))"
    ]


def test_a_reducer_over_the_current_element_is_a_mistake() -> None:
    found = the("object j\n  take Jet\n  select pT(Jet) > 0.5 * max(pT(Jet))\n")
    assert found.code == "E217"
    assert "this" in found.help


def test_select_asks_all_of_a_foreign_collection_and_reject_any() -> None:
    assert kept(
        "  take jets\n  select dR(jets, muons) > 0.4\n  reject dR(jets, muons) < 0.4\n", OBJECTS
    ) == [
        "all[muons muons]((dr(this, muons) > 0.4))",
        "not any[muons muons]((dr(this, muons) < 0.4))",
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            "reject dR(j, muons) < 0.4 and pT(muons) / pT(j) > 0.5",
            "not any[muons muons](((dr(j, muons) < 0.4) and ((pt(muons) / pt(j)) > 0.5)))",
        ),
        (
            "reject pT(j) < 50 and dR(j, muons) < 0.4",
            "not ((pt(j) < 50.0) and any[muons muons]((dr(j, muons) < 0.4)))",
        ),
        (
            "select not (dR(j, muons) < 0.4 or pT(j) < 50)",
            "(all[muons muons](not (dr(j, muons) < 0.4)) and not (pt(j) < 50.0))",
        ),
        (
            "select dR(j, muons) > 0.4 and dR(j, eles) > 0.2",
            "(all[muons muons]((dr(j, muons) > 0.4)) and all[eles eles]((dr(j, eles) > 0.2)))",
        ),
        (
            "reject dR(j, jets) < 0.4",
            "not any[jets jets, where not (j is jets)]((dr(j, jets) < 0.4))",
        ),
        (
            "reject dR(j, bjets) < 0.4",
            "not any[bjets bjets, where not (j is bjets)]((dr(j, bjets) < 0.4))",
        ),
        (
            "select pT(j) > 50 ? dR(j, muons) > 0.4 : pT(j) > 40",
            "((pt(j) > 50.0) ? all[muons muons]((dr(j, muons) > 0.4)) : (pt(j) > 40.0))",
        ),
        (
            "select dR(j, muons) < 0.4 ? pT(j) > 50 : pT(j) > 30",
            "all[muons muons](((dr(j, muons) < 0.4) ? (pt(j) > 50.0) : (pt(j) > 30.0)))",
        ),
        (
            "select dR(j, eles) > 0.4 or min(dR(j, muons)) > 1",
            "(all[eles eles]((dr(j, eles) > 0.4)) or (min[muons muons](dr(j, muons)) > 1.0))",
        ),
        (
            "select dR(muons, eles) > pT(j)",
            "all[muons muons, eles eles]((dr(muons, eles) > pt(j)))",
        ),
    ],
)
def test_a_foreign_collection_is_quantified_where_all_its_mentions_are(
    written: str, meant: str
) -> None:
    assert kept(f"  take jets j\n  {written}\n", OBJECTS) == [meant]


def test_a_ternary_without_else_keeps_where_the_condition_fails() -> None:
    assert kept("  take Jet\n  select pT > 50 ? abs(eta) < 2\n  reject pT > 50 ? eta > 2\n") == [
        "(not (pt(this) > 50.0) or (abs(eta(this)) < 2.0))",
        "not ((pt(this) > 50.0) and (eta(this) > 2.0))",
    ]


@pytest.mark.parametrize(
    "block", ["  take Muon\n  take Electron\n", "  take union(Muon, Electron)\n"]
)
def test_a_union_has_several_sources(block: str) -> None:
    found = the_object(block + "  select abs(charge) == 1\n")
    assert [s.name for s in found.sources] == ["Muon", "Electron"]
    assert show(found.cuts[0]) == "(abs(charge(this)) == 1)"


def test_a_union_in_a_union_is_taken_apart() -> None:
    found = the_object("  take union(Muon, union(Electron, Photon))\n")
    assert [s.name for s in found.sources] == ["Muon", "Electron", "Photon"]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("  select pT > 3\n", "E214 1:8"),
        ("  take Jett\n", "E201 2:8"),
        ("  take MET\n  select pT > 3\n", "E210 2:8"),
        ("  take sort(Jet, pT)\n", "E206 2:8"),
    ],
)
def test_mistakes_in_an_object_block(block: str, expected: str) -> None:
    assert findings("object tested\n" + block + "region r\n  select size(tested) > 0\n") == [
        expected
    ]


def test_an_object_that_takes_missing_momentum_alone_is_another_name_of_it() -> None:
    blocks = "object met\n  take MET\nobject far\n  take Jet\n  select dPhi(this, met) > 1\n"
    condition = "met > 20 and met.phi < 1 and pT(met[0]) > 3 and size(far) > 0"
    assert findings(f"{blocks}region r\n  select {condition}\n") == []


# ----------------------------------------------------------------------------------- regions


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


# --------------------------------------------------------------------------------- dominance


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
