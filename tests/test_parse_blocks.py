"""The parser: composites, tables, triggers, systematics, published numbers, and odd spellings."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adl.syntax.diagnostics import AnalysisError
from adl.syntax.mistakes import CODES
from adl.syntax.parse import parse, parse_with_notes
from adl.syntax.source import Source
from adl.syntax.tree import (
    Attribute,
    Bin,
    Binary,
    Binding,
    Block,
    Call,
    Candidate,
    Clause,
    Comment,
    Composite,
    Correction,
    Counted,
    Counts,
    CountsFormat,
    CountsProcess,
    Define,
    Edges,
    Expr,
    File,
    Flag,
    Function,
    Histo,
    HistoList,
    Index,
    Info,
    Juxtaposed,
    LegacySystematic,
    ListOf,
    Lookup,
    Name,
    Named,
    Number,
    Object,
    Print,
    Region,
    Reject,
    Save,
    Select,
    Slice,
    Sort,
    Statement,
    Systematic,
    Table,
    Take,
    Text,
    Title,
    Trigger,
    Unary,
    UniformBins,
    Use,
    UseAs,
    Weight,
)

WHOLE = """\
# everything at once
info analysis
  title "Search for something"   # with a comment
  region of interest
TRGe = 2
use MET = PuppiMET
countsformat results
  process bkg, "Background", stat, syst
  process obs, "Data"
table eff
  tabletype efficiency
  nvars 1
  errors false
  0.90   -2.5 0
  0.95    0.0 2.5
trigger mu "HLT_IsoMu24" or optional "HLT_Mu50" stream SingleMuon
systematic jes_{s}
  for s A B
  scale pt(Jet), mass(Jet) up 1 + unc("{s}", pt) down 1 - unc("{s}", pt)
  propagate MET from Jet pt > 15
systematic off "up" "down" weight_pileup
correction bSF "{era}/b.json" deepJet_comb
  inputs $, "M", *
  vary btag_{era} up "u" down "d"
function myMass
  arg jets
  code "file.py"
object jets
  take sort(Jet, pt, descend)
  select applyHM( eff(eta(Jet)) == 1 )
  select {Jet}pT > 20 && !isBad
composite Zs
  take disjoint(leps a, leps b)
  object Z = a + b
  select mass(Z) [] 81 101
object pairs : COMB( mu[-1] mu[-2] ) alias p
  select q(p) == 0
define score = OME("m.onnx", { ht, 1.5 pT(jets[0]) }, [0 1], output=0)
histoList plots
  histo h, "t", 10, 0, 1, ht
region presel
  title "Preselection"
  select trigger mu or HLT "a" only data
  select chi ~= 0
  weight sf -1 only simulation
  reject flags >> 2 & 1 == 1 ? GEN[link(mu[0])].pT GT 3
  sort pT(jets) descend
  plots
region signal
  presel
  bin "low" MET 100 200
  counts results 12.3 +- 1.1 + 0.5 - 0.4, 14
  print MET "of" size(jets)
  save table csv MET ht;
