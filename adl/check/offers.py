"""What an input offers, for help lines about names that it has not."""

from __future__ import annotations

from collections.abc import Sequence

from adl.stdlib.models import CollectionSchema, Schema, SingletonSchema

_FIRST = ("pt", "eta", "phi", "mass")
_MOST = 12  # names that one line tells


def lacking_here(name: str, schema: Schema) -> str:
    """Say that a file lacks what others of its format have; nothing of other names."""
    canonical = schema.lacks.get(name)
    if canonical is None:
        return ""
    also = f", which is {name}" if canonical != name else ""
    return (
        f"this {schema.model} file has no {canonical}{also}: other files of the format can have it"
    )


def collections_offered(schema: Schema) -> str:
    """Say what collections an input has: first those that its model knows, then particles."""
    known = sorted(
        schema.collections.values(), key=lambda c: (not c.aliases, "pt" not in c.attributes)
    )
    names = [c.name for c in known if c.aliases or "pt" in c.attributes or not schema.complete]
    names = (names or [c.name for c in known])[:_MOST]
    what = f"this {schema.model} file has" if schema.complete else f"{schema.model} has"
    return f"{what} {_some_of(names, len(known))}" if names else f"{what} no collection"


def lists_offered(schema: Schema) -> str:
    """Say which columns of an input have several numbers an event."""
    names = [name for name, collection in schema.collections.items() if "" in collection.attributes]
    if not names:
        return f"this {schema.model} file has no column of several numbers an event"
    return f"columns of several numbers an event: {_some_of(names[:_MOST], len(names))}"


def event_weights(schema: Schema) -> list[str]:
    """Return the weights of an event that an input has, as ADL calls them."""
    aliases = {name: alias for alias, name in schema.scalar_aliases.items()}
    return [aliases.get(name, name) for name in schema.weights if name in schema.scalars]


def attributes_offered(owners: Sequence[CollectionSchema | SingletonSchema]) -> str:
    """Say what attributes elements have that are stored in all of these; nothing of none."""
    if not owners:
        return ""
    first, *others = owners
    known = [a for a in first.attributes if a and all(a in o.attributes for o in others)]
    known.sort(key=lambda a: a not in _FIRST)
    named = " and ".join(dict.fromkeys(o.name for o in owners))
    return f"{named} has {_some_of(known[:_MOST], len(known))}" if known else ""


def _some_of(names: Sequence[str], every: int) -> str:
    """Return names with how many more there are.

    >>> _some_of(["pt", "eta"], 5)
    'pt, eta and 3 more (adl inspect)'
    """
    more = every - len(names)
    return f"{', '.join(names)} and {more} more (adl inspect)" if more > 0 else ", ".join(names)
