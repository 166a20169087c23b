"""What analyses have to give on the bundled sample, computed with awkward and vector.

Every number is computed whole columns at once, from the language's description and not from the
compiler. What is stored as float32 is computed in float64, as ADL does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt
import pytest
import uproot
import vector
from click.testing import CliRunner

from adl.cli.run import command

vector.register_awkward()

EXAMPLES = Path(__file__).parents[1] / "examples"
FILES = ("ttbar", "zmumu", "wjets")
SAMPLES = (*FILES, "all")
each_sample = pytest.mark.parametrize("sample", SAMPLES)
Array = Any  # awkward's arrays have no types
Axis = tuple[int, float, float] | list[float]  # bins, lower and upper end; or edges

FIELDS = {
    "Muon": ("pt", "eta", "phi", "mass", "charge", "pfRelIso04_all", "tightId"),
    "Electron": ("pt", "eta", "phi", "mass", "charge", "pfRelIso03_all", "cutBased"),
    "Jet": ("pt", "eta", "phi", "mass", "btagDeepFlavB", "jetId"),
}


def paths(sample: str) -> list[Path]:
    return [EXAMPLES / "sample" / f"{name}.root" for name in FILES if sample in (name, "all")]


@cache
def load(sample: str) -> Array:
    """Return the events of one file, or of all files one after the other."""
    return ak.concatenate([read(path) for path in paths(sample)])


def read(path: Path) -> Array:
    with uproot.open(path) as file:
        branches = dict(file["Events"].items())
        columns = {name: branch.array() for name, branch in branches.items()}
    for name, branch in branches.items():
        if branch.typename.startswith("float"):
            columns[name] = ak.values_astype(columns[name], np.float64)
    collections = {
        name: ak.zip(
            {field: columns[f"{name}_{field}"] for field in fields}
            # The physical object: it stays with the elements through every selection.
            | {"index": ak.local_index(columns[f"{name}_pt"])},
            with_name="Momentum4D",
        )
        for name, fields in FIELDS.items()
    }
    met = ak.zip({"pt": columns["MET_pt"], "phi": columns["MET_phi"]}, with_name="Momentum2D")
    pileup = {"Pileup_nTrueInt": columns["Pileup_nTrueInt"]}
    return ak.zip({**collections, "MET": met, **pileup}, depth_limit=1)


@dataclass(frozen=True)
class Histogram:
    """Sums of weights and of their squares, flow bins in, and the fills that were none."""

    axes: tuple[Axis, ...]
    values: npt.NDArray[np.float64]
    variances: npt.NDArray[np.float64]
    skipped: int


@dataclass
class Region:
    """What a region has to give: each method is one statement, over all events at once.

    A value is missing where an array has None.
    """

    events: int
    steps: list[tuple[int, float, float]] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    weights: list[tuple[int, float, float, int]] = field(default_factory=list)
    bins: list[tuple[int, float, float]] = field(default_factory=list)
    histograms: dict[str, Histogram] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.passed = np.ones(self.events, bool)
        self.weight = np.ones(self.events)
        self.binned = np.zeros(self.events, bool)
        self.steps.append(self.sums(self.passed))
        self.missing.append(0)

    def cut(self, condition: Array, undecided: Array = None) -> Region:
        """Keep the events for which the condition is true, so not missing.

        ``undecided`` are the events that a missing value decides, if not where that is None.
        """
        unknown = ak.is_none(condition) if undecided is None else undecided
        self.missing.append(int(np.sum(self.passed & np.asarray(unknown))))
        self.passed = self.passed & np.asarray(ak.fill_none(condition, False))
        self.steps.append(self.sums(self.passed))
        return self

    def weigh(self, factor: Array) -> Region:
        self.weight = self.weight * np.asarray(factor)
        self.weights.append((*self.sums(self.passed), len(self.steps) - 1))
        return self

    def bin(self, condition: Array) -> Region:
        """Count the events for which this bin is the first that is true."""
        here = self.passed & ~self.binned & np.asarray(ak.fill_none(condition, False))
        self.binned |= here
        self.bins.append(self.sums(here))
        return self

    def bin_edges(self, x: Array, *edges: float) -> Region:
        """Count the events between edges: half-open bins, the last without an end."""
        for low, high in pairwise((*edges, np.inf)):
            self.bin((x >= low) & (x < high))
        return self

    def histo(self, name: str, axis: Axis, x: Array) -> Region:
        """Fill once an event, or once an element where ``x`` has lists."""
        return self._fill(name, (axis,), (x,))

    def histo2(self, name: str, axes: tuple[Axis, Axis], x: Array, y: Array) -> Region:
        return self._fill(name, axes, (x, y))

    def _fill(self, name: str, axes: tuple[Axis, ...], values: tuple[Array, ...]) -> Region:
        columns = [ak.fill_none(x, np.nan, axis=-1)[self.passed] for x in values]
        columns = ak.broadcast_arrays(self.weight[self.passed], *columns)
        w, *flat = (np.asarray(ak.flatten(column, axis=None)) for column in columns)
        good = np.all(np.isfinite([w, *flat]), axis=0)
        cells = tuple(place(axis, x[good]) for axis, x in zip(axes, flat, strict=True))
        shape = [cell_count(axis) for axis in axes]
        sumw, sumw2 = np.zeros(shape), np.zeros(shape)
        np.add.at(sumw, cells, w[good])
        np.add.at(sumw2, cells, w[good] ** 2)
        self.histograms[name] = Histogram(axes, sumw, sumw2, int(np.sum(~good)))
        return self

    def sums(self, mask: npt.NDArray[np.bool_]) -> tuple[int, float, float]:
        """Return the number of events, Σw and Σw²; a weight that is not finite adds nothing."""
        w = self.weight[mask]
        good = w[np.isfinite(w)]
        return len(w), float(np.sum(good)), float(np.sum(good**2))


def place(axis: Axis, x: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return the number of each value's bin, the underflow being 0."""
    if isinstance(axis, list):
        return np.searchsorted(axis, x, side="right")
    n, low, high = axis
    inside = ((x - low) / (high - low) * n).astype(np.intp) + 1
    return np.where(x < low, 0, np.where(x >= high, n + 1, inside))


