"""Values that are elements and particles, and what is read of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adl.check.analysis.typed import Typed
from adl.stdlib.models import SingletonSchema

if TYPE_CHECKING:
    from adl.check.analysis.objects import AttributeDef, Collection, CompositeDef, Loop, Picked
    from adl.check.analysis.values import Value


@dataclass(frozen=True)
class Element(Typed):
    """``jets[k]``; index -1 is the last element.

    Where there are not enough it is missing, or (``zero``, in the dialect cutlang) a four-vector of
    zeros whose attributes are 0.
    """

    collection: Collection
    index: int
    zero: bool = False


@dataclass(frozen=True)
class Variable(Typed):
    """The current element of a loop."""

    loop: Loop


@dataclass(frozen=True)
class Singleton(Typed):
    """An object that every event has once: MET. It has no pz and no mass."""

    schema: SingletonSchema


@dataclass(frozen=True)
class Sum(Typed):
    """A sum of particles, each with its sign: four-vectors; charge and pdgId are plain sums."""

    items: tuple[tuple[int, Value], ...]


@dataclass(frozen=True)
class Tuple(Sum):
    """Several elements under names; as a particle their sum, or a composite's one candidate."""

    parts: tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Member(Typed):
    """The element that a picked tuple has for one of its loops; missing where there is none."""

    picked: Picked
    loop: Loop


@dataclass(frozen=True)
class Linked(Typed):
    """The element at a position of the input collection from which those of ``collection`` come.

    It is missing where the input has no such position, or where it is no element of the collection;
    or then (``zero``, in the dialect cutlang) a four-vector of zeros.
    """

    collection: Collection
    position: Value  # an int
    zero: bool = False


@dataclass(frozen=True)
class Unknown(Typed):
    """``jets[-1]``, for which a search has to find an element; a region's statements have none.

    Of a composite it is the member of one of its ``loop``s.
    """

    collection: Collection | CompositeDef
    index: int
    number: int = 0  # equal indices in one particle are different unknowns
    loop: Loop | None = None


@dataclass(frozen=True)
class Before(Typed):
    """Whether one element of a collection stands before another."""

    collection: Collection
    first: Value
    second: Value


@dataclass(frozen=True)
class Total(Typed):
    """The vector sum of all elements, or tuples: ``add(jets)``, and part of ``-jets``."""

    collection: Collection | CompositeDef


@dataclass(frozen=True)
class AttributeOf(Typed):
    """A stored attribute of an element or a Singleton, by its name in the schema."""

    particle: Value
    attribute: str


@dataclass(frozen=True)
class OwnAttribute(Typed):
    """An attribute that an object block defines, of an element of it; it can be a particle."""

    particle: Value
    definition: AttributeDef


@dataclass(frozen=True)
class BySource(Typed):
    """A number of an element of a union, ``this``: that of the first source which has the element.

    Each source has a loop over it, and the number in terms of its current element.
    """

    this: Loop
    values: tuple[tuple[Loop, Value], ...]
