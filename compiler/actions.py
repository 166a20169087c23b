"""What scheduling moves around: actions, the trie of guards that they form, and their operands.

An *action* is (conditions, loops still to enter, effect). Conditions that are known in a scope form
a trie of guards, so inherited cuts are tested once and an event stops at its first failed cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeGuard

from adl.compiler.ir import (
    Axis,
    Binning,
    Cell,
    Const,
    Element,
    Evaluate,
    Fill,
    Gather,
    Index,
    Node,
    Pick,
    Record,
    Reduce,
    Store,
    conjuncts,
    rename,
)
from adl.compiler.kernel import Count, CountAll, Mark, Update, Write
from adl.compiler.pruning import bound
from adl.compiler.variations import group_of, of_event

_MANY = 1 << 14  # nodes of which is remembered what they are computed from: nodes never change

Effect = Update | Count | CountAll | Mark | Write
Binder = Reduce | Pick | Store | Gather | Evaluate


@dataclass(frozen=True)
class Action:
    """Do ``effect`` for each element of ``loops`` for which ``conditions`` hold."""

    conditions: tuple[Node, ...]
    loops: tuple[Axis, ...]
    effect: Effect

    def outer(self, available: frozenset[Axis]) -> tuple[Node, ...]:
        """Conditions that can be tested before a further loop is entered."""
        return tuple(c for c in self.conditions if c.free <= available)

    def inner(self, available: frozenset[Axis]) -> tuple[Node, ...]:
        """Conditions that need a further loop."""
        return tuple(c for c in self.conditions if not c.free <= available)

    @property
    def needs(self) -> tuple[Node, ...]:
        """All values it uses."""
        return (*self.conditions, *self.effect.operands)


@dataclass(frozen=True)
class Limit:
    """A pick's best key so far is above ``bound``: then further loops may find a better one."""

    target: Node
    bound: Node


Condition = Node | Limit


@dataclass(eq=False)
class Branch:
    """A node of the trie: what happens when the conditions on the path to it hold."""

    condition: Condition | None = None
    parent: Branch | None = None
    depth: int = 0
    effects: list[Effect] = field(default_factory=list)
    loops: dict[Axis, list[Action]] = field(default_factory=dict)
    children: dict[Condition, Branch] = field(default_factory=dict)
    placed: list[Node] = field(default_factory=list)

    def child(self, condition: Condition) -> Branch:
        """Return the guard of one more condition."""
        if condition not in self.children:
            self.children[condition] = Branch(condition, self, self.depth + 1)
        return self.children[condition]

    def walk(self) -> Iterator[Branch]:
        """Yield this guard and all below it."""
        stack = [self]
        while stack:
            branch = stack.pop()
            yield branch
            stack += reversed(branch.children.values())


def is_binder(node: Node) -> TypeGuard[Binder]:
    """Whether a value needs a loop of its own, or else takes too long to be computed twice."""
    return of_event(node) if isinstance(node, Evaluate) else takes_loop(node)


def takes_loop(node: Node) -> TypeGuard[Reduce | Pick | Store | Gather]:
    """Whether a value needs a loop of its own."""
    return isinstance(node, Reduce | Pick | Store | Gather)


def trie(actions: list[Action], available: frozenset[Axis]) -> Branch:
    """Return the guards of actions, and what happens under each."""
    root = Branch()
    for action in actions:
        branch = root
        for condition in action.outer(available):
            branch = branch.child(condition)
        if action.loops:
            limit = limit_of(action, available)
            branch = branch if limit is None else branch.child(limit)
            axis, *rest = action.loops
            further = Action(action.inner(available), tuple(rest), action.effect)
            branch.loops.setdefault(axis, []).append(further)
        else:
            branch.effects.append(action.effect)
    return root


def wanted(branch: Branch, available: frozenset[Axis]) -> list[Node]:
    """Values that a guard itself needs, once its conditions hold."""
    inside = (v for actions in branch.loops.values() for a in actions for v in a.needs)
    return [
        *(v for effect in branch.effects for v in effect.operands),
        *(v for n in inside for v in outermost(n, available)),
        *map(tested, branch.children),
    ]


def tested(condition: Condition) -> Node:
    """Return the value that decides."""
    return condition.bound if isinstance(condition, Limit) else condition


def limit_of(action: Action, available: frozenset[Axis]) -> Limit | None:
    """Return what a search must not have reached for its further loops to be entered."""
    target = action.effect.target if isinstance(action.effect, Update) else None
    if not isinstance(target, Pick) or target.order is None or target.k:
        return None
    least = bound(action.effect.operands[0], available)
    # What does not depend on the loop entered last was tested before it.
    newest = {axis for axis in available if axis.slot == len(available) - 1}
    if least is None or least.free.isdisjoint(newest):
        return None
    return Limit(target, least)


