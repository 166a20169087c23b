"""The examples and small analyses on the bundled sample, against awkward and vector.

Every number is computed a second time, whole columns at once, from the language's description and
not from the compiler. What is stored as float32 is computed in float64, as ADL does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
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


# ------------------------------------------------------------------------------------- events

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


# ------------------------------------------------------------------------- what is to come out


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


# ----------------------------------------------------------------------------------- comparison


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


# --------------------------------------------------------------------------------- the language


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


# --------------------------------------------------------------------------------- the examples


def zpeak(events: Array) -> dict[str, Region]:
    muons = events.Muon
    muons = muons[(muons.pt > 20) & (abs(muons.eta) < 2.4) & (muons.pfRelIso04_all < 0.15)]
    first, second = element(muons, 0), element(muons, 1)
    z = first + second
    region = Region(len(events))
    region.cut(ak.num(muons) == 2)
    region.cut(first.charge + second.charge == 0, undecided=False)
    region.histo("hmass", (60, 60.0, 120.0), z.mass)
    region.cut((z.mass >= 80) & (z.mass <= 100), undecided=False)
    region.histo("hpt", (50, 0.0, 100.0), z.pt)
    return {"zpeak": region}


def ttbar(events: Array) -> dict[str, Region]:
    muons, electrons, jets = events.Muon, events.Electron, events.Jet
    muons = muons[(muons.pt > 30) & (abs(muons.eta) < 2.1)]
    muons = muons[muons.tightId & (muons.pfRelIso04_all < 0.15)]
    electrons = electrons[(electrons.pt > 30) & (abs(electrons.eta) < 2.1)]
    electrons = electrons[(electrons.cutBased == 4) & (electrons.pfRelIso03_all < 0.15)]
    leptons = union(muons, electrons)
    jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4) & (jets.jetId >= 2)]
    jets = jets[~ak.any(distances(jets, leptons) < 0.4, axis=-1)]
    bjets = jets[jets.btagDeepFlavB > 0.2783]
    ht = ak.sum(jets.pt, axis=1)
    lepton = element(leptons, 0)
    dphi = abs(lepton.deltaphi(events.MET))
    mt = np.sqrt(2 * lepton.pt * events.MET.pt * (1 - np.cos(dphi)))
    mbb = (element(bjets, 0) + element(bjets, 1)).mass

    def presel() -> Region:
        return Region(len(events)).cut(ak.num(leptons) == 1).cut(ak.num(jets) >= 4)

    hht: Axis = (40, 100.0, 900.0)
    onetag = presel().cut(ak.num(bjets) == 1).histo("hht", hht, ht)
    twotag = presel().cut(ak.num(bjets) >= 2).histo("hht", hht, ht)
    twotag.histo("hmt", (40, 0.0, 200.0), mt)
    twotag.histo("hjetpt", [0.0, 30.0, 50.0, 80.0, 120.0, 200.0, 400.0], jets.pt)
    twotag.histo("hmbb", (40, 0.0, 400.0), mbb)
    return {"presel": presel(), "onetag": onetag, "twotag": twotag}


def search(events: Array) -> dict[str, Region]:
    leptons = union(events.Muon, events.Electron)
    leptons = leptons[(leptons.pt > 10) & (abs(leptons.eta) < 2.4)]
    jets = events.Jet
    jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.4)]
    bjets = jets[jets.btagDeepFlavB > 0.2783]
    met, ht = events.MET.pt, ak.sum(jets.pt, axis=1)
    tags = ak.num(bjets)

    def start() -> Region:
        return Region(len(events)).cut(met > 60).cut(ak.num(leptons) == 0)

    region = start().cut(ak.num(jets) >= 2).cut(ht > 100)
    region.cut(smallest(abs(jets.deltaphi(events.MET))) > 0.3)
    region.histo("hmet", (40, 60.0, 460.0), met)
    region.histo2("hmetht", ((20, 60.0, 460.0), (20, 100.0, 900.0)), met, ht)
    region.bin((tags == 0) & (met < 120)).bin((tags == 0) & (met >= 120))
    region.bin((tags == 1) & (met < 120)).bin((tags == 1) & (met >= 120)).bin(tags >= 2)
    return {"search": region, "met_spectrum": start().bin_edges(met, 60, 80, 100, 150, 200)}


@each_sample
@pytest.mark.parametrize("example", [zpeak, ttbar, search])
def test_an_example_gives_what_awkward_gives(
    tmp_path: Path, example: Callable[[Array], dict[str, Region]], sample: str
) -> None:
    results = run(tmp_path, EXAMPLES / f"{example.__name__}.adl", sample)
    assert results["events"] == len(load(sample))
    compare(results, example(load(sample)))


def test_the_files_of_one_run_add_up(tmp_path: Path) -> None:
    analysis = EXAMPLES / "ttbar.adl"

    def counts(sample: str) -> list[int]:
        cutflows = run(tmp_path, analysis, sample)["cutflows"]
        return [step["raw"] for cutflow in cutflows for step in cutflow["steps"]]

    assert np.sum([counts(name) for name in FILES], axis=0).tolist() == counts("all")


# --------------------------------------------------------------------------- objects of the rest

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


# ------------------------------------------------------------------------------- missing values

MISSING_CUTS = {
    "above": "select pT(jets[2]) > 40",
    "notabove": "select not (pT(jets[2]) > 40)",
    "rejected": "reject pT(jets[2]) > 40",
    "defaulted": "select default(pT(jets[2]), 0) < 40",
    "replaced": "select default(pT(jets[2]), 50) < 40",
    "unequal": "select pT(jets[2]) != 40",
    "between": "select pT(jets[2]) [] 35 50",
    "outside": "select pT(jets[2]) ][ 35 50",
    "guarded": "select size(jets) > 2 and pT(jets[2]) > 40",
    "either": "select MET > 60 or pT(jets[2]) > 40",
    "eitherway": "select pT(jets[2]) > 40 or MET > 60",
    "both": "select pT(jets[2]) > 40 and MET > 60",
    "arithmetic": "select pT(jets[0]) - pT(jets[2]) < 30",
    "summed": "select m(jets[0] + jets[2]) > 100",
    "extremum": "select max(eta(jets[0]), eta(jets[2])) > 0.5",
    "otherway": "select max(eta(jets[2]), eta(jets[0])) > 0.5",
    "ofnothing": "select min(pT(jets[1]), pT(jets[2])) > 60",
}


@each_sample
def test_a_missing_third_jet_fails_a_comparison_and_is_counted(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    first, second, third = (element(o.jets, i) for i in range(3))
    pt, absent = third.pt, ak.is_none(third)
    above = ak.fill_none(pt > 40, False)
    forward = np.maximum(*(ak.fill_none(jet.eta, -np.inf) for jet in (first, third)))
    softer = np.minimum(*(ak.fill_none(jet.pt, np.inf) for jet in (second, third)))
    conditions = {
        "above": (pt > 40, absent),
        "notabove": (~above, absent),
        "rejected": (~above, absent),
        "defaulted": (ak.fill_none(pt, 0) < 40, False),
        "replaced": (ak.fill_none(pt, 50) < 40, False),
        "unequal": (pt != 40, absent),
        "between": ((pt >= 35) & (pt <= 50), absent),
        "outside": ((pt <= 35) | (pt >= 50), absent),
        "guarded": (above, False),
        "either": (above | (o.met > 60), absent & (o.met <= 60)),
        "eitherway": (above | (o.met > 60), absent & (o.met <= 60)),
        "both": (above & (o.met > 60), absent & (o.met > 60)),
        "arithmetic": (first.pt - pt < 30, absent),
        "summed": ((first + third).mass > 100, absent),
        "extremum": (forward > 0.5, False),
        "otherway": (forward > 0.5, False),
        "ofnothing": (softer > 60, False),
    }
    regions = {
        name: o.region().cut(o.met > 20).cut(*conditions[name]).cut(o.met < 100)
        for name in MISSING_CUTS
    }
    text = OBJECTS + "".join(
        f"\nregion {name}\n  select MET > 20\n  {cut}\n  select MET < 100\n"
        for name, cut in MISSING_CUTS.items()
    )
    agree(tmp_path, text, sample, regions)


TERNARY = """
region chosen
  select pT(jets[2]) > 40 ? MET > 60 : MET <= 60

