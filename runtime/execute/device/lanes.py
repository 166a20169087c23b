"""Lanes of a device: a stream each, with memory of its own, in which waves follow one another.

All programs of a run share them, so that each dataset of a list finds the memory that the one before
has left. What a kernel that fails leaves of a device is nothing for any of them: ``lost``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Condition, Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.runtime.execute.device.driver import DeviceError, Driver

LANES = 3  # one reads, one copies, one computes
_MOST = 2 << 30  # bytes of a lane
_MORE = 1.25  # times what a wave needs: the next may need a little more


@dataclass
class Lane:
    """A stream with its memory, which grows with the largest wave."""

    stream: Any
    address: int = 0
    size: int = 0
    memory: npt.NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))


@dataclass
class Lanes:
    """Up to three lanes; ``driver`` may be that of any program of the device."""

    driver: Driver
    free: list[Lane] = field(default_factory=list)
    made: list[Lane] = field(default_factory=list)
    lost: bool = False
    changed: Condition = field(default_factory=lambda: Condition(Lock()))

    def budget(self, driver: Driver) -> int:
        """Return how many bytes each lane may take, beside what the threads of a program need."""
        held = sum(lane.size for lane in self.made)
        left = driver.memory() + held - driver.of_threads()
        return max(0, min(_MOST, left * 4 // 5 // LANES))

    @contextmanager
    def one(self) -> Iterator[Lane]:
        """Give a lane that nobody has; wait for it, if need be."""
        with self.changed:
            while not self.free and len(self.made) >= LANES:
                self.changed.wait()
            if self.free:
                lane = self.free.pop()
            else:
                lane = Lane(self.driver.stream())
                self.made.append(lane)
        try:
            yield lane
        except DeviceError:
            # What it was asked before may still be read from the memory that the next wave fills.
            with suppress(DeviceError):
                self.driver.wait(lane.stream)
            raise
        finally:
            with self.changed:
                self.free.append(lane)
                self.changed.notify()

    def lose(self) -> bool:
        """Do without the device from now on; return whether it was there until now."""
        with self.changed:
            before, self.lost = self.lost, True
            return not before

    def grow(self, lane: Lane, size: int, inputs: int, budget: int) -> None:
        """Have a lane hold a wave of so many bytes, the first of which are copied to it."""
        if lane.size < size:
            if lane.address:
                self.driver.free(lane.address)
            lane.address = lane.size = 0
            wanted = max(size, min(int(size * _MORE), budget))
            lane.address = self.driver.allocate(wanted)
            lane.size = wanted
        if lane.memory.size < inputs:
            old, lane.memory = lane.memory, np.empty(0, np.uint8)
            if old.size:
                self.driver.unpin(old)
            lane.memory = self.driver.pinned(max(inputs, min(int(inputs * _MORE), budget)))
