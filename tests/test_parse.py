"""The parser: whole files, where each thing in them stands, the table of the grammar, any text."""

from __future__ import annotations

import logging
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
from adl.syntax.parse import parse
from adl.syntax.source import Source
from adl.syntax.tree import (
    Bin,
    Binary,
    Call,
    Define,
    Edges,
    File,
    Histo,
    Info,
    Juxtaposed,
    Name,
    Object,
    Region,
    Reject,
    Select,
    Take,
    Ternary,
    Unary,
    UniformBins,
    Use,
    Weight,
    Within,
)
from tests.trees import (
    a,
    call,
    mu0,
    mu1,
    n,
    read,
    x,
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
