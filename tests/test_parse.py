"""The parser: what each line of ADL becomes, where it stands, and what is wrong with it."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adl.syntax import parse as parser
from adl.syntax.cachedir import cache_root
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.mistakes import CODES
from adl.syntax.parse import parse
from adl.syntax.source import Source
from adl.syntax.tree import (
    Attribute,
    Bin,
    Binary,
    Binding,
    Call,
    Define,
    Edges,
    Expr,
    File,
    Histo,
    Index,
    Info,
    Juxtaposed,
    Name,
    Number,
    Object,
    Region,
    Reject,
    Select,
    Slice,
    Statement,
    Take,
    Ternary,
    Text,
    Unary,
    UniformBins,
    Use,
    VariableBins,
    Weight,
    Within,
)

ANALYSIS = """\
# toy search
info analysis
  title "Search for something"   # "with" quotes
  lumi 36.1

object goodJets : JET j
  select pT(JET) > 30 and abs(eta(JET)) < 2.5
  define rel = iso / pt

object cleanJets
  take goodJets
  reject dR(goodJets, goodMuons) < 0.4 or {goodJets}BTag == 1

define ht = sum(pT(cleanJets))
define Z : -mu[0] mu[1]

region presel
  select ALL
  weight sf 0.98
  histo hmll , "m(ll) [GeV]", 50, 0, 250, m(Z)

