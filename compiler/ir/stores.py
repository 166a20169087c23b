"""Values kept in memory for one event, what is made of them, and what networks give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adl.compiler.ir.axes import Axis, product
from adl.compiler.ir.node import Kind, Node
from adl.stdlib.registry import Function


@dataclass(frozen=True, eq=False, slots=True)
class Store(Node):
    """Values kept in memory for one event: those over each axis, one after the other."""

    axes: tuple[Axis, ...]
    values: tuple[Node, ...]

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes whose elements are stored."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """One value an axis."""
        return self.values

    @property
    def content(self) -> Kind:
        """The kind of what is stored."""
        return self.values[0].kind

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Store other values."""
        return Store(axes or self.axes, children)

    def __post_init__(self) -> None:
        self._derive("store")


@dataclass(frozen=True, eq=False, slots=True)
class Gather(Node):
    """The values of the elements that pass ``mask``, close together, kept for one event.

    They stand as stored, or each at its ``place`` among those that pass.
    """

    axes: tuple[Axis, ...]
    value: Node
    mask: Node
    place: Node | None

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes whose elements, or tuples, are gathered."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """Value, mask and place."""
        return (self.value, self.mask, *(() if self.place is None else (self.place,)))

    @property
    def content(self) -> Kind:
        """The kind of what is gathered."""
        return self.value.kind

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Gather other values."""
        value, mask, *place = children
        return Gather(axes or self.axes, value, mask, place[0] if place else None)

    def __post_init__(self) -> None:
        self._derive("store")


@dataclass(frozen=True, eq=False, slots=True)
class Evaluate(Node):
    """An algorithm or a user's function, called where ``mask`` holds; else NaN, 0 or nothing.

    The arguments are what its C function takes: numbers, and for a collection four gathered arrays
    and their length. If it makes flags or a collection it is a store: ``Element(node, at, i)`` is
    an entry of its i-th array, ``Part(node, 0)`` the number of elements that it has made.
    """

    function: Function
    arguments: tuple[Node, ...]
    mask: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """The arguments and the mask."""
        return *self.arguments, self.mask

    @property
    def content(self) -> Kind:
        """The kind of what it stores."""
        return "bool" if self.function.result == "flags" else "real"

    @property
    def raises(self) -> bool:
        """Whether it must not be called where nothing looks at its value."""
        return self.function.raises

    @property
    def source(self) -> tuple[str, ...]:
        """What it is given, of which it makes no more: input collections, or tuples of them."""
        gathered = dict.fromkeys(a.axes for a in self.arguments if isinstance(a, Gather))
        return tuple(s for axes in gathered for s in product(axes))

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Evaluate at other arguments."""
        *arguments, mask = children
        return Evaluate(self.function, tuple(arguments), mask)

    def __post_init__(self) -> None:
        kinds: dict[str, Kind] = {"real": "real", "int": "int", "bool": "bool"}
        self._derive(kinds.get(self.function.result, "store"), costly=True)


@dataclass(frozen=True, eq=False, slots=True)
class Element(Node):
    """The stored value at a position; at -1 it is NaN, 0 or false like a column.

    ``place`` is the array, of an ``Evaluate`` that has several.
    """

    store: Node
    at: Node
    place: int = 0

    @staticmethod
    def key(store: Node, at: Node, place: int = 0) -> Any:
        """Key by all fields, left out or not."""
        return store, at, place

    @property
    def children(self) -> tuple[Node, ...]:
        """Store and position."""
        return self.store, self.at

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Read another store or position."""
        return Element(children[0], children[1], self.place)

    def __post_init__(self) -> None:
        assert isinstance(self.store, Store | Gather | Evaluate)
        self._derive(self.store.content)


@dataclass(frozen=True, eq=False, slots=True)
class Infer(Node):
    """A number that a network gives; ``compiler/networks.py`` replaces it by a column.

    ``network`` is the file of the model, ``output`` the place in its flattened first output.
    """

    network: str
    output: int
    arguments: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The inputs."""
        return self.arguments

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the output at other inputs."""
        return Infer(self.network, self.output, children)

    def __post_init__(self) -> None:
        self._derive("real", costly=True)