def cell_count(axis: Axis) -> int:
    return len(axis) + 1 if isinstance(axis, list) else axis[0] + 2


def run(tmp_path: Path, analysis: Path, sample: str) -> dict[str, Any]:
    """Run an analysis as a user does and return its results.json."""
    arguments = [str(analysis), *map(str, paths(sample)), "-o", str(tmp_path), "-q", "-j", "1"]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads((tmp_path / "results.json").read_text())
    return content


def agree(tmp_path: Path, text: str, sample: str, expected: dict[str, Region]) -> None:
    """Check that a text gives the expected results."""
    analysis = tmp_path / "analysis.adl"
    analysis.write_text(text)
    compare(run(tmp_path, analysis, sample), expected)


def compare(results: dict[str, Any], expected: dict[str, Region]) -> None:
    """Check every number of every region: counts exactly, sums of weights to 1e-12."""
    assert [c["region"] for c in results["cutflows"]] == list(expected)
    for cutflow in results["cutflows"]:
        name = cutflow["region"]
        region = expected[name]
        same_counts(cutflow["steps"], region.steps, f"steps of {name}")
        missing = [step["missing"] for step in cutflow["steps"]]
        assert missing == region.missing, f"missing values in {name}"
        same_counts(cutflow["weights"], [w[:3] for w in region.weights], f"weights of {name}")
        assert [w["after"] for w in cutflow["weights"]] == [w[3] for w in region.weights], name
        same_counts(cutflow["bins"], region.bins, f"bins of {name}")
    found = {(h["region"], h["name"]): h for h in results["histograms"]}
    assert len(found) == len(results["histograms"])
    wanted = {(r, h): expected[r].histograms[h] for r in expected for h in expected[r].histograms}
    assert set(found) == set(wanted)
    for key, histogram in wanted.items():
        same_histogram(found[key], histogram, " of ".join(reversed(key)))


