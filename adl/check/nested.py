"""What belongs to an element: ``this.daughters``, ``jets[0].constituents``.

The model says of which link such a relation is the inverse, so a loop over it is a loop over the
collection of the link, with the condition that the link leads to the element.
"""

from __future__ import annotations

from dataclasses import dataclass

from adl.check.analysis import (
    AttributeOf,
    Before,
    Collection,
    Left,
    Literal_,
    Logic,
    Loop,
    ObjectDef,
    Operation,
    Picked,
    Value,
    Variable,
)
from adl.check.collections import inputs
from adl.check.context import Found
from adl.check.elements import branch_type, follow, link_to, sources_of
from adl.check.particles import defines
from adl.check.scope import Binder, Scope, mistake
from adl.check.substitute import with_elements
from adl.check.tuples import members_for
from adl.check.types import negated
from adl.stdlib.models import CollectionSchema, Inverse
from adl.stdlib.models.finding import find_attribute
from adl.syntax.source import Span
from adl.syntax.tree import Attribute, Call, Expr, Juxtaposed, Name

# What other formats have, and so what is asked for by these names is nothing else.
RELATIONS = frozenset(("constituents", "daughters"))


@dataclass(frozen=True)
class Nested:
    """The elements that an inverse relation leads to from ``owner``."""

    owner: Value
    inverse: Inverse
    name: str


def nested(scope: Scope, expr: Expr) -> Found[Nested] | None:
    """Return the relation that an expression is; None if it is something else.

    ``this.daughters``, ``daughters(this)``, ``this daughters``, in an object block ``daughters``.
    """
    owner, name = _split(expr)
    collections = scope.context.schema.collections.values()
    if name is None or not (
        name.name in RELATIONS or any(name.name in c.inverses for c in collections)
    ):
        return None
    if owner is None:
        if scope.current is None or name.name in scope.context.blocks:
            return None
        element: Value | None = Variable(scope.current.loop, type="particle", span=name.span)
    else:
        asking = scope.asking(f"{name.name} belong to one particle")
        element = scope.context.value(asking, owner)
    if element is None:
        return Found(None)
    if _defined(scope, element, name.name):
        return None
    owners = inputs(sources_of(scope.context, element))
    inverses = {source.inverses.get(name.name) for source in owners}
    inverse = inverses.pop() if len(inverses) == 1 else None
    if inverse is None:
        return _missing(scope, owners, name, owner is not None)
    return Found(Nested(element, inverse, scope.context.words(expr.span)))


def _defined(scope: Scope, element: Value, name: str) -> bool:
    """Whether an object block defines an attribute of this name: that goes before a relation."""
    here = scope.context.own.get(element.loop, {}) if isinstance(element, Variable) else {}
    return name in here or any(defines(c, name) for c in sources_of(scope.context, element))


def _missing(
    scope: Scope, owners: tuple[CollectionSchema, ...], name: Name, spelled_out: bool
) -> Found[Nested] | None:
    """Report constituents or daughters where the model declares none and no column is called so."""
    schema = scope.context.schema
    columns = any(find_attribute(schema, owner, name.name) for owner in owners)
    if name.name not in RELATIONS or not owners or columns or not spelled_out:
        return None
    kinds = " and ".join(owner.name for owner in owners)
    known = [
        f"{collection.name}.{word}"
        for collection in schema.collections.values()
        for word in collection.inverses
    ]
    message = f"the input format {schema.model} says nothing of {name.name} of {kinds}"
    help = f"it knows {', '.join(known)}" if known else ""
    scope.context.findings.error("E202", message, name.span, help)
    return Found(None)


def _split(expr: Expr) -> tuple[Expr | None, Name | None]:
    match expr:
        case Name():
            return None, expr
        case Attribute(value=owner, name=name):
            return owner, name
        case Juxtaposed(items=(owner, Name() as name)):
            return owner, name
        case Call(function=name, arguments=(owner,)):
            return owner, name
    return None, None


