"""Object blocks: where elements come from and which are kept."""

from __future__ import annotations

from adl.check.analysis import (
    AttributeDef,
    Collection,
    Literal_,
    Logic,
    Loop,
    ObjectDef,
    Operation,
    Size,
    Value,
    Variable,
)
from adl.check.collections import inputs
from adl.check.context import Context
from adl.check.dialect import unsupported
from adl.check.expressions import statement, value
from adl.check.quantify import quantify
from adl.check.scope import Binder, Current, Scope
from adl.check.searches import resolved
from adl.check.slices import whole
from adl.check.tables import refuse_missing
from adl.check.trees import mentioned
from adl.check.types import negated, number
from adl.check.values import walk
from adl.syntax.tree import Call, Define, Expr, Name, Object, Reject, Select, Slice, Take


def check_object(context: Context, block: Object) -> ObjectDef | None:
    """Return an object block's meaning; None if it is not known what it takes."""
    takes = [s for s in block.statements if isinstance(s, Take)]
    for take in takes:
        _instance_is_new(context, take)
    sources = _sources(context, block, takes)
    if sources is None:
        return None
    instance = next((take.instance.name for take in takes if take.instance), "this")
    this = Loop(None, instance)
    context.sources[this] = sources
    context.own[this] = {}
    cuts: list[Value] = []
    for written in block.statements:
        match written:
            case Take():
                pass
            case Select() | Reject():
                current = _current(this, sources, takes, written.condition)
                cut = _cut(Scope(context, current=current), written)
                cuts += [cut] if cut is not None else []
            case Define():
                current = _current(this, sources, takes, written.value)
                _define(Scope(context, current=current), written, this)
            case _:
                message = "an object block has take, select and reject"
                context.findings.error("E214", message, written.span)
    united = len(sources) > 1 or any(isinstance(take.source, Call) for take in takes)
    union = united and context.dialect == "adl"  # in cutlang it stands as written
    attributes = {name: a for name, a in context.own.pop(this).items() if a is not None}
    return ObjectDef(
        block.name.name,
        sources,
        this,
        tuple(cuts),
        block.name.span,
        union,
        attributes=attributes,
    )


def _sources(context: Context, block: Object, takes: list[Take]) -> tuple[Collection, ...] | None:
    if not takes:
        message = f"object {block.name.name} takes nothing"
        context.findings.error("E214", message, block.name.span, "begin it with: take Jet")
        return None
    found = [source for take in takes for source in _taken(context, take.source)]
    known = [source for source in found if source is not None]
    if len(known) < len(found):
        return None
    shared = len(inputs(known)) < sum(len(inputs([source])) for source in known)
    if shared and unsupported(context, "union", takes[0].source.span):
        return None
    return tuple(known)


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


def _taken(context: Context, source: Expr) -> list[Collection | None]:
    """Return the collections that a source names; unions in unions are taken apart."""
    match source:
        case Name() | Slice():
            return [whole(Scope(context, taking=True), source, "take needs a collection")]
        case Call() if source.function.name.lower() == "union":
            return [c for argument in source.arguments for c in _taken(context, argument)]
        case _:
            message = f"take {context.words(source.span)} is not supported yet"
            help = "take a collection or a union of collections"
            context.findings.error("E190", message, source.span, help)
            return [None]


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
    found = resolved(scope.context, number(scope, value(scope, written.value)), {})
    if found is not None:
        refuse_missing(scope.context, found)
    name = written.name.name
    if name in scope.context.own[this]:
        message = f"{name} is defined twice in this block"
        scope.context.findings.error("E207", message, written.name.span)
    else:
        definition = None if found is None else AttributeDef(name, found, this)
        scope.context.own[this][name] = definition


def _cut(scope: Scope, written: Select | Reject) -> Value | None:
    """Return what an element must fulfil; foreign collections are quantified."""
    binder = Binder(implicit=True)
    select = isinstance(written, Select)
    found = statement(scope.inside(binder), written.condition, without_else=select)
    found = resolved(scope.context, found, {})
    if found is None:
        return None
    refuse_missing(scope.context, found)
    if binder.loops:
        default = "all" if select else "any"
        for operation in ("any", "all"):
            own = [l for l in binder.loops if binder.quantifiers.get(l, default) == operation]
            found = quantify(scope.context, found, own, operation, binder.where)
    this = scope.current.loop if scope.current else None
    uses_element = any(isinstance(v, Variable) and v.loop is this for v in walk(found))
    if not uses_element and not isinstance(found, Literal_):  # select ALL is an idiom
        message = f"{scope.context.words(written.condition.span)} does not depend on the element"
        help = "it keeps all elements of an event or none; cuts on events stand in a region"
        scope.context.findings.warning("W307", message, written.condition.span, help)
    kept = found if select else negated(found)
    if scope.context.dialect == "cutlang":
        kept = _with_partners(kept, binder.loops)
    return kept


def _with_partners(kept: Value, partners: list[Loop]) -> Value:
    """In cutlang an element without a partner to compare with is dropped."""
    for loop in partners:
        assert loop.collection is not None, "a partner is of a collection"
        size = Size(loop.collection, type="int", span=kept.span)
        zero = Literal_(0, type="int", span=kept.span)
        there = Operation("gt", (size, zero), type="bool", span=kept.span)
        kept = Logic("and", (there, kept), type="bool", span=kept.span)
    return kept
