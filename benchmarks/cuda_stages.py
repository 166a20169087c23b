"""What ``benchmarks/cuda.py`` measures, a generator of results for each of its stages.

A stage runs in a process of its own, since a kernel that fails leaves a GPU of which nothing more
can be asked. Each result is a dictionary that JSON can hold; a task can have several.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
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
from adl.runtime.execute.device.kernel import part_of
from adl.runtime.execute.device.nvidia import Gpu, connect
from adl.runtime.execute.local import BLOCK
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input
from adl.runtime.prepare import counted_by
from benchmarks import compile_time, sample, variations
from benchmarks.cuda_resident import REPEATS, Resident, bandwidth

TOP = Path(__file__).parents[1]
TASKS = tuple(f"q{n}" for n in range(1, 9))
SEARCH, TTBAR = "search", "ttbar"
TARGETS = ("host", "cuda")
COPIES = 5  # of the file of events, for whole runs
_SOME = 100_000  # events that are compared first
_VARIED = 200_000  # events of the file with what variations need
# Groups of threads a block of events, and threads a group, that are tried beside the usual ones.
_GROUPS, _THREADS = (1, 2, 4, 8, 16, 32, 64), (64, 128, 256)


@dataclass(frozen=True)
class Asked:
    """Where the inputs lie, and how many events a kernel is given and a file has."""

    folder: Path
    events: int
    written: int

    @property
    def plain(self) -> Path:
        """The events of the tasks."""
        return self.folder / "plain.root"

    @property
    def copies(self) -> list[Path]:
        """The events of the tasks, several times: the same file by other names."""
        return [self.plain, *(self.folder / f"plain{n}.root" for n in range(1, COPIES))]

    @property
    def varied(self) -> Path:
        """The events with what variations need."""
        return self.folder / "varied.root"

    def analysis(self, task: str) -> Path:
        """Return an analysis; ``write_inputs`` writes all but one."""
        if task == TTBAR:
            return TOP / "examples" / "systematics" / "ttbar_agc.adl"
        return self.folder / f"{task}.adl"


def write_inputs(asked: Asked) -> None:
    """Write the inputs: two files of events and the analyses."""
    for task in TASKS:  # one leaves to its reader which b-tag is meant
        text = (TOP / "examples" / "benchmarks" / f"{task}.adl").read_text()
        asked.analysis(task).write_text(f"use btag = btagDeepFlavB\n{text}")
    asked.analysis(SEARCH).write_text(compile_time.analysis(regions=50))
    sample.write(asked.plain, asked.written, codec="zstd")
    for copy in asked.copies[1:]:
        copy.hardlink_to(asked.plain)
    events = variations.blocks(min(asked.written, _VARIED), seed=2)
    variations.write(asked.varied, events, codec="none")


# ------------------------------------------------------------------------------- the stages


def device(asked: Asked, task: str) -> Iterator[dict[str, Any]]:
    """Say which GPU it is, and how fast its memory is."""
    gpu = connect()
    yield {
        "name": gpu.name,
        "architecture": gpu.architecture,
        "cuda": f"{gpu.version // 1000}.{gpu.version % 1000 // 10}",
        "free": gpu.memory(),
        "bandwidth": bandwidth(gpu),
    }


def agree(asked: Asked, task: str) -> Iterator[dict[str, Any]]:
    """Compare the CPU and the GPU over the first events, value by value."""
    yield agreement(asked, task, min(asked.written, _SOME))


def agree_all(asked: Asked, task: str) -> Iterator[dict[str, Any]]:
    """Compare the CPU and the GPU over all events of the file."""
    yield agreement(asked, task, asked.written)


def kernel(asked: Asked, task: str) -> Iterator[dict[str, Any]]:
    """Time kernels on resident events, beside the memory's floor and one core."""
    gpu = connect()
    yield row(gpu, bandwidth(gpu), asked, task)


