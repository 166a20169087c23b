"""The writers of results: results.json, results.zip and the tables on the terminal."""

from __future__ import annotations

import copy
import dataclasses
import importlib.resources
import io
import json
import math
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boost_histogram as bh
import jsonschema
import numpy as np
import pytest
import uhi.io.json
import uhi.io.zip
from rich.console import Console

from adl.cli.tables import print_cutflows
from adl.runtime.outputs import OutputError, json_, replacing
from adl.runtime.outputs.json_ import results_to_dict, write_json
from adl.runtime.results import BinCount, Cutflow, Histogram, Process, Results, Step

if TYPE_CHECKING:
    WeightHist = bh.Histogram[bh.storage.Weight]


TTBAR = Process("ttbar", "TTTo2L2Nu", era="2018", is_data=False)
STEPS = (
    Step("all events", 1_234_567, 1_234_567.0, 1_234_567.0),
    Step("select jets[0].pt > 100", 100_000, 100_000.0, 100_000.0, missing=12),
    Step("weight xs 0.25", 100_000, 25_000.0, 6_250.0, weight=True),
    Step("select MET > 200", 25_000, 6_250.0, 1_562.5),
)
BINS = (BinCount("MET 200 300", 1_000, 250.0, 62.5), BinCount("MET 300 500", 0, 0.0, 0.0))


def filled(*axes: bh.axis.Axis) -> WeightHist:
    """A histogram with another irrational number in each cell and its variance, flow in."""
    hist = bh.Histogram(*axes, storage=bh.storage.Weight())
    cells = hist.view(flow=True)
    numbers = np.arange(1.0, 1.0 + cells.size).reshape(cells.shape)
    cells.value = np.sqrt(numbers)
    cells.variance = np.cbrt(numbers)
    return hist


HISTS = (
    filled(bh.axis.Regular(7, 0.1, 0.7)),
    filled(bh.axis.Variable([0.0, 0.1, 1.0 / 3.0, 250.0])),
    filled(bh.axis.Regular(3, -math.pi, math.pi), bh.axis.Variable([0.0, 1.5, 2.0])),
    filled(bh.axis.StrCategory(["nominal", "jes_up"]), bh.axis.Regular(2, 0.0, 1.0)),
)


def cutflow(
    steps: tuple[Step, ...] = STEPS,
    bins: tuple[BinCount, ...] = (),
    process: Process = TTBAR,
    variation: str = "nominal",
    region: str = "SR",
) -> Cutflow:
    return Cutflow(process, variation, region, steps, bins)


def histograms(*hists: WeightHist) -> tuple[Histogram, ...]:
    return tuple(
        Histogram(TTBAR, "nominal", "SR", f"h{number}", "a title;x;y", hist, skipped=number)
        for number, hist in enumerate(hists)
    )


def results(*items: Cutflow | Histogram) -> Results:
    return Results(
        version="1.2.3",
        analysis="search.adl",
        dialect="adl",
        events=1_234_567,
        cutflows=tuple(item for item in items if isinstance(item, Cutflow)),
        histograms=tuple(item for item in items if isinstance(item, Histogram)),
        files=(
            {"path": "a.root", "events": 1_234_567, "error": ""},
            {"path": "b.root", "events": 0, "error": "truncated"},
        ),
    )


