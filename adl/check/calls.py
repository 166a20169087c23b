"""Calls: sizes, reducers, attributes of particles, functions of the library.

Each function gets ``check``, the checker of expressions, for its arguments.
"""

from __future__ import annotations

from dataclasses import replace

from adl.check import prelude
from adl.check.algorithms import apply, makes_collection, python_function
from adl.check.analysis import (
    Apply,
    CompositeDef,
    Element,
    Literal_,
    Loop,
    ObjectDef,
    Operation,
    Reduction,
    Singleton,
    Size,
    Sum,
    Total,
    Value,
    Variable,
)
from adl.check.argmin import EXTREMES, MEMBERS, combined_alone, extreme, member
from adl.check.correction_blocks import call as correction_block
from adl.check.correction_files import correction
from adl.check.corrections import is_factor
from adl.check.corrections import refuse as refuse_factor
from adl.check.defaults import default
from adl.check.draws import DRAWING, gauss, hit_or_miss, refuse_name
from adl.check.habits import of_function
from adl.check.links import closest
from adl.check.names import composite_named, meaning, without_source_names
from adl.check.nested import Nested, each, nested, one_of, over
from adl.check.networks import NAMES as NETWORKS
from adl.check.networks import network
from adl.check.particles import (
    attribute,
    attributes_of,
    find,
    has_no_eta,
    is_attribute,
    lacks,
    result_type,
    with_zeros_of,
)
from adl.check.readings import Reading
from adl.check.reducers import REDUCERS, Check, reducer, summed
from adl.check.scope import Binder, Scope, mistake
from adl.check.slices import whole
from adl.check.tables import look_up, named_table
from adl.check.triggers import fired, is_fired
from adl.check.tuples import COMBINERS
from adl.check.types import convert, need_particle, number, unify
from adl.check.uses import is_working_point, unchosen
from adl.check.values import free_loops
from adl.stdlib.library import find_function
from adl.stdlib.models import CollectionSchema
from adl.stdlib.registry import FUNCTIONS, Function
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import (
    Binary,
    Call,
    Expr,
    Juxtaposed,
    Name,
    Number,
    Slice,
)

QUANTIFIERS = {"anyof": "any", "allof": "all"}
SIZES = frozenset(("size", "numof"))
# Functions that are one operation -> its name; abs keeps an integer.
PRIMITIVES = {"abs": "abs", "sqrt": "sqrt", "floor": "floor"}
# What else is called like a function, as it is written: what a misspelt one may be.
_SPELLED = (
    *("size", "default", "mod", "closest", "last", "argmin", "argmax", "disjoint", "cartesian"),
    *("applyHM", "applyPTF", "gauss", "correction", "onnx", "union"),
)


