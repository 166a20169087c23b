"""Scheduling: from pure values to loops and guards that run once an event.

One recursive ``scope``. An *action* is (conditions, loops still to enter, effect). Conditions that
are known in the scope form a trie of guards, so inherited cuts are tested once and an event stops
at its first failed cut. A value is placed at the lowest guard that is above all its uses: computed
there if that guard itself needs it or it is cheap, else on demand, and an event's reductions then
through a memoised function. Reductions of one guard that run over the same collection share a
loop. ``known`` is what has been computed on the path to the current point.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

from adl.compiler.ir import (
    Axis,
    Const,
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
    postorder,
    raising,
    rename,
)
from adl.compiler.kernel import (
    Begin,
    Block,
    Bounded,
    Count,
    End,
    Force,
    Guard,
    Kernel,
    Let,
    Loop,
    Recall,
    Update,
    Write,
)
from adl.compiler.program import Program
from adl.compiler.pruning import bound

Binder = Reduce | Pick | Store | Gather | Evaluate


@dataclass(frozen=True)
class _Action:
    """Do ``effect`` for each element of ``loops`` for which ``conditions`` hold."""

    conditions: tuple[Node, ...]
    loops: tuple[Axis, ...]
    effect: Update | Count | Write

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
class _Limit:
    """A pick's best key so far is above ``bound``: then further loops may find a better one."""

    target: Node
    bound: Node


_Condition = Node | _Limit


@dataclass(eq=False)
class _Guard:
    """A node of the trie: what happens when the conditions on the path to it hold."""

    condition: _Condition | None = None
    parent: _Guard | None = None
    depth: int = 0
    effects: list[Update | Count | Write] = field(default_factory=list)
    loops: dict[Axis, list[_Action]] = field(default_factory=dict)
    children: dict[_Condition, _Guard] = field(default_factory=dict)
    placed: list[Node] = field(default_factory=list)

    def child(self, condition: _Condition) -> _Guard:
        if condition not in self.children:
            self.children[condition] = _Guard(condition, self, self.depth + 1)
        return self.children[condition]

    def walk(self) -> Iterator[_Guard]:
        stack = [self]
        while stack:
            guard = stack.pop()
            yield guard
            stack += reversed(guard.children.values())


# Fills a body: LLVM's work on a function grows faster than its size (benchmarks/README.md).
BODY = 60


def schedule(program: Program, body: int = BODY) -> Kernel:
    """Return the kernel of a program, in bodies of some ``body`` fills, whole regions together."""
    groups = [[_output_action(o) for o in outputs] for outputs in _groups(program, body)]
    scheduler = _Scheduler()
    scheduler.share(groups)
    bodies = tuple(scheduler.main(actions) for actions in groups)
    return Kernel(bodies, *scheduler.memoised())


def _groups(program: Program, body: int) -> list[list[Fill | Record]]:
    """Cut the outputs into groups, each of whole regions; one stands in the first that has it."""
    groups: list[list[Fill | Record]] = [[]]
    seen: set[Fill | Record] = set()
    of_none = (*program.inputs, *(record for rows in program.own_rows for record in rows.records))
    every: list[tuple[Fill | Record, ...]] = [of_none]
    every += [(*region.fills, *region.records) for region in program.every_region]
    for found in every:
        outputs = [o for o in dict.fromkeys(found) if o not in seen]
        seen.update(outputs)
        if groups[-1] and len(groups[-1]) + len(outputs) > body:
            groups.append([])
        groups[-1] += outputs
    return groups


def is_binder(node: Node) -> TypeGuard[Binder]:
    """Whether a value needs a loop of its own, or else takes too long to be computed twice."""
    if isinstance(node, Evaluate):
        return not node.free
    return isinstance(node, Reduce | Pick | Store | Gather)


