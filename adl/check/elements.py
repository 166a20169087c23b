"""Values that are elements: where they come from, and the relations that lead to others.

An element is one of a collection's, however it was found: by an index, a loop, a search, a link,
or by a choice between two. Sums and missing momentum are particles, but no elements.
"""

from __future__ import annotations

from adl.check.analysis import (
    AttributeOf,
    Choice,
    Collection,
    DefineRef,
    Element,
    Linked,
    Member,
    OwnAttribute,
    Type,
    Unknown,
    Value,
    Variable,
)
from adl.check.collections import inputs
from adl.check.context import Context
from adl.stdlib.models import Branch, CollectionSchema, Link
from adl.syntax.source import Span


def branch_type(branch: Branch) -> Type:
    """Return the type of a column's values."""
    if branch.dtype == "bool":
        return "bool"
    converted = branch.per != 1
    return "real" if branch.dtype.startswith("float") or converted else "int"


def sources_of(context: Context, element: Value) -> tuple[Collection, ...]:
    """Return the collections of which a value is an element; none for other values."""
    match element:
        case Element(collection=collection) | Linked(collection=collection):
            return (collection,)
        case Variable(loop=loop) | Member(loop=loop):
            return context.sources_of(loop)
        case Unknown(loop=loop) if loop is not None:
            return context.sources_of(loop)
        case Unknown(collection=collection):
            # A composite's unknown has a loop.
            return (collection,)  # type: ignore[return-value]
        case OwnAttribute(definition=definition):
            return sources_of(context, definition.value)
        case DefineRef(define=define):
            return sources_of(context, define.value)
        case Choice(then=then, otherwise=otherwise) if is_element(element):
            found = (*sources_of(context, then), *sources_of(context, otherwise))
            return tuple(dict.fromkeys(found))
        case _:
            return ()


def is_element(value: Value) -> bool:
    """Whether a value is a collection's element."""
    match value:
        case Element() | Variable() | Member() | Linked() | Unknown():
            return True
        case OwnAttribute() if value.type == "particle":
            return is_element(value.definition.value)
        case DefineRef() if value.type == "particle":
            return is_element(value.define.value)
        case Choice() if value.type == "particle":
            return is_element(value.then) and is_element(value.otherwise)
        case _:
            return False


def linked_as(context: Context, element: Value, name: str) -> Value | None:
    """Return the element to which a relation of this name leads; None without such a relation.

    Every input from which the element can come has to store it in the same way.
    """
    links = [owner.links.get(name) for owner in inputs(sources_of(context, element))]
    if not links or links[0] is None or any(link != links[0] for link in links):
        return None
    return follow(context, element, links[0], element.span)


def follow(context: Context, element: Value, link: Link, span: Span) -> Value:
    """Return the element to which a link of an element leads."""
    branch = inputs(sources_of(context, element))[0].attributes[link.attribute]
    position = AttributeOf(element, link.attribute, type=branch_type(branch), span=span)
    return link_to(context, context.schema.collections[link.target], position, span)


def link_to(context: Context, collection: Collection, position: Value, span: Span) -> Value:
    """Return the element of a collection that stands at a position of its input."""
    zero = context.dialect == "cutlang"
    return Linked(collection, position, zero, type="particle", span=span)


def declared_link(context: Context, position: Value) -> CollectionSchema | None:
    """Return the collection into which the model says that an attribute points."""
    if not isinstance(position, AttributeOf):
        return None
    owners = inputs(sources_of(context, position.particle))
    targets = {
        link.target
        for owner in owners
        for link in owner.links.values()
        if link.attribute == position.attribute
    }
    return context.schema.collections[targets.pop()] if len(targets) == 1 else None