region onlyif
  select size(jets) > 2 ? pT(jets[2]) > 40

region unless
  reject size(jets) > 2 ? pT(jets[2]) > 40

region value
  select (size(jets) > 2 ? pT(jets[2]) : MET) > 40

region missing_branch
  select (MET > 40 ? pT(jets[2]) : MET) > 35
"""


@each_sample
def test_a_ternary_with_a_missing_condition_takes_its_else(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    pt, three = element(o.jets, 2).pt, ak.num(o.jets) > 2
    above = ak.fill_none(pt > 40, False)
    expected = {
        "chosen": o.region().cut(above == (o.met > 60), ~three),
        "onlyif": o.region().cut(~three | above),
        "unless": o.region().cut(~(three & above)),
        "value": o.region().cut(ak.where(three, ak.fill_none(pt, 0), o.met) > 40),
        "missing_branch": o.region().cut(
            ak.where(o.met > 40, ak.fill_none(pt, 0), o.met) > 35, (o.met > 40) & ~three
        ),
    }
    agree(tmp_path, OBJECTS + TERNARY, sample, expected)


MISSING_FILLS = """
region r
  select MET > 20
  histo third, "third jet", 20, 30, 130, pT(jets[2])
  histo mass, "mass", 25, 0, 500, m(jets[0] + jets[1])
  histo both, "first and third", 10, 30, 330, 10, 30, 130, pT(jets[0]), pT(jets[2])
  weight w default(pT(jets[2]), 20) / 40
  select ALL
  histo weighted, "third jet", 20, 30, 130, pT(jets[2])
  bin pT(jets[2]) 0 35 50

region one_bin_each
  bin "soft" not (pT(jets[2]) > 50) and size(jets) > 0
  bin "hard" pT(jets[2]) > 50
