"""Cuts of object blocks: in cutlang an element without a partner to compare with is dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from adl.migrate.report import Report, text
from adl.syntax.source import Span
from adl.syntax.tree import (
    Binary,
    Block,
    Call,
    Expr,
    Name,
    Number,
    Object,
    Reject,
    Select,
    Slice,
    Statement,
    Ternary,
)

_SLICED = re.compile(r"(\w+)\[(\d+):(\d*)\]")
WHY = "an element is dropped where there is nothing to compare it with"


def with_partners(block: Block, partners: Mapping[Span, tuple[str, ...]], report: Report) -> Block:
    """Return an object block whose cuts ask for the collections that they compare with."""
    if not isinstance(block, Object):
        return block
    statements: list[Statement] = []
    for written in block.statements:
        needed = partners.get(written.span, ())
        if not needed or not isinstance(written, (Select, Reject)):
            statements.append(written)
            continue
        statements += _asking(written, needed, report)
    return replace(block, statements=tuple(statements))


def _asking(
    written: Select | Reject, needed: tuple[str, ...], report: Report
) -> list[Select | Reject]:
    select = isinstance(written, Select)
    there = _joined("and" if select else "or", [_size(name, select) for name in needed])
    if isinstance(written.condition, Ternary) and written.condition.otherwise is None:
        # Only a statement may leave the else out: the question is one of its own.
        first = replace(written, condition=there)
        _say(written, there, report)
        return [first, written]
    both = _before("and" if select else "or", there, written.condition)
    _say(written, both, report)
    return [replace(written, condition=both)]


def _say(written: Select | Reject, now: Expr, report: Report) -> None:
    word = "select" if isinstance(written, Select) else "reject"
    report.changed("empty partner", written.span, f"{word} {text(now)}", WHY)


def _before(operator: str, first: Expr, condition: Expr) -> Expr:
    """Return ``first and condition``, without parentheses around the condition's own ands."""
    if isinstance(condition, Binary) and condition.operator == operator:
        return replace(condition, left=_before(operator, first, condition.left))
    return Binary(operator, first, condition, span=condition.span)


def _joined(operator: str, conditions: list[Expr]) -> Expr:
    whole = conditions[0]
    for condition in conditions[1:]:
        whole = Binary(operator, whole, condition)
    return whole


def _size(name: str, some: bool) -> Expr:
    sliced = _SLICED.fullmatch(name)
    whole: Expr = Name(name)
    if sliced is not None:
        start, stop = sliced[2], sliced[3]
        whole = Slice(Name(sliced[1]), int(start), int(stop) if stop else None)
    return Binary(">" if some else "==", Call(Name("size"), (whole,)), Number("0"))
