from __future__ import annotations

import gc
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt
import pytest
import uproot

from adl.compiler.ir import TRUE, Axis, Column, Fill, Index, Reduce
from adl.compiler.layout import Chunk, Partial, layout
from adl.compiler.program import Program, RegionOutput, StepOutput
from adl.runtime.execute.kernel import Kernel
from adl.runtime.execute.local import execute
from adl.runtime.inputs import DataError, InputError
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.trees import Input
from adl.runtime.progress import Progress

Floats = npt.NDArray[np.float64]
BLOCK = 16

# One weighted counter, and one of the elements: only the columns matter to who executes it.
_W = Column("w", "float64")
_JET = Axis(("Jet",), -1)
_HT = Reduce("sum", (_JET,), Column("Jet_pt", "float64", "Jet", Index(_JET)), TRUE)
PROGRAM = Program(
    (
        RegionOutput(
            "all",
            (
                StepOutput("w", Fill((), (), (), TRUE, _W)),
                StepOutput("ht", Fill((), (), (), TRUE, _HT)),
            ),
        ),
    )
)
LAYOUT = layout(PROGRAM)


def count(chunk: Chunk) -> Partial:
    """Sums of w and of all elements, in float64 and in the order of events."""
    out = Partial.zeros(LAYOUT)
    offsets = chunk.offsets["Jet"]
    assert len(offsets) == chunk.events + 1
    elements = chunk.columns["Jet_pt"][offsets[0] : offsets[-1]]
    out.raw[:] = chunk.events, len(elements)
    out.sumw[:] = ordered(chunk.columns["w"]), ordered(elements)
    return out


def prepare(_: Input) -> Kernel:
    return Kernel(PROGRAM, LAYOUT, count)


def ordered(values: Floats) -> float:
    total = 0.0
    for value in values:
        total += float(value)
    return total


class Sample:
    """A file written for a test, and what is in it."""

    def __init__(self, path: Path, events: int, seed: int, step: int = 23) -> None:
        rng = np.random.default_rng(seed)
        self.path = str(path)
        # Sizes from 1e-8 to 1e8: another order of additions gives other last bits.
        self.w = rng.normal(size=events) * 10.0 ** rng.integers(-8, 9, events)
        self.counts = rng.integers(0, 4, events)
        elements = int(self.counts.sum())
        self.pt = rng.normal(size=elements) * 10.0 ** rng.integers(-8, 9, elements)
        jets = ak.zip({"pt": ak.unflatten(self.pt, self.counts)})
        with uproot.recreate(path, compression=uproot.ZLIB(1)) as file:
            tree = file.mktree("Events", {"w": "float64", "Jet": jets.type})
            for start in range(0, events, step):
                part = slice(start, start + step)
                tree.extend({"w": self.w[part], "Jet": jets[part]})

    def fold(self, limit: int | None = None) -> tuple[float, float]:
        """The sums as the documentation of ``execute`` states their order."""
        events = len(self.w) if limit is None else limit
        offsets = np.concatenate([[0], np.cumsum(self.counts)])
        w = ht = 0.0
        for start in range(0, events, BLOCK):
            stop = min(start + BLOCK, events)
            w += ordered(self.w[start:stop])
            ht += ordered(self.pt[offsets[start] : offsets[stop]])
        return w, ht


def corrupt(sample: Sample, entry: int) -> None:
    """Overwrite the basket of ``w`` that holds an entry."""
    with uproot.open(sample.path) as file:
        branch = file["Events"]["w"]
        number = int(np.searchsorted(branch.entry_offsets, entry, "right")) - 1
        start = int(branch.member("fBasketSeek")[number])
        size = int(branch.member("fBasketBytes")[number])
    with open(sample.path, "r+b") as raw:
        raw.seek(start)
        raw.write(b"\0" * size)


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    return [
        Sample(tmp_path / f"{i}.root", events, seed=i) for i, events in enumerate((150, 97, 64))
    ]


def paths(samples: list[Sample]) -> list[str]:
    return [sample.path for sample in samples]


def folded(samples: list[Sample]) -> tuple[float, float]:
    w = ht = 0.0
    for sample in samples:
        parts = sample.fold()
        w, ht = w + parts[0], ht + parts[1]
    return w, ht


@pytest.mark.parametrize("unit", [1, 2, 3, 4, None])
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_and_units_leave_every_bit_alone(
    samples: list[Sample], threads: int, unit: int | None
) -> None:
    out = execute(paths(samples), prepare, threads=threads, block=BLOCK, unit=unit)
    assert out.partial is not None
    assert tuple(out.partial.sumw) == folded(samples)
    assert list(out.partial.raw) == [311, sum(len(s.pt) for s in samples)]
    assert out.events == 311
    assert out.bytes == sum(s.w.nbytes + s.pt.nbytes for s in samples)