"""


@each_sample
def test_a_missing_value_is_skipped_by_a_histogram_and_in_no_bin(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    first, second, third = (element(o.jets, i) for i in range(3))
    region = o.region().cut(o.met > 20)
    region.histo("third", (20, 30.0, 130.0), third.pt)
    region.histo("mass", (25, 0.0, 500.0), (first + second).mass)
    region.histo2("both", ((10, 30.0, 330.0), (10, 30.0, 130.0)), first.pt, third.pt)
    region.weigh(ak.fill_none(third.pt, 20) / 40).cut(o.met >= 0)
    region.histo("weighted", (20, 30.0, 130.0), third.pt).bin_edges(third.pt, 0, 35, 50)
    hard = ak.fill_none(third.pt > 50, False)
    each = o.region().bin(~hard & (ak.num(o.jets) > 0)).bin(hard)
    assert region.histograms["third"].skipped > 100
    assert region.histograms["both"].skipped == region.histograms["third"].skipped
    agree(tmp_path, OBJECTS + MISSING_FILLS, sample, {"r": region, "one_bin_each": each})


MISSING_INSIDE = """
object far
  take jets
  select dR(this, leptons[0]) > 0.4

object not_near
  take jets
  reject dR(this, leptons[0]) < 0.4

region r
  histo hfar, "far", 8, 0, 8, size(far)
  histo hnot, "not near", 8, 0, 8, size(not_near)
  histo hmin, "nearest", 25, 0, 5, min(jets j, dR(j, leptons[0]))
  histo hsum, "sum", 25, 0, 25, sum(jets j, dR(j, leptons[0]))
  histo hprod, "product", 25, 0, 25, prod(jets j, dR(j, leptons[0]))
  histo hn, "harder", 8, 0, 8, count(jets j, pT(j) > pT(leptons[0]))
  histo helement, "ratio", 20, 0, 4, pT(jets) / pT(leptons[0])
  histo hlast, "n-ary", 20, 0, 200, min(pT(leptons[0]), MET, pT(jets[0]))
  select any(jets j, pT(j) > pT(leptons[0]))

region all
  select all(jets j, pT(j) > pT(leptons[0]))

region notall
  reject all(jets j, pT(j) > pT(leptons[0]))

region either
  select any(jets j, pT(j) > pT(leptons[0]) or pT(j) > 60)
"""


@each_sample
def test_a_missing_value_inside_a_reducer_is_skipped_and_fails_an_element(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    jets, n, lepton = o.jets, ak.num(o.jets), element(o.leptons, 0)
    lost = ak.is_none(lepton)
    # Where there is no lepton no jet is near it, far from it, harder or softer.
    there = ak.fill_none(lepton.pt, np.nan)
    harder, hard = jets.pt > there, jets.pt > 60
    distance = jets.mask[~lost].deltaR(lepton)
    near = ak.sum(distance < 0.4, axis=1)
    region = o.region()
    region.histo("hfar", (8, 0.0, 8.0), ak.fill_none(ak.sum(distance > 0.4, axis=1), 0))
    region.histo("hnot", (8, 0.0, 8.0), n - ak.fill_none(near, 0))
    region.histo("hmin", (25, 0.0, 5.0), ak.fill_none(ak.min(distance, axis=1), np.inf))
    region.histo("hsum", (25, 0.0, 25.0), ak.fill_none(ak.sum(distance, axis=1), 0))
    region.histo("hprod", (25, 0.0, 25.0), ak.fill_none(ak.prod(distance, axis=1), 1))
    region.histo("hn", (8, 0.0, 8.0), ak.sum(harder, axis=1))
    region.histo("helement", (20, 0.0, 4.0), jets.pt / there)
    first = ak.fill_none(element(jets, 0).pt, np.inf)
    least = np.minimum(np.minimum(ak.fill_none(lepton.pt, np.inf), o.met), first)
    region.histo("hlast", (20, 0.0, 200.0), least)
    lost_some = lost & (n > 0)
    all_harder = ak.all(harder, axis=1)
    expected = {
        "r": region.cut(ak.any(harder, axis=1), lost_some),
        "all": o.region().cut(all_harder, lost_some),
        "notall": o.region().cut(~all_harder, lost_some),
        "either": o.region().cut(ak.any(harder | hard, axis=1), lost_some & ~ak.any(hard, axis=1)),
    }
    agree(tmp_path, OBJECTS + MISSING_INSIDE, sample, expected)


# ------------------------------------------------------------------------------ overlap removal

REMOVALS = {
    "implied": "reject dR(this, leptons) < 0.4",
    "selected": "select dR(this, leptons) > 0.4",
    "all": "select all(dR(this, leptons) > 0.4)",
    "any": "reject any(dR(this, leptons) < 0.4)",
    "none": "select not any(leptons l, dR(this, l) < 0.4)",
    "least": "select min(dR(this, leptons)) > 0.4",
    "count": "reject count(dR(this, leptons) < 0.4) > 0",
    "separately": "reject dR(this, muons) < 0.4 or dR(this, electrons) < 0.4",
}


@each_sample
def test_every_way_to_remove_overlap_leaves_the_same_jets(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    clean = o.jets[ak.all(distances(o.jets, o.leptons) > 0.4, axis=-1)]
    assert 0 < ak.count(clean.pt) < ak.count(o.jets.pt)
    region = o.region()
    region.histo("hpt", [30.0, 40.0, 60.0, 100.0, 200.0], clean.pt)
    region.cut(ak.num(clean) >= 1).cut(element(clean, 0).pt > 50)
    text = OBJECTS
    for name, line in REMOVALS.items():
        text += f"\nobject clean_{name}\n  take jets\n  {line}\n"
    for name in REMOVALS:
        text += f'\nregion {name}\n  histo hpt, "pT", 30 40 60 100 200, pT(clean_{name})\n'
        text += f"  select size(clean_{name}) >= 1\n  select pT(clean_{name}[0]) > 50\n"
    agree(tmp_path, text, sample, dict.fromkeys(REMOVALS, region))


TOGETHER = """
object near_hard
  take jets j
  reject dR(j, leptons) < 0.4 and pT(leptons) / pT(j) > 0.5