region signal-low
  presel
  select size(cleanJets) >= 2 ? ht > 300 : ht > 200
  select |eta(Z)| ][ -2.5 -1.5
  bin "low" MET [] 100 200
  bin MET 100 200 400
"""


def read(text: str) -> File:
    return parse(Source("cuts.adl", text))


def value(text: str) -> Expr:
    """What ``define x = text`` defines."""
    (block,) = read(f"define x = {text}").blocks
    assert isinstance(block, Define)
    return block.value


def in_region(text: str) -> tuple[Statement, ...]:
    (block,) = read(f"region r\n{text}").blocks
    assert isinstance(block, Region)
    return block.statements


def in_object(text: str) -> tuple[Statement, ...]:
    (block,) = read(f"object o\n{text}").blocks
    assert isinstance(block, Object)
    return block.statements


def errors(text: str) -> list[str]:
    """Code, line and column of every mistake."""
    source = Source("cuts.adl", text)
    with pytest.raises(AnalysisError) as caught:
        parse(source)
    assert all(found.code in CODES for found in caught.value.diagnostics)
    return [
        "{} {}:{}".format(d.code, *source.position(d.span.start)) for d in caught.value.diagnostics
    ]


def complaint(text: str) -> str:
    """Everything said about a text with mistakes."""
    with pytest.raises(AnalysisError) as caught:
        read(text)
    return str(caught.value)


def n(text: str) -> Number:
    return Number(text)


a, b, c, d, x = map(Name, "abcdx")
mu0, mu1 = Index(Name("mu"), 0), Index(Name("mu"), 1)


def call(function: str, *arguments: Expr) -> Call:
    return Call(Name(function), arguments)


# ----------------------------------------------------------------------------------------- files


def test_an_empty_file_has_no_blocks() -> None:
    assert read("") == File(())


@pytest.mark.parametrize("text", ["\n", "# a comment", "  \t\r\n# one\n\n# two\n", "\ufeff"])
def test_a_file_of_comments_and_white_space_has_no_blocks(text: str) -> None:
    assert read(text) == File(())


def test_a_whole_analysis_becomes_its_blocks() -> None:
    assert read(ANALYSIS) == File(
        (
            Info(Name("analysis"), (("title", "Search for something"), ("lumi", "36.1"))),
            Object(
                Name("goodJets"),
                (
                    Take(Name("JET"), Name("j")),
                    Select(
                        Binary(
                            "and",
                            Binary(">", call("pT", Name("JET")), n("30")),
                            Binary("<", call("abs", call("eta", Name("JET"))), n("2.5")),
                        )
                    ),
                    Define(Name("rel"), Binary("/", Name("iso"), Name("pt"))),
                ),
            ),
            Object(
                Name("cleanJets"),
                (
                    Take(Name("goodJets"), None),
                    Reject(
                        Binary(
                            "or",
                            Binary("<", call("dR", Name("goodJets"), Name("goodMuons")), n("0.4")),
                            Binary("==", call("BTag", Name("goodJets")), n("1")),
                        )
                    ),
                ),
            ),
            Define(Name("ht"), call("sum", call("pT", Name("cleanJets")))),
            Define(Name("Z"), Juxtaposed((Unary("-", mu0), mu1))),
            Region(
                Name("presel"),
                (
                    Select(Name("ALL")),
                    Weight(Name("sf"), n("0.98")),
                    Histo(
                        Name("hmll"),
                        "m(ll) [GeV]",
                        (UniformBins(50, 0, 250),),
                        (call("m", Name("Z")),),
                    ),
                ),
            ),
            Region(
                Name("signal-low"),
                (
                    Use(Name("presel")),
                    Select(
                        Ternary(
                            Binary(">=", call("size", Name("cleanJets")), n("2")),
                            Binary(">", Name("ht"), n("300")),
                            Binary(">", Name("ht"), n("200")),
                        )
                    ),
                    Select(
                        Within(
                            "][",
                            call("abs", call("eta", Name("Z"))),
                            Unary("-", n("2.5")),
                            Unary("-", n("1.5")),
                        )
                    ),
                    Bin("low", Within("[]", Name("MET"), n("100"), n("200"))),
                    Edges(Name("MET"), (100, 200, 400)),
                ),
            ),
        )
    )


def test_line_ends_of_windows_change_nothing() -> None:
    assert read(ANALYSIS.replace("\n", "\r\n")) == read(ANALYSIS)


def test_the_last_line_needs_no_end() -> None:
    assert read(ANALYSIS.rstrip("\n")) == read(ANALYSIS)
    assert read("region r\n select a # comment") == read("region r\n select a")


def test_tabs_and_blank_lines_change_nothing() -> None:
    assert read(ANALYSIS.replace("  ", "\t").replace("\n", "\n\n")) == read(ANALYSIS)


def test_keywords_may_be_written_in_any_case() -> None:
    shouted = "OBJECT o\nTake X\nSELECT a\nRegion r\nBIN a\nDEFINE x = 1\nInfo i\n"
    assert read(shouted) == read(shouted.lower().replace("take x", "take X"))


@pytest.mark.parametrize(
    ("synonym", "word"),
    [
        ("obj o\ntake X", "object o\ntake X"),
        ("object o\nusing X", "object o\ntake X"),
        ("object o\ncmd a", "object o\nselect a"),
        ("object o\ncut a", "object o\nselect a"),
        ("algo r\nselect a", "region r\nselect a"),
        ("algorithm r\nselect a", "region r\nselect a"),
        ("def x = 1", "define x = 1"),
        ("define x : 1", "define x = 1"),
        ("region r\nbins a 1 2", "region r\nbin a 1 2"),
    ],
)
def test_keywords_have_synonyms(synonym: str, word: str) -> None:
    assert read(synonym) == read(word)


# ------------------------------------------------------------------------------------------ info


def test_info_fields_are_free_text() -> None:
    text = """\
info analysis
  title  "Search for # \u2026 it" # comment
  publication J. Imag. Phys. 1 (2099) 1; don't [care
  # a comment between
  half "quoted" text
  doi "10.9999/xyz
  empty
region r
"""
    assert read(text).blocks == (
        Info(
            Name("analysis"),
            (
                ("title", "Search for # \u2026 it"),
                ("publication", "J. Imag. Phys. 1 (2099) 1; don't [care"),
                ("half", '"quoted" text'),
                ("doi", '"10.9999/xyz'),
                ("empty", ""),
            ),
        ),
        Region(Name("r"), ()),
    )


def test_a_keyword_ends_an_info_block() -> None:
    assert len(read("info a\nlumi 1\nOBJECT o\ninfo b\ndefine x = 1\n").blocks) == 4


def test_info_fields_may_be_called_like_operators() -> None:
    (info,) = read("info a\n and = x\n - dash").blocks
    assert info == Info(Name("a"), (("and", "= x"), ("-", "dash")))


# --------------------------------------------------------------------------------------- objects


def test_an_object_takes_collections() -> None:
    assert in_object("take Jet\nusing Jet j\ntake union(a, b)\ntake jets[0:2] j") == (
        Take(Name("Jet"), None),
        Take(Name("Jet"), Name("j")),
        Take(call("union", a, b), None),
        Take(Slice(Name("jets"), 0, 2), Name("j")),
    )


def test_a_colon_behind_the_name_takes_first() -> None:
    expected = Object(Name("o"), (Take(call("Union", a, b), None), Select(c)))
    assert read("object o : Union(a, b)\nselect c").blocks == (expected,)
    assert read("object o\n : Union(a, b)\nselect c").blocks == (expected,)


def test_an_indented_define_belongs_to_its_object() -> None:
    assert in_object(" define x = a") == (Define(x, a),)


def test_a_define_among_the_statements_of_an_object_belongs_to_it() -> None:
    assert in_object("take X\ndefine x = a\nselect x") == (
        Take(Name("X"), None),
        Define(x, a),
        Select(x),
    )


def test_a_define_behind_an_object_stands_alone() -> None:
    assert read("object o\n take X\n\ndefine x = a").blocks == (
        Object(Name("o"), (Take(Name("X"), None),)),
        Define(x, a),
    )


def test_a_define_behind_a_region_stands_alone() -> None:
    assert read("region r\n select a\n define x = a\nregion s").blocks == (
        Region(Name("r"), (Select(a),)),
        Define(x, a),
        Region(Name("s"), ()),
    )


# --------------------------------------------------------------------------------------- regions


def test_names_alone_on_a_line_are_other_regions() -> None:
    assert in_region("a b\nselect c\nSR-low\nd") == (
        Use(a),
        Use(b),
        Select(c),
        Use(Name("SR-low")),
        Use(d),
    )


def test_a_region_takes_another() -> None:
    assert in_region("take a\ntake SR-1b") == (Take(a, None), Take(Name("SR-1b"), None))


def test_a_hyphen_belongs_to_the_name_of_a_region_or_a_histogram() -> None:
    assert read("region FTFT-resolved-2b").blocks == (Region(Name("FTFT-resolved-2b"), ()),)
    (histo,) = in_region('histo h-a, "t", 1, 0, 1, a-b')
    assert histo == Histo(Name("h-a"), "t", (UniformBins(1, 0, 1),), (Binary("-", a, b),))


def test_the_name_of_a_weight_may_be_left_out() -> None:
    eff = call("f", call("pT", mu0))
    text = "weight sf 0.98\nweight 0.98\nweight genWeight\nweight eff f(pT(mu[0]))"
    assert in_region(text) == (
        Weight(Name("sf"), n("0.98")),
        Weight(None, n("0.98")),
        Weight(None, Name("genWeight")),
        Weight(Name("eff"), eff),
    )
    assert in_region(
        "weight f(pT(mu[0]))\nweight a - b\nweight a.b\nweight trigger 1\nweight {a}m"
    ) == (
        Weight(None, eff),
        Weight(None, Binary("-", a, b)),
        Weight(None, Attribute(a, b)),
        Weight(Name("trigger"), n("1")),
        Weight(None, call("m", a)),
    )
    assert in_region("weight w {a}m\nweight w |x|") == (
        Weight(Name("w"), call("m", a)),
        Weight(Name("w"), call("abs", x)),
    )


def test_a_histogram_has_bins_of_one_width_or_edges() -> None:
    assert in_region(
        'histo h , "t" , 50, -1.5, 1e3 , a\n'
        'histo h, "t", 0 20 50 100, a + 2\n'
        'histo h, "t", -3 -2 -1 0.5, 2*a'
    ) == (
        Histo(Name("h"), "t", (UniformBins(50, -1.5, 1000),), (a,)),
        Histo(Name("h"), "t", (VariableBins((0, 20, 50, 100)),), (Binary("+", a, n("2")),)),
        Histo(Name("h"), "t", (VariableBins((-3, -2, -1, 0.5)),), (Binary("*", n("2"), a),)),
    )


def test_a_histogram_may_have_two_axes() -> None:
    ten, edges = UniformBins(10, 0, 1), VariableBins((0, 50, 100))
    assert in_region(
        'histo h, "x;y", 10, 0, 1, 10, 0, 1, pT(mu[0]), a - b\n'
        'histo h, "t", 0 50 100, 10, 0, 1, a, b\n'
        'histo h, "t", 10, 0, 1, 0 50 100, a b'
    ) == (
        Histo(Name("h"), "x;y", (ten, ten), (call("pT", mu0), Binary("-", a, b))),
        Histo(Name("h"), "t", (edges, ten), (a, b)),
        Histo(Name("h"), "t", (ten, edges), (a, b)),
    )


@pytest.mark.parametrize("values", ["pT(a) + 1 b > 2 c -5", "pT(a) + 1, b > 2, c -5"])
def test_a_histogram_of_one_axis_may_have_several_values(values: str) -> None:
    (histo,) = in_region(f'histo h, "t", 10, 0, 1, {values}')
    assert isinstance(histo, Histo)
    assert histo.values == (
        Binary("+", call("pT", a), n("1")),
        Binary(">", b, n("2")),
        Binary("-", c, n("5")),
    )


def test_a_bin_is_a_condition_with_or_without_a_label() -> None:
    condition = Binary("and", Within("[]", a, n("1"), Unary("-", n("2"))), b)
    assert in_region('bin a [] 1 -2 and b\nbin "tight" a [] 1 -2 and b\nbin "t" -a > 1') == (
        Bin(None, condition),
        Bin("tight", condition),
        Bin("t", Binary(">", Unary("-", a), n("1"))),
    )


def test_bins_between_edges_need_no_commas() -> None:
    assert in_region(
        "bin a 1 2 4\nBins a 1, 2, 4\nbin a -2.4 -1.5 0 1.5\nbin a-b 1 2\nbin a 1 inf"
    ) == (
        Edges(a, (1, 2, 4)),
        Edges(a, (1, 2, 4)),
        Edges(a, (-2.4, -1.5, 0, 1.5)),
        Edges(Binary("-", a, b), (1, 2)),
        Edges(a, (1, math.inf)),
    )


def test_a_condition_of_a_bin_may_subtract() -> None:
    assert in_region("bin a -5 > 3") == (Bin(None, Binary(">", Binary("-", a, n("5")), n("3"))),)


@pytest.mark.parametrize("text", ["select a ? b", "reject a ? b"])
def test_the_else_of_a_statement_may_be_left_out(text: str) -> None:
    (statement,) = in_region(text)
    assert isinstance(statement, Select | Reject)
    assert statement.condition == Ternary(a, b, None)


def test_a_condition_without_else_may_hold_another() -> None:
    assert in_region("select a ? b ? c : d\nselect a ? b ? c") == (
        Select(Ternary(a, Ternary(b, c, d), None)),
        Select(Ternary(a, Ternary(b, c, None), None)),
    )


# ----------------------------------------------------------------------------------- expressions


def binary(text: str) -> Expr:
    """A tree from its operators in prefix form: ``binary("+ a * b c")``."""
    words = iter(text.split())

    def next_tree() -> Expr:
        word = next(words)
        if word in ("neg", "not"):
            return Unary("-" if word == "neg" else "not", next_tree())
        if word[0].isdigit():
            return Number(word)
        return (
            Name(word) if word in ("a", "b", "c", "d") else Binary(word, next_tree(), next_tree())
        )

    tree = next_tree()
    assert not list(words)
    return tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a or b or c", "or or a b c"),
        ("a and b and c", "and and a b c"),
        ("a or b and c", "or a and b c"),
        ("a || b && !c", "or a and b not c"),
        ("a OR b AND NOT c", "or a and b not c"),
        ("a Or b And Not c", "or a and b not c"),
        ("not a and b", "and not a b"),
        ("not a == b", "not == a b"),
        ("not not a", "not not a"),
        ("a + b > c - d", "> + a b - c d"),
        ("a - b - c", "- - a b c"),
        ("a - b + c", "+ - a b c"),
        ("a / b / c", "/ / a b c"),
        ("a + b * c", "+ a * b c"),
        ("(a + b) * c", "* + a b c"),
        ("-a * b", "* neg a b"),
        ("a * -b", "* a neg b"),
        ("-2^2", "neg ^ 2 2"),
        ("2^3^2", "^ 2 ^ 3 2"),
        ("2^-1", "^ 2 neg 1"),
        ("2^-a^b", "^ 2 neg ^ a b"),
        ("(-2)^2", "^ neg 2 2"),
        ("3 - -2", "- 3 neg 2"),
        ("3 --2", "- 3 neg 2"),
        ("a-5", "- a 5"),
        ("a -5", "- a 5"),
        ("a- 5", "- a 5"),
        ("a < b", "< a b"),
        ("a <= b", "<= a b"),
        ("a >= b", ">= a b"),
        ("a != b", "!= a b"),
        ("a EQ b", "== a b"),
        ("a NE b", "!= a b"),
        ("a LT b", "< a b"),
        ("a GT b", "> a b"),
        ("a LE b", "<= a b"),
        ("a GE (b)", ">= a b"),
        ("(a < b) < c", "< < a b c"),
        ("a > b and c < d or a", "or and > a b < c d a"),
    ],
)
def test_operators_bind_in_this_order(text: str, tree: str) -> None:
    assert value(text) == binary(tree)


def test_subtraction_needs_no_blank() -> None:
    expected = Binary("-", call("pT", Index(Name("jets"), 0)), n("5"))
    assert value("pT(jets[0])-5") == expected
    assert value("pT(jets[0]) -5") == expected


def test_the_ternary_groups_to_the_right() -> None:
    assert value("a ? b : c ? d : x") == Ternary(a, b, Ternary(c, d, x))
    assert value("a ? b ? c : d : x") == Ternary(a, Ternary(b, c, d), x)
    assert value("a or b ? c : d") == Ternary(Binary("or", a, b), c, d)


@pytest.mark.parametrize(
    ("text", "lower", "upper"),
    [
        ("10 20", n("10"), n("20")),
        ("-2.5 -1.5", Unary("-", n("2.5")), Unary("-", n("1.5"))),
        ("0 -1", n("0"), Unary("-", n("1"))),
        ("10 - 5 20", Binary("-", n("10"), n("5")), n("20")),
        ("10-5 20", Binary("-", n("10"), n("5")), n("20")),
        ("a -b", a, Unary("-", b)),
        ("pT(a -5) b", call("pT", Binary("-", a, n("5"))), b),
        ("a + b c * d", Binary("+", a, b), Binary("*", c, d)),
        ("m(a b) {c d}m", call("m", Juxtaposed((a, b))), call("m", Juxtaposed((c, d)))),
    ],
)
def test_two_bounds_follow_a_range(text: str, lower: Expr, upper: Expr) -> None:
    assert value(f"x [] {text}") == Within("[]", x, lower, upper)
    assert value(f"(x ][ {text})") == Within("][", x, lower, upper)
    assert value(f"x [] {text} and a -5") == Binary(
        "and", Within("[]", x, lower, upper), Binary("-", a, n("5"))
    )


def test_a_range_ends_with_its_bounds() -> None:
    assert value("x [] 1 2 ? a -1 : b") == Ternary(
        Within("[]", x, n("1"), n("2")), Binary("-", a, n("1")), b
    )
    assert value("f(x [] 1 2, mu[0] mu[1])") == call(
        "f", Within("[]", x, n("1"), n("2")), Juxtaposed((mu0, mu1))
    )


def test_particles_side_by_side_are_a_sum() -> None:
    assert value("mu[0] mu[1] a.b") == Juxtaposed((mu0, mu1, Attribute(a, b)))
    assert value("m(mu[0] mu[1]) > 3") == Binary(">", call("m", Juxtaposed((mu0, mu1))), n("3"))
    assert value("a + mu[0] mu[1]") == Binary("+", a, Juxtaposed((mu0, mu1)))
    assert value("(a + b) c") == Juxtaposed((Binary("+", a, b), c))
    assert value("{ELE_0 ELE_1}m") == call("m", Juxtaposed((Name("ELE_0"), Name("ELE_1"))))


def test_a_minus_in_front_turns_the_first_particle() -> None:
    assert value("-mu[0] mu[1]") == Juxtaposed((Unary("-", mu0), mu1))
    assert value("-(mu[0] mu[1])") == Unary("-", Juxtaposed((mu0, mu1)))


def test_two_names_are_a_binding_where_something_follows_that_uses_it() -> None:
    binding = Binding(Name("jets"), Name("j"))
    assert value("sum(jets j, pT(j))") == call("sum", binding, call("pT", Name("j")))
    assert value("sum(jets[0:2] j, 1)") == call(
        "sum", Binding(Slice(Name("jets"), 0, 2), Name("j")), n("1")
    )
    assert value("disjoint(mu a, mu b)") == call(
        "disjoint", Binding(Name("mu"), a), Binding(Name("mu"), b)
    )


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("f(mu[0] mu[1], c)", Juxtaposed((mu0, mu1))),
        ("f((a b), c)", Juxtaposed((a, b))),
        ("f(a b_1, c)", Juxtaposed((a, Name("b_1")))),
        ("f(a b x, c)", Juxtaposed((a, b, x))),
        ("f(a -b, c)", Binary("-", a, b)),
    ],
)
def test_anything_else_side_by_side_is_a_sum(text: str, argument: Expr) -> None:
    assert value(text) == call("f", argument, c)
    assert value("m(a b)") == call("m", Juxtaposed((a, b)))


def test_attributes_indices_and_slices_follow_one_another() -> None:
    jets = Name("jets")
    assert value("jets[0].pT") == Attribute(Index(jets, 0), Name("pT"))
    assert value("jets[-1]") == Index(jets, -1)
    assert value("jets_-1") == Index(jets, -1)
    assert value("jets_0") == Name("jets_0")
    assert value("jets_") == Name("jets_")
    assert value("jets[0:3]") == Slice(jets, 0, 3)
    assert value("jets[ 1 : ]") == Slice(jets, 1, None)
    assert value("jets[:3]") == Slice(jets, None, 3)
    assert value("jets[0][1][2]") == Index(Index(Index(jets, 0), 1), 2)
    assert value("f(jets)[0].a.b") == Attribute(Attribute(Index(call("f", jets), 0), a), b)
    assert value("(a b)[0]") == Index(Juxtaposed((a, b)), 0)


def test_calls_have_four_spellings() -> None:
    assert value("f(a, b)") == call("f", a, b)
    assert value("f (a, b)") == call("f", a, b)
    assert value("f{a, b}") == call("f", a, b)
    assert value("{a, b}f") == call("f", a, b)
    assert value("{ a , b } f") == call("f", a, b)
    assert value("f()") == call("f")
    assert value("|a - b|") == call("abs", Binary("-", a, b))
    assert value("f(|a|, |b|)") == call("f", call("abs", a), call("abs", b))
    assert value("dR({a}f, f{b})") == call("dR", call("f", a), call("f", b))
    assert value('wp("M")') == call("wp", Text("M"))


@pytest.mark.parametrize("text", ["30", "2.5", ".5", "5.", "1e3", "2.5E-3", "007"])
def test_a_number_keeps_its_text(text: str) -> None:
    assert value(text) == Number(text)


@pytest.mark.parametrize("word", ["all", "any", "sum", "min", "max", "ALL", "NONE", "LT", "stat"])
def test_functions_and_constants_are_names(word: str) -> None:
    assert value(word) == Name(word)
    assert value(f"{word}(a) > 3 and {word}") == Binary(
        "and", Binary(">", call(word, a), n("3")), Name(word)
    )


@pytest.mark.parametrize("word", ["bin", "weight", "take", "id", "index", "and", "not", "sort"])
def test_an_attribute_may_be_called_like_a_keyword(word: str) -> None:
    assert value(f"jets[0].{word} > 3") == Binary(
        ">", Attribute(Index(Name("jets"), 0), Name(word)), n("3")
    )
    assert value(f"a > jets.{word}") == Binary(">", a, Attribute(Name("jets"), Name(word)))


@pytest.mark.parametrize("word", ["weight", "process", "cut", "info", "print"])
def test_keywords_are_names_where_no_statement_can_start(word: str) -> None:
    assert value(f"2 * {word} + f({word}) - {{a}}{word}") == Binary(
        "-",
        Binary("+", Binary("*", n("2"), Name(word)), call("f", Name(word))),
        call(word, a),
    )
    assert read(f"define {word} = {word}").blocks == (Define(Name(word), Name(word)),)


# ----------------------------------------------------------------------------------- line breaks


@pytest.mark.parametrize(
    "text",
    [
        "select f(a,\n\n b) > 3",
        "select f(\na, b\n)\n> 3",
        "select f{\na, b} > 3",
        "select f(a, b)   # why\n  > 3",
        "select f(a, b) >\n# a comment\n 3",
        "select f(a, b) > \\\n 3",
        "select f(a, b) \\ \r\n > 3",
    ],
)
def test_a_statement_goes_on_where_it_cannot_end(text: str) -> None:
    assert in_region(text + "\nselect d") == (
        Select(Binary(">", call("f", a, b), n("3"))),
        Select(d),
    )


@pytest.mark.parametrize(
    "operator", ["and", "or", "+", "-", "*", "/", "^", "<", ">", "<=", ">=", "==", "!=", "&&", "||"]
)
def test_a_line_may_end_or_begin_with_an_operator(operator: str) -> None:
    (once,) = in_region(f"select a {operator} b")
    assert in_region(f"select a {operator}\n b") == (once,)
    assert in_region(f"select a\n {operator} b") == (once,)


def test_a_line_may_end_or_begin_with_a_part_of_a_statement() -> None:
    assert in_region("select a ?\n b :\n c") == in_region("select a\n? b\n: c")
    assert in_region("select a [] 1 2") == in_region("select a\n[]\n1 2")
    assert in_region("select a ][ 1 2") == in_region("select a\n][ 1 2")
    assert read("define x =\n a") == read("define x\n= a")
    assert in_region('histo h,\n "t",\n 1, 0, 1,\n a') == in_region('histo h, "t"\n, 1, 0, 1, a')


def test_names_do_not_stand_side_by_side_across_lines() -> None:
    assert in_region("select a\nb\nc") == (Select(a), Use(b), Use(c))


def test_several_statements_may_stand_on_one_line() -> None:
    text = "object e take ELE select pT(ELE) > 10 select abs(eta(ELE)) < 2.5"
    more = " region r select a weight w 1 bin a weight 2 define x = 1 region s select (a) select b"
    assert read(text + more) == read(
        """\
object e
  take ELE
  select pT(ELE) > 10
  select abs(eta(ELE)) < 2.5
region r
  select a
  weight w 1
  bin a
  weight 2
define x = 1
region s
  select (a)
  select b
"""
    )


# ----------------------------------------------------------------------------------------- spans


def test_spans_cover_what_was_written() -> None:
    source = Source("cuts.adl", ANALYSIS)
    tree = parse(source)
    assert source.text[tree.span.start : tree.span.end] == ANALYSIS.partition("\n")[2].rstrip()
    assert [source.words(block.span)[:20] for block in tree.blocks] == [
        "info analysis title ",
        "object goodJets : JE",
        "object cleanJets tak",
        "define ht = sum(pT(c",
        "define Z : -mu[0] mu",
        "region presel select",
        "region signal-low pr",
    ]
    objects = [block for block in tree.blocks if isinstance(block, Object)]
    assert [source.words(s.span) for s in objects[0].statements] == [
        ": JET j",
        "select pT(JET) > 30 and abs(eta(JET)) < 2.5",
        "define rel = iso / pt",
    ]
    region = tree.blocks[-1]
    assert isinstance(region, Region)
    assert [source.words(s.span) for s in region.statements] == [
        "presel",
        "select size(cleanJets) >= 2 ? ht > 300 : ht > 200",
        "select |eta(Z)| ][ -2.5 -1.5",
        'bin "low" MET [] 100 200',
        "bin MET 100 200 400",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "(a + b) * c",
        "a * (b + c)",
        "{a, b}f",
        "f{a}",
        "f ( a )",
        "|a|",
        "-a",
        "not a",
        "a[0]",
        "a[0:2]",
        "a[:2]",
        "a.b",
        "jets_-1",
        "a b",
        "-a b",
        "a ? b : c",
        "x [] 1 (2)",
        '"text"',
        "((a))",
        "2^-1",
    ],
)
def test_the_span_of_an_expression_has_its_brackets(text: str) -> None:
    source = Source("cuts.adl", f"define x =  {text}  # comment")
    (define,) = parse(source).blocks
    assert isinstance(define, Define)
    span = define.value.span
    assert source.text[span.start : span.end] == text
    assert define.span.end == span.end


def test_a_span_inside_an_expression_is_exact() -> None:
    source = Source("cuts.adl", "define x = sum(jets j, (pT(j) + 1))")
    (define,) = parse(source).blocks
    assert isinstance(define, Define)
    assert isinstance(define.value, Call)
    binding, body = define.value.arguments
    assert isinstance(body, Binary)
    spans = [define.name.span, binding.span, body.span, body.left.span, body.right.span]
    assert [source.text[s.start : s.end] for s in spans] == [
        "x",
        "jets j",
        "(pT(j) + 1)",
        "pT(j)",
        "1",
    ]


# ---------------------------------------------------------------------------------------- errors


def region_error(line: str) -> str:
    """The code and the column of the one mistake in a line of a region."""
    (found,) = errors(f"region r\n{line}\nselect b\n")
    code, place = found.split()
    row, column = place.split(":")
    assert row == "2"
    return f"{code} {column}"


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("select a >", "E101 11"),
        ("select > a", "E101 8"),
        ("select", "E101 7"),
        ("select a b +", "E101 13"),
        ("select 30 GeV", "E101 11"),
        ("select a = 3", "E101 10"),
        ("select pT**2 > 3", "E101 11"),
        ("select jets[i", "E104 12"),
        ("select jets[1 2]", "E101 15"),
        ("select jets[] > 3", "E101 15"),
        ("select jets[1.5]", "E101 13"),
        ("select x [] 10", "E101 15"),
        ("select x [] 1 2 3", "E101 17"),
        ("select size(jets) > 2 ?", "E101 24"),
        ("select {a}", "E101 11"),
        ("select a b ^ 2", "E101 12"),
        ("select f(a,, b)", "E101 12"),
        ("select a ? b : c ?", "E101 19"),
        ('histo h "t", 1, 0, 1, a', "E101 9"),
        ("histo h, t, 1, 0, 1, a", "E101 10"),
        ("weight", "E101 7"),
        ("take 3", "E101 6"),
        ("select MET > 3; + 4", "E102 15"),
        ("select $x", "E102 8"),
        ("select 'x", "E102 8"),
        ("select a\u00a0> 3", "E102 9"),
        ("select a > _b", "E102 12"),
        ("select a \0", "E102 10"),
        ("# comment \0", "E102 11"),
        ('histo h, "t, 1, 0, 1, a', "E103 10"),
        ("select (a", "E104 8"),
        ("select f(a[0)", "E104 13"),
        ("select a)", "E104 9"),
        ("select |a", "E104 8"),
        ("select |f(|a|)|", "E104 11"),
        ("select 2jets > 1", "E105 8"),
        ("select MET > 30GeV", "E105 14"),
        ("select a ~= b ~= c", "E108 15"),
        ("select a < b < c", "E108 14"),
        ("select a == b [] 1 2", "E108 15"),
        ("MET > 300", "E110 1"),
        ("3 > 2", "E110 1"),
        ('histo h, "t", 10, 0', "E111 15"),
        ('histo h, "t", a', "E111 15"),
        ('histo h, "t", 1.5, 0, 1, a', "E111 15"),
        ('histo h, "t", 10, 0, 1', "E111 7"),
        ('histo h, "t", 1, 0, 1, 1, 0, 1, a', "E111 33"),
        ("bin a > 3 1 2", "E111 11"),
        ("bin a 1", "E111 7"),
        ("bin a 1 b", "E111 9"),
        ("select a > 1e999", "E111 12"),
        ("select a > " + "9" * 5000, "E111 12"),
        ("select jets[99999999999]", "E111 13"),
    ],
)
def test_a_mistake_is_shown_where_it_stands(line: str, place: str) -> None:
    assert region_error(line) == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("select a > 3", "E109 1:1"),
        ("object o\n take X\n weight 3", "E109 3:2"),
        ("region r\n select a\ndefine x = 1\n select b\n select c", "E109 4:2"),
        ("a stray sentence, isn\u2019t it?\nregion r", "E110 1:1"),
        ("a stray sentence\nregion r", "E110 1:1"),
        ("object o\n pT > 30\n take X", "E110 2:2"),
        ("region r baseline\n select a", "E101 1:10"),
        ("region", "E101 1:7"),
        ("object 3\n take X", "E101 1:8"),
        ("info\n title x", "E101 1:5"),
        ("info a title x", "E101 1:8"),
        ("info a\n title \0", "E102 2:8"),
        ("define x == 3", "E101 1:10"),
        ("define x", "E101 1:9"),
        ("define x = ", "E101 1:11"),
        ("define x = a ? b", "E101 1:17"),
        ("define x = a\rdefine y = 1", "E102 1:13"),
        ("region r\n select a >\n select b\n select c", "E101 2:12"),
        ("region r\n select f(a\n select b > 3\n select c", "E104 2:10"),
        ("define x = {a, b", "E104 1:12"),
    ],
)
def test_a_mistake_of_a_block_is_shown_once(text: str, place: str) -> None:
    assert errors(text)[0] == place
    assert len(set(errors(text))) <= 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("define x = 3; 4", "remove the semicolon"),
        ("define x = a < b < c", "a < b and b < c"),
        ("define x == 3", "one = defines"),
        ("region r\nselect a = 3", "== compares"),
        ("region r\nselect a => 3", "write >=, not =>"),
        ("region r\nselect a > 3, b < 2", "and joins two conditions"),
        ("region r\nselect a > 0,4", "a number has a decimal point: 0.4"),
        ("region r:\n  select a > 3", "a block has no colon: region r, and"),
        ("object o:\n  take Jet", "a block has no colon: object o, and"),
        ("region r : s", "names of other regions stand on the lines below"),
        ("region r\nselect a >", "a value must follow `>`, but the statement ends there"),
        ("region r\nselect a ?", "remove the ?"),
        ("region r\nselect a 3 + 4", "an operator or the end of the line must follow `a`"),
        ("region r\nselect x [] 10", "a second bound must follow `10`"),
        ("region r\nselect MET > 30 GeV", "numbers have no units"),
        ("region r\nselect 'a", "double quotes"),
        ("region r\nselect pT**2", "^ is the power"),
        ("region r\nselect jets[1.5]", "jets[0:3] is a slice"),
        ("region r\nselct a > 3", "did you mean select?"),
        ("regoin r\nselect a > 3", "did you mean region?"),
        ("object o\nfor j in jets", "a loop has no words here"),
        ("region r\nMET > 3", "a condition begins with select or reject"),
        ("the rest of a title", "is this the rest of a comment or of a title?"),
        ("region r\nselect a\ndefine x = 1\nselect b", "the define on line 3 ended the block"),
        ("object o\nweight 2", "an object block holds take, select, reject, define,"),
        ("region r\nselect (a", "this `(` is never closed"),
        ("region r\nselect (a]", "`]` cannot close the `(` before it"),
        ("region r\nselect \x07", "U+0007"),
    ],
)
def test_a_message_says_what_to_do(text: str, words: str) -> None:
    assert words in complaint(text)


def test_every_line_that_begins_with_no_keyword_is_reported() -> None:
    text = """\
object jets
  take Jet
  selct pT > 30
  abs(eta) < 2.4
objct muons
  tak Muon
  select pT >> 20 30
region r
  slect size(jets) > 1
  histo
  hsto h, "a title", 10, 0, 1, MET
"""
    assert errors(text) == [
        *("E110 3:3", "E110 4:3", "E110 5:1", "E110 6:3", "E101 7:19"),
        *("E110 9:3", "E101 10:8", "E110 11:3"),
    ]


def test_what_stands_below_a_mistaken_header_is_read() -> None:
    text = "region r:\n  slect MET > 3\nobject o:\n  take Jet\n  select pt >> 3 4\n"
    assert errors(text) == ["E101 1:9", "E110 2:3", "E101 3:10", "E101 5:18"]


def test_of_a_very_long_line_what_is_around_the_mistake_is_shown() -> None:
    words = " and ".join(f"x{number} > 3" for number in range(1000))
    shown = complaint(f"region r\n  select {words} and and {words}").splitlines()
    at = shown[2].index("^")
    assert shown[1][at : at + 3] == "and"
    assert shown[1].startswith("    2 | …")
    assert shown[1].endswith("…")
    assert len(shown[1]) < 220


def test_what_follows_a_bracket_that_is_never_closed_is_skipped_up_to_a_keyword() -> None:
    text = "region r\n  select f(a\n  select MET > 3\n  hst 1\n  select (b\n  MET < 3\n"
    assert errors(text) == ["E104 2:11", "E110 4:3", "E104 5:10"]


def test_all_mistakes_come_in_one_run() -> None:
    text = """\
object jets
  take Jet
  select pT(Jet > 30
  select pT(Jet) >
  select |eta| < 2.4
  weight 2

region r
  select a; b
  select 1 < a < 2
  histo h, "t", 10, MET
  bin a 1 two
"""
    expected = "E104 3:12", "E101 4:19", "E109 6:3", "E102 9:11", "E108 10:16", "E111 11:17"
    assert errors(text) == [*expected, "E111 12:11"]


def test_no_more_than_twenty_mistakes_are_shown() -> None:
    found = errors("region r\n" + "select a >\n" * 50)
    assert len(found) == 21
    assert found[-1] == "E100 22:11"


def test_a_mistake_in_a_header_spares_its_statements() -> None:
    assert errors("define x = 1\nobject (\n take X\n weight 3\nregion r\n select") == [
        "E104 2:8",
        "E101 6:8",
    ]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("(" * 10_000, 212),
        ("(" * 10_000 + "a" + ")" * 10_000, 212),
        ("f(" * 10_000 + "a" + ")" * 10_000, 413),
        ("a[0]" + "[0]" * 10_000, 1),
        ("a" + ".a" * 10_000, 1),
        ("-" * 10_000 + "a", 1),
        ("not " * 10_000 + "a", 1),
        ("a" + " + a" * 10_000, 1),
        ("a" + "^a" * 10_000, 1),
        ("a ? " * 10_000 + "a" + " : a" * 10_000, 1),
    ],
)
def test_what_is_nested_too_deep_is_an_error(text: str, column: int) -> None:
    assert errors(f"define x = {text}") == [f"E106 1:{column}"]


def test_deep_enough_is_no_error() -> None:
    assert value("(" * 190 + "a" + ")" * 190) == a
    assert isinstance(value(" + ".join("a" * 190)), Binary)
    (histo,) = in_region(f'histo h, "t", {" ".join(map(str, range(5000)))}, a')
    assert isinstance(histo, Histo)


# --------------------------------------------------------------------------------- table and cache


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    text = resources.files("adl.grammar").joinpath("adl.lark").read_text(encoding="utf-8")
    scanner = parser._Scanner()
    with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
        lark.Lark(text, parser="lalr", lexer="basic", start="file", postlex=scanner, debug=True)
    assert not caplog.messages


@pytest.fixture
def fresh_grammar() -> Iterator[None]:
    parser._grammar.cache_clear()
    yield
    parser._grammar.cache_clear()


@pytest.mark.usefixtures("fresh_grammar")
def test_the_table_is_kept_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADL_CACHE_DIR", str(tmp_path / "made" / "here"))
    assert cache_root() == tmp_path / "made" / "here"
    tree = read(ANALYSIS)
    (stored,) = cache_root().iterdir()
    parser._grammar.cache_clear()
    assert read(ANALYSIS) == tree
    stored.write_bytes(stored.read_bytes()[:1000])
    parser._grammar.cache_clear()
    assert read(ANALYSIS) == tree


@pytest.mark.usefixtures("fresh_grammar")
def test_a_cache_that_cannot_be_used_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ADL_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert read("define x = a").blocks == (Define(x, a),)


# ------------------------------------------------------------------------------------------- fuzz

MARKS = "( ) [ ] { } | || , : ? = == - + * / ^ [] ][ . ; $ ' \" # \\ \n \r\n \0 \r and or not"
WORDS = "region object info define take select bin histo weight table sort 1 2.5 1e9 _0 x_-1 3x"
PIECES = [*ANALYSIS.split(), *MARKS.split(" "), *WORDS.split()]


def survives(text: str) -> None:
    source = Source("cuts.adl", text)
    try:
        parse(source)
        return
    except AnalysisError as error:
        caught = error
    assert caught.diagnostics
    assert str(caught)
    for found in caught.diagnostics:
        assert 0 <= found.span.start <= found.span.end <= len(text)


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_any_text_is_read_or_reported(text: str) -> None:
    survives(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES)), st.sampled_from([" ", "", "\n"]))
def test_any_row_of_words_is_read_or_reported(words: list[str], space: str) -> None:
    survives(space.join(words))


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_damage_to_an_analysis_is_read_or_reported(chance: random.Random) -> None:
    text = ANALYSIS
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        end = at + chance.choice((0, 0, 1, 1, 20))
        text = text[:at] + chance.choice(["", " ", *PIECES]) + text[end:]
    survives(text)
