"""The parser: every mistake in its place, with what was expected, all of them in one run."""

from __future__ import annotations

import pytest

from adl.syntax.tree import Binary, Histo
from tests.trees import a, complaint, errors, in_region, said, value


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
    assert words in said(text)


@pytest.mark.parametrize("slice", ["[1:101:2]", "[::2]", "[0:3:]"])
def test_the_step_of_a_slice_is_marked(slice: str) -> None:
    for text in (f"systematic s\n  reweight w{slice}", f"region r\n  select size(j{slice}) > 1"):
        (found,) = complaint(text).diagnostics
        assert found.message.startswith("a slice has no step")
        assert found.span.start == text.rindex(":")


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
    shown = said(f"region r\n  select {words} and and {words}").splitlines()
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