object far_or_soft
  take jets j
  select not (dR(j, leptons) < 0.4 and pT(leptons) > 20)

object alone
  take jets
  reject dR(this, Jet) < 1.0

object untagged
  take jets
  reject dR(this, bjets) < 0.4

object not_tagged
  take jets
  reject any(bjets b, b == this)

region r
  histo hnear, "near", 10, 0, 10, size(near_hard)
  histo hfar, "far", 10, 0, 10, size(far_or_soft)
  histo halone, "alone", 10, 0, 10, size(alone)
  histo huntagged, "untagged", 10, 0, 10, size(untagged)
  histo hnot, "not tagged", 10, 0, 10, size(not_tagged)
  select size(near_hard) > 0
  select size(alone) > 0
"""


@each_sample
def test_mentions_of_one_collection_are_one_element_and_no_object_meets_itself(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    jet, lepton = pairs(o.jets, o.leptons)
    near = jet.deltaR(lepton) < 0.4
    near_hard = o.jets[~ak.any(near & (lepton.pt / jet.pt > 0.5), axis=-1)]
    far_or_soft = o.jets[~ak.any(near & (lepton.pt > 20), axis=-1)]
    jet, other = pairs(o.jets, o.events.Jet)
    close = (jet.deltaR(other) < 1.0) & (jet.index != other.index)
    alone = o.jets[~ak.any(close, axis=-1)]
    # A tagged jet is one of the jets: it is not removed for being near itself.
    jet, tagged = pairs(o.jets, o.bjets)
    close = (jet.deltaR(tagged) < 0.4) & (jet.index != tagged.index)
    untagged = o.jets[~ak.any(close, axis=-1)]
    region, axis = o.region(), (10, 0.0, 10.0)
    region.histo("hnear", axis, ak.num(near_hard)).histo("hfar", axis, ak.num(far_or_soft))
    region.histo("halone", axis, ak.num(alone)).histo("huntagged", axis, ak.num(untagged))
    region.histo("hnot", axis, ak.num(o.jets[o.jets.btagDeepFlavB <= 0.2783]))
    region.cut(ak.num(near_hard) > 0).cut(ak.num(alone) > 0)
    agree(tmp_path, OBJECTS + TOGETHER, sample, {"r": region})


UNIONS = """
object twice
  take leptons
  take muons

object inline
  take union(electrons, muons)

region r
  histo hpt, "pT", 20, 10, 110, pT(leptons[0])
  histo hq, "charge", 3, -1.5, 1.5, q(leptons[0])
  histo hm, "mass", 30, 0, 150, m(leptons[0] + leptons[1])
  select size(leptons) >= 2
  select q(leptons[0]) + q(leptons[1]) == 0
  select size(twice) == size(leptons)
  select m(leptons[0]) > 0.1
  select size(inline) == 2
"""


@each_sample
def test_a_union_runs_in_descending_pt_and_holds_an_object_once(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    first, second = element(o.leptons, 0), element(o.leptons, 1)
    region = o.region()
    region.histo("hpt", (20, 10.0, 110.0), first.pt).histo("hq", (3, -1.5, 1.5), first.charge)
    region.histo("hm", (30, 0.0, 150.0), (first + second).mass)
    region.cut(ak.num(o.leptons) >= 2).cut(first.charge + second.charge == 0, False)
    region.cut(o.met >= 0).cut(first.mass > 0.1, False).cut(ak.num(o.leptons) == 2)
    agree(tmp_path, OBJECTS + UNIONS, sample, {"r": region})


# ------------------------------------------------------------------------------------- reducers

PAIRS = """
region pairs
  histo hn, "ordered pairs", 15, 0, 15, count(muons a, muons b, q(a) + q(b) == 0)
  histo hany, "pairs", 2, 0, 2, any(muons a, muons b, dR(a, b) < 2) ? 1 : 0
  histo hmax, "largest mass", 30, 0, 300, max(jets a, jets b, m(a + b))
  histo hmin, "nearest jets", 40, 0, 4, min(jets a, jets b, dR(a, b))
  histo hsum, "sum of distances", 40, 0, 400, sum(jets a, jets b, dPhi(a, b))
  histo hprod, "product", 40, 0, 1, prod(jets a, jets b, dPhi(a, b) / 3.5)
  histo hacross, "jets and b jets", 40, 0, 4, min(jets j, bjets b, dR(j, b))
  histo hself, "muons and leptons", 40, 0, 4, min(muons a, leptons b, dR(a, b))
  select any(muons a, muons b, q(a) + q(b) == 0 and m(a + b) > 60 and m(a + b) < 120)
  select all(jets a, jets b, dR(a, b) > 0.6)
  select min(muons a, muons b, m(a + b)) > 70
  select any(muons a, jets j, dR(a, j) < 0.4)
