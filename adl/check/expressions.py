"""Expressions: from a tree to a typed value, with every name resolved and every loop bound.

Each function returns None after a mistake that it has reported, so one mistake gives one message.
"""

from __future__ import annotations

from dataclasses import replace

from adl.check.analysis import (
    Apply,
    Choice,
    Collection,
    Default,
    Literal_,
    Logic,
    ObjectDef,
    Operation,
    Size,
    Value,
    Variable,
)
from adl.check.dialect import unsupported
from adl.check.names import collection, meaning, pick, without_source_names
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
from adl.check.particles import attribute, find, has_no_eta, result_type
from adl.check.reducers import REDUCERS, reducer
from adl.check.scope import Scope
from adl.check.types import condition, convert, negated, number, unify, widest
from adl.stdlib.library import find_function
from adl.stdlib.models import CollectionSchema
from adl.stdlib.registry import FUNCTIONS, Function
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import (
    Attribute,
    Binary,
    Binding,
    Call,
    Expr,
    Index,
    Juxtaposed,
    Name,
    Number,
    Slice,
    Ternary,
    Text,
    Unary,
    Within,
)

SIZES = frozenset(("size", "numof"))
# Functions that are one operation -> its name; abs keeps an integer.
PRIMITIVES = {"abs": "abs", "sqrt": "sqrt", "floor": "floor"}
NOT_YET = frozenset(
    "ave argmin argmax anyof allof closest separated last sort union comb disjoint cartesian add "
    "applyhm ome daughters constituents".split()
)


def value(scope: Scope, expr: Expr) -> Value | None:
    """Return the value of an expression; a collection in it becomes a loop of its binder."""
    match expr:
        case Number():
            type = "int" if isinstance(expr.value, int) else "real"
            return Literal_(expr.value, True, type=type, span=expr.span)
        case Text():
            return _error(scope, "E211", "a text has no value here", expr.span)
        case Name():
            return _name(scope, expr)
        case Call():
            return _call(scope, expr)
        case Attribute():
            return _attribute(scope, expr)
        case Index():
            return _index(scope, expr)
        case Unary():
            return _unary(scope, expr)
        case Binary():
            return _binary(scope, expr)
        case Within():
            inner = scope.compared(expr.span)
            parts = [value(inner, part) for part in (expr.value, expr.lower, expr.upper)]
            return interval(scope, expr, *parts)
        case Juxtaposed():
            return _juxtaposed(scope, expr)
        case Ternary():
            return _ternary(scope, expr)
        case Slice():
            return _error(scope, "E190", "slices are not supported yet", expr.span)
        case Binding():
            message = f"{scope.context.words(expr.span)}: only reducers bind names"
            return _error(scope, "E206", message, expr.span, "sum(jets j, pT(j))")


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
    if isinstance(found, (ObjectDef, CollectionSchema)):
        return _each(scope, found, name)
    return found


def _each(scope: Scope, whole: Collection, name: Name) -> Value | None:
    """Return the current element of the loop over a collection that is mentioned."""
    binder = scope.binders[-1] if scope.binders else None
    if binder is not None and binder.implicit:
        loop = binder.loop(whole, name.name)
        return Variable(loop, type="particle", span=name.span)
    if binder is None and unsupported(scope.context, "number", name.span):
        return None
    quoted = scope.context.words(scope.comparison) if scope.comparison else f"… {name.name} …"
    if binder is not None:
        help = f"the loops are written out here: bind {name.name} too, as in {name.name} x"
    elif scope.comparison is not None:
        help = f"{name.name}[0] is the first of {name.name}; any({quoted}) asks for at least one"
    else:
        help = f"{name.name}[0] is the first of {name.name}; sum, min, max, any, all run over all"
    message = f"{scope.asker}, {name.name} is a collection"
    return _error(scope, "E203", message, name.span, help)


def _index(scope: Scope, expr: Index) -> Value | None:
    if expr.index < 0:
        message = "a negative index, an unknown to search for, is not supported yet"
        return _error(scope, "E190", message, expr.span)
    if not isinstance(expr.value, Name):
        message = "only a collection's name has an index in this version"
        return _error(scope, "E190", message, expr.value.span)
    whole = meaning(without_source_names(scope), expr.value)
    return None if whole is None else pick(scope, whole, expr.index, expr.span)


