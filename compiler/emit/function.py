"""The body of one LLVM function: items of a kernel's block, in their order."""

from __future__ import annotations

from collections.abc import Callable

from adl.compiler.decisions import Decide, Entry, Reject
from adl.compiler.emit import streams
from adl.compiler.emit.accumulators import Accumulator, Ordered, accumulators
from adl.compiler.emit.arguments import Arguments
from adl.compiler.emit.decisions import decide, entry, reject
from adl.compiler.emit.evaluate import evaluate
from adl.compiler.emit.operations import emit_primitive
from adl.compiler.emit.records import write_row
from adl.compiler.emit.support import filler_name
from adl.compiler.emit.tables import lookup_name
from adl.compiler.emit.text import LLVM_TYPE, Lines, real
from adl.compiler.emit.variations import (
    VECTORS,
    are_weights,
    count_all,
    count_each,
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
    Const,
    Element,
    Evaluate,
    Fill,
    Gather,
    Index,
    Lookup,
    Node,
    Part,
    Pick,
    Record,
    Store,
    factors,
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
from adl.compiler.variations import group_of, is_group, turns
from adl.stdlib import ops

# stored type -> (LLVM type in memory, instruction that gives the IR's type)
_LOADS = {
    "float32": ("float", "fpext float {0} to double"),
    "float64": ("double", ""),
    "bool": ("i8", "icmp ne i8 {0}, 0"),
    "int8": ("i8", "sext i8 {0} to i64"),
    "int16": ("i16", "sext i16 {0} to i64"),
    "int32": ("i32", "sext i32 {0} to i64"),
    "int64": ("i64", ""),
    "uint8": ("i8", "zext i8 {0} to i64"),
    "uint16": ("i16", "zext i16 {0} to i64"),
    "uint32": ("i32", "zext i32 {0} to i64"),
    "uint64": ("i64", ""),
}
_NOTHING = {"real": real(float("nan")), "int": "0", "bool": "false"}
_INVARIANT = ", !invariant.load !0"


def following(axis: Axis, body: Block) -> Node | None:
    """Return the index after which a loop's elements are wanted, if that is all that it tests."""
    match body.items:
        case [Let(Call("lt", (Index() as before, Index(own))) as condition), Guard(tested, _)]:
            return before if own == axis and tested is condition else None
    return None


class FunctionEmitter:
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
        self.turned = frozenset(() if turn is None else (turn,))
        self.arguments = arguments
        self.memoised = memoised
        self.published = frozenset(published)
        self.lines = Lines()
        self.pointers: list[str] = []  # tables of pointers, the same for every event
        self.prologue: list[str] = []  # what an event's first lines compute, once
        self.values: dict[Node, str] = {} if turn is None else {Index(turn): self.turn}
        self.picks: dict[Node, tuple[str, ...]] = {}
        self.accumulators: dict[Node, Accumulator] = {}
        self.shifts: dict[Node, str] = {}  # of stores that run ahead: where this event's values are
        self.shared: dict[str, str] = {}

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
                    self.count(fill, operands)
                case CountAll(fill, operands):
                    self.count_all(fill, operands)
                case Mark(condition):
                    self.lines.store("i1", "true", self.mark(condition))
                case Marked(condition):
                    self.values[condition] = self.lines.load("i1", self.mark(condition))
                case Write(record, operands):
                    self.write(record, operands)
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

    def value(self, node: Node, user: Node, place: int) -> str:
        """Return an operand: a literal, or what was computed before."""
        if not isinstance(node, Const):
            return self.values[node]
        if node.datum:
            slot = self.arguments.number(node, user, place)
            type_ = LLVM_TYPE[node.kind]
            pointer = self.lines.let(f"getelementptr i64, ptr %numbers, i64 {slot}")
            return self.lines.let(f"load {type_}, ptr {pointer}{_INVARIANT}")
        return real(node.value) if isinstance(node.value, float) else str(node.value).lower()

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
                    _LOADS["bool"] if node.kind == "bool" else (LLVM_TYPE[node.kind], "")
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

    def read_column(self, node: Column, base: str, user: Node, place: int) -> str:
        """Write the read of an input column at ``base``, at an operand of ``user``."""
        type_, convert = _LOADS[node.dtype]
        if node.at is None:
            return self.fetch(type_, convert, self.lines.at(type_, base, "%event"), _INVARIANT)
        assert node.collection is not None
        position = self.value(node.at, user, place)
        entry = self.lines.let(f"add i64 {self.first(node.collection)}, {position}")
        return self.read(node, type_, convert, base, node.at, entry, position, _INVARIANT)

    def read(
        self,
        node: Node,
        type_: str,
        convert: str,
        base: str,
        at: Node,
        entry: str,
        position: str = "",
        metadata: str = "",
    ) -> str:
        """Write the read of an array's element, or of nothing where its position is -1."""
        lines = self.lines
        address = lines.at(type_, base, entry)
        if isinstance(at, Index):  # a loop's own position is never missing
            return self.fetch(type_, convert, address, metadata)
        missing = lines.let(f"icmp slt i64 {position or entry}, 0")
        address = lines.let(f"select i1 {missing}, ptr @adl_nothing, ptr {address}")
        value = self.fetch(type_, convert, address, metadata)
        kind = LLVM_TYPE[node.kind]
        return lines.let(f"select i1 {missing}, {kind} {_NOTHING[node.kind]}, {kind} {value}")

    def fetch(self, type_: str, convert: str, address: str, metadata: str) -> str:
        """Load a stored value and bring it to the IR's type."""
        loaded = self.lines.let(f"load {type_}, ptr {address}{metadata}")
        return self.lines.let(convert.format(loaded)) if convert else loaded

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

    # ------------------------------------------------------------------- the event's sizes

    def size(self, source: tuple[str, ...]) -> str:
        """Return the number of elements of a source."""
        if is_group(source[0]):
            return self.whole(turns(source[0]))
        total = self.tuples(source[0])
        for more in source[1:]:
            total = self.lines.let(f"add i64 {total}, {self.tuples(more)}")
        return total

    def tuples(self, source: str) -> str:
        """Return the number of an event's elements, or of tuples of elements."""
        first, *more = map(self.extent, factors(source))
        for size in more:
            first = self.lines.let(f"mul i64 {first}, {size}")
        return first

    def whole(self, number: int) -> str:
        """Return a number that is data: another one is the same code."""
        slot = self.arguments.whole(number)
        at = self.lines.at("i64", "%numbers", slot)
        return self.lines.let(f"load i64, ptr {at}{_INVARIANT}")

    def first(self, collection: str) -> str:
        """Return the entry of an event's first element."""
        return self.once(f"first {collection}", lambda: self._offset(collection, "%event"))

    def extent(self, collection: str) -> str:
        """Return the number of an event's elements of an input collection."""

        def write() -> str:
            first = self.first(collection)
            after = self.early("add i64 %event, 1")
            return self.early(f"sub i64 {self._offset(collection, after)}, {first}")

        return self.once(f"size {collection}", write)

    def _offset(self, collection: str, event: str) -> str:
        base = self.pointer("offsets", self.arguments.collection(collection))
        address = self.early(f"getelementptr i64, ptr {base}, i64 {event}")
        return self.early(f"load i64, ptr {address}{_INVARIANT}")

    def pointer(self, table: str, number: int) -> str:
        """Return an entry of a table of pointers, which are loop-invariant."""
        # A thread of a device writes the table of its own arrays first.
        own = table == "scratch" and self.arguments.streams is not None

        def write() -> str:
            address = first(f"getelementptr ptr, ptr %{table}, i64 {number}")
            return first(f"load ptr, ptr {address}") if own else self.far(first, address)

        def first(instruction: str) -> str:
            name = self.lines.name()
            self.pointers.append(f"  {name} = {instruction}")
            return name

        return self.once(f"{table} {number}", write)

    def far(self, write: Callable[[str], str], address: str) -> str:
        """Write the read of an address of what is given to the kernel.

        On a device that is memory of all threads. To be told so is faster: a read of it need not
        find out, and one that nobody writes to is not held up by what is written elsewhere.
        """
        if self.arguments.streams is None:
            return write(f"load ptr, ptr {address}{_INVARIANT}")
        found = write(f"load ptr addrspace(1), ptr {address}{_INVARIANT}")
        return write(f"addrspacecast ptr addrspace(1) {found} to ptr")

    def early(self, instruction: str) -> str:
        """Write an instruction at the start of the event."""
        name = self.lines.name()
        self.prologue.append(f"  {name} = {instruction}")
        return name

    def once(self, name: str, write: Callable[[], str]) -> str:
        """Write something on its first use."""
        if name not in self.shared:
            self.shared[name] = write()
        return self.shared[name]

    # ------------------------------------------------------------------------------- fills

    def count(self, fill: Fill, operands: tuple[Node, ...]) -> None:
        """Write the fill of a counter or histogram."""
        if self.arguments.streams is not None:
            streams.count(self, self.arguments.streams, fill, operands)
            return
        lines = self.lines
        if group_of(fill) is not None:
            count_each(self, fill, operands)
            return
        values = [self.value(v, fill, i) for i, v in enumerate(operands)]
        weight = values.pop() if fill.weighted else None
        if not fill.bins:
            place = self.arguments.place(fill)
            skipped = lines.at("i64", "%skipped", place.skipped)
            self.add(place.cells, place.sums, weight, skipped)
            return
        address = lines.at("i64", "%numbers", self.arguments.description(fill, fill.bins))
        name = filler_name(fill)
        self.arguments.fillers[name] = fill
        reals = ", ".join(f"double {v}" for v in (*values, *([weight] if weight else ())))
        outputs = "ptr %raw, ptr %sumw, ptr %sumw2, ptr %skipped"
        lines.do(f"call void @{name}({outputs}, ptr {address}, {reals})")

    def add(self, cell: int, sums: int, weight: str | None, skipped: str) -> None:
        """Write the update of a counter."""
        lines = self.lines
        raw = lines.at("i64", "%raw", cell)
        lines.store("i64", lines.let(f"add i64 {lines.load('i64', raw)}, 1"), raw)
        if weight is not None:
            arguments = f"ptr %sumw, ptr %sumw2, ptr {skipped}, i64 {sums}, double {weight}"
            lines.do(f"call void @adl_add({arguments})")

    def count_all(self, fill: Fill, operands: tuple[Node, ...]) -> None:
        """Write the fill for all variations at once."""
        if self.arguments.streams is not None:
            streams.count_all(self, self.arguments.streams, fill, operands)
        else:
            count_all(self, fill, operands)

    def write(self, record: Record, operands: tuple[Node, ...]) -> None:
        """Write a row of a record."""
        values = [self.value(v, record, i) for i, v in enumerate(operands)]
        if self.arguments.streams is not None:
            streams.write_row(self, self.arguments.streams, record, values)
        else:
            write_row(self, record, values)
