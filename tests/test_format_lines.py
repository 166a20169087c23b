"""The formatter: expressions, long lines, blank lines."""

from __future__ import annotations

import pytest

from adl.syntax.format import format_file
from adl.syntax.layout import BREAK, WIDTH, group, lay_out
from adl.syntax.source import Source
from adl.syntax.tree import Edges, File, Histo, Name, Region, UniformBins, VariableBins
from tests.formatting import expression, formats, formatted, statement


@pytest.mark.parametrize(
    "text",
    [
        "-2^2",
        "(-2)^2",
        "2^3^2",
        "(2^3)^2",
        "2^-1",
        "a - (b - c)",
        "a - b - c",
        "a / (b * c)",
        "-(a + b) * c",
        "-(a b)",
        "-a b",
        "(a b) c",
        "not (a b)",
        "(a) (b + c)",
        "a.pT + b[0].eta - jets[0:3]",
        "sum(jets[:3])",
        "x [] -2.5 -1.5",
        "x [] (a + b) (2 * c)",
        "x ][ (lo) (hi + 1)",
        "(x > 1) == (y > 2)",
        "a or b and not c",
        "(a or b) and c",
        "flags & 4 == 4",
        "flags & 3 | mask << 2",
        "a ? b : c ? d : e",
        "a ? (b ? c : d) : e",
        "(a ? b : c) + 1",
        "min(jets j, pT(j))",
        "dR((a b), c)",
        "m(l1 l2)",
        "f([a, -1, b], k=2)",
        'onnx("f.onnx", [ht, (a b)], output=0)',
        "GEN[link(mu[0])]",
        "weights[0, 1, 3]",
        "30 + .5 + 5. + 1E+2 + 007",
        'era == "2018"',
        "process == 3 and cut",
    ],
)
def test_an_expression_in_its_form_stays(text: str) -> None:
    assert expression(text) == text


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("((a)+(b))", "a + b"),
        ("(a*b)+c", "a * b + c"),
        ("a-(-b)", "a - -b"),
        ("--a", "-(-a)"),
        ("|eta|", "abs(eta)"),
        ("{jets[0]}pT", "pT(jets[0])"),
        ("dR{a, b}", "dR(a, b)"),
        ("{a b, c}dR", "dR((a b), c)"),
        ("jets_-1", "jets[-1]"),
        ("jets_0", "jets_0"),
        ("x [] lo+1 hi", "x [] (lo + 1) hi"),
        ("a == 1 and (b == 2)", "a == 1 and b == 2"),
        ("{ a 1.5 , b }", "[a, 1.5, b]"),
        ("f({a b}, 2)", "f([a, b], 2)"),
        ("not (not a)", "not not a"),
        ("(cut)", "cut"),
        ("x * (cut) and y", "x * (cut) and y"),
    ],
)
def test_an_expression_gets_its_form(text: str, form: str) -> None:
    assert expression(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "weight genWeight",
        "weight sf 0.98",
        "weight sf -x",
        "weight sf (1 + x) * 2",
        "weight sf(1 + x)",
        "weight (a b)",
        "weight a + b",
        'histo h, "t", 0 20.0 50, pT(jets)',
        'histo h, "t", 50, 0, 500, (mu[0] mu[1])',
        'histo h, "t", 2, 0, 1, 5, 0 1',
        'histo h, "t", -inf 0 (inf) (-inf), x',
        "bin MET 100 200 400",
        "bin (a + b) 100 -200 4e2",
        "bin x, -inf, 0",
        'bin ("a" == x)',
        'bin "a" trigger mu',
        "bin m(a b) > 3",
        "bin (a b) == c",
        "select a ? b ? c",
        'select HLT "a" or HLT "b"',
        "take SR-low",
        "sort pT(jets) + 1 descend",
        'save t csv, ("x") a',
        "print (a + b) (c) (-d) -1",
        "counts f NA, 1, -2 + 3 - 4 +- 5",
        'title "signal"',
    ],
)
def test_a_statement_in_its_form_stays(text: str) -> None:
    assert statement(text) == text


