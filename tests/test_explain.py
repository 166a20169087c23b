"""Every code is explained, and every explanation is true: its examples are checked."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import Result

from adl.cli.explanations import Explanation, explanations, titles
from adl.cli.front import examine, schema
from adl.runtime.datasets.reading import read_list
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.source import Source
from tests.commands import adl

TOP = Path(__file__).parents[1]

# Codes that are new and have no explanation yet; best empty.
PENDING: frozenset[str] = frozenset()
# The parser refuses what would be E212; for E243 there is no sample without event numbers; E260 is
# said by `adl migrate`, see test_migrate_command.
# What a run does not know (E251, E257), or a dataset list says (E511, W502), is no mistake of a
# check; E107 needs a huge file; which trees a file has (E269) only a run looks at.
UNREACHABLE = frozenset(
    {"E269", "E277", "E107", "E212", "E243", "E251", "E257", "E511", "E260", "W502"}
)


def call(*arguments: str) -> Result:
    return adl("explain", *arguments)


@cache
def known(sample: str, model: str) -> Schema:
    return schema(model, str(TOP / sample) if sample else None, None)


def of_list(text: str, folder: str) -> tuple[Diagnostic, ...]:
    """Return the findings of a dataset list beside a.root, b.root and golden.json."""
    for name in ("a.root", "b.root"):
        (Path(folder) / name).touch()
    (Path(folder) / "golden.json").write_text('{"1": [[1, 10]]}')
    (Path(folder) / "list.yaml").write_text(text, encoding="utf-8")
    try:
        return read_list(f"{folder}/list.yaml")[1]
    except AnalysisError as error:
        return error.diagnostics


def findings(explained: Explanation, text: str) -> tuple[Diagnostic, ...]:
    with TemporaryDirectory() as folder:
        if explained.language == "yaml":
            return of_list(text, folder)
        (Path(folder) / "mine.py").write_text(explained.python, encoding="utf-8")
        corrections = Path(folder) / "corrections"
        corrections.symlink_to(TOP / "tests" / "corpus" / "corrections")
        source = Source(f"{folder}/example.adl", f"{explained.prelude}\n{text}\n")
        networks = str(TOP / "tests" / "corpus")
        return examine(
            source, known(explained.input, explained.model), "auto", model_path=(networks,)
        )[1]


def test_every_code_is_explained() -> None:
    missing = titles().keys() - explanations().keys()
    assert missing == PENDING, "explain these in adl/cli/explanations/, or name them in PENDING"


def test_nothing_else_is_explained() -> None:
    assert explanations().keys() <= titles().keys()


@pytest.mark.parametrize("code", sorted(explanations()))
def test_the_wrong_example_has_the_finding_and_the_right_one_has_not(code: str) -> None:
    explained = explanations()[code]
    wrong = [finding.code for finding in findings(explained, explained.wrong)]
    right = findings(explained, explained.right)
    assert (code in wrong) == (code not in UNREACHABLE), wrong
    assert not [f for f in right if f.code == code or f.severity == "error"]
    if code[0] == "E":  # an example with a warning would teach the next mistake
        assert not [f.message for f in right if f.severity == "warning"]


@pytest.mark.parametrize("code", sorted(explanations()))
def test_an_explanation_is_short_and_reads_well(code: str) -> None:
    explained = explanations()[code]
    assert explained.meaning.strip().endswith(".")
    assert len(explained.meaning.split()) < 70
    assert explained.wrong != explained.right


def test_a_code_is_explained_with_both_examples() -> None:
    result = call("E203")
    assert result.exit_code == 0
    for part in (titles()["E203"], "Wrong:", "  select pT(Jet) > 30", "Right:", "any(pT(Jet)"):
        assert part in result.stdout


def test_a_code_may_be_in_small_letters_and_several_may_be_asked() -> None:
    result = call("e203", "w301")
    assert "E203:" in result.stdout
    assert "W301:" in result.stdout


def test_without_a_code_all_are_listed_one_a_line() -> None:
    lines = call().stdout.splitlines()
    assert lines == [f"{code}  {title}" for code, title in titles().items()]


def test_an_unknown_code_is_answered_with_near_ones() -> None:
    result = call("E2003")
    assert result.exit_code == 2
    assert "no message has the code E2003" in result.stderr
    assert "E203" in result.stderr
    assert "lists all codes" in call("xyz").stderr


def test_what_is_piped_has_no_colours() -> None:
    assert "\x1b[" not in call("E203").stdout


def test_no_color_is_respected_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;31mE203" in call("E203").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in call("E203").stdout


def test_help_shows_an_example() -> None:
    assert "Example:" in call("--help").stdout


def test_the_begin_of_a_code_is_answered_with_those_that_begin_so() -> None:
    result = call("e27")
    assert result.exit_code == 2
    assert "codes that begin so: E270, E271" in result.stderr
    assert "E280" not in result.stderr
