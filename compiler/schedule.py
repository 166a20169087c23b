"""Scheduling: from pure values to loops and guards that run once an event.

One recursive ``scope`` over actions (``actions.py``). A value is placed at the lowest guard that
is above all its uses: computed there if that guard itself needs it or it is cheap, else on demand,
and an event's reductions then through a memoised function. Reductions of one guard that run over
the same collection share a loop. ``known`` is what has been computed on the path to this point.

What a group of variations changes runs after that, once for each of them (``Turns``): the same
``scope``, in which the group's axis is at hand. Events in which no cut that the group leaves alone
lets anything through are done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from adl.compiler.actions import (
    Action,
    Branch,
    Limit,
    at_hand,
    common,
    inputs,
    is_binder,
    outermost,
    selection,
    takes_loop,
    tested,
    trie,
    updates,
    wanted,
)
from adl.compiler.ahead import runs_ahead
from adl.compiler.bodies import parts_of
from adl.compiler.ir import (
    TRUE,
    Axis,
    Node,
    Store,
    both,
    postorder,
    raising,
)
from adl.compiler.kernel import (
    Ahead,
    Begin,
    Block,
    Bounded,
    End,
    Force,
    Guard,
    Kernel,
    Let,
    Loop,
    Mark,
    Marked,
    Recall,
    Turns,
)
from adl.compiler.program import Program
from adl.compiler.unvaried import worth_remembering
from adl.compiler.variations import of_event
from adl.syntax.collecting import uncollected

# Fills a body: LLVM's work on a function grows faster than its size (benchmarks/README.md).
BODY = 60
# Where bodies are many, each is compiled on its own, and smaller ones sooner after an edit.
MANY, SMALL = 4, 40


@uncollected
def schedule(program: Program, body: int | None = None, ahead: bool = True) -> Kernel:
    """Return the kernel of a program, in bodies of some ``body`` fills, whole regions together.

    With ``ahead`` what depends on one element alone is computed for many events at once; without,
    an event is computed on its own.
    """
    if body is None:
        body = BODY if len(program.fills) <= MANY * BODY else SMALL
    nominal, groups = parts_of(program, body)
    scheduler = _Scheduler(frozenset(filter(runs_ahead, program.nodes)) if ahead else frozenset())
    scheduler.share(nominal, groups)
    bodies = tuple(scheduler.main(actions) for actions in nominal)
    turns = tuple(scheduler.turns(axis, parts) for axis, parts in groups.items())
    memoised, published = scheduler.memoised()
    return Kernel(
        bodies, turns, memoised, published, tuple(dict.fromkeys(scheduler.ahead.values()))
    )


class _Scheduler:
    def __init__(self, flat: frozenset[Node]) -> None:
        self.flat = flat  # stores that run ahead of the events
        self.kept: set[Node] = set()  # values without a loop that turns do not compute again
        self.ahead: dict[Node, Ahead] = {}  # those that are wanted, with what is computed with them
        self.known: set[Node] = set()
        self.trail: list[Node] = []  # what was added to ``known``, to forget it on leaving a block
        self.lazy: dict[Node, None] = {}
        self.published: dict[Node, None] = {}
        self.in_main = True
        self.top = frozenset[Axis]()  # what is at hand where a body begins: of a turn its group
        self.marked: frozenset[Node] = frozenset()

    def share(self, nominal: list[list[Action]], groups: Mapping[Axis, list[list[Action]]]) -> None:
        """Memoise the event's reductions that more than one body needs, or a group's turns."""
        turned = (actions for parts in groups.values() for actions in parts)
        self.kept.update(n for actions in turned for n in worth_remembering(actions))
        users = Counter(n for actions in nominal for n in self.reductions(actions, frozenset()))
        for axis, parts in groups.items():
            top = frozenset([axis])
            for node in (n for actions in parts for n in self.reductions(actions, top)):
                users[node] += 1 if node.free else 2
        self.lazy.update((n, None) for n, bodies in users.items() if bodies > 1)

    def reductions(self, actions: list[Action], top: frozenset[Axis]) -> list[Node]:
        """Return what a body needs that takes a loop over the event."""
        needed = (v for a in actions for n in a.needs for v in outermost(n, top))
        return [n for n in self.pending(needed) if self.loops_over(n)]

    def main(self, actions: list[Action]) -> Block:
        """Schedule one body."""
        block = Block()
        self.scope(actions, self.top, block)
        return block

    def turns(self, axis: Axis, parts: list[list[Action]]) -> Turns:
        """Schedule what runs for each variation of a group.

        Cuts that the group leaves alone are tested before, once: each set of them is a mark.
        """
        before, marks = Block(), dict[Node, Action]()
        split = [[_marked(action, marks) for action in actions] for actions in parts]
        self.scope(list(marks.values()), frozenset(), before)
        self.top, self.marked = frozenset([axis]), frozenset(marks)
        bodies = tuple(map(self.main, split))
        self.top, self.marked = frozenset(), frozenset()
        always = any(marks.keys().isdisjoint(a.conditions) for actions in split for a in actions)
        return Turns(axis, before, tuple(marks), always, bodies)

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
            key = node if node in careful else selection(node)
            groups.setdefault((depth[node], key, node.free), []).append(node)
        blocks: dict[tuple[Node, ...], Block] = {}
        # Those of a group stand together: they are forgotten after each turn.
        for nodes in sorted(groups.values(), key=lambda nodes: sorted(nodes[0].free)):
            self.known.clear()
            block = blocks[tuple(nodes)] = Block()
            self.top = nodes[0].free
            self.loops(nodes, self.top, block)
        return blocks, tuple(self.published)

    # ------------------------------------------------------------------------------ a scope

    def scope(self, actions: list[Action], available: frozenset[Axis], block: Block) -> None:
        """Schedule actions whose values may depend on the ``available`` axes."""
        root = trie(actions, available)
        direct = self.place(root, available)
        self.emit(root, direct, available, block)

    def place(self, root: Branch, available: frozenset[Axis]) -> set[Node]:
        """Put each value at the lowest guard above its uses; return those used there itself."""
        users: dict[Node, list[Branch]] = {}
        for guard in root.walk():
            for node in self.pending(wanted(guard, available)):
                users.setdefault(node, []).append(guard)
        direct = set()
        for node, guards in users.items():
            lowest = guards[0]
            for guard in guards[1:]:
                lowest = common(lowest, guard)
            lowest.placed.append(node)
            if lowest in guards:
                direct.add(node)
        return direct

    def emit(
        self, guard: Branch, direct: set[Node], available: frozenset[Axis], block: Block
    ) -> None:
        mark = len(self.trail)
        if available == self.top and self.in_main:
            self.lazy.update(
                (n, None) for n in guard.placed if self.loops_over(n) and n not in direct
            )
        cheap = (n for n in guard.placed if not n.costly and n not in self.kept)
        eager = [*dict.fromkeys((*(n for n in guard.placed if n in direct), *cheap))]
        self.compute(eager, available, block)
        for effect in guard.effects:
            self.ensure(effect.operands, available, block)
            block.items.append(effect)
        for axis, actions in guard.loops.items():
            self.loop(axis, actions, available, block)
        for condition, child in guard.children.items():
            self.ensure([tested(condition)], available, block)
            body = Block()
            self.emit(child, direct, available, body)
            if isinstance(condition, Limit):
                block.items.append(Bounded(condition.target, condition.bound, body))
            else:
                block.items.append(Guard(condition, body))
        self.forget(mark)

    def loop(
        self, axis: Axis, actions: list[Action], available: frozenset[Axis], block: Block
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
            own = self.loops_over(node) and node in wanted and not self.is_lazy(node)
            level[node] = below + own
            if own:
                levels.setdefault(level[node], []).append(node)
        for number in sorted(levels):
            self.loops(levels[number], available, block)
        self.ensure(nodes, available, block)

    def ensure(self, nodes: Iterable[Node], available: frozenset[Axis], block: Block) -> None:
        """Have values at hand, computing on demand what is not."""
        pending = self.pending(nodes)
        self.run_ahead([n for n in pending if n in self.flat], block)
        for node in pending:
            if node in self.known:
                continue
            if node in self.marked:
                block.items.append(Marked(node))
                self.learn(node)
            elif not self.loops_over(node):
                block.items.append(Let(node))
                self.learn(node)
            elif self.is_lazy(node):
                block.items.append(Force(node))
                self.learn(node)
            elif not self.in_main and available == self.top:
                self.published[node] = None
                block.items.append(Recall(node))
                self.learn(node)
            else:
                self.loops([node], available, block)

    def loops(self, nodes: list[Node], available: frozenset[Axis], block: Block) -> None:
        """Compute independent reductions, picks and stores, one loop a collection."""
        for node in nodes:
            if not takes_loop(node):
                self.ensure(inputs(node), available, block)
                block.items.append(Let(node))
                self.learn(node)
        nodes = [node for node in nodes if takes_loop(node)]
        if not nodes:
            return
        groups: dict[Axis, list[Action]] = {}
        for node in nodes:
            for action in updates(node, len(available)):
                groups.setdefault(action.loops[0], []).append(action)
        block.items.append(Begin(tuple(nodes)))
        for axis, actions in groups.items():
            inner = [Action(a.conditions, a.loops[1:], a.effect) for a in actions]
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
            elif node not in seen and node not in self.known and not at_hand(node):
                seen.add(node)
                stack.append((node, True))
                if not self.comes_alone(node):
                    stack += [(i, False) for i in reversed(inputs(node))]
        return out

    def comes_alone(self, node: Node) -> bool:
        """Whether a value is fetched without its operands."""
        outside = not self.in_main and self.loops_over(node) and of_event(node)
        outside = outside and node.free <= self.top  # not in another loop over the group
        return self.is_lazy(node) or node in self.marked or node in self.flat or outside

    def is_lazy(self, node: Node) -> bool:
        """Whether a value is memoised here: one of a group's turns is not in another loop over it."""
        return node in self.lazy and node.free <= self.top

    def loops_over(self, node: Node) -> bool:
        """Whether a value takes a loop over the event's elements, or too long to be repeated."""
        return (is_binder(node) or node in self.kept) and node not in self.flat

    def run_ahead(self, stores: list[Node], block: Block) -> None:
        """Have stores at hand; those of a collection that are first wanted together stay together."""
        fresh: dict[Axis, list[Store]] = {}
        for node in stores:
            assert isinstance(node, Store)
            if node not in self.ahead:
                fresh.setdefault(Axis(node.axes[0].source, 0), []).append(node)
        for together in fresh.values():
            item = Ahead(tuple(together))
            self.ahead.update(dict.fromkeys(together, item))
        for item in dict.fromkeys(self.ahead[node] for node in stores):
            block.items.append(item)
            for node in item.stores:
                self.learn(node)

    def learn(self, node: Node) -> None:
        if node not in self.known:
            self.known.add(node)
            self.trail.append(node)

    def forget(self, mark: int) -> None:
        for node in self.trail[mark:]:
            self.known.discard(node)
        del self.trail[mark:]


def _marked(action: Action, marks: dict[Node, Action]) -> Action:
    """Replace conditions that no variation changes by one mark, which is noted."""
    outer = action.outer(frozenset())
    together: Node = TRUE
    for condition in outer:
        together = both(together, condition)
    if together is TRUE:
        return action
    marks[together] = Action(outer, (), Mark(together))
    inner = (together, *action.inner(frozenset()))
    return Action(inner, action.loops, action.effect)
