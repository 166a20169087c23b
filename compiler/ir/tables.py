"""Values that are looked up: in tables, among several, in the bins of histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from adl.compiler.ir.axes import Axis, Binning
from adl.compiler.ir.node import Interned, Kind, Node
from adl.compiler.ir.values import Column


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Table(metaclass=Interned):
    """Numbers that the user wrote: rows of a value, then lower <= x < upper for each variable.

    They are data of the kernel, not code; equal tables are one object.
    """

    rows: tuple[tuple[float, ...], ...]
    name: str = ""  # while lowering, of one that has variations: another table may have its rows

    @staticmethod
    def key(rows: tuple[tuple[float, ...], ...], name: str = "") -> Any:
        """Key by repr: a value of 0.0 is not one of -0.0."""
        return repr(rows), name

    @property
    def variables(self) -> int:
        """How many numbers a look-up needs."""
        return (len(self.rows[0]) - 1) // 2


@dataclass(frozen=True, eq=False, slots=True)
class Lookup(Node):
    """The value of the first row of a table whose ranges hold the arguments; NaN in no row."""

    table: Table
    arguments: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The arguments."""
        return self.arguments

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the look-up of other arguments."""
        return Lookup(self.table, children)

    def __post_init__(self) -> None:
        self._derive("real", costly=True)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Numbers(metaclass=Interned):
    """Doubles, one for each leaf of a tree of decisions; equal ones are one object."""

    values: bytes

    @staticmethod
    def key(values: bytes) -> Any:
        """Key by content: 0.0 is not -0.0."""
        return values


class Source(NamedTuple):
    """An input column, wherever it is read."""

    name: str
    dtype: str
    collection: str | None = None


Option = int | float | Source | Table | Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Choice(Node):
    """One of several values that are alike: that at the position ``which``.

    The options are numbers, whole ones or not; or columns, and of a collection's ``arguments`` is
    the position; or tables, and ``arguments`` are what is looked up; or numbers by leaf, and it is
    the leaf.
    """

    which: Node
    options: tuple[Option, ...]
    arguments: tuple[Node, ...]

    @staticmethod
    def key(which: Node, options: tuple[Option, ...], arguments: tuple[Node, ...]) -> Any:
        """Key by repr: 0.0 is not -0.0; equal tables are one object."""
        words = tuple(o if isinstance(o, Table | Numbers) else repr(o) for o in options)
        return which, words, arguments

    @property
    def children(self) -> tuple[Node, ...]:
        """The position, then the arguments."""
        return self.which, *self.arguments

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that it may read."""
        return tuple(self.column(o) for o in self.options if isinstance(o, Source))

    def column(self, option: Source) -> Column:
        """Return an option as a value of its own."""
        return Column(option.name, option.dtype, option.collection, *self.arguments)

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Choose by another position, among values at other arguments."""
        return Choice(children[0], self.options, children[1:])

    def __post_init__(self) -> None:
        first = self.options[0]
        kind: Kind = "int" if isinstance(first, int) else "real"
        kind = self.column(first).kind if isinstance(first, Source) else kind
        self._derive(kind, costly=isinstance(first, Table))


@dataclass(frozen=True, eq=False, slots=True)
class Cell(Node):
    """The number of the bin that values lie in, the first axis fastest; -1 if one is no number."""

    bins: tuple[Binning, ...]
    values: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The values."""
        return self.values

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the bin of other values."""
        return Cell(self.bins, children)

    def __post_init__(self) -> None:
        self._derive("int")
