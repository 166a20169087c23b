"""Reading dataset lists: what they mean, and every mistake with its code, line and column."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml

from adl.runtime.datasets import entries
from adl.runtime.datasets.lists import DatasetList
from adl.runtime.datasets.masks import read_mask
from adl.runtime.datasets.quantities import luminosity
from adl.runtime.datasets.reading import CONDITION, read_list
from adl.runtime.datasets.texts import read_yaml
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source

TOP = Path(__file__).parents[1]
PUBLISHED = TOP / "runtime" / "datasets" / "datasets.schema.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.root", "b.root", "sub/c.root"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "sub" / "files.txt").write_text("# two files\n\nc.root\n../b.root  # the other\n")
    return tmp_path


def read(folder: Path, text: str, name: str = "list.yaml") -> DatasetList:
    (folder / name).write_text(text)
    return read_list(str(folder / name))[0]


def mistakes(folder: Path, text: str, name: str = "list.yaml") -> list[str]:
    """Return the code, line and column of every mistake."""
    try:
        read(folder, text, name)
    except AnalysisError as error:
        places = [error.source.position(d.span.start) for d in error.diagnostics]
        return [
            f"{d.code} {line}:{column}"
            for d, (line, column) in zip(error.diagnostics, places, strict=True)
        ]
    return []


def test_the_published_schema_is_that_of_the_models() -> None:
    assert json.loads(PUBLISHED.read_text()) == entries.schema()


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
    assert help in raised.value.diagnostics[0].help


VARIED = """
normalise: false
kind: simulation
datasets:
  old: {files: a.root, process: top, era: "2017"}
  both: {files: b.root, era: "2018", split: {top: "MET > 50", other: otherwise}}
"""


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("process: top, era: '2017', variation: hdamp_up}", ["W503"]),
        ("process: other, era: '2018', variation: hdamp_up}", []),
        ("process: top, variation: hdamp_up}", ["W503"]),
        ("process: w, era: '2018', variation: hdamp_up}", ["E512"]),
        ("process: other, era: '2018', variation: nominal}", ["E504"]),
        ("era: '2018', variation: x, split: {top: MET > 50, more: otherwise}}", ["E512", "W503"]),
    ],
)
def test_a_variation_is_of_a_process_in_all_of_its_eras(
    folder: Path, entry: str, found: list[str]
) -> None:
    text = f"{VARIED}  varied: {{files: sub/c.root, {entry}\n"
    (folder / "list.yaml").write_text(text)
    try:
        findings = read_list(str(folder / "list.yaml"))[1]
    except AnalysisError as error:
        findings = error.diagnostics
    assert sorted(d.code for d in findings) == found
    for one in findings:
        assert text[one.span.start : one.span.end] == "varied"


def test_a_file_of_corrections_is_no_list(folder: Path) -> None:
    text = '{"schema_version": 2, "corrections": []}'
    assert mistakes(folder, text, "corrections.json") == ["E501 1:1"]


def test_the_schema_takes_the_example() -> None:
    document = yaml.safe_load((TOP / "examples" / "datasets.yaml").read_text())
    jsonschema.validate(document, entries.schema())
    document["datasets"]["ttbar"]["colour"] = "red"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, entries.schema())


def test_a_dataset_has_what_the_list_says_of_all(folder: Path) -> None:
    text = """
luminosity: {2017: 41.5 /fb, 2018: "59.8 fb-1"}
kind: simulation
k_factor: 1.2
x-tag: all
datasets:
  one: {files: [a.root, sub/files.txt], cross_section: 1e3, era: 2018, x-n-jets: 3}
