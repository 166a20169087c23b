"""``--target cuda`` without a GPU: a fake of NVIDIA's driver, and what is said where there is none.

The fake runs the device's code on this machine, so results have to be those of ``--target host``,
bit for bit. That shows the bookkeeping around launches, and says nothing of a GPU.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from adl.cli.run import command
from adl.compiler.emit.device import DeviceModule, emit_device
from adl.compiler.emit.room import Room
from adl.compiler.pipeline import Compiled
from adl.compiler.schedule import schedule
from adl.compiler.targets import cuda as compiler_cuda
from adl.compiler.targets import emulated
from adl.runtime.execute.device import nvidia
from adl.runtime.execute.device.again import CODE, on_gpu
from adl.runtime.execute.device.driver import DeviceError
from benchmarks import cuda, cuda_resident, cuda_stages
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
    return math.sin(x) + n % 3 + x % 0.75 - int(x * 1e300) // 2**62
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
        ({"free": 1 << 20, "of_function": (32, 0, 0)}, "too little memory: 1 MiB are free\n"),
        # 4096 threads at a time, of half a million bytes each.
        (
            {"free": 2 << 30, "of_function": (32, 512 << 10, 0)},
            "its threads need 2048 for themselves",
        ),
        (
            {"refuse": lambda f, n: "CUDA_ERROR_UNSUPPORTED_PTX_VERSION" * ("ModuleLoad" in f)},
            "too old for the kernel: it knows CUDA 12.8",
        ),
        (
            {"refuse": lambda f, n: "CUDA_ERROR_JIT_COMPILER_NOT_FOUND" * ("ModuleLoad" in f)},
            "without its compiler, libnvidia-ptxjitcompiler.so",
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
    api = FakeCuda()
    monkeypatch.setattr(api, "do_cuMemAlloc", lambda size: no_library())
    with pytest.raises(DeviceError, match="cuMemAlloc: "):  # bindings that are newer than it
        nvidia.connect(api).call("cuMemAlloc", 8)


# ------------------------------------------------------------------------- what a GPU refuses


def broken(function: str, number: int) -> str:
    """Fail at the first wave; the first wait is for the numbers that are data."""
    failed = function == "cuStreamSynchronize" and number >= 1
    return "CUDA_ERROR_ILLEGAL_ADDRESS" if failed else ""


def test_a_kernel_that_fails_leaves_the_rest_to_the_cpu(
    fake: Fake, events: Path, tmp_path: Path
) -> None:
    api = fake(FakeCuda(refuse=broken))
    found, said = run(EXAMPLES / "zpeak.adl", events, tmp_path / "cuda", "--target", "cuda")
    assert found == run(EXAMPLES / "zpeak.adl", events, tmp_path / "host")[0]
    assert "the CPU has counted 2000 events, since the GPU has failed" in said
    assert "CUDA_ERROR_ILLEGAL_ADDRESS, in entries 0 to 2000 of " in said
    # There is no GPU for another process either; on the CPU nothing is wrong with the events.
    assert "the same code has run over them again on the CPU without a failure" in said
    assert api.calls.count("cuLaunchKernel") <= 2


# In place of the fence of what says where a thread is: at one event and number it fails.
TRAP = """  %here = icmp eq i64 %event, 1234
  %now = icmp eq i64 %number, NUMBER
  %both = and i1 %here, %now
  br i1 %both, label %fault, label %go
fault:
  store volatile i64 1, ptr inttoptr (i64 8 to ptr)
  br label %go
go:
  fence seq_cst"""
LINES = """
object good
  take Jet
  select pT > 30
region r
  select size(Jet) >= 0
  select max(pT(good)) < 1e9
  histo h, "h", 20, 0, 200, pT(good)
