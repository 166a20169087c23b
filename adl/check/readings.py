"""Places where the dialect cutlang meant something of its own, for who translates such a file.

What a name or a slice shows by itself is not here: only what the checker had to find out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from adl.syntax.source import Span

Kind = Literal["truth", "summed", "vector sum", "no loop", "counted", "partner", "filtered"]


@dataclass(frozen=True)
class Reading:
    """What was done at a place.

    truth: a number was a condition, NaN included. summed: a function of a whole collection was
    summed over its elements. vector sum: a whole collection was its vector sum. no loop: a reducer
    had nothing to run over. counted: what belongs to an element was its number. partner: a cut dropped elements
    where one of ``collections`` is empty. filtered: a cut on what belongs to an element left less of it.
    """

    kind: Kind
    span: Span
    collections: tuple[str, ...] = ()