def test_the_order_of_blocks_and_files_matters_to_these_sums(samples: list[Sample]) -> None:
    plain = ordered(np.concatenate([s.w for s in samples]))
    assert folded(samples)[0] != plain
    assert folded(samples) != folded(samples[::-1])


@pytest.mark.parametrize("threads", [1, 3])
def test_a_limit_ends_inside_a_block_of_the_second_file(
    samples: list[Sample], threads: int
) -> None:
    out = execute(paths(samples), prepare, threads=threads, limit=150 + 41, block=BLOCK, unit=2)
    whole, cut = samples[0].fold(), samples[1].fold(limit=41)
    assert out.partial is not None
    assert tuple(out.partial.sumw) == (whole[0] + cut[0], whole[1] + cut[1])
    assert out.events == 191
    assert [f["events"] for f in out.files] == [150, 41]


def test_a_limit_of_nothing_reads_nothing_and_gives_zeros(samples: list[Sample]) -> None:
    out = execute(paths(samples), prepare, threads=1, limit=0, block=BLOCK)
    assert out.partial is not None
    assert not out.partial.raw.any()
    assert out.bytes == 0


@pytest.mark.parametrize("threads", [1, 4])
def test_a_file_that_breaks_in_the_middle_counts_nothing(
    samples: list[Sample], threads: int
) -> None:
    corrupt(samples[1], entry=60)
    out = execute(paths(samples), prepare, threads=threads, block=BLOCK, unit=1)
    assert out.partial is not None
    assert tuple(out.partial.sumw) == folded([samples[0], samples[2]])
    assert out.events == 150 + 64
    assert [f["path"] for f in out.files] == paths(samples)
    assert [f["events"] for f in out.files] == [150, 0, 64]
    assert [bool(f["error"]) for f in out.files] == [False, True, False]
    ((path, error),) = out.failures
    assert path == samples[1].path
    assert isinstance(error, DataError)
    assert error.reason.startswith("w: entries 46 to 69 cannot be read")


def test_a_missing_file_is_reported_and_the_others_are_complete(samples: list[Sample]) -> None:
    missing = samples[0].path + ".not"
    out = execute([missing, *paths(samples)], prepare, threads=2, block=BLOCK)
    assert out.partial is not None
    assert tuple(out.partial.sumw) == folded(samples)
    assert out.files[0] == {
        "path": missing,
        "events": 0,
        "error": "no such file or directory",
    }


def test_without_a_usable_file_there_is_no_partial(tmp_path: Path) -> None:
    out = execute([str(tmp_path / "a"), str(tmp_path / "b")], prepare, threads=1)
    assert (out.kernel, out.partial, out.events) == (None, None, 0)
    assert len(out.failures) == 2


class Refused(Exception):
    pass


def refuse(path: str, error: Exception) -> Callable[[Input], Kernel]:
    def prepare_or_refuse(source: Input) -> Kernel:
        if source.path == path:
            raise error
        return prepare(source)

    return prepare_or_refuse


@pytest.mark.parametrize("error", [Refused("no jets"), InputError("x", "no jets")])
def test_a_file_that_the_caller_refuses_is_reported(
    samples: list[Sample], error: Exception
) -> None:
    picky = refuse(samples[1].path, error)
    out = execute(paths(samples), picky, threads=2, block=BLOCK, refusals=(Refused,))
    assert out.partial is not None
    assert tuple(out.partial.sumw) == folded([samples[0], samples[2]])
    assert out.failures == [(samples[1].path, error)]


def test_an_exception_that_nobody_announced_is_ours_and_passes(samples: list[Sample]) -> None:
    with pytest.raises(ZeroDivisionError):
        execute(paths(samples), refuse(samples[1].path, ZeroDivisionError()), threads=2)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_of_the_kernel_passes(samples: list[Sample], threads: int) -> None:
    def fail(_: Chunk) -> Partial:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        execute(paths(samples), lambda _: Kernel(PROGRAM, LAYOUT, fail), threads=threads)


