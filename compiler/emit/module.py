"""The LLVM module of a kernel: elementary functions, memoised values, and the loop over events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adl.compiler.emit import ahead, variations
from adl.compiler.emit.arguments import SIGNATURE, Arguments
from adl.compiler.emit.decisions import SUPPORT as DECISIONS
from adl.compiler.emit.decisions import walk
from adl.compiler.emit.elementary import emit_again, emit_elementary
from adl.compiler.emit.evaluate import declaration
from adl.compiler.emit.function import FunctionEmitter
from adl.compiler.emit.operations import INTRINSICS
from adl.compiler.emit.support import SUPPORT, filler
from adl.compiler.emit.tables import lookup
from adl.compiler.emit.text import Lines
from adl.compiler.ir import Axis, Call, Evaluate, Node, postorder
from adl.compiler.kernel import Ahead, Block, Kernel
from adl.compiler.layout import Layout
from adl.compiler.program import Program
from adl.compiler.variations import group_of
from adl.stdlib import ops


@dataclass(frozen=True)
class Module:
    """The text of a kernel's code, and the data that it is called with."""

    text: str
    arguments: Arguments
    level = 0  # of optimisation: that of the text's length


def emit(program: Program, kernel: Kernel, layout: Layout) -> Module:
    """Write the LLVM module of a kernel."""
    arguments = Arguments.of(program, layout)
    parts, main = written(program, kernel, arguments)
    return Module("\n".join([*parts, _loop(*main), *METADATA]), arguments)


def written(
    program: Program, kernel: Kernel, arguments: Arguments
) -> tuple[list[str], tuple[list[str], list[str]]]:
    """Write every function that a kernel calls, and what it does for one event: entry and body."""
    order = numbered(kernel)
    memoised = [
        memo(number, nodes, kernel, arguments, order)
        for number, nodes in enumerate(kernel.memoised)
    ]
    bodies, main = _main(kernel, arguments, order)
    called = _functions(program.nodes)
    elementary = [emit_elementary(name) for name in called]
    elementary += [emit_again(*function) for function in arguments.again.items()]
    in_loops = _functions(s for item in kernel.ahead for s in item.stores)
    elementary += [emit_elementary(name, inlined=True) for name in in_loops]
    windows = [ahead.computed(item, n, n, arguments) for n, item in enumerate(kernel.ahead)]
    fillers = [filler(fill, inline_fills(program)) for fill in arguments.fillers.values()]
    python = dict.fromkeys(declaration(n) for n in program.nodes if isinstance(n, Evaluate))
    cells = variations.cell_functions(arguments)
    lookups = [lookup(n) for n in sorted({table.variables for table in arguments.tables})]
    decisions = [DECISIONS, *map(walk, sorted(arguments.walks))]
    corrected = bool(arguments.walks or arguments.reasons)
    grouped = any(map(group_of, program.fills)) and arguments.streams is None
    return [
        INTRINSICS,
        SUPPORT,
        *([variations.SUPPORT] if grouped else ()),
        *python,
        *lookups,
        *(decisions if corrected else ()),
        *cells,
        *fillers,
        *elementary,
        NOTHING,
        *windows,
        *memoised,
        *bodies,
    ], main


def numbered(kernel: Kernel) -> dict[Node | Ahead, int]:
    """Return the number of the function that computes each value for which there is one."""
    order: dict[Node | Ahead, int] = {
        node: number for number, nodes in enumerate(kernel.memoised) for node in nodes
    }
    order.update((item, number) for number, item in enumerate(kernel.ahead))
    return order


METADATA = ("!0 = !{}", variations.METADATA, ahead.METADATA, "")


def _functions(nodes: Iterable[Node]) -> list[str]:
    """Return the elementary functions that values need."""
    needed = (n.function for n in postorder(nodes) if isinstance(n, Call))
    return [name for name in dict.fromkeys(needed) if name not in ops.MEANING]


def inline_fills(program: Program) -> bool:
    """Whether fills are few, and worth inlining: hundreds would make most of the code."""
    return sum(bool(f.bins) for f in program.fills) <= _INLINED_FILLS


_INLINED_FILLS = 30
# Where a missing element is read: eight zero bytes, at an address from which a GPU reads a number.
NOTHING = "@adl_nothing = internal constant [8 x i8] zeroinitializer, align 8\n"


def memo(
    number: int,
    nodes: tuple[Node, ...],
    kernel: Kernel,
    arguments: Arguments,
    order: dict[Node | Ahead, int],
    flag: int | None = None,
) -> str:
    """Write the function of memoised values; ``flag`` is where it notes that they are known."""
    turn = next(iter(nodes[0].free), None)
    function = FunctionEmitter(arguments, order, kernel.published, turn)
    function.block(kernel.memoised[nodes])
    for node in nodes:
        function.remember(node)
    place = number if flag is None else flag
    function.lines.store("i8", "1", function.lines.at("i8", "%flags", place))
    function.lines.do("ret void")
    head = f"{arguments.head(f'memo_{number}')} nounwind noinline"
    return f"{head} {{\n{function.text()}\n}}\n"


