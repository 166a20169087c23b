"""What became of one event: plain data, with the places in the source text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from adl.syntax.source import Span

Kind = Literal["cut", "weight", "histogram", "bin"]
Number = bool | int | float


@dataclass(frozen=True)
class Shown:
    """A value where it was written; None where it is missing.

    ``elements`` are what a reducer over one collection takes from each element that belongs to it,
    with the element's place in the input.
    """

    span: Span
    value: Number | None
    elements: tuple[tuple[int, Number], ...] = ()


@dataclass(frozen=True)
class Missing:
    """A part that is not there; ``name`` says which element it is, else it is what was written."""

    span: Span
    name: str = ""


@dataclass(frozen=True)
class Line:
    """A statement: its outcome (a condition, a factor; None for a histogram or a missing factor).

    ``reached`` is false after the event was lost: the values are what they would have been.
    """

    kind: Kind
    label: str
    span: Span
    outcome: Number | None
    reached: bool
    shown: tuple[Shown, ...] = ()
    missing: tuple[Missing, ...] = ()  # the parts that are not there
    undecided: bool = False  # a missing value decided the condition


@dataclass(frozen=True)
class Candidate:
    """An element of an object's source: the cut that it fails first, None if it passes all."""

    position: int
    failed: Span | None
    shown: tuple[Shown, ...] = ()  # what that cut compares


@dataclass(frozen=True)
class ObjectTrace:
    """An object block at one event: the elements of its sources, by the source's name."""

    name: str
    span: Span
    candidates: tuple[tuple[str, tuple[Candidate, ...]], ...]


@dataclass(frozen=True)
class RegionTrace:
    """A region at one event; ``lost_at`` is the number of the line that lost it."""

    name: str
    lines: tuple[Line, ...]
    lost_at: int | None
    objects: tuple[ObjectTrace, ...]
