"""Implicit quantifiers of an object block: a foreign collection in a condition means its elements.

``select`` asks all of them, ``reject`` any. All mentions of one collection in a statement mean one
element, so the quantifier goes around the smallest sub-condition that holds them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adl.check.analysis import Choice, Logic, Loop, Reduction, Value
from adl.check.context import Context
from adl.check.loops import apart
from adl.check.substitute import substituted
from adl.check.types import negated
from adl.check.values import free_loops


def quantify(
    context: Context,
    condition: Value,
    loops: Sequence[Loop],
    operation: str,
    where: Sequence[Value] = (),
) -> Value:
    """Bind ``loops`` in a condition, with the operation ``all`` or ``any``.

    ``where`` is what the tuples among them fulfil; the loops of one tuple stay together.
    """
    bound = _place(context, _pushed(condition, True), list(loops), operation)
    return _with_tuples(bound, where) if where else bound


def _with_tuples(value: Value, where: Sequence[Value]) -> Value:
    """Add to each quantifier the conditions of the tuples that it binds."""

    def rule(part: Value) -> Value | None:
        if not isinstance(part, Reduction):
            return None
        own = [c for c in where if not set(free_loops(c)).isdisjoint(part.loops)]
        if not own:
            return None
        inner = substituted(part.value, rule)
        return replace(part, value=inner, where=(*own, *part.where))

    return substituted(value, rule)


def _pushed(value: Value, holds: bool) -> Value:
    """Return a condition, or its negation, with every ``not`` at a comparison.

    A comparison keeps its ``not``: x >= y is no negation of x < y where one of them is missing.
    """
    match value:
        case Logic(operator="not"):
            return _pushed(value.operands[0], not holds)
        case Logic():
            operands = tuple(_pushed(o, holds) for o in value.operands)
            conjunction = (value.operator == "and") == holds
            return replace(value, operator="and" if conjunction else "or", operands=operands)
        case Choice():
            then, otherwise = _pushed(value.then, holds), _pushed(value.otherwise, holds)
            return replace(value, then=then, otherwise=otherwise)
        case _:
            return value if holds else negated(value)


def _place(context: Context, value: Value, loops: list[Loop], operation: str) -> Value:
    """Bind each loop in the one operand that mentions it, or around the whole value."""
    if isinstance(value, Logic) and value.operator != "not":
        parts: tuple[Value, ...] = value.operands
    elif isinstance(value, Choice):
        parts = (value.then, value.otherwise)
    else:
        return _bind(context, value, loops, operation)
    around: list[Loop] = []
    inside: list[list[Loop]] = [[] for _ in parts]
    for loop in loops:
        together = {l for l in loops if l is loop or (loop.group and l.group is loop.group)}
        users = [i for i, part in enumerate(parts) if together.intersection(free_loops(part))]
        # The condition of a ternary counts for both of its branches.
        deciding = isinstance(value, Choice) and bool(
            together.intersection(free_loops(value.condition))
        )
        (inside[users[0]] if len(users) == 1 and not deciding else around).append(loop)
    placed = tuple(
        _place(context, part, own, operation) if own else part
        for part, own in zip(parts, inside, strict=True)
    )
    if isinstance(value, Choice):
        return _bind(
            context, replace(value, then=placed[0], otherwise=placed[1]), around, operation
        )
    assert isinstance(value, Logic)
    return _bind(context, replace(value, operands=placed), around, operation)


def _bind(context: Context, value: Value, loops: list[Loop], operation: str) -> Value:
    if not loops:
        return value
    where = apart(context, loops, [value], value.span)
    return Reduction(operation, tuple(loops), value, where, type="bool", span=value.span)
