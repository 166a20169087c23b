"""What every kernel calls: bin look-up and filling, written once in LLVM IR.

A bin look-up gives 0 for underflow, 1 … n for the bins and n + 1 for overflow. The uniform rule is
boost-histogram's: int((x - lower) / (upper - lower) * n), with the division done first.
"""

from __future__ import annotations

from adl.compiler.emit.text import Lines
from adl.compiler.ir import Binning, Fill, Uniform

# %axis: n as an integer, then the edges: (lower, upper - lower) or n + 1 ascending edges
_UNIFORM = """
define internal i64 @adl_uniform(double %x, ptr %axis) memory(argmem: read) nounwind {
  %n = load i64, ptr %axis, !invariant.load !0
  %lower_at = getelementptr double, ptr %axis, i64 1
  %lower = load double, ptr %lower_at, !invariant.load !0
  %width_at = getelementptr double, ptr %axis, i64 2
  %width = load double, ptr %width_at, !invariant.load !0
  %distance = fsub double %x, %lower
  %z = fdiv double %distance, %width
  %real_n = sitofp i64 %n to double
  %scaled = fmul double %z, %real_n
  %bin = fptosi double %scaled to i64  ; looked at only where it fits
  %inside = add i64 %bin, 1
  %above = add i64 %n, 1
  %positive = fcmp oge double %z, 0.0
  %small = fcmp olt double %z, 1.0
  %low = select i1 %positive, i64 %inside, i64 0
  %index = select i1 %small, i64 %low, i64 %above
  ret i64 %index
}
"""

# Bisection for the number of edges that are <= x.
_VARIABLE = """
define internal i64 @adl_variable(double %x, ptr %axis) memory(argmem: read) nounwind {
entry:
  %n = load i64, ptr %axis, !invariant.load !0
  %edges = getelementptr double, ptr %axis, i64 1
  %all = add i64 %n, 1
  br label %loop
loop:
  %low = phi i64 [ 0, %entry ], [ %next_low, %step ]
  %high = phi i64 [ %all, %entry ], [ %next_high, %step ]
  %more = icmp slt i64 %low, %high
  br i1 %more, label %step, label %done
step:
  %sum = add i64 %low, %high
  %middle = lshr i64 %sum, 1
  %edge_at = getelementptr double, ptr %edges, i64 %middle
  %edge = load double, ptr %edge_at, !invariant.load !0
  %passed = fcmp ole double %edge, %x
  %after = add i64 %middle, 1
  %next_low = select i1 %passed, i64 %after, i64 %low
  %next_high = select i1 %passed, i64 %high, i64 %middle
  br label %loop
done:
  ret i64 %low
}
"""

_FINITE = """
define internal i1 @adl_finite(double %x) memory(none) nounwind {
  %size = call double @llvm.fabs.f64(double %x)
  %finite = fcmp olt double %size, 0x7FF0000000000000
  ret i1 %finite
}
"""

_ADD = """
define internal void @adl_add(ptr %sumw, ptr %sumw2, ptr %skipped, i64 %cell, double %w) nounwind {
entry:
  %finite = call i1 @adl_finite(double %w)
  br i1 %finite, label %yes, label %no
yes:
  %s_at = getelementptr double, ptr %sumw, i64 %cell
  %s = load double, ptr %s_at
  %s_new = fadd double %s, %w
  store double %s_new, ptr %s_at
  %w2 = fmul double %w, %w
  %q_at = getelementptr double, ptr %sumw2, i64 %cell
  %q = load double, ptr %q_at
  %q_new = fadd double %q, %w2
  store double %q_new, ptr %q_at
  ret void
no:
  %c = load i64, ptr %skipped
  %c_new = add i64 %c, 1
  store i64 %c_new, ptr %skipped
  ret void
}
"""

SUPPORT = _UNIFORM + _VARIABLE + _FINITE + _ADD


def filler_name(fill: Fill) -> str:
    """Return the name of the function that fills histograms of this kind."""
    return f"adl_fill_{letters(fill.bins)}{'_weighted' if fill.weighted else ''}"


def letters(bins: tuple[Binning, ...]) -> str:
    """Return the kinds of axes, for names."""
    return "".join("u" if isinstance(axis, Uniform) else "v" for axis in bins)


def filler(fill: Fill, inline: bool) -> str:
    """Write that function: its description is cells, sums, skipped, then each axis as above."""
    lines = Lines()
    values = [f"%x{i}" for i, _ in enumerate(fill.bins)]
    every = "true"
    for x in values:
        finite = lines.let(f"call i1 @adl_finite(double {x})")
        every = lines.let(f"and i1 {every}, {finite}")
    good, bad = lines.label(), lines.label()
    lines.branch(every, good, bad)
    lines.begin(bad)
    odd = lines.at("i64", "%skipped", lines.load("i64", lines.at("i64", "%histogram", 2)))
    lines.store("i64", lines.let(f"add i64 {lines.load('i64', odd)}, 1"), odd)
    lines.do("ret void")
    lines.begin(good)
    cell = find_cell(lines, fill.bins, values, lines.at("i64", "%histogram", 3))
    first = lines.load("i64", "%histogram")
    raw = lines.at("i64", "%raw", lines.let(f"add i64 {first}, {cell}"))
    lines.store("i64", lines.let(f"add i64 {lines.load('i64', raw)}, 1"), raw)
    if fill.weighted:
        sums = lines.load("i64", lines.at("i64", "%histogram", 1))
        entry = lines.let(f"add i64 {sums}, {cell}")
        odd = lines.at("i64", "%skipped", lines.load("i64", lines.at("i64", "%histogram", 2)))
        arguments = f"ptr %sumw, ptr %sumw2, ptr {odd}, i64 {entry}, double %w"
        lines.do(f"call void @adl_add({arguments})")
    lines.do("ret void")
    parameters = ["ptr %raw, ptr %sumw, ptr %sumw2, ptr %skipped, ptr %histogram"]
    parameters += [f"double {x}" for x in (*values, *(["%w"] if fill.weighted else ()))]
    head = f"define internal void @{filler_name(fill)}({', '.join(parameters)}) nounwind"
    return f"{head} {'' if inline else 'noinline '}{{\n{lines.text()}\n}}\n"


def find_cell(lines: Lines, bins: tuple[Binning, ...], values: list[str], axis_at: str) -> str:
    """Write the bin look-ups; the first axis runs fastest."""
    cell, stride = "0", "1"
    for axis, x in zip(bins, values, strict=True):
        look_up = "adl_uniform" if isinstance(axis, Uniform) else "adl_variable"
        index = lines.let(f"call i64 @{look_up}(double {x}, ptr {axis_at})")
        cell = lines.let(f"add i64 {cell}, {lines.let(f'mul i64 {stride}, {index}')}")
        number = lines.load("i64", axis_at)
        stride = lines.let(f"mul i64 {stride}, {lines.let(f'add i64 {number}, 2')}")
        numbers = 3 if isinstance(axis, Uniform) else lines.let(f"add i64 {number}, 2")
        axis_at = lines.at("i64", axis_at, numbers)
    return cell
