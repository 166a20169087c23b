"""The IR: a graph of pure, interned values that ends in fills and records.

Equal nodes are the same object, so common subexpressions never exist and equality is ``is``. A
value over the elements of a collection has a free ``Axis``; reducers, picks, stores and fills bind
axes. Free slots are >= 0; a bound slot is -(1 + the highest bound slot in the body, closed parts
left out), so that values equal up to renaming are one node and a substitution cannot capture.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from adl.stdlib import ops
from adl.stdlib.registry import FUNCTIONS, Function

# A second copy of this module would be a second node table.
assert __name__ == "adl.compiler.ir"

Kind = Literal["bool", "int", "real", "pick", "store", "fill", "record"]


class Axis(NamedTuple):
    """A loop over the elements of an event: of one input collection, or of several in a row.

    ``Jet*Muon`` in the place of a collection is as long as there are pairs of their elements.
    """

    source: tuple[str, ...]
    slot: int


_TIMES = "*"


def product(axes: Iterable[Axis]) -> tuple[str, ...]:
    """Return the source of a loop that has a turn for each tuple of elements."""
    return tuple(map(times, itertools.product(*(axis.source for axis in axes))))


def times(names: Iterable[str]) -> str:
    """Return the source whose entries are the tuples of elements of collections."""
    return _TIMES.join(names)


def factors(source: str) -> tuple[str, ...]:
    """Return the collections of whose elements an entry of a source has the tuples."""
    return tuple(source.split(_TIMES))


class Uniform(NamedTuple):
    """``number`` bins of one width over [lower, upper)."""

    number: int
    lower: float
    upper: float


class Variable(NamedTuple):
    """Bins between ascending edges."""

    edges: tuple[float, ...]

    @property
    def number(self) -> int:
        """How many bins, without the flow bins."""
        return len(self.edges) - 1


class Positions(NamedTuple):
    """A bin for each position of an axis with so many elements, without flow bins."""

    number: int


Binning = Uniform | Variable | Positions


def extent(binning: Binning) -> int:
    """Return how many bins there are, flow bins included."""
    return binning.number + (0 if isinstance(binning, Positions) else 2)


_NODES: WeakValueDictionary[Any, Any] = WeakValueDictionary()


class _Interned(type):
    """Makes a call of a node class return the existing equal node."""

    def __call__(cls, *fields: Any) -> Any:
        key = (cls, cls.key(*fields))  # type: ignore[attr-defined]  # every Node class has one
        node = _NODES.get(key)
        if node is None:
            node = super().__call__(*fields)
            _NODES[key] = node
        return node


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Node(metaclass=_Interned):
    """A pure value; ``free`` are its unbound axes, ``height`` the highest slot that users avoid."""

    kind: Kind = field(init=False)
    free: frozenset[Axis] = field(init=False, repr=False)
    height: int = field(init=False, repr=False)
    costly: bool = field(init=False, repr=False)  # a loop or an elementary function is inside

    @staticmethod
    def key(*fields: Any) -> Any:
        """Return what distinguishes this node from others of its class."""
        return fields

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes that this node binds."""
        return ()

    @property
    def children(self) -> tuple[Node, ...]:
        """The operands, in order."""
        return ()

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the same node over other operands (and bound axes), as they are."""
        assert not children
        return self

    def _derive(self, kind: Kind, *, costly: bool = False) -> None:
        children, bound = self.children, self.bound
        free = frozenset[Axis]().union(*(c.free for c in children)) if children else frozenset()
        height = max((c.height for c in children), default=0)
        set_ = object.__setattr__
        set_(self, "kind", kind)
        set_(self, "free", free.difference(bound) if bound else free)
        # Nothing outside can be bound by what occurs in a closed value: it takes no slot from it.
        closed = not self.free
        set_(self, "height", 0 if closed else max([height, *(-axis.slot for axis in bound)]))
        set_(self, "costly", costly or bool(bound) or any(c.costly for c in children))

    # Operators build calls, so that a formula can be traced; == stays identity.
    def build_call(self, function: str, arguments: tuple[Any, ...]) -> Node:
        """Build a call of a primitive or of an elementary function, lifting Python numbers."""
        return call(function, *(lift(a) for a in arguments))

    def __bool__(self) -> bool:
        raise TypeError("a node has no truth value: use ops.where in formulas")

    def __add__(self, other: Node | float) -> Node:
        return call("add", self, lift(other))

    def __radd__(self, other: Node | float) -> Node:
        return call("add", lift(other), self)

    def __sub__(self, other: Node | float) -> Node:
        return call("sub", self, lift(other))

    def __rsub__(self, other: Node | float) -> Node:
        return call("sub", lift(other), self)

    def __mul__(self, other: Node | float) -> Node:
        return call("mul", self, lift(other))

    def __rmul__(self, other: Node | float) -> Node:
        return call("mul", lift(other), self)

    def __neg__(self) -> Node:
        return call("neg", self)

    def __abs__(self) -> Node:
        return call("abs", self)

    def __lt__(self, other: Node | float) -> Node:
        return call("lt", self, lift(other))

    def __le__(self, other: Node | float) -> Node:
        return call("le", self, lift(other))

    def __gt__(self, other: Node | float) -> Node:
        return call("gt", self, lift(other))

    def __ge__(self, other: Node | float) -> Node:
        return call("ge", self, lift(other))


@dataclass(frozen=True, eq=False, slots=True)
class Const(Node):
    """A literal. A ``datum`` is a number that the user wrote: data of the kernel, not code."""

    value: bool | int | float
    datum: bool = False

    @staticmethod
    def key(value: bool | float, datum: bool = False) -> Any:
        """Key by repr: 0.0 == -0.0 and 1 == 1.0 == True, and they are different constants."""
        return type(value), repr(value), datum

    def __post_init__(self) -> None:
        kinds: dict[type, Kind] = {bool: "bool", int: "int", float: "real"}
        self._derive(kinds[type(self.value)])


@dataclass(frozen=True, eq=False, slots=True)
class Index(Node):
    """An element's own position along an axis."""

    axis: Axis

    def __post_init__(self) -> None:
        self._derive("int")
        object.__setattr__(self, "free", frozenset([self.axis]))


