"""Cuts of object blocks on daughters and constituents, which filter them in the dialect cutlang."""

from __future__ import annotations

from adl.check.analysis import Left, Reduction, Value, Variable
from adl.check.nested import Nested
from adl.check.readings import Reading
from adl.check.scope import Binder, Scope
from adl.check.values import free_loops
from adl.syntax.tree import Expr


def filtering(scope: Scope, binder: Binder, condition: Value, written: Expr) -> Value | None:
    """Return that something is left of what belongs to an element, of which a cut drops some.

    What stands behind the cut sees those that are left.
    """
    context, span = scope.context, written.span
    free = free_loops(condition)
    met = [(r, l) for r, element in binder.nested for l in free_loops(element) if l in free]
    words = context.words(span)
    this = scope.current.loop if scope.current else None
    relation, loop = met[0] if met else (None, None)
    owner = relation.owner if isinstance(relation, Nested) else None
    if len(met) != 1 or this is None or not isinstance(owner, Variable) or owner.loop is not this:
        message = f"{words} filters what belongs to an element, but not just of this one"
        context.findings.error("E190", message, span, "anyof(…) and allof(…) filter nothing")
        return None
    assert isinstance(relation, Nested), words
    assert loop is not None, words
    context.readings.append(Reading("filtered", span))
    where = tuple(c for c in binder.where if loop in free_loops(c))
    left = Reduction("any", (loop,), condition, where, type="bool", span=span)
    context.left.setdefault(this, []).append(Left(relation.inverse, this, loop, condition))
    return left
