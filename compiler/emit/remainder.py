"""The remainder of a division, exactly, in integers: a GPU's back-end only approximates ``frem``.

IEEE's fmod has one right answer: x - n y with n = x / y rounded towards 0, with the sign of x. The
significands are divided bit by bit, as on paper, so that no rounding occurs.
"""

from __future__ import annotations

import re


def with_remainder(text: str) -> str:
    """Return LLVM IR that calls the function below in the place of each ``frem``."""
    return re.sub(
        r"frem double (\S+), (\S+)", r"call double @adl_remainder(double \1, double \2)", text
    )


REMAINDER = """
declare i64 @llvm.ctlz.i64(i64, i1)

define internal double @adl_remainder(double %x, double %y) memory(none) nounwind noinline {
entry:
  %xb = bitcast double %x to i64
  %yb = bitcast double %y to i64
  %sign = and i64 %xb, -9223372036854775808
  %xa = and i64 %xb, 9223372036854775807
  %ya = and i64 %yb, 9223372036854775807
  %y_zero = icmp eq i64 %ya, 0
  %y_nan = icmp ugt i64 %ya, 9218868437227405312
  %x_not = icmp uge i64 %xa, 9218868437227405312
  %bad1 = or i1 %y_zero, %y_nan
  %bad = or i1 %bad1, %x_not
  br i1 %bad, label %nan, label %numbers
nan:
  ret double 0x7FF8000000000000
numbers:
  %small = icmp ult i64 %xa, %ya
  br i1 %small, label %same, label %split
same:
  ret double %x
split:
  %xe0 = lshr i64 %xa, 52
  %ye0 = lshr i64 %ya, 52
  %xf = and i64 %xa, 4503599627370495
  %yf = and i64 %ya, 4503599627370495
  %x_sub = icmp eq i64 %xe0, 0
  %y_sub = icmp eq i64 %ye0, 0
  %xn = or i64 %xf, 4503599627370496
  %yn = or i64 %yf, 4503599627370496
  %xm = select i1 %x_sub, i64 %xf, i64 %xn
  %ym = select i1 %y_sub, i64 %yf, i64 %yn
  %xe = select i1 %x_sub, i64 1, i64 %xe0
  %ye = select i1 %y_sub, i64 1, i64 %ye0
  %steps = sub i64 %xe, %ye
  %first = urem i64 %xm, %ym
  br label %head
head:
  %left = phi i64 [ %steps, %split ], [ %fewer, %shift ]
  %rest = phi i64 [ %first, %split ], [ %doubled, %shift ]
  %over = icmp uge i64 %rest, %ym
  %less = sub i64 %rest, %ym
  %reduced = select i1 %over, i64 %less, i64 %rest
  %done = icmp eq i64 %left, 0
  br i1 %done, label %pack, label %shift
shift:
  %doubled = shl i64 %reduced, 1
  %fewer = sub i64 %left, 1
  br label %head
pack:
  %zero = icmp eq i64 %reduced, 0
  br i1 %zero, label %nothing, label %normal
nothing:
  %null = bitcast i64 %sign to double
  ret double %null
normal:
  %lead = call i64 @llvm.ctlz.i64(i64 %reduced, i1 true)
  %want = sub i64 %lead, 11
  %room = sub i64 %ye, 1
  %fits = icmp sle i64 %want, %room
  %by = select i1 %fits, i64 %want, i64 %room
  %moved = shl i64 %reduced, %by
  %e = sub i64 %ye, %by
  %full = icmp uge i64 %moved, 4503599627370496
  %e_field = select i1 %full, i64 %e, i64 0
  %fraction = and i64 %moved, 4503599627370495
  %e_bits = shl i64 %e_field, 52
  %size = or i64 %e_bits, %fraction
  %bits = or i64 %sign, %size
  %result = bitcast i64 %bits to double
  ret double %result
}
"""
