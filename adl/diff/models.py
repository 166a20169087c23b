"""Analyses of different object models: columns that both models give one name are one.

``Jet_pt`` of one format and ``Jet.PT`` of another are the pt of a Jet. What only one of the models
has stays what it is, and is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adl.compiler.ir import Column
from adl.diff.canonical import Columns
from adl.diff.sides import Side
from adl.stdlib.models import Schema


def by_alias(schema: Schema) -> Columns:
    """Return what stands for a column: what the object model calls it."""
    names = _names(schema)

    def named(column: Column) -> Any:
        return names.get(column.name, column.name)

    return named


def _names(schema: Schema) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for collection in schema.collections.values():
        for attribute, branch in collection.attributes.items():
            found[branch.name] = collection.name, attribute.lower()
    for name, singleton in schema.singletons.items():
        for attribute, branch in singleton.attributes.items():
            found[branch.name] = name, attribute.lower()
    for name, branch in schema.scalars.items():
        found.setdefault(branch.name, ("", name.lower()))
    return found


def unmatched(a: Side, b: Side) -> Iterator[str]:
    """Yield what to know of two analyses of different models."""
    schemas = a.analysis.schema, b.analysis.schema
    yield (
        f"{a.source.name} is for the model {schemas[0].model}, {b.source.name} for "
        f"{schemas[1].model}: quantities are one where both models call them the same"
    )
    for side, own, other in ((a, *schemas), (b, *schemas[::-1])):
        names, known = _names(own), set(_names(other).values())
        alone = [
            ".".join(filter(None, names[c.name]))
            for c in side.program.columns
            if c.name in names and names[c.name] not in known
        ]
        if alone:
            yield (
                f"{side.source.name} uses what the model {other.model} has not: "
                f"{', '.join(dict.fromkeys(alone))}; nothing there is matched with it"
            )
