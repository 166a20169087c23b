"""Formulas over quantities, and the two ways in which one may be wrong.

A literal says that a quantity, a closed node, lies in a set of values; its opposite is a literal,
too. A ``Hole`` is a condition of which nothing is known. ``Over`` holds in every event in which
the region passes, and perhaps in others; ``Under`` holds only in events in which it passes. That no
event passes is shown of an ``Over`` alone, and the opposite of an ``Under`` is one: the types do
not let the two be mixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adl.compiler.ir import Node
from adl.compiler.prove.values import Values


@dataclass(frozen=True)
class Literal:
    """The quantity is one of the allowed values."""

    quantity: Node
    allowed: Values


@dataclass(frozen=True)
class And:
    """All hold."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Or:
    """At least one holds."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Hole:
    """A condition of which nothing is known."""

    node: Node


Formula = Literal | And | Or | Hole
TRUE, FALSE = And(()), Or(())


def conjunction(parts: Iterable[Formula]) -> Formula:
    """Return that all hold, without what is always true."""
    flat: dict[Formula, None] = {}
    for part in parts:
        if part == FALSE:
            return FALSE
        for inner in part.parts if isinstance(part, And) else (part,):
            flat[inner] = None
    return next(iter(flat)) if len(flat) == 1 else And(tuple(flat))


def disjunction(parts: Iterable[Formula]) -> Formula:
    """Return that at least one holds; literals of one quantity become one."""
    flat: dict[Formula, None] = {}
    literals: dict[Node, Values] = {}
    for part in parts:
        if part == TRUE:
            return TRUE
        for inner in part.parts if isinstance(part, Or) else (part,):
            if isinstance(inner, Literal):
                known = literals.get(inner.quantity)
                literals[inner.quantity] = inner.allowed if known is None else known | inner.allowed
            else:
                flat[inner] = None
    if any(allowed.full for allowed in literals.values()):
        return TRUE
    every = (*(Literal(q, v) for q, v in literals.items()), *flat)
    return every[0] if len(every) == 1 else Or(every)


def literal(quantity: Node, allowed: Values) -> Formula:
    """Return a literal, or what it is where it is trivial."""
    if allowed.empty:
        return FALSE
    return TRUE if allowed.full else Literal(quantity, allowed)


def opposite(formula: Formula) -> Formula:
    """Return that a formula does not hold; a hole stays one."""
    match formula:
        case Literal(quantity, allowed):
            return literal(quantity, ~allowed)
        case And(parts):
            return disjunction(map(opposite, parts))
        case Or(parts):
            return conjunction(map(opposite, parts))
        case Hole():
            return formula


def literals(formula: Formula) -> Iterator[Literal]:
    """Yield the literals of a formula."""
    match formula:
        case Literal():
            yield formula
        case And(parts) | Or(parts):
            for part in parts:
                yield from literals(part)


def holes(formula: Formula) -> Iterator[Hole]:
    """Yield the holes of a formula."""
    match formula:
        case Hole():
            yield formula
        case And(parts) | Or(parts):
            for part in parts:
                yield from holes(part)


@dataclass(frozen=True)
class Over:
    """Holds in every event in which something passes; ``formula`` has no holes."""

    formula: Formula

    def __and__(self, other: Over) -> Over:
        """Return what holds in every event in which both pass."""
        assert isinstance(other, Over), "an under-approximation proves nothing here"
        return Over(conjunction((self.formula, other.formula)))

    @property
    def opposite(self) -> Under:
        """What holds only where it does not pass."""
        return Under(opposite(self.formula))


@dataclass(frozen=True)
class Under:
    """Holds only in events in which something passes; ``formula`` has no holes."""

    formula: Formula

    def __and__(self, other: Under) -> Under:
        """Return what holds only where both pass."""
        assert isinstance(other, Under), (
            "an over-approximation is no part of an under-approximation"
        )
        return Under(conjunction((self.formula, other.formula)))

    @property
    def opposite(self) -> Over:
        """What holds in every event in which it does not pass."""
        return Over(opposite(self.formula))


def over(formula: Formula) -> Over:
    """Return what holds wherever a formula does, whatever is in its holes."""
    return Over(_filled(formula, TRUE))


def under(formula: Formula) -> Under:
    """Return what holds only where a formula does, whatever is in its holes."""
    return Under(_filled(formula, FALSE))


def _filled(formula: Formula, truth: Formula) -> Formula:
    match formula:
        case And(parts):
            return conjunction(_filled(part, truth) for part in parts)
        case Or(parts):
            return disjunction(_filled(part, truth) for part in parts)
        case Hole():
            return truth
    return formula
