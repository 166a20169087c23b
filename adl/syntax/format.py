"""Trees to text in the one canonical form: ``parse(format(tree)) == tree``.

Every statement stands on a row of its own, two blanks deep in its block, in the spellings that
grammar/README.md uses. What the tree does not say is taken from the source where that is possible:
comments, empty lines, the digits of edges, and which numbers of a table stood on one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from adl.syntax.format_blocks import Written, rows_of
from adl.syntax.format_comments import weave
from adl.syntax.source import Source, Span
from adl.syntax.tree import Block, Comment, File, Info, Name


def format_file(file: File, source: Source, dialect: str | None = None) -> str:
    """Return the text of an analysis; ``dialect`` becomes a line of a block ``info adl``."""
    code = Source(source.name, _without(source.text, file.comments))
    written = Written(code, file.comments)
    blocks = file.blocks if dialect is None else _with_dialect(file, source, dialect)
    rows = [row for block in blocks for row in rows_of(block, written)]
    return weave(rows, file.comments, source)


def _without(text: str, comments: Iterable[Comment]) -> str:
    """Return a text with blanks for its comments."""
    pieces = []
    at = 0
    for span in sorted((comment.span for comment in comments), key=lambda span: span.start):
        pieces += [text[at : span.start], " " * (span.end - span.start)]
        at = span.end
    return "".join([*pieces, text[at:]])


# ------------------------------------------------------------------------------------ dialect


def _with_dialect(file: File, source: Source, dialect: str) -> tuple[Block, ...]:
    """Return the blocks with a line ``dialect`` in one that says so, or in ``info adl``."""
    said = ("dialect", dialect)
    blocks = list(file.blocks)
    infos = [(i, block) for i, block in enumerate(blocks) if isinstance(block, Info)]
    for i, info in infos:
        fields = tuple(said if w.lower() == "dialect" else (w, t) for w, t in info.fields)
        if fields != info.fields or said in fields:
            blocks[i] = replace(info, fields=fields)
            return tuple(blocks)
    for i, info in infos:
        if info.name.name.lower() == "adl":
            blocks[i] = replace(info, fields=(*info.fields, said))
            return tuple(blocks)
    leading = next(
        (i for i, block in enumerate(blocks) if not isinstance(block, Info)), len(blocks)
    )
    place = _end_of_line(blocks[leading - 1], source) if leading else _after_heading(file, source)
    new = Info(Name("adl"), (said,), span=Span(place, place))
    return (*blocks[:leading], new, *blocks[leading:])


def _end_of_line(block: Block, source: Source) -> int:
    end = source.text.find("\n", block.span.end)
    return end if end >= 0 else len(source.text)


def _after_heading(file: File, source: Source) -> int:
    """Return where the comments end with which a file begins, if an empty line follows them."""
    first = file.blocks[0].span.start if file.blocks else len(source.text)
    end = re.match(r"(?:[ \t]*#[^\n]*\n)*[ \t\r]*\n", source.text[:first])
    return end.end() if end else 0
