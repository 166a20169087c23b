"""``default(x, v)``, where x is missing in an event or has no column in the input."""

from __future__ import annotations

import re
from functools import partial

from adl.check.analysis import Default, Value
from adl.check.context import Context
from adl.check.reducers import Check
from adl.check.scope import Scope, mistake
from adl.check.types import number, unify
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.source import Span
from adl.syntax.tree import Call

# Where the first of these is missing in all of a file, default has what stands for it.
_ABSENT = ("E201", "E202")


def default(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``default(x, v)``: v where x is missing, or where the input has no column of it."""
    if len(expr.arguments) != 2:
        message = "default takes a value and what stands for it where it is missing"
        return mistake(scope, "E206", message, expr.span, "default(pT(jets[0]), 0)")
    findings, asked = scope.context.findings, expr.arguments[0]
    before = len(findings.items)
    first = number(scope, check(scope, asked))
    lacking = findings.withdraw(before, partial(_is_absent, scope.context, asked.span))
    second = number(scope, check(scope, expr.arguments[1]))
    if second is not None and lacking:
        words = " ".join(scope.context.words(argument.span) for argument in expr.arguments[1:])
        message = f"{lacking[0].message}: {words} stands for {scope.context.words(asked.span)}"
        findings.warning("W344", message, lacking[0].span, lacking[0].help)
        return unify(second, least="bool")[0]
    if first is None or second is None:
        return None
    first, second = unify(first, second, least="bool")
    return Default(first, second, type=first.type, span=expr.span)


def _is_absent(context: Context, asked: Span, found: Diagnostic) -> bool:
    """Whether what is wrong is that the input lacks a name, which no declared one is like."""
    inside = asked.start <= found.span.start and found.span.end <= asked.end
    meant = re.findall(r"\w+", found.help) if found.help.startswith("did you mean") else []
    return found.code in _ABSENT and inside and not any(name in context.blocks for name in meant)