def shapes(asked: Asked, task: str) -> Iterator[dict[str, Any]]:
    """Time kernels with other numbers of groups and of threads: what they should be."""
    program, chunk = compiled(asked, task)
    many = repeated(chunk, program, asked.events // 5)
    with Resident(connect(), program.device, many) as resident:
        for groups, threads in product(_GROUPS, _THREADS):
            yield {
                "groups": groups,
                "threads": threads,
                "kernel": resident.seconds(groups, threads),
            }


def order(asked: Asked, task: str) -> Iterator[dict[str, Any]]:
    """Time kernels with events as they are, and with those first that have most tuples."""
    program, chunk = compiled(asked, task)
    many = repeated(chunk, program, asked.events // 5)
    for ordered in (False, True):
        with Resident(connect(), program.for_threads(ordered=ordered), many) as resident:
            yield {"ordered": ordered, "kernel": resident.seconds()}


def whole(asked: Asked, task: str) -> Iterator[dict[str, Any]]:
    """Time whole runs on the CPU and on the GPU, and the share of each stage."""
    for target in TARGETS:
        found = whole_run(asked.analysis(task), asked.copies, target, asked.folder / "out")
        yield {"target": target, **found}


Stage = Callable[[Asked, str], Iterator[dict[str, Any]]]
# In the order in which they run: what matters most comes first, should the time not suffice.
STAGES: dict[str, tuple[Stage, tuple[str, ...]]] = {
    "device": (device, ("device",)),
    "agree": (agree, (*TASKS, TTBAR, SEARCH)),
    "kernel": (kernel, TASKS),
    "whole": (whole, TASKS),
    "shapes": (shapes, ("q1", "q4", "q6", "q7")),
    "order": (order, ("q5", "q6", "q7", "q8")),
    "agree_all": (agree_all, (*TASKS, TTBAR, SEARCH)),
}


# ---------------------------------------------------------------------------------- kernels


def row(gpu: Gpu, speed: float, asked: Asked, task: str) -> dict[str, Any]:
    """Measure one task; with half as many events as long as there is no room."""
    program, chunk = compiled(asked, task)
    core, events = on_core(program, chunk), asked.events
    while True:
        try:
            with Resident(gpu, program.device, repeated(chunk, program, events)) as resident:
                seconds, size = resident.seconds(), resident.bytes
                facts = resident.facts()
            floor = size / speed
            measured = {"kernel": seconds, "floor": floor, "core": core * events}
            return {"events": events, "bytes": size, **measured, **facts}
        except DeviceError as error:
            if error.lost or events <= BLOCK:
                raise
            events //= 2


def compiled(asked: Asked, task: str) -> tuple[Compiled, Chunk]:
    """Return an analysis for the columns of the file of events, and the file's events."""
    path = str(asked.plain)
    made = prepare(str(asked.analysis(task)), "auto", "auto", "reference", 1, Dataset(), False)
    with open_input(path) as source:
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


# --------------------------------------------------------------------- runs and agreement


def whole_run(analysis: Path, paths: Sequence[Path], target: str, folder: Path) -> dict[str, Any]:
    """Return how many seconds each stage of a run takes, of all threads together."""
    command = [sys.executable, "-m", "adl", "run", str(analysis), *map(str, paths)]
    command += ["--target", target, "-o", str(folder), "--profile", "--format", "json"]
    result = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(result.stdout)
    seconds = {stage["stage"]: round(stage["wall"], 3) for stage in found["stages"]}
    return {"events": found["events"], "whole": round(found["time"]["completion"], 3)} | seconds


def agreement(asked: Asked, task: str, events: int) -> dict[str, Any]:
    """Return what `adl compare-targets` finds."""
    varied = task == TTBAR
    path = asked.varied if varied else asked.plain
    about = ("--simulation", "--era", "2018", "--process", "ttbar") if varied else ()
    arguments = [str(asked.analysis(task)), str(path), "--targets", "host", "cuda"]
    arguments += ["-n", str(events), "--format", "json", *about]
    result = CliRunner().invoke(compare_targets, arguments)
    if result.exit_code not in (0, 1):
        raise RuntimeError(result.output)
    found: dict[str, Any] = json.loads(result.stdout)
    return found
