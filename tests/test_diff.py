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
from adl.migrate.migrate import migrate
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


MIGRATED = (
    "functional_hadronic_counts",
    "functional_legacy_flags",
    "functional_monojet",
    "functional_network_vlq",
    "functional_w_plus_top",
)


@pytest.mark.parametrize("stem", MIGRATED)
def test_an_analysis_in_another_dialect_does_not_differ(stem: str) -> None:
    text = (CORPUS / f"{stem}.adl").read_text(encoding="utf-8")
    canonical = Canonical()
    old = side(text, str(CORPUS / "a.adl"), canonical, "cutlang")
    new = migrate(old.file, old.source, old.analysis.schema, old.analysis, (str(CORPUS),))
    assert not new.obstacles
    found = compare(old, side(new.text, str(CORPUS / "b.adl"), canonical))
    assert found.changes == ()
    assert found.equal
    assert "is read in the dialect cutlang" in found.notes[0]


TRUTHS = ("tightId", "tightId == 1", "tightId != 0", "tightId > 0.5", "not (tightId == false)")


@pytest.mark.parametrize("written", TRUTHS)
def test_a_flag_is_a_flag_however_it_is_asked_for(written: str) -> None:
    text = "object mu\n  take Muon\n  select {}\nregion r\n  select size(mu) > 0\n"
    text += "  select any(mu.nTrackerLayers {})\n"
    found = difference(text.format("tightId", "> 2"), text.format(written, "> 2.5"))
    assert found.equal
    assert not difference(text.format("tightId", "> 2"), text.format("not tightId", "> 2")).equal
    assert not difference(text.format("tightId", "> 2"), text.format("tightId", "> 3.5")).equal


ONLY = """
histolist plots
  histo hpt, "pT;pT", 10, 0, 100, MET
region r
  select MET > 10
  select era == 2018 or process != "qcd"
  select MET > 20 only data
  weight k 1.1 only simulation
  histo h, "MET;MET", 10, 0, 100, MET only era 2018
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("MET > 20 only data", "MET > 20", "only data → in every dataset"),
        ("MET > 20 only data", "MET > 20 only simulation", "only data → only simulation"),
        ("1.1 only simulation", "1.1", "only simulation → in every dataset"),
        ("only simulation", "only tt zjets wjets", "only simulation → only tt zjets wjets"),
        ("only era 2018", "only era 2017 era 2018", "only era 2018 → only era 2017 era 2018"),
    ],
)
def test_what_a_statement_is_for_is_part_of_it(old: str, new: str, told: str) -> None:
    change = only(difference(ONLY, ONLY.replace(old, new)))
    assert (change.status, change.details) == ("changed", (told,))


def test_texts_of_the_dataset_are_compared_however_they_are_written() -> None:
    other = ONLY.replace("era == 2018 or", '"2018" == era or').replace(
        'process != "qcd"', 'not ("qcd" == process)'
    )
    assert other != ONLY
    assert difference(ONLY, other).equal


def test_the_same_words_about_other_elements_are_not_taken_for_one() -> None:
    text = """
object jets
  take Jet
  select count(mu m, dR(m, this) < 0.4) == 0 and pT > 30
object mu
  take Muon
region r
  select any(jets j, any(mu m, dR(m, j) < 1) and {})
