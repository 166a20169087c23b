"""What every part of a tree has: where it was written."""

from __future__ import annotations

from dataclasses import dataclass, field

from adl.syntax.source import NOWHERE, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Anything that stands somewhere in the text."""

    span: Span = field(default=NOWHERE, compare=False)
