"""Code that says where it is: what a kernel that has failed was at is found by running it again.

Before each value and each fill a thread writes the number of its event, and the number of what comes
next, to a place that outlives the kernel (``runtime/execute/device/again.py``). Behind these two
numbers stand the first event that is wanted, and the one after the last; others are passed over.
"""

from __future__ import annotations

from adl.compiler.emit.arguments import Arguments

WORDS = 4  # of eight bytes: event, number, the first event that is wanted, the one after the last


def support(arguments: Arguments) -> str:
    """Return the functions; the address of the place stands behind those of the records' buffers."""
    buffers = sum(1 + len(record.values) for record in arguments.records)
    return _SUPPORT.replace("PLACE", str(buffers))


def traced(text: str) -> str:
    """Return the loop of a thread over its events, with only those that are wanted."""
    before, after = (
        "  br i1 %big, label %tail, label %run",
        "  br i1 %leave, label %tail, label %run",
    )
    assert before in text
    outside = """  %outside = call i1 @adl_outside(ptr %records, i64 %event)
  %leave = or i1 %big, %outside
"""
    return text.replace(before, outside + after)


# Every instruction stays where it is: a load that is moved before would belong to another number.
_SUPPORT = """
define internal void @adl_step(ptr %records, i64 %event, i64 %number) nounwind noinline {
  %at = getelementptr ptr, ptr %records, i64 PLACE
  %where = load ptr, ptr %at
  %second = getelementptr i64, ptr %where, i64 1
  store volatile i64 %event, ptr %where
  store volatile i64 %number, ptr %second
  fence seq_cst
  ret void
}

define internal i1 @adl_outside(ptr %records, i64 %event) nounwind noinline {
  %at = getelementptr ptr, ptr %records, i64 PLACE
  %where = load ptr, ptr %at
  %first.at = getelementptr i64, ptr %where, i64 2
  %after.at = getelementptr i64, ptr %where, i64 3
  %first = load volatile i64, ptr %first.at
  %after = load volatile i64, ptr %after.at
  %before = icmp slt i64 %event, %first
  %behind = icmp sge i64 %event, %after
  %outside = or i1 %before, %behind
  ret i1 %outside
}
"""
