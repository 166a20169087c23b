"""The parser: tables, triggers, systematics, published numbers, free text and comments."""

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
    Binary,
    Comment,
    Correction,
    CountsFormat,
    CountsProcess,
    File,
    Flag,
    Function,
    Histo,
    HistoList,
    Info,
    LegacySystematic,
    ListOf,
    Lookup,
    Name,
    Region,
    Select,
    Slice,
    Systematic,
    Table,
    Text,
    Trigger,
    Unary,
    UniformBins,
    Use,
    UseAs,
)
from tests.trees import (
    WHOLE,
    a,
    b,
    block,
    call,
    clause,
    clauses,
    n,
    read,
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
        Name("mu"), ((Text("A"), False), (Text("B"), True), (Text("C"), False)), "S"
    )
    assert block('trigger mu "A"\n stream "S"') == Trigger(Name("mu"), ((Text("A"), False),), "S")
    assert block('TRIGGER el OPTIONAL "A"') == Trigger(Name("el"), ((Text("A"), True),), "")


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
        Text("{era}/b.json.gz"),
        Text("deepJet_comb"),
        (
            clause("inputs", Name("$"), Text("M"), Name("*")),
            clause("nominal", Text("central")),
            clause("vary", b, up=Text("u"), down=Text("d")),
            clause("vary", Name("b_{era}"), up=Text("u"), down=Text("d")),
        ),
    )
    quoted = block('correction bSF "f" "entry-{era}"')
    assert isinstance(quoted, Correction)
    assert quoted.entry == Text("entry-{era}")


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
