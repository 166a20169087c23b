"""Lower bounds of a search's key: with some of its loops entered, what it cannot fall below.

``(m(W) - 80)^2 + (m(t) - 172)^2`` is at least its first term, which is known once the two jets of
the W are chosen: where that alone reaches the best key so far, the loops over the other jets are
not entered. A bound is a value of the program. All rules hold for rounded numbers too, since
rounding keeps order; a NaN anywhere makes a bound NaN, which prunes nothing. So a search finds the
same tuple, to the bit, and for equal keys the first one.
"""

from __future__ import annotations

from collections.abc import Iterator

from adl.compiler.ir import Axis, Call, Const, Node, call

# What a bound can be pushed through: f(x) >= f(bound of x).
_RISING = frozenset(("sqrt", "real"))


def bound(key: Node, available: frozenset[Axis]) -> Node | None:
    """Return the largest bound of ``key`` that only needs these axes, if there is one."""
    return next((b for b in _bounds(key) if b.free and b.free <= available), None)


def _bounds(x: Node) -> Iterator[Node]:
    """Yield values that x is never below, larger ones first."""
    yield x
    if not isinstance(x, Call):
        return
    match x.function, x.arguments:
        case "add", (a, b):
            # The sum of what is known of both, then one alone where the other is not negative.
            if nonnegative(b):
                yield from _bounds(a)
            if nonnegative(a):
                yield from _bounds(b)
        case "sub", (a, b) if not b.free:
            yield from (call("sub", s, b) for s in _smaller(a))
        case "abs", (a,):
            yield from _bounds(a)
        case (("mul" | "div"), (a, b)) if _positive(b):
            yield from (call(x.function, s, b) for s in _smaller(a))
        case function, (a,) if function in _RISING and nonnegative(a):
            yield from (call(function, s) for s in _smaller(a))


def _smaller(x: Node) -> Iterator[Node]:
    every = _bounds(x)
    next(every)  # itself
    return every


def nonnegative(x: Node) -> bool:
    """Whether a number is certainly not below zero (or is NaN)."""
    if isinstance(x, Const):
        return not x.datum and x.value >= 0
    if not isinstance(x, Call):
        return False
    match x.function, x.arguments:
        case (("abs" | "sqrt"), _):
            return x.kind == "real"  # the absolute value of the least integer is negative
        case "mul", (a, b) if a is b:
            return x.kind == "real"
        case (("add" | "mul" | "div"), (a, b)):
            return x.kind == "real" and nonnegative(a) and nonnegative(b)
        case "where", (_, a, b):
            return nonnegative(a) and nonnegative(b)
        case "real", (a,):
            return nonnegative(a)
    return False


def _positive(x: Node) -> bool:
    return isinstance(x, Const) and not x.datum and x.kind == "real" and x.value > 0
