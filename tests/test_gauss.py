"""gauss(mean, sigma): normal, keyed by event, element and name, the same in both targets."""

from __future__ import annotations

import itertools
import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
from click.testing import CliRunner

from adl.check.checker import check
from adl.cli.run import command
from adl.stdlib.random import named, normal
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.checking import NANOAOD
from tests.on_sample import EXAMPLES, load

OBJECTS = """
info adl
  dialect adl
object jets
  take Jet
  define once = gauss(0, 1) draw smear
  define again = gauss(0, 1) draw smear
  define own = gauss(0, 1)
  define other = gauss(0, 1)
object hard
  take jets
  select pT > 40
  define third = gauss(0, 1) draw smear
object smeared
  take Jet
  select applyPTF(gauss(1, 0.1) draw smear)
object leps
  take union(Muon, Electron)
  define x = gauss(0, 1) draw smear
  select abs(x) < 2
define event_number = gauss(5, 2) draw toy
define same_number = gauss(0, 1) draw toy
table half
  nvars 1
  0.5 0 9999
object one
  take Jet
  select applyHM(half(pT(this)) == 1)
object two
  take Jet
  select applyHM(half(pT(this)) == 1) draw loose
object three
  take Jet
  select applyHM(half(pT(this)) == 0) draw loose
"""


def histograms(tmp_path: Path, values: list[str], *options: str) -> list[list[float]]:
    """Return a histogram of each value, flow bins included."""
    analysis = tmp_path / "gauss.adl"
    fills = [f'  histo h{i}, "", 100, -5, 5, {value}\n' for i, value in enumerate(values)]
    analysis.write_text(f"{OBJECTS}\nregion r\n{''.join(fills)}")
    file = EXAMPLES / "sample" / "ttbar.root"
    arguments = [str(analysis), str(file), "-q", "-o", str(tmp_path), *options]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "results.json").read_text())["histograms"]
    return [histogram["hist"]["storage"]["values"] for histogram in found]


@cache
def grid(events: int = 4_000, elements: int = 5, seed: int = 1) -> Any:
    keys = itertools.product(range(events), range(elements))
    draws = [normal([seed, 1, 7, event, named("Jet"), named("a"), i]) for event, i in keys]
    return np.array(draws).reshape(events, elements)


def test_the_distribution_is_the_normal_one() -> None:
    draws = np.sort(grid().ravel())
    exact = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in draws])
    n = len(draws)
    above, below = np.arange(1, n + 1) / n - exact, exact - np.arange(n) / n
    # Kolmogorov and Smirnov's distance: above 1.95 / sqrt(n) once in a thousand.
    assert max(above.max(), below.max()) < 1.95 / math.sqrt(n)


def test_its_moments_are_those_of_the_normal_one() -> None:
    draws = grid().ravel()
    # The variance of a mean of x^k is (E[x^2k] - E[x^k]^2) / n.
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        error = math.sqrt(variance / len(draws))
        assert abs((draws**power).mean() - mean) < 4 * error, power


def test_neighbours_and_seeds_are_not_correlated() -> None:
    draws = grid()
    for left, right in (
        (draws[1:], draws[:-1]),
        (draws[:, 1:], draws[:, :-1]),
        (draws, grid(seed=2)),
    ):
        correlation = np.corrcoef(left.ravel(), right.ravel())[0, 1]
        assert abs(correlation) < 4 / math.sqrt(left.size)


def test_a_kernel_draws_what_the_interpreter_draws(tmp_path: Path) -> None:
    values = [
        *("jets.once", "jets.own", "hard.third", "leps.x", "event_number", "leps[0].x"),
        *("pT(smeared[0]) / 50", "sum(jets j, gauss(0, 1))", "size(two)"),
    ]
    kernel = histograms(tmp_path, values)
    assert kernel == histograms(tmp_path, values, "--target", "reference")
    assert kernel == histograms(tmp_path, values, "-j", "2")
    assert kernel != histograms(tmp_path, values, "--seed", "2")
    assert all(sum(counts) > 1_000 for counts in kernel)


def test_a_number_is_known_by_its_name(tmp_path: Path) -> None:
    values = [
        "jets.once - jets.again",  # one name, one number
        "hard.once - hard.third",  # in other objects, too
        "(event_number - 5) / 2 - same_number",  # the same deviation
        "jets.own - jets.other",  # without a name each is its own
        "size(two) + size(three) - size(Jet)",  # complements under one name
        "count(one a, two b, a == b) - size(one)",  # another name, other numbers
    ]
    once, third, toy, own, complements, other = histograms(tmp_path, values)
    zero = 51  # the bin of [0, 0.1), behind the underflow
    jets = load("ttbar").Jet
    for counts in (once, third, toy, complements):
        near = counts[zero - 1] + counts[zero]  # a difference can round to -1e-17
        assert near == sum(counts) > 1_000
    assert own[zero] < 0.1 * sum(own)
    assert sum(own) == ak.sum(ak.num(jets))
    assert other[zero] < 0.5 * sum(other)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("select gauss(1) > 0", "E206"),
        ("select sum(jets j, jets k, gauss(pT(j), 1)) > 0", "E242"),
        ("select sum(gauss(1, 2)) > 0", "E242"),
        ("select pT(jets[0]) draw x > 0", "E206"),
        ("select gauss(jets[0], 1) > 0", "E204"),
    ],
)
def test_a_number_of_nothing_is_refused(line: str, code: str) -> None:
    text = f"object jets\n  take Jet\nregion r\n  select size(jets) > 0\n  {line}\n"
    with pytest.raises(AnalysisError) as error:
        check(parse(Source("x.adl", text)), Source("x.adl", text), NANOAOD)
    assert [d.code for d in error.value.diagnostics if d.severity == "error"] == [code]
