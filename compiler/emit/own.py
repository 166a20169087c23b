"""What one function of a kernel is called with that is compiled on its own: a frame.

A frame is a list of pointers, of which each function has its own: to its columns, its numbers, the
counts that it adds to, the functions that it calls. So its text says nothing of where these are in
the kernel, and stays as it is when another function changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from adl.compiler.decisions import Decide, Reasons
from adl.compiler.emit.arguments import PARAMETERS, Arguments, Away
from adl.compiler.emit.text import Lines
from adl.compiler.ir import Fill, Node, Numbers, Option, Record, Source, Table
from adl.compiler.kernel import Again, Ahead, Mark
from adl.compiler.layout import Place
from adl.stdlib.registry import Function

FRAME = (*PARAMETERS, "links")  # pointers in this order
LINK = 3  # words of a link: code, frame, and the address of the flag that the function sets
NAME = "adl_piece"  # of the function, until its text gives it one


@dataclass
class Own(Arguments):
    """Places of what one function reads by number: where it needs it, in the order of first use.

    ``kernel`` are those of all functions.
    """

    kernel: Arguments = field(kw_only=True)
    links: dict[str, int] = field(default_factory=dict)  # functions that it calls
    row: int = -1  # the first of its records
    buffers: list[int] = field(default_factory=list)  # of records
    slots: dict[int, int] = field(default_factory=dict)  # where it keeps where a slot of memo is
    shared: dict[int, int] = field(default_factory=dict)  # the same for data
    first: Place | None = None  # the places of its fills are told from this one
    lookups: set[int] = field(default_factory=set)  # the numbers of variables of tables

    @staticmethod
    def within(kernel: Arguments) -> Own:
        """Return the arguments of one function of a kernel."""
        found = Own(kernel.program, kernel.layout, {}, {}, {}, kernel=kernel)
        # What the kernel's memory holds is the same for all functions.
        found.memo, found.windows, found.repeated = kernel.memo, kernel.windows, kernel.repeated
        found.functions, found.reasons = kernel.functions, kernel.reasons
        return found

    # ---------------------------------------------------------------------------------- places

    def column(self, name: str) -> int:
        """Return the place of a column's pointer among this function's."""
        return self.columns.setdefault(name, len(self.columns))

    def collection(self, name: str) -> int:
        """Return the place of the pointer to a collection's offsets among this function's."""
        return self.collections.setdefault(name, len(self.collections))

    def record(self, record: Record) -> tuple[int, int]:
        """Return a record's number from the function's first one, and the place of its first buffer."""
        if record not in self.records:
            number, first = self.kernel.records[record]
            self.row = number if self.row < 0 else self.row
            self.records[record] = number - self.row, len(self.buffers)
            self.buffers += range(first, first + 1 + len(record.values))
        return self.records[record]

    def place(self, fill: Fill) -> Place:
        """Return where a fill's numbers lie, from those of the function's first fill."""
        place = self.layout.places[fill]
        first = self.first = self.first or place
        sums = place.sums
        if sums >= 0:
            if first.sums < 0:
                first = self.first = first._replace(sums=sums)
            sums -= first.sums
        return place._replace(
            skipped=place.skipped - first.skipped, cells=place.cells - first.cells, sums=sums
        )

    def store(self, node: Node, source: tuple[str, ...], place: int = 0) -> int:
        """Return the number of a store's scratch array among this function's."""
        self.kernel.store(node, source, place)
        return super().store(node, source, place)

    def memory(self, node: Node | Mark | Again | Ahead | Function | Reasons, slots: int) -> int:
        """Return the first of a value's slots of the memory that all functions share."""
        return self.kernel.memory(node, slots)

    def table(self, table: Table) -> int:
        """Return the slot of a table among what functions share."""
        self.lookups.add(table.variables)
        return self.kernel.table(table)

    def tree(self, node: Decide) -> int:
        """Return the slot of a tree of decisions among what functions share."""
        self.walks.add(len(node.arguments))
        return self.kernel.tree(node)

    def leaves(self, numbers: Numbers) -> int:
        """Return the slot of the numbers of leaves among what functions share."""
        return self.kernel.leaves(numbers)

    def _option(self, option: Option) -> float | Away:
        if isinstance(option, Source):
            return self.column(option.name)
        if isinstance(option, Numbers):
            return Away(self.leaves(option))
        return Away(self.table(option)) if isinstance(option, Table) else option

    # ----------------------------------------------------------------- how it is called and calls

    def head(self, name: str, event: str = "event", more: str = "variation") -> str:
        """Write the first line, with a name that is to be replaced."""
        return f"define void @{NAME}(ptr noalias readonly %frame, i64 %{event}, i64 %{more})"

    def given(self) -> list[str]:
        """Write the reads of the frame."""
        return [line for place, name in enumerate(FRAME) for line in _pointer(name, place)]

    def invoke(self, lines: Lines, name: str, event: str, more: str = "0") -> None:
        """Write a call through the function's links."""
        number = self.links.setdefault(name, len(self.links))
        code, frame = (self._link(lines, LINK * number + place) for place in range(2))
        lines.do(f"call void {code}(ptr {frame}, i64 {event}, i64 {more}) nounwind")

    def flag_at(self, lines: Lines, name: str) -> str:
        """Write the address of the flag that a function sets."""
        return self._link(lines, LINK * self.links.setdefault(name, len(self.links)) + 2)

    def memo_at(self, lines: Lines, slot: int) -> str:
        """Write the address of a slot of the event's memory; which one is data."""
        if slot not in self.slots:
            self.slots[slot] = self._append(slot)
        return lines.at("i64", "%memo", self._read(lines, self.slots[slot]))

    def data_at(self, lines: Lines, slot: int) -> str:
        """Write the address of shared data; where it is is data."""
        if slot not in self.shared:
            self.shared[slot] = self._append(Away(slot))
        return lines.at("i64", "%numbers", self._read(lines, self.shared[slot]))

    def _link(self, lines: Lines, place: int) -> str:
        pointer = lines.at("ptr", "%links", place)
        return lines.let(f"load ptr, ptr {pointer}, !invariant.load !0")

    def _read(self, lines: Lines, at: int) -> str:
        pointer = lines.at("i64", "%numbers", at)
        return lines.let(f"load i64, ptr {pointer}, !invariant.load !0")


def _pointer(name: str, place: int) -> Iterator[str]:
    yield f"  %{name}.at = getelementptr ptr, ptr %frame, i64 {place}"
    yield f"  %{name} = load ptr, ptr %{name}.at, !invariant.load !0"
