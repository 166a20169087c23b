"""Object models: which columns make a collection, and by what names ADL knows them.

A model only names things. With a file's branches the collections, attributes and types are those
of that very file; the model adds aliases and the order of elements that the format guarantees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from adl.stdlib.models.choices import Choice, WorkingPoints

if TYPE_CHECKING:
    from adl.stdlib.models.named import Named

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
# Attributes that are no energies in any model.
_WITHOUT_ENERGY = ("eta", "phi", "charge", "pdgId")


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
    per: float = 1.0  # how many of its units are one of ADL's: 1000 for MeV
    unit_said: bool = True  # a model of columns in MeV says of this one whether it is
    matched: str = ""  # of a friend's: the column that says whether it has the event
    inside: str = ""  # of items of lists in lists: the column of these lists
    border: bool = False  # of lists in lists: at which item each begins, or ends


@dataclass(frozen=True)
class Formula(Branch):
    """What a model says in ADL in place of a column; a file has it if it has all that it needs.

    The formula of an element's attribute is in terms of the element's other attributes.
    """

    text: str = ""
    place: str = ""  # of the model's file, with the line


@dataclass(frozen=True)
class Link:
    """An attribute that holds the position of an element of another collection; -1 is none."""

    attribute: str
    target: str  # a collection


@dataclass(frozen=True)
class Inverse:
    """The elements of ``source`` whose link of this name leads to the element.

    With ``via`` they stand for those to which this other link of theirs leads. With ``range``, two
    attributes of the element, they are those at the positions from the first to before the second,
    and ``link`` is empty. Where all that ``source`` stores is numbers, they are these numbers.
    """

    source: str  # a collection
    link: str
    via: str = ""
    range: tuple[str, str] | None = None


@dataclass(frozen=True)
class Storage:
    """How a collection's columns are called and scaled, if not NAME_attribute and as in ADL."""

    prefixes: tuple[str, ...]  # {} in them is the collection's name
    columns: Mapping[str, tuple[str, ...]]  # attribute -> what can follow a prefix in its place
    per: Mapping[str, float]  # pattern of attributes, as *cone* -> Branch.per; the first counts
    suffix: str = ""  # that columns can have, and attributes have not

    def of(self, name: str) -> Storage:
        """Return the storage of the collection of this name."""
        return replace(self, prefixes=tuple(p.replace("{}", name) for p in self.prefixes))

    def column(self, attribute: str, dtype: str, counter: str | None) -> Branch:
        """Return the column of an attribute, by the first of its names."""
        words = self.columns.get(attribute, (f"{attribute}{self.suffix}",))
        name = f"{self.prefixes[0]}{words[0]}"
        return self.in_unit(Branch(name, dtype, counter), attribute)

    def in_unit(self, branch: Branch, attribute: str) -> Branch:
        """Return a column with the unit of an attribute, as far as it is said."""
        if branch.border:
            return branch
        said = any(fnmatchcase(attribute, pattern) for pattern in (*self.per, *_WITHOUT_ENERGY))
        asked = self.converts and branch.dtype.startswith("float")
        return replace(branch, per=self.scale(attribute), unit_said=said or not asked)

    @property
    def converts(self) -> bool:
        """Whether some columns are in another unit than ADL's."""
        return any(per != 1 for per in self.per.values())

    def scale(self, attribute: str) -> float:
        """Return how many of an attribute's units are one of ADL's."""
        return next((per for p, per in self.per.items() if fnmatchcase(attribute, p)), 1.0)

    def prefix(self, column: str) -> str:
        """Return the longest prefix that a column has."""
        return max((p for p in self.prefixes if column.startswith(p)), key=len, default="")

    def attribute(self, column: str) -> str:
        """Return the attribute that a column stores, in letters that a name in ADL can have."""
        rest = column.removeprefix(self.prefix(column))
        known = next((a for a, words in self.columns.items() if rest in words), None)
        if known is None and rest in self.columns:  # the attribute is said to be another column
            return column.replace(".", "_")
        return known or rest.removesuffix(self.suffix).replace(".", "_")


@dataclass(frozen=True, eq=False)
class CollectionSchema:
    """A list of elements. The attribute "" is the column that has the collection's own name.

    Elements are stored in descending order of the attribute ``ordered``, where that is promised.
    ``links`` and ``inverses`` lead from an element to others, by the name of the relation.
    """

    name: str
    aliases: tuple[str, ...]
    attributes: Mapping[str, Branch]
    counter: Branch | None
    ordered: str | None
    links: Mapping[str, Link] = field(default_factory=dict)
    inverses: Mapping[str, Inverse] = field(default_factory=dict)
    # Attributes that lie between 0 and 1, or below where an element has none.
    probabilities: frozenset[str] = frozenset()
    storage: Storage | None = None
    # Links: the attributes of what the first of them leads to, that leads anywhere, are the
    # element's, too.
    through: tuple[str, ...] = ()

    @property
    def counted_by(self) -> str:
        """The column that says how many elements an event has; empty if that is not known."""
        stored = [b.name for b in self.attributes.values() if not isinstance(b, Formula)]
        return self.counter.name if self.counter else next(iter(stored), "")

    @property
    def matched(self) -> str:
        """The column that says whether an event has the collection at all; empty if all do."""
        if self.counter is not None:
            return self.counter.matched
        stored = [b.matched for b in self.attributes.values() if not isinstance(b, Formula)]
        return "" if "" in stored else next(iter(stored), "")


