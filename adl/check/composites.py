"""Composite blocks: tuples of elements, their candidates and values, and which are kept.

A COMB of another tool's is one of them: its members are called by their negative indices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from adl.check.analysis import (
    CompositeDef,
    Loop,
    Operation,
    Reduction,
    Tuple,
    Unknown,
    Value,
    Variable,
)
from adl.check.bindings import combined, distinct
from adl.check.collections import same_collection
from adl.check.context import Context
from adl.check.expressions import SEARCHES, statement, value
from adl.check.families import is_family
from adl.check.names import composite_named
from adl.check.quantify import quantify
from adl.check.scope import Binder, Scope
from adl.check.searches import key_of, resolved
from adl.check.substitute import with_elements
from adl.check.tuples import fresh, named_tuple, part_name
from adl.check.types import convert, need_particle, negated, number, unify
from adl.check.values import placed
from adl.check.withheld import withholding
from adl.syntax.source import Span
from adl.syntax.tree import (
    Binary,
    Call,
    Candidate,
    Composite,
    Define,
    Expr,
    Juxtaposed,
    Name,
    Object,
    Reject,
    Select,
    Take,
)


@dataclass
class _Block:
    """A composite while its statements are read."""

    context: Context
    binder: Binder
    members: list[tuple[str, Value]]
    unknowns: dict[tuple[str, int, int], dict[Loop | None, Value]] = field(default_factory=dict)
    source: CompositeDef | None = None
    candidates: list[tuple[str, Value]] = field(default_factory=list)
    values: list[tuple[str, Value]] = field(default_factory=list)
    aliases: tuple[str, ...] = ()  # names of the whole tuple, beside this

    def tuple_(self, span: Span) -> Tuple:
        """Return the current tuple as it is known so far."""
        parts = [*self.members, *self.candidates, *self.values]
        candidate = self.candidates[0][1] if len(self.candidates) == 1 else None
        whole = named_tuple(self.members, span, candidate)
        return replace(whole, parts=tuple(parts))

    def scope(self, span: Span) -> Scope:
        """Return the scope of a statement: members, candidates and values by their names."""
        names = Binder(implicit=False)
        whole = self.tuple_(span)
        names.entries = [("this", whole), *((n, whole) for n in self.aliases), *whole.parts]
        return Scope(self.context, (names,))

    def resolved(self, found: Value | None) -> Value | None:
        """Return a value with the members in the place of a COMB's indices."""
        return resolved(self.context, found, self.unknowns)


def check_composite(context: Context, block: Composite | Object) -> CompositeDef | None:
    """Return a composite's meaning; None if it is not known what its tuples are."""
    takes = [s for s in block.statements if isinstance(s, Take)]
    name = block.name
    if len(takes) != 1:
        number = "nothing" if not takes else f"{len(takes)} times"
        message = f"composite {name.name} takes {number}: it needs one line with its members"
        help = "take disjoint(muons a, muons b)"
        context.findings.error("E214", message, name.span, help)
        return None
    made = _taken(context, takes[0])
    if made is None:
        return None
    for written in block.statements:
        match written:
            case Take():
                pass
            case Select(condition=Binary(operator=operator) as cut) if operator in SEARCHES:
                _nearest(made, cut)
            case Select() | Reject():
                _cut(made, written)
            case Candidate():
                _candidate(made, written)
            case Define():
                _define(made, written)
            case _:
                message = "a composite has take, select, reject, object and define"
                context.findings.error("E214", message, written.span)
    return CompositeDef(
        name.name,
        tuple(made.binder.loops),
        tuple(made.binder.where),
        made.tuple_(name.span),
        name.span,
        members=tuple(n for n, _ in made.members),
        candidates=tuple(n for n, _ in made.candidates),
        source=made.source,
    )


# ------------------------------------------------------------------------------ what is taken


def _taken(context: Context, take: Take) -> _Block | None:
    source = take.source
    alias = (take.instance.name,) if take.instance else ()
    if isinstance(source, Call) and source.function.name.lower() == "comb":
        return _comb(context, source, alias)
    if isinstance(source, Call) and not is_family(context, source):
        binder = combined(Scope(context), source)
        return None if binder is None else _Block(context, binder, binder.entries, aliases=alias)
    composite = composite_named(Scope(context), source)
    if composite is not None:
        taken = composite.meaning
        return None if taken is None else _some_of(context, taken, (*alias, taken.name), take.span)
    message = "a composite takes disjoint(…), cartesian(…) or another composite"
    help = "take disjoint(muons a, muons b)"
    context.findings.error("E214", message, source.span, help)
    return None


def _some_of(
    context: Context, taken: CompositeDef, aliases: tuple[str, ...], span: Span
) -> _Block | None:
    """Return the tuples of another composite, with all their parts."""
    loops, where, whole = fresh(taken, span)
    assert isinstance(whole, Tuple), "a composite's tuple"
    binder = Binder(implicit=False, loops=loops, where=list(where))
    parts = dict(whole.parts)
    members = [(name, parts.pop(name)) for name in taken.members]
    candidates = [(name, parts.pop(name)) for name in taken.candidates]
    return _Block(
        context,
        binder,
        members,
        source=taken,
        candidates=candidates,
        values=list(parts.items()),
        aliases=aliases,
    )