@dataclass(frozen=True, eq=False, slots=True)
class Column(Node):
    """An input column, of the event or of the element at a position of a collection.

    At position -1 (no such element) it is NaN, 0 or false, and lowering never lets that count.
    """

    name: str
    dtype: str  # numpy's name of the stored type
    collection: str | None = None
    at: Node | None = None

    @staticmethod
    def key(name: str, dtype: str, collection: str | None = None, at: Node | None = None) -> Any:
        """Key by all fields, left out or not."""
        return name, dtype, collection, at

    @property
    def children(self) -> tuple[Node, ...]:
        """The position."""
        return () if self.at is None else (self.at,)

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the column at another position."""
        return Column(self.name, self.dtype, self.collection, *children)

    def __post_init__(self) -> None:
        first = self.dtype[0]
        self._derive("real" if first == "f" else "bool" if first == "b" else "int")


@dataclass(frozen=True, eq=False, slots=True)
class Call(Node):
    """A primitive operation or an elementary function of values."""

    function: str
    arguments: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The arguments."""
        return self.arguments

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the call of other arguments."""
        return Call(self.function, children)

    def __post_init__(self) -> None:
        kinds = tuple(a.kind for a in self.arguments)
        primitive = self.function in ops.MEANING
        kind = ops.result_kind(self.function, kinds) if primitive else "real"
        self._derive(kind, costly=not primitive)  # type: ignore[arg-type]  # a str that is a Kind


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Table(metaclass=_Interned):
    """Numbers that the user wrote: rows of a value, then lower <= x < upper for each variable.

    They are data of the kernel, not code; equal tables are one object.
    """

    rows: tuple[tuple[float, ...], ...]
    name: str = ""  # while lowering, of one that has variations: another table may have its rows

    @staticmethod
    def key(rows: tuple[tuple[float, ...], ...], name: str = "") -> Any:
        """Key by repr: a value of 0.0 is not one of -0.0."""
        return repr(rows), name

    @property
    def variables(self) -> int:
        """How many numbers a look-up needs."""
        return (len(self.rows[0]) - 1) // 2


@dataclass(frozen=True, eq=False, slots=True)
class Lookup(Node):
    """The value of the first row of a table whose ranges hold the arguments; NaN in no row."""

    table: Table
    arguments: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The arguments."""
        return self.arguments

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the look-up of other arguments."""
        return Lookup(self.table, children)

    def __post_init__(self) -> None:
        self._derive("real", costly=True)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Numbers(metaclass=_Interned):
    """Doubles, one for each leaf of a tree of decisions; equal ones are one object."""

    values: bytes

    @staticmethod
    def key(values: bytes) -> Any:
        """Key by content: 0.0 is not -0.0."""
        return values


class Source(NamedTuple):
    """An input column, wherever it is read."""

    name: str
    dtype: str
    collection: str | None = None


Option = int | float | Source | Table | Numbers


@dataclass(frozen=True, eq=False, slots=True)
class Choice(Node):
    """One of several values that are alike: that at the position ``which``.

    The options are numbers, whole ones or not; or columns, and of a collection's ``arguments`` is
    the position; or tables, and ``arguments`` are what is looked up; or numbers by leaf, and it is
    the leaf.
    """

    which: Node
    options: tuple[Option, ...]
    arguments: tuple[Node, ...]

    @staticmethod
    def key(which: Node, options: tuple[Option, ...], arguments: tuple[Node, ...]) -> Any:
        """Key by repr: 0.0 is not -0.0; equal tables are one object."""
        words = tuple(o if isinstance(o, Table | Numbers) else repr(o) for o in options)
        return which, words, arguments

    @property
    def children(self) -> tuple[Node, ...]:
        """The position, then the arguments."""
        return self.which, *self.arguments

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that it may read."""
        return tuple(self.column(o) for o in self.options if isinstance(o, Source))

    def column(self, option: Source) -> Column:
        """Return an option as a value of its own."""
        return Column(option.name, option.dtype, option.collection, *self.arguments)

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Choose by another position, among values at other arguments."""
        return Choice(children[0], self.options, children[1:])

    def __post_init__(self) -> None:
        first = self.options[0]
        kind: Kind = "int" if isinstance(first, int) else "real"
        kind = self.column(first).kind if isinstance(first, Source) else kind
        self._derive(kind, costly=isinstance(first, Table))


@dataclass(frozen=True, eq=False, slots=True)
class Cell(Node):
    """The number of the bin that values lie in, the first axis fastest; -1 if one is no number."""

    bins: tuple[Binning, ...]
    values: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The values."""
        return self.values

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the bin of other values."""
        return Cell(self.bins, children)

    def __post_init__(self) -> None:
        self._derive("int")


@dataclass(frozen=True, eq=False, slots=True)
class Reduce(Node):
    """``sum prod count min max any all`` of ``value`` over the tuples that pass ``mask``."""

    operation: str
    axes: tuple[Axis, ...]
    value: Node
    mask: Node

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes it runs over."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """Value and mask."""
        return self.value, self.mask

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the reduction of another value under another mask."""
        return Reduce(self.operation, axes or self.axes, *children)

    def __post_init__(self) -> None:
        self._derive(self.value.kind)


