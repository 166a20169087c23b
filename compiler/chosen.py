"""A value of one chosen element, seen as a value that every element has."""

from __future__ import annotations

from typing import NamedTuple

from adl.compiler.ir import Axis, Call, Column, Const, Element, Index, Node, Store
from adl.stdlib import ops

# NaN in, NaN out: of an element that is not there the value is NaN, computed or read.
_STRICT = {"add", "sub", "mul", "div", "neg", "abs", "sqrt"}


class Chosen(NamedTuple):
    """The value as one over an axis of its collection, and the position of the element."""

    body: Node
    at: Node


def chosen_element(node: Node) -> Chosen | None:
    """Return what a costly value of columns at one position is, or None if it is no such value.

    ``pt(j) * cos(phi(j))`` with j found by a search becomes the same over all jets.
    """
    if not isinstance(node, Call) or not node.costly or node.kind != "real":
        return None
    places: set[tuple[str, Node]] = set()
    bodies: dict[Node, Node] = {}
    stack: list[tuple[Node, bool]] = [(node, False)]
    while stack:
        part, done = stack.pop()
        if part in bodies:
            continue
        if done:
            bodies[part] = part.rebuild(tuple(bodies[c] for c in part.children))
        elif isinstance(part, Const):
            bodies[part] = part
        elif isinstance(part, Call) and _is_strict(part):
            stack += [(part, True), *((c, False) for c in part.children)]
        else:
            place = _place(part)
            if place is None or part.kind != "real":
                return None
            places.add(place)
            if len(places) > 1:
                return None
            collection, at = place
            here = Index(Axis((collection,), 0))
            others = tuple(here if c is at else c for c in part.children)
            bodies[part] = part.rebuild(others)
    return Chosen(bodies[node], at) if places else None


def _place(node: Node) -> tuple[str, Node] | None:
    """Return of which element a value is read: its collection and position."""
    match node:
        case Column(collection=str(collection), at=Node() as at):
            return collection, at
        case Element(Store(axes=(axis,)), at) if len(axis.source) == 1:
            return axis.source[0], at
    return None


def _is_strict(call: Call) -> bool:
    return call.function in _STRICT or (
        call.function not in ops.MEANING and len(call.arguments) == 1
    )
