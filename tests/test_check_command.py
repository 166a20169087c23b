"""``adl check``: several files, formats for programs, strictness, and comments that silence."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from click.testing import CliRunner

from adl.check.silence import silenced
from adl.cli import check as check_module
from adl.cli import main
from adl.cli.explanations import titles
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.source import Source, Span
from tests.commands import adl

GOOD = "region r\n  select MET > 3\n"
WARNED = "region r\n  select pT(Jet[1]) > 20\n"
WRONG = "region r\n  select pT(Jet[1]) > 20\n  select MTE > 2\n  select pT(Jet) > 2\n"
UNREADABLE = "region r\n  select MET > > 3\n  select ) 3\n"
NOTED = "region r\n  select size(Muon) > 0\n  select pT(Muon[0]) > 3\n"

SCHEMA = json.loads(Path(check_module.__file__).with_name("check.schema.json").read_text())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a file of each kind."""
    monkeypatch.chdir(tmp_path)
    texts = {"good": GOOD, "warned": WARNED, "wrong": WRONG, "syntax": UNREADABLE, "noted": NOTED}
    for name, text in texts.items():
        (tmp_path / f"{name}.adl").write_text(text)
    return tmp_path


def in_json(*arguments: object) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(adl("check", "--format", "json", *arguments).stdout)
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    return document


# -------------------------------------------------------------------------- several files


def test_every_file_is_checked_whatever_the_others_have(folder: Path) -> None:
    result = adl("check", "syntax.adl", "wrong.adl", "nothing.adl", "good.adl")
    assert result.exit_code == 2
    for part in ("syntax.adl:2:", "syntax.adl:3:", "wrong.adl:3:", "wrong.adl:4:"):
        assert part in result.stderr
    assert "nothing.adl: No such file" in result.stderr
    assert result.stdout == "good.adl: no mistakes; 1 region\n"


def test_without_a_file_there_is_nothing_to_check() -> None:
    assert adl("check").exit_code == 2


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
@pytest.mark.parametrize(
    ("name", "strict", "code"),
    [
        ("good", True, 0),
        ("noted", True, 0),
        ("warned", False, 0),
        ("warned", True, 2),
        ("wrong", False, 2),
        ("syntax", False, 2),
        ("nothing", False, 2),
    ],
)
def test_the_exit_code_is_2_for_errors_and_strictly_for_warnings(
    folder: Path, form: str, name: str, strict: bool, code: int
) -> None:
    options = ["--strict"] if strict else []
    assert adl("check", f"{name}.adl", "good.adl", "--format", form, *options).exit_code == code


def test_strictness_is_said(folder: Path) -> None:
    result = adl("check", "warned.adl", "--strict")
    assert "warned.adl: 1 warning, errors under --strict" in result.stderr
    assert "warned.adl: no mistakes, 1 warning; " in adl("check", "warned.adl").stdout
    assert result.stdout == ""


def test_odd_spellings_stand_among_the_other_findings(folder: Path) -> None:
    (folder / "odd.adl").write_text(
        "region r\n  select pT(Jet[0]) GT 20\n  select MET > 3 && pT(Jet[1]) > 20;\n"
    )
    codes = [f["code"] for f in in_json("odd.adl")["findings"]]
    assert codes == ["W301", "W102", "N101", "W301", "W105"]
    (folder / "odd.adl").write_text("region r\n  select MTE GT 20\n")
    assert [f["code"] for f in in_json("odd.adl")["findings"]] == ["E201", "W102"]


def test_run_tells_of_odd_spellings_once_and_of_no_notes(folder: Path, examples: Path) -> None:
    (folder / "odd.adl").write_text("region r\n  select MET GT 3 && MET > 4\n")
    samples = [examples / "sample" / name for name in ("zmumu.root", "ttbar.root")]
    told = adl("run", "odd.adl", *samples).stderr
    assert told.count("W102") == 1
    assert "N101" not in told
    (folder / "odd.adl").write_text("region r\n  select MET GT 3  # adl: ignore[W102]\n")
    assert "W102" not in adl("run", "odd.adl", *samples).stderr


