"""Object blocks: where elements come from and which are kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from adl.check.algorithms import made, makes_collection
from adl.check.analysis import (
    AttributeDef,
    Collection,
    Histogram,
    Literal_,
    Logic,
    Loop,
    ObjectDef,
    Operation,
    Rows,
    Singleton,
    Size,
    Value,
    Variable,
)
from adl.check.constants import exclude, included
from adl.check.context import Context
from adl.check.corrections import factor, scaled
from adl.check.expressions import statement, value
from adl.check.filtering import filtering
from adl.check.histograms import histogram
from adl.check.quantify import quantify
from adl.check.readings import Reading
from adl.check.records import printed
from adl.check.scope import Binder, Current, Scope
from adl.check.searches import resolved
from adl.check.slices import whole
from adl.check.sorts import is_sort, sorted_source
from adl.check.tables import refuse_missing
from adl.check.transforming import call_that_makes, transformed
from adl.check.trees import mentioned
from adl.check.types import negated, number
from adl.check.values import free_loops, walk
from adl.check.withheld import withholding
from adl.stdlib.models.finding import find_singleton
from adl.syntax.source import Span
from adl.syntax.tree import (
    Call,
    Define,
    Expr,
    Histo,
    Index,
    ListOf,
    Name,
    Object,
    Print,
    Region,
    Reject,
    Select,
    Slice,
    Statement,
    Take,
)


def check_object(context: Context, block: Object) -> ObjectDef | None:
    """Return an object block's meaning; None if it is not known what it takes."""
    takes = [s for s in block.statements if isinstance(s, Take)]
    for take in takes:
        _instance_is_new(context, take)
    sources = _sources(context, block, takes)
    if sources is None:
        return None
    instance = next((take.instance.name for take in takes if take.instance), "this")
    united = len(sources) > 1 or any(_is_union(take.source) for take in takes)
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
        return Scope(self.context, current=_current(self.this, self.sources, self.takes, expr))

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
            cut = _cut(draft.scope(written.condition), written)
            draft.cuts += [cut] if cut is not None else []
        case Define():
            _define(draft.scope(written.value), written, draft.this)
        case Print():
            name = f"{draft.block.name.name}_{draft.prints + len(draft.rows) + 1}"
            found = printed(draft.scope(ListOf(written.items)), written, name)
            draft.rows += [(len(draft.cuts), found)] if found is not None else []
        case Histo():
            plot = _histogram(draft.scope(ListOf(written.values)), written, draft.names)
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


def singleton(context: Context, block: Object) -> Singleton | None:
    """Return what an object block names that every event has once: ``object met : MET``."""
    match block.statements:
        case [Take(source=Name(name), instance=None)]:
            declared = name in context.blocks and name != block.name.name
            match = None if declared else find_singleton(context.schema, name)
            if match is not None and match.exact:
                return Singleton(match.item, type="particle", span=block.name.span)
    return None


def _sources(context: Context, block: Object, takes: list[Take]) -> tuple[Collection, ...] | None:
    if not takes:
        message = f"object {block.name.name} takes nothing"
        context.findings.error("E214", message, block.name.span, "begin it with: take Jet")
        return None
    found = [source for take in takes for source in _taken(context, take.source)]
    known = [source for source in found if source is not None]
    return tuple(known) if len(known) == len(found) else None


def _instance_is_new(context: Context, take: Take) -> None:
    """Report ``take muons electrons``, which reads as muons, each called electrons."""
    if take.instance is None or take.instance.name not in (
        *context.blocks,
        *context.schema.collections,
    ):
        return
    other = take.instance.name
    message = f"{other} is a collection: it cannot be the name of an element as well"
    help = f"for both collections: take union({context.words(take.source.span)}, {other})"
    context.findings.error("E222", message, take.instance.span, help)


def _is_union(source: Expr) -> bool:
    return isinstance(source, Call) and source.function.name.lower() == "union"


def _taken(context: Context, source: Expr) -> list[Collection | None]:
    """Return the collections that a source names; unions in unions are taken apart."""
    match source:
        case Name() | Slice():
            return [whole(Scope(context, taking=True), source, "take needs a collection")]
        case Call() if _is_union(source):
            return [c for argument in source.arguments for c in _taken(context, argument)]
        case Call() if is_sort(source):
            return [sorted_source(context, source)]
        case Call() if makes_collection(context, source):
            return [made(Scope(context, taking=True), source)]
        case _:
            message = f"take needs a collection, {context.words(source.span)} is none"
            context.findings.error("E210", message, source.span, _instead_of(context, source))
            return [None]


def _instead_of(context: Context, source: Expr) -> str:
    """Return what can be taken in the place of something that is no collection."""
    if isinstance(source, Index) and source.index >= 0:
        name, index = context.words(source.value.span), source.index
        end = index if context.dialect == "cutlang" else index + 1
        return f"take {name}[{index}:{end}] has this one element"
    return "take a collection, a slice, union(…), sort(…), or what an algorithm makes"


