"""Analyses of different object models: what both models have under one name, or alias, is one.

``Jet_pt`` of one format and ``AnalysisJets.pt`` of another, where a ``Jet`` is one of these, are the
pt of a jet, in ADL's units. What only one of the models has stays what it is, and is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adl.compiler.ir import Call, Column, Const, Node
from adl.diff.canonical import Inputs
from adl.diff.sides import Side
from adl.stdlib.models import Branch, CollectionSchema, Schema, SingletonSchema

Owner = CollectionSchema | SingletonSchema


class ByAlias(Inputs):
    """What stands for the columns and collections of a model, compared with another one."""

    def __init__(self, own: Schema, other: Schema) -> None:
        self.called = _called(own, other)
        self.names = _names(own, self.called)
        self._per = {b.name: b.per for b in _branches(own)}

    def column(self, column: Column) -> Any:
        """Return what the models call a column, and its unit where that is not ADL's."""
        name = self.names.get(column.name, column.name)
        per = self._per.get(column.name, 1)
        return name if per == 1 else (name, per)

    def value(self, node: Node) -> tuple[Column, Any] | None:
        """Return a column that is converted to ADL's units, and what stands for that."""
        match node:
            case Call(function="div", arguments=(Column() as column, Const(value=value))):
                if value == self._per.get(column.name, 1):
                    return column, self.names.get(column.name, column.name)
        return None

    def shown(self) -> Mapping[str, str]:
        """Return what both models call collections and columns."""
        return self.called | {column: ".".join(name) for column, name in self.names.items()}

    def collection(self, name: str) -> str:
        """Return what both models call a collection."""
        return self.called.get(name, name)


def unmatched(a: Side, b: Side) -> Iterator[str]:
    """Yield what to know of two analyses of different models."""
    schemas = a.analysis.schema, b.analysis.schema
    yield (
        f"{a.source.name} is for the model {schemas[0].model}, {b.source.name} for "
        f"{schemas[1].model}: quantities are one where both models call them the same"
    )
    for side, own, other in ((a, *schemas), (b, *schemas[::-1])):
        names, said = _names(own, _called(own, other)), _names(own, {}, str)
        known = set(_names(other, _called(other, own)).values())
        alone = [
            ".".join(filter(None, said[c.name]))
            for c in side.program.columns
            if c.name in names and names[c.name] not in known
        ]
        if alone:
            yield (
                f"{side.source.name} uses what the model {other.model} has not: "
                f"{', '.join(dict.fromkeys(alone))}; nothing there is matched with it"
            )


def _called(own: Schema, other: Schema) -> dict[str, str]:
    """Return what both models call a collection or an object of one of them, by its name there."""
    found = {}
    for kind in ("collections", "singletons"):
        for name, one in getattr(own, kind).items():
            both = [_aliases(one) & _aliases(two) for two in getattr(other, kind).values()]
            shared = max(both, key=len, default=None)
            if shared:
                found[name] = min(shared)
    return found


def _aliases(owner: Owner) -> set[str]:
    return {owner.name, *owner.aliases}


def _names(
    schema: Schema, called: Mapping[str, str], spelt: Callable[[str], str] = str.lower
) -> dict[str, tuple[str, str]]:
    """Return what stands for each column: its collection or object, and its attribute, so spelt."""
    found: dict[str, tuple[str, str]] = {}
    for owner in _owners(schema):
        for attribute, branch in owner.attributes.items():
            found[branch.name] = called.get(owner.name, owner.name), spelt(attribute)
    for name, scalar in schema.scalars.items():
        found.setdefault(scalar.name, ("", spelt(name)))
    return found


def _owners(schema: Schema) -> Iterator[Owner]:
    yield from schema.collections.values()
    yield from schema.singletons.values()


def _branches(schema: Schema) -> Iterator[Branch]:
    for owner in _owners(schema):
        yield from owner.attributes.values()
    yield from schema.scalars.values()