# --------------------------------------------------------------------------------- formats


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_json_has_every_finding_with_its_place(folder: Path) -> None:
    document = in_json("wrong.adl", "warned.adl")
    found = [(f["file"], f["line"], f["column"], f["code"]) for f in document["findings"]]
    assert found == [
        ("wrong.adl", 2, 13, "W301"),
        ("wrong.adl", 3, 10, "E201"),
        ("wrong.adl", 4, 13, "E203"),
        ("warned.adl", 2, 13, "W301"),
    ]
    second = document["findings"][1]
    assert second["end_column"] == 13
    assert second["severity"] == "error"
    assert "MET" in second["help"]


def test_json_has_syntax_errors_and_files_that_cannot_be_read(folder: Path) -> None:
    (folder / "latin.adl").write_bytes(b"# \xe9\n")
    document = in_json("syntax.adl", "latin.adl")
    assert {f["code"][:2] for f in document["findings"]} == {"E1"}
    assert [bool(file["error"]) for file in document["files"]] == [False, True]
    assert "latin.adl" in adl("check", "latin.adl", "--format", "json").stderr


def test_a_place_across_lines_ends_on_a_later_line(folder: Path) -> None:
    (folder / "long.adl").write_text("region r\n  bin MET 100 \\\n    50\n")
    (finding,) = in_json("long.adl")["findings"]
    assert (finding["line"], finding["end_line"]) == (2, 3)
    (command,) = adl("check", "long.adl", "--format", "github").stdout.splitlines()
    assert "line=2,endLine=3,title" in command


def test_sarif_has_a_rule_for_each_code_and_a_result_for_each_finding(folder: Path) -> None:
    (folder / "a b%.adl").write_text(WARNED)
    output = adl("check", "wrong.adl", "noted.adl", "a b%.adl", "none.adl", "--format", "sarif")
    log = json.loads(output.stdout)
    require_sarif(log)
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(titles())
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert "any(pT(Jet) > 30)" in rules["E203"]["help"]["markdown"]
    levels = [result["level"] for result in run["results"]]
    assert levels == ["warning", "error", "error", "note", "warning"]
    files = [uri(result["locations"][0]) for result in run["results"]]
    assert files == ["wrong.adl"] * 3 + ["noted.adl", "a b%.adl"]
    assert run["invocations"][0]["executionSuccessful"] is False
    (unread,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "none.adl" in unread["message"]["text"]


def test_sarif_names_absolute_files_by_a_url(folder: Path) -> None:
    log = json.loads(adl("check", folder / "warned.adl", "--format", "sarif").stdout)
    require_sarif(log)
    location = log["runs"][0]["results"][0]["locations"][0]
    assert uri(location) == (folder / "warned.adl").as_uri()


def uri(location: dict[str, Any]) -> str:
    return unquote(location["physicalLocation"]["artifactLocation"]["uri"])


# What SARIF 2.1.0 (OASIS, sections 3.13 to 3.58) asks of the parts that we write.
_MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_LOCATION = {
    "type": "object",
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "properties": {"uri": {"type": "string", "pattern": "^[^ ]+$"}},
                },
                "region": {
                    "type": "object",
                    "required": ["startLine"],
                    "additionalProperties": False,
                    "properties": {
                        name: {"type": "integer", "minimum": 1}
                        for name in ("startLine", "startColumn", "endLine", "endColumn")
                    },
                },
            },
        }
    },
}
_SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "pattern": "sarif-2.1.0"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "properties": {
                                                "shortDescription": _MESSAGE,
                                                "fullDescription": _MESSAGE,
                                                "help": _MESSAGE,
                                                "defaultConfiguration": {
                                                    "type": "object",
                                                    "properties": {"level": _LEVEL},
                                                },
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "invocations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["executionSuccessful"],
                            "properties": {
                                "executionSuccessful": {"type": "boolean"},
                                "toolExecutionNotifications": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "required": ["message"],
                                        "properties": {
                                            "message": _MESSAGE,
                                            "level": _LEVEL,
                                            "locations": {"type": "array", "items": _LOCATION},
                                        },
                                    },
                                },
                            },
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": -1},
                                "level": _LEVEL,
                                "message": _MESSAGE,
                                "locations": {"type": "array", "items": _LOCATION},
                            },
                        },
                    },
                },
            },
        },
    },
}


