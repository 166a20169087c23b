"""Walks over nodes, and what replaces some of them by others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from adl.compiler.ir.axes import Axis
from adl.compiler.ir.binding import bind, rename
from adl.compiler.ir.building import store
from adl.compiler.ir.node import Node
from adl.compiler.ir.stores import Store

NodeT = TypeVar("NodeT", bound=Node)


def postorder(roots: Iterable[Node]) -> list[Node]:
    """Every node reachable from ``roots``, inputs before users, each once."""
    seen: set[Node] = set()
    out: list[Node] = []
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, done = stack.pop()
        if done:
            out.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(c, False) for c in reversed(node.children) if c not in seen]
    return out


def raising(nodes: Iterable[Node]) -> set[Node]:
    """Return the nodes that call what raises exceptions; ``nodes`` have inputs before users."""
    found: set[Node] = set()
    for node in nodes:
        own = getattr(node, "raises", False)
        if own or not found.isdisjoint(node.children):
            found.add(node)
    return found


# Bound slots are opened to slots above this one while a body is rewritten: a body that changes may
# need other bound slots, and negative ones of an outer binder could be captured meanwhile.
_OPEN = 1 << 32


def opened(node: Node, above: int = _OPEN) -> tuple[tuple[Axis, ...], tuple[Node, ...]]:
    """Return a binder's axes as free ones in slots ``above`` others, and its operands over them.

    A binder inside a body that is open already can name that body's axes: no slot is one of theirs.
    """
    above = max((above, *(axis.slot for axis in node.free)))
    axes = tuple(Axis(a.source, above - a.slot) for a in node.bound)
    names = dict(zip(node.bound, axes, strict=True))
    if isinstance(node, Store):  # each axis is bound in its own value only
        own = ({a: names[a]} for a in node.axes)
        return axes, tuple(rename(c, n) for c, n in zip(node.values, own, strict=True))
    return axes, tuple(rename(c, names) for c in node.children)


def closed(node: Node, axes: tuple[Axis, ...], children: tuple[Node, ...]) -> Node:
    """Return the binder with new operands, over ``axes`` that are free in them."""
    if isinstance(node, Store):
        return store(axes, children)
    return node.rebuild(*reversed(bind(axes, children)))  # type: ignore[arg-type]  # (children, axes)


def substitute(root: NodeT, replacements: Mapping[Node, Node]) -> NodeT:
    """Replace open values (indices, mostly) by other values, everywhere that they are free."""
    axes = frozenset[Axis]().union(*(old.free for old in replacements))
    # Axes that are open already, in what goes out and in what comes in: none opened here is one of them.
    coming = (new.free for new in replacements.values())
    above = max((_OPEN, *(axis.slot for axis in axes.union(*coming))))
    return rewrite(root, replacements.get, lambda node: not node.free.isdisjoint(axes), above=above)


def rewrite(
    root: NodeT,
    rule: Callable[[Node], Node | None],
    enter: Callable[[Node], bool] = lambda node: True,
    memo: dict[Node, Node] | None = None,
    above: int = _OPEN,
) -> NodeT:
    """Rebuild ``root`` bottom-up; ``rule`` may replace a node whose operands are rebuilt.

    Nodes that ``enter`` refuses stay as they are, with everything below them.
    """
    done: dict[Node, Node] = {} if memo is None else memo
    stack: list[tuple[Node, tuple[Axis, ...], tuple[Node, ...] | None]] = [(root, (), None)]
    while stack:
        node, axes, children = stack.pop()
        if node in done:
            continue
        if not enter(node):
            done[node] = node
        elif children is None:
            axes, children = opened(node, above) if node.bound else ((), node.children)
            stack.append((node, axes, children))
            stack += [(c, (), None) for c in children if c not in done]
        else:
            new = tuple(done[c] for c in children)
            rebuilt = (
                node
                if new == children
                else (closed(node, axes, new) if axes else node.rebuild(new))
            )
            replaced = rule(rebuilt)
            done[node] = rebuilt if replaced is None else replaced
    return done[root]  # type: ignore[return-value]  # a rule keeps the class of a root
