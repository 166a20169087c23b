"""``adl datasets`` and the lists of ``adl run`` on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from adl.runtime.datasets import entries
from tests.commands import adl
from tests.listed_files import ANALYSIS, make

TOP = Path(__file__).parents[1]
EXAMPLE = str(TOP / "examples" / "datasets.yaml")
_DASH = "\N{EN DASH}"
TTBAR = str(TOP / "examples" / "ttbar.adl")


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of a good file, its copy, a broken one, and one without generator weights."""
    make(tmp_path / "a.root", 100, 1, generated=500.0)
    shutil.copy(tmp_path / "a.root", tmp_path / "copy.root")
    make(tmp_path / "d.root", 50, 2, data=True)
    (tmp_path / "bad.root").write_bytes((tmp_path / "a.root").read_bytes()[:2000])
    (tmp_path / "a.adl").write_text(ANALYSIS)
    (tmp_path / "list.yaml").write_text("""
luminosity: 1 /fb
kind: simulation
datasets:
  good: {files: a.root, cross_section: 1}
  copied: {files: copy.root, cross_section: 2}
  broken: {files: [bad.root, d.root], cross_section: 3}
""")
    return tmp_path


def test_schema_prints_the_schema() -> None:
    assert json.loads(adl("datasets", "schema").stdout) == entries.schema()
    jsonschema.Draft202012Validator.check_schema(entries.schema())


def test_show_says_what_a_list_means() -> None:
    assert "508.8" in adl("datasets", "show", EXAMPLE).stdout
    shown = json.loads(adl("datasets", "show", EXAMPLE, "--format", "json").stdout)
    assert [d["name"] for d in shown] == ["zmumu", "ttbar", "wjets"]
    assert shown[1]["luminosity"] == "59.8 /fb"
    assert shown[1]["constants"] == {"x_colour": "red"}
    assert shown[1]["files"] == [str(TOP / "examples" / "sample" / "ttbar.root")]


def test_check_is_content_with_the_example() -> None:
    result = adl("datasets", "check", EXAMPLE, "--analysis", TTBAR)
    assert result.exit_code == 0, result.output
    assert "3 of 3 files, 20,000 events" in result.stdout


def test_check_says_where_files_have_no_counters(tmp_path: Path) -> None:
    make(tmp_path / "with.root", 30, 1, generated=500.0)
    make(tmp_path / "without.root", 30, 2)
    make(tmp_path / "given.root", 30, 3)
    make(tmp_path / "asked.root", 30, 4)
    (tmp_path / "list.yaml").write_text("""
luminosity: 1 /fb
kind: simulation
datasets:
  one: {files: with.root, cross_section: 1}
  two: {files: without.root, cross_section: 2}
  three: {files: given.root, cross_section: 3, sum_of_weights: 7}
""")
    good = adl("datasets", "check", str(tmp_path / "list.yaml"))
    assert good.exit_code == 0, good.output
    sums = {line.split()[0]: line.split()[3] for line in good.stdout.splitlines() if "30" in line}
    assert sums == {"one": "500", "two": _DASH, "three": _DASH}
    assert f"{_DASH}: a file without counters of weights; of two a run takes the sum" in good.stderr
    # A run would lose both: what is asked for is not there, and the others are not alike.
    (tmp_path / "list.yaml").write_text("""
luminosity: 1 /fb
kind: simulation
datasets:
  mixed: {files: [with.root, without.root], cross_section: 1}
  asked: {files: asked.root, cross_section: 1, sum_of_weights: counters}
""")
    bad = adl("datasets", "check", str(tmp_path / "list.yaml"))
    assert bad.exit_code == 2
    assert "without.root: has no counters, unlike other files of mixed" in bad.output
    assert "asked.root: has no counters (Runs.genEventSumw" in bad.output
    assert "1 of 3 files, 30 events" in bad.stdout


def test_check_names_bad_files_copies_and_what_is_missing(listed: Path) -> None:
    arguments = ("datasets", "check", str(listed / "list.yaml"))
    result = adl(*arguments)
    assert result.exit_code == 2
    assert "bad.root: the file is truncated" in result.output
    assert "copy.root: is a copy of" in result.output
    for dataset, line in (("broken", 7), ("copied", 6)):
        assert f"(dataset {dataset}, {listed / 'list.yaml'}:{line})" in result.output
    assert "2 of 4 files, 150 events" in result.stdout
    result = adl(*arguments, "--analysis", str(listed / "a.adl"), "--format", "json")
    assert result.exit_code == 2
    found = {Path(f["file"]).name: f for f in json.loads(result.stdout)}
    assert list(found) == ["a.root", "copy.root", "bad.root", "d.root"]
    assert (found["a.root"]["events"], found["a.root"]["sum_of_weights"]) == (100, 500.0)
    assert found["a.root"]["missing"] == []
    (missing,) = found["d.root"]["missing"]
    assert missing.startswith("E201")
    assert "Pileup_nTrueInt" in missing
    text = adl(*arguments, "--analysis", str(listed / "a.adl"))
    assert "a.adl:4:24: error[E201]" in text.output


def test_a_list_that_is_wrong_has_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("datasets: {a: {fils: x}}\n")
    for words in (("datasets", "check"), ("datasets", "show"), ("run", TTBAR)):
        result = adl(*words, str(tmp_path / "list.yaml"))
        assert result.exit_code == 2
        assert "list.yaml:1:16: error[E502]: unknown field fils" in result.output
        assert "did you mean files?" in result.output
    assert "no such file" in adl("datasets", "show", str(tmp_path / "none.yaml")).output


def test_a_run_over_the_example_prints_processes_side_by_side() -> None:
    result = adl("run", TTBAR, EXAMPLE)
    assert result.exit_code == 0, result.output
    assert "genw · 8265.8" in result.stdout  # 508.8 · 1.63 · 59800 / 6000
    assert "twotag: yields" in result.stdout
    assert "twotag · ttbar · 2018" in result.stdout
    assert "total" in result.stdout
    assert "is over the events of the files" in result.stderr


def test_a_run_over_some_events_of_each_dataset_says_what_they_stand_for() -> None:
    result = adl("run", TTBAR, EXAMPLE, "-n", "1000", "-q")
    assert result.exit_code == 0, result.output
    assert "zmumu, ttbar, wjets is over the events that were run, 1,000 of each" in result.stderr


def test_options_that_the_list_says_are_refused(listed: Path) -> None:
    path = str(listed / "list.yaml")
    for option in (("--data",), ("--era", "2018"), ("--constant", "x=1")):
        result = adl("run", TTBAR, path, *option)
        assert result.exit_code == 2
        assert "the dataset list says it" in result.output
    assert "stands alone" in adl("run", TTBAR, path, str(listed / "a.root")).output
    alone = adl("run", TTBAR, str(listed / "a.root"), "--luminosity", "1 /fb")
    assert "scales a dataset list" in alone.output
    assert "has a unit" in adl("run", TTBAR, path, "--luminosity", "60").output.replace(
        "expected a number and its unit", "has a unit"
    )


def test_a_plain_list_counts_events(listed: Path) -> None:
    (listed / "files.txt").write_text("a.root\n")
    result = adl("run", str(listed / "a.adl"), str(listed / "files.txt"), "-q", "-o", str(listed))
    assert result.exit_code == 0, result.output
    assert "the list is not normalised" in result.stderr
    found = json.loads((listed / "results.json").read_text())
    (cutflow,) = found["cutflows"]
    assert cutflow["process"] == "files"
    assert cutflow["steps"][0]["sumw"] == 100
