"""Expressions: from a tree to a typed value, with every name resolved and every loop bound.

Each function returns None after a mistake that it has reported, so one mistake gives one message.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from adl.check.analysis import (
    Choice,
    Collection,
    CompositeDef,
    Literal_,
    Logic,
    ObjectDef,
    Sum,
    Total,
    Tuple,
    Value,
    Variable,
)
from adl.check.bindings import current_tuple
from adl.check.calls import call, size
from adl.check.dialect import unsupported
from adl.check.names import LOOKUPS, meaning, pick, without_source_names
from adl.check.operators import (
    ARITHMETIC,
    COMPARISON,
    arithmetic,
    comparison,
    interval,
    minus,
    particle_sum,
    power,
)
from adl.check.particles import attribute
from adl.check.scope import ANYTHING, Scope, mistake
from adl.check.slices import whole
from adl.check.triggers import spelled_out
from adl.check.types import condition, need_particle, negated, number, unify
from adl.check.values import used_at
from adl.stdlib.models import CollectionSchema
from adl.syntax.source import Span
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

SEARCHES = frozenset(("~=", "~!"))


def value(scope: Scope, expr: Expr) -> Value | None:
    """Return the value of an expression; a collection in it becomes a loop of its binder."""
    match expr:
        case Number():
            return _literal(expr)
        case Text():
            return mistake(scope, "E211", "a text has no value here", expr.span)
        case Name():
            return _name(scope, expr)
        case Call():
            return call(scope, expr, value)
        case Attribute():
            return _attribute(scope, expr)
        case Index():
            return _index(scope, expr)
        case Unary():
            return _unary(scope, expr)
        case Binary():
            return _binary(scope, spelled_out(scope.context, expr))
        case Within():
            inner = scope.compared(expr.span)
            parts = [value(inner, part) for part in (expr.value, expr.lower, expr.upper)]
            return interval(scope, expr, *parts)
        case Juxtaposed():
            return _juxtaposed(scope, expr)
        case Ternary():
            return _ternary(scope, expr)
        case Slice():
            part = whole(scope, expr, "a slice stands for elements")
            return None if part is None else _each(scope, part, Name(part.name, span=expr.span))
        case Binding():
            message = f"{scope.context.words(expr.span)}: only reducers bind names"
            return mistake(scope, "E206", message, expr.span, "sum(jets j, pT(j))")
        case Lookup() | ListOf() | Named():
            words = scope.context.words(expr.span)
            return mistake(scope, "E190", f"{words} is not supported yet", expr.span)


def _literal(number: Number) -> Value:
    """Return a written number; an integer that 64 bits cannot hold is real."""
    if isinstance(number.value, int) and number.value < 2**63:
        return Literal_(number.value, True, type="int", span=number.span)
    return Literal_(float(number.value), True, type="real", span=number.span)


def statement(scope: Scope, expr: Expr, without_else: bool) -> Value | None:
    """Return a condition; where a ternary lacks its else, the else is ``without_else``."""
    if not isinstance(expr, Ternary):
        return condition(scope, value(scope, expr))
    decision = condition(scope, value(scope, expr.condition))
    then = statement(scope, expr.then, without_else)
    if expr.otherwise is not None:
        otherwise = statement(scope, expr.otherwise, without_else)
        if decision is None or then is None or otherwise is None:
            return None
        return Choice(decision, then, otherwise, type="bool", span=expr.span)
    if decision is None or then is None:
        return None
    if without_else:
        return Logic("or", (negated(decision), then), type="bool", span=expr.span)
    return Logic("and", (decision, then), type="bool", span=expr.span)


# ------------------------------------------------------------------------ names and elements


def _name(scope: Scope, name: Name) -> Value | None:
    found = meaning(scope, name)
    if isinstance(found, (ObjectDef, CollectionSchema, CompositeDef)):
        return _each(scope, found, name)
    return found


def _each(scope: Scope, whole: Collection | CompositeDef, name: Name) -> Value | None:
    """Return the current element of the loop over a collection that is mentioned."""
    binder = scope.binders[-1] if scope.binders else None
    if binder is not None and binder.implicit:
        if isinstance(whole, CompositeDef):
            return current_tuple(binder, whole, name.span)
        loop = binder.loop(whole, name.name)
        return Variable(loop, type="particle", span=name.span)
    if binder is None and unsupported(scope.context, "number", name.span):
        return None
    help = f"{name.name}[0] is the first of {name.name}; "
    if binder is not None:
        help = f"the loops are written out here: bind {name.name} too, as in {name.name} x"
    elif scope.asker == ANYTHING:
        help += f"size({name.name}) is their number"
    elif scope.comparison is not None:
        help += f"any({scope.context.words(scope.comparison)}) asks for at least one"
    else:
        help += "sum, min, max, any, all run over all"
    message = f"{scope.asker}, {name.name} is a collection"
    return mistake(scope, "E203", message, name.span, help)


def _index(scope: Scope, expr: Index) -> Value | None:
    if not isinstance(expr.value, Name):
        message = "only a collection's name has an index in this version"
        return mistake(scope, "E190", message, expr.value.span)
    whole = meaning(without_source_names(scope), expr.value)
    return None if whole is None else pick(scope, whole, expr.index, expr.span)


def _attribute(scope: Scope, expr: Attribute) -> Value | None:
    if expr.name.name.lower() == "size":
        return size(scope, expr.value, expr.span, value)
    asking = scope.asking(f"{expr.name.name} needs one particle")
    return _of_particle(scope, value(asking, expr.value), expr.name, expr.span)


def _of_particle(scope: Scope, particle: Value | None, name: Name, span: Span) -> Value | None:
    if isinstance(particle, Tuple) and name.name in dict(particle.parts):
        return used_at(dict(particle.parts)[name.name], span)
    if particle is None or particle.type == "particle":
        return None if particle is None else attribute(scope, particle, name, span)
    text = scope.context.words(particle.span)
    message = f"{text} is a number: it has no attribute {name.name}"
    return mistake(scope, "E209", message, particle.span)


# -------------------------------------------------------------------------------- operators


def _unary(scope: Scope, expr: Unary) -> Value | None:
    if expr.operator == "-" and not scope.binders and isinstance(expr.operand, (Name, Slice)):
        source = _collection_of(scope, expr.operand)
        if source is not None:
            total = Total(source, type="particle", span=expr.operand.span)
            return Sum(((-1, total),), type="particle", span=expr.span)
    if expr.operator == "-":
        return minus(scope, value(scope, expr.operand), expr.span)
    operand = condition(scope, value(scope, expr.operand))
    return None if operand is None else replace(negated(operand), span=expr.span)


def _collection_of(scope: Scope, expr: Name | Slice) -> Collection | None:
    """Return the collection that an operand is, if it is one."""
    if isinstance(expr, Slice):
        return whole(scope, expr, "a slice stands for elements")
    known = any(look(scope, expr) for look in LOOKUPS)
    found = meaning(scope, expr) if known else None
    return found if isinstance(found, (ObjectDef, CollectionSchema)) else None


def _binary(scope: Scope, expr: Binary) -> Value | None:
    if expr.operator in SEARCHES:
        message = f"{scope.context.words(expr.span)}: a search is a statement of its own"
        help = "in a region: select m(Z) ~= 91.2"
        return mistake(scope, "E232", message, expr.span, help)
    inner = scope.compared(expr.span) if expr.operator in COMPARISON else scope
    left, right = value(inner, expr.left), value(inner, expr.right)
    if expr.operator in COMPARISON:
        return comparison(scope, expr.operator, left, right, expr.span)
    if expr.operator in ARITHMETIC:
        return arithmetic(scope, expr.operator, left, right, expr.span)
    if expr.operator == "^":
        return power(scope, left, expr.right, right, expr.span)
    first, second = condition(scope, left), condition(scope, right)
    if first is None or second is None:
        return None
    operator: Literal["and", "or"] = "and" if expr.operator == "and" else "or"
    return Logic(operator, (first, second), type="bool", span=expr.span)


def _juxtaposed(scope: Scope, expr: Juxtaposed) -> Value | None:
    asking = scope.asking("a sum of particles needs one at each place")
    items = [need_particle(scope, value(asking, item), "a sum of particles") for item in expr.items]
    known = [item for item in items if item is not None]
    if len(known) < len(items):
        return None
    return particle_sum([(1, item) for item in known], expr.span)


def _ternary(scope: Scope, expr: Ternary) -> Value | None:
    decision = condition(scope, value(scope, expr.condition))
    then = value(scope, expr.then)
    if expr.otherwise is None:
        help = "only a select or a reject may leave it out"
        return mistake(scope, "E212", "this ternary needs an else: c ? a : b", expr.span, help)
    otherwise = value(scope, expr.otherwise)
    if then is not None and otherwise is not None and then.type == otherwise.type == "particle":
        return mistake(scope, "E190", "a choice of particles is not supported yet", expr.span)
    then, otherwise = number(scope, then), number(scope, otherwise)
    if decision is None or then is None or otherwise is None:
        return None
    then, otherwise = unify(then, otherwise, least="bool")
    return Choice(decision, then, otherwise, type=then.type, span=expr.span)
