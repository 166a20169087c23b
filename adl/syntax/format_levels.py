"""How tightly expressions hold together where they stand, and with which word they begin."""

from __future__ import annotations

from dataclasses import dataclass

from adl.syntax.keywords import DIRECTIONS, SETTINGS, STARTING
from adl.syntax.tokens import COMPARISONS
from adl.syntax.tree import (
    Attribute,
    Binary,
    Call,
    Expr,
    Index,
    Juxtaposed,
    ListOf,
    Lookup,
    Name,
    Number,
    Slice,
    Ternary,
    Text,
    Unary,
    Within,
)

TRIGGERS = frozenset(("trigger", "hlt"))

# How tightly an expression holds together, from the loosest; the rules of adl.lark in their order.
(TERNARY, OR, AND, NOT, COMPARISON, BIT_OR, BIT_AND, SHIFT) = range(8)
(SUM, PRODUCT, FACTOR, POWER, OPERAND, POSTFIX) = range(8, 14)

LEVELS = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "~=", "~!"), COMPARISON),
    "|": BIT_OR,
    "&": BIT_AND,
    **dict.fromkeys(("<<", ">>"), SHIFT),
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/"), PRODUCT),
    "^": POWER,
}

# Words that are no names where an operand stands before them, or another word behind them.
SPECIAL = STARTING | SETTINGS | DIRECTIONS | frozenset(map(str.lower, COMPARISONS)) | TRIGGERS
SPECIAL |= {"only", "alias", "constituents", "daughters"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands."""

    inside: bool = False  # some bracket
    listing: bool = False  # what stands side by side are the items of a list
    begins: bool = False  # a keyword stands before it
    guarded: bool = True  # a sign or nothing stands behind it, not a word
    fires: bool = True  # trigger mu is read, beside trigger(mu)
    square: bool = False  # the bracket is a [, for which ][ is two brackets


STATEMENT = Place(begins=True)
LISTED = Place(begins=True, listing=True)
WEIGHT = Place(begins=True, fires=False)
VALUE = Place()
ITEM = Place(listing=True)
INSIDE = Place(inside=True)
SQUARE = Place(inside=True, square=True)
SQUARE_LIST = Place(inside=True, listing=True, square=True)
ALONE = Place(inside=True, listing=True, fires=False)  # between other items


def leading(tree: Expr) -> Expr:
    """Return the part with which an expression begins where it needs no parentheses."""
    while True:
        match tree:
            case Binary():
                tree = tree.left
            case Within():
                tree = tree.value
            case Ternary():
                tree = tree.condition
            case _:
                return tree


def operands(tree: Expr) -> list[Expr]:
    """Return the parts of an expression between which its own breaks stand."""
    match tree:
        case ListOf():
            return list(tree.items)
        case Binary() if (level := LEVELS[tree.operator]) in (OR, AND, SUM, PRODUCT):
            found: list[Expr] = []
            left: Expr = tree
            while isinstance(left, Binary) and LEVELS[left.operator] == level:
                found.append(left.right)
                left = left.left
            return [left, *reversed(found)]
    return [tree]


def first_word(tree: Expr) -> str:
    """Return the name with which an expression begins, in lower case, or nothing."""
    tree = leading(tree)
    if isinstance(tree, Juxtaposed):
        tree = tree.items[0]
    while isinstance(tree, Attribute | Index | Slice | Lookup):
        tree = tree.value
    if isinstance(tree, Call):
        tree = tree.function
    return tree.name.lower() if isinstance(tree, Name) else ""


def level_of(tree: Expr, place: Place) -> int:
    """Return how tightly an expression holds together, -1 if never in this place."""
    match tree:
        case Ternary():
            return TERNARY
        case Binary():
            return LEVELS[tree.operator]
        case Unary():
            return NOT if tree.operator == "not" else FACTOR
        case Within():
            return -1 if place.square and tree.operator == "][" else COMPARISON
        case Juxtaposed():
            return -1 if place.listing else FACTOR
        case Number() | Text():
            return OPERAND
        case Name() if tree.name.lower() in SPECIAL:
            begins = place.begins and tree.name.lower() not in TRIGGERS
            return POSTFIX if place.inside or begins or place.guarded else -1
    return POSTFIX


def least_of_operand(operand: Expr) -> int:
    """Return how tightly the operand of a minus has to hold together."""
    # -a b turns a around, and nobody reads --a.
    return POSTFIX if isinstance(operand, Juxtaposed | Unary) else FACTOR
