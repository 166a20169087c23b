"""Reducers: ``sum prod count min max ave any all``, over collections that are mentioned or bound.

``sum(pT(jets))`` loops over jets because jets stands un-indexed inside; ``sum(jets j, pT(j))``
names its loops, and then nothing else inside becomes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from adl.check.analysis import Extremum, Reduction, Total, Type, Value, Variable
from adl.check.bindings import binds, bound
from adl.check.excluded import keeps_its_loops
from adl.check.loops import apart
from adl.check.readings import Reading
from adl.check.scope import Binder, Scope
from adl.check.types import condition, convert, entry, number, unify
from adl.check.values import always_there, walk
from adl.syntax.source import Span
from adl.syntax.tree import Binding, Call, Expr, Name, Unary

REDUCERS = frozenset(("sum", "prod", "count", "min", "max", "ave", "any", "all"))

Check = Callable[[Scope, Expr], Value | None]


def reducer(scope: Scope, call: Call, check: Check) -> Value | None:
    """Return the value of a reducer's call; ``check`` checks its argument."""
    operation = call.function.name.lower()
    if binds(call.arguments):
        return _bound(scope, call, operation, check)
    if len(call.arguments) > 1 and operation in ("min", "max"):
        return _extremum(scope, call, operation, check)
    if len(call.arguments) != 1:
        _wrong_arguments(scope, call)
        return None
    binder = Binder(implicit=True)
    excluded = scope.context.excluded
    before = len(excluded)
    body = check(scope.inside(binder), call.arguments[0])
    who = scope.context.words(call.span)
    if not keeps_its_loops(scope, binder, excluded[before:], who, call.span):
        return None
    if body is not None and not binder.loops and any(isinstance(v, Total) for v in walk(body)):
        # In cutlang a whole collection became its vector sum: one value.
        scope.context.readings.append(Reading("no loop", call.span))
        return body
    if body is not None and not binder.loops:
        _nothing_to_loop_over(scope, call)
        return None
    return _reduction(scope, operation, binder, body, call.span)


def summed(scope: Scope, span: Span, check: Callable[[Scope], Value | None]) -> Value | None:
    """In cutlang a number of a whole collection in a region is summed over its elements."""
    binder = Binder(implicit=True)
    each = number(scope, check(scope.inside(binder)))
    if each is None or not binder.loops:
        return each
    (body,) = unify(each)
    scope.context.readings.append(Reading("summed", span))
    where = tuple(binder.where)
    return Reduction("sum", tuple(binder.loops), body, where, type=body.type, span=span)


def _bound(scope: Scope, call: Call, operation: str, check: Check) -> Value | None:
    """Return a reducer with written loops: bindings first, then one value."""
    *first, last = call.arguments
    if not first or isinstance(last, Binding):
        _wrong_arguments(scope, call)
        return None
    binder = bound(scope, first)
    if binder is None:
        return None
    body = check(scope.inside(binder), last)
    return _reduction(scope, operation, binder, body, call.span)


def _reduction(
    scope: Scope, operation: str, binder: Binder, body: Value | None, span: Span
) -> Value | None:
    if operation in ("any", "all", "count"):
        body = condition(scope, body)
        type: Type = "int" if operation == "count" else "bool"
    elif _is_element(scope, operation, binder, body):
        assert isinstance(body, Variable), operation
        assert body.loop.collection is not None, "a reducer's loop has a collection"
        return Total(body.loop.collection, type="particle", span=span)
    else:
        body = number(scope, body)
        if body is None:
            return None
        # Over nothing min and max are infinite, which only a real number can be.
        real = operation in ("min", "max", "ave")
        body = convert(body, "real") if real else unify(body)[0]
        type = body.type
    if body is None:
        return None
    where = (*binder.where, *apart(scope.context, binder.loops, [body], span))
    return Reduction(operation, tuple(binder.loops), body, where, type=type, span=span)


def _is_element(scope: Scope, operation: str, binder: Binder, body: Value | None) -> bool:
    """Whether a sum is of elements, and so a four-vector."""
    if operation != "sum" or not isinstance(body, Variable) or [body.loop] != binder.loops:
        return False
    return entry(scope, body) is None


def _extremum(scope: Scope, call: Call, operation: str, check: Check) -> Value | None:
    values = [number(scope, check(scope, argument)) for argument in call.arguments]
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return None
    # Without any of them the result is infinite, which only a real number can be.
    sure = all(always_there(v) for v in known)
    numbers = unify(*known, least="int" if sure else "real")
    kind: Literal["min", "max"] = "min" if operation == "min" else "max"
    zero = scope.context.dialect == "cutlang"
    return Extremum(kind, numbers, zero, type=numbers[0].type, span=call.span)


def _wrong_arguments(scope: Scope, call: Call) -> None:
    name = call.function.name
    scope.context.findings.error(
        "E206",
        f"{name} takes one value, or loops and then one value",
        call.span,
        f"{name}(pT(jets) > 30) or {name}(jets j, pT(j) > 30)"
        if name.lower() in ("any", "all", "count")
        else f"{name}(pT(jets)) or {name}(jets j, pT(j))",
    )


def _nothing_to_loop_over(scope: Scope, call: Call) -> None:
    name = call.function.name
    help = f"{name} runs over each collection that stands in it without an index"
    if scope.current is not None and not scope.current.explicit:
        sources = " and ".join(s.name for s in scope.current.sources)
        help = f"{sources} is the current element here; in a condition that says this for the "
        help += f"element, {sources} is the whole collection"
        whole = call.arguments[0].operand if isinstance(call.arguments[0], Unary) else None
        if name.lower() == "sum" and isinstance(whole or call.arguments[0], Name):
            # CutLang puts the sum in the place of the elements.
            total = f"-{sources}" if whole else f"add({sources})"
            help = f"the sum is a particle, no object: define total = {total}"
    message = f"nothing in {scope.context.words(call.span)} is a collection"
    scope.context.findings.error("E217", message, call.span, help)
