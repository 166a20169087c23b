"""Streams of data: an event of several streams counts once, in the first whose trigger fired.

Let F(k) be a condition with the triggers of the first k streams only, in the order in which it
mentions them. In simulation the condition is F(all). In data of the k-th stream it is F(k) and not
F(k - 1): an event that fulfils it is in that stream, it is in no other, and none is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from adl.check.analysis import Cut, DefineDef, Logic, Value
from adl.check.constants import exclude, known, settled
from adl.check.context import Context
from adl.check.trees import children
from adl.check.triggers import is_fired, spelled_out
from adl.check.tuples import COMBINERS
from adl.check.types import negated
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import Attribute, Binary, Binding, Call, Define, Expr, Name, Tree, Unary


def in_streams(context: Context, expr: Expr, check: Callable[[], Value | None]) -> Value | None:
    """Return the value of a condition, by ``check``, that no event fulfils in two streams."""
    streams = list(dict.fromkeys(_streams(context, expr))) if context.triggers else []
    if not streams or context.dataset is None:
        return check()
    if known(context, "kind", expr.span) != "data":
        return check() if context.dataset.kind else None
    stream = known(context, "stream", expr.span)
    if not stream or not _exists(context, stream, expr.span):
        return None
    if stream not in streams:
        exclude(context, expr)
        return settled(False, expr.span)
    here = streams.index(stream)
    found = _with(context, streams[: here + 1], check)
    if not here or found is None:
        return found
    before = _with(context, streams[:here], check)
    if before is None:
        return None
    return Logic("and", (found, negated(before)), type="bool", span=expr.span)


def asked_streams(context: Context, expr: Expr) -> frozenset[str]:
    """Return the streams of all triggers that a condition asks for, in its defines, too."""
    if not context.triggers:
        return frozenset()
    found = set(_streams(context, expr))
    for name in _unvetoed(expr, frozenset()):
        if isinstance(context.blocks.get(name.name), Define):
            define = context.definition(name.name, name.span)
            found |= define.streams if isinstance(define, DefineDef) else set()
    return frozenset(found)


def _unvetoed(tree: Tree, bound: frozenset[str]) -> Iterator[Name]:
    """Yield the names that stand for values outside of vetoes, less those that loops bind."""
    match tree:
        case Name():
            if tree.name not in bound:
                yield tree
        case Unary(operator="not"):
            return
        case Attribute():
            yield from _unvetoed(tree.value, bound)
        case Binding():
            yield from _unvetoed(tree.collection, bound)
        case Call():
            inside = bound | {binding.name.name for binding in _bindings(tree)}
            for argument in tree.arguments:
                yield from _unvetoed(argument, inside)
        case _:
            for part in children(tree):
                yield from _unvetoed(part, bound)


def _bindings(call: Call) -> Iterator[Binding]:
    """Yield the loops of a reducer, those of ``disjoint(jets a, jets b)`` in it, too."""
    for argument in call.arguments:
        if isinstance(argument, Binding):
            yield argument
        elif isinstance(argument, Call) and argument.function.name.lower() in COMBINERS:
            yield from _bindings(argument)


def vetoed(context: Context, check: Callable[[], Value | None]) -> Value | None:
    """Return the value of what is no veto's condition but its subject: of triggers of any stream."""
    outside = context.streams, context.vetoing
    context.streams, context.vetoing = None, True
    found = check()
    context.streams, context.vetoing = outside
    return found


def warn_of_other_streams(context: Context, cut: Cut, before: Iterable[object]) -> None:
    """Warn of a select on triggers after one on triggers of other streams: no data pass both."""
    cuts = [c for c in before if isinstance(c, Cut) and c.streams]
    other = next((c for c in cuts if c.streams.isdisjoint(cut.streams)), None)
    if not cut.streams or other is None:
        return
    message = f"no data pass this select and that on line {context.line(other.span)}: their "
    message += "triggers are of different streams, and an event of data counts in one"
    help = "ask in one select: select trigger mu or el, select trigger mu and trigger el"
    context.findings.warning("W339", message, cut.span, help)


def _with(context: Context, streams: list[str], check: Callable[[], Value | None]) -> Value | None:
    outside, context.streams = context.streams, frozenset(streams)
    found = check()
    context.streams = outside
    return found


def _streams(context: Context, tree: Tree) -> Iterator[str]:
    """Yield the streams of the triggers that a condition asks for; ``not`` asks for none."""
    if isinstance(tree, Unary) and tree.operator == "not":
        return
    if isinstance(tree, Binary):
        tree = spelled_out(context, tree)
    if isinstance(tree, Call) and is_fired(tree):
        (what,) = tree.arguments
        if isinstance(what, Name) and what.name in context.triggers:
            stream = context.triggers[what.name].stream
            yield from (stream,) if stream else ()
        return
    for part in children(tree):
        yield from _streams(context, part)


def _exists(context: Context, stream: str, span: Span) -> bool:
    """Report data of a stream that no trigger of the file names."""
    every = [block.stream for block in context.triggers.values() if block.stream]
    if stream in every:
        return True
    message = f"no trigger of this file is of the stream {stream}"
    help = did_you_mean(stream, every) or f"its streams are {', '.join(dict.fromkeys(every))}"
    context.findings.error("E257", message, span, help)
    return False
