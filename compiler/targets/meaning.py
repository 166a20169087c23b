"""What each node means: how its value comes from those of its inputs, in one event.

``WITH_OPERANDS`` are nodes that are computed from their operands; ``WITH_LOOPS`` run over the
elements of collections, and need what a body takes from outside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adl.compiler.decisions import Decide, Entry, Reject, decide, doubles
from adl.compiler.ir import (
    TRUE,
    Call,
    Cell,
    Choice,
    Column,
    Const,
    Element,
    Evaluate,
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
    Reduce,
    Source,
    Store,
    Table,
    conjuncts,
)
from adl.compiler.python.code import outputs
from adl.compiler.targets.cells import find_cell
from adl.stdlib import ops
from adl.stdlib.registry import FUNCTIONS

if TYPE_CHECKING:
    from adl.compiler.targets.machine import Machine

# What is read at a position where there is no element.
MISSING: Mapping[Kind, bool | int | float] = {"real": math.nan, "int": 0, "bool": False}

Compute = Callable[[int], Any]  # from the number of an event
Tuples = Callable[[int], Iterable[None]]  # a turn for each tuple of positions that passes


class Recipe(NamedTuple):
    """How to compute a value; ``None`` for constants and for positions, which a loop sets.

    The inputs must be known before: the operands, or what a binder's body takes from outside.
    """

    inputs: tuple[Node, ...]
    compute: Compute | None


def recipe(machine: Machine, node: Node) -> Recipe:
    """Return how to compute a node."""
    if type(node) in WITH_OPERANDS:
        return Recipe(node.children, WITH_OPERANDS[type(node)](machine, node))
    if type(node) in WITH_LOOPS:
        return WITH_LOOPS[type(node)](machine, node)
    assert isinstance(node, Const | Index), node
    return Recipe((), None)


def _column(machine: Machine, node: Column) -> Compute:
    data, values, missing = machine.columns[node.name], machine.values, MISSING[node.kind]
    if node.at is None or node.collection is None:
        return data.__getitem__
    offsets, at = machine.offsets[node.collection], machine.slots[node.at]

    def compute(event: int) -> Any:
        position = values[at]
        return data[offsets[event] + position] if position >= 0 else missing

    return compute


def _call(machine: Machine, node: Call) -> Compute:
    values, slots = machine.values, [machine.slots[a] for a in node.arguments]
    function = ops.MEANING.get(node.function) or FUNCTIONS[node.function].body
    if node.kind == "int":
        return lambda event: ops.wrap(function(*[values[slot] for slot in slots]))
    if len(slots) == 2:  # the usual case, for speed
        x, y = slots
        return lambda event: function(values[x], values[y])
    return lambda event: function(*[values[slot] for slot in slots])


def _lookup(machine: Machine, node: Lookup) -> Compute:
    values, slots = machine.values, [machine.slots[a] for a in node.arguments]
    rows = [(row[0], tuple(zip(row[1::2], row[2::2], strict=True))) for row in node.table.rows]

    def compute(event: int) -> float:
        point = [values[slot] for slot in slots]
        for value, ranges in rows:
            if all(low <= x < high for x, (low, high) in zip(point, ranges, strict=True)):
                return value
        return math.nan

    return compute


def _decide(machine: Machine, node: Decide) -> Compute:
    values, slots, tree = machine.values, [machine.slots[a] for a in node.arguments], node.tree
    return lambda event: decide(tree, [values[slot] for slot in slots])


def _entry(machine: Machine, node: Entry) -> Compute:
    values, at, of_leaf = machine.values, machine.slots[node.at], doubles(node.numbers.values)
    return lambda event: of_leaf[values[at]] if values[at] >= 0 else math.nan


def _reject(machine: Machine, node: Reject) -> Compute:
    values = machine.values
    value, result, mask = (machine.slots[c] for c in node.children)
    said = machine.rejected.setdefault(node.reasons, [0] * 3 * len(node.reasons.texts))

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


def _choice(machine: Machine, node: Choice) -> Compute:
    values, which = machine.values, machine.slots[node.which]
    options = [_option(machine, node, option) for option in node.options]
    return lambda event: options[values[which]](event)


def _cell(machine: Machine, node: Cell) -> Compute:
    values, slots = machine.values, [machine.slots[value] for value in node.values]
    return lambda event: find_cell(node.bins, [values[slot] for slot in slots])


def _part(machine: Machine, node: Part) -> Compute:
    values, pick, place = machine.values, machine.slots[node.pick], node.place
    if isinstance(node.pick, Evaluate):  # the number of elements, then the arrays
        return lambda event: values[pick][0]
    return lambda event: values[pick][place]


def _evaluate(machine: Machine, node: Evaluate) -> Compute:
    from adl.compiler.targets.python import load

    values, slots = machine.values, [machine.slots[a] for a in node.arguments]
    mask, kind, call = machine.slots[node.mask], node.kind, load(node.function)
    fault = machine.faults.setdefault(node.function, np.zeros(5, np.int64))
    nothing: Any = MISSING.get(kind, (0, [[] for _ in range(outputs(node.function))]))

    def compute(event: int) -> Any:
        if not values[mask]:
            return nothing
        result = call([values[slot] for slot in slots], event, fault)
        return result if kind == "store" else result[0] if kind != "bool" else bool(result[0])

    return compute


def _element(machine: Machine, node: Element) -> Compute:
    values, missing = machine.values, MISSING[node.kind]
    stored, at, place = machine.slots[node.store], machine.slots[node.at], node.place
    several = isinstance(node.store, Evaluate)

    def compute(event: int) -> Any:
        position = values[at]
        array = values[stored][1][place] if several else values[stored]
        # Beyond what an algorithm has made nothing is looked at: a mask says so.
        return array[position] if 0 <= position < len(array) else missing

    return compute


def _infer(machine: Machine, node: Infer) -> Compute:
    values, slots, run = (
        machine.values,
        [machine.slots[a] for a in node.arguments],
        machine.networks,
    )
    assert run is not None, "a whole program's networks have become columns"

    def compute(event: int) -> float:
        row = np.array([[values[slot] for slot in slots]], np.float64)
        return float(run(node.network, row)[0, node.output])

    return compute


def _option(machine: Machine, node: Choice, option: Option) -> Compute:
    if isinstance(option, Table):
        return _lookup(machine, Lookup(option, node.arguments))
    if isinstance(option, Numbers):
        return _entry(machine, Entry(option, node.arguments[0]))
    if isinstance(option, Source):
        return _column(machine, node.column(option))
    return lambda event: option


# ---------------------------------------------------------------------------------- loops


def _reduce(machine: Machine, node: Reduce) -> Recipe:
    values, value = machine.values, machine.slots[node.value]
    start, fold = _folding(node.operation, node.kind)
    outside, tuples = machine.loops(node.axes, conjuncts(node.mask), (node.value,))

    def compute(event: int) -> Any:
        result = start
        for _ in tuples(event):
            result = fold(result, values[value])
        return result

    return Recipe(outside, compute)


def _pick(machine: Machine, node: Pick) -> Recipe:
    values, order, k = machine.values, node.order, node.k
    positions = [machine.slots[Index(axis)] for axis in node.axes]
    key = machine.slots[TRUE if order is None else order]  # one key for all: the stored order
    results = () if order is None else (order,)
    outside, tuples = machine.loops(node.axes, conjuncts(node.mask), results)

    def compute(event: int) -> tuple[int, ...]:
        found = [(values[key], tuple([values[p] for p in positions])) for _ in tuples(event)]
        numbers = [f for f in found if not math.isnan(f[0])]
        nans = [f for f in found if math.isnan(f[0])]
        ranked = [*sorted(numbers, key=lambda f: f[0]), *nans]  # sorted() keeps ties in order
        return ranked[k][1] if k < len(ranked) else (-1,) * len(positions)

    return Recipe(outside, compute)


def _store(machine: Machine, node: Store) -> Recipe:
    values = machine.values
    loops = [
        (machine.loops((axis,), [], (value,)), machine.slots[value])
        for axis, value in zip(node.axes, node.values, strict=True)
    ]
    inputs = tuple(n for (outside, _), _ in loops for n in outside)
    return Recipe(
        inputs, lambda event: [values[v] for (_, tuples), v in loops for _ in tuples(event)]
    )


def _gather(machine: Machine, node: Gather) -> Recipe:
    values, value = machine.values, machine.slots[node.value]
    results = (node.value,) if node.place is None else (node.value, node.place)
    outside, tuples = machine.loops(node.axes, conjuncts(node.mask), results)
    place = machine.slots[TRUE if node.place is None else node.place]

    def compute(event: int) -> list[float]:
        found = [(values[place], values[value]) for _ in tuples(event)]
        if node.place is not None:
            found.sort(key=lambda entry: entry[0])
        return [entry[1] for entry in found]

    return Recipe(outside, compute)


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


WITH_OPERANDS: Mapping[type[Node], Callable[[Machine, Any], Compute]] = {
    Column: _column,
    Call: _call,
    Lookup: _lookup,
    Decide: _decide,
    Entry: _entry,
    Reject: _reject,
    Choice: _choice,
    Cell: _cell,
    Part: _part,
    Evaluate: _evaluate,
    Element: _element,
    Infer: _infer,
}
WITH_LOOPS: Mapping[type[Node], Callable[[Machine, Any], Recipe]] = {
    Reduce: _reduce,
    Pick: _pick,
    Store: _store,
    Gather: _gather,
}
