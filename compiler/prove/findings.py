"""What single regions give away: nothing passes, a cut cuts nothing, bins overlap or leave gaps."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Literal as Words

from adl.compiler.ir import TRUE, Call, Const, Node, both, conjuncts, invert
from adl.compiler.program import Program, RegionOutput
from adl.compiler.prove.decide import Prover
from adl.compiler.prove.promises import Promises
from adl.compiler.prove.regions import Region, mask_of
from adl.compiler.prove.search import Search
from adl.compiler.prove.values import Values, compared
from adl.compiler.prove.verdicts import Witness

MOST_SECONDS = 10.0  # of z3, for regions that pass nothing
SECONDS = 2.0  # to look for events between bins, or in two of them


@dataclass(frozen=True)
class Finding:
    """One thing to say of a region; a gap or an overlap of bins comes with an event."""

    kind: Words["empty", "idle cut", "overlapping bins", "gap between bins", "unproven bins"]
    region: str
    text: str
    witness: Witness | None = None


def of_regions(
    prover: Prover, regions: Iterable[Region], alone: Container[Region] = ()
) -> list[Finding]:
    """Return the regions that no event passes, and the cuts that cut nothing.

    Of those ``alone``, which share no event with another region, z3 is asked, too.
    """
    found = []
    end = time.monotonic() + MOST_SECONDS
    for region in regions:
        if region.label:
            continue
        before: Node = TRUE
        for label, mask in region.steps:
            if prover.passes_nothing(mask):
                text = f"no event passes {label}" if before is not TRUE else "no event passes it"
                found.append(Finding("empty", str(region), text))
                break
            if mask is not before and prover.always(_added(mask, before), before):
                found.append(Finding("idle cut", str(region), f"{label} cuts nothing"))
            before = mask
        else:
            if region in alone and time.monotonic() < end and prover.is_nothing(region.mask, end):
                found.append(Finding("empty", str(region), "no event passes it"))
    return found


def _added(mask: Node, before: Node) -> Node:
    """Return the condition that a cut adds to those before it."""
    old = set(conjuncts(before))
    out: Node = TRUE
    for condition in conjuncts(mask):
        if condition not in old:
            out = both(out, condition)
    return out


@dataclass(frozen=True)
class _Question:
    """Events that there should not be."""

    kind: Words["overlapping bins", "gap between bins"]
    region: str
    text: str
    mask: Node


def of_bins(prover: Prover, program: Program, promises: Promises, file: str = "") -> list[Finding]:
    """Return bins that overlap or leave gaps, with an event; and of which neither is known."""
    questions = [q for region in program.regions for q in _questions(prover, region, file)]
    if not questions:
        return []
    search = Search([q.mask for q in questions], promises, prover.facts.normal)
    search.run([(i, i) for i in range(len(questions))], SECONDS)
    found = []
    for number, question in enumerate(questions):
        witness = search.witness(number, number)
        if witness is not None:
            found.append(Finding(question.kind, question.region, question.text, witness))
        else:
            text = f"{question.text}: neither proven nor excluded"
            found.append(Finding("unproven bins", question.region, text))
    return found


def _questions(prover: Prover, region: RegionOutput, file: str) -> list[_Question]:
    """Return what is not proven of the bins of a region."""
    if region.bins is None:
        return []
    mask, labels = mask_of(region), region.bins.labels
    (number,) = region.bins.fill.values
    conditions = _conditions(number)
    if len(conditions) != len(labels):
        return []  # a bin that is always or never true has been folded away
    name = f"{file}:{region.name}" if file else region.name
    questions = []
    for (first, a), (second, b) in combinations(zip(labels, conditions, strict=True), 2):
        inside = both(both(mask, a), b)
        if not _one_point(both(a, b)) and not prover.passes_nothing(inside):
            text = f"{first} and {second} overlap"
            questions.append(_Question("overlapping bins", name, text, inside))
    outside = mask
    for condition in conditions:
        outside = both(outside, invert(condition))
    if not prover.passes_nothing(outside, numbers=True):
        text = "some events that pass the region are in no bin"
        questions.append(_Question("gap between bins", name, text, outside))
    return questions


def _one_point(condition: Node) -> bool:
    """Return whether a condition asks a real value for single numbers: a shared closed edge."""
    allowed: dict[Node, Values] = {}
    for part in conjuncts(condition):
        asked = _asked(part)
        if asked is not None:
            value, values = asked
            allowed[value] = allowed.get(value, values) & values
    return any(
        bool(values.spans) and all(low == high for low, high in values.spans)
        for values in allowed.values()
    )


def _asked(condition: Node) -> tuple[Node, Values] | None:
    """Return a real value that is compared with constants, and what it may be."""
    match condition:
        case Call(operator, (x, Const(constant))) if x.kind == "real":
            known = operator in ("lt", "le", "gt", "ge", "eq")
            return (x, compared(operator, "real", constant)) if known else None
        case Call("or", (first, second)):
            one, other = _asked(first), _asked(second)
            if one is not None and other is not None and one[0] is other[0]:
                return one[0], one[1] | other[1]
    return None


def _conditions(number: Node) -> list[Node]:
    """Return the conditions of bins that are numbered in the order in which they are tried."""
    found = []
    while isinstance(number, Call) and number.function == "where":
        condition, place, number = number.arguments
        if not isinstance(place, Const):
            return []
        found.append(condition)
    return found
