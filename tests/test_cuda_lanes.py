"""The memory of a device's lanes: how it grows, who shares it, and what is given back."""

from __future__ import annotations

import pytest

from adl.compiler.targets import reference
from adl.runtime.execute.device.driver import DeviceError, OutOfMemory
from adl.runtime.execute.device.kernel import shared_by
from adl.runtime.execute.device.lanes import LANES, Lanes
from tests.emulated_driver import EmulatedDriver
from tests.test_cuda_code import PROGRAM, device, jets
from tests.test_differential import differences

MIB = 1 << 20


def test_a_lane_grows_by_more_than_it_must_and_pins_only_what_is_copied() -> None:
    driver = EmulatedDriver()
    lanes = Lanes(driver)
    with lanes.one() as lane:
        lanes.grow(lane, 16 * MIB, 1000, 64 * MIB)
        assert lane.size == 20 * MIB
        assert lane.memory.size == 1250
        lanes.grow(lane, 20 * MIB, 1250, 64 * MIB)
        assert driver.calls.count("allocate") == 1
        lanes.grow(lane, 60 * MIB, 2000, 64 * MIB)
        assert lane.size == 64 * MIB  # what it may take, at most
        assert [block.size for block in driver.blocks.values()] == [64 * MIB]
        assert driver.calls.count("unpin") == 1


def test_memory_of_threads_is_no_memory_of_lanes() -> None:
    driver = EmulatedDriver(memory=100 * MIB)
    lanes = Lanes(driver)
    assert lanes.budget(driver) == 100 * MIB * 4 // 5 // LANES
    driver.thread_bytes = 40 * MIB
    assert lanes.budget(driver) == 60 * MIB * 4 // 5 // LANES
    with lanes.one() as lane:  # what they hold already is theirs
        lanes.grow(lane, 10 * MIB, 1, 10 * MIB)
    assert lanes.budget(driver) == 60 * MIB * 4 // 5 // LANES
    driver.thread_bytes = 200 * MIB
    assert lanes.budget(driver) == 0


def test_programs_share_memory_and_a_failure() -> None:
    driver = EmulatedDriver()
    first = device(PROGRAM, driver)
    second = device(PROGRAM, driver)
    second.lanes = first.lanes
    chunk = jets([2] * 20)
    first.run(chunk, 20)
    held = driver.calls.count("allocate")
    second.run(chunk, 20)
    assert driver.calls.count("allocate") == held + 1  # its own numbers

    def refuse(what: str) -> None:
        if what == "wait":
            raise DeviceError("CUDA_ERROR_ILLEGAL_ADDRESS", lost=True)

    driver.refuse = refuse
    first.run(chunk, 20)
    asked = len(driver.calls)
    second.run(chunk, 20)
    assert len(driver.calls) == asked  # there is nobody to ask
    assert second.doings.failed == 20


def test_a_lane_is_given_on_when_nothing_reads_its_memory_any_more() -> None:
    driver = EmulatedDriver()
    kernel = device(PROGRAM, driver)

    def refuse(what: str) -> None:
        if what == "sum":
            raise OutOfMemory("of threads")

    driver.refuse = refuse
    kernel.run(jets([2] * 20), 20)
    assert driver.calls[-2:] == ["sum", "wait"]
    assert kernel.doings.crowded == 20
    assert not kernel.lanes.lost


def test_a_result_that_is_read_too_early_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    chunk = jets([2] * 20)
    right = reference.run(PROGRAM, chunk)
    (found,) = device(PROGRAM).run(chunk, 20)
    assert not differences(right, found)
    monkeypatch.setattr(EmulatedDriver, "wait", lambda self, stream: None)
    (found,) = device(PROGRAM).run(chunk, 20)
    assert differences(right, found)


@pytest.mark.parametrize(
    ("blocks", "cells", "groups"), [(1, 100, 512), (16, 100, 64), (763, 100, 64), (763, 8192, 8)]
)
def test_there_are_many_more_groups_than_fit_at_a_time(
    blocks: int, cells: int, groups: int
) -> None:
    """Else some multiprocessors would have twice as many as others, and these would wait."""
    assert shared_by(blocks, 65536, cells) == groups
