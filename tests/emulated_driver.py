"""A driver without a GPU: memory of this machine, and the device's code on it, thread after thread.

What is put into a stream is done as late as it may be, when somebody waits for it: so a result that
is read too early is not there, and pinned memory that is filled again too early is copied wrongly.
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
        self.pinned_memory: list[Bytes] = []
        self.pending: dict[Any, list[Callable[[], None]]] = {}
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
        self.finish()
        self.free_bytes += self.blocks.pop(address).size

    def pinned(self, size: int) -> Bytes:
        self.pinned_memory.append(np.full(size, 0x5A, np.uint8))
        return self.pinned_memory[-1]

    def unpin(self, memory: Bytes) -> None:
        self.note("unpin")
        self.finish()
        memory[:] = 0x77  # nobody may read it any more
        self.pinned_memory = [m for m in self.pinned_memory if m is not memory]

    def stream(self) -> int:
        self.note("stream")
        return len(self.calls)

    def upload(self, stream: Any, address: int, source: Bytes) -> None:
        self.note("upload")
        target = self.at(address, source.size)
        # A driver copies what it cannot read by itself before it returns.
        if not any(np.shares_memory(source, memory) for memory in self.pinned_memory):
            source = source.copy()
        self.later(stream, lambda: target.__setitem__(slice(None), source))

    def download(self, stream: Any, target: Bytes, address: int) -> None:
        self.note("download")
        source = self.at(address, target.size)
        target[:] = 0x5B  # whoever reads it before it is there sees that
        self.later(stream, lambda: target.__setitem__(slice(None), source))

    def copy(self, stream: Any, address: int, source: int, size: int) -> None:
        self.note("copy")
        target = self.at(address, size).ctypes.data
        self.later(stream, lambda: ctypes.memmove(target, source, size))

    def fill(self, stream: Any, address: int, byte: int, size: int) -> None:
        self.note("fill")
        target = self.at(address, size)
        self.later(stream, lambda: target.fill(byte))

    def count(self, stream: Any, arguments: Sequence[int], groups: int, threads: int) -> None:
        self.note("count")
        code = self.code
        assert code is not None
        self.later(stream, lambda: code.count(arguments, groups, threads))

    def sum(self, stream: Any, arguments: Sequence[int], number: int) -> None:
        self.note("sum")
        code = self.code
        assert code is not None
        self.later(stream, lambda: code.sum(arguments, number))

    def wait(self, stream: Any) -> None:
        self.note("wait")
        for work in self.pending.pop(stream, ()):
            work()

    def later(self, stream: Any, work: Callable[[], Any]) -> None:
        """Put work into a stream."""
        self.pending.setdefault(stream, []).append(work)

    def finish(self) -> None:
        """Do what is in all streams, as a driver does before memory is given back."""
        for stream in tuple(self.pending):
            for work in self.pending.pop(stream, ()):
                work()

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
