"""The formatter: one canonical form, the same tree, no comment lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from adl.syntax.diagnostics import AnalysisError
from adl.syntax.format import format_file
from adl.syntax.parse import parse
from adl.syntax.source import Source
from adl.syntax.tree import (
    Binary,
    Define,
    Expr,
    File,
    Name,
    Number,
    Region,
    Select,
    Unary,
)
from tests.formatting import formats, formatted
from tests.strategies import batches
from tests.tree_strategies import trees

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.adl"))
CORPUS = sorted((Path(__file__).parent / "corpus").rglob("*.adl"))

SETTINGS = settings(
    max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

BATCHES = batches(100)


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
