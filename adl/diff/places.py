"""Which statement of a text a place belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from adl.diff.changes import Place
from adl.syntax.source import Source, Span
from adl.syntax.tree import File, Take, Tree


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
        return self.source.words(self.block(span))

    def block(self, span: Span) -> Span:
        """Return where the block is in which something stands; the span itself if in none."""
        blocks = (b.span for b in self.file.blocks if b.span.start <= span.start < b.span.end)
        return next(blocks, span)

    def named(self, name: str) -> str:
        """Return the words of the block of a name in small letters; none if there is no such."""
        return self._texts.get(name, "")

    @cached_property
    def _texts(self) -> dict[str, str]:
        named = ((getattr(block, "name", ""), block) for block in self.file.blocks)
        return {
            str(getattr(name, "name", name)).lower(): self.source.words(block.span)
            for name, block in named
        }

    def lines(self, span: Span) -> list[Place]:
        """Return the lines of a block that say something; what goes on in the next one is one."""
        first = self.source.position(span.start)[0]
        last = self.source.position(max(span.start, span.end - 1))[0]
        found: list[Place] = []
        goes_on = False
        for line in range(first, last + 1):
            start = self.source.line_starts[line - 1]
            words = self.source.words(Span(start, start + len(self.source.line(line))))
            text = words.removesuffix("\\").strip()
            if goes_on:
                before = found.pop()
                found.append(Place(before.line, f"{before.text} {text}".strip()))
            elif text:
                found.append(Place(line, text))
            goes_on = words.endswith("\\")
        return found

    def takes(self, span: Span) -> list[Place]:
        """Return the lines of a block that say where its elements come from."""
        block = self.block(span)
        inside = (s for s in self._statements if isinstance(s, Take))
        return [self.place(s.span) for s in inside if block.start <= s.span.start < block.end]

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