"""


@each_sample
def test_loops_over_pairs_leave_out_an_object_with_itself(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    region = o.region()
    a, b = tuples(o.muons, o.muons)
    mass, opposite = (a + b).mass, a.charge + b.charge == 0
    c, d = tuples(o.jets, o.jets)
    dphi = abs(c.deltaphi(d))
    region.histo("hn", (15, 0.0, 15.0), ak.sum(opposite, axis=1))
    region.histo("hany", (2, 0.0, 2.0), ak.any(a.deltaR(b) < 2, axis=1) * 1.0)
    region.histo("hmax", (30, 0.0, 300.0), largest((c + d).mass))
    region.histo("hmin", (40, 0.0, 4.0), smallest(c.deltaR(d)))
    region.histo("hsum", (40, 0.0, 400.0), ak.sum(dphi, axis=1))
    region.histo("hprod", (40, 0.0, 1.0), ak.prod(dphi / 3.5, axis=1))
    jet, tagged = tuples(o.jets, o.bjets)
    region.histo("hacross", (40, 0.0, 4.0), smallest(jet.deltaR(tagged)))
    both = ak.cartesian({"a": o.muons, "b": o.leptons})
    both = both[(both.b.source != 0) | (both.a.index != both.b.index)]
    region.histo("hself", (40, 0.0, 4.0), smallest(both.a.deltaR(both.b)))
    region.cut(ak.any(opposite & (mass > 60) & (mass < 120), axis=1))
    region.cut(ak.all(c.deltaR(d) > 0.6, axis=1))
    region.cut(smallest(mass) > 70)
    near = ak.any(distances(o.muons, o.jets) < 0.4, axis=-1)
    region.cut(ak.any(near, axis=-1))
    agree(tmp_path, OBJECTS + PAIRS, sample, {"pairs": region})


EMPTY = """
region reducers
  histo hx, "x", 40, -400, 400, sum(jets j, pT(j) * cos(phi(j)))
  histo hmax, "leading", 40, 0, 400, max(pT(jets))
  histo hmin, "softest", 40, 0, 400, min(pT(jets))
  histo hdr, "nearest lepton", 50, 0, 5, min(dR(jets, leptons))
  histo hn, "hard jets", 8, 0, 8, count(pT(jets) > 50)
  histo hprod, "product", 20, 0, 2, prod(btagDeepFlavB(jets))
  histo hht, "HT", 30, 0, 600, sum(pT(jets))
  histo hboth, "flow", 10, 0, 400, 10, 0, 5, max(pT(jets)), min(dR(jets, leptons))
  select MET > 10

region largest
  select max(pT(jets)) > 60

region largest_below
  select max(pT(jets)) < 60

region nearest
  select min(dR(jets, leptons)) > 0.4

region any
  select any(pT(jets) > 60)

region all
  select all(pT(jets) > 60)

region none
  reject all(pT(jets) > 60)

region counted
  select count(pT(jets) > 50) [] 1 2

region summed
  select sum(pT(jets)) < 100
"""


@each_sample
def test_reducers_of_nothing_are_infinite_or_neutral_and_no_infinity_is_filled(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    jets, pt = o.jets, o.jets.pt
    dr = smallest(ak.flatten(distances(jets, o.leptons), axis=2))
    region = o.region()
    region.histo("hx", (40, -400.0, 400.0), ak.sum(pt * np.cos(jets.phi), axis=1))
    region.histo("hmax", (40, 0.0, 400.0), largest(pt))
    region.histo("hmin", (40, 0.0, 400.0), smallest(pt))
    region.histo("hdr", (50, 0.0, 5.0), dr)
    region.histo("hn", (8, 0.0, 8.0), ak.sum(pt > 50, axis=1))
    region.histo("hprod", (20, 0.0, 2.0), ak.prod(jets.btagDeepFlavB, axis=1))
    region.histo("hht", (30, 0.0, 600.0), ak.sum(pt, axis=1))
    region.histo2("hboth", ((10, 0.0, 400.0), (10, 0.0, 5.0)), largest(pt), dr)
    region.cut(o.met > 10)
    empty = int(ak.sum(ak.num(jets) == 0))
    assert empty > 0
    assert region.histograms["hmax"].skipped == region.histograms["hmin"].skipped == empty
    hard, count = pt > 60, ak.sum(pt > 50, axis=1)
    expected = {
        "reducers": region,
        "largest": o.region().cut(largest(pt) > 60),
        "largest_below": o.region().cut(largest(pt) < 60),
        "nearest": o.region().cut(dr > 0.4),
        "any": o.region().cut(ak.any(hard, axis=1)),
        "all": o.region().cut(ak.all(hard, axis=1)),
        "none": o.region().cut(~ak.all(hard, axis=1)),
        "counted": o.region().cut((count >= 1) & (count <= 2)),
        "summed": o.region().cut(ak.sum(pt, axis=1) < 100),
    }
    agree(tmp_path, OBJECTS + EMPTY, sample, expected)


NESTED = """
object lonely
  take muons
  select min(dR(this, jets)) > 0.4 or count(dR(this, jets) < 1.0) > 1

