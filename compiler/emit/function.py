"""The body of one LLVM function: items of a kernel's block, in their order."""

from __future__ import annotations

from adl.compiler.decisions import Decide, Entry, Reject
from adl.compiler.emit import fills
from adl.compiler.emit.accumulators import Accumulator, Ordered, accumulators
from adl.compiler.emit.arguments import Arguments
from adl.compiler.emit.decisions import decide, entry, reject
from adl.compiler.emit.evaluate import evaluate
from adl.compiler.emit.given import LOADS, Given
from adl.compiler.emit.operations import emit_primitive
from adl.compiler.emit.tables import lookup_name
from adl.compiler.emit.text import LLVM_TYPE
from adl.compiler.emit.variations import (
    VECTORS,
    are_weights,
    emit_cell,
    emit_choice,
    in_vectors,
    note_finite,
)
from adl.compiler.emit.windows import ask
from adl.compiler.ir import (
    Axis,
    Call,
    Cell,
    Choice,
    Column,
    Element,
    Evaluate,
    Gather,
    Index,
    Lookup,
    Node,
    Part,
    Pick,
    Store,
    product,
)
from adl.compiler.kernel import (
    Again,
    Ahead,
    Begin,
    Block,
    Bounded,
    Count,
    CountAll,
    End,
    Force,
    Guard,
    Item,
    Let,
    Loop,
    Mark,
    Marked,
    Recall,
    Update,
    Write,
)
from adl.stdlib import ops


def following(axis: Axis, body: Block) -> Node | None:
    """Return the index after which a loop's elements are wanted, if that is all that it tests."""
    match body.items:
        case [Let(Call("lt", (Index() as before, Index(own))) as condition), Guard(tested, _)]:
            return before if own == axis and tested is condition else None
    return None


