"""What every value has: its type, and where it was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from adl.syntax.source import Span

Type = Literal["bool", "int", "real", "particle", "text", "list"]


@dataclass(frozen=True, kw_only=True)
class Typed:
    """Any value, and where it was written."""

    type: Type
    span: Span = field(compare=False)
