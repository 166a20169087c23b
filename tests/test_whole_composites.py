"""Composites as a whole: arguments of functions, lists in rows, and which of equal tuples is first.

Against awkward and NumPy on the bundled sample; the interpreter gives the same rows.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
import vector
from click.testing import CliRunner

from adl.check.checker import check
from adl.cli import main
from adl.stdlib.models import load_model
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source

TTBAR = Path(__file__).parents[1] / "examples" / "sample" / "ttbar.root"
EVENTS = 400

PYTHON = """
import math


def first(x: list[float]) -> float:
    return x[0] if len(x) > 0 else math.nan


def second(x: list[float]) -> float:
    return x[1] if len(x) > 1 else math.nan
"""
OBJECTS = """
info adl
  dialect adl
function first
  code "order.py"
function second
  code "order.py"
object jets
  take Jet
  select pT > 30
object leptons
  take union(Muon, Electron)
composite pairs
  take disjoint(jets a, jets b)
composite heavy
  take pairs
  select m(this) > 100
composite mixed
  take cartesian(leptons l, jets j)
  object sum = l + j
  select dR(l, j) > 0.4
"""


def rows(folder: Path, lines: str) -> list[dict[str, str]]:
    """Return the rows of the region's print, the same in both targets."""
    (folder / "order.py").write_text(PYTHON)
    (folder / "a.adl").write_text(f"{OBJECTS}region r\n{lines}\n")
    found = []
    for target in ("host", "reference"):
        out = folder / target
        arguments = ["run", folder / "a.adl", TTBAR, "-q", "-n", EVENTS, "-o", out]
        arguments += ["--target", target]
        result = CliRunner().invoke(main, [str(a) for a in arguments])
        assert result.exit_code == 0, result.output
        with (out / "prints" / "r_1.csv").open(newline="") as file:
            found.append(list(csv.DictReader(file)))
    assert found[0] == found[1]
    return found[0]


def column(folder: Path, lines: str, item: str) -> Any:
    """Return the lists, or the numbers, that a print of one item gives."""
    found = rows(folder, f"{lines}  print {item}")
    return ak.Array([[float(x) for x in list(row.values())[-1].split()] for row in found])


def momenta(name: str) -> Any:
    with uproot.open(TTBAR) as file:
        fields = ("pt", "eta", "phi", "mass")
        arrays = file["Events"].arrays([f"{name}_{f}" for f in fields], entry_stop=EVENTS)
    wide = {f: ak.values_astype(arrays[f"{name}_{f}"], np.float64) for f in fields}
    return ak.zip(wide, with_name="Momentum4D", behavior=vector.backends.awkward.behavior)


def jets() -> Any:
    every = momenta("Jet")
    return every[every.pt > 30]


def pairs() -> Any:
    a, b = ak.unzip(ak.combinations(jets(), 2))
    return a + b


def heavy() -> Any:
    return pairs()[pairs().mass > 100]


def leptons() -> Any:
    every = ak.concatenate([momenta("Muon"), momenta("Electron")], axis=1)
    return every[ak.argsort(-every.pt, stable=True)]


def mixed() -> Any:
    left, right = ak.unzip(ak.cartesian([leptons(), jets()]))
    apart = left.deltaR(right) > 0.4
    return left[apart] + right[apart]


def same(found: Any, expected: Any) -> None:
    assert ak.num(found).tolist() == ak.num(expected).tolist()
    np.testing.assert_allclose(ak.flatten(found), ak.flatten(expected), rtol=1e-10)


def largest_eigenvalue(particles: Any) -> float:
    """The largest of the sphericity tensor's eigenvalues, which sum to 1."""
    p = np.array([particles.px, particles.py, particles.pz])
    return float(np.linalg.eigvalsh(p @ p.T / np.sum(p * p))[-1])


# ------------------------------------------------------------------------------- arguments


@pytest.mark.parametrize(("name", "tuples"), [("heavy", heavy), ("mixed", mixed)])
def test_a_function_of_a_collection_takes_the_tuples_of_a_composite(
    name: str, tuples: Any, tmp_path: Path
) -> None:
    lines = f"  select size({name}) > 0\n"
    found = ak.flatten(column(tmp_path, lines, f"fSphericity({name})"))
    expected = [1.5 * (1 - largest_eigenvalue(e)) for e in tuples() if len(e)]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)


def test_sums_of_tuples_are_those_of_their_momenta(tmp_path: Path) -> None:
    some = mixed()
    found = column(tmp_path, "", "fHT(mixed)")
    np.testing.assert_allclose(found[:, 0], ak.sum(some.pt, axis=1), rtol=1e-10)
    x, y = ak.sum(some.px, axis=1), ak.sum(some.py, axis=1)
    for call in ("pT(add(mixed))", "fMHT(mixed)"):
        found = column(tmp_path, "", call)
        np.testing.assert_allclose(found[:, 0], np.hypot(x, y), rtol=1e-9, atol=1e-9)


