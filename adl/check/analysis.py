"""A checked analysis: names resolved, types known, loops explicit. What lowering starts from.

Nothing here can be wrong any more: each value has its type, each implicit loop is a ``Loop`` that
some ``Reduction``, fill or object binds, and a region's statements include those it inherits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from adl.check.published import Published
from adl.check.readings import Reading
from adl.check.variations import Stage, SystematicDef
from adl.stdlib.corrections.files import Correction
from adl.stdlib.models import Branch, CollectionSchema, Formula, Inverse, Schema, SingletonSchema
from adl.stdlib.registry import Function
from adl.syntax.source import Source, Span
from adl.syntax.tree import UniformBins, VariableBins

Type = Literal["bool", "int", "real", "particle", "text", "list"]
Dialect = Literal["adl", "cutlang"]
AskedDialect = Literal["auto", "adl", "cutlang"]

# ---------------------------------------------------------------------------- collections


@dataclass(frozen=True, eq=False)
class Left:
    """A condition for one of what belongs to an element, the constituents of a jet, to be left.

    ``condition`` is in terms of the element ``this`` and of what belongs to it, in ``loop``.
    """

    inverse: Inverse
    this: Loop
    loop: Loop
    condition: Value


@dataclass(frozen=True, eq=False)
class ObjectDef:
    """An object block: elements of the sources that pass every cut.

    A union has its elements in descending pt, those of several sources or of one. A slice has those
    of its source from place ``ranks[0]`` to before ``ranks[1]`` (None: to the end). ``kept_by`` is
    an algorithm of its source that says which elements it keeps. One with ``corrected`` parts, one
    a part of its one source, has other values of some attributes, and ``by_pt`` it stands in
    descending corrected pt.
    """

    name: str
    sources: tuple[Collection, ...]
    this: Loop
    cuts: tuple[Value, ...]  # bool, true for an element to keep; a reject is already negated
    span: Span
    union: bool = False
    ranks: tuple[int, int | None] | None = None
    attributes: Mapping[str, AttributeDef] = field(default_factory=dict)
    kept_by: Apply | None = None
    # What the elements are sorted by, in terms of ``this``; those without it come last.
    key: Value | None = None
    descending: bool = False
    # Its prints, each with the number of cuts before it: a row an element that passes these.
    rows: tuple[tuple[int, Rows], ...] = ()
    histograms: tuple[tuple[int, Histogram], ...] = ()  # each with how many cuts stand before it
    corrected: tuple[Corrected, ...] = ()
    by_pt: bool = False
    before: ObjectDef | None = None  # what the block says before a select that makes a collection
    left: tuple[Left, ...] = ()  # what cuts have left of what belongs to its elements


@dataclass(frozen=True, eq=False, kw_only=True)
class Corrected(CollectionSchema):
    """Elements of ``origin``, the same physical objects, with other ``values`` of attributes.

    The values are in terms of ``this``, an element of ``source`` as it was before.
    """

    origin: CollectionSchema
    this: Loop
    values: Mapping[str, Value]
    source: Collection
    number: int  # of the part of ``source``


@dataclass(frozen=True, eq=False)
class Produced(CollectionSchema):
    """What an algorithm makes of collections: elements with pt, eta, phi and mass, in its order."""

    call: Apply | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Computed(Formula):
    """A formula of the object model, checked: a value in terms of ``this``, or of the event.

    ``owner`` is the collection of ``this``; of an object of the event the one that stores it as the
    only element of a list.
    """

    value: Value
    this: Loop | None
    owner: CollectionSchema | None = None


@dataclass(frozen=True, eq=False)
class AttributeDef:
    """A define in an object block: a value or a particle of each element, in terms of ``this``.

    ``sources`` are those of ``this``: later corrections of an element do not change the value.
    """

    name: str
    value: Value
    this: Loop
    sources: tuple[Collection, ...] = ()


Collection = CollectionSchema | ObjectDef


@dataclass(frozen=True, eq=False)
class Loop:
    """One pass over the elements of a collection; ``Variable(loop)`` is the current element.

    The collection of an object block's own ``this`` is None: it is the object's sources.
    """

    collection: Collection | None
    name: str
    group: object = None  # loops of one tuple share it: the tuple says which of them may meet


@dataclass(frozen=True, eq=False)
class CompositeDef:
    """A composite block: tuples of elements, one a turn of ``loops``, that fulfil ``where``.

    ``particle`` is the tuple of the present turn; its parts are members, candidates and values.
    """

    name: str
    loops: tuple[Loop, ...]
    where: tuple[Value, ...]
    particle: Tuple
    span: Span
    members: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    source: CompositeDef | None = None  # whose tuples these are some of
    sorts: tuple[SortKey, ...] = ()  # in terms of the loops; the last sort first


class SortKey(NamedTuple):
    """What tuples are sorted by; those without it come last."""

    value: Value
    descending: bool


@dataclass(frozen=True, eq=False)
class Ordered:
    """The tuples of a sorted composite, some loops of a larger tuple or all: their place counts."""

    loops: tuple[Loop, ...]
    where: tuple[Value, ...]
    sorts: tuple[SortKey, ...]  # in terms of the loops; the last sort first


@dataclass(frozen=True, eq=False)
class Picked:
    """One tuple of those that fulfil ``where``: the first for which ``key`` is least.

    Without a key the one at ``index``. Tuples stand in the lexicographic order of their elements'
    indices, those of a sorted composite's tuple in that of its own; those whose key is missing or
    NaN are passed over.
    """

    name: str  # as messages call it
    loops: tuple[Loop, ...]
    where: tuple[Value, ...]
    key: Value | None = None
    index: int = 0
    # The sizes that guarantee that there is one.
    needs: tuple[tuple[Collection | CompositeDef, int], ...] = ()
    limited: bool = False  # no size guarantees that there is one
    ordered: tuple[Ordered, ...] = ()


# --------------------------------------------------------------------------------- values


@dataclass(frozen=True, kw_only=True)
class Typed:
    """Any value, and where it was written."""

    type: Type
    span: Span = field(compare=False)


@dataclass(frozen=True)
class Literal_(Typed):
    """A number or truth value; a ``datum`` was written by the user as a threshold or factor.

    A ``settled`` one is a constant of the dataset, or a condition that such constants decide.
    """

    value: bool | int | float
    datum: bool = False
    settled: bool = False


@dataclass(frozen=True)
class Text_(Typed):
    """A text: it is compared with other texts while an analysis is checked, and then is gone."""

    text: str


@dataclass(frozen=True)
class Open(Typed):
    """A constant of the dataset in a check without one, by its words; a run has none.

    With ``text`` it is the condition that the constant is this text.
    """

    words: str
    text: str | None = None


@dataclass(frozen=True)
class EventValue(Typed):
    """A number of the event."""

    branch: Branch


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


@dataclass(frozen=True)
class Apply(Typed):
    """A function of the library; argument kinds fit its signature (int is made real)."""

    function: Function
    arguments: tuple[Value, ...]


@dataclass(frozen=True)
class Whole(Typed):
    """All elements of a collection, or all tuples as particles, the argument of an algorithm."""

    collection: Collection | CompositeDef


@dataclass(frozen=True)
class Each(Typed):
    """A number of each element of a loop, or of each tuple, that a user's function is given.

    Elements for which it is missing, or for which a ``where`` does not hold, are left out.
    """

    loops: tuple[Loop, ...]
    value: Value
    where: tuple[Value, ...] = ()
    ordered: tuple[Ordered, ...] = ()


# Operations on two elements: whether they are one object, whether they are two.
IDENTITY = frozenset(("same", "differ"))


@dataclass(frozen=True)
class Operation(Typed):
    """A primitive of stdlib.ops: arithmetic and comparisons, operands of one kind or promoted.

    ``same`` and ``differ`` compare the identity of two elements; ``div`` always is real.
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
    """``c ? a : b``, of numbers or of particles."""

    condition: Value
    then: Value
    otherwise: Value


