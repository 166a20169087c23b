"""The LLVM module of a kernel with a thread for each event, and what sums up afterwards.

The work of a thread is three functions, with a barrier between them: ``adl_begin`` clears the
counts of its block of threads, ``adl_events`` takes every so many-th event, ``adl_finish`` adds the
counts up. ``adl_fold`` sums one stream over one block of events, in their order. Only the few lines
of ``targets/cuda.py`` that read a thread's number and wait at the barrier are a GPU's own, so all
else can run on this machine, too: that is how it is tested where there is no GPU.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from adl.compiler.emit import steps
from adl.compiler.emit.arguments import CALL, SIGNATURE, Arguments
from adl.compiler.emit.module import METADATA, Module, written
from adl.compiler.emit.remainder import REMAINDER, with_remainder
from adl.compiler.emit.room import ROOM, Limits, Room, bounded, crowds, large, limited
from adl.compiler.emit.streams import SUPPORT, Streams
from adl.compiler.emit.sums import SUMS
from adl.compiler.kernel import Kernel
from adl.compiler.layout import Layout
from adl.compiler.program import Program

# Counts of a block of threads that fit next to it: 8192 of 32 bits are 32 KiB of 48.
SHARED_CELLS = 8192
# What the kernel is given; the others of a kernel's parameters are a thread's own. Then come the
# events, those of a block, its counts and its skips, and how many groups of threads share a block.
POINTERS = ("columns", "offsets", "numbers", "raw", "sumw", "sumw2", "skipped", "records")
NUMBERS = ("events", "block", "cells", "skips", "slices")
HEAD = ", ".join([*(f"ptr %{p}" for p in POINTERS), *(f"i64 %{n}" for n in NUMBERS)])
THREAD = "i64 %group, i64 %thread, i64 %threads"


@dataclass(frozen=True)
class DeviceModule(Module):
    """The text, and what a thread of it holds; ``shared`` counts lie next to the threads."""

    shared: bool
    limits: Limits  # what an event of a thread may have
    notes: tuple[tuple[int, int], ...]  # of each fault: where in memo, how many numbers
    # Tuples by the number of which the events of a block are ordered; none: they stay as they are.
    order: tuple[tuple[str, ...], ...] = ()

    @property
    def stepping(self) -> bool:
        """Whether it says where it is."""
        return self.arguments.steps is not None

    @property
    def streams(self) -> Streams:
        """Where weights and rows go."""
        assert self.arguments.streams is not None
        return self.arguments.streams


def emit_device(
    program: Program,
    kernel: Kernel,
    layout: Layout,
    *,
    shared: bool | None = None,
    room: Room = ROOM,
    stepping: bool = False,
    ordered: bool | None = None,
) -> DeviceModule:
    """Write the module; ``shared`` can be refused, for a caller that has no such memory.

    One that is ``stepping`` says where it is: see ``steps.py``. Threads that work side by side wait
    for the one with most to do, so with ``ordered`` those of a block take events in the order of how
    many tuples these have: by default where an event loops over three elements or more at once.
    """
    assert not kernel.ahead, "a thread computes its own events only"
    arguments = Arguments.of(program, layout, Streams())
    if stepping:
        arguments.steps = []
    parts, main = written(program, kernel, arguments)
    bounds = bounded(arguments, room)
    limits = limited(program, arguments, bounds, room)
    notes = _notes(arguments)
    if shared is None:
        shared = layout.cells <= SHARED_CELLS
    order = () if ordered is False else crowds(program, _MANY if ordered is None else 2)
    events = _events(arguments, bounds, len(kernel.memoised))
    if order:
        events = _in_order(arguments, events)
    text = "\n".join(
        [
            *([steps.support(arguments)] if stepping else ()),
            *(map(_inlined, parts) if len(program.fills) <= _INLINED_CELLS else parts),
            _called(SUPPORT) if len(program.fills) > _INLINED_FILLS else SUPPORT,
            REMAINDER,
            _RAW_SHARED.replace("ROOM", str(max(1, layout.cells))) if shared else _RAW,
            _turn(arguments),
            _event(arguments, main, notes),
            large(arguments, limits),
            _begin(shared, layout),
            steps.traced(events) if stepping else events,
            _finish(shared),
            SUMS,
            *METADATA,
        ]
    )
    if stepping:
        text = text.replace(", !invariant.load !0", "")
    return DeviceModule(with_remainder(text), arguments, shared, limits, notes, order)


# Elements of a tuple. Of fewer there are not so many tuples: reading neighbours' columns together
# is worth more than threads that all have something to do (README.md).
_MANY = 3
# Hundreds of fills would make most of the code, and ptxas slow.
_INLINED_FILLS = 60
_INLINED_CELLS = 16


def _inlined(text: str) -> str:
    """Have functions that find cells inlined: what they know of axes is read once for all events."""
    return re.sub(r"(define internal i64 @adl_cell_.*) noinline \{", r"\1 alwaysinline {", text)


def _called(text: str) -> str:
    """Have functions called that are inlined otherwise."""
    return re.sub(r"\) nounwind \{", ") nounwind noinline {", text)


# ------------------------------------------------------------------------------- one event


def _event(
    arguments: Arguments, main: tuple[list[str], list[str]], notes: tuple[tuple[int, int], ...]
) -> str:
    entry, body = main
    assert arguments.streams is not None
    counters = arguments.streams.counters
    clear = []
    if counters:
        clear.append("  call void @adl_turn(ptr %rows)")
    for number, (first, size) in enumerate(notes):
        at = f"%note{number}"
        clear.append(f"  {at} = getelementptr i64, ptr %memo, i64 {first}")
        clear.append(f"  call void @llvm.memset.p0.i64(ptr {at}, i8 0, i64 {8 * size}, i1 false)")
    said = []
    for number, _ in enumerate(notes):
        at = f"i64 {arguments.layout.skipped + 3 * number}, i64 %said{number}"
        said.append(f"  %said{number} = load i64, ptr %note{number}")
        said.append(f"  call void @adl_note(ptr %skipped, {at}, i64 %event)")
    return "\n".join(
        [
            _NOTE if notes else "",
            f"define internal void @adl_event({SIGNATURE}, i64 %event) nounwind {{",
            "entry:",
            *entry,
            "  br label %start",
            "start:",
            *clear,
            *body,
            *said,
            "  ret void",
            "}\n",
        ]
    )


def _notes(arguments: Arguments) -> tuple[tuple[int, int], ...]:
    """Return where an event notes what it has rejected and raised: reasons first, then functions."""
    found = [
        (arguments.rejected(reasons) + 3 * i, 3)
        for reasons in arguments.reasons
        for i, _ in enumerate(reasons.texts)
    ]
    return (*found, *((arguments.fault(function), 5) for function in arguments.functions))


# A block's note: how often, in how many events, and the first of them as ~event, so that the
# largest is the first and 0 is none.
_NOTE = """
define internal void @adl_note(ptr %skipped, i64 %at, i64 %number, i64 %event) nounwind noinline {
entry:
  %none = icmp eq i64 %number, 0
  br i1 %none, label %end, label %note
note:
  %number_at = getelementptr i64, ptr %skipped, i64 %at
  %a = atomicrmw add ptr %number_at, i64 %number monotonic
  %events_at = getelementptr i64, ptr %number_at, i64 1
  %b = atomicrmw add ptr %events_at, i64 1 monotonic
  %first_at = getelementptr i64, ptr %number_at, i64 2
  %turned = xor i64 %event, -1
  %c = atomicrmw umax ptr %first_at, i64 %turned monotonic
  br label %end
end:
  ret void
}
"""


def _turn(arguments: Arguments) -> str:
    assert arguments.streams is not None
    size = 8 * arguments.streams.counters
    clear = f"  call void @llvm.memset.p0.i64(ptr %rows, i8 0, i64 {size}, i1 false)"
    body = [clear] if size else []
    head = "define internal void @adl_turn(ptr %rows) nounwind {"
    return "\n".join([head, *body, "  ret void", "}\n"])


# -------------------------------------------------------------------------------- a thread


def _in_order(arguments: Arguments, text: str) -> str:
    """Return the loop of a thread with events by a list, which stands behind the other offsets."""
    assert arguments.streams is not None
    place = len(arguments.collections) + len(arguments.streams.starts)
    for before, after in (
        ("  br label %head\nhead:", _LIST.format(place)),
        ("  %event = phi i64 [ %mine, %entry ]", "  %slot = phi i64 [ %mine, %entry ]"),
        ("icmp slt i64 %event, %end", "icmp slt i64 %slot, %end"),
        ("test:\n", _TAKE),
        ("%next = add i64 %event, %step", "%next = add i64 %slot, %step"),
    ):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


_LIST = """\
  %list.at = getelementptr ptr, ptr %offsets, i64 {}
  %list = load ptr addrspace(1), ptr %list.at, !invariant.load !0
  br label %head