"""
    near = text.format("any(jets k, any(mu m, dR(m, k) < 1) and pT(k) > 50)")
    alone = text.format("any(jets k, pT(k) > 50)")
    assert not difference(near, alone).equal


# ------------------------------------------------------------------------------ single changes

# what is replaced in an example, by what; then the lines, the effect and the regions that differ
PLANTED = (
    ("search.adl", "select HT > 100", "select HT >= 100", "gained: HT = 100", ("search",)),
    ("search.adl", "select HT > 100", "select HT > 90", "gained: 90 < HT <= 100", ("search",)),
    ("search.adl", "size(jets) >= 2", "size(jets) >= 4", "lost: 2 <= size(jets) <= 3", ("search",)),
    ("search.adl", "size(jets) >= 2", "size(jets) > 2.5", "lost: size(jets) = 2", ("search",)),
    ("search.adl", "mindphi > 0.3", "mindphi > 0.4", "lost: 0.3 < mindphi <= 0.4", ("search",)),
    ("search.adl", "pT > 30 and", "pT > 25 and", "gained: 25 < pT <= 30", ("search",)),
    ("search.adl", "  select HT > 100\n", "", "gained: HT <= 100", ("search",)),
    ("search.adl", "  select HT > 100\n", "  select HT > 100 and MET < 500\n",
     "lost: MET >= 500", ("search",)),
    ("search.adl", "abs(eta) < 2.4\n\nobject b", "abs(eta) < 2.5\n\nobject b",
     "gained: 2.4 <= abs(eta) < 2.5", ("search",)),
    ("search.adl", "0.2783", "0.7100", "lost: 0.2783 < btagDeepFlavB <= 0.71", ("search",)),
    ("search.adl", "pT > 10 and", "pT > 15 and", "lost: 10 < pT <= 15", ("search", "met_spectrum")),
)  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "effect", "regions"), PLANTED)
def test_a_single_change_is_found_exactly(
    name: str, old: str, new: str, effect: str, regions: tuple[str, ...]
) -> None:
    text = example(name)
    assert text.count(old) == 1
    found = difference(text, text.replace(old, new))
    change = only(found)
    line = text[: text.index(old)].count("\n") + 1
    assert change.a is not None
    assert change.a.line == line
    assert change.b is None or change.b.line == line
    assert [f"{part.effect}: {part.condition}" for part in change.slices] == [effect]
    assert change.regions == regions
    assert {p.b for p in found.regions if p.status != "equal"} == set(regions)


# what is replaced, by what; then what the only change is and says
OTHERS = (
    ("search.adl", "40, 60, 460, MET\n", "50, 60, 460, MET\n",
     ("changed", "histogram", "bins 40, 60, 460 → 50, 60, 460")),
    ("search.adl", "histo hmet,", "histo missing,",
     ("renamed", "histogram", "hmet is missing now")),
    ("search.adl", "MET 60 80 100 150 200", "MET 60 80 110 150 200", ("changed", "bin", "")),
    ("search.adl", '"2b" ', '"two" ', ("renamed", "bin", '"2b" is "two" now')),
    ("search.adl", "sum(pT(jets))", "sum(pT(bjets))", ("changed", "define", "sum(pT(jets)) → sum(pT(bjets))")),
    ("search.adl", "take jets\n", "take Jet\n", ("changed", "object", "take jets → take Jet")),
    ("search.adl", "region met_spectrum", "region spectrum",
     ("renamed", "region", "met_spectrum is spectrum now")),
    ("systematics/jet_pt_scale.adl", "up 1.03", "up 1.04", ("changed", "systematic", "")),
    ("systematics/luminosity.adl", "rate 1.025", "rate 1.030", ("changed", "systematic", "")),
    ("systematics/top_pt.adl", "weight gen genWeight", "weight gen 2 * genWeight",
     ("changed", "weight", "genWeight → 2 * genWeight")),
)  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "told"), OTHERS)
def test_other_changes_are_found_exactly(
    name: str, old: str, new: str, told: tuple[str, str, str]
) -> None:
    text = example(name)
    assert text.count(old) >= 1, text
    found = difference(text, text.replace(old, new), (EXAMPLES / name).parent)
    change = only(found)
    assert (change.status, change.kind) == told[:2]
    assert told[2] in "\n".join((*change.details, ""))
    line = text[: text.index(old)].count("\n") + 1
    assert change.a is not None
    assert change.b is not None
    assert abs(change.b.line - line) <= 6  # a block is told by its first line


def test_another_correction_of_the_nominal_values_is_a_change_of_the_systematic() -> None:
    text = "systematic jes\n  scale pt(Jet)  nominal 1.2  up 1.3  down 1.1\n  keep MET\n"
    text += "region r\n  select any(Jet.pt > 30)\n"
    found = difference(text, text.replace("nominal 1.2", "nominal 1.25"))
    assert [(c.status, c.kind, c.name) for c in found.changes] == [("changed", "systematic", "jes")]
    assert difference(text, text).changes == ()
    alone = text.replace("  up 1.3  down 1.1", "")
    found = difference(alone, alone.replace("nominal 1.2", "nominal 1.25"))
    assert [(c.status, c.kind, c.name) for c in found.changes] == [("changed", "systematic", "jes")]
    assert difference(alone, f"\n{alone}").changes == ()


@pytest.mark.parametrize(
    ("cut", "effects"),
    [
        ("reject MET > 100", ["gained: MET is missing or no number"]),
        ("reject MET > 90", ["lost: 90 < MET <= 100", "gained: MET is missing or no number"]),
    ],
)
def test_a_rejected_comparison_keeps_what_is_no_number(cut: str, effects: list[str]) -> None:
    text = "region r\n  select MET <= 100\n"
    found = difference(text, text.replace("select MET <= 100", cut))
    assert [f"{part.effect}: {part.condition}" for part in only(found).slices] == effects


def test_a_change_in_a_region_without_events_is_told() -> None:
    text = "region r\n  select size(Jet) == 0\n  select size(Jet) >= 1\n  select MET > 10\n"
    found = difference(text, text.replace("MET > 10", "MET > 20"))
    assert only(found).b is not None
    assert not found.equal
    assert any("region r of" in note and "passes no event" in note for note in found.notes)


def test_names_that_mean_other_things_are_told() -> None:
    old = "object jets\n  take Jet\n  select pT > 30\nregion r\n  select size(jets) >= 2\n"
    new = (
        "object jets\n  take Jet\n  select pT > 20\nobject good\n  take Jet\n  select pT > 30\n"
        "region r\n  select size(good) >= 2\n"
    )
    found = difference(old, new)
    assert {(c.status, c.name) for c in found.changes} == {("renamed", "good"), ("added", "jets")}
    assert "jets means different things" in found.notes[0]
    assert [pair.status for pair in found.regions] == ["equal"]


def test_a_name_that_one_analysis_declares_and_the_other_has_of_the_input_is_told() -> None:
    text = "object jets\n  take Jet\n  select pT > 30\nregion r\n  select size(jets) >= 2\n"
    _, alone = text.split("  select pT > 30\n")
    for a, b, status in ((text, alone, "removed"), (alone, text, "added")):
        found = difference(a, b)
        change = only(found)
        assert (change.status, change.kind, change.name) == (status, "object", "jets")
        assert [(p.status, p.causes) for p in found.regions] == [("changed", ("jets",))]
        (note,) = found.notes
        assert note.startswith("jets means different things: ")
        assert f"{'a' if status == 'removed' else 'b'}.adl declares it" in note


def test_a_users_function_is_equal_when_its_code_is(tmp_path: Path) -> None:
    text = (
        'function mine\n  arg pt\n  code "{}"\n'
        "region r\n  select size(Jet) > 0\n  select mine(pT(Jet[0])) > 1\n"
    )
    code = "def mine(pt: float) -> float:\n    return 2 * pt{}\n"
    for name, end in (("a.py", ""), ("b.py", "  # twice"), ("c.py", " + 1")):
        (tmp_path / name).write_text(code.format(end))
    same = difference(text.format("a.py"), text.format("b.py"), tmp_path)
    assert [pair.status for pair in same.regions] == ["equal"]
    other = difference(text.format("a.py"), text.format("c.py"), tmp_path)
    assert [pair.status for pair in other.regions] == ["changed"]
    assert [c.kind for c in other.changes] == ["function"]


def test_a_function_that_imports_what_lies_beside_it_is_equal_in_one_folder_only(
    tmp_path: Path,
) -> None:
    text = 'function mine\n  arg pt\n  code "{}"\nregion r\n  select mine(MET) > 1\n'
    code = "from beside import factor\ndef mine(pt: float) -> float:\n    return factor * pt\n"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text(code)
        (tmp_path / name / "b.py").write_text(code)
    same = difference(text.format("one/a.py"), text.format("one/b.py"), tmp_path)
    assert [pair.status for pair in same.regions] == ["equal"]
    other = difference(text.format("one/a.py"), text.format("two/a.py"), tmp_path)
    assert [pair.status for pair in other.regions] == ["changed"]


def test_cuts_in_another_order_are_moved_and_select_the_same() -> None:
    text = example("search.adl")
    cuts = "  select size(jets) >= 2\n", "  select HT > 100\n"
    found = difference(text, text.replace("".join(cuts), "".join(cuts[::-1])))
    assert {change.status for change in found.changes} == {"moved"}
    assert all(pair.status == "equal" for pair in found.regions)


# ------------------------------------------------- other words beside a change of what they name

REWRITTEN = (
    """
