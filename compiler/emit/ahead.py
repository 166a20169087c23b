"""Stores that run ahead of the events: a vectorised loop over the elements of many events.

Of each group of stores the kernel's memory holds a window of the collection's entries: the array's
first value belongs to the window's first entry. An event whose elements are not all inside has the
next window computed, from its own first element on.
"""

from __future__ import annotations

from adl.compiler.ahead import LEAST, MOST, runs_ahead
from adl.compiler.emit.arguments import Arguments
from adl.compiler.emit.function import FunctionEmitter
from adl.compiler.emit.text import LLVM_TYPE, Lines
from adl.compiler.emit.windows import BEGIN, END, ENTRIES, STEP
from adl.compiler.ir import Const, Element, Index, Node, Store, affected
from adl.compiler.kernel import Ahead

_ALONE = ", !llvm.access.group !10"  # no turn of the loop writes what another reads
_FIRST = 20  # number of the first of the loops
METADATA = """\
!10 = distinct !{}
!11 = !{!"llvm.loop.parallel_accesses", !10}
!12 = !{!"llvm.loop.vectorize.enable", i1 true}"""


def computed(item: Ahead, number: int, loop: int, arguments: Arguments) -> str:
    """Return the function that computes the next window; its loop is this one of the module's."""
    function = _OfElements(arguments, {}, ())
    lines = function.lines
    (collection,) = item.stores[0].axes[0].source
    last = _until(lines, arguments, item, collection)
    for store in item.stores:
        function.scratch(store)  # its address is computed before the loop
    lines.jump("head")
    lines.begin("head")
    lines.do("%element = phi i64 [ %first, %entry ], [ %next, %inside ]")
    lines.branch(lines.let(f"icmp slt i64 %element, {last}"), "inside", "end")
    lines.begin("inside")
    place = lines.let("sub i64 %element, %first")
    for store in item.stores:
        function.keep(store, place)
    lines.do("%next = add i64 %element, 1")
    lines.do(f"br label %head, !llvm.loop !{_FIRST + loop}")
    lines.begin("end")
    lines.do("ret void")
    text = [*lines.entry, *arguments.given(), *function.pointers, *lines.body]
    head = arguments.head(f"ahead_{number}", "first", "last")
    loop_id = f"!{_FIRST + loop} = distinct !{{!{_FIRST + loop}, !11, !12}}"
    return "\n".join([f"{head} nounwind noinline {{", "entry:", *text, "}", f"{loop_id}\n"])


def _until(lines: Lines, arguments: Arguments, item: Ahead, collection: str) -> str:
    """Write how far the next window goes, and note it."""
    memory = arguments.memo_at(lines, arguments.window(item, collection))
    at = [lines.at("i64", memory, place) for place in range(4)]
    step = lines.load("i64", at[STEP])
    skipped = lines.let(f"icmp sgt i64 %first, {lines.load('i64', at[END])}")
    further = lines.let(f"shl i64 {step}, 1")
    least = lines.let(f"icmp slt i64 {further}, {LEAST}")
    least = lines.let(f"or i1 {skipped}, {least}")
    step = lines.let(f"select i1 {least}, i64 {LEAST}, i64 {further}")
    step = lines.let(f"call i64 @llvm.smin.i64(i64 {step}, i64 {MOST})")
    last = lines.let(f"add i64 %last, {step}")
    entries = lines.load("i64", at[ENTRIES])
    last = lines.let(f"call i64 @llvm.smin.i64(i64 {last}, i64 {entries})")
    for place, value in ((STEP, step), (END, last), (BEGIN, "%first")):
        lines.store("i64", value, at[place])
    return last


class _OfElements(FunctionEmitter):
    """Writes values of the entry %element, whatever event it belongs to."""

    elementary = "@adl_inlined_"

    def first(self, collection: str) -> str:
        return "0"

    def fetch(self, type_: str, convert: str, address: str, metadata: str) -> str:
        return super().fetch(type_, convert, address, metadata + _ALONE)

    def keep(self, store: Store, place: str) -> None:
        """Write the computation of a value and its store."""
        value, kind = self.stored(store), LLVM_TYPE[store.content]
        if kind == "i1":
            kind, value = "i8", self.lines.let(f"zext i1 {value} to i8")
        address = self.lines.at(kind, self.scratch(store), place)
        self.lines.do(f"store {kind} {value}, ptr {address}{_ALONE}")

    def stored(self, store: Store) -> str:
        """Write what a store holds for this entry; of another store that it reads, the same."""
        (value,), (axis,) = store.values, store.axes
        self.values[Index(axis)] = "%element"
        for node in affected(value, frozenset([axis])):
            if node not in self.values:
                inner = isinstance(node, Element) and runs_ahead(node.store)
                self.values[node] = self.stored(_store(node)) if inner else self.compute(node)
        return self.value(value, store, 0) if isinstance(value, Const) else self.values[value]


def _store(node: Node) -> Store:
    assert isinstance(node, Element)
    assert isinstance(node.store, Store)
    return node.store