def written(data: Results, directory: Path) -> dict[str, Any]:
    """The document as it is read back, after a check that it is strict JSON and fits the schema."""
    write_json(data, directory)
    text = (directory / "results.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text, parse_constant=pytest.fail)
    validator().validate(document)
    return document


def validator() -> jsonschema.Draft202012Validator:
    file = importlib.resources.files("adl.runtime.outputs") / "results.schema.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def assert_same_bits(read: WeightHist, hist: WeightHist) -> None:
    assert read.axes == hist.axes
    assert read.view(flow=True).dtype == hist.view(flow=True).dtype
    assert read.view(flow=True).tobytes() == hist.view(flow=True).tobytes()


def test_the_document_has_every_number_of_the_results(tmp_path: Path) -> None:
    document = written(results(cutflow(bins=BINS), *histograms(HISTS[0])), tmp_path)
    labels = {
        "process": "ttbar",
        "dataset": "TTTo2L2Nu",
        "era": "2018",
        "is_data": False,
        "variation": "nominal",
        "region": "SR",
    }
    hist = document["histograms"][0].pop("hist")
    assert hist["storage"]["values"] == HISTS[0].values(flow=True).tolist()
    assert document == {
        "adlc": "1.2.3",
        "analysis": "search.adl",
        "dialect": "adl",
        "events": 1_234_567,
        "faults": [],
        "files": [
            {"path": "a.root", "events": 1_234_567, "error": ""},
            {"path": "b.root", "events": 0, "error": "truncated"},
        ],
        "cutflows": [
            {
                **labels,
                "title": "",
                "steps": [
                    {
                        "label": "all events",
                        "raw": 1_234_567,
                        "sumw": 1_234_567.0,
                        "sumw2": 1_234_567.0,
                        "missing": 0,
                    },
                    {
                        "label": "select jets[0].pt > 100",
                        "raw": 100_000,
                        "sumw": 100_000.0,
                        "sumw2": 100_000.0,
                        "missing": 12,
                    },
                    {
                        "label": "select MET > 200",
                        "raw": 25_000,
                        "sumw": 6_250.0,
                        "sumw2": 1_562.5,
                        "missing": 0,
                    },
                ],
                "weights": [
                    {
                        "label": "weight xs 0.25",
                        "raw": 100_000,
                        "sumw": 25_000.0,
                        "sumw2": 6_250.0,
                        "skipped": 0,
                        "after": 1,
                    }
                ],
                "bins": [
                    {"label": "MET 200 300", "raw": 1_000, "sumw": 250.0, "sumw2": 62.5},
                    {"label": "MET 300 500", "raw": 0, "sumw": 0.0, "sumw2": 0.0},
                ],
            }
        ],
        "systematics": [],
        "histograms": [{**labels, "name": "h0", "title": "a title;x;y", "skipped": 0}],
    }


def test_the_file_holds_what_results_to_dict_returns(tmp_path: Path) -> None:
    data = results(cutflow(bins=BINS), *histograms(*HISTS))
    assert written(data, tmp_path) == results_to_dict(data)


@pytest.mark.parametrize("hist", HISTS, ids=["uniform", "variable", "2d", "variations"])
def test_a_histogram_comes_back_from_the_file_bit_for_bit(tmp_path: Path, hist: WeightHist) -> None:
    [entry] = written(results(*histograms(hist)), tmp_path)["histograms"]
    read = json.loads(json.dumps(entry["hist"]), object_hook=uhi.io.json.object_hook)
    assert_same_bits(bh.Histogram(read), hist)


def test_histograms_in_the_file_follow_the_uhi_schema(tmp_path: Path) -> None:
    schema = importlib.resources.files("uhi.resources") / "histogram.schema.json"
    uhi_validator = jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8")))
    entries = written(results(*histograms(*HISTS)), tmp_path)["histograms"]
    assert len(entries) == len(HISTS)
    for entry in entries:
        uhi_validator.validate(entry["hist"])


@pytest.mark.parametrize("limit", ["MAX_HISTOGRAMS", "MAX_BINS"])
def test_very_many_histograms_go_into_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(json_, limit, len(HISTS) - 1)
    entries = written(results(*histograms(*HISTS)), tmp_path)["histograms"]
    with zipfile.ZipFile(tmp_path / "results.zip") as archive:
        for entry, hist in zip(entries, HISTS, strict=True):
            assert_same_bits(bh.Histogram(uhi.io.zip.read(archive, entry["hist"])), hist)


def test_a_thousand_histograms_are_not_very_many(tmp_path: Path) -> None:
    [histogram] = histograms(HISTS[0])
    entries = written(results(*[histogram] * 1_000), tmp_path)["histograms"]
    assert all(isinstance(entry["hist"], dict) for entry in entries)
    entries = written(results(*[histogram] * 1_001), tmp_path)["histograms"]
    assert len({entry["hist"] for entry in entries}) == 1_001


def test_a_histogram_that_json_cannot_hold_goes_into_the_archive(tmp_path: Path) -> None:
    endless = filled(bh.axis.Variable([0.0, 100.0, math.inf]))
    overflown = copy.deepcopy(HISTS[0])
    overflown[2] = bh.accumulators.WeightedSum(math.inf, math.nan)
    entries = written(results(*histograms(endless, HISTS[0], overflown)), tmp_path)["histograms"]
    assert [entry["hist"] for entry in entries[::2]] == ["000000_ttbar_SR_h0", "000002_ttbar_SR_h2"]
    assert entries[1]["hist"]["uhi_schema"] == 1
    with zipfile.ZipFile(tmp_path / "results.zip") as archive:
        for entry, hist in ((entries[0], endless), (entries[2], overflown)):
            assert_same_bits(bh.Histogram(uhi.io.zip.read(archive, entry["hist"])), hist)


def test_an_archive_of_an_earlier_run_does_not_outlive_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = results(*histograms(HISTS[0]))
    with monkeypatch.context() as patch:
        patch.setattr(json_, "MAX_HISTOGRAMS", 0)
        write_json(data, tmp_path)
    assert (tmp_path / "results.zip").exists()
    write_json(data, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


def test_a_sum_of_weights_that_is_not_finite_is_null(tmp_path: Path) -> None:
    steps = (STEPS[0], Step("weight sf", 2, math.nan, math.inf, weight=True))
    bins = (BinCount("all", 2, -math.inf, math.nan),)
    [entry] = written(results(cutflow(steps, bins)), tmp_path)["cutflows"]
    assert (entry["weights"][0]["sumw"], entry["weights"][0]["sumw2"]) == (None, None)
    assert (entry["bins"][0]["sumw"], entry["bins"][0]["sumw2"]) == (None, None)


@pytest.mark.parametrize("label", ['select "Δφ" > 0.4\n  and pt >= 30', os.fsdecode(b"\xff")])
def test_text_is_kept_as_it_is(tmp_path: Path, label: str) -> None:
    [entry] = written(results(cutflow((Step(label, 0, 0.0, 0.0),))), tmp_path)["cutflows"]
    assert entry["steps"][0]["label"] == label


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("events",), -1),
        (("cutflows", 0, "steps"), []),
        (("cutflows", 0, "steps", 0, "raw"), 1.5),
        (("cutflows", 0, "steps", 0, "sumw"), "NaN"),
        (("cutflows", 0, "is_data"), "no"),
        (("cutflows", 0, "unheard"), 1),
        (("histograms", 0, "hist"), None),
        (("histograms", 0, "hist", "storage", "type"), "double"),
    ],
)
def test_the_schema_refuses(path: tuple[str | int, ...], value: object) -> None:
    document = results_to_dict(results(cutflow(), *histograms(HISTS[0])))
    assert validator().is_valid(document)
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert not validator().is_valid(document)


