"""Sorted collections: objects that take `sort(…)`, and `sort` in a region, against awkward."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import numpy as np
import pytest
from click.testing import CliRunner

from adl.check.checker import check
from adl.cli.run import command
from adl.stdlib.models import load_model
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.checking import errors
from tests.on_sample import EXAMPLES, load

OBJECTS = """
info adl
  dialect adl
object jets
  take Jet
  select pT > 25
object central
  take sort(jets, abs(eta), ascend)
object grouped
  take sort(central, pT > 60, descend)
object hard
  take grouped
  select pT > 30
object leps
  take union(Muon, Electron)
object flat
  take sort(leps, floor(pT / 20), descend)
define lead = pT(jets[0])
define pair = pT(jets[0] + jets[1])
"""


# The interpreter takes milliseconds for each event with many pairs.
EVENTS = 1500


def contents(tmp_path: Path, lines: str, target: str = "host") -> list[float]:
    """Return the last histogram of a region with these lines, flow bins included."""
    analysis = tmp_path / "sorts.adl"
    text = lines if "region" in lines[: lines.index("histo")] else f"region r\n{lines}"
    analysis.write_text(f"{OBJECTS}\n{text}\n")
    file = EXAMPLES / "sample" / "ttbar.root"
    arguments = [str(analysis), str(file), "-q", "-o", str(tmp_path), "--target", target]
    arguments += ["-n", str(EVENTS)]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    histograms = json.loads((tmp_path / "results.json").read_text())["histograms"]
    found: list[float] = histograms[-1]["hist"]["storage"]["values"]
    return found


def counted(numbers: Any) -> list[float]:
    flat = ak.to_numpy(ak.drop_none(ak.flatten(numbers, axis=None)))
    histogram = bh.Histogram(bh.axis.Regular(100, -5, 400)).fill(flat)
    counts: list[float] = histogram.values(flow=True).tolist()
    return counts


def fill(value: str) -> str:
    return f'  histo h, "", 100, -5, 400, {value}'


@cache
def sample() -> Any:
    return load("ttbar")[:EVENTS]


def jets() -> Any:
    every = sample().Jet
    return every[every.pt > 25]


def stable(things: Any, key: Any) -> Any:
    """Sort ascending, stably."""
    return things[ak.argsort(key, axis=1, stable=True)]


def central() -> Any:
    return stable(jets(), abs(jets().eta))


def grouped() -> Any:
    return stable(central(), ak.values_astype(~(central().pt > 60), np.int32))


def leptons() -> Any:
    events = sample()
    pt = ak.concatenate([events.Muon.pt, events.Electron.pt], axis=1)
    return stable(pt, -pt)


def at(things: Any, index: int) -> Any:
    return things[:, index : index + 1]


def pair_pt(first: Any, second: Any) -> Any:
    x = first.pt * np.cos(first.phi) + second.pt * np.cos(second.phi)
    y = first.pt * np.sin(first.phi) + second.pt * np.sin(second.phi)
    return np.hypot(x, y)


TAKEN: dict[str, Callable[[], Any]] = {
    "central[0].pT": lambda: at(central().pt, 0),
    "eta(central[0:2])": lambda: central().eta[:, :2],
    "eta(last(central))": lambda: central().eta[:, -1:],
    "grouped[0].eta": lambda: at(grouped().eta, 0),
    "hard[1].eta": lambda: at(grouped()[grouped().pt > 30].eta, 1),
    "eta(hard[1:3])": lambda: grouped()[grouped().pt > 30].eta[:, 1:3],
    "flat[1].pT": lambda: at(stable(leptons(), -np.floor(leptons() / 20)), 1),
    "size(central)": lambda: ak.num(jets()),
    "sum(pT(central[0:2]))": lambda: ak.sum(ak.values_astype(central().pt, np.float64)[:, :2], 1),
}


@pytest.mark.parametrize("value", TAKEN)
def test_an_object_of_a_sort_is_in_its_order(value: str, tmp_path: Path) -> None:
    assert contents(tmp_path, fill(value)) == counted(TAKEN[value]())


REGIONS: dict[str, tuple[str, Callable[[], Any]]] = {
    "an index": (
        "  sort abs(eta(jets)) ascend\n" + fill("eta(jets[1])"),
        lambda: at(central().eta, 1),
    ),
    "a define": ("  sort abs(eta(jets)) ascend\n" + fill("lead"), lambda: at(central().pt, 0)),
    "a slice": (
        "  sort abs(eta(jets)) ascend\n" + fill("eta(jets[0:2])"),
        lambda: central().eta[:, :2],
    ),
    "before it": (fill("lead") + "\n  sort abs(eta(jets)) ascend", lambda: at(jets().pt, 0)),
    "descending": (
        "  sort eta(jets) descend\n" + fill("eta(jets[0])"),
        lambda: at(stable(jets(), -jets().eta).eta, 0),
    ),
    "twice": (
        "  sort abs(eta(jets)) ascend\n  sort (pT(jets) > 60) descend\n" + fill("jets[0].eta"),
        lambda: at(grouped().eta, 0),
    ),
    "other objects": (
        "  sort eta(jets) descend\n" + fill("central[0].eta"),
        lambda: at(central().eta, 0),
    ),
    "an input": (
        "  sort abs(eta(Jet)) ascend\n" + fill("pT(Jet[0])"),
        lambda: at(stable(sample().Jet, abs(sample().Jet.eta)).pt, 0),
    ),
    "attributes": (
        "  sort jets.eta ascend\n" + fill("jets[0].eta"),
        lambda: at(stable(jets(), jets().eta).eta, 0),
    ),
    "old spelling": (
        "  Sort {jets_}eta descend\n" + fill("{jets_0}eta"),
        lambda: at(stable(jets(), -jets().eta).eta, 0),
    ),
}


@pytest.mark.parametrize("case", REGIONS)
def test_a_sort_in_a_region_holds_from_there_on(case: str, tmp_path: Path) -> None:
    lines, expected = REGIONS[case]
    assert contents(tmp_path, lines) == counted(expected())


@pytest.mark.parametrize("case", REGIONS)
def test_the_kernel_sorts_as_the_interpreter_does(case: str, tmp_path: Path) -> None:
    lines = REGIONS[case][0]
    assert contents(tmp_path, lines) == contents(tmp_path, lines, "reference")


def test_a_define_of_two_elements_follows_the_order(tmp_path: Path) -> None:
    lines = "  select size(jets) >= 2\n  sort abs(eta(jets)) ascend\n" + fill("pair")
    two = ak.values_astype(central()[ak.num(central()) >= 2], np.float64)
    assert contents(tmp_path, lines) == counted(pair_pt(two[:, 0], two[:, 1]))


def test_elements_without_a_key_come_last(tmp_path: Path) -> None:
    # The square root of a negative number is NaN: jets at negative eta have no key.
    lines = "  sort sqrt(eta(jets)) descend\n" + fill("eta(jets[0])")
    forward = jets().eta
    key = ak.where(forward < 0, np.inf, -forward)
    assert contents(tmp_path, lines) == counted(at(stable(forward, key), 0))


def test_a_child_region_inherits_the_order_and_its_neighbours_do_not(tmp_path: Path) -> None:
    first = "region r\n  sort abs(eta(jets)) ascend\nregion s\n"
    child = contents(tmp_path, f"{first}  take r\n{fill('lead')}")
    assert child == counted(at(central().pt, 0))
    neighbour = contents(tmp_path, f"{first}  select r\n{fill('lead')}")
    assert neighbour == counted(at(jets().pt, 0))


def test_a_search_takes_the_first_of_equal_ones_in_the_new_order(tmp_path: Path) -> None:
    lines = "  sort eta(jets) descend\n  select 0 * pT(jets[-1]) ~= 0\n" + fill("eta(jets[-1])")
    assert contents(tmp_path, lines) == counted(at(stable(jets(), -jets().eta).eta, 0))


def codes(text: str) -> list[str]:
    return errors(OBJECTS + text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("object x\n  take sort(jets, pT)\n", "E206"),
        ("object x\n  take sort(jets, pT, up)\n", "E206"),
        ("object x\n  take sort(jets, MET, ascend)\n", "E256"),
        ("object x\n  take sort(MET, pT, ascend)\n", "E210"),
        ("region r\n  sort MET descend\n", "E256"),
        ("region r\n  sort pT(jets[0]) descend\n", "E256"),
        ("region r\n  sort pT(jets[0:2]) descend\n", "E256"),
        ("region r\n  sort dR(jets, Muon) descend\n", "E256"),
    ],
)
def test_a_sort_that_orders_nothing_is_refused(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_a_size_cut_guarantees_elements_of_the_sorted_collection() -> None:
    text = "region r\n  select size(Jet) > 0\n  sort eta(Jet) ascend\n  select pT(Jet[0]) > 30\n"
    source = Source("a.adl", text)
    _, findings = check(parse(source), source, load_model("nanoaod").schema())
    assert "W301" not in [d.code for d in findings]


# ------------------------------------------------------------------------------------- tuples

PAIRS = """
composite pairs
  take disjoint(jets a, jets b)