head:"""
_TAKE = """\
test:
  %event.at = getelementptr i64, ptr addrspace(1) %list, i64 %slot
  %event = load i64, ptr addrspace(1) %event.at, !invariant.load !0
"""

# Counts of a whole block of events, in the memory of the device.
_RAW = """
define internal void @adl_raw(ptr %raw, i64 %at) nounwind {
  %where = getelementptr i64, ptr %raw, i64 %at
  %old = atomicrmw add ptr %where, i64 1 monotonic
  ret void
}
"""
# Counts of a block of threads, next to it.
_RAW_SHARED = """
@adl_counts = internal addrspace(3) global [ROOM x i32] undef

define internal void @adl_raw(ptr %raw, i64 %at) nounwind {
  %where = getelementptr i32, ptr addrspace(3) @adl_counts, i64 %at
  %old = atomicrmw add ptr addrspace(3) %where, i32 1 monotonic
  ret void
}
"""


def _begin(shared: bool, layout: Layout) -> str:
    head = f"define internal void @adl_begin({HEAD}, {THREAD}) nounwind {{"
    return f"{head}{_CLEAR if shared else _NOTHING}}}\n"


def _finish(shared: bool) -> str:
    head = f"define internal void @adl_finish({HEAD}, {THREAD}) nounwind {{"
    return f"{head}{_FLUSH if shared else _NOTHING}}}\n"


_NOTHING = "\n  ret void\n"
_CLEAR = """
entry:
  br label %head
