"""What an expression can see: the analysis around it, its loops, the current element.

A collection that stands un-indexed in an expression becomes a loop of the innermost binder; where
there is none (a region's conditions) it is a mistake.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from adl.check.analysis import Collection, CompositeDef, Loop, Value
from adl.check.collections import same_collection
from adl.check.context import Context
from adl.syntax.source import Span

# What an expression is asked for where no function or attribute asks for more.
ANYTHING = "one value is needed here"


@dataclass
class Binder:
    """Gives a loop to each collection that is mentioned, unless its loops were written out."""

    implicit: bool
    loops: list[Loop] = field(default_factory=list)
    quantifiers: dict[Loop, str] = field(default_factory=dict)  # of anyof(...) and allof(...)
    # What names stand for: elements and tuples of the loops, and what is made of them.
    entries: list[tuple[str, Value]] = field(default_factory=list)
    composites: list[tuple[CompositeDef, Value]] = field(default_factory=list)  # the tuples met
    tuples: list[tuple[CompositeDef, list[Loop]]] = field(default_factory=list)  # and their loops
    where: list[Value] = field(default_factory=list)  # what tuples of the loops fulfil
    nested: list[tuple[object, Value]] = field(default_factory=list)  # the relations met

    def loop(self, collection: Collection, name: str) -> Loop:
        """Return the loop over a collection, a new one at its first mention."""
        for loop in self.loops:
            if loop.collection is not None and same_collection(loop.collection, collection):
                return loop
        self.loops.append(Loop(collection, name))
        return self.loops[-1]


@dataclass(frozen=True)
class Current:
    """The current element of an object block, and the words for it in one statement."""

    loop: Loop
    sources: tuple[Collection, ...]
    names: frozenset[str]  # this, and the instance name
    taken: frozenset[str]  # the sources as the block writes them
    explicit: bool  # the statement says `this` or the instance name: the source is a collection


@dataclass(frozen=True)
class Scope:
    """Where an expression stands."""

    context: Context
    binders: tuple[Binder, ...] = ()
    current: Current | None = None
    asker: str = ANYTHING
    comparison: Span | None = None
    taking: bool = False  # after take, where an input is meant

    def inside(self, binder: Binder) -> Scope:
        """Return the scope of a reducer's argument."""
        return replace(self, binders=(*self.binders, binder))

    def asking(self, who: str) -> Scope:
        """Return the scope in which ``who`` needs its argument."""
        return replace(self, asker=who)

    def compared(self, span: Span) -> Scope:
        """Return the scope inside a comparison: messages quote it."""
        return replace(self, comparison=span)


def mistake(scope: Scope, code: str, message: str, span: Span, help: str = "") -> Value | None:
    """Report a mistake and return None, the value of what has one."""
    scope.context.findings.error(code, message, span, help)
    return None
