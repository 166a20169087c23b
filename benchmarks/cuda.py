"""What a GPU does: kernels on resident events, the memory's bandwidth, one core, whole runs, agreement.

python -m benchmarks.cuda

It needs an NVIDIA GPU with a driver and `pip install 'adlc[cuda]'`, and takes some minutes. Events
are those of ``benchmarks/sample.py``, repeated up to --events; a task for which the GPU has too
little memory gets fewer, and its row says so. ``floor`` is the time in which the GPU's memory
gives the bytes of the columns and offsets that a task reads, at the bandwidth of a copy.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner

from adl.check.dataset import Dataset
from adl.cli.compare_targets import command as compare_targets
from adl.cli.preparing import prepare
from adl.compiler.layout import Chunk
from adl.compiler.pipeline import Compiled, of_program
from adl.runtime.execute.device.driver import DeviceError
from adl.runtime.execute.device.kernel import THREADS, groups_a_block, part_of
from adl.runtime.execute.device.nvidia import Gpu, NvidiaDriver, connect
from adl.runtime.execute.device.wave import Wave
from adl.runtime.execute.local import BLOCK
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input
from adl.runtime.prepare import counted_by
from benchmarks import compile_time, sample, variations

TOP = Path(__file__).parents[1]
TASKS = tuple(TOP / "examples" / "benchmarks" / f"q{n}.adl" for n in range(1, 9))
REPEATS = 5
_COPIED = 1 << 30  # bytes, to measure the bandwidth


@dataclass(frozen=True)
class Row:
    """Seconds of one task; ``core`` is one core's, for as many events."""

    task: str
    events: int
    bytes: int
    kernel: float
    floor: float
    core: float

    def __str__(self) -> str:
        """Return a row of a table."""
        return (
            f"| {self.task} | {self.events / 1e6:.0f} M | {self.bytes / 1e9:.2f} GB "
            f"| {1e3 * self.kernel:.2f} ms | {1e3 * self.floor:.2f} ms "
            f"| {100 * self.floor / self.kernel:.0f} % | {self.core / self.kernel:.0f} |"
        )


def bandwidth(gpu: Gpu, size: int = _COPIED) -> float:
    """Return bytes a second that the device's memory reads and writes together in a copy."""
    a, b = (gpu.call("cuMemAlloc", size) for _ in range(2))
    stream = gpu.call("cuStreamCreate", 1)

    def copy() -> None:
        gpu.call("cuMemcpyDtoDAsync", b, a, size, stream)

    seconds = best(gpu, stream, copy)
    for address in (a, b):
        gpu.call("cuMemFree", address)
    return 2 * size / seconds


def best(gpu: Gpu, stream: Any, work: Any) -> float:
    """Return the least seconds of some work, after one turn that does not count."""
    taken = []
    for _ in range(1 + REPEATS):
        begin = time.perf_counter()
        work()
        gpu.call("cuStreamSynchronize", stream)
        taken.append(time.perf_counter() - begin)
    return min(taken[1:])


def compiled(analysis: Path, path: Path) -> tuple[Compiled, Chunk]:
    """Return an analysis for the columns of a file, and the file's events."""
    made = prepare(str(analysis), "auto", "auto", "reference", 1, Dataset(), False)
    with open_input(str(path)) as source:
        schema = made.schema(source)
        program = of_program(made.program(schema, made.dataset))
        columns, collections = program.columns, program.collections
        return program, read(source, columns, collections, 0, source.entries, counted_by(schema))


def repeated(chunk: Chunk, program: Compiled, events: int) -> Chunk:
    """Return the events of a chunk so often that there are ``events``."""
    times = -(-events // chunk.events)
    columns = {name: np.tile(values, times) for name, values in chunk.columns.items()}
    offsets = {}
    for collection, own in chunk.offsets.items():
        steps = np.tile(np.diff(own), times)
        offsets[collection] = np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)
    whole = Chunk(times * chunk.events, columns, offsets)
    return part_of(whole, program.device, 0, events)


