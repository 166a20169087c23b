"""Sorted collections: ``take sort(jets, eta, ascend)``, and ``sort pT(jets) descend`` in a region.

The order is stable; elements whose key is missing or NaN come last. A sort in a region is local to
it: from there on the collection's name, and defines of it, mean the collection in its new order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adl.check.analysis import (
    Collection,
    CompositeDef,
    Loop,
    ObjectDef,
    RegionDef,
    Solutions,
    SortKey,
    Value,
    Variable,
)
from adl.check.context import Context, is_sorted_here, order_key
from adl.check.expressions import value
from adl.check.scope import Binder, Current, Scope
from adl.check.searches import resolved
from adl.check.slices import whole
from adl.check.substitute import with_elements
from adl.check.tables import refuse_missing
from adl.check.trees import mentioned
from adl.check.types import number
from adl.check.values import free_loops
from adl.syntax.tree import Call, Name, Sort

DIRECTIONS = ("ascend", "descend")
_EXAMPLE = "take sort(jets, abs(eta), ascend)"


def is_sort(expr: object) -> bool:
    """Whether an expression is a call of ``sort``."""
    return isinstance(expr, Call) and expr.function.name.lower() == "sort"


def sorted_source(context: Context, call: Call) -> Collection | None:
    """Return the collection of ``sort(jets, key, ascend)``, whose key is of the element."""
    match call.arguments:
        case (taken, written, Name(direction)) if direction.lower() in DIRECTIONS:
            pass
        case _:
            message = "sort takes a collection, a key and ascend or descend"
            context.findings.error("E206", message, call.span, _EXAMPLE)
            return None
    source = whole(Scope(context, taking=True), taken, "sort needs a collection")
    if source is None:
        return None
    this = Loop(None, "this")
    context.sources[this] = (source,)
    words = frozenset(name.name for name in mentioned(taken))
    explicit = any(name.name == "this" for name in mentioned(written))
    scope = Scope(context, current=Current(this, (source,), frozenset(("this",)), words, explicit))
    key = resolved(context, number(scope, value(scope, written)), {})
    if key is None:
        return None
    refuse_missing(context, key)
    if this not in free_loops(key):
        message = f"{context.words(written.span)} is the same for all elements"
        context.findings.error("E256", message, written.span, _EXAMPLE)
        return None
    return _ordered(source, this, key, call, direction.lower() == "descend")


def sort_region(scope: Scope, written: Sort, known: Solutions) -> None:
    """Put a collection in another order for the statements of a region that follow."""
    context, binder = scope.context, Binder(implicit=True)
    inside = scope.inside(binder)
    key = resolved(context, number(inside, value(inside, written.value)), known)
    if key is None:
        return
    refuse_missing(context, key)
    descending = written.descending
    match binder.tuples, binder.loops:
        case [(composite, loops)], _ if len(loops) == len(binder.loops) and _is_of(key, loops):
            sorts = (_key_of_tuples(composite, loops, key, descending), *composite.sorts)
            context.orders[order_key(composite)] = replace(composite, sorts=sorts)
        case [], [loop] if _is_of(key, [loop]) and (source := _named(loop)) is not None:
            context.orders[order_key(source)] = _ordered(source, loop, key, written, descending)
        case _:
            message = f"{context.words(written.value.span)} is no key of one named collection"
            help = "sort pT(jets) descend"
            context.findings.error("E256", message, written.value.span, help)


def _is_of(key: Value, loops: Sequence[Loop]) -> bool:
    """Whether a key varies along all loops, or for a tuple along one."""
    free = free_loops(key)
    return any(loop in free for loop in loops)


def _named(loop: Loop) -> Collection | None:
    """Return the collection of a loop, unless it is a slice."""
    source = loop.collection
    sliced = isinstance(source, ObjectDef) and source.ranks is not None
    return None if sliced else source


def _key_of_tuples(
    composite: CompositeDef, loops: Sequence[Loop], key: Value, descending: bool
) -> SortKey:
    """Return a key in terms of the composite's own loops."""
    own = {
        new: Variable(old, type="particle", span=key.span)
        for new, old in zip(loops, composite.loops, strict=True)
    }
    return SortKey(with_elements(key, own), descending)


# ------------------------------------------------------------------------------ inheritance


def inherit_orders(context: Context, parent: RegionDef) -> None:
    """Sort what a parent region has sorted, after what is sorted here, each by one key once."""
    for name, order in parent.orders.items():
        here = context.orders.get(name)
        if here is None:
            context.orders[name] = order
        elif isinstance(order, CompositeDef) and isinstance(here, CompositeDef):
            done = [key.value for key in here.sorts]
            new = tuple(key for key in order.sorts if not any(key.value is d for d in done))
            context.orders[name] = replace(here, sorts=(*new, *here.sorts))
        elif isinstance(order, ObjectDef) and isinstance(here, ObjectDef):
            steps = [step.key for step in _steps(here)]
            for step in reversed(_steps(order)):
                if not any(step.key is d for d in steps):
                    here = replace(step, sources=(here,))
            context.orders[name] = here


def _steps(order: ObjectDef) -> list[ObjectDef]:
    """Return the sorts that a region has made of one collection, the last one first."""
    found: list[ObjectDef] = []
    step: Collection = order
    while isinstance(step, ObjectDef) and is_sorted_here(step):
        found.append(step)
        (step,) = step.sources
    return found


def _ordered(
    source: Collection, this: Loop, key: Value, written: Call | Sort, descending: bool
) -> ObjectDef:
    return ObjectDef(
        source.name,
        (source,),
        this,
        (),
        written.span,
        key=key,
        descending=descending,
    )
