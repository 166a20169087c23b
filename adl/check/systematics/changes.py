"""What the lines of a systematic change: attributes, with their columns and owners."""

from __future__ import annotations

from collections.abc import Iterator

from adl.check.computed import plain
from adl.check.systematics.draft import Draft
from adl.stdlib.models import Branch, CollectionSchema, SingletonSchema

Owner = CollectionSchema | SingletonSchema | None


def changes(draft: Draft) -> Iterator[tuple[str, Branch, Owner]]:
    """Yield the attributes that a block changes, with their columns and owners."""
    singles = draft.context.schema.singletons.values()
    for new in (v for line in draft.lines for values in line.values() for v in values):
        own = (s for s in singles if any(plain(b) is new.branch for b in s.attributes.values()))
        yield new.attribute, new.branch, new.collection or next(own, None)
    for follows in draft.propagations:
        for name in ("pt", "phi"):
            yield name, plain(follows.met.attributes[name]), follows.met
