"""Every algorithm there is: the same bits on both targets, its messages, and what it costs at the start."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from adl.cli import main
from adl.compiler.python.code import code, outputs
from adl.compiler.targets.python import load
from adl.stdlib.library import find_function
from adl.stdlib.registry import FLATTENED, Function
from tests.algorithms import ALGORITHMS, OBJECTS, Array, codes
from tests.checking import findings


def arguments_of(function: Function, draw: np.random.Generator) -> list[Any]:
    """Return arguments as the C function takes them: numbers, lists and lengths."""
    arguments: list[Any] = []
    for kind in function.arguments:
        flat = FLATTENED[kind]
        if "array" in flat:
            size = int(draw.integers(0, 7))
            p = np.round(draw.normal(0, 50, (3, size)), 1)
            energy = np.sqrt((p**2).sum(axis=0) + np.round(draw.uniform(0, 10, size), 1) ** 2)
            arguments += [[float(x) for x in component] for component in (*p, energy)]
            arguments.append(size)
        else:
            arguments += [float(np.round(x, 1)) for x in draw.normal(0, 50, len(flat))]
    for place, default in enumerate(reversed(function.defaults)):
        arguments[-1 - place] = default
    if function.name == "fFoxWolfram":
        arguments[-1] = float(draw.integers(0, 5))
    if function.name == "separated":
        arguments[-1] = abs(arguments[-1]) / 50
    if function.name == "antikT":
        arguments[-1] = float(draw.choice([0.4, 1.0]))
    return arguments


def in_python(function: Function, arguments: Sequence[Any]) -> tuple[Any, list[list[Any]]]:
    """Call the Python body with the arguments of the C function."""
    plain: list[Any] = []
    total = 0
    lists = False
    for argument in arguments:
        if isinstance(argument, list):
            plain.append(np.array(argument, np.float64))
            lists = True
        elif lists:
            total, lists = total + argument, False
        else:
            plain.append(argument)
    type_ = np.bool_ if function.result == "flags" else np.float64
    filled: list[Array] = [np.zeros(total, type_) for _ in range(outputs(function))]
    work = [np.zeros(total + 1) for _ in range(function.scratch)]
    return function.body(*plain, *filled, *work), [array.tolist() for array in filled]


def close(x: Any, y: Any) -> bool:
    if isinstance(x, list):
        return len(x) == len(y) and all(map(close, x, y))
    return x == y or (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-12)


@pytest.mark.parametrize("function", ALGORITHMS, ids=lambda f: f.name)
def test_the_compiled_function_gives_what_its_python_gives(function: Function) -> None:
    draw = np.random.default_rng(7)
    call, fault = load(function), np.zeros(3, np.int64)
    for _ in range(60):
        arguments = arguments_of(function, draw)
        with np.errstate(all="ignore"):
            try:
                expected, arrays = in_python(function, arguments)
            except ZeroDivisionError:  # compiled, it is IEEE's
                continue
        value, filled = call(arguments, 0, fault)
        if function.result == "collection":
            assert value == expected
            filled, arrays = ([a[:value] for a in found] for found in (filled, arrays))
        elif function.result != "flags":
            assert close(value, float(expected)), arguments
        assert close(filled, arrays), arguments
    assert not fault.any()


@pytest.mark.parametrize("function", ALGORITHMS, ids=lambda f: f.name)
def test_an_algorithm_ends_and_raises_nothing_whatever_it_is_given(function: Function) -> None:
    draw = np.random.default_rng(3)
    call, fault = load(function), np.zeros(3, np.int64)
    special = (0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, 1e300, -1e-300)
    for _ in range(60):
        arguments = [
            [float(draw.choice(special)) for _ in a] if isinstance(a, list) else a
            for a in arguments_of(function, draw)
        ]
        lengths = _lengths(arguments)
        numbers = [
            a if isinstance(a, list) or i in lengths else float(draw.choice(special))
            for i, a in enumerate(arguments)
        ]
        value, filled = call(numbers, 0, fault)
        if function.result == "collection":
            assert 0 <= value <= len(filled[0])
        if function.result == "real" and any(
            math.isnan(x)
            for i, x in enumerate(numbers)
            if not isinstance(x, list) and i not in lengths
        ):
            assert math.isnan(value)
    assert not fault.any()


def _lengths(arguments: Sequence[Any]) -> set[int]:
    return {
        i
        for i, a in enumerate(arguments)
        if not isinstance(a, list) and i and isinstance(arguments[i - 1], list)
    }


@pytest.mark.parametrize("function", ALGORITHMS, ids=lambda f: f.name)
def test_an_algorithm_needs_no_runtime_and_no_libm(function: Function) -> None:
    text = code(function).text
    assert "NRT" not in text
    assert "fast" not in text.replace("fastcc", "")
    assert " contract " not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("object x\n  take fmegajets(jets, 3)\n", ["E206"]),
        ("object x\n  take fmegajets(MET)\n", ["E210"]),
        ("object x\n  take fmegajets(jets)\n  select charge(this) > 0\n", ["E202"]),
        ("object x\n  take separated(jets, jets)\n", ["E203"]),
        ("object x\n  take jets\n  select size(separated(leptons, this.eta)) > 0\n", ["E206"]),
        ("region r\n  select fSphericity(jets[0]) > 0.2\n", ["E210"]),
        ("region r\n  select fSphericity() > 0.2\n", ["E206"]),
        ("region r\n  select separated(jets, 0.8) > 1\n", ["E203"]),
        ("region r\n  select pT(mega) > 30\n", ["E203"]),
        ("region r\n  select size(separated(jets, 0.4)) > 1\n", []),
    ],
)
def test_a_wrong_call_has_one_message(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_a_function_is_found_by_an_alias_and_says_how_it_is_called() -> None:
    function = find_function("fhemispheres")
    assert function is not None
    assert function.name == "fhemisphere"
    (found,) = findings("object x\n  take fhemisphere(Jet, 1, 2, 3)\n")
    assert "fhemisphere takes 1 to 3" in found.message
    assert "seeding = 2" in found.message


def test_a_trace_shows_what_an_algorithm_has_made(tmp_path: Path) -> None:
    file = tmp_path / "a.adl"
    text = "region r\n  select size(mega) == 2\n  select fSphericity(jets) > 0\n"
    text += "  select separated(jets, 0.8).size > 1\n"
    file.write_text(f"{OBJECTS}{text}", encoding="utf-8")
    sample = Path(__file__).parents[1] / "examples" / "sample" / "ttbar.root"
    output = CliRunner().invoke(main, ["why", str(file), str(sample), "--event", "5", "--objects"])
    assert output.exit_code == 0, output.output
    for words in (
        "object mega: 2 of 2 pass",
        "object jets: ",
        "size(mega) = 2",
        "fSphericity(jets) = 0.",
    ):
        assert words in output.output


def test_what_is_cached_needs_no_numba(tmp_path: Any) -> None:
    script = """
import sys
from adl.stdlib.library import find_function
from adl.compiler.targets.python import load
load(find_function("separated"))
print("numba" in sys.modules)
"""

    def imports_numba() -> str:
        environment = {"ADL_CACHE_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return done.stdout.strip()

    assert [imports_numba(), imports_numba()] == ["True", "False"]
