"""The parser: what each line of an object or a region becomes."""

from __future__ import annotations

import math

import pytest

from adl.syntax.tree import (
    Attribute,
    Bin,
    Binary,
    Define,
    Edges,
    Histo,
    Name,
    Object,
    Region,
    Reject,
    Select,
    Slice,
    Take,
    Ternary,
    Unary,
    UniformBins,
    Use,
    VariableBins,
    Weight,
    Within,
)
from tests.trees import a, b, c, call, d, in_object, in_region, mu0, n, read, x


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
