"""Networks are barriers: what they need is recorded, evaluated in one batch, and read as a column.

    fill(… if a and infer(model, x) > 0.5)
    ->  stage:  record(x, position if a)          the model runs over the rows
        then:   fill(… if a and column > 0.5)     NaN where it was not evaluated

A network is evaluated for the events, or tuples of elements, that reach one of its uses: conditions
before it guard it. One that stands behind a cut on another network, or takes one as an input,
comes in a later stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from adl.compiler.ir import (
    FALSE,
    TRUE,
    Axis,
    Column,
    Const,
    Fill,
    Index,
    Infer,
    Node,
    Part,
    Pick,
    Record,
    Reduce,
    both,
    call,
    conjuncts,
    either,
    postorder,
    record,
    reduce,
    rename,
    rewrite,
)
from adl.compiler.program import OutputT, Program

PREFIX = "network:"  # of the names of columns and collections that no input has
_MOST_ALTERNATIVES = 16


def is_made(name: str) -> bool:
    """Whether a column or collection comes from a network and not from the input."""
    return name.startswith(PREFIX)


@dataclass(frozen=True)
class Batch:
    """One network over one set of rows: its inputs, then the place in ``collection``.

    ``sources`` are the inputs of each loop, none for a network of the event; ``columns`` the names
    of what is read by place in the output.
    """

    network: str
    record: Record
    sources: tuple[tuple[str, ...], ...]
    collection: str | None
    columns: Mapping[int, str]


@dataclass(frozen=True)
class Stage:
    """What is recorded, and which networks run over it, before the next stage."""

    program: Program
    batches: tuple[Batch, ...]


def split(program: Program) -> tuple[tuple[Stage, ...], Program]:
    """Return the stages of a program's networks, and the program that reads their columns."""
    stages: list[Stage] = []
    while True:
        uses = _uses(program)
        if not uses:
            return tuple(stages), program
        stage = _Stage(len(stages), uses)
        stages.append(stage.made)
        program = program.map(stage.replaced)


# --------------------------------------------------------------------------------------- uses


class _Key(NamedTuple):
    """A network with its inputs, over axes of the first slots."""

    network: str
    arguments: tuple[Node, ...]
    axes: tuple[Axis, ...]


_Guards = tuple[Node, ...]


def _uses(program: Program) -> dict[_Key, dict[int, list[_Guards]]]:
    """Return the networks that can run next: for each output, what guards each of its uses."""
    containing: set[Node] = {node for node in program.nodes if isinstance(node, Infer)}
    for node in program.nodes:  # operands come first
        if any(child in containing for child in node.children):
            containing.add(node)
    finder = _Finder(containing)
    for output in (*program.fills, *program.records):
        finder.visit(output, (), False)
    free = {key for key, blocked in finder.blocked.items() if not blocked}
    return {key: outputs for key, outputs in finder.found.items() if key in free}


class _Finder:
    """Walks from outputs to networks, with the conditions that hold on the way."""

    def __init__(self, containing: set[Node]) -> None:
        self.containing = containing
        self.found: dict[_Key, dict[int, list[_Guards]]] = {}
        self.blocked: dict[_Key, bool] = {}  # whether every use is behind another network
        self.seen: set[tuple[Node, _Guards, bool]] = set()

    def visit(self, node: Node, guards: _Guards, blocked: bool) -> None:
        if node not in self.containing or (node, guards, blocked) in self.seen:
            return
        self.seen.add((node, guards, blocked))
        if node.bound:  # inside, its axes are others than those of the same name outside
            guards = tuple(g for g in guards if g.free.isdisjoint(node.bound))
        match node:
            case Infer() if not any(a in self.containing for a in node.arguments):
                self.use(node, guards, blocked)
            case Fill() | Record() | Reduce() | Pick():
                mask = node.mask
                for condition in conjuncts(mask):
                    if condition in self.containing:
                        self.visit(condition, guards, blocked)
                        blocked = True
                    else:
                        guards = (*guards, condition)
                for operand in node.children:
                    if operand is not mask:
                        self.visit(operand, guards, blocked)
            case _:
                for child in node.children:
                    self.visit(child, guards, blocked)

    def use(self, node: Infer, guards: _Guards, blocked: bool) -> None:
        key, names = _key(node)
        own = tuple(rename(g, names) for g in guards if g.free <= node.free)
        self.found.setdefault(key, {}).setdefault(node.output, []).append(own)
        self.blocked[key] = self.blocked.get(key, True) and blocked


