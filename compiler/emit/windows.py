"""How an event asks for stores that run ahead: whether the window has its elements, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adl.compiler.kernel import Ahead

if TYPE_CHECKING:
    from adl.compiler.emit.function import FunctionEmitter

# Of the kernel's memory: where the window ends and begins, how far it went beyond the event, and
# how many entries there are.
END, BEGIN, STEP, ENTRIES = range(4)


def ask(function: FunctionEmitter, item: Ahead, number: int) -> None:
    """Write the test whether this event's elements are inside the window, and the call if not."""
    lines = function.lines
    (collection,) = item.stores[0].axes[0].source
    first, size = function.first(collection), function.extent(collection)
    last = lines.let(f"add i64 {first}, {size}")
    memory = function.arguments.memo_at(lines, function.arguments.window(item, collection))
    end = lines.load("i64", lines.at("i64", memory, END))
    beyond, ready = lines.label(), lines.label()
    lines.branch(lines.let(f"icmp sgt i64 {last}, {end}"), beyond, ready)
    lines.begin(beyond)
    function.arguments.invoke(lines, f"ahead_{number}", first, last)
    lines.jump(ready)
    lines.begin(ready)
    begin = lines.load("i64", lines.at("i64", memory, BEGIN))
    shift = lines.let(f"sub i64 {first}, {begin}")
    function.shifts.update(dict.fromkeys(item.stores, shift))
