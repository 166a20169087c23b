"""Facts about sums over the elements of a selection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import TYPE_CHECKING, cast

from adl.compiler.ir import (
    Const,
    Index,
    Node,
    Part,
    Pick,
    Reduce,
    opened,
    reduce,
    substitute,
)
from adl.compiler.prove.counts import sources_of
from adl.compiler.prove.elements import passes, there
from adl.compiler.prove.formulas import conjunction, disjunction, opposite
from adl.compiler.prove.known import Clause, Instance, Order
from adl.compiler.prove.values import Kind, Values, compared, just

if TYPE_CHECKING:
    from adl.compiler.prove.facts import Facts

MOST_FOLD = 12  # elements of a sum of which the least is computed


def of_sum(facts: Facts, total: Reduce) -> Iterator[Instance]:
    """Yield what a sum is at least, by how many elements it has."""
    kind = cast("Kind", total.kind)
    axes, (_, mask) = opened(total)
    number = facts.normal(reduce("count", axes, Const(1), mask))
    none = facts.encode.member(number, compared("lt", "int", 1))
    zero = facts.encode.member(total, just(kind, 0))
    yield Clause("sum of none", disjunction((opposite(none), zero)))
    each = facts.under_mask(total)
    least = each.low
    if kind != "real" or least < 0:
        return
    nan = Values(kind, (), each.nan)  # infinities of one sign add up to one
    folded = 0.0
    for k in range(1, MOST_FOLD + 1):
        folded += float(least)
        few = facts.encode.member(number, compared("lt", "int", k))
        grown = facts.encode.member(total, compared("ge", kind, folded) | nan)
        yield Clause("sum of many" if least > 0 else "sum grows", disjunction((few, grown)))
        if least == 0:
            break


def of_sums(facts: Facts, quantities: Sequence[Node], parts: Sequence[Part]) -> Iterator[Instance]:
    """Yield what sums say of each other and of found elements."""
    sums = [q for q in quantities if isinstance(q, Reduce) and q.operation == "sum"]
    for one, other in permutations(sums, 2):
        yield from facts.once(of_two_sums, one, other)
    for total in sums:
        for part in parts:
            yield from facts.once(of_sum_and_part, total, part)


def of_two_sums(facts: Facts, one: Reduce, other: Reduce) -> Iterator[Instance]:
    """Yield that a sum over the elements of a harder selection is no more."""
    if sources_of(one) != sources_of(other) or one.kind != "real" or one.kind != other.kind:
        return
    growing = facts.same_value(one, other) and facts.under_mask(other).low >= 0
    if growing and facts.implies(one, other):
        yield Order("sum grows", one, other)


def of_sum_and_part(facts: Facts, total: Reduce, part: Part) -> Iterator[Instance]:
    """Yield that a sum is no less than the value of an element that is in it."""
    pick = cast("Pick", part.pick)
    if total.kind != "real" or len(total.axes) > 1 or len(pick.axes) > 1:
        return
    if total.axes[0].source != pick.axes[0].source or facts.under_mask(total).low < 0:
        return
    (axis,), (value, _) = opened(total)
    own = facts.normal(substitute(value, {Index(axis): part}))
    guard = conjunction((there(facts, part), passes(facts, part, total)))
    yield Order("sum grows", own, total, guard)
