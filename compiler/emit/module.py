"""The LLVM module of a kernel: elementary functions, memoised values, and the loop over events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adl.compiler.emit import ahead, variations
from adl.compiler.emit.arguments import CALL, SIGNATURE, Arguments
from adl.compiler.emit.decisions import SUPPORT as DECISIONS
from adl.compiler.emit.decisions import walk
from adl.compiler.emit.elementary import emit_again, emit_elementary
from adl.compiler.emit.evaluate import declaration
from adl.compiler.emit.function import FunctionEmitter
from adl.compiler.emit.operations import INTRINSICS
from adl.compiler.emit.support import SUPPORT, filler
from adl.compiler.emit.tables import lookup
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


def emit(program: Program, kernel: Kernel, layout: Layout) -> Module:
    """Write the LLVM module of a kernel."""
    arguments = Arguments.of(program, layout)
    parts, main = written(program, kernel, arguments)
    return Module("\n".join([*parts, _loop(*main), *METADATA]), arguments)


def written(
    program: Program, kernel: Kernel, arguments: Arguments
) -> tuple[list[str], tuple[list[str], list[str]]]:
    """Write every function that a kernel calls, and what it does for one event: entry and body."""
    order: dict[Node | Ahead, int] = {
        node: number for number, nodes in enumerate(kernel.memoised) for node in nodes
    }
    order.update((item, number) for number, item in enumerate(kernel.ahead))
    memoised = [
        _memoised(number, nodes, kernel, arguments, order)
        for number, nodes in enumerate(kernel.memoised)
    ]
    bodies, main = _main(kernel, arguments, order)
    called = _functions(program.nodes)
    elementary = [emit_elementary(name) for name in called]
    elementary += [emit_again(*function) for function in arguments.again.items()]
    in_loops = _functions(s for item in kernel.ahead for s in item.stores)
    elementary += [emit_elementary(name, inlined=True) for name in in_loops]
    windows = [ahead.computed(item, n, arguments) for n, item in enumerate(kernel.ahead)]
    # A few fills are worth inlining; hundreds would make most of the code.
    inline = sum(bool(f.bins) for f in program.fills) <= _INLINED_FILLS
    fillers = [filler(fill, inline) for fill in arguments.fillers.values()]
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
        _ZERO,
        *windows,
        *memoised,
        *bodies,
    ], main


METADATA = ("!0 = !{}", variations.METADATA, ahead.METADATA, "")


def _functions(nodes: Iterable[Node]) -> list[str]:
    """Return the elementary functions that values need."""
    needed = (n.function for n in postorder(nodes) if isinstance(n, Call))
    return [name for name in dict.fromkeys(needed) if name not in ops.MEANING]


_INLINED_FILLS = 30
# Where a missing element is read: eight zero bytes.
_ZERO = "@adl_nothing = internal constant [8 x i8] zeroinitializer\n"


def _memoised(
    number: int,
    nodes: tuple[Node, ...],
    kernel: Kernel,
    arguments: Arguments,
    order: dict[Node | Ahead, int],
) -> str:
    turn = next(iter(nodes[0].free), None)
    function = FunctionEmitter(arguments, order, kernel.published, turn)
    function.block(kernel.memoised[nodes])
    for node in nodes:
        function.remember(node)
    function.lines.store("i8", "1", "%flag")
    function.lines.do("ret void")
    signature = f"{SIGNATURE}, i64 %event, i64 %variation"
    head = f"define internal void @memo_{number}({signature}) nounwind noinline"
    return f"{head} {{\n{function.text(_UNLESS_DONE.format(number))}\n}}\n"


_UNLESS_DONE = """\
  %flag = getelementptr i8, ptr %flags, i64 {}
  %set = load i8, ptr %flag
  %done = icmp ne i8 %set, 0
  br i1 %done, label %return, label %start