def over(
    scope: Scope, relation: Nested, name: str, span: Span, group: object = None
) -> tuple[Loop, Value, Value]:
    """Return a loop over what belongs to an element, its condition, and what it stands for."""
    context = scope.context
    source = context.schema.collections[relation.inverse.source]
    loop = Loop(source, name, group)
    current = Variable(loop, type="particle", span=span)
    condition = _belongs(scope, relation, source, current, span)
    for left in _left(scope, relation, span):
        kept = with_elements(left.condition, {left.loop: current, left.this: relation.owner})
        condition = Logic("and", (condition, kept), type="bool", span=span)
    if not relation.inverse.via:
        return loop, condition, _number(source, current, span) or current
    return loop, condition, follow(context, current, source.links[relation.inverse.via], span)


def _left(scope: Scope, relation: Nested, span: Span) -> list[Left]:
    """Return what cuts of object blocks have left of a relation."""
    context, owner = scope.context, relation.owner
    here = context.left.get(owner.loop, []) if isinstance(owner, Variable) else []
    before = {left_by(source) for source in sources_of(context, owner)}
    if len(before) > 1:
        message = f"the sources of {context.words(owner.span)} differ in what they leave of it"
        help = "cut in the object that takes the union"
        context.findings.error("E190", message, span, help)
    every = (*next(iter(before), ()), *here)
    return [left for left in every if left.inverse == relation.inverse]


def left_by(collection: Collection) -> tuple[Left, ...]:
    """Return what cuts of a collection and of those behind it leave of what belongs to elements."""
    if not isinstance(collection, ObjectDef):
        return ()
    behind = {left_by(source) for source in collection.sources}
    return (*(next(iter(behind)) if len(behind) == 1 else ()), *collection.left)


def _number(source: CollectionSchema, current: Value, span: Span) -> Value | None:
    """Return the number that an element is, if the collection stores nothing else."""
    if source.attributes.keys() != {""}:
        return None
    return AttributeOf(current, "", type=branch_type(source.attributes[""]), span=span)


def _belongs(
    scope: Scope, relation: Nested, source: CollectionSchema, current: Value, span: Span
) -> Value:
    """Return the condition that an element of the relation's source belongs to the owner."""
    context, inverse = scope.context, relation.inverse
    if inverse.range is None:
        leads = follow(context, current, source.links[inverse.link], span)
        return Operation("same", (leads, relation.owner), type="bool", span=span)
    begin, end = (
        AttributeOf(relation.owner, name, type="int", span=span) for name in inverse.range
    )
    one = Literal_(1, type="int", span=span)
    last = link_to(context, source, Operation("sub", (end, one), type="int", span=span), span)
    first = link_to(context, source, begin, span)
    # Without the comparison a range of nothing would begin at the next element's first.
    some = Operation("lt", (begin, end), type="bool", span=span)
    early = Before(source, current, first, type="bool", span=span)
    late = Before(source, last, current, type="bool", span=span)
    inside = Logic("and", (negated(early), negated(late)), type="bool", span=span)
    return Logic("and", (some, inside), type="bool", span=span)


def each(scope: Scope, relation: Nested, span: Span) -> Value | None:
    """Return the current element of the loop over a relation that is mentioned."""
    binder = scope.binders[-1] if scope.binders else None
    if binder is None or not binder.implicit:
        message = f"{scope.asker}, {relation.name} is a collection"
        help = f"size({relation.name}) is their number, any({relation.name} x, …) asks of each"
        return mistake(scope, "E203", message, span, help)
    for known, found in binder.nested:
        if known == relation:
            return found
    found = bind(scope, binder, relation, relation.name, span)
    binder.nested.append((relation, found))
    return found


def bind(
    scope: Scope, binder: Binder, relation: Nested, name: str, span: Span, group: object = None
) -> Value:
    """Add the loop over a relation to a binder; return what its current element is."""
    loop, condition, found = over(scope, relation, name, span, group)
    binder.loops.append(loop)
    binder.where.append(condition)
    return found


def one_of(scope: Scope, relation: Nested, index: int, span: Span) -> Value | None:
    """Return ``this.daughters[1]``, in the order of the input."""
    if index < 0:
        message = f"{relation.name} has no unknowns: {index} is no index"
        return mistake(scope, "E210", message, span, f"{relation.name}[0] is the first")
    loop, condition, found = over(scope, relation, relation.name, span)
    name = f"{relation.name}[{index}]"
    picked = Picked(name, (loop,), (condition,), index=index, limited=True)
    return members_for(found, picked, span)
