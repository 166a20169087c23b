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
    found: dict[str, CollectionSchema] = {}
    for collection in collections:
        if isinstance(collection, ObjectDef):
            found.update((schema.name, schema) for schema in inputs(collection.sources))
        else:
            found[collection.name] = collection
    return tuple(found.values())


def lineage(collection: Collection) -> Iterator[Collection]:
    """Yield the collection and those that it filters, up to an input or a union.

    Each is at least as long as the one before.
    """
    yield collection
    if isinstance(collection, ObjectDef) and len(collection.sources) == 1:
        yield from lineage(collection.sources[0])


def descends(collections: Iterable[Collection], ancestor: Collection) -> bool:
    """Whether elements of some of the collections are elements of ``ancestor``."""
    return any(
        same_collection(c, ancestor) or (isinstance(c, ObjectDef) and descends(c.sources, ancestor))
        for c in collections
    )


def share_input(left: Iterable[Collection], right: Iterable[Collection]) -> bool:
    """Whether an element of one side can be the same physical object as one of the other."""
    names = {schema.name for schema in inputs(left)}
    return any(schema.name in names for schema in inputs(right))
