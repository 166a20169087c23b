"""Store a costly value of an object that several loops use, once an event.

Before: ``count(j: clean(j))`` and ``sum(j: clean(j), pt(j))`` each test every jet against every
electron. After: one loop stores ``clean`` of each jet and both read it. What is computed of one
element that a search has found is read from there, too, if it stands there for all elements anyway.
"""

from __future__ import annotations

from adl.compiler.ahead import runs_ahead
from adl.compiler.chosen import chosen_element
from adl.compiler.decisions import Decide
from adl.compiler.ir import (
    Axis,
    Call,
    Element,
    Evaluate,
    Index,
    Lookup,
    Node,
    Reduce,
    Store,
    affected,
    postorder,
    raising,
    rename,
    rewrite,
    store,
)
from adl.compiler.program import Program
from adl.compiler.variations import is_varied

_Use = tuple[Node, Axis]


def materialise(program: Program) -> Program:
    """Replace shared costly values over one axis by reads of a store."""
    chosen = _chosen(program)
    if not chosen:
        return program
    ahead: set[object] = set()  # how those begin that run ahead of the events
    made: dict[Node, Store] = {}  # by what is stored, which reads smaller stores itself

    def read(node: Node) -> Node | None:
        axis = _axis(node)
        if axis is not None:
            body = rename(node, {axis: _canonical(axis)})
            return Element(made[body], Index(axis)) if body in made else None
        found = chosen_element(node) if _head(node) in ahead else None
        if found is None or not runs_ahead(made.get(found.body, node)):
            return None
        return Element(made[found.body], found.at)

    # Smaller values first: a larger one may have them inside, over this axis or one of its own.
    for body in sorted(chosen, key=lambda body: len(postorder([body]))):
        stored = body.rebuild(tuple(rewrite(c, read) for c in body.children))
        (axis,) = stored.free
        made[stored] = store((axis,), (stored,))
        if runs_ahead(made[stored]):
            ahead.add(_head(stored))
    memo: dict[Node, Node] = {}
    return program.map(lambda fill: rewrite(fill, read, memo=memo))


def _chosen(program: Program) -> set[Node]:
    uses, alone = _uses(program)
    shared = {body: places for body, places in uses.items() if len(places) > 1}
    inside = {body: set(postorder([body])) - {body} for body in shared}
    # A part that is used only inside a larger stored value needs no store of its own.
    return {
        body
        for body, places in shared.items()
        if body in alone
        or not any(
            body in inside[other] and places <= shared[other]
            for other in shared
            if other is not body
        )
    }


def _uses(program: Program) -> tuple[dict[Node, set[_Use]], set[Node]]:
    """Return each costly value over one axis with the loops (binder, axis) that use it.

    Also those that something uses which is no such value itself: a pair's mass uses a ``pz`` that
    stands inside the energy, too.
    """
    uses: dict[Node, set[_Use]] = {}
    alone: set[Node] = set()
    careful = raising(program.nodes)
    for binder in program.nodes:
        if not binder.bound or isinstance(binder, Store):
            continue
        # Not what is closed inside: a loop there may bind the same slot for itself.
        bound = frozenset(binder.bound)
        nodes = dict.fromkeys(n for c in binder.children for n in affected(c, bound))
        users = [binder, *(n for n in nodes if _axis(n) is None)]
        direct = {c for user in users for c in user.children}
        for node in nodes:
            axis = _axis(node)
            if axis in binder.bound and node not in careful:
                body = rename(node, {axis: _canonical(axis)})
                uses.setdefault(body, set()).add((binder, axis))
                if node in direct:
                    alone.add(body)
    return uses, alone


def _axis(node: Node) -> Axis | None:
    """Return the axis of a value that is worth storing."""
    if not node.costly or len(node.free) != 1:
        return None
    algorithm = isinstance(node, Evaluate) and node.kind != "store"
    if not algorithm and not isinstance(node, Call | Decide | Lookup | Reduce):
        return None
    axis = next(iter(node.free))
    return None if is_varied(axis) else axis  # the turns of a group compute a value once


def _head(node: Node) -> object:
    """Return what a value has in common with the same of another element, at a glance."""
    return node.function if isinstance(node, Call) else None


def _canonical(axis: Axis) -> Axis:
    return Axis(axis.source, 0)
