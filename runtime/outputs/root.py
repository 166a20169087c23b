"""``results.root``: histograms and cutflows as TH1D and TH2D, for ROOT and what reads its files.

A region is a directory, ``SR/mjj``. Where results hold more than one process, dataset of a process,
era of a dataset or variation, that level stands before it, in this order: ``ttbar/jes_up/SR/mjj``.
Beside its histograms a region has ``cutflow`` (Σw with errors from Σw²), ``cutflow_raw`` (events)
and, with bins, ``bins`` and ``bins_raw``: one cell a step or bin, labelled with its text. A
histogram of the analysis that has one of these names is the earlier cycle, ``cutflow;1``.

A histogram with a leading category axis, its variations, is written as one histogram for each.
Nothing knows how many fills a cell had, so ``GetEntries`` is the effective number (Σw)²/Σw²: the
number of fills where all weights are 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boost_histogram as bh
import numpy as np
import uproot
from uproot.writing import identify

from adl.runtime.outputs import replacing

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
    content: Any  # uproot's model of a TH1D or TH2D


def write_root(results: Results, directory: str | os.PathLike[str]) -> None:
    """Write ``results.root`` into the directory.

    Raises:
        OutputError: The directory or the file cannot be written.
    """
    entries = [
        *(entry for histogram in results.histograms for entry in _histogram_entries(histogram)),
        *(entry for cutflow in results.cutflows for entry in _cutflow_entries(cutflow)),
    ]
    paths = _paths(entries)
    with replacing(directory, "results.root") as file, uproot.recreate(file) as root:
        root.update((path, entry.content) for path, entry in zip(paths, entries, strict=True))


def _histogram_entries(histogram: Histogram) -> Iterator[_Entry]:
    """The histogram, or one for each category of its leading axis."""
    process, region, name = histogram.process, histogram.region, histogram.name
    hist, title = histogram.hist, histogram.title
    if not isinstance(hist.axes[0], bh.axis.StrCategory):
        yield _Entry(process, histogram.variation, region, name, _th(title, hist))
        return
    for index, variation in enumerate(hist.axes[0]):
        yield _Entry(process, variation, region, name, _th(title, hist[index, ...]))


def _cutflow_entries(cutflow: Cutflow) -> Iterator[_Entry]:
    """A region's counts, weighted and not, of its steps and, if it has any, its bins."""
    for name, counts in (("cutflow", cutflow.steps), ("bins", cutflow.bins)):
        if not counts:
            continue
        labels = [count.label for count in counts]
        raw = np.array([count.raw for count in counts], dtype=float)
        sumw = np.array([count.sumw for count in counts], dtype=float)
        sumw2 = np.array([count.sumw2 for count in counts], dtype=float)
        for suffix, title, values, variances in (
            ("", "sum of weights", sumw, sumw2),
            ("_raw", "events", raw, raw),
        ):
            content = _labelled_th1(title, labels, values, variances, entries=raw.sum())
            yield _Entry(
                cutflow.process, cutflow.variation, cutflow.region, name + suffix, content
            )


def _th(title: str, hist: bh.Histogram) -> Any:
    """A TH1D or TH2D; its title may read ``title;x label;y label`` as in ROOT."""
    titles = _split_title(title, 1 + 3)
    cells = hist.view(flow=True)
    flow = [(not axis.traits.underflow, not axis.traits.overflow) for axis in hist.axes]
    # ROOT always has flow cells, and its x runs fastest.
    values, variances = (np.pad(cells[field], flow).T.ravel() for field in ("value", "variance"))
    axes = {
        f"f{letter}axis": _axis(letter, axis, label)
        for letter, axis, label in zip("XY", hist.axes, titles[1:], strict=False)
    }
    shared = {
        "fName": None,
        "fTitle": titles[0],
        "data": values,
        "fSumw2": variances,
        "fEntries": _effective_entries(values, variances),
    }
    match hist.ndim:
        case 1:
            axes["fYaxis"] = _no_axis("Y", titles[2])
            return identify.to_TH1x(**shared, **_SUMS_1D, **axes)
        case 2:
            axes["fZaxis"] = _no_axis("Z", titles[3])
            return identify.to_TH2x(**shared, **_SUMS_2D, **axes)
        case dimensions:
            raise AssertionError(f"a histogram of {dimensions} dimensions")


def _labelled_th1(
    title: str,
    labels: Sequence[str],
    values: npt.NDArray[np.float64],
    variances: npt.NDArray[np.float64],
    entries: float,
) -> Any:
    """A TH1D with a named cell for each value and empty flow cells."""
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
        data=np.pad(values, 1),
        fSumw2=np.pad(variances, 1),
        fEntries=entries,
        fXaxis=axis,
        **_SUMS_1D,
    )


def _split_title(title: str, parts: int) -> list[str]:
    """ROOT's ``title;x label;y label``, filled up with empty ones; ``#;`` is a semicolon."""
    found = [part.strip().replace("#;", ";") for part in re.split(r"(?<!#);", title)]
    return (found + [""] * parts)[:parts]


def _axis(letter: str, axis: Any, label: str) -> Any:
    """A TAxis with the axis' edges: two numbers where they are equidistant."""
    edges = np.asarray(axis.edges, dtype=float)
    uniform = isinstance(axis, bh.axis.Integer) or (
        isinstance(axis, bh.axis.Regular) and axis.transform is None
    )
    return identify.to_TAxis(
        fName=f"{letter.lower()}axis",
        fTitle=label,
        fNbins=axis.size,
        fXmin=edges[0],
        fXmax=edges[-1],
        fXbins=None if uniform else edges,
    )


def _no_axis(letter: str, label: str) -> Any:
    """The TAxis along the contents, which has a title and nothing else."""
    return identify.to_TAxis(
        fName=f"{letter.lower()}axis", fTitle=label, fNbins=1, fXmin=0.0, fXmax=1.0
    )


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
    variations = {entry.variation for entry in entries}
    shown = (
        len(names) > 1,
        len(datasets) > len(names),
        len(processes) > len(datasets),
        len(variations) > 1,
    )

    def path(entry: _Entry) -> str:
        process = entry.process
        levels = (process.name, process.dataset, process.era, entry.variation)
        above = (level for level, is_shown in zip(levels, shown, strict=True) if is_shown)
        return "/".join(_key(part) for part in (*above, entry.region, entry.name))

    return [path(entry) for entry in entries]


def _key(name: str) -> str:
    """The name without what separates directories, cycles and files in a ROOT path."""
    return re.sub("[/:;]", "_", name.strip("/")) or "_"
