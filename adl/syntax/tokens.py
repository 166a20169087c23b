"""Tokens: their places, their kinds, and which of them begin or end an operand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized

from lark import Token

from adl.syntax.source import Span

LOGIC = {"and": "AND", "or": "OR", "not": "NOT"}
COMPARISONS = {"EQ": "==", "NE": "!=", "LT": "<", "GT": ">", "LE": "<=", "GE": ">="}

BITS = frozenset({"BIT_OR", "AMPERSAND", "SHIFT"})
OPERATORS = frozenset(
    {"AND", "OR", "COMPARE", "RANGE", "SEARCH", "PLUS", "MINUS", "TIMES", "CARET", *BITS}
)
# No statement begins with one of these, so a line that does goes on with the one before ...
CONTINUING = OPERATORS | {"QUERY", "COLON", "EQUALS", "_COMMA"}
# ... and no statement ends with one of these.
UNFINISHED = CONTINUING | {"NOT"}

# The tokens with which an operand ends, and begins.
ENDING = frozenset(
    {"NAME", "SEARCHED", "INT", "REAL", "STRING", "WORD", "RPAR", "RSQB", "RBRACE", "BAR_CLOSE"}
)
BEGINNING = frozenset({"NAME", "SEARCHED", "INT", "REAL", "STRING", "LBRACE", "BAR", "NOT"})

CLOSED_BY = {
    "LPAR": "RPAR",
    "LSQB": "RSQB",
    "LBRACE": "RBRACE",
    "BAR_OPEN": "BAR_CLOSE",
}
CLOSING = frozenset(CLOSED_BY.values())

# Numbers have none; people write them nevertheless.
UNITS = ("GeV", "TeV", "MeV", "rad", "mm", "cm", "m", "fb", "pb")


def span_of(token: Token) -> Span:
    """Return the place of a token in the text."""
    assert token.start_pos is not None
    assert token.end_pos is not None
    return Span(token.start_pos, token.end_pos)


def touch(left: Token, right: Token) -> bool:
    """Whether no white space stands between two tokens."""
    return left.end_pos == right.start_pos


def without_slashes(
    tokens: Iterable[Token], slashes: dict[int, list[Span]], kept: Sized
) -> Iterator[Token]:
    """Yield the tokens without the comments of C, ``// …``.

    Their places go to ``slashes``, under the number of tokens that are kept before them.
    """
    held: Token | None = None
    inside = False
    for token in tokens:
        if token.type == "NEWLINE":
            inside = False
        elif inside:
            places = slashes[len(kept)]
            places[-1] = places[-1].to(span_of(token))
            continue
        if held is not None and token == "/" and touch(held, token):
            slashes.setdefault(len(kept), []).append(span_of(held).to(span_of(token)))
            held, inside = None, True
            continue
        if held is not None:
            yield held
        held = token if token == "/" else None
        if held is None:
            yield token
    if held is not None:
        yield held


def retype(token: Token, kind: str) -> Token:
    """Return the same token as one of another type."""
    return Token.new_borrow_pos(kind, token.value, token)


def empty_before(token: Token, kind: str, value: str) -> Token:
    """Return a token that was not written, in front of one that was."""
    return Token(kind, value, start_pos=token.start_pos, end_pos=token.start_pos)


def joined(first: Token, *others: Token) -> Token:
    """Return one name made of tokens that touch, as in ``SR-low`` or ``jes_{s}``.

    >>> joined(Token("NAME", "SR"), Token("MINUS", "-"), Token("NAME", "low"))
    Token('NAME', 'SR-low')
    """
    name = "".join((first, *others))
    return Token("NAME", name, start_pos=first.start_pos, end_pos=(first, *others)[-1].end_pos)
