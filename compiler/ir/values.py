"""Values of an event or of an element: columns, operations, reductions, picks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adl.compiler.ir.axes import Axis
from adl.compiler.ir.node import Kind, Node
from adl.stdlib import ops


@dataclass(frozen=True, eq=False, slots=True)
class Const(Node):
    """A literal. A ``datum`` is a number that the user wrote: data of the kernel, not code."""

    value: bool | int | float
    datum: bool = False

    @staticmethod
    def key(value: bool | float, datum: bool = False) -> Any:
        """Key by repr: 0.0 == -0.0 and 1 == 1.0 == True, and they are different constants."""
        return type(value), repr(value), datum

    def __post_init__(self) -> None:
        kinds: dict[type, Kind] = {bool: "bool", int: "int", float: "real"}
        self._derive(kinds[type(self.value)])


@dataclass(frozen=True, eq=False, slots=True)
class Index(Node):
    """An element's own position along an axis."""

    axis: Axis

    def __post_init__(self) -> None:
        self._derive("int")
        object.__setattr__(self, "free", frozenset([self.axis]))


@dataclass(frozen=True, eq=False, slots=True)
class Column(Node):
    """An input column, of the event or of the element at a position of a collection.

    At position -1 (no such element) it is NaN, 0 or false, and lowering never lets that count.
    """

    name: str
    dtype: str  # numpy's name of the stored type
    collection: str | None = None
    at: Node | None = None

    @staticmethod
    def key(name: str, dtype: str, collection: str | None = None, at: Node | None = None) -> Any:
        """Key by all fields, left out or not."""
        return name, dtype, collection, at

    @property
    def children(self) -> tuple[Node, ...]:
        """The position."""
        return () if self.at is None else (self.at,)

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the column at another position."""
        return Column(self.name, self.dtype, self.collection, *children)

    def __post_init__(self) -> None:
        first = self.dtype[0]
        self._derive("real" if first == "f" else "bool" if first == "b" else "int")


@dataclass(frozen=True, eq=False, slots=True)
class Call(Node):
    """A primitive operation or an elementary function of values."""

    function: str
    arguments: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The arguments."""
        return self.arguments

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the call of other arguments."""
        return Call(self.function, children)

    def __post_init__(self) -> None:
        kinds = tuple(a.kind for a in self.arguments)
        primitive = self.function in ops.MEANING
        kind = ops.result_kind(self.function, kinds) if primitive else "real"
        self._derive(kind, costly=not primitive)  # type: ignore[arg-type]  # a str that is a Kind


@dataclass(frozen=True, eq=False, slots=True)
class Reduce(Node):
    """``sum prod count min max any all`` of ``value`` over the tuples that pass ``mask``."""

    operation: str
    axes: tuple[Axis, ...]
    value: Node
    mask: Node

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes it runs over."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """Value and mask."""
        return self.value, self.mask

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the reduction of another value under another mask."""
        return Reduce(self.operation, axes or self.axes, *children)

    def __post_init__(self) -> None:
        self._derive(self.value.kind)


@dataclass(frozen=True, eq=False, slots=True)
class Pick(Node):
    """The k-th tuple that passes ``mask``, ascending in ``key`` (NaN last, ties as stored).

    Without a key the order is the stored one. ``Part(pick, i)`` is the position along axis i,
    -1 where there are fewer tuples.
    """

    axes: tuple[Axis, ...]
    mask: Node
    order: Node | None
    k: int

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes it searches."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """Mask and key."""
        return (self.mask,) if self.order is None else (self.mask, self.order)

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the pick under another mask and key."""
        mask, order = children[0], children[1] if len(children) > 1 else None
        return Pick(axes or self.axes, mask, order, self.k)

    def __post_init__(self) -> None:
        self._derive("pick")


@dataclass(frozen=True, eq=False, slots=True)
class Part(Node):
    """One position of a pick, or -1."""

    pick: Node
    place: int

    @property
    def children(self) -> tuple[Node, ...]:
        """The pick."""
        return (self.pick,)

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the position of another pick."""
        return Part(children[0], self.place)

    def __post_init__(self) -> None:
        self._derive("int")


TRUE, FALSE = Const(True), Const(False)

ONE, NAN = Const(1.0), Const(float("nan"))
