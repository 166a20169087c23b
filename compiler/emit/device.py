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
from typing import NamedTuple

from adl.compiler.emit.arguments import CALL, SIGNATURE, Arguments
from adl.compiler.emit.function import FunctionEmitter
from adl.compiler.emit.module import METADATA, Module, written
from adl.compiler.emit.remainder import REMAINDER
from adl.compiler.emit.streams import SUPPORT, Streams
from adl.compiler.ir import Store, factors, product
from adl.compiler.kernel import Kernel
from adl.compiler.layout import Layout
from adl.compiler.program import Program
from adl.compiler.variations import is_group, turns

# Counts of a block of threads that fit next to it: 8192 of 32 bits are 32 KiB of 48.
SHARED_CELLS = 8192
_TUPLES = 4  # times as many tuples as elements


Limits = dict[tuple[str, ...], int]  # elements of a source


class Room(NamedTuple):
    """What a thread may need; an event with more is too large for it."""

    bytes: int = 32 << 10  # of its arrays
    fewest: int = 16  # elements that an array holds, however many arrays there are
    most: int = 128
    longest: int = 2048  # elements of a loop: the other threads of its group would wait for it
    # Tuples of elements. With a block's 65 536 events, counts of 32 bits cannot overflow.
    tuples: int = (1 << 16) - 1


ROOM = Room()

# What the kernel is given; the others of a kernel's parameters are a thread's own. Then come the
# events, those of a block, its counts and its skips, and how many groups of threads share a block.
POINTERS = ("columns", "offsets", "numbers", "raw", "sumw", "sumw2", "skipped", "records")
NUMBERS = ("events", "block", "cells", "skips", "slices")
HEAD = ", ".join([*(f"ptr %{p}" for p in POINTERS), *(f"i64 %{n}" for n in NUMBERS)])
THREAD = "i64 %group, i64 %thread, i64 %threads"
FOLD = (
    "ptr %offsets, ptr %weights, ptr %cells, ptr %table, i64 %lanes, i64 %events, i64 %block, "
    "i64 %sums, ptr %sumw, ptr %sumw2"
)
LANE_WORDS = 6  # stream, variation, width, cells an entry, start array or -1, first sum


@dataclass(frozen=True)
class DeviceModule(Module):
    """The text, and what a thread of it holds; ``shared`` counts lie next to the threads."""

    shared: bool
    limits: Limits  # what an event of a thread may have
    notes: tuple[tuple[int, int], ...]  # of each fault: where in memo, how many numbers

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
) -> DeviceModule:
    """Write the module; ``shared`` can be refused, for a caller that has no such memory."""
    assert not kernel.ahead, "a thread computes its own events only"
    arguments = Arguments.of(program, layout, Streams())
    parts, main = written(program, kernel, arguments)
    bounds = _bounds(arguments, room)
    limits: Limits = {(c,): room.longest for c in arguments.collections}
    for node in program.nodes:
        axes = [axis for axis in node.bound if not is_group(axis.source[0])]
        if len(axes) > 1 and not isinstance(node, Store):  # its axes are loops side by side
            limits[product(axes)] = room.tuples
    for source, bound in bounds.items():
        if not is_group(source[0]):
            limits[source] = min(bound, limits.get(source, bound))
    notes = _notes(arguments)
    if shared is None:
        shared = layout.cells <= SHARED_CELLS
    text = "\n".join(
        [
            *parts,
            _called(SUPPORT) if len(program.fills) > _INLINED_FILLS else SUPPORT,
            REMAINDER,
            _RAW_SHARED.replace("ROOM", str(max(1, layout.cells))) if shared else _RAW,
            _turn(arguments),
            _event(arguments, main, notes),
            _large(arguments, limits),
            _begin(shared, layout),
            _events(arguments, bounds, len(kernel.memoised)),
            _finish(shared),
            _FOLD,
            *METADATA,
        ]
    )
    return DeviceModule(_exact(text), arguments, shared, limits, notes)


# Hundreds of fills would make most of the code, and ptxas slow.
_INLINED_FILLS = 60


def _called(text: str) -> str:
    """Have functions called that are inlined otherwise."""
    return re.sub(r"\) nounwind \{", ") nounwind noinline {", text)


def _exact(text: str) -> str:
    """Replace what a GPU's back-end only approximates."""
    return re.sub(
        r"frem double (\S+), (\S+)", r"call double @adl_remainder(double \1, double \2)", text
    )


def lanes(module: DeviceModule) -> list[int]:
    """Return the table of what ``adl_fold`` adds up: six numbers for each variation of a stream."""
    before = len(module.arguments.collections)  # starts follow the collections' offsets
    return [
        word
        for s in module.streams.fills.values()
        for v in range(s.width)
        for word in (
            s.number,
            v,
            s.width,
            s.cells,
            s.start if s.start < 0 else before + s.start,
            s.sums,
        )
    ]


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


# ------------------------------------------------------------------- what a thread has room for