def test_the_schema_describes_every_field() -> None:
    def undescribed(schema: Any, path: str) -> list[str]:
        if isinstance(schema, list):
            return [name for item in schema for name in undescribed(item, path)]
        if not isinstance(schema, dict):
            return []
        found = []
        for key, item in schema.items():
            if key in ("properties", "$defs"):
                for name, field in item.items():
                    if not {"description", "$ref"} & field.keys():
                        found.append(f"{path}/{name}")
                    found += undescribed(field, f"{path}/{name}")
            else:
                found += undescribed(item, path)
        return found

    assert undescribed(validator().schema, "") == []


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("old")
    with pytest.raises(UnicodeEncodeError), replacing(tmp_path, "results.json") as file:
        file.writelines(text.encode("ascii") for text in ("new", "Δφ"))
    assert (tmp_path / "results.json").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("old")
    with replacing(tmp_path, "results.json") as file:
        file.write(b"new")
        file.flush()
        assert (tmp_path / "results.json").read_text() == "old"
    assert (tmp_path / "results.json").read_text() == "new"


def test_a_missing_directory_is_made(tmp_path: Path) -> None:
    assert written(results(), tmp_path / "a" / "b")["cutflows"] == []


def test_a_directory_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    directory = tmp_path / "file" / "out"
    with pytest.raises(OutputError) as caught:
        write_json(results(), directory)
    assert str(caught.value) == f"cannot write results.json in {directory}: Not a directory"