def require_sarif(log: dict[str, Any]) -> None:
    """Require the structure of SARIF 2.1.0, and what its text asks beyond the structure."""
    jsonschema.validate(log, _SARIF, cls=jsonschema.Draft202012Validator)
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]  # 3.27.6
            region = result["locations"][0]["physicalLocation"]["region"]
            start = region["startLine"], region["startColumn"]
            assert start <= (region["endLine"], region["endColumn"])  # 3.30


def test_github_gets_workflow_commands(folder: Path) -> None:
    lines = adl("check", "wrong.adl", "noted.adl", "--format", "github").stdout.splitlines()
    assert lines[1].startswith(
        "::error file=wrong.adl,line=3,endLine=3,col=10,endColumn=13,title=E201::"
    )
    assert [line.split()[0] for line in lines] == ["::warning", "::error", "::error", "::notice"]


def test_what_github_would_misread_is_escaped(folder: Path) -> None:
    (folder / "a,b:c%.adl").write_text(WRONG)
    first = adl("check", "a,b:c%.adl", "--format", "github").stdout.splitlines()[1]
    assert "file=a%2Cb%3Ac%25.adl," in first
    properties, message = re.fullmatch(r"::error (.*?)::(.*)", first).groups()  # type: ignore[union-attr]  # it matches
    assert len(properties.split(",")) == 6
    assert "%0Ahelp: did you mean MET" in message


# -------------------------------------------------------------------------------- silence


def findings(text: str, *found: tuple[str, int]) -> list[str]:
    """Return the codes that are left of findings (code, line) in a text."""
    source = Source("a.adl", text)
    severities = {"E": "error", "W": "warning", "N": "note"}
    diagnostics = [
        Diagnostic(code, severities[code[0]], "", Span(start, start + 1))  # type: ignore[arg-type]  # a Severity
        for code, line in found
        for start in [source.line_starts[line - 1]]
    ]
    return [d.code for d in silenced(diagnostics, source)]


@pytest.mark.parametrize(
    "comment",
    [
        "# adl: ignore[W301]",
        "# adl: ignore",
        "#adl:ignore[W301]",
        "# adl: ignore [ W301 ]",
        "# adl: ignore[W301] the skim has two jets",
        "# adl: ignore: the skim has two jets",
    ],
)
def test_a_comment_silences_its_line(comment: str) -> None:
    assert findings(f"select a  {comment}\nselect b\n", ("W301", 1), ("W301", 2)) == ["W301"]


def test_a_comment_alone_silences_the_line_below_it() -> None:
    text = "# adl: ignore[W301]\nselect a\nselect b\n"
    assert findings(text, ("W301", 2)) == []
    assert findings(text, ("W301", 3)) == ["N404", "W301"]


def test_comments_above_a_line_add_up() -> None:
    text = "# adl: ignore[W301]\n# and\n  # adl: ignore[W302]\nselect a\n"
    assert findings(text, ("W301", 4), ("W302", 4)) == []


def test_an_empty_line_ends_what_a_comment_is_meant_for() -> None:
    assert findings("# adl: ignore[W301]\n\nselect a\n", ("W301", 3)) == ["N404", "W301"]