@dataclass(frozen=True, eq=False, slots=True)
class Pick(Node):
    """The k-th tuple that passes ``mask``, ascending in ``key`` (NaN last, ties as stored).

    Without a key the order is the stored one. ``Part(pick, i)`` is the position along axis i,
    -1 where there are fewer tuples.
    """

    axes: tuple[Axis, ...]
    mask: Node
    order: Node | None
    k: int

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes it searches."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """Mask and key."""
        return (self.mask,) if self.order is None else (self.mask, self.order)

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the pick under another mask and key."""
        mask, order = children[0], children[1] if len(children) > 1 else None
        return Pick(axes or self.axes, mask, order, self.k)

    def __post_init__(self) -> None:
        self._derive("pick")


@dataclass(frozen=True, eq=False, slots=True)
class Part(Node):
    """One position of a pick, or -1."""

    pick: Node
    place: int

    @property
    def children(self) -> tuple[Node, ...]:
        """The pick."""
        return (self.pick,)

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the position of another pick."""
        return Part(children[0], self.place)

    def __post_init__(self) -> None:
        self._derive("int")


@dataclass(frozen=True, eq=False, slots=True)
class Store(Node):
    """Values kept in memory for one event: those over each axis, one after the other."""

    axes: tuple[Axis, ...]
    values: tuple[Node, ...]

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes whose elements are stored."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """One value an axis."""
        return self.values

    @property
    def content(self) -> Kind:
        """The kind of what is stored."""
        return self.values[0].kind

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Store other values."""
        return Store(axes or self.axes, children)

    def __post_init__(self) -> None:
        self._derive("store")


