"""Variations in LLVM IR: what one of them fills, or all at once, and the turns of a group.

The bins of a fill are [cell][variation]: what one event adds for all variations lies together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adl.compiler.emit.arguments import Arguments
from adl.compiler.emit.decisions import at_leaf
from adl.compiler.emit.support import find_cell, letters
from adl.compiler.emit.text import Lines
from adl.compiler.ir import (
    Axis,
    Binning,
    Call,
    Cell,
    Choice,
    Element,
    Fill,
    Node,
    Numbers,
    Reduce,
    Source,
    Store,
    Table,
)
from adl.compiler.kernel import Block, Item, Let, Update
from adl.compiler.layout import variations
from adl.compiler.variations import is_varied
from adl.stdlib import ops

if TYPE_CHECKING:
    from adl.compiler.emit.function import FunctionEmitter

# One variation: %cell is that of its values, -1 where one is no number.
_EACH = """
define internal void @adl_each(ptr %raw, ptr %skipped, i64 %cell, i64 %at) nounwind {
  %good = icmp sge i64 %cell, 0
  %raw_at = getelementptr i64, ptr %raw, i64 %at
  %where = select i1 %good, ptr %raw_at, ptr %skipped
  %c = load i64, ptr %where
  %c_new = add i64 %c, 1
  store i64 %c_new, ptr %where
  ret void
}

