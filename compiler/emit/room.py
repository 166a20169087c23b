"""How much a thread of a device has room for, and which events have more."""

from __future__ import annotations

from typing import NamedTuple

from adl.compiler.emit.arguments import Arguments
from adl.compiler.emit.function import FunctionEmitter
from adl.compiler.ir import Store, factors, product
from adl.compiler.program import Program
from adl.compiler.variations import is_group, turns

_TUPLES = 4  # times as many tuples as elements


Limits = dict[tuple[str, ...], int]  # elements of a source


class Room(NamedTuple):
    """What a thread may need; an event with more is too large for it."""

    bytes: int = 32 << 10  # of its arrays
    fewest: int = 16  # elements that an array holds, however many arrays there are
    most: int = 128
    longest: int = 2048  # elements of a loop: the other threads of its group would wait for it
    # Tuples of elements. With a block's 65 536 events, counts of 32 bits cannot overflow.
    tuples: int = (1 << 16) - 1


ROOM = Room()


def bounded(arguments: Arguments, room: Room) -> Limits:
    """Return how many elements of each source a thread's arrays hold; groups' are known."""
    sources = list(dict.fromkeys(arguments.store_sources))
    number = max(1, len(arguments.store_sources))
    single = max(room.fewest, min(room.most, room.bytes // (8 * number)))
    bounds = {}
    for source in sources:
        own = single * (_TUPLES if any(len(factors(s)) > 1 for s in source) else 1)
        bounds[source] = turns(source[0]) if is_group(source[0]) else own
    return bounds


def limited(program: Program, arguments: Arguments, bounds: Limits, room: Room) -> Limits:
    """Return what an event may have: of each collection, of tuples of elements, of stored ones."""
    limits: Limits = {(c,): room.longest for c in arguments.collections}
    for node in program.nodes:
        axes = [axis for axis in node.bound if not is_group(axis.source[0])]
        if len(axes) > 1 and not isinstance(node, Store):  # its axes are loops side by side
            limits[product(axes)] = room.tuples
    for source, bound in bounds.items():
        if not is_group(source[0]):
            limits[source] = min(bound, limits.get(source, bound))
    return limits


def crowds(program: Program, fewest: int) -> tuple[tuple[str, ...], ...]:
    """Return the sources of tuples of so many elements or more that an event loops over."""
    found: dict[tuple[str, ...], None] = {}
    for node in program.nodes:
        axes = [axis for axis in node.bound if not is_group(axis.source[0])]
        if len(axes) >= fewest and not isinstance(node, Store):  # its axes are loops side by side
            found[product(axes)] = None
    return tuple(found)


def large(arguments: Arguments, limits: Limits) -> str:
    """Write the function that says whether an event has more than a thread has room for."""
    function = FunctionEmitter(arguments, {}, ())
    lines, found = function.lines, "false"
    for source, bound in limits.items():
        more = lines.let(f"icmp sgt i64 {function.size(source)}, {bound}")
        found = lines.let(f"or i1 {found}, {more}")
    lines.do(f"ret i1 {found}")
    head = "define internal i1 @adl_large(ptr %offsets, ptr %numbers, i64 %event) nounwind"
    return f"{head} {{\n{function.text()}\n}}\n"
