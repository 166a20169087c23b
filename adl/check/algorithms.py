"""Algorithms and users' functions: calls with whole collections, and the collections they make.

``fMT2(mu[0], jets[0], MET)`` is a number like any other. ``fmegajets(jets)`` is a collection, and
stands wherever the name of one does; ``separated(jets, 0.8)`` keeps some elements of its own.
"""

from __future__ import annotations

from dataclasses import replace

from adl.check.analysis import (
    Apply,
    Collection,
    CompositeDef,
    Each,
    Literal_,
    Loop,
    ObjectDef,
    Produced,
    Value,
    Whole,
)
from adl.check.context import Context, Found
from adl.check.names import composite_named, without_source_names
from adl.check.particles import has_no_eta, lacks, result_type
from adl.check.reducers import Check
from adl.check.scope import Binder, Scope, mistake
from adl.check.slices import whole
from adl.check.tuples import in_order
from adl.check.types import convert, need_particle, number
from adl.check.values import free_loops
from adl.stdlib.library import find_function
from adl.stdlib.models import Branch
from adl.stdlib.registry import Function
from adl.syntax.source import Span
from adl.syntax.tree import Call, Expr

_MAKING = frozenset(("collection", "flags"))
_WORDS = {
    "real": "number",
    "int": "integer",
    "bool": "condition",
    "array": "values of a collection",
}
_ATTRIBUTES = {name: Branch(name, "float64", None) for name in ("pt", "eta", "phi", "mass")}


def python_function(context: Context, call: Call) -> Function | None:
    """Return the algorithm or the user's function that is called, if it is one."""
    own = context.functions.get(call.function.name)
    if own is not None:
        return own
    function = find_function(call.function.name)
    return function if function is not None and function.form == "algorithm" else None


def makes_collection(context: Context, expr: Expr) -> bool:
    """Whether an expression is a call that stands for a collection."""
    function = python_function(context, expr) if isinstance(expr, Call) else None
    return function is not None and function.result in _MAKING


def apply(scope: Scope, expr: Call, function: Function, check: Check) -> Value | None:
    """Return the call of an algorithm or of a user's function, with checked arguments."""
    arguments = _arguments(scope, expr, function, check)
    if arguments is None:
        return None
    return Apply(function, arguments, type=result_type(function), span=expr.span)


def makes(scope: Scope, expr: Call) -> Found[Collection] | None:
    """Return the collection that a call stands for; None if it stands for none."""
    return Found(made(scope, expr)) if makes_collection(scope.context, expr) else None


def made(scope: Scope, expr: Call) -> Collection | None:
    """Return the collection that a call stands for; the same call is one collection."""
    context = scope.context
    function = python_function(context, expr)
    assert function is not None, "whoever asks has seen that it makes one"
    arguments = _arguments(without_source_names(scope), expr, function, context.value)
    if arguments is None:
        return None
    for argument, written in zip(arguments, expr.arguments, strict=False):
        if free_loops(argument):
            message = f"{function.name} makes one collection of an event"
            help = f"{context.words(written.span)} differs from element to element"
            mistake(scope, "E206", message, written.span, help)
            return None
    call = Apply(function, arguments, type="list", span=expr.span)
    if call not in context.made:
        context.made[call] = _collection(context, call, expr.span)
    return context.made[call]


def _collection(context: Context, call: Apply, span: Span) -> Collection:
    name = context.words(span)
    if call.function.result == "flags":
        given = (a.collection for a in call.arguments if isinstance(a, Whole))
        (source,) = (c for c in given if not isinstance(c, CompositeDef))
        this = Loop(None, "this")
        context.sources[this] = (source,)
        return ObjectDef(name, (source,), this, (), span, kept_by=call)
    taken = {c.name for c in context.made.values()}
    while name in taken:  # defines with other values can hide behind the same words
        name += "'"
    # An order is promised: the algorithm's.
    return Produced(name, (), _ATTRIBUTES, None, "index", call=call)


# ------------------------------------------------------------------------------- arguments


def _arguments(
    scope: Scope, expr: Call, function: Function, check: Check
) -> tuple[Value, ...] | None:
    """Return the arguments as the signature has them, defaults filled in; None after a mistake."""
    given = len(expr.arguments)
    if not function.least <= given <= len(function.arguments):
        mistake(scope, "E206", _wrong_number(function, given), expr.span)
        return None
    found = [
        _argument(scope, function, kind, argument, check)
        for kind, argument in zip(function.arguments, expr.arguments, strict=False)
    ]
    known = [value for value in found if value is not None]
    if len(known) < len(found):
        return None
    for kind, default in zip(function.arguments[given:], _defaults(function, given), strict=True):
        number = int(default) if kind == "int" else default
        known.append(Literal_(number, type="int" if kind == "int" else "real", span=expr.span))
    return tuple(known)


