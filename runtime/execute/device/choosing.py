"""Whether a program runs on a GPU, why not, and what the CPU did in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Literal

from adl.compiler.ir import Node
from adl.compiler.layout import Chunk, Partial
from adl.compiler.pipeline import Compiled
from adl.runtime.execute.device.driver import DeviceError, Driver
from adl.runtime.execute.device.kernel import DeviceKernel, Doings
from adl.runtime.execute.device.lanes import Lanes
from adl.runtime.execute.device.large import LargeEvents
from adl.runtime.execute.device.tracing import Tracing
from adl.runtime.inputs.straight import Straight

Asked = Literal["cuda", "auto"]
_LEAST = 64 << 20  # bytes that a lane needs to be worth it


@dataclass
class Devices:
    """The GPU of a run: kernels on it, and what is told. Nothing is told twice.

    ``connect`` returns something that makes a driver for each program.
    """

    asked: Asked
    noted: Callable[[str], None]
    connect: Callable[[], Callable[[], Driver]]
    kernels: dict[int, tuple[Compiled, DeviceKernel]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    driver: Callable[[], Driver] | None = None
    lanes: Lanes | None = None
    straight: Straight = field(init=False)

    def __post_init__(self) -> None:
        self.straight = Straight(self._say, lambda: self.lanes is not None and self.lanes.lost)
        try:
            self.driver = self.connect()
        except DeviceError as error:
            self._tell(str(error))

    def kernel(
        self, compiled: Compiled, place: Callable[[Node], str] = lambda node: "an unknown statement"
    ) -> Callable[[Chunk, int], list[Partial]] | None:
        """Return what counts on the GPU; None, which has been told, where the CPU has to.

        ``place`` names the statement that needs a node, with its line.
        """
        from adl.compiler.targets import cuda

        if self.driver is None:
            return None
        reason = cuda.obstacle(compiled)
        if reason:
            self._tell(reason)
            return None
        if self.lanes is not None and self.lanes.lost:
            self._tell("the GPU has failed before")
            return None
        if id(compiled) in self.kernels:  # of another dataset, or another kind of file
            return self.kernels[id(compiled)][1].run
        try:
            made = self._made(compiled, self.driver(), place)
        except DeviceError as error:
            self._tell(str(error))
            return None
        self.kernels[id(compiled)] = compiled, made
        if self.asked == "auto":
            self._say(f"the GPU counts, {made.driver.name}: the analysis needs nothing of the CPU")
        return made.run

    def threads(self, jobs: int) -> int:
        """Return how many threads read: one reads while another waits for the GPU."""
        return jobs if self.driver is None else max(2, jobs)

    def _made(
        self, compiled: Compiled, driver: Driver, place: Callable[[Node], str]
    ) -> DeviceKernel:
        module = compiled.device
        driver.load(module)
        if self.lanes is None:
            self.lanes = Lanes(driver)
        budget = self.lanes.budget(driver)
        if budget < _LEAST:
            free, threads = driver.memory() >> 20, driver.of_threads() >> 20
            words = f", and its threads need {threads} for themselves" if threads else ""
            raise DeviceError(f"{driver.name} has too little memory: {free} MiB are free{words}")
        lock = Lock()

        def host(chunk: Chunk) -> Partial:
            with lock:  # compiled when it is first needed, once
                own = compiled.host
            return own.run(chunk)

        tracing = Tracing(lambda: compiled.for_threads(stepping=True), place)
        large = partial(_large, compiled)
        return DeviceKernel(module, driver, host, large, self.lanes, budget, tracing, self._say)

    def _tell(self, reason: str) -> None:
        self._say(f"the CPU counts: {reason}")

    def _say(self, text: str) -> None:
        if text not in self.told:
            self.told.add(text)
            self.noted(text)

    def doings(self) -> Doings:
        """Return what was done where, of all programs together."""
        every = [kernel.doings for _, kernel in self.kernels.values()]
        names = ("waves", "events", "large", "crowded", "failed")
        numbers = {name: sum(getattr(d, name) for d in every) for name in names}
        return Doings(**numbers, failure=next((d.failure for d in every if d.failure), ""))

    def done(self) -> Iterator[str]:
        """Yield what the CPU has counted in the place of the GPU."""
        return instead(self.doings())


def instead(doings: Doings) -> Iterator[str]:
    """Yield what the CPU has counted in the place of the GPU, and why."""
    for number, why in (
        (doings.large, ": they are too large for a thread of the GPU"),
        (doings.crowded, ": they are in blocks for which the GPU had no room"),
        (doings.failed, ", since the GPU has failed"),
    ):
        if number:
            yield f"the CPU has counted {number} events{why}"


def _large(compiled: Compiled) -> LargeEvents:
    from adl.compiler.targets import emulated

    module = compiled.for_threads(shared=False)
    return LargeEvents(module, emulated.load(module))
