"""The instances of facts that concern some literals: of counts, of elements found, of sums."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import TYPE_CHECKING, NamedTuple, cast

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
from adl.compiler.prove.formulas import Formula, Literal, conjunction, disjunction, opposite
from adl.compiler.prove.known import Clause, Instance, Order, Sum
from adl.compiler.prove.values import Kind, Values, after, compared, everything, just

if TYPE_CHECKING:
    from adl.compiler.prove.facts import Facts

MOST_FOLD = 12  # elements of a sum of which the least is computed
MOST_COUNTS = 40  # of one collection: beyond, no triples are compared


def instances(
    facts: Facts, found: Sequence[Literal], quantities: Sequence[Node]
) -> Iterator[Instance]:
    """Yield what is known of quantities, those of some literals among them."""
    parts = list(dict.fromkeys(part for q in quantities for part in facts.parts(q)))
    for part in parts:
        yield from facts.once(of_part, part)
    for q in quantities:
        if isinstance(q, Call):
            yield from facts.once(of_call, q)
        elif isinstance(q, Reduce) and q.operation == "sum":
            yield from facts.once(of_sum, q)
    yield from _of_counts(facts, quantities)
    yield from _of_sums(facts, quantities, parts)
    yield from _of_parts(facts, parts, quantities)
    yield from _of_thresholds(facts, found)


# -------------------------------------------------------------------------------- counts


def _of_counts(facts: Facts, quantities: Sequence[Node]) -> Iterator[Instance]:
    groups: dict[tuple[object, ...], list[Reduce]] = {}
    for q in quantities:
        if isinstance(q, Reduce) and q.operation == "count":
            groups.setdefault(_sources(q), []).append(q)
    for counts in groups.values():
        for one, other in permutations(counts, 2):
            yield from facts.once(of_two_counts, one, other)
        if len(counts) > MOST_COUNTS:
            continue
        for one, other in combinations(counts, 2):
            if facts.excludes(one, other):
                for third in counts:
                    yield from facts.once(of_three_counts, one, other, third)


def of_two_counts(facts: Facts, one: Reduce, other: Reduce) -> Iterator[Instance]:
    """Yield that there are at most as many elements of a harder selection."""
    if facts.implies(one, other):
        yield Sum("subset", ((one, 1), (other, -1)), 0)


def of_three_counts(facts: Facts, one: Reduce, other: Reduce, third: Reduce) -> Iterator[Instance]:
    """Yield that two exclusive selections have together at most what is around both."""
    if third is one or third is other:
        return
    if facts.implies(one, third) and facts.implies(other, third):
        yield Sum("exclusive", ((one, 1), (other, 1), (third, -1)), 0)


def _sources(node: Reduce) -> tuple[object, ...]:
    return (*(axis.source for axis in node.axes), *sorted(node.free))


def of_call(facts: Facts, node: Call) -> Iterator[Instance]:
    """Yield what an operation says of its operands."""
    match node:
        case Call("add" | "sub" | "mul") if node.kind == "int":
            terms = _linear(facts, node)
            if terms is not None:
                yield from _equal(node, *terms)
        case Call("lt" | "le" | "eq" as operator, (x, y)) if x.kind != "bool":
            yield from _compared(facts, node, operator, x, y)


def _linear(facts: Facts, node: Node) -> tuple[dict[Node, int], int] | None:
    """Return an integer as a sum of quantities times factors, and a constant; None if it wraps."""
    known = facts.bounds(node)
    if known.full:
        return None
    match node:
        case Const(int(value)):
            return {}, value
        case Call("add" | "sub" as function, (x, y)):
            first, second = _linear(facts, x), _linear(facts, y)
            if first is None or second is None:
                return None
            sign = 1 if function == "add" else -1
            terms = dict(first[0])
            for q, factor in second[0].items():
                terms[q] = terms.get(q, 0) + sign * factor
            return terms, first[1] + sign * second[1]
        case Call("mul", (Const(int(c)), x)) | Call("mul", (x, Const(int(c)))):
            inner = _linear(facts, x)
            return inner and ({q: f * c for q, f in inner[0].items()}, inner[1] * c)
    return {node: 1}, 0


def _equal(node: Node, terms: dict[Node, int], constant: int) -> Iterator[Instance]:
    if node in terms:
        return
    yield Sum("parts", ((node, 1), *((q, -f) for q, f in terms.items())), constant)
    yield Sum("parts", ((node, -1), *terms.items()), -constant)


def _compared(facts: Facts, node: Call, operator: str, x: Node, y: Node) -> Iterator[Instance]:
    kind = cast("Kind", x.kind)
    true = Literal(node, just("bool", 1))
    number = everything(kind, nan=False)
    if kind == "real":
        for side in (x, y):
            inside = facts.encode.member(side, number)
            yield Clause("comparison", disjunction((opposite(true), inside)))
    yield Order("comparison", x, y, true)
    if operator == "eq":
        yield Order("comparison", y, x, true)
    for other, stands in _EXCLUDED[operator]:
        swapped = call(other, y, x) if not stands else call(other, x, y)
        against = Literal(swapped, just("bool", 0))
        yield Clause("comparison", disjunction((opposite(true), against)))


# operator -> comparisons that are false where it is true: of the same order, or swapped
_EXCLUDED: dict[str, tuple[tuple[str, bool], ...]] = {
    "lt": (("lt", False), ("le", False), ("eq", True), ("eq", False)),
    "le": (("lt", False),),
    "eq": (("lt", True), ("lt", False)),
}


# ---------------------------------------------------------------------- elements that are found


class Selected(NamedTuple):
    """The selection that a pick searches: how many pass, and its order."""

    counts: tuple[Reduce, ...]  # one a collection in a row
    total: Node
    key: Node | None  # of the element found: what does not ascend, None if there is no order


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
    yield Clause("passes", disjunction((opposite(found), _passes(facts, part, pick))))


def _passes(facts: Facts, part: Part, selection: Pick | Reduce) -> Formula:
    """Return that the element, or tuple, of a pick passes a mask over the same collections."""
    axes, children = opened(selection)
    mask = children[0] if isinstance(selection, Pick) else children[1]
    at: dict[Node, Node] = {Index(axis): Part(part.pick, i) for i, axis in enumerate(axes)}
    return facts.formula(substitute(mask, at))


def _of_parts(
    facts: Facts, parts: Sequence[Part], quantities: Sequence[Node]
) -> Iterator[Instance]:
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
    passes = conjunction((there(facts, part), _passes(facts, part, count)))
    one = facts.encode.member(count, compared("ge", "int", 1))
    yield Clause("counted", disjunction((opposite(passes), one)))


def of_family_and_count(
    facts: Facts, family: tuple[Part, ...], count: Reduce
) -> Iterator[Instance]:
    """Yield that several elements that pass another selection are counted by that."""
    if count.free or any(part.free for part in family):
        return
    each = [conjunction((there(facts, p), _passes(facts, p, count))) for p in family[:4]]
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
        _sources(a) == _sources(b) and facts.implies(a, b)
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


def _of_thresholds(facts: Facts, found: Sequence[Literal]) -> Iterator[Instance]:
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


# ---------------------------------------------------------------------------------- sums


def of_sum(facts: Facts, total: Reduce) -> Iterator[Instance]:
    """Yield what a sum is at least, by how many elements it has."""
    kind = cast("Kind", total.kind)
    axes, (_, mask) = opened(total)
    number = facts.normal(reduce("count", axes, Const(1), mask))
    none = facts.encode.member(number, compared("lt", "int", 1))
    zero = facts.encode.member(total, just(kind, 0))
    yield Clause("sum of none", disjunction((opposite(none), zero)))
    least = facts.under_mask(total).low
    if kind != "real" or least < 0:
        return
    nan = Values(kind, (), True)
    folded = 0.0
    for k in range(1, MOST_FOLD + 1):
        folded += float(least)
        few = facts.encode.member(number, compared("lt", "int", k))
        grown = facts.encode.member(total, compared("ge", kind, folded) | nan)
        yield Clause("sum of many" if least > 0 else "sum grows", disjunction((few, grown)))
        if least == 0:
            break


def _of_sums(facts: Facts, quantities: Sequence[Node], parts: Sequence[Part]) -> Iterator[Instance]:
    sums = [q for q in quantities if isinstance(q, Reduce) and q.operation == "sum"]
    for one, other in permutations(sums, 2):
        yield from facts.once(of_two_sums, one, other)
    for total in sums:
        for part in parts:
            yield from facts.once(of_sum_and_part, total, part)


def of_two_sums(facts: Facts, one: Reduce, other: Reduce) -> Iterator[Instance]:
    """Yield that a sum over the elements of a harder selection is no more."""
    if _sources(one) != _sources(other) or one.kind != "real" or one.kind != other.kind:
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
    guard = conjunction((there(facts, part), _passes(facts, part, total)))
    yield Order("sum grows", own, total, guard)
