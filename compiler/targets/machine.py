"""The state of the interpreter: an entry for each value, what to compute when, and the loops.

A value is computed once for each turn of the innermost loop that it depends on.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from math import inf, prod
from time import monotonic
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.decisions import Reasons
from adl.compiler.ir import (
    TRUE,
    Axis,
    Choice,
    Column,
    Const,
    Index,
    Kind,
    Node,
    factors,
    postorder,
    raising,
)
from adl.compiler.layout import Chunk
from adl.compiler.targets import meaning
from adl.compiler.targets.batches import RunNetwork
from adl.compiler.targets.meaning import Compute, Recipe, Tuples
from adl.compiler.variations import is_group, is_varied, turns
from adl.stdlib.registry import Function

STORED: Mapping[Kind, type[np.generic]] = {"real": np.float64, "int": np.int64, "bool": np.bool_}
Step = tuple[int, Compute]  # which entry of the values to compute, and how


class Machine:
    """The chunk as lists, and an entry of ``values`` for each node.

    An entry holds the value in the present turn of the loops that the node depends on. Loops that
    run inside each other bind different axes, so one entry is enough. Loops end with
    ``TimeoutError`` once the time ``end`` is over.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        chunk: Chunk,
        networks: RunNetwork | None = None,
    ) -> None:
        self.networks = networks
        self.end = inf
        positions = [Index(axis) for node in nodes for axis in node.bound]
        entries = dict.fromkeys([*nodes, *positions, TRUE])
        self.slots: dict[Node, int] = {node: slot for slot, node in enumerate(entries)}
        self.values: list[Any] = [n.value if isinstance(n, Const) else None for n in entries]
        self.careful = raising(nodes)
        read = [n for n in nodes if isinstance(n, Column)]
        read += [c for n in nodes if isinstance(n, Choice) for c in n.columns]
        self.columns: dict[str, list[Any]] = {
            n.name: _as_list(chunk.columns[n.name], n.kind) for n in read
        }
        self.offsets: dict[str, list[int]] = {
            name: offsets.tolist() for name, offsets in chunk.offsets.items()
        }
        groups = {s for n in nodes for axis in n.bound for s in axis.source if is_group(s)}
        self.offsets |= {s: [turns(s) * e for e in range(chunk.events + 1)] for s in groups}
        self.recipes: dict[Node, Recipe] = {}
        self.faults: dict[Function, npt.NDArray[np.int64]] = {}
        self.rejected: dict[Reasons, list[int]] = {}  # as a kernel's memory has it

    def recipe(self, node: Node) -> Recipe:
        """Return how to compute a node (recursive only over loops inside loops)."""
        if node not in self.recipes:
            self.recipes[node] = meaning.recipe(self, node)
        return self.recipes[node]

    def order(self, roots: Iterable[Node], axes: frozenset[Axis] | None = None) -> list[Node]:
        """Return the roots and what they need, inputs first: all, or what varies along axes."""
        seen: set[Node] = set()
        out: list[Node] = []
        stack = [(root, False) for root in roots]
        while stack:
            node, done = stack.pop()
            if done:
                out.append(node)
            elif node not in seen and (axes is None or not axes.isdisjoint(node.free)):
                seen.add(node)
                stack.append((node, True))
                stack += [(n, False) for n in self.recipe(node).inputs]
        return out

    def steps(self, nodes: Iterable[Node]) -> list[Step]:
        """Return how to compute these nodes, in their order."""
        recipes = ((self.slots[node], self.recipe(node).compute) for node in nodes)
        return [(slot, compute) for slot, compute in recipes if compute is not None]

    # ------------------------------------------------------------------------------ loops

    def loops(
        self, axes: tuple[Axis, ...], conditions: Sequence[Node], results: Sequence[Node]
    ) -> tuple[tuple[Node, ...], Tuples]:
        """Return what a body takes from outside, and the turns that its loops make.

        Tuples come in lexicographic order, the first axis outermost. In each turn the conditions
        hold, and the positions and ``results`` are in ``values``.
        """
        order = self.order([*conditions, *results], frozenset(axes))
        inside = set(order)
        needed = [*conditions, *results, *(i for n in order for i in self.recipe(n).inputs)]
        outside = tuple(dict.fromkeys(n for n in needed if n not in inside))
        late: list[Node] = []
        if axes and is_varied(axes[0]) and self.careful:
            late, outside = self._of_turns(outside, axes)
        # A value belongs to the innermost loop that it depends on.
        depth = {n: max(i for i, axis in enumerate(axes) if axis in n.free) for n in order}
        tuples: Tuples | None = None
        for number, axis in reversed(list(enumerate(axes))):
            body = [*(late if number == 0 else ()), *(n for n in order if depth[n] == number)]
            tests = [c for c in conditions if depth.get(c, 0) == number]
            tuples = self._loop(axis, self._stages(axis, body, tests), tuples)
        return outside, tuples or (lambda event: (None,))

    def _of_turns(
        self, outside: Sequence[Node], axes: tuple[Axis, ...]
    ) -> tuple[list[Node], tuple[Node, ...]]:
        """Return what each turn of a group computes itself, and what it takes from outside.

        What can raise an exception is not computed for a variation that does not look at it, unless
        it has a loop over the same axis.
        """
        turned, taken = dict[Node, None](), dict[Node, None]()
        for node in self.order(outside):
            if node in self.careful and not self._loops_over(node, axes):
                turned[node] = None
        for node in (*outside, *(i for n in turned for i in self.recipe(n).inputs)):
            if node not in turned:
                taken[node] = None
        return list(turned), tuple(taken)

    def _loops_over(self, node: Node, axes: tuple[Axis, ...]) -> bool:
        return any(not set(axes).isdisjoint(part.bound) for part in postorder([node]))

    def _stages(
        self, axis: Axis, body: list[Node], tests: list[Node]
    ) -> list[tuple[list[Step], int]]:
        """Return steps and the test after them, in turn; what no test needs comes last."""
        pending, stages = dict.fromkeys(body), []
        for test in tests:
            below = self._below(test, pending)
            needed = [n for n in pending if n in below]
            for node in needed:
                del pending[node]
            stages.append((self.steps(needed), self.slots[test]))
        return [*stages, (self.steps(pending), self.slots[TRUE])]

    def _below(self, test: Node, pending: Container[Node]) -> set[Node]:
        """Return those of the pending values that a test needs, itself included."""
        found: set[Node] = set()
        stack = [test]
        while stack:
            node = stack.pop()
            if node in pending and node not in found:
                found.add(node)
                stack += self.recipe(node).inputs
        return found

    def _loop(
        self, axis: Axis, stages: list[tuple[list[Step], int]], inner: Tuples | None
    ) -> Tuples:
        """Return the turns of one loop, with those of the ``inner`` loops in each of its own."""
        values, index = self.values, self.slots[Index(axis)]
        sources = [[self.offsets[c] for c in factors(source)] for source in axis.source]

        def tuples(event: int) -> Iterator[None]:
            for position in range(sum(_size(offsets, event) for offsets in sources)):
                if monotonic() > self.end:
                    raise TimeoutError
                values[index] = position
                for steps, test in stages:
                    for slot, compute in steps:
                        values[slot] = compute(event)
                    if not values[test]:
                        break
                else:
                    if inner is None:
                        yield
                    else:
                        yield from inner(event)

        return tuples


def _size(sources: list[list[int]], event: int) -> int:
    return prod(offsets[event + 1] - offsets[event] for offsets in sources)


def _as_list(column: npt.NDArray[Any], kind: Kind) -> list[Any]:
    # Exact for 32-bit floats; unsigned 64-bit integers keep their bits.
    return column.astype(STORED[kind]).tolist()  # type: ignore[no-any-return]