@dataclass(frozen=True, eq=False, slots=True)
class Gather(Node):
    """The values of the elements that pass ``mask``, close together, kept for one event.

    They stand as stored, or each at its ``place`` among those that pass.
    """

    axes: tuple[Axis, ...]
    value: Node
    mask: Node
    place: Node | None

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes whose elements, or tuples, are gathered."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """Value, mask and place."""
        return (self.value, self.mask, *(() if self.place is None else (self.place,)))

    @property
    def content(self) -> Kind:
        """The kind of what is gathered."""
        return self.value.kind

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Gather other values."""
        value, mask, *place = children
        return Gather(axes or self.axes, value, mask, place[0] if place else None)

    def __post_init__(self) -> None:
        self._derive("store")


@dataclass(frozen=True, eq=False, slots=True)
class Evaluate(Node):
    """An algorithm or a user's function, called where ``mask`` holds; else NaN, 0 or nothing.

    The arguments are what its C function takes: numbers, and for a collection four gathered arrays
    and their length. If it makes flags or a collection it is a store: ``Element(node, at, i)`` is
    an entry of its i-th array, ``Part(node, 0)`` the number of elements that it has made.
    """

    function: Function
    arguments: tuple[Node, ...]
    mask: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """The arguments and the mask."""
        return *self.arguments, self.mask

    @property
    def content(self) -> Kind:
        """The kind of what it stores."""
        return "bool" if self.function.result == "flags" else "real"

    @property
    def raises(self) -> bool:
        """Whether it must not be called where nothing looks at its value."""
        return self.function.raises

    @property
    def source(self) -> tuple[str, ...]:
        """What it is given, of which it makes no more: input collections, or tuples of them."""
        gathered = dict.fromkeys(a.axes for a in self.arguments if isinstance(a, Gather))
        return tuple(s for axes in gathered for s in product(axes))

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Evaluate at other arguments."""
        *arguments, mask = children
        return Evaluate(self.function, tuple(arguments), mask)

    def __post_init__(self) -> None:
        kinds: dict[str, Kind] = {"real": "real", "int": "int", "bool": "bool"}
        self._derive(kinds.get(self.function.result, "store"), costly=True)


@dataclass(frozen=True, eq=False, slots=True)
class Element(Node):
    """The stored value at a position; at -1 it is NaN, 0 or false like a column.

    ``place`` is the array, of an ``Evaluate`` that has several.
    """

    store: Node
    at: Node
    place: int = 0

    @staticmethod
    def key(store: Node, at: Node, place: int = 0) -> Any:
        """Key by all fields, left out or not."""
        return store, at, place

    @property
    def children(self) -> tuple[Node, ...]:
        """Store and position."""
        return self.store, self.at

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Read another store or position."""
        return Element(children[0], children[1], self.place)

    def __post_init__(self) -> None:
        assert isinstance(self.store, Store | Gather | Evaluate)
        self._derive(self.store.content)


