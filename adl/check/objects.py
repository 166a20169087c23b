"""Object blocks: where elements come from and which are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from adl.check.analysis import (
    AttributeDef,
    Collection,
    Histogram,
    Loop,
    ObjectDef,
    Rows,
    Value,
)
from adl.check.context import Context
from adl.check.corrections import factor, scaled
from adl.check.expressions import value
from adl.check.object_sources import check_instance, is_union, taken_sources
from adl.check.object_statements import (
    current_element,
    cut_on_elements,
    define_attribute,
    histogram_of_elements,
)
from adl.check.records import printed
from adl.check.scope import Scope
from adl.check.searches import resolved
from adl.check.transforming import call_that_makes, transformed
from adl.check.types import number
from adl.syntax.source import Span
from adl.syntax.tree import (
    Call,
    Define,
    Expr,
    Histo,
    ListOf,
    Name,
    Object,
    Print,
    Reject,
    Select,
    Statement,
    Take,
)


def check_object(context: Context, block: Object) -> ObjectDef | None:
    """Return an object block's meaning; None if it is not known what it takes."""
    takes = [s for s in block.statements if isinstance(s, Take)]
    for take in takes:
        check_instance(context, take)
    sources = taken_sources(context, block, takes)
    if sources is None:
        return None
    instance = next((take.instance.name for take in takes if take.instance), "this")
    united = len(sources) > 1 or any(is_union(take.source) for take in takes)
    union = united and context.dialect == "adl"  # in cutlang it stands as written
    draft = _Draft(context, block, takes, sources, Loop(None, instance), union, named=sources)
    draft.begin({})
    taken = [take.source.name for take in takes if isinstance(take.source, Name)]
    for written in block.statements:
        by = factor(written.condition) if isinstance(written, Select) else None
        call = call_that_makes(context, written, taken)
        if call is not None:
            after = _transformed(draft, call)
            if after is None:
                return None
            draft = after
        elif by is not None:
            draft = _scaled(draft, by, written.span)
        else:
            _statement(draft, written)
    return draft.done()


@dataclass
class _Draft:
    """What an object block says, from its begin or from the last correction on."""

    context: Context
    block: Object
    takes: list[Take]
    sources: tuple[Collection, ...]
    this: Loop
    union: bool
    cuts: list[Value] = field(default_factory=list)
    rows: list[tuple[int, Rows]] = field(default_factory=list)
    plots: list[tuple[int, Histogram]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)  # of all histograms of the block
    prints: int = 0  # of the block before the first of ``rows``
    named: tuple[Collection, ...] = ()  # the collections that the block takes
    before: ObjectDef | None = None  # what a select has made the source of

    def begin(self, own: dict[str, AttributeDef | None]) -> None:
        """Make the current element known, with the attributes that it has been given before."""
        self.context.sources[self.this] = self.sources
        self.context.own[self.this] = own

    def scope(self, expr: Expr) -> Scope:
        """Return the scope of an expression of the current element."""
        return Scope(
            self.context, current=current_element(self.this, self.sources, self.takes, expr)
        )

    def done(self) -> ObjectDef:
        """Return what the block says."""
        own = self.context.own.pop(self.this)
        return ObjectDef(
            self.block.name.name,
            self.sources,
            self.this,
            tuple(self.cuts),
            self.block.name.span,
            self.union,
            attributes={name: a for name, a in own.items() if a is not None},
            rows=tuple(self.rows),
            histograms=tuple(self.plots),
            before=self.before,
            left=tuple(self.context.left.pop(self.this, ())),
        )

    @property
    def says_nothing(self) -> bool:
        """Whether the block is its one source as it is, so far."""
        own = (self.cuts, self.rows, self.plots, self.context.own[self.this])
        return len(self.sources) == 1 and not self.union and not any(own)


def _statement(draft: _Draft, written: Statement) -> None:
    match written:
        case Take():
            pass
        case Select() | Reject():
            cut = cut_on_elements(draft.scope(written.condition), written)
            draft.cuts += [cut] if cut is not None else []
        case Define():
            define_attribute(draft.scope(written.value), written, draft.this)
        case Print():
            name = f"{draft.block.name.name}_{draft.prints + len(draft.rows) + 1}"
            found = printed(draft.scope(ListOf(written.items)), written, name)
            draft.rows += [(len(draft.cuts), found)] if found is not None else []
        case Histo():
            plot = histogram_of_elements(draft.scope(ListOf(written.values)), written, draft.names)
            draft.plots += [(len(draft.cuts), plot)] if plot is not None else []
        case _:
            message = "an object block has take, select and reject"
            draft.context.findings.error("E214", message, written.span)


def _scaled(draft: _Draft, by: Expr, span: Span) -> _Draft:
    """Return the draft of what follows a correction of pt, made of what stands before it."""
    context = draft.context
    scope = draft.scope(by)
    found = resolved(context, number(scope, value(scope, by)), {})
    own = dict(context.own[draft.this])
    before = draft.done()
    after = before if found is None else scaled(context, before, draft.this, found, span)
    loop = Loop(None, draft.this.name)
    prints = draft.prints + len(draft.rows)
    changed = _Draft(
        *(context, draft.block, draft.takes, (after,), loop, False),
        names=draft.names,
        prints=prints,
        named=draft.named,
    )
    changed.begin(own)
    return changed


def _transformed(draft: _Draft, call: Call) -> _Draft | None:
    """Return the draft of what a select makes of what stands before it; None after a mistake."""
    context, as_it_is = draft.context, draft.says_nothing
    stage = draft.done()
    source = stage.sources[0] if as_it_is else stage
    found = transformed(context, call, draft.named, source)
    if found is None:
        return None
    instance = next((take.instance for take in draft.takes if take.instance), None)
    changed = _Draft(
        context,
        draft.block,
        [Take(call, instance, span=call.span)],
        (found,),
        Loop(None, draft.this.name),
        False,
        names=draft.names,
        prints=draft.prints + len(draft.rows),
        named=draft.named,
        before=draft.before if as_it_is else stage,
    )
    changed.begin({})
    return changed
