"""Builders of nodes: they lift numbers, bind axes and drop what is always true."""

from __future__ import annotations

from typing import Any

from adl.compiler.ir.axes import Axis, Binning
from adl.compiler.ir.binding import bind
from adl.compiler.ir.node import Node
from adl.compiler.ir.outputs import Fill, Record
from adl.compiler.ir.stores import Evaluate, Gather, Store
from adl.compiler.ir.values import FALSE, TRUE, Call, Const, Pick, Reduce
from adl.stdlib import ops
from adl.stdlib.registry import FUNCTIONS


def lift(x: Any) -> Node:
    """Return a node: numbers become constants."""
    return x if isinstance(x, Node) else Const(x)


def call(function: str, *arguments: Node) -> Node:
    """Build a call; both sides of an operation must be of one kind (see ``as_real``)."""
    if function not in ops.MEANING and FUNCTIONS[function].form == "algorithm":
        return Evaluate(FUNCTIONS[function], tuple(map(as_real, arguments)), TRUE)
    assert function in ops.MEANING or FUNCTIONS[function].form == "elementary", function
    return Call(function, arguments)


def as_real(x: Node) -> Node:
    """Convert to a real number; a literal stays a literal."""
    if x.kind == "real":
        return x
    if isinstance(x, Const):
        return Const(float(x.value), x.datum)
    return call("real", x)


def both(x: Node, y: Node) -> Node:
    """Return x and y, dropping what is always true."""
    if x is TRUE or x is y:
        return y
    if y is TRUE:
        return x
    return FALSE if x is FALSE or y is FALSE else call("and", x, y)


def either(x: Node, y: Node) -> Node:
    """Return x or y, dropping what is always false."""
    if x is FALSE or x is y:
        return y
    if y is FALSE:
        return x
    return TRUE if x is TRUE or y is TRUE else call("or", x, y)


def invert(x: Node) -> Node:
    """Return not x; ``not (a < b)`` is no ``a >= b``, since NaN fails both."""
    if x is TRUE or x is FALSE:
        return FALSE if x is TRUE else TRUE
    return x.arguments[0] if isinstance(x, Call) and x.function == "not" else call("not", x)


def conjuncts(mask: Node) -> list[Node]:
    """Split ``and(and(a, b), c)`` into a, b, c."""
    out, stack = [], [mask]
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and node.function == "and":
            stack += reversed(node.arguments)
        elif node is not TRUE:
            out.append(node)
    return out


def reduce(operation: str, axes: tuple[Axis, ...], value: Node, mask: Node) -> Reduce:
    """Build a reduction, binding ``axes`` in value and mask."""
    bound, (value, mask) = bind(axes, (value, mask))
    return Reduce(operation, bound, value, mask)


def pick(axes: tuple[Axis, ...], mask: Node, order: Node | None, k: int) -> Pick:
    """Build a search, binding ``axes`` in mask and key, which is made real."""
    order = None if order is None else as_real(order)
    bound, bodies = bind(axes, (mask,) if order is None else (mask, order))
    return Pick(bound, bodies[0], bodies[1] if order is not None else None, k)


def store(axes: tuple[Axis, ...], values: tuple[Node, ...]) -> Store:
    """Build a store, binding each axis in its own value."""
    bound = [bind((axis,), (value,)) for axis, value in zip(axes, values, strict=True)]
    return Store(tuple(a[0] for a, _ in bound), tuple(v[0] for _, v in bound))


def fill(
    bins: tuple[Binning, ...],
    axes: tuple[Axis, ...],
    values: tuple[Node, ...],
    mask: Node,
    weight: Node,
) -> Fill:
    """Build a fill, binding ``axes`` in everything."""
    bound, (*values_, mask, weight) = bind(axes, (*values, mask, weight))
    return Fill(bins, bound, tuple(values_), mask, weight)


def gather(axes: tuple[Axis, ...], value: Node, mask: Node, place: Node | None) -> Gather:
    """Build a gathered array, binding ``axes`` in value, mask and place."""
    bodies = (value, mask) if place is None else (value, mask, place)
    bound, (value, mask, *rest) = bind(axes, bodies)
    return Gather(bound, value, mask, rest[0] if rest else None)


def record(axes: tuple[Axis, ...], values: tuple[Node, ...], mask: Node) -> Record:
    """Build a record, binding ``axes`` in everything."""
    bound, (*values_, mask) = bind(axes, (*values, mask))
    return Record(bound, tuple(values_), mask)
