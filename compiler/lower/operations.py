"""Operations on numbers and conditions: a missing operand makes the result missing, if it counts."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from adl.check import analysis as core
from adl.compiler.ir import TRUE, Const, Node, as_real, both, call, either, invert
from adl.compiler.lower import truth
from adl.compiler.lower.places import same
from adl.compiler.lower.truth import Lowered, choose, defined_all

if TYPE_CHECKING:
    from adl.compiler.lower.values import Lowering

_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")


def operation(lowering: Lowering, value: core.Operation) -> Lowered:
    """Return arithmetic, a comparison, or whether two elements are one."""
    if value.name in core.IDENTITY:
        a, b = (lowering.place(v) for v in value.arguments)
        there = Lowered(TRUE, both(a.defined, b.defined), both(a.certain, b.certain))
        one = same(a, b)
        return truth.comparison(one if value.name == "same" else invert(one), there)
    operands = [lowering.value(v) for v in value.arguments]
    node = call(value.name, *(o.value for o in operands))
    if value.name == "mod" and node.kind == "int":  # no integer says "by 0"
        divides = _is_not_zero(operands[1].value)
        operands.append(Lowered(TRUE, divides))
    if value.name in _COMPARISONS:
        return truth.comparison(node, *operands)
    return Lowered(node, defined_all(*operands), truth.certain_all(*operands))


def power(lowering: Lowering, value: core.Power) -> Lowered:
    """Return an integer power by squaring."""
    base = lowering.value(value.base)
    result, square, exponent = None, base.value, abs(value.exponent)
    while exponent:
        if exponent % 2:
            result = square if result is None else call("mul", result, square)
        exponent //= 2
        if exponent:
            square = call("mul", square, square)
    one = Const(1) if value.type == "int" else Const(1.0)
    power = one if result is None else result
    if value.exponent < 0:
        power = call("div", Const(1.0), as_real(power))
    return Lowered(power, base.defined, base.certain)


def logic(lowering: Lowering, value: core.Logic) -> Lowered:
    """Return ``and``, ``or`` and ``not``; the second operand counts where the first decides nothing."""
    first = lowering.value(value.operands[0])
    settled = truth.truth(first).value  # the second operand is looked at, if at all, then
    with lowering.looked_at(settled if value.operator == "and" else invert(settled), more=True):
        operands = [first, *(lowering.value(v) for v in value.operands[1:])]
    match value.operator:
        case "not":
            return truth.negation(first)
        case "and":
            return reduce(truth.conjunction, operands)
    return reduce(truth.disjunction, operands)


def interval(lowering: Lowering, value: core.Interval) -> Lowered:
    """Return whether a number lies in an interval, or outside of it."""
    x, lower, upper = (lowering.value(v) for v in (value.value, value.lower, value.upper))
    if value.operator == "[]":
        inside = both(call("ge", x.value, lower.value), call("le", x.value, upper.value))
    else:
        inside = either(call("le", x.value, lower.value), call("ge", x.value, upper.value))
    return truth.comparison(inside, x, lower, upper)


def choice(lowering: Lowering, value: core.Choice) -> Lowered:
    """Return ``c ? a : b``, of numbers."""
    condition = lowering.condition(value.condition)
    with lowering.looked_at(condition.value, more=True):
        yes = lowering.value(value.then)
    with lowering.looked_at(invert(condition.value), more=True):
        no = lowering.value(value.otherwise)
    certain = choose(condition.value, yes.certain, no.certain)
    if condition.certain is not TRUE:  # it decides nothing where both branches agree
        agree = both(truth.certain_all(yes, no), call("eq", yes.value, no.value))
        certain = choose(condition.certain, certain, agree)
    return Lowered(
        choose(condition.value, yes.value, no.value),
        choose(condition.value, yes.defined, no.defined),
        certain,
    )


def extremum(lowering: Lowering, value: core.Extremum) -> Lowered:
    """Return the least or largest of some numbers; missing ones are skipped."""
    sign = 1.0 if value.operation == "min" else -1.0
    first, *rest = (lowering.value(v) for v in value.values)
    best, there = first.value, first.defined
    if not all(v.type == "int" for v in value.values) or there is not TRUE:
        best = choose(there, as_real(best), Const(sign * float("inf")))
    for other in rest:
        x = other.value if best.kind == "int" == other.value.kind else as_real(other.value)
        best = as_real(best) if x.kind == "real" else best
        closer = x < best if sign > 0 else best < x
        # A NaN is never replaced and replaces everything.
        better = closer if x.kind == "int" else either(closer, call("ne", x, x))
        best = choose(both(other.defined, better), x, best)
    if value.equal_is_zero and len(value.values) == 2:
        x, y = (lowering.value(v).value for v in value.values)
        zero = Const(0) if best.kind == "int" else Const(0.0)
        best = choose(call("eq", as_real(x), as_real(y)), zero, best)
    return Lowered(best)


def default(lowering: Lowering, value: core.Default) -> Lowered:
    """Return ``default(x, v)``: v where x is missing."""
    x, otherwise = lowering.value(value.value), lowering.value(value.otherwise)
    chosen = choose(x.defined, x.value, otherwise.value)
    return Lowered(chosen, either(x.defined, otherwise.defined), x.certain)


def _is_not_zero(divisor: Node) -> Node:
    if isinstance(divisor, Const):
        return Const(divisor.value != 0)
    return call("ne", divisor, Const(0))