"""


def read(text: str) -> File:
    return parse(Source("cuts.adl", text))


def block(text: str) -> Block:
    (found,) = read(text).blocks
    return found


def value(text: str) -> Expr:
    found = block(f"define x = {text}")
    assert isinstance(found, Define)
    return found.value


def in_region(text: str) -> tuple[Statement, ...]:
    found = block(f"region r\n{text}")
    assert isinstance(found, Region)
    return found.statements


def in_object(text: str) -> tuple[Statement, ...]:
    found = block(f"object o\n{text}")
    assert isinstance(found, Object)
    return found.statements


def clauses(text: str, header: str = "systematic x") -> tuple[Clause, ...]:
    found = block(f"{header}\n{text}")
    assert isinstance(found, Systematic | Correction)
    return found.clauses


def complaint(text: str) -> AnalysisError:
    with pytest.raises(AnalysisError) as caught:
        read(text)
    assert all(found.code in CODES for found in caught.value.diagnostics)
    return caught.value


def errors(text: str) -> list[str]:
    """Code, line and column of every mistake."""
    error = complaint(text)
    places = [(d.code, *error.source.position(d.span.start)) for d in error.diagnostics]
    return ["{} {}:{}".format(*place) for place in places]


def notes(text: str) -> list[str]:
    """Code, line and column of what is odd about a text without mistakes."""
    source = Source("cuts.adl", text)
    _, found = parse_with_notes(source)
    assert all(note.code in CODES for note in found)
    assert all(note.severity == {"W": "warning", "N": "note"}[note.code[0]] for note in found)
    return ["{} {}:{}".format(note.code, *source.position(note.span.start)) for note in found]


def n(text: str) -> Number:
    return Number(text)


def call(function: str, *arguments: Expr) -> Call:
    return Call(Name(function), arguments)


def clause(word: str, *own: Expr, **settings: Expr | tuple[Expr, ...]) -> Clause:
    """``clause("rate", n("1"), only=Name("data"))``; a setting from a keyword is ``from_``."""
    first = [("", own)] if own else []
    rest = [
        (word.rstrip("_"), values if isinstance(values, tuple) else (values,))
        for word, values in settings.items()
    ]
    return Clause(word, (*first, *rest))


a, b, c, d, j, x = map(Name, "abcdjx")
mu0 = Index(Name("mu"), 0)


# ------------------------------------------------------------------------- objects, composites


def test_an_object_takes_what_a_function_gives() -> None:
    assert in_object("take sort(jets, pt, descend)\ntake fmegajets(jets)") == (
        Take(call("sort", Name("jets"), Name("pt"), Name("descend")), None),
        Take(call("fmegajets", Name("jets")), None),
    )


def test_several_takes_stand_in_one_object() -> None:
    assert in_object("take a\ntake b\nusing c x") == (Take(a, None), Take(b, None), Take(c, x))


def test_combinations_have_an_alias() -> None:
    members = Juxtaposed((Index(a, -1), Index(b, -2)))
    expected = Object(Name("o"), (Take(call("COMB", members), x), Select(c)))
    assert block("object o : COMB( a[-1] b[-2] ) alias x\nselect c") == expected
    assert block("object o : COMB(a_-1 b_-2)\n ALIAS x select c") == expected
    assert block("object o\ntake COMB(a[-1] b[-2]) alias x\nselect c") == expected


def test_an_object_may_fill_and_print() -> None:
    assert in_object('take a\nhisto h, "t", 1, 0, 1, x\nprint x') == (
        Take(a, None),
        Histo(Name("h"), "t", (UniformBins(1, 0, 1),), (x,)),
        Print((x,)),
    )


def test_a_composite_has_members_and_candidates() -> None:
    text = """\
composite Zs
  take disjoint(leps a, leps b)
  define d = a.q + b.q
  object Z = a + b
  reject d == 0