class FunctionEmitter(Given):
    """Writes blocks into one function; ``values`` holds what has been computed so far."""

    elementary = "@adl_"  # what names of elementary functions begin with

    def __init__(
        self,
        arguments: Arguments,
        memoised: dict[Node | Ahead, int],
        published: tuple[Node, ...],
        turn: Axis | None = None,
    ) -> None:
        self.turn = "0" if turn is None else "%variation"
        super().__init__(arguments, {} if turn is None else {Index(turn): self.turn})
        self.turned = frozenset(() if turn is None else (turn,))
        self.memoised = memoised
        self.published = frozenset(published)
        self.picks: dict[Node, tuple[str, ...]] = {}
        self.accumulators: dict[Node, Accumulator] = {}
        self.shifts: dict[Node, str] = {}  # of stores that run ahead: where this event's values are

    def text(self) -> str:
        """Return the function's body."""
        work = [*self.arguments.given(), *self.pointers, *self.prologue, *self.lines.body]
        return "\n".join(["entry:", *self.lines.entry, "  br label %start", "start:", *work])

    def block(self, block: Block) -> None:
        """Write the items of a block."""
        for item in block.items:
            if self.arguments.steps is not None:
                self.step(item)
            match item:
                case Let(node):
                    self.values[node] = self.compute(node)
                    if isinstance(node, Evaluate) and node in self.published:
                        self.remember(node)
                case Force(node):
                    self.force(f"memo_{self.memoised[node]}")
                    self.recall(node)
                case Recall(node):
                    self.recall(node)
                case Ahead():
                    ask(self, item, self.memoised[item])
                case Begin(targets):
                    self.accumulators.update(accumulators(self, targets))
                case Update():
                    # Every part of a store has a number of its own.
                    operands = [self.value(o, item.target, item.part) for o in item.operands]
                    positions = [self.values[Index(axis)] for axis in item.at]
                    self.accumulators[item.target].update(operands, positions, item.part)
                case End(targets):
                    for target in targets:
                        self.end(target)
                case Count(fill, operands):
                    fills.count(self, fill, operands)
                case CountAll(fill, operands):
                    fills.for_all(self, fill, operands)
                case Mark(condition):
                    self.lines.store("i1", "true", self.mark(condition))
                case Marked(condition):
                    self.values[condition] = self.lines.load("i1", self.mark(condition))
                case Write(record, operands):
                    fills.row(self, record, operands)
                case Guard(condition, body):
                    self.guard(self.value(condition, condition, 0), body)
                case Bounded(target, bound, body):
                    accumulated = self.accumulators[target]
                    assert isinstance(accumulated, Ordered)
                    self.guard(accumulated.above(self.values[bound]), body)
                case Loop(axis, body):
                    self.loop(axis, body)

    def step(self, item: Item) -> None:
        """Write that an item is about to run."""
        match item:
            case Let(node) | Update(node, _, _, _) | Count(node, _) | CountAll(node, _):
                pass
            case Write(node, _):
                pass
            case _:
                return
        number = self.arguments.step(node)
        self.lines.do(f"call void @adl_step(ptr %records, i64 %event, i64 {number})")

    def force(self, name: str) -> None:
        """Write the call of a function of memoised values, unless they are known."""
        lines = self.lines
        flag = lines.load("i8", self.arguments.flag_at(lines, name))
        call, known = lines.label(), lines.label()
        lines.branch(lines.let(f"icmp eq i8 {flag}, 0"), call, known)
        lines.begin(call)
        self.arguments.invoke(lines, name, "%event", self.turn)
        lines.jump(known)
        lines.begin(known)

    def guard(self, condition: str, body: Block) -> None:
        """Write a block that runs where a condition holds."""
        lines = self.lines
        yes, end = lines.label(), lines.label()
        lines.branch(condition, yes, end)
        lines.begin(yes)
        self.block(body)
        lines.jump(end)
        lines.begin(end)

    def loop(self, axis: Axis, body: Block) -> None:
        """Write a loop over the elements of an axis, from another loop's next one if it may."""
        lines = self.lines
        head, inside, end = lines.label(), lines.label(), lines.label()
        start = "0"
        after = following(axis, body)
        if after is not None:
            start = lines.let(f"add i64 {self.values[after]}, 1")
            guard = body.items[1]
            assert isinstance(guard, Guard)
            self.values[guard.condition] = "true"
            body = guard.body
        counter = lines.slot("i64", start)
        size = self.size(axis.source)
        lines.jump(head)
        lines.begin(head)
        index = lines.load("i64", counter)
        lines.branch(lines.let(f"icmp slt i64 {index}, {size}"), inside, end)
        lines.begin(inside)
        self.values[Index(axis)] = index
        self.block(body)
        lines.store("i64", lines.let(f"add i64 {index}, 1"), counter)
        vectors = self.arguments.streams is None and in_vectors(axis, body)
        lines.do(f"br label %{head}{VECTORS if vectors else ''}")
        lines.begin(end)

    # ------------------------------------------------------------------------------ values

    def compute(self, node: Node) -> str:
        """Write one elementwise value."""
        match node:
            case Call():
                return self.call(node)
            case Column():
                base = self.pointer("columns", self.arguments.column(node.name))
                return self.read_column(node, base, node, 0)
            case Decide():
                return decide(self, node)
            case Entry():
                return entry(self, node)
            case Reject():
                return reject(self, node)
            case Lookup():
                table = self.arguments.data_at(self.lines, self.arguments.table(node.table))
                return self.look_up(table, node, node.arguments, 0)
            case Choice():
                return emit_choice(self, node)
            case Cell():
                return emit_cell(self, node)
            case Element(store, at, place):
                base = self.scratch(store, place)
                type_, convert = (
                    LOADS["bool"] if node.kind == "bool" else (LLVM_TYPE[node.kind], "")
                )
                position = within = self.value(at, node, 1)
                if store in self.shifts:
                    within = self.lines.let(f"add i64 {self.shifts[store]}, {position}")
                return self.read(node, type_, convert, base, at, within, position)
            case Part(pick, place):
                return self.picks[pick][place]
            case Evaluate():
                return evaluate(self, node)
        raise AssertionError(f"{type(node).__name__} needs a loop")

    def call(self, node: Call) -> str:
        """Write a primitive, or the call of an elementary function."""
        operands = [self.value(a, node, i) for i, a in enumerate(node.arguments)]
        if node.function in ops.MEANING:
            kinds = tuple(a.kind for a in node.arguments)
            return emit_primitive(self.lines, node.function, kinds, operands)
        arguments = ", ".join(f"double {o}" for o in operands)
        name = f"{self.elementary}{node.function}"
        if node.free and node.free == self.turned and self.arguments.streams is None:
            # Most variations of an event ask for what the one before has asked for.
            kept = self.arguments.memory(Again(node), len(operands) + 1)
            arguments += f", ptr {self.arguments.memo_at(self.lines, kept)}"
            name = f"@adl_again_{node.function}"
            self.arguments.again[node.function] = len(operands)
        return self.lines.let(f"call double {name}({arguments})")

    def look_up(self, table: str, user: Node, arguments_: tuple[Node, ...], place: int) -> str:
        """Write the call of the function that looks up, operands of ``user`` from ``place`` on."""
        operands = [self.value(a, user, place + i) for i, a in enumerate(arguments_)]
        arguments = ", ".join(["ptr " + table, *(f"double {o}" for o in operands)])
        return self.lines.let(f"call double @{lookup_name(len(operands))}({arguments})")

    # ------------------------------------------------------------------------- reductions

    def end(self, target: Node) -> None:
        """Take over what a loop has accumulated."""
        results = self.accumulators.pop(target).results()
        self.take(target, results)
        if target in self.published:
            self.remember(target)
        if isinstance(target, Store) and are_weights(target) and self.arguments.streams is None:
            note_finite(self, target)

    def take(self, target: Node, results: tuple[str, ...]) -> None:
        """Make a value known under the node that it belongs to."""
        if isinstance(target, Pick) or (isinstance(target, Evaluate) and target.kind == "store"):
            self.picks[target] = results
            self.values[target] = ""
        else:
            self.values[target] = results[0] if results else ""

    def remember(self, node: Node) -> None:
        """Write a value to the event's memory."""
        values = self.picks.get(node, (self.values[node],))
        for pointer, type_, value in zip(*self.memory(node), values, strict=False):
            self.lines.store(type_, value, pointer)

    def recall(self, node: Node) -> None:
        """Read a value from the event's memory."""
        read = (self.lines.load(t, p) for p, t in zip(*self.memory(node), strict=True))
        self.take(node, tuple(read))

    def mark(self, condition: Node) -> str:
        """Return the address of what was noted of a condition, which may be memoised, too."""
        return self.arguments.memo_at(self.lines, self.arguments.memory(Mark(condition), 1))

    def memory(self, node: Node) -> tuple[list[str], list[str]]:
        """Return the addresses and types of a value in the event's memory; a store has none."""
        if isinstance(node, Pick):
            types = ["i64"] * len(node.axes)
        elif isinstance(node, Evaluate) and node.kind == "store":
            types = ["i64"]
        else:
            types = [LLVM_TYPE[node.kind]] if node.kind in LLVM_TYPE else []
        first = self.arguments.memory(node, len(types))
        if not types:
            return [], []
        at = self.arguments.memo_at(self.lines, first)
        return [at, *(self.lines.at("i64", at, i) for i in range(1, len(types)))], types

    def scratch(self, node: Node, place: int = 0) -> str:
        """Return the address of a store's values."""
        assert isinstance(node, Store | Gather | Evaluate)
        if isinstance(node, Evaluate):
            source = node.source
        elif isinstance(node, Gather):
            source = product(node.axes)
        else:
            source = tuple(s for axis in node.axes for s in axis.source)
        return self.pointer("scratch", self.arguments.store(node, source, place))
