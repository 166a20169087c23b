"""NVIDIA's driver, through NVIDIA's own bindings (the extra ``cuda``).

Every call of the bindings returns an error code first. After some errors nothing more can be asked
of the device in this process: those are ``lost``.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import local
from typing import Any

import numpy as np

from adl.compiler.emit.device import HEAD, DeviceModule
from adl.compiler.emit.sums import FOLD
from adl.compiler.targets import cuda
from adl.runtime.execute.device.driver import Bytes, DeviceError, OutOfMemory

_OUT_OF_MEMORY = "CUDA_ERROR_OUT_OF_MEMORY"
# Of a call that refuses, and leaves the device as it was.
_HARMLESS = ("CUDA_ERROR_INVALID_PTX", "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "CUDA_ERROR_NO_DEVICE")
_OLD = ("CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "CUDA_ERROR_NO_BINARY_FOR_GPU")
_NO_COMPILER = "CUDA_ERROR_JIT_COMPILER_NOT_FOUND"
_OLDEST = 11000  # of the driver's interface: CUDA 11.0
_ATTRIBUTES = (
    "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR",
    "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR",
    "CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT",
    "CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR",
)


@dataclass
class Gpu:
    """A device of this machine; ``api`` is the module ``cuda.bindings.driver``."""

    api: Any
    device: Any
    context: Any
    name: str
    architecture: str
    version: int  # of CUDA that the driver knows: 12040 is 12.4
    threads: int  # that it holds at a time
    own: local = field(default_factory=local)

    def call(self, function: str, *arguments: Any) -> Any:
        """Call the driver in this thread, and return what it gives besides the error.

        Raises:
            DeviceError: It refuses.
        """
        if not getattr(self.own, "ready", False):
            _checked(self.api, "cuCtxSetCurrent", self.context)
            self.own.ready = True
        try:
            return _checked(self.api, function, *arguments)
        except RuntimeError as error:  # the driver is older than the bindings, and has it not
            raise DeviceError(f"{function}: {error}") from None

    def memory(self) -> int:
        """Return how many bytes are free."""
        free, _ = self.call("cuMemGetInfo")
        return int(free)


def connect(api: Any = None) -> Gpu:
    """Return the first GPU.

    Raises:
        DeviceError: There is none that can be used; the message says why.
    """
    api = _bindings() if api is None else api
    try:
        _checked(api, "cuInit", 0)
    except DeviceError as error:
        if "NO_DEVICE" in str(error):
            raise DeviceError("there is no NVIDIA GPU") from None
        raise DeviceError(f"NVIDIA's driver does not start: {error}") from None
    except RuntimeError as error:  # the bindings look for the driver's library on the first call
        words = str(error).partition(". ")[0]
        raise DeviceError(f"there is no NVIDIA driver ({words})") from None
    version = int(_checked(api, "cuDriverGetVersion"))
    if version < _OLDEST:
        raise DeviceError(f"NVIDIA's driver is too old: it knows CUDA {_dotted(version)}, not 11.0")
    if not int(_checked(api, "cuDeviceGetCount")):
        raise DeviceError("there is no NVIDIA GPU")
    device = _checked(api, "cuDeviceGet", 0)
    name = _checked(api, "cuDeviceGetName", 128, device)
    major, minor, processors, each = (
        int(_checked(api, "cuDeviceGetAttribute", getattr(api.CUdevice_attribute, word), device))
        for word in _ATTRIBUTES
    )
    own = 10 * major + minor
    known = [a for a in cuda.ARCHITECTURES if int(a.removeprefix("sm_")) <= own]
    text = name.split(b"\0")[0].decode() if isinstance(name, bytes) else str(name)
    if not known:
        raise DeviceError(f"{text} is too old: sm_{own}, and the oldest is {cuda.ARCHITECTURES[0]}")
    context = _checked(api, "cuDevicePrimaryCtxRetain", device)
    return Gpu(api, device, context, text, known[-1], version, processors * each)


def driver() -> Callable[[], NvidiaDriver]:
    """Return what makes a driver for each program, of the first GPU.

    Raises:
        DeviceError: There is none that can be used; the message says why.
    """
    gpu = connect()
    return lambda: NvidiaDriver(gpu)


def _bindings() -> Any:
    try:
        from cuda.bindings import driver
    except ImportError:
        words = "NVIDIA's bindings are not installed: pip install 'adlc[cuda]'"
        raise DeviceError(words) from None
    return driver


def _dotted(version: int) -> str:
    return f"{version // 1000}.{version % 1000 // 10}"


def _checked(api: Any, function: str, *arguments: Any) -> Any:
    error, *found = getattr(api, function)(*arguments)
    name = getattr(error, "name", str(error))
    if name != "CUDA_SUCCESS":
        if name == _OUT_OF_MEMORY:
            raise OutOfMemory(f"{function}: {name}")
        raise DeviceError(f"{function}: {name}", lost=name not in _HARMLESS)
    return found[0] if len(found) == 1 else found


COUNT_TYPES = tuple(ctypes.c_void_p if w == "ptr" else ctypes.c_int64 for w in HEAD.split()[::2])
_SUM = tuple(ctypes.c_void_p if w == "ptr" else ctypes.c_int64 for w in FOLD.split()[::2])
_GROUP = 64  # threads of a group that adds up
_SECONDS = 120  # that a process may take which looks for a failure


@dataclass
class NvidiaDriver:
    """A GPU with one module."""

    gpu: Gpu
    functions: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the device is called."""
        return self.gpu.name

    def memory(self) -> int:
        """Return how many bytes are free."""
        return self.gpu.memory()

    def load(self, module: DeviceModule) -> None:
        """Have the driver make its code of the PTX; it keeps that in a cache of its own."""
        text = cuda.ptx(module, self.gpu.architecture)
        try:
            loaded = self.gpu.call("cuModuleLoadData", text.encode() + b"\0")
        except DeviceError as error:
            if any(word in str(error) for word in _OLD):
                version = _dotted(self.gpu.version)
                words = f"NVIDIA's driver is too old for the kernel: it knows CUDA {version}"
                raise DeviceError(words) from None
            if _NO_COMPILER in str(error):
                words = "NVIDIA's driver is here without its compiler, libnvidia-ptxjitcompiler.so"
                raise DeviceError(words) from None
            raise
        for name in ("adl_count_events", "adl_sum_streams"):
            self.functions[name] = self.gpu.call("cuModuleGetFunction", loaded, name.encode())

    def of_threads(self) -> int:
        """Return how many bytes the driver sets aside for threads: for all that the GPU can hold."""
        word = self.gpu.api.CUfunction_attribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES
        each = (self.gpu.call("cuFuncGetAttribute", word, f) for f in self.functions.values())
        return max(map(int, each)) * self.gpu.threads

    def allocate(self, size: int) -> int:
        """Return the address of new memory of the device."""
        return int(self.gpu.call("cuMemAlloc", size))

    def free(self, address: int) -> None:
        """Give memory back."""
        self.gpu.call("cuMemFree", address)

    def pinned(self, size: int) -> Bytes:
        """Return memory of the host that the device copies by itself."""
        address = int(self.gpu.call("cuMemAllocHost", size))
        array: Bytes = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))
        return array

    def unpin(self, memory: Bytes) -> None:
        """Give such memory back."""
        self.gpu.call("cuMemFreeHost", memory.ctypes.data)

    def stream(self) -> Any:
        """Return a new queue of work, which waits for no other."""
        return self.gpu.call("cuStreamCreate", 1)

    def upload(self, stream: Any, address: int, source: Bytes) -> None:
        """Copy to the device."""
        self.gpu.call("cuMemcpyHtoDAsync", address, source.ctypes.data, source.size, stream)

    def download(self, stream: Any, target: Bytes, address: int) -> None:
        """Copy from the device."""
        self.gpu.call("cuMemcpyDtoHAsync", target.ctypes.data, address, target.size, stream)

    def copy(self, stream: Any, address: int, source: int, size: int) -> None:
        """Copy from another place of the device."""
        self.gpu.call("cuMemcpyDtoDAsync", address, source, size, stream)

    def fill(self, stream: Any, address: int, byte: int, size: int) -> None:
        """Set every byte."""
        self.gpu.call("cuMemsetD8Async", address, byte, size, stream)

    def count(self, stream: Any, arguments: Sequence[int], groups: int, threads: int) -> None:
        """Launch the kernel that counts events."""
        self._launch("adl_count_events", stream, (tuple(arguments), COUNT_TYPES), groups, threads)

    def sum(self, stream: Any, arguments: Sequence[int], number: int) -> None:
        """Launch the kernel that adds up streams, with so many threads."""
        every = (*arguments, number), (*_SUM, ctypes.c_int64)
        self._launch("adl_sum_streams", stream, every, -(-number // _GROUP), _GROUP)

    def again(
        self, folder: Path, module: DeviceModule, first: int, after: int, step: int
    ) -> tuple[int, int] | None:
        """Run a wave that has failed again in a new process: this one's device answers no more."""
        from adl.runtime.execute.device import again

        (folder / again.CODE).write_text(cuda.ptx(module, self.gpu.architecture))
        command = [sys.executable, "-m", again.__name__, str(folder), "cuda"]
        command += map(str, (first, after, step))
        try:
            ran = subprocess.run(
                command, capture_output=True, text=True, timeout=_SECONDS, check=True
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise DeviceError(f"a new process cannot use it: {type(error).__name__}") from None
        found = json.loads(ran.stdout)
        return None if found is None else (found[0], found[1])

    def _launch(self, name: str, stream: Any, arguments: Any, groups: int, threads: int) -> None:
        function = self.functions[name]
        grid = (groups, 1, 1, threads, 1, 1)
        self.gpu.call("cuLaunchKernel", function, *grid, 0, stream, arguments, 0)

    def wait(self, stream: Any) -> None:
        """Return when the stream is done."""
        self.gpu.call("cuStreamSynchronize", stream)
