"""``adl functions``: what it lists, and that it knows the words of the language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import Result

from adl.cli.front import examine, schema
from adl.cli.words import WORDS
from adl.syntax.source import Source
from tests.commands import adl

MANUAL = Path(__file__).parents[1] / "grammar" / "README.md"


def call(*names: str) -> Result:
    return adl("functions", *names)


@pytest.mark.parametrize("usage", WORDS)
def test_a_word_of_the_language_is_known_to_the_checker_and_to_the_manual(usage: str) -> None:
    meaning, section = WORDS[usage]
    assert re.search(rf"^#+ {re.escape(section)}$", MANUAL.read_text(), re.MULTILINE)
    text = f"object o\n  take Jet\n  select {usage} > 0\n"
    found = examine(Source("a.adl", text), schema("nanoaod", None, None), "auto")[1]
    assert "E205" not in [d.code for d in found], "that it is no function"
    shown = call(usage.partition("(")[0].upper())
    assert shown.exit_code == 0
    assert shown.stdout.startswith(usage)
    assert f"In the manual: {section}." in shown.stdout
    assert meaning in call().stdout


def test_a_misspelt_word_of_the_language_is_suggested() -> None:
    result = call("clossest")
    assert result.exit_code == 2
    assert "did you mean closest" in result.stderr


def test_all_functions_have_a_summary_of_one_sentence() -> None:
    entries = json.loads(call("--format", "json").stdout)
    assert {"fMT2", "dr", "size", "antikT"} <= {entry["name"] for entry in entries}
    long = [e["name"] for e in entries if len(e["summary"]) > 330 or not e["summary"]]
    assert not long
    (significance,) = (e for e in entries if e["name"] == "METsig")
    assert significance["summary"].endswith("(0 where it is 0.9 or more)")
