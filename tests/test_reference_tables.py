"""The reference's tables of ambiguities, row by row: 10.1 (L), 10.2 (N) and 10.3 (S).

A row asserts the recommended action, or, where language.md decides otherwise, that decision; these
rows say so. Rows of meaning are conditions on the one event of tests/one_event.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from adl.check.analysis import ObjectDef, Reduction
from adl.check.checker import check
from adl.check.values import walk
from adl.cli.front import schema
from adl.stdlib.models import Schema, load_model
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.parse import parse_with_notes
from adl.syntax.source import Source
from tests.one_event import OBJECTS, near, passes, results, write_event

BOTH = ("adl", "cutlang")
REGION = "region r\n  select size(jets) > 2\n  select size(muons) > 1\n  "
# What belongs to no row: a declaration that nothing uses, an order that the input does not promise.
ALWAYS = frozenset({"N403", "N405"})


@dataclass(frozen=True)
class Row:
    """What is said about a text: the codes, and for an error part of its way out."""

    id: str
    text: str
    action: Literal["ok", "said", "error"]
    codes: tuple[str, ...] = ()
    words: str = ""


def ok(id: str, text: str) -> Row:
    """A row that is accepted in silence."""
    return Row(id, text, "ok")


def said(id: str, text: str, *codes: str, words: str = "") -> Row:
    """A row that is accepted with a note or a warning."""
    return Row(id, text, "said", codes, words)


def error(id: str, text: str, code: str, words: str = "") -> Row:
    """A row that is refused, with a way out."""
    return Row(id, text, "error", (code,), words)


def line(statement: str) -> str:
    return f"{REGION}{statement}\n"


ROWS = [
    # ------------------------------------------------------------------------ 10.1, spelling
    error("L1-dollar", line("select MET $ > 100"), "E102"),
    error("L1-dot", line("select MET . > 100"), "E101", "a name must follow"),
    said("L2", line("select !(MET > 100)"), "W101", words="not"),
    ok("L3-words", line("select MET > 1 AND MET < 9 Or NOT MET > 5 and not MET > 3")),
    said("L3-signs", line("select MET > 1 && MET < 9 || MET > 10"), "N101"),
    said("L4", line("select MET GT 100 and MET LE 200"), "W102"),
    ok("L5", line("select pT(jets[0])-5 > 30")),
    ok("L6-values", line("select MET > .5 and MET > 5. and MET < 1e3 and MET > 007")),
    ok("L6-edges", line("bin MET 00 100 200")),
    ok("L7-instances", "object o\n  take Jet j\n  select j.pT > 3 and m(j) > 1 and j.eta < q\n"
       "define q = 2\nregion s\n  select size(o) > 1\n"),
    said("L7-defines", f"define m = 3\n{line('select m > 2 and m(jets[0]) > 2')}", "W303"),
    ok("L8", f"define t_1 = 3\n{line('select t_1 > 2')}"),
    said("L9-name", "region SR-low\n  select MET > 10\n", "W103"),
    ok("L9-minus", "define a = 2\ndefine b = 1\n" + line("select a-b > 0")),
    ok("L10-names", "define HT = MET\nobject tau : Tau\ndefine METsig = 3\nobject bjet : Jet\n"
       "region all\n  select HT > METsig and size(tau) > size(bjet)\n"),
    said("L10-hides", "object MET\n  take MET\nregion s\n  select MET > 1\n", "W303"),
    # A keyword is one only where a statement can begin (the manual decides): elsewhere a name.
    ok("L10-keyword", f"define process = 3\n{line('select process > 2')}"),
    ok("L11-builtin", line("select PT(jets[0]) > Pt(jets[1]) and SIZE(jets) > numOf(jets)")),
    ok("L11-alias", "region s\n  select size(ELE) == size(Ele) and size(Tau) == size(MUO)\n"),
    said("L11-near", line("select size(Jet) > 1 and size(JET) > 1"), "W308"),
    said("L11-user", line("select size(JETS) > 1"), "W302", words="jets"),
    said("L11-other-case", f"define mTb = 3\n{line('select mtb > 2')}", "W302", words="mTb"),
    ok("L12", line("select MET > 10 # comment").rstrip("\n")),
    ok("L13", line("select MET > 10 and   # why\n    # a whole line\n    MET < 20")),
    error("L14", line('select "mu_phi"(muons[0]) > 0'), "E101", "without quotes"),
    error("L15", line("select abs(eta(jets[0])) < 2 ?"), "E101", "remove the ?"),
    error("L16", "object o\n  take Elec tron\n", "E201", "did you mean Electron"),
    error("L17", "object o\n  take Electron\n  select abs(dO) < 2\n", "E201", "d0"),
    error("L18", line("select size(jets > 2)"), "E210", "size(jets) > 2"),
    error("L19", f"Search for stops with jets\n{line('select MET > 10')}", "E110", "begins"),
    error("L20", line("select MET > 1\n  reselection"), "E213"),
    ok("L21", "info analysis\n  experiment CMS\n  sqrtS 13 TeV, or so\n" + line("select MET > 1")),
    ok("L22", line("select |eta(jets[0])| < 2 and |phi(jets[0]) - phi(jets[1])| < 1")),
    error("L22-nested", line("select ||eta(jets[0])| - 1| < 2"), "E101"),
    ok("L23", line("select pT(jets[0]) > 3 and jets[0].pT > 3")),
    said("L23-braces", line("select {jets[0]}pT > 3 and pT{jets[0]} > 3 and {jets[0], jets[1]}dR > 1"), "N102"),
    ok("L24", line("select m(jets[0] jets[1]) > 3")),
    said("L24-comma", line("select m(jets[0], jets[1]) > 3"), "W306"),
    ok("L25", line("select pT (jets[0]) > 3 and Size (jets) > 1")),
    ok("L26-select", line("select MET > 100 ? MET < 200")),
    said("L26-reject", line("reject MET > 100 ? MET < 200"), "W104"),
    ok("L27", f"define x = MET > 9 ? 1 : 2\n{line('select (MET > 3 ? x : 2) > 1')}"),
    ok("L28", line("select MET > 100 and\n    MET < 200\n    or MET > 300")),
    said("L29", line("select MET > 100 select MET < 200"), "N103"),
    ok("L30", line("Bin MET < 3\n  BIN MET [] 3 5\n  bins MET > 5")),
    ok("L31-blanks", line("bin MET 100 200 300")),
    ok("L31-commas", line("bin MET 100, 200, 300")),
    ok("L32", "define v = {MET, 1 2, 3 MET}\n" + line("select MET > 1")),
    ok("L33-values", line('histo h, "t", 10, 0, 100, pT(jets[0]), pT(jets[1])')),
    ok("L33-two", line('histo h, "t", 10, 0, 100, 10, 0, 100, MET * 2, MET / 3 + 1')),
    ok("L34", "countsformat f\n  process a, \"A\", stat, syst\n  process b, \"B\", stat\n"
       + line("counts f 12.3 +- 1.1 + 0.5 - 0.4, 14 +- 2\n  bin MET > 3\n  counts f NA, 14 + 2 - 1")),
    error("L34-format", 'countsformat f\n  process a, "A"\n' + line("counts f 12, 13"), "E245"),
    said("L35", line("select MET > 100;\n  histo h, 'title', 10, 0, 100, MET"), "W105", "W106"),
    ok("L36", line("select mass(jets[0]) > 1 and charge(muons[0]) > 0")),
    ok("L37-flag", "object o\n  take Muon\n  select tightId(Muon)\nregion s\n  select size(o) > 1\n"),
    # language.md: a bare number is non-zero, with a warning.
    said("L37-number", "object o\n  take Jet\n  select jetId(Jet)\n", "W304"),
    # --------------------------------------------------------------------- 10.2, names
    ok("N1-source", "object o\n  take jets\n  select eta(jets) < 3\n"),
    said("N1-ancestor", "object o\n  take jets\n  select pT(Jet) > 3\n", "N402"),
    said("N1-other", "object a : Jet\nobject b\n  take a\n  select pT(jets) > 30\n", "W307"),
    # language.md quantifies every other collection, a single argument too: a warning, no error.
    said("N2", "object o\n  take Jet\n  select pT(FatJet) > 3\n", "W307"),
    ok("N3", "object a : b\nobject b : jets\n"),
    error("N3-cycle", "object a\n  take Jet\n  reject dR(this, b) < 1\nobject b\n  take Photon\n"
          "  reject dR(this, a) < 1\n", "E208", "a -> b -> a"),
    ok("N4-later", "region a\n  b\nregion b\n  select MET > 1\n"),
    error("N4-missing", "region a\n  preselection\nregion preselect\n  select MET > 1\n", "E213",
          "preselect"),
    error("N5", "define dphimin = 1\n" + line("select dphimin2 > dphimin"), "E201", "dphimin"),
    error("N6", "define x = 1\ndefine x = 2\n", "E207"),
    error("N7-attribute", line("select nosuch(jets[0]) > 3"), "E202"),
    error("N7-scalar", line("select averageMu > 3"), "E201"),
    ok("N8", "region s\n  select x > 2\ndefine x = MET\nregion t\n  select x > 3\n"),
    ok("N9", "region a\n  select MET > 1\nregion b\n  take a\n  select MET > 2\n"),
    ok("N10", "region a\n  reject MET < 1\nregion b\n\n  # comment\n  a\n  select MET > 2\n"),
    # language.md: duplicates are errors; a region and an object have one name space.
    error("N11", "region jets\n  select MET > 1\n", "E207"),
    ok("N12", "region a\n  select MET > 9\nregion b\n  select a and MET > 8\n  select a ? MET < 99\n"
       "  bin a and MET < 50\n"),
    # ------------------------------------------------------------------ 10.3, what is said
    error("S3-unbound", line("select pT(jets[-1]) > 3"), "E231"),
    ok("S3-last", line("select pT(last(jets)) > 3")),
    error("S8-one", line("select pT(jets) > 3"), "E203", "any(pT(jets) > 3)"),
    # language.md: a collection or slice in a pair function of a region, unreduced, is an error.
    error("S8-pair", line("select dR(jets, muons) > 0.4"), "E203", "any("),
    error("S8-slice", line("select dPhi(jets[0:2], MET) > 0.4"), "E203", "any("),
    said("S13-overlap", line("bin MET [] 1 3\n  bin MET [] 2 5"), "W334"),
    ok("S13-boundary", line("bin MET [] 1 3\n  bin MET [] 3 5")),
    said("S16-note", "region s\n  select pT(jets[2]) > 3\n", "W301"),
    error("S22", "define Z = muons[0] muons[1]\n" + line("select size(Z) > 1"), "E210"),
    error("S25", line("select 2*jets[0].pT*jets[1] > 3"), "E204", "jets[1].pT"),
    error("S26", "define HT01 = jets[0] + jets[1]\n" + line("select HT01 > 3"), "E204", "HT01.pT"),
    ok("S27", line("select none or all(pT(jets) > 3) or ALL")),
    ok("S28", "object a\n  using Jet\nobject b : Jet\nobject c\n  take Jet\n"
       "define x : size(a)\ndefine y = size(b)\n"),
    said("S29-real", line("reject dR(jets[0], jets[1]) == 0.4"), "W330"),
    ok("S29-integer", line("select q(muons[0]) == 0")),
]  # fmt: skip

# condition, what it means in adl, and in cutlang where that is something else
MEANINGS: list[tuple[str, str, bool, bool, str]] = [
    ("S1", "size(jets[0:2]) == 2", True, False, ""),
    ("S2-start", "size(jets[:2]) == 2", True, False, ""),
    ("S2-end", "size(jets[1:]) == 3", True, True, ""),
    ("S4-edge", "pT(jets[2]) ][ 40 60", True, True, ""),
    ("S4-inside", "50 ][ 40 60", False, False, ""),
    ("S5-select", "size(o) == 3", True, True,
     "object o\n  take jets\n  select dR(jets, electrons) > 0.4\n"),
    ("S5-reject", "size(o) == 4", True, True,
     "object two : jets\n  select pT > 50\nobject o : jets\n  reject dR(this, two) < 0.9\n"),
    ("S6", "size(o) == 4", True, False, "object o\n  take jets\n  reject dR(jets, muons) < 0.4\n"),
    ("S7", near("min(dR(jets[0:1], jets))", 1.0), True, False, ""),
    ("S9", near("max(dPhi(jets, electrons))", 1.9), True, False, ""),
    ("S10", "pT(l[0]) == 100", True, False, "object l : union(electrons, jets)\n"),
    ("S11", "size(l) == 4", True, False, "object l : union(jets, Jet)\n"),
    ("S11b", "sum(q(l)) == -4", True, True,
     "object l : union(electrons, hard)\nobject hard\n  take jets\n  select pT > 35\n"),
    ("S17", "size(jets) > 7 and pT(jets[7]) < 10", False, False, ""),
    ("S18", "sqrt(0 - 1)", False, True, ""),
    ("S19-min", "min(pT(muons)) > 1e300", True, True, ""),
    ("S19-max", "max(pT(muons)) < -1e300", True, True, ""),
    ("S20-number", "MET == 80 and pT(METLV[0]) == 80 and MET.pT == 80", True, True, ""),
    ("S21", "abs(dPhi(jets[0], MET) - dPhi(jets[0], METLV[0])) == 0", True, True, ""),
    ("S23", "x == 235 and x == 235", True, True, "define x = sum(pT(jets))\n"),
    ("S24", "not size(jets) > 5", True, True, ""),
    ("S16", "pT(jets[7]) < 10", False, True, ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the event once."""
    return write_event(tmp_path_factory.mktemp("event") / "event.root")


