"""Triggers: blocks of paths, and ``select trigger mu`` and ``select HLT "HLT_IsoMu24"``.

A path is a column of the event by its exact name. What a file's paths are is known only from the
file: without one every path is taken for there.
"""

from __future__ import annotations

from functools import reduce

from adl.check.analysis import EventValue, Literal_, Logic, Operation, Value
from adl.check.constants import excluded_names, settled
from adl.check.context import Context
from adl.check.declarations import by_name
from adl.check.elements import branch_type
from adl.check.scope import Scope, mistake
from adl.check.types import convert, negated
from adl.stdlib.models import Branch
from adl.syntax.diagnostics import Findings, did_you_mean
from adl.syntax.source import Source, Span
from adl.syntax.tree import Binary, Call, Expr, File, Name, Text, Trigger

WORDS = ("trigger", "HLT")


def triggers(file: File, source: Source, findings: Findings) -> dict[str, Trigger]:
    """Return the trigger blocks of a file by name: only the word ``trigger`` leads to them."""
    blocks = (block for block in file.blocks if isinstance(block, Trigger))
    return by_name(blocks, "trigger", source, findings)


def check_triggers(context: Context) -> None:
    """Report paths that the input does not have, in triggers that nothing uses as well.

    Those that only excluded statements ask for need no paths.
    """
    unused = excluded_names(context)
    for name, block in context.triggers.items():
        if name not in unused:
            _paths(context, block)


def fired(scope: Scope, expr: Call) -> Value | None:
    """Return whether a trigger block or a path fired."""
    (what,) = expr.arguments
    match what:
        case Text():
            return _path(scope.context, what.value, False, what.span)
        case Name() if what.name in scope.context.triggers:
            block, streams = scope.context.triggers[what.name], scope.context.streams
            scope.context.fired.add(what.name)
            if block.stream and streams is not None and block.stream not in streams:
                return settled(False, expr.span)
            return _paths(scope.context, block)
    name = scope.context.words(what.span)
    near = did_you_mean(name, [*scope.context.triggers])
    help = near or f'declare it above the regions: trigger {name} "HLT_IsoMu24"'
    return mistake(scope, "E201", f"no trigger is called {name}", what.span, help)


def spelled_out(context: Context, expr: Binary) -> Binary:
    """Return ``trigger mu or el`` as ``trigger mu or trigger el``."""
    right = expr.right
    if expr.operator != "or" or not isinstance(right, Name) or right.name not in context.triggers:
        return expr
    last = expr.left.right if isinstance(expr.left, Binary) else expr.left
    after_trigger = isinstance(last, Name) and last.name in context.triggers
    if not after_trigger and not is_fired(last):
        return expr
    again = Call(Name("trigger", span=right.span), (right,), span=right.span)
    left = spelled_out(context, expr.left) if isinstance(expr.left, Binary) else expr.left
    return Binary("or", left, again, span=expr.span)


def is_fired(expr: Expr) -> bool:
    """Whether an expression asks for a trigger."""
    return (
        isinstance(expr, Call)
        and expr.function.name in WORDS
        and len(expr.arguments) == 1
        and isinstance(expr.arguments[0], (Name, Text))
    )


def _paths(context: Context, block: Trigger) -> Value | None:
    paths = [_path(context, path.value, optional, path.span) for path, optional in block.paths]
    known = [path for path in paths if path is not None]
    if len(known) < len(paths):
        return None
    span = block.name.span
    return reduce(lambda a, b: Logic("or", (a, b), type="bool", span=span), known)


def _path(context: Context, path: str, optional: bool, span: Span) -> Value | None:
    scalars = context.schema.scalars
    branch = scalars.get(path)
    if branch is None and not context.schema.complete:
        branch = Branch(path, "bool", None)
    if branch is None and optional:
        return Literal_(False, type="bool", span=span)
    if branch is None:
        message = f"the input has no trigger path {path}"
        paths = [name for name in scalars if name.startswith(("HLT_", "L1_"))]
        hints = (
            did_you_mean(path, paths),
            context.schema.absent.get("HLT", "") if not paths else "",
            f'optional "{path}" is false where it is not there',
        )
        context.findings.error("E244", message, span, "\n".join(filter(None, hints)))
        return None
    value: Value = EventValue(branch, type=branch_type(branch), span=span)
    if value.type == "bool":
        return value
    zero = convert(Literal_(0, type="int", span=span), value.type)
    return negated(Operation("eq", (value, zero), type="bool", span=span))