region r
  histo hn, "far jets", 8, 0, 8, count(jets j, all(leptons l, dR(j, l) > 0.4))
  histo hs, "nearest", 40, 0, 8, sum(bjets b, min(leptons l, dR(b, l)))
  histo hl, "lonely", 5, 0, 5, size(lonely)
  histo hnear, "nearest jet", 20, 0, 4, min(lonely l, jets j, dR(l, j))
  select any(jets j, count(jets k, dR(j, k) < 1.5) >= 2)
"""


@each_sample
def test_a_reducer_stands_inside_another_and_in_an_object_block(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    far = ak.all(distances(o.jets, o.leptons) > 0.4, axis=-1)
    nearest_lepton = ak.fill_none(ak.min(distances(o.bjets, o.leptons), axis=-1), np.inf)
    to_jets = distances(o.muons, o.jets)
    nearest = ak.fill_none(ak.min(to_jets, axis=-1), np.inf)
    around = ak.sum(to_jets < 1.0, axis=-1)
    lonely = (nearest > 0.4) | (around > 1)
    j, k = pairs(o.jets, o.jets)
    neighbours = ak.sum((j.deltaR(k) < 1.5) & (j.index != k.index), axis=-1)
    region = o.region().histo("hn", (8, 0.0, 8.0), ak.sum(far, axis=1))
    region.histo("hs", (40, 0.0, 8.0), ak.sum(nearest_lepton, axis=1))
    region.histo("hl", (5, 0.0, 5.0), ak.sum(lonely, axis=1))
    region.histo("hnear", (20, 0.0, 4.0), smallest(nearest[lonely]))
    region.cut(ak.any(neighbours >= 2, axis=1))
    agree(tmp_path, OBJECTS + NESTED, sample, {"r": region})


# -------------------------------------------------------------------------------------- weights

WEIGHTS = """
region weighted
  select MET > 10
  histo unweighted, "MET", 20, 0, 200, MET
  weight pu 0.5 + Pileup_nTrueInt / 40
  histo once, "MET", 20, 0, 200, MET
  select size(jets) >= 1
  weight ht sum(pT(jets)) / 100
  weight sign MET > 60 ? -1 : 1
  histo often, "MET", 20, 0, 200, MET
  histo jetpt, "pT", 30 40 60 100 200, pT(jets)
  histo plane, "pT, eta", 5, 30, 130, 4, -2, 2, pT(jets), eta(jets)
  select MET > 30
  weight half 0.5
  bin MET 30 60 100

region plain
  select size(jets) >= 1
  histo often, "MET", 20, 0, 200, MET
"""


@each_sample
def test_a_weight_acts_on_what_stands_after_it(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    axis = (20, 0.0, 200.0)
    region = o.region().cut(o.met > 10).histo("unweighted", axis, o.met)
    region.weigh(0.5 + o.events.Pileup_nTrueInt / 40).histo("once", axis, o.met)
    region.cut(ak.num(o.jets) >= 1).weigh(ak.sum(o.jets.pt, axis=1) / 100)
    region.weigh(ak.where(o.met > 60, -1, 1)).histo("often", axis, o.met)
    region.histo("jetpt", [30.0, 40.0, 60.0, 100.0, 200.0], o.jets.pt)
    region.histo2("plane", ((5, 30.0, 130.0), (4, -2.0, 2.0)), o.jets.pt, o.jets.eta)
    region.cut(o.met > 30).weigh(np.full(len(o.events), 0.5)).bin_edges(o.met, 30, 60, 100)
    plain = o.region().cut(ak.num(o.jets) >= 1).histo("often", axis, o.met)
    agree(tmp_path, OBJECTS + WEIGHTS, sample, {"weighted": region, "plain": plain})


NAN = """
region r
  weight root sqrt(MET - 30)
  select MET > 10
  histo hmet, "MET", 20, 0, 200, MET
  histo hpt, "pT", 10, 30, 230, pT(jets)
  select MET < 60
  bin MET 20 40
"""


@each_sample
def test_an_event_without_a_finite_weight_is_counted_and_not_filled(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    with np.errstate(invalid="ignore"):
        root = np.sqrt(o.met - 30)
    region = o.region().weigh(root).cut(o.met > 10)
    region.histo("hmet", (20, 0.0, 200.0), o.met).histo("hpt", (10, 30.0, 230.0), o.jets.pt)
    region.cut(o.met < 60).bin_edges(o.met, 20, 40)
    assert region.histograms["hmet"].skipped > 100
    agree(tmp_path, OBJECTS + NAN, sample, {"r": region})


# ---------------------------------------------------------------------------------- inheritance

INHERITANCE = """
region diamond                      # before what it inherits: the order of blocks is free
  left
  take right
  histo hmet, "MET", 20, 0, 200, MET
  select MET < 150
  bin MET 30 60

