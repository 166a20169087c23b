"""``adl compare-targets``: what agrees is said to, and what does not is named.

Where ``cuda`` takes part it is a fake of NVIDIA's driver: see ``fake_cuda.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from adl.cli.compare_targets import command
from adl.compiler.layout import Chunk, Partial, Rows
from adl.compiler.pipeline import Compiled
from adl.runtime.agreement import ulps
from adl.runtime.execute.device import nvidia
from tests.fake_cuda import FakeCuda, driver_of

EXAMPLES = Path(__file__).parents[1] / "examples"
SAMPLE = str(EXAMPLES / "sample" / "ttbar.root")
ANALYSIS = """
region r
  select size(Jet) >= 2
  weight w MET_pt / 50
  histo h, "h", 20, 0, 200, pT(Jet)
"""


@pytest.fixture
def analysis(tmp_path: Path) -> str:
    path = tmp_path / "a.adl"
    path.write_text(ANALYSIS)
    return str(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def machine(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--format", "json").stdout)
    return found


Change = Callable[[Partial], None]


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Let the interpreter give something else."""

    def use(edit: Change) -> None:
        right = Compiled.interpret

        def interpret(self: Compiled, chunk: Chunk) -> Partial:
            found = right(self, chunk)
            edit(found)
            return found

        monkeypatch.setattr(Compiled, "interpret", interpret)

    return use


def test_host_and_interpreter_agree_in_everything(analysis: str) -> None:
    found = machine(analysis, SAMPLE, "--targets", "host", "reference", "-n", "200")
    assert found["agree"]
    assert found["events"] == 200
    assert found["values"]["compared"] > 500
    assert found["counts"]["compared"] > 22
    assert found["sums"]["compared"] > 40
    assert all(found[kind]["different"] == 0 for kind in ("values", "counts", "sums"))


def test_without_a_gpu_the_interpreter_is_taken_and_the_reason_said(
    analysis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvidia, "driver", lambda: driver_of(nvidia.connect(FakeCuda(devices=0))))
    result = run(analysis, SAMPLE, "-n", "50")
    assert result.exit_code == 0, result.output
    assert "compiled code and interpreter are compared (there is no NVIDIA GPU)" in result.stderr
    assert result.stdout.startswith("host (code of this CPU) and reference (interpreter) over 50 ")
    assert result.stdout.endswith("  they agree\n")
    result = run(analysis, SAMPLE, "--targets", "host", "cuda")
    assert result.exit_code == 2
    assert "there is no NVIDIA GPU" in result.stderr


def test_a_fake_gpu_agrees_with_the_host(analysis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvidia, "driver", lambda: driver_of(nvidia.connect(FakeCuda())))
    found = machine(analysis, SAMPLE)
    assert found["targets"] == ["host", "cuda"]
    assert found["agree"]
    assert found["values"]["compared"] > 2000
    assert found["gpu"]["events"] == found["events"]
    last = run(analysis, SAMPLE, "-n", "50").stdout.splitlines()[-1]
    assert last == "  they agree; the GPU has counted 50 events"


@pytest.mark.parametrize(
    ("function", "error", "words"),
    [
        ("cuStreamSynchronize", "CUDA_ERROR_ILLEGAL_ADDRESS", "since the GPU has failed"),
        ("cuMemAlloc", "CUDA_ERROR_OUT_OF_MEMORY", "for which the GPU had no room"),
    ],
)
def test_the_cpu_s_numbers_are_not_taken_for_those_of_a_gpu(
    analysis: str, monkeypatch: pytest.MonkeyPatch, function: str, error: str, words: str
) -> None:
    def refuse(called: str, number: int) -> str:
        return error if called == function and number else ""  # the first is for the numbers

    api = FakeCuda(refuse=refuse)
    monkeypatch.setattr(nvidia, "driver", lambda: driver_of(nvidia.connect(api)))
    result = run(analysis, SAMPLE, "-n", "50")
    assert result.exit_code == 1, result.output
    last = result.stdout.splitlines()[-1]
    assert last.startswith("  they do not agree; the GPU has counted 0 events; the CPU has counted")
    assert words in last
    assert ("the GPU has failed, and the CPU counts from here on" in result.stderr) == (
        "failed" in words
    )
    assert not machine(analysis, SAMPLE, "-n", "50")["agree"]


