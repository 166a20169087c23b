"""Bindings: the loops that a reducer or an argmin writes out, over collections and composites.

``jets a, jets b`` are all pairs of different jets, in both orders; ``disjoint(jets a, jets b)`` has
each pair once, and ``cartesian(…)`` every combination, an object with itself included.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from adl.check.analysis import (
    Before,
    CompositeDef,
    Loop,
    Operation,
    Value,
    Variable,
)
from adl.check.collections import same_collection, share_input
from adl.check.names import composite_named
from adl.check.nested import bind, nested
from adl.check.scope import Binder, Scope
from adl.check.slices import whole
from adl.check.tuples import fresh
from adl.check.types import negated
from adl.check.values import placed
from adl.syntax.source import Span
from adl.syntax.tree import Binding, Call, Expr, Name

COMBINERS = frozenset(("disjoint", "cartesian"))


def binds(arguments: Sequence[Expr]) -> bool:
    """Whether the arguments of a call begin with bindings."""
    return bool(arguments) and (isinstance(arguments[0], Binding) or _combines(arguments[0]))


def _combines(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.function.name.lower() in COMBINERS


def bound(scope: Scope, arguments: Sequence[Expr]) -> Binder | None:
    """Return the loops of bindings, or of one ``disjoint`` or ``cartesian``; None after a mistake."""
    binder = Binder(implicit=False)
    if len(arguments) == 1 and isinstance(arguments[0], Call) and _combines(arguments[0]):
        return combined(scope, arguments[0])
    for argument in arguments:
        if not isinstance(argument, Binding):
            words = scope.context.words(argument.span)
            message = f"{words} is no loop: bindings come first, then one value"
            help = "sum(jets a, jets b, m(a + b)), argmin(disjoint(mu a, mu b), m(a + b))"
            scope.context.findings.error("E206", message, argument.span, help)
            return None
        if not _bind(scope, binder, argument.collection, argument.name):
            return None
    return binder


def combined(scope: Scope, call: Call) -> Binder | None:
    """Return the loops of ``disjoint(jets a, jets b)`` or ``cartesian(jets a, muons b)``."""
    group = object()
    binder = Binder(implicit=False)
    source: Expr | None = None
    for argument in call.arguments:
        if isinstance(argument, Binding):
            source = argument.collection
        if source is None or not isinstance(argument, (Binding, Name)):
            _no_members(scope, call, argument)
            return None
        name = argument.name if isinstance(argument, Binding) else argument
        if not _bind(scope, binder, source, name, group):
            return None
    if not binder.loops:
        _no_members(scope, call, call)
        return None
    if call.function.name.lower() == "disjoint":
        binder.where += distinct(binder.loops, call.span, binder.tuples)
    return binder


def _no_members(scope: Scope, call: Call, at: Expr) -> None:
    name = call.function.name.lower()
    message = f"{name} needs a collection and a name for each member"
    scope.context.findings.error("E206", message, at.span, f"{name}(muons a, muons b)")


def _bind(
    scope: Scope, binder: Binder, source: Expr, name: Name, group: object = None
) -> Value | None:
    """Add a loop, or those of a composite, under a name; return what the name stands for."""
    if any(known == name.name for known, _ in binder.entries):
        scope.context.findings.error("E207", f"{name.name} is bound twice", name.span)
        return None
    composite = composite_named(scope, source)
    if composite is not None:
        if composite.meaning is None:
            return None
        found = _over_tuples(binder, composite.meaning, name.span, group)
        binder.composites.append((composite.meaning, found))
        binder.entries.append((name.name, found))
        return found
    relation = nested(scope.inside(binder), source) if not isinstance(source, Name) else None
    if relation is not None:
        if relation.meaning is None:
            return None
        element = bind(scope, binder, relation.meaning, name.name, name.span, group)
        binder.entries.append((name.name, element))
        return element
    over = whole(scope, source, "a loop runs over a collection")
    if over is None:
        return None
    loop = Loop(over, name.name, group)
    binder.loops.append(loop)
    element = Variable(loop, type="particle", span=name.span)
    binder.entries.append((name.name, element))
    return element


def current_tuple(binder: Binder, composite: CompositeDef, span: Span) -> Value:
    """Return the current tuple of the loops over a composite that is mentioned."""
    for known, found in binder.composites:
        if known is composite:
            return placed(found, span)
    found = _over_tuples(binder, composite, span)
    binder.composites.append((composite, found))
    return found


def _over_tuples(
    binder: Binder, composite: CompositeDef, span: Span, group: object = None
) -> Value:
    loops, where, found = fresh(composite, span, group)
    binder.loops += loops
    binder.tuples.append((composite, loops))
    binder.where += where
    return found


# ------------------------------------------------------------------------------ distinctness


def distinct(
    loops: Sequence[Loop],
    span: Span,
    tuples: Sequence[tuple[CompositeDef, Sequence[Loop]]] = (),
) -> list[Value]:
    """Return the conditions that each set of different objects is met once.

    Tuples among them share no object, and those of one composite come in their order: that of
    their first members, which are different objects.
    """
    found: list[Value] = []
    previous: dict[Loop, Loop] = {}
    inside = {loop: own for _, own in tuples for loop in own}
    ordered: dict[Loop, object] = {loop: None for loop in loops if loop not in inside}
    ordered.update((own[0], composite) for composite, own in tuples)
    for a, b in combinations(loops, 2):
        if a.collection is None or b.collection is None:
            continue
        if a in inside and inside[a] is inside.get(b):
            continue  # a composite says itself how its members differ
        alike = a in ordered and b in ordered and ordered[a] is ordered[b]
        if alike and same_collection(a.collection, b.collection):
            previous[b] = a  # the last one wins: a < b < c needs no a < c
        elif share_input([a.collection], [b.collection]):
            one, two = (Variable(loop, type="particle", span=span) for loop in (a, b))
            found.append(apart_from(one, two, span))
    return [*(before(a, b, span) for b, a in previous.items()), *found]


def before(a: Loop, b: Loop, span: Span) -> Value:
    """Return the condition that one loop's element stands before another's."""
    assert a.collection is not None
    one, two = (Variable(loop, type="particle", span=span) for loop in (a, b))
    return Before(a.collection, one, two, type="bool", span=span)


def apart_from(a: Value, b: Value, span: Span) -> Value:
    """Return the condition that two elements are not the same object; a missing one is none."""
    return negated(Operation("same", (a, b), type="bool", span=span))
