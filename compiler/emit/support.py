"""What every kernel calls: bin look-up and filling, written once in LLVM IR.

A bin look-up gives 0 for underflow, 1 … n for the bins and n + 1 for overflow. The uniform rule is
boost-histogram's: int((x - lower) / (upper - lower) * n), with the division done first.
"""

from __future__ import annotations

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
  %bin = call i64 @llvm.fptosi.sat.i64.f64(double %scaled)
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
