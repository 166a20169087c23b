"""Names and attributes: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import pytest

from adl.stdlib.models import Branch, load_model
from adl.syntax.diagnostics import AnalysisError
from tests.checking import errors
from tests.checking import findings as told
from tests.meanings import (
    OBJECTS,
    checked,
    condition,
    diagnostics,
    expression,
    findings,
    place,
    show,
    the,
)


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


def test_mistakes_of_a_double_come_in_the_same_run() -> None:
    """A block of a name that another one has is looked at, a copy of it only once."""
    texts = {
        'region r\n  select METT > 3\n  histo h, "h", 0, 0, 1, MET\n': ["E207", "E201", "E215"],
        "object jets\n  take Jett\n": ["E207", "E201"],
        "define x = b\n": ["E207", "E201"],
        "systematic s\n  rate zero\n": ["E207", "E262"],
        'correction c "c.json" c\n  nominal 3\n': ["E207", "E268"],
        'function f\n  code "g.py"\n': ["E207", "E270"],
        "region r\n  select MET > 3\n": ["E207"],
    }
    first = "region r\n  select MET > 3\nobject jets\n  take Jet\ndefine x = 1\n"
    first += "systematic s\n  rate 1.1\n"
    for text, codes in texts.items():
        before = (
            first.replace("define x", f"define {text.split()[1]}") if text[0] in "cf" else first
        )
        assert errors(before + text) == codes


def test_an_attribute_without_its_element_learns_how_to_name_one() -> None:
    """Of the analysis' own objects, else of the input; nothing is said where an element stands."""
    cuts = (
        "select abs(eta) < 2.4\n  select charge > 0\n  select Jet_ptt[0] > 3\n  select etaa > 1\n"
    )
    found = told(f"object hard\n  take soft\nobject soft\n  take Jet\nregion r\n  {cuts}")
    helps = [d.help for d in found if d.code == "E201"]
    assert "hard[0].eta is that of the first, any(eta(hard) …)" in helps[0]
    assert "charge is an attribute of elements: Electron[0].charge" in helps[1]
    assert "did you mean an attribute: Jet[0].pt, or pt(Jet[0])?" in helps[2]
    assert "attribute" not in helps[3]
    inside = told("object jets\n  take Jet\n  select charge > 2\n")
    assert "of elements" not in "".join(d.help for d in inside)


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