@dataclass(frozen=True)
class Reduction(Typed):
    """``sum prod count min max ave any all`` over tuples for which every ``where`` holds.

    ``count`` has a bool value and counts the tuples where it is true; ``ave`` of none is missing.
    """

    operation: str
    loops: tuple[Loop, ...]
    value: Value
    where: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Extremum(Typed):
    """``min(a, b, ...)`` or ``max(a, b, ...)`` of numbers; missing ones are skipped.

    ``equal_is_zero``: of two equal numbers it is 0, as in the dialect cutlang.
    """

    operation: Literal["min", "max"]
    values: tuple[Value, ...]
    equal_is_zero: bool = False


@dataclass(frozen=True)
class Size(Typed):
    """The number of elements, or of a composite's tuples."""

    collection: Collection | CompositeDef


@dataclass(frozen=True)
class Default(Typed):
    """``default(x, v)``: v where x is missing."""

    value: Value
    otherwise: Value


class TableRow(NamedTuple):
    """A value, its errors (downwards, upwards) where there are any, and a range a variable."""

    value: float
    errors: tuple[float, float] | None
    ranges: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class TableDef:
    """A table; ``closed`` are its ranges with the dialect's ends: lower <= x < upper.

    ``place`` is the file and the line in which it is declared.
    """

    name: str
    variables: int
    rows: tuple[TableRow, ...]
    closed: tuple[tuple[tuple[float, float], ...], ...]
    outside: Literal["", "nearest", "zero"]
    place: tuple[str, int]
    span: Span

    @property
    def hull(self) -> tuple[tuple[float, float], ...]:
        """The least and the largest edge of each variable."""
        every = zip(*(row.ranges for row in self.rows), strict=True)
        return tuple((min(a for a, _ in own), max(b for _, b in own)) for own in every)


