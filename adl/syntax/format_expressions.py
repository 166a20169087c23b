"""Expressions to text: parentheses only where the tree would be another without them.

Two operands that stand side by side are a sum in most places, the items of a list in some, and a
call where the second begins with a parenthesis; a word like ``process`` begins a statement where an
operand cannot stand. ``Place`` says where an expression stands, ``items`` keeps neighbours apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from adl.syntax.keywords import KEYWORDS
from adl.syntax.layout import Piece, flat, glue, joined
from adl.syntax.tree import (
    Attribute,
    Binary,
    Binding,
    Call,
    Expr,
    Index,
    Juxtaposed,
    ListOf,
    Lookup,
    Name,
    Named,
    Number,
    Slice,
    Ternary,
    Text,
    Unary,
    Within,
)

# How tightly an expression holds together, from the loosest; the rules of adl.lark in their order.
TERNARY, OR, AND, NOT, COMPARISON, BITS, SUM, PRODUCT, FACTOR, POWER, OPERAND, POSTFIX = range(12)

LEVELS = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "~=", "~!"), COMPARISON),
    **dict.fromkeys(("<<", ">>", "&", "|"), BITS),
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/"), PRODUCT),
    "^": POWER,
}

# Words that are no names where something stands before and behind them.
SPECIAL = frozenset(KEYWORDS) | {"lt", "gt", "le", "ge", "eq", "ne", "only"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands."""

    inside: bool = False  # some bracket
    listing: bool = False  # what stands side by side are the items of a list
    begins: bool = False  # a keyword stands before it
    guarded: bool = False  # a sign stands behind it, not a word


STATEMENT = Place(begins=True)
LISTED = Place(begins=True, listing=True)
VALUE = Place()
ITEM = Place(listing=True)
INSIDE = Place(inside=True)
INSIDE_LIST = Place(inside=True, listing=True)


def expression(tree: Expr, place: Place = INSIDE, level: int = TERNARY) -> Piece:
    """Return the text of an expression, in parentheses unless it holds together that tightly."""
    if _level(tree, place) < level:
        return glue("(", expression(tree), ")")
    match tree:
        case Number():
            return tree.text
        case Text():
            return f'"{tree.value}"'
        case Name():
            return tree.name
        case Attribute():
            return glue(_of(tree.value, place), f".{tree.name.name}")
        case Index():
            return glue(_of(tree.value, place), f"[{tree.index}]")
        case Slice():
            start, stop = ("" if end is None else end for end in (tree.start, tree.stop))
            return glue(_of(tree.value, place), f"[{start}:{stop}]")
        case Lookup():
            # A number, with or without its sign, would make an index of it.
            least = POSTFIX if _is_number(tree.position) else TERNARY
            position = expression(tree.position, INSIDE, least)
            return glue(_of(tree.value, place), "[", position, "]")
        case Call():
            return glue(f"{tree.function.name}(", separated(_arguments(tree)), ")")
        case ListOf():
            return glue("[", separated([expression(t, INSIDE_LIST) for t in tree.items]), "]")
        case Named():
            return glue(f"{tree.name.name}=", expression(tree.value))
        case Binding():
            return glue(_of(tree.collection, INSIDE), f" {tree.name.name}")
        case Unary(operator="not"):
            return glue("not ", expression(tree.operand, _behind(place), NOT))
        case Unary():
            return glue("-", expression(tree.operand, _behind(place), _least(tree.operand)))
        case Juxtaposed():
            return glue(*_spaced(_apart([_beside(t, i == 0) for i, t in enumerate(tree.items)])))
        case Within():
            value = expression(tree.value, _before_sign(place), BITS)
            return glue(value, f" {tree.operator} ", *_spaced(items((tree.lower, tree.upper))))
        case Ternary():
            return _ternary(tree, place)
        case Binary(operator="^"):
            return _power(tree, place)
        case Binary():
            return _chain(tree, place)


def items(trees: Sequence[Expr]) -> list[Piece]:
    """Return expressions that can stand side by side in a list."""
    return _apart([_item(tree) for tree in trees])


def separated(pieces: Sequence[Piece]) -> Piece:
    """Return pieces with commas between them, and places to break."""
    if not pieces:
        return ""
    return joined([*(glue(piece, ",") for piece in pieces[:-1]), pieces[-1]])


def begins_with_pair(tree: Expr) -> bool:
    """Whether an expression begins with a bare name that has another operand beside it."""
    while True:
        match tree:
            case Binary():
                tree = tree.left
            case Within():
                tree = tree.value
            case Ternary():
                tree = tree.condition
            case Juxtaposed():
                return isinstance(tree.items[0], Name)
            case _:
                return False


def _level(tree: Expr, place: Place) -> int:
    """Return how tightly an expression holds together, -1 if never in this place."""
    match tree:
        case Ternary():
            return TERNARY
        case Binary():
            return LEVELS[tree.operator]
        case Unary():
            return NOT if tree.operator == "not" else FACTOR
        case Within():
            return COMPARISON
        case Juxtaposed():
            return -1 if place.listing else FACTOR
        case Number() | Text():
            return OPERAND
        case Name() if tree.name.lower() in SPECIAL:
            return POSTFIX if place.inside or place.begins or place.guarded else -1
    return POSTFIX


