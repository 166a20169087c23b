"""Faults planted in the compiler, to show that the random comparison would notice each of them.

A fault is a way to make a module of a program; it is planted by editing the emitted text or by
replacing a function of the compiler, which no other test does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import adl.compiler.actions as scheduling
from adl.compiler.emit.function import FunctionEmitter
from adl.compiler.emit.module import Module
from adl.compiler.ir import Axis, Index, Node, Reduce, building, rename, walking
from adl.compiler.kernel import Begin, Block, Count, Guard, Item, Loop, Update
from adl.compiler.layout import Chunk
from adl.compiler.passes.materialise import materialise
from adl.compiler.program import Program
from adl.compiler.targets import reference
from adl.compiler.targets.host import load, optimise
from tests.strategies import EVENT, FIRST, Case, batches, seeded
from tests.test_differential import differences, module

Fault = Callable[[Program], Module]

# ------------------------------------------------------------------------ the comparison


def cases_that_notice(fault: Fault, first: int) -> Iterator[Case]:
    """Yield cases of which the faulty kernel counts otherwise, and the right one does not."""
    for batch in [first, *batches(1000)]:
        for case in room_for_faults(batch):
            program, chunk = case.program, case.chunk
            right, wrong = module(program), fault(program)
            if right.text == wrong.text and right.arguments.numbers == wrong.arguments.numbers:
                continue
            expected = reference.run(program, chunk)
            if differences(expected, load(wrong).run(chunk)):
                assert not differences(expected, load(right).run(chunk))
                yield case


@cache
def room_for_faults(batch: int) -> list[Case]:
    """Return the cases of a batch; a wrong position may be 40 elements beyond the last event."""
    return [Case(case.program, with_room(case.chunk)) for case in seeded(batch)]


def with_room(chunk: Chunk) -> Chunk:
    columns = {
        name: values if name.startswith(f"{EVENT}_") else np.pad(values, (0, 64))
        for name, values in chunk.columns.items()
    }
    return replace(chunk, columns=columns)


def assert_noticed(fault: Fault, first: int = FIRST) -> None:
    """Search the batches, and first the one that noticed this fault when the test was written."""
    assert next(cases_that_notice(fault, first), None) is not None


# ------------------------------------------------------------------------ in the text

# What the emitter writes (a pattern), and what a mistake would have written.
TEXT_FAULTS = {
    # The comparison of keys is the one right after the test for an empty place.
    "a_later_equal_key_wins": (r"(icmp slt i64 %v\d+, 0\n  %v\d+ = fcmp) olt", r"\1 ole"),
    "a_nan_key_comes_first": (
        r"fcmp ord double (%v\d+), \1\n  (%v\d+) = fcmp uno",
        r"fcmp uno double \1, \1\n  \2 = fcmp ord",
    ),
    "an_edge_belongs_to_the_lower_bin": ("ole double %edge, %x", "olt double %edge, %x"),
    "the_lower_end_is_an_underflow": ("oge double %z, 0.0", "ogt double %z, 0.0"),
    "the_upper_end_of_a_range_is_in": (r"fcmp olt double %x0", "fcmp ole double %x0"),
    "the_lower_end_of_a_range_is_out": (
        r"fcmp ole double (%v\d+), %x0",
        r"fcmp olt double \1, %x0",
    ),
    "an_infinity_is_filled": ("olt double %size, 0x7FF", "ole double %size, 0x7FF"),
    "an_extremum_skips_nan": (
        r"fcmp uno double (%v\d+), \1\n  (%v\d+) = or",
        r"fcmp false double \1, \1\n  \2 = or",
    ),
    "a_missing_element_is_read": (
        r"select i1 %v\d+, double 0x7FF8000000000000,",
        "select i1 false, double 0.0,",
    ),
    "memory_of_an_event_is_reset_once": (
        r"call void @llvm.memset.p0.i64\(ptr %flags, i8 0, i64 (\d+), i1 false\)",
        r"""%is_first = icmp eq i64 %event, 0
  %to_reset = select i1 %is_first, i64 \1, i64 0
  call void @llvm.memset.p0.i64(ptr %flags, i8 0, i64 %to_reset, i1 false)""",
    ),
}


NOTICED_BY = {
    "a_later_equal_key_wins": 1,
    "a_nan_key_comes_first": 12,
    "the_upper_end_of_a_range_is_in": 1,
    "an_extremum_skips_nan": 3,
    "memory_of_an_event_is_reset_once": 3,
}


@pytest.mark.parametrize("name", TEXT_FAULTS)
def test_a_mistake_in_the_text_is_noticed(name: str) -> None:
    pattern, replacement = TEXT_FAULTS[name]

    def fault(program: Program) -> Module:
        right = module(program)
        return replace(right, text=re.sub(pattern, replacement, right.text))

    assert_noticed(fault, NOTICED_BY.get(name, FIRST))


# ------------------------------------------------------------------------ in the compiler


def test_a_loop_named_like_the_one_around_it_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def enter(axes: tuple[Axis, ...], depth: int) -> tuple[dict[Axis, Axis], tuple[Axis, ...]]:
        loops = tuple(Axis(axis.source, i) for i, axis in enumerate(axes))
        return dict(zip(axes, loops, strict=True)), loops

    def fault(program: Program) -> Module:
        right = module(program)
        with monkeypatch.context() as patch:
            patch.setattr(scheduling, "enter", enter)
            try:
                wrong = module(program)
                optimise(wrong.text)
            except (KeyError, RuntimeError):
                return right  # nothing computes a value, or not on every way to it: no event needed
            return wrong

    assert_noticed(fault)


def test_a_pass_that_captures_a_loop_variable_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(program: Program) -> Module:
        try:
            return module(captured(program, monkeypatch))
        except AssertionError:  # "a renamed axis would be captured": noticed without any event
            return module(program)

    assert_noticed(fault, 4)


def captured(program: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Run a pass that binds axes without regard to those that are bound inside.

    The verifier need not see it: what captured its variable is a well-formed closed value.
    """

    def bind(
        axes: tuple[Axis, ...], bodies: tuple[Node, ...]
    ) -> tuple[tuple[Axis, ...], tuple[Node, ...]]:
        bound = tuple(Axis(axis.source, -(1 + i)) for i, axis in enumerate(axes))
        return bound, tuple(rename(b, dict(zip(axes, bound, strict=True))) for b in bodies)

    with monkeypatch.context() as patch:
        for owner in (building, walking):
            patch.setattr(owner, "bind", bind)
        return materialise(program)


