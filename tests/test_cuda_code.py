"""The device's code, run on this machine: what a GPU is given counts what the CPU counts.

No GPU takes part. The module that becomes PTX runs here with loops in the place of threads, the
last thread first, so that a result which depends on their order would differ.
"""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from adl.compiler.emit.device import ROOM, Room, emit_device
from adl.compiler.layout import Chunk, Partial, layout
from adl.compiler.passes import run_passes
from adl.compiler.program import Program
from adl.compiler.schedule import schedule
from adl.compiler.targets import emulated, reference
from adl.runtime.execute.device.kernel import DeviceKernel, part_of
from adl.runtime.execute.device.large import LargeEvents
from tests.emulated_driver import EmulatedDriver
from tests.strategies import EXAMPLES, Case, batches, cases, check
from tests.test_differential import differences, kernel

# So little that many events are too large for a thread.
SMALL = Room(bytes=0, fewest=2, most=2, longest=6)


def device(
    program: Program, driver: EmulatedDriver | None = None, room: Room = ROOM, budget: int = 1 << 30
) -> DeviceKernel:
    """Return a program on an emulated device."""
    places, plan = layout(program), schedule(program)
    module = emit_device(program, plan, places, room=room)

    def large() -> LargeEvents:
        own = emit_device(program, plan, places, shared=False, room=room)
        return LargeEvents(own, emulated.load(own))

    def host(part: Chunk) -> Partial:
        return kernel(program).run(part)

    return DeviceKernel(module, driver or EmulatedDriver(), host, large, budget)


def agree(program: Program, chunk: Chunk, room: Room = ROOM, block: int = 5) -> DeviceKernel:
    """Check that each block of events gives the bits that it gives on the CPU."""
    on_device = device(program, room=room)
    found = on_device.run(chunk, block)
    starts = range(0, chunk.events, block)
    parts = [part_of(chunk, on_device.module, b, min(b + block, chunk.events)) for b in starts]
    assert len(found) == len(parts)
    for part, other in zip(parts, found, strict=True):
        expected = reference.run(program, part)
        assert not differences(expected, other)
        assert expected.faults == other.faults
    return on_device


@pytest.mark.parametrize("batch", batches(EXAMPLES // 30))
def test_threads_count_what_the_cpu_counts(batch: int) -> None:
    def compare(case: Case, room: Room) -> None:
        agree(run_passes(case.program), case.chunk, room)

    check(batch, compare, cases(), st.sampled_from([ROOM, SMALL]))
