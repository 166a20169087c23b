"""W341, W342, W345: a systematic of what nothing uses, and what does not follow one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from adl.check.analysis import (
    AttributeOf,
    CompositeDef,
    Computed,
    EventValue,
    ObjectDef,
    RegionDef,
    Singleton,
    TableAt,
    Typed,
)
from adl.check.collections import inputs
from adl.check.computed import made_of, plain
from adl.check.elements import sources_of
from adl.check.lints.subject import Subject
from adl.check.systematics.changes import changes
from adl.check.systematics.draft import Draft
from adl.check.variations import NewValue
from adl.stdlib.models import Part, SingletonSchema
from adl.stdlib.models.finding import find_collection

_MOMENTUM = frozenset(("pt", "phi"))
# Of which missing momentum is the balance. A wide jet is in it as the jets that it is made of.
_BALANCED = ("Jet", "Electron", "Muon", "Tau", "Photon")


def about_systematics(subject: Subject, drafts: Sequence[Draft]) -> None:
    """Warn of variations that can change nothing, and of missing momentum that is left behind."""
    if not drafts or subject.context.findings.failed:
        return
    used = _Used(subject)
    told: set[object] = set()
    for draft in drafts:
        changed = frozenset((*(new.branch.name for new in _new(draft)), *draft.tables))
        if (draft.member.span, changed) in told:  # once a family of what changes the same
            continue
        told.add((draft.member.span, changed))
        _warn_unused(used, draft)
        _warn_left_behind(used, draft)
        _warn_made_of(used, draft)


class _Used:
    """The inputs that an analysis asks for."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.owners: set[str] = set()
        self.columns: set[str] = set()
        self.tables: set[str] = set()
        self.read: set[str] = set()  # columns, and what the model computes, by themselves
        for definition in subject.definitions:
            if isinstance(definition, RegionDef):
                for order in definition.orders.values():
                    self.add_collection(order)
        for value in subject.values():
            self.add(value)

    def add(self, value: Typed) -> None:
        match value:
            case Singleton(schema=schema):
                self.owners.add(schema.name)
            case EventValue(branch=branch):
                self.columns |= {branch.name, plain(branch).name}
                self.read.add(plain(branch).name)
            case AttributeOf(particle=Singleton(schema=schema), attribute=name):
                self.read.add(plain(schema.attributes[name]).name)
            case AttributeOf(particle=particle, attribute=name):
                sources = inputs(sources_of(self.subject.context, particle))
                self.read |= {
                    plain(c.attributes[name]).name for c in sources if name in c.attributes
                }
            case TableAt(table=table):
                self.tables.add(table.name)
        for name in ("collection", "loop", "loops", "picked", "particle", "define"):
            for found in _collections(getattr(value, name, None)):
                self.add_collection(found)

    def add_collection(self, found: object) -> None:
        if isinstance(found, CompositeDef):
            for loop in found.loops:
                self.add_collection(loop.collection)
        elif found is not None:
            self.owners.update(c.name for c in inputs((found,)))  # type: ignore[arg-type]

    def has(self, new: NewValue) -> bool:
        """Whether the analysis asks for a column's owner, or for the column."""
        if new.collection is not None:
            return new.collection.name in self.owners
        singles = self.subject.context.schema.singletons.values()
        owners = (s.name for s in singles if new.branch in map(plain, s.attributes.values()))
        return new.branch.name in self.columns or any(o in self.owners for o in owners)

    def missing_momenta(self) -> Iterator[SingletonSchema]:
        """Yield those that are used."""
        for single in self.subject.context.schema.singletons.values():
            stored = {plain(b).name for n, b in single.attributes.items() if n in _MOMENTUM}
            whole = single.name in self.owners
            if single.attributes.keys() >= _MOMENTUM and (whole or stored & self.columns):
                yield single


def _collections(found: object) -> Iterable[object]:
    if isinstance(found, tuple):
        return [c for part in found for c in _collections(part)]
    if hasattr(found, "loops") and not isinstance(found, CompositeDef):
        return _collections(found.loops)
    if isinstance(found, CompositeDef | ObjectDef) or hasattr(found, "attributes"):
        return [found]
    return _collections(found.collection) if hasattr(found, "collection") else ()


def _new(draft: Draft) -> list[NewValue]:
    return [v for line in draft.lines for values in line.values() for v in values]


def _warn_unused(used: _Used, draft: Draft) -> None:
    findings = used.subject.context.findings
    new = _new(draft)
    if draft.weights or draft.factors or draft.kind == "rate":
        return
    if any(name in used.tables for name in draft.tables) or any(map(used.has, new)):
        return
    followed = {p.met.name for p in draft.propagations}
    if any(single.name in followed for single in used.missing_momenta()):
        return
    things = dict.fromkeys((*(n.branch.name for n in new), *draft.tables))
    if things:
        message = f"nothing uses {' or '.join(things)}: {draft.member.name} changes nothing"
        findings.warning("W341", message, draft.member.span)


def _warn_left_behind(used: _Used, draft: Draft) -> None:
    schema = used.subject.context.schema
    known = (find_collection(schema, name) for name in _BALANCED)
    items = [found.item for found in known if found is not None]
    balanced = {item.of if isinstance(item, Part) else item.name for item in items}
    new = [n for n in _new(draft) if n.collection and n.collection.name in balanced]
    moved = dict.fromkeys(
        n.collection.name for n in new if n.collection and n.attribute in _MOMENTUM
    )
    changed = {n.branch.name for n in _new(draft) if n.collection is None}
    followed = {p.met.name for p in draft.propagations} | draft.kept
    for single in used.missing_momenta() if moved else ():
        own = {plain(b).name for b in single.attributes.values()}
        if single.name in followed or own & changed:
            continue
        name = next(iter(moved))
        message = f"{draft.member.name} varies {name}, and {single.name} stays as it is"
        help = f"propagate {single.name} from {name} pt > 15, or keep {single.name}"
        if draft.member.clauses[0].word == "auto":  # which has no lines below
            block = f"systematic {draft.member.name}, set pt({name}) up … down …"
            help = f"in a block of its own ({block}): {help}"
        used.subject.context.findings.warning("W342", message, draft.member.span, help)


def _warn_made_of(used: _Used, draft: Draft) -> None:
    """Warn of a change of what the model computes, where the analysis uses what it is made of."""
    left = set(used.read)
    for attribute, branch, owner in changes(draft):
        if not isinstance(branch, Computed) or owner is None:
            continue
        for column in sorted(b.name for b in made_of(branch) if b.name in left):
            left.remove(column)
            message = f"{draft.member.name} changes {attribute}({owner.name}), and {column}, of "
            message += "which it is made, stays as it is"
            help = f"change {column} instead, and what belongs to it: {attribute} follows"
            findings = used.subject.context.findings
            findings.warning("W345", message, draft.member.span, help)
