"""Calls: sizes, reducers, attributes of particles, functions of the library.

Each function gets ``check``, the checker of expressions, for its arguments.
"""

from __future__ import annotations

from adl.check.analysis import (
    Apply,
    Default,
    ObjectDef,
    Operation,
    Size,
    Value,
    Variable,
)
from adl.check.dialect import unsupported
from adl.check.habits import of_function
from adl.check.names import collection, meaning, without_source_names
from adl.check.particles import attribute, find, has_no_eta, is_attribute, result_type
from adl.check.reducers import REDUCERS, Check, reducer
from adl.check.scope import Binder, Scope, mistake
from adl.check.types import convert, need_particle, number, unify
from adl.stdlib.library import find_function
from adl.stdlib.models import CollectionSchema
from adl.stdlib.registry import FUNCTIONS, Function
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import (
    Call,
    Expr,
    Juxtaposed,
    Name,
    Slice,
)

SIZES = frozenset(("size", "numof"))
# Functions that are one operation -> its name; abs keeps an integer.
PRIMITIVES = {"abs": "abs", "sqrt": "sqrt", "floor": "floor"}
NOT_YET = frozenset(
    [
        "ave",
        "argmin",
        "argmax",
        "anyof",
        "allof",
        "closest",
        "separated",
        "last",
        "sort",
        "union",
        "comb",
        "disjoint",
        "cartesian",
        "add",
        "applyhm",
        "ome",
        "daughters",
        "constituents",
    ]
)


