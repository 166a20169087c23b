"""Conversions: both operands of an operation have one type, and a condition is a bool.

``bool -> int -> real`` happens unasked; a particle never becomes a number, except missing momentum,
which alone means its pT.
"""

from __future__ import annotations

import re
from dataclasses import replace

from adl.check.analysis import (
    AttributeOf,
    Choice,
    DefineRef,
    Literal_,
    Logic,
    Operation,
    OwnAttribute,
    Singleton,
    Sum,
    Type,
    Value,
)
from adl.check.attribute_names import input_hint, owners
from adl.check.collections import inputs
from adl.check.elements import branch_type, sources_of
from adl.check.readings import Reading
from adl.check.scope import Scope, mistake
from adl.stdlib.models import SingletonSchema

# One comparison inside the brackets of a call: ``abs(eta < 2.4)``.
_COMPARED_INSIDE = re.compile(r"(\w+)\(([^()<>=!,]+?) *(<=|>=|<|>|==|!=) *([^()<>=!,]+)\)")
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
    if value is not None and value.type == "text":
        text = scope.context.words(value.span)
        message = f"{text} is a text, a number is needed here"
        return mistake(scope, "E211", message, value.span, 'texts are compared: era == "2018"')
    if value is not None and value.type == "list":
        text = scope.context.words(value.span)
        message = f"{text} is a list, a number is needed here"
        return mistake(scope, "E281", message, value.span, "lists are for networks: onnx, OME")
    if value is None or value.type != "particle":
        return value
    plain_number = _missing_momentum(value) or entry(scope, value)
    if plain_number is not None:
        return plain_number
    text = scope.context.words(value.span)
    match owners(scope.context, value):
        case (SingletonSchema() as owner,) if "pt" not in owner.attributes:
            message = f"{owner.name} has no pt, and stands where a number is needed"
            return mistake(scope, "E202", message, value.span, input_hint(scope.context))
    plain = re.fullmatch(r"[\w.\[\]]+", text)
    help = f"{text}.pT is its transverse momentum" if plain else f"pT({text}), m({text}), …"
    if plain and isinstance(value, Sum) and len(value.items) > 1:
        help = (
            f"{text} is a vector sum: {text}.pT, m({text}); "
            "the sum of momenta is pT(…) + pT(…), or sum(pT(jets))"
        )
    scope.context.findings.error(
        "E204",
        f"{text} is a particle, a number is needed here",
        value.span,
        help,
    )
    return None


def entry(scope: Scope, value: Value) -> Value | None:
    """Return the number that an element of a column of numbers is: ``PSWeight[0]``."""
    found = inputs(sources_of(scope.context, value))
    if not found or any("" not in source.attributes for source in found):
        return None
    kinds = {branch_type(source.attributes[""]) for source in found}
    return AttributeOf(value, "", type=kinds.pop(), span=value.span) if len(kinds) == 1 else None


def _missing_momentum(value: Value) -> Value | None:
    """Return the pT of missing momentum, of its negative or of a choice; None for the rest."""
    match value:
        case Singleton(schema=schema) if "pt" in schema.attributes:
            return AttributeOf(value, "pt", type="real", span=value.span)
        case Sum(items=((-1, Singleton(schema=schema) as missing),)) if "pt" in schema.attributes:
            pt = AttributeOf(missing, "pt", type="real", span=missing.span)
            return Operation("neg", (pt,), type="real", span=value.span)
        case Choice():
            then, otherwise = map(_missing_momentum, (value.then, value.otherwise))
            if then is not None and otherwise is not None:
                return replace(value, then=then, otherwise=otherwise, type="real")
        case OwnAttribute(definition=definition):
            own = _missing_momentum(definition.value)
            if own is not None:
                return replace(value, definition=replace(definition, value=own), type="real")
    return None


def need_particle(scope: Scope, found: Value | None, asker: str) -> Value | None:
    """Return a value that is a particle; a number is a mistake."""
    if found is None or found.type == "particle":
        return found
    text = scope.context.words(found.span)
    kind = "text" if found.type == "text" else "number"
    help = f"write {text} alone" if isinstance(found, DefineRef) else ""
    return mistake(scope, "E209", f"{asker} needs particles, {text} is a {kind}", found.span, help)


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
        _comparison(text),
    )
    zero = convert(Literal_(0, type="int", span=value.span), value.type)
    if scope.context.dialect == "cutlang":  # NaN is true
        if value.type == "real":
            scope.context.readings.append(Reading("truth", value.span))
        return Operation("ne", (value, zero), type="bool", span=value.span)
    # Not ``!=``, which is true of NaN: a condition that is NaN is false.
    sides = (Operation(o, (value, zero), type="bool", span=value.span) for o in ("lt", "gt"))
    return Logic("or", tuple(sides), type="bool", span=value.span)


def _comparison(text: str) -> str:
    """Return the comparison that a number as a condition may have been meant as.

    >>> _comparison("abs(eta < 2.4)")
    'did you mean abs(eta) < 2.4?'
    """
    inside = _COMPARED_INSIDE.fullmatch(text)
    if inside:
        function, left, sign, right = inside.groups()
        return f"did you mean {function}({left}) {sign} {right}?"
    return f"write the comparison: {text} > 0, {text} == 1, …"


def negated(value: Value) -> Value:
    """Return ``not value``."""
    return Logic("not", (value,), type="bool", span=value.span)
