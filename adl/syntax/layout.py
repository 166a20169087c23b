"""Text that may be broken into lines: what fits stands on one line, the rest at its breaks.

A group breaks before the groups in it do. A filled group, such as a sum or the arguments of a
call, breaks only where the next piece has no place; any other breaks everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH = 100
STEP = 4  # by how much the lines after a break stand further in


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a line may end; a blank where it does not."""


BREAK = Break()


@dataclass(frozen=True, slots=True)
class Group:
    """Pieces that are broken together; ``flat`` is all of them on one line."""

    pieces: tuple[Piece, ...]
    flat: str
    filled: bool = False


Piece = str | Break | Group


def flat(piece: Piece) -> str:
    """Return a piece on one line."""
    match piece:
        case str():
            return piece
        case Break():
            return " "
        case Group():
            return piece.flat


def group(pieces: Iterable[Piece], filled: bool = False) -> Group:
    """Return pieces as one that breaks at its own breaks."""
    pieces = tuple(pieces)
    return Group(pieces, "".join(map(flat, pieces)), filled)


def glue(*pieces: Piece) -> Piece:
    """Return pieces as one that has no break of its own."""
    groups = [i for i, piece in enumerate(pieces) if not isinstance(piece, str)]
    if not groups:
        return "".join(map(flat, pieces))
    # What stands around one group becomes part of it: deep expressions stay shallow here.
    if len(groups) == 1 and isinstance(inner := pieces[groups[0]], Group):
        at = groups[0]
        return group((*pieces[:at], *inner.pieces, *pieces[at + 1 :]), inner.filled)
    return group(pieces)


def joined(pieces: Sequence[Piece], filled: bool = True) -> Piece:
    """Return pieces with a break between each two."""
    if len(pieces) == 1:
        return pieces[0]
    between: list[Piece] = []
    for piece in pieces:
        between += [BREAK, piece]
    return group(between[1:], filled)


def behind_breaks(piece: Piece) -> Iterator[Piece]:
    """Yield what stands at the start of a line if all breaks are made."""
    if not isinstance(piece, Group):
        return
    for before, part in pairwise(("", *piece.pieces)):
        if before is BREAK:
            yield part
        yield from behind_breaks(part)


def lay_out(piece: Piece, indent: int, broken: bool = True) -> str:
    """Return the text of a statement, with its indent, in as few lines as its width allows.

    >>> print(lay_out(group(["select ", "a" * 60, BREAK, "and ", "b" * 60]), 2).replace("a" * 59, ""))
      select a
          and bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    """
    start = " " * indent
    if not broken or not isinstance(piece, Group):
        return start + flat(piece)
    return start + _render(piece, indent + STEP, indent, 0)


def _render(this: Group, indent: int, column: int, after: int) -> str:
    """Return the text of a group that begins at a column and has ``after`` characters behind it."""
    if column + len(this.flat) + after <= WIDTH:
        return this.flat
    text = ""
    deeper = indent + STEP if BREAK in this.pieces else indent
    for i, piece in enumerate(this.pieces):
        follows = _up_to_break(this.pieces[i + 1 :], after)
        match piece:
            case str():
                text += piece
                column += len(piece)
            case Break() if this.filled and column + 1 + follows <= WIDTH:
                text += " "
                column += 1
            case Break():
                text = text.rstrip() + "\n" + " " * indent
                column = indent
            case Group():
                inner = _render(piece, deeper, column, follows)
                text += inner
                _, newline, last = inner.rpartition("\n")
                column = len(last) if newline else column + len(inner)
    return text


def _up_to_break(pieces: Sequence[Piece], after: int) -> int:
    length = 0
    for piece in pieces:
        if isinstance(piece, Break):
            return length
        length += len(flat(piece))
    return length + after
