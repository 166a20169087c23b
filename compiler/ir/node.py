"""The node that all others are: interned, so that equal ones are the same object.

A formula of ``stdlib`` is traced by calling it with nodes: operators build calls.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from weakref import WeakValueDictionary

from adl.compiler.ir.axes import Axis

# A second copy of this module would be a second node table.
assert __name__ == "adl.compiler.ir.node"

Kind = Literal["bool", "int", "real", "pick", "store", "fill", "record"]

_NODES: WeakValueDictionary[Any, Any] = WeakValueDictionary()


class Interned(type):
    """Makes a call of a node class return the existing equal node."""

    def __call__(cls, *fields: Any) -> Any:
        """Return the node of a class with these fields."""
        key = (cls, cls.key(*fields))  # type: ignore[attr-defined]  # every Node class has one
        node = _NODES.get(key)
        if node is None:
            node = super().__call__(*fields)
            _NODES[key] = node
        return node


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Node(metaclass=Interned):
    """A pure value; ``free`` are its unbound axes, ``height`` the highest slot that users avoid."""

    kind: Kind = field(init=False)
    free: frozenset[Axis] = field(init=False, repr=False)
    height: int = field(init=False, repr=False)
    costly: bool = field(init=False, repr=False)  # a loop or an elementary function is inside

    @staticmethod
    def key(*fields: Any) -> Any:
        """Return what distinguishes this node from others of its class."""
        return fields

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes that this node binds."""
        return ()

    @property
    def children(self) -> tuple[Node, ...]:
        """The operands, in order."""
        return ()

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the same node over other operands (and bound axes), as they are."""
        assert not children
        return self

    def _derive(self, kind: Kind, *, costly: bool = False) -> None:
        children, bound = self.children, self.bound
        free = frozenset[Axis]().union(*(c.free for c in children)) if children else frozenset()
        height = max((c.height for c in children), default=0)
        set_ = object.__setattr__
        set_(self, "kind", kind)
        set_(self, "free", free.difference(bound) if bound else free)
        # Nothing outside can be bound by what occurs in a closed value: it takes no slot from it.
        closed = not self.free
        set_(self, "height", 0 if closed else max([height, *(-axis.slot for axis in bound)]))
        set_(self, "costly", costly or bool(bound) or any(c.costly for c in children))

    # Operators build calls, so that a formula can be traced; == stays identity.
    def build_call(self, function: str, arguments: tuple[Any, ...]) -> Node:
        """Build a call of a primitive or of an elementary function, lifting Python numbers."""
        from adl.compiler.ir.building import call, lift  # which is made of nodes

        return call(function, *(lift(a) for a in arguments))

    def __bool__(self) -> bool:
        raise TypeError("a node has no truth value: use ops.where in formulas")

    def __add__(self, other: Node | float) -> Node:
        return self.build_call("add", (self, other))

    def __radd__(self, other: Node | float) -> Node:
        return self.build_call("add", (other, self))

    def __sub__(self, other: Node | float) -> Node:
        return self.build_call("sub", (self, other))

    def __rsub__(self, other: Node | float) -> Node:
        return self.build_call("sub", (other, self))

    def __mul__(self, other: Node | float) -> Node:
        return self.build_call("mul", (self, other))

    def __rmul__(self, other: Node | float) -> Node:
        return self.build_call("mul", (other, self))

    def __neg__(self) -> Node:
        return self.build_call("neg", (self,))

    def __abs__(self) -> Node:
        return self.build_call("abs", (self,))

    def __lt__(self, other: Node | float) -> Node:
        return self.build_call("lt", (self, other))

    def __le__(self, other: Node | float) -> Node:
        return self.build_call("le", (self, other))

    def __gt__(self, other: Node | float) -> Node:
        return self.build_call("gt", (self, other))

    def __ge__(self, other: Node | float) -> Node:
        return self.build_call("ge", (self, other))
