"""``adl diff``: equal analyses in other words, and single changes that have to be found exactly."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from adl.check.analysis import AskedDialect
from adl.check.checker import check
from adl.diff.canonical import Canonical
from adl.diff.changes import Change, Difference
from adl.diff.compare import compare
from adl.diff.sides import Side
from adl.syntax.format import format_file
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.test_corpus import CORPUS, model_of, schema

EXAMPLES = Path(__file__).parents[1] / "examples"


@cache
def example(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


def side(text: str, name: str, canonical: Canonical, dialect: AskedDialect = "auto") -> Side:
    source = Source(name, text)
    file = parse(source)
    known = schema(model_of(text))
    analysis, _ = check(file, source, known, dialect, model_path=(str(CORPUS),))
    return Side(file, analysis, canonical)


def difference(a: str, b: str, folder: Path = EXAMPLES) -> Difference:
    canonical = Canonical()
    names = (str(folder / "a.adl"), str(folder / "b.adl"))
    return compare(*(side(text, name, canonical) for text, name in zip((a, b), names, strict=True)))


def only(found: Difference) -> Change:
    (change,) = found.changes
    return change


# ------------------------------------------------------------------------------------- equal

SPELLINGS = """
info adl
  dialect adl
  title "other words, other order"

region search
  select 60 < MET.pt
  reject not size(veto) == 0
  select not (size(jets) < 2)
  select 100 < HT
  select mindphi > 0.3
  histo hmet, "MET;p_{T}^{miss} [GeV];events", 40, 60, 460, MET
  histo hmetht, "MET and HT;p_{T}^{miss} [GeV];H_{T} [GeV]", 20, 60, 460, 20, 100, 900, MET, HT
  bin "0b, soft" MET < 120 and not (size(bjets) >= 1)
  bin "0b, hard" size(bjets) == 0 and MET >= 120
  bin "1b, soft" size(bjets) == 1 and MET < 120
  bin "1b, hard" size(bjets) == 1 and MET >= 120
  bin "2b"       size(bjets) > 1

region met_spectrum
  select MET > 60.0
  select !(size(veto) > 0)
  bin MET 60 80 100 150 200

define mindphi = min(jets j, dPhi(MET, j))
define HT = sum(jets.pt)
object bjets : jets
  select {this}btagDeepFlavB > 0.2783
object jets : Jet
  reject not (pT > 30)
  select abs(eta) < 2.4
object veto : union(Muon, Electron)
  select |eta| < 2.4 and 10 < pT
"""


def test_other_words_and_another_order_of_blocks_are_no_difference() -> None:
    found = difference(example("search.adl"), SPELLINGS.replace("veto", "leptons"))
    assert found.changes == ()
    assert [pair.status for pair in found.regions] == ["equal", "equal"]


def test_a_renamed_object_is_all_that_is_told() -> None:
    change = only(difference(example("search.adl"), SPELLINGS))
    assert (change.status, change.kind, change.name) == ("renamed", "object", "veto")


FORMATTED = (
    "dotted_soft_leptons",
    "functional_htautau",
    "functional_ttbar_chi2",
    "functional_razor",
    "modern_hzz_composites",
    "modern_jet_variations",
    "functional_network_stau",
    "functional_sort_print_save",
)


@pytest.mark.parametrize("stem", FORMATTED)
def test_what_the_formatter_writes_does_not_differ(stem: str) -> None:
    text = (CORPUS / f"{stem}.adl").read_text(encoding="utf-8")
    source = Source(stem, text)
    found = difference(text, format_file(parse(source), source), CORPUS)
    assert found.changes == ()
    assert all(pair.status == "equal" for pair in found.regions)


# ------------------------------------------------------------------------------ single changes

# what is replaced in an example, by what; then the lines, the effect and the regions that differ
PLANTED = (
    ("search.adl", "select HT > 100", "select HT >= 100", "gained: HT = 100", "search"),
    ("search.adl", "select HT > 100", "select HT > 90", "gained: 90 < HT <= 100", "search"),
    ("search.adl", "size(jets) >= 2", "size(jets) >= 4", "lost: 2 <= size(jets) <= 3", "search"),
    ("search.adl", "mindphi > 0.3", "mindphi > 0.4", "lost: 0.3 < mindphi <= 0.4", "search"),
    ("search.adl", "pT > 30 and", "pT > 25 and", "gained: 25 < pT <= 30", "search"),
    ("search.adl", "  select HT > 100\n", "", "gained: HT <= 100", "search"),
    ("search.adl", "abs(eta) < 2.4\n\nobject b", "abs(eta) < 2.5\n\nobject b",
     "gained: 2.4 <= abs(eta) < 2.5", "search"),
    ("search.adl", "0.2783", "0.7100", "lost: 0.2783 < btagDeepFlavB <= 0.71", "search"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "effect", "region"), PLANTED)
def test_a_single_change_is_found_exactly(
    name: str, old: str, new: str, effect: str, region: str
) -> None:
    text = example(name)
    assert text.count(old) == 1
    change = only(difference(text, text.replace(old, new)))
    line = text[: text.index(old)].count("\n") + 1
    assert change.a is not None
    assert change.a.line == line
    assert change.b is None or change.b.line == line
    assert [f"{part.effect}: {part.condition}" for part in change.slices] == [effect]
    assert change.regions == (region,)
