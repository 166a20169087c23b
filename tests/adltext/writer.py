"""The state of one text that is being written: what has been declared, and how choices are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar

T = TypeVar("T")

# One coarse grid of numbers, so that ties and values on an edge are common.
GRID = ("0", "0.1", "0.5", "1", "2", "20", "50", "-0.5", "-1", "-50")
POSITIVE = ("0.1", "0.5", "1", "2", "20", "50")


@dataclass(frozen=True)
class Kind:
    """What particles of a kind can be asked for."""

    name: str
    reals: tuple[str, ...] = ()
    integers: tuple[str, ...] = ()
    truths: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # a link and the input collection that it leads to
    positions: tuple[tuple[str, str], ...] = ()  # a column of positions, and where they count
    many: tuple[tuple[str, str], ...] = ()  # relations with several elements
    lists: tuple[str, ...] = ()  # lists of numbers of each element
    origins: frozenset[str] = frozenset()  # the input collections that it can be an element of
    parts: tuple[tuple[str, Kind], ...] = ()  # members and candidates of a tuple
    momentum: bool = True  # has all of pt, eta, phi and mass
    element: bool = True  # has an identity: no sum, no missing momentum


@dataclass(frozen=True)
class Particle:
    """A particle as it is written."""

    text: str
    kind: Kind
    whole: bool = False  # the name of a collection that the reducer around it loops over


@dataclass(frozen=True)
class Collection:
    """A collection, an object or a composite that can be named."""

    name: str
    kind: Kind
    ancestors: frozenset[str] = frozenset()
    composite: bool = False
    sliced: bool = False  # no index can follow its text


@dataclass(frozen=True)
class Scope:
    """Where a value stands.

    ``particles`` are bound or current elements. ``barred`` collections cannot be looped over, since
    their names mean something else here. ``loops`` counts how deep the loops are.
    """

    particles: tuple[Particle, ...] = ()
    barred: frozenset[str] = frozenset()
    loops: int = 0
    bare: Kind | None = None  # the current element of an object block: its attributes stand bare
    sure: bool = False  # nothing here may be missing
    bound: bool = False  # inside loops that are written out

    def with_(self, *particles: Particle, **changes: object) -> Scope:
        """Return the scope with more particles in it."""
        return replace(self, particles=(*self.particles, *particles), **changes)  # type: ignore[arg-type]


@dataclass
class Writer:
    """Draws choices and remembers declarations."""

    random: Random
    dialect: str
    collections: list[Collection] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)  # defines of the event, by kind
    truths: list[str] = field(default_factory=list)
    candidates: list[Particle] = field(default_factory=list)  # defines of the event
    tables: list[tuple[str, int]] = field(default_factory=list)
    functions: bool = False
    network: str = ""
    triggers: list[str] = field(default_factory=list)
    histo_lists: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    corrections: list[tuple[str, int]] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)  # named ones of regions
    tags: bool = False  # whether `use` says what bTag means
    regions: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    counter: int = 0
    unknown: int = 1  # the next index of a search

    def among(self, *options: T) -> T:
        """Return one of several options."""
        return self.random.choice(options)

    def chance(self, one_in: int) -> bool:
        """Return true once in so many times."""
        return self.random.randrange(one_in) == 0

    def name(self, prefix: str) -> str:
        """Return a name that nothing has."""
        self.counter += 1
        return f"{prefix}{self.counter}"

    def usable(self, scope: Scope, composite: bool = False) -> list[Collection]:
        """Return the collections that can be looped over here."""
        return [
            c for c in self.collections if c.composite == composite and c.name not in scope.barred
        ]