define x = 1
"""
    leps = Name("leps")
    members = Take(call("disjoint", Binding(leps, a), Binding(leps, b)), None)
    assert read(text).blocks == (
        Composite(
            Name("Zs"),
            (
                members,
                Define(d, Binary("+", Attribute(a, Name("q")), Attribute(b, Name("q")))),
                Candidate(Name("Z"), Binary("+", a, b)),
                Reject(Binary("==", d, n("0"))),
            ),
        ),
        Define(x, n("1")),
    )
    assert block("composite Zs\n take leps a, b") == Composite(Name("Zs"), (members,))
    assert block("composite Zs\n take leps a") == Composite(Name("Zs"), (Take(leps, a),))
    assert block("composite Zs\n take cartesian(leps a)") == Composite(
        Name("Zs"), (Take(call("cartesian", Binding(leps, a)), None),)
    )


def test_a_composite_may_stand_on_one_line() -> None:
    text = "composite Z take disjoint(l a, l b) object Z = a + b select c object o : X"
    first, second = read(text).blocks
    assert isinstance(first, Composite)
    assert [type(statement) for statement in first.statements] == [Take, Candidate, Select]
    assert second == Object(Name("o"), (Take(Name("X"), None),))


def test_the_parts_of_a_jet_are_its_attribute() -> None:
    assert value("anyof(pT(JET constituents)) + sum(Gen daughters)") == Binary(
        "+",
        call("anyof", call("pT", Attribute(Name("JET"), Name("constituents")))),
        call("sum", Attribute(Name("Gen"), Name("daughters"))),
    )
    assert value("jets constituents") == Juxtaposed((Name("jets"), Name("constituents")))
    assert value("constituents(a[0], b[-1])") == call("constituents", Index(a, 0), Index(b, -1))
    assert value("daughters(GEN)") == call("daughters", Name("GEN"))


# --------------------------------------------------------------------------------- expressions


@pytest.mark.parametrize(
    "text", ["{ a, 1.5 b -2 }", "{ a 1.5, b, -2, }", "{\n a 1.5\n b -2\n}", "[a 1.5 b -2]"]
)
def test_values_of_a_list_are_parted_by_blanks_or_commas(text: str) -> None:
    assert value(text) == ListOf((a, n("1.5"), b, Unary("-", n("2"))))


def test_lists_are_values_of_defines_and_arguments() -> None:
    assert block("define x : { a }") == Define(x, ListOf((a,)))
    assert in_object("take X\n define x = {pT m}")[1] == Define(x, ListOf((Name("pT"), Name("m"))))
    assert value('OME("m.onnx", {a b}, [0, 1], means=[c], output=0)') == call(
        "OME",
        Text("m.onnx"),
        ListOf((a, b)),
        ListOf((n("0"), n("1"))),
        Named(Name("means"), ListOf((c,))),
        Named(Name("output"), n("0")),
    )
    assert value('OME("m.onnx", a, b, c, 0)') == call("OME", Text("m.onnx"), a, b, c, n("0"))


def test_braces_with_a_function_are_no_list() -> None:
    assert value("{a}f") == call("f", a)
    assert value("g({a, b}f, {c} f)") == call("g", call("f", a, b), call("f", c))


def test_an_index_may_be_computed() -> None:
    assert value("a[b]") == Lookup(a, b)
    assert value("GEN[link(mu[0])].pT") == Attribute(
        Lookup(Name("GEN"), call("link", mu0)), Name("pT")
    )
    assert value("a[b + 1]") == Lookup(a, Binary("+", b, n("1")))
    assert value("a[0,3,-1]") == Lookup(a, ListOf((n("0"), n("3"), Unary("-", n("1")))))


@pytest.mark.parametrize("operator", ["~=", "~!"])
def test_a_search_is_a_comparison(operator: str) -> None:
    pair = Juxtaposed((Index(a, -1), Index(b, -2)))
    assert value(f"m(a[-1] b_-2) {operator} 91.2 and c") == Binary(
        "and", Binary(operator, call("m", pair), n("91.2")), c
    )


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a & b == c", "(a & b) == c"),
        ("a | b > c", "(a | b) > c"),
        ("a >> 2 & 1", "(a >> 2) & 1"),
        ("a | b & c", "a | (b & c)"),
        ("a << b + c", "a << (b + c)"),
        ("a|b", "a | b"),
        ("|a| | |b|", "abs(a) | abs(b)"),
        ("f(a | b, |c|)", "f((a | b), abs(c))"),
        ("a [] |b| |c|", "a [] abs(b) abs(c)"),
        ("a |b|", "a abs(b)"),
        ("|a - b|*c", "abs(a - b) * c"),
    ],
)
def test_bit_operators_bind_between_sums_and_comparisons(text: str, same: str) -> None:
    assert value(text) == value(same)


def test_triggers_stand_in_conditions() -> None:
    assert in_region(
        'select trigger mu or el\nselect trigger "A" or HLT "B"\nbin "x" trigger mu and a'
    ) == (
        Select(Binary("or", call("trigger", Name("mu")), Name("el"))),
        Select(Binary("or", call("trigger", Text("A")), call("HLT", Text("B")))),
        Bin("x", Binary("and", call("trigger", Name("mu")), a)),
    )
    assert value('hlt "A" || "B" or "C" and a') == Binary(
        "or",
        Binary("or", call("HLT", Text("A")), call("HLT", Text("B"))),
        Binary("and", call("HLT", Text("C")), a),
    )


def test_a_trigger_without_its_name_is_a_name() -> None:
    assert value("trigger and HLT == 1") == Binary(
        "and", Name("trigger"), Binary("==", Name("HLT"), n("1"))
    )


@pytest.mark.parametrize("word", ["title", "sort", "save", "counts", "use", "only", "table", "up"])
def test_new_keywords_are_names_where_no_statement_can_start(word: str) -> None:
    assert value(f"2 * {word} + f({word}) > {word}\n") == Binary(
        ">", Binary("+", Binary("*", n("2"), Name(word)), call("f", Name(word))), Name(word)
    )
    assert block(f"define {word} = a.{word}") == Define(Name(word), Attribute(a, Name(word)))
    assert in_region(f"select {word} > a") == (Select(Binary(">", Name(word), a)),)


# ----------------------------------------------------------------------- statements of regions


def test_only_stands_at_the_end_of_a_statement() -> None:
    assert in_region(
        "select a only simulation\nreject b > 3 only era 2016postVFP\nweight sf 2 only tt-semi\n"
        'histo h, "t", 1, 0, 1, a b only nominal\nselect only\nselect a\n only data, era 2018'
    ) == (
        Select(a, ("simulation",)),
        Reject(Binary(">", b, n("3")), ("era", "2016postVFP")),
        Weight(Name("sf"), n("2"), ("tt-semi",)),
        Histo(Name("h"), "t", (UniformBins(1, 0, 1),), (a, b), ("nominal",)),
        Select(Name("only")),
        Select(a, ("data", "era", "2018")),
    )
    assert in_region("select a only data select b") == (Select(a, ("data",)), Select(b))


def test_the_name_of_a_weight_wins_where_a_blank_follows_it() -> None:
    both = Binary("+", n("1"), n("2"))
    assert in_region(
        "weight sf -1\nweight sf (1 + 2)\nweight f(x)\nweight sf - 1\nweight sf -a * 2\nweight 2"
    ) == (
        Weight(Name("sf"), Unary("-", n("1"))),
        Weight(Name("sf"), both),
        Weight(None, call("f", x)),
        Weight(None, Binary("-", Name("sf"), n("1"))),
        Weight(Name("sf"), Binary("*", Unary("-", a), n("2"))),
        Weight(None, n("2")),
    )


def test_bins_between_edges_may_have_a_label() -> None:
    assert in_region('bin "MET" a 1 2\nbin a 1 2') == (Edges(a, (1, 2), "MET"), Edges(a, (1, 2)))


def test_a_sort_has_a_direction() -> None:
    assert in_region("sort pT(a) descend\nSort {a}m ASCEND\nsort a.pT\n descend") == (
        Sort(call("pT", a), descending=True),
        Sort(call("m", a), descending=False),
        Sort(Attribute(a, Name("pT")), descending=True),
    )


def test_what_is_printed_is_parted_by_blanks_or_commas() -> None:
    expected = (Print((a, Text("of"), call("size", b), Unary("-", n("2")))),)
    assert in_region('print a "of" size(b) -2') == expected
    assert in_region('PRINT a, "of" size(b), -2') == expected


def test_events_or_numbers_are_saved() -> None:
    assert in_region(
        "save skim\nsave x root\nsave y a b\nsave table csv a b\nsave t CSV a, b - 1"
    ) == (
        Save(Name("skim"), "", ()),
        Save(Name("x"), "root", ()),
        Save(Name("y"), "", (a, b)),
        Save(Name("table"), "csv", (a, b)),
        Save(Name("t"), "csv", (a, Binary("-", b, n("1")))),
    )


def test_a_region_has_a_title() -> None:
    assert in_region('title "Signal region"\nselect a') == (Title("Signal region"), Select(a))


@pytest.mark.parametrize(
    ("text", "number", "pairs"),
    [
        ("12.3", "12.3", ()),
        ("1.50 +- 0.10", "1.50", (("0.10", "0.10"),)),
        ("1 -+ 2", "1", (("2", "2"),)),
        ("1 + 2 - 3", "1", (("2", "3"),)),
        ("1 +- 2 +- 3", "1", (("2", "2"), ("3", "3"))),
        ("1 + 2 - 3 +- 4", "1", (("2", "3"), ("4", "4"))),
        ("1 +- 4 + 2 - 3", "1", (("4", "4"), ("2", "3"))),
        ("1 + 2 - 3 + 4 - 5", "1", (("2", "3"), ("4", "5"))),
        ("1 + 2 + 4 - 3 - 5", "1", (("2", "3"), ("4", "5"))),
        ("-1e3 +- 2", "-1e3", (("2", "2"),)),
        ("-", "", ()),
        ("NA", "", ()),
        ("na", "", ()),
    ],
)
def test_published_numbers_keep_their_digits(
    text: str, number: str, pairs: tuple[tuple[str, str], ...]
) -> None:
    expected = Counted(number, pairs)
    assert in_region(f"counts f {text}\nselect a") == (
        Counts(Name("f"), (expected,)),
        Select(a),
    )
    assert in_region(f"counts f 7 ,{text}, {text}\n, 7") == (
        Counts(Name("f"), (Counted("7", ()), expected, expected, Counted("7", ()))),
    )


# ------------------------------------------------------------------------------- other blocks


TABLE = Table(Name("t"), "eff", 1, errors=False, outside="zero", numbers=tuple(map(n, "12345")))


@pytest.mark.parametrize(
    "text",
    [
        "tabletype eff\nnvars 1\nerrors false\noutside zero\n1 2 3\n# a comment\n4 5",
        "errors OFF outside ZERO nvars 1 tabletype eff 1 2 3 4 5",
        "NVars 1 1 2 3 errors false\nTableType eff 4, 5 outside zero",
        'outside zero nvars 1 tabletype "eff" errors off 1\n2\n3\n4\n5',
    ],
)
def test_the_header_of_a_table_has_any_order(text: str) -> None:
    assert block(f"table t\n{text}") == TABLE
    assert block(f"TABLE t {text}") == TABLE


def test_numbers_of_a_table_have_signs() -> None:
    found = block("table t nvars 1 errors on\n 0.5 -0.1 +0.2 - 2.5 inf\n -1 1 1 -inf 3.")
    assert isinstance(found, Table)
    assert found.errors
    assert [number.text for number in found.numbers] == (
        ["0.5", "-0.1", "0.2", "-2.5", "inf", "-1", "1", "1", "-inf", "3."]
    )
    assert found.numbers[3].value == -2.5
    assert found.outside == found.kind == ""


def test_published_numbers_have_a_format() -> None:
    text = 'countsformat f\nprocess a, "A b", stat, syst\nPROCESS b, "B"\nregion r'
    assert read(text).blocks == (
        CountsFormat(
            Name("f"),
            (CountsProcess(a, "A b", ("stat", "syst")), CountsProcess(b, "B", ())),
        ),
        Region(Name("r"), ()),
    )


def test_a_list_of_histograms_is_used_by_its_name() -> None:
    histo = Histo(Name("h"), "t", (UniformBins(1, 0, 1),), (a,))
    assert read('histoList l\n histo h, "t", 1, 0, 1, a\nregion r\n l\n select a\n l').blocks == (
        HistoList(Name("l"), (histo,)),
        Region(Name("r"), (Use(Name("l")), Select(a), Use(Name("l")))),
    )


def test_a_function_has_arguments_and_a_file() -> None:
    expected = Function(Name("f"), ("jets", "a", "b"), "f.py")
    assert block('function f\n arg jets\n arg a, b\n code "f.py"') == expected
    assert block('function f\n code "f.py"\n arg jets a b') == expected


@pytest.mark.parametrize("word", ["TRGe", "TRGm", "SkipHistos", "SkipEffs", "skipeffs"])
def test_switches_of_other_tools_are_read(word: str) -> None:
    assert block(f"{word} = 2") == Flag(Name(word), 2)
    assert len(read(f"{word} = 2 {word} = 1\ndefine x = {word}").blocks) == 3


def test_a_trigger_has_paths_and_a_stream() -> None:
    assert block('trigger mu "A" or optional "B"\n or "C" stream S') == Trigger(
        Name("mu"), (("A", False), ("B", True), ("C", False)), "S"
    )
    assert block('trigger mu "A"\n stream "S"') == Trigger(Name("mu"), (("A", False),), "S")
    assert block('TRIGGER el OPTIONAL "A"') == Trigger(Name("el"), (("A", True),), "")


def test_a_name_may_be_said_to_mean_another() -> None:
    assert block("use MET = PuppiMET") == UseAs(Name("MET"), Name("PuppiMET"))
    assert block('use bTag = b > wp("M")') == UseAs(
        Name("bTag"), Binary(">", b, call("wp", Text("M")))
    )


def test_the_systematics_of_the_language_are_read() -> None:
    jet = [call("pt", Name("Jet")), call("mass", Name("Jet"))]
    unc = call("unc", Text("{s}"), Name("pt"))
    assert clauses(
        """\
  for s  A B
  scale pt(Jet), mass(Jet)  up 1 + unc("{s}", pt)  down 1 - unc("{s}", pt)    # factors
  propagate MET from Jet pt > 15
  correlate "jes_{s}"
  set pt(Jet)
    up pt_{s}Up
    down pt_{s}Down
  scale pt(Jet)  nominal smear("nom")  up smear("up")  down (1 + a)
  suffix "_NOSYS"  up "_up"  down "_down"
  weight pu  up puUp  down puDown
  reweight w[1:101]  combine hessian
  reweight w[0,1]  combine envelope  normalise
  weight top  up 1  mirror  only ttbar
  rate 1.025 0.975  only simulation
  rate 1 -1 only era 2016postVFP
  table muEff
  tree up "a" down "b"
  keep MET
