"""The device's code, run on this machine: what a GPU is given counts what the CPU counts.

No GPU takes part. The module that becomes PTX runs here with loops in the place of threads, the
last thread first, so that a result which depends on their order would differ.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adl.compiler.emit.device import DeviceModule, emit_device
from adl.compiler.emit.remainder import REMAINDER
from adl.compiler.emit.room import ROOM, Room
from adl.compiler.ir import TRUE, Axis, Column, Const, Index, Node, Uniform, call, fill, record
from adl.compiler.layout import Chunk, Partial, layout, merged_faults
from adl.compiler.passes import run_passes
from adl.compiler.program import Program, RegionOutput, StepOutput
from adl.compiler.schedule import schedule
from adl.compiler.targets import emulated, reference
from adl.compiler.targets.host import compile_object, new_engine
from adl.runtime.execute.device.kernel import DeviceKernel, part_of, shape
from adl.runtime.execute.device.lanes import Lanes
from adl.runtime.execute.device.large import LargeEvents
from adl.runtime.execute.device.tracing import Tracing
from adl.runtime.execute.device.wave import Wave
from tests.adltext.analysis import text
from tests.adltext.comparison import compile_text
from tests.adltext.events import events
from tests.emulated_driver import EmulatedDriver
from tests.strategies import EXAMPLES, batches, seeded
from tests.test_differential import differences, kernel

# So little that many events are too large for a thread.
SMALL = Room(bytes=0, fewest=2, most=2, longest=6, tuples=9)


def device(
    program: Program,
    driver: EmulatedDriver | None = None,
    room: Room = ROOM,
    budget: int = 1 << 30,
    change: Callable[[str], str] = str,
    ordered: bool | None = None,
) -> DeviceKernel:
    """Return a program on an emulated device."""
    places, plan = layout(program), schedule(program, ahead=False)
    module = emit_device(program, plan, places, room=room, ordered=ordered)
    module = replace(module, text=change(module.text))

    def large() -> LargeEvents:
        own = emit_device(program, plan, places, shared=False, room=room)
        return LargeEvents(own, emulated.load(own))

    def host(part: Chunk) -> Partial:
        return kernel(program).run(part)

    driver = driver or EmulatedDriver()
    driver.load(module)
    return DeviceKernel(module, driver, host, large, Lanes(driver), budget)


def agree(
    program: Program,
    chunk: Chunk,
    room: Room = ROOM,
    block: int = 5,
    change: Callable[[str], str] = str,
    budget: int = 1 << 30,
    ordered: bool | None = None,
) -> DeviceKernel:
    """Check that each block of events gives the bits that it gives on the CPU."""
    on_device = device(program, room=room, change=change, budget=budget, ordered=ordered)
    found = on_device.run(chunk, block)
    starts = range(0, chunk.events, block)
    parts = [part_of(chunk, on_device.module, b, min(b + block, chunk.events)) for b in starts]
    assert len(found) == len(parts)
    for part, other in zip(parts, found, strict=True):
        expected = reference.run(program, part)
        assert not differences(expected, other)
        assert merged_faults(expected.faults) == merged_faults(other.faults)
    return on_device


# Each takes half a second: some of a batch are enough for every day.
LONG = EXAMPLES > 250
FEW = None if LONG else 5


@pytest.mark.parametrize("batch", batches(EXAMPLES // 25))
def test_threads_count_what_the_cpu_counts(batch: int) -> None:
    for number, case in enumerate(seeded(batch)[:FEW]):
        room = SMALL if number % 2 else ROOM
        agree(run_passes(case.program), case.chunk, room, ordered=number % 3 != 0 or None)


@pytest.mark.parametrize("batch", batches(EXAMPLES // 25))
def test_analyses_mean_on_a_device_what_they_mean_elsewhere(batch: int) -> None:
    for number in range(10 if LONG else 4):
        random = Random(10 * batch + number)
        compiled = compile_text(text(random, "adl", functions=LONG), "adl")
        agree(compiled.program, events(random, 12), SMALL if number % 2 else ROOM)


@given(st.floats(), st.floats())
@example(1e308, 5e-324)
@example(-0.0, 1.0)
@example(5.5, -2.0)
@example(2.0**-1074 * 5, 2.0**-1074 * 3)
def test_the_remainder_in_integers_is_that_of_the_cpu(x: float, y: float) -> None:
    try:
        expected = math.fmod(x, y)
    except ValueError:
        expected = math.nan
    assert repr(remainder()(x, y)) == repr(expected)  # one NaN is like another, 0.0 is not -0.0


@cache
def remainder() -> Callable[[float, float], float]:
    call = "define double @here(double %x, double %y) {\n"
    call += "  %r = call double @adl_remainder(double %x, double %y)\n  ret double %r\n}\n"
    engine = new_engine(compile_object(REMAINDER + call))
    ENGINES.append(engine)
    address = engine.get_function_address("here")
    return ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_double)(address)


ENGINES: list[object] = []  # an engine keeps its code


# ------------------------------------------------------------------------- what was found once

JET = Axis(("Jet",), 0)
PT = Column("Jet_pt", "float32", "Jet", Index(JET))
WEIGHTED = fill(
    (Uniform(3, 0.0, 9.0),), (JET,), (PT,), TRUE, call("mul", PT, Column("w", "float64"))
)
KEPT = record((JET,), (PT,), call("gt", PT, Const(3.0)))
PROGRAM = Program((RegionOutput("r", (StepOutput("", WEIGHTED),)),), inputs=(KEPT,))


def jets(numbers: list[int]) -> Chunk:
    """Return events of so many jets, of weights of every size and some that are none."""
    random = np.random.default_rng(5)
    pt = random.uniform(0.0, 9.0, sum(numbers)).astype(np.float32)
    weights = random.normal(0.0, 1.0, len(numbers)) * 10.0 ** random.integers(0, 9, len(numbers))
    weights[::7] = np.nan
    offsets = np.concatenate([[0], np.cumsum(numbers)]).astype(np.int64)
    return Chunk(len(numbers), {"Jet_pt": pt, "w": weights}, {"Jet": offsets})


EVENTS = jets([3, 0, 5, 1, 4, 2, 6, 0, 2, 9, 1, 1, 3, 2, 7, 2, 2, 5, 3, 4] * 3)
MANY = jets([3, 0, 5, 1, 4, 2, 6, 0, 2, 9] * 40)
# What the emitter writes, and what a mistake would have written.
FAULTS = {
    "the last entry is added first": (
        "  %scaled = mul i64 %i, %width",
        """  %to.end = sub i64 %i.after, %i
  %behind.own = add i64 %i.first, %to.end
  %i.own = sub i64 %behind.own, 1
  %scaled = mul i64 %i.own, %width""",
    ),
    "a block adds an event of the next": (
        "%behind = add i64 %begin, %block",
        "%longer = add i64 %block, 1\n  %behind = add i64 %begin, %longer",
    ),
    "what another group counted is not cleared": ("store i32 0, ptr addrspace(3) %where", ""),
    "a weight that is no number is kept": (
        "br i1 %finite, label %yes, label %no",
        "br i1 true, label %yes, label %no",
    ),
    "an event is counted by two threads": (
        "%step = mul i64 %slices, %threads",
        "%step = mul i64 1, %threads",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_mistake_in_the_device_s_code_is_noticed(name: str) -> None:
    right, wrong = FAULTS[name]

    def change(text: str) -> str:
        assert right in text
        changed = text.replace(right, wrong)
        # The cell is that of the entry.
        return (
            changed.replace("i64 %entry.at, i64 %i\n", "i64 %entry.at, i64 %i.own\n")
            if ("%i.own" in wrong)
            else changed
        )

    with pytest.raises(AssertionError):
        agree(PROGRAM, MANY, block=200, change=change)


def test_an_event_with_ten_thousand_jets_is_counted_in_its_place() -> None:
    crowded = jets([3, 0, 5, 10_000, 4, 2] * 3)
    made = agree(PROGRAM, crowded, block=4)
    assert made.doings.large == 3
    assert made.doings.events == crowded.events - 3


def test_what_a_table_lacks_is_first_in_the_first_event_large_or_not() -> None:
    table = "table steps\n  tabletype efficiency\n  nvars 1\n  errors false\n  0.5 0 20\n"
    program = compile_text(
        table + 'region few\n  histo h, "", 4, 0, 4, steps(pT(Jet))\n', "adl"
    ).program
    sizes = [1, 9, 1, 9, 0, 1, 1, 9, 1, 1]
    offsets = np.cumsum([0, *sizes])
    pt = np.full(offsets[-1], 50.0, np.float32)
    pt[offsets[0]] = pt[offsets[5]] = 10.0
    made = agree(program, Chunk(len(sizes), {"Jet_pt": pt}, {"Jet": offsets}), SMALL, block=5)
    assert made.doings.large == 3


def test_what_is_no_number_is_counted_as_on_the_cpu_and_kept_nowhere() -> None:
    odd = jets([3, 0, 5, 1, 4, 2] * 5)
    pt, weights = odd.columns["Jet_pt"].copy(), odd.columns["w"].copy()
    pt[::4], pt[1::9] = np.nan, -np.inf
    weights[2::5] = np.inf
    made = agree(PROGRAM, replace(odd, columns={"Jet_pt": pt, "w": weights}), block=7)
    assert made.doings.events == odd.events
    every = made.run(replace(odd, columns={"Jet_pt": pt, "w": weights}), 7)
    assert sum(int(partial.skipped.sum()) for partial in every) > len(pt) // 4
    assert all(np.isfinite(partial.sumw).all() for partial in every)


def test_a_wave_without_room_is_cut_into_blocks_and_then_left_to_the_cpu() -> None:
    whole = agree(PROGRAM, EVENTS, block=20)
    assert (whole.doings.waves, whole.doings.events) == (1, 60)
    cut = agree(PROGRAM, EVENTS, block=20, budget=9000)
    assert (cut.doings.waves, cut.doings.events) == (3, 60)
    none = agree(PROGRAM, EVENTS, block=20, budget=1000)
    assert (none.doings.waves, none.doings.crowded) == (0, 60)


def test_a_read_behind_the_end_of_a_column_is_traced_to_its_event() -> None:
    def stepping() -> DeviceModule:
        return emit_device(PROGRAM, schedule(PROGRAM, ahead=False), layout(PROGRAM), stepping=True)

    asked = []

    def place(node: Node) -> str:
        asked.append(node)
        return "line 7"

    tracing = Tracing(stepping, place)
    right = replace(jets([3, 0, 5, 1, 2, 0]), path="a.root", entry=100)
    said = tracing.trace(EmulatedDriver(), right, 4, shape)
    assert said.startswith("in entries 100 to 106 of a.root; the same code has run over them again")
    # As many jets as before, of one more which the column has not.
    offsets = {"Jet": right.offsets["Jet"] + np.array([0, 0, 0, 0, 0, 1, 1])}
    said = tracing.trace(EmulatedDriver(), replace(right, offsets=offsets), 4, shape)
    assert said == "the same code fails on the CPU, too, at entry 104 of a.root, for line 7"
    assert asked == [PT]


TOP = """
define top = argmin(disjoint(Jet a, Jet b, Jet c), abs(m(a + b + c) - 172.5))
region r
  weight w MET_pt / 50
  histo h, "h", 20, 0, 300, pT(top)
"""


def test_events_with_many_tuples_come_first_and_the_bits_are_the_same() -> None:
    program = compile_text(TOP, "adl").program
    chunk = events(Random(1), 40)
    made = agree(program, chunk, block=16)
    assert made.module.order
    wave = Wave(made.module, chunk, 16)
    numbers = np.diff(chunk.offsets["Jet"])
    order = wave.offsets[-1]
    for first in (0, 16, 32):
        own = order[first : first + 16]
        assert sorted(own) == list(range(first, min(first + 16, 40)))
        assert list(numbers[own]) == sorted(numbers[own], reverse=True)
    assert list(order) != sorted(order)
    plain = device(program, ordered=False)
    assert not plain.module.order
    for one, other in zip(made.run(chunk, 16), plain.run(chunk, 16), strict=True):
        assert not differences(one, other)


def test_runs_of_one_kernel_give_the_same_bits() -> None:
    made = device(PROGRAM)
    first, *more = (made.run(MANY, 200) for _ in range(3))
    for other in more:
        assert not any(differences(a, b) for a, b in zip(first, other, strict=True))
