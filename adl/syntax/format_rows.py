"""Rows of blocks: a piece at its place, indented and broken as it has to be."""

from __future__ import annotations

import re

from adl.syntax.format_comments import INDENT, Row
from adl.syntax.format_levels import SPECIAL
from adl.syntax.layout import Piece, behind_breaks, flat, lay_out
from adl.syntax.source import Span
from adl.syntax.tree import Block


def only_row(block: Block, piece: Piece) -> Row:
    """Return the row of a block that has no other."""
    text = laid_out(piece, 0)
    return Row(text, block.span, block=type(block).__name__, alone=True)


def header_row(block: Block, name: Span, text: str) -> Row:
    """Return the first row of a block, to the end of its name."""
    start = block.span.start
    return Row(text, Span(start, max(start, name.end)), block=type(block).__name__)


def row_at(piece: Piece, span: Span) -> Row:
    """Return a row inside a block, of what stood at a place."""
    return Row(laid_out(piece, INDENT), span, depth=1)


def laid_out(piece: Piece, indent: int) -> str:
    """Return the text of a piece, in lines of the usual width."""
    return lay_out(piece, indent, broken=not is_spoken(piece))


def is_spoken(piece: Piece) -> bool:
    """Whether a line might begin with a word like ``sort``, which would begin a statement."""
    words = (re.match(r"\w*", flat(part)) for part in behind_breaks(piece))
    return any(found and found.group().lower() in SPECIAL for found in words)