""",
        "systematic jes_{s}",
    ) == (
        clause("for", Name("s"), Name("A"), Name("B")),
        clause("scale", *jet, up=Binary("+", n("1"), unc), down=Binary("-", n("1"), unc)),
        clause("propagate", Name("MET"), from_=(Name("Jet"), Binary(">", Name("pt"), n("15")))),
        clause("correlate", Text("jes_{s}")),
        clause("set", jet[0], up=Name("pt_{s}Up"), down=Name("pt_{s}Down")),
        clause(
            "scale",
            jet[0],
            nominal=call("smear", Text("nom")),
            up=call("smear", Text("up")),
            down=Binary("+", n("1"), a),
        ),
        clause("suffix", Text("_NOSYS"), up=Text("_up"), down=Text("_down")),
        clause("weight", Name("pu"), up=Name("puUp"), down=Name("puDown")),
        clause("reweight", Slice(Name("w"), 1, 101), combine=Name("hessian")),
        clause(
            "reweight",
            Lookup(Name("w"), ListOf((n("0"), n("1")))),
            combine=Name("envelope"),
            normalise=(),
        ),
        clause("weight", Name("top"), up=n("1"), mirror=(), only=Name("ttbar")),
        clause("rate", n("1.025"), n("0.975"), only=Name("simulation")),
        clause("rate", n("1"), Unary("-", n("1")), only=(Name("era"), Name("2016postVFP"))),
        clause("table", Name("muEff")),
        clause("tree", up=Text("a"), down=Text("b")),
        clause("keep", Name("MET")),
    )


def test_a_systematic_has_a_name_with_placeholders() -> None:
    names = ["jes", "jes_{s}", "a_{s}_{t}", "a_{s}2", "a_{s}_b", "scale", "JES-up"]
    for name in names:
        assert block(f"systematic {name}\n rate 1") == Systematic(name, (clause("rate", n("1")),))


def test_systematics_may_come_from_the_names_of_branches() -> None:
    for text in ("JES_*", "*_up", '"JES_*"', "a*b-c_2"):
        pattern = Text(text.strip('"'))
        assert block(f"systematic auto {text}") == Systematic("auto", (clause("auto", pattern),))


def test_the_line_of_another_tool_is_a_systematic_too() -> None:
    text = 'systematic on  "up[0,1]"  "dn"  weight_pileup\nsystematic OFF "a" "b" ttree'
    assert read(text).blocks == (
        LegacySystematic(enabled=True, up="up[0,1]", down="dn", kind="weight_pileup"),
        LegacySystematic(enabled=False, up="a", down="b", kind="ttree"),
    )


def test_a_table_ends_a_systematic_or_belongs_to_it() -> None:
    first, second = read("systematic s\n table t\ntable t nvars 1 1 2 3").blocks
    assert first == Systematic("s", (clause("table", Name("t")),))
    assert isinstance(second, Table)


def test_a_correction_has_inputs_and_variations() -> None:
    header = 'correction bSF "{era}/b.json.gz" deepJet_comb'
    text = """\
  inputs $, "M", *
  nominal "central"
  vary b    up "u"
    down "d"
  vary b_{era}  up "u"  down "d"
