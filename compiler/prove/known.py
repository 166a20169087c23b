"""What is known of quantities in every event: instances of the facts in ``facts.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from adl.compiler.ir import Node, Reduce
from adl.compiler.prove.formulas import TRUE, Formula


@dataclass(frozen=True)
class Clause:
    """A formula that holds in every event."""

    fact: str
    formula: Formula


@dataclass(frozen=True)
class Order:
    """``least <= most`` in every event in which the guard holds and neither is NaN."""

    fact: str
    least: Node
    most: Node
    guard: Formula = TRUE


@dataclass(frozen=True)
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
    """Instances of facts, by how they are used."""

    clauses: tuple[Clause, ...] = ()
    orders: tuple[Order, ...] = ()
    sums: tuple[Sum, ...] = ()
    selections: tuple[tuple[Reduce, ...], ...] = ()  # counts over the same collections
    covers: Covers = lambda count, others: False

    @staticmethod
    def of(
        instances: Iterable[Instance],
        selections: tuple[tuple[Reduce, ...], ...],
        covers: Covers,
    ) -> Known:
        """Return some instances, in their order."""
        every = tuple(instances)
        return Known(
            tuple(i for i in every if isinstance(i, Clause)),
            tuple(i for i in every if isinstance(i, Order)),
            tuple(i for i in every if isinstance(i, Sum)),
            selections,
            covers,
        )