@dataclass(frozen=True)
class TableAt(Typed):
    """``eff(pT(j), abs(eta(j)))``: the value of the row that holds the arguments, all real.

    In no row it is NaN, which is said after the run; ``nearest`` moves the arguments to the table's
    edge first. ``zero`` is 0 instead, and ``counted`` if it is an oddity. ``words`` are the
    arguments as they are written.
    """

    table: TableDef
    arguments: tuple[Value, ...]
    outside: Literal["", "nearest", "zero"]
    counted: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class CorrectionAt(Typed):
    """``correction("file.json.gz", "name", …)``: a number of a correction of correctionlib.

    ``given`` has the texts and whole numbers that are known, each at its input's place, and None
    for every input that is one of ``arguments``, which are int or real as the correction says.
    """

    correction: Correction
    given: tuple[str | int | None, ...]
    arguments: tuple[Value, ...]
    block: str = ""  # the correction block of which variations put a text at ``place``
    place: int = -1


@dataclass(frozen=True)
class List_(Typed):
    """``{ ht, 1.5 pT(jets[0]) }``: numbers in order, for a network."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Network(Typed):
    """``onnx("model.onnx", a, b)``: one number of what a network gives for real inputs.

    ``path`` is the file that was found, ``output`` a place in its flattened first output.
    """

    name: str  # as it was written
    path: str
    inputs: tuple[Value, ...]
    output: int


@dataclass(frozen=True)
class Draw(Typed):
    """A random number of an element, or of the event (None), the same for one name in every use.

    It lies in [0, 1), or is normal: of mean 0 and variance 1.
    """

    particle: Variable | Element | None
    name: str
    event: tuple[EventValue, ...]  # run, block, number: what tells events apart
    distribution: Literal["uniform", "normal"] = "uniform"


@dataclass(frozen=True, eq=False)
class TriggerDef:
    """A trigger block: whether one of its paths fired."""

    name: str
    value: Value
    span: Span


@dataclass(frozen=True, eq=False)
class HistoListDef:
    """A list of histograms that regions use by its name."""

    name: str
    histograms: tuple[Histogram, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class DefineDef:
    """A define: a named value, one for all its uses."""

    name: str
    value: Value
    span: Span
    unknowns: tuple[Unknown, ...] = ()  # each once, those of defines in it, too
    streams: frozenset[str] = frozenset()  # of data, for whose triggers it asks
    veto: DefineDef | None = None  # what it means after not: whether they fired in any stream


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

# ------------------------------------------------------------------------------- regions


@dataclass(frozen=True, eq=False)
class Cut:
    """A select or reject: the condition to pass (a reject is already negated)."""

    label: str
    condition: Value
    span: Span
    streams: frozenset[str] = frozenset()  # of data, in which alone something passes
    only: Value | None = None  # in a check without a dataset: elsewhere all events pass


@dataclass(frozen=True, eq=False)
class WeightBy:
    """A weight from here on."""

    label: str
    value: Value
    span: Span
    name: str = ""  # by which a systematic can replace it
    only: Value | None = None  # in a check without a dataset: elsewhere it is 1


class Run(NamedTuple):
    """What one fill of a histogram runs over: tuples of ``loops`` that fulfil ``where``."""

    loops: tuple[Loop, ...]
    where: tuple[Value, ...] = ()


@dataclass(frozen=True, eq=False)
class Histogram:
    """A histogram filled where it stands, once an event or once a tuple of loops.

    ``fills`` has one tuple of values (one an axis) for each fill of an event, ``runs`` its loops.
    """

    name: str
    title: str
    axes: tuple[UniformBins | VariableBins, ...]
    loops: tuple[Loop, ...]  # of all fills
    fills: tuple[tuple[Value, ...], ...]
    span: Span
    runs: tuple[Run, ...]
    nominal_only: bool = False  # no variation fills it
    only: Value | None = None  # in a check without a dataset: elsewhere it is not filled

    @property
    def where(self) -> tuple[Value, ...]:
        """What the tuples of all fills fulfil."""
        return tuple(condition for run in self.runs for condition in run.where)


@dataclass(frozen=True, eq=False)
class BinDef:
    """A bin: counted after every statement; the first that is true gets the event."""

    label: str
    condition: Value
    span: Span


@dataclass(frozen=True, eq=False)
class RowItem:
    """A column of a print or save, with a list in each row if it has loops; or a text (None).

    The items of one collection share ``loops``.
    """

    name: str  # in a file
    label: str  # as it was written
    value: Value | None
    loops: tuple[Loop, ...] = ()
    where: tuple[Value, ...] = ()  # what tuples of ``loops`` must fulfil
    ordered: tuple[Ordered, ...] = ()
    dtype: str = ""  # numpy's name of the type in a file; the value's own if it is empty


@dataclass(frozen=True, eq=False)
class Rows:
    """A print or save: a row for each event that reaches it; ``whole`` adds every input column.

    ``event`` are the columns that tell events apart, as far as the input has them.
    """

    kind: Literal["print", "save"]
    name: str  # of the file, without its ending
    format: Literal["csv", "root", "parquet"]
    items: tuple[RowItem, ...]
    event: tuple[tuple[str, EventValue], ...]
    whole: bool
    span: Span


RegionStatement = Cut | WeightBy | Histogram | Rows

# An unknown's collection, index and number -> what a search found: one element, or the member of
# each loop of a composite.
Solutions = Mapping[tuple[str, int, int], Mapping[Loop | None, Value]]


@dataclass(frozen=True, eq=False)
class RegionDef:
    """A region: all statements in their order, inherited ones included, then the bins."""

    name: str
    statements: tuple[RegionStatement, ...]
    bins: tuple[BinDef, ...]
    span: Span
    found: Solutions = field(default_factory=dict)
    # The collections that the region has sorted, by the names of the unsorted ones.
    orders: Mapping[str, ObjectDef | CompositeDef] = field(default_factory=dict)
    title: str = ""
    counts: tuple[tuple[Cut | BinDef, Published], ...] = ()


@dataclass(frozen=True, eq=False)
class Analysis:
    """A whole checked analysis against one schema."""

    source: Source
    name: str
    dialect: Dialect
    schema: Schema
    regions: tuple[RegionDef, ...]
    # For who translates a file of the dialect cutlang: every declaration, and what was read there.
    declared: tuple[object, ...] = ()
    readings: tuple[Reading, ...] = ()
    functions: tuple[Function, ...] = ()  # from Python files
    # What systematics change: columns in the written order, and what is computed beside nominal.
    stages: tuple[Stage, ...] = ()
    systematics: tuple[SystematicDef, ...] = ()
    sources: frozenset[str] = frozenset()  # names of systematics, of those for other datasets too