def test_a_function_makes_a_collection_of_tuples(tmp_path: Path) -> None:
    """There can be more of them than elements of the input."""
    found = column(tmp_path, "", "pT(antikT(pairs, 0.000001))")
    same(found, -ak.sort(-pairs().pt))
    assert ak.max(ak.num(found)) > ak.max(ak.num(momenta("Jet")))


def test_numbers_of_tuples_come_in_their_order(tmp_path: Path) -> None:
    lines = "  select size(mixed) > 1\n"
    expected = mixed()[ak.num(mixed()) > 1].mass
    found = rows(tmp_path, f"{lines}  print first(m(mixed)), second(m(mixed))")
    for i, name in enumerate(("first", "second")):
        values = [float(row[f"{name}_m_mixed"]) for row in found]
        np.testing.assert_allclose(values, expected[:, i], rtol=1e-10)


def test_numbers_of_sorted_tuples_come_in_the_order_of_the_sort(tmp_path: Path) -> None:
    lines = "  select size(pairs) > 1\n  sort m(pairs) ascend\n"
    expected = ak.sort(pairs()[ak.num(pairs()) > 1].mass)
    found = column(tmp_path, lines, "second(m(pairs))")
    np.testing.assert_allclose(found[:, 0], expected[:, 1], rtol=1e-10)


def test_a_function_that_keeps_elements_refuses_tuples() -> None:
    source = Source("a.adl", f"{OBJECTS}object apart\n  take separated(pairs, 1)\n")
    text = source.text.replace("function", "#").replace("  code", "#")
    source = Source("a.adl", text)
    with pytest.raises(AnalysisError) as raised:
        check(parse(source), source, load_model("nanoaod").schema())
    (found,) = raised.value.diagnostics
    assert found.code == "E206"
    assert "pairs has tuples" in found.message


# ------------------------------------------------------------------------------------ rows


def test_a_list_of_tuples_stands_in_the_order_of_a_sort(tmp_path: Path) -> None:
    found = column(tmp_path, "  sort m(pairs) descend\n", "m(pairs)")
    same(found, -ak.sort(-pairs().mass))


def test_equal_keys_leave_the_order_to_the_members_and_to_earlier_sorts(tmp_path: Path) -> None:
    lines = "  sort pT(mixed) ascend\n  sort (m(mixed) > 150) descend\n"
    by_pt = mixed()[ak.argsort(mixed().pt, stable=True)]
    expected = by_pt[ak.argsort(~(by_pt.mass > 150), stable=True)]
    same(column(tmp_path, lines, "m(mixed)"), expected.mass)
    expected = mixed()[ak.argsort(~(mixed().mass > 150), stable=True)]
    same(column(tmp_path, "  sort (m(mixed) > 150) descend\n", "m(mixed)"), expected.mass)


def test_what_is_mentioned_first_is_the_outer_loop_beside_sorted_tuples(tmp_path: Path) -> None:
    lines = "  sort m(heavy) descend\n"
    ordered, muons = -ak.sort(-heavy().mass), ak.zeros_like(momenta("Muon").pt)
    left, right = ak.unzip(ak.cartesian([ordered, muons]))
    same(column(tmp_path, lines, "m(heavy) + 0 * eta(Muon)"), left + right)
    left, right = ak.unzip(ak.cartesian([muons, ordered]))
    same(column(tmp_path, lines, "0 * eta(Muon) + m(heavy)"), left + right)


# ------------------------------------------------------------------------------------- ties


def test_of_equal_tuples_argmin_takes_the_first_in_the_order_of_the_sort(tmp_path: Path) -> None:
    """``floor(m / 100)`` is the same for many pairs: the first of the sorted ones is found."""
    lines = "  select size(pairs) > 0\n  sort m(pairs) descend\n"
    found = column(tmp_path, lines, "m(argmin(pairs p, floor(m(p) / 100)))")
    some = pairs()[ak.num(pairs()) > 0]
    least = ak.min(np.floor(some.mass / 100), axis=1)
    expected = ak.max(some.mass[np.floor(some.mass / 100) == least], axis=1)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-10)


def test_of_equal_tuples_a_search_takes_the_first_in_the_order_of_the_sort(tmp_path: Path) -> None:
    lines = "  select size(pairs) > 0\n  sort m(pairs) descend\n"
    lines += "  select floor(m(pairs[-1]) / 100) ~= 0\n"
    found = column(tmp_path, lines, "m(pairs[-1])")
    some = pairs()[ak.num(pairs()) > 0]
    least = ak.min(np.floor(some.mass / 100), axis=1)
    expected = ak.max(some.mass[np.floor(some.mass / 100) == least], axis=1)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-10)


def test_of_equal_tuples_argmin_takes_the_first_in_the_order_of_the_members(tmp_path: Path) -> None:
    """The members are those of a union, which is in descending pT."""
    lines = "  select size(mixed) > 0\n"
    found = column(tmp_path, lines, "m(argmin(mixed p, floor(m(p) / 100)))")
    some = mixed()[ak.num(mixed()) > 0]
    least = ak.min(np.floor(some.mass / 100), axis=1)
    expected = ak.firsts(some.mass[np.floor(some.mass / 100) == least])
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-10)