object mu
  take Muon
  select pT > 20 and abs(eta) < 2.4
  select tightId
object j
  take Jet
  select pT > 30 and abs(eta) < 2.4
  select jetId >= 2
  reject dR(this, mu) < 0.4
  reject btagDeepFlavB > 0.9
object b
  take j
  select btagDeepFlavB > 0.2783
define ht = sum(pT(j))
define mll = m(mu[0] + mu[1])
region SR
  select size(mu) == 2
  select mll > 60 and mll < 120
  select size(j) >= 1
  select size(b) >= 1 or ht > 200
  select mll [] 70 110
  select MET > 50
  select PV_npvs > 3
  bin "low" ht < 100
  bin "high" ht >= 100
""",
    """
object mu
  take Muon
  select tightId == 1
  select 20 < pT
  select abs(eta) <= 2.4
object j : Jet
  select 2.4 > |eta|
  select {Jet}pT > 30
  select jetId > 1
  reject dR(this, mu) < 0.4 or btagDeepFlavB > 0.9
object b
  take j
  select this.btagDeepFlavB > 27.83e-2
define ht = sum(j.pT)
define mll = (mu[1] + mu[0]).m
region SR
  select count(mu) == 2
  select 60 < mll
  select mll < 120
  select not (size(j) == 0)
  select ht > 200 or size(b) > 0
  select mll >= 70 and mll <= 110
  select MET > 50 and not (PV_npvs <= 3)
  bin "low" ht < 100
  bin "high" 100 <= ht
