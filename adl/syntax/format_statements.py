"""Statements to text: every statement of a block has one spelling."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeGuard

from adl.syntax.format_expressions import expression, items
from adl.syntax.format_levels import (
    ITEM,
    LISTED,
    POSTFIX,
    SPECIAL,
    STATEMENT,
    TERNARY,
    TRIGGERS,
    VALUE,
    WEIGHT,
    Place,
    first_word,
    leading,
)
from adl.syntax.layout import BREAK, Piece, flat, glue, group, joined
from adl.syntax.source import Source, Span
from adl.syntax.tree import (
    Bin,
    Binding,
    Call,
    Candidate,
    Counted,
    Counts,
    Define,
    Edges,
    Expr,
    Histo,
    Juxtaposed,
    Name,
    Number,
    Print,
    Reject,
    Save,
    Select,
    Slice,
    Sort,
    Statement,
    Take,
    Title,
    Unary,
    UniformBins,
    Use,
    VariableBins,
    Weight,
)

LONGEST_LABEL = 32  # to which those beside it are aligned

# Words that quotes keep from being operators or keywords.
SPOKEN = SPECIAL | {"and", "or", "not"}

SIGNED = re.compile(r"(-?)\s*((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|\binf\b)")


def statement(tree: Statement, source: Source, width: int = 0) -> Piece:
    """Return the text of a statement; the label of a bin is made so wide."""
    match tree:
        case Take():
            return _take(tree)
        case Select():
            condition = expression(tree.condition, _before(tree.only, STATEMENT))
            return glue("select ", condition, only(tree.only))
        case Reject():
            condition = expression(tree.condition, _before(tree.only, STATEMENT))
            return glue("reject ", condition, only(tree.only))
        case Define():
            return glue(f"define {tree.name.name} = ", expression(tree.value, VALUE))
        case Candidate():
            return glue(f"object {tree.name.name} = ", expression(tree.value, VALUE))
        case Weight():
            return _weight(tree)
        case Histo():
            return _histo(tree, source)
        case Bin():
            return _bin(tree, width)
        case Edges():
            return _edges(tree, source)
        case Use():
            return tree.name.name
        case Sort():
            order = " descend" if tree.descending else " ascend"
            return glue("sort ", expression(tree.value, _before(order, WEIGHT)), order)
        case Print():
            return glue("print ", *_spaced(items(tree.items, "numbers", texts=True)))
        case Save():
            return _save(tree)
        case Counts():
            return f"counts {tree.format.name} " + ", ".join(map(_counted, tree.values))
        case Title():
            return f'title "{tree.text}"'


def label_widths(statements: Sequence[Statement]) -> list[int]:
    """Return how wide the labels have to be for the conditions of neighbouring bins to align."""
    widths: list[int] = []
    for labelled, run in groupby(statements, lambda s: isinstance(s, Bin) and s.label is not None):
        lengths = [len(s.label or "") + 2 if labelled and isinstance(s, Bin) else 0 for s in run]
        widths += [max((n for n in lengths if n <= LONGEST_LABEL), default=0)] * len(lengths)
    return widths


def only(words: Sequence[str]) -> str:
    """Return the end of a statement that is for some datasets only."""
    return " ".join(["", "only", *(word(w, numbers=True) for w in words)]) if words else ""


def word(text: str, numbers: bool = False) -> str:
    """Return a word as it is, or in quotes where it would be something else without them."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text) or (
        numbers and re.fullmatch(r"[0-9]+(?:[A-DF-Za-df-z_][A-Za-z0-9_]*)?", text)
    )
    return text if plain and text.lower() not in SPOKEN else f'"{text}"'


def _before(words: Sequence[str], place: Place) -> Place:
    """Return the place of an expression that has these words behind it."""
    return replace(place, guarded=not words)


def _take(tree: Take) -> Piece:
    match tree.source:
        case Call(Name("disjoint"), (Binding(collection), *_) as members) if _in_a_row(members):
            names = ", ".join(member.name.name for member in members)
            return glue("take ", expression(collection, WEIGHT, POSTFIX), f" {names}")
        case Call(function) if tree.instance and function.name.lower() == "comb":
            instance = f" alias {tree.instance.name}"
        case _:
            instance = f" {tree.instance.name}" if tree.instance else ""
    return glue("take ", expression(tree.source, WEIGHT, POSTFIX), instance)


def _in_a_row(members: Sequence[Expr]) -> TypeGuard[Sequence[Binding]]:
    """Whether members of a composite can only be written ``take leps a, b``."""
    bindings = [member for member in members if isinstance(member, Binding)]
    if len(bindings) < max(2, len(members)) or len({b.collection for b in bindings}) > 1:
        return False
    collection = bindings[0].collection
    named = isinstance(getattr(collection, "value", collection), Name)
    bare = named and isinstance(collection, Name | Slice) and first_word(collection) not in TRIGGERS
    return not bare or any(re.search(r"_[0-9]*$", b.name.name) for b in bindings)


