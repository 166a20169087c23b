"""What a kernel keeps when each event has a thread of its own: counts, and what is still to be summed.

Threads run in any order, and the order of additions decides the last bits of a sum. So a thread
adds only to integers, by atomic additions. Weights and rows go to *streams*: every event has its
own entries there, one for each time that it can fill, and a second kernel adds up the entries of a
block in the order of events, as the loop of one core does. An entry that stays as it was (all bits
set) holds nothing.

    entry = (start of the event + how many came before in this event) * width + variation

The parameters of the kernel mean here: ``sumw`` the streams' weights, ``sumw2`` their cells,
``offsets`` those of the collections, then the starts; ``rows`` how many entries an event has filled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from adl.compiler.actions import weights_of
from adl.compiler.emit.records import write_values
from adl.compiler.emit.support import letters
from adl.compiler.ir import Axis, Fill, Node, Record
from adl.compiler.layout import variations
from adl.compiler.variations import group_of, is_varied

if TYPE_CHECKING:
    from adl.compiler.emit.function import FunctionEmitter

Sources = tuple[tuple[str, ...], ...]  # of the loops in which an event fills; () fills once


class Stream(NamedTuple):
    """The weights of one fill.

    ``start`` is the number of the array that says where events begin, -1 where each has one entry;
    ``cells`` how many cells are kept with an entry: none, one, or one for each variation.
    """

    number: int
    start: int
    counter: int  # its number in ``rows``
    width: int  # variations
    cells: int
    sums: int  # where its sums begin in the output


@dataclass
class Streams:
    """The streams of a program, in the order in which the emitter meets them."""

    fills: dict[Fill, Stream] = field(default_factory=dict)
    starts: dict[Sources, int] = field(default_factory=dict)
    records: dict[Record, tuple[int, int]] = field(default_factory=dict)  # start, counter
    counters: int = 0

    def of(self, fill: Fill, sums: int) -> Stream:
        """Return the stream of a weighted fill."""
        if fill not in self.fills:
            start, counter = self._place(fill.axes)
            width, cells = variations(fill), int(bool(fill.bins))
            if group_of(fill) is not None and weights_of(fill) is None:
                cells = width
            self.fills[fill] = Stream(len(self.fills), start, counter, width, cells, sums)
        return self.fills[fill]

    def of_record(self, record: Record) -> tuple[int, int]:
        """Return the start array and the counter of a record's rows."""
        if record not in self.records:
            self.records[record] = self._place(record.axes)
        return self.records[record]

    def _place(self, axes: tuple[Axis, ...]) -> tuple[int, int]:
        sources = tuple(axis.source for axis in axes if not is_varied(axis))
        if not sources:
            return -1, -1
        self.counters += 1
        return self.starts.setdefault(sources, len(self.starts)), self.counters - 1


# ----------------------------------------------------------------------- what the emitter writes


def count(
    function: FunctionEmitter, streams: Streams, fill: Fill, operands: tuple[Node, ...]
) -> None:
    """Write the fill of a counter or histogram, or of one variation."""
    lines, place = function.lines, function.arguments.layout.places[fill]
    values = [function.value(v, fill, i) for i, v in enumerate(operands)]
    weight = values.pop() if fill.weighted else None
    if group_of(fill) is not None:
        which, cell = values
        n = function.whole(variations(fill))
        at = lines.let(f"add i64 {lines.let(f'mul i64 {cell}, {n}')}, {which}")
        skipped = lines.let(f"add i64 {place.skipped}, {which}")
    elif fill.bins:
        which, cell = "0", _cell(function, fill, values)
        at, skipped = cell, str(place.skipped)
    else:
        which, cell, at, skipped = "0", "0", "0", str(place.skipped)
    raw = lines.let(f"add i64 {place.cells}, {at}")
    lines.do(f"call void @adl_count(ptr %raw, ptr %skipped, i64 {cell}, i64 {raw}, i64 {skipped})")
    if weight is None:
        return
    stream = streams.of(fill, place.sums)
    entry = _entry(function, stream.start, stream.counter)
    if stream.width > 1:
        first = lines.let(f"mul i64 {entry}, {function.whole(stream.width)}")
        entry = lines.let(f"add i64 {first}, {which}")
    weights = function.pointer("sumw", stream.number)
    cells = function.pointer("sumw2", stream.number) if stream.cells else "null"
    arguments = f"ptr %skipped, ptr {weights}, ptr {cells}, i64 {entry}, i64 {cell}"
    lines.do(f"call void @adl_keep({arguments}, i64 {skipped}, double {weight})")