def test_values_of_each_variation_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    variations = "systematic jes\n  scale pt(Jet)  up 1.1  down 0.9\n"
    arguments = (SAMPLE, "--targets", "host", "reference", "-n", "40", "--simulation")
    path.write_text(ANALYSIS)
    nominal = machine(str(path), *arguments)
    path.write_text(variations + ANALYSIS)
    found = machine(str(path), *arguments)
    assert found["agree"]
    assert nominal["values"]["compared"] > 100
    assert found["values"]["compared"] > 2 * nominal["values"]["compared"]


def test_each_dataset_of_a_list_is_compared(tmp_path: Path) -> None:
    lists = tmp_path / "list.yaml"
    folder = EXAMPLES / "sample"
    (tmp_path / "mask.json").write_text('{"1": [[1, 3], [6, 7]]}')
    lists.write_text(
        "luminosity: 1 /fb\ndatasets:\n"
        f"  mc: {{files: {folder}/ttbar.root, kind: simulation, cross_section: 1}}\n"
        f"  rec: {{files: {folder}/zmumu.root, kind: data, lumi_mask: mask.json}}\n"
    )
    zpeak = str(EXAMPLES / "zpeak.adl")
    found = machine(zpeak, str(lists), "--targets", "host", "reference", "-n", "60")
    assert found["agree"]
    assert found["events"] == 120
    alone = machine(zpeak, f"{folder}/ttbar.root", "--targets", "host", "reference", "-n", "60")
    # Of simulation in a list every event has its generator's weight.
    assert found["sums"]["compared"] > alone["sums"]["compared"] == 0
    result = run(zpeak, str(lists), SAMPLE)
    assert result.exit_code == 2
    assert "is a dataset list, which stands alone" in result.stderr
    result = run(zpeak, str(lists), "--data")
    assert "the dataset list says it" in result.stderr


def test_columns_of_friends_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    path.write_text("region r\n  select xMET_pt > 20\n")
    arguments = (str(path), SAMPLE, "--targets", "host", "reference", "-n", "40")
    friend = ("--friend", SAMPLE, "--friend-prefix", "x")
    assert run(*arguments).exit_code == 2
    found = machine(*arguments, *friend)
    assert found["agree"]
    assert found["values"]["compared"] > 0


def test_the_trees_of_variations_are_compared(tmp_path: Path) -> None:
    import uproot

    events, path = tmp_path / "trees.root", tmp_path / "a.adl"
    random = np.random.default_rng(1)
    with uproot.recreate(events) as file:
        for name, number in (("nominal", 40), ("jmsUp", 30), ("jmsDown", 50)):
            file[name] = {"MET_pt": random.uniform(0, 99, number).astype(np.float32)}
    path.write_text(
        'systematic jms\n  tree up "jmsUp" down "jmsDown"\nregion r\n  select MET_pt > 30\n'
    )
    arguments = ("--targets", "host", "reference", "--tree", "nominal", "--simulation")
    found = machine(str(path), str(events), *arguments)
    assert found["agree"]
    assert found["events"] == 120


def test_a_file_that_cannot_be_used_is_named_after_what_was_compared(analysis: str) -> None:
    arguments = (analysis, SAMPLE, __file__, "--targets", "host", "reference", "-n", "99999")
    result = run(*arguments)
    assert result.exit_code == 2
    assert "they agree" in result.stdout
    assert f"{__file__}: is not a ROOT file" in result.stderr


def test_a_value_of_one_event_is_named(analysis: str, change: Callable[[Change], None]) -> None:
    def edit(partial: Partial) -> None:
        for place, rows in enumerate(partial.rows):
            if len(rows.values) == 2:  # a jet's momentum and the weight
                pt = rows.values[0].copy()
                first = int(np.flatnonzero(rows.events == 17)[0])
                pt[first] = np.nextafter(pt[first], np.inf)
                changed = Rows(rows.events, (pt, rows.values[1]))
                partial.rows = (*partial.rows[:place], changed, *partial.rows[place + 1 :])

    change(edit)
    found = machine(analysis, SAMPLE, "--targets", "host", "reference", "-n", "40")
    assert not found["agree"]
    (case,) = found["values"]["cases"]
    assert (case["what"], case["event"], case["file"]) == ("r: h", 17, SAMPLE)
    assert case["host"] < case["reference"]
    result = run(analysis, SAMPLE, "--targets", "host", "reference", "-n", "40")
    assert result.exit_code == 1
    assert f"r: h, event 17 of {SAMPLE}: host" in result.stdout
    assert "they do not agree" in result.stdout