def _spaced(pieces: Sequence[Piece]) -> list[Piece]:
    return [part for piece in pieces for part in (" ", piece)][1:]


def _weight(tree: Weight) -> Piece:
    place = _before(tree.only, WEIGHT)
    value = expression(tree.value, place)
    if tree.name is None:
        first = leading(tree.value)
        # weight a b is the weight b of the name a.
        odd = isinstance(first, Juxtaposed) and isinstance(first.items[0], Name)
    else:
        odd = flat(value).startswith(("not ", '"')) or first_word(tree.value) in SPECIAL
    if odd:
        value = glue("(", expression(tree.value), ")")
    return glue("weight ", f"{tree.name.name} " if tree.name else "", value, only(tree.only))


def _bin(tree: Bin, width: int) -> Piece:
    if tree.label is not None:
        label = f'"{tree.label}"'.ljust(width)
        # Behind the label a keyword would begin the next statement.
        spoken = first_word(tree.condition) in SPECIAL - TRIGGERS
        condition = expression(tree.condition, LISTED, POSTFIX + 1 if spoken else TERNARY)
        return glue(f"bin {label} ", condition)
    condition = expression(tree.condition, LISTED)
    if flat(condition).startswith('"'):  # the text would be the label
        condition = glue("(", expression(tree.condition), ")")
    return glue("bin ", condition)


def _edges(tree: Edges, source: Source) -> Piece:
    spoken = tree.label is not None and first_word(tree.value) in SPECIAL
    value = expression(tree.value, replace(LISTED, fires=False), POSTFIX + spoken)
    texts = _texts(tree.edges, source, Span(tree.value.span.end, tree.span.end))
    # After a blank, -inf would be taken off the value.
    comma = "," if -math.inf in tree.edges else ""
    label = "" if tree.label is None else f'"{tree.label}" '
    return glue(f"bin {label}", value, f"{comma} {(comma + ' ').join(texts)}")


def _histo(tree: Histo, source: Source) -> Piece:
    head = f'histo {tree.name.name}, "{tree.title}",'
    axes = [f"{_axis(axis, source)}," for axis in tree.axes]
    values = [expression(value, _before(tree.only, ITEM)) for value in tree.values]
    if len(tree.axes) == 1 and len(values) > 2 and all(map(_is_plain, tree.values[:3])):
        # Three numbers after commas would be a second axis.
        values = [values[0], glue(*_spaced(values[1:]))]
    filled = [*(glue(value, ",") for value in values[:-1]), values[-1]]
    content = joined([*axes, *filled])
    return glue(group([head, BREAK, content]), only(tree.only))


def _is_plain(tree: Expr) -> bool:
    match tree:
        case Unary("-", operand):
            return _is_plain(operand)
    return isinstance(tree, Number) or (isinstance(tree, Name) and tree.name == "inf")


def _axis(axis: UniformBins | VariableBins, source: Source) -> str:
    match axis:
        case UniformBins():
            numbers = (axis.number, axis.lower, axis.upper)
            return ", ".join(_texts(numbers, source, axis.span))
        case VariableBins():
            return _edge_list(_texts(axis.edges, source, axis.span))


def _edge_list(edges: Sequence[str]) -> str:
    """Return the edges of an axis, each with its sign kept off the edge before."""
    pieces = [edges[0]]
    for edge in edges[1:]:
        # Only behind the digits of a number the minus of another is a sign.
        apart = edge == "-inf" or (edge.startswith("-") and pieces[-1].endswith(("inf", ")")))
        pieces.append(f"({edge})" if apart else edge)
    for i in reversed(range(len(pieces) - 1)):
        if pieces[i + 1].startswith("(") and pieces[i].endswith("inf"):  # inf (-1) is a call
            pieces[i] = f"({pieces[i]})"
    return " ".join(pieces)


def _texts(numbers: Sequence[float], source: Source, span: Span) -> list[str]:
    """Return the numbers as they were written, or, where that cannot be found, as they are."""
    written = [sign + text for sign, text in SIGNED.findall(source.words(span))]
    if [float(text) for text in written] == [float(number) for number in numbers]:
        return written
    return [_shortest(number) for number in numbers]


def _shortest(number: float) -> str:
    if math.isinf(number) or abs(number) >= 1e16 or number != int(number):
        return repr(number)
    return str(int(number)) if number or math.copysign(1, number) > 0 else "-0"


def _save(tree: Save) -> Piece:
    values = items(tree.values, "none")
    form = f" {tree.format}" if tree.format else ""
    comma = "," if values and flat(values[0]).startswith("(") else ""  # t (…) is a call
    return glue(f"save {tree.name.name}{form}{comma}", *(p for v in values for p in (" ", v)))


def _counted(tree: Counted) -> str:
    errors = (f" +- {up}" if up == down else f" + {up} - {down}" for up, down in tree.errors)
    return (tree.value or "NA") + "".join(errors)