define internal void @adl_each_weighted(ptr %raw, ptr %sumw, ptr %sumw2, ptr %skipped,
    i64 %cell, i64 %at, i64 %sums_at, double %w) nounwind {
entry:
  call void @adl_each(ptr %raw, ptr %skipped, i64 %cell, i64 %at)
  %good = icmp sge i64 %cell, 0
  br i1 %good, label %yes, label %no
yes:
  call void @adl_add(ptr %sumw, ptr %sumw2, ptr %skipped, i64 %sums_at, double %w)
  ret void
no:
  ret void
}
"""

# All variations, with their arrays of the fill. Adding 0.0 for a weight that is no number changes
# no sum, since none is -0.0. All have one raw count, that of the first: who reads the counts repeats
# it. The loop over the weights is worth vectorising; what was no number is counted in a second.
_ALL = """
define internal void @adl_all(ptr noalias %raw, ptr noalias %sumw, ptr noalias %sumw2,
    ptr noalias %skipped, i64 %n, i64 %cell, ptr noalias readonly %weights,
    i1 %finite) nounwind noinline {
entry:
  %at = mul i64 %cell, %n
  %sums = getelementptr double, ptr %sumw, i64 %at
  %squares = getelementptr double, ptr %sumw2, i64 %at
  %good = icmp sge i64 %cell, 0
  br i1 %good, label %some, label %second
some:
  %c_at = getelementptr i64, ptr %raw, i64 %at
  %c = load i64, ptr %c_at
  %c_new = add i64 %c, 1
  store i64 %c_new, ptr %c_at
  br i1 %finite, label %quick, label %loop
quick:
  %i = phi i64 [ 0, %some ], [ %i_next, %quick ]
  %y_at = getelementptr double, ptr %weights, i64 %i
  %y = load double, ptr %y_at
  %t_at = getelementptr double, ptr %sums, i64 %i
  %t = load double, ptr %t_at
  %t_new = fadd double %t, %y
  store double %t_new, ptr %t_at
  %y2 = fmul double %y, %y
  %r_at = getelementptr double, ptr %squares, i64 %i
  %r = load double, ptr %r_at
  %r_new = fadd double %r, %y2
  store double %r_new, ptr %r_at
  %i_next = add nuw i64 %i, 1
  %i_again = icmp slt i64 %i_next, %n
  br i1 %i_again, label %quick, label %exit, !llvm.loop !1
loop:
  %v = phi i64 [ 0, %some ], [ %next, %loop ]
  %wrong = phi i64 [ 0, %some ], [ %wrong_new, %loop ]
  %given_at = getelementptr double, ptr %weights, i64 %v
  %given = load double, ptr %given_at
  %size = call double @llvm.fabs.f64(double %given)
  %number = fcmp olt double %size, 0x7FF0000000000000
  %w = select i1 %number, double %given, double 0.0
  %s_at = getelementptr double, ptr %sums, i64 %v
  %s = load double, ptr %s_at
  %s_new = fadd double %s, %w
  store double %s_new, ptr %s_at
  %w2 = fmul double %w, %w
  %q_at = getelementptr double, ptr %squares, i64 %v
  %q = load double, ptr %q_at
  %q_new = fadd double %q, %w2
  store double %q_new, ptr %q_at
  %bad = xor i1 %number, true
  %more = zext i1 %bad to i64
  %wrong_new = or i64 %wrong, %more
  %next = add nuw i64 %v, 1
  %again = icmp slt i64 %next, %n
  br i1 %again, label %loop, label %done, !llvm.loop !1
done:
  %all_finite = icmp eq i64 %wrong_new, 0
  br i1 %all_finite, label %exit, label %second
second:
  %u = phi i64 [ 0, %entry ], [ 0, %done ], [ %u_next, %second ]
  %x_at = getelementptr double, ptr %weights, i64 %u
  %x = load double, ptr %x_at
  %x_size = call double @llvm.fabs.f64(double %x)
  %x_finite = fcmp olt double %x_size, 0x7FF0000000000000
  %counts = and i1 %x_finite, %good
  %k_at = getelementptr i64, ptr %skipped, i64 %u
  %k = load i64, ptr %k_at
  %k_more = add i64 %k, 1
  %k_new = select i1 %counts, i64 %k, i64 %k_more
  store i64 %k_new, ptr %k_at
  %u_next = add nuw i64 %u, 1
  %u_again = icmp slt i64 %u_next, %n
  br i1 %u_again, label %second, label %exit
exit:
  ret void
}
"""
# Whether all weights are numbers: asked once an event, not at each of its fills.
_FINITE = """
define internal i1 @adl_all_finite(i64 %n, ptr noalias readonly %weights) nounwind noinline {
entry:
  br label %loop
loop:
  %v = phi i64 [ 0, %entry ], [ %next, %loop ]
  %wrong = phi i1 [ false, %entry ], [ %wrong_new, %loop ]
  %at = getelementptr double, ptr %weights, i64 %v
  %w = load double, ptr %at
  %size = call double @llvm.fabs.f64(double %w)
  %bad = fcmp uge double %size, 0x7FF0000000000000
  %wrong_new = or i1 %wrong, %bad
  %next = add nuw i64 %v, 1
  %again = icmp slt i64 %next, %n
  br i1 %again, label %loop, label %exit, !llvm.loop !1
exit:
  %fine = xor i1 %wrong_new, true
  ret i1 %fine
}
"""
SUPPORT = _EACH + _ALL + _FINITE
VECTORS = ", !llvm.loop !1"
METADATA = '!1 = distinct !{!1, !2}\n!2 = !{!"llvm.loop.vectorize.enable", i1 true}'


def in_vectors(axis: Axis, body: Block) -> bool:
    """Whether a loop over variations computes numbers that do not depend on their order.

    A sum does: vectors would add in another order.
    """
    return is_varied(axis) and all(map(_in_vectors, body.items))


def _in_vectors(item: Item) -> bool:
    match item:
        case Let(Call(function)):
            return function in ops.MEANING
        case Let(Choice(options=(float(), *_)) | Element()):
            return True
        case Update(Store() | Reduce(operation="any" | "all")):
            return True
    return False


def cell_functions(arguments: Arguments) -> list[str]:
    """Write the functions that find cells: one for each sequence of kinds of axes."""
    return [cell_function(name, bins) for name, bins in arguments.cells.items()]


def cell_function(name: str, bins: tuple[Binning, ...]) -> str:
    """Write the function that finds the cell of values, -1 where one is no number."""
    lines = Lines()
    values = [f"%x{i}" for i, _ in enumerate(bins)]
    every = "true"
    for x in values:
        finite = lines.let(f"call i1 @adl_finite(double {x})")
        every = lines.let(f"and i1 {every}, {finite}")
    cell = find_cell(lines, bins, values, "%axes")
    lines.do(f"ret i64 {lines.let(f'select i1 {every}, i64 {cell}, i64 -1')}")
    parameters = ", ".join(["ptr %axes", *(f"double {x}" for x in values)])
    attributes = "memory(argmem: read) nounwind willreturn noinline"
    return f"define internal i64 @{name}({parameters}) {attributes} {{\n{lines.text()}\n}}\n"


def emit_cell(function: FunctionEmitter, node: Cell) -> str:
    """Write the look-up of a cell."""
    name = f"adl_cell_{letters(node.bins)}"
    function.arguments.cells[name] = node.bins
    axes = function.lines.at("i64", "%numbers", function.arguments.axes(node.bins))
    values = [function.value(v, node, i) for i, v in enumerate(node.values)]
    operands = ", ".join(f"double {v}" for v in values)
    return function.lines.let(f"call i64 @{name}(ptr {axes}, {operands})")


def emit_choice(function: FunctionEmitter, node: Choice) -> str:
    """Write the choice of a number, or of the column or table to read."""
    lines = function.lines
    first = lines.at("i64", "%numbers", function.arguments.options(node.options))
    entry = lines.at("i64", first, function.value(node.which, node, 0))
    option = node.options[0]
    if isinstance(option, float):
        return lines.let(f"load double, ptr {entry}, !invariant.load !0")
    number = lines.let(f"load i64, ptr {entry}, !invariant.load !0")
    if isinstance(option, int):
        return number
    if isinstance(option, Table):
        table = lines.at("i64", "%numbers", number)
        return function.look_up(table, node, node.arguments, 1)
    if isinstance(option, Numbers):
        leaf = function.value(node.arguments[0], node, 1)
        return at_leaf(lines, lines.at("double", "%numbers", number), leaf)
    base = function.far(lines.let, lines.at("ptr", "%columns", number))
    assert isinstance(option, Source)
    return function.read_column(node.column(option), base, node, 1)


def count_each(function: FunctionEmitter, fill: Fill, operands: tuple[Node, ...]) -> None:
    """Write what one variation fills: its number, the cell, the weight."""
    lines = function.lines
    cells, sums, skips = places(function, fill)
    n = function.whole(variations(fill))
    which, cell, *weight = (function.value(v, fill, i) for i, v in enumerate(operands))
    at = lines.let(f"add i64 {lines.let(f'mul i64 {cell}, {n}')}, {which}")
    skipped = lines.at("i64", "%skipped", lines.let(f"add i64 {skips}, {which}"))
    raw = lines.let(f"add i64 {cells}, {at}")
    if not weight:
        lines.do(f"call void @adl_each(ptr %raw, ptr {skipped}, i64 {cell}, i64 {raw})")
        return
    sum_at = lines.let(f"add i64 {sums}, {at}")
    arguments = f"ptr %raw, ptr %sumw, ptr %sumw2, ptr {skipped}, i64 {cell}, i64 {raw}"
    lines.do(f"call void @adl_each_weighted({arguments}, i64 {sum_at}, double {weight[0]})")


def count_all(function: FunctionEmitter, fill: Fill, operands: tuple[Node, ...]) -> None:
    """Write what all variations fill in one cell."""
    lines = function.lines
    function.arguments.repeat(fill)
    cells, sums, skips = places(function, fill)
    firsts = (cells, sums, sums, skips)
    bases = ("%raw", "%sumw", "%sumw2", "%skipped")
    arrays = (lines.at("i64", base, first) for base, first in zip(bases, firsts, strict=True))
    arguments = ", ".join(f"ptr {array}" for array in arrays)
    cell, weights = function.value(operands[0], fill, 0), function.scratch(operands[1])
    numbers = f"i64 {function.whole(variations(fill))}, i64 {cell}"
    finite = lines.load("i1", function.mark(operands[1]))
    lines.do(f"call void @adl_all({arguments}, {numbers}, ptr {weights}, i1 {finite})")


def note_finite(function: FunctionEmitter, weights: Store) -> None:
    """Write whether all of an event's weights are numbers, for those who fill them."""
    lines, (axis,) = function.lines, weights.axes
    size = function.size(axis.source)
    found = lines.let(f"call i1 @adl_all_finite(i64 {size}, ptr {function.scratch(weights)})")
    lines.store("i1", found, function.mark(weights))


def are_weights(node: Node) -> bool:
    """Whether a value is the weights of all variations of a group."""
    return isinstance(node, Store) and node.content == "real" and is_varied(node.axes[0])


def places(function: FunctionEmitter, fill: Fill) -> tuple[str, ...]:
    """Write the read of where a fill's cells, sums and skips begin: they are data."""
    lines = function.lines
    first = lines.at("i64", "%numbers", function.arguments.description(fill))
    return tuple(
        lines.let(f"load i64, ptr {lines.at('i64', first, i)}, !invariant.load !0")
        for i in range(3)
    )
