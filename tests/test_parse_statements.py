"""The parser: objects and composites, what stands in expressions and regions alone."""

from __future__ import annotations

import pytest

from adl.syntax.tree import (
    Attribute,
    Bin,
    Binary,
    Binding,
    Candidate,
    Composite,
    Counted,
    Counts,
    Define,
    Edges,
    Histo,
    Index,
    Juxtaposed,
    ListOf,
    Lookup,
    Name,
    Named,
    Object,
    Print,
    Reject,
    Save,
    Select,
    Sort,
    Take,
    Text,
    Title,
    Unary,
    UniformBins,
    Weight,
)
from tests.trees import a, b, block, c, call, d, in_object, in_region, mu0, n, read, value, x


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
