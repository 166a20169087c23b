"""``--lenient``: what has one possible reading is read so and said; the rest stays an error."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from adl.check.checker import check
from adl.cli.front import examine, schema
from adl.compiler.dump import dump
from adl.compiler.pipeline import build
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.parse import parse, parse_with_notes
from adl.syntax.source import Source
from tests.commands import adl, adlc

NANOAOD = schema("nanoaod", None, None)

# What is wrong, the code and the reading that is said, and the text that means the same.
REPAIRS = [
    ("region r\n  select MET ≥ 100\n", "E102", "`>=`", "region r\n  select MET >= 100\n"),
    ("region r\n  select MET ≤ 100\n", "E102", "`<=`", "region r\n  select MET <= 100\n"),
    ("region r\n  select MET ≠ 100\n", "E102", "`!=`", "region r\n  select MET != 100\n"),
    ("region r\n  select MET − 2 > 1\n", "E102", "`-`", "region r\n  select MET - 2 > 1\n"),  # noqa: RUF001
    ("region r\n  select MET – 2 > 1\n", "E102", "`-`", "region r\n  select MET - 2 > 1\n"),  # noqa: RUF001
    ("region r\n  select MET × 2 > 1\n", "E102", "`*`", "region r\n  select MET * 2 > 1\n"),  # noqa: RUF001
    ("region r\n  select MET\u00a0> 1\n", "E102", "a blank", "region r\n  select MET > 1\n"),
    (
        "region r\n  histo h, “MET (1)”, 5, 0, 9, MET\n",
        "E102",
        '"MET (1)"',
        'region r\n  histo h, "MET (1)", 5, 0, 9, MET\n',
    ),
    ("region r\n  select MET > 1 // x\n", "E113", "#", "region r\n  select MET > 1\n"),
    (
        "region r\n  select MET > 1\n  // x\n    and MET < 9\n",
        "E113",
        "#",
        "region r\n  select MET > 1\n    and MET < 9\n",
    ),
    ("region r\n  select MET gt 1\n", "E112", ">", "region r\n  select MET > 1\n"),
    ("region r\n  select MET ne 1\n", "E112", "!=", "region r\n  select MET != 1\n"),
    ("region r\n  select event = 3\n", "E101", "==", "region r\n  select event == 3\n"),
    ("region r\n  bin event = 3\n", "E101", "==", "region r\n  bin event == 3\n"),
    (
        "region r\n  select MET > 3 ?\n  select MET < 9\n",
        "E101",
        "if it were not there",
        "region r\n  select MET > 3\n  select MET < 9\n",
    ),
    (
        "object 2jets\n  take Jet\nregion r\n  select size(2jets) > 1\n",
        "E105",
        "a name",
        "object twojets\n  take Jet\nregion r\n  select size(twojets) > 1\n",
    ),
    (
        "Search for squarks, unfinished\nregion r\n  select MET > 1\n",
        "E110",
        "a comment: text before the first block",
        "region r\n  select MET > 1\n",
    ),
    (
        "object m\n  take Muon\n  select abs(dO) < 1\nregion r\n  select size(m) > 1\n",
        "E201",
        "d0",
        "object m\n  take Muon\n  select abs(d0) < 1\nregion r\n  select size(m) > 1\n",
    ),
    (
        "object m\n  take Muon\n  select dO(this) < 1\nregion r\n  select size(m) > 1\n",
        "E202",
        "d0",
        "object m\n  take Muon\n  select d0(this) < 1\nregion r\n  select size(m) > 1\n",
    ),
    (
        "region r\n  select any(Muon m, m.dO > 1)\n",
        "E202",
        "d0",
        "region r\n  select any(Muon m, m.d0 > 1)\n",
    ),
    (
        "define x = MET + 1\ndefine x  =  MET+1  # again\nregion r\n  select x > 1\n",
        "E207",
        "one, they say the same",
        "define x = MET + 1\nregion r\n  select x > 1\n",
    ),
]

# What could be meant in two ways, or in none.
AMBIGUOUS = [
    ("define x = MET\ndefine x = MET + 1\nregion r\n  select x > 1\n", "E207"),
    ("region r\n  select MET > 30GeV\n", "E105"),
    ("region r\n  select 2 < MET < 9\n", "E108"),
    ("region r\n  select size(Jet > 2)\n", "E210"),
    ("object e\n  take Elec tron\nregion r\n  select size(e) > 1\n", "E201"),
    ("region r\n  select MTE > 9\n", "E201"),
    ("region r\n  select (MET > 9\n", "E104"),
    ("region r\n  select MET > 9\n  preselection of mine\n", "E213"),
    ("region r\n  select (event = 3)\n", "E101"),
    ("region r\n  bin MET 600 800 100 1300\n", "E216"),
    ("region r\n  select “MET > 9\n", "E102"),
    ("region r\n  select MET § 9\n", "E102"),
]


def findings(text: str, lenient: bool) -> tuple[Diagnostic, ...]:
    return examine(Source("x.adl", text), NANOAOD, "auto", lenient=lenient)[1]


def compiled(text: str, lenient: bool = False) -> str:
    """Return the program of a text."""
    source = Source("x.adl", text)
    tree = parse_with_notes(source, lenient)[0]
    return dump(build(check(tree, source, NANOAOD, lenient=lenient)[0]).program)


@pytest.mark.parametrize(("wrong", "code", "reading", "right"), REPAIRS)
def test_what_has_one_reading_is_an_error_and_leniently_a_warning_that_says_it(
    wrong: str, code: str, reading: str, right: str
) -> None:
    strict = [d for d in findings(wrong, lenient=False) if d.severity == "error"]
    assert code in [d.code for d in strict]
    lenient = findings(wrong, lenient=True)
    assert not [d.message for d in lenient if d.severity == "error"]
    said = [d for d in lenient if d.code == code]
    assert {d.severity for d in said} == {"warning"}
    assert said[0].message.endswith(f"; read as {reading}")


@pytest.mark.parametrize(("wrong", "code", "reading", "right"), REPAIRS)
def test_the_reading_computes_what_it_says(wrong: str, code: str, reading: str, right: str) -> None:
    parse(Source("x.adl", right))
    assert labels_apart(compiled(wrong, lenient=True)) == labels_apart(compiled(right))


def labels_apart(program: str) -> list[str]:
    """Return a program without the texts in it: steps are called as the user wrote them."""
    return re.sub(r"'[^'\n]*'|\"[^\"\n]*\"|# .*", "", program).splitlines()


@pytest.mark.parametrize(("text", "code"), AMBIGUOUS)
def test_what_has_two_readings_stays_an_error(text: str, code: str) -> None:
    assert code in [d.code for d in findings(text, lenient=True) if d.severity == "error"]


def test_a_right_analysis_is_read_alike() -> None:
    text = "info x\n  url https://x.org/a  # b\nregion r\n  select MET > 1 ? event == 2 : ALL\n"
    assert compiled(text, lenient=True) == compiled(text)
    assert findings(text, lenient=True) == findings(text, lenient=False)


def test_the_manual_names_every_code_that_is_downgraded() -> None:
    manual = Path(__file__).parents[1] / "grammar" / "README.md"
    table = manual.read_text(encoding="utf-8").partition("<!-- lenient -->")[2].partition("\n\n")[0]
    named = re.findall(r"[EW]\d{3}", "".join(row.split("|")[1] for row in table.splitlines()[1:]))
    assert {*named} == {code for _, code, *_ in REPAIRS}


@pytest.mark.parametrize(
    "first", ["of a title", "and a title", "Search", "Search using the object x"]
)
def test_a_sentence_before_the_first_block_is_one_mistake(first: str) -> None:
    (stray,) = findings(f'{first} (in "pp; 13 TeV\nregion r\n  select MET > 3\n', lenient=False)
    assert stray.code == "E110"
    (stray,) = findings(f'{first} (in "pp; 13 TeV\nregion r\n  select MET > 3\n', lenient=True)
    assert (stray.code, stray.severity) == ("E110", "warning")
    (stray,) = findings(f'{first} (in "pp; 13 TeV\nregion r\n  select MET > 3\n', lenient=False)
    assert "the rest of a comment or of a title" in stray.help


def test_what_has_one_reading_hides_no_other_mistake() -> None:
    text = "of a title (unfinished\nregion r\n  select MET ≥ 3 // x\n  select nothing > 3\n"
    codes = ["E110", "E102", "E113", "E201"]
    assert [d.code for d in findings(text, lenient=False)] == codes
    assert [d.code for d in findings(text, lenient=True)] == codes
    assert {d.severity for d in findings(text, lenient=False)} == {"error"}
    (stray, *_) = findings(text, lenient=False)
    assert "the rest of a comment or of a title" in stray.help


# --------------------------------------------------------------------------------- commands


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    path = tmp_path / "dirty.adl"
    path.write_text("region r\n  select MET ≥ 20 // hard\n", encoding="utf-8")
    return path


def test_check_takes_lenient_and_says_what_it_read(dirty: Path) -> None:
    assert adl("check", dirty).exit_code == 2
    result = adl("check", "--lenient", dirty)
    assert result.exit_code == 0
    assert "warning[E102]: ADL has no character `≥`; read as `>=`" in result.stderr
    assert "warning[E113]" in result.stderr
    assert adl("check", "--lenient", "--strict", dirty).exit_code == 2


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_programs_are_told_of_the_reading_too(dirty: Path, form: str) -> None:
    result = adl("check", "--lenient", "--format", form, dirty)
    assert result.exit_code == 0
    if form == "json":
        found = json.loads(result.stdout)["findings"]
        assert [(f["code"], f["severity"]) for f in found] == [
            ("E102", "warning"),
            ("E113", "warning"),
        ]
        assert all("; read as " in f["message"] for f in found)
    elif form == "sarif":
        results = json.loads(result.stdout)["runs"][0]["results"]
        assert {r["level"] for r in results} == {"warning"}
        assert all("; read as " in r["message"]["text"] for r in results)
    else:
        assert result.stdout.count("::warning ") == 2


def test_run_and_compile_take_lenient(dirty: Path, examples: Path) -> None:
    sample = examples / "sample" / "zmumu.root"
    assert adl("run", dirty, sample).exit_code == 2
    result = adl("run", "--lenient", dirty, sample)
    assert result.exit_code == 0
    assert "MET ≥ 20" in result.stdout
    assert result.stderr.count("warning[E102]") == 1
    assert adlc("compile", dirty, "--emit", "ir").exit_code == 2
    assert adlc("compile", "--lenient", dirty, "--emit", "ir").exit_code == 0
    assert adlc("compile", "--lenient", dirty, "--emit", "tree").exit_code == 0


def test_a_comment_silences_a_reading(tmp_path: Path) -> None:
    path = tmp_path / "dirty.adl"
    path.write_text("region r\n  select MET ≥ 20  # adl: ignore[E102]\n", encoding="utf-8")
    assert adl("check", "--lenient", path).stderr == ""


def test_help_tells_of_lenient() -> None:
    for program, command in ((adl, "check"), (adl, "run"), (adlc, "compile")):
        assert "--lenient" in program(command, "--help").stdout