def _current(
    this: Loop, sources: tuple[Collection, ...], takes: list[Take], condition: Expr
) -> Current:
    """Return the current element with the words that one condition has for it."""
    names = frozenset(("this", *(take.instance.name for take in takes if take.instance)))
    taken = frozenset(name.name for take in takes for name in mentioned(take.source))
    explicit = any(name.name in names for name in mentioned(condition))
    return Current(this, sources, names, taken, explicit)


def _define(scope: Scope, written: Define, this: Loop) -> None:
    """Check a new attribute; later lines of the block know it."""

    def checked() -> Value | None:
        found = resolved(scope.context, value(scope, written.value), {})
        if found is not None:
            refuse_missing(scope.context, found)
        return found

    found = withholding(scope.context, written, checked)
    name = written.name.name
    if found is None:
        scope.context.mistaken.add(name)
    if name in scope.context.own[this]:
        message = f"{name} is defined twice in this block"
        scope.context.findings.error("E207", message, written.name.span)
    else:
        definition = (
            None if found is None else AttributeDef(name, found, this, scope.context.sources[this])
        )
        scope.context.own[this][name] = definition


def _histogram(scope: Scope, written: Histo, names: set[str]) -> Histogram | None:
    """Return a histogram of the elements that pass the cuts before it."""
    if written.only and not included(scope.context, written.only, "histo", written.span):
        exclude(scope.context, written)
        return None
    name = written.name
    if name.name in names:
        message = f"histogram {name.name} stands in this block twice"
        scope.context.findings.error("E219", message, name.span, "give one another name")
    names.add(name.name)
    found = histogram(scope, written)
    if found is None:
        return None
    if found.loops:
        message = "a histogram of an object block is filled once an element"
        help = "sum, min, any, … make one value of other collections"
        scope.context.findings.error("E215", message, written.values[0].span, help)
        return None
    values = [[resolved(scope.context, v, {}) for v in fill] for fill in found.fills]
    known = tuple(tuple(v for v in fill if v is not None) for fill in values)
    if list(map(len, known)) != list(map(len, values)):
        return None
    for fill in known:
        for filled in fill:
            refuse_missing(scope.context, filled)
    return replace(found, fills=known)


def _cut(scope: Scope, written: Select | Reject) -> Value | None:
    """Return what an element must fulfil; foreign collections are quantified."""
    binder = Binder(implicit=True)
    select = isinstance(written, Select)
    found = statement(scope.inside(binder), written.condition, without_else=select)
    found = resolved(scope.context, found, {})
    if found is None:
        return None
    refuse_missing(scope.context, found)
    belonging = {loop for _, element in binder.nested for loop in free_loops(element)}
    filtered = belonging - binder.quantifiers.keys()
    if binder.loops:
        default = "all" if select else "any"
        for operation in ("any", "all"):
            own = [l for l in binder.loops if binder.quantifiers.get(l, default) == operation]
            if scope.context.dialect == "cutlang":
                own = [loop for loop in own if loop not in filtered]
            found = quantify(scope.context, found, own, operation, binder.where)
    if scope.context.dialect == "cutlang" and filtered:
        return filtering(scope, binder, found if select else negated(found), written.condition)
    this = scope.current.loop if scope.current else None
    uses_element = any(isinstance(v, Variable) and v.loop is this for v in walk(found))
    if not uses_element and not isinstance(found, Literal_):  # select ALL is an idiom
        message = f"{scope.context.words(written.condition.span)} does not depend on the element"
        help = "it keeps all elements of an event or none; cuts on events stand in a region"
        help += _swallowed(scope.context)
        scope.context.findings.warning("W307", message, written.condition.span, help)
    kept = found if select else negated(found)
    others = [loop for loop in binder.loops if loop not in belonging]
    if scope.context.dialect == "cutlang" and others:
        partners = tuple(_written(loop) for loop in others)
        scope.context.readings.append(Reading("partner", written.span, partners))
        kept = _with_partners(kept, others)
    return kept


def _written(loop: Loop) -> str:
    """Return the name under which a condition knows the collection of a loop."""
    assert loop.collection is not None, "a partner is of a collection"
    return loop.name if loop.group is None else loop.collection.name


def _swallowed(context: Context) -> str:
    """Return a second help for an object that stands in the midst of a region."""
    names = list(context.blocks)
    at = names.index(context.open_name())
    block, before = context.blocks[names[at]], context.blocks[names[at - 1]] if at else None
    if not isinstance(before, Region):
        return ""
    line = context.line(block.span)
    name = before.name.name
    return f"\nthe object on line {line} ended region {name}: move it above, if {name} goes on here"


def _with_partners(kept: Value, partners: list[Loop]) -> Value:
    """In cutlang an element without a partner to compare with is dropped."""
    for loop in partners:
        assert loop.collection is not None, "a partner is of a collection"
        size = Size(loop.collection, type="int", span=kept.span)
        zero = Literal_(0, type="int", span=kept.span)
        there = Operation("gt", (size, zero), type="bool", span=kept.span)
        kept = Logic("and", (there, kept), type="bool", span=kept.span)
    return kept
