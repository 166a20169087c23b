"""What a kernel that has failed was at: which event, and which statement of the analysis.

Its wave is run again with code that says where it is, in processes of their own: on the GPU, with
fewer and fewer events, and where that tells nothing on the CPU, with memory that ends where the
columns end.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from adl.compiler.emit.device import POINTERS, DeviceModule
from adl.compiler.ir import Evaluate, Node
from adl.compiler.layout import Chunk
from adl.compiler.targets import emulated
from adl.runtime.execute.device import again
from adl.runtime.execute.device.driver import DeviceError, Driver
from adl.runtime.execute.device.wave import Wave

_PIECES = 1024  # launches of a process
_SECONDS = 120  # that a process may take


class Found(NamedTuple):
    """What failed again where, if anything did: an event of the wave, and what it computed."""

    target: str = ""  # "GPU" or "CPU"
    event: int = -1
    node: Node | None = None
    tried: tuple[str, ...] = ()  # targets on which nothing failed


@dataclass(frozen=True)
class Tracing:
    """How a program's failures are traced.

    ``stepping`` makes the code that says where it is; ``place`` names the statement that needs a
    node, with its line.
    """

    stepping: Callable[[], DeviceModule]
    place: Callable[[Node], str]

    def trace(
        self, driver: Driver, chunk: Chunk, block: int, launch: Callable[[Wave], tuple[int, int]]
    ) -> str:
        """Return what is known of a failure in the events of a chunk, in words.

        ``launch`` says how many groups of how many threads a wave is run with.
        """
        whole = (
            f"entries {chunk.entry} to {chunk.entry + chunk.events} of {chunk.path or 'the input'}"
        )
        module = self.stepping()
        try:
            with tempfile.TemporaryDirectory(prefix="adl-again-") as name:
                found = _found(Path(name), module, driver, chunk, block, launch)
        except OSError as error:  # no room for the wave, no more processes
            return f"in {whole}; it could not be run again ({error.strerror}): no line is known"
        if not found.target:
            on = " and on the ".join(found.tried)
            said = f"the same code has run over them again on the {on} without a failure"
            return f"in {whole}; {said if on else 'it could not be run again'}: no line is known"
        also = "it fails again" if found.target == "GPU" else "the same code fails on the CPU, too,"
        if found.event < 0:
            return f"in {whole}; {also} before the first event"
        where = f"entry {chunk.entry + found.event} of {chunk.path or 'the input'}"
        said = f"{also} at {where}"
        if found.node is None:
            return f"{said}, before its first value"
        called = found.node.function.name if isinstance(found.node, Evaluate) else ""
        inside = f" in the function {called}" if called else ""
        return f"{said},{inside} for {self.place(found.node)}"


def _found(
    folder: Path,
    module: DeviceModule,
    driver: Driver,
    chunk: Chunk,
    block: int,
    launch: Callable[[Wave], tuple[int, int]],
) -> Found:
    # What is on a device that has failed is lost, and read again by the CPU.
    wave = Wave(module, replace(chunk, columns=dict(chunk.columns)), block)
    _written(wave, launch(wave), folder)
    tried: tuple[str, ...] = ()
    try:
        if _on_device(folder, driver, module, chunk.events):
            return _said(folder, "GPU", module)
        tried = ("GPU",)
    except DeviceError:
        pass  # it answers no more, or cannot try again
    (folder / again.CODE).write_bytes(emulated.compiled(module))
    command = [sys.executable, "-m", again.__name__, str(folder), "cpu"]
    try:
        ended = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return Found(tried=tried)
    if ended.returncode < 0:  # by a signal
        return _said(folder, "CPU", module)
    return Found(tried=(*tried, "CPU") if not ended.returncode else tried)


def _on_device(folder: Path, driver: Driver, module: DeviceModule, events: int) -> bool:
    """Narrow a failure down to one event; whether there is one."""
    first, after = 0, events
    while True:
        step = -(-(after - first) // _PIECES)
        found = driver.again(folder, module, first, after, step)
        if found is None:
            return False
        first, after = found
        if step == 1:
            return True


def _said(folder: Path, target: str, module: DeviceModule) -> Found:
    event, number, *_ = np.fromfile(folder / again.STEPS, np.int64).tolist()
    steps = module.arguments.steps
    assert steps is not None
    return Found(target, event, steps[number] if event >= 0 else None)


def _written(wave: Wave, shape: tuple[int, int], folder: Path) -> None:
    """Write a wave as plain numbers; the numbers that are data stand behind its memory."""
    groups, threads = shape
    numbers = np.frombuffer(b"".join(wave.module.arguments.numbers) or bytes(8), np.uint8)
    arguments = wave.count_arguments(0, wave.space.size, groups // wave.blocks)
    inputs = np.zeros(wave.end_of_inputs, np.uint8)
    wave.fill_inputs(inputs, 0)
    plan = again.Plan(
        wave.space.size,
        (wave.end_of_sums, wave.end_of_streams),
        [(piece.at, array.nbytes) for piece, array in wave.inputs],
        (wave.tables.at, len(wave.addresses(0))),
        arguments[: len(POINTERS)],
        arguments[len(POINTERS) :],
        groups,
        threads,
        wave.chunk.events,
    )
    plan.write(folder, inputs, numbers)
