"""Reducers: ``sum prod count min max any all``, over collections that are mentioned or bound.

``sum(pT(jets))`` loops over jets because jets stands un-indexed inside; ``sum(jets j, pT(j))``
names its loops, and then nothing else inside becomes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from adl.check.analysis import Extremum, Loop, Reduction, Type, Value
from adl.check.dialect import unsupported
from adl.check.loops import apart
from adl.check.names import collection
from adl.check.scope import Binder, Scope
from adl.check.types import condition, convert, number, unify
from adl.syntax.source import Span
from adl.syntax.tree import Binding, Call, Expr, Name

REDUCERS = frozenset(("sum", "prod", "count", "min", "max", "any", "all"))

Check = Callable[[Scope, Expr], Value | None]


def reducer(scope: Scope, call: Call, check: Check) -> Value | None:
    """Return the value of a reducer's call; ``check`` checks its argument."""
    operation = call.function.name.lower()
    bindings = [a for a in call.arguments if isinstance(a, Binding)]
    if bindings:
        return _bound(scope, call, operation, bindings, check)
    if len(call.arguments) > 1 and operation in ("min", "max"):
        return _extremum(scope, call, operation, check)
    if len(call.arguments) != 1:
        _wrong_arguments(scope, call)
        return None
    binder = Binder(implicit=True)
    body = check(scope.inside(binder), call.arguments[0])
    if body is not None and not binder.loops:
        _nothing_to_loop_over(scope, call)
        return None
    return _reduction(scope, operation, binder.loops, body, call.span)


def _bound(
    scope: Scope, call: Call, operation: str, bindings: list[Binding], check: Check
) -> Value | None:
    """Return a reducer with written loops: bindings first, then one value."""
    *first, last = call.arguments
    if list(first) != bindings:
        _wrong_arguments(scope, call)
        return None
    binder = Binder(implicit=False)
    for binding in bindings:
        if not isinstance(binding.collection, Name):
            scope.context.findings.error(
                "E190",
                "a loop over a slice is not supported yet",
                binding.collection.span,
                "bind the whole collection",
            )
            return None
        whole = collection(scope, binding.collection, "a loop runs over a collection")
        if whole is None:
            return None
        if any(loop.name == binding.name.name for loop in binder.loops):
            message = f"{binding.name.name} is bound twice"
            scope.context.findings.error("E207", message, binding.name.span)
            return None
        binder.loops.append(Loop(whole, binding.name.name))
    body = check(scope.inside(binder), last)
    return _reduction(scope, operation, binder.loops, body, call.span)


def _reduction(
    scope: Scope, operation: str, loops: list[Loop], body: Value | None, span: Span
) -> Value | None:
    if operation in ("any", "all", "count"):
        body = condition(scope, body)
        type: Type = "int" if operation == "count" else "bool"
    else:
        body = number(scope, body)
        if body is None:
            return None
        # Over nothing min and max are infinite, which only a real number can be.
        body = convert(body, "real") if operation in ("min", "max") else unify(body)[0]
        type = body.type
    if body is None:
        return None
    where = apart(scope.context, loops, [body], span)
    return Reduction(operation, tuple(loops), body, where, type=type, span=span)


def _extremum(scope: Scope, call: Call, operation: str, check: Check) -> Value | None:
    values = [number(scope, check(scope, argument)) for argument in call.arguments]
    known = [v for v in values if v is not None]
    if len(known) < len(values) or unsupported(scope.context, "minimum", call.span):
        return None
    numbers = unify(*known)
    kind: Literal["min", "max"] = "min" if operation == "min" else "max"
    return Extremum(kind, numbers, type=numbers[0].type, span=call.span)


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
    message = f"nothing in {scope.context.words(call.span)} is a collection"
    scope.context.findings.error("E217", message, call.span, help)
