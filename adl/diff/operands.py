"""What conditions and values are made of: conjuncts, operands, and what ``not`` is about."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Literal

from adl.check import analysis as core


def conjuncts(value: core.Value) -> list[core.Value]:
    """Return the conditions that have to hold together: ``not (a or b)`` is not a, and not b."""
    match value:
        case core.Logic(operator="and", operands=operands):
            return [part for operand in operands for part in conjuncts(operand)]
        case core.Logic(operator="not", operands=(core.Logic(operator="or"),)):
            return conjuncts(pushed(value))
        case core.Logic(operator="not", operands=(core.Logic(operator="not") as inner,)):
            return conjuncts(inner.operands[0])
    return [value]


def pushed(value: core.Logic) -> core.Logic:
    """Return ``not (a and b)`` as not a, or not b, and ``not (a or b)`` as not a, and not b."""
    match value:
        case core.Logic(operator="not", operands=(core.Logic(operator="and" | "or") as inner,)):
            parts = (replace(value, operands=(part,), span=part.span) for part in flat(inner))
            other: Literal["and", "or"] = "or" if inner.operator == "and" else "and"
            return replace(value, operator=other, operands=tuple(parts))
    return value


def flat(value: core.Logic) -> list[core.Value]:
    """Return the operands of an ``and`` or ``or``, those of inner ones of the kind, too."""
    out: list[core.Value] = []
    for operand in value.operands:
        if isinstance(operand, core.Logic) and operand.operator == value.operator:
            out += flat(operand)
        else:
            out.append(operand)
    return out


def operands(value: core.Value) -> list[core.Value]:
    """Return the values that a value is made of."""
    found: list[core.Value] = []
    for field in fields(value):
        content = getattr(value, field.name)
        for item in content if isinstance(content, tuple) else (content,):
            parts = item if isinstance(item, tuple) else (item,)
            found += [part for part in parts if isinstance(part, core.Typed)]  # type: ignore[misc]  # every Typed is a Value
    return found


def own_words(value: core.Value) -> tuple[object, ...]:
    """Return what a value says beside its operands."""
    plain = (str, int, float, bool, type(None))
    return tuple(
        getattr(value, f.name) for f in fields(value) if isinstance(getattr(value, f.name), plain)
    )