return:
  ret void"""


def _main(
    kernel: Kernel, arguments: Arguments, order: dict[Node | Ahead, int]
) -> tuple[list[str], tuple[list[str], list[str]]]:
    """Write what an event runs; a single body stands where it is run, several are functions."""
    turns = [_turns(number, kernel, arguments, order) for number, _ in enumerate(kernel.turns)]
    turned = [f"  call void @turns_{n}({CALL}, i64 %event)" for n, _ in enumerate(turns)]
    if len(kernel.bodies) == 1:
        function = FunctionEmitter(arguments, order, kernel.published)
        function.block(kernel.bodies[0])
        entry = [*function.lines.entry, *function.pointers]
        body = [*function.prologue, *function.lines.body, *turned]
        return turns, (entry, [*_forget(kernel), *body])
    bodies = [
        _body(number, block, kernel, arguments, order) for number, block in enumerate(kernel.bodies)
    ]
    calls = [f"  call void @body_{n}({CALL}, i64 %event)" for n, _ in enumerate(bodies)]
    return [*bodies, *turns], ([], [*_forget(kernel), *calls, *turned])


def _forget(kernel: Kernel) -> list[str]:
    """Write that nothing is memoised yet."""
    flags = len(kernel.memoised)
    if not flags:
        return []
    return [f"  call void @llvm.memset.p0.i64(ptr %flags, i8 0, i64 {flags}, i1 false)"]


def _turns(
    number: int, kernel: Kernel, arguments: Arguments, order: dict[Node | Ahead, int]
) -> str:
    """Write a group's turns: its cuts on the event, then its bodies for each variation."""
    turns = kernel.turns[number]
    bodies = [
        _body(f"{number}_{place}", body, kernel, arguments, order, turns.axis)
        for place, body in enumerate(turns.bodies)
    ]
    function = FunctionEmitter(arguments, order, kernel.published)
    lines = function.lines
    marks = [function.mark(mark) for mark in turns.marks]
    for mark in marks:
        lines.store("i1", "false", mark)
    function.block(turns.before)
    wanted = "true" if turns.always else "false"
    for mark in marks:
        wanted = lines.let(f"or i1 {wanted}, {lines.load('i1', mark)}")
    head, inside, end = lines.label(), lines.label(), lines.label()
    counter = lines.slot("i64", "0")
    lines.branch(wanted, head, end)
    lines.begin(head)
    variation = lines.load("i64", counter)
    lines.branch(
        lines.let(f"icmp slt i64 {variation}, {function.size(turns.axis.source)}"), inside, end
    )
    lines.begin(inside)
    if arguments.streams is not None:
        lines.do("call void @adl_turn(ptr %rows)")
    own = [n for n, nodes in enumerate(kernel.memoised) if turns.axis in nodes[0].free]
    if own:  # they stand together, and nothing of this turn is known yet
        flags = lines.at("i8", "%flags", own[0])
        lines.do(f"call void @llvm.memset.p0.i64(ptr {flags}, i8 0, i64 {len(own)}, i1 false)")
    for place, _ in enumerate(bodies):
        lines.do(f"call void @body_{number}_{place}({CALL}, i64 %event, i64 {variation})")
    lines.store("i64", lines.let(f"add i64 {variation}, 1"), counter)
    lines.jump(head)
    lines.begin(end)
    lines.do("ret void")
    text = f"define internal void @turns_{number}({SIGNATURE}, i64 %event) nounwind noinline"
    return "\n".join([*bodies, f"{text} {{\n{function.text()}\n}}\n"])


def _body(
    name: str | int,
    block: Block,
    kernel: Kernel,
    arguments: Arguments,
    order: dict[Node | Ahead, int],
    turn: Axis | None = None,
) -> str:
    function = FunctionEmitter(arguments, order, kernel.published, turn)
    function.block(block)
    function.lines.do("ret void")
    more = "" if turn is None else ", i64 %variation"
    head = f"define internal void @body_{name}({SIGNATURE}, i64 %event{more}) nounwind noinline"
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
