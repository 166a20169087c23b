"""`mod` and the operators on bits, against numpy; what has no bits is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.cli.run import command
from adl.stdlib import ops
from tests.checking import findings
from tests.on_sample import EXAMPLES, load

LARGEST = 2**63 - 1


def passing(tmp_path: Path, condition: str, target: str = "host") -> int:
    """Return how many events of the sample fulfil a condition."""
    analysis = tmp_path / "operators.adl"
    analysis.write_text(f"region r\n  select {condition}\n")
    file = EXAMPLES / "sample" / "ttbar.root"
    arguments = [str(analysis), str(file), "-q", "-o", str(tmp_path), "--target", target]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    (cutflow,) = json.loads((tmp_path / "results.json").read_text())["cutflows"]
    number: int = cutflow["steps"][1]["raw"]
    return number


def column(name: str) -> Any:
    with uproot.open(EXAMPLES / "sample" / "ttbar.root") as file:
        return ak.values_astype(file["Events"][name].array(), np.int64)


def flavour() -> Any:
    return column("Jet_hadronFlavour")


def met() -> Any:
    return load("ttbar").MET.pt


CASES: dict[str, Callable[[], Any]] = {
    "any(Electron e, e.cutBased & 5 == 4)": lambda: ak.any(
        column("Electron_cutBased") & 5 == 4, axis=1
    ),
    "all(Jet j, (j.hadronFlavour >> 2) & 1 == 1)": lambda: ak.all(flavour() >> 2 & 1 == 1, axis=1),
    "sum(Jet j, j.hadronFlavour << 2) > 40": lambda: ak.sum(flavour() << 2, axis=1) > 40,
    "any(Electron e, e.cutBased | 1 == 3)": lambda: ak.any(
        column("Electron_cutBased") | 1 == 3, axis=1
    ),
    "event & 3 == 1 and MET > 50": lambda: (column("event") & 3 == 1) & (met() > 50),
    "mod(event, 7) < 3": lambda: column("event") % 7 < 3,
    "Jet[0].eta != 0 and mod(100 * eta(Jet[0]), 3) < -1": lambda: ak.any(
        np.fmod(100 * load("ttbar").Jet.eta[:, :1], 3) < -1, axis=1
    ),
    "(MET > 30) & (MET < 60)": lambda: (met() > 30) & (met() < 60),
    "mod(event, size(Jet) - 4) == 1": lambda: _divided(),
}


def _divided() -> Any:
    """A remainder by 0 is missing: no comparison with it is true."""
    by = ak.to_numpy(ak.num(load("ttbar").Jet)).astype(np.int64) - 4
    event = ak.to_numpy(column("event"))
    return (by != 0) & (np.fmod(event, np.where(by == 0, 1, by)) == 1)


@pytest.mark.parametrize("condition", CASES)
@pytest.mark.parametrize("target", ["host", "reference"])
def test_operators_do_what_numpy_does(condition: str, target: str, tmp_path: Path) -> None:
    expected = int(np.count_nonzero(ak.to_numpy(CASES[condition]())))
    assert 0 < expected < 6000
    assert passing(tmp_path, condition, target) == expected


@pytest.mark.parametrize(
    ("x", "y"), list(product((0, 1, -1, 7, -7, 10**17 + 3, LARGEST, -LARGEST - 1), repeat=2))
)
def test_a_remainder_of_integers_has_the_sign_of_the_dividend(x: int, y: int) -> None:
    found = ops.apply("mod", x, y)
    if y == 0:
        assert found == 0
    else:
        assert abs(found) < abs(y)
        assert (x - found) % y == 0
        assert found == 0 or (found < 0) == (x < 0)


def codes(condition: str) -> list[str]:
    return [d.code for d in findings(f"region r\n  select {condition}\n")]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("MET & 3 == 3", "E250"),
        ("event & 3.5 == 3", "E250"),
        ("mod(event) == 1", "E206"),
        ('mod(event, "2") == 1', "E211"),
        ("any(Jet j, pT = 3)", "E206"),
    ],
)
def test_what_has_no_bits_or_no_rest_is_refused(condition: str, code: str) -> None:
    assert codes(condition) == [code]


def test_bits_bind_tighter_than_comparisons_and_are_no_conditions() -> None:
    assert codes("event & 4 == 4") == []
    assert codes("event & 4") == ["W304"]
    assert codes("(MET > 3) | (MET < 1)") == []
