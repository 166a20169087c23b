"""One analysis being checked: its text, its schema, what it declares and what was found.

A declared block is checked at its first use, so blocks may stand in any order; a block that needs
itself is a circle and is reported once, where it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from adl.check.analysis import (
    Apply,
    AttributeDef,
    Collection,
    CompositeDef,
    DefineDef,
    Dialect,
    HistoListDef,
    Left,
    Loop,
    ObjectDef,
    RegionDef,
    TableDef,
    Value,
)
from adl.check.dataset import Dataset
from adl.check.readings import Reading
from adl.check.trees import subtrees
from adl.stdlib.models import Schema
from adl.stdlib.registry import Function
from adl.syntax.diagnostics import Findings
from adl.syntax.source import Source, Span
from adl.syntax.tree import (
    Call,
    Candidate,
    Composite,
    CountsFormat,
    Define,
    Expr,
    HistoList,
    Name,
    Object,
    Region,
    Save,
    Table,
    Tree,
    Trigger,
    UseAs,
)

if TYPE_CHECKING:
    from adl.check.correction_blocks import Declared
    from adl.check.scope import Scope
    from adl.check.withheld import Withheld

Definition = ObjectDef | CompositeDef | DefineDef | RegionDef | TableDef | HistoListDef
Block = Object | Composite | Define | Region | Table | HistoList
T = TypeVar("T")
S = TypeVar("S", bound=Collection | CompositeDef)


DEEP = 15  # open blocks: from there on, what a block needs is checked before it
DEEPEST_CHAIN = 100  # declarations, each of which needs the next


@dataclass(frozen=True)
class Found(Generic[T]):
    """What a look-up found; a meaning of None is a mistake that has been reported."""

    meaning: T | None


@dataclass
class Context:
    """One analysis being checked."""

    source: Source
    schema: Schema
    dialect: Dialect
    findings: Findings
    blocks: dict[str, Block]
    build: Callable[[Context, Block], Definition | None]
    # The value of an expression of the current element, of loops without a block of their own.
    of_element: Callable[[Context, Loop, tuple[Collection, ...], Expr], Value | None]
    # The value of an expression, for who is below the checker of expressions.
    value: Callable[[Scope, Expr], Value | None]
    # The collection that a call stands for; None if it stands for none.
    makes: Callable[[Scope, Call], Found[Collection] | None]
    dataset: Dataset | None = None  # None where nothing is run: both sides of its choices count
    # What `use` says about names of attributes, by their spellings in small letters.
    chosen: dict[str, UseAs] = field(default_factory=dict)
    given: dict[tuple[str, tuple[str, ...]], AttributeDef | None] = field(default_factory=dict)
    streams: frozenset[str] | None = None  # whose triggers can fire; None for all
    vetoing: bool = False  # what is read stands after not, or in a reject
    fired: set[str] = field(default_factory=set)  # the trigger blocks that something asks for
    excluded: list[Tree] = field(default_factory=list)  # what the dataset has no use for
    # The loop of an object block has no collection of its own: its sources stand here.
    sources: dict[Loop, tuple[Collection, ...]] = field(default_factory=dict)
    parts: dict[str, ObjectDef] = field(default_factory=dict)  # of inputs, that the model makes
    slices: dict[tuple[Collection, int, int | None], ObjectDef] = field(default_factory=dict)
    # What calls like ossf(leptons) make, by the name and the arguments.
    families: dict[tuple[str, tuple[Expr, ...]], CompositeDef | None] = field(default_factory=dict)
    # What an object block has defined so far, while it is checked; None after a mistake.
    own: dict[Loop, dict[str, AttributeDef | None]] = field(default_factory=dict)
    # Attributes and candidates whose define has a mistake: who uses one makes no second mistake.
    mistaken: set[str] = field(default_factory=set)
    # Attributes that were asked for by name, and defines in blocks whose mistakes are withheld.
    asked: set[str] = field(default_factory=set)
    withheld: list[Withheld] = field(default_factory=list)
    # What cuts of the block of an element have left of what belongs to it, so far.
    left: dict[Loop, list[Left]] = field(default_factory=dict)
    # Names of their own, which only `trigger` and `counts` lead to.
    triggers: dict[str, Trigger] = field(default_factory=dict)
    formats: dict[str, CountsFormat] = field(default_factory=dict)
    model_path: tuple[str, ...] = ()  # folders of networks
    # By the names of their files, in small letters.
    saves: dict[str, Save] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    corrections: dict[str, Declared | None] = field(default_factory=dict)  # blocks, by name
    # The user's own functions, from Python; None after a mistake.
    functions: dict[str, Function | None] = field(default_factory=dict)
    made: dict[Apply, Collection] = field(default_factory=dict)  # what algorithms make, by the call
    # Which declared names each block uses; "" uses those that no block asked for.
    uses: dict[str, set[str]] = field(default_factory=dict)
    # What the region that is being read has sorted, by `order_key`.
    orders: dict[str, ObjectDef | CompositeDef] = field(default_factory=dict)
    _done: dict[tuple[str, tuple[ObjectDef | CompositeDef, ...]], Definition | None] = field(
        default_factory=dict
    )
    _open: list[str] = field(default_factory=list)
    _depths: dict[str, int] = field(default_factory=dict)

    def named_like(self, name: str) -> list[str]:
        """Return the declared names that differ from a name in case only, and itself."""
        return self._by_small_letters.get(name.lower(), [])

    @cached_property
    def own_names(self) -> frozenset[str]:
        """The attributes and candidates that blocks define."""
        blocks = (b for b in self.blocks.values() if isinstance(b, Object | Composite))
        lines = (line for block in blocks for line in block.statements)
        return frozenset(x.name.name for x in lines if isinstance(x, Define | Candidate))

    @cached_property
    def _by_small_letters(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.blocks:
            found.setdefault(name.lower(), []).append(name)
        return found

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Count the names that are used inside as used, though no block asks for them."""
        self._open.append("")
        yield
        self._open.pop()

    def definition(self, name: str, span: Span) -> Definition | None:
        """Return what a declared name, used at ``span``, stands for; None after a mistake."""
        if self._open:
            self.uses.setdefault(self._open[-1], set()).add(name)
        if name in self._open:
            members = self._open[self._open.index(name) :]
            circle = " -> ".join([*members, name])
            own = self._open[-1] == name and isinstance(self.blocks[name], (Object, Composite))
            helps = ["in its own block the current element is called this"] if own else []
            helps += [hint for member in members if (hint := self._taken_in(member))]
            help = "\n".join(helps)
            self.findings.error("E208", f"{name} depends on itself: {circle}", span, help)
            return None
        # Only defines see what a region has sorted: they stand for what they say there.
        orders = self.orders if self._follows_orders(name) else {}
        state = name, tuple(orders.values())
        if state not in self._done:
            if len(self._open) >= DEEP:
                self._settle(name)
            outside, self.orders = self.orders, dict(orders)
            self._open.append(name)
            found = self.build(self, self.blocks[name])
            self._open.pop()
            self.orders = outside
            self._done[state] = None if self._is_too_deep(name) else found
        return self._done[state]

    def _settle(self, name: str) -> None:
        """Check what a block needs before the block, so that a long chain is no deep recursion."""
        seen = {name, *self._open}
        todo = [(name, self._needs(name))]
        while todo:
            current, names = todo[-1]
            needed = next((n for n in names if n not in seen and (n, ()) not in self._done), None)
            if needed is not None:
                seen.add(needed)
                todo.append((needed, self._needs(needed)))
                continue
            todo.pop()
            if current != name:
                self.definition(current, self.blocks[current].name.span)

    def _needs(self, name: str) -> Iterator[str]:
        """Yield the declared names that a block mentions."""
        return (
            tree.name
            for tree in subtrees(self.blocks[name])
            if isinstance(tree, Name) and tree.name in self.blocks
        )

    def _is_too_deep(self, name: str) -> bool:
        """Report a block that stands on too many others, each of which needs the next."""
        deepest = max((self._depths.get(used, 0) for used in self.uses.get(name, ())), default=0)
        self._depths[name] = deepest + 1
        if deepest == DEEPEST_CHAIN:  # said once for all that stand on it
            self.too_deep(name)
        return deepest >= DEEPEST_CHAIN

    def too_deep(self, name: str) -> None:
        """Report a block that stands on too many others."""
        message = f"{name} stands on more than {DEEPEST_CHAIN} declarations, each on the next"
        help = "join some of them"
        self.findings.error("E227", message, self.blocks[name].name.span, help)

    def _follows_orders(self, name: str) -> bool:
        """Whether a block is a define that mentions a sorted collection, or such a define."""
        wanted = {key.split()[1] for key in self.orders}
        by_alias = any(key.startswith("input ") for key in self.orders)
        todo, seen = [name], set[str]()
        while todo and wanted:
            block = self.blocks.get(todo.pop())
            if not isinstance(block, Define):
                continue
            if by_alias:  # it may be called otherwise there
                return True
            names = {n for t in subtrees(block) if isinstance(t, Name) for n in _spellings(t.name)}
            if names & wanted:
                return True
            todo += sorted(names - seen)
            seen |= names
        return False

    def in_order(self, collection: S) -> S:
        """Return a collection or a composite as the region that is being read has sorted it."""
        found = self.orders.get(order_key(collection), collection)
        return cast("S", found)  # of objects an object, of composites a composite

    @property
    def checked(self) -> frozenset[str]:
        """The declared names that have been checked."""
        return frozenset(name for name, _ in self._done)

    def _taken_in(self, name: str) -> str:
        """Say that an object block holds a define which does not look like a line of it."""
        block = self.blocks[name]
        if not isinstance(block, Object):
            return ""
        column = self.source.position(block.span.start)[1]
        for own in block.statements:
            line, at = self.source.position(own.span.start)
            if isinstance(own, Define) and at <= column:
                return (
                    f"the define {own.name.name} on line {line} stands inside the object {name}, "
                    "which goes on below it: move it above the object"
                )
        return ""

    def open_name(self) -> str:
        """Return the name of the block that is being checked."""
        return self._open[-1] if self._open else ""

    def words(self, span: Span) -> str:
        """Return what the user wrote at a place."""
        return self.source.words(span)

    def line(self, span: Span) -> int:
        """Return the line on which a place begins."""
        return self.source.position(span.start)[0]

    def sources_of(self, loop: Loop) -> tuple[Collection, ...]:
        """Return what a loop runs over."""
        return (loop.collection,) if loop.collection is not None else self.sources[loop]


def order_key(collection: Collection | CompositeDef) -> str:
    """Return under which key a region knows how it has sorted a collection or a composite."""
    if isinstance(collection, CompositeDef):
        return f"composite {collection.name}"
    while isinstance(collection, ObjectDef) and is_sorted_here(collection):
        (collection,) = collection.sources
    return f"{'object' if isinstance(collection, ObjectDef) else 'input'} {collection.name}"


def is_sorted_here(collection: ObjectDef) -> bool:
    """Whether a collection is another one as a region has sorted it."""
    return collection.key is not None and collection.name == collection.sources[0].name


def _spellings(name: str) -> tuple[str, str]:
    """Return a name, and what it is an element of if it is written as ``jets_0``."""
    return name, name.rstrip("0123456789").removesuffix("_")