"""
    (one,) = read(folder, text).datasets
    assert [Path(f).relative_to(folder).as_posix() for f in one.files] == [
        "a.root",
        "sub/c.root",
        "b.root",
    ]
    assert (one.kind, one.process, one.era) == ("simulation", "one", "2018")
    assert (one.cross_section, one.k_factor, one.luminosity) == (1000.0, 1.2, 59800.0)
    assert one.constants == {"x_tag": "all", "x_n_jets": 3}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("59.8 /fb", 59800.0),
        ("59.8/fb", 59800.0),
        ("59.8 fb-1", 59800.0),
        ("59.8 fb^-1", 59800.0),
        ("1000 1/pb", 1000.0),
        ("3e-3 /ab", 3000.0),
        ("36000 nb-1", 36.0),
    ],
)
def test_luminosities_have_a_unit(text: str, value: float) -> None:
    assert luminosity(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("text", [59.8, "59.8", "59.8 fb", "fb-1", "-3 /fb", "1.2.3 /fb", "0 /fb"])
def test_what_is_no_luminosity_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="luminosity"):
        luminosity(text)


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


@pytest.mark.parametrize("text", WRONG)
def test_every_mistake_has_its_place(folder: Path, text: str) -> None:
    assert mistakes(folder, text) == WRONG[text]


def test_an_unknown_field_is_answered_with_a_near_one(folder: Path) -> None:
    text = f"{TOP_OF_LIST}  a: {{files: a.root, cross_sectoin: 1}}\n"
    with pytest.raises(AnalysisError, match="did you mean cross_section"):
        read(folder, text)


GOLDEN = {
    "{": ["E501 1:1"],
    "[1, 2]": ["E507 1:1"],
    '{"297050": [[1, 5]],\n "x": [[1, 2]]}': ["E507 2:2"],
    '{"297050": [[1, 5], [7]]}': ["E507 1:21"],
    '{"297050": [[5, 1]]}': ["E507 1:13"],
    '{"297050": [[1.5, 2]]}': ["E507 1:14"],
    '{"297050": 1}': ["E507 1:2"],
}


@pytest.mark.parametrize("golden", GOLDEN)
def test_a_lumi_mask_that_is_none_is_shown(folder: Path, golden: str) -> None:
    (folder / "golden.json").write_text(golden)
    text = "kind: data\nlumi_mask: golden.json\ndatasets:\n  a: {files: a.root}\n"
    with pytest.raises(AnalysisError) as caught:
        read(folder, text)
    assert caught.value.source.name.endswith("golden.json")
    (found,) = caught.value.diagnostics
    line, column = caught.value.source.position(found.span.start)
    assert [f"{found.code} {line}:{column}"] == GOLDEN[golden]


def test_a_lumi_mask_holds_its_blocks_and_no_others() -> None:
    rng = np.random.default_rng(1)
    golden: dict[str, list[list[int]]] = {
        str(run): [sorted(rng.integers(0, 60, 2).tolist()) for _ in range(rng.integers(0, 5))]
        for run in (1, 2, 5, 2**32 - 1)
    }
    mask = read_mask(Source("golden.json", json.dumps(golden)))
    run = rng.choice(np.array([0, 1, 2, 3, 5, 2**32 - 1], np.uint32), 3000)
    block = rng.integers(0, 65, 3000).astype(np.uint32)
    expected = [
        any(low <= b <= high for low, high in golden.get(str(r), []))
        for r, b in zip(run.tolist(), block.tolist(), strict=True)
    ]
    assert mask.holds(run, block).tolist() == expected
    assert not read_mask(Source("golden.json", "{}")).holds(run, block).any()


# ------------------------------------------------------------------------ lists of others


def test_a_plain_text_is_one_dataset(folder: Path) -> None:
    found = read(folder, "a.root\n# not this one\nsub/*.root\n", "mine.txt")
    assert not found.normalise
    (one,) = found.datasets
    assert one.name == "mine"
    assert [Path(f).name for f in one.files] == ["a.root", "c.root"]
    assert mistakes(folder, "# nothing\n", "mine.txt") == ["E501 1:1"]
    assert mistakes(folder, "a.root\n none/*.root\n", "mine.txt") == ["E505 2:2"]


COFFEA: dict[str, Any] = {
    "ttbar__nominal": {
        "files": {"a.root": "Events", "b.root": {"object_path": "Events", "steps": [[0, 10]]}},
        "metadata": {"process": "ttbar", "variation": "nominal", "xsec": 729.84, "nevts": 1e6},
    },
    "data": {"files": ["sub/c.root"], "metadata": {"is_data": True, "year": 2018}},
}


def test_a_coffea_fileset_is_read_as_it_is(folder: Path) -> None:
    found = read(folder, json.dumps(COFFEA), "fileset.json")
    assert not found.normalise
    top, data = found.datasets
    assert (top.process, top.cross_section, top.tree) == ("ttbar", 729.84, "Events")
    assert top.constants == {"x_nevts": 1e6}
    assert [Path(f).name for f in top.files] == ["a.root", "b.root"]
    assert (data.kind, data.era) == ("data", "2018")
    (plain,) = read(folder, json.dumps({"x": ["a.root"]}), "fileset.json").datasets
    assert plain.name == "x"


def test_a_coffea_fileset_with_a_luminosity_is_normalised(folder: Path) -> None:
    COFFEA["ttbar__nominal"]["metadata"]["is_mc"] = True
    (folder / "fileset.json").write_text(json.dumps(COFFEA))
    found, _ = read_list(str(folder / "fileset.json"), 1000.0)
    assert found.normalise
    assert found.datasets[0].luminosity == 1000.0
    del COFFEA["ttbar__nominal"]["metadata"]["xsec"]
    (folder / "fileset.json").write_text(json.dumps(COFFEA, indent=1))
    with pytest.raises(AnalysisError, match=r"fileset.json:2:2: error\[E508\]"):
        read_list(str(folder / "fileset.json"), 1000.0)


def test_a_from_spec_list_is_read_as_it_is(folder: Path) -> None:
    spec: dict[str, Any] = {
        "samples": {
            "zz": {
                "trees": ["mini"],
                "files": ["a.root", "b.root"],
                "metadata": {"xsecs": 1.3, "sample_category": "mc"},
            }
        }
    }
    (one,) = read(folder, json.dumps(spec), "spec.json").datasets
    assert (one.name, one.tree, one.cross_section) == ("zz", "mini", 1.3)
    assert one.constants == {"x_sample_category": "mc"}
    spec["range"] = [0, 100]
    assert mistakes(folder, json.dumps(spec, indent=1), "spec.json") == ["E190 17:2"]
    assert mistakes(folder, '{"samples": \n  {"a": 1,}}', "spec.json") == ["E501 2:11"]


def test_friends_of_a_from_spec_list_are_joined_by_entry(folder: Path) -> None:
    spec: dict[str, Any] = {
        "samples": {
            "one": {"trees": ["Events"], "files": ["a.root"]},
            "two": {"trees": ["Events"], "files": ["b.root"]},
        },
        "friends": {"scores": {"trees": ["Scores"], "files": ["b.root", "a.root"]}},
    }
    found = read(folder, json.dumps(spec), "spec.json").datasets
    friends = [d.friends for d in found]
    assert [(Path(f.files[0]).name, f.tree, f.by) for (f,) in friends] == [
        ("b.root", "Scores", "entry"),
        ("a.root", "Scores", "entry"),
    ]
    spec["friends"]["scores"]["files"].pop()
    assert mistakes(folder, json.dumps(spec), "spec.json")[0].startswith("E504")


MANUAL = (TOP / "grammar" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_lists_of_the_manual_are_right(block: str) -> None:
    source = Source("manual", block if block[0] != " " else f"datasets:\n{block}")
    document = read_yaml(source).data
    part = {"datasets": {"a": {"files": "a.root", "kind": "data"}}, **document}
    entry = entries.ListEntry.model_validate(part)
    conditions = [c for d in entry.datasets.values() for c in d.split.values()]
    conditions += [s.when for stitch in entry.stitch.values() for s in stitch.slices.values()]
    for condition in conditions:
        parse(Source("manual", f"{CONDITION}{condition}\n"))


def test_the_manual_shows_lists() -> None:
    shown = [set(read_yaml(Source("manual", block)).data) for block in BLOCKS]
    assert {"luminosity", "datasets", "ttbar", "stitch"} <= set().union(*shown)