def test_an_event_that_one_target_leaves_out_is_named(
    analysis: str, change: Callable[[Change], None]
) -> None:
    def edit(partial: Partial) -> None:
        partial.rows = tuple(
            Rows(rows.events[1:], tuple(v[1:] for v in rows.values)) for rows in partial.rows
        )

    change(edit)
    found = machine(analysis, SAMPLE, "--targets", "host", "reference", "-n", "40")
    assert not found["agree"]
    assert found["values"]["cases"][0]["what"].endswith(": how often")


def test_sums_may_be_as_far_apart_as_the_bound_says(
    analysis: str, change: Callable[[Change], None]
) -> None:
    def edit(partial: Partial) -> None:
        partial.sumw[3] = np.nextafter(np.nextafter(partial.sumw[3], np.inf), np.inf)

    change(edit)
    arguments = (analysis, SAMPLE, "--targets", "host", "reference", "-n", "40")
    found = machine(*arguments)
    assert not found["agree"]
    assert found["sums"]["ulp"] == 2.0
    assert 1e-17 < found["sums"]["relative"] < 1e-15
    (case,) = found["sums"]["cases"]
    assert case["what"].startswith("r: ")
    assert machine(*arguments, "--bound", "2")["agree"]
    assert not machine(*arguments, "--bound", "1")["agree"]


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_sum_that_is_no_number_is_json_too(
    analysis: str, change: Callable[[Change], None], number: float
) -> None:
    def edit(partial: Partial) -> None:
        partial.sumw[3] = number

    change(edit)
    arguments = (analysis, SAMPLE, "--targets", "host", "reference", "-n", "40")
    printed = run(*arguments, "--format", "json").stdout
    found = json.loads(printed, parse_constant=lambda text: pytest.fail(f"{text} is not JSON"))
    assert not found["agree"]
    assert found["sums"]["cases"][0]["reference"] == str(number)
    assert "they do not agree" in run(*arguments, "--bound", "1e300").stdout


def test_a_comparison_of_nothing_is_no_agreement(analysis: str) -> None:
    result = run(analysis, SAMPLE, "--targets", "host", "reference", "-n", "0")
    assert result.exit_code == 1
    assert result.stdout.endswith("  nothing was compared\n")
    assert not machine(analysis, SAMPLE, "--targets", "host", "reference", "-n", "0")["agree"]


def test_a_target_is_not_compared_with_itself(analysis: str) -> None:
    result = run(analysis, SAMPLE, "--targets", "host", "host")
    assert result.exit_code == 2
    assert "--targets host host: that is one target" in result.stderr
    assert "compare host with reference or cuda" in result.stderr


def test_a_count_is_never_excused(analysis: str, change: Callable[[Change], None]) -> None:
    def edit(partial: Partial) -> None:
        partial.raw[0] += 1

    change(edit)
    found = machine(analysis, SAMPLE, "--targets", "host", "reference", "-n", "40", "--bound", "9")
    assert not found["agree"]
    assert found["counts"]["different"] == 1
    assert found["counts"]["cases"][0]["reference"] == found["counts"]["cases"][0]["host"] + 1


def test_what_functions_raise_is_compared(tmp_path: Path, change: Callable[[Change], None]) -> None:
    (tmp_path / "own.py").write_text(
        "def picky(x: float) -> float:\n    if x > 60:\n        raise ValueError('much')\n    return x\n"
    )
    path = tmp_path / "a.adl"
    path.write_text(
        'function picky\n  code "own.py"\nregion r\n  select size(Jet) >= 2\n'
        '  histo h, "h", 5, 0, 60, picky(MET_pt)\n'
    )
    arguments = (str(path), SAMPLE, "--targets", "host", "reference", "-n", "60")
    right = machine(*arguments)
    assert right["agree"]

    def edit(partial: Partial) -> None:
        (fault,) = partial.faults
        partial.faults = (replace(fault, events=fault.events + 1),)

    change(edit)
    found = machine(*arguments)
    assert not found["agree"]
    assert found["counts"]["compared"] == right["counts"]["compared"] + 1
    first, second = found["counts"]["cases"]
    assert first["what"] == "picky: ValueError much, in how many events"
    assert first["event"] == second["event"] > 0
    assert {first["host"], second["host"]} == {0.0, first["host"] + second["host"]}


def test_places_between_numbers_are_counted_across_zero() -> None:
    tiny = 5e-324
    first = np.array([1.0, -tiny, 0.0, np.nan, np.nan, 1e308, 2.0])
    second = np.array([np.nextafter(1.0, 2.0), tiny, -0.0, np.nan, 1.0, 1e308, -2.0])
    found = ulps(first, second)
    assert found[:6].tolist() == [1.0, 2.0, 1.0, 0.0, np.inf, 0.0]
    assert found[6] > 1e18
