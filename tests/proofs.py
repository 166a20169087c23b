"""What a proof has to fulfil: no event contradicts it, nor what it was made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

from adl.compiler.ir import Call, Const, Node, conjuncts, postorder, rewrite
from adl.compiler.layout import Chunk
from adl.compiler.program import Program
from adl.compiler.prove.decide import Prover
from adl.compiler.prove.formulas import And, Formula, Literal, Or, over, under
from adl.compiler.prove.known import Clause, Instance, Order, Sum, quantities_of
from adl.compiler.prove.regions import regions_of
from adl.compiler.prove.verdicts import Relation, Verdict
from adl.compiler.targets.reference import evaluate_each

COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
GRID = (-1.0, -0.5, 0.0, 0.1, 0.5, 1.0, 2.0, 20.0, 50.0)

# relation -> whether an event of a pair may have (first passes, second passes)
POSSIBLE: dict[Relation, tuple[tuple[bool, bool], ...]] = {
    "disjoint": ((True, False), (False, True), (False, False)),
    "equal": ((True, True), (False, False)),
    "subset": ((True, True), (False, True), (False, False)),
    "superset": ((True, True), (True, False), (False, False)),
}


def conditions_of(program: Program, random: Random, most: int) -> list[Node]:
    """Regions, bins and single cuts of a program, and the same with other numbers."""
    regions = [r.mask for r in regions_of(program, bins=True)]
    cuts = [c for mask in regions for c in conjuncts(mask)]
    found = list(dict.fromkeys((*regions, *cuts)))
    random.shuffle(found)
    found = found[:most]
    return [*found, *(changed(condition, random) for condition in found)]


def changed(condition: Node, random: Random) -> Node:
    """A condition of the same quantities with other comparisons and thresholds."""

    def other(node: Node) -> Node | None:
        match node:
            case Call(operator, (x, Const(c))) if operator in COMPARISONS and x.kind != "bool":
                if random.random() < 0.5:
                    value = random.choice(GRID) if x.kind == "real" else random.randrange(-1, 5)
                    c = type(c)(value)
                if random.random() < 0.3:
                    operator = random.choice(COMPARISONS)
                return Call(operator, (x, Const(c)))
        return None

    return rewrite(condition, other)


def faults(
    conditions: Sequence[Node], chunk: Chunk, prover: Prover, random: Random, pairs: int
) -> tuple[list[str], list[Verdict]]:
    """What events contradict, and the verdicts of some pairs of conditions."""
    normal = [prover.facts.normal(c) for c in conditions]
    formulas = [prover.facts.encode(n) for n in normal]
    every = range(chunk.events)
    true = list(evaluate_each(conditions, chunk, every))
    found = []
    for event, (a, b) in enumerate(zip(true, evaluate_each(normal, chunk, every), strict=True)):
        found += [f"normal form of {i} in {event}" for i, same in _apart(a, b) if not same]
    known = prover.facts.about(random.sample(formulas, min(4, len(formulas)))).instances
    quantities = _quantities(formulas, known)
    for event, row in enumerate(evaluate_each(quantities, chunk, every)):
        values = dict(zip(quantities, row, strict=True))
        found += [
            f"bounds {prover.facts.bounds(q)} of {value}"
            for q, value in values.items()
            if not prover.facts.bounds(q).has(value)
        ]
        for number, formula in enumerate(formulas):
            if holds(formula, values) != true[event][number]:
                found.append(f"formula of {number} in {event}")
        found += [f"{i.fact} in {event}" for i in known if not stands(i, values)]
    verdicts = []
    for _ in range(pairs):
        i, j = random.randrange(len(conditions)), random.randrange(len(conditions))
        verdict = prover.prove(conditions[i], conditions[j])
        verdicts.append(verdict)
        possible = POSSIBLE.get(verdict.relation)
        for event, row in enumerate(true):
            if possible is not None and (row[i], row[j]) not in possible:
                found.append(f"{verdict.relation} ({verdict.method}) of {i}, {j} in {event}")
    return found, verdicts


def _apart(a: list[Any], b: list[Any]) -> list[tuple[int, bool]]:
    return [(i, x == y) for i, (x, y) in enumerate(zip(a, b, strict=True))]


def _quantities(formulas: Sequence[Formula], known: Sequence[Instance]) -> list[Node]:
    found = dict.fromkeys(q for formula in formulas for q in _asked(formula))
    found |= dict.fromkeys(q for instance in known for q in quantities_of(instance))
    assert all(not q.free for q in found)
    assert not any(n.kind == "store" for n in postorder(found) if n in found)
    return list(found)


def _asked(formula: Formula) -> list[Node]:
    match formula:
        case Literal(quantity):
            return [quantity]
        case And(parts) | Or(parts):
            return [q for part in parts for q in _asked(part)]
    return []


def holds(formula: Formula, values: dict[Node, Any]) -> bool:
    """Whether a formula holds in an event with these values."""
    assert over(formula).formula == under(formula).formula, "encoding leaves no holes"
    match formula:
        case Literal(quantity, allowed):
            return allowed.has(values[quantity])
        case And(parts):
            return all(holds(part, values) for part in parts)
        case Or(parts):
            return any(holds(part, values) for part in parts)
    raise AssertionError(formula)


def stands(instance: Instance, values: dict[Node, Any]) -> bool:
    """Whether an instance of a fact is true in an event with these values."""
    match instance:
        case Clause(_, formula):
            return holds(formula, values)
        case Order(_, least, most, guard):
            low, high = values[least], values[most]
            numbers = not (math.isnan(low) or math.isnan(high))
            return bool(low <= high) or not (numbers and holds(guard, values))
        case Sum(_, terms, bound):
            return bool(sum(factor * values[q] for q, factor in terms) <= bound)