region diamond_in_a_line
  left right
  histo hmet, "MET", 20, 0, 200, MET
  select MET < 150
  bin MET 30 60

region base
  select MET > 20
  weight w 0.5 + MET / 100
  histo hbase, "MET", 20, 0, 200, MET
  select size(jets) >= 1
  bin MET 20 60 120

region taking
  take base
  select size(leptons) >= 1
  histo hmet, "MET", 20, 0, 200, MET

region named
  base
  select size(leptons) >= 1
  histo hmet, "MET", 20, 0, 200, MET

region decided
  select base
  select size(leptons) >= 1
  histo hmet, "MET", 20, 0, 200, MET

region late
  select size(leptons) >= 1
  weight first 0.25
  base
  select MET > 20

region vetoed
  reject base

region negated
  select not base

region either
  select base or size(leptons) == 2

region defined
  select eitherway

region left
  base
  select size(leptons) >= 1
  weight wl 1.5

region right
  take base
  weight wr 0.25 + MET / 200
  select size(jets) >= 2
  weight wl 1.5

define eitherway = base or size(leptons) == 2
"""


@each_sample
def test_inheritance_hands_down_cuts_and_weights_once(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    leptons, jets, met = ak.num(o.leptons), ak.num(o.jets), o.met
    axis = (20, 0.0, 200.0)

    def base(region: Region | None = None) -> Region:
        region = (region or o.region()).cut(met > 20).weigh(0.5 + met / 100)
        return region.cut(jets >= 1)

    def left() -> Region:
        return base().cut(leptons >= 1).weigh(np.full(len(met), 1.5))

    def right_of(region: Region) -> Region:
        # The weight wl of right is another statement than that of left.
        region.weigh(0.25 + met / 200).cut(jets >= 2)
        return region.weigh(np.full(len(met), 1.5))

    diamond = right_of(left()).histo("hmet", axis, met).cut(met < 150).bin_edges(met, 30, 60)
    taking = base().cut(leptons >= 1).histo("hmet", axis, met)
    decision = (met > 20) & (jets >= 1)
    alone = o.region().cut(met > 20).weigh(0.5 + met / 100).histo("hbase", axis, met)
    late = base(o.region().cut(leptons >= 1).weigh(np.full(len(met), 0.25))).cut(met > 20)
    expected = {
        "diamond": diamond,
        "diamond_in_a_line": diamond,
        "base": alone.cut(jets >= 1).bin_edges(met, 20, 60, 120),
        "taking": taking,
        "named": taking,
        "decided": o.region().cut(decision).cut(leptons >= 1).histo("hmet", axis, met),
        "late": late,
        "vetoed": o.region().cut(~decision),
        "negated": o.region().cut(~decision),
        "either": o.region().cut(decision | (leptons == 2)),
        "defined": o.region().cut(decision | (leptons == 2)),
        "left": left(),
        "right": right_of(base()),
    }
    agree(tmp_path, OBJECTS + INHERITANCE, sample, expected)


MISSING_PARENT = """
region parent
  select MET > 20
  select pT(jets[2]) > 40

region child
  parent
  select MET < 80

region decided
  select parent

region outside
  reject parent
"""


@each_sample
def test_a_region_as_a_condition_is_false_where_a_missing_value_decides(
    tmp_path: Path, sample: str
) -> None:
    o = Objects(sample)
    third = element(o.jets, 2)
    inside = (o.met > 20) & ak.fill_none(third.pt > 40, False)
    undecided = (o.met > 20) & ak.is_none(third)

    def parent() -> Region:
        return o.region().cut(o.met > 20).cut(third.pt > 40)

    expected = {
        "parent": parent(),
        "child": parent().cut(o.met < 80),
        "decided": o.region().cut(inside, undecided),
        "outside": o.region().cut(~inside, undecided),
    }
    agree(tmp_path, OBJECTS + MISSING_PARENT, sample, expected)


# ------------------------------------------------------------------------- histograms and bins

HISTOGRAMS = """
region r
  histo plane, "MET, HT", 8, 40, 120, 6, 100, 400, MET, HT
  histo mixed, "jets, MET", 4, 0, 4, 0 20 40 80 160, size(jets), MET
  histo edges, "MET", 20 30 50 80 130, MET
  histo ints, "jets", 5, 1, 6, size(jets)
  histo pts, "pT", 14, 30, 100, pT(jets)
  histo tags, "tag", 10, 0, 1, jets.btagDeepFlavB
  histo near, "dR", 50, 0, 5, dR(jets, leptons)
  histo two, "first and second", 10, 0, 200, pT(jets[0]), pT(jets[1])
  histo wide, "eta", 0.1 0.2 0.3 0.7 1.4, abs(eta(jets))
  histo across, "pT, dphi", 5, 30, 130, 0 0.5 1 2 3, pT(jets), dPhi(jets, MET)
  histo signed, "dphi", 16, -3.2, 3.2, sdphi(jets, MET)
  select HT > 0
  histo ratio, "MET / HT", 20, 0, 2, MET / HT