@dataclass(frozen=True, eq=False, slots=True)
class Fill(Node):
    """A histogram (or, with no bins, a counter) filled with ``values`` where ``mask`` holds."""

    bins: tuple[Binning, ...]
    axes: tuple[Axis, ...]
    values: tuple[Node, ...]
    mask: Node
    weight: Node

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes over whose elements it is filled."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """Values, mask and weight."""
        return *self.values, self.mask, self.weight

    @property
    def weighted(self) -> bool:
        """Whether the weight can differ from 1."""
        return self.weight is not ONE

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Fill other values under another mask."""
        *values, mask, weight = children
        return Fill(self.bins, axes or self.axes, tuple(values), mask, weight)

    def __post_init__(self) -> None:
        self._derive("fill")


@dataclass(frozen=True, eq=False, slots=True)
class Record(Node):
    """Rows of ``values``: of each event, or with axes of each tuple, for which ``mask`` holds.

    Rows stand in the order of events and positions, each with its event's number in the chunk.
    """

    axes: tuple[Axis, ...]
    values: tuple[Node, ...]
    mask: Node

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The axes of whose elements there are rows."""
        return self.axes

    @property
    def children(self) -> tuple[Node, ...]:
        """Values and mask."""
        return *self.values, self.mask

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Record other values under another mask."""
        *values, mask = children
        return Record(axes or self.axes, tuple(values), mask)

    def __post_init__(self) -> None:
        self._derive("record")


@dataclass(frozen=True, eq=False, slots=True)
class Infer(Node):
    """A number that a network gives; ``compiler/networks.py`` replaces it by a column.

    ``network`` is the file of the model, ``output`` the place in its flattened first output.
    """

    network: str
    output: int
    arguments: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """The inputs."""
        return self.arguments

    def rebuild(self, children: tuple[Node, ...], axes: tuple[Axis, ...] | None = None) -> Node:
        """Return the output at other inputs."""
        return Infer(self.network, self.output, children)

    def __post_init__(self) -> None:
        self._derive("real", costly=True)


TRUE, FALSE = Const(True), Const(False)
ONE, NAN = Const(1.0), Const(float("nan"))

# ------------------------------------------------------------------------------- builders


def raising(nodes: Iterable[Node]) -> set[Node]:
    """Return the nodes that call what raises exceptions; ``nodes`` have inputs before users."""
    found: set[Node] = set()
    for node in nodes:
        own = getattr(node, "raises", False)
        if own or not found.isdisjoint(node.children):
            found.add(node)
    return found


def lift(x: Any) -> Node:
    """Return a node: numbers become constants."""
    return x if isinstance(x, Node) else Const(x)


def call(function: str, *arguments: Node) -> Node:
    """Build a call; both sides of an operation must be of one kind (see ``as_real``)."""
    if function not in ops.MEANING and FUNCTIONS[function].form == "algorithm":
        return Evaluate(FUNCTIONS[function], tuple(map(as_real, arguments)), TRUE)
    assert function in ops.MEANING or FUNCTIONS[function].form == "elementary", function
    return Call(function, arguments)


def as_real(x: Node) -> Node:
    """Convert to a real number; a literal stays a literal."""
    if x.kind == "real":
        return x
    if isinstance(x, Const):
        return Const(float(x.value), x.datum)
    return call("real", x)


def both(x: Node, y: Node) -> Node:
    """Return x and y, dropping what is always true."""
    if x is TRUE or x is y:
        return y
    if y is TRUE:
        return x
    return FALSE if x is FALSE or y is FALSE else call("and", x, y)