def _defaults(function: Function, given: int) -> tuple[float, ...]:
    missing = len(function.arguments) - given
    return function.defaults[len(function.defaults) - missing :] if missing else ()


def _wrong_number(function: Function, given: int) -> str:
    most, least = len(function.arguments), function.least
    takes = f"{least}" if least == most else f"{least} to {most}"
    return f"{function.name} takes {takes}, {signature(function)}, not {given}"


def signature(function: Function) -> str:
    """Return how a function is called: ``fhemisphere(collection, seeding = 2)``."""
    words = function.parameters or tuple(_WORDS.get(kind, kind) for kind in function.arguments)
    defaults = ("",) * function.least + tuple(f" = {value:g}" for value in function.defaults)
    written = (word + default for word, default in zip(words, defaults, strict=True))
    return f"{function.name}({', '.join(written)})"


def _argument(
    scope: Scope, function: Function, kind: str, argument: Expr, check: Check
) -> Value | None:
    """Return one argument; each kind has its own."""
    match kind:
        case "collection":
            return _whole(scope, function, argument)
        case "array":
            return _each(scope, function, argument, check)
        case "particle" | "transverse" | "met":
            asking = scope.asking(f"{function.name} needs one particle")
            particle = need_particle(scope, check(asking, argument), function.name)
            if particle is None or has_no_eta(scope.context, function, particle):
                return None
            return particle
    asking = scope.asking(f"{function.name} needs one {_WORDS[kind]}")
    return _number(scope, function, kind, number(scope, check(asking, argument)))


def _number(scope: Scope, function: Function, kind: str, value: Value | None) -> Value | None:
    if value is None or kind == "real":
        return None if value is None else convert(value, "real")
    fits = ("bool",) if kind == "bool" else ("bool", "int")
    if value.type not in fits:
        message = f"{function.name} needs one {_WORDS[kind]}, {scope.context.words(value.span)} is "
        return mistake(scope, "E206", f"{message}{_A[value.type]}", value.span)
    # Not data of the kernel: it decides what is done, as an index does.
    value = replace(value, datum=False) if isinstance(value, Literal_) else value
    return convert(value, "bool" if kind == "bool" else "int")


_A = {"real": "a real number", "int": "an integer", "bool": "a condition"}


def _whole(scope: Scope, function: Function, argument: Expr) -> Value | None:
    composite = composite_named(scope, argument)
    if composite is not None:
        return _tuples(scope, function, composite.meaning, argument)
    found = whole(without_source_names(scope), argument, f"{function.name} needs a collection")
    return None if found is None else Whole(found, type="list", span=argument.span)


def _tuples(
    scope: Scope, function: Function, composite: CompositeDef | None, argument: Expr
) -> Value | None:
    """Return the tuples of a composite, each as the particle that it is."""
    if composite is None:
        return None
    if function.result == "flags":
        words = scope.context.words(argument.span)
        message = f"{function.name} keeps elements of a collection, {words} has tuples"
        help = f"a select in the block of {words} says which tuples it has"
        return mistake(scope, "E206", message, argument.span, help)
    if lacks(scope.context, composite.particle, ("pt", "eta", "phi"), function.name):
        return None
    return Whole(composite, type="list", span=argument.span)


def _each(scope: Scope, function: Function, argument: Expr, check: Check) -> Value | None:
    """Return a number of each element: ``pT(jets)``, ``jets.pT``, ``dR(jets, mu[0])``."""
    binder = Binder(implicit=True)
    value = number(scope, check(scope.inside(binder), argument))
    if value is None:
        return None
    if len(binder.loops) - sum(len(loops) - 1 for _, loops in binder.tuples) != 1:
        words = scope.context.words(argument.span)
        message = f"{function.name} needs the values of one collection, {words} has "
        message += "those of several" if binder.loops else "one value"
        return mistake(scope, "E206", message, argument.span, f"{function.name}(pT(jets))")
    return Each(
        tuple(binder.loops),
        convert(value, "real"),
        tuple(binder.where),
        in_order(binder.tuples, argument.span),
        type="list",
        span=argument.span,
    )
