"""Groups of variations: values of one shape become one value over an axis of their own.

    jes1: pt * (1 + c1[i]),  jes2: pt * (1 + c2[i])
    ->    pt * (1 + choice(v; c1[i], c2[i]))        v over the axis of the group

A group is an axis whose length is the same in every event. What does not depend on it is the
nominal value, by interning; what does runs in one loop over the group, so neither the code nor the
time to compile it grows with the number of variations. Only the leaves of the values may differ:
numbers, columns of one type, tables of as many variables, what leaves of one tree have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from adl.compiler.decisions import Entry
from adl.compiler.ir import (
    Axis,
    Choice,
    Column,
    Const,
    Fill,
    Index,
    Lookup,
    Node,
    NodeT,
    Option,
    Positions,
    Source,
    as_real,
    closed,
    fill,
    opened,
)

PREFIX = "variations:"  # of the names of axes that no input has


def group(name: str, number: int) -> Axis:
    """Return the axis of ``number`` variations."""
    return Axis((f"{PREFIX}{name}:{number}",), 0)


def is_group(source: str) -> bool:
    """Whether what an axis runs over are variations, not elements of an event."""
    return source.startswith(PREFIX)


def turns(source: str) -> int:
    """Return how many variations there are."""
    return int(source.rpartition(":")[2])


def is_varied(axis: Axis) -> bool:
    """Whether an axis is that of a group."""
    return is_group(axis.source[0])


def of_event(node: Node) -> bool:
    """Whether there is one value an event, or one for each variation of it."""
    return all(map(is_varied, node.free))


def group_of(output: Node) -> Axis | None:
    """Return the group for whose variations an output is filled."""
    return next(filter(is_varied, output.bound), None)


def for_each(axis: Axis, output: NodeT) -> NodeT:
    """Return a fill that depends on a group as one for each of its variations.

    The first axis of its bins, which runs fastest, are the variations. A fill that does not depend
    on the group stays as it is: it is the nominal one.
    """
    if axis not in output.free:
        return output
    assert isinstance(output, Fill), "rows are those of the nominal program"
    axes, (*values, mask, weight) = opened(output)
    number = as_real(Index(axis))
    bins = (Positions(turns(axis.source[0])), *output.bins)
    every = (number, *values)
    return fill(bins, (axis, *axes), every, mask, weight)  # type: ignore[return-value]  # as it was


def alike(values: Sequence[Node], axis: Axis) -> Node | None:
    """Return one value over a group from one for each variation, or None if shapes differ."""
    root = tuple(values)
    done: dict[tuple[Node, ...], Node | None] = {}
    stack: list[tuple[tuple[Node, ...], _Plan | None]] = [(root, None)]
    while stack:  # not by recursion: a chain of cuts is deep
        same, plan = stack.pop()
        if same in done:
            continue
        if plan is None:
            plan = _plan(same, axis)
            if plan is None:
                return None
            stack.append((same, plan))
            stack += [(operands, None) for operands in plan.operands if operands not in done]
        else:
            found = [done[operands] for operands in plan.operands]
            done[same] = plan.build(tuple(node for node in found if node is not None))
    return done[root]


class _Plan(NamedTuple):
    """What has to be alike, and what is made of it."""

    operands: list[tuple[Node, ...]]
    build: Callable[[tuple[Node, ...]], Node | None]


def _plan(values: tuple[Node, ...], axis: Axis) -> _Plan | None:
    """Return how to join values: as they are, as one operation, or as a choice between leaves."""
    first = values[0]
    if all(value is first for value in values):
        return _Plan([], lambda _: first)
    return _of_parts(values) or _choice(values, axis)


def _of_parts(values: tuple[Node, ...]) -> _Plan | None:
    """Join the operands, if the operation is the same."""
    first = values[0]
    if any(type(v) is not type(first) or v.bound != first.bound for v in values):
        return None
    parts = [opened(v) if v.bound else ((), v.children) for v in values]
    axes, children = parts[0]
    if not children or any(_with(v, axes, children) is not first for v in values):
        return None
    operands = list(zip(*(found for _, found in parts), strict=True))
    return _Plan(operands, lambda new: _with(first, axes, new))


def _with(node: Node, axes: tuple[Axis, ...], children: tuple[Node, ...]) -> Node | None:
    if len(children) != len(node.children):
        return None
    return closed(node, axes, children) if axes else node.rebuild(children)


def _choice(values: tuple[Node, ...], axis: Axis) -> _Plan | None:
    """Choose between leaves: numbers, columns of one type, tables of as many variables."""
    leaves = [leaf for leaf in map(_leaf, values) if leaf is not None]
    if len(leaves) < len(values) or any(leaf[0] != leaves[0][0] for leaf in leaves):
        return None
    options = tuple(option for _, option, _ in leaves)
    operands = list(zip(*(at for _, _, at in leaves), strict=True))
    return _Plan(operands, lambda new: Choice(Index(axis), options, new))


def _leaf(value: Node) -> tuple[object, Option, tuple[Node, ...]] | None:
    """Return the sort of a leaf, what may differ, and its operands."""
    match value:
        case Const(float(number)):
            return "number", number, ()
        case Column(name, dtype, collection):
            return (dtype, collection), Source(name, dtype, collection), value.children
        case Lookup(table, arguments):
            return table.variables, table, arguments
        case Entry(numbers, at):
            return "entry", numbers, (at,)
    return None
