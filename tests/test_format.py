"""The formatter: one canonical form, the same tree, no comment lost."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from adl.syntax.diagnostics import AnalysisError
from adl.syntax.format import format_file
from adl.syntax.layout import BREAK, WIDTH, group, lay_out
from adl.syntax.parse import parse
from adl.syntax.source import Source
from adl.syntax.tree import (
    Binary,
    Define,
    Edges,
    Expr,
    File,
    Histo,
    Name,
    Number,
    Region,
    Select,
    Unary,
    UniformBins,
    VariableBins,
)
from tests.strategies import batches
from tests.tree_strategies import trees

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.adl"))
CORPUS = sorted((Path(__file__).parent / "corpus").rglob("*.adl"))
SETTINGS = settings(
    max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
BATCHES = batches(100)


def formatted(text: str, dialect: str | None = None) -> str:
    """Format a text, and require that its tree and its comments stay, and the form, too."""
    source = Source("cuts.adl", text)
    tree = parse(source)
    result = format_file(tree, source)
    again = Source("cuts.adl", result)
    tree_again = parse(again)
    assert tree_again == tree, result
    assert format_file(tree_again, again) == result
    assert texts_of(tree_again) == texts_of(tree), result
    return format_file(tree, source, dialect) if dialect else result


def texts_of(tree: File) -> list[str]:
    return [comment.text for comment in tree.comments]


def formats(old: str, new: str) -> None:
    """Require a golden pair; both are indented as the test is."""
    assert formatted(dedent(old)) == dedent(new).lstrip("\n")


def expression(text: str) -> str:
    """What becomes of a value."""
    return formatted(f"define x = {text}").removeprefix("define x = ").rstrip()


def statement(text: str) -> str:
    """What becomes of a statement of a region."""
    return formatted(f"region r\n{text}").removeprefix("region r\n")[2:].rstrip()


# ---------------------------------------------------------------------------- golden pairs


@pytest.mark.parametrize("text", ["info a\n  x y\n  \\", "region r\n  select MET > 3 \\"])
def test_a_backslash_at_the_end_of_a_file_is_nothing(text: str) -> None:
    source = Source("end.adl", text)
    formatted = format_file(parse(source), source)
    assert "\\" not in formatted
    assert parse(Source("end.adl", formatted)) == parse(source)


def test_keywords_have_one_spelling() -> None:
    formats(
        """
        OBJ jets : JET
           cmd pT(JET)>30
           CUT  abs( eta(JET) )<2.5
        def ht : sum(pT(jets))
        algo r
          Select ht GT 300 && size(jets) >= 2 || ! ht == 3
          Bins MET 100 200
        """,
        """
        object jets
          take JET
          select pT(JET) > 30
          select abs(eta(JET)) < 2.5

        define ht = sum(pT(jets))

        region r
          select ht > 300 and size(jets) >= 2 or not ht == 3
          bin MET 100 200
        """,
    )


def test_the_file_of_another_tool_becomes_adl() -> None:
    formats(
        """
        TRGe = 1
        countsformat results
        process bkg, "Total, background", stat , syst
        process obs,"Observed"
        object lep : Union( ele , muo )
        object Zs : COMB( mu[-1] mu[-2] ) alias z
          select {z}m [] 71 111 select {mu_-1}pT > 20
        define xs = { ht, 1.5 pT(jets[0]) }
        histoList plots
        histo h , "h", 10,0,10, {jets_0}pT
        algo sr
        base
        plots
        cmd size(jets)>2 ? pT(jets[2])>40
        select chi ~= 0
        Sort {jets_}m ascend
        counts results 12.3 +- 1.1 + .5 - 0.4 , 14 , NA
        save table csv MET HT
        print MET "of" size(jets) -5
        """,
        """
        TRGe = 1

        countsformat results
          process bkg, "Total, background", stat, syst
          process obs, "Observed"

        object lep
          take Union(ele, muo)

        object Zs
          take COMB(mu[-1] mu[-2]) alias z
          select m(z) [] 71 111
          select pT(mu[-1]) > 20

        define xs = [ht, 1.5, pT(jets[0])]

        histoList plots
          histo h, "h", 10, 0, 10, pT(jets_0)

        region sr
          base
          plots
          select size(jets) > 2 ? pT(jets[2]) > 40
          select chi ~= 0
          sort m(jets_) ascend
          counts results 12.3 +- 1.1 + .5 - 0.4, 14, NA
          save table csv MET HT
          print MET "of" size(jets) -5
        """,
    )


def test_systematics_corrections_and_triggers() -> None:
    formats(
        """
        trigger mu "HLT_IsoMu24" or OPTIONAL "HLT_Mu50"
          stream SingleMuon
        systematic jes_{s}
          for s  AbsoluteStat TimePtEta
          scale pt(Jet),mass(Jet) up 1+unc("{s}", pt, eta) down 1 - unc("{s}", pt, eta)
          propagate MET from Jet pt > 15
          correlate "jes_{s}"
        systematic lumi
          rate 1.025 0.975 only simulation
        systematic AUTO JES_*
        systematic ON "up" "dn" weight_pileup
        correction bSF "{era}/b.json.gz" deepJet_comb
          inputs $,"M",*
          vary btag_{era} up "u" down "d" correlate "b-tagging"
        use MET=PuppiMET
        use bTag = btagDeepFlavB > wp("M")
        region r
          select trigger mu or trigger("el") only era 2018 , "cut"
          weight sf (1+x)*2 only simulation
        """,
        """
        trigger mu "HLT_IsoMu24" or optional "HLT_Mu50" stream SingleMuon

        systematic jes_{s}
          for s AbsoluteStat TimePtEta
          scale pt(Jet), mass(Jet)  up 1 + unc("{s}", pt, eta)  down 1 - unc("{s}", pt, eta)
          propagate MET from Jet pt > 15
          correlate "jes_{s}"

        systematic lumi
          rate 1.025 0.975  only simulation

        systematic auto JES_*

        systematic on "up" "dn" weight_pileup

        correction bSF "{era}/b.json.gz" deepJet_comb
          inputs $, "M", *
          vary btag_{era}  up "u"  down "d"  correlate "b-tagging"

        use MET = PuppiMET
        use bTag = btagDeepFlavB > wp("M")

        region r
          select trigger mu or trigger "el" only era 2018 "cut"
          weight sf (1 + x) * 2 only simulation
        """,
    )


def test_the_numbers_of_a_table_stand_in_columns() -> None:
    formats(
        """
        table eff tabletype efficiency nvars 1 errors true
          # value err- err+ min max
          0.9 0.02 0.03 0 30
          0.955 0.1 0.1 30 inf    # the last
        """,
        """
        table eff
          tabletype efficiency
          nvars 1
          errors true
          # value err- err+ min max
            0.9  0.02  0.03   0   30
          0.955   0.1   0.1  30  inf  # the last
        """,
    )


def test_rows_of_a_table_that_its_header_does_not_explain_stay() -> None:
    text = "table t\n  nvars 1\n  errors false\n  0.7  20  50  0.0  1.4\n  0.6  50  90  0.0  1.4\n"
    assert formatted(text) == text
    assert formatted(text.replace("50  0.0", "50\n0.0")) != text


def test_a_composite() -> None:
    formats(
        """
        composite dil
          take leps a,b
          define mass=m(a+b)
          object Z=a+b
        define x=1
        """,
        """
        composite dil
          take disjoint(leps a, leps b)
          define mass = m(a + b)
          object Z = a + b

        define x = 1
        """,
    )


def test_members_that_only_the_short_form_can_name_keep_it() -> None:
    text = "composite dil\n  take leps a_1, a_2\n"
    assert formatted(text) == text


def test_free_text_keeps_what_it_says() -> None:
    formats(
        """
        info analysis
          title Search for "x"  # quoted
          experiment "CMS"
          id EXOT-2099-01
          lumi 36.1
          note  two words
          region "of"
        """,
        """
        info analysis
          title Search for "x"  # quoted
          experiment CMS
          id "EXOT-2099-01"
          lumi 36.1
          note "two words"
          region "of"
        """,
    )


def test_free_text_behind_a_sign_that_begins_no_comment_stays() -> None:
    text = "info analysis\n  title 'one # two'  # three\n"
    assert formatted(text) == text


def test_conditions_of_neighbouring_bins_align() -> None:
    formats(
        """
        region r
          bin "a" x > 1
          bin "longer" x > 2
          bin x > 3
          bin "b" x > 4
        """,
        """
        region r
          bin "a"      x > 1
          bin "longer" x > 2
          bin x > 3
          bin "b" x > 4
        """,
    )


# ------------------------------------------------------------------------------ expressions


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


# ------------------------------------------------------------------------------------ lines

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


# ----------------------------------------------------------------------------- blank lines


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


# --------------------------------------------------------------------------------- comments


def test_comments_stay_where_they_stand() -> None:
    formats(
        """
        # of the file

        # of the object
        object jets : Jet    # what a jet is
        # of the cut
          select pT>30 # GeV
          # out: select eta < 2
        # of the define
        define ht = 1
        # of the region
        region r
            # first
            select a
        # left

        # right
        region s
        # last
        """,
        """
        # of the file

        # of the object
        object jets  # what a jet is
          take Jet
          # of the cut
          select pT > 30  # GeV
          # out: select eta < 2

        # of the define
        define ht = 1

        # of the region
        region r
          # first
          select a
        # left

        # right
        region s
        # last
        """,
    )


def test_aligned_comments_stay_aligned() -> None:
    formats(
        """
        object jets        # what a jet is
          take Jet
          select pT>30     # GeV
                           # or more
          select abs(eta)<2.4 and tight # not aligned
        define a=1    # one
        define bbbbbbbbbbb=2 + 3+4    # two
        """,
        """
        object jets        # what a jet is
          take Jet
          select pT > 30   # GeV
                           # or more
          select abs(eta) < 2.4 and tight  # not aligned

        define a = 1  # one
        define bbbbbbbbbbb = 2 + 3 + 4  # two
        """,
    )


def test_a_longer_line_moves_the_comments_that_are_aligned_with_its_own() -> None:
    formats(
        """
        define a=1          # one
        define b=2+3+4+5+6  # two
        """,
        """
        define a = 1                  # one
        define b = 2 + 3 + 4 + 5 + 6  # two
        """,
    )


def test_comments_between_the_parts_of_a_condition_keep_them_apart() -> None:
    formats(
        """
        region r
          select size(jets)>=4 and    # four
                 # in between
                 HT > 500
                 and MET>100          # missing
        """,
        """
        region r
          select size(jets) >= 4      # four
              # in between
              and HT > 500
              and MET > 100           # missing
        """,
    )


def test_other_comments_in_a_statement_move_before_it() -> None:
    formats(
        """
        region r
          histo h, "t",    # the title
            # the axis
            10, 0, 1,
            f(a,           # first
              b)           # second
        """,
        """
        region r
          # the title
          # the axis
          # first
          histo h, "t", 10, 0, 1, f(a, b)  # second
        """,
    )


def test_comments_in_a_list_of_values_stay_with_them() -> None:
    formats(
        """
        define inputs = {
          ht,    # sum
          # not used: met
          pT(jets[0])
        }
        """,
        """
        define inputs = [ht,  # sum
            # not used: met
            pT(jets[0])]
        """,
    )


# ---------------------------------------------------------------------------------- dialect


def test_the_dialect_is_said_in_info_adl() -> None:
    text = "# of the file\n\nregion r\n  bin MET 1 2\n"
    said = "# of the file\n\ninfo adl\n  dialect cutlang\n\nregion r\n  bin MET 1 2\n"
    assert formatted(text, "cutlang") == said
    assert formatted(said, "cutlang") == said
    assert formatted(said, "adl") == said.replace("cutlang", "adl")


def test_the_dialect_joins_the_info_blocks_that_are_there() -> None:
    analysis = "# of the file\ninfo analysis\n  title x  # it\n\n# of the region\nregion r\n"
    assert formatted(analysis, "cutlang") == (
        '# of the file\ninfo analysis\n  title "x"  # it\n\ninfo adl\n  dialect cutlang\n\n'
        "# of the region\nregion r\n"
    )
    adl = "info adl\n  author me\n\nregion r\n"
    assert formatted(adl, "cutlang") == "info adl\n  author me\n  dialect cutlang\n\nregion r\n"


# ------------------------------------------------------------------------------- properties


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of strategies: all are in one
@pytest.mark.parametrize("batch", BATCHES)
def test_a_formatted_tree_is_read_as_itself(batch: int) -> None:
    @seed(batch)
    @SETTINGS
    @given(trees())
    def run(tree: File) -> None:
        text = format_file(tree, Source("cuts.adl", ""))
        source = Source("cuts.adl", text)
        again = parse(source)
        assert again == tree, text
        assert format_file(again, source) == text

    run()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_formatted(path: Path) -> None:
    text = path.read_text()
    assert formatted(text) == text


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_a_file_from_the_wild_keeps_its_meaning(path: Path) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        parse(Source(path.name, text))
    except AnalysisError:
        return
    formatted(text)


COMMENTS = st.sampled_from(("#", "# a", "  # b", "\t#c c", "# select x", '# "', "#  d  "))


@pytest.mark.parametrize("batch", BATCHES)
def test_comments_survive_in_their_order(batch: int) -> None:
    @seed(batch)
    @SETTINGS
    @given(st.data())
    def run(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from([*EXAMPLES, None]))
        lines = (path.read_text() if path else SEVERAL).split("\n")
        number = data.draw(st.integers(1, 8))
        for at in data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=number)):
            comment = data.draw(COMMENTS)
            # A comment behind a comment is a part of it.
            if data.draw(st.booleans()) and "#" not in lines[at]:
                lines[at] += comment
            else:
                lines.insert(at, comment)
        formatted("\n".join(lines))

    run()


SEVERAL = """\
info analysis
  title x

