"""What the collections of a model say that cannot be: broken relations, names with two meanings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import yaml

from adl.stdlib.models import CollectionSchema, Link, Part, SingletonSchema
from adl.stdlib.models.nodes import mistake_at


def refuse_broken_relations(
    nodes: Mapping[str, yaml.Node], collections: Mapping[str, CollectionSchema]
) -> None:
    """Report links without their column or target, inverses of no link, and taken names."""
    for owner in collections.values():
        node = nodes[owner.name]
        for name, link in owner.links.items():
            if link.attribute not in owner.attributes or link.target not in collections:
                raise mistake_at(
                    node, f"{owner.name}: link {name} needs {' and '.join(_both(link))}"
                )
            target = collections[link.target]
            if isinstance(target, Part):
                message = f"{owner.name}: link {name}: {target.name} is a part of {target.of}"
                raise mistake_at(node, f"{message}, in which positions count")
        for name, inverse in owner.inverses.items():
            source = collections.get(inverse.source)
            if inverse.range is not None:
                links = {"", *source.links} if source is not None else set()
                if inverse.via not in links or not owner.attributes.keys() >= set(inverse.range):
                    via = f"a link {inverse.via} of" if inverse.via else "the collection"
                    needs = f"{' and '.join(inverse.range)}, and {via}"
                    message = f"{owner.name}: {name} needs attributes {needs} {inverse.source}"
                    raise mistake_at(node, message)
                continue
            found = source.links.get(inverse.link) if source else None
            broken = found is None or found.target != owner.name
            if broken or (inverse.via and (source is None or inverse.via not in source.links)):
                message = f"{owner.name}: {name} is the inverse of no link to {owner.name}"
                raise mistake_at(node, message)
        for name in (*owner.links, *owner.inverses):
            if name in owner.attributes or (name in owner.links and name in owner.inverses):
                raise mistake_at(node, f"{owner.name} has two things called {name}")


def _both(link: Link) -> tuple[str, str]:
    return f"an attribute {link.attribute}", f"a collection {link.target}"


def refuse_shared_aliases(
    nodes: Mapping[str, yaml.Node], owners: Iterable[CollectionSchema | SingletonSchema]
) -> None:
    """Report an alias that two collections, or two singletons, have."""
    seen: dict[str, str] = {}
    for owner in owners:
        for alias in owner.aliases:
            first = seen.setdefault(alias, owner.name)
            if first != owner.name:
                raise mistake_at(nodes[owner.name], f"{alias} already is an alias of {first}")
