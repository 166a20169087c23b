"""Any value: an element or a particle, what is computed, looked up or declared."""

from __future__ import annotations

from adl.check.analysis.definitions import DefineRef, RegionRef
from adl.check.analysis.operations import (
    Apply,
    Choice,
    Default,
    Draw,
    Each,
    EventValue,
    Extremum,
    Interval,
    List_,
    Literal_,
    Logic,
    Network,
    Open,
    Operation,
    Power,
    Reduction,
    Size,
    Text_,
    Whole,
)
from adl.check.analysis.particles import (
    AttributeOf,
    Before,
    BySource,
    Element,
    Linked,
    Member,
    OwnAttribute,
    Singleton,
    Sum,
    Total,
    Unknown,
    Variable,
)
from adl.check.analysis.tables import CorrectionAt, TableAt

Value = (
    Literal_
    | Text_
    | Open
    | EventValue
    | Element
    | Variable
    | Singleton
    | Sum
    | Total
    | Member
    | Linked
    | Unknown
    | Before
    | AttributeOf
    | OwnAttribute
    | BySource
    | Apply
    | Whole
    | Each
    | Operation
    | Power
    | Logic
    | Interval
    | Choice
    | Reduction
    | Extremum
    | Size
    | Default
    | TableAt
    | CorrectionAt
    | List_
    | Network
    | Draw
    | DefineRef
    | RegionRef
)
