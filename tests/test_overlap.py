"""Overlaps of two analyses on events: sums, correlations, what moved, against numpy and single runs."""

from __future__ import annotations

import csv
import json
import operator
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt
import pytest
import uproot
from click.testing import CliRunner, Result

from adl.cli import main
from adl.compiler.ir import Const, Node
from adl.runtime.overlap.patterns import summed, together
from adl.runtime.overlap.sums import Sums
from adl.runtime.overlap.words import Words
from tests.commands import adl

Document = dict[str, Any]
Numbers = npt.NDArray[Any]
Masks = dict[tuple[str, str], Numbers]

EXAMPLES = Path(__file__).parents[1] / "examples"
TTBAR = EXAMPLES / "sample" / "ttbar.root"

OLD = """object jets
  take Jet
  select pT > 30 and abs(eta) < 2.4
define ht = sum(pT(jets))
region loose
  weight w 1 + 0.01 * MET
  select size(jets) >= 2
  select ht > 100
region hard
  loose
  select MET > 50
region soft
  select size(jets) < 2
"""
NEW = OLD.replace("ht > 100", "ht >= 120").replace("pT > 30 and", "pT > 25 and")


def call(*arguments: object) -> Result:
    return adl("diff", *arguments)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pair")
    for name, text in (("old.adl", OLD), ("new.adl", NEW)):
        (folder / name).write_text(text)
    return folder / "old.adl", folder / "new.adl"