def _key(node: Infer) -> tuple[_Key, dict[Axis, Axis]]:
    """Return a network with its axes in canonical slots, and how they were renamed."""
    # Bound slots are negative, and large ones while a body is rewritten: both in the same order.
    axes = sorted(node.free, key=lambda axis: abs(axis.slot))
    names = {axis: Axis(axis.source, slot) for slot, axis in enumerate(axes)}
    arguments = tuple(rename(a, names) for a in node.arguments)
    return _Key(node.network, arguments, tuple(names.values())), names


# -------------------------------------------------------------------------------------- stages


class _Stage:
    """One stage, and what it puts in the place of networks."""

    def __init__(self, number: int, uses: dict[_Key, dict[int, list[_Guards]]]) -> None:
        self.batches: dict[_Key, Batch] = {}
        self.memo: dict[Node, Node] = {}
        # An element that was picked has the number that the loop over all has, if there is one.
        self.elementwise = {key for key in uses if key.axes}
        alternatives: dict[_Key, list[_Guards]] = {}
        outputs: dict[_Key, set[int]] = {}
        for key, own in uses.items():
            found = self.picked(key)
            target = key if found is None else found[0]
            outputs.setdefault(target, set()).update(own)
            for guards in (g for several in own.values() for g in several):
                closed = tuple(g for g in guards if not g.free)
                alternatives.setdefault(target, []).append(guards if found is None else closed)
        for i, (key, several) in enumerate(alternatives.items()):
            self.batches[key] = _batch(f"{PREFIX}{number}.{i}", key, outputs[key], several)
        records = tuple(batch.record for batch in self.batches.values())
        self.made = Stage(Program((), inputs=records), tuple(self.batches.values()))

    def picked(self, key: _Key) -> tuple[_Key, Node] | None:
        """Return the elementwise network that one of a picked element is, and the position."""
        if key.axes:
            return None
        for part in postorder(key.arguments):
            if not isinstance(part, Part) or not isinstance(part.pick, Pick):
                continue
            axis = Axis(part.pick.axes[part.place].source, 0)
            if any(k.axes == (axis,) for k in self.elementwise):
                index: dict[Node, Node] = {part: Index(axis)}
                arguments = tuple(_with(index, a) for a in key.arguments)
                found = _Key(key.network, arguments, (axis,))
                if found in self.elementwise:
                    return found, part
        return None

    def replaced(self, output: OutputT) -> OutputT:
        """Return a fill or record that reads columns."""
        return rewrite(output, self.column, memo=self.memo)

    def column(self, node: Node) -> Node | None:
        """Return the column that a network of this stage has become."""
        if not isinstance(node, Infer):
            return None
        key, names = _key(node)
        found = self.picked(key)
        batch = self.batches.get(key if found is None else found[0])
        if batch is None:
            return None
        name = batch.columns[node.output]
        if found is not None:
            return Column(name, "float64", batch.collection, found[1])
        if not key.axes:
            return Column(name, "float64")
        back = {canonical: axis for axis, canonical in names.items()}
        return Column(name, "float64", batch.collection, rename(_position(key.axes), back))


def _with(new: Mapping[Node, Node], node: Node) -> Node:
    """Return a value in which some nodes are others."""
    return rewrite(node, lambda old: new.get(old))


def _batch(name: str, key: _Key, outputs: set[int], several: list[_Guards]) -> Batch:
    position = (_position(key.axes),) if key.axes else ()
    made = record(key.axes, (*key.arguments, *position), _any_of(several))
    sources = tuple(axis.source for axis in key.axes)
    loops = " x ".join("+".join(source) for source in sources)
    columns = {output: f"{name}:{output}" for output in sorted(outputs)}
    return Batch(key.network, made, sources, f"{PREFIX}{loops}" if loops else None, columns)


def _position(axes: tuple[Axis, ...]) -> Node:
    """Return the place of a tuple of positions among all tuples of the event."""
    place: Node = Index(axes[0])
    for axis in axes[1:]:
        counted = Axis(axis.source, len(axes))
        size = reduce("count", (counted,), Const(1), TRUE)
        place = call("add", call("mul", place, size), Index(axis))
    return place


def _any_of(several: Sequence[_Guards]) -> Node:
    """Return whether one of the alternatives holds; one that follows from another is left out."""
    sets = list(dict.fromkeys(frozenset(guards) for guards in several))
    least = [s for s in sets if not any(other < s for other in sets)]
    ordered = {frozenset(guards): guards for guards in several}
    if len(least) > _MOST_ALTERNATIVES:  # rather what all of them share
        shared = frozenset.intersection(*least)
        ordered[shared] = tuple(g for g in ordered[least[0]] if g in shared)
        least = [shared]
    found: Node = FALSE
    for alternative in least:
        passed: Node = TRUE
        for guard in ordered[alternative]:
            passed = both(passed, guard)
        found = either(found, passed)
    return found
