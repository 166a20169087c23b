"""The reference interpreter: what a program means, event by event in plain Python.

Slow and obvious on purpose, since every pass and every target is tested against it. The one thing
it plans is *where* to compute a value: once for each turn of the innermost loop that it depends
on, and at event level only under the cuts that all its uses share. Values are pure and total, so
that cannot change a result. What a node means is in ``meaning.py``, what is counted in
``counting.py``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from adl.compiler.ir import (
    TRUE,
    Node,
    postorder,
)
from adl.compiler.layout import Chunk, Fault, Partial, layout, rejections
from adl.compiler.program import Program
from adl.compiler.targets.batches import RunNetwork
from adl.compiler.targets.counting import Counter, Output, Recorder
from adl.compiler.targets.machine import Machine, Step


def run(program: Program, chunk: Chunk) -> Partial:
    """Return what the program counts over the events of a chunk."""
    machine = Machine(program.nodes, chunk)
    counters = [Counter(fill, machine) for fill in program.fills]
    recorders = [Recorder(record, machine) for record in program.records]
    root = _blocks([*counters, *recorders], machine)
    for event in range(chunk.events):
        _run_event(event, root, machine.values)
    partial = _collect(program, counters, recorders)
    partial.faults = _faults(machine)
    return partial


def _faults(machine: Machine) -> tuple[Fault, ...]:
    """Return what Python functions have raised, and where corrections had no value."""
    rejected = tuple(f for r, slots in machine.rejected.items() for f in rejections(r, slots))
    if not machine.faults:
        return rejected
    from adl.compiler.targets.python import fault

    found = (fault(function, slots.tolist()) for function, slots in machine.faults.items())
    return (*rejected, *(f for f in found if f is not None))


def evaluate(
    roots: Sequence[Node], chunk: Chunk, event: int, networks: RunNetwork | None = None
) -> list[Any]:
    """Return the values of closed nodes at one event: a list for a store, a tuple for a pick.

    Networks may stand in them, if ``networks`` runs these, one row at a time.
    """
    machine = Machine(postorder(roots), chunk, networks)
    for slot, compute in machine.steps(machine.order(roots)):
        machine.values[slot] = compute(event)
    return [machine.values[machine.slots[root]] for root in roots]


def evaluate_each(
    roots: Sequence[Node], chunk: Chunk, events: Iterable[int]
) -> Iterator[list[Any]]:
    """Yield the values of closed nodes at some events, as ``evaluate`` has them at one."""
    for values in evaluate_in_time(roots, chunk, events, math.inf):
        assert values is not None
        yield values


def evaluate_in_time(
    roots: Sequence[Node], chunk: Chunk, events: Iterable[int], seconds: float
) -> Iterator[list[Any] | None]:
    """Yield what ``evaluate_each`` does, and None of events whose loops take longer than allowed."""
    machine = Machine(postorder(roots), chunk)
    steps = machine.steps(machine.order(roots))
    slots = [machine.slots[root] for root in roots]
    for event in events:
        machine.end = time.monotonic() + seconds
        try:
            for slot, compute in steps:
                machine.values[slot] = compute(event)
        except TimeoutError:
            yield None
        else:
            yield [machine.values[slot] for slot in slots]


def _collect(
    program: Program, counters: Sequence[Counter], recorders: Sequence[Recorder]
) -> Partial:
    where = layout(program)
    partial = Partial.zeros(where)
    for counter in counters:
        _, skipped, cells, size, sums = where.places[counter.fill]
        partial.raw[cells : cells + size] = counter.raw
        partial.skipped[skipped : skipped + len(counter.skipped)] = counter.skipped
        if counter.fill.weighted:
            partial.sumw[sums : sums + size] = counter.sumw
            partial.sumw2[sums : sums + size] = counter.sumw2
    partial.rows = tuple(recorder.rows() for recorder in recorders)
    return partial


# --------------------------------------------------------------------------------- guards


@dataclass(eq=False)
class _Block:
    """What to compute and to fill in events that pass a cut, and the cuts after it."""

    test: int
    parent: _Block | None = None
    depth: int = 0
    steps: list[Step] = field(default_factory=list)
    counters: list[Output] = field(default_factory=list)
    inner: dict[int, _Block] = field(default_factory=dict)

    def under(self, test: int) -> _Block:
        """Return the block of one more cut."""
        if test not in self.inner:
            self.inner[test] = _Block(test, self, self.depth + 1)
        return self.inner[test]


def _run_event(event: int, root: _Block, values: list[Any]) -> None:
    stack = [root]
    while stack:
        block = stack.pop()
        if values[block.test]:
            for slot, compute in block.steps:
                values[slot] = compute(event)
            for counter in block.counters:
                counter.count(event)
            stack += block.inner.values()


def _blocks(counters: Sequence[Output], machine: Machine) -> _Block:
    """Return the tree of cuts, each value in the last block that all its uses are under.

    What can raise an exception is in the block of each use instead.
    """
    root = _Block(machine.slots[TRUE])
    blocks: dict[Node, list[_Block]] = {}
    careful = machine.careful

    def use(nodes: Iterable[Node], block: _Block) -> None:
        for node in nodes:
            own = blocks.setdefault(node, [])
            if node in careful:
                own += [block] if block not in own else []
            else:
                own[:] = [_common(own[0], block) if own else block]

    for counter in counters:
        block = root
        for guard in counter.guards:
            use((guard,), block)
            block = block.under(machine.slots[guard])
        use(counter.inputs, block)
        block.counters.append(counter)
    order = machine.order(list(blocks))
    for node in reversed(order):  # users first, so that a value's own block is final
        for block in tuple(blocks[node]):
            use(machine.recipe(node).inputs, block)
    for node in order:
        for block in blocks[node]:
            if not any(other in blocks[node] for other in _around(block)):
                block.steps += machine.steps([node])
    return root


def _around(block: _Block) -> Iterator[_Block]:
    """Yield the blocks that a block stands in."""
    while block.parent is not None:
        block = block.parent
        yield block


def _common(x: _Block, y: _Block) -> _Block:
    while x is not y:
        deeper = x if x.depth > y.depth else y
        assert deeper.parent is not None
        x, y = deeper.parent, (y if deeper is x else x)
    return x
