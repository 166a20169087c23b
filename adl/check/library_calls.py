"""Calls of the library: attributes of particles, ``pT(j)``, and functions, ``dR(a, b)``."""

from __future__ import annotations

from adl.check.analysis import Apply, Loop, ObjectDef, Singleton, Sum, Total, Value, Variable
from adl.check.attribute_names import is_attribute
from adl.check.habits import of_function
from adl.check.particles import (
    attribute,
    attributes_of,
    find,
    has_no_eta,
    result_type,
    with_zeros_of,
)
from adl.check.readings import Reading
from adl.check.reducers import Check, summed
from adl.check.scope import Binder, Scope, mistake
from adl.check.types import convert, need_particle, number
from adl.check.unknown_functions import near_function, unknown_function
from adl.check.values import free_loops
from adl.check.whole_calls import is_of_collection
from adl.stdlib.library import find_function
from adl.stdlib.registry import Function
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.tree import Call, Juxtaposed, Slice


def unary(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``f(x)``: an attribute of a particle, else a function of the library."""
    sliced = isinstance(expr.arguments[0], Slice)
    if sums_collections(scope) and (sliced or is_of_collection(scope, expr)):
        return summed(scope, expr.span, lambda inside: unary(inside, expr, check))
    function = find_function(expr.function.name)
    chosen = expr.function.name.casefold() in scope.context.chosen
    own = expr.function.name in scope.context.own_names
    if not chosen and not own and not is_attribute(scope.context.schema, expr.function.name):
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
        return unknown_function(scope, expr)
    if len(function.arguments) != 1:
        return _wrong_number(scope, expr, function)
    return _apply(scope, expr, function, [argument])


def sums_collections(scope: Scope) -> bool:
    """Whether a whole collection is a number here: in cutlang, in a region's own expressions."""
    return scope.context.dialect == "cutlang" and not scope.binders and scope.current is None


def _unknown(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Report ``f(x)`` where no function and no attribute is called f, whatever x is."""
    argument = check(scope.inside(Binder(implicit=True)), expr.arguments[0])
    if argument is None or of_function(expr.function.name):
        return unknown_function(scope, expr)
    zeros = with_zeros_of(scope.context, argument, expr.function, expr.span)
    if zeros is not None:
        return zeros.meaning
    if argument.type == "particle" and not isinstance(argument, (Singleton, Sum)):
        stored = attributes_of(scope, argument)
        if not near_function(expr.function.name) or did_you_mean(expr.function.name, stored):
            return attribute(scope, argument, expr.function, expr.span)
    return unknown_function(scope, expr)


def several(scope: Scope, expr: Call, function: Function, check: Check) -> Value | None:
    """Return a call with several arguments or none."""
    kinds = function.arguments
    if len(kinds) == len(expr.arguments):
        mentioned = tuple(scope.binders[-1].loops) if scope.binders else ()
        need = [f"{expr.function.name} needs one {_kind(kind)}" for kind in kinds]
        arguments = [
            check(scope.asking(who), argument)
            for who, argument in zip(need, expr.arguments, strict=True)
        ]
        return _apply(scope, expr, function, arguments, mentioned)
    if kinds == ("particle",) and expr.arguments:
        return _of_several(scope, expr, check)
    return _wrong_number(scope, expr, function)


def _wrong_number(scope: Scope, expr: Call, function: Function) -> Value | None:
    name, kinds = expr.function.name, [_kind(kind) for kind in function.arguments]
    plural = "s" if len(kinds) > 1 else ""
    message = f"{name} takes {len(kinds)} argument{plural}, {name}({', '.join(kinds)})"
    message += f", not {len(expr.arguments)}"
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
    scope: Scope,
    expr: Call,
    function: Function,
    arguments: list[Value | None],
    mentioned: tuple[Loop, ...] = (),
) -> Value | None:
    """Return a library function of checked arguments, each made what the signature says.

    ``mentioned`` are the loops that were there before the arguments.
    """
    fitted = [
        need_particle(scope, argument, expr.function.name)
        if kind == "particle"
        else number(scope, argument)
        for kind, argument in zip(function.arguments, arguments, strict=True)
    ]
    known = [a if a.type == "particle" else convert(a, "real") for a in fitted if a is not None]
    if len(known) < len(fitted) or any(
        has_no_eta(scope.context, function, a, expr.function.name) for a in known
    ):
        return None
    if function.arguments.count("particle") > 1 and scope.context.dialect == "cutlang":
        known = _vector_sums(scope, known, mentioned)
    return Apply(function, tuple(known), type=result_type(function), span=expr.span)


def _vector_sums(scope: Scope, arguments: list[Value], mentioned: tuple[Loop, ...]) -> list[Value]:
    """In cutlang a whole collection in a reducer's pair function is its vector sum.

    A slice is looped over, and so is a member of a composite.
    """
    binder = scope.binders[-1] if scope.binders else None
    if binder is None or not binder.implicit or scope.current is not None:
        return arguments
    known = [_vector_sum(argument, binder) for argument in arguments]
    # Nothing else asks for a loop that only became a vector sum.
    needed = {*mentioned, *(loop for value in known for loop in free_loops(value))}
    for argument, total in zip(arguments, known, strict=True):
        if isinstance(argument, Variable) and argument is not total:
            scope.context.readings.append(Reading("vector sum", argument.span))
            if argument.loop not in needed:
                needed.add(argument.loop)
                binder.loops.remove(argument.loop)
    return known


def _vector_sum(argument: Value, binder: Binder) -> Value:
    """Return the vector sum of a whole collection, anything else as it is."""
    if not isinstance(argument, Variable) or argument.loop not in binder.loops:
        return argument
    whole = argument.loop.collection
    if whole is None or argument.loop.group is not None:
        return argument
    if isinstance(whole, ObjectDef) and whole.ranks is not None:
        return argument
    return Total(whole, type="particle", span=argument.span)
