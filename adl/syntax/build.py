# ruff: noqa: D102 - a method is documented by the rule of its name in grammar/adl.lark
"""Grammar rules to trees: the method named after a rule makes what the rule reads.

Methods get the tokens and trees of their rule, without those whose name begins with ``_``. Names,
numbers and texts are trees already; an optional part that is not there is None.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lark import Token

from adl.syntax.blocks import BlockBuilder
from adl.syntax.build_basics import Misread, across, place
from adl.syntax.keywords import FILE_FORMATS
from adl.syntax.source import NOWHERE, Span
from adl.syntax.tokens import COMPARISONS, span_of
from adl.syntax.tree import (
    Attribute,
    Bin,
    Binary,
    Binding,
    Call,
    Candidate,
    Composite,
    Define,
    Edges,
    Expr,
    File,
    Histo,
    Index,
    Info,
    Juxtaposed,
    ListOf,
    Lookup,
    Name,
    Named,
    Number,
    Object,
    Print,
    Region,
    Reject,
    Save,
    Select,
    Slice,
    Sort,
    Take,
    Ternary,
    Text,
    Tree,
    Unary,
    UniformBins,
    Use,
    UseAs,
    VariableBins,
    Weight,
    Within,
)

OPERATORS = {"AND": "and", "OR": "or", "NOT": "not"}
CONDITIONS = frozenset({"and", "or", "not", "<", "<=", ">", ">=", "==", "!=", "~=", "~!"})
TUPLES = frozenset({"disjoint", "cartesian"})
BINDERS = frozenset({"sum", "prod", "count", "min", "max", "ave", "any", "all", "argmin", "argmax"})
LONGEST_NUMBER = 400  # digits: more overflow a double, and Python refuses to convert 4301


class Builder(BlockBuilder):
    """One method for each rule of adl.lark; every ``parts`` holds what the rule's line shows."""

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

    # ---------------------------------------------------------------------------------- blocks

    def file(self, blocks: list[Any]) -> File:
        return File(tuple(blocks), span=across(blocks[0], blocks[-1]) if blocks else NOWHERE)

    def info(self, parts: list[Any]) -> Info:
        keyword, name, *lines = parts
        fields = tuple(_field(line.value) for line in lines)
        return Info(name, fields, span=across(keyword, parts[-1]))

    def object(self, parts: list[Any]) -> Object:
        keyword, name, first, *rest = parts
        statements = rest if first is None else [first, *rest]
        return Object(name, tuple(statements), span=across(keyword, (statements or [name])[-1]))

    def after_colon(self, parts: list[Any]) -> Take:
        return self.take(parts)

    def composite(self, parts: list[Any]) -> Composite:
        keyword, name, *statements = parts
        span = across(keyword, (statements or [name])[-1])
        return Composite(name, tuple(statements), span=span)

    def region(self, parts: list[Any]) -> Region:
        keyword, name, *groups = parts
        # A line of names holds several statements.
        statements = [s for group in groups for s in (group if type(group) is list else [group])]
        return Region(name, tuple(statements), span=across(keyword, (statements or [name])[-1]))

    def define(self, parts: list[Any]) -> Define:
        keyword, name, _, value = parts
        return Define(name, value, span=across(keyword, value))

    def use_as(self, parts: list[Any]) -> UseAs:
        keyword, name, _, value = parts
        return UseAs(name, value, span=across(keyword, value))

    # ------------------------------------------------------------------------------ statements

    def take(self, parts: list[Any]) -> Take:
        keyword, source, instance = parts
        return Take(source, instance, span=across(keyword, instance or source))

    def members(self, parts: list[Any]) -> Take:
        keyword, collection, *names = parts
        tuples = Name("disjoint", span=collection.span)
        members = (Binding(collection, name, span=across(collection, name)) for name in names)
        source = Call(tuples, tuple(members), span=across(collection, names[-1]))
        return Take(source, None, span=across(keyword, names[-1]))

    def candidate(self, parts: list[Any]) -> Candidate:
        keyword, name, _, value = parts
        return Candidate(name, value, span=across(keyword, value))

    def select(self, parts: list[Any]) -> Select:
        keyword, condition, only = parts
        words, last = only or ((), condition.span)
        return Select(condition, words, span=place(keyword).to(last))

    def reject(self, parts: list[Any]) -> Reject:
        keyword, condition, only = parts
        words, last = only or ((), condition.span)
        return Reject(condition, words, span=place(keyword).to(last))

    def only(self, words: list[Any]) -> tuple[tuple[str, ...], Span]:
        return tuple(word.value.strip('"') for word in words), across(words[0], words[-1])

    def use(self, names: list[Any]) -> list[Use]:
        return [Use(name, span=name.span) for name in names]

    def weight(self, parts: list[Any]) -> Weight:
        keyword, name, value, only = parts
        words, last = only or ((), value.span)
        return Weight(name, value, words, span=place(keyword).to(last))

    def histo(self, parts: list[Any]) -> Histo:
        keyword, name, title, *groups, only = parts
        axes, values = _axes(name, groups)
        words, last = only or ((), groups[-1][-1].span)
        return Histo(name, title.value, axes, values, words, span=place(keyword).to(last))

    def group(self, items: list[Any]) -> list[Expr]:
        return items

    def bin(self, parts: list[Any]) -> Bin | Edges:
        keyword, label, value, *edges = parts
        span = across(keyword, parts[-1])
        text = label.value[1:-1] if label else None
        if not edges:
            return Bin(text, value, span=span)
        if isinstance(value, Within) or getattr(value, "operator", None) in CONDITIONS:
            help = "bin MET > 300 is one bin; bin MET 100 200 400 are bins between edges"
            raise Misread(
                "a bin is a condition or a list of edges, not both", place(edges[0]), help
            )
        if len(edges) < 2:
            raise Misread("bins need two edges at least", place(edges[0]))
        return Edges(value, tuple(_edge(e) for e in edges), text, span=span)

    def sort(self, parts: list[Any]) -> Sort:
        keyword, value, direction = parts
        return Sort(value, direction.lower().startswith("desc"), span=across(keyword, direction))

    def print(self, parts: list[Any]) -> Print:
        keyword, *items = parts
        return Print(tuple(items), span=across(keyword, items[-1]))

    def save(self, parts: list[Any]) -> Save:
        keyword, name, *values = parts
        form = ""
        if values and isinstance(values[0], Name) and values[0].name.lower() in FILE_FORMATS:
            form = values.pop(0).name.lower()
        return Save(name, form, tuple(values), span=across(keyword, parts[-1]))

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