def test_a_file_without_events_counts_zero(tmp_path: Path, samples: list[Sample]) -> None:
    empty = Sample(tmp_path / "empty.root", 0, seed=0)
    out = execute([empty.path, samples[0].path], prepare, threads=2, block=BLOCK)
    assert out.partial is not None
    assert tuple(out.partial.sumw) == samples[0].fold()
    assert out.files[0] == {"path": empty.path, "events": 0, "error": ""}


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_stops_within_a_block_or_so(tmp_path: Path, threads: int) -> None:
    sample = Sample(tmp_path / "long.root", 200, seed=3)
    runs: list[int] = []

    def interrupted_at_the_third(chunk: Chunk) -> Partial:
        runs.append(chunk.events)
        if len(runs) == 3:
            os.kill(os.getpid(), signal.SIGINT)  # as the terminal does
        time.sleep(0.01)
        return count(chunk)

    with pytest.raises(KeyboardInterrupt):
        execute(
            [sample.path],
            lambda _: Kernel(PROGRAM, LAYOUT, interrupted_at_the_third),
            threads=threads,
            block=1,
            unit=100,
        )
    assert 3 <= len(runs) <= 10


def test_a_failing_file_is_closed_after_the_last_thread_has_left_it(
    samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    corrupt(samples[0], entry=0)
    inside = 0
    at_close: list[int] = []
    lock = threading.Lock()
    close = Input.close

    def slow_read(*arguments: Any) -> Chunk:
        nonlocal inside
        with lock:
            inside += 1
        try:
            time.sleep(0.001 * arguments[3])  # later units of a file take longer
            return read(*arguments)
        finally:
            with lock:
                inside -= 1

    def watched_close(source: Input) -> None:
        at_close.append(inside)
        close(source)

    monkeypatch.setattr("adl.runtime.execute.units.read", slow_read)
    monkeypatch.setattr(Input, "close", watched_close)
    out = execute([samples[0].path], prepare, threads=4, block=BLOCK, unit=1)
    assert [f["events"] for f in out.files] == [0]
    assert at_close == [0]


@pytest.mark.parametrize("threads", [1, 3])
def test_no_more_chunks_are_alive_than_threads(tmp_path: Path, threads: int) -> None:
    sample = Sample(tmp_path / "long.root", 200 * 4, seed=3, step=100)
    alive, most, total, lock = 0, 0, 0, threading.Lock()

    def died() -> None:
        nonlocal alive
        with lock:
            alive -= 1

    def watch(chunk: Chunk) -> Partial:
        nonlocal alive, most, total
        with lock:
            alive, total = alive + 1, total + 1
            most = max(most, alive)
        # Elements are not sliced a block: this array is the unit's own.
        weakref.finalize(chunk.columns["Jet_pt"], died)
        return count(chunk)

    gc.collect()
    out = execute(
        [sample.path], lambda _: Kernel(PROGRAM, LAYOUT, watch), threads=threads, block=4, unit=1
    )
    assert out.events == 800
    assert total == 200
    assert 1 <= most <= threads


def test_results_wait_in_a_bounded_queue_for_a_slow_one(tmp_path: Path) -> None:
    sample = Sample(tmp_path / "long.root", 200, seed=3)
    first_may_end = threading.Event()
    started = 0
    lock = threading.Lock()

    def slow_at_first(chunk: Chunk) -> Partial:
        nonlocal started
        with lock:
            started += 1
            number = started
        if number == 1:
            first_may_end.wait(0.3)
        return count(chunk)

    seen: list[int] = []

    def look(_: Progress) -> None:
        seen.append(started)

    execute(
        [sample.path],
        lambda _: Kernel(PROGRAM, LAYOUT, slow_at_first),
        threads=2,
        progress=look,
        block=1,
        unit=1,
    )
    assert seen[0] <= 2 * 2 + 1  # when the first is merged
    assert started == 200


def test_progress_ends_at_the_number_of_events(samples: list[Sample]) -> None:
    seen: list[Progress] = []
    execute(paths(samples), prepare, threads=1, progress=seen.append, block=BLOCK)
    assert [p.events for p in seen] == sorted(p.events for p in seen)
    assert (seen[-1].events, seen[-1].total, seen[-1].exact, seen[-1].files) == (311, 311, True, 3)
    assert seen[-1].rate > 0


def test_progress_guesses_the_total_until_the_last_file_is_open(samples: list[Sample]) -> None:
    seen: list[Progress] = []
    execute(paths(samples), prepare, threads=1, limit=300, progress=seen.append, block=BLOCK)
    assert (seen[0].total, seen[0].exact) == (300, False)
    assert (seen[-1].total, seen[-1].exact) == (300, True)


def test_progress_does_not_come_more_often_than_ten_times_a_second(tmp_path: Path) -> None:
    sample = Sample(tmp_path / "long.root", 400, seed=3)
    seen: list[Progress] = []
    execute([sample.path], prepare, threads=1, progress=seen.append, block=1, unit=1)
    assert len(seen) <= 2 + 10 * seen[-1].seconds