def _behind(place: Place) -> Place:
    """Return the place of an operand with a sign or word of the expression before it."""
    return replace(place, begins=False)


def _before_sign(place: Place) -> Place:
    return replace(place, guarded=True)


def _before_word(place: Place) -> Place:
    return replace(place, guarded=False)


def _of(tree: Expr, place: Place) -> Piece:
    """Return what stands before a point or an index."""
    return expression(tree, _before_sign(place), POSTFIX)


def _least(operand: Expr) -> int:
    """Return how tightly the operand of a minus has to hold together."""
    # -a b turns a around, and nobody reads --a.
    return POSTFIX if isinstance(operand, Juxtaposed | Unary) else FACTOR


def _is_number(tree: Expr) -> bool:
    return isinstance(tree, Number) or (isinstance(tree, Unary) and _is_number(tree.operand))


def _arguments(tree: Call) -> list[Piece]:
    # Two names side by side bind the second one if there are other arguments.
    several = len(tree.arguments) > 1
    levels = [POSTFIX if several and _is_pair(a) else TERNARY for a in tree.arguments]
    return [expression(a, INSIDE, l) for a, l in zip(tree.arguments, levels, strict=True)]


def _is_pair(tree: Expr) -> bool:
    match tree:
        case Juxtaposed((Name() | Slice(), Name() as name)):
            return not re.search(r"_[0-9]*$", name.name)
    return False


def _spaced(pieces: Sequence[Piece]) -> list[Piece]:
    return [part for piece in pieces for part in (" ", piece)][1:]


def _apart(pieces: list[Piece]) -> list[Piece]:
    """Put parentheses around a name before others, which would be its arguments."""
    for i in reversed(range(len(pieces) - 1)):
        if flat(pieces[i + 1]).startswith("(") and _ends_with_name(flat(pieces[i])):
            pieces[i] = glue("(", pieces[i], ")")
    return pieces


def _ends_with_name(text: str) -> bool:
    return re.search(r"(?:^|[^\w.]|\.)[A-Za-z]\w*$", text) is not None


def _beside(tree: Expr, first: bool) -> Piece:
    """Return one of the particles that stand side by side."""
    match tree:
        case Unary("-", operand) if first:
            return glue("-", _beside(operand, first=False))
    return _item_of(tree, POSTFIX)


def _item(tree: Expr) -> Piece:
    match tree:
        case Unary("-", operand) if not isinstance(operand, Unary):
            return glue("-", _item_of(operand, OPERAND))
        case Text():
            return glue("(", expression(tree), ")")
    return _item_of(tree, OPERAND)


def _item_of(tree: Expr, level: int) -> Piece:
    # After an operand a keyword begins the next statement.
    return expression(tree, INSIDE, level if _first_word(tree) not in SPECIAL else POSTFIX + 1)


def _first_word(tree: Expr) -> str:
    while isinstance(tree, Attribute | Index | Slice | Lookup):
        tree = tree.value
    if isinstance(tree, Call):
        tree = tree.function
    return tree.name.lower() if isinstance(tree, Name) else ""


def _ternary(tree: Ternary, place: Place) -> Piece:
    pieces = [expression(tree.condition, _before_sign(place), OR)]
    mark: Piece = "? "
    while True:
        pieces.append(glue(mark, _branch(tree, _behind(place))))
        match tree.otherwise:
            case None:
                break
            case Ternary() as other:
                condition = expression(other.condition, _before_sign(_behind(place)), OR)
                mark, tree = glue(": ", condition, " ? "), other
            case other:
                pieces.append(glue(": ", expression(other, _behind(place), OR)))
                break
    return joined(pieces, filled=False)


def _branch(tree: Ternary, place: Place) -> Piece:
    """Return what a choice gives if its condition holds."""
    if tree.otherwise is not None:
        return expression(tree.then, _before_sign(place), OR)
    # Only a statement has no else: parentheses would make an expression of it.
    open_ended = isinstance(tree.then, Ternary) and tree.then.otherwise is None
    return expression(tree.then, place, TERNARY if open_ended else OR)


def _power(tree: Binary, place: Place) -> Piece:
    base = expression(tree.left, _before_sign(place), OPERAND)
    match tree.right:
        case Unary("-", operand) if not isinstance(operand, Unary):
            return glue(base, "^-", expression(operand, _behind(place), POWER))
    return glue(base, "^", expression(tree.right, _behind(place), POWER))


def _chain(tree: Binary, place: Place) -> Piece:
    """Return operators of one level that follow each other: ``a - b + c``."""
    level = LEVELS[tree.operator]
    before = _before_word if level in (OR, AND) else _before_sign
    operands: list[Piece] = []
    follows = _behind(place)
    left: Expr = tree
    while isinstance(left, Binary) and LEVELS[left.operator] == level:
        right = expression(left.right, follows, level + 1)
        operands.append(glue(f"{left.operator} ", right))
        follows = before(follows)
        left = left.left
        if level in (COMPARISON, BITS):
            break
    first = expression(left, before(place), level if level not in (COMPARISON, BITS) else level + 1)
    pieces = [first, *reversed(operands)]
    if level in (COMPARISON, BITS):
        return glue(*_spaced(pieces))
    return joined(pieces, filled=level in (SUM, PRODUCT))
