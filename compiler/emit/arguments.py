"""What a kernel is called with: the order of columns, and the numbers that are data.

Numbers that the user wrote (thresholds, factors, edges) are read from an array, one slot for each
use, so that changing a cut value changes no instruction and reuses the compiled kernel.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from adl.compiler.decisions import Decide, Reasons, Tree
from adl.compiler.emit.streams import Streams
from adl.compiler.emit.text import Lines
from adl.compiler.ir import (
    Binning,
    Const,
    Fill,
    Node,
    Numbers,
    Option,
    Positions,
    Record,
    Source,
    Table,
    Uniform,
    Variable,
)
from adl.compiler.kernel import Again, Ahead, Mark
from adl.compiler.layout import Layout, Place
from adl.compiler.program import Program
from adl.stdlib.registry import Function

# Every function of a kernel takes these, and the event's number last.
PARAMETERS = (
    "columns",
    "offsets",
    "numbers",
    "raw",
    "sumw",
    "sumw2",
    "skipped",
    "rows",
    "records",
    "scratch",
    "memo",
    "flags",
)

CALL = ", ".join(f"ptr %{p}" for p in PARAMETERS)
# Written but not read between calls: the outputs, this call's own memory.
_PRIVATE = {"raw", "sumw", "sumw2", "skipped", "rows", "scratch", "memo", "flags"}
SIGNATURE = ", ".join(f"ptr noalias {'' if p in _PRIVATE else 'readonly '}%{p}" for p in PARAMETERS)


class Away(NamedTuple):
    """Where data that functions share stand in the kernel's numbers, as seen from a function's own."""

    slot: int


@dataclass
class Arguments:
    """Places of everything that a kernel reads by number."""

    program: Program
    layout: Layout
    columns: dict[str, int]
    collections: dict[str, int]
    records: dict[Record, tuple[int, int]]  # its number, and that of its first buffer
    streams: Streams | None = None  # of a kernel with a thread for each event
    numbers: list[bytes] = field(default_factory=list)  # eight bytes each
    away: dict[int, int] = field(default_factory=dict)  # of those that are ``Away`` its slot
    stores: dict[tuple[Node, int], int] = field(default_factory=dict)
    store_sources: list[tuple[str, ...]] = field(default_factory=list)
    memo: dict[Node | Mark | Again | Ahead | Function | Reasons, int] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)  # of Python that the kernel calls
    reasons: list[Reasons] = field(default_factory=list)  # of what may have no value
    memo_size: int = 0
    steps: list[Node] | None = None  # of code that says where it is: what each number stands for
    windows: dict[int, str] = field(
        default_factory=dict
    )  # where a collection's entries are counted
    tables: dict[Table, int] = field(default_factory=dict)
    data: dict[Tree | Numbers, int] = field(default_factory=dict)
    walks: set[int] = field(default_factory=set)  # the numbers of inputs of decisions
    fillers: dict[str, Fill] = field(default_factory=dict)  # one fill of each kind, by its function
    _uses: dict[tuple[Node, int], int] = field(default_factory=dict)
    _descriptions: dict[Fill, int] = field(default_factory=dict)
    cells: dict[str, tuple[Binning, ...]] = field(default_factory=dict)  # bins, by their function
    again: dict[str, int] = field(default_factory=dict)  # functions whose last result is kept
    repeated: dict[Fill, Place] = field(default_factory=dict)  # raw counts of the first variation
    _whole: dict[int, int] = field(default_factory=dict)
    _axes: dict[tuple[Binning, ...], int] = field(default_factory=dict)
    _options: dict[tuple[str, ...], int] = field(default_factory=dict)

    @staticmethod
    def of(program: Program, layout: Layout, streams: Streams | None = None) -> Arguments:
        """Number the columns and collections of a program."""
        columns = {c.name: i for i, c in enumerate(program.columns)}
        collections = {c: i for i, c in enumerate(program.collections)}
        records, buffers = dict[Record, tuple[int, int]](), 0
        for number, record in enumerate(program.records):
            records[record] = number, buffers
            buffers += 1 + len(record.values)  # the events' numbers, then the values
        return Arguments(program, layout, columns, collections, records, streams)

    def column(self, name: str) -> int:
        """Return the place of a column's pointer."""
        return self.columns[name]

    def collection(self, name: str) -> int:
        """Return the place of the pointer to a collection's offsets."""
        return self.collections[name]

    def record(self, record: Record) -> tuple[int, int]:
        """Return a record's number, and the place of the pointer to its first buffer."""
        return self.records[record]

    def place(self, fill: Fill) -> Place:
        """Return where a fill's numbers lie."""
        return self.layout.places[fill]

    def repeat(self, fill: Fill) -> None:
        """Note that a fill writes the raw count of its first variation only."""
        self.repeated[fill] = self.layout.places[fill]

    # ---------------------------------------------------------------- what depends on who calls

    def head(self, name: str, event: str = "event", more: str = "variation") -> str:
        """Write the first line of a function of the kernel, less its attributes."""
        return f"define internal void @{name}({SIGNATURE}, i64 %{event}, i64 %{more})"

    def invoke(self, lines: Lines, name: str, event: str, more: str = "0") -> None:
        """Write the call of a function of the kernel."""
        lines.do(f"call void @{name}({CALL}, i64 {event}, i64 {more})")

    def flag_at(self, lines: Lines, name: str) -> str:
        """Write the address of the flag that a function of memoised values sets."""
        return lines.at("i8", "%flags", name.removeprefix("memo_"))

    def given(self) -> list[str]:
        """Write what a function begins with."""
        return []

    def memo_at(self, lines: Lines, slot: int) -> str:
        """Write the address of a slot of the event's memory."""
        return lines.at("i64", "%memo", slot)

    def data_at(self, lines: Lines, slot: int) -> str:
        """Write the address of data that several functions share."""
        return lines.at("i64", "%numbers", slot)

    # ----------------------------------------------------------------------------- their places

    def number(self, constant: Const, user: Node, place: int) -> int:
        """Return the slot of a datum for one of its uses."""
        if (user, place) not in self._uses:
            self._uses[user, place] = self._append(constant.value)
        return self._uses[user, place]

    def description(self, fill: Fill, bins: tuple[Binning, ...] = ()) -> int:
        """Return the slot of a fill's description: cells, sums, skipped, then its axes.

        Places and sizes are data too: another binning is the same code.
        """
        if fill not in self._descriptions:
            place = self.place(fill)
            self._descriptions[fill] = self._append(place.cells)
            self._append(place.sums)
            self._append(place.skipped)
            self._describe(bins)
        return self._descriptions[fill]

    def axes(self, bins: tuple[Binning, ...]) -> int:
        """Return the slot of a description of axes."""
        if bins not in self._axes:
            self._axes[bins] = len(self.numbers)
            self._describe(bins)
        return self._axes[bins]

    def _describe(self, bins: tuple[Binning, ...]) -> None:
        for axis in bins:
            assert not isinstance(axis, Positions)
            self._append(axis.number)
            edges = axis.edges if isinstance(axis, Variable) else _limits(axis)
            for edge in edges:
                self._append(float(edge))

    def whole(self, number: int) -> int:
        """Return the slot of an integer."""
        if number not in self._whole:
            self._whole[number] = self._append(number)
        return self._whole[number]

    def options(self, options: tuple[Option, ...]) -> int:
        """Return the slot of the first option: numbers, or where columns or tables are."""
        key = tuple(map(repr, options))
        if key not in self._options:
            numbers = [self._option(option) for option in options]  # may append tables
            self._options[key] = len(self.numbers)
            for number in numbers:
                self._append(number)
        return self._options[key]

    def _option(self, option: Option) -> float | Away:
        if isinstance(option, Source):
            return self.columns[option.name]
        if isinstance(option, Numbers):
            return self.leaves(option)
        return self.table(option) if isinstance(option, Table) else option

    def table(self, table: Table) -> int:
        """Return the slot of a table: the number of its rows, then the rows."""
        if table not in self.tables:
            self.tables[table] = self._append(len(table.rows))
            for row in table.rows:
                for number in row:
                    self._append(float(number))
        return self.tables[table]

    def tree(self, node: Decide) -> int:
        """Return the slot of a tree of decisions."""
        self.walks.add(len(node.arguments))
        if node.tree not in self.data:
            self.data[node.tree] = self._extend(node.tree.words)
        return self.data[node.tree]

    def leaves(self, numbers: Numbers) -> int:
        """Return the slot of the number of leaf 0; before it is that of no leaf, NaN."""
        if numbers not in self.data:
            self._append(float("nan"))
            self.data[numbers] = self._extend(numbers.values)
        return self.data[numbers]

    def store(self, node: Node, source: tuple[str, ...], place: int = 0) -> int:
        """Return the number of a store's scratch array, the one in this place if it has several."""
        if (node, place) not in self.stores:
            self.stores[node, place] = len(self.stores)
            self.store_sources.append(source)
        return self.stores[node, place]

    def fault(self, function: Function) -> int:
        """Return the first of the five slots that say what exceptions a function has raised."""
        if function not in self.functions:
            self.functions.append(function)
        return self.memory(function, 5)

    def rejected(self, reasons: Reasons) -> int:
        """Return the first of the slots, three a reason, that say where there was no value."""
        if reasons not in self.memo:
            self.reasons.append(reasons)
        return self.memory(reasons, 3 * len(reasons.texts))

    def step(self, node: Node) -> int:
        """Return the number by which the code says that it is about to compute or fill something."""
        assert self.steps is not None
        self.steps.append(node)
        return len(self.steps) - 1

    def window(self, item: Ahead, collection: str) -> int:
        """Return the first of the four slots that say how far stores have run ahead."""
        first = self.memory(item, 4)
        self.windows[first + 3] = collection
        return first

    def memory(self, node: Node | Mark | Again | Ahead | Function | Reasons, slots: int) -> int:
        """Return the first of a memoised value's slots."""
        if node not in self.memo:
            self.memo[node] = self.memo_size
            self.memo_size += slots
        return self.memo[node]

    def _extend(self, words: bytes) -> int:
        first = len(self.numbers)
        self.numbers += (words[i : i + 8] for i in range(0, len(words), 8))
        return first

    def _append(self, value: float | Away) -> int:
        if isinstance(value, Away):
            self.away[len(self.numbers)] = value.slot
            value = 0
        self.numbers.append(struct.pack("<q" if isinstance(value, int) else "<d", value))
        return len(self.numbers) - 1


def _limits(axis: Uniform) -> tuple[float, float]:
    return axis.lower, axis.upper - axis.lower
