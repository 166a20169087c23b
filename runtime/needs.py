"""Which columns of a file an analysis reads, and which others a file of only these has to keep.

A file that has just what is read may no longer show what it is: its model, version and whether it
is simulation are seen from columns, and an object needs its momentum to be one. What is kept beside
what is read are these columns, the counters of lists, what tells events apart and their weight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from adl.check import analysis as core
from adl.check.computed import made_of
from adl.check.draws import EVENT_COLUMNS
from adl.check.values import walk
from adl.compiler.ir import Column, Node, both, postorder
from adl.compiler.lower.values import Lowering
from adl.compiler.pipeline import Compiled
from adl.stdlib.models import Branch, CollectionSchema, Formula, Model, Schema, SingletonSchema
from adl.stdlib.models.finding import find_scalar
from adl.syntax.source import Span

MOMENTUM = ("pt", "eta", "phi", "mass")
_NOWHERE = Span(0, 0)


@dataclass(frozen=True)
class Needs:
    """Names of columns: what is ``read``, and what is ``kept``, which has all of the former."""

    read: frozenset[str]
    kept: frozenset[str]

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.read | other.read, self.kept | other.kept)


def needs(
    compiled: Compiled, schema: Schema, model: Model, branches: Mapping[str, Branch]
) -> Needs:
    """Return what an analysis needs of a file, or of the columns that a model lists.

    ``schema`` has its formulas checked; ``branches`` are the columns that there are.
    """
    lengths = dict(_counters(schema))
    read = {c.name for c in compiled.columns}
    in_lists = {c.collection for c in compiled.columns}
    read |= {lengths[c] for c in compiled.collections if c not in in_lists and c in lengths}
    kept = read | _momenta(schema, {*compiled.collections}, read) | _of_events(schema)
    kept |= _telling(model, schema, branches, kept)
    kept |= {c.counter.name for c in _touched(schema, kept) if c.counter is not None}
    return Needs(_with_counters(read, branches), _with_counters(kept, branches))


def varied(analysis: core.Analysis) -> frozenset[str]:
    """Return the columns that systematics name, be they of things that nothing uses."""
    found: set[str] = set()
    for stage in analysis.stages:
        for new in (v for values in (stage.nominal, *stage.varied.values()) for v in values):
            own = {} if new.collection is None else new.collection.attributes
            found |= _stored(new.branch)
            for value in walk(new.value):
                match value:
                    case core.EventValue(branch=branch):
                        found |= _stored(branch)
                    case core.AttributeOf(attribute=name) if name in own:
                        found |= _stored(own[name])
        followed = (p.met.attributes.items() for p in stage.propagations)
        found = found.union(*(_stored(b) for pairs in followed for n, b in pairs if n in MOMENTUM))
    return frozenset(found)


def _stored(branch: Branch) -> frozenset[str]:
    """Return the names of the columns that a branch is or is made of."""
    return frozenset(b.name for b in made_of(branch))


def listed(schema: Schema) -> dict[str, Branch]:
    """Return the columns of a schema, by name."""
    of_elements = (b for c in collections_of(schema) for b in c.attributes.values())
    of_objects = (b for s in schema.singletons.values() for b in s.attributes.values())
    every = (*schema.scalars.values(), *of_elements, *of_objects)
    return {b.name: b for b in every if not isinstance(b, Formula)}


def of_file(name: str, branches: Mapping[str, Branch]) -> tuple[str, ...]:
    """Return the branches of a file from which a column is read: one, or a part of one.

    Of lists in lists there are a column of items and two of borders, of references one for each
    kind of target, which is found by its identities: ``runtime/inputs/lists.py``.
    """
    branch = branches[name]
    if branch.border:
        return (name.removesuffix("_begin").removesuffix("_end"),)
    whole, _, target = name.partition("@")
    if target:
        identities = f"{target}.fUniqueID"
        return (whole.removesuffix("[]"), *([identities] if identities in branches else []))
    return (branch.inside or whole.removesuffix("[]"),)


def collections_of(schema: Schema) -> Iterator[CollectionSchema]:
    """Yield the collections of a schema, those with the one element of a singleton, too."""
    yield from schema.collections.values()
    yield from (s.element for s in schema.singletons.values() if s.element is not None)


def _counters(schema: Schema) -> Iterator[tuple[str, str]]:
    return ((c.name, c.counted_by) for c in collections_of(schema) if c.counted_by)


def _touched(schema: Schema, names: set[str]) -> Iterator[CollectionSchema]:
    for collection in collections_of(schema):
        if any(b.name in names for b in collection.attributes.values()):
            yield collection


def _with_counters(names: Iterable[str], branches: Mapping[str, Branch]) -> frozenset[str]:
    """Return columns, and of lists the columns with their lengths."""
    found = {name for name in names if name in branches}
    counters = {branches[name].counter for name in found}
    return frozenset(found | {c for c in counters if c is not None and c in branches})


# ---------------------------------------------------------------------- what a model computes


def _momenta(schema: Schema, used: set[str], read: set[str]) -> set[str]:
    """Return the columns of the momenta of objects of which something is used."""
    found: set[str] = set()
    for collection in collections_of(schema):
        own = {b.name for b in collection.attributes.values()}
        if collection.name in used or own & read:
            for name in MOMENTUM:
                found |= _of_element(collection, name)
    for single in schema.singletons.values():
        own = {b.name for b in single.attributes.values()}
        if own & read or (single.element and single.element.name in used):
            for name in MOMENTUM:
                found |= _of_singleton(single, name)
    return found


def _of_element(owner: CollectionSchema, attribute: str) -> set[str]:
    if attribute not in owner.attributes:
        return set()
    loop = core.Loop(owner, "this")
    this = core.Variable(loop, type="particle", span=_NOWHERE)
    value = core.AttributeOf(this, attribute, type="real", span=_NOWHERE)
    lowering = Lowering()
    with lowering.loops([loop]) as (_, inside):
        lowered = lowering.value(value)
        return _columns(lowered.value, both(lowered.defined, inside))


def _of_singleton(owner: SingletonSchema, attribute: str) -> set[str]:
    if attribute not in owner.attributes:
        return set()
    whole = core.Singleton(owner, type="particle", span=_NOWHERE)
    return _of_value(core.AttributeOf(whole, attribute, type="real", span=_NOWHERE))


def _of_events(schema: Schema) -> set[str]:
    """Return the columns of an event's numbers and of its weight, as far as there are any."""
    found: set[str] = set()
    for name in (*EVENT_COLUMNS, *schema.weights[:1]):
        match = find_scalar(schema, name)
        if match is not None:
            found |= _of_value(core.EventValue(match.item, type="real", span=_NOWHERE))
    return found


def _of_value(value: core.Value) -> set[str]:
    lowered = Lowering().value(value)
    return _columns(lowered.value, lowered.defined)


def _columns(*roots: Node) -> set[str]:
    return {node.name for node in postorder(roots) if isinstance(node, Column)}


# ------------------------------------------------------------------------- what a file shows


def _telling(
    model: Model, schema: Schema, branches: Mapping[str, Branch], known: set[str]
) -> set[str]:
    """Return the columns from which the model, its version and simulation are seen."""
    wanted = model.recognition
    found: set[str] = set()
    for pattern in wanted.branches if wanted else ():
        found |= _first((pattern,), branches, known)
    found |= _first(wanted.some if wanted else (), branches, known)
    version = model.version(branches)
    found |= set(version.branches) if version else set()
    return found | _first(schema.simulation, branches, known)


def _first(patterns: Iterable[str], branches: Mapping[str, Branch], known: set[str]) -> set[str]:
    """Return one column that a pattern fits, if any does: a known one, else of the first pattern."""
    fits = [b for p in patterns for b in branches if fnmatchcase(b, p)]
    return set(sorted(fits, key=lambda name: name not in known)[:1])
