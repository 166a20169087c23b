"""What all builders of trees need: places, and the mistake of a rule that has no meaning."""

from __future__ import annotations

from lark import Token

from adl.syntax.source import Span
from adl.syntax.tokens import span_of
from adl.syntax.tree import Tree

Piece = Token | Tree


class Misread(Exception):
    """A statement that the grammar reads and that still has no meaning as a tree."""

    def __init__(self, message: str, span: Span, help: str = "", code: str = "E111") -> None:
        self.message = message
        self.span = span
        self.help = help
        self.code = code
        super().__init__(message)


def place(piece: Piece) -> Span:
    """Return where a token or a tree stands."""
    return piece.span if isinstance(piece, Tree) else span_of(piece)


def across(first: Piece, last: Piece) -> Span:
    """Return the place from the start of the first to the end of the last."""
    return place(first).to(place(last))