def test_numbers_keep_their_text() -> None:
    text = 'histo h, "t", 010, 0.0, 5e2, x'
    assert statement(text) == text
    assert statement("bin MET 100.0 2e2") == "bin MET 100.0 2e2"


def test_a_tree_without_a_source_is_written_as_it_is() -> None:
    axes = (UniformBins(10, -0.5, 1e17), VariableBins((0.0, 1e-7, float("inf"))))
    histo = Histo(Name("h"), "t", axes, (Name("x"), Name("y")))
    tree = File((Region(Name("r"), (histo, Edges(Name("MET"), (100.0, 250.5)))),))
    expected = 'region r\n  histo h, "t", 10, -0.5, 1e+17, 0 1e-07 inf, x, y\n  bin MET 100 250.5\n'
    assert format_file(tree, Source("cuts.adl", "")) == expected


LONG = [f"pT(a_rather_long_name_{i}) > {i}" for i in range(5)]


def test_a_long_condition_is_broken_before_its_operators() -> None:
    lines = statement("select " + " and ".join(LONG)).split("\n")
    assert lines[0] == f"select {LONG[0]}"
    assert lines[1:] == [f"      and {part}" for part in LONG[1:]]


def test_a_long_condition_in_another_stands_deeper() -> None:
    text = f"select {LONG[0]} and ({LONG[1]} or {LONG[2]} or {LONG[3]} or {LONG[4]})"
    assert statement(text).split("\n") == [
        f"select {LONG[0]}",
        f"      and ({LONG[1]}",
        *(f"          or {part}" for part in LONG[2:4]),
        f"          or {LONG[4]})",
    ]


def test_a_condition_that_fits_stands_on_one_line() -> None:
    assert statement("select a\n  and b or\n c") == "select a and b or c"


@pytest.mark.parametrize("statement_of", ["define x = f({})", "region r\n  select ({}) > 3"])
def test_lines_are_no_longer_than_they_have_to_be(statement_of: str) -> None:
    sums = " + ".join(f"some_name_{i} * {i}" for i in range(40))
    lines = formatted(statement_of.format(sums)).split("\n")
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) < 14


def test_a_name_like_a_keyword_never_begins_a_line() -> None:
    names = ", ".join(f"cut {name}" for name in ("a" * 60, "b" * 60, "c" * 60))
    assert expression(f"min({names}, x)") == f"min({names}, x)"


def test_pieces_break_where_they_have_to() -> None:
    words = ["x" * 30] * 4
    pieces = [part for word in words for part in (BREAK, word)][1:]
    assert lay_out(group(pieces), 2).split("\n") == [
        f"{' ' * (6 if i else 2)}{word}" for i, word in enumerate(words)
    ]
    filled = lay_out(group(pieces, filled=True), 2).split("\n")
    assert filled == [f"  {' '.join(words[:3])}", f"      {words[3]}"]


def test_a_tree_as_deep_as_one_can_be_read_is_written() -> None:
    for text in ("f(" * 190 + "x" + ")" * 190, "-(" * 95 + "x" + ")" * 95, "x" + "^x" * 190):
        expression(text)
    for operator in ("+", "and", "or", "*"):
        expression(f" {operator} ".join(["x > 1" if operator.isalpha() else "x"] * 190))


def test_one_blank_line_parts_blocks_and_the_authors_stay() -> None:
    formats(
        """


        define a = 1
        define b = 2



        define c = 3
        use MET = PuppiMET
        object jets

          take Jet


          select pT > 30
          select eta < 2
        region r
        region s

        """,
        """
        define a = 1
        define b = 2

        define c = 3

        use MET = PuppiMET

        object jets
          take Jet

          select pT > 30
          select eta < 2

        region r

        region s
        """,
    )


def test_nothing_becomes_nothing() -> None:
    assert formatted("") == ""
    assert formatted("\n\n") == ""
    assert formatted("# only a comment") == "# only a comment\n"