"""
    assert block(f"{header}\n{text}") == Correction(
        Name("bSF"),
        "{era}/b.json.gz",
        "deepJet_comb",
        (
            clause("inputs", Name("$"), Text("M"), Name("*")),
            clause("nominal", Text("central")),
            clause("vary", b, up=Text("u"), down=Text("d")),
            clause("vary", Name("b_{era}"), up=Text("u"), down=Text("d")),
        ),
    )
    quoted = block('correction bSF "f" "entry-{era}"')
    assert isinstance(quoted, Correction)
    assert quoted.entry == "entry-{era}"


def test_blocks_may_follow_one_another_in_any_order() -> None:
    kinds = [type(found).__name__ for found in read(WHOLE).blocks]
    assert len(set(kinds)) >= 15
    assert read(WHOLE.replace("\n", "\r\n")) == read(WHOLE)
    assert read(WHOLE.replace("  ", "\t")) == read(WHOLE)
    assert [f.name for f in File.__dataclass_fields__.values()] == ["span", "blocks", "comments"]


def test_the_span_of_a_block_is_its_text() -> None:
    source = Source("cuts.adl", WHOLE)
    shown = [source.words(found.span) for found in parse(source).blocks]
    assert shown[1:3] == ["TRGe = 2", "use MET = PuppiMET"]
    assert shown[4].endswith("0.95 0.0 2.5")
    assert shown[5].endswith("stream SingleMuon")
    assert shown[6].endswith("from Jet pt > 15")
    assert shown[8].endswith('up "u" down "d"')
    assert shown[9].endswith('code "file.py"')
    statements = [s for found in parse(source).blocks for s in getattr(found, "statements", ())]
    words = [source.words(statement.span) for statement in statements]
    assert 'select trigger mu or HLT "a" only data' in words
    assert "counts results 12.3 +- 1.1 + 0.5 - 0.4, 14" in words
    assert "object Z = a + b" in words
    assert "save table csv MET ht" in words


# ----------------------------------------------------------------------------- info, comments


def test_free_text_may_begin_like_a_block() -> None:
    text = """\
