"""Fakes of CuPy, KvikIO and nvCOMP, over numpy, plain reads and zstandard: uproot's own interpreter
for GPUs runs on them. Nothing of it says what a GPU does.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
import zstandard


class Array(np.ndarray[Any, Any]):
    """An array of a device: numpy has to ask for a copy of it, and gets none after a failure."""

    failed = False

    @property
    def data(self) -> Any:  # as CuPy has it
        return types.SimpleNamespace(ptr=self.ctypes.data)

    def get(self) -> Any:
        if Array.failed:
            raise RuntimeError("cudaErrorIllegalAddress")
        return np.array(self)


Array.__module__ = "cupy.fake"  # by which uproot tells arrays apart


def made(values: Any) -> Any:
    return np.asarray(values).view(Array)


class CuFile:
    """Copies a part of a file to the device."""

    def __init__(self, path: str, mode: str) -> None:
        assert mode == "rb"
        self.content = Path(path).read_bytes()

    def pread(self, buffer: Any, size: int, file_offset: int, task_size: Any) -> Any:
        assert isinstance(buffer, Array)
        part = np.frombuffer(self.content, np.uint8)[file_offset : file_offset + size]
        buffer.view(np.uint8)[:size] = part
        return types.SimpleNamespace(get=lambda: size)


class Codec:
    """Decompresses Zstandard's frames."""

    def __init__(self, algorithm: str, bitstream_kind: Any) -> None:
        assert algorithm == "Zstd", algorithm

    def decode(self, batch: list[Any]) -> list[Any]:
        one = zstandard.ZstdDecompressor
        return [
            made(np.frombuffer(one().decompressobj().decompress(b.tobytes()), np.uint8))
            for b in batch
        ]


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have uproot find them."""
    cupy = types.SimpleNamespace(**{n: getattr(np, n) for n in dir(np) if n[0] != "_"})
    cupy.empty = lambda *a, **k: np.empty(*a, **k).view(Array)
    cupy.get_default_memory_pool = lambda: types.SimpleNamespace(free_all_blocks=lambda: None)
    stream = types.SimpleNamespace(synchronize=lambda: None)
    cupy.cuda = types.SimpleNamespace(get_current_stream=lambda: stream)
    nvcomp = types.SimpleNamespace(
        Codec=Codec, BitstreamKind=types.SimpleNamespace(RAW=0), as_arrays=list
    )
    monkeypatch.setattr(Array, "failed", False)
    monkeypatch.setattr(uproot.extras, "cupy", lambda: cupy)
    monkeypatch.setattr(uproot.extras, "kvikio", lambda: types.SimpleNamespace(CuFile=CuFile))
    monkeypatch.setattr(uproot.extras, "nvcomp", lambda: nvcomp)