head:
  %i = phi i64 [ %thread, %entry ], [ %next, %body ]
  %more = icmp slt i64 %i, %cells
  br i1 %more, label %body, label %end
body:
  %where = getelementptr i32, ptr addrspace(3) @adl_counts, i64 %i
  store i32 0, ptr addrspace(3) %where
  %next = add i64 %i, %threads
  br label %head
end:
  ret void
"""
_FLUSH = """
entry:
  %number = udiv i64 %group, %slices
  %first = mul i64 %number, %cells
  %own = getelementptr i64, ptr %raw, i64 %first
  br label %head
head:
  %i = phi i64 [ %thread, %entry ], [ %next, %tail ]
  %more = icmp slt i64 %i, %cells
  br i1 %more, label %body, label %end
body:
  %where = getelementptr i32, ptr addrspace(3) @adl_counts, i64 %i
  %found = load i32, ptr addrspace(3) %where
  %any = icmp ne i32 %found, 0
  br i1 %any, label %add, label %tail
add:
  %wide = zext i32 %found to i64
  %to = getelementptr i64, ptr %own, i64 %i
  %old = atomicrmw add ptr %to, i64 %wide monotonic
  br label %tail
tail:
  %next = add i64 %i, %threads
  br label %head
end:
  ret void
"""


def _events(arguments: Arguments, bounds: Limits, flags: int) -> str:
    """Write the loop of a thread over its events, with its own memory."""
    assert arguments.streams is not None
    own = [
        f"  %memo = alloca [{max(1, arguments.memo_size)} x i64]",
        f"  %flags = alloca [{max(1, flags)} x i8]",
        f"  %rows = alloca [{max(1, arguments.streams.counters)} x i64]",
        f"  %scratch = alloca [{max(1, len(arguments.store_sources))} x ptr]",
    ]
    for number, source in enumerate(arguments.store_sources):
        own += [
            f"  %store{number} = alloca [{bounds[source] + 1} x double]",
            f"  %store{number}.at = getelementptr ptr, ptr %scratch, i64 {number}",
            f"  store ptr %store{number}, ptr %store{number}.at",
        ]
    event = CALL.replace("ptr %raw", "ptr %own.raw").replace("ptr %skipped", "ptr %own.skipped")
    return f"""\
define internal void @adl_events({HEAD}, {THREAD}) nounwind {{
entry:
{chr(10).join(own)}
  %number = udiv i64 %group, %slices
  %slice = urem i64 %group, %slices
  %begin = mul i64 %number, %block
  %after = add i64 %begin, %block
  %cut = icmp slt i64 %after, %events
  %end = select i1 %cut, i64 %after, i64 %events
  %raw.first = mul i64 %number, %cells
  %own.raw = getelementptr i64, ptr %raw, i64 %raw.first
  %skip.first = mul i64 %number, %skips
  %own.skipped = getelementptr i64, ptr %skipped, i64 %skip.first
  %before = mul i64 %slice, %threads
  %within = add i64 %before, %thread
  %mine = add i64 %begin, %within
  %step = mul i64 %slices, %threads
  br label %head
head:
  %event = phi i64 [ %mine, %entry ], [ %next, %tail ]
  %more = icmp slt i64 %event, %end
  br i1 %more, label %test, label %exit
test:
  %big = call i1 @adl_large(ptr %offsets, ptr %numbers, i64 %event)
  br i1 %big, label %tail, label %run
run:
  call void @adl_event({event}, i64 %event)
  br label %tail
tail:
  %next = add i64 %event, %step
  br label %head
exit:
  ret void
}}
"""
