"""Object models: which columns make a collection, and by what names ADL knows them.

A model only names things. With a file's branches the collections, attributes and types are those
of that very file; the model adds aliases and the order of elements that the format guarantees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

# Attributes that every model has; a model's own ``attribute_aliases`` add to these. No bTag here:
# a file has several taggers, and the name alone must not choose one.
ATTRIBUTE_ALIASES: Mapping[str, tuple[str, ...]] = {
    "pt": ("pT", "Pt", "PT"),
    "eta": ("Eta", "ETA"),
    "phi": ("Phi", "PHI"),
    "mass": ("m", "M", "Mass"),
    "charge": ("q", "Q", "Charge"),
    "pdgId": ("pdgID", "PDGID", "PdgId"),
}
_FOLDER = Path(__file__).parent


class ModelError(Exception):
    """An object model that does not exist or cannot be read."""


# ------------------------------------------------------------------------------- schemas


@dataclass(frozen=True)
class Branch:
    """An input column: of the event, or with a ``counter``, of the elements that this counts."""

    name: str
    dtype: str  # numpy's name: "float32", "bool"
    counter: str | None


@dataclass(frozen=True, eq=False)
class CollectionSchema:
    """A list of elements. The attribute "" is the column that has the collection's own name.

    Elements are stored in descending order of the attribute ``ordered``, where that is promised.
    """

    name: str
    aliases: tuple[str, ...]
    attributes: Mapping[str, Branch]
    counter: Branch | None
    ordered: str | None


@dataclass(frozen=True, eq=False)
class SingletonSchema:
    """An object that each event has once: MET."""

    name: str
    aliases: tuple[str, ...]
    attributes: Mapping[str, Branch]


@dataclass(frozen=True, eq=False)
class Schema:
    """Every name that an input offers.

    ``scalars`` are all columns of the event, a singleton's and the counters included, under their
    full names. A ``complete`` schema was made from a file: what is not in it does not exist.
    """

    model: str
    collections: Mapping[str, CollectionSchema]
    singletons: Mapping[str, SingletonSchema]
    scalars: Mapping[str, Branch]
    attribute_aliases: Mapping[str, str]  # "pT" -> "pt"
    complete: bool
    scalar_aliases: Mapping[str, str] = field(default_factory=dict)  # "eventno" -> "event"


@dataclass(frozen=True, eq=False)
class Model:
    """An input format, and the schema of the columns that its YAML file lists."""

    name: str
    listed: Schema

    def schema(self, branches: Mapping[str, Branch] | None = None) -> Schema:
        """Return the schema of a file with these branches; without any, of what is listed."""
        return self.listed if branches is None else _of_file(self.listed, branches)


def _of_file(listed: Schema, branches: Mapping[str, Branch]) -> Schema:
    columns: dict[str, list[Branch]] = {}
    for branch in _jagged(branches):
        columns.setdefault(branch.counter or branch.name, []).append(branch)
    scalars = {branch.name: branch for branch in branches.values() if branch.counter is None}
    collections = [
        _collection(listed, _collection_name(counter, columns), members, scalars.get(counter))
        for counter, members in columns.items()
    ]
    singletons = [
        SingletonSchema(known.name, known.aliases, attributes)
        for known in listed.singletons.values()
        if (attributes := _attributes(known.name, _prefixed(known.name, scalars.values())))
    ]
    return Schema(
        model=listed.model,
        collections={c.name: c for c in collections},
        singletons={s.name: s for s in singletons},
        scalars=scalars,
        attribute_aliases=listed.attribute_aliases,
        complete=True,
        scalar_aliases=listed.scalar_aliases,
    )


def _jagged(branches: Mapping[str, Branch]) -> list[Branch]:
    """Return the columns over elements, all those of a collection with its one counter.

    Skims made with uproot have a counter for each column (nJet_pt for Jet_pt) beside nJet, and a
    std::vector counts itself; such a column goes to the collection that its name begins with.
    """
    jagged = [b for b in branches.values() if b.counter is not None]
    own = {b.counter for b in jagged if b.counter in (b.name, f"n{b.name}")}
    shared = {b.name for b in branches.values() if b.counter is None and "int" in b.dtype} - own
    return [
        replace(b, counter=_shared_counter(b.name, shared) or b.counter) if b.counter in own else b
        for b in jagged
    ]


def _shared_counter(branch: str, counters: set[str]) -> str | None:
    owner = branch.rpartition("_")[0]
    while owner and f"n{owner}" not in counters:
        owner = owner.rpartition("_")[0]
    return f"n{owner}" if owner else None


def _collection_name(counter: str, columns: Mapping[str, list[Branch]]) -> str:
    name = counter.removeprefix("n")
    counts_itself = any(b.name == counter for b in columns[counter])
    # A file may have the counters nJet and Jet; these are two collections.
    return counter if counts_itself or name in columns else name


def _collection(
    listed: Schema, name: str, members: Iterable[Branch], counter: Branch | None
) -> CollectionSchema:
    known = listed.collections.get(name)
    attributes = _attributes(name, members)
    if known is None:
        return CollectionSchema(name, (), attributes, counter, None)
    ordered = known.ordered if known.ordered in attributes else None
    return CollectionSchema(name, known.aliases, attributes, counter, ordered)


def _attributes(owner: str, branches: Iterable[Branch]) -> dict[str, Branch]:
    """Key branches by what follows the owner's name; one that does not start with it by its own."""
    return {"" if b.name == owner else b.name.removeprefix(f"{owner}_"): b for b in branches}


