"""A driver without a GPU: memory of this machine, and the device's code on it, thread after thread.

It says nothing of a GPU. It shows that the code and the bookkeeping around it are right.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adl.compiler.emit.device import DeviceModule
from adl.compiler.targets import emulated
from adl.runtime.execute.device.driver import Bytes, DeviceError, OutOfMemory


class EmulatedDriver:
    """Counts what it is asked; ``refuse`` may raise what a driver would, by the name of the call."""

    def __init__(self, memory: int = 1 << 32, refuse: Callable[[str], None] = lambda what: None):
        self.name = "emulated"
        self.free_bytes = memory
        self.thread_bytes = 0
        self.refuse = refuse
        self.blocks: dict[int, Any] = {}
        self.calls: list[str] = []
        self.pending: list[Callable[[], None]] = []
        self.code: emulated.Emulated | None = None

    def memory(self) -> int:
        return self.free_bytes

    def load(self, module: DeviceModule) -> None:
        self.code = emulated.load(module)

    def of_threads(self) -> int:
        return self.thread_bytes

    def allocate(self, size: int) -> int:
        self.note("allocate")
        if size > self.free_bytes:
            raise OutOfMemory(f"{size} bytes")
        self.free_bytes -= size
        block = np.full(size, 0xA5, np.uint8)  # nothing may count on zeros
        self.blocks[block.ctypes.data] = block
        return int(block.ctypes.data)

    def free(self, address: int) -> None:
        self.free_bytes += self.blocks.pop(address).size

    def pinned(self, size: int) -> Bytes:
        return np.full(size, 0x5A, np.uint8)

    def unpin(self, memory: Bytes) -> None:
        self.note("unpin")

    def stream(self) -> int:
        self.note("stream")
        return len(self.calls)

    def upload(self, stream: Any, address: int, source: Bytes) -> None:
        self.note("upload")
        self.at(address, source.size)[:] = source

    def download(self, stream: Any, target: Bytes, address: int) -> None:
        self.note("download")
        target[:] = self.at(address, target.size)

    def copy(self, stream: Any, address: int, source: int, size: int) -> None:
        self.note("copy")
        ctypes.memmove(self.at(address, size).ctypes.data, source, size)

    def fill(self, stream: Any, address: int, byte: int, size: int) -> None:
        self.note("fill")
        self.at(address, size)[:] = byte

    def count(self, stream: Any, arguments: Sequence[int], groups: int, threads: int) -> None:
        self.note("count")
        assert self.code is not None
        self.code.count(arguments, groups, threads)

    def sum(self, stream: Any, arguments: Sequence[int], number: int) -> None:
        self.note("sum")
        assert self.code is not None
        self.code.sum(arguments, number)

    def wait(self, stream: Any) -> None:
        self.note("wait")

    def again(
        self, folder: Path, module: DeviceModule, first: int, after: int, step: int
    ) -> tuple[int, int] | None:
        raise DeviceError("there is none to ask")

    def note(self, what: str) -> None:
        self.calls.append(what)
        self.refuse(what)

    def at(self, address: int, size: int) -> Bytes:
        """Return memory that has to lie in one allocation."""
        for begin, block in self.blocks.items():
            if begin <= address and address + size <= begin + block.size:
                found: Bytes = block[address - begin : address - begin + size]
                return found
        raise DeviceError(f"{size} bytes at {address:x} are no memory of the device")
