"""The instances of facts that concern some literals: of counts, of elements found, of sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from adl.compiler.ir import (
    Call,
    Node,
    Reduce,
)
from adl.compiler.prove.counts import of_call, of_counts
from adl.compiler.prove.elements import of_part, of_parts, of_thresholds
from adl.compiler.prove.formulas import Literal
from adl.compiler.prove.known import Instance
from adl.compiler.prove.sums import of_sum, of_sums

if TYPE_CHECKING:
    from adl.compiler.prove.facts import Facts


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
    yield from of_counts(facts, quantities)
    yield from of_sums(facts, quantities, parts)
    yield from of_parts(facts, parts, quantities)
    yield from of_thresholds(facts, found)
