"""Runs a wave again whose kernel has failed, in a process of its own, to see what it was at.

    python -m adl.runtime.execute.device.again FOLDER cpu|cuda FIRST AFTER STEP

The folder holds the wave as plain numbers (``Plan``) and a kernel that says where it is. On the CPU
the process may die of it: where it was is read from the folder afterwards. Of a GPU a first failure
leaves nothing to ask, so each process finds the first STEP events among which one fails.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from adl.runtime.execute.device.nvidia import Gpu

PLAN, INPUTS, NUMBERS = "plan.json", "inputs.bin", "numbers.bin"
STEPS, CODE = "steps.bin", "code"
WORDS = 4  # of the place where the code says where it is, see compiler/emit/steps.py
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Plan:
    """A wave in memory that begins at address 0; what is an address needs the memory's own added.

    Behind its memory of ``size`` bytes stand the numbers that are data.

    ``inputs`` are the places and sizes of columns and offsets, to which the first addresses of the
    ``table`` lead; the last address is that of the place where the code says where it is.
    """

    size: int
    nothing: tuple[int, int]  # where all bits are set, and to where
    inputs: list[tuple[int, int]]
    table: tuple[int, int]  # where addresses are, and how many
    pointers: list[int]  # the kernel's first arguments
    numbers: list[int]  # the others
    groups: int
    threads: int
    events: int

    @staticmethod
    def of(folder: Path) -> Plan:
        """Read what was written into a folder."""
        return Plan(**json.loads((folder / PLAN).read_text()))

    def write(self, folder: Path, inputs: Bytes, numbers: Bytes) -> None:
        """Write it into a folder, with the memory's first bytes and what stands behind it."""
        (folder / PLAN).write_text(json.dumps(asdict(self)))
        inputs.tofile(folder / INPUTS)
        numbers.tofile(folder / NUMBERS)
        np.full(WORDS, -1, np.int64).tofile(folder / STEPS)

    def memory(self, folder: Path, base: int, steps: int) -> tuple[Bytes, Bytes]:
        """Return the first bytes of memory at ``base``, and those that stand behind it."""
        begin = np.fromfile(folder / INPUTS, np.uint8)
        addresses = self.addresses(begin)
        addresses[:-1] += base
        addresses[-1] = steps
        return begin, np.fromfile(folder / NUMBERS, np.uint8)

    def addresses(self, memory: Bytes) -> npt.NDArray[np.int64]:
        """Return the table of addresses that lies in memory."""
        at, number = self.table
        return memory[at : at + 8 * number].view(np.int64)

    def arguments(self, base: int) -> list[int]:
        """Return what the kernel is called with."""
        return [*(base + p for p in self.pointers), *self.numbers]


def on_cpu(folder: Path) -> None:
    """Run all events; nothing is behind the end of a column or of offsets that could be read."""
    from adl.compiler.targets import emulated

    plan = Plan.of(folder)
    steps = np.memmap(folder / STEPS, np.int64, "r+")
    steps[:] = -1, -1, 0, plan.events
    memory = np.zeros(plan.size + (folder / NUMBERS).stat().st_size, np.uint8)
    base = memory.ctypes.data
    begin, numbers = plan.memory(folder, base, steps.ctypes.data)
    memory[: begin.size], memory[plan.size :] = begin, numbers
    kept = [_guarded(memory[at : at + size]) for at, size in plan.inputs]
    plan.addresses(memory)[: len(kept)] = [address for address, _ in kept]
    memory[slice(*plan.nothing)] = 0xFF
    code = emulated.loaded((folder / CODE).read_bytes())
    code.count(plan.arguments(base), plan.groups, plan.threads)


def _guarded(content: Bytes) -> tuple[int, mmap.mmap]:
    """Return the address of a copy of which the end is that of readable memory."""
    page = mmap.PAGESIZE
    size = -(-content.size // page) * page
    held = mmap.mmap(-1, size + page)
    view = np.frombuffer(held, np.uint8)
    address = int(view.ctypes.data)
    view[size - content.size : size] = content
    library = ctypes.CDLL(None, use_errno=True)
    none = 0  # PROT_NONE
    failed = library.mprotect(ctypes.c_void_p(address + size), ctypes.c_size_t(page), none)
    assert not failed, ctypes.get_errno()
    return address + size - content.size, held


def on_gpu(gpu: Gpu, folder: Path, first: int, after: int, step: int) -> tuple[int, int] | None:
    """Return the first of the pieces of so many events in which one fails; None if all go well.

    Raises:
        DeviceError: The GPU fails before it runs any of them.
    """
    from adl.runtime.execute.device.driver import DeviceError
    from adl.runtime.execute.device.nvidia import COUNT_TYPES

    plan = Plan.of(folder)
    loaded = gpu.call("cuModuleLoadData", (folder / CODE).read_bytes() + b"\0")
    function = gpu.call("cuModuleGetFunction", loaded, b"adl_count_events")
    size = plan.size + (folder / NUMBERS).stat().st_size
    stream, base = gpu.call("cuStreamCreate", 1), int(gpu.call("cuMemAlloc", size))
    said = int(gpu.call("cuMemHostAlloc", 8 * WORDS, _MAPPED))
    seen = int(gpu.call("cuMemHostGetDevicePointer", said, 0))
    steps: npt.NDArray[np.int64] = np.ctypeslib.as_array(
        (ctypes.c_int64 * WORDS).from_address(said)
    )
    begin, numbers = plan.memory(folder, base, seen)
    gpu.call("cuMemsetD8Async", base, 0, plan.size, stream)
    for address, content in ((base, begin), (base + plan.size, numbers)):
        gpu.call("cuMemcpyHtoDAsync", address, content.ctypes.data, content.size, stream)
    from_, to = plan.nothing
    if to > from_:
        gpu.call("cuMemsetD8Async", base + from_, 0xFF, to - from_, stream)
    gpu.call("cuStreamSynchronize", stream)
    grid = (plan.groups, 1, 1, plan.threads, 1, 1)
    arguments = tuple(plan.arguments(base)), COUNT_TYPES
    for start in range(first, after, step):
        steps[:] = -1, -1, start, min(start + step, after)
        gpu.call("cuLaunchKernel", function, *grid, 0, stream, arguments, 0)
        try:
            gpu.call("cuStreamSynchronize", stream)
        except DeviceError:
            np.array(steps).tofile(folder / STEPS)
            return start, min(start + step, after)
    return None


_MAPPED = 2  # CU_MEMHOSTALLOC_DEVICEMAP


def main(arguments: list[str]) -> None:
    """Run a wave again; of a GPU the piece that fails is printed."""
    import resource

    folder, where, *bounds = Path(arguments[0]), *arguments[1:]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if where == "cpu":
        on_cpu(folder)
        return
    from adl.runtime.execute.device.nvidia import connect

    first, after, step = map(int, bounds)
    found: Any = on_gpu(connect(), folder, first, after, step)
    print(json.dumps(found), flush=True)
    # Without asking a device for anything that has failed.
    import os

    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
