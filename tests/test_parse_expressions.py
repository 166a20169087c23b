"""The parser: expressions, and where a line may be broken."""

from __future__ import annotations

import pytest

from adl.syntax.tree import (
    Attribute,
    Binary,
    Binding,
    Define,
    Expr,
    Index,
    Juxtaposed,
    Name,
    Number,
    Select,
    Slice,
    Ternary,
    Text,
    Unary,
    Use,
    Within,
)
from tests.trees import a, b, c, call, d, in_region, mu0, mu1, n, read, value, x


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