info a
  region of interest
  table of contents
  weight by hand
  title "t"
  cut and count
  object recognition works
  use of data
  trigger menu of 2018
region r
"""
    info, region = read(text).blocks
    assert isinstance(info, Info)
    assert len(info.fields) == 8
    assert region == Region(Name("r"), ())


@pytest.mark.parametrize(
    "text",
    [
        "object o",
        "object o : X",
        "object o take X",
        "region SR-low",
        "region r select ALL",
        "composite c",
        "define x = 1",
        "def x : 1",
        "use a = b",
        "TRGe = 1",
        "trigger t optional",
        'trigger t "x"',
        'correction c "x" y',
        "systematic s",
        "systematic auto x",
        'systematic on "a" "b" c',
        "table t",
        "table t nvars 1",
        "histoList h",
        "function f",
        "countsformat f",
        "info b",
        "select x > 3",
    ],
)
def test_what_looks_like_a_block_ends_an_info(text: str) -> None:
    try:
        info = read(f"info a\n lumi 1\n{text}\n").blocks[0]
    except AnalysisError:
        return
    assert info == Info(a, (("lumi", "1"),))


def test_every_comment_is_kept() -> None:
    text = '# one\r\ninfo a # two\n t "x # y" # three \nregion r\n\t# four\n select f(a, # five\nb)#six'
    source = Source("cuts.adl", text)
    comments = parse(source).comments
    assert comments == (
        Comment("# one", alone=True),
        Comment("# two", alone=False),
        Comment("# three", alone=False),
        Comment("# four", alone=True),
        Comment("# five", alone=False),
        Comment("#six", alone=False),
    )
    for comment in comments:
        assert text[comment.span.start : comment.span.end] == comment.text


def test_comments_take_no_part_in_equality() -> None:
    assert read("# a\ndefine x = 1") == read("define x = 1 # b")


# ---------------------------------------------------------------------------------------- notes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("define x = !a", ["W101 1:12"]),
        ("define x = a GT b and c EQ d", ["W102 1:14", "W102 1:25"]),
        ("region a-b-c\n d-e", ["W103 1:8"]),
        ('region a\nhisto h-1, "t", 1, 0, 1, a', ["W103 2:7"]),
        ("region r\nreject a ? b\nreject a ? b : c\nselect a ? b", ["W104 2:8"]),
        ("define x = a;\ndefine y = b ; define z = c", ["W105 1:13", "W105 2:14"]),
        ("define x = f('a b')", ["W106 1:14"]),
        ("define x = a && b && c || d", ["N101 1:14"]),
        ("define x = {a}f + f{b}", ["N102 1:12"]),
        ("define x = { a b }", []),
        ("region r\nselect a select b select c", ["N103 2:10"]),
        ("object o take X select a\nregion r select b", ["N103 1:17"]),
        ("define x = a AND b Or NOT c", []),
        ("define x = |a|\ndefine y = a b", []),
    ],
)
def test_odd_spellings_are_told(text: str, found: list[str]) -> None:
    assert notes(text) == found


def test_the_notes_of_a_whole_analysis_come_in_its_order() -> None:
    assert [note.split()[0] for note in notes(WHOLE)] == [
        *("N102", "N101", "W101", "W104", "W102", "W105"),
    ]


def test_every_code_has_a_meaning() -> None:
    assert all(len(meaning) < 80 for meaning in CODES.values())


# --------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("text", "place", "help"),
    [
        ("object o\n take mu, ele", "E101 2:9", "take union(mu, ele), or a second take"),
        ("region r\n select a gt b", "E112 2:11", "write >"),
        ("region r\n select a and b le 3", "E112 2:17", "write <="),
        ('region r\n select "phi"(MUO) > 2', "E101 2:14", "phi(...)"),
        ('region r\n select MUO."phi" > 2', "E101 2:13", ".phi"),
        ("region r\n select a > 3 & b > 4", "E108 2:19", "write and"),
        ("region r\n select a only", "E101 2:15", "only simulation"),
        ("region r\n select abs(d0) < 2 ?", "E101 2:22", "remove the ?"),
        ("region r\n sort pT(a)", "E101 2:12", "descend"),
        ("region r\n save", "E101 2:6", "save skim"),
        ("region r\n print", "E101 2:7", "a value must follow"),
        ("region r\n title Signal", "E101 2:8", 'title "Signal region"'),
        ("region r\n counts f 1 2", "E111 2:13", "+-"),
        ("region r\n counts f 1 + 2", "E111 2:11", "12.3 + 0.5 - 0.4"),
        ("region r\n counts f 1 +-", "E111 2:14", "NA"),
        ("region r\n counts f 1,, 2", "E101 2:13", "a number must follow"),
        ("region r\n counts f x", "E111 2:11", "NA"),
        ("region r\n object Z = a", "E109 2:2", "define Z"),
        ("composite z\n weight 3", "E109 2:2", "a composite holds"),
        ("histoList h\n select a", "E109 2:2", "a histoList holds histo"),
        ("countsformat f\n select a", "E109 2:2", "process"),
        ('countsformat f\n process a "x"', "E101 2:12", "process bkg"),
        ('process a, "x"', "E110 1:1", "belongs in a countsformat"),
        ('region r\n code "x.py"', "E110 2:2", "belongs in a function block"),
        ("function f\n arg", "E101 2:5", "arg jets"),
        ("function f\n code x.py", "E101 2:7", "code "),
        ("TRGe = x", "E101 1:8", "whole number"),
        ("trigger mu HLT_a", "E101 1:12", "HLT_IsoMu24"),
        ('trigger mu "A" stream', "E101 1:22", "SingleMuon"),
        ("use MET PuppiMET", "E101 1:9", "use MET = PuppiMET"),
        ("table t\n 1 2 3", "E111 1:7", "nvars 1"),
        ("table t\n nvar 1\n 1 2 3", "E111 2:2", "did you mean nvars?"),
        ("table t nvars 1 nvars 1", "E111 1:17", "twice"),
        ("table t nvars 1.5", "E101 1:15", "a whole number"),
        ("table t nvars 1 outside far", "E111 1:25", "outside nearest"),
        ("table t nvars 1 errors maybe", "E111 1:24", "neither true nor false"),
        ("table t nvars 99999999999", "E111 1:15", "too large"),
        ("systematic", "E101 1:11", "a systematic has a name"),
        ('systematic on "a" w', "E101 1:19", 'systematic on "up"'),
        ("systematic s\n scal pt(Jet) up 1", "E110 2:2", "did you mean scale?"),
        ("systematic s\n scale a up", "E101 2:12", "a value must follow `up`"),
        ("systematic s\n reweight a normalise 3", "E111 2:23", "`normalise` has no value"),
        ("systematic s\n select a", "E109 2:2", "a systematic holds"),
        ("correction c x y", "E101 1:14", "correction bSF"),
        ('correction c "x" y\n scale z', "E110 2:2", "scale belongs in a systematic"),
        ("define x = $a", "E102 1:12", "inputs"),
        ("define x = { }", "E101 1:14", ""),
        ("define x = a[b:c]", "E101 1:15", ""),
        ('define x = a["b"]', "E101 1:14", "jets[0]"),
        ("define x = 'a", "E102 1:12", "double quotes"),
        ("define x = f(a = )", "E101 1:18", ""),
    ],
)
def test_a_mistake_has_one_place_and_a_way_out(text: str, place: str, help: str) -> None:
    assert errors(text) == [place]
    assert help in str(complaint(text))


def test_mistakes_in_several_blocks_come_in_one_run() -> None:
    text = """\