def count_all(
    function: FunctionEmitter, streams: Streams, fill: Fill, operands: tuple[Node, ...]
) -> None:
    """Write what all variations fill in one cell."""
    lines, place = function.lines, function.arguments.layout.places[fill]
    function.arguments.repeated[fill] = place
    stream = streams.of(fill, place.sums)
    cell, weights = function.value(operands[0], fill, 0), function.scratch(operands[1])
    n = function.whole(variations(fill))
    entry = _entry(function, stream.start, stream.counter)
    kept = function.pointer("sumw", stream.number)
    cells = function.pointer("sumw2", stream.number)
    arguments = f"ptr %raw, ptr %skipped, ptr {kept}, ptr {cells}, i64 {entry}, i64 {cell}"
    places = f"i64 {place.cells}, i64 {place.skipped}"
    lines.do(f"call void @adl_keep_all({arguments}, i64 {n}, {places}, ptr {weights})")


def write_row(
    function: FunctionEmitter, streams: Streams, record: Record, values: list[str]
) -> None:
    """Write a row into the next of the event's own entries."""
    write_values(function, record, values, _entry(function, *streams.of_record(record)))


def _cell(function: FunctionEmitter, fill: Fill, values: list[str]) -> str:
    name = f"adl_cell_{letters(fill.bins)}"
    function.arguments.cells[name] = fill.bins
    axes = function.lines.at("i64", "%numbers", function.arguments.axes(fill.bins))
    operands = ", ".join(f"double {v}" for v in values)
    return function.lines.let(f"call i64 @{name}(ptr {axes}, {operands})")


def _entry(function: FunctionEmitter, start: int, counter: int) -> str:
    """Write which entry comes next: the event's own, or behind what it has filled already."""
    if start < 0:
        return "%event"
    lines = function.lines
    base = function.pointer("offsets", len(function.arguments.collections) + start)
    at = lines.at("i64", base, "%event")
    begin = lines.let(f"load i64, ptr {at}, !invariant.load !0")
    filled = lines.at("i64", "%rows", counter)
    before = lines.load("i64", filled)
    lines.store("i64", lines.let(f"add i64 {before}, 1"), filled)
    return lines.let(f"add i64 {begin}, {before}")


# Only integers are added to where threads meet. What is no number is counted and not kept.
SUPPORT = """
define internal void @adl_count(ptr %raw, ptr %skipped, i64 %cell, i64 %at, i64 %skip_at) nounwind {
entry:
  %good = icmp sge i64 %cell, 0
  br i1 %good, label %yes, label %no
yes:
  call void @adl_raw(ptr %raw, i64 %at)
  ret void
no:
  call void @adl_skip(ptr %skipped, i64 %skip_at)
  ret void
}

define internal void @adl_skip(ptr %skipped, i64 %at) nounwind {
  %where = getelementptr i64, ptr %skipped, i64 %at
  %old = atomicrmw add ptr %where, i64 1 monotonic
  ret void
}

define internal void @adl_keep(ptr %skipped, ptr %weights, ptr %cells, i64 %spot, i64 %cell,
    i64 %skip_at, double %w) nounwind {
entry:
  %good = icmp sge i64 %cell, 0
  br i1 %good, label %test, label %end
test:
  %finite = call i1 @adl_finite(double %w)
  br i1 %finite, label %yes, label %no
yes:
  %weight_at = getelementptr double, ptr %weights, i64 %spot
  store double %w, ptr %weight_at
  %binned = icmp ne ptr %cells, null
  br i1 %binned, label %place, label %end
place:
  %cell_at = getelementptr i32, ptr %cells, i64 %spot
  %small = trunc i64 %cell to i32
  store i32 %small, ptr %cell_at
  br label %end
no:
  call void @adl_skip(ptr %skipped, i64 %skip_at)
  br label %end
end:
  ret void
}

define internal void @adl_keep_all(ptr %raw, ptr %skipped, ptr %weights, ptr %cells, i64 %spot,
    i64 %cell, i64 %n, i64 %raw_at, i64 %skip_at, ptr %given) nounwind noinline {
entry:
  %good = icmp sge i64 %cell, 0
  %first = mul i64 %spot, %n
  %row = getelementptr double, ptr %weights, i64 %first
  br i1 %good, label %some, label %loop
some:
  %scaled = mul i64 %cell, %n
  %at = add i64 %raw_at, %scaled
  call void @adl_raw(ptr %raw, i64 %at)
  %cell_at = getelementptr i32, ptr %cells, i64 %spot
  %small = trunc i64 %cell to i32
  store i32 %small, ptr %cell_at
  br label %loop
loop:
  %v = phi i64 [ 0, %entry ], [ 0, %some ], [ %next, %tail ]
  %given_at = getelementptr double, ptr %given, i64 %v
  %w = load double, ptr %given_at
  %finite = call i1 @adl_finite(double %w)
  %keep = and i1 %finite, %good
  br i1 %keep, label %yes, label %no
yes:
  %weight_at = getelementptr double, ptr %row, i64 %v
  store double %w, ptr %weight_at
  br label %tail
no:
  %skip = add i64 %skip_at, %v
  call void @adl_skip(ptr %skipped, i64 %skip)
  br label %tail
tail:
  %next = add i64 %v, 1
  %again = icmp slt i64 %next, %n
  br i1 %again, label %loop, label %end
end:
  ret void
}
"""
