"""A fake of ``cuda.bindings.driver``: memory of this machine, launches by the device's code on it.

It checks what NVIDIA's would: that copies stay inside an allocation, that a kernel gets as many
arguments of as many bytes as it has parameters. Nothing of it says what a GPU does.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from adl.compiler.emit.device import DeviceModule
from adl.compiler.targets import emulated
from adl.runtime.execute.device.nvidia import Gpu, NvidiaDriver


class Result(NamedTuple):
    name: str


GOOD = Result("CUDA_SUCCESS")


class CUdevice_attribute:
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = "major"
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = "minor"
    CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = "processors"
    CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR = "threads"


class CUfunction_attribute:
    CU_FUNC_ATTRIBUTE_NUM_REGS = 0
    CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES = 1
    CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES = 2


class FakeCuda:
    """``refuse`` names the error of a call, by the function and how often it was called before."""

    CUdevice_attribute = CUdevice_attribute
    CUfunction_attribute = CUfunction_attribute

    def __init__(self, **facts: Any) -> None:
        self.version: int = facts.get("version", 12080)
        self.devices: int = facts.get("devices", 1)
        self.capability: tuple[int, int] = facts.get("capability", (9, 0))
        self.free: int = facts.get("free", 8 << 30)
        # Registers, bytes of a thread's own memory, of shared memory.
        self.of_function: tuple[int, int, int] = facts.get("of_function", (32, 4096, 400))
        self.others: bool = facts.get("others", False)  # allocate, too: CuPy
        self.refuse: Callable[[str, int], str] = facts.get("refuse", lambda function, number: "")
        self.blocks: dict[int, Any] = {}
        self.pinned: list[Any] = []
        self.unpinned = 0
        self.events: list[float | None] = []
        self.calls: list[str] = []
        self.ptx: list[str] = []
        self.code: emulated.Emulated | None = None

    def __getattr__(self, function: str) -> Callable[..., tuple[Any, ...]]:
        if not function.startswith("cu"):
            raise AttributeError(function)

        def call(*arguments: Any) -> tuple[Any, ...]:
            error = self.refuse(function, self.calls.count(function))
            self.calls.append(function)
            if error:
                return (Result(error),)
            found = getattr(self, f"do_{function}")(*arguments)
            return (GOOD,) if found is None else (GOOD, *found)

        return call

    def do_cuInit(self, flags: int) -> None:
        assert flags == 0

    def do_cuDriverGetVersion(self) -> Any:
        return (self.version,)

    def do_cuDeviceGetCount(self) -> Any:
        return (self.devices,)

    def do_cuDeviceGet(self, number: int) -> Any:
        return (f"device {number}",)

    def do_cuDeviceGetName(self, size: int, device: str) -> Any:
        return (b"fake\0" + bytes(size - 5),)

    def do_cuDeviceGetAttribute(self, attribute: str, device: str) -> Any:
        major, minor = self.capability
        known = {"major": major, "minor": minor, "processors": 2, "threads": 2048}
        return (known[attribute],)

    def do_cuDevicePrimaryCtxRetain(self, device: str) -> Any:
        return ("context",)

    def do_cuCtxSetCurrent(self, context: str) -> None:
        assert context == "context"

    def do_cuMemGetInfo(self) -> Any:
        return self.free, self.free

    def do_cuModuleLoadData(self, image: bytes) -> Any:
        assert image.endswith(b"\0")
        self.ptx.append(image[:-1].decode())
        return (len(self.ptx) - 1,)

    def do_cuModuleGetFunction(self, module: int, name: bytes) -> Any:
        assert f".entry {name.decode()}(" in self.ptx[module]
        return ((module, name.decode()),)

    def do_cuFuncGetAttribute(self, attribute: int, function: Any) -> Any:
        assert function[0] < len(self.ptx)
        return (self.of_function[attribute],)

    def do_cuMemAlloc(self, size: int) -> Any:
        block = np.full(size, 0xA5, np.uint8)  # nothing may count on zeros
        self.blocks[block.ctypes.data] = block
        return (block.ctypes.data,)

    def do_cuMemFree(self, address: int) -> None:
        del self.blocks[address]

    def do_cuMemAllocHost(self, size: int) -> Any:
        self.pinned.append(np.full(size, 0x5A, np.uint8))
        return (self.pinned[-1].ctypes.data,)

    def do_cuMemFreeHost(self, address: int) -> None:
        (old,) = [array for array in self.pinned if array.ctypes.data == address]
        old[:] = 0x77  # nobody may read it any more
        self.unpinned += 1
        self.pinned = [array for array in self.pinned if array is not old]

    def do_cuMemHostAlloc(self, size: int, flags: int) -> Any:
        assert flags == 2, "the device has to see it"
        return self.do_cuMemAllocHost(size)

    def do_cuMemHostGetDevicePointer(self, address: int, flags: int) -> Any:
        assert flags == 0
        assert any(array.ctypes.data == address for array in self.pinned)
        return (address,)

    def do_cuStreamCreate(self, flags: int) -> Any:
        assert flags == 1
        return ("stream",)

    def do_cuStreamSynchronize(self, stream: str) -> None:
        assert stream == "stream"

    def do_cuEventCreate(self, flags: int) -> Any:
        assert flags == 0, "that has no time"
        self.events.append(None)
        return (len(self.events) - 1,)

    def do_cuEventRecord(self, event: int, stream: str) -> None:
        self.events[event] = perf_counter()

    def do_cuEventElapsedTime(self, begin: int, end: int) -> Any:
        first, last = self.events[begin], self.events[end]
        assert first is not None
        assert last is not None
        return (1e3 * (last - first),)

    def do_cuEventDestroy(self, event: int) -> None:
        self.events[event] = None

    def do_cuMemcpyHtoDAsync(self, address: int, source: int, size: int, stream: str) -> None:
        self.inside(address, size)
        ctypes.memmove(address, source, size)

    def do_cuMemcpyDtoHAsync(self, target: int, address: int, size: int, stream: str) -> None:
        self.inside(address, size)
        ctypes.memmove(target, address, size)

    def do_cuMemcpyDtoDAsync(self, target: int, address: int, size: int, stream: str) -> None:
        if not self.others:
            self.inside(address, size)
        self.inside(target, size)
        ctypes.memmove(target, address, size)

    def do_cuMemsetD8Async(self, address: int, byte: int, size: int, stream: str) -> None:
        self.inside(address, size)
        ctypes.memset(address, byte, size)

    def do_cuLaunchKernel(self, function: Any, *how: Any) -> None:
        groups, y, z, threads, ty, tz, shared, stream, (values, types), extra = how
        assert (y, z, ty, tz, shared, stream, extra) == (1, 1, 1, 1, 0, "stream", 0)
        module, name = function
        head = re.search(rf"\.entry {name}\((.*?)\)", self.ptx[module], re.DOTALL)
        assert head is not None
        assert len(values) == len(types) == head[1].count(".param")
        assert all(ctypes.sizeof(t) == 8 for t in types)
        assert self.code is not None
        assert groups >= 1
        if name == "adl_count_events":
            self.code.count(values, groups, threads)
        else:
            *arguments, number = values
            assert groups * threads >= number > (groups - 1) * threads
            self.code.sum(arguments, number)

    def inside(self, address: int, size: int) -> None:
        """Check that memory lies in one allocation."""
        assert any(
            b <= address and address + size <= b + block.size for b, block in self.blocks.items()
        )


class FakeDriver(NvidiaDriver):
    """NVIDIA's driver over a fake of the bindings, which is told what the PTX was made of."""

    def load(self, module: DeviceModule) -> None:
        super().load(module)
        api = self.gpu.api
        assert isinstance(api, FakeCuda)
        api.code = emulated.load(module)


def driver_of(gpu: Gpu) -> Callable[[], FakeDriver]:
    return lambda: FakeDriver(gpu)
