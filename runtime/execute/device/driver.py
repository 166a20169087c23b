"""What is asked of a GPU's driver. ``nvidia.py`` asks NVIDIA's; tests have one of their own.

Addresses are those of the device's memory. All but ``allocate``, ``free``, ``pinned`` and ``unpin``
only put work into a lane's stream; ``wait`` returns when all of it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


class DeviceError(Exception):
    """What a driver refuses; ``lost`` if nothing more can be asked of the device."""

    def __init__(self, what: str, *, lost: bool = False) -> None:
        super().__init__(what)
        self.lost = lost


class OutOfMemory(DeviceError):
    """There is no room for an allocation."""


class Driver(Protocol):
    """A device with a loaded module."""

    @property
    def name(self) -> str:
        """What the device is called."""

    def memory(self) -> int:
        """Return how many bytes are free."""

    def load(self, module: Any) -> None:
        """Load the code of a ``DeviceModule``."""

    def of_threads(self) -> int:
        """Return how many bytes the threads of the loaded code take for memory of their own."""

    def allocate(self, size: int) -> int:
        """Return the address of new memory of the device."""

    def free(self, address: int) -> None:
        """Give memory back."""

    def pinned(self, size: int) -> Bytes:
        """Return memory of the host that copies need not stage."""

    def unpin(self, memory: Bytes) -> None:
        """Give such memory back."""

    def stream(self) -> Any:
        """Return a new queue of work."""

    def upload(self, stream: Any, address: int, source: Bytes) -> None:
        """Copy to the device."""

    def download(self, stream: Any, target: Bytes, address: int) -> None:
        """Copy from the device."""

    def copy(self, stream: Any, address: int, source: int, size: int) -> None:
        """Copy from another place of the device."""

    def fill(self, stream: Any, address: int, byte: int, size: int) -> None:
        """Set every byte."""

    def count(self, stream: Any, arguments: Sequence[int], groups: int, threads: int) -> None:
        """Launch the kernel that counts events."""

    def sum(self, stream: Any, arguments: Sequence[int], number: int) -> None:
        """Launch the kernel that adds up streams, with so many threads."""

    def again(
        self, folder: Path, module: Any, first: int, after: int, step: int
    ) -> tuple[int, int] | None:
        """Run events of a wave that has failed again, in a process of its own, see ``again.py``.

        Returns:
            The first of the pieces of ``step`` events in which one fails; None if all go well.

        Raises:
            DeviceError: The device cannot be asked.
        """

    def wait(self, stream: Any) -> None:
        """Return when the stream is done.

        Raises:
            DeviceError: A kernel has failed.
        """