class _Scheduler:
    def __init__(self) -> None:
        self.known: set[Node] = set()
        self.trail: list[Node] = []  # what was added to ``known``, to forget it on leaving a block
        self.lazy: dict[Node, None] = {}
        self.published: dict[Node, None] = {}
        self.in_main = True

    def share(self, groups: list[list[_Action]]) -> None:
        """Memoise the event's reductions that more than one body needs."""
        users = Counter(n for actions in groups for n in self.reductions(actions))
        self.lazy.update((n, None) for n, bodies in users.items() if bodies > 1)

    def reductions(self, actions: list[_Action]) -> list[Node]:
        """Return what a body needs that takes a loop over the event."""
        wanted = (v for a in actions for n in a.needs for v in outermost(n, frozenset()))
        return [n for n in self.pending(wanted) if is_binder(n)]

    def main(self, actions: list[_Action]) -> Block:
        """Schedule one body."""
        block = Block()
        self.scope(actions, frozenset(), block)
        return block

    def memoised(self) -> tuple[dict[tuple[Node, ...], Block], tuple[Node, ...]]:
        """Return the bodies of the memoised values, and what the bodies have to publish.

        Values that select the same elements (a size, a sum, a leading element) come together.
        """
        self.in_main = False
        # Only values that are equally deep come together: groups must not need each other in turn.
        depth: dict[Node, int] = {}
        order = postorder(self.lazy)
        careful = raising(order)
        for node in order:
            depth[node] = max((depth[c] for c in node.children), default=0) + (node in self.lazy)
        groups: dict[object, list[Node]] = {}
        for node in self.lazy:
            selection = node if node in careful else _selection(node)
            groups.setdefault((depth[node], selection), []).append(node)
        blocks: dict[tuple[Node, ...], Block] = {}
        for nodes in groups.values():
            self.known.clear()
            block = blocks[tuple(nodes)] = Block()
            self.loops(nodes, frozenset(), block)
        return blocks, tuple(self.published)

    # ------------------------------------------------------------------------------ a scope

    def scope(self, actions: list[_Action], available: frozenset[Axis], block: Block) -> None:
        """Schedule actions whose values may depend on the ``available`` axes."""
        root = _trie(actions, available)
        direct = self.place(root, available)
        self.emit(root, direct, available, block)

    def place(self, root: _Guard, available: frozenset[Axis]) -> set[Node]:
        """Put each value at the lowest guard above its uses; return those used there itself."""
        users: dict[Node, list[_Guard]] = {}
        for guard in root.walk():
            for node in self.pending(_wanted(guard, available)):
                users.setdefault(node, []).append(guard)
        direct = set()
        for node, guards in users.items():
            lowest = guards[0]
            for guard in guards[1:]:
                lowest = _common(lowest, guard)
            lowest.placed.append(node)
            if lowest in guards:
                direct.add(node)
        return direct

    def emit(
        self, guard: _Guard, direct: set[Node], available: frozenset[Axis], block: Block
    ) -> None:
        mark = len(self.trail)
        if not available and self.in_main:
            self.lazy.update((n, None) for n in guard.placed if is_binder(n) and n not in direct)
        eager = [n for n in guard.placed if n in direct or not n.costly]
        self.compute(eager, available, block)
        for effect in guard.effects:
            self.ensure(effect.operands, available, block)
            block.items.append(effect)
        for axis, actions in guard.loops.items():
            self.loop(axis, actions, available, block)
        for condition, child in guard.children.items():
            self.ensure([_tested(condition)], available, block)
            body = Block()
            self.emit(child, direct, available, body)
            if isinstance(condition, _Limit):
                block.items.append(Bounded(condition.target, condition.bound, body))
            else:
                block.items.append(Guard(condition, body))
        self.forget(mark)

    def loop(
        self, axis: Axis, actions: list[_Action], available: frozenset[Axis], block: Block
    ) -> None:
        """Enter one loop for all actions that go over ``axis``."""
        outside = (v for a in actions for n in a.needs for v in outermost(n, available))
        self.ensure(outside, available, block)
        mark, body = len(self.trail), Block()
        self.scope(actions, available | {axis}, body)
        self.forget(mark)
        block.items.append(Loop(axis, body))

    # ------------------------------------------------------------------------------- values

    def compute(self, nodes: list[Node], available: frozenset[Axis], block: Block) -> None:
        """Compute values; reductions that do not need one another share loops."""
        levels: dict[int, list[Node]] = {}
        level: dict[Node, int] = {}
        wanted = set(nodes)
        for node in self.pending(nodes):
            below = max((level.get(i, 0) for i in inputs(node)), default=0)
            own = is_binder(node) and node in wanted and node not in self.lazy
            level[node] = below + own
            if own:
                levels.setdefault(level[node], []).append(node)
        for number in sorted(levels):
            self.loops(levels[number], available, block)
        self.ensure(nodes, available, block)

    def ensure(self, nodes: Iterable[Node], available: frozenset[Axis], block: Block) -> None:
        """Have values at hand, computing on demand what is not."""
        for node in self.pending(nodes):
            if node in self.known:
                continue
            if not is_binder(node):
                block.items.append(Let(node))
                self.learn(node)
            elif node in self.lazy:
                block.items.append(Force(node))
                self.learn(node)
            elif not self.in_main and not available:
                self.published[node] = None
                block.items.append(Recall(node))
                self.learn(node)
            else:
                self.loops([node], available, block)

    def loops(self, nodes: list[Node], available: frozenset[Axis], block: Block) -> None:
        """Compute independent reductions, picks and stores, one loop a collection."""
        for node in nodes:
            if isinstance(node, Evaluate):
                self.ensure(inputs(node), available, block)
                block.items.append(Let(node))
                self.learn(node)
        nodes = [node for node in nodes if not isinstance(node, Evaluate)]
        if not nodes:
            return
        groups: dict[Axis, list[_Action]] = {}
        for node in nodes:
            for action in _updates(node, len(available)):
                groups.setdefault(action.loops[0], []).append(action)
        block.items.append(Begin(tuple(nodes)))
        for axis, actions in groups.items():
            inner = [_Action(a.conditions, a.loops[1:], a.effect) for a in actions]
            self.loop(axis, inner, available, block)
        block.items.append(End(tuple(nodes)))
        for node in nodes:
            self.learn(node)

    def pending(self, nodes: Iterable[Node]) -> list[Node]:
        """What the values need and is not at hand, operands first, themselves included.

        A memoised value brings its own operands.
        """
        seen: set[Node] = set()
        out: list[Node] = []
        stack = [(n, False) for n in reversed(list(nodes))]
        while stack:
            node, done = stack.pop()
            if done:
                out.append(node)
            elif node not in seen and node not in self.known and not _at_hand(node):
                seen.add(node)
                stack.append((node, True))
                if not self.comes_alone(node):
                    stack += [(i, False) for i in reversed(inputs(node))]
        return out

    def comes_alone(self, node: Node) -> bool:
        """Whether a value is fetched without its operands."""
        return node in self.lazy or (not self.in_main and is_binder(node) and not node.free)

    def learn(self, node: Node) -> None:
        if node not in self.known:
            self.known.add(node)
            self.trail.append(node)

    def forget(self, mark: int) -> None:
        for node in self.trail[mark:]:
            self.known.discard(node)
        del self.trail[mark:]


