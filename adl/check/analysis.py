"""A checked analysis: names resolved, types known, loops explicit. What lowering starts from.

Nothing here can be wrong any more: each value has its type, each implicit loop is a ``Loop`` that
some ``Reduction``, fill or object binds, and a region's statements include those it inherits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from adl.stdlib.models import Branch, CollectionSchema, Schema, SingletonSchema
from adl.stdlib.registry import Function
from adl.syntax.source import Source, Span
from adl.syntax.tree import UniformBins, VariableBins

Type = Literal["bool", "int", "real", "particle"]
Dialect = Literal["adl", "cutlang"]
AskedDialect = Literal["auto", "adl", "cutlang"]

# ---------------------------------------------------------------------------- collections


@dataclass(frozen=True, eq=False)
class ObjectDef:
    """An object block: elements of the sources that pass every cut.

    A union has its elements in descending pt, those of several sources or of one.
    """

    name: str
    sources: tuple[Collection, ...]
    this: Loop
    cuts: tuple[Value, ...]  # bool, true for an element to keep; a reject is already negated
    span: Span
    union: bool = False


Collection = CollectionSchema | ObjectDef


@dataclass(frozen=True, eq=False)
class Loop:
    """One pass over the elements of a collection; ``Variable(loop)`` is the current element.

    The collection of an object block's own ``this`` is None: it is the object's sources.
    """

    collection: Collection | None
    name: str


# --------------------------------------------------------------------------------- values


@dataclass(frozen=True, kw_only=True)
class Typed:
    """Any value, and where it was written."""

    type: Type
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Literal_(Typed):
    """A number or truth value; a ``datum`` was written by the user as a threshold or factor."""

    value: bool | int | float
    datum: bool = False


@dataclass(frozen=True)
class EventValue(Typed):
    """A number of the event."""

    branch: Branch


@dataclass(frozen=True)
class Element(Typed):
    """``jets[k]``: missing where there are not enough."""

    collection: Collection
    index: int


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
class AttributeOf(Typed):
    """A stored attribute of an Element, a Variable or a Singleton, by its name in the schema."""

    particle: Value
    attribute: str


@dataclass(frozen=True)
class Apply(Typed):
    """A function of the library; argument kinds fit its signature (int is made real)."""

    function: Function
    arguments: tuple[Value, ...]


@dataclass(frozen=True)
class Operation(Typed):
    """A primitive of stdlib.ops: arithmetic and comparisons, operands of one kind or promoted.

    ``same`` compares the identity of two particles; ``div`` always is real.
    """

    name: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True)
class Power(Typed):
    """An integer power, by multiplication."""

    base: Value
    exponent: int


@dataclass(frozen=True)
class Logic(Typed):
    """``and``, ``or`` (two operands) or ``not`` (one)."""

    operator: Literal["and", "or", "not"]
    operands: tuple[Value, ...]


@dataclass(frozen=True)
class Interval(Typed):
    """``x [] lower upper`` or ``x ][ lower upper``."""

    operator: Literal["[]", "]["]
    value: Value
    lower: Value
    upper: Value


@dataclass(frozen=True)
class Choice(Typed):
    """``c ? a : b``."""

    condition: Value
    then: Value
    otherwise: Value


@dataclass(frozen=True)
class Reduction(Typed):
    """``sum prod count min max any all`` over tuples of elements for which every ``where`` holds.

    ``count`` has a bool value and counts the tuples where it is true.
    """

    operation: str
    loops: tuple[Loop, ...]
    value: Value
    where: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Extremum(Typed):
    """``min(a, b, ...)`` or ``max(a, b, ...)`` of numbers; missing ones are skipped."""

    operation: Literal["min", "max"]
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Size(Typed):
    """The number of elements."""

    collection: Collection


@dataclass(frozen=True)
class Default(Typed):
    """``default(x, v)``: v where x is missing."""

    value: Value
    otherwise: Value


@dataclass(frozen=True, eq=False)
class DefineDef:
    """A define: a named value, one for all its uses."""

    name: str
    value: Value
    span: Span


@dataclass(frozen=True)
class DefineRef(Typed):
    """A use of a define."""

    define: DefineDef


@dataclass(frozen=True)
class RegionRef(Typed):
    """``select P`` of a region P: its decision, without its weights."""

    region: RegionDef


Value = (
    Literal_
    | EventValue
    | Element
    | Variable
    | Singleton
    | Sum
    | AttributeOf
    | Apply
    | Operation
    | Power
    | Logic
    | Interval
    | Choice
    | Reduction
    | Extremum
    | Size
    | Default
    | DefineRef
    | RegionRef
)

# ------------------------------------------------------------------------------- regions


@dataclass(frozen=True, eq=False)
class Cut:
    """A select or reject: the condition to pass (a reject is already negated)."""

    label: str
    condition: Value
    span: Span


@dataclass(frozen=True, eq=False)
class WeightBy:
    """A weight from here on."""

    label: str
    value: Value
    span: Span


@dataclass(frozen=True, eq=False)
class Histogram:
    """A histogram filled where it stands, once an event or once a tuple of ``loops``.

    ``fills`` has one tuple of values (one an axis) for each fill of an event.
    """

    name: str
    title: str
    axes: tuple[UniformBins | VariableBins, ...]
    loops: tuple[Loop, ...]
    fills: tuple[tuple[Value, ...], ...]
    span: Span
    where: tuple[Value, ...] = ()  # what tuples of ``loops`` must fulfil


@dataclass(frozen=True, eq=False)
class BinDef:
    """A bin: counted after every statement; the first that is true gets the event."""

    label: str
    condition: Value
    span: Span


RegionStatement = Cut | WeightBy | Histogram


@dataclass(frozen=True, eq=False)
class RegionDef:
    """A region: all statements in their order, inherited ones included, then the bins."""

    name: str
    statements: tuple[RegionStatement, ...]
    bins: tuple[BinDef, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Analysis:
    """A whole checked analysis against one schema."""

    source: Source
    name: str
    dialect: Dialect
    schema: Schema
    regions: tuple[RegionDef, ...]
