"""``adl fmt``: what it writes, what it leaves alone, and its exit codes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import Result

from adl.check.dialect import detect
from adl.cli.fmt import formatted
from adl.stdlib.models import load_model
from adl.syntax.diagnostics import Findings
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.commands import adl

UGLY = "object jets : Jet   # ours\n   cmd pT(JET)>30\n"
PRETTY = "object jets  # ours\n  take Jet\n  select pT(JET) > 30\n"
MISTAKEN = "region r\n  select (a > 1\n"


@pytest.fixture
def ugly(tmp_path: Path) -> Path:
    path = tmp_path / "ugly.adl"
    path.write_text(UGLY)
    return path


def fmt(*arguments: object, input: str | bytes | None = None, color: bool = False) -> Result:
    """Run ``adl fmt`` and require that it ended in order."""
    return adl("fmt", *arguments, input=input, color=color)


def test_a_file_is_written_in_its_form(ugly: Path) -> None:
    result = fmt(ugly)
    assert (result.exit_code, result.stdout) == (0, "")
    assert ugly.read_text() == PRETTY
    assert "ugly.adl formatted" in result.stderr


def test_a_file_in_its_form_is_not_touched(ugly: Path) -> None:
    ugly.write_text(PRETTY)
    before = ugly.stat()
    result = fmt(ugly)
    assert (result.exit_code, result.output) == (0, "")
    after = ugly.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_standard_input_goes_to_standard_output() -> None:
    result = fmt("-", input=UGLY)
    assert (result.exit_code, result.stdout, result.stderr) == (0, PRETTY, "")


def test_check_names_what_would_change_and_writes_nothing(ugly: Path, tmp_path: Path) -> None:
    pretty = tmp_path / "pretty.adl"
    pretty.write_text(PRETTY)
    result = fmt("--check", ugly, pretty)
    assert result.exit_code == 1
    assert "ugly.adl would change" in result.stderr
    assert "pretty.adl" not in result.output
    assert ugly.read_text() == UGLY
    assert fmt("--check", pretty).exit_code == 0


def test_diff_shows_what_would_change_and_writes_nothing(ugly: Path) -> None:
    result = fmt("--diff", ugly)
    assert result.exit_code == 0
    assert "-   cmd pT(JET)>30\n" in result.stdout
    assert "+  select pT(JET) > 30\n" in result.stdout
    assert "\x1b" not in result.stdout
    assert ugly.read_text() == UGLY
    assert fmt("--diff", "--check", ugly).exit_code == 1


def test_a_diff_has_colours_on_a_terminal(ugly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m-   cmd" in fmt("--diff", ugly, color=True).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in fmt("--diff", ugly, color=True).stdout


def test_a_missing_newline_at_the_end_shows_in_the_diff(ugly: Path) -> None:
    ugly.write_text(PRETTY.rstrip("\n"))
    assert "\\ No newline at end of file" in fmt("--diff", ugly).stdout


def test_a_file_with_a_mistake_is_not_touched_and_the_others_are(
    ugly: Path, tmp_path: Path
) -> None:
    mistaken = tmp_path / "mistaken.adl"
    mistaken.write_text(MISTAKEN)
    result = fmt(mistaken, tmp_path / "missing.adl", ugly)
    assert result.exit_code == 2
    assert "error[E104]" in result.stderr
    assert "missing.adl: No such file" in result.stderr
    assert mistaken.read_text() == MISTAKEN
    assert ugly.read_text() == PRETTY
    assert fmt("--check", mistaken).exit_code == 2


def test_nothing_is_printed_for_a_mistaken_standard_input() -> None:
    result = fmt("-", input=MISTAKEN)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "<stdin>:2:10: error[E104]" in result.stderr
    assert fmt("-", input=b"\xff").exit_code == 2


def test_line_ends_of_windows_stay(ugly: Path) -> None:
    ugly.write_bytes(UGLY.replace("\n", "\r\n").encode())
    assert fmt(ugly).exit_code == 0
    assert ugly.read_bytes() == PRETTY.replace("\n", "\r\n").encode()
    assert fmt("--check", ugly).exit_code == 0


def test_mode_and_links_stay(ugly: Path, tmp_path: Path) -> None:
    ugly.chmod(0o640)
    link = tmp_path / "link.adl"
    link.symlink_to(ugly)
    assert fmt(link).exit_code == 0
    assert link.is_symlink()
    assert ugly.read_text() == PRETTY
    assert stat.S_IMODE(ugly.stat().st_mode) == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.adl", "ugly.adl"]


def test_a_file_that_cannot_be_replaced_stays(ugly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    result = fmt(ugly)
    assert result.exit_code == 2
    assert "cannot write" in result.stderr
    assert ugly.read_text() == UGLY
    assert list(ugly.parent.iterdir()) == [ugly]


def test_help_has_an_example() -> None:
    text = fmt("--help").stdout
    assert "adl fmt --check --diff" in text
    assert "exit code" in text


# --------------------------------------------------------------------------------- dialect

CUTLANG = "algo r\n  cmd {jets_0}pT > 3\n  bin MET 100 200\n"


def dialect_of(text: str) -> str:
    source = Source("cuts.adl", text)
    schema = load_model("nanoaod").schema()
    return detect(parse(source), source, schema, "auto", Findings())


def test_a_dialect_that_the_spellings_decided_on_is_said() -> None:
    text = formatted(Source("cuts.adl", CUTLANG))
    assert text == (
        "info adl\n  dialect cutlang\n\nregion r\n  select pT(jets_0) > 3\n  bin MET 100 200\n"
    )
    assert formatted(Source("cuts.adl", text)) == text
    assert dialect_of(CUTLANG) == dialect_of(text) == "cutlang"


def test_a_dialect_that_makes_no_difference_is_not_said() -> None:
    text = "algo r\n  cmd {jets_0}pT > 3\n"
    assert formatted(Source("cuts.adl", text)) == "region r\n  select pT(jets_0) > 3\n"


def test_a_file_of_two_dialects_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "both.adl"
    both = CUTLANG + "  select any(pT(this) > 3)\n"
    path.write_text(both)
    result = fmt(path)
    assert result.exit_code == 2
    assert "error[E220]" in result.stderr
    assert path.read_text() == both