# ------------------------------------------------------------------------------- helpers


def _trie(actions: list[_Action], available: frozenset[Axis]) -> _Guard:
    root = _Guard()
    for action in actions:
        guard = root
        for condition in action.outer(available):
            guard = guard.child(condition)
        if action.loops:
            limit = _limit(action, available)
            guard = guard if limit is None else guard.child(limit)
            axis, *rest = action.loops
            further = _Action(action.inner(available), tuple(rest), action.effect)
            guard.loops.setdefault(axis, []).append(further)
        else:
            guard.effects.append(action.effect)
    return root


def _wanted(guard: _Guard, available: frozenset[Axis]) -> list[Node]:
    """Values that a guard itself needs, once its conditions hold."""
    inside = (v for actions in guard.loops.values() for a in actions for v in a.needs)
    return [
        *(v for effect in guard.effects for v in effect.operands),
        *(v for n in inside for v in outermost(n, available)),
        *map(_tested, guard.children),
    ]


def _tested(condition: _Condition) -> Node:
    return condition.bound if isinstance(condition, _Limit) else condition


def _limit(action: _Action, available: frozenset[Axis]) -> _Limit | None:
    """Return what a search must not have reached for its further loops to be entered."""
    target = action.effect.target if isinstance(action.effect, Update) else None
    if not isinstance(target, Pick) or target.order is None or target.k:
        return None
    least = bound(action.effect.operands[0], available)
    # What does not depend on the loop entered last was tested before it.
    newest = {axis for axis in available if axis.slot == len(available) - 1}
    if least is None or least.free.isdisjoint(newest):
        return None
    return _Limit(target, least)


