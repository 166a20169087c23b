"""results.root, read back by uproot and by ROOT itself.

ROOT is taken from the interpreter that ADL_ROOT_PYTHON names, else from this one. It runs in a
process of its own, since it replaces signal handlers and warns when it is imported.
"""

from __future__ import annotations

import functools
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boost_histogram as bh
import numpy as np
import numpy.typing as npt
import pytest
import uproot

from adl.runtime.outputs import OutputError
from adl.runtime.outputs.root import write_root
from adl.runtime.results import BinCount, Cutflow, Histogram, Process, Results, Step

if TYPE_CHECKING:
    WeightHist = bh.Histogram[bh.storage.Weight]

Objects = dict[str, dict[str, Any]]  # path: what is in the object

TTBAR = Process("ttbar", "TTTo2L2Nu", era="2018", is_data=False)
LONG = "select " + " or ".join(f"jets[{number}].pt > 100" for number in range(20))
STEPS = (
    Step("all events", 1000, 1000.0, 1000.0),
    Step('select "Δφ" > 0.4', 100, 100.0, 100.0, missing=12),
    Step("weight xs 0.25", 100, 25.0, 6.25, weight=True),
    Step(LONG, 10, -0.3, 0.7),
    Step(LONG, 10, -0.3, 0.7),
)
BINS = (BinCount("MET 200 300", 9, 2.25, 0.5625), BinCount("MET 300 500", 0, 0.0, 0.0))

# Prints {path: object} of the file that it is given. ROOT's global bin number runs over all cells.
ROOT_SCRIPT = """
import json, sys, ROOT

def axis(axis):
    labels = [axis.GetBinLabel(number) for number in range(1, axis.GetNbins() + 1)]
    return {
        "title": str(axis.GetTitle()),
        "edges": [axis.GetBinLowEdge(number) for number in range(1, axis.GetNbins() + 2)],
        "uniform": not axis.IsVariableBinSize(),
        "labels": labels if any(labels) else None,
    }

def objects(directory, path):
    for key in directory.GetListOfKeys():
        item = key.ReadObj()
        if item.InheritsFrom("TDirectory"):
            yield from objects(item, path + key.GetName() + "/")
            continue
        cells = range(item.GetNcells())
        yield f"{path}{key.GetName()};{key.GetCycle()}", {
            "class": item.ClassName(),
            "title": str(item.GetTitle()),
            "axes": [axis(get()) for get in (item.GetXaxis, item.GetYaxis, item.GetZaxis)],
            "values": [item.GetBinContent(cell) for cell in cells],
            "errors": [item.GetBinError(cell) for cell in cells],
            "entries": item.GetEntries(),
            "mean": item.GetMean(),
        }

file = ROOT.TFile.Open(sys.argv[1])
json.dump(dict(objects(file, "")), sys.stdout)
"""


