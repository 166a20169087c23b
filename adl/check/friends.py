"""Values of friends: missing in the events that the friend does not have."""

from __future__ import annotations

from collections.abc import Iterable

from adl.check.analysis import (
    AttributeOf,
    Collection,
    CompositeDef,
    Element,
    EventValue,
    Linked,
    Member,
    Reduction,
    Singleton,
    Size,
    Value,
    Variable,
)
from adl.check.collections import inputs


def friend_of(value: Value) -> str:
    """Return the column that says whether a value itself is there; empty if no friend gives it."""
    match value:
        case EventValue(branch=branch):
            return branch.matched
        case AttributeOf(particle=Singleton(schema=schema), attribute=name):
            return schema.attributes[name].matched
        case AttributeOf(particle=particle, attribute=name):
            owners = inputs(_collections(particle))
            found = [o.attributes[name].matched for o in owners if name in o.attributes]
            return next(filter(None, found), "")
        case Size(collection=CompositeDef(loops=loops)) | Reduction(loops=loops):
            return _lists(loop.collection for loop in loops)
        case Size(collection=collection) if not isinstance(collection, CompositeDef):
            return _lists((collection,))
    return ""


def _collections(particle: Value) -> tuple[Collection, ...]:
    match particle:
        case Element(collection=collection) | Linked(collection=collection):
            return (collection,)
        case Variable(loop=loop) | Member(loop=loop) if loop.collection is not None:
            return (loop.collection,)
    return ()


def _lists(collections: Iterable[Collection | None]) -> str:
    known = (c.matched for c in inputs(c for c in collections if c is not None))
    return next(filter(None, known), "")