def _attribute(scope: Scope, expr: Attribute) -> Value | None:
    if expr.name.name.lower() == "size":
        return _size(scope, expr.value, expr.span)
    asking = scope.asking(f"{expr.name.name} needs one particle")
    return _of_particle(scope, value(asking, expr.value), expr.name, expr.span)


def _of_particle(scope: Scope, particle: Value | None, name: Name, span: Span) -> Value | None:
    if particle is None or particle.type == "particle":
        return None if particle is None else attribute(scope, particle, name, span)
    text = scope.context.words(particle.span)
    message = f"{text} is a number: it has no attribute {name.name}"
    return _error(scope, "E209", message, particle.span)


# -------------------------------------------------------------------------------- operators


def _unary(scope: Scope, expr: Unary) -> Value | None:
    if expr.operator == "-":
        return minus(scope, value(scope, expr.operand), expr.span)
    operand = condition(scope, value(scope, expr.operand))
    return None if operand is None else replace(negated(operand), span=expr.span)


def _binary(scope: Scope, expr: Binary) -> Value | None:
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
    operator = "and" if expr.operator == "and" else "or"
    return Logic(operator, (first, second), type="bool", span=expr.span)


def _juxtaposed(scope: Scope, expr: Juxtaposed) -> Value | None:
    asking = scope.asking("a sum of particles needs one at each place")
    items = [_particle(scope, value(asking, item), "a sum of particles") for item in expr.items]
    known = [item for item in items if item is not None]
    if len(known) < len(items):
        return None
    return particle_sum([(1, item) for item in known], expr.span)


def _particle(scope: Scope, found: Value | None, asker: str) -> Value | None:
    """Return a value that is a particle; a number is a mistake."""
    if found is None or found.type == "particle":
        return found
    text = scope.context.words(found.span)
    return _error(scope, "E209", f"{asker} needs particles, {text} is a number", found.span)


def _ternary(scope: Scope, expr: Ternary) -> Value | None:
    decision = condition(scope, value(scope, expr.condition))
    then = value(scope, expr.then)
    if expr.otherwise is None:
        help = "only a select or a reject may leave it out"
        return _error(scope, "E212", "this ternary needs an else: c ? a : b", expr.span, help)
    otherwise = value(scope, expr.otherwise)
    if then is not None and otherwise is not None and then.type == otherwise.type == "particle":
        return _error(scope, "E190", "a choice of particles is not supported yet", expr.span)
    then, otherwise = number(scope, then), number(scope, otherwise)
    if decision is None or then is None or otherwise is None:
        return None
    then, otherwise = unify(then, otherwise, least="bool")
    return Choice(decision, then, otherwise, type=then.type, span=expr.span)


# ------------------------------------------------------------------------------------ calls


def _call(scope: Scope, expr: Call) -> Value | None:
    name = expr.function.name.lower()
    if name in SIZES or (name == "count" and _counts_elements(scope, expr)):
        if len(expr.arguments) != 1:
            message = f"{expr.function.name} takes one collection"
            return _error(scope, "E206", message, expr.span)
        return _size(scope, expr.arguments[0], expr.span)
    if name in REDUCERS:
        return reducer(scope, expr, value)
    if name == "default":
        return _default(scope, expr)
    if name in PRIMITIVES:
        return _primitive(scope, expr, PRIMITIVES[name])
    if name in NOT_YET:
        message = f"{expr.function.name} is not supported yet"
        return _error(scope, "E190", message, expr.function.span)
    if len(expr.arguments) == 1:
        return _unary_call(scope, expr)
    function = find_function(expr.function.name)
    if function is None:
        return _unknown_function(scope, expr)
    return _library(scope, expr, function)


def _counts_elements(scope: Scope, expr: Call) -> bool:
    """Whether ``count(X)`` is about a collection: then it is another name of ``size``."""
    if len(expr.arguments) != 1 or not isinstance(expr.arguments[0], Name):
        return False
    found = meaning(without_source_names(scope), expr.arguments[0])
    return isinstance(found, (ObjectDef, CollectionSchema))