def read_with_root(file: Path) -> Objects:
    """Every object of the file as ROOT sees it."""
    process = subprocess.run(
        [root_python(), "-W", "ignore", "-c", ROOT_SCRIPT, str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Error" not in process.stderr
    objects: Objects = json.loads(process.stdout)
    return objects


@functools.cache
def root_python() -> str:
    """An interpreter that has ROOT; without one the test is skipped."""
    python = os.environ.get("ADL_ROOT_PYTHON", sys.executable)
    probe = subprocess.run(
        [python, "-W", "ignore", "-c", "import ROOT"], check=False, capture_output=True
    )
    if probe.returncode:
        pytest.skip(f"{python} has no ROOT: pip install root, or set ADL_ROOT_PYTHON")
    return python


def read_with_uproot(file: Path) -> Objects:
    """Every object of the file as uproot sees it, without the mean, which it does not compute."""
    objects = {}
    with uproot.open(file) as root:
        for path in root.keys(filter_classname="TH*"):
            item = root[path]
            objects[path] = {
                "class": item.classname,
                "title": item.title,
                "axes": [
                    {
                        "title": axis.member("fTitle"),
                        "edges": axis.edges().tolist(),
                        "uniform": len(axis.member("fXbins")) == 0,
                        "labels": axis.labels(),
                    }
                    for axis in (item.member(f"f{letter}axis") for letter in "XYZ")
                ],
                "values": item.values(flow=True).T.ravel().tolist(),
                "errors": item.errors(flow=True).T.ravel().tolist(),
                "entries": item.member("fEntries"),
            }
    return objects


@pytest.fixture(params=[read_with_uproot, read_with_root], ids=["uproot", "ROOT"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A function: results to the objects that a reader finds in their file."""

    def read(*items: Cutflow | Histogram) -> Objects:
        write_root(results(*items), tmp_path)
        objects: Objects = request.param(tmp_path / "results.root")
        return objects

    return read


def results(*items: Cutflow | Histogram) -> Results:
    return Results(
        version="1.2.3",
        analysis="search.adl",
        dialect="adl",
        events=1000,
        cutflows=tuple(item for item in items if isinstance(item, Cutflow)),
        histograms=tuple(item for item in items if isinstance(item, Histogram)),
    )


def cutflow(
    process: Process = TTBAR, variation: str = "nominal", bins: tuple[BinCount, ...] = ()
) -> Cutflow:
    return Cutflow(process, variation, "SR", STEPS, bins)


def histogram(hist: WeightHist, title: str = "", name: str = "h") -> Histogram:
    return Histogram(TTBAR, "nominal", "SR", name, title, hist)


def filled(*axes: bh.axis.Axis) -> WeightHist:
    """A histogram with another irrational number in each cell and its variance, flow in."""
    hist = bh.Histogram(*axes, storage=bh.storage.Weight())
    cells = hist.view(flow=True)
    numbers = np.arange(1.0, 1.0 + cells.size).reshape(cells.shape)
    cells.value = np.sqrt(numbers) - 1.5
    cells.variance = np.cbrt(numbers)
    return hist


def axis(
    title: str = "", edges: tuple[float, ...] = (0.0, 1.0), uniform: bool = True
) -> dict[str, Any]:
    return {"title": title, "edges": list(edges), "uniform": uniform, "labels": None}


def assert_cells(
    found: dict[str, Any], values: npt.ArrayLike, variances: npt.ArrayLike, entries: float
) -> None:
    """The contents and errors are the same to the last bit, flow cells included."""
    assert found["values"] == np.asarray(values, dtype=float).tolist()
    assert found["errors"] == np.sqrt(np.asarray(variances, dtype=float)).tolist()
    assert found["entries"] == pytest.approx(entries, rel=1e-14)


def effective_entries(hist: WeightHist) -> float:
    values, variances = hist.values(flow=True), hist.variances(flow=True)
    return float(values.sum() ** 2 / variances.sum())


def test_a_histogram_with_uniform_bins(read: Any) -> None:
    hist = filled(bh.axis.Regular(4, -1.0, 3.0))
    [(path, found)] = read(histogram(hist, "m(ll); m [GeV] ;events / 1 GeV")).items()
    assert (path, found["class"], found["title"]) == ("SR/h;1", "TH1D", "m(ll)")
    x = axis("m [GeV]", (-1.0, 0.0, 1.0, 2.0, 3.0))
    assert found["axes"] == [x, axis("events / 1 GeV"), axis()]
    assert_cells(found, hist.values(flow=True), hist.variances(flow=True), effective_entries(hist))


def test_a_histogram_with_variable_bins(read: Any) -> None:
    hist = filled(bh.axis.Variable([0.0, 0.1, 1.0 / 3.0, 250.0]))
    [found] = read(histogram(hist, "a title alone")).values()
    assert (found["class"], found["title"]) == ("TH1D", "a title alone")
    assert found["axes"] == [axis("", (0.0, 0.1, 1.0 / 3.0, 250.0), False), axis(), axis()]
    assert_cells(found, hist.values(flow=True), hist.variances(flow=True), effective_entries(hist))


def test_a_histogram_of_two_dimensions(read: Any) -> None:
    hist = filled(bh.axis.Regular(2, 0.0, 1.0), bh.axis.Variable([0.0, 1.0, 4.0, 5.0]))
    [found] = read(histogram(hist, "t;x;y;z")).values()
    assert (found["class"], found["title"]) == ("TH2D", "t")
    y = axis("y", (0.0, 1.0, 4.0, 5.0), False)
    assert found["axes"] == [axis("x", (0.0, 0.5, 1.0)), y, axis("z")]
    values, variances = hist.values(flow=True), hist.variances(flow=True)
    cells = [(x, y) for y in range(5) for x in range(4)]
    assert_cells(
        found,
        [values[cell] for cell in cells],
        [variances[cell] for cell in cells],
        effective_entries(hist),
    )


def test_an_axis_without_flow_bins_has_empty_ones_in_root(read: Any) -> None:
    # x has an overflow cell only, y an underflow cell only
    hist = filled(
        bh.axis.Regular(2, 0.0, 1.0, underflow=False), bh.axis.Integer(0, 2, overflow=False)
    )
    [found] = read(histogram(hist)).values()
    values, variances = np.zeros((4, 4)), np.zeros((4, 4))
    values[:3, 1:], variances[:3, 1:] = hist.values(flow=True).T, hist.variances(flow=True).T
    assert_cells(found, values.ravel(), variances.ravel(), effective_entries(hist))


def test_an_endless_last_bin(read: Any) -> None:
    hist = filled(bh.axis.Variable([0.0, 100.0, math.inf]))
    [found] = read(histogram(hist)).values()
    assert found["axes"][0] == axis("", (0.0, 100.0, math.inf), False)
    assert_cells(found, hist.values(flow=True), hist.variances(flow=True), effective_entries(hist))


def test_entries_are_the_number_of_fills_where_all_weights_are_one(read: Any) -> None:
    hist = bh.Histogram(bh.axis.Regular(2, 0.0, 1.0), storage=bh.storage.Weight())
    hist.fill([-1.0, 0.1, 0.1, 0.7, 2.0])
    empty = bh.Histogram(bh.axis.Regular(2, 0.0, 1.0), storage=bh.storage.Weight())
    found = read(histogram(hist, name="filled"), histogram(empty, name="empty"))
    assert found["SR/filled;1"]["entries"] == 5
    assert found["SR/empty;1"]["entries"] == 0


def test_a_semicolon_of_a_title_is_written_as_in_root(read: Any) -> None:
    [found] = read(histogram(filled(bh.axis.Regular(1, 0, 1)), "a#;b;x")).values()
    assert (found["title"], found["axes"][0]["title"]) == ("a;b", "x")


def test_a_cutflow_has_its_statements_on_the_axis(read: Any) -> None:
    found = read(cutflow())
    assert found.keys() == {"SR/cutflow;1", "SR/cutflow_raw;1"}
    for item in found.values():
        assert item["class"] == "TH1D"
        assert item["axes"][0]["labels"] == [step.label for step in STEPS if not step.weight]
        assert item["axes"][0]["edges"] == [0, 1, 2, 3, 4]
    raw = [0, 1000, 100, 10, 10, 0]
    assert_cells(found["SR/cutflow_raw;1"], raw, raw, 1120)
    sumw = [0, 1000, 100, -0.3, -0.3, 0]
    assert_cells(found["SR/cutflow;1"], sumw, [0, 1000, 100, 0.7, 0.7, 0], 1120)


def test_bins_have_their_text_on_the_axis(read: Any) -> None:
    found = read(cutflow(bins=BINS))
    assert found.keys() == {
        f"SR/{name};1" for name in ("cutflow", "cutflow_raw", "bins", "bins_raw")
    }
    for name in ("SR/bins;1", "SR/bins_raw;1"):
        assert found[name]["axes"][0]["labels"] == ["MET 200 300", "MET 300 500"]
    assert_cells(found["SR/bins;1"], [0, 2.25, 0, 0], [0, 0.5625, 0, 0], 9)
    assert_cells(found["SR/bins_raw;1"], [0, 9, 0, 0], [0, 9, 0, 0], 9)


def test_each_variation_is_a_histogram_of_its_own(read: Any) -> None:
    hist = filled(bh.axis.StrCategory(["nominal", "jes_up"]), bh.axis.Regular(3, 0.0, 1.0))
    found = read(histogram(hist), cutflow(), cutflow(variation="jes_up"))
    assert found.keys() == {
        *("SR/h;1", "SR/cutflow;1", "SR/cutflow_raw;1"),
        *("SR/h__jes_up;1", "SR/cutflow__jes_up;1", "SR/cutflow_raw__jes_up;1"),
    }
    for index, ending in enumerate(("", "__jes_up")):
        item = found[f"SR/h{ending};1"]
        assert item["class"] == "TH1D"
        assert item["values"] == hist.values(flow=True)[index].tolist()


@pytest.mark.parametrize(
    ("processes", "folders"),
    [
        ([Process("tt", "a"), Process("Z", "b")], ["tt", "Z"]),
        ([Process("tt", "a"), Process("tt", "b")], ["a", "b"]),
        ([Process("tt", "a", "2017"), Process("tt", "a", "2018")], ["2017", "2018"]),
        (
            [Process("tt", "/TT/Run2;1:x"), Process("Z", "b"), Process("Z", "")],
            ["tt/TT_Run2_1_x", "Z/b", "Z/_"],
        ),
    ],
)
def test_levels_that_differ_are_directories(
    tmp_path: Path, processes: list[Process], folders: list[str]
) -> None:
    write_root(results(*(cutflow(process) for process in processes)), tmp_path)
    assert read_with_uproot(tmp_path / "results.root").keys() == {
        f"{folder}/SR/{name};1" for folder in folders for name in ("cutflow", "cutflow_raw")
    }


def test_a_histogram_called_cutflow_is_an_earlier_cycle(read: Any) -> None:
    found = read(histogram(filled(bh.axis.Regular(1, 0.0, 1.0)), name="cutflow"), cutflow())
    assert found["SR/cutflow;1"]["axes"][0]["labels"] is None
    assert found["SR/cutflow;2"]["axes"][0]["labels"] is not None


def test_root_computes_the_mean_from_the_cells(tmp_path: Path) -> None:
    hist = bh.Histogram(bh.axis.Regular(4, 0.0, 4.0), storage=bh.storage.Weight())
    hist.fill([0.1, 0.9, 3.5, 99.0], weight=[1.0, 2.0, 1.0, 7.0])
    write_root(results(histogram(hist)), tmp_path)
    [found] = read_with_root(tmp_path / "results.root").values()
    assert found["mean"] == pytest.approx((3 * 0.5 + 1 * 3.5) / 4)


def test_a_directory_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    directory = tmp_path / "file" / "out"
    with pytest.raises(OutputError) as caught:
        write_root(results(cutflow()), directory)
    assert str(caught.value) == f"cannot write results.root in {directory}: Not a directory"


def test_nothing_but_the_file_is_left_in_the_directory(tmp_path: Path) -> None:
    write_root(results(cutflow()), tmp_path)
    write_root(results(cutflow()), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["results.root"]