@pytest.fixture(scope="module")
def document(pair: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Document:
    events = tmp_path_factory.mktemp("out") / "moved.csv"
    result = call(*pair, TTBAR, "--format", "json", "--events", events)
    assert result.exit_code == 0, result.output
    with events.open() as file:
        rows = [*csv.DictReader(file)]
    return {**json.loads(result.stdout), "rows": rows}


@pytest.fixture(scope="module")
def regions() -> Masks:
    """Which events each region has, by awkward."""
    with uproot.open(TTBAR) as file:
        read = file["Events"].arrays(["Jet_pt", "Jet_eta", "MET_pt", "run", "event"])
    out = {}
    for side, least, passes in (("A", 30, operator.gt), ("B", 25, operator.ge)):
        good = (read.Jet_pt > least) & (abs(read.Jet_eta) < 2.4)
        number = ak.to_numpy(ak.sum(good, axis=1))
        total = ak.to_numpy(ak.sum(ak.values_astype(read.Jet_pt[good], np.float64), axis=1))
        loose = (number >= 2) & passes(total, 100 if side == "A" else 120)
        out[side, "loose"] = loose
        out[side, "hard"] = loose & (ak.to_numpy(read.MET_pt).astype(np.float64) > 50)
        out[side, "soft"] = number < 2
    return out


def test_raw_overlaps_are_those_of_awkward(document: Document, regions: Masks) -> None:
    measured = document["measured"]
    names = [(r["analysis"], r["name"]) for r in measured["regions"]]
    assert names == [(s, n) for s in "AB" for n in ("loose", "hard", "soft")]
    for i, first in enumerate(names):
        for j, second in enumerate(names):
            both = int(np.count_nonzero(regions[first] & regions[second]))
            assert measured["raw"][i][j] == both
            own = np.count_nonzero(regions[first])
            assert measured["fraction"][i][j] == pytest.approx(both / own, rel=1e-12)


def test_yields_are_those_of_each_analysis_alone(
    document: Document,
    pair: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    measured = document["measured"]
    for side, path in zip("AB", pair, strict=True):
        words = ["run", str(path), str(TTBAR), "-o", str(tmp_path / side), "-q"]
        assert CliRunner().invoke(main, words).exit_code == 0
        results = json.loads((tmp_path / side / "results.json").read_text())
        for cutflow in results["cutflows"]:
            place = measured["regions"].index({"analysis": side, "name": cutflow["region"]})
            last = cutflow["steps"][-1]
            assert measured["raw"][place][place] == last["raw"]
            assert measured["yields"][place] == pytest.approx(last["sumw"], rel=1e-12)


def test_the_list_has_every_event_that_moved_with_its_statement(
    document: Document,
    regions: Masks,
    pair: tuple[Path, Path],
) -> None:
    with uproot.open(TTBAR) as file:
        read = file["Events"].arrays(["run", "luminosityBlock", "event"], library="np")
    for name in ("loose", "hard", "soft"):
        for change, mask in (
            ("lost", regions["A", name] & ~regions["B", name]),
            ("gained", regions["B", name] & ~regions["A", name]),
        ):
            rows = [r for r in document["rows"] if (r["region_a"], r["change"]) == (name, change)]
            assert [int(r["event"]) for r in rows] == read["event"][mask].tolist()
            assert [int(r["entry"]) for r in rows] == np.flatnonzero(mask).tolist()
            assert [int(r["luminosityBlock"]) for r in rows] == read["luminosityBlock"][
                mask
            ].tolist()
            number = sum(
                m["raw"] for m in document["measured"]["moved"]
                if (m["a"], m["kind"]) == (name, change)
            )  # fmt: skip
            assert number == len(rows)
    first = next(r for r in document["rows"] if r["change"] == "lost" and r["region_a"] == "loose")
    assert first["statement"] == "select ht >= 120"
    assert first["line"] == f"{pair[1]}:8"
    entered = [r for r in document["rows"] if r["statement"] == "select size(jets) >= 2"]
    assert {r["because"] for r in entered} == {f"jets at {pair[1]}:3"}
    soft = [r for r in document["rows"] if r["region_a"] == "soft"]
    assert soft
    assert all("soft" in r["in_a"].split() and "soft" not in r["in_b"].split() for r in soft)


def test_one_sign_is_one_line_one_slice_and_the_events_at_the_boundary(tmp_path: Path) -> None:
    text = "region r\n  select PV_npvs > 20\n  select MET > 10\n"
    (tmp_path / "a.adl").write_text(text)
    (tmp_path / "b.adl").write_text(text.replace("> 20", ">= 20"))
    out = tmp_path / "moved.csv"
    words = (tmp_path / "a.adl", tmp_path / "b.adl", TTBAR, "--format", "json", "--events", out)
    found = json.loads(call(*words).stdout)
    (change,) = found["changes"]
    assert (change["a"]["line"], change["b"]["line"]) == (2, 2)
    (part,) = change["phase_space"]
    assert (part["effect"], part["condition"]) == ("gained", "PV_npvs = 20")
    with uproot.open(TTBAR) as file:
        read = file["Events"].arrays(["PV_npvs", "MET_pt", "event"], library="np")
    boundary = (read["PV_npvs"] == 20) & (read["MET_pt"] > 10)
    with out.open() as file:
        rows = [*csv.DictReader(file)]
    assert len(rows) > 5
    assert [int(row["event"]) for row in rows] == read["event"][boundary].tolist()
    assert {row["line"] for row in rows} == {f"{tmp_path / 'a.adl'}:2"}
    assert {row["change"] for row in rows} == {"gained"}


def test_events_of_any_format_are_named_as_it_names_them(tmp_path: Path) -> None:
    met = np.array([10, 60, 45, 55], np.float32) * 1000
    numbers = {"runNumber": np.full(4, 7, np.int32), "eventNumber": np.arange(100, 104)}
    for name, more in (("some", numbers), ("none", {})):
        with uproot.recreate(tmp_path / f"{name}.root") as file:
            file["mini"] = {"met_et": met, "met_phi": met * 0, **more}
    for name, cut in (("a", 40), ("b", 50)):
        (tmp_path / f"{name}.adl").write_text(f"region r\n  select MET > {cut}\n")
    files = (tmp_path / f"{name}.root" for name in ("some", "none"))
    out = tmp_path / "moved.csv"
    words = (*files, "--model", "atlas2020", "--events", out)
    result = call(tmp_path / "a.adl", tmp_path / "b.adl", *words)
    assert result.exit_code == 0, result.output
    with out.open() as listed:
        rows = [*csv.DictReader(listed)]
    names = ("run", "luminosityBlock", "event", "entry")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("7", "", "102", "2"),
        ("", "", "", "2"),
    ]


def test_a_statement_is_put_down_to_what_it_names_alone(tmp_path: Path) -> None:
    text = """object mu
  take Muon
  select pT > 10
object jets
  take Jet
  select pT > 30
region r
  select size(mu) == 0
  select size(jets) >= 2
  bin "few" size(jets) < 4
  bin "many" size(jets) >= 4
"""
    a, b, c = (tmp_path / f"{name}.adl" for name in "abc")
    a.write_text(text)
    b.write_text(text.replace("pT > 10", "pT > 5").replace("pT > 30", "pT > 35"))
    c.write_text(text.replace("size(mu) == 0", "not (size(mu) >= 1) and MET >= 0"))
    result = call(a, b, TTBAR, "-q")
    assert "b.adl:8: select size(mu) == 0  (mu at" in result.stdout
    assert "jets at" not in result.stdout.partition("select size(mu) == 0  (")[2].partition(")")[0]
    assert "b.adl:9: select size(jets) >= 2  (jets at" in result.stdout
    result = call(a, c, TTBAR, "-q")
    assert "no event moved" in result.stdout


def test_bins_are_regions_where_they_are_asked_for(tmp_path: Path) -> None:
    a, b = tmp_path / "a.adl", tmp_path / "b.adl"
    # The second bin is what is left: the first one that is true has the event.
    a.write_text(
        OLD.replace("region hard", '  bin "few" size(jets) < 4\n  bin ht > 200\nregion hard')
    )
    b.write_text(NEW.replace("  select MET > 50", "  select MET > 50\n  bin MET 50 80 120"))
    words = a, b, TTBAR, "--bins", "--prove", "--format", "json"
    found = json.loads(call(*words).stdout)
    measured = found["measured"]
    names = [(r["analysis"], r["name"]) for r in measured["regions"]]
    assert [n for side, n in names if side == "A"] == (
        ["loose", "loose: few", "loose: ht > 200", "hard", "soft"]
    )
    assert [n for _, n in names[-5:-1]] == [
        "hard",
        *(f"hard: MET {t}" for t in ("in [50, 80)", "in [80, 120)", ">= 120")),
    ]
    for side, path in (("A", a), ("B", b)):
        adl("run", path, TTBAR, "-o", tmp_path / side, "-q")
        cutflows = json.loads((tmp_path / side / "results.json").read_text())["cutflows"]
        counted = {(c["region"], one["label"]): one for c in cutflows for one in c["bins"]}
        assert len(counted) == sum(s == side and ": " in n for s, n in names)
        for (region, label), known in counted.items():
            place = names.index((side, f"{region}: {label}"))
            assert measured["raw"][place][place] == known["raw"] > 0
            assert measured["yields"][place] == pytest.approx(known["sumw"], rel=1e-12)
    raw = np.array(measured["raw"])
    for verdict in found["proofs"]:
        i, j = (
            names.index((verdict[k]["analysis"], verdict[k]["name"])) for k in ("first", "second")
        )
        if verdict["relation"] == "disjoint":
            assert raw[i, j] == 0
        if verdict["relation"] == "subset":
            assert raw[i, j] == raw[i, i]
    one, other = names.index(("A", "loose: few")), names.index(("A", "loose: ht > 200"))
    assert raw[one, other] == 0


def test_a_file_that_is_lost_costs_no_other(pair: tuple[Path, Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.root"
    broken.write_bytes(TTBAR.read_bytes()[:40_000])
    result = call(*pair, TTBAR, broken, "--format", "json")
    assert result.exit_code == 2
    assert str(broken) in result.stderr
    assert json.loads(result.stdout)["measured"]["events"] == 6000


def test_more_threads_and_blocks_change_no_bit(pair: tuple[Path, Path]) -> None:
    one, four = (call(*pair, TTBAR, "--format", "json", "-j", j).stdout for j in (1, 4))
    assert json.loads(one)["measured"]["events"] == 6000
    assert one == four


def words_of(inside: Numbers, weights: Numbers, kinds: Numbers) -> Words:
    """Of one word: regions x events, kinds x events, and of each region its kind."""
    bits = (inside.astype(np.int64) << np.arange(len(inside))[:, None]).sum(axis=0)
    nodes: list[Node] = [Const(float(k)) for k in range(len(weights))]
    used = {node: np.where(inside[kinds == k].any(axis=0), weights[k], 1.0)
            for k, node in enumerate(nodes)}  # fmt: skip
    return Words(bits[None, :], used, {i: nodes[k] for i, k in enumerate(kinds.tolist())})


def random_sums(seed: int, *, kinds: int, regions: int = 5) -> tuple[Sums, Numbers, Numbers]:
    random = np.random.default_rng(seed)
    events = 400
    inside = random.random((regions, events)) < 0.3
    inside[1] |= inside[0]
    weights = random.normal(1, 0.5, (kinds, events))
    of_region = np.arange(regions) % kinds
    halves = [slice(0, 150), slice(150, None)]  # two blocks
    blocks = [summed(words_of(inside[:, h], weights[:, h], of_region), regions) for h in halves]
    return together(blocks).sums(), inside, weights[of_region]


@pytest.mark.parametrize("kinds", [1, 3, 5])  # few weights by patterns, many by events
def test_sums_are_those_over_all_events(kinds: int) -> None:
    sums, inside, weights = random_sums(kinds, kinds=kinds)
    x = weights * inside
    np.testing.assert_array_equal(sums.raw, inside.astype(int) @ inside.T.astype(int))
    np.testing.assert_allclose(sums.s10, x @ inside.T.astype(float), rtol=1e-12)
    np.testing.assert_allclose(sums.s11, x @ x.T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(sums.s22, x**2 @ (x**2).T, rtol=1e-12)
    np.testing.assert_allclose(sums.s31, x**3 @ x.T, rtol=1e-11, atol=1e-12)


def test_the_correlation_and_its_uncertainty_are_those_of_resampled_events() -> None:
    sums, inside, weights = random_sums(7, kinds=1, regions=3)
    x = weights * inside
    random = np.random.default_rng(1)
    numbers = random.poisson(1.0, (4000, x.shape[1]))
    yields = numbers @ x.T
    expected = np.corrcoef(yields.T)
    np.testing.assert_allclose(sums.correlation, expected, atol=0.05)
    found = []
    for one in numbers:
        s11 = (x * one) @ x.T
        found.append(s11 / np.sqrt(np.outer(s11.diagonal(), s11.diagonal())))
    np.testing.assert_allclose(sums.uncertainty, np.std(found, axis=0), rtol=0.1, atol=0.002)


def test_regions_without_common_events_have_the_uncertainty_of_none_seen() -> None:
    inside = np.zeros((2, 200), bool)
    inside[0, :100] = inside[1, 100:125] = True
    sums = summed(words_of(inside, np.ones((1, 200)), np.zeros(2, int)), 2).sums()
    assert sums.correlation[0, 1] == 0
    assert sums.uncertainty[0, 1] == pytest.approx(1.14 / 50)
