"""What a file offers an analysis, as data: the same for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any

from adl.check.analysis import Computed
from adl.check.checker import computed
from adl.check.offers import event_weights
from adl.check.systematics.suffixes import offered
from adl.runtime.inputs.facts import facts
from adl.runtime.inputs.trees import Input
from adl.runtime.recognise import model_for, unfit
from adl.runtime.skims.later import record_of
from adl.stdlib.models import Branch, CollectionSchema, Model, Part, Schema, SingletonSchema

_UNITS = {1000.0: "MeV"}


def inspected(
    source: Input, asked: Model | None, joined: Input | None = None
) -> tuple[dict[str, Any], Schema]:
    """Return what is known of an open file, and its schema, perhaps with its friends.

    Raises:
        ModelError: No model was asked for, and the file fits two equally well.
    """
    found = model_for(source, asked)
    schema, _ = computed(found.model.schema((joined or source).branches()))
    known = facts(source)
    document = {
        "file": source.path,
        "model": found.model.name,
        "version": schema.version,
        "reason": found.reason,
        "tree": source.tree,
        "events": source.entries,
        "bytes": known.size,
        "compression": {k: v for k, v in asdict(known).items() if k != "size"},
        "simulation": schema.generated,
        "collections": {
            c.name: _collection(c, schema)
            for c in schema.collections.values()
            if not _is_of_lists(c)
        },
        "singletons": {s.name: _singleton(s, schema) for s in schema.singletons.values()},
        "columns": {name: _column(b) for name, b in _of_events(schema).items()},
        "counters": sorted(_counters(schema, source.branches()) & _of_events(schema).keys()),
        "triggers": [n for n in schema.scalars if _matches(n, schema.triggers)],
        "weights": event_weights(schema),
        "variations": {
            name: [pair.nominal.branch.name for pair in pairs]
            for name, pairs in sorted(offered(schema).items())
        },
        "unread": sorted(source.unread),
        "skim": record_of(source),
        "lacking": unfit(source, found.model),
    }
    return document, schema


def _collection(collection: CollectionSchema, schema: Schema) -> dict[str, Any]:
    part: dict[str, str] = {}
    if isinstance(collection, Part):
        part = {"of": collection.of, "where": collection.where}
    return {
        **part,
        "aliases": list(collection.aliases),
        "ordered": collection.ordered or "",
        "attributes": _attributes(collection, schema),
        "links": {name: link.target for name, link in collection.links.items()},
        "inverses": {
            name: "numbers" if _is_of_lists(schema.collections[inverse.source]) else inverse.source
            for name, inverse in collection.inverses.items()
        },
    }


def _is_of_lists(collection: CollectionSchema) -> bool:
    """Whether a collection is the numbers of lists that others' elements have."""
    return any(branch.inside and not name for name, branch in collection.attributes.items())


def _singleton(single: SingletonSchema, schema: Schema) -> dict[str, Any]:
    return {"aliases": list(single.aliases), "attributes": _attributes(single, schema)}


def _attributes(owner: CollectionSchema | SingletonSchema, schema: Schema) -> dict[str, Any]:
    aliases: dict[str, list[str]] = {}
    for alias, name in schema.attribute_aliases.items():
        aliases.setdefault(name, []).append(alias)
    return {
        name: {**_column(branch), **({"aliases": aliases[name]} if name in aliases else {})}
        for name, branch in owner.attributes.items()
        if not branch.border
    }


def _column(branch: Branch) -> dict[str, Any]:
    if isinstance(branch, Computed):
        return {"type": branch.dtype, "computed": branch.text}
    unit = _UNITS.get(branch.per)
    return {"type": branch.dtype, "column": branch.name, **({"stored_in": unit} if unit else {})}


def _of_events(schema: Schema) -> Mapping[str, Branch]:
    """Return the columns of the event that are neither a singleton's nor a trigger."""
    own = {b.name for s in schema.singletons.values() for b in s.attributes.values()}
    return {
        name: b
        for name, b in schema.scalars.items()
        if b.name not in own and not _matches(name, schema.triggers)
    }


def _counters(schema: Schema, branches: Mapping[str, Branch]) -> set[str]:
    """Return the columns that only say how many elements lists have, as ADL calls them."""
    counting = {branch.counter for branch in branches.values()}
    return {name for name, branch in schema.scalars.items() if branch.name in counting}


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
