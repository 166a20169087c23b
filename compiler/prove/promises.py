"""What an object model promises of its columns, beyond their types.

Only these promises are assumed of the input; a witness keeps them, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from adl.compiler.prove.values import Values, between
from adl.stdlib.models import Branch, CollectionSchema, Formula, Schema

# What a stored azimuth cannot exceed, rounding to single precision included.
MOST_PHI = 3.1416


@dataclass(frozen=True)
class Promises:
    """``columns``: in which set the numbers of a column lie; ``ordered``: collection -> column."""

    columns: Mapping[str, Values] = field(default_factory=dict)
    ordered: Mapping[str, str] = field(default_factory=dict)
    dtypes: Mapping[str, str] = field(default_factory=dict)  # of the columns in ``ordered``
    single: frozenset[str] = frozenset()  # collections with one element in each event
    counters: Mapping[str, str] = field(default_factory=dict)  # column -> what it counts


def promises_of(*schemas: Schema) -> Promises:
    """Return what the models promise that analyses are checked against."""
    columns: dict[str, Values] = {}
    ordered: dict[str, str] = {}
    dtypes: dict[str, str] = {}
    counters: dict[str, str] = {}
    single: set[str] = set()
    for schema in schemas:
        for collection in _collections(schema):
            columns |= dict(_of_attributes(collection.attributes, collection.probabilities))
            if collection.counter is not None:
                counters[collection.counter.name] = collection.name
            by = collection.attributes.get(collection.ordered or "")
            if by is not None and not isinstance(by, Formula):
                ordered[collection.name], dtypes[by.name] = by.name, by.dtype
        for singleton in schema.singletons.values():
            columns |= dict(_of_attributes(singleton.attributes, ()))
            single |= {singleton.element.name} if singleton.element is not None else set()
    return Promises(columns, ordered, dtypes, frozenset(single), counters)


def _collections(schema: Schema) -> Iterator[CollectionSchema]:
    yield from schema.collections.values()
    yield from (s.element for s in schema.singletons.values() if s.element is not None)


def _of_attributes(
    attributes: Mapping[str, Branch], probabilities: Iterable[str]
) -> Iterator[tuple[str, Values]]:
    """Yield the columns of some attributes of which something is promised."""
    of_name = {
        "pt": between("real", 0.0, math.inf, True),  # a magnitude
        "phi": between("real", -MOST_PHI, MOST_PHI, True),
        **{name: between("real", -math.inf, 1.0, True) for name in probabilities},
    }
    for name, values in of_name.items():
        branch = attributes.get(name)
        if branch is not None and not isinstance(branch, Formula) and "float" in branch.dtype:
            yield branch.name, values