def call(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return the value of a call."""
    name = expr.function.name.lower()
    if expr.draw and name not in DRAWING:
        return refuse_name(scope, expr)
    if expr.function.name in scope.context.functions:
        own = scope.context.functions[expr.function.name]
        return None if own is None else apply(scope, expr, own, check)
    if expr.function.name in scope.context.corrections:
        declared = scope.context.corrections[expr.function.name]
        return None if declared is None else correction_block(scope, expr, declared, check)
    table = named_table(scope.context, expr.function)
    if table is not None:
        return look_up(scope, expr, table, check)
    if is_factor(expr):
        return refuse_factor(scope, expr)
    if is_fired(expr):
        return fired(scope, expr)
    if name == "applyhm":
        return hit_or_miss(scope, expr, check)
    if name == "gauss":
        return gauss(scope, expr, check)
    if name == "correction":
        return correction(scope, expr, check)
    if name in NETWORKS:
        return network(scope, expr, check)
    if name in SIZES or (name == "count" and _is_of_collection(scope, expr)):
        if len(expr.arguments) != 1:
            message = f"{expr.function.name} takes one collection"
            return mistake(scope, "E206", message, expr.span)
        return size(scope, expr.arguments[0], expr.span, check)
    if name in REDUCERS:
        return reducer(scope, expr, check)
    if name == "default":
        return default(scope, expr, check)
    if is_working_point(expr):
        message = "wp stands beside the tagger that it is compared with"
        return mistake(scope, "E255", message, expr.span, 'btagDeepFlavB > wp("M")')
    if name == "sort":
        message = "sort makes a collection: it stands after take in an object block"
        return mistake(scope, "E206", message, expr.span, "take sort(jets, eta, ascend)")
    if name == "mod":
        return _remainder(scope, expr, check)
    if name in PRIMITIVES:
        return _primitive(scope, expr, PRIMITIVES[name], check)
    if name == "add":
        return _add(scope, expr)
    if name in EXTREMES:
        return extreme(scope, expr, check)
    if name in MEMBERS:
        return _belonging(scope, expr, check)
    if name in COMBINERS:
        return combined_alone(scope, expr)
    if name == "last":
        return _last(scope, expr)
    if name == "closest":
        return closest(scope, expr, check)
    if name in QUANTIFIERS:
        return _quantified(scope, expr, QUANTIFIERS[name], check)
    function = python_function(scope.context, expr)
    if function is not None:
        return apply(scope, expr, function, check)
    if name == "union":
        message = "a union stands after take in an object block"
        return mistake(scope, "E206", message, expr.span, "object leptons, below it take union(…)")
    defined = prelude.definition_of(expr)
    if defined is not None:
        return prelude.expand(scope, expr, defined, check)
    if len(expr.arguments) == 1:
        return _unary_call(scope, expr, check)
    function = find_function(expr.function.name)
    if function is None:
        return _unknown_function(scope, expr)
    return _library(scope, expr, function, check)


def _belonging(scope: Scope, expr: Call, check: Check) -> Value | None:
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


def _quantified(scope: Scope, expr: Call, operation: str, check: Check) -> Value | None:
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
    binder.quantifiers.update((loop, operation) for loop in loops)
    return found


def _is_of_collection(scope: Scope, expr: Call) -> bool:
    """Whether the argument is a whole collection: ``count(X)`` then is ``size(X)``."""
    if len(expr.arguments) != 1 or not isinstance(expr.arguments[0], Name):
        return False
    found = meaning(without_source_names(scope), expr.arguments[0])
    return isinstance(found, (ObjectDef, CollectionSchema, CompositeDef))


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


def _add(scope: Scope, expr: Call) -> Value | None:
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


def _last(scope: Scope, expr: Call) -> Value | None:
    if len(expr.arguments) != 1:
        return mistake(scope, "E206", "last takes one collection", expr.span, "last(jets)")
    source = whole(scope, expr.arguments[0], "last needs a collection")
    return None if source is None else Element(source, -1, type="particle", span=expr.span)


def _primitive(scope: Scope, expr: Call, operation: str, check: Check) -> Value | None:
    if len(expr.arguments) != 1:
        return mistake(scope, "E206", f"{expr.function.name} takes one number", expr.span)
    asking = scope.asking(f"{expr.function.name} needs one number")
    argument = number(scope, check(asking, expr.arguments[0]))
    if argument is None:
        return None
    (argument,) = unify(argument, least="int" if operation == "abs" else "real")
    return Operation(operation, (argument,), type=argument.type, span=expr.span)


def _remainder(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``mod(x, y)``: of integers an integer, which is missing where y is 0."""
    if len(expr.arguments) != 2:
        message = f"{expr.function.name} takes two numbers, not {len(expr.arguments)}"
        return mistake(scope, "E206", message, expr.span, "mod(event, 2)")
    asking = scope.asking(f"{expr.function.name} needs two numbers")
    x, y = (number(scope, check(asking, argument)) for argument in expr.arguments)
    if x is None or y is None:
        return None
    x, y = unify(x, y)
    return Operation("mod", (x, y), type=x.type, span=expr.span)


def _unary_call(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``f(x)``: an attribute of a particle, else a function of the library."""
    sliced = isinstance(expr.arguments[0], Slice)
    if sums_collections(scope) and (sliced or _is_of_collection(scope, expr)):
        return summed(scope, expr.span, lambda inside: _unary_call(inside, expr, check))
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
        return _unknown_function(scope, expr)
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
        return _unknown_function(scope, expr)
    zeros = with_zeros_of(scope.context, argument, expr.function, expr.span)
    if zeros is not None:
        return zeros.meaning
    if argument.type == "particle" and not isinstance(argument, (Singleton, Sum)):
        stored = attributes_of(scope, argument)
        if not _near_function(expr.function.name) or did_you_mean(expr.function.name, stored):
            return attribute(scope, argument, expr.function, expr.span)
    return _unknown_function(scope, expr)


def _library(scope: Scope, expr: Call, function: Function, check: Check) -> Value | None:
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


def _unknown_function(scope: Scope, expr: Call) -> Value | None:
    name = expr.function.name
    if unchosen(scope.context, name, expr.function.span):
        return None
    headings = prelude.headings(name)
    if headings:
        message = f"{name} is called {headings}, not with {len(expr.arguments)} arguments"
        return mistake(scope, "E206", message, expr.span)
    block = scope.context.blocks.get(name)
    if block is not None:
        kind = type(block).__name__.lower()
        help = f"{name}[0] is an element of it" if kind == "object" else ""
        return mistake(scope, "E205", f"{name} is a {kind}, no function", expr.function.span, help)
    help = of_function(name) or _near_function(name)
    return mistake(scope, "E205", f"no function is called {name}", expr.function.span, help)


def _near_function(name: str) -> str:
    """Return a help line with the nearest functions; few letters make many words alike."""
    return did_you_mean(name, _known_functions(), alike=0.7)


def _known_functions() -> list[str]:
    known = [*(a for f in FUNCTIONS.values() for a in f.aliases), *FUNCTIONS]  # dR before dr
    return [*known, *prelude.known_names(), *REDUCERS, *PRIMITIVES, *_SPELLED, *QUANTIFIERS]
