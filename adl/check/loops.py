"""Loops over elements: an element is never paired with itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from adl.check.analysis import IDENTITY, Loop, Operation, Value, Variable
from adl.check.collections import share_input
from adl.check.context import Context
from adl.check.types import negated
from adl.check.values import free_loops, walk
from adl.syntax.source import Span


def apart(
    context: Context, loops: Sequence[Loop], bodies: Sequence[Value], span: Span
) -> tuple[Value, ...]:
    """Return the conditions that loops meet no element twice, of each other or of loops around.

    Only elements that ``bodies`` bring together are told apart, and not those that they compare
    with ``==``: ``any(bjets b, b == this)`` asks for the element itself.
    """
    around = dict.fromkeys(l for body in bodies for l in free_loops(body) if l not in loops)
    pairs = [*combinations(loops, 2), *((outer, loop) for loop in loops for outer in around)]
    compared = [_compared(body) for body in bodies]
    return tuple(
        negated(Operation("same", (_element(a, span), _element(b, span)), type="bool", span=span))
        for a, b in pairs
        if (a.group is None or a.group is not b.group)
        and share_input(context.sources_of(a), context.sources_of(b))
        and not any({a, b} in found for found in compared)
    )


def _compared(body: Value) -> list[set[Loop]]:
    return [
        set(free_loops(value))
        for value in walk(body)
        if isinstance(value, Operation) and value.name in IDENTITY
    ]


def _element(loop: Loop, span: Span) -> Value:
    return Variable(loop, type="particle", span=span)