def test_several_codes_are_separated_by_commas() -> None:
    text = "select a  # adl: ignore[W301, W302]\n"
    assert findings(text, ("W301", 1), ("W302", 1), ("W303", 1)) == ["W303"]


def test_without_codes_all_warnings_and_notes_of_the_line_are_silenced() -> None:
    assert findings("select a  # adl: ignore\n", ("W301", 1), ("N403", 1)) == []


def test_an_error_cannot_be_silenced() -> None:
    assert findings("select a  # adl: ignore\n", ("E203", 1), ("W301", 1)) == ["E203"]
    assert findings("select a  # adl: ignore[E203]\n", ("E203", 1)) == ["E203"]


@pytest.mark.parametrize("codes", ["[W302]", "", "[]", "[E203]", "[W999", "[w301]"])
def test_a_comment_that_silences_nothing_is_a_note(codes: str) -> None:
    found = findings(f"select a  # adl: ignore{codes}\n", *([("W301", 1)] if codes else []))
    assert sorted(found) == (["N404", "W301"] if codes else ["N404"])


def test_each_idle_code_is_named() -> None:
    source = Source("a.adl", "select a  # adl: ignore[W301, W302, W302]\n")
    warning = Diagnostic("W301", "warning", "", Span(0, 6))
    (note,) = silenced([warning], source)
    assert note.message == "no W302 is here to silence"
    assert source.text[note.span.start : note.span.end] == "# adl: ignore[W301, W302, W302]"


@pytest.mark.parametrize(
    "text",
    [
        'histo h, "# adl: ignore", 1, 0, 1, x\n',
        "select a  # adl: ignored\n",
        "select a  # see adl: ignore[W301]\n",
    ],
)
def test_what_only_looks_like_it_silences_nothing(text: str) -> None:
    assert findings(text, ("W301", 1)) == ["W301"]


def test_a_comment_behind_a_text_with_a_hash_silences() -> None:
    assert findings('histo h, "# of jets", 1, 0, 1, x  # adl: ignore\n', ("W301", 1)) == []


def test_nothing_is_idle_for_sure_while_there_are_errors() -> None:
    assert findings("select a  # adl: ignore[W301]\nselect b\n", ("E101", 2)) == ["E101"]


def test_check_hears_the_comment(folder: Path) -> None:
    (folder / "quiet.adl").write_text(WARNED.replace("20\n", "20  # adl: ignore[W301]\n"))
    result = adl("check", "quiet.adl", "--strict")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert in_json("quiet.adl")["findings"] == []


def test_run_hears_the_comment(folder: Path, examples: Path) -> None:
    sample = examples / "sample" / "zmumu.root"
    text = WARNED.replace("Jet", "Muon")
    (folder / "loud.adl").write_text(text)
    (folder / "quiet.adl").write_text(text.replace("20\n", "20  # adl: ignore[W301]\n"))
    (folder / "idle.adl").write_text(GOOD.replace("3\n", "3  # adl: ignore[W301]\n"))
    assert "W301" in adl("run", "loud.adl", sample).stderr
    assert "W301" not in adl("run", "quiet.adl", sample).stderr
    assert "N404" not in adl("run", "idle.adl", sample).stderr  # notes are for check


# --------------------------------------------------------------------------------- colours


def test_no_color_is_respected_on_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def coloured() -> bool:
        result = CliRunner().invoke(main, ["check", "wrong.adl", "no.adl"], color=True)
        return "\x1b[" in result.stderr

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured()
    monkeypatch.setenv("NO_COLOR", "")
    assert coloured()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured()


@pytest.mark.parametrize("text", ["", "object jets\n  take Jet\n"])
def test_a_file_without_a_region_is_said_to_run_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    path.write_text(text)
    result = CliRunner().invoke(main, ["check", str(path)])
    assert result.exit_code == 0
    assert result.stdout.endswith("a.adl: no mistakes; no region, so there is nothing to run\n")
