"""Rows of statements and the comments around them to a text.

Comments are never lost and keep their order. One that stands in the midst of a statement moves
before it; trailing comments that were aligned stay aligned.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from adl.syntax.source import Source, Span
from adl.syntax.tree import Comment

INDENT = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A statement as it will be written, and where it was written.

    ``block`` is the kind of the block of which this is the first row, ``alone`` says that it is
    the only one. ``colon`` marks what stood behind the name of an object: ``: Jet``.
    """

    text: str
    span: Span
    depth: int = 0
    block: str = ""
    alone: bool = False
    colon: bool = False


@dataclass(slots=True)
class _Entry:
    """What becomes a row or a comment of the new text, with the old lines where it stood."""

    text: str
    first: int
    last: int
    row: Row | None = None
    trailing: Comment | None = None
    continued: Comment | None = None  # a comment that goes on under a trailing one
    blank: bool = False  # an empty line stands before it


@dataclass(slots=True)
class _Around:
    """The comments of a row: before it, behind it on its line, and after it."""

    before: list[Comment] = field(default_factory=list)
    inside: list[Comment] = field(default_factory=list)
    after: list[Comment] = field(default_factory=list)


def weave(rows: Sequence[Row], comments: Iterable[Comment], source: Source) -> str:
    """Return the text of rows and comments."""
    woven = _Weaver(rows, sorted(comments, key=lambda c: c.span.start), source)
    entries = woven.entries()
    woven.part(entries)
    lines = woven.align(entries)
    return "".join(f"{line}\n" for line in lines)


class _Weaver:
    def __init__(self, rows: Sequence[Row], comments: Sequence[Comment], source: Source) -> None:
        self.rows = rows
        self.comments = comments
        self.source = source

    # ------------------------------------------------------------------------------- places

    def line(self, offset: int) -> int:
        return self.source.position(offset)[0]

    def column(self, offset: int) -> int:
        """Return the column of an offset, from 0, with tabs every eight columns."""
        line, column = self.source.position(offset)
        return len(self.source.line(line)[: column - 1].expandtabs(8))

    # ------------------------------------------------------------------------------ entries

    def entries(self) -> list[_Entry]:
        """Return all rows and comments in their new order."""
        around = self.around()
        entries = [self.comment(c, 0) for c in around[0].after]
        for i, row in enumerate(self.rows):
            own = around[i + 1]
            entry = _Entry(row.text, self.line(row.span.start), self.end_line(row, own), row)
            inside = own.inside
            if inside and not inside[-1].alone:
                *inside, entry.trailing = inside
            for comment in inside:
                moved = self.comment(comment, row.depth)
                moved.first = moved.last = entry.first
                entries.append(moved)
            entries.append(entry)
            entries += self.following(i, entry, own.after)
        return entries

    def around(self) -> list[_Around]:
        """Return the comments of every row, with those before the first row in front."""
        around = [_Around() for _ in range(len(self.rows) + 1)]
        starts = [row.span.start for row in self.rows]
        for comment in self.comments:
            at = bisect_right(starts, comment.span.start)
            own = around[at]
            if at and not comment.alone:
                if self.describes_header(at - 1, comment):
                    own = around[at - 1]
                # The statement reaches to here at least, whatever its span says.
                own.inside += [*own.after, comment]
                own.after = []
            elif at and comment.span.start < self.rows[at - 1].span.end:
                own.inside.append(comment)
            else:
                own.after.append(comment)
        return around

    def describes_header(self, i: int, comment: Comment) -> bool:
        """Whether a comment behind ``object jets : Jet`` belongs to the object."""
        row = self.rows[i]
        if not row.colon or i == 0:
            return False
        places = (self.rows[i - 1].span.end, row.span.end, comment.span.start)
        return len({self.line(place) for place in places}) == 1

    def end_line(self, row: Row, own: _Around) -> int:
        last = max([row.span.end, *(c.span.start for c in own.inside)])
        return max(self.line(row.span.start), self.line(last))

    def comment(self, comment: Comment, depth: int) -> _Entry:
        line = self.line(comment.span.start)
        return _Entry(" " * (INDENT * depth) + comment.text.rstrip(), line, line)

    def following(self, i: int, entry: _Entry, comments: Sequence[Comment]) -> list[_Entry]:
        """Return the comments after a row: under its own, in its block, or before the next."""
        under = entry.trailing
        result = []
        here = i + 1 < len(self.rows) and not self.rows[i + 1].block
        header = self.header(i)
        depth = self.rows[i + 1].depth if here else 0 if header.alone else 1
        for comment in comments:
            if under and self.goes_on(under, comment):
                line = self.line(comment.span.start)
                result.append(_Entry(comment.text.rstrip(), line, line, continued=comment))
                under = comment
                continue
            under = None
            # Behind the last row only what stands further in than the header is in the block.
            if not here and self.column(comment.span.start) <= self.column(header.span.start):
                depth = 0
            result.append(self.comment(comment, depth))
        return result

    def goes_on(self, before: Comment, comment: Comment) -> bool:
        starts = (before.span.start, comment.span.start)
        (above, below), (left, right) = map(self.line, starts), map(self.column, starts)
        return below == above + 1 and left == right

    def header(self, i: int) -> Row:
        while not self.rows[i].block and i > 0:
            i -= 1
        return self.rows[i]

    # ------------------------------------------------------------------------------- blanks

    def part(self, entries: Sequence[_Entry]) -> None:
        """Mark the entries before which an empty line stands."""
        for before, entry in pairwise(entries):
            first = before.row is not None and before.row.block and entry.text.startswith(" ")
            entry.blank = not first and self.is_parted(before, entry)
        block: Row | None = None
        outside: list[_Entry] = []  # the comments that stand behind the block
        for entry in entries:
            if entry.row is None:
                if not (entry.continued or entry.text.startswith(" ")):
                    outside.append(entry)
                continue
            if entry.row.block:
                behind = [*outside, entry]
                free = block is None or _together(block, entry.row)
                if not free and not any(e.blank for e in behind):
                    behind[0].blank = True
                block = entry.row
            outside = []

    def is_parted(self, before: _Entry, after: _Entry) -> bool:
        """Whether an empty line stands between two entries in the source."""
        between = range(before.last + 1, after.first)
        return any(not self.source.line(number).strip() for number in between)

    # ------------------------------------------------------------------------------ columns

    def align(self, entries: Sequence[_Entry]) -> list[str]:
        """Return the lines of the text."""
        commented = [e for e in entries if e.trailing or e.continued]
        for source_column, run in groupby(commented, self.comment_column):
            group = list(run)
            column = max(_width(e) + 2 for e in group)
            if len(group) > 1:
                column = max(column, source_column)
            for entry in group:
                if entry.trailing:
                    last = entry.text.rpartition("\n")[2]
                    gap = " " * (column - len(last))
                    entry.text += gap + entry.trailing.text.rstrip()
                else:
                    entry.text = " " * column + entry.text
        return [line for e in entries for line in ([""] if e.blank else []) + [e.text]]

    def comment_column(self, entry: _Entry) -> int:
        comment = entry.trailing or entry.continued
        assert comment is not None
        return self.column(comment.span.start)


def _width(entry: _Entry) -> int:
    """Return the width of the line to which the comment of an entry is added."""
    return 0 if entry.continued else len(entry.text.rpartition("\n")[2])


def _together(block: Row, other: Row) -> bool:
    """Whether no line has to part two blocks: both are lines, and of one kind."""
    return block.alone and other.alone and block.block == other.block