def same_counts(rows: list[dict[str, Any]], wanted: list[tuple[Any, ...]], what: str) -> None:
    assert [row["raw"] for row in rows] == [row[0] for row in wanted], what
    for number, key in enumerate(("sumw", "sumw2"), 1):
        sums = [row[key] for row in rows]
        same_sums(sums, [row[number] for row in wanted], f"{key} in {what}")


def same_histogram(found: dict[str, Any], wanted: Histogram, what: str) -> None:
    assert found["skipped"] == wanted.skipped, f"skipped fills in {what}"
    hist = found["hist"]
    assert [written_axis(axis) for axis in hist["axes"]] == list(wanted.axes), what
    same_sums(hist["storage"]["values"], wanted.values, what)
    same_sums(hist["storage"]["variances"], wanted.variances, f"variances of {what}")


def written_axis(axis: dict[str, Any]) -> Axis:
    assert axis["underflow"]
    assert axis["overflow"]
    if axis["type"] == "variable":
        return list(axis["edges"])
    return axis["bins"], axis["lower"], axis["upper"]


def same_sums(found: Any, wanted: Any, what: str) -> None:
    # Sums of ones are whole, and 1e-12 of them is less than one: for counts this is equality.
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=0, err_msg=what)


def union(*collections: Array) -> Array:
    """Return a union in descending pT; of equal ones the first source's come first."""
    common = ("pt", "eta", "phi", "mass", "charge", "index")
    parts = [
        ak.zip(
            {name: c[name] for name in common} | {"source": ak.full_like(c.index, number)},
            with_name="Momentum4D",
        )
        for number, c in enumerate(collections)
    ]
    together = ak.concatenate(parts, axis=1)
    return together[ak.argsort(-together.pt, stable=True)]


def element(collection: Array, index: int) -> Array:
    """Return an element of each event, None where it is missing."""
    return ak.pad_none(collection, index + 1)[:, index]


def pairs(a: Array, b: Array) -> tuple[Array, Array]:
    """Return for each element of ``a`` the list of its pairs with the elements of ``b``."""
    both = ak.cartesian({"a": a, "b": b}, nested=True)
    return both.a, both.b


def distances(a: Array, b: Array) -> Array:
    """Return dR of each element of ``a`` to each of ``b``."""
    first, second = pairs(a, b)
    return first.deltaR(second)


def tuples(a: Array, b: Array) -> tuple[Array, Array]:
    """Return the ordered pairs of an event, no object with itself, of one input collection."""
    both = ak.cartesian({"a": a, "b": b})
    apart = both[both.a.index != both.b.index]
    return apart.a, apart.b


def smallest(x: Array) -> Array:
    return ak.fill_none(ak.min(x, axis=1), np.inf)


def largest(x: Array) -> Array:
    return ak.fill_none(ak.max(x, axis=1), -np.inf)


OBJECTS = """
object muons
  take Muon
  select pT > 10

object electrons
  take Electron
  select pT > 10

object leptons
  take muons
  take electrons

object jets
  take Jet
  select pT > 30 and abs(eta) < 2.4

object bjets
  take jets
  select btagDeepFlavB > 0.2783
"""


class Objects:
    """The events of a sample and what ``OBJECTS`` makes of them."""

    def __init__(self, sample: str) -> None:
        self.events = load(sample)
        self.met = self.events.MET.pt
        self.muons = self.events.Muon[self.events.Muon.pt > 10]
        self.electrons = self.events.Electron[self.events.Electron.pt > 10]
        self.leptons = union(self.muons, self.electrons)
        jets = self.events.Jet
        self.jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4)]
        self.bjets = self.jets[self.jets.btagDeepFlavB > 0.2783]

    def region(self) -> Region:
        return Region(len(self.events))
