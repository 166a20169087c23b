"""Elements by a position that is computed: ``GenPart[genPartIdx]``, ``closest(this, jets)``.

A position counts in the input, as columns of positions do, and never among the elements that an
object block has kept: ``jets[mu[0].jetIdx]`` is the jet that the muon means, or missing.
"""

from __future__ import annotations

from adl.check.analysis import (
    Apply,
    AttributeOf,
    Collection,
    CompositeDef,
    EventValue,
    Loop,
    Member,
    ObjectDef,
    Operation,
    Picked,
    Value,
    Variable,
)
from adl.check.collections import inputs, share_input
from adl.check.elements import declared_link, is_element, link_to, sources_of
from adl.check.loops import apart
from adl.check.names import meaning, without_source_names
from adl.check.particles import has_no_eta
from adl.check.reducers import Check
from adl.check.scope import Scope, mistake
from adl.check.slices import whole
from adl.check.types import convert, need_particle, negated, number
from adl.check.values import free_loops
from adl.stdlib.library import find_function
from adl.stdlib.models import CollectionSchema
from adl.syntax.source import Span
from adl.syntax.tree import Call, Expr, ListOf, Lookup, Name

# ---------------------------------------------------------------------- positions in the input


def lookup(scope: Scope, expr: Lookup, check: Check) -> Value | None:
    """Return ``GEN[genPartIdx(mu[0])]``: the element that stands at a position of the input."""
    if isinstance(expr.position, ListOf) and len(expr.position.items) == 2:
        words = scope.context.words(expr.value.span)
        bounds = " ".join(scope.context.words(item.span) for item in expr.position.items)
        if words.lower() == "in":  # MET in [80, 100]
            words = "VALUE"
        message = f"an index is one number; a window of {words} is written in another way"
        return mistake(scope, "E210", message, expr.span, f"write {words} [] {bounds}")
    collection = _indexed(scope, expr.value)
    position = number(scope, check(scope.asking("a position is one number"), expr.position))
    if collection is None or position is None:
        return None
    fault = _fault(scope, collection, position, expr)
    if fault is not None:
        return mistake(scope, "E225", *fault)
    return link_to(scope.context, collection, position, expr.span)


def _indexed(scope: Scope, expr: Expr) -> Collection | None:
    named = isinstance(expr, Name)
    found = meaning(without_source_names(scope), expr) if isinstance(expr, Name) else None
    if isinstance(found, (ObjectDef, CollectionSchema)):
        return found
    if found is not None or not named:
        kind = "a composite" if isinstance(found, CompositeDef) else "no collection"
        words = scope.context.words(expr.span)
        message = f"a computed position needs a collection, {words} is {kind}"
        scope.context.findings.error("E210", message, expr.span)
    return None


def _fault(
    scope: Scope, collection: Collection, position: Value, expr: Lookup
) -> tuple[str, Span, str] | None:
    """Return what is wrong with a position: message, place, way out."""
    words = scope.context.words(position.span)
    sources = inputs((collection,))
    target = declared_link(scope.context, position)
    names = " and ".join(source.name for source in sources)
    if position.type != "int":
        kind = "a real number" if position.type == "real" else "a condition"
        return f"{words} is {kind}, no position", position.span, "positions are integers"
    if len(sources) > 1:
        message = f"a position counts in one input collection, {collection.name} comes from {names}"
        meant = sources[0] if target is None else target
        return message, expr.value.span, f"write the input: {meant.name}[{words}]"
    if target is not None and target.name != names:
        message = f"{words} is a position in {target.name}, not in {names}"
        return message, position.span, f"{target.name}[{words}]"
    stored = isinstance(position, (AttributeOf, EventValue))
    if isinstance(collection, ObjectDef) and not stored:
        message = f"{words} could count in {names} or among {collection.name}"
        help = (
            f"{names}[{words}] counts in the input; {collection.name}[0] is the first that passes"
        )
        return message, position.span, help
    return None


# ---------------------------------------------------------------------------------- closest


def closest(scope: Scope, call: Call, check: Check) -> Value | None:
    """Return ``closest(x, jets, 0.4)``: the element nearest in dR, missing where none is nearer.

    An element is not the nearest to itself.
    """
    if len(call.arguments) not in (2, 3):
        message = "closest takes a particle, a collection and perhaps a largest distance"
        return mistake(scope, "E206", message, call.span, "closest(this, jets, 0.4)")
    asking = scope.asking("closest needs one particle")
    particle = need_particle(scope, check(asking, call.arguments[0]), "closest")
    collection = whole(scope, call.arguments[1], "closest looks in a collection")
    limit = number(scope, check(scope, call.arguments[2])) if call.arguments[2:] else None
    if particle is None or collection is None or (limit is None and call.arguments[2:]):
        return None
    distance = find_function("dr")
    assert distance is not None, "the library has dR"
    if has_no_eta(scope.context, distance, particle):
        return None
    loop = Loop(collection, scope.context.words(call.arguments[1].span))
    other = Variable(loop, type="particle", span=call.arguments[1].span)
    key = Apply(distance, (particle, other), type="real", span=call.span)
    where = [*_not_itself(scope, particle, loop, key)]
    if limit is not None:
        near = (key, convert(limit, "real"))
        where.append(Operation("lt", near, type="bool", span=call.span))
    around = [found for v in (key, *where) for found in free_loops(v) if found is not loop]
    needs = () if around else ((collection, 1),)
    picked = Picked(
        scope.context.words(call.span),
        (loop,),
        tuple(where),
        key,
        needs=needs,
        limited=not around and (limit is not None or len(where) > 0),
    )
    return Member(picked, loop, type="particle", span=call.span)


def _not_itself(scope: Scope, particle: Value, loop: Loop, key: Value) -> tuple[Value, ...]:
    """Return the condition that an element is another one than the particle."""
    if isinstance(particle, Variable):
        return apart(scope.context, [loop], [key], particle.span)
    assert loop.collection is not None, "closest looks in a collection"
    sources = sources_of(scope.context, particle)
    if not is_element(particle) or not share_input(sources, [loop.collection]):
        return ()
    other = Variable(loop, type="particle", span=particle.span)
    return (negated(Operation("same", (particle, other), type="bool", span=particle.span)),)
