"""Objects and composites: which elements, and which tuples of them, a name stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from adl.stdlib.models import CollectionSchema, Formula, Inverse
from adl.syntax.source import Span

if TYPE_CHECKING:
    from adl.check.analysis.operations import Apply
    from adl.check.analysis.particles import Tuple
    from adl.check.analysis.regions import Histogram, Rows
    from adl.check.analysis.values import Value


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
