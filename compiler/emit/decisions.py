"""The functions that walk a tree of decisions, one for each number of inputs, and reject.

They say what ``compiler/decisions.py`` says in Python; the numbers of words are those there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adl.compiler.decisions import Decide, Entry, Reject
from adl.compiler.emit.text import Lines, real

if TYPE_CHECKING:
    from adl.compiler.emit.function import FunctionEmitter


def decide(function: FunctionEmitter, node: Decide) -> str:
    """Write the walk to a leaf."""
    lines, arguments = function.lines, function.arguments
    operands = [f"double {function.value(a, node, i)}" for i, a in enumerate(node.arguments)]
    tree = arguments.data_at(lines, arguments.tree(node))
    passed = ", ".join([f"ptr {tree}", *operands])
    return lines.let(f"call i64 @{walk_name(len(operands))}({passed})")


def entry(function: FunctionEmitter, node: Entry) -> str:
    """Write the read of a leaf's number; the one before the first is that of no leaf."""
    lines = function.lines
    arguments = function.arguments
    first = arguments.data_at(lines, arguments.leaves(node.numbers))
    return at_leaf(lines, first, function.value(node.at, node, 0))


def at_leaf(lines: Lines, first: str, leaf: str) -> str:
    """Write the read of the number of a leaf."""
    none = lines.let(f"icmp slt i64 {leaf}, 0")
    place = lines.let(f"select i1 {none}, i64 -1, i64 {leaf}")
    pointer = lines.at("double", first, place)
    return lines.let(f"load double, ptr {pointer}, !invariant.load !0")


def reject(function: FunctionEmitter, node: Reject) -> str:
    """Write the note of a result that is none, and NaN in the place of its value."""
    lines = function.lines
    value, result, mask = (function.value(c, node, i) for i, c in enumerate(node.children))
    none = lines.let(f"icmp slt i64 {result}, 0")
    said = lines.let(f"and i1 {none}, {mask}")
    yes, end = lines.label(), lines.label()
    lines.branch(said, yes, end)
    lines.begin(yes)
    memo = function.arguments.memo_at(lines, function.arguments.rejected(node.reasons))
    lines.do(f"call void @adl_reject(ptr {memo}, i64 {result}, i64 %event)")
    lines.jump(end)
    lines.begin(end)
    return lines.let(f"select i1 {none}, double {real(float('nan'))}, double {value}")


# The bin of one axis: -2 for what is nowhere, -1 below, the number of bins above.
_BINS = """
define internal i64 @adl_even(double %x, i64 %flow, ptr %axis) memory(argmem: read) nounwind {
entry:
  %n = load i64, ptr %axis, !invariant.load !0
  %low_at = getelementptr double, ptr %axis, i64 1
  %low = load double, ptr %low_at, !invariant.load !0
  %high_at = getelementptr double, ptr %axis, i64 2
  %high = load double, ptr %high_at, !invariant.load !0
  %wrap = icmp eq i64 %flow, 2
  %below = fcmp olt double %x, %low
  %above = fcmp oge double %x, %high
  %distance = fsub double %x, %low
  %width = fsub double %high, %low
  %plain = fdiv double %distance, %width
  %turns = call double @llvm.floor.f64(double %plain)
  %turned = fsub double %plain, %turns
  %position = select i1 %wrap, double %turned, double %plain
  %size = call double @llvm.fabs.f64(double %position)
  %finite = fcmp olt double %size, 0x7FF0000000000000
  %real_n = sitofp i64 %n to double
  %scaled = fmul double %real_n, %position
  %bin = call i64 @llvm.fptosi.sat.i64.f64(double %scaled)
  %inside = icmp slt i64 %bin, %n
  %value = icmp eq i64 %flow, 3
  %keep = or i1 %inside, %value
  %last = sub i64 %n, 1
  %rounded = select i1 %keep, i64 %bin, i64 %last
  %there = select i1 %finite, i64 %rounded, i64 -2
  %not_above = select i1 %above, i64 %n, i64 %there
  %not_below = select i1 %below, i64 -1, i64 %not_above
  %result = select i1 %wrap, i64 %there, i64 %not_below
  ret i64 %result
}

define internal i64 @adl_between(double %x, i64 %flow, ptr %axis) memory(argmem: read) nounwind {
entry:
  %n = load i64, ptr %axis, !invariant.load !0
  %low_at = getelementptr double, ptr %axis, i64 1
  %low = load double, ptr %low_at, !invariant.load !0
  %high_at = getelementptr double, ptr %low_at, i64 %n
  %high = load double, ptr %high_at, !invariant.load !0
  %wrap = icmp eq i64 %flow, 2
  %distance = fsub double %x, %low
  %width = fsub double %high, %low
  %plain = fdiv double %distance, %width
  %turns = call double @llvm.floor.f64(double %plain)
  %turned = fsub double %plain, %turns
  %way = fmul double %turned, %width
  %back = fadd double %low, %way
  %at = select i1 %wrap, double %back, double %x
  %edges = call i64 @adl_variable(double %at, ptr %axis)
  %bin = sub i64 %edges, 1
  %nan = fcmp uno double %at, %at
  %found = select i1 %nan, i64 %n, i64 %bin
  %outside = icmp uge i64 %found, %n
  %away = and i1 %wrap, %outside
  %result = select i1 %away, i64 -2, i64 %found
  ret i64 %result
}
"""