def _prefixed(owner: str, branches: Iterable[Branch]) -> list[Branch]:
    return [b for b in branches if b.name.startswith(f"{owner}_")]


# ------------------------------------------------------------------------------- look-up


@dataclass(frozen=True)
class Match(Generic[T]):
    """What a name stands for; not ``exact`` when only a case-insensitive search found it."""

    name: str  # the canonical one
    item: T
    exact: bool


def find_collection(schema: Schema, name: str) -> Match[CollectionSchema] | None:
    """Return the collection of this name or alias, else a unique case-insensitive match."""
    return _find(schema.collections, _aliases_of(schema.collections.values()), name)


def find_singleton(schema: Schema, name: str) -> Match[SingletonSchema] | None:
    """Return the singleton of this name or alias, else a unique case-insensitive match."""
    return _find(schema.singletons, _aliases_of(schema.singletons.values()), name)


def find_scalar(schema: Schema, name: str) -> Match[Branch] | None:
    """Return the column of the event of this full name or alias, else a unique other case."""
    return _find(schema.scalars, schema.scalar_aliases, name)


def find_attribute(
    schema: Schema, owner: CollectionSchema | SingletonSchema, name: str
) -> Match[Branch] | None:
    """Return the attribute of this name or alias, else a unique case-insensitive match."""
    return _find(owner.attributes, schema.attribute_aliases, name)


def _aliases_of(owners: Iterable[CollectionSchema | SingletonSchema]) -> dict[str, str]:
    return {alias: owner.name for owner in owners for alias in owner.aliases}


def _find(items: Mapping[str, T], aliases: Mapping[str, str], name: str) -> Match[T] | None:
    canonical = name if name in items else aliases.get(name, name)
    if canonical in items:
        return Match(canonical, items[canonical], exact=True)
    folded = name.casefold()
    near = {known for known in items if known.casefold() == folded}
    near |= {c for alias, c in aliases.items() if c in items and alias.casefold() == folded}
    if len(near) != 1:
        return None
    (canonical,) = near
    return Match(canonical, items[canonical], exact=False)


# ------------------------------------------------------------------------------- loading


def model_names() -> list[str]:
    """Return the names of the built-in models."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_model(name_or_path: str | Path) -> Model:
    """Read a built-in model by name, or the YAML file at a path; nanoaod.yaml shows the format.

    Raises:
        ModelError: no such model, or a file that breaks the format, with its line.
    """
    from adl.stdlib.models import listing  # here, for its yaml: `adl --version` needs no model

    names = model_names()
    path = Path(name_or_path)
    if name_or_path in names:
        path = _FOLDER / f"{name_or_path}.yaml"
    elif not path.is_file():
        raise ModelError(
            f"unknown object model {str(name_or_path)!r}: "
            f"it is neither {' nor '.join(names)} nor the path of a YAML file"
        )
    return Model(path.stem, listing.read(path))
