"""Replicas: variations whose factor is a number of a column with several of them, LHEPdfWeight[12]."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from adl.check.analysis import AttributeOf, Element, Operation, Value
from adl.check.variations import SystematicDef, Variation
from adl.stdlib.models import CollectionSchema


class Replica(NamedTuple):
    """Number ``place`` of the column, which an event has if it has more than so many."""

    systematic: SystematicDef
    variation: Variation
    column: str
    place: int


def replica_of(variation: Variation) -> tuple[str, int] | None:
    """Return the column and the place of the number that is a variation's factor, if it is one.

    Of ``LHEPdfWeight[12]`` they are LHEPdfWeight and 12.
    """
    value: Value | None = variation.factor
    if isinstance(value, Operation) and value.name == "real":
        (value,) = value.arguments
    match value:
        case AttributeOf(
            particle=Element(collection=CollectionSchema(attributes=columns), index=place),
            attribute="",
        ) if place >= 0:
            return columns[""].name, place
    return None


def replicas(systematics: Iterable[SystematicDef]) -> Iterator[Replica]:
    """Yield the replicas among the variations of systematics."""
    for systematic in systematics:
        for variation in systematic.variations:
            found = replica_of(variation)
            if found is not None:
                yield Replica(systematic, variation, *found)
