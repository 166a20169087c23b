"""Which statement of a text a place belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from adl.diff.changes import Place
from adl.syntax.source import Source, Span
from adl.syntax.tree import File, Tree


@dataclass(eq=False)
class Places:
    """The statements of one text, by their spans."""

    file: File
    source: Source

    def place(self, span: Span) -> Place:
        """Return the line and the words of the statement around a span."""
        found = self.statement(span)
        if found is None:  # the name of a block
            return self.of_block(span)
        return Place(self.source.position(found.span.start)[0], self.source.words(found.span))

    def of_block(self, span: Span) -> Place:
        """Return the line of a block and its first words."""
        line, _ = self.source.position(span.start)
        written = self.source.line(line)
        start = self.source.line_starts[line - 1]
        return Place(line, self.source.words(Span(start, start + len(written))))

    def block_text(self, span: Span) -> str:
        """Return the words of the block in which something stands."""
        for block in self.file.blocks:
            if block.span.start <= span.start < block.span.end:
                return self.source.words(block.span)
        return ""

    def owner(self, span: Span) -> str:
        """Return the name of the block in which something stands."""
        for block in self.file.blocks:
            if block.span.start <= span.start < block.span.end:
                name = getattr(block, "name", "")
                return str(getattr(name, "name", name))
        return ""

    def statement(self, span: Span) -> Tree | None:
        """Return the smallest statement that holds a span."""
        found = (s for s in self._statements if s.span.start <= span.start < s.span.end)
        return min(found, key=lambda s: s.span.end - s.span.start, default=None)

    @cached_property
    def _statements(self) -> tuple[Tree, ...]:
        found: list[Tree] = []
        for block in self.file.blocks:
            inside = getattr(block, "statements", None) or getattr(block, "histos", ())
            found += inside or [block]
        return tuple(found)