def _field(line: str) -> tuple[str, str]:
    """Split a line of free text into its first word and the rest, without comment and quotes.

    >>> _field('title "a # in quotes"  # a comment')
    ('title', 'a # in quotes')
    """
    text = re.match(r'[^"#]*(?:"[^"]*"[^"#]*)*(?:".*)?', line)
    assert text is not None
    word, _, rest = text.group().replace("\t", " ").partition(" ")
    rest = rest.strip()
    if len(rest) > 1 and rest[0] == rest[-1] == '"' and rest.count('"') == 2:
        rest = rest[1:-1]
    return word.strip(), rest


def _number(item: Expr) -> float | None:
    """Return the value of a number with or without its sign, or of ``inf``; None for the rest."""
    match item:
        case Number():
            return float(item.text)
        case Name("inf"):
            return math.inf
        case Unary("-", Number() | Name("inf") as operand):
            value = _number(operand)
            return None if value is None else -value
    return None


def _edge(item: Expr) -> float:
    value = _number(item)
    if value is None:
        raise Misread("an edge is a number", item.span)
    return value


def _axes(
    name: Name, groups: Sequence[Sequence[Expr]]
) -> tuple[tuple[UniformBins | VariableBins, ...], tuple[Expr, ...]]:
    """Divide what follows the title of a histogram into axes and values."""
    axes: list[UniformBins | VariableBins] = []
    rest = list(groups)
    while len(axes) < 2 and (found := _axis(rest)):
        axis, width = found
        axes.append(axis)
        rest = rest[width:]
    values = tuple(value for group in rest for value in group)
    help = 'histo h, "title", 50, 0, 500, pT(jets[0]); or edges, 0 20 50 100, for the 50, 0, 500'
    if not axes:
        message = "an axis is the number of bins, the lower and the upper end, or a list of edges"
        raise Misread(message, groups[0][0].span, help)
    if not values:
        raise Misread(f"histogram `{name.name}` has no value to fill", name.span, help)
    if len(axes) == 2 and len(values) != 2:
        message = f"a histogram with two axes has two values to fill, not {len(values)}"
        raise Misread(message, across(values[0], values[-1]))
    return tuple(axes), values


def _axis(groups: Sequence[Sequence[Expr]]) -> tuple[UniformBins | VariableBins, int] | None:
    """Return the axis with which a list begins and the number of groups that it takes."""
    if not groups:
        return None
    if len(groups[0]) > 1:
        edges = [_number(item) for item in groups[0]]
        known = tuple(edge for edge in edges if edge is not None)
        span = across(groups[0][0], groups[0][-1])
        return (VariableBins(known, span=span), 1) if len(known) == len(edges) else None
    ends = [_number(group[0]) for group in groups[:3] if len(group) == 1]
    match ends:
        case [float(), float() as lower, float() as upper]:
            number = groups[0][0]
            if not (isinstance(number, Number) and number.text.isdigit()):
                raise Misread("the number of bins is a whole number", number.span)
            bins = int(number.text)
            return UniformBins(bins, lower, upper, span=across(number, groups[2][0])), 3
    return None
