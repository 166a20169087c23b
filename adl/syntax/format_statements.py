"""Statements to text: every statement of a block has one spelling."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from adl.syntax.format_expressions import (
    ITEM,
    LISTED,
    OPERAND,
    POSTFIX,
    STATEMENT,
    TERNARY,
    VALUE,
    begins_with_pair,
    expression,
    items,
)
from adl.syntax.layout import BREAK, Piece, flat, glue, group, joined
from adl.syntax.source import Source, Span
from adl.syntax.tree import (
    Bin,
    Candidate,
    Counted,
    Counts,
    Define,
    Edges,
    Expr,
    Histo,
    Name,
    Number,
    Print,
    Reject,
    Save,
    Select,
    Sort,
    Statement,
    Take,
    Text,
    Title,
    UniformBins,
    Unary,
    Use,
    VariableBins,
    Weight,
)

SIGNED = re.compile(r"(-?)\s*((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|\binf\b)")


def statement(tree: Statement, source: Source) -> Piece:
    """Return the text of a statement."""
    match tree:
        case Take():
            taken = expression(tree.source, STATEMENT, POSTFIX)
            return glue("take ", taken, f" {tree.instance.name}" if tree.instance else "")
        case Select():
            return glue("select ", expression(tree.condition, STATEMENT), only(tree.only))
        case Reject():
            return glue("reject ", expression(tree.condition, STATEMENT), only(tree.only))
        case Define():
            return glue(f"define {tree.name.name} = ", expression(tree.value, VALUE))
        case Candidate():
            return glue(f"object {tree.name.name} = ", expression(tree.value, VALUE))
        case Weight():
            return _weight(tree)
        case Histo():
            return _histo(tree, source)
        case Bin():
            return _bin(tree)
        case Edges():
            return _edges(tree, source)
        case Use():
            return tree.name.name
        case Sort():
            order = "descend" if tree.descending else "ascend"
            return glue("sort ", expression(tree.value, LISTED, POSTFIX), f" {order}")
        case Print():
            return glue("print ", *_spaced(items(tree.items)))
        case Save():
            values = _spaced(items(tree.values))
            words = f" {tree.format} " if values else f" {tree.format}" if tree.format else ""
            return glue(f"save {tree.name.name}", words, *values)
        case Counts():
            return f"counts {tree.format.name} " + ", ".join(map(_counted, tree.values))
        case Title():
            return f'title "{tree.text}"'


def only(words: Sequence[str]) -> str:
    """Return the end of a statement that is for some datasets only."""
    return " ".join(["", "only", *words]) if words else ""


def _spaced(pieces: Sequence[Piece]) -> list[Piece]:
    return [part for piece in pieces for part in (" ", piece)][1:]


def _weight(tree: Weight) -> Piece:
    # weight a b is the weight b of the name a.
    pair = tree.name is None and begins_with_pair(tree.value)
    value = expression(tree.value, STATEMENT, POSTFIX if pair else TERNARY)
    return glue("weight ", f"{tree.name.name} " if tree.name else "", value, only(tree.only))


def _bin(tree: Bin) -> Piece:
    if tree.label is not None:
        return glue(f'bin "{tree.label}" ', expression(tree.condition, LISTED))
    condition = expression(tree.condition, LISTED)
    if flat(condition).startswith('"'):  # the text would be the label
        condition = glue("(", expression(tree.condition), ")")
    return glue("bin ", condition)


def _edges(tree: Edges, source: Source) -> Piece:
    value = expression(tree.value, LISTED, POSTFIX)
    texts = _texts(tree.edges, source, Span(tree.value.span.end, tree.span.end))
    # After a blank, -inf would be taken off the value.
    comma = "," if -math.inf in tree.edges else ""
    return glue("bin ", value, f"{comma} {(comma + ' ').join(texts)}")


def _histo(tree: Histo, source: Source) -> Piece:
    head = f'histo {tree.name.name}, "{tree.title}",'
    axes = [f"{_axis(axis, source)}," for axis in tree.axes]
    values = [expression(value, ITEM) for value in tree.values]
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
            first, *rest = _texts(axis.edges, source, axis.span)
            # After a blank, -inf would be taken off the edge before it.
            return " ".join([first, *("(-inf)" if edge == "-inf" else edge for edge in rest)])


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


def _counted(tree: Counted) -> str:
    errors = (f" +- {up}" if up == down else f" + {up} - {down}" for up, down in tree.errors)
    return (tree.value or "-") + "".join(errors)