def either(x: Node, y: Node) -> Node:
    """Return x or y, dropping what is always false."""
    if x is FALSE or x is y:
        return y
    if y is FALSE:
        return x
    return TRUE if x is TRUE or y is TRUE else call("or", x, y)


def invert(x: Node) -> Node:
    """Return not x; ``not (a < b)`` is no ``a >= b``, since NaN fails both."""
    if x is TRUE or x is FALSE:
        return FALSE if x is TRUE else TRUE
    return x.arguments[0] if isinstance(x, Call) and x.function == "not" else call("not", x)


def conjuncts(mask: Node) -> list[Node]:
    """Split ``and(and(a, b), c)`` into a, b, c."""
    out, stack = [], [mask]
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and node.function == "and":
            stack += reversed(node.arguments)
        elif node is not TRUE:
            out.append(node)
    return out


def reduce(operation: str, axes: tuple[Axis, ...], value: Node, mask: Node) -> Reduce:
    """Build a reduction, binding ``axes`` in value and mask."""
    bound, (value, mask) = bind(axes, (value, mask))
    return Reduce(operation, bound, value, mask)


def pick(axes: tuple[Axis, ...], mask: Node, order: Node | None, k: int) -> Pick:
    """Build a search, binding ``axes`` in mask and key, which is made real."""
    order = None if order is None else as_real(order)
    bound, bodies = bind(axes, (mask,) if order is None else (mask, order))
    return Pick(bound, bodies[0], bodies[1] if order is not None else None, k)


def store(axes: tuple[Axis, ...], values: tuple[Node, ...]) -> Store:
    """Build a store, binding each axis in its own value."""
    bound = [bind((axis,), (value,)) for axis, value in zip(axes, values, strict=True)]
    return Store(tuple(a[0] for a, _ in bound), tuple(v[0] for _, v in bound))


def fill(
    bins: tuple[Binning, ...],
    axes: tuple[Axis, ...],
    values: tuple[Node, ...],
    mask: Node,
    weight: Node,
) -> Fill:
    """Build a fill, binding ``axes`` in everything."""
    bound, (*values_, mask, weight) = bind(axes, (*values, mask, weight))
    return Fill(bins, bound, tuple(values_), mask, weight)


def gather(axes: tuple[Axis, ...], value: Node, mask: Node, place: Node | None) -> Gather:
    """Build a gathered array, binding ``axes`` in value, mask and place."""
    bodies = (value, mask) if place is None else (value, mask, place)
    bound, (value, mask, *rest) = bind(axes, bodies)
    return Gather(bound, value, mask, rest[0] if rest else None)


def record(axes: tuple[Axis, ...], values: tuple[Node, ...], mask: Node) -> Record:
    """Build a record, binding ``axes`` in everything."""
    bound, (*values_, mask) = bind(axes, (*values, mask))
    return Record(bound, tuple(values_), mask)


def bind(
    axes: tuple[Axis, ...], bodies: tuple[Node, ...]
) -> tuple[tuple[Axis, ...], tuple[Node, ...]]:
    """Rename free ``axes`` in ``bodies`` to the slots below those bound inside."""
    height = max((b.height for b in bodies), default=0)
    bound = tuple(Axis(axis.source, -(height + 1 + i)) for i, axis in enumerate(axes))
    return bound, tuple(rename(b, dict(zip(axes, bound, strict=True))) for b in bodies)


# ------------------------------------------------------------------------------ traversal

NodeT = TypeVar("NodeT", bound=Node)


def postorder(roots: Iterable[Node]) -> list[Node]:
    """Every node reachable from ``roots``, inputs before users, each once."""
    seen: set[Node] = set()
    out: list[Node] = []
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, done = stack.pop()
        if done:
            out.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(c, False) for c in reversed(node.children) if c not in seen]
    return out


