"""What is known of quantities in every event: instances of the facts in ``facts.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from adl.compiler.ir import Node, Reduce
from adl.compiler.prove.formulas import TRUE, Formula, literals


@dataclass(frozen=True, eq=False)
class Clause:
    """A formula that holds in every event."""

    fact: str
    formula: Formula


@dataclass(frozen=True, eq=False)
class Order:
    """``least <= most`` in every event in which the guard holds and neither is NaN."""

    fact: str
    least: Node
    most: Node
    guard: Formula = TRUE


@dataclass(frozen=True, eq=False)
class Sum:
    """The sum of integer quantities times their factors is at most ``most``."""

    fact: str
    terms: tuple[tuple[Node, int], ...]
    most: int


# Whether everything that one count counts is counted by one of others.
Covers = Callable[[Reduce, tuple[Reduce, ...]], bool]
Instance = Clause | Order | Sum


@dataclass(frozen=True)
class Known:
    """Instances of facts, and which of them a quantity is in."""

    instances: tuple[Instance, ...] = ()
    selections: tuple[tuple[Reduce, ...], ...] = ()  # counts over the same collections
    covers: Covers = lambda count, others: False

    @cached_property
    def touching(self) -> dict[Node, list[int]]:
        """The numbers of the instances that each quantity is in."""
        found: dict[Node, list[int]] = {}
        for number, instance in enumerate(self.instances):
            for quantity in dict.fromkeys(quantities_of(instance)):
                found.setdefault(quantity, []).append(number)
        return found


def quantities_of(instance: Instance) -> Iterator[Node]:
    """Yield the quantities that a fact is about."""
    match instance:
        case Clause(_, formula):
            yield from (item.quantity for item in literals(formula))
        case Order(_, least, most, guard):
            yield from (least, most, *(item.quantity for item in literals(guard)))
        case Sum(_, terms):
            yield from (quantity for quantity, _ in terms)
