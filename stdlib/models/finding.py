"""What a name means in a schema: its own name, an alias, or one like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from adl.stdlib.models import Branch, CollectionSchema, Schema, SingletonSchema

T = TypeVar("T")

_NAMES = 1 << 12  # of an analysis, and of which it is remembered what they are in a schema


@dataclass(frozen=True)
class Match(Generic[T]):
    """What a name stands for; not ``exact`` when only a case-insensitive search found it."""

    name: str  # the canonical one
    item: T
    exact: bool


@lru_cache(_NAMES)
def find_collection(schema: Schema, name: str) -> Match[CollectionSchema] | None:
    """Return the collection of this name or alias, else a unique case-insensitive match."""
    return _find(schema.collections, _aliases_of(schema.collections.values()), name)


@lru_cache(_NAMES)
def find_singleton(schema: Schema, name: str) -> Match[SingletonSchema] | None:
    """Return the singleton of this name or alias, else a unique case-insensitive match."""
    return _find(schema.singletons, _aliases_of(schema.singletons.values()), name)


@lru_cache(_NAMES)
def find_scalar(schema: Schema, name: str) -> Match[Branch] | None:
    """Return the column of the event of this full name or alias, else a unique other case."""
    return _find(schema.scalars, schema.scalar_aliases, name)


def find_attribute(
    schema: Schema, owner: CollectionSchema | SingletonSchema, name: str
) -> Match[Branch] | None:
    """Return the attribute of this name or alias, else a unique case-insensitive match."""
    return _find(owner.attributes, schema.attribute_aliases, name)


def _aliases_of(owners: Iterable[CollectionSchema | SingletonSchema]) -> dict[str, str]:
    return {alias: owner.name for owner in owners for alias in owner.aliases}


def _find(items: Mapping[str, T], aliases: Mapping[str, str], name: str) -> Match[T] | None:
    canonical = name if name in items else aliases.get(name, name)
    if canonical in items:
        return Match(canonical, items[canonical], exact=True)
    folded = name.casefold()
    size = len(folded)  # of a name of plain letters, too: few have to be looked at closely
    long = (known for known in items if len(known) == size or not known.isascii())
    near = {known for known in long if known.casefold() == folded}
    near |= {c for alias, c in aliases.items() if c in items and alias.casefold() == folded}
    if len(near) != 1:
        return None
    (canonical,) = near
    return Match(canonical, items[canonical], exact=False)