def test_a_file_that_cannot_be_replaced_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "results.json").mkdir()
    with pytest.raises(OutputError, match=r"results.json in .*: Is a directory"):
        write_json(results(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def printed(*cutflows: Cutflow, width: int = 100) -> str:
    """What the tables look like, without the blanks at the ends of lines."""
    console = Console(file=io.StringIO(), width=width)
    print_cutflows(results(*cutflows), console)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()).strip()


def row(text: str, label: str) -> list[str]:
    """The words that follow a label in its row."""
    [line] = [line for line in text.splitlines() if line.strip().startswith(label)]
    return line.strip().removeprefix(label).split()


def test_a_table_shows_counts_yields_efficiencies_and_the_mean_of_a_weight() -> None:
    text = printed(cutflow())
    assert text.splitlines()[0] == "SR · ttbar · TTTo2L2Nu · 2018"
    assert row(text, "step") == ["events", "yield", "of", "previous", "of", "all", "missing"]
    assert row(text, "all events") == [
        *("1,234,567", "1,234,567", "±", "1,111", "100.00%", "0"),
    ]
    assert row(text, "select jets[0].pt > 100") == [
        *("100,000", "100,000", "±", "316", "8.10%", "8.10%", "12"),
    ]
    assert row(text, "weight xs 0.25") == ["100,000", "25,000", "±", "79", "mean", "0.25", "0"]
    assert row(text, "select MET > 200") == [
        *("25,000", "6,250", "±", "40", "25.00%", "2.03%", "0"),
    ]


def test_a_second_weight_shows_its_own_mean() -> None:
    steps = (
        Step("all events", 4, 4.0, 4.0),
        Step("weight a", 4, 2.0, 1.0, weight=True),
        Step("weight b", 4, 6.0, 9.0, weight=True),
    )
    assert row(printed(cutflow(steps)), "weight b")[-2:] == ["mean", "3"]


def test_without_weights_the_yield_is_the_number_of_events() -> None:
    text = printed(cutflow(STEPS[:1], (BinCount("low", 49, 49.0, 49.0),)))
    assert row(text, "bin ") == ["events", "yield"]
    assert row(text, "low") == ["49", "49.0", "±", "7.0"]


def test_weights_that_sum_to_the_number_of_events_are_still_weights() -> None:
    steps = (Step("all events", 2, 2.0, 2.5),)
    assert row(printed(cutflow(steps)), "all events") == ["2", "2.0", "±", "1.6", "100.00%"]


def test_bins_are_a_second_table() -> None:
    text = printed(cutflow(bins=BINS))
    assert "bins of SR" in text
    assert row(text, "MET 200 300") == ["1,000", "250.0", "±", "7.9"]
    assert row(text, "MET 300 500") == ["0", "0", "±", "0"]


def test_a_region_without_events_has_no_efficiency() -> None:
    steps = (
        Step("all events", 0, 0.0, 0.0),
        Step("select ALL", 0, 0.0, 0.0),
        Step("weight x", 0, 0.0, 0.0, weight=True),
        Step("select y > 1", 0, math.nan, math.nan),
    )
    text = printed(cutflow(steps))
    dash = "\N{EN DASH}"
    assert row(text, "all events") == ["0", "0", "±", "0", dash]
    assert row(text, "select ALL") == ["0", "0", "±", "0", dash, dash]
    assert row(text, "weight x") == ["0", "0", "±", "0", "mean", dash]
    assert row(text, "select y > 1") == ["0", "nan", "±", "nan", dash, dash]


@pytest.mark.parametrize(
    ("sumw", "sumw2", "text"),
    [
        (1.23456, 0.0123**2, "1.235 ± 0.012"),
        (-5.25, 9.0, "-5.2 ± 3.0"),
        (1e7, 1e14, "10,000,000 ± 10,000,000"),
        (1.25e-9, 1e-20, "1.25e-09 ± 1.0e-10"),
        (math.inf, 1.0, "inf ± 1.0"),
    ],
)
def test_a_yield_ends_with_the_second_digit_of_its_error(
    sumw: float, sumw2: float, text: str
) -> None:
    assert row(printed(cutflow((Step("all events", 3, sumw, sumw2),))), "all events") == [
        *("3", *text.split(), "100.00%"),
    ]


def test_brackets_in_a_statement_are_not_markup() -> None:
    label = "select [bold]jets[0].pt[/bold] > [red] 3"
    steps = (STEPS[0], dataclasses.replace(STEPS[1], label=label))
    assert label in printed(cutflow(steps), width=200)


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_narrow_terminal_loses_nothing(width: int) -> None:
    label = "select jets[0].pt > 100 and averyveryveryveryveryverylongname"
    step = dataclasses.replace(STEPS[1], label=label)
    lines = printed(cutflow((STEPS[0], step, STEPS[2])), width=width).splitlines()
    [header] = [line for line in lines if "yield" in line]
    assert header.split() == ["step", "events", "yield", "of", "previous", "of", "all", "missing"]
    assert "1,234,567   1,234,567 ± 1,111" in "\n".join(lines)
    numbers = header.index("events") + len("events") - len("1,234,567")
    labels = "".join(line[:numbers] for line in lines[lines.index(header) + 2 :])
    assert "".join(labels.split()) == "".join(f"all events {label} weight xs 0.25".split())


def test_tables_are_plain_text_where_the_output_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    outputs = []
    for is_terminal in (None, True):
        console = Console(file=(file := io.StringIO()), force_terminal=is_terminal)
        print_cutflows(results(cutflow()), console)
        outputs.append(file.getvalue())
    assert ["\x1b" in output for output in outputs] == [False, True]


def test_a_table_names_its_variation_unless_it_is_the_nominal_one() -> None:
    nameless = Process("", "")
    text = printed(
        cutflow(process=nameless), cutflow(process=nameless, variation="jes_up", region="CR")
    )
    titles = [line for line in text.splitlines() if line.startswith(("SR", "CR"))]
    assert titles == ["SR", "CR · jes_up"]
