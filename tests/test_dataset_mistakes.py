"""Mistakes in dataset lists: each with its code, line and column, and a way out; all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from adl.runtime.datasets.reading import read_list
from adl.syntax.diagnostics import AnalysisError
from tests.commands import adl
from tests.listed_texts import mistakes, read, with_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return with_files(tmp_path)


TOP_OF_LIST = "luminosity: 59.8 /fb\nkind: simulation\ndatasets:\n"

WRONG = {
    "": ["E501 1:1"],
    "datasets: [a\n": ["E501 1:12"],
    "datasets:\n  a: {files: a.root, kind: data}\n  a: {files: b.root, kind: data}\n": ["E501 3:3"],
    "datasets:\n  ? [x]\n  : {files: a.root}\n": ["E501 2:5"],
    "kind: data\n": ["E503 1:1"],
    "kind: dat\ndatasets:\n  a: {files: a.root}\n": ["E504 1:7"],
    "datasets:\n  a: {kind: data}\n": ["E503 2:3"],
    "datasets:\n  a: {files: a.root}\n": ["E503 2:3"],
    "datasets:\n  a: a.root\n": ["E504 2:6"],
    "datasets:\n  a: {files: [], kind: data}\n": ["E504 2:14"],
    "datasets:\n  a: {files: [a.root, 7], kind: data}\n": ["E504 2:23"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: high}}\n": ["E504 4:37"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, colour: red}}\n": ["E502 4:40"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, generator_weight: {{column: w, us: 1}}}}\n": [
        "E502 4:70"
    ],
    f"{TOP_OF_LIST}  a: {{files: a.root}}\n": ["E508 4:3"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 0}}\n": ["E508 4:3"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, kind: data}}\n": ["E508 4:3"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: -1, sum_of_weights: 3}}\n": ["E508 4:3"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, sum_of_weights: -3}}\n": ["E508 4:3"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, k_factor: -2}}\n": ["E508 4:3"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, sum_of_weights: 0}}\n": ["E508 4:3"],
    "luminosity: 59.8\nkind: data\ndatasets:\n  a: {files: a.root}\n": ["E504 1:13"],
    "kind: simulation\ndatasets:\n  a: {files: a.root, cross_section: 1}\n": ["E508 3:3"],
    "luminosity: {2017: 1 /fb}\nkind: simulation\ndatasets:\n"
    "  a: {files: a.root, cross_section: 1, era: 2018}\n": ["E508 4:3"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, process: t, era: 2017}}\n"
    "  b: {files: b.root, cross_section: 1, process: t, era: 2018}\n": ["E508 1:1"],
    f"{TOP_OF_LIST}  a: {{files: [a.root, none/*.root], cross_section: 1}}\n": ["E505 4:23"],
    f"{TOP_OF_LIST}  a: {{files: [a.root, none.txt], cross_section: 1}}\n": ["E505 4:23"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1}}\n"
    "  b: {files: [b.root, ./a.root], cross_section: 2}\n": ["E506 5:23"],
    f"{TOP_OF_LIST}  a: {{files: [a.root, '*.root'], cross_section: 1}}\n": ["E506 4:23"],
    "kind: data\nlumi_mask: none.json\ndatasets:\n  a: {files: a.root}\n": ["E507 2:12"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, split: {{t: x > 1}}}}\n": ["E510 4:40"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, split: {{t: otherwise, u: x > 1}}}}\n": [
        "E510 4:40"
    ],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, split: {{t: x > > 1, u: otherwise}}}}\n": [
        "E101 4:55"
    ],
    f"{TOP_OF_LIST}  total: {{files: a.root, cross_section: 1}}\n": ["E504 4:3"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1}}\n"
    "  b: {files: b.root, kind: data, process: a}\n": ["E504 5:3"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1}}\nstitch: {{w: {{inclusive: [b]}}}}\n": [
        "E509 5:26"
    ],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1}}\nstitch: {{w: {{}}}}\n": ["E504 5:13"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1}}\n"
    "stitch: {w: {inclusive: [a], slices: {s: {when: x > 1, datasets: [a]}}}}\n": ["E509 5:67"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1}}\n"
    "stitch: {w: {inclusive: [a]}, v: {inclusive: [a]}}\n": ["E509 5:47"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, friends: [{{by: event}}]}}\n": [
        "E504 4:50"
    ],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, friends: [{{files: b.root}}, "
    "{files: b.root, prefix: x}]}\n": ["E506 4:67"],
    # All of them come at once.
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_sections: 1}}\n  b: {{kind: data, colour: 3}}\n": [
        "E502 4:22",
        "E503 5:3",
        "E502 5:19",
    ],
}


# Mistakes in values leave what else is wrong to be seen, and make nothing seem wrong that is not.
TOGETHER = {
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: .nan}}\n"
    "  b: {files: none/*.root, cross_section: -1, k_factor: -2}\n": [
        "E504 4:37",
        "E508 5:3",
        "W504 5:3",
        "E505 5:14",
    ],
    # The field with a wrong name is missing under the right one; of b that is not known, either.
    f"{TOP_OF_LIST}  a: {{files: a.root, xsec: 3}}\n  b: {{files: b.root}}\n": [
        "E502 4:22",
        "E508 5:3",
    ],
    "luminosity: 3 fb\nkind: simulation\ndatasets:\n  a: {files: a.root}\n": [
        "E504 1:13",
        "E508 4:3",
    ],
    "lumi: 3 /fb\nkind: simulation\ndatasets:\n  a: {files: none/*.root}\n": [
        "E502 1:1",
        "E505 4:14",
    ],
    "luminosity: {2017: 3}\nkind: simulation\ndatasets:\n"
    "  a: {files: a.root, cross_section: 1, process: t, era: 2017}\n"
    "  b: {files: b.root, cross_section: 1, process: t, era: 2018}\n": ["E504 1:13"],
    # A dataset that cannot be read is a dataset for who names it.
    f"{TOP_OF_LIST}  a: {{cross_section: 1}}\n  b: {{files: b.root, cross_section: 1}}\n"
    "stitch: {w: {inclusive: [a, b, c]}}\n": ["E503 4:3", "E509 6:32"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 1, process: [t]}}\n"
    "  b: {files: b.root, cross_section: 1, process: t, variation: hdamp_up}\n": ["E504 4:49"],
    f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: x}}\n"
    "  b: {files: b.root, cross_section: 1, process: t, variation: hdamp_up}\n": [
        "E504 4:37",
        "E512 5:3",
    ],
    "datasets:\n  a: {files: [a.root, 7], kind: data}\n  b: {files: b.root, kind: dat}\n"
    "  c: {files: sub/c.root}\n": ["E504 2:23", "E504 3:28", "E503 4:3"],
    "kind: data\nlumi_mask: sub/files.txt\ndatasets:\n  a: {files: a.root, events: many}\n": [
        "E507 2:12",
        "E504 4:30",
    ],
}


@pytest.mark.parametrize("text", TOGETHER)
def test_a_wrong_value_hides_no_other_mistake(folder: Path, text: str) -> None:
    assert mistakes(folder, text) == TOGETHER[text]


@pytest.mark.parametrize("text", WRONG)
def test_every_mistake_has_its_place(folder: Path, text: str) -> None:
    assert mistakes(folder, text) == WRONG[text]


def test_an_unknown_field_is_answered_with_a_near_one(folder: Path) -> None:
    text = f"{TOP_OF_LIST}  a: {{files: a.root, cross_sectoin: 1}}\n"
    with pytest.raises(AnalysisError, match="did you mean cross_section"):
        read(folder, text)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("datasets:\n  t: {files: a.root, xsec: 3}\n", "did you mean cross_section?"),
        ("lumi: 3 /fb\ndatasets:\n  t: {files: a.root}\n", "did you mean luminosity?"),
        ("datasets:\n  t: {files: a.root, cross_section: 8 pb}\n", "cross_section: In pb; "),
        ("datasets:\n  t: {files: a.root, kind: mc}\n", "kind: Recorded or simulated events."),
        ("datasets:\n  t:\n    kind: data\n   files: a.root\n", "begin in one column"),
        ("datasets:\n  t:\n\tfiles: a.root\n", "begin in one column"),
        ("datasets:\n  t:\n    kind: data\n      files: a.root\n", "begin in one column"),
    ],
)
def test_a_mistake_in_a_list_has_a_way_out(folder: Path, text: str, help: str) -> None:
    with pytest.raises(AnalysisError) as raised:
        read(folder, text)
    assert any(help in found.help for found in raised.value.diagnostics)


def test_a_cross_section_of_0_is_not_called_missing(folder: Path) -> None:
    with pytest.raises(AnalysisError, match="the cross-section of a is 0"):
        read(folder, f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: 0}}\n")


@pytest.mark.parametrize("sumw", ["-3", "events"])
def test_an_interference_can_have_a_negative_cross_section(folder: Path, sumw: str) -> None:
    text = f"{TOP_OF_LIST}  a: {{files: a.root, cross_section: -1, sum_of_weights: {sumw}}}\n"
    (folder / "list.yaml").write_text(text)
    found, (told,) = read_list(str(folder / "list.yaml"))
    assert found.datasets[0].cross_section == -1
    assert (told.code, text[told.span.start]) == ("W504", "a")


# What has no names: text, the name of its file, and what it is told to be.
NO_MAPPING = [
    ("hello", "list.yaml", "a text"),
    ('"datasets"', "list.yaml", "a text"),
    ("- a\n- b", "list.yaml", "a list without names"),
    ("3", "list.yaml", "a number"),
    ("2.5", "list.yaml", "a number"),
    ("true", "list.yaml", "a truth value"),
    ("null", "list.yaml", "nothing"),
    ("[]", "list.json", "a list without names"),
    ("3", "list.json", "a number"),
    ("null", "list.json", "nothing"),
    ('"a"', "list.json", "a text"),
]


@pytest.mark.parametrize(("text", "name", "what"), NO_MAPPING)
def test_a_text_without_names_is_no_list(folder: Path, text: str, name: str, what: str) -> None:
    with pytest.raises(AnalysisError) as raised:
        read(folder, f"\n{text}\n", name)
    (found,) = raised.value.diagnostics
    assert (found.code, found.span.start) == ("E504", 1)
    assert found.message == f"a dataset list has `name: …` lines, and this is {what}"
    assert "as in datasets: {ttbar: {kind: simulation, files: " in found.help


def test_no_command_takes_a_list_without_names(folder: Path) -> None:
    (folder / "list.yaml").write_text("hello\n")
    (folder / "a.adl").write_text("region r\n  select MET > 30\n")
    name, analysis = str(folder / "list.yaml"), str(folder / "a.adl")
    for words in (
        ("datasets", "check", name),
        ("datasets", "show", name),
        ("run", analysis, name),
        ("plan", analysis, name),
        ("diff", analysis, analysis, name),
        ("compare-targets", analysis, name),
    ):
        result = adl(*words)
        assert (result.exit_code, "list.yaml:1:1: error[E504]" in result.output) == (2, True), words


# Lists of other tools: what is of the wrong kind in them has its place, too.
FOREIGN = {
    '{"a": {"files": {"b.root": "E"},\n "metadata": {"xs": "high",\n "process": 3}},\n'
    ' "b": {"files": [3]}}': ["E504 2:21", "E504 3:13", "E504 4:18"],
    '{"samples":\n {"a": true}}': ["E504 2:8"],
    '{"samples": {"a": {"files": "a.root"}},\n "friends": [1]}': ["E504 2:13"],
    '{"samples": {"a": {"files": "a.root",\n "trees": [{}]}}}': ["E504 2:11"],
    '{"samples": {"a": {"files": "a.root",\n "metadata": 3}}}': ["E504 2:14"],
}


@pytest.mark.parametrize("text", FOREIGN)
def test_mistakes_in_lists_of_other_tools_have_their_places(folder: Path, text: str) -> None:
    assert mistakes(folder, text, "foreign.json") == FOREIGN[text]
