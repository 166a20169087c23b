"""``results.root``: histograms and cutflows as TH1D and TH2D, for ROOT and what reads its files.

A region is a directory, ``SR/mjj``. Where results hold more than one process, dataset of a process
or era of a dataset, that level stands before it, in this order: ``ttbar/2018/SR/mjj``. A variation
stands behind the name: ``SR/mjj__jesUp``.
Beside its histograms a region has ``cutflow`` (Σw with errors from Σw²), ``cutflow_raw`` (events)
and, with bins, ``bins`` and ``bins_raw``: one cell a step or bin, labelled with its text.

A histogram with a leading category axis, its variations, is written as one histogram for each.
Nothing knows how many fills a cell had, so ``GetEntries`` is the effective number (Σw)²/Σw²: the
number of fills where all weights are 1.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING, Any

import boost_histogram as bh
import numpy as np
import uproot
from uproot.writing import identify

from adl.check.own_names import RATES, SYSTEMATICS
from adl.runtime.outputs import replacing
from adl.runtime.outputs.folders import at_once
from adl.runtime.outputs.layouts import Layouts, Shape, Shaped
from adl.runtime.results import NOMINAL

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from adl.runtime.results import Cutflow, Histogram, Process, Results

# ROOT's own sums for mean and width. Zero makes it compute them from the cells (TH1::GetStats).
_SUMS_1D = dict.fromkeys(("fTsumw", "fTsumw2", "fTsumwx", "fTsumwx2"), 0.0)
_SUMS_2D = _SUMS_1D | dict.fromkeys(("fTsumwy", "fTsumwy2", "fTsumwxy"), 0.0)


@dataclass(frozen=True)
class _Entry:
    """An object of the file, and what its path is made of."""

    process: Process
    variation: str
    region: str
    name: str
    content: Shaped  # a TH1D or TH2D


def write_root(results: Results, directory: str | os.PathLike[str]) -> None:
    """Write ``results.root`` into the directory.

    Raises:
        OutputError: The directory or the file cannot be written.
    """
    layouts = Layouts()
    entries = [
        *(e for histogram in results.histograms for e in _histogram_entries(histogram, layouts)),
        *(e for cutflow in results.cutflows for e in _cutflow_entries(cutflow, layouts)),
    ]
    paths = _paths(entries)
    with replacing(directory, "results.root") as file, uproot.recreate(file) as root:
        contents = ((path, entry.content) for path, entry in zip(paths, entries, strict=True))
        for folder, items in groupby(contents, lambda item: item[0].rpartition("/")[0]):
            with at_once(root, folder):
                root.update(items)
        taken = {path.split("/")[0] for path in paths}  # results of other makers could be so
        labels = {s.name: s.correlate for s in results.systematics}
        for name, content in ((SYSTEMATICS, labels), (RATES, list(_rates(results)))):
            if content and name not in taken:
                root[name] = json.dumps(content)


def _rates(results: Results) -> Iterator[dict[str, str | float]]:
    """The factors of systematics that are one, as in ``results.json``; no process: of all."""
    for found in results.systematics:
        if found.rates:
            yield from ({"systematic": found.name, **asdict(rate)} for rate in found.rates)
        elif found.rate is not None:
            up, down = found.rate
            every = {"process": "", "region": ""}
            yield {"systematic": found.name, **every, "up": up, "down": down}


def _histogram_entries(histogram: Histogram, layouts: Layouts) -> Iterator[_Entry]:
    """The histogram, or one for each category of its leading axis."""
    axes = tuple(histogram.hist.axes)
    values, variances = histogram.values, histogram.variances
    if isinstance(axes[0], bh.axis.StrCategory):
        shape = _shape(histogram.title, axes[1:])
        contents = {
            str(variation): _th(layouts, shape, axes[1:], values[index], variances[index])
            for index, variation in enumerate(axes[0])
        }
    else:
        shape = _shape(histogram.title, axes)
        contents = {histogram.variation: _th(layouts, shape, axes, values, variances)}
    for variation, content in contents.items():
        yield _Entry(histogram.process, variation, histogram.region, histogram.name, content)


def _cutflow_entries(cutflow: Cutflow, layouts: Layouts) -> Iterator[_Entry]:
    """A region's counts, weighted and not, of its steps and, if it has any, its bins."""
    steps = tuple(step for step in cutflow.steps if not step.weight)
    for name, counts in (("cutflow", steps), ("bins", cutflow.bins)):
        if not counts:
            continue
        labels = tuple(count.label for count in counts)
        raw = np.array([count.raw for count in counts], dtype=float)
        sumw = np.array([count.sumw for count in counts], dtype=float)
        sumw2 = np.array([count.sumw2 for count in counts], dtype=float)
        for suffix, title, values, variances in (
            ("", "sum of weights", sumw, sumw2),
            ("_raw", "events", raw, raw),
        ):
            shape = Shape((title, labels), partial(_labelled_th1, title, labels), len(labels) + 2)
            content = Shaped(layouts, shape, np.pad(values, 1), np.pad(variances, 1), raw.sum())
            yield _Entry(cutflow.process, cutflow.variation, cutflow.region, name + suffix, content)


def _shape(title: str, axes: Sequence[bh.axis.Axis]) -> Shape:
    """What all variations of a histogram have in common."""
    described = tuple((_is_uniform(axis), axis.edges.tobytes()) for axis in axes)
    # ROOT always has flow cells.
    cells = prod(len(axis) + 2 for axis in axes)
    return Shape((title, described), partial(_made_th, title, tuple(axes)), cells)