""",
)


def effects(change: Change) -> list[str]:
    return [f"{part.effect}: {part.condition}" for part in change.slices]


def test_other_words_are_no_change_where_what_they_name_has_changed() -> None:
    found = difference(*REWRITTEN)
    change = only(found)
    assert change.owner == "mu"
    assert effects(change) == ["gained: abs(eta) = 2.4"]
    assert [pair.causes for pair in found.regions] == [("mu",)]


BOUNDS = """
region r
  select MET > 50
  select MET > 100
  select MET < 900 and PV_npvs > 3
  select size(Jet) >= 2
"""


@pytest.mark.parametrize(
    ("old", "new", "lines", "told"),
    [
        ("MET < 900", "MET < 800", (5, 5), ["lost: 800 <= MET < 900"]),
        ("MET > 50", "MET > 60", (3, 3), ["selects the same: other cuts on MET decide"]),
        ("MET > 100", "MET > 40", (4, 4), ["gained: 50 < MET <= 100"]),
        ("MET > 100", "MET > 1000", (4, 4), ["lost: 100 < MET < 900"]),
        ("  select MET > 50\n", "", (3, None), ["selects the same: other cuts on MET decide"]),
        (" and PV_npvs > 3", "", (5, 5), ["gained: PV_npvs <= 3"]),
        ("  select size(Jet) >= 2\n", "", (6, None), ["gained: size(Jet) <= 1"]),
        ("size(Jet) >= 2", "not (size(Jet) == 0)", (6, 6), ["gained: size(Jet) = 1"]),
        ("size(Jet) >= 2", "size(Jet) < 0", (6, 6), ["lost: size(Jet) >= 2"]),
    ],
)  # fmt: skip
def test_what_is_lost_is_what_all_cuts_on_a_quantity_lose(
    old: str, new: str, lines: tuple[int, int | None], told: list[str]
) -> None:
    change = only(difference(BOUNDS, BOUNDS.replace(old, new)))
    assert [*effects(change), *change.details] == told
    assert (change.a and change.a.line, change.b and change.b.line) == lines


# what is replaced in the bins of search.adl, by what; then what is told of them, and what moves
EDGES: tuple[tuple[str, str, list[str], list[str]], ...] = (
    ("MET 60 80 100 150 200", "MET 60 80 120 150 200 300",
     ["edges 60 80 100 150 200 → 60 80 120 150 200 300"],
     ["moved: 100 <= MET < 120, from MET in [100, 150) to MET in [80, 120)"]),
    ("MET 60 80 100 150 200", "MET 60 80 150 200", ["edges 60 80 100 150 200 → 60 80 150 200"], []),
    ("MET 60 80 100 150 200", "MET 70 80 100 150 200",
     ["edges 60 80 100 150 200 → 70 80 100 150 200"],
     ["lost: 60 <= MET < 70, in no bin now"]),
    ("MET 60 80 100 150 200", "HT 60 80", ["MET → HT", "edges 60 80 100 150 200 → 60 80"], []),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words", "moved"), EDGES)
def test_other_edges_are_one_change(old: str, new: str, words: list[str], moved: list[str]) -> None:
    text = example("search.adl")
    change = only(difference(text, text.replace(old, new)))
    assert (change.status, change.kind) == ("changed", "bin")
    assert [*change.details] == words
    assert effects(change) == moved


def test_edges_of_another_dialect_have_other_ends() -> None:
    text = "region r\n  select MET > 20\n  bin MET 60 80 100\n"
    canonical = Canonical()
    sides = [side(text, str(EXAMPLES / "a.adl"), canonical, d) for d in ("adl", "cutlang")]
    change = only(compare(*sides))
    assert "moved: MET = 80, from MET in [80, 100) to MET in [60, 80]" in effects(change)


def test_edges_that_follow_what_they_name_are_not_told() -> None:
    text = example("search.adl").replace("bin MET 60", "bin HT 60")
    change = only(difference(text, text.replace("pT > 30 and", "pT > 35 and")))
    assert (change.kind, change.regions) == ("object", ("search", "met_spectrum"))
