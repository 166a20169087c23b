"""Masks in one form: stored values in their place, loops over one collection, counts for any/all.

    any[Muon+Electron](m)  ->  count[Muon](m0) + count[Electron](m1) >= 1
    all[Jet](v if m)       ->  count[Jet](1 if m and not v) == 0

The new node has the value of the old one in every event: the interpreter can be asked for either.
"""

from __future__ import annotations

from collections.abc import Iterable

from adl.compiler.decisions import Reject
from adl.compiler.ir import (
    FALSE,
    NAN,
    TRUE,
    Axis,
    Call,
    Choice,
    Column,
    Const,
    Element,
    Index,
    Node,
    Reduce,
    Source,
    Store,
    both,
    call,
    invert,
    opened,
    postorder,
    reduce,
    rewrite,
    substitute,
)
from adl.stdlib import ops

MOST_PARTS = 8  # loops over tuples of more combinations of collections stay as they are

_MISSING: dict[str, Node] = {"real": NAN, "int": Const(0), "bool": FALSE}


def normal(node: Node, memo: dict[Node, Node]) -> Node:
    """Return a node of the same value in the form that proofs start from; ``memo`` is kept."""
    return rewrite(node, _rule, memo=memo)


def _rule(node: Node) -> Node | None:
    match node:
        case Element(Store(axes=(_,)), at):
            # An opened axis may be the one that the value is stored over: substitute keeps apart.
            (own,), (value,) = opened(node.store)
            found = rewrite(substitute(value, {Index(own): at}), _local)
            if isinstance(at, Index):
                return found
            return call("where", call("ge", at, Const(0)), found, _MISSING[node.kind])
        case Reduce("count" | "any" | "all" | "min" | "max"):
            return _reduced(node)
        case Choice(Const(int(number)), options) if isinstance(options[number], Source):
            return node.column(options[number])  # type: ignore[arg-type]  # a Source
    return _local(node)


def _local(node: Node) -> Node | None:
    """Return what an operation on constants is, which no user is asked for."""
    match node:
        case Call("and", (x, y)):
            return both(x, y)
        case Call("not", (x,)):
            return invert(x)
        case Call("where", (Const(bool(truth)), x, y)):
            return x if truth else y
        case Call(function, arguments) if function in ops.MEANING and arguments:
            constants = [x.value for x in arguments if isinstance(x, Const)]
            if len(constants) == len(arguments):
                return Const(ops.apply(function, *constants))
        case Reject() if node.reasons.line:  # a table's: its value is NaN there already
            return node.value
    return None


def _reduced(node: Reduce) -> Node | None:
    axes, (value, mask) = opened(node)
    match node.operation:
        case "any":
            mask, operation = both(mask, value), "count"
        case "all":
            mask, operation = both(mask, invert(value)), "count"
        case operation:
            pass
    if operation == "count":
        value = Const(1)
    alternatives = [(axes, value, mask)]
    for axis in axes:
        if len(axis.source) > 1:
            alternatives = [new for old in alternatives for new in _split(axis, *old)]
            if len(alternatives) > MOST_PARTS:
                return None
    each = [reduce(operation, *found) for found in alternatives]
    if node.operation == "any":
        return _at_least_one(each)
    if node.operation == "all":
        return invert(_at_least_one(each))
    if len(each) == 1:
        return None if each[0] is node else each[0]
    return _total(each) if operation == "count" else None


def _at_least_one(counts: Iterable[Node]) -> Node:
    return call("ge", _total(counts), Const(1))


def _total(counts: Iterable[Node]) -> Node:
    first, *others = sorted(counts, key=_order)
    for other in others:
        first = call("add", first, other)
    return first


def _order(count: Node) -> tuple[str, ...]:
    """Put the counts of a union in one order, however the union was written."""
    assert isinstance(count, Reduce)
    return tuple(source for axis in count.axes for source in axis.source)


def _split(
    axis: Axis, axes: tuple[Axis, ...], value: Node, mask: Node
) -> list[tuple[tuple[Axis, ...], Node, Node]]:
    """Return a loop over several collections in a row as a loop over each."""
    out = []
    for number, source in enumerate(axis.source):
        own = Axis((source,), axis.slot)
        swap = {a: own if a == axis else a for a in axes}
        moved = [_in_part(node, axis, number, own) for node in (value, mask)]
        out.append((tuple(swap.values()), moved[0], moved[1]))
    return out


def _in_part(node: Node, axis: Axis, number: int, own: Axis) -> Node:
    """Return a value at the elements of one of the collections that an axis runs over."""

    def element(found: Node) -> Node | None:
        match found:
            case Element(Store(axes=axes), Index(at)) if at == axis and len(axes) > 1:
                if tuple(s for a in axes for s in a.source) != axis.source or len(axes) != len(
                    axis.source
                ):
                    return None
                opened_axes, values = opened(found.store)
                return substitute(values[number], {Index(opened_axes[number]): Index(own)})
        return _local(found)

    found = rewrite(node, element, enter=lambda inner: axis in inner.free)
    if axis not in found.free:
        return found
    position: Node = Index(own)
    for earlier in axis.source[:number]:
        length = reduce("count", (Axis((earlier,), 0),), Const(1), TRUE)
        position = call("add", length, position)
    return substitute(found, {Index(axis): position})


def columns_of(nodes: Iterable[Node]) -> list[Column]:
    """Return one node for each input column that some nodes read, by name."""
    every = postorder(nodes)
    read = [n for n in every if isinstance(n, Column)]
    read += [c for n in every if isinstance(n, Choice) for c in n.columns]
    found = {c.name: c for c in read}
    return [found[name] for name in sorted(found)]
