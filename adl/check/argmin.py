"""``argmin`` and ``argmax``: the element, or the tuple of elements, for which a value is least."""

from __future__ import annotations

from adl.check.analysis import Picked, Tuple, Unknown, Value, Variable
from adl.check.bindings import binds, bound
from adl.check.loops import apart
from adl.check.operators import minus
from adl.check.reducers import Check
from adl.check.scope import Binder, Scope, mistake
from adl.check.tuples import in_order, members_for, named_tuple, needs, part_name
from adl.check.types import number, unify
from adl.check.values import free_loops
from adl.syntax.source import Span
from adl.syntax.tree import Binding, Call

EXTREMES = frozenset(("argmin", "argmax"))
MEMBERS = frozenset(("constituents", "daughters"))


def extreme(scope: Scope, call: Call, check: Check) -> Value | None:
    """Return the element of ``argmin(jets j, x)``, or the tuple where several names are bound."""
    *first, last = call.arguments or (call,)
    implicit = not first
    if last is call or isinstance(last, Binding) or not (implicit or binds(first)):
        return _wrong_arguments(scope, call)
    binder = Binder(implicit=True) if implicit else bound(scope, first)
    if binder is None:
        return None
    key = number(scope, check(scope.inside(binder), last))
    if key is None:
        return None
    if implicit:
        if len(binder.loops) - sum(len(c.loops) - 1 for c, _ in binder.composites) != 1:
            return _one_collection(scope, call)
        binder.entries = _mentioned(binder, last.span)
    if call.function.name.lower() == "argmax":
        key = minus(scope, key, call.span)
        assert key is not None, "a number has a negative"
    (key,) = unify(key)
    where = (*binder.where, *apart(scope.context, binder.loops, [key], call.span))
    loops = tuple(binder.loops)
    around = [loop for v in (key, *where) for loop in free_loops(v) if loop not in loops]
    sizes = () if around else needs(loops, composites=[c for c, _ in binder.composites])
    ordered = in_order(binder.tuples, call.span)
    words = scope.context.words(call.span)
    picked = Picked(words, loops, where, key, needs=sizes, ordered=ordered)
    return _result(binder, picked, call.span)


def _mentioned(binder: Binder, span: Span) -> list[tuple[str, Value]]:
    """Return the one element or tuple that an un-named loop runs over."""
    if binder.composites:
        return [("", binder.composites[0][1])]
    return [("", Variable(binder.loops[0], type="particle", span=span))]


def _result(binder: Binder, picked: Picked, span: Span) -> Value:
    """Return what was bound, of the picked tuple: one element, or a tuple with its names."""
    found = [(name, members_for(value, picked, span)) for name, value in binder.entries]
    return found[0][1] if len(found) == 1 else named_tuple(found, span)


def _wrong_arguments(scope: Scope, call: Call) -> Value | None:
    name = call.function.name
    message = f"{name} takes loops and then one value"
    help = f"{name}(jets j, abs(eta(j))), {name}(disjoint(muons a, muons b), m(a + b))"
    return mistake(scope, "E206", message, call.span, help)


def _one_collection(scope: Scope, call: Call) -> Value | None:
    name = call.function.name
    message = f"{name} needs to know what it runs over"
    help = f"name the loops: {name}(jets j, leptons l, dR(j, l))"
    return mistake(scope, "E217", message, call.span, help)


def combined_alone(scope: Scope, call: Call, check: Check) -> Value | None:
    """Report ``disjoint(…)``, ``cartesian(…)`` or ``COMB(…)`` where no tuples are asked for."""
    name = call.function.name
    if name.lower() == "comb":
        message = f"{name} stands in the take of an object"
        help = "object pairs : COMB(muons[-1] muons[-2]) alias z"
        return mistake(scope, "E206", message, call.function.span, help)
    message = f"{name} stands in a composite's take, or first in a reducer, argmin or argmax"
    help = "argmin(disjoint(muons a, muons b), abs(m(a + b) - 91.2))"
    return mistake(scope, "E206", message, call.function.span, help)


def member(scope: Scope, call: Call, check: Check) -> Value | None:
    """Return the element of ``constituents(pairs[0], mu[-1])``: that index's in the COMB."""
    if len(call.arguments) != 2:
        name = call.function.name
        message = f"{name} takes a tuple and the index of a member"
        help = f"{name}(pairs[0], mu[-1])"
        return mistake(scope, "E206", message, call.span, help)
    whole, index = (check(scope, argument) for argument in call.arguments)
    if whole is None or index is None:
        return None
    parts = dict(whole.parts) if isinstance(whole, Tuple) else {}
    name = part_name(index) if isinstance(index, Unknown) else ""
    if name in parts:
        return parts[name]
    known = ", ".join(parts) or "none"
    message = f"{scope.context.words(call.arguments[1].span)} is no member: there are {known}"
    return mistake(scope, "E202", message, call.arguments[1].span)