@pytest.fixture(scope="module")
def nanoaod() -> Schema:
    """Return the object model of the rows."""
    return load_model("nanoaod").schema()


def findings(
    text: str, schema: Schema, dialect: Literal["auto", "adl"] = "auto"
) -> list[Diagnostic]:
    """All that is said about a text, except what belongs to no row."""
    source = Source("row.adl", f"{OBJECTS}{text}")
    odd: tuple[Diagnostic, ...] = ()
    try:
        file, odd = parse_with_notes(source)
        found = check(file, source, schema, dialect)[1]
    except AnalysisError as wrong:
        found = wrong.diagnostics
    return [d for d in (*odd, *found) if d.code not in ALWAYS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_treated_as_the_tables_say(row: Row, nanoaod: Schema) -> None:
    found = findings(row.text, nanoaod)
    errors = [d for d in found if d.severity == "error"]
    texts = " ".join(f"{d.message} {d.help}" for d in found)
    if row.action == "error":
        assert {d.code for d in errors} == set(row.codes), texts
        assert row.words in texts
    else:
        assert not errors, texts
        assert {d.code for d in found} == set(row.codes), texts
        assert row.words in texts


@pytest.mark.parametrize(
    ("condition", "adl", "cutlang", "blocks"),
    [pytest.param(*own, id=id) for id, *own in MEANINGS],
)
def test_a_row_means_what_the_tables_say(
    event: Path, tmp_path: Path, condition: str, adl: bool, cutlang: bool, blocks: str
) -> None:
    for dialect, expected in zip(BOTH, (adl, cutlang), strict=True):
        assert passes(event, tmp_path, condition, dialect, blocks) == expected, dialect


def test_s12_edges_are_bins_of_their_dialect(nanoaod: Schema) -> None:
    text = f"{OBJECTS}region s\n  select ALL\n  bin MET 50 80 200\n"
    source = Source("bins.adl", text)
    file, _ = parse_with_notes(source)
    numbers = [len(check(file, source, nanoaod, d)[0].regions[0].bins) for d in ("adl", "cutlang")]
    assert numbers == [3, 4]


def test_s15_a_region_inherits_what_its_dialect_hands_down(nanoaod: Schema) -> None:
    text = (
        'region a\n  select MET > 1\n  weight w 2\n  histo h, "t", 9, 0, 9, MET\n  bin MET > 2\n'
        "region b\n  a\n"
    )
    source = Source("parents.adl", text)
    file, _ = parse_with_notes(source)
    for dialect, statements, bins in (("adl", 2, 0), ("cutlang", 3, 1)):
        child = check(file, source, nanoaod, dialect)[0].regions[1]  # type: ignore[arg-type]
        assert (len(child.statements), len(child.bins)) == (statements, bins)


@pytest.mark.parametrize("order", ["in a row", "apart"])
def test_s14_weights_multiply_in_their_order(order: str, event: Path, tmp_path: Path) -> None:
    between = "  select MET > 1\n" if order == "apart" else ""
    text = f"region s\n  select ALL\n  weight a 0.5\n{between}  weight b 0.4\n  select MET > 2\n"
    (cutflow,) = results(event, tmp_path, text)["cutflows"]
    sums = [step["sumw"] for step in cutflow["steps"]]
    assert sums == ([1, 1, 0.5, 0.2] if between else [1, 1, 0.2])


def test_n6_the_same_line_of_a_systematic_twice_is_noted(nanoaod: Schema) -> None:
    line = 'systematic ON "pu_up" "pu_down" weight_pu\n'
    assert {d.severity for d in findings(line + line, nanoaod)} == {"note"}


def test_n13_a_path_of_one_machine_is_warned_of(nanoaod: Schema) -> None:
    text = 'define v = {MET, 1}\ndefine o = OME("/home/u/net.onnx", v)\n'
    assert "W336" in {d.code for d in findings(text + line("select o > 0.5"), nanoaod)}


def test_s30_an_unknown_trigger_is_an_error_unless_it_is_optional(event: Path) -> None:
    known = schema("nanoaod", str(event), None)
    statement = line("select trigger t")
    (found,) = findings(f'trigger t "HLT_Nope"\n{statement}', known)
    assert found.code == "E244"
    assert "optional" in found.help
    assert not findings(f'trigger t optional "HLT_Nope"\n{statement}', known)


def test_s11c_constituents_are_quantified_as_any_collection(nanoaod: Schema) -> None:
    # language.md: select asks for all of a collection without a reducer, reject for any.
    for word, operation in (("select", "all"), ("reject", "any")):
        text = f"object o\n  take FatJet\n  {word} pT(FatJet constituents) > 1\n"
        source = Source("parts.adl", text)
        analysis, _ = check(parse_with_notes(source)[0], source, nanoaod, "adl")
        (found,) = (o for o in analysis.declared if isinstance(o, ObjectDef))
        operations = {
            v.operation for cut in found.cuts for v in walk(cut) if isinstance(v, Reduction)
        }
        assert operations == {operation}


def test_every_row_of_the_tables_has_a_test() -> None:
    own = Path(__file__).read_text(encoding="utf-8")
    rows = [f"L{n}" for n in range(1, 38)] + [f"N{n}" for n in range(1, 14)]
    rows += [f"S{n}" for n in range(1, 31)] + ["S11b", "S11c"]
    named = {row.id.partition("-")[0] for row in ROWS} | {
        id.partition("-")[0] for id, *_ in MEANINGS
    }
    tested = {word.split("_")[1].upper() for word in own.split("def ") if word.startswith("test_")}
    missing = [row for row in rows if row not in named and row.upper() not in tested]
    assert not missing
