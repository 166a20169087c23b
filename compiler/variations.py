"""Groups of variations: values of one shape become one value over an axis of their own.

    jes1: pt * (1 + c1[i]),  jes2: pt * (1 + c2[i])
    ->    pt * (1 + choice(v; c1[i], c2[i]))        v over the axis of the group

A group is an axis whose length is the same in every event. What does not depend on it is the
nominal value, by interning; what does runs in one loop over the group, so neither the code nor the
time to compile it grows with the number of variations. Only the leaves of the values may differ:
numbers, columns of one type, tables of as many variables, what leaves of one tree have, the places
of elements of an input (``w[1]``, ``w[2]`` …). Beside them a sum may stand for a difference, and a
number for its negative: ``x - y`` is ``x + -1 * y``, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from adl.compiler.decisions import Entry
from adl.compiler.ir import (
    TRUE,
    Axis,
    Call,
    Choice,
    Column,
    Const,
    Fill,
    Index,
    Lookup,
    Node,
    NodeT,
    Option,
    Part,
    Pick,
    Positions,
    Source,
    as_real,
    call,
    closed,
    fill,
    opened,
    reduce,
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
    ways = (_places, _of_parts, _signed, _choice)
    return next(filter(None, (way(values, axis) for way in ways)), None)


def _places(values: tuple[Node, ...], axis: Axis) -> _Plan | None:
    """Join the positions of the k-th elements of an input: only the number k differs."""
    first, wanted = values[0], list[int]()
    for value in values:
        match value:
            case Part(Pick((_,), mask, None, k) as search, 0) if mask is TRUE:
                wanted.append(k)
            case _:
                return None
        if search.axes != first.children[0].bound:
            return None
    k_th = Choice(Index(axis), tuple(wanted), ())
    axes, _ = opened(first.children[0])
    there = call("lt", k_th, reduce("count", axes, Const(1), TRUE))
    return _Plan([], lambda _: call("where", there, k_th, Const(-1)))


def _of_parts(values: tuple[Node, ...], _: Axis) -> _Plan | None:
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


def _signed(values: tuple[Node, ...], axis: Axis) -> _Plan | None:
    """Join sums with differences, and numbers with negatives: what is added has either sign."""
    calls = [v for v in values if isinstance(v, Call)]
    functions = {v.function for v in calls}
    if len(calls) == len(values) and functions == {"add", "sub"}:
        signs = [-1 if v.function == "sub" else 1 for v in calls]
        operands = list(zip(*(v.arguments for v in calls), strict=True))
        return _Plan(operands, lambda new: call("add", new[0], _with_signs(new[1], signs, axis)))
    if "neg" in functions:
        signs = [-1 if _is_negative(v) else 1 for v in values]
        bare = tuple(v.children[0] if _is_negative(v) else v for v in values)
        return _Plan([bare], lambda new: _with_signs(new[0], signs, axis))
    return None


def _is_negative(value: Node) -> bool:
    return isinstance(value, Call) and value.function == "neg"


def _with_signs(value: Node, signs: Sequence[int], axis: Axis) -> Node:
    options = tuple(signs if value.kind == "int" else map(float, signs))
    return call("mul", value, Choice(Index(axis), options, ()))


def _choice(values: tuple[Node, ...], axis: Axis) -> _Plan | None:
    """Choose between leaves: numbers, columns of one type, tables of as many variables."""
    leaves = [leaf for leaf in map(_leaf, values) if leaf is not None]
    if len(leaves) < len(values) or any(leaf.sort != leaves[0].sort for leaf in leaves):
        return None
    options = tuple(leaf.option for leaf in leaves)
    operands = list(zip(*(leaf.operands for leaf in leaves), strict=True))
    return _Plan(operands, lambda new: Choice(Index(axis), options, new))


class _Leaf(NamedTuple):
    """A leaf: what has to be alike, what may differ, and its operands."""

    sort: object
    option: Option
    operands: tuple[Node, ...] = ()


def _leaf(value: Node) -> _Leaf | None:
    match value:
        case Const(bool()):
            return None
        case Const(int(number)):
            return _Leaf("whole number", number)
        case Const(float(number)):
            return _Leaf("number", number)
        case Column(name, dtype, collection):
            return _Leaf((dtype, collection), Source(name, dtype, collection), value.children)
        case Lookup(table, arguments):
            return _Leaf(table.variables, table, arguments)
        case Entry(numbers, at):
            return _Leaf("entry", numbers, (at,))
    return None
