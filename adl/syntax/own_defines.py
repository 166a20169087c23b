"""Attributes that an object block defines, told from the defines that follow the block."""

from __future__ import annotations

from collections.abc import Sequence

from adl.syntax.keywords import BLOCK_TYPES
from adl.syntax.reading import Line
from adl.syntax.source import Source
from adl.syntax.tokens import retype, span_of


def mark_own_defines(source: Source, lines: Sequence[Line]) -> None:
    """Tell the attributes that an object block defines from the defines that follow it.

    Nothing but the layout or the next statement can say which is meant: a define belongs to the
    object when it is indented deeper, or when the object's statements go on behind it.
    """
    behind = _heads_behind(lines)
    header: Line | None = None
    for line, after in zip(lines, behind, strict=True):
        if line.head == "DEFINE" and header is not None:
            deeper = _column(source, line) > _column(source, header)
            if deeper or after in ("TAKE", "SELECT", "REJECT", "CANDIDATE"):
                line.tokens[0] = retype(line.tokens[0], "OWN_DEFINE")
                continue
        if line.head in BLOCK_TYPES:
            header = line if line.head in ("OBJECT", "COMPOSITE") else None


def _heads_behind(lines: Sequence[Line]) -> list[str]:
    """Return for each line the type of the first one behind it that is no define."""
    heads: list[str] = []
    after = ""
    for line in reversed(lines):
        heads.append(after)
        if line.head != "DEFINE":
            after = line.head
    return heads[::-1]


def _column(source: Source, line: Line) -> int:
    return source.position(span_of(line.tokens[0]).start)[1]
