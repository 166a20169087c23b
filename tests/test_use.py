"""`use X = Y`: which of several a name means, and working points."""

from __future__ import annotations

import pytest

from adl.check.analysis import Analysis
from adl.check.dataset import Dataset
from adl.compiler.dump import dump
from adl.compiler.lower.regions import lower
from adl.stdlib.models import Branch, Schema, load_model
from adl.syntax.diagnostics import Diagnostic
from tests import checking

LISTED = load_model("nanoaod").schema()


def schema(*columns: str) -> Schema:
    """Return that of a file with float columns of the event, and some of jets."""
    branches = {name: Branch(name, "float32", None) for name in columns}
    jets = ("pt", "eta", "phi", "mass", "btagDeepFlavB", "btagDeepB")
    branches |= {f"Jet_{a}": Branch(f"Jet_{a}", "float32", "nJet") for a in jets}
    branches |= {f"FatJet_{a}": Branch(f"FatJet_{a}", "float32", "nFatJet") for a in jets[:4]}
    return load_model("nanoaod").schema(branches)


NEW = schema("PuppiMET_pt", "PuppiMET_phi", "PFMET_pt", "PFMET_phi")


def examined(
    text: str, known: Schema = LISTED, dataset: Dataset | None = None
) -> tuple[Analysis | None, tuple[Diagnostic, ...]]:
    return checking.examined(text, known, "adl", dataset)


def errors(text: str, known: Schema = LISTED, dataset: Dataset | None = None) -> list[str]:
    return [d.code for d in examined(text, known, dataset)[1] if d.severity == "error"]


def ir(text: str, known: Schema = LISTED, dataset: Dataset | None = None) -> list[str]:
    """Return the nodes of a program, without its labels."""
    analysis, findings = examined(text, known, dataset)
    assert analysis is not None, [d.message for d in findings]
    return [line for line in dump(lower(analysis)).splitlines() if "step" not in line]


def reads(lines: list[str], column: str) -> bool:
    return any(f"column({column} " in line for line in lines)


MET = ("MET > 30", "pT(MET) > 30", "MET.pt > 30", "METLV[0].pT > 30", "METLV_0 > 30")


@pytest.mark.parametrize("spelling", MET)
@pytest.mark.parametrize("known", [LISTED, NEW])
def test_every_spelling_of_met_is_the_chosen_one(spelling: str, known: Schema) -> None:
    chosen = ir(f"use MET = PuppiMET\nregion r\n  select {spelling}\n", known)
    assert chosen == ir("region r\n  select PuppiMET > 30\n", known)
    assert reads(chosen, "PuppiMET_pt")


def test_met_of_a_file_that_has_two_others_has_to_be_chosen() -> None:
    for name in ("MET", "METLV", "missingET"):
        assert errors(f"region r\n  select {name} > 30\n", NEW) == ["E254"]
    (finding,) = examined("region r\n  select MET > 30\n", NEW)[1]
    assert "use MET = PuppiMET" in finding.help
    assert "PuppiMET, PFMET" in finding.message


def test_met_of_a_file_that_has_it_needs_no_choice() -> None:
    assert reads(ir("region r\n  select MET > 30\n"), "MET_pt")


def test_the_column_s_own_name_stays_the_column() -> None:
    assert reads(ir("use MET = PuppiMET\nregion r\n  select MET_pt > 30\n"), "MET_pt")


TAGS = """
object bjets
  take Jet
  select {tag}
region r
  select size(bjets) > 0
"""


@pytest.mark.parametrize(
    "tag", ["bTag", "this.bTag", "bTag(this)", "{Jet}bTag", "btag", "BTag(Jet)"]
)
def test_every_spelling_of_a_tag_is_what_was_said(tag: str) -> None:
    plain = ir(TAGS.format(tag="btagDeepFlavB > 0.2783"), NEW)
    assert ir(f"use bTag = btagDeepFlavB > 0.2783{TAGS.format(tag=tag)}", NEW) == plain


def test_a_tag_works_on_elements_everywhere() -> None:
    use = "use bTag = btagDeepFlavB > 0.5\n"
    for mine, plain in (
        ("all(Jet j, bTag(j))", "all(Jet j, j.btagDeepFlavB > 0.5)"),
        ("any(Jet j, j.bTag)", "any(Jet j, j.btagDeepFlavB > 0.5)"),
        ("count(bTag(Jet)) > 1", "count(btagDeepFlavB(Jet) > 0.5) > 1"),
    ):
        assert ir(f"{use}region r\n  select {mine}\n") == ir(f"region r\n  select {plain}\n")


def test_a_tag_is_not_guessed() -> None:
    assert errors(TAGS.format(tag="bTag"), NEW) == ["E254"]
    assert errors(TAGS.format(tag="bTag(Jet)"), NEW) == ["E254"]


def test_elements_without_the_tagger_have_no_tag() -> None:
    text = "use bTag = btagDeepFlavB > 0.5\nregion r\n  select any(FatJet f, f.bTag)\n"
    assert len(errors(text, NEW)) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("use MET = RawMETs\n", "E253"),
        ("use jets = Jet\n", "E253"),
        ("use bTag = MET\n", "E207"),
        ("use MET = PuppiMET\nuse MET = RawMET\n", "E207"),
    ],
)
def test_a_choice_of_nothing_is_refused(text: str, code: str) -> None:
    if code == "E207" and text.count("use") == 1:
        text = f"use bTag = btagDeepB > 0.5\n{text}"
    assert errors(text) == [code]


POINT = 'region r\n  select any(Jet j, j.btagDeepFlavB > wp("M"))\n'


@pytest.mark.parametrize(
    ("era", "threshold"),
    [("2016preVFP", 0.2598), ("2016postVFP", 0.2489), ("2017", 0.3040), ("2018", 0.2783)],
)
def test_a_working_point_is_the_published_one_of_the_era(era: str, threshold: float) -> None:
    written = POINT.replace('wp("M")', str(threshold))
    assert ir(POINT, dataset=Dataset(era=era)) == ir(written)


def test_a_working_point_is_never_guessed() -> None:
    assert errors(POINT) == []  # a check without a run
    assert errors(POINT, dataset=Dataset()) == ["E251"]
    assert errors(POINT, dataset=Dataset(era="2016")) == ["E255"]
    assert errors(POINT.replace("M", "VT"), dataset=Dataset(era="2018")) == ["E255"]
    assert errors('region r\n  select MET > wp("M")\n') == ["E255"]
    assert errors('region r\n  select wp("M") > 0\n') == ["E255"]
