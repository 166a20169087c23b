"""Conversions: both operands of an operation have one type, and a condition is a bool.

``bool -> int -> real`` happens unasked; a particle never becomes a number, except missing momentum,
which alone means its pT.
"""

from __future__ import annotations

import re
from dataclasses import replace

from adl.check.analysis import AttributeOf, Literal_, Logic, Operation, Singleton, Sum, Type, Value
from adl.check.scope import Scope, mistake

_RANK: dict[Type, int] = {"bool": 0, "int": 1, "real": 2}


def convert(value: Value, type: Type) -> Value:
    """Return a number or truth value as a wider type; literals are converted at once."""
    if value.type == type:
        return value
    assert _RANK[value.type] < _RANK[type], f"{value.type} does not become {type}"
    if isinstance(value, Literal_):
        number = float(value.value) if type == "real" else int(value.value)
        return replace(value, type=type, value=number)
    name = "real" if type == "real" else "int"
    return Operation(name, (value,), type=type, span=value.span)


def widest(values: tuple[Value, ...], least: Type = "bool") -> Type:
    """Return the narrowest type to which all values convert."""
    return max((least, *(v.type for v in values)), key=lambda t: _RANK[t])


def unify(*values: Value, least: Type = "int") -> tuple[Value, ...]:
    """Convert numbers to one type, ``least`` or wider."""
    type = widest(values, least)
    return tuple(convert(v, type) for v in values)


def number(scope: Scope, value: Value | None) -> Value | None:
    """Return a value that is a number or a truth value; a particle is a mistake."""
    if value is None or value.type != "particle":
        return value
    match value:
        case Singleton():
            return AttributeOf(value, "pt", type="real", span=value.span)
        case Sum(items=((-1, Singleton() as missing),)):
            pt = AttributeOf(missing, "pt", type="real", span=missing.span)
            return Operation("neg", (pt,), type="real", span=value.span)
    text = scope.context.words(value.span)
    plain = re.fullmatch(r"[\w.\[\]]+", text)
    scope.context.findings.error(
        "E204",
        f"{text} is a particle, a number is needed here",
        value.span,
        f"{text}.pT is its transverse momentum" if plain else f"pT({text}), m({text}), …",
    )
    return None


def need_particle(scope: Scope, found: Value | None, asker: str) -> Value | None:
    """Return a value that is a particle; a number is a mistake."""
    if found is None or found.type == "particle":
        return found
    text = scope.context.words(found.span)
    return mistake(scope, "E209", f"{asker} needs particles, {text} is a number", found.span)


def condition(scope: Scope, value: Value | None) -> Value | None:
    """Return a value as a truth value; a bare number is non-zero, with a warning."""
    value = number(scope, value)
    if value is None or value.type == "bool":
        return value
    text = scope.context.words(value.span)
    scope.context.findings.warning(
        "W304",
        f"{text} is a number, read as the condition {text} != 0",
        value.span,
        f"write the comparison: {text} > 0, {text} == 1, …",
    )
    zero = convert(Literal_(0, type="int", span=value.span), value.type)
    if scope.context.dialect == "cutlang":  # NaN is true
        return Operation("ne", (value, zero), type="bool", span=value.span)
    # Not ``!=``, which is true of NaN: a condition that is NaN is false.
    sides = (Operation(o, (value, zero), type="bool", span=value.span) for o in ("lt", "gt"))
    return Logic("or", tuple(sides), type="bool", span=value.span)


def negated(value: Value) -> Value:
    """Return ``not value``."""
    return Logic("not", (value,), type="bool", span=value.span)
