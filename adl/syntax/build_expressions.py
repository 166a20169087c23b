# ruff: noqa: D102 - a method is documented by the rule of its name in grammar/adl.lark
"""Grammar rules to trees: names, numbers and texts, and what expressions make of them."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

from lark import Token

from adl.syntax.build_basics import Misread, across, place
from adl.syntax.source import Span
from adl.syntax.tokens import COMPARISONS, span_of
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
    Tree,
    Unary,
    Within,
)

OPERATORS = {"AND": "and", "OR": "or", "NOT": "not"}
TUPLES = frozenset({"disjoint", "cartesian"})
BINDERS = frozenset({"sum", "prod", "count", "min", "max", "ave", "any", "all", "argmin", "argmax"})
LONGEST_NUMBER = 400  # digits: more overflow a double, and Python refuses to convert 4301


class ExpressionBuilder:
    """One method for each rule; every ``parts`` holds what the rule shows."""

    # ------------------------------------------------------------------------------- terminals

    def NAME(self, token: Token) -> Name:
        return Name(token.value, span=span_of(token))

    def INT(self, token: Token) -> Number:
        if len(token) > LONGEST_NUMBER or math.isinf(float(token)):
            raise Misread("this number is too large", span_of(token))
        return Number(token.value, span=span_of(token))

    REAL = INT

    def STRING(self, token: Token) -> Text:
        return Text(token.value[1:-1], span=span_of(token))

    def SEARCHED(self, token: Token) -> Index:
        name, _, digits = token.value.rpartition("_-")
        place = span_of(token)
        jets = Name(name, span=Span(place.start, place.start + len(name)))
        return Index(jets, -_integer(digits, place), span=place)

    # ----------------------------------------------------------------------------- expressions

    def ternary(self, parts: list[Any]) -> Ternary:
        condition, _, then, *rest = parts
        otherwise = rest[1] if rest else None
        return Ternary(condition, then, otherwise, span=across(condition, otherwise or then))

    def binary(self, parts: list[Any]) -> Binary:
        left, operator, right = parts
        text = OPERATORS.get(operator.type) or COMPARISONS.get(operator) or operator.value
        return Binary(text, left, right, span=across(left, right))

    def within(self, parts: list[Any]) -> Within:
        value, operator, lower, upper = parts
        return Within(operator.value, value, lower, upper, span=across(value, upper))

    def unary(self, parts: list[Any]) -> Unary | Juxtaposed:
        operator, operand = parts
        # -jets[0] jets[1] turns the first item around; parentheses turn the whole sum.
        if isinstance(operand, Juxtaposed) and operand.span.start == operand.items[0].span.start:
            first, *others = operand.items
            items = (self.unary([operator, first]), *others)
            return Juxtaposed(items, span=across(operator, operand))
        text = OPERATORS.get(operator.type) or operator.value
        return Unary(text, operand, span=across(operator, operand))

    def juxtaposed(self, items: list[Any]) -> Juxtaposed:
        return Juxtaposed(tuple(items), span=across(items[0], items[-1]))

    def parenthesised(self, parts: list[Any]) -> Tree:
        opening, inner, closing = parts
        tree: Tree = replace(inner, span=across(opening, closing))
        return tree

    def absolute(self, parts: list[Any]) -> Call:
        opening, inner, closing = parts
        return Call(Name("abs", span=span_of(opening)), (inner,), span=across(opening, closing))

    def attribute(self, parts: list[Any]) -> Attribute:
        value, _, name = parts
        return Attribute(value, name, span=across(value, name))

    def index(self, parts: list[Any]) -> Index:
        value, _, position, closing = parts
        return Index(value, position, span=across(value, closing))

    def slice(self, parts: list[Any]) -> Slice:
        value, _, start, _, stop, closing = parts
        return Slice(value, start, stop, span=across(value, closing))

    def slice_to(self, parts: list[Any]) -> Slice:
        value, _, _, stop, closing = parts
        return Slice(value, None, stop, span=across(value, closing))

    def lookup(self, parts: list[Any]) -> Lookup:
        value, _, position, closing = parts
        if isinstance(position, Number | Text | Juxtaposed):
            help = "an index is a whole number or an expression: jets[0]; jets[0:3] is a slice"
            raise Misread("this is no index", position.span, help, code="E101")
        return Lookup(value, position, span=across(value, closing))

    def lookup_several(self, parts: list[Any]) -> Lookup:
        value, opening, *items, closing = parts
        positions = ListOf(tuple(items), span=across(opening, closing))
        return Lookup(value, positions, span=across(value, closing))

    def position(self, parts: list[Any]) -> int:
        minus, digits = parts
        value = _integer(digits, span_of(digits))
        return -value if minus else value

    def call(self, parts: list[Any]) -> Call:
        function, _, *arguments, closing = parts
        # m(l1 l2) is the mass of a sum: a binding alone would bind a name for nothing.
        if len(arguments) > 1 or function.name.lower() in TUPLES:
            arguments = [_binding(argument) for argument in arguments]
        if function.name.lower() in BINDERS:
            arguments[:-1] = [_belonging(argument) for argument in arguments[:-1]]
        return Call(function, tuple(arguments), span=across(function, closing))

    def drawn(self, parts: list[Any]) -> Call:
        *call, name = parts
        return replace(self.call(call), draw=name.name, span=across(call[0], name))

    def call_in_braces(self, parts: list[Any]) -> Call:
        function, _, *arguments, closing = parts
        return Call(function, tuple(arguments), span=across(function, closing))

    def fired(self, parts: list[Any]) -> Call:
        word, path = parts
        name = "trigger" if word.lower() == "trigger" else "HLT"
        span = Span(place(word).start, path.span.end)
        return Call(Name(name, span=span_of(word)), (path,), span=span)

    def named(self, parts: list[Any]) -> Named:
        name, _, value = parts
        return Named(name, value, span=across(name, value))

    def values(self, parts: list[Any]) -> ListOf:
        opening, *items, closing = parts
        return ListOf(tuple(items), span=across(opening, closing))

    def call_behind(self, parts: list[Any]) -> Call:
        opening, *arguments, _, function = parts
        return Call(function, tuple(arguments), span=across(opening, function))


def _integer(digits: str, span: Span) -> int:
    if len(digits.lstrip("0")) > 9:
        raise Misread("this index is too large", span)
    return int(digits)


def _binding(argument: Expr) -> Expr:
    """Return ``jets j`` as a binding: two bare names, the first perhaps sliced."""
    match argument:
        case Juxtaposed((Name() | Slice(Name()) as collection, Name() as name)) if (
            # Parentheses say that a sum is meant, and so does an element: (a b), ELE_0 ELE_1.
            argument.span == across(collection, name)
            and name.span.end - name.span.start == len(name.name)
            and not re.search(r"_[0-9]*$", name.name)
        ):
            return Binding(collection, name, span=argument.span)
    return argument


def _belonging(argument: Expr) -> Expr:
    """Return ``this.daughters d`` as a binding: no sum of particles can stand before a value."""
    match argument:
        case Juxtaposed((Attribute() | Call() as collection, Name() as name)) if (
            argument.span == across(collection, name)
        ):
            return Binding(collection, name, span=argument.span)
    return argument
