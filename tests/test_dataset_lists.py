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
from adl.runtime.datasets.masks import read_mask
from adl.runtime.datasets.quantities import luminosity
from adl.runtime.datasets.reading import CONDITION, read_list
from adl.runtime.datasets.texts import read_yaml
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.listed_texts import mistakes, read, with_files

TOP = Path(__file__).parents[1]
PUBLISHED = TOP / "runtime" / "datasets" / "datasets.schema.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return with_files(tmp_path)


def test_the_published_schema_is_that_of_the_models() -> None:
    assert json.loads(PUBLISHED.read_text()) == entries.schema()


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
        ("process: other, era: '2018', variation: ' Nominal'}", ["E504"]),
        ("process: other, era: '2018', variation: nominalUp}", ["E504"]),
        ("process: other, era: '2018', variation: otherUpUp}", []),
        ("process: systematics, era: '2018'}", ["E504"]),
        ("process: other, era: rates}", ["E504"]),
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


@pytest.mark.parametrize("word", ["nominal", "Nominal", ""])
def test_nominal_is_no_variation_of_a_coffea_fileset(folder: Path, word: str) -> None:
    text = {"x": {"files": ["a.root"], "metadata": {"variation": word}}}
    (one,) = read(folder, json.dumps(text), "fileset.json").datasets
    assert one.variation == ""


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
