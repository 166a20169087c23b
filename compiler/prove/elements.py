"""Facts about the elements that picks find: when they are there, and how high they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import TYPE_CHECKING, cast

from adl.compiler.ir import (
    Axis,
    Call,
    Column,
    Const,
    Index,
    Node,
    Part,
    Pick,
    Reduce,
    both,
    call,
    opened,
    reduce,
    substitute,
)
from adl.compiler.prove.counts import sources_of
from adl.compiler.prove.formulas import Formula, Literal, conjunction, disjunction, opposite
from adl.compiler.prove.known import Clause, Instance, Order
from adl.compiler.prove.values import after, compared

if TYPE_CHECKING:
    from adl.compiler.prove.facts import Facts


def parts_in(quantity: Node) -> tuple[Part, ...]:
    """Return the found elements of which a quantity is computed, not those inside its loops."""
    found: dict[Part, None] = {}
    seen: set[Node] = set()
    stack = [quantity]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, Part):
            if isinstance(node.pick, Pick):
                found[node] = None
        elif not node.bound:
            stack += reversed(node.children)
    return tuple(found)


def counted(facts: Facts, part: Part) -> Node:
    """Return how many elements, or tuples, pass the selection of a pick."""
    pick = cast("Pick", part.pick)
    axes, (mask, *_) = opened(pick)
    return facts.normal(reduce("count", axes, Const(1), mask))


def there(facts: Facts, part: Part) -> Formula:
    """Return that an element is found."""
    return facts.encode.member(part, compared("ge", "int", 0))


def of_part(facts: Facts, part: Part) -> Iterator[Instance]:
    """Yield when an element is found, and that it passes its selection."""
    pick = cast("Pick", part.pick)
    found, total = there(facts, part), counted(facts, part)
    enough = facts.encode.member(total, compared("gt", "int", pick.k))
    yield Clause("found", disjunction((opposite(found), enough)))
    yield Clause("found", disjunction((found, opposite(enough))))
    yield Clause("passes", disjunction((opposite(found), passes(facts, part, pick))))


def passes(facts: Facts, part: Part, selection: Pick | Reduce) -> Formula:
    """Return that the element, or tuple, of a pick passes a mask over the same collections."""
    axes, children = opened(selection)
    mask = children[0] if isinstance(selection, Pick) else children[1]
    at: dict[Node, Node] = {Index(axis): Part(part.pick, i) for i, axis in enumerate(axes)}
    return facts.formula(substitute(mask, at))


def of_parts(facts: Facts, parts: Sequence[Part], quantities: Sequence[Node]) -> Iterator[Instance]:
    """Yield what found elements say of each other and of counts."""
    counts = [q for q in quantities if isinstance(q, Reduce) and q.operation == "count"]
    firsts = [p for p in parts if p.place == 0]
    for part in firsts:
        for count in counts:
            if tuple(a.source for a in count.axes) == tuple(a.source for a in _axes(part)):
                yield from facts.once(of_part_and_count, part, count)
    for one, other in permutations(firsts, 2):
        if _axes(one)[0].source == _axes(other)[0].source:
            yield from facts.once(of_two_parts, one, other)
    for family in _families(firsts):
        for count in counts:
            if tuple(a.source for a in count.axes) == tuple(a.source for a in _axes(family[0])):
                yield from facts.once(of_family_and_count, tuple(family), count)


def _axes(part: Part) -> tuple[Axis, ...]:
    return cast("Pick", part.pick).axes


def _families(parts: Sequence[Part]) -> list[list[Part]]:
    """Return the elements that are found in one selection, by their numbers."""
    groups: dict[tuple[object, ...], list[Part]] = {}
    for part in parts:
        pick = cast("Pick", part.pick)
        groups.setdefault((pick.axes, pick.mask, pick.order), []).append(part)
    ordered = (sorted(g, key=lambda p: cast("Pick", p.pick).k) for g in groups.values())
    return [group for group in ordered if len(group) > 1]


def of_part_and_count(facts: Facts, part: Part, count: Reduce) -> Iterator[Instance]:
    """Yield that an element that passes another selection is counted by that."""
    if count.free or part.free:
        return
    inside = conjunction((there(facts, part), passes(facts, part, count)))
    one = facts.encode.member(count, compared("ge", "int", 1))
    yield Clause("counted", disjunction((opposite(inside), one)))


def of_family_and_count(
    facts: Facts, family: tuple[Part, ...], count: Reduce
) -> Iterator[Instance]:
    """Yield that several elements that pass another selection are counted by that."""
    if count.free or any(part.free for part in family):
        return
    each = [conjunction((there(facts, p), passes(facts, p, count))) for p in family[:4]]
    for number in range(2, len(each) + 1):
        for some in combinations(each, number):
            many = facts.encode.member(count, compared("ge", "int", number))
            yield Clause("counted", disjunction((opposite(conjunction(some)), many)))


def of_two_parts(facts: Facts, one: Part, other: Part) -> Iterator[Instance]:
    """Yield that an element found later, or in a harder selection, is no higher."""
    first, second = cast("Pick", one.pick), cast("Pick", other.pick)
    if second.k > first.k or first.axes[0].source != second.axes[0].source:
        return
    if len(first.axes) > 1 or len(second.axes) > 1:
        return
    low, high = facts.key(one), facts.key(other)
    if low is None or high is None or low[1] is not high[1]:
        return
    if _harder(facts, one, other):
        yield Order("order", low[0], high[0], there(facts, one))


def _harder(facts: Facts, one: Part, other: Part) -> bool:
    """Return whether all elements of a selection are in another."""
    first, second = _counts(facts, one), _counts(facts, other)
    return len(first) == len(second) and all(
        sources_of(a) == sources_of(b) and facts.implies(a, b)
        for a, b in zip(first, second, strict=True)
    )


def _counts(facts: Facts, part: Part) -> list[Reduce]:
    found, stack = [], [counted(facts, part)]
    while stack:
        node = stack.pop()
        if isinstance(node, Reduce):
            found.append(node)
        else:
            stack += node.children
    return sorted(found, key=lambda c: tuple(a.source for a in c.axes))


def key(facts: Facts, part: Part) -> tuple[Node, Node] | None:
    """Return what does not ascend in the order of a pick: of the element, and as a function."""
    pick = cast("Pick", part.pick)
    if pick.order is None:
        (axis, *others) = pick.axes
        column = facts.promises.ordered.get(axis.source[0])
        if column is None or others or len(axis.source) > 1:
            return None
        stored = Column(
            column, facts.promises.dtypes[column], axis.source[0], Index(Axis(axis.source, 0))
        )
        return substitute(stored, {Index(Axis(axis.source, 0)): part}), stored
    axes, (_, order) = opened(pick)
    if len(axes) > 1:
        return None
    match facts.normal(order):
        case Call("neg", (descending,)):
            own = Index(Axis(axes[0].source, 0))
            general = substitute(descending, {Index(axes[0]): own})
            return facts.normal(substitute(descending, {Index(axes[0]): part})), general
    return None


def of_thresholds(facts: Facts, found: Sequence[Literal]) -> Iterator[Instance]:
    """Yield what thresholds on the k-th element say of how many are beyond them."""
    for item in found:
        for part in facts.parts(item.quantity):
            highest = facts.key(part) if part.place == 0 else None
            if highest is not None and highest[0] is item.quantity:
                ends = (x for low, high in item.allowed.spans for x in (low, after(high, "real")))
                for end in dict.fromkeys(ends):
                    if 0 < end < math.inf:
                        yield from facts.once(of_threshold, part, float(end))


def of_threshold(facts: Facts, part: Part, low: float) -> Iterator[Instance]:
    """Yield when the k-th element of a sorted selection is at least so high."""
    pick = cast("Pick", part.pick)
    highest = facts.key(part)
    assert highest is not None
    axes, (mask, *_) = opened(pick)
    value = substitute(highest[1], {Index(Axis(axes[0].source, 0)): Index(axes[0])})
    high = facts.encode.member(highest[0], compared("ge", "real", low))
    beyond = reduce("count", axes, Const(1), both(mask, call("ge", value, Const(low))))
    many = facts.encode.member(facts.normal(beyond), compared("gt", "int", pick.k))
    both_ = conjunction((there(facts, part), high))
    yield Clause("threshold", disjunction((opposite(both_), many)))
    yield Clause("threshold", disjunction((both_, opposite(many))))
