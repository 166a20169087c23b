"""The command ``adl migrate``: what it writes, what it lists, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from tests.commands import adl
from tests.test_corpus import model_of
from tests.test_migrate import MODERN, OBJECTS

OLD = f"""# A search
{OBJECTS}
region r  # signal
  select pT(jets_1) < 50   # soft
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.adl"
    path.write_text(OLD)
    return path


def call(*arguments: object, input: str | None = None) -> Result:
    return adl("migrate", "--to", "adl", *arguments, input=input)


def test_a_file_is_rewritten_and_every_place_listed(old: Path) -> None:
    result = call(old, "--dialect", "cutlang")
    assert result.exit_code == 0
    assert "old.adl:12:10: missing element: an element that is not there" in result.stderr
    assert "    pT(jets_1)\n  → default(pT(jets[1]), 0)" in result.stderr
    text = old.read_text()
    assert "select default(pT(jets[1]), 0) < 50  # soft" in text
    assert "info adl\n  dialect adl" in text
    assert call(old, "--check").exit_code == 0  # and then there is nothing left to do
    assert call(old).exit_code == 0
    assert old.read_text() == text


def test_a_line_with_the_dialect_is_replaced(old: Path) -> None:
    old.write_text('info adl\n  title "A"\n  dialect cutlang\n' + OLD)
    assert call(old).exit_code == 0
    assert "  dialect adl\n" in old.read_text()
    assert "cutlang" not in old.read_text()


def test_the_result_can_go_elsewhere(old: Path, tmp_path: Path) -> None:
    assert call(old, "--dialect", "cutlang", "-o", tmp_path / "new.adl").exit_code == 0
    assert old.read_text() == OLD
    assert "default(" in (tmp_path / "new.adl").read_text()
    result = call(old, "--dialect", "cutlang", "-o", "-")
    assert result.stdout == (tmp_path / "new.adl").read_text()
    assert call("-", "--dialect", "cutlang", input=OLD).stdout == result.stdout


def test_check_and_diff_write_nothing(old: Path) -> None:
    asked = call(old, "--dialect", "cutlang", "--check")
    assert asked.exit_code == 1
    shown = call(old, "--dialect", "cutlang", "--diff")
    assert shown.exit_code == 0
    assert "-  select pT(jets_1) < 50   # soft\n" in shown.stdout
    assert "+  select default(pT(jets[1]), 0) < 50  # soft\n" in shown.stdout
    assert old.read_text() == OLD


def test_what_cannot_be_said_is_an_error_and_nothing_is_written(old: Path, tmp_path: Path) -> None:
    text = OLD + "  select dR(jets[0], jets[1]) > 1\n"
    old.write_text(text)
    result = call(old, "--dialect", "cutlang", "-o", tmp_path / "new.adl")
    assert result.exit_code == 1
    assert "error[E260]" in result.stderr
    assert "select size(jets) > 1 before" in result.stderr
    assert not (tmp_path / "new.adl").exists()
    assert old.read_text() == text


def test_programs_get_the_places_as_json(old: Path) -> None:
    found = json.loads(call(old, "--dialect", "cutlang", "--check", "--format", "json").stdout)
    assert found["changed"]
    assert found["obstacles"] == []
    (change,) = found["changes"]
    assert (change["line"], change["column"], change["construct"]) == (12, 10, "missing element")
    assert (change["was"], change["now"]) == ("pT(jets_1)", "default(pT(jets[1]), 0)")


def test_a_file_with_mistakes_is_not_touched(old: Path) -> None:
    old.write_text(OLD + "  select nothing > 1\n")
    result = call(old, "--dialect", "cutlang")
    assert result.exit_code == 2
    assert "error[E201]" in result.stderr


def test_line_ends_stay(old: Path) -> None:
    old.write_bytes(OLD.replace("\n", "\r\n").encode())
    assert call(old, "--dialect", "cutlang").exit_code == 0
    assert old.read_bytes().count(b"\n") == old.read_bytes().count(b"\r\n")


@pytest.mark.parametrize("path", MODERN, ids=lambda path: path.stem)
def test_a_file_in_adl_stays_as_it_is(path: Path, tmp_path: Path) -> None:
    result = call(path, "-o", tmp_path / "out.adl", "--model", model_of(path.read_text()))
    assert result.exit_code == 0, result.stderr
    assert "in the dialect adl already" in result.stderr
    assert (tmp_path / "out.adl").read_bytes() == path.read_bytes()
