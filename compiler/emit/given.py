"""What a function is given: columns, where lists begin, numbers that are data; how it reads them."""

from __future__ import annotations

from collections.abc import Callable

from adl.compiler.emit.arguments import Arguments
from adl.compiler.emit.text import LLVM_TYPE, Lines, real
from adl.compiler.ir import Column, Const, Index, Node, factors
from adl.compiler.variations import is_group, turns

# stored type -> (LLVM type in memory, instruction that gives the IR's type)
LOADS = {
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


class Given:
    """Writes reads of what is the same for a whole event; ``values`` has been computed so far."""

    def __init__(self, arguments: Arguments, values: dict[Node, str]) -> None:
        self.arguments = arguments
        self.values = values
        self.lines = Lines()
        self.pointers: list[str] = []  # tables of pointers, the same for every event
        self.prologue: list[str] = []  # what an event's first lines compute, once
        self.shared: dict[str, str] = {}

    # --------------------------------------------------------------------- operands, columns

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

    def read_column(self, node: Column, base: str, user: Node, place: int) -> str:
        """Write the read of an input column at ``base``, at an operand of ``user``."""
        type_, convert = LOADS[node.dtype]
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
