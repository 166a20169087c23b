"""Where the elements of an object block come from: its take lines."""

from __future__ import annotations

from adl.check.algorithms import made, makes_collection
from adl.check.analysis import Collection, Singleton
from adl.check.context import Context
from adl.check.scope import Scope
from adl.check.slices import whole
from adl.check.sorts import is_sort, sorted_source
from adl.stdlib.models.finding import find_singleton
from adl.syntax.tree import Call, Expr, Index, Name, Object, Slice, Take


def singleton(context: Context, block: Object) -> Singleton | None:
    """Return what an object block names that every event has once: ``object met : MET``."""
    match block.statements:
        case [Take(source=Name(name), instance=None)]:
            declared = name in context.blocks and name != block.name.name
            match = None if declared else find_singleton(context.schema, name)
            if match is not None and match.exact:
                return Singleton(match.item, type="particle", span=block.name.span)
    return None


def taken_sources(
    context: Context, block: Object, takes: list[Take]
) -> tuple[Collection, ...] | None:
    """Return the collections that the lines of a block take, None after a mistake."""
    if not takes:
        message = f"object {block.name.name} takes nothing"
        context.findings.error("E214", message, block.name.span, "begin it with: take Jet")
        return None
    found = [source for take in takes for source in _taken(context, take.source)]
    known = [source for source in found if source is not None]
    return tuple(known) if len(known) == len(found) else None


def check_instance(context: Context, take: Take) -> None:
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


def is_union(source: Expr) -> bool:
    """Whether a source is written as a union."""
    return isinstance(source, Call) and source.function.name.lower() == "union"


def _taken(context: Context, source: Expr) -> list[Collection | None]:
    """Return the collections that a source names; unions in unions are taken apart."""
    match source:
        case Name() | Slice():
            return [whole(Scope(context, taking=True), source, "take needs a collection")]
        case Call() if is_union(source):
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
