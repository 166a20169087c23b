"""A source text and the places in it.

A ``Span`` holds offsets only: lines and columns are worked out when something is shown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

# A comment, C's too; or a quoted text, in which a # begins none.
_COMMENT = re.compile(r"""("[^"\n]*"|'[^'"\n]*')|(?:#|//)[^\n]*""")


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open range of character offsets [start, end) in a source text."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of ``other``."""
        return Span(self.start, other.end)


NOWHERE = Span(0, 0)


@dataclass(frozen=True)
class Source:
    """The text of one analysis file and the name under which messages show it."""

    name: str
    text: str

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets at which the lines begin."""
        return [0, *(i + 1 for i, c in enumerate(self.text) if c == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return the text of line ``number`` (from 1), without its end."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None].rstrip("\r")

    def words(self, span: Span) -> str:
        """Return the source text of a span with comments removed and white space folded."""
        text = _COMMENT.sub(lambda m: m[1] or " ", self.text[span.start : span.end])
        return " ".join(text.split())