"""


def test_a_kernel_that_fails_on_the_cpu_too_is_traced_to_its_line(
    fake: Fake, events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = tmp_path / "a.adl"
    analysis.write_text(LINES)
    right = Compiled.for_threads

    def for_threads(self: Compiled, **options: Any) -> DeviceModule:
        module = right(self, **options)
        if not module.stepping:
            return module
        steps = module.arguments.steps
        assert steps is not None
        (number,) = [n for n, node in enumerate(steps) if node is self.program.fills[2]]
        trap = TRAP.replace("NUMBER", str(number))
        assert module.text.count("  fence seq_cst") == 1
        return replace(module, text=module.text.replace("  fence seq_cst", trap))

    fake(FakeCuda(refuse=broken))
    monkeypatch.setattr(Compiled, "for_threads", for_threads)
    found, said = run(analysis, events, tmp_path / "cuda", "--target", "cuda")
    assert found == run(analysis, events, tmp_path / "host")[0]
    assert "the same code fails on the CPU, too, at entry 1234 of" in said
    assert f"for {analysis}:7: `max(pT(good)) < 1e9` of r" in said


def test_a_kernel_that_fails_again_is_traced_to_its_event(
    fake: Fake, events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = tmp_path / "a.adl"
    analysis.write_text(LINES)
    api = FakeCuda()

    def refuse(function: str, number: int) -> str:
        if "cuMemHostAlloc" not in api.calls:
            return broken(function, number)
        first, after = api.pinned[-1].view(np.int64)[2:].tolist()
        failed = function == "cuStreamSynchronize" and first <= 1717 < after
        return "CUDA_ERROR_MISALIGNED_ADDRESS" if failed else ""

    def again(self: FakeDriver, folder: Path, module: DeviceModule, *piece: int) -> Any:
        own = FakeCuda(refuse=refuse)
        gpu = nvidia.connect(own)
        own.code = emulated.load(module)
        (folder / CODE).write_text(compiler_cuda.ptx(module, gpu.architecture))
        pieces.append(piece)
        api.pinned, api.calls = own.pinned, own.calls
        return on_gpu(gpu, folder, *piece)

    pieces: list[tuple[int, ...]] = []
    api.refuse = refuse
    fake(api)
    monkeypatch.setattr(FakeDriver, "again", again)
    found, said = run(analysis, events, tmp_path / "cuda", "--target", "cuda")
    assert found == run(analysis, events, tmp_path / "host")[0]
    assert "it fails again at entry 1717 of" in said
    assert f"for {analysis}:8: `h` of r" in said  # what it does last
    assert pieces == [(0, 2000, 2), (1716, 1718, 1)]


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
    def for_threads(
        self: Compiled, *, shared: bool | None = None, stepping: bool = False
    ) -> DeviceModule:
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


def test_every_stage_of_the_benchmark_runs(
    monkeypatch: pytest.MonkeyPatch,
    fake: Fake,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    api = fake(FakeCuda())
    monkeypatch.setattr(cuda_resident, "NvidiaDriver", FakeDriver)
    monkeypatch.setattr(cuda_stages, "connect", lambda: nvidia.connect(api))
    for module in (cuda_stages, cuda_resident):
        monkeypatch.setattr(module, "REPEATS", 1)
    monkeypatch.setattr(cuda_stages, "TARGETS", ("cuda",))
    monkeypatch.setattr(cuda_resident, "COPIED", 1 << 20)
    asked = cuda_stages.Asked(tmp_path, 3000, 500)
    cuda_stages.write_inputs(asked)
    (tmp_path / "small.adl").write_text(LINES)
    right = cuda_stages.Asked.analysis
    small = {"ttbar": "small"}  # which takes less time to compile
    monkeypatch.setattr(
        cuda_stages.Asked, "analysis", lambda self, task: right(self, small.get(task) or task)
    )
    assert right(asked, "ttbar").exists()
    assert right(asked, "search").exists()
    record = cuda.Record(tmp_path)
    for stage, (_, (task, *more)) in cuda_stages.STAGES.items():
        tasks = [task, *(m for m in more if m == "ttbar" and stage == "agree")]
        held = set(api.blocks)
        options = ["--inputs", str(tmp_path), "--events", "3000", "--written", "500"]
        cuda.main(["--stage", stage, *tasks, *options])
        lines = capsys.readouterr().out.splitlines()
        assert lines.count(cuda.DONE) == len(tasks)
        for line in lines:
            if line != cuda.DONE:
                record.add(stage, json.loads(line))
        capsys.readouterr()
        if stage in ("kernel", "shapes"):
            assert set(api.blocks) == held  # all memory is given back
    (row,) = record.results["kernel"]
    assert row["events"] == 3000
    assert row["bytes"] >= 3000 * 4
    assert min(row["kernel"], row["floor"], row["core"]) > 0
    assert [r["agree"] for r in record.results["agree"]] == [True, True]
    assert len(record.results["shapes"]) == 21
    (whole,) = record.results["whole"]  # its own process has no GPU
    assert whole["events"] == 500 * cuda_stages.COPIES
    assert {"kernel", "decompress"} <= set(whole)
    written = (tmp_path / cuda.TABLES).read_text()
    assert written.count("| q1 |") == 2 + 1 + 1 + 4
    lines = (tmp_path / cuda.RESULTS).read_text().splitlines()
    assert {json.loads(line)["stage"] for line in lines} == set(cuda_stages.STAGES)


DYING = """
import json, sys
tasks = sys.argv[sys.argv.index("--stage") + 2 : sys.argv.index("--inputs")]
for task in tasks:
    if task == "q3":
        sys.exit("lost in a task")
    print("a word that is no result")
    print(json.dumps({"task": task, "host": 1}))
    print("done", flush=True)
"""


def test_a_process_that_ends_costs_the_benchmark_one_task(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "dying.py"
    script.write_text(DYING)
    monkeypatch.setattr(cuda, "COMMAND", (sys.executable, str(script)))
    monkeypatch.setattr(cuda, "tables", lambda results: "")
    record = cuda.Record(tmp_path)
    asked = cuda_stages.Asked(tmp_path, 1, 1)
    cuda.run(record, asked, ["kernel"], until=time.monotonic() + 60)
    found = {r["task"]: r.get("failed", "") for r in record.results["kernel"]}
    assert list(found) == list(cuda_stages.TASKS)
    assert {task: why for task, why in found.items() if why} == {"q3": "lost in a task"}
    cuda.run(record, asked, ["whole"], until=time.monotonic())
    assert {r["failed"] for r in record.results["whole"]} == {"no time was left"}


def test_a_silent_process_of_the_benchmark_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = "import time; print('{\"task\": 1}', flush=True); time.sleep(60)"
    monkeypatch.setattr(cuda, "COMMAND", (sys.executable, "-c", code))
    monkeypatch.setattr(cuda, "tables", lambda results: "")
    monkeypatch.setattr(cuda, "_SILENT", 0.5)
    record = cuda.Record(tmp_path)
    asked = cuda_stages.Asked(tmp_path, 1, 1)
    cuda.run(record, asked, ["device"], until=time.monotonic() + 60)
    assert record.results["device"] == [
        {"task": 1},
        {"task": "device", "failed": "it was too slow"},
    ]


def test_without_a_gpu_the_benchmark_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "connect", lambda: nvidia.connect(FakeCuda(devices=0)))
    with pytest.raises(SystemExit, match="nothing to measure: there is no NVIDIA GPU"):
        cuda.main([])