table t
  nvars one
  1 2 3
systematic s
  scale pt(Jet) up
  rate
  shift pt(Jet) up 1
correction c "x" y
  vary
trigger mu
composite z
  take
  select
countsformat f
  process
region r
  sort a
  counts f
  title
  select b
"""
    assert errors(text) == [
        *("E101 2:9", "E101 5:19", "E110 7:3", "E101 10:11", "E101 12:7", "E101 13:9"),
        *("E101 15:10", "E101 17:9", "E101 18:11", "E101 19:8"),
    ]


# ---------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("define x = 1 \0", "E102 1:14"),
        ("\0", "E102 1:1"),
        ("define x = $", "E102 1:12"),
        ('define x = "abc', "E103 1:12"),
        ("define x = f(a", "E104 1:13"),
        ("define x = { a", "E104 1:12"),
        ("table t nvars 1\n 1 2 \0", "E102 2:6"),
        ("define x = " + "(" * 10_000 + "a" + ")" * 10_000, "E106 1:212"),
        ("define x = " + "f([" * 10_000, "E106 1:313"),
        ("define x = a" + " | a" * 10_000, "E106 1:1"),
    ],
)
def test_bad_input_is_one_error(text: str, place: str) -> None:
    assert errors(text) == [place]


@pytest.mark.parametrize("text", ["", "\n\r\n", "# only\n# comments", "\t \n"])
def test_nothing_is_a_file_without_blocks(text: str) -> None:
    assert read(text).blocks == ()


# ------------------------------------------------------------------------------------------- fuzz

MARKS = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    ",",
    ":",
    "?",
    "=",
    "==",
    "-",
    "+",
    "*",
    "^",
    "[]",
    "][",
    "~=",
    ".",
    ";",
    "$",
    "'",
    '"',
    "#",
    "\\",
    "\n",
    "\r\n",
    "\x00",
    "<<",
    "&",
    "||",
]
PIECES = [*WHOLE.split(), *MARKS, "_", "1", "-1", "or", "only", "up", "title", "\n  ", "auto"]


def survives(text: str) -> None:
    source = Source("cuts.adl", text)
    try:
        parse_with_notes(source)
        return
    except AnalysisError as error:
        caught = error
    assert caught.diagnostics
    assert str(caught)
    for found in caught.diagnostics:
        assert found.code in CODES
        assert 0 <= found.span.start <= found.span.end <= len(text)


def damaged(chance: random.Random) -> str:
    """Return an analysis with a few places cut out, replaced or doubled."""
    lines = WHOLE.splitlines(keepends=True)
    start = chance.randrange(len(lines))
    text = "".join(lines[start : start + chance.choice((3, 10, 60))])
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        end = at + chance.choice((0, 0, 1, 1, 20))
        text = text[:at] + chance.choice(["", " ", *PIECES]) + text[end:]
    return text


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_damage_is_read_or_reported(chance: random.Random) -> None:
    survives(damaged(chance))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES)), st.sampled_from([" ", "", "\n"]))
def test_any_row_of_words_is_read_or_reported(words: list[str], space: str) -> None:
    survives(space.join(words))


def test_damage_of_other_kinds_is_read_or_reported() -> None:
    """ADL_FUZZ=100000 in the environment asks for more of it."""
    chance = random.Random(20261123)
    for _ in range(int(os.environ.get("ADL_FUZZ", "300"))):
        survives(damaged(chance))