def on_gpu(gpu: Gpu, program: Compiled, chunk: Chunk) -> tuple[float, int]:
    """Return the seconds of a program's kernels on events that lie on the device, and its bytes.

    Raises:
        DeviceError: There is too little memory.
    """
    driver = NvidiaDriver(gpu)
    driver.load(program.device)
    wave = Wave(program.device, chunk, BLOCK)
    stream, base = driver.stream(), driver.allocate(wave.space.size)
    content = np.frombuffer(b"".join(program.device.arguments.numbers) or bytes(8), np.uint8)
    numbers = driver.allocate(content.size)
    driver.upload(stream, numbers, content)
    inputs = np.empty(wave.end_of_inputs, np.uint8)
    wave.fill_inputs(inputs, base)
    driver.upload(stream, base, inputs)
    driver.wait(stream)
    slices = groups_a_block(wave)
    zeros, nothing = wave.end_of_sums - wave.end_of_inputs, wave.end_of_streams - wave.end_of_sums

    def work() -> None:
        driver.fill(stream, base + wave.end_of_inputs, 0, zeros)
        if nothing:
            driver.fill(stream, base + wave.end_of_sums, 0xFF, nothing)
        arguments = wave.count_arguments(base, numbers, slices)
        driver.count(stream, arguments, wave.blocks * slices, THREADS)
        if wave.lanes_number:
            driver.sum(stream, wave.sum_arguments(base), wave.lanes_number * wave.blocks)

    try:
        seconds = best(gpu, stream, work)
    finally:
        driver.free(base)
        driver.free(numbers)
    return seconds, sum(array.nbytes for _, array in wave.inputs)


def on_core(program: Compiled, chunk: Chunk) -> float:
    """Return the seconds that one core takes for an event, block by block."""
    program.load()
    taken = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        for start in range(0, chunk.events, BLOCK):
            stop = min(start + BLOCK, chunk.events)
            program.host.run(part_of(chunk, program.device, start, stop))
        taken.append(time.perf_counter() - begin)
    return min(taken) / chunk.events


def row(gpu: Gpu, speed: float, analysis: Path, path: Path, events: int) -> Row:
    """Measure one task; with half as many events as long as there is no room."""
    program, chunk = compiled(analysis, path)
    core = on_core(program, chunk)
    while True:
        try:
            seconds, size = on_gpu(gpu, program, repeated(chunk, program, events))
            return Row(analysis.stem, events, size, seconds, size / speed, core * events)
        except DeviceError as error:
            if error.lost or events <= BLOCK:
                raise
            events //= 2


def whole_run(analysis: Path, path: Path, target: str, folder: Path) -> dict[str, Any]:
    """Return how many seconds each stage of a run takes, of all threads together."""
    command = [sys.executable, "-m", "adl", "run", str(analysis), str(path), "--target", target]
    command += ["-o", str(folder), "--profile", "--format", "json"]
    result = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(result.stdout)
    seconds = {stage["stage"]: round(stage["wall"], 3) for stage in found["stages"]}
    return {"events": found["events"], "whole": round(found["time"]["completion"], 3)} | seconds


def agreement(analysis: Path, path: Path, *more: str) -> str:
    """Return what `adl compare-targets` says last."""
    arguments = [str(analysis), str(path), "--targets", "host", "cuda", *more]
    result = CliRunner().invoke(compare_targets, arguments)
    assert result.exit_code in (0, 1), result.output
    return result.stdout.splitlines()[-1].strip()


def written(folder: Path, events: int) -> tuple[Path, Path, Path, list[Path]]:
    """Write the inputs: two files, the search of 50 regions, and the tasks for the sample."""
    plain, varied, search = folder / "plain.root", folder / "varied.root", folder / "search.adl"
    sample.write(plain, events, codec="none")
    variations.write(varied, variations.blocks(min(events, 200_000), seed=2), codec="none")
    search.write_text(compile_time.analysis(regions=50))
    tasks = []
    for task in TASKS:  # one leaves to its reader which b-tag is meant
        tasks.append(folder / task.name)
        tasks[-1].write_text(f"use btag = btagDeepFlavB\n{task.read_text()}")
    return plain, varied, search, tasks


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=50_000_000, help="on the GPU")
    parser.add_argument("--written", type=int, default=1_000_000, help="in the file")
    options = parser.parse_args(arguments)
    try:
        gpu = connect()
    except DeviceError as error:
        raise SystemExit(f"there is nothing to measure: {error}") from None
    speed = bandwidth(gpu)
    print(f"{gpu.name}, {gpu.architecture}, driver for CUDA {gpu.version // 1000}; ")
    print(f"a copy moves {speed / 1e9:.0f} GB/s\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain, varied, search, tasks = written(folder, options.written)
        print("| task | events | read | kernel | floor | of it | times one core |")
        print("|---|---|---|---|---|---|---|")
        for task in tasks:
            print(row(gpu, speed, task, plain, options.events), flush=True)
        print("\nwhole runs, seconds of each stage")
        for task in tasks:
            for target in ("host", "cuda"):
                found = whole_run(task, plain, target, folder / "out")
                print(f"{task.stem} {target}: {json.dumps(found)}", flush=True)
        print("\nagreement of host and cuda")
        for task in (*tasks, search):
            print(f"{task.stem}: {agreement(task, plain)}", flush=True)
        agc = TOP / "examples" / "systematics" / "ttbar_agc.adl"
        about = ("--simulation", "--era", "2018", "--process", "ttbar")
        print(f"ttbar with variations: {agreement(agc, varied, *about)}")


if __name__ == "__main__":
    main()