def test_a_sum_in_reversed_order_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    forwards = FunctionEmitter.loop

    def loop(self: FunctionEmitter, axis: Axis, body: Block) -> None:
        if not is_sum(body):
            return forwards(self, axis, body)
        lines = self.lines
        head, inside, end = lines.label(), lines.label(), lines.label()
        counter = lines.slot("i64", self.size(axis.source))
        lines.jump(head)
        lines.begin(head)
        left = lines.load("i64", counter)
        lines.branch(lines.let(f"icmp sgt i64 {left}, 0"), inside, end)
        lines.begin(inside)
        self.values[Index(axis)] = lines.let(f"sub i64 {left}, 1")
        self.block(body)
        lines.store("i64", self.values[Index(axis)], counter)
        lines.jump(head)
        return lines.begin(end)

    def fault(program: Program) -> Module:
        with monkeypatch.context() as patch:
            patch.setattr(FunctionEmitter, "loop", loop)
            return module(program)

    assert_noticed(fault, 5)


def is_sum(body: Block) -> bool:
    """Whether a loop adds up real numbers, and whatever else it does can be done in any order."""
    items = list(everything(body))
    own = {t for item in items if isinstance(item, Begin) for t in item.targets}
    targets = [item.target for item in items if isinstance(item, Update) and item.target not in own]
    if any(isinstance(item, Count) for item in items):
        return False
    rules = {(t.operation, t.kind) for t in targets if isinstance(t, Reduce)}
    in_any_order = {("sum", "real"), ("count", "int"), ("any", "bool"), ("all", "bool")}
    only_reductions = all(isinstance(t, Reduce) for t in targets)
    return only_reductions and ("sum", "real") in rules and rules <= in_any_order


def everything(block: Block) -> Iterator[Item]:
    for item in block.items:
        yield item
        if isinstance(item, Guard | Loop):
            yield from everything(item.body)


def test_a_shifted_edge_is_noticed() -> None:
    def fault(program: Program) -> Module:
        right = module(program)
        edge = np.float64(20.0).tobytes()
        above = np.nextafter(20.0, np.inf).tobytes()
        numbers = [above if n == edge else n for n in right.arguments.numbers]
        return replace(right, arguments=replace(right.arguments, numbers=numbers))

    assert_noticed(fault, 3)
