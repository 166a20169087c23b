"""Random programs over random events: a kernel counts what the interpreter counts, bit for bit.

No sum is ever NaN, so equality needs no exception for it: only finite weights are added, and what
overflows to an infinity stays there. ``ADL_EXAMPLES=10000`` makes the long run.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from threading import Barrier

import numpy as np
import pytest
from hypothesis import strategies as st

from adl.compiler.emit.module import Module, emit
from adl.compiler.ir import (
    ONE,
    TRUE,
    Axis,
    Binning,
    Column,
    Const,
    Element,
    Fill,
    Index,
    Lookup,
    Node,
    Part,
    Record,
    Table,
    Uniform,
    Variable,
    call,
    fill,
    pick,
    reduce,
    rewrite,
    store,
)
from adl.compiler.layout import Chunk, Partial, layout
from adl.compiler.passes import run_passes
from adl.compiler.program import OutputT, Program, RegionOutput, StepOutput
from adl.compiler.schedule import schedule
from adl.compiler.targets import reference
from adl.compiler.targets.host import HostKernel, load
from adl.compiler.verify import verify
from tests.partials import row_differences
from tests.strategies import EXAMPLES, GRID, WHOLE, Case, batches, cases, check, part

FEW = batches(EXAMPLES // 5)


def module(program: Program) -> Module:
    return emit(program, schedule(program), layout(program))


def kernel(program: Program) -> HostKernel:
    return load(module(program))


def differences(expected: Partial, actual: Partial) -> list[str]:
    """Return the outputs of which a bit differs; in rows one NaN is like another."""
    assert not np.isnan(expected.sumw).any()
    assert not np.isnan(expected.sumw2).any()
    names = [f.name for f in fields(Partial) if f.name not in ("rows", "faults")]
    found = [n for n in names if getattr(expected, n).tobytes() != getattr(actual, n).tobytes()]
    return [*found, *row_differences(expected, actual)]


# ------------------------------------------------------------------------------- properties


@pytest.mark.parametrize("batch", batches())
def test_a_kernel_counts_what_the_interpreter_counts(batch: int) -> None:
    def compare(case: Case) -> None:
        expected = reference.run(case.program, case.chunk)
        assert not differences(expected, kernel(case.program).run(case.chunk)), "without passes"
        passed = run_passes(case.program)
        assert not differences(expected, reference.run(passed, case.chunk)), "passes, interpreted"
        assert not differences(expected, kernel(passed).run(case.chunk)), "passes, compiled"

    check(batch, compare, cases())


@pytest.mark.parametrize("batch", FEW)
def test_events_can_be_counted_in_parts(batch: int) -> None:
    def compare(case: Case, data: st.DataObject) -> None:
        run, events = kernel(run_passes(case.program)).run, case.chunk.events
        cut = data.draw(st.integers(0, events))
        whole, total = run(case.chunk), run(part(case.chunk, 0, cut))
        total.add(run(part(case.chunk, cut, events)))
        # The order of additions decides the last bits of the sums of weights.
        np.testing.assert_array_equal(total.raw, whole.raw)
        np.testing.assert_array_equal(total.skipped, whole.skipped)

    check(batch, compare, cases(), st.data())


@pytest.mark.parametrize("batch", FEW)
def test_a_kernel_keeps_nothing_from_one_run_to_the_next(batch: int) -> None:
    def compare(case: Case) -> None:
        run = kernel(run_passes(case.program)).run
        first = run(case.chunk)
        run(part(case.chunk, 0, case.chunk.events // 2))
        assert not differences(first, run(case.chunk))

    check(batch, compare, cases())


@pytest.mark.parametrize("batch", FEW)
def test_two_threads_can_run_one_kernel_at_once(batch: int) -> None:
    def compare(case: Case) -> None:
        run, half = kernel(run_passes(case.program)).run, case.chunk.events // 2
        parts = [part(case.chunk, 0, half), part(case.chunk, half, case.chunk.events)]
        expected = [run(chunk) for chunk in parts]
        barrier = Barrier(2)

        def repeat(number: int) -> list[Partial]:
            barrier.wait()
            return [run(parts[number]) for _ in range(5)]

        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(repeat, range(2)))
        for alone, together in zip(expected, results, strict=True):
            assert not any(differences(alone, one) for one in together)

    check(batch, compare, cases(times=200))


@pytest.mark.parametrize("batch", FEW)
def test_another_number_of_the_user_is_the_same_code(batch: int) -> None:
    def compare(case: Case, reals: list[float], integers: list[int]) -> None:
        # One to one: two numbers that become equal would make two nodes one.
        new: dict[str, float] = dict(zip(map(repr, GRID), reals, strict=True))
        new |= dict(zip(map(repr, WHOLE), integers, strict=True)) | {"0.3": 0.7}

        def renumber(node: Node) -> Node | None:
            if isinstance(node, Lookup):
                rows = (tuple(new[repr(number)] for number in row) for row in node.table.rows)
                return Lookup(Table(tuple(rows)), node.arguments)
            if not isinstance(node, Const) or not node.datum or node.kind == "bool":
                return None
            return Const(new[repr(node.value)], True)

        changed = case.program.map(lambda fill: rewrite(fill, renumber))
        compare_code(case, changed)

    check(batch, compare, cases(), st.permutations(GRID), st.permutations(WHOLE))


@pytest.mark.parametrize("batch", FEW)
def test_another_binning_is_the_same_code(batch: int) -> None:
    def compare(case: Case) -> None:
        def rebin(fill: OutputT) -> OutputT:
            if isinstance(fill, Record):
                return fill
            bins = tuple(map(another, fill.bins))
            return Fill(bins, fill.axes, fill.values, fill.mask, fill.weight)

        compare_code(case, case.program.map(rebin))

    check(batch, compare, cases())


def another(binning: Binning) -> Binning:
    """Return a binning of the same form (for edges: as many) that no other one becomes."""
    if isinstance(binning, Uniform):
        return Uniform(binning.number + 2, binning.lower - 1.0, binning.upper + 3.0)
    assert isinstance(binning, Variable)
    return Variable(tuple(2.0 * edge + 1.0 for edge in binning.edges))


def compare_code(case: Case, changed: Program) -> None:
    """Check that the old code with the new data counts what the changed program means."""
    old, new = module(run_passes(case.program)), module(run_passes(changed))
    assert old.text == new.text
    code = load(old)
    reused = HostKernel(new.arguments, code.engine, code.function)
    assert not differences(reference.run(changed, case.chunk), reused.run(case.chunk))


# ----------------------------------------------------------------------- what was found once

JET, MUON = Axis(("Jet",), 0), Axis(("Muon",), 0)
BOTH = Axis(("Jet", "Muon"), 0)


def counter(mask: Node, weight: Node = ONE) -> Fill:
    return fill((), (), (), mask, weight)


def program(*fills: Fill) -> Program:
    return Program((RegionOutput("r", tuple(StepOutput("", f) for f in fills)),))


def test_each_part_of_a_union_can_store_a_number_of_the_user() -> None:
    numbers = store((JET, MUON), (Const(1.0, True), Const(2.0, True)))
    total = reduce("sum", (BOTH,), Element(numbers, Index(BOTH)), TRUE)
    agree(program(counter(TRUE, total)))


def test_a_pick_may_have_an_integer_as_its_key() -> None:
    number = Column("Jet_n", "int32", "Jet", Index(JET))
    agree(program(counter(call("eq", Part(pick((JET,), TRUE, number, 0), 0), Const(1)))))


def test_booleans_have_no_order() -> None:
    with pytest.raises(AssertionError, match="lt does not take"):
        verify(program(counter(call("lt", Column("Event_b", "bool"), TRUE))))


def agree(program: Program) -> None:
    """Check a program that the verifier accepts on two events."""
    verify(program)
    chunk = Chunk(
        2,
        {"Jet_n": np.array([3, 1, 2], np.int32), "Event_b": np.array([True, False])},
        {"Jet": np.array([0, 2, 3], np.int64), "Muon": np.array([0, 1, 1], np.int64)},
    )
    assert not differences(reference.run(program, chunk), kernel(program).run(chunk))
