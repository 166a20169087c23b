"""``--target cuda`` without a GPU: a fake of NVIDIA's driver, and what is said where there is none.

The fake runs the device's code on this machine, so results have to be those of ``--target host``,
bit for bit. That shows the bookkeeping around launches, and says nothing of a GPU.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adl.cli.run import command
from adl.compiler.emit.device import DeviceModule, emit_device
from adl.compiler.emit.room import Room
from adl.compiler.pipeline import Compiled
from adl.compiler.schedule import schedule
from adl.runtime.execute.device import nvidia
from adl.runtime.execute.device.driver import DeviceError
from benchmarks import cuda
from benchmarks.variations import blocks, write
from tests.every_algorithm import EVERY_ALGORITHM
from tests.fake_cuda import FakeCuda, FakeDriver, driver_of

TOP = Path(__file__).parents[1]
EXAMPLES = TOP / "examples"
Fake = Callable[[FakeCuda], FakeCuda]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("events") / "events.root"
    write(path, blocks(2000, seed=2), codec="none")
    return path


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    def use(api: FakeCuda) -> FakeCuda:
        monkeypatch.setattr(nvidia, "driver", lambda: driver_of(nvidia.connect(api)))
        return api

    return use


def run(
    analysis: Path, path: Path, out: Path, *more: str, code: int = 0
) -> tuple[dict[str, Any], str]:
    """Run an analysis; return its results and what was said."""
    arguments = [str(analysis), str(path), "-q", "-o", str(out), *more]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return found, result.stderr


DATASET = ("--simulation", "--era", "2018", "--process", "ttbar")
PYTHON = """
import math

def picky(x: float, n: int) -> float:
    if x > 60:
        raise ValueError("too much")
    return math.sin(x) + n % 3
"""
ROWS = """
function picky
  code "own.py"
object good
  take Jet
  select pT > 30
region r
  select size(good) >= 2
  weight w MET_pt / 50
  histo h, "h", 20, 0, 200, pT(good)
  histo two, "two", 5, 0, 100, 4, -2, 2, pT(good), eta(good)
  histo p, "p", 5, 0, 3, picky(pT(good[1]), size(good))
  histo j, "j", 5, 0, 3, picky(pT(good), size(good)) * mod(MET_pt, 7)
  print pT(good), MET_pt
  save rows csv pT(good[0]), size(good)
  bin MET_pt > 40
  bin MET_pt <= 40
