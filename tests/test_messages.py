"""What a message says about mistakes that people make: its place, its words, its way out."""

from __future__ import annotations

import pytest

from adl.cli.front import examine, schema
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.source import Source

OBJECTS = "object jets\n  take Jet\n  select pT > 30\ndefine HT = sum(pT(jets))\n"


def said(text: str, model: str = "nanoaod") -> list[str]:
    """Return ``LINE:COLUMN CODE message | help`` of each error of a text."""
    source = Source("m.adl", text)
    found = examine(source, schema(model, None, None), "auto")[1]
    return [_line(source, d) for d in found if d.severity == "error"]


def _line(source: Source, finding: Diagnostic) -> str:
    line, column = source.position(finding.span.start)
    help = " / ".join(finding.help.split("\n"))
    return f"{line}:{column} {finding.code} {finding.message} | {help}"


def in_region(statement: str) -> list[str]:
    """Return the errors of one statement, which stands on line 6."""
    return said(f"{OBJECTS}region r\n  {statement}\n")


# The statement, then pieces of the one error that it has.
STATEMENTS = [
    ("select MET [60, 120]", "6:10 E210", "write MET [] 60 120"),
    ("select MET [60 120]", "6:18 E101", "a window has two bounds"),
    ("select MET [] 60", "6:19 E101 a second bound must follow", "a window has two bounds"),
    ("select MET [] 60, 120", "6:19 E101 a second bound must follow", "without brackets and commas"),
    ("select MET [] -60", "6:20 E101 a second bound must follow", "a window has two bounds"),
    ("select size(jets > 2)", "6:15 E210 size needs a collection, jets > 2 is none", "size(jets) > 2"),
    ("select HT.pT > 2", "6:10 E209 HT is a number", "write HT alone"),
    ("select pT(HT) > 2", "6:13 E209 pT needs particles, HT is a number", "write HT alone"),
    ("select sqroot(MET) > 2", "6:10 E205 no function is called sqroot", "did you mean sqrt?"),
    ("select dRR(jets[0], jets[1]) > 2", "6:10 E205", "did you mean dR?"),
    ("select deltaR(jets[0], jets[1]) > 2", "6:10 E205", "write dR(a, b)"),
    ("select flavor(jets[0]) > 2", "6:10 E202 Jet has no attribute flavor", "partonFlavour"),
    # What is asked of an element and of a collection is an attribute, unless a function is near.
    ("select any(tightness(jets) > 2)", "6:14 E202 Jet has no attribute tightness", ""),
    ("select tightness(jets[0]) > 2", "6:10 E202 Jet has no attribute tightness", ""),
    ("select dR(jets[0], MET) > 0.4", "E221 MET is transverse: it has no pseudorapidity for dR |",
     "did you mean dPhi(…, MET)?"),
    ("select eta(MET) > 0.4", "6:14 E221", "dPhi(…, MET)"),
    ('histo h, "t", 50, 0, 0, MET', "6:17 E215", "0, 0 lets ROOT choose the ends"),
    ("select size(union(jets, Muon)) > 2", "6:15 E210", ""),
    ("select union(jets, Muon) > 2", "6:10 E206 a union stands after take", ""),
    ("select preselection", "6:10 E201 nothing is called preselection", "usual columns of nanoaod"),
    ("select size(BJET) > 0", "6:15 E201", "b jets are an object of yours"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "start", "help"), STATEMENTS, ids=[s for s, *_ in STATEMENTS]
)
def test_a_statement_has_one_error_that_says_what_to_write(
    statement: str, start: str, help: str
) -> None:
    (found,) = in_region(statement)
    assert start in found
    assert help in found.partition(" | ")[2]


def test_each_comment_of_another_language_is_an_error_of_its_own() -> None:
    text = "// one\n// two\nregion r  // three\n  // four\n  select MET > 3\n// five\n"
    assert [f[:9] for f in said(text)] == [
        "1:1 E113 ",
        "2:1 E113 ",
        "3:11 E113",
        "4:3 E113 ",
        "6:1 E113 ",
    ]


def test_an_info_block_goes_on_behind_a_comment_of_another_language() -> None:
    text = "info x\n  url http://x.org/a // b\n// one\n  more http://x § y\nregion r\n  select MET > 3\n"
    assert [f[:9] for f in said(text)] == ["3:1 E113 "]


def test_letters_of_other_alphabets_are_one_error_a_word() -> None:
    found = said("region r\n  select Größe > 3 and 質量 > 2\n  select MET > é\n")
    assert [f.partition(" | ")[0] for f in found] == [
        "2:12 E102 ADL has no characters `öß`",
        "2:24 E102 ADL has no characters `質量`",
        "3:16 E102 ADL has no character `é`",
    ]
    assert all("letters A to Z" in f for f in found)


def test_several_sources_have_no_attribute_and_one_has_none() -> None:
    text = "object l\n  take Electron\n  take Muon\n  select tight > 3\nobject m\n  take Muon\n"
    (found,) = said(f"{text}  select m.tight > 3\n".replace("m.tight", "tight(Muon)"))[1:]
    assert "Muon has no attribute tight" in found
    (found,) = said("object l\n  take Electron\n  take Muon\n  select tight(this) > 3\n")
    assert "Electron and Muon have no attribute tight" in found


def test_who_takes_what_the_input_has_not_is_told_what_it_has() -> None:
    (found,) = said("object t\n  take Quark\n")
    assert "nothing is called Quark | nanoaod has Electron, Muon, Tau" in found
    (found,) = said("define Quart = MET\nobject t\n  take Quark\n")
    assert "Quart" not in found  # a number cannot be taken


@pytest.mark.parametrize(
    ("model", "name", "help"),
    [
        ("delphes", "Tau", "select TauTag == 1"),
        ("delphes", "taus", "select TauTag == 1"),
        ("nanoaod", "TRK", "IsoTrack"),
        ("nanoaod", "Tracks", "IsoTrack"),
    ],
)
def test_what_a_format_lacks_has_a_way_out(model: str, name: str, help: str) -> None:
    (found,) = said(f"object t\n  take {name}\n", model)
    assert f"E201 {model} has no {name} | " in found
    assert help in found
