"""Collections: where their elements come from and which attributes they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adl.check.analysis import Collection, ObjectDef
from adl.stdlib.models import CollectionSchema


def same_collection(a: Collection, b: Collection) -> bool:
    """Whether two collections are one: objects by identity, input collections by name."""
    if isinstance(a, ObjectDef) or isinstance(b, ObjectDef):
        return a is b
    return a.name == b.name


def inputs(collections: Iterable[Collection]) -> tuple[CollectionSchema, ...]:
    """Return the input collections from which the elements come, each once."""
    found = {c.name: c for c in _ancestors(collections) if isinstance(c, CollectionSchema)}
    return tuple(found.values())


def _ancestors(collections: Iterable[Collection]) -> Iterator[Collection]:
    """Yield collections and all from which they come, sources after their users, each once."""
    seen: set[Collection] = set()
    todo = list(collections)[::-1]
    while todo:
        collection = todo.pop()
        if collection in seen:
            continue
        seen.add(collection)
        yield collection
        if isinstance(collection, ObjectDef):
            todo += collection.sources[::-1]


def lineage(collection: Collection) -> Iterator[Collection]:
    """Yield the collection and those that it filters, up to an input or a union.

    Each is at least as long as the one before.
    """
    yield collection
    if isinstance(collection, ObjectDef) and len(collection.sources) == 1:
        yield from lineage(collection.sources[0])


def descends(collections: Iterable[Collection], ancestor: Collection) -> bool:
    """Whether elements of some of the collections are elements of ``ancestor``."""
    return any(same_collection(c, ancestor) for c in _ancestors(collections))


def share_input(left: Iterable[Collection], right: Iterable[Collection]) -> bool:
    """Whether an element of one side can be the same physical object as one of the other."""
    names = {schema.name for schema in inputs(left)}
    return any(schema.name in names for schema in inputs(right))