@dataclass(frozen=True, eq=False, kw_only=True)
class Part(CollectionSchema):
    """The elements of another collection for which a condition in ADL is true."""

    of: str
    where: str
    place: str  # of the model's file, with the line


@dataclass(frozen=True, eq=False)
class SingletonSchema:
    """An object that each event has once: MET. It can be stored as the one ``element`` of a list."""

    name: str
    aliases: tuple[str, ...]
    attributes: Mapping[str, Branch]
    storage: Storage | None = None
    element: CollectionSchema | None = None


@dataclass(frozen=True)
class Recognition:
    """What a file of a format has: patterns of names of trees and of columns."""

    trees: tuple[str, ...] = ()  # one of them is the tree
    branches: tuple[str, ...] = ()  # all of them
    some: tuple[str, ...] = ()  # at least one of them
    none: tuple[str, ...] = ()


@dataclass(frozen=True)
class Version:
    """A version of a format, known by columns that it has; what it calls differently."""

    name: str
    branches: tuple[str, ...]
    replaces: Mapping[str, str] = field(default_factory=dict)  # a former name -> that of now


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
    choices: tuple[Choice, ...] = ()  # names that a file has several columns for
    working_points: WorkingPoints = field(default_factory=dict)
    simulation: tuple[str, ...] = ()  # columns that only simulation has
    generated: bool = False  # the file has one of them
    storage: Storage | None = None  # of collections without one of their own
    formulas: Mapping[str, Formula] = field(default_factory=dict)  # attributes of any collection
    weights: tuple[str, ...] = ()  # columns of the event that weight it
    counters: tuple[str, ...] = ()  # TREE.COLUMN: sums of the weights of all generated events
    counted: Mapping[str, str] = field(default_factory=dict)  # which entry of a list of them
    # A counter -> columns of several factors of the weight -> lists of the weight's sums with each,
    # divided by the counter.
    counted_each: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    triggers: tuple[str, ...] = ()  # patterns of columns that say what fired
    absent: Mapping[str, str] = field(default_factory=dict)  # what the format lacks -> a way out
    version: str = ""  # of the format, as far as a file shows it
    replaces: Mapping[str, str] = field(default_factory=dict)  # what this version calls otherwise
    # What files of the format can have and this one has not: a name or alias -> the name.
    lacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Model:
    """An input format, and the schema of the columns that its YAML file lists."""

    name: str
    listed: Schema
    recognition: Recognition | None = None
    versions: tuple[Version, ...] = ()
    extends: tuple[str, ...] = ()  # the names of the models on which it builds
    named: tuple[Named, ...] = ()  # the columns that a user's own file names

    def schema(self, branches: Mapping[str, Branch] | None = None) -> Schema:
        """Return the schema of a file with these branches; without any, of what is listed."""
        from adl.stdlib.models.grouping import of_file, with_lent  # here: it needs these classes

        if branches is None:
            listed = self.listed.collections
            whole = {name: with_lent(c, listed) for name, c in listed.items()}
            return replace(self.listed, collections=whole)
        schema, found = of_file(self.listed, branches), self.version(branches)
        if found is None:
            return schema
        return replace(schema, version=found.name, replaces=found.replaces)

    def version(self, branches: Iterable[str]) -> Version | None:
        """Return the first version that has all of its columns."""
        names = set(branches)
        return next((v for v in self.versions if names.issuperset(v.branches)), None)


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

    return listing.read(model_path(name_or_path))


def model_path(name_or_path: str | Path) -> Path:
    """Return the file of a built-in model, or that at a path.

    Raises:
        ModelError: there is no such model.
    """
    names = model_names()
    path = Path(name_or_path)
    if name_or_path in names:
        path = _FOLDER / f"{name_or_path}.yaml"
    elif not path.is_file():
        near = get_close_matches(str(name_or_path).lower(), names, n=1)
        help = f"\n  help: did you mean {near[0]}?" if near else ""
        raise ModelError(
            f"unknown object model {str(name_or_path)!r}: "
            f"it is neither {', '.join(names[:-1])} nor {names[-1]}, nor the path of a YAML file{help}"
        )
    return path
