"""The reference interpreter: what a program means, event by event in plain Python.

Slow and obvious on purpose, since every pass and every target is tested against it. The one thing
it plans is *where* to compute a value: once for each turn of the innermost loop that it depends
on, and at event level only under the cuts that all its uses share. Values are pure and total, so
that cannot change a result.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from adl.compiler.decisions import Decide, Entry, Reasons, Reject, decide, doubles
from adl.compiler.ir import (
    TRUE,
    Axis,
    Binning,
    Call,
    Cell,
    Choice,
    Column,
    Const,
    Element,
    Evaluate,
    Fill,
    Gather,
    Index,
    Infer,
    Kind,
    Lookup,
    Node,
    Numbers,
    Option,
    Part,
    Pick,
    Positions,
    Record,
    Reduce,
    Source,
    Store,
    Table,
    Uniform,
    conjuncts,
    extent,
    factors,
    postorder,
    raising,
)
from adl.compiler.layout import Chunk, Fault, Partial, Rows, layout, rejections, variations
from adl.compiler.program import Program
from adl.compiler.python.code import outputs
from adl.compiler.targets.batches import RunNetwork
from adl.compiler.variations import is_group, is_varied, turns
from adl.stdlib import ops
from adl.stdlib.registry import FUNCTIONS, Function

# What is read at a position where there is no element.
MISSING: Mapping[Kind, bool | int | float] = {"real": math.nan, "int": 0, "bool": False}
_STORED: Mapping[Kind, type[np.generic]] = {"real": np.float64, "int": np.int64, "bool": np.bool_}

Compute = Callable[[int], Any]  # from the number of an event
Step = tuple[int, Compute]  # which entry of the values to compute, and how
Tuples = Callable[[int], Iterable[None]]  # a turn for each tuple of positions that passes


def run(program: Program, chunk: Chunk) -> Partial:
    """Return what the program counts over the events of a chunk."""
    machine = _Machine(program.nodes, chunk)
    counters = [_Counter(fill, machine) for fill in program.fills]
    recorders = [_Recorder(record, machine) for record in program.records]
    root = _blocks([*counters, *recorders], machine)
    for event in range(chunk.events):
        _run_event(event, root, machine.values)
    partial = _collect(program, counters, recorders)
    partial.faults = _faults(machine)
    return partial


def _faults(machine: _Machine) -> tuple[Fault, ...]:
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
    machine = _Machine(postorder(roots), chunk, networks)
    for slot, compute in machine.steps(machine.order(roots)):
        machine.values[slot] = compute(event)
    return [machine.values[machine.slots[root]] for root in roots]


def evaluate_each(
    roots: Sequence[Node], chunk: Chunk, events: Iterable[int]
) -> Iterator[list[Any]]:
    """Yield the values of closed nodes at some events, as ``evaluate`` has them at one."""
    machine = _Machine(postorder(roots), chunk, None)
    steps = machine.steps(machine.order(roots))
    slots = [machine.slots[root] for root in roots]
    for event in events:
        for slot, compute in steps:
            machine.values[slot] = compute(event)
        yield [machine.values[slot] for slot in slots]


# --------------------------------------------------------------------------------- values


class _Recipe(NamedTuple):
    """How to compute a value; ``None`` for constants and for positions, which a loop sets.

    The inputs must be known before: the operands, or what a binder's body takes from outside.
    """

    inputs: tuple[Node, ...]
    compute: Compute | None


class _Machine:
    """The chunk as lists, and an entry of ``values`` for each node.

    An entry holds the value in the present turn of the loops that the node depends on. Loops that
    run inside each other bind different axes, so one entry is enough.
    """

    def __init__(
        self, nodes: Sequence[Node], chunk: Chunk, networks: RunNetwork | None = None
    ) -> None:
        self.networks = networks
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
        self.recipes: dict[Node, _Recipe] = {}
        self.faults: dict[Function, npt.NDArray[np.int64]] = {}
        self.rejected: dict[Reasons, list[int]] = {}  # as a kernel's memory has it

    def recipe(self, node: Node) -> _Recipe:
        """Return how to compute a node (recursive only over loops inside loops)."""
        if node not in self.recipes:
            self.recipes[node] = self._recipe(node)
        return self.recipes[node]

    def _recipe(self, node: Node) -> _Recipe:
        match node:
            case Column():
                return _Recipe(node.children, self._column(node))
            case Call():
                return _Recipe(node.children, self._call(node))
            case Lookup():
                return _Recipe(node.children, self._lookup(node))
            case Decide():
                return _Recipe(node.children, self._decide(node))
            case Entry():
                return _Recipe(node.children, self._entry(node))
            case Reject():
                return _Recipe(node.children, self._reject(node))
            case Choice():
                return _Recipe(node.children, self._choice(node))
            case Cell():
                return _Recipe(node.children, self._cell(node))
            case Reduce():
                return self._reduce(node)
            case Pick():
                return self._pick(node)
            case Part():
                return _Recipe(node.children, self._part(node))
            case Store():
                return self._store(node)
            case Gather():
                return self._gather(node)
            case Evaluate():
                return _Recipe(node.children, self._evaluate(node))
            case Element():
                return _Recipe(node.children, self._element(node))
            case Infer():
                return _Recipe(node.children, self._infer(node))
        assert isinstance(node, Const | Index), node
        return _Recipe((), None)

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

    # ------------------------------------------------------------------------- operations

    def _choice(self, node: Choice) -> Compute:
        values, which = self.values, self.slots[node.which]
        options = [self._option(node, option) for option in node.options]
        return lambda event: options[values[which]](event)

    def _option(self, node: Choice, option: Option) -> Compute:
        if isinstance(option, Table):
            return self._lookup(Lookup(option, node.arguments))
        if isinstance(option, Numbers):
            return self._entry(Entry(option, node.arguments[0]))
        if isinstance(option, Source):
            return self._column(node.column(option))
        return lambda event: option

    def _cell(self, node: Cell) -> Compute:
        values, slots = self.values, [self.slots[value] for value in node.values]
        return lambda event: find_cell(node.bins, [values[slot] for slot in slots])

    def _column(self, node: Column) -> Compute:
        data, values, missing = self.columns[node.name], self.values, MISSING[node.kind]
        if node.at is None or node.collection is None:
            return data.__getitem__
        offsets, at = self.offsets[node.collection], self.slots[node.at]

        def compute(event: int) -> Any:
            position = values[at]
            return data[offsets[event] + position] if position >= 0 else missing

        return compute

    def _call(self, node: Call) -> Compute:
        values, slots = self.values, [self.slots[a] for a in node.arguments]
        function = ops.MEANING.get(node.function) or FUNCTIONS[node.function].body
        if node.kind == "int":
            return lambda event: ops.wrap(function(*[values[slot] for slot in slots]))
        if len(slots) == 2:  # the usual case, for speed
            x, y = slots
            return lambda event: function(values[x], values[y])
        return lambda event: function(*[values[slot] for slot in slots])

    def _lookup(self, node: Lookup) -> Compute:
        values, slots = self.values, [self.slots[a] for a in node.arguments]
        rows = [(row[0], tuple(zip(row[1::2], row[2::2], strict=True))) for row in node.table.rows]

        def compute(event: int) -> float:
            point = [values[slot] for slot in slots]
            for value, ranges in rows:
                if all(low <= x < high for x, (low, high) in zip(point, ranges, strict=True)):
                    return value
            return math.nan

        return compute

    def _decide(self, node: Decide) -> Compute:
        values, slots, tree = self.values, [self.slots[a] for a in node.arguments], node.tree
        return lambda event: decide(tree, [values[slot] for slot in slots])

    def _entry(self, node: Entry) -> Compute:
        values, at, of_leaf = self.values, self.slots[node.at], doubles(node.numbers.values)
        return lambda event: of_leaf[values[at]] if values[at] >= 0 else math.nan

    def _reject(self, node: Reject) -> Compute:
        values = self.values
        value, result, mask = (self.slots[c] for c in node.children)
        said = self.rejected.setdefault(node.reasons, [0] * 3 * len(node.reasons.texts))

        def compute(event: int) -> float:
            found = values[result]
            if found >= 0:
                return values[value]  # type: ignore[no-any-return]  # values are of any kind
            first = 3 * (-1 - found)
            if values[mask] and said[first + 2] != event + 1:
                said[first + 1] = said[first + 1] if said[first] else event
                said[first], said[first + 2] = said[first] + 1, event + 1
            return math.nan

        return compute

    def _reduce(self, node: Reduce) -> _Recipe:
        values, value = self.values, self.slots[node.value]
        start, fold = _folding(node.operation, node.kind)
        outside, tuples = self.loops(node.axes, conjuncts(node.mask), (node.value,))

        def compute(event: int) -> Any:
            result = start
            for _ in tuples(event):
                result = fold(result, values[value])
            return result

        return _Recipe(outside, compute)

    def _pick(self, node: Pick) -> _Recipe:
        values, order, k = self.values, node.order, node.k
        positions = [self.slots[Index(axis)] for axis in node.axes]
        key = self.slots[TRUE if order is None else order]  # one key for all: the stored order
        results = () if order is None else (order,)
        outside, tuples = self.loops(node.axes, conjuncts(node.mask), results)

        def compute(event: int) -> tuple[int, ...]:
            found = [(values[key], tuple([values[p] for p in positions])) for _ in tuples(event)]
            numbers = [f for f in found if not math.isnan(f[0])]
            nans = [f for f in found if math.isnan(f[0])]
            ranked = [*sorted(numbers, key=lambda f: f[0]), *nans]  # sorted() keeps ties in order
            return ranked[k][1] if k < len(ranked) else (-1,) * len(positions)

        return _Recipe(outside, compute)

    def _part(self, node: Part) -> Compute:
        values, pick, place = self.values, self.slots[node.pick], node.place
        if isinstance(node.pick, Evaluate):  # the number of elements, then the arrays
            return lambda event: values[pick][0]
        return lambda event: values[pick][place]

    def _store(self, node: Store) -> _Recipe:
        values = self.values
        loops = [
            (self.loops((axis,), [], (value,)), self.slots[value])
            for axis, value in zip(node.axes, node.values, strict=True)
        ]
        inputs = tuple(n for (outside, _), _ in loops for n in outside)
        return _Recipe(
            inputs, lambda event: [values[v] for (_, tuples), v in loops for _ in tuples(event)]
        )

    def _element(self, node: Element) -> Compute:
        values, missing = self.values, MISSING[node.kind]
        stored, at, place = self.slots[node.store], self.slots[node.at], node.place
        several = isinstance(node.store, Evaluate)

        def compute(event: int) -> Any:
            position = values[at]
            array = values[stored][1][place] if several else values[stored]
            # Beyond what an algorithm has made nothing is looked at: a mask says so.
            return array[position] if 0 <= position < len(array) else missing

        return compute

    def _gather(self, node: Gather) -> _Recipe:
        values, value = self.values, self.slots[node.value]
        results = (node.value,) if node.place is None else (node.value, node.place)
        outside, tuples = self.loops(node.axes, conjuncts(node.mask), results)
        place = self.slots[TRUE if node.place is None else node.place]

        def compute(event: int) -> list[float]:
            found = [(values[place], values[value]) for _ in tuples(event)]
            if node.place is not None:
                found.sort(key=lambda entry: entry[0])
            return [entry[1] for entry in found]

        return _Recipe(outside, compute)

    def _evaluate(self, node: Evaluate) -> Compute:
        from adl.compiler.targets.python import load

        values, slots = self.values, [self.slots[a] for a in node.arguments]
        mask, kind, call = self.slots[node.mask], node.kind, load(node.function)
        fault = self.faults.setdefault(node.function, np.zeros(5, np.int64))
        nothing: Any = MISSING.get(kind, (0, [[] for _ in range(outputs(node.function))]))

        def compute(event: int) -> Any:
            if not values[mask]:
                return nothing
            result = call([values[slot] for slot in slots], event, fault)
            return result if kind == "store" else result[0] if kind != "bool" else bool(result[0])

        return compute

    def _infer(self, node: Infer) -> Compute:
        values, slots, run = self.values, [self.slots[a] for a in node.arguments], self.networks
        assert run is not None, "a whole program's networks have become columns"

        def compute(event: int) -> float:
            row = np.array([[values[slot] for slot in slots]], np.float64)
            return float(run(node.network, row)[0, node.output])

        return compute

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
    return column.astype(_STORED[kind]).tolist()  # type: ignore[no-any-return]


def _folding(operation: str, kind: Kind) -> tuple[Any, Callable[[Any, Any], Any]]:
    """Return the first value of a reduction, and what each further value does to the result."""
    real = kind == "real"
    match operation:
        case "sum":
            return (0.0, ops.MEANING["add"]) if real else (0, lambda r, x: ops.wrap(r + x))
        case "prod":
            return (1.0, ops.MEANING["mul"]) if real else (1, lambda r, x: ops.wrap(r * x))
        case "count":
            return 0, lambda r, x: r + 1
        # A NaN is never less, and replaces; nothing replaces it then. Of equals the first stays.
        case "min":
            return math.inf if real else 2**63 - 1, lambda r, x: x if x < r or math.isnan(x) else r
        case "max":
            return -math.inf if real else -(2**63), lambda r, x: x if x > r or math.isnan(x) else r
        case "any":
            return False, ops.MEANING["or"]
        case "all":
            return True, ops.MEANING["and"]
    raise AssertionError(f"no reduction {operation}")


# ---------------------------------------------------------------------------------- fills


class _Counter:
    """What one fill has counted so far."""

    def __init__(self, fill: Fill, machine: _Machine) -> None:
        self.fill = fill
        # A condition that no axis is in is tested once an event, before any loop.
        conditions = conjuncts(fill.mask)
        self.guards = [c for c in conditions if not c.free]
        tests = [c for c in conditions if c.free]
        self.inputs, self.tuples = machine.loops(fill.axes, tests, (*fill.values, fill.weight))
        self.values = machine.values
        self.entries = [machine.slots[value] for value in fill.values]
        self.weight = machine.slots[fill.weight]
        size = math.prod(map(extent, fill.bins))
        self.raw, self.sumw, self.sumw2 = [0] * size, [0.0] * size, [0.0] * size
        self.skipped = [0] * variations(fill)

    def count(self, event: int) -> None:
        """Fill with each tuple that passes, in an event that passes the guards."""
        for _ in self.tuples(event):
            self._fill()

    def _fill(self) -> None:
        entries = [self.values[slot] for slot in self.entries]
        own = int(entries[0]) if len(self.skipped) > 1 else 0  # the variation
        cell = find_cell(self.fill.bins, entries)
        if cell < 0:
            self.skipped[own] += 1
            return
        self.raw[cell] += 1
        if self.fill.weighted:
            weight = self.values[self.weight]
            if math.isfinite(weight):
                self.sumw[cell] += weight
                self.sumw2[cell] += weight * weight
            else:
                self.skipped[own] += 1


class _Recorder:
    """The rows of one record so far."""

    def __init__(self, record: Record, machine: _Machine) -> None:
        self.record = record
        conditions = conjuncts(record.mask)
        self.guards = [c for c in conditions if not c.free]
        tests = [c for c in conditions if c.free]
        self.inputs, self.tuples = machine.loops(record.axes, tests, record.values)
        self.values, self.slots = machine.values, [machine.slots[v] for v in record.values]
        self.events: list[int] = []
        self.columns: list[list[Any]] = [[] for _ in record.values]

    def count(self, event: int) -> None:
        """Append a row for each tuple that passes, in an event that passes the guards."""
        for _ in self.tuples(event):
            self.events.append(event)
            for column, slot in zip(self.columns, self.slots, strict=True):
                column.append(self.values[slot])

    def rows(self) -> Rows:
        """Return the rows as arrays."""
        kinds = (_STORED[value.kind] for value in self.record.values)
        values = tuple(map(np.array, self.columns, kinds))
        return Rows(np.array(self.events, np.int64), values)


_Output = _Counter | _Recorder


def find_cell(bins: Sequence[Binning], values: Sequence[float]) -> int:
    """Return the number of the cell, the first axis fastest; -1 if a value is not finite."""
    cell, stride = 0, 1
    for binning, value in zip(bins, values, strict=True):
        if not math.isfinite(value):
            return -1
        cell += stride * find_bin(binning, value)
        stride *= extent(binning)
    return cell


def find_bin(binning: Binning, x: float) -> int:
    """Return the bin of a finite value: 0 below all, 1 for the first, number + 1 above all."""
    if isinstance(binning, Positions):
        return int(x)
    if isinstance(binning, Uniform):
        z = (x - binning.lower) / (binning.upper - binning.lower)
        if not z < 1.0:
            return binning.number + 1
        return int(z * binning.number) + 1 if z >= 0.0 else 0
    return bisect_right(binning.edges, x)


def _collect(
    program: Program, counters: Sequence[_Counter], recorders: Sequence[_Recorder]
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
    counters: list[_Output] = field(default_factory=list)
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


def _blocks(counters: Sequence[_Output], machine: _Machine) -> _Block:
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