define HT = sum(pT(jets))

region zero
  histo ratio, "MET / HT", 20, 0, 2, MET / HT
  histo log, "log", 20, 0, 10, log(HT)
"""


@each_sample
def test_histograms_have_flow_bins_edges_and_elements(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    jets, met, n = o.jets, o.met, ak.num(o.jets)
    ht = ak.sum(jets.pt, axis=1)
    region = o.region()
    region.histo2("plane", ((8, 40.0, 120.0), (6, 100.0, 400.0)), met, ht)
    region.histo2("mixed", ((4, 0.0, 4.0), [0.0, 20.0, 40.0, 80.0, 160.0]), n, met)
    region.histo("edges", [20.0, 30.0, 50.0, 80.0, 130.0], met)
    region.histo("ints", (5, 1.0, 6.0), n)
    region.histo("pts", (14, 30.0, 100.0), jets.pt)
    region.histo("tags", (10, 0.0, 1.0), jets.btagDeepFlavB)
    region.histo("near", (50, 0.0, 5.0), ak.flatten(distances(jets, o.leptons), axis=2))
    # Several values on one axis are as many fills.
    both = ak.from_regular(ak.pad_none(jets.pt, 2, clip=True))
    region.histo("two", (10, 0.0, 200.0), both)
    region.histo("wide", [0.1, 0.2, 0.3, 0.7, 1.4], abs(jets.eta))
    sdphi = jets.deltaphi(o.events.MET)
    plane: tuple[Axis, Axis] = ((5, 30.0, 130.0), [0.0, 0.5, 1.0, 2.0, 3.0])
    region.histo2("across", plane, jets.pt, abs(sdphi))
    region.histo("signed", (16, -3.2, 3.2), sdphi)
    with np.errstate(divide="ignore"):
        ratio, log = met / ht, np.log(ht)
    region.cut(ht > 0).histo("ratio", (20, 0.0, 2.0), ratio)
    zero = o.region().histo("ratio", (20, 0.0, 2.0), ratio).histo("log", (20, 0.0, 10.0), log)
    corners = region.histograms["plane"].values[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners[0] > 0, "no event is in both underflows"
    assert zero.histograms["ratio"].skipped == int(ak.sum(ht == 0))
    agree(tmp_path, OBJECTS + HISTOGRAMS, sample, {"r": region, "zero": zero})


BINS = """
region edges
  bin size(jets) 0 1 2 4

region first
  bin "hard"  MET > 60
  bin "jets"  size(jets) == 2
  bin "third" pT(jets[2]) > 40
  bin "rest"  MET [] 20 40
  bin ALL

region two_scales
  select MET > 10
  bin MET 20 60
  bin size(jets) 0 2
"""


@each_sample
def test_an_event_is_in_the_first_bin_that_is_true(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    n, met = ak.num(o.jets), o.met
    first = o.region().bin(met > 60).bin(n == 2).bin(element(o.jets, 2).pt > 40)
    expected = {
        "edges": o.region().bin_edges(n, 0, 1, 2, 4),
        "first": first.bin((met >= 20) & (met <= 40)).bin(met >= 0),
        "two_scales": o.region().cut(met > 10).bin_edges(met, 20, 60).bin_edges(n, 0, 2),
    }
    agree(tmp_path, OBJECTS + BINS, sample, expected)


EXACT = """
region r
  histo hpt, "pT of all jets", 85, 15, 100, pT(Jet)
  histo hedges, "pT of all jets", 15 16 20 30.5 31 32 64, pT(Jet)
  histo tenth, "eta of all jets", 94, -4.7, 4.7, eta(Jet)
  select size(Jet) > 0
  select pT(Jet[0]) >= 32
  select pT(Jet[0]) ][ 40 64
  select pT(Jet[0]) [] 32 128
  bin pT(Jet[0]) 32 36 64 100
"""


@each_sample
def test_a_value_on_an_edge_is_in_the_bin_above(tmp_path: Path, sample: str) -> None:
    o = Objects(sample)
    jets = o.events.Jet
    pt = element(jets, 0).pt
    # Ten bits of mantissa: many values lie on edges.
    assert ak.sum((jets.pt == 32) | (jets.pt == 30.5) | (jets.pt == 64)) > 0
    region = o.region().histo("hpt", (85, 15.0, 100.0), jets.pt)
    region.histo("hedges", [15.0, 16.0, 20.0, 30.5, 31.0, 32.0, 64.0], jets.pt)
    region.histo("tenth", (94, -4.7, 4.7), jets.eta)
    region.cut(ak.num(jets) > 0).cut(pt >= 32, False).cut((pt <= 40) | (pt >= 64), False)
    region.cut((pt >= 32) & (pt <= 128), False).bin_edges(pt, 32, 36, 64, 100)
    agree(tmp_path, EXACT, sample, {"r": region})
