"""E190: one line changes what the object model computes, another one what it is computed from.

The value behind the first line has no formula any more, so it could not follow the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adl.check.analysis import Computed
from adl.check.computed import made_of, plain
from adl.check.context import Context
from adl.check.systematics.draft import Draft
from adl.stdlib.models import Branch, CollectionSchema, SingletonSchema

Owner = CollectionSchema | SingletonSchema | None


def refuse_both(context: Context, drafts: Sequence[Draft]) -> None:
    """Report attributes that change beside the columns that they are made of."""
    changed = {b.name: draft for draft in drafts for _, b, _ in changes(draft)}
    told: set[Owner] = set()
    for draft in drafts:
        for attribute, branch, owner in changes(draft):
            made = made_of(branch) if isinstance(branch, Computed) else ()
            for inner in sorted(made, key=lambda b: b.name):
                if inner.name not in changed or owner in told:
                    continue
                told.add(owner)
                own = f"{attribute}({owner.name})" if owner is not None else attribute
                other = changed[inner.name].member.name
                message = (
                    f"{draft.member.name} changes {own}, which is computed from {inner.name}; "
                )
                message += f"{other} changes that: both in one analysis is not supported yet"
                help = "let both change the one, or both the other"
                context.findings.error("E190", message, draft.member.span, help)


def changes(draft: Draft) -> Iterator[tuple[str, Branch, Owner]]:
    """Yield the attributes that a block changes, with their columns and owners."""
    singles = draft.context.schema.singletons.values()
    for new in (v for line in draft.lines for values in line.values() for v in values):
        own = (s for s in singles if any(plain(b) is new.branch for b in s.attributes.values()))
        yield new.attribute, new.branch, new.collection or next(own, None)
    for follows in draft.propagations:
        for name in ("pt", "phi"):
            yield name, plain(follows.met.attributes[name]), follows.met