def rename(root: Node, axes: Mapping[Axis, Axis]) -> Node:
    """Replace free axes by axes that nothing inside binds; binders keep their own slots."""
    if not root.free.intersection(axes):
        return root
    done: dict[Node, Node] = {}
    for node in affected(root, frozenset(axes)):
        assert axes.keys().isdisjoint(node.bound), "a renamed axis would be captured"
        if isinstance(node, Index):
            done[node] = Index(axes[node.axis])
        else:
            done[node] = node.rebuild(tuple(done.get(c, c) for c in node.children))
    return done[root]


def affected(root: Node, axes: frozenset[Axis]) -> list[Node]:
    """Nodes in which one of ``axes`` is free, inputs before users."""
    seen: set[Node] = set()
    out: list[Node] = []
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            out.append(node)
        elif node not in seen and not node.free.isdisjoint(axes):
            seen.add(node)
            stack.append((node, True))
            stack += [(c, False) for c in node.children]
    return out


# Bound slots are opened to slots above this one while a body is rewritten: a body that changes may
# need other bound slots, and negative ones of an outer binder could be captured meanwhile.
_OPEN = 1 << 32


def opened(node: Node, above: int = _OPEN) -> tuple[tuple[Axis, ...], tuple[Node, ...]]:
    """Return a binder's axes as free ones in slots ``above`` others, and its operands over them.

    A binder inside a body that is open already can name that body's axes: no slot is one of theirs.
    """
    above = max((above, *(axis.slot for axis in node.free)))
    axes = tuple(Axis(a.source, above - a.slot) for a in node.bound)
    names = dict(zip(node.bound, axes, strict=True))
    if isinstance(node, Store):  # each axis is bound in its own value only
        own = ({a: names[a]} for a in node.axes)
        return axes, tuple(rename(c, n) for c, n in zip(node.values, own, strict=True))
    return axes, tuple(rename(c, names) for c in node.children)


def closed(node: Node, axes: tuple[Axis, ...], children: tuple[Node, ...]) -> Node:
    """Return the binder with new operands, over ``axes`` that are free in them."""
    if isinstance(node, Store):
        return store(axes, children)
    return node.rebuild(*reversed(bind(axes, children)))  # type: ignore[arg-type]  # (children, axes)


def substitute(root: NodeT, replacements: Mapping[Node, Node]) -> NodeT:
    """Replace open values (indices, mostly) by other values, everywhere that they are free."""
    axes = frozenset[Axis]().union(*(old.free for old in replacements))
    # Axes that are open already, in what goes out and in what comes in: none opened here is one of them.
    coming = (new.free for new in replacements.values())
    above = max((_OPEN, *(axis.slot for axis in axes.union(*coming))))
    return rewrite(root, replacements.get, lambda node: not node.free.isdisjoint(axes), above=above)


def rewrite(
    root: NodeT,
    rule: Callable[[Node], Node | None],
    enter: Callable[[Node], bool] = lambda node: True,
    memo: dict[Node, Node] | None = None,
    above: int = _OPEN,
) -> NodeT:
    """Rebuild ``root`` bottom-up; ``rule`` may replace a node whose operands are rebuilt.

    Nodes that ``enter`` refuses stay as they are, with everything below them.
    """
    done: dict[Node, Node] = {} if memo is None else memo
    stack: list[tuple[Node, tuple[Axis, ...], tuple[Node, ...] | None]] = [(root, (), None)]
    while stack:
        node, axes, children = stack.pop()
        if node in done:
            continue
        if not enter(node):
            done[node] = node
        elif children is None:
            axes, children = opened(node, above) if node.bound else ((), node.children)
            stack.append((node, axes, children))
            stack += [(c, (), None) for c in children if c not in done]
        else:
            new = tuple(done[c] for c in children)
            rebuilt = (
                node
                if new == children
                else (closed(node, axes, new) if axes else node.rebuild(new))
            )
            replaced = rule(rebuilt)
            done[node] = rebuilt if replaced is None else replaced
    return done[root]  # type: ignore[return-value]  # a rule keeps the class of a root