def outermost(node: Node, available: frozenset[Axis]) -> list[Node]:
    """Return the largest parts of a value that depend on no more than the available axes."""
    seen: set[Node] = set()
    out: list[Node] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if part in seen or _at_hand(part):
            continue
        seen.add(part)
        if part.free <= available:
            out.append(part)
        else:
            stack += reversed(part.children)
    return out


def inputs(node: Node) -> tuple[Node, ...]:
    """Values of the same scope that a value is computed from."""
    if not node.bound:
        return tuple(c for c in node.children if not _at_hand(c))
    return tuple(dict.fromkeys(v for c in node.children for v in outermost(c, node.free)))


def _at_hand(node: Node) -> bool:
    # A constant is written where it is used; a loop's index is there as long as the loop runs.
    return isinstance(node, Const | Index)


def _common(a: _Guard, b: _Guard) -> _Guard:
    while a is not b:
        if a.depth < b.depth:
            a, b = b, a
        assert a.parent is not None
        a = a.parent
    return a


def _selection(node: Node) -> object:
    return (node.axes, node.mask) if isinstance(node, Reduce | Pick | Gather) else node


def _enter(axes: tuple[Axis, ...], depth: int) -> tuple[dict[Axis, Axis], tuple[Axis, ...]]:
    """Name bound axes after the depth of the loops they become, so that loops can be shared."""
    loops = tuple(Axis(axis.source, depth + i) for i, axis in enumerate(axes))
    return dict(zip(axes, loops, strict=True)), loops


def _output_action(output: Fill | Record) -> _Action:
    names, loops = _enter(output.axes, 0)
    conditions = tuple(conjuncts(rename(output.mask, names)))
    operands = tuple(rename(v, names) for v in output.values)
    if isinstance(output, Record):
        return _Action(conditions, loops, Write(output, operands))
    weight = (rename(output.weight, names),) if output.weighted else ()
    return _Action(conditions, loops, Count(output, (*operands, *weight)))


def _updates(node: Node, depth: int) -> Iterator[_Action]:
    if isinstance(node, Store):
        for part, (axis, value) in enumerate(zip(node.axes, node.values, strict=True)):
            names, loops = _enter((axis,), depth)
            yield _Action((), loops, Update(node, (rename(value, names),), loops, part))
        return
    assert isinstance(node, Reduce | Pick | Gather)
    names, loops = _enter(node.axes, depth)
    conditions = tuple(conjuncts(rename(node.mask, names)))
    if isinstance(node, Gather):
        place = () if node.place is None else (rename(node.place, names),)
        operands: tuple[Node, ...] = (rename(node.value, names), *place)
    elif isinstance(node, Reduce):
        operands = () if node.operation == "count" else (rename(node.value, names),)
    else:
        operands = () if node.order is None else (rename(node.order, names),)
    yield _Action(conditions, loops, Update(node, operands, loops))