def _size(scope: Scope, expr: Expr, span: Span) -> Value | None:
    if isinstance(expr, Slice):
        return value(scope, expr)
    if not isinstance(expr, Name):
        message = f"size needs a collection, {scope.context.words(expr.span)} is none"
        help = "size(jets) > 2; count(pT(jets) > 30) counts the elements that pass a condition"
        return _error(scope, "E210", message, expr.span, help)
    whole = collection(scope, expr, "size needs a collection")
    return None if whole is None else Size(whole, type="int", span=span)


def _default(scope: Scope, expr: Call) -> Value | None:
    values = [number(scope, value(scope, argument)) for argument in expr.arguments]
    if len(values) != 2:
        message = "default takes a value and what stands for it where it is missing"
        return _error(scope, "E206", message, expr.span, "default(pT(jets[0]), 0)")
    first, second = values
    if first is None or second is None:
        return None
    first, second = unify(first, second, least="bool")
    return Default(first, second, type=first.type, span=expr.span)


def _primitive(scope: Scope, expr: Call, operation: str) -> Value | None:
    if len(expr.arguments) != 1:
        return _error(scope, "E206", f"{expr.function.name} takes one number", expr.span)
    asking = scope.asking(f"{expr.function.name} needs one number")
    argument = number(scope, value(asking, expr.arguments[0]))
    if argument is None:
        return None
    (argument,) = unify(argument, least="int" if operation == "abs" else "real")
    return Operation(operation, (argument,), type=argument.type, span=expr.span)


def _unary_call(scope: Scope, expr: Call) -> Value | None:
    """Return ``f(x)``: an attribute of a particle, else a function of the library."""
    function = find_function(expr.function.name)
    kind = "number" if function is not None and function.arguments == ("real",) else "particle"
    asking = scope.asking(f"{expr.function.name} needs one {kind}")
    argument = value(asking, expr.arguments[0])
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
    return _apply(scope, expr, function, [argument])


def _library(scope: Scope, expr: Call, function: Function) -> Value | None:
    """Return a call with several arguments or none."""
    kinds = function.arguments
    if len(kinds) == len(expr.arguments):
        need = [f"{expr.function.name} needs one {_KINDS.get(kind, 'number')}" for kind in kinds]
        arguments = [
            value(scope.asking(who), argument)
            for who, argument in zip(need, expr.arguments, strict=True)
        ]
        return _apply(scope, expr, function, arguments)
    if kinds == ("particle",) and expr.arguments:
        return _of_several(scope, expr)
    wanted = ", ".join(f"a {_KINDS.get(kind, 'number')}" for kind in kinds)
    message = f"{expr.function.name} takes {wanted}: {len(kinds)} arguments, not "
    return _error(scope, "E206", f"{message}{len(expr.arguments)}", expr.span)


_KINDS = {"particle": "particle"}


def _of_several(scope: Scope, expr: Call) -> Value | None:
    """Return ``m(a, b)``, read as ``m(a b)``."""
    span = expr.arguments[0].span.to(expr.arguments[-1].span)
    total = _juxtaposed(scope, Juxtaposed(expr.arguments, span=span))
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
        _particle(scope, argument, expr.function.name)
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
    return any(
        isinstance(a, Variable) and a.loop in implicit for a in arguments
    ) and unsupported(scope.context, "pair", expr.span)


def _unknown_function(scope: Scope, expr: Call) -> None:
    name = expr.function.name
    block = scope.context.blocks.get(name)
    if block is not None:
        kind = type(block).__name__.lower()
        help = f"{name}[0] is an element of it" if kind == "object" else ""
        return _error(scope, "E205", f"{name} is a {kind}, no function", expr.function.span, help)
    known = [*FUNCTIONS, *(a for f in FUNCTIONS.values() for a in f.aliases)]
    help = did_you_mean(name, [*known, *REDUCERS, *PRIMITIVES, "size", "default"])
    return _error(scope, "E205", f"no function is called {name}", expr.function.span, help)


def _error(scope: Scope, code: str, message: str, span: Span, help: str = "") -> None:
    scope.context.findings.error(code, message, span, help)


