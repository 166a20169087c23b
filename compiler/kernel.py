"""A kernel: the order in which one event's values are computed, as loops, guards and updates.

``schedule`` makes it, ``emit`` turns it into LLVM IR. Every value that an item needs was computed
by an earlier item of the same block or of one around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from adl.compiler.ir import Axis, Const, Fill, Index, Node, Record, Store, affected


@dataclass(frozen=True)
class Let:
    """Compute an elementwise value from values at hand."""

    node: Node


@dataclass(frozen=True)
class Force:
    """Have a memoised value computed, unless this event has it already."""

    node: Node


@dataclass(frozen=True)
class Ahead:
    """Have stores that run ahead of the events at hand, as far as this event's last element."""

    stores: tuple[Store, ...]


@dataclass(frozen=True)
class Recall:
    """Read a value that the main body has published for memoised functions."""

    node: Node


@dataclass(frozen=True)
class Update:
    """Let the current elements act on a reduction, a pick, or part ``part`` of a store."""

    target: Node
    operands: tuple[Node, ...]
    at: tuple[Axis, ...]
    part: int = 0


@dataclass(frozen=True)
class Count:
    """Fill a histogram or counter: values, then the weight."""

    fill: Fill
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class CountAll:
    """Fill for all variations at once: the cell, then the store of their weights."""

    fill: Fill
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Mark:
    """Note that a condition holds, which the turns of a group ask for."""

    condition: Node
    operands: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Marked:
    """Read whether a condition was noted."""

    condition: Node


@dataclass(frozen=True)
class Again:
    """Names what an elementary function was last asked for, which the next turn may ask again."""

    node: Node


@dataclass(frozen=True)
class Write:
    """Append a row to a record."""

    record: Record
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Begin:
    """Set the accumulators of reductions and picks to their start."""

    targets: tuple[Node, ...]


@dataclass(frozen=True)
class End:
    """Read the accumulators: from here on these values are at hand."""

    targets: tuple[Node, ...]


@dataclass
class Block:
    """Items in the order of execution."""

    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Guard:
    """Run the body where the condition holds."""

    condition: Node
    body: Block


@dataclass(frozen=True)
class Bounded:
    """Run the body unless a pick has found a key that is not above ``bound``."""

    target: Node
    bound: Node
    body: Block


@dataclass(frozen=True)
class Loop:
    """Run the body for each element of the axis."""

    axis: Axis
    body: Block


Item = (
    Let
    | Ahead
    | Force
    | Recall
    | Update
    | Count
    | CountAll
    | Mark
    | Marked
    | Write
    | Begin
    | End
    | Guard
    | Bounded
    | Loop
)


@dataclass(frozen=True)
class Turns:
    """What runs for each variation of a group, ``always`` or where a mark of ``before`` holds."""

    axis: Axis
    before: Block
    marks: tuple[Node, ...]
    always: bool
    bodies: tuple[Block, ...]


@dataclass(frozen=True)
class Kernel:
    """What one event runs: bodies in order, then groups' turns; and the memoised values.

    ``published`` values are computed by a body and read by memoised ones.
    """

    bodies: tuple[Block, ...]
    turns: tuple[Turns, ...]
    memoised: dict[tuple[Node, ...], Block]
    published: tuple[Node, ...]
    ahead: tuple[Ahead, ...] = ()

    def render(self) -> str:
        """Return the kernel as text, for people."""
        names = _Names()
        rows = []
        for body in self.bodies:
            rows += ["event:", *_rows(body, names, 1)]
        for turns in self.turns:
            rows += ["event:", *_rows(turns.before, names, 1)]
            for body in turns.bodies:
                rows += [f"each {names(Index(turns.axis))} in {turns.axis.source[0]}:"]
                rows += _rows(body, names, 1)
        for nodes, block in self.memoised.items():
            rows += [f"memoised {names.all(nodes)}:", *_rows(block, names, 1)]
        for ahead in self.ahead:
            rows += [f"ahead of the events {names.all(ahead.stores)}:"]
            rows += _of_elements(ahead, names)
        return "\n".join(rows) + "\n"


class _Names:
    """Numbers values in the order in which they are met."""

    def __init__(self) -> None:
        self.numbers: dict[Node, str] = {}

    def __call__(self, node: Node) -> str:
        match node:
            case Const(value):
                return repr(value)
            case Index(axis):
                return f"i{axis.slot}"
        return self.numbers.setdefault(node, f"%{len(self.numbers)}")

    def all(self, nodes: tuple[Node, ...]) -> str:
        return ", ".join(self(n) for n in nodes)


def _rows(block: Block, names: _Names, depth: int) -> Iterator[str]:
    pad = "  " * depth
    for item in block.items:
        match item:
            case Let(node):
                yield f"{pad}{names(node)} = {_expression(node, names)}"
            case Force(node) | Recall(node):
                yield f"{pad}{type(item).__name__.lower()} {names(node)}"
            case Ahead(stores):
                yield f"{pad}ahead {names.all(stores)}"
            case Begin(targets) | End(targets):
                yield f"{pad}{type(item).__name__.lower()} {names.all(targets)}"
            case Update(target, operands):
                yield f"{pad}{_action(target)} {names(target)} {names.all(operands)}".rstrip()
            case Count(fill, operands):
                axes = " x ".join(str(axis.number) for axis in fill.bins)
                yield f"{pad}{f'fill {axes} bins' if axes else 'count'} {names.all(operands)}".rstrip()
            case CountAll(_, operands):
                yield f"{pad}fill all {names.all(operands)}"
            case Mark(condition) | Marked(condition):
                yield f"{pad}{type(item).__name__.lower()} {names(condition)}"
            case Write(_, operands):
                yield f"{pad}record {names.all(operands)}".rstrip()
            case Guard(condition, body):
                yield f"{pad}if {names(condition)}:"
                yield from _rows(body, names, depth + 1)
            case Bounded(target, bound, body):
                yield f"{pad}if {names(bound)} < best of {names(target)}:"
                yield from _rows(body, names, depth + 1)
            case Loop(axis, body):
                yield f"{pad}for {names(Index(axis))} in {' + '.join(axis.source)}:"
                yield from _rows(body, names, depth + 1)


def _of_elements(ahead: Ahead, names: _Names) -> Iterator[str]:
    """Yield the loop that fills stores, each with all that it needs."""
    (axis,) = ahead.stores[0].axes
    yield f"  for each {' + '.join(axis.source)}:"
    for store in ahead.stores:
        for node in affected(store.values[0], frozenset(store.axes)):
            if not isinstance(node, Index):
                yield f"    {names(node)} = {_expression(node, names)}"
        yield f"    store {names(store)} {names(store.values[0])}"


def _action(target: Node) -> str:
    return str(getattr(target, "operation", type(target).__name__.lower()))


def _expression(node: Node, names: _Names) -> str:
    words = getattr(node, "function", getattr(node, "name", type(node).__name__.lower()))
    words = getattr(words, "name", words)  # of a Python function
    operands = names.all(node.children)
    return f"{words}({operands})" if operands else str(words)
