"""Slices: ``jets[0:2]`` is a collection, the first two of jets."""

from __future__ import annotations

from adl.check.analysis import Collection, Loop, ObjectDef, Value
from adl.check.names import collection
from adl.check.scope import Scope, mistake
from adl.syntax.source import Span
from adl.syntax.tree import Call, Expr, Name, Slice


def whole(scope: Scope, expr: Expr, wanted: str) -> Collection | None:
    """Return the collection that a name or a slice stands for; else a mistake."""
    match expr:
        case Name():
            return collection(scope, expr, wanted)
        case Slice(value=Name() as name):
            found = collection(scope, name, "a slice is cut from a collection")
            return None if found is None else _sliced(scope, found, expr)
        case Call():
            made = scope.context.makes(scope, expr)
            if made is not None:
                return made.meaning
    message = f"{wanted}, {scope.context.words(expr.span)} is no collection"
    scope.context.findings.error("E210", message, expr.span)
    return None


def _sliced(scope: Scope, source: Collection, expr: Slice) -> Collection | None:
    """Return the elements from ``start`` to before ``stop``; the same slice is one collection."""
    # In cutlang the end is an element of the slice.
    stop = expr.stop if expr.stop is None else expr.stop + (scope.context.dialect == "cutlang")
    start = expr.start or 0
    if stop is not None and not 0 <= start < stop:
        return _empty(scope, expr.span)
    slices = scope.context.slices
    key = source, start, stop
    if key not in slices:
        name = f"{source.name}[{start}:{'' if stop is None else stop}]"
        loop = Loop(None, "this")
        scope.context.sources[loop] = (source,)
        slices[key] = ObjectDef(name, (source,), loop, (), expr.span, ranks=(start, stop))
    return slices[key]


def _empty(scope: Scope, span: Span) -> Collection | None:
    message = f"{scope.context.words(span)} has no element"
    help = "jets[0:2] has two, jets[0] and jets[1]; indices count from 0"
    nothing: Value | None = mistake(scope, "E224", message, span, help)
    assert nothing is None
    return None
