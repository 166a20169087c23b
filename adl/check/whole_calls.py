"""Calls with a whole collection, or with what belongs to an element: ``size(jets)``, ``last(jets)``."""

from __future__ import annotations

from dataclasses import replace

from adl.check.algorithms import makes_collection
from adl.check.analysis import (
    CompositeDef,
    Element,
    Literal_,
    ObjectDef,
    Reduction,
    Size,
    Total,
    Value,
)
from adl.check.argmin import member
from adl.check.names import LOOKUPS, composite_named, without_source_names
from adl.check.nested import Nested, each, nested, one_of, over
from adl.check.particles import lacks
from adl.check.readings import Reading
from adl.check.reducers import Check
from adl.check.scope import Scope, mistake
from adl.check.slices import whole
from adl.check.values import free_loops
from adl.stdlib.models import CollectionSchema
from adl.syntax.source import Span
from adl.syntax.tree import Binary, Call, Expr, Name, Number, Slice

SIZES = frozenset(("size", "numof"))
QUANTIFIERS = {"anyof": "any", "allof": "all"}


def counted(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``size(jets)`` of a call."""
    if len(expr.arguments) != 1:
        message = f"{expr.function.name} takes one collection"
        return mistake(scope, "E206", message, expr.span)
    return size(scope, expr.arguments[0], expr.span, check)


def size(scope: Scope, expr: Expr, span: Span, check: Check) -> Value | None:
    """Return the number of elements of a collection."""
    composite = composite_named(scope, expr)
    if composite is not None:
        tuples = composite.meaning
        return None if tuples is None else Size(tuples, type="int", span=span)
    relation = nested(scope, expr)
    if relation is not None:
        return None if relation.meaning is None else _number_of(scope, relation.meaning, span)
    if not isinstance(expr, (Name, Slice)) and not makes_collection(scope.context, expr):
        message = f"size needs a collection, {scope.context.words(expr.span)} is none"
        help = "size(jets) > 2; count(pT(jets) > 30) counts the elements that pass a condition"
        if isinstance(expr, Binary) and isinstance(expr.left, Name):
            limit = scope.context.words(expr.right.span)
            name, counting = expr.left.name, f"count(pT({expr.left.name}) {expr.operator} {limit})"
            help = f"write size({name}) {expr.operator} {limit}; {counting} counts those that pass"
        return mistake(scope, "E210", message, expr.span, help)
    counted = whole(scope, expr, "size needs a collection")
    return None if counted is None else Size(counted, type="int", span=span)


def _number_of(scope: Scope, relation: Nested, span: Span) -> Value:
    """Return how many elements belong to one."""
    loop, condition, _ = over(scope, relation, relation.name, span)
    always = Literal_(True, type="bool", span=span)
    return Reduction("count", (loop,), always, (condition,), type="int", span=span)


def is_of_collection(scope: Scope, expr: Call) -> bool:
    """Whether the argument is a whole collection: ``count(X)`` then is ``size(X)``."""
    if len(expr.arguments) != 1 or not isinstance(expr.arguments[0], Name):
        return False
    looked_in, name = without_source_names(scope), expr.arguments[0]
    # Not all names are found there: hardMET is a call of the library without its arguments.
    found = next((found for look in LOOKUPS if (found := look(looked_in, name))), None)
    return found is not None and isinstance(
        found.meaning, (ObjectDef, CollectionSchema, CompositeDef)
    )


def add(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``add(jets)``: the vector sum of all elements, or tuples."""
    if len(expr.arguments) != 1:
        return mistake(scope, "E206", "add takes one collection", expr.span, "add(jets)")
    composite = composite_named(scope, expr.arguments[0])
    if composite is not None:
        tuples = composite.meaning
        needs = ("pt", "eta", "phi")
        if tuples is None or lacks(scope.context, tuples.particle, needs, "add"):
            return None
        return Total(tuples, type="particle", span=expr.span)
    source = whole(scope, expr.arguments[0], "add needs a collection")
    return None if source is None else Total(source, type="particle", span=expr.span)


def last(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``last(jets)``: the last element."""
    if len(expr.arguments) != 1:
        return mistake(scope, "E206", "last takes one collection", expr.span, "last(jets)")
    source = whole(scope, expr.arguments[0], "last needs a collection")
    return None if source is None else Element(source, -1, type="particle", span=expr.span)


def belonging(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``daughters(x)`` or ``daughters(x, 0)``; of a COMB's tuple the member of an index."""
    relation = nested(scope, replace(expr, arguments=expr.arguments[:1]))
    if relation is None:
        return member(scope, expr, check)
    if relation.meaning is None:
        return None
    match expr.arguments[1:]:
        case ():
            if scope.context.dialect == "cutlang":  # the number of them
                scope.context.readings.append(Reading("counted", expr.span))
                return _number_of(scope, relation.meaning, expr.span)
            return each(scope, relation.meaning, expr.span)
        case (Number(value=int() as index),):
            return one_of(scope, relation.meaning, index, expr.span)
    name = expr.function.name
    message = f"{name} takes a particle, and perhaps a number that counts from 0"
    return mistake(scope, "E206", message, expr.span, f"{name}(this, 0)")


def quantified(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return what ``anyof(jets)`` or ``anyof(pT(jet constituents))`` asks of each; it quantifies."""
    binder = scope.binders[-1] if scope.binders else None
    if binder is None or not binder.implicit or scope.current is None or len(scope.binders) > 1:
        message = f"{expr.function.name} stands in a condition of an object block"
        help = "any(condition) and all(condition) stand anywhere"
        return mistake(scope, "E206", message, expr.span, help)
    if len(expr.arguments) != 1:
        return mistake(scope, "E206", f"{expr.function.name} takes one collection", expr.span)
    (argument,) = expr.arguments
    inside = without_source_names(scope) if isinstance(argument, (Name, Slice)) else scope
    found = check(inside, argument)
    loops = [] if found is None else [l for l in free_loops(found) if l in binder.loops]
    if found is not None and not loops:
        return mistake(scope, "E206", f"{expr.function.name} takes one collection", expr.span)
    operation = QUANTIFIERS[expr.function.name.lower()]
    binder.quantifiers.update((loop, operation) for loop in loops)
    return found
