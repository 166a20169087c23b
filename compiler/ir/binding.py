"""How nodes bind axes: in slots that nothing inside uses, so that nothing is captured."""

from __future__ import annotations

from collections.abc import Mapping

from adl.compiler.ir.axes import Axis
from adl.compiler.ir.node import Node
from adl.compiler.ir.values import Index


def bind(
    axes: tuple[Axis, ...], bodies: tuple[Node, ...]
) -> tuple[tuple[Axis, ...], tuple[Node, ...]]:
    """Rename free ``axes`` in ``bodies`` to the slots below those bound inside."""
    height = max((b.height for b in bodies), default=0)
    bound = tuple(Axis(axis.source, -(height + 1 + i)) for i, axis in enumerate(axes))
    return bound, tuple(rename(b, dict(zip(axes, bound, strict=True))) for b in bodies)


def rename(root: Node, axes: Mapping[Axis, Axis]) -> Node:
    """Replace free axes by axes that nothing inside binds; binders keep their own slots."""
    if not root.free.intersection(axes):
        return root
    done: dict[Node, Node] = {}
    for node in affected(root, frozenset(axes)):
        assert axes.keys().isdisjoint(node.bound), "a renamed axis would be captured"
        if isinstance(node, Index):
            done[node] = Index(axes[node.axis])
        else:
            done[node] = node.rebuild(tuple(done.get(c, c) for c in node.children))
    return done[root]


def affected(root: Node, axes: frozenset[Axis]) -> list[Node]:
    """Nodes in which one of ``axes`` is free, inputs before users."""
    seen: set[Node] = set()
    out: list[Node] = []
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            out.append(node)
        elif node not in seen and not node.free.isdisjoint(axes):
            seen.add(node)
            stack.append((node, True))
            stack += [(c, False) for c in node.children]
    return out
