"""Facts about how many elements pass a selection, and about comparisons of two quantities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import TYPE_CHECKING, cast

from adl.compiler.ir import (
    Call,
    Const,
    Node,
    Reduce,
    call,
)
from adl.compiler.prove.formulas import Literal, disjunction, opposite
from adl.compiler.prove.known import Clause, Instance, Order, Sum
from adl.compiler.prove.values import Kind, everything, just

if TYPE_CHECKING:
    from adl.compiler.prove.facts import Facts

MOST_COUNTS = 40  # of one collection: beyond, no triples are compared


def of_counts(facts: Facts, quantities: Sequence[Node]) -> Iterator[Instance]:
    """Yield what counts over the same collections say of each other."""
    groups: dict[tuple[object, ...], list[Reduce]] = {}
    for q in quantities:
        if isinstance(q, Reduce) and q.operation == "count":
            groups.setdefault(sources_of(q), []).append(q)
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


def sources_of(node: Reduce) -> tuple[object, ...]:
    """Return what a reduction runs over, and the axes around it."""
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