def call(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return the value of a call."""
    name = expr.function.name.lower()
    if name in SIZES or (name == "count" and _is_of_collection(scope, expr)):
        if len(expr.arguments) != 1:
            message = f"{expr.function.name} takes one collection"
            return mistake(scope, "E206", message, expr.span)
        return size(scope, expr.arguments[0], expr.span, check)
    if name in REDUCERS:
        return reducer(scope, expr, check)
    if name == "default":
        return _default(scope, expr, check)
    if name in PRIMITIVES:
        return _primitive(scope, expr, PRIMITIVES[name], check)
    if name in NOT_YET:
        message = f"{expr.function.name} is not supported yet"
        return mistake(scope, "E190", message, expr.function.span)
    if len(expr.arguments) == 1:
        return _unary_call(scope, expr, check)
    function = find_function(expr.function.name)
    if function is None:
        return _unknown_function(scope, expr)
    return _library(scope, expr, function, check)


def _is_of_collection(scope: Scope, expr: Call) -> bool:
    """Whether the argument is a whole collection: ``count(X)`` then is ``size(X)``."""
    if len(expr.arguments) != 1 or not isinstance(expr.arguments[0], Name):
        return False
    found = meaning(without_source_names(scope), expr.arguments[0])
    return isinstance(found, (ObjectDef, CollectionSchema))


def size(scope: Scope, expr: Expr, span: Span, check: Check) -> Value | None:
    """Return the number of elements of a collection."""
    if isinstance(expr, Slice):
        return check(scope, expr)
    if not isinstance(expr, Name):
        message = f"size needs a collection, {scope.context.words(expr.span)} is none"
        help = "size(jets) > 2; count(pT(jets) > 30) counts the elements that pass a condition"
        return mistake(scope, "E210", message, expr.span, help)
    whole = collection(scope, expr, "size needs a collection")
    return None if whole is None else Size(whole, type="int", span=span)


def _default(scope: Scope, expr: Call, check: Check) -> Value | None:
    values = [number(scope, check(scope, argument)) for argument in expr.arguments]
    if len(values) != 2:
        message = "default takes a value and what stands for it where it is missing"
        return mistake(scope, "E206", message, expr.span, "default(pT(jets[0]), 0)")
    first, second = values
    if first is None or second is None:
        return None
    first, second = unify(first, second, least="bool")
    return Default(first, second, type=first.type, span=expr.span)


def _primitive(scope: Scope, expr: Call, operation: str, check: Check) -> Value | None:
    if len(expr.arguments) != 1:
        return mistake(scope, "E206", f"{expr.function.name} takes one number", expr.span)
    asking = scope.asking(f"{expr.function.name} needs one number")
    argument = number(scope, check(asking, expr.arguments[0]))
    if argument is None:
        return None
    (argument,) = unify(argument, least="int" if operation == "abs" else "real")
    return Operation(operation, (argument,), type=argument.type, span=expr.span)


def _unary_call(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``f(x)``: an attribute of a particle, else a function of the library."""
    function = find_function(expr.function.name)
    if not is_attribute(scope.context.schema, expr.function.name):
        if function is None:
            return _unknown(scope, expr, check)
        if len(function.arguments) != 1:
            return _wrong_number(scope, expr, function)
    kind = "number" if function is not None and function.arguments == ("real",) else "particle"
    asking = scope.asking(f"{expr.function.name} needs one {kind}")
    argument = check(asking, expr.arguments[0])
    if argument is None:
        return None
    if argument.type == "particle" and (function is None or function.arguments == ("particle",)):
        return attribute(scope, argument, expr.function, expr.span)
    if argument.type == "particle":
        found = find(scope.context, argument, expr.function, expr.span)
        if found is not None:
            return found.meaning
    if function is None:
        return _unknown_function(scope, expr)
    if len(function.arguments) != 1:
        return _wrong_number(scope, expr, function)
    return _apply(scope, expr, function, [argument])


def _unknown(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Report ``f(x)`` where no function and no attribute is called f, whatever x is."""
    argument = check(scope.inside(Binder(implicit=True)), expr.arguments[0])
    if argument is None:
        return None
    if of_function(expr.function.name):
        return _unknown_function(scope, expr)
    if argument.type == "particle" and not _is_of_collection(scope, expr):
        return attribute(scope, argument, expr.function, expr.span)
    return _unknown_function(scope, expr)


def _library(scope: Scope, expr: Call, function: Function, check: Check) -> Value | None:
    """Return a call with several arguments or none."""
    kinds = function.arguments
    if len(kinds) == len(expr.arguments):
        need = [f"{expr.function.name} needs one {_kind(kind)}" for kind in kinds]
        arguments = [
            check(scope.asking(who), argument)
            for who, argument in zip(need, expr.arguments, strict=True)
        ]
        return _apply(scope, expr, function, arguments)
    if kinds == ("particle",) and expr.arguments:
        return _of_several(scope, expr, check)
    return _wrong_number(scope, expr, function)


def _wrong_number(scope: Scope, expr: Call, function: Function) -> Value | None:
    name, kinds = expr.function.name, [_kind(kind) for kind in function.arguments]
    message = f"{name} takes {len(kinds)}, {name}({', '.join(kinds)}), not {len(expr.arguments)}"
    return mistake(scope, "E206", message, expr.span)


def _kind(argument: str) -> str:
    """Return the word for a kind of argument."""
    return "particle" if argument == "particle" else "number"


def _of_several(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``m(a, b)``, read as ``m(a b)``."""
    span = expr.arguments[0].span.to(expr.arguments[-1].span)
    total = check(scope, Juxtaposed(expr.arguments, span=span))
    if total is None:
        return None
    sum_ = " + ".join(scope.context.words(argument.span) for argument in expr.arguments)
    scope.context.findings.warning(
        "W306",
        f"{expr.function.name} takes one particle, read as the sum of these",
        span,
        f"write {expr.function.name}({sum_})",
    )
    return attribute(scope, total, expr.function, expr.span)


def _apply(
    scope: Scope, expr: Call, function: Function, arguments: list[Value | None]
) -> Value | None:
    """Return a library function of checked arguments, each made what the signature says."""
    fitted = [
        need_particle(scope, argument, expr.function.name)
        if kind == "particle"
        else number(scope, argument)
        for kind, argument in zip(function.arguments, arguments, strict=True)
    ]
    known = [a if a.type == "particle" else convert(a, "real") for a in fitted if a is not None]
    if len(known) < len(fitted) or any(has_no_eta(scope.context, function, a) for a in known):
        return None
    if function.arguments.count("particle") > 1 and _vector_sum_in_cutlang(scope, expr, known):
        return None
    return Apply(function, tuple(known), type=result_type(function), span=expr.span)


def _vector_sum_in_cutlang(scope: Scope, expr: Call, arguments: list[Value]) -> bool:
    """Whether an argument is a whole collection inside a reducer: CutLang does not loop there."""
    implicit = [loop for binder in scope.binders[-1:] if binder.implicit for loop in binder.loops]
    return any(isinstance(a, Variable) and a.loop in implicit for a in arguments) and unsupported(
        scope.context, "pair", expr.span
    )


def _unknown_function(scope: Scope, expr: Call) -> Value | None:
    name = expr.function.name
    block = scope.context.blocks.get(name)
    if block is not None:
        kind = type(block).__name__.lower()
        help = f"{name}[0] is an element of it" if kind == "object" else ""
        return mistake(scope, "E205", f"{name} is a {kind}, no function", expr.function.span, help)
    known = [*FUNCTIONS, *(a for f in FUNCTIONS.values() for a in f.aliases)]
    known += [*REDUCERS, *PRIMITIVES, "size", "default"]
    help = of_function(name) or did_you_mean(name, known)
    return mistake(scope, "E205", f"no function is called {name}", expr.function.span, help)
