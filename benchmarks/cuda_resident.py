"""Kernels over events that lie on the GPU, and the bandwidth of its memory, by its own clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from adl.compiler.emit.device import DeviceModule
from adl.compiler.layout import Chunk
from adl.runtime.execute.device.driver import DeviceError
from adl.runtime.execute.device.kernel import THREADS, groups_a_block
from adl.runtime.execute.device.nvidia import Gpu, NvidiaDriver
from adl.runtime.execute.device.wave import Wave
from adl.runtime.execute.local import BLOCK

REPEATS = 5
COPIED = 1 << 30  # bytes, to measure the bandwidth


class Resident:
    """A program's kernels with events that lie on the device.

    Raises:
        DeviceError: There is too little memory.
    """

    def __init__(self, gpu: Gpu, module: DeviceModule, chunk: Chunk) -> None:
        self.gpu, self.driver = gpu, NvidiaDriver(gpu)
        self.driver.load(module)
        self.wave = Wave(module, chunk, BLOCK)
        self.bytes = sum(array.nbytes for _, array in self.wave.inputs)
        content = np.frombuffer(b"".join(module.arguments.numbers) or bytes(8), np.uint8)
        self.stream = self.driver.stream()
        self.numbers = self.driver.allocate(content.size)
        self.driver.upload(self.stream, self.numbers, content)
        try:
            self.base = self.driver.allocate(self.wave.space.size)
        except DeviceError:
            self.driver.free(self.numbers)
            raise
        self._upload()

    def _upload(self) -> None:
        """Copy the inputs piece by piece: there is no second copy of them here."""
        wave, base = self.wave, self.base
        for piece, array in wave.inputs:
            content = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            if content.size:
                self.driver.upload(self.stream, base + piece.at, content)
        tables = np.array(wave.addresses(base), np.int64).view(np.uint8)
        self.driver.upload(self.stream, base + wave.tables.at, tables)
        lanes = wave.lanes.reshape(-1).view(np.uint8)
        if lanes.size:
            self.driver.upload(self.stream, base + wave.table.at, lanes)
        self.driver.wait(self.stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for address in (self.base, self.numbers):
            self.driver.free(address)

    def seconds(self, slices: int = 0, threads: int = THREADS) -> float:
        """Return the seconds of the kernels, with so many groups a block."""
        wave, base, driver, stream = self.wave, self.base, self.driver, self.stream
        slices = slices or groups_a_block(wave)
        zeros = wave.end_of_sums - wave.begin_of_sums
        nothing = wave.end_of_streams - wave.end_of_sums
        arguments = wave.count_arguments(base, self.numbers, slices)

        def work() -> None:
            driver.fill(stream, base + wave.begin_of_sums, 0, zeros)
            if nothing:
                driver.fill(stream, base + wave.end_of_sums, 0xFF, nothing)
            driver.count(stream, arguments, wave.blocks * slices, threads)
            if wave.lanes_number:
                driver.sum(stream, wave.sum_arguments(base), wave.lanes_number * wave.blocks)

        return best(self.gpu, stream, work)

    def facts(self) -> dict[str, int]:
        """Return what a thread of the counting kernel takes."""
        names = {
            "registers": "NUM_REGS",
            "local": "LOCAL_SIZE_BYTES",
            "shared": "SHARED_SIZE_BYTES",
        }
        kinds = self.gpu.api.CUfunction_attribute
        function = self.driver.functions["adl_count_events"]
        return {
            name: int(
                self.gpu.call(
                    "cuFuncGetAttribute", getattr(kinds, f"CU_FUNC_ATTRIBUTE_{word}"), function
                )
            )
            for name, word in names.items()
        }


def bandwidth(gpu: Gpu) -> float:
    """Return bytes a second that the device's memory reads and writes together in a copy."""
    size = COPIED
    a, b = (gpu.call("cuMemAlloc", size) for _ in range(2))
    stream = gpu.call("cuStreamCreate", 1)

    def copy() -> None:
        gpu.call("cuMemcpyDtoDAsync", b, a, size, stream)

    seconds = best(gpu, stream, copy)
    for address in (a, b):
        gpu.call("cuMemFree", address)
    return 2 * size / seconds


def best(gpu: Gpu, stream: Any, work: Callable[[], None]) -> float:
    """Return the least seconds of some work by the GPU's own clock, after a turn that does not count.

    So the time in which this machine asks for the work, and hears that it is done, is none of it.
    """
    begin, end = (gpu.call("cuEventCreate", 0) for _ in range(2))
    taken = []
    for _ in range(1 + REPEATS):
        gpu.call("cuEventRecord", begin, stream)
        work()
        gpu.call("cuEventRecord", end, stream)
        gpu.call("cuStreamSynchronize", stream)
        taken.append(float(gpu.call("cuEventElapsedTime", begin, end)) / 1e3)
    for event in (begin, end):
        gpu.call("cuEventDestroy", event)
    return min(taken[1:])