def _comb(context: Context, call: Call, alias: tuple[str, ...]) -> _Block | None:
    """Return the tuples of ``COMB(mu[-1] mu[-2])``: of one collection unordered, else all."""
    group = object()
    binder = Binder(implicit=False)
    block = _Block(context, binder, [], aliases=alias)
    for item in _items(call):
        found = value(Scope(context), item)
        if found is None:
            return None
        over = found.collection if isinstance(found, Unknown) else None
        if not isinstance(found, Unknown) or over is None or isinstance(over, CompositeDef):
            message = f"{context.words(item.span)} is no negative index"
            help = "COMB(muons[-1] muons[-2]) are all pairs of muons"
            context.findings.error("E206", message, item.span, help)
            return None
        while key_of(found) in block.unknowns:
            found = replace(found, number=found.number + 1)
        name = part_name(found)
        loop = Loop(over, name, group)
        member = Variable(loop, type="particle", span=item.span)
        binder.loops.append(loop)
        block.members.append((name, member))
        block.unknowns[key_of(found)] = {None: member}
    collections = [loop.collection for loop in binder.loops if loop.collection is not None]
    if not collections:
        context.findings.error("E206", "COMB needs members", call.span, "COMB(mu[-1] mu[-2])")
        return None
    if all(same_collection(collections[0], other) for other in collections):
        binder.where += distinct(binder.loops, call.span)
    return block


def _items(call: Call) -> Iterator[Expr]:
    for argument in call.arguments:
        yield from argument.items if isinstance(argument, Juxtaposed) else (argument,)


# --------------------------------------------------------------------------------- statements


def _cut(block: _Block, written: Select | Reject) -> None:
    """Add what a tuple must fulfil; foreign collections are quantified as in an object."""
    select = isinstance(written, Select)
    span = written.condition.span
    binder = Binder(implicit=True)
    scope = block.scope(span).inside(binder)
    found = block.resolved(statement(scope, written.condition, without_else=select))
    if found is None:
        return
    if binder.loops:
        operation = "all" if select else "any"
        found = quantify(block.context, found, binder.loops, operation, binder.where)
    block.binder.where.append(found if select else negated(found))


def _nearest(block: _Block, written: Binary) -> None:
    """Keep the tuples for which both sides are nearest (``~!``: farthest) to each other."""
    scope = block.scope(written.span)
    left, right = (
        number(scope, block.resolved(value(scope, side))) for side in (written.left, written.right)
    )
    if left is None or right is None:
        return
    words = block.context.words(written.span)
    message = f"{words} keeps the tuples for which the two sides are nearest to each other"
    help = "CutLang keeps all of them here; in a region argmin(Zs z, …) is the best one"
    block.context.findings.warning("W312", message, written.span, help)
    a, b = (convert(side, "real") for side in unify(left, right))
    difference = Operation("sub", (a, b), type="real", span=written.span)
    distance = Operation("abs", (difference,), type="real", span=written.span)
    # A NaN would be the least of all.
    block.binder.where.append(Operation("eq", (distance, distance), type="bool", span=written.span))
    others = _in_one_group(block.binder.loops, written.span)
    best = Reduction(
        "min" if written.operator == "~=" else "max",
        tuple(other.loop for other in others.values()),
        with_elements(distance, others),
        with_elements(tuple(block.binder.where), others),
        type="real",
        span=written.span,
    )
    block.binder.where.append(Operation("eq", (distance, best), type="bool", span=written.span))


def _in_one_group(loops: list[Loop], span: Span) -> dict[Loop, Variable]:
    group = object()
    return {
        loop: Variable(Loop(loop.collection, loop.name, group), type="particle", span=span)
        for loop in loops
    }


def _candidate(block: _Block, written: Candidate) -> None:
    scope = block.scope(written.value.span)
    found = block.resolved(need_particle(scope, value(scope, written.value), "a candidate"))
    if _is_new(block, written.name, found) and found is not None:
        block.candidates.append((written.name.name, placed(found, written.name.span)))


def _define(block: _Block, written: Define) -> None:
    scope = block.scope(written.value.span)

    def checked() -> Value | None:
        return block.resolved(value(scope, written.value))

    found = withholding(block.context, written, checked)
    if not _is_new(block, written.name, found) or found is None:
        return
    # A define of a particle is a name for it and does not change what the tuple is as a whole.
    block.values.append((written.name.name, found))


def _is_new(block: _Block, name: Name, found: Value | None) -> bool:
    if found is None:
        block.context.mistaken.add(name.name)
    known = [n for n, _ in (*block.members, *block.candidates, *block.values)]
    if name.name in known:
        message = f"{name.name} is a part of this composite already"
        block.context.findings.error("E207", message, name.span)
    return name.name not in known