_REJECT = """
define internal void @adl_reject(ptr %memo, i64 %result, i64 %event) nounwind noinline {
entry:
  %number = sub i64 -1, %result
  %first = mul i64 %number, 3
  %slot = getelementptr i64, ptr %memo, i64 %first
  %event_at = getelementptr i64, ptr %slot, i64 1
  %last_at = getelementptr i64, ptr %slot, i64 2
  %now = add i64 %event, 1
  %last = load i64, ptr %last_at
  %again = icmp eq i64 %last, %now
  br i1 %again, label %end, label %new
new:
  %before = load i64, ptr %slot
  %after = add i64 %before, 1
  store i64 %after, ptr %slot
  store i64 %now, ptr %last_at
  %none = icmp eq i64 %before, 0
  br i1 %none, label %begin, label %end
begin:
  store i64 %event, ptr %event_at
  br label %end
end:
  ret void
}
"""

SUPPORT = _BINS + _REJECT

_WALK = """
define internal i64 @{name}({parameters}) memory(argmem: read) nounwind willreturn noinline {{
entry:
  %point = alloca [{inputs} x double]
{stores}
  br label %node
node:
  %at = phi i64 [ 0, %entry ], [ %inner, %follow ]
  %here = getelementptr i64, ptr %tree, i64 %at
  %axes = load i64, ptr %here, !invariant.load !0
  %is_grid = icmp ne i64 %axes, 0
  %behind = getelementptr i64, ptr %here, i64 1
  br i1 %is_grid, label %axis, label %keys

axis:
  %cursor = phi ptr [ %behind, %node ], [ %next_axis, %count ]
  %left = phi i64 [ %axes, %node ], [ %fewer, %count ]
  %index = phi i64 [ 0, %node ], [ %further, %count ]
  %input = load i64, ptr %cursor, !invariant.load !0
  %x_at = getelementptr double, ptr %point, i64 %input
  %x = load double, ptr %x_at
  %even_at = getelementptr i64, ptr %cursor, i64 1
  %even = load i64, ptr %even_at, !invariant.load !0
  %flow_at = getelementptr i64, ptr %cursor, i64 2
  %flow = load i64, ptr %flow_at, !invariant.load !0
  %bins = getelementptr i64, ptr %cursor, i64 6
  %n = load i64, ptr %bins, !invariant.load !0
  %is_even = icmp ne i64 %even, 0
  br i1 %is_even, label %one, label %other
one:
  %even_bin = call i64 @adl_even(double %x, i64 %flow, ptr %bins)
  br label %bin
other:
  %edge_bin = call i64 @adl_between(double %x, i64 %flow, ptr %bins)
  br label %bin
bin:
  %found = phi i64 [ %even_bin, %one ], [ %edge_bin, %other ]
  %clamp = icmp eq i64 %flow, 1
  %somewhere = icmp ne i64 %found, -2
  %clamped = and i1 %clamp, %somewhere
  %below = icmp slt i64 %found, 0
  %first_bin = select i1 %below, i64 0, i64 %found
  %last_bin = sub i64 %n, 1
  %above = icmp sgt i64 %first_bin, %last_bin
  %nearest = select i1 %above, i64 %last_bin, i64 %first_bin
  %own = select i1 %clamped, i64 %nearest, i64 %found
  %outside = icmp uge i64 %own, %n
  br i1 %outside, label %away, label %count
away:
  %nan = icmp eq i64 %own, -2
  %under = icmp eq i64 %own, -1
  %side = select i1 %under, i64 3, i64 4
  %why = select i1 %nan, i64 5, i64 %side
  %why_at = getelementptr i64, ptr %cursor, i64 %why
  br label %taken
count:
  %scaled = mul i64 %index, %n
  %further = add i64 %scaled, %own
  %edges = add i64 %n, 1
  %numbers = select i1 %is_even, i64 2, i64 %edges
  %words = add i64 %numbers, 7
  %next_axis = getelementptr i64, ptr %cursor, i64 %words
  %fewer = sub i64 %left, 1
  %done = icmp eq i64 %fewer, 0
  br i1 %done, label %cell, label %axis
cell:
  %cell_at = getelementptr i64, ptr %next_axis, i64 %further
  br label %taken

keys:
  %key_input = load i64, ptr %behind, !invariant.load !0
  %k_at = getelementptr double, ptr %point, i64 %key_input
  %k = load double, ptr %k_at
  %m_at = getelementptr i64, ptr %here, i64 2
  %m = load i64, ptr %m_at, !invariant.load !0
  %rest_at = getelementptr i64, ptr %here, i64 3
  %first = getelementptr i64, ptr %here, i64 4
  br label %search
search:
  %low = phi i64 [ 0, %keys ], [ %next_low, %half ]
  %high = phi i64 [ %m, %keys ], [ %next_high, %half ]
  %more = icmp slt i64 %low, %high
  br i1 %more, label %half, label %hit
half:
  %sum = add i64 %low, %high
  %middle = lshr i64 %sum, 1
  %middle_at = getelementptr double, ptr %first, i64 %middle
  %middle_key = load double, ptr %middle_at, !invariant.load !0
  %small = fcmp olt double %middle_key, %k
  %after = add i64 %middle, 1
  %next_low = select i1 %small, i64 %after, i64 %low
  %next_high = select i1 %small, i64 %high, i64 %middle
  br label %search
hit:
  %is_last = icmp eq i64 %low, %m
  %look = select i1 %is_last, i64 0, i64 %low
  %key_at = getelementptr double, ptr %first, i64 %look
  %key = load double, ptr %key_at, !invariant.load !0
  %same = fcmp oeq double %key, %k
  %place = add i64 %low, %m
  %hit_at = getelementptr i64, ptr %first, i64 %place
  %is_key = icmp slt i64 %low, %m
  %both = and i1 %same, %is_key
  %chosen_at = select i1 %both, ptr %hit_at, ptr %rest_at
  br label %taken

taken:
  %child_at = phi ptr [ %why_at, %away ], [ %cell_at, %cell ], [ %chosen_at, %hit ]
  %child = load i64, ptr %child_at, !invariant.load !0
  %inner = ashr i64 %child, 1
  %bit = and i64 %child, 1
  %is_result = icmp ne i64 %bit, 0
  br i1 %is_result, label %return, label %follow
follow:
  br label %node
return:
  ret i64 %inner
}}
"""


def walk_name(inputs: int) -> str:
    """Return the name of the function for points of so many inputs."""
    return f"adl_decide_{inputs}"


def walk(inputs: int) -> str:
    """Write that function."""
    names = [f"%x{i}" for i in range(inputs)]
    stores = [
        line
        for i, x in enumerate(names)
        for line in (
            f"  %point{i} = getelementptr double, ptr %point, i64 {i}",
            f"  store double {x}, ptr %point{i}",
        )
    ]
    parameters = ", ".join(["ptr %tree", *(f"double {x}" for x in names)])
    return _WALK.format(
        name=walk_name(inputs), parameters=parameters, inputs=inputs, stores="\n".join(stores)
    )