def _bounds(arguments: Arguments, room: Room) -> Limits:
    """Return how many elements of each source a thread's arrays hold; groups' are known."""
    sources = list(dict.fromkeys(arguments.store_sources))
    number = max(1, len(arguments.store_sources))
    single = max(room.fewest, min(room.most, room.bytes // (8 * number)))
    bounds = {}
    for source in sources:
        own = single * (_TUPLES if any(len(factors(s)) > 1 for s in source) else 1)
        bounds[source] = turns(source[0]) if is_group(source[0]) else own
    return bounds


def _large(arguments: Arguments, limits: Limits) -> str:
    """Write the function that says whether an event has more than a thread has room for."""
    function = FunctionEmitter(arguments, {}, ())
    lines, found = function.lines, "false"
    for source, bound in limits.items():
        more = lines.let(f"icmp sgt i64 {function.size(source)}, {bound}")
        found = lines.let(f"or i1 {found}, {more}")
    lines.do(f"ret i1 {found}")
    head = "define internal i1 @adl_large(ptr %offsets, ptr %numbers, i64 %event) nounwind"
    return f"{head} {{\n{function.text()}\n}}\n"


# -------------------------------------------------------------------------------- a thread

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


# ------------------------------------------------------------------------------------- sums

# A counter's sums stay in registers; a histogram's lie where they end up.
_FOLD = f"""
define internal void @adl_fold({FOLD}, i64 %number) nounwind {{
entry:
  %part = udiv i64 %number, %lanes
  %lane = urem i64 %number, %lanes
  %row = mul i64 %lane, {LANE_WORDS}
  %stream.at = getelementptr i64, ptr %table, i64 %row
  %stream = load i64, ptr %stream.at
  %variation.at = getelementptr i64, ptr %stream.at, i64 1
  %variation = load i64, ptr %variation.at
  %width.at = getelementptr i64, ptr %stream.at, i64 2
  %width = load i64, ptr %width.at
  %own.at = getelementptr i64, ptr %stream.at, i64 3
  %own = load i64, ptr %own.at
  %start.at = getelementptr i64, ptr %stream.at, i64 4
  %start = load i64, ptr %start.at
  %first.at = getelementptr i64, ptr %stream.at, i64 5
  %first.sum = load i64, ptr %first.at
  %weights.at = getelementptr ptr, ptr %weights, i64 %stream
  %kept = load ptr, ptr %weights.at
  %cells.at = getelementptr ptr, ptr %cells, i64 %stream
  %places = load ptr, ptr %cells.at
  %begin = mul i64 %part, %block
  %behind = add i64 %begin, %block
  %cut = icmp slt i64 %behind, %events
  %end = select i1 %cut, i64 %behind, i64 %events
  %before = mul i64 %part, %sums
  %sum.first = add i64 %before, %first.sum
  %out = getelementptr double, ptr %sumw, i64 %sum.first
  %out2 = getelementptr double, ptr %sumw2, i64 %sum.first
  %listed = icmp sge i64 %start, 0
  br i1 %listed, label %look, label %ready
look:
  %starts.at = getelementptr ptr, ptr %offsets, i64 %start
  %starts = load ptr, ptr %starts.at
  %from.at = getelementptr i64, ptr %starts, i64 %begin
  %from = load i64, ptr %from.at
  %to.at = getelementptr i64, ptr %starts, i64 %end
  %to = load i64, ptr %to.at
  br label %ready
ready:
  %i.first = phi i64 [ %begin, %entry ], [ %from, %look ]
  %i.after = phi i64 [ %end, %entry ], [ %to, %look ]
  %each = icmp sgt i64 %own, 1
  %single = icmp eq i64 %own, 0
  br i1 %single, label %one.begin, label %head

one.begin:
  %one.out = getelementptr double, ptr %out, i64 %variation
  %one.out2 = getelementptr double, ptr %out2, i64 %variation
  br label %one.head
one.head:
  %j = phi i64 [ %i.first, %one.begin ], [ %j.next, %one.tail ]
  %t = phi double [ 0.0, %one.begin ], [ %t.next, %one.tail ]
  %u = phi double [ 0.0, %one.begin ], [ %u.next, %one.tail ]
  %one.more = icmp slt i64 %j, %i.after
  br i1 %one.more, label %one.body, label %one.end
one.body:
  %j.scaled = mul i64 %j, %width
  %j.entry = add i64 %j.scaled, %variation
  %v.at = getelementptr double, ptr %kept, i64 %j.entry
  %v = load double, ptr %v.at
  %v.none = fcmp uno double %v, %v
  br i1 %v.none, label %one.tail, label %one.add
one.add:
  %t.new = fadd double %t, %v
  %v2 = fmul double %v, %v
  %u.new = fadd double %u, %v2
  br label %one.tail
one.tail:
  %t.next = phi double [ %t, %one.body ], [ %t.new, %one.add ]
  %u.next = phi double [ %u, %one.body ], [ %u.new, %one.add ]
  %j.next = add i64 %j, 1
  br label %one.head
one.end:
  store double %t, ptr %one.out
  store double %u, ptr %one.out2
  ret void

head:
  %i = phi i64 [ %i.first, %ready ], [ %next, %tail ]
  %more = icmp slt i64 %i, %i.after
  br i1 %more, label %body, label %exit
body:
  %scaled = mul i64 %i, %width
  %entry.at = add i64 %scaled, %variation
  %w.at = getelementptr double, ptr %kept, i64 %entry.at
  %w = load double, ptr %w.at
  %none = fcmp uno double %w, %w
  br i1 %none, label %tail, label %add
add:
  %place = select i1 %each, i64 %entry.at, i64 %i
  %place.at = getelementptr i32, ptr %places, i64 %place
  %found = load i32, ptr %place.at
  %cell = sext i32 %found to i64
  %steps = mul i64 %cell, %width
  %at = add i64 %steps, %variation
  %s.at = getelementptr double, ptr %out, i64 %at
  %s = load double, ptr %s.at
  %s.new = fadd double %s, %w
  store double %s.new, ptr %s.at
  %w2 = fmul double %w, %w
  %q.at = getelementptr double, ptr %out2, i64 %at
  %q = load double, ptr %q.at
  %q.new = fadd double %q, %w2
  store double %q.new, ptr %q.at
  br label %tail
tail:
  %next = add i64 %i, 1
  br label %head
exit:
  ret void
}}
"""
