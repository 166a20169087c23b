"""Systematic variations as data: what each one puts in the place of columns, weights, tables.

A ``Stage`` is a line that changes columns, at its place in the written order; a ``Variation`` is
one direction of a systematic, or one replica. What a variation does not touch stays the nominal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from adl.stdlib.models import Branch, CollectionSchema, SingletonSchema
from adl.syntax.source import Span

if TYPE_CHECKING:
    from adl.check.analysis import Loop, Value

Kind = Literal["shape", "weight", "reweight", "table", "correction", "rate", "tree"]
Combine = Literal["", "hessian", "envelope", "rms"]


@dataclass(frozen=True, eq=False)
class NewValue:
    """A column's new value: of the element ``this`` of a collection, or of the event."""

    branch: Branch
    attribute: str
    collection: CollectionSchema | None
    this: Loop | None
    value: Value  # in ADL's units


@dataclass(frozen=True, eq=False)
class Propagation:
    """``propagate MET from Jet pt > 15``: the change of the elements' momenta goes to MET.

    Which elements count is decided with the values before the change.
    """

    met: SingletonSchema
    collection: CollectionSchema
    this: Loop
    where: Value | None
    span: Span


@dataclass(frozen=True, eq=False)
class Stage:
    """One line that changes columns: for everything, or for the variations of these labels."""

    nominal: tuple[NewValue, ...]
    varied: Mapping[str, tuple[NewValue, ...]]
    propagations: tuple[Propagation, ...] = ()


@dataclass(frozen=True, eq=False)
class VariedWeight:
    """What stands in the place of a named weight; ``mirrored``: as far on its other side."""

    value: Value
    mirrored: bool = False


@dataclass(frozen=True)
class OwnTree:
    """The tree in which an input has the events of a variation, and where the analysis says so."""

    name: str
    span: Span


@dataclass(frozen=True, eq=False)
class Variation:
    """One direction of a systematic, or one replica."""

    label: str  # jesUp, pdf_12
    direction: str  # up, down, or the number of a replica
    weights: Mapping[str, VariedWeight] = field(default_factory=dict)  # by the weight's name
    factor: Value | None = None  # multiplies every weight
    mirrored: bool = False  # the factor is 2 - factor
    tables: Mapping[str, int] = field(default_factory=dict)  # name -> +1 for the upper errors
    # The category that each correction block takes in the place of its nominal one.
    categories: Mapping[str, str] = field(default_factory=dict)
    # The nominal analysis over this tree is the variation: nothing is in the program.
    tree: OwnTree | None = None


@dataclass(frozen=True, eq=False)
class SystematicDef:
    """A systematic: its variations, and how results are made of them."""

    name: str
    kind: Kind
    variations: tuple[Variation, ...]
    span: Span
    correlate: str = ""
    combine: Combine = ""
    normalise: bool = False
    # The label of a direction that is not computed: as far from nominal as the other, bin by bin.
    mirror: str = ""
    rate: tuple[float, float] | None = None  # up and down
    family: str = ""  # what its family is called: jes_{s}