object jets : Jet
  select pT > 30 and
    abs(eta) < 2.4
define ht = sum(pT(jets)) +
  1
table t tabletype e nvars 1 errors false
  1 0 1
  2 1 2
define xs = {
  a,
  b
}
function f
  arg a
  arg b
  code "f.py"
systematic s
  scale pt(Jet)
    up 1 down 2
correction c "f" e
  inputs a, b
histoList hs
  histo h, "t",
    10, 0, 1,
    x
countsformat r
  process p, "t"
trigger mu "a"
  or "b"
  stream s
region r
  a b
  select (x
    > 3 or
    y > 4) and z
    only era 2018
  bin "a" x
  counts r 1 +- 2,
    3
"""


def depth(tree: Expr) -> int:
    match tree:
        case Binary():
            return 1 + max(depth(tree.left), depth(tree.right))
        case Unary():
            return 1 + depth(tree.operand)
    return 0


def test_a_chain_of_any_length_is_written() -> None:
    tree: Expr = Name("x")
    for _ in range(150):
        tree = Binary("-", tree, Number("1"))
    assert depth(tree) == 150
    file = File((Define(Name("y"), tree), Region(Name("r"), (Select(tree),))))
    source = Source("cuts.adl", "")
    assert parse(Source("cuts.adl", format_file(file, source))) == file


def test_a_long_family_keeps_its_lines() -> None:
    words = " ".join(f"Source{number:02}" for number in range(27))
    text = f"systematic jes_{{s}}\n  for s {words}\n  rate 1.1\n"
    made = formatted(text)
    assert max(map(len, made.splitlines())) <= 100
    assert made.count(" \\\n        Source") == 2
    assert formatted(made) == made
    assert parse(Source("a.adl", made)) == parse(Source("a.adl", text))
