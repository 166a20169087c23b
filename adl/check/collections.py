"""Collections: where their elements come from and which attributes they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adl.check.analysis import Collection, Corrected, ObjectDef, Value
from adl.stdlib.models import CollectionSchema

# Follow from pt, whatever an input stores of them.
FROM_PT = frozenset(("px", "py", "pz", "p", "e", "energy", "et", "mt", "rapidity"))


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


def parts(collection: Collection) -> list[CollectionSchema]:
    """Return the inputs that a collection's elements come from, in their order, as it has them."""
    if isinstance(collection, CollectionSchema):
        return [collection]
    if collection.corrected:
        return list(collection.corrected)
    every = [p for s in collection.sources for p in parts(s)]
    return list(dict.fromkeys(every)) if collection.union else every


def origin(part: CollectionSchema) -> CollectionSchema:
    """Return the input that a part is, whatever has corrected it."""
    while isinstance(part, Corrected):
        part = part.origin
    return part


def is_corrected(collection: Collection, attribute: str) -> bool:
    """Whether an attribute of a collection's elements is not the stored one."""
    return any(
        isinstance(part, Corrected) and _changes(part, attribute) for part in parts(collection)
    )


def _changes(part: Corrected, attribute: str) -> bool:
    own = attribute in part.values
    return own or (isinstance(part.origin, Corrected) and _changes(part.origin, attribute))


def stages(block: ObjectDef) -> Iterator[ObjectDef]:
    """Yield what an object block says before each of its corrections, and after the last.

    A select that makes another collection of the elements parts it, too.
    """
    for stage in of_one_collection(block):
        if stage.before is not None:
            yield from stages(stage.before)
        yield stage


def of_one_collection(block: ObjectDef) -> tuple[ObjectDef, ...]:
    """Return what an object block says of the same elements, parted by its corrections."""
    match block.sources:
        case (ObjectDef(corrected=[_, *_], sources=(ObjectDef(name=block.name) as before,)),):
            return (*of_one_collection(before), block)
    return (block,)


def block_values(block: ObjectDef) -> Iterator[Value]:
    """Yield the conditions, corrections and attributes of an object block."""
    for stage in stages(block):
        yield from (v for s in stage.sources for v in _corrections(s))
        yield from stage.cuts
    yield from (attribute.value for attribute in block.attributes.values())


def _corrections(source: Collection) -> Iterator[Value]:
    if isinstance(source, ObjectDef) and source.corrected:
        yield from source.corrected[0].values.values()
