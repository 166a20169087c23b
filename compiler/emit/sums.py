"""Adding up: one stream over one block of events, in the order of events, as one core's loop does.

Each thread of the second kernel has a *lane*, one variation of a stream, of one block.
"""

from __future__ import annotations

from adl.compiler.emit.arguments import Arguments

FOLD = (
    "ptr %offsets, ptr %weights, ptr %cells, ptr %table, i64 %lanes, i64 %events, i64 %block, "
    "i64 %sums, ptr %sumw, ptr %sumw2"
)
LANE_WORDS = 6  # stream, variation, width, cells an entry, start array or -1, first sum


def lanes(arguments: Arguments) -> list[int]:
    """Return the table of what ``adl_fold`` adds up: six numbers for each variation of a stream."""
    assert arguments.streams is not None
    before = len(arguments.collections)  # starts follow the collections' offsets
    return [
        word
        for s in arguments.streams.fills.values()
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


# A counter's sums stay in registers; a histogram's lie where they end up.
SUMS = f"""
define internal void @adl_fold({FOLD}, i64 %number) nounwind {{
entry:
  %part = udiv i64 %number, %lanes
  %lane = urem i64 %number, %lanes
  %row = mul i64 %lane, {LANE_WORDS}
  %stream.at = getelementptr i64, ptr %table, i64 %row
  %stream = load i64, ptr %stream.at, !invariant.load !0
  %variation.at = getelementptr i64, ptr %stream.at, i64 1
  %variation = load i64, ptr %variation.at, !invariant.load !0
  %width.at = getelementptr i64, ptr %stream.at, i64 2
  %width = load i64, ptr %width.at, !invariant.load !0
  %own.at = getelementptr i64, ptr %stream.at, i64 3
  %own = load i64, ptr %own.at, !invariant.load !0
  %start.at = getelementptr i64, ptr %stream.at, i64 4
  %start = load i64, ptr %start.at, !invariant.load !0
  %first.at = getelementptr i64, ptr %stream.at, i64 5
  %first.sum = load i64, ptr %first.at, !invariant.load !0
  %weights.at = getelementptr ptr, ptr %weights, i64 %stream
  %kept = load ptr addrspace(1), ptr %weights.at, !invariant.load !0
  %cells.at = getelementptr ptr, ptr %cells, i64 %stream
  %places = load ptr addrspace(1), ptr %cells.at, !invariant.load !0
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
  %starts = load ptr addrspace(1), ptr %starts.at, !invariant.load !0
  %from.at = getelementptr i64, ptr addrspace(1) %starts, i64 %begin
  %from = load i64, ptr addrspace(1) %from.at, !invariant.load !0
  %to.at = getelementptr i64, ptr addrspace(1) %starts, i64 %end
  %to = load i64, ptr addrspace(1) %to.at, !invariant.load !0
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
  %v.at = getelementptr double, ptr addrspace(1) %kept, i64 %j.entry
  %v = load double, ptr addrspace(1) %v.at, !invariant.load !0
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
  %w.at = getelementptr double, ptr addrspace(1) %kept, i64 %entry.at
  %w = load double, ptr addrspace(1) %w.at, !invariant.load !0
  %none = fcmp uno double %w, %w
  br i1 %none, label %tail, label %add
add:
  %place = select i1 %each, i64 %entry.at, i64 %i
  %place.at = getelementptr i32, ptr addrspace(1) %places, i64 %place
  %found = load i32, ptr addrspace(1) %place.at, !invariant.load !0
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