def _th(
    layouts: Layouts,
    shape: Shape,
    axes: Sequence[bh.axis.Axis],
    values: npt.NDArray[np.float64],
    variances: npt.NDArray[np.float64],
) -> Shaped:
    """A TH1D or TH2D of all cells, flow in."""
    # ROOT always has flow cells, so absent ones are added; and its x runs fastest.
    flow = [(1 - axis.traits.underflow, 1 - axis.traits.overflow) for axis in axes]
    if any(map(any, flow)):
        values, variances = (np.pad(cells, flow) for cells in (values, variances))
    values, variances = (cells.T.ravel() for cells in (values, variances))
    return Shaped(layouts, shape, values, variances, _effective_entries(values, variances))


def _made_th(
    title: str,
    axes: Sequence[bh.axis.Axis],
    values: npt.NDArray[np.float64],
    variances: npt.NDArray[np.float64],
    entries: float,
) -> Any:
    """Uproot's model of a TH1D or TH2D; the title may read ``title;x label;y label``."""
    main, x_label, y_label, z_label = _split_title(title)
    content = {
        "fName": None,
        "fTitle": main,
        "data": values,
        "fSumw2": variances,
        "fEntries": entries,
    }
    match axes:
        case [x]:
            content |= {"fXaxis": _axis("x", x_label, x), "fYaxis": _axis("y", y_label)}
            return identify.to_TH1x(**content, **_SUMS_1D)
        case [x, y]:
            content |= {"fXaxis": _axis("x", x_label, x), "fYaxis": _axis("y", y_label, y)}
            return identify.to_TH2x(**content, **_SUMS_2D, fZaxis=_axis("z", z_label))
        case _:
            raise AssertionError(f"a histogram of {len(axes)} dimensions")


def _labelled_th1(
    title: str,
    labels: Sequence[str],
    values: npt.NDArray[np.float64],
    variances: npt.NDArray[np.float64],
    entries: float,
) -> Any:
    """Uproot's model of a TH1D with a named cell for each value, and flow cells."""
    names = [identify.to_TObjString(label) for label in labels]
    for number, name in enumerate(names, start=1):
        # TAxis::SetBinLabel keeps the cell's number here.
        name._bases[0]._members["@fUniqueID"] = number
    axis = identify.to_TAxis(
        fName="xaxis",
        fTitle="",
        fNbins=len(labels),
        fXmin=0.0,
        fXmax=float(len(labels)),
        fLabels=identify.to_THashList(names),
    )
    return identify.to_TH1x(
        fName=None,
        fTitle=title,
        data=values,
        fSumw2=variances,
        fEntries=entries,
        fXaxis=axis,
        **_SUMS_1D,
    )


def _split_title(title: str) -> list[str]:
    """The title and the labels of x, y and z from ROOT's ``title;x;y;z``; ``#;`` is a semicolon."""
    found = [part.strip().replace("#;", ";") for part in re.split(r"(?<!#);", title, maxsplit=3)]
    return found + [""] * (4 - len(found))


def _axis(letter: str, label: str, axis: bh.axis.Axis | None = None) -> Any:
    """A TAxis with the axis' edges, two numbers where they are equidistant; or with a title only."""
    if axis is None:
        edges, uniform = np.array([0.0, 1.0]), True
    else:
        edges = np.asarray(axis.edges, dtype=float)
        uniform = _is_uniform(axis)
    return identify.to_TAxis(
        fName=f"{letter}axis",
        fTitle=label,
        fNbins=len(edges) - 1,
        fXmin=edges[0],
        fXmax=edges[-1],
        fXbins=None if uniform else edges,
    )


def _is_uniform(axis: bh.axis.Axis) -> bool:
    """Whether two numbers say where its edges are."""
    regular = isinstance(axis, bh.axis.Regular) and axis.transform is None
    return regular or isinstance(axis, bh.axis.Integer)


def _effective_entries(
    values: npt.NDArray[np.float64], variances: npt.NDArray[np.float64]
) -> float:
    """How many entries of weight 1 would have the same relative error."""
    sumw, sumw2 = float(values.sum()), float(variances.sum())
    return sumw * sumw / sumw2 if sumw2 > 0 else 0.0


def _paths(entries: Sequence[_Entry]) -> list[str]:
    """Each entry's place in the file, with the levels that have more than one value."""
    names = {entry.process.name for entry in entries}
    datasets = {(entry.process.name, entry.process.dataset) for entry in entries}
    processes = {entry.process for entry in entries}
    shown = (
        len(names) > 1,
        len(datasets) > len(names),
        len(processes) > len(datasets),
    )

    def path(entry: _Entry) -> str:
        process = entry.process
        levels = (process.name, process.dataset, process.era)
        above = (level for level, is_shown in zip(levels, shown, strict=True) if is_shown)
        name = entry.name if entry.variation == NOMINAL else f"{entry.name}__{entry.variation}"
        return "/".join(_key(part) for part in (*above, entry.region, name))

    return [path(entry) for entry in entries]


def _key(name: str) -> str:
    """The name without what separates directories, cycles and files in a ROOT path."""
    return re.sub("[/:;]", "_", name.strip("/")) or "_"