"""


@pytest.mark.parametrize("name", ["systematics/ttbar_agc", "rows", "algorithms"])
def test_a_fake_gpu_gives_the_results_of_the_cpu(
    fake: Fake, events: Path, tmp_path: Path, name: str
) -> None:
    analysis = EXAMPLES / f"{name}.adl"
    texts = {"rows": ROWS, "algorithms": EVERY_ALGORITHM}
    if name in texts:
        analysis = tmp_path / f"{name}.adl"
        analysis.write_text(texts[name])
        (tmp_path / "own.py").write_text(PYTHON)
    api = fake(FakeCuda())
    raises = 2 if name == "rows" else 0
    on_host, heard = run(analysis, events, tmp_path / "host", *DATASET, code=raises)
    more = (*DATASET, "--target", "cuda")
    found, said = run(analysis, events, tmp_path / "cuda", *more, code=raises)
    assert found == on_host
    assert said == heard
    assert bool(raises) == ("own.py:6: picky raised ValueError: too much" in said)
    assert "cuLaunchKernel" in api.calls
    written = list((tmp_path / "host").rglob("*.csv"))
    assert bool(written) == (name in texts)
    for csv in written:
        own = tmp_path / "cuda" / csv.relative_to(tmp_path / "host")
        assert csv.read_bytes() == own.read_bytes()


def test_a_dataset_list_and_its_mask_are_counted_on_a_fake_gpu(
    fake: Fake, events: Path, tmp_path: Path
) -> None:
    (tmp_path / "mask.json").write_text(json.dumps({"1": [[1, 3], [6, 7]]}))
    lists = tmp_path / "list.yaml"
    lists.write_text(
        "luminosity: 1 /fb\ndatasets:\n"
        f"  mc: {{files: {events}, kind: simulation, process: ttbar, cross_section: 1}}\n"
        "  rec:\n"
        f"    {{files: {EXAMPLES}/sample/zmumu.root, kind: data, lumi_mask: mask.json}}\n"
    )
    api = fake(FakeCuda())
    on_host, _ = run(EXAMPLES / "zpeak.adl", lists, tmp_path / "host")
    found, _ = run(EXAMPLES / "zpeak.adl", lists, tmp_path / "cuda", "--target", "cuda")
    assert found == on_host
    assert api.calls.count("cuModuleLoadData") == 2


# ----------------------------------------------------------------------------- there is no GPU


def no_library() -> Any:
    raise RuntimeError('"cuda" can only be found via system search. Ensure a driver.')


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"refuse": lambda f, n: "CUDA_ERROR_NO_DEVICE" * (f == "cuInit")}, "no NVIDIA GPU"),
        ({"devices": 0}, "no NVIDIA GPU"),
        ({"version": 10020}, "it knows CUDA 10.2, not 11.0"),
        ({"capability": (6, 1)}, "too old: sm_61, and the oldest is sm_75"),
        ({"free": 1 << 20}, "too little memory: 1 MiB are free"),
        (
            {"refuse": lambda f, n: "CUDA_ERROR_UNSUPPORTED_PTX_VERSION" * ("ModuleLoad" in f)},
            "too old for the kernel: it knows CUDA 12.8",
        ),
    ],
)
def test_without_a_gpu_one_line_says_why_and_the_cpu_counts(
    fake: Fake, events: Path, tmp_path: Path, facts: dict[str, Any], words: str
) -> None:
    fake(FakeCuda(**facts))
    zpeak = EXAMPLES / "zpeak.adl"
    found, said = run(zpeak, events, tmp_path / "cuda", "--target", "cuda")
    assert words in said
    assert said.count("the CPU counts") == 1
    assert found == run(zpeak, events, tmp_path / "host")[0]


def test_an_analysis_with_a_network_says_that_it_needs_the_cpu(
    fake: Fake, events: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    api = fake(FakeCuda())
    analysis = tmp_path / "a.adl"
    model = TOP / "tests" / "corpus" / "models" / "shape.onnx"
    analysis.write_text(f'region r\n  select onnx("{model}", MET_pt, size(Jet)) > 0.5\n')
    found, said = run(analysis, events, tmp_path / "cuda", "--target", "cuda")
    assert f"the CPU counts: the network {model} runs there" in said
    assert "cuLaunchKernel" not in api.calls
    assert found == run(analysis, events, tmp_path / "host")[0]


def test_auto_says_what_it_takes(fake: Fake, events: Path, tmp_path: Path) -> None:
    fake(FakeCuda())
    _, said = run(EXAMPLES / "zpeak.adl", events, tmp_path, "--target", "auto")
    assert "the GPU counts, fake" in said


def test_a_machine_without_bindings_or_driver_is_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cuda.bindings", None)
    with pytest.raises(DeviceError, match=r"pip install 'adlc\[cuda\]'"):
        nvidia.connect()
    api = FakeCuda()
    monkeypatch.setattr(api, "do_cuInit", lambda flags: no_library())
    with pytest.raises(DeviceError, match="there is no NVIDIA driver"):
        nvidia.connect(api)


# ------------------------------------------------------------------------- what a GPU refuses


def test_a_kernel_that_fails_leaves_the_rest_to_the_cpu(
    fake: Fake, events: Path, tmp_path: Path
) -> None:
    def refuse(function: str, number: int) -> str:
        # The first wait is for the numbers that are data.
        failed = function == "cuStreamSynchronize" and number >= 1
        return "CUDA_ERROR_ILLEGAL_ADDRESS" if failed else ""

    api = fake(FakeCuda(refuse=refuse))
    found, said = run(EXAMPLES / "ttbar.adl", events, tmp_path / "cuda", "--target", "cuda")
    assert found == run(EXAMPLES / "ttbar.adl", events, tmp_path / "host")[0]
    assert "the GPU has failed, and the CPU has counted 2000 events" in said
    assert "CUDA_ERROR_ILLEGAL_ADDRESS" in said
    assert api.calls.count("cuLaunchKernel") <= 2


def test_blocks_without_room_on_the_gpu_are_counted_by_the_cpu(
    fake: Fake, events: Path, tmp_path: Path
) -> None:
    def refuse(function: str, number: int) -> str:
        return "CUDA_ERROR_OUT_OF_MEMORY" if function == "cuMemAlloc" and number else ""

    fake(FakeCuda(refuse=refuse))
    found, said = run(EXAMPLES / "ttbar.adl", events, tmp_path / "cuda", "--target", "cuda")
    assert found == run(EXAMPLES / "ttbar.adl", events, tmp_path / "host")[0]
    assert "the CPU has counted 2000 events" in said
    assert "no room" in said


def test_large_events_are_counted_by_the_cpu_and_the_run_says_so(
    fake: Fake, events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def for_threads(self: Compiled, *, shared: bool | None = None) -> DeviceModule:
        plan, room = schedule(self.program, ahead=False), Room(longest=7)
        return emit_device(self.program, plan, self.layout, shared=shared, room=room)

    fake(FakeCuda())
    monkeypatch.setattr(Compiled, "for_threads", for_threads)
    found, said = run(EXAMPLES / "ttbar.adl", events, tmp_path / "cuda", "--target", "cuda")
    assert found == run(EXAMPLES / "ttbar.adl", events, tmp_path / "host")[0]
    counted = re.search(r"the CPU has counted (\d+) events: they are too large", said)
    assert counted is not None
    assert 10 < int(counted[1]) < 1024


# ---------------------------------------------------------------------------------- the benchmark


def test_the_benchmark_is_ready_to_run(
    monkeypatch: pytest.MonkeyPatch, fake: Fake, events: Path
) -> None:
    monkeypatch.setattr(cuda, "NvidiaDriver", FakeDriver)
    monkeypatch.setattr(cuda, "REPEATS", 1)
    api = fake(FakeCuda())
    gpu = nvidia.connect(api)
    speed = cuda.bandwidth(gpu, 1 << 20)
    weighted = EXAMPLES / "zpeak.adl"
    found = cuda.row(gpu, speed, weighted, events, 3000)
    assert found.events == 3000
    assert found.bytes > 3000 * 8
    assert min(found.kernel, found.floor, found.core) > 0
    assert not api.blocks  # all memory is given back
    assert cuda.agreement(weighted, events) == "they agree (0 ULP allowed for sums)"


def test_without_a_gpu_the_benchmark_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "connect", lambda: nvidia.connect(FakeCuda(devices=0)))
    with pytest.raises(SystemExit, match="nothing to measure: there is no NVIDIA GPU"):
        cuda.main([])
