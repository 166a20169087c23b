"""Parts of phase space that an analysis gains or loses, and what conditions say of them.

A condition's *sense* is +1 where more events (or elements) pass if it lets more through, -1 after
``not``, and 0 where nothing is known: inside arithmetic, or a number of elements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeGuard

from adl.check import analysis as core
from adl.diff.atoms import Atom, as_written, atom, possible
from adl.diff.intervals import Range
from adl.syntax.source import Source

Effect = Literal["gained", "lost", "moved"]


@dataclass(frozen=True)
class Slice:
    """Phase space that the second analysis gains or loses; ``moved`` where neither is known."""

    effect: Effect
    condition: str  # 25 < pT(jets[0]) <= 30
    quantity: str
    ranges: tuple[tuple[float, bool, float, bool], ...]


def said(value: core.Value, source: Source) -> str:
    """Return the words of a condition, of ``reject MET > 30`` not (MET > 30)."""
    words = source.words(value.span)
    rejected = is_denial(value) and value.operands[0].span == value.span
    return f"not ({words})" if rejected else words


def is_denial(value: core.Value) -> TypeGuard[core.Logic]:
    """Whether a condition is ``not`` of another one."""
    return isinstance(value, core.Logic) and value.operator == "not"


def sliced(effect: str, part: Range, quantity: str, sense: int, where: str = "") -> Slice:
    """Return a part of phase space, with what happens to it where a condition has a sense."""
    ranges = tuple(tuple(p) for p in part.parts)
    return Slice(sensed(effect, sense), part.words(quantity) + where, quantity, ranges)  # type: ignore[arg-type]  # of four each


def sensed(effect: str, sense: int) -> Effect:
    """Return what an effect on a condition is for events."""
    return "moved" if sense == 0 else effect if sense > 0 else _other(effect)  # type: ignore[return-value]  # one of Effect


def beyond_numbers(effect: str, quantity: str) -> Slice:
    """Return what is in no range of a quantity."""
    return Slice(effect, f"{quantity} is missing or no number", quantity, ())  # type: ignore[arg-type]  # one of Effect


def alone(
    value: core.Value, words: str, source: Source, effect: str, sense: int, operator: str
) -> tuple[Slice, ...]:
    """Return what a condition that only one side has lets through or keeps out."""
    one = atom(value)
    if one is None or sense == 0:
        what = sensed(effect, sense)
        inner = value.operands[0] if is_denial(value) else None
        limited = None if inner is None or sense == 0 or operator == "or" else atom(inner)
        if limited is not None:  # what was rejected: no other number, and no missing one
            return (sliced(effect, limited.range, source.words(limited.quantity.span), sense),)
        if operator == "and":
            words = f"not ({words})" if inner is None else source.words(inner.span)
        return (Slice(what, words, "", ()),)
    quantity = source.words(one.quantity.span)
    part = possible(Atom(one.quantity, one.range.complement())).range
    part = part if operator == "and" else one.range
    return (sliced(effect, as_written(one.quantity, part), quantity, sense),)


def _other(effect: str) -> str:
    return "lost" if effect == "gained" else "gained"
