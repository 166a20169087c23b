"""The parser: odd spellings that are read, and what is told of them; mistakes in blocks."""

from __future__ import annotations

import pytest

from adl.syntax.mistakes import CODES
from tests.trees import WHOLE, complaint, errors, notes, read


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