"""


def pairs(*keys: Callable[[Any, Any], Any]) -> Any:
    """Pairs of jets, sorted ascending by each key in turn, stably."""
    found = ak.combinations(jets(), 2, fields=["a", "b"])
    for key in keys:
        found = stable(found, key(found.a, found.b))
    return found


def sum_eta(a: Any, b: Any) -> Any:
    return abs(a.eta + b.eta)


def both_hard(a: Any, b: Any) -> Any:
    """0 where both are hard: those come first."""
    return ak.values_astype(~((a.pt > 60) & (b.pt > 60)), np.int32)


TUPLES: dict[str, tuple[str, Callable[[], Any]]] = {
    "unsorted": ("", lambda: at(pairs().b.pt, 0)),
    "once": ("  sort abs(pairs.a.eta + pairs.b.eta) ascend\n", lambda: at(pairs(sum_eta).b.pt, 0)),
    "ties": (
        "  sort (pairs.a.pT > 60 and pairs.b.pT > 60) descend\n",
        lambda: at(pairs(both_hard).b.pt, 0),
    ),
    "twice": (
        (
            "  sort abs(pairs.a.eta + pairs.b.eta) ascend\n"
            "  sort (pairs.a.pT > 60 and pairs.b.pT > 60) descend\n"
        ),
        lambda: at(pairs(sum_eta, both_hard).b.pt, 0),
    ),
}


@pytest.mark.parametrize("target", ["host", "reference"])
@pytest.mark.parametrize("case", TUPLES)
def test_tuples_are_sorted_as_elements_are(case: str, target: str, tmp_path: Path) -> None:
    sorts, expected = TUPLES[case]
    text = PAIRS + "region r\n" + sorts + fill("pairs[0].b.pT")
    assert contents(tmp_path, text, target) == counted(expected())


def test_tuples_of_a_sorted_object_are_sorted_stably(tmp_path: Path) -> None:
    text = "composite two\n  take disjoint(central a, central b)\nregion r\n"
    text += "  sort (two.a.pT > 60 and two.b.pT > 60) descend\n" + fill("two[1].b.pT")
    found = ak.combinations(central(), 2, fields=["a", "b"])
    expected = at(stable(found, both_hard(found.a, found.b)).b.pt, 1)
    assert contents(tmp_path, text) == contents(tmp_path, text, "reference") == counted(expected)


def test_a_sort_that_comes_by_two_paths_acts_once(tmp_path: Path) -> None:
    text = (
        "region a\n  sort (pT(jets) > 60) descend\n"
        "region b\n  take a\n  sort abs(eta(jets)) ascend\n"
        "region d\n  take b\n  take a\n"
    )
    assert contents(tmp_path, text + fill("jets[0].eta")) == counted(at(central().eta, 0))
    text = text.replace("take b\n  take a", "take a\n  take b")
    assert contents(tmp_path, text + fill("jets[0].eta")) == counted(at(central().eta, 0))