def _main(
    kernel: Kernel, arguments: Arguments, order: dict[Node | Ahead, int]
) -> tuple[list[str], tuple[list[str], list[str]]]:
    """Write what an event runs; a single body stands where it is run, several are functions."""
    groups = [
        text
        for number, _ in enumerate(kernel.turns)
        for text in _group(number, kernel, arguments, order)
    ]
    turned = _calls(arguments, [f"turns_{n}" for n, _ in enumerate(kernel.turns)])
    if len(kernel.bodies) == 1:
        function = FunctionEmitter(arguments, order, kernel.published)
        function.block(kernel.bodies[0])
        entry = [*function.lines.entry, *function.pointers]
        main = [*function.prologue, *function.lines.body, *turned]
        return groups, (entry, [*_forget(kernel), *main])
    bodies = [
        body(str(number), block, kernel, arguments, order)
        for number, block in enumerate(kernel.bodies)
    ]
    calls = _calls(arguments, [f"body_{n}" for n, _ in enumerate(bodies)])
    return [*bodies, *groups], ([], [*_forget(kernel), *calls, *turned])


def _group(
    number: int, kernel: Kernel, arguments: Arguments, order: dict[Node | Ahead, int]
) -> list[str]:
    """Write the bodies of a group, and its turns."""
    group = kernel.turns[number]
    alone = len(group.bodies) == 1 and arguments.streams is None
    named = ((f"{number}_{place}", block) for place, block in enumerate(group.bodies))
    bodies = [
        body(name, block, kernel, arguments, order, group.axis, alone=alone)
        for name, block in named
    ]
    return [*bodies, turns(number, kernel, arguments, order)]


def _calls(arguments: Arguments, names: list[str]) -> list[str]:
    lines = Lines()
    for name in names:
        arguments.invoke(lines, name, "%event")
    return lines.body


def _forget(kernel: Kernel) -> list[str]:
    """Write that nothing is memoised yet."""
    flags = len(kernel.memoised)
    if not flags:
        return []
    return [f"  call void @llvm.memset.p0.i64(ptr %flags, i8 0, i64 {flags}, i1 false)"]


def turns(
    number: int,
    kernel: Kernel,
    arguments: Arguments,
    order: dict[Node | Ahead, int],
    flag: int | None = None,
) -> str:
    """Write a group's turns: its cuts on the event, then its bodies for each variation.

    Its memoised values stand together, ``flag`` is where the first notes that it is known.
    """
    group = kernel.turns[number]
    function = FunctionEmitter(arguments, order, kernel.published)
    lines = function.lines
    marks = [function.mark(mark) for mark in group.marks]
    for mark in marks:
        lines.store("i1", "false", mark)
    function.block(group.before)
    wanted = "true" if group.always else "false"
    for mark in marks:
        wanted = lines.let(f"or i1 {wanted}, {lines.load('i1', mark)}")
    head, inside, end = lines.label(), lines.label(), lines.label()
    counter = lines.slot("i64", "0")
    lines.branch(wanted, head, end)
    lines.begin(head)
    variation = lines.load("i64", counter)
    lines.branch(
        lines.let(f"icmp slt i64 {variation}, {function.size(group.axis.source)}"), inside, end
    )
    lines.begin(inside)
    if arguments.streams is not None:
        lines.do("call void @adl_turn(ptr %rows)")
    own = [n for n, nodes in enumerate(kernel.memoised) if group.axis in nodes[0].free]
    if own:  # they stand together, and nothing of this turn is known yet
        flags = lines.at("i8", "%flags", own[0] if flag is None else flag)
        lines.do(f"call void @llvm.memset.p0.i64(ptr {flags}, i8 0, i64 {len(own)}, i1 false)")
    for place, _ in enumerate(group.bodies):
        arguments.invoke(lines, f"body_{number}_{place}", "%event", variation)
    lines.store("i64", lines.let(f"add i64 {variation}, 1"), counter)
    lines.jump(head)
    lines.begin(end)
    lines.do("ret void")
    head = f"{arguments.head(f'turns_{number}')} nounwind noinline"
    return f"{head} {{\n{function.text()}\n}}\n"


def body(
    name: str,
    block: Block,
    kernel: Kernel,
    arguments: Arguments,
    order: dict[Node | Ahead, int],
    turn: Axis | None = None,
    *,
    alone: bool = False,
) -> str:
    """Write the function of a body; ``alone`` in its loop, it is worth having no call."""
    function = FunctionEmitter(arguments, order, kernel.published, turn)
    function.block(block)
    function.lines.do("ret void")
    head = f"{arguments.head(f'body_{name}')} nounwind {'alwaysinline' if alone else 'noinline'}"
    return f"{head} {{\n{function.text()}\n}}\n"


def _loop(entry: list[str], body: list[str]) -> str:
    return "\n".join(
        [
            f"define void @kernel({SIGNATURE}, i64 %events) nounwind {{",
            "entry:",
            *entry,
            "  br label %head",
            "head:",
            "  %event = phi i64 [ 0, %entry ], [ %next, %tail ]",
            "  %more = icmp slt i64 %event, %events",
            "  br i1 %more, label %start, label %exit",
            "start:",
            *body,
            "  br label %tail",
            "tail:",
            "  %next = add i64 %event, 1",
            "  br label %head",
            "exit:",
            "  ret void",
            "}\n",
        ]
    )