@lru_cache(_MANY)
def outermost(node: Node, available: frozenset[Axis]) -> tuple[Node, ...]:
    """Return the largest parts of a value that depend on no more than the available axes."""
    seen: set[Node] = set()
    out: list[Node] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if part in seen or at_hand(part):
            continue
        seen.add(part)
        if part.free <= available:
            out.append(part)
        else:
            stack += reversed(part.children)
    return tuple(out)


@lru_cache(_MANY)
def inputs(node: Node) -> tuple[Node, ...]:
    """Values of the same scope that a value is computed from."""
    if not node.bound:
        return tuple(c for c in node.children if not at_hand(c))
    return tuple(dict.fromkeys(v for c in node.children for v in outermost(c, node.free)))


def at_hand(node: Node) -> bool:
    """Whether nothing has to be computed."""
    # A constant is written where it is used; a loop's index is there as long as the loop runs.
    return isinstance(node, Const | Index)


def common(a: Branch, b: Branch) -> Branch:
    """Return the lowest guard above both."""
    while a is not b:
        if a.depth < b.depth:
            a, b = b, a
        assert a.parent is not None
        a = a.parent
    return a


def selection(node: Node) -> object:
    """Return what values that are computed together share."""
    return (node.axes, node.mask) if isinstance(node, Reduce | Pick | Gather) else node


def enter(axes: tuple[Axis, ...], depth: int) -> tuple[dict[Axis, Axis], tuple[Axis, ...]]:
    """Name bound axes after the depth of the loops they become, so that loops can be shared."""
    loops = tuple(Axis(axis.source, depth + i) for i, axis in enumerate(axes))
    return dict(zip(axes, loops, strict=True)), loops


def output_action(output: Fill | Record) -> Action:
    """Return what an output does for each of its tuples; of a group, for each of its variations."""
    vector = weights_of(output)
    if vector is not None:
        return _all_weights(output, vector)
    names, loops = enter(output.axes, 0)
    conditions = tuple(conjuncts(rename(output.mask, names)))
    operands = tuple(rename(v, names) for v in output.values)
    if isinstance(output, Record):
        return Action(conditions, loops, Write(output, operands))
    weight = (rename(output.weight, names),) if output.weighted else ()
    if group_of(output) is None:
        return Action(conditions, loops, Count(output, (*operands, *weight)))
    own = cell(output.bins[1:], operands[1:])
    return Action(conditions, loops, Count(output, (Index(loops[0]), own, *weight)))


def weights_of(output: Fill | Record) -> Store | None:
    """Return the weights of a fill that variations only weight otherwise, kept in a store."""
    group = group_of(output)
    if group is None or not isinstance(output, Fill) or not isinstance(output.weight, Element):
        return None
    if any(group in value.free for value in (*output.values[1:], output.mask)):
        return None
    kept = output.weight.store
    if not isinstance(kept, Store) or kept.free or output.weight.at is not Index(group):
        return None
    return kept


def _all_weights(output: Fill | Record, weights: Store) -> Action:
    """Return the one fill for all variations: the same cell, many weights."""
    assert isinstance(output, Fill)
    names, loops = enter(output.axes[1:], 0)
    own = cell(output.bins[1:], tuple(rename(v, names) for v in output.values[1:]))
    conditions = tuple(conjuncts(rename(output.mask, names)))
    return Action(conditions, loops, CountAll(output, (own, weights)))


def cell(bins: tuple[Binning, ...], values: tuple[Node, ...]) -> Node:
    """Return the bin of values; a counter has one."""
    return Cell(bins, values) if bins else Const(0)


def updates(node: Node, depth: int) -> Iterator[Action]:
    """Yield what loops ``depth`` deep do for a reduction, pick, store or gathering."""
    if isinstance(node, Store):
        for part, (axis, value) in enumerate(zip(node.axes, node.values, strict=True)):
            names, loops = enter((axis,), depth)
            yield Action((), loops, Update(node, (rename(value, names),), loops, part))
        return
    assert isinstance(node, Reduce | Pick | Gather)
    names, loops = enter(node.axes, depth)
    conditions = tuple(conjuncts(rename(node.mask, names)))
    if isinstance(node, Gather):
        place = () if node.place is None else (rename(node.place, names),)
        operands: tuple[Node, ...] = (rename(node.value, names), *place)
    elif isinstance(node, Reduce):
        operands = () if node.operation == "count" else (rename(node.value, names),)
    else:
        operands = () if node.order is None else (rename(node.order, names),)
    yield Action(conditions, loops, Update(node, operands, loops))
