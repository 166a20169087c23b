"""Operators on checked values: arithmetic, comparisons, intervals and sums of particles."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from adl.check.analysis import (
    Apply,
    Interval,
    Literal_,
    Logic,
    Operation,
    Power,
    Sum,
    Value,
)
from adl.check.constants import compared_texts, folded
from adl.check.elements import is_element
from adl.check.scope import Scope
from adl.check.tuples import another
from adl.check.types import convert, number, unify
from adl.stdlib.library import find_function
from adl.syntax.source import Span
from adl.syntax.tree import Expr, Number, Unary, Within

ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
BITS = {"&": "bitand", "|": "bitor", "<<": "shl", ">>": "shr"}
COMPARISON = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
MOST_PARTICLES = 1000  # of a sum: a define of sums of defines grows beyond all bounds


def arithmetic(
    scope: Scope, operator: str, left: Value | None, right: Value | None, span: Span
) -> Value | None:
    """Return ``left operator right``; particles have a sum and a difference."""
    if left is None or right is None:
        return None
    if left.type == right.type == "particle" and operator in "+-":
        return particle_sum(scope, [(1, left), (1 if operator == "+" else -1, right)], span)
    a, b = number(scope, left), number(scope, right)
    if a is None or b is None:
        return None
    name = ARITHMETIC[operator]
    a, b = unify(a, b, least="real" if name == "div" else "int")
    return Operation(name, (a, b), type=a.type, span=span)


def bits(
    scope: Scope, operator: str, left: Value | None, right: Value | None, span: Span
) -> Value | None:
    """Return a bit operation of integers; ``&`` and ``|`` of conditions are ``and`` and ``or``."""
    a, b = number(scope, left), number(scope, right)
    if a is None or b is None:
        return None
    if a.type == b.type == "bool" and operator in "&|":
        word: Literal["and", "or"] = "and" if operator == "&" else "or"
        return Logic(word, (a, b), type="bool", span=span)
    real = [side for side in (a, b) if side.type == "real"]
    for side in real:
        message = f"{scope.context.words(side.span)} is a real number: it has no bits"
        help = f"{operator} works on integers; and, or join conditions"
        scope.context.findings.error("E250", message, side.span, help)
    if real:
        return None
    a, b = unify(a, b)
    return Operation(BITS[operator], (a, b), type="int", span=span)


def particle_sum(scope: Scope, items: list[tuple[int, Value]], span: Span) -> Value | None:
    """Return the sum of signed particles; sums among them are taken apart."""
    flat: list[tuple[int, Value]] = []
    for sign, item in items:
        parts = item.items if isinstance(item, Sum) else ((1, another(item, flat)),)
        flat += [(sign * own, part) for own, part in parts]
    if len(flat) > MOST_PARTICLES:
        message = f"a sum has at most {MOST_PARTICLES:,} particles, this one has {len(flat):,}"
        scope.context.findings.error("E226", message, span, "add(jets) is the sum of all jets")
        return None
    return Sum(tuple(flat), type="particle", span=span)


def minus(scope: Scope, value: Value | None, span: Span) -> Value | None:
    """Return ``-value``: of a number, or a particle with its four-vector turned round."""
    if value is None:
        return None
    if value.type == "particle":
        return particle_sum(scope, [(-1, value)], span)
    (value,) = unify(value)
    if isinstance(value, Literal_):
        return replace(value, value=-value.value, span=span)
    return Operation("neg", (value,), type=value.type, span=span)


def power(
    scope: Scope, base: Value | None, written: Expr, exponent: Value | None, span: Span
) -> Value | None:
    """Return ``base ^ exponent``: multiplications for an integer literal, else pow."""
    base, exponent = number(scope, base), number(scope, exponent)
    if base is None or exponent is None:
        return None
    count = _integer(written)
    if count is not None:
        (base,) = unify(base, least="int" if count >= 0 else "real")
        return Power(base, count, type=base.type, span=span)
    function = find_function("pow")
    assert function is not None, "the library has pow"
    arguments = (convert(base, "real"), convert(exponent, "real"))
    return Apply(function, arguments, type="real", span=span)


def _integer(written: Expr) -> int | None:
    match written:
        case Number() if isinstance(written.value, int):
            return written.value
        case Unary("-", Number() as inner) if isinstance(inner.value, int):
            return -inner.value
        case _:
            return None


def comparison(
    scope: Scope, operator: str, left: Value | None, right: Value | None, span: Span
) -> Value | None:
    """Return a comparison; ``==`` and ``!=`` of two particles ask whether they are one object."""
    if left is None or right is None:
        return None
    if left.type == right.type == "particle" and operator in ("==", "!="):
        return _identity(scope, operator, left, right, span)
    if "text" in (left.type, right.type):
        return compared_texts(scope.context, operator, left, right, span)
    a, b = number(scope, left), number(scope, right)
    if a is None or b is None:
        return None
    if not (a.type == b.type == "bool" and operator in ("==", "!=")):
        a, b = unify(a, b)
    known = folded(COMPARISON[operator], a, b, span)
    return known or Operation(COMPARISON[operator], (a, b), type="bool", span=span)


def _identity(scope: Scope, operator: str, left: Value, right: Value, span: Span) -> Value | None:
    for side in (left, right):
        if not is_element(side):
            scope.context.findings.error(
                "E204",
                f"{scope.context.words(side.span)} is not one of a collection's elements, "
                "which == compares",
                side.span,
                "compare numbers: pT(…) == pT(…)",
            )
            return None
    name = "same" if operator == "==" else "differ"
    return Operation(name, (left, right), type="bool", span=span)


def interval(
    scope: Scope, written: Within, value: Value | None, lower: Value | None, upper: Value | None
) -> Value | None:
    """Return ``value [] lower upper`` or ``value ][ lower upper``."""
    x, low, high = number(scope, value), number(scope, lower), number(scope, upper)
    if x is None or low is None or high is None:
        return None
    x, low, high = unify(x, low, high)
    operator: Literal["[]", "]["] = "[]" if written.operator == "[]" else "]["
    return Interval(operator, x, low, high, type="bool", span=written.span)
