"""Expressions to text: parentheses only where the tree would be another without them.

Two operands that stand side by side are a sum in most places, the items of a list in some, and a
call where the second begins with a parenthesis; a word like ``process`` begins a statement where an
operand cannot stand. ``Place`` says where an expression stands, ``items`` keeps neighbours apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from adl.syntax.format_levels import (
    ALONE,
    AND,
    COMPARISON,
    INSIDE,
    ITEM,
    LEVELS,
    NOT,
    OPERAND,
    OR,
    POSTFIX,
    POWER,
    PRODUCT,
    SPECIAL,
    SQUARE,
    SQUARE_LIST,
    SUM,
    TERNARY,
    Place,
    first_word,
    least_of_operand,
    level_of,
)
from adl.syntax.layout import Piece, flat, glue, joined
from adl.syntax.tokens import COMPARISONS
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

Signs = Literal["all", "numbers", "none"]
TUPLES = frozenset(("disjoint", "cartesian"))


def expression(tree: Expr, place: Place = INSIDE, level: int = TERNARY) -> Piece:
    """Return the text of an expression, in parentheses unless it holds together that tightly."""
    if level_of(tree, place) < level:
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
            return glue(_of(tree.value, place), "[", _position(tree.position), "]")
        case Call() if place.fires and (fired := _fired(tree)):
            return fired
        case Call():
            drawn = f" draw {tree.draw}" if tree.draw else ""
            return glue(f"{tree.function.name}(", separated(_arguments(tree)), f"){drawn}")
        case ListOf():
            return glue("[", separated([expression(t, SQUARE_LIST) for t in tree.items]), "]")
        case Named():
            return glue(f"{tree.name.name}=", expression(tree.value))
        case Binding():
            return glue(_of(tree.collection, INSIDE), f" {tree.name.name}")
        case Unary(operator="not"):
            # not a b turns a around, as a minus does.
            least = POSTFIX if isinstance(tree.operand, Juxtaposed) else NOT
            return glue("not ", expression(tree.operand, _behind(place), least))
        case Unary():
            return glue(
                "-", expression(tree.operand, _behind(place), least_of_operand(tree.operand))
            )
        case Juxtaposed():
            return glue(*_spaced(_apart([_beside(t, i == 0) for i, t in enumerate(tree.items)])))
        case Within():
            value = expression(tree.value, _before_sign(place), COMPARISON + 1)
            return glue(value, f" {tree.operator} ", *_spaced(items((tree.lower, tree.upper))))
        case Ternary():
            return _ternary(tree, place)
        case Binary(operator="^"):
            return _power(tree, place)
        case Binary():
            return _chain(tree, place)


def items(trees: Sequence[Expr], signs: Signs = "all", texts: bool = False) -> list[Piece]:
    """Return expressions that can stand side by side.

    ``signs`` says which of them may begin with a minus, ``texts`` whether one may be a text.
    """
    return _apart([_item(tree, signs, texts) for tree in trees])


def values(trees: Sequence[Expr]) -> list[Piece]:
    """Return expressions that can stand side by side where a list asks for nothing simpler."""
    pieces: list[Piece] = []
    for i, tree in enumerate(trees):
        piece = expression(tree, replace(ITEM, fires=False, guarded=False))
        odd = first_word(tree) in SPECIAL or (i > 0 and flat(piece).startswith(("-", "not ")))
        pieces.append(glue("(", expression(tree), ")") if odd else piece)
    return _apart(pieces)


def separated(pieces: Sequence[Piece]) -> Piece:
    """Return pieces with commas between them, and places to break."""
    if not pieces:
        return ""
    return joined([*(glue(piece, ",") for piece in pieces[:-1]), pieces[-1]])


def _behind(place: Place) -> Place:
    """Return the place of an operand with a sign or word of the expression before it."""
    return replace(place, begins=False, fires=place.fires or place.begins)


def _before_sign(place: Place) -> Place:
    return replace(place, guarded=True)


def _before_word(place: Place) -> Place:
    return replace(place, guarded=False)


def _of(tree: Expr, place: Place) -> Piece:
    """Return what stands before a point or an index."""
    return expression(tree, replace(place, guarded=True, fires=False), POSTFIX)


def _is_number(tree: Expr) -> bool:
    return isinstance(tree, Number) or (isinstance(tree, Unary) and _is_number(tree.operand))


def _position(tree: Expr) -> Piece:
    if isinstance(tree, ListOf) and len(tree.items) > 1:
        return separated([expression(item, SQUARE_LIST) for item in tree.items])
    # A number, with or without its sign, would make an index of it.
    return expression(tree, SQUARE, POSTFIX if _is_number(tree) else TERNARY)


def _arguments(tree: Call) -> list[Piece]:
    # Two names side by side bind the second one if there are other arguments.
    binding = len(tree.arguments) > 1 or tree.function.name.lower() in TUPLES
    levels = [POSTFIX if binding and _is_pair(a) else TERNARY for a in tree.arguments]
    return [expression(a, INSIDE, level) for a, level in zip(tree.arguments, levels, strict=True)]


def _fired(tree: Call) -> str:
    """Return the question for a trigger without parentheses, or nothing if that is not read."""
    if tree.function.name not in ("trigger", "HLT"):
        return ""
    match tree.arguments:
        case (Text(value),):
            return f'{tree.function.name} "{value}"'
        case (Name(name),) if tree.function.name == "trigger" and name.upper() not in COMPARISONS:
            return f"trigger {name}"
    return ""


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
    return text.endswith("}") or re.search(r"(?:^|[^\w.]|\.)[A-Za-z]\w*$", text) is not None


def _beside(tree: Expr, first: bool) -> Piece:
    """Return one of the particles that stand side by side."""
    match tree:
        case Unary("-", operand) if first:
            return glue("-", _beside(operand, first=False))
    return _item_of(tree, POSTFIX)


def _item(tree: Expr, signs: Signs, texts: bool) -> Piece:
    match tree:
        case Unary("-", Number() as number) if signs != "none":
            return f"-{number.text}"
        case Unary("-", operand) if signs == "all" and not isinstance(operand, Unary | Text):
            return glue("-", _item_of(operand, OPERAND))
        case Text() if not texts:
            return glue("(", expression(tree), ")")
    return _item_of(tree, OPERAND)


def _item_of(tree: Expr, level: int) -> Piece:
    # After an operand a keyword begins the next statement.
    return expression(tree, ALONE, level if first_word(tree) not in SPECIAL else POSTFIX + 1)


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
        if level == OR and flat(right).startswith('"'):  # HLT "a" or "b" asks for two triggers
            right = glue("(", right, ")")
        operands.append(glue(f"{left.operator} ", right))
        follows = before(follows)
        left = left.left
        if level == COMPARISON:  # comparisons form no chains
            break
    first = expression(left, before(place), level + (level == COMPARISON))
    pieces = [first, *reversed(operands)]
    if level in (OR, AND, SUM, PRODUCT):
        return joined(pieces, filled=level > AND)
    return glue(*_spaced(pieces))
