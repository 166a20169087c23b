"""Calls of what nobody knows: which function may be meant."""

from __future__ import annotations

from adl.check import prelude
from adl.check.analysis import Value
from adl.check.habits import of_function
from adl.check.primitives import PRIMITIVES
from adl.check.reducers import REDUCERS
from adl.check.scope import Scope, mistake
from adl.check.uses import unchosen
from adl.check.whole_calls import QUANTIFIERS
from adl.stdlib.registry import FUNCTIONS
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.tree import Call

# What else is called like a function, as it is written: what a misspelt one may be.
_SPELLED = (
    *("size", "default", "mod", "closest", "last", "argmin", "argmax", "disjoint", "cartesian"),
    *("applyHM", "applyPTF", "gauss", "correction", "onnx", "union"),
)


def unknown_function(scope: Scope, expr: Call) -> Value | None:
    """Report that no function has the name, and what is meant instead if it can be told."""
    name = expr.function.name
    if unchosen(scope.context, name, expr.function.span):
        return None
    headings = prelude.headings(name)
    if headings:
        message = f"{name} is called {headings}, not with {len(expr.arguments)} arguments"
        return mistake(scope, "E206", message, expr.span)
    block = scope.context.blocks.get(name)
    if block is not None:
        kind = type(block).__name__.lower()
        help = f"{name}[0] is an element of it" if kind == "object" else ""
        return mistake(scope, "E205", f"{name} is a {kind}, no function", expr.function.span, help)
    help = of_function(name) or near_function(name)
    return mistake(scope, "E205", f"no function is called {name}", expr.function.span, help)


def near_function(name: str) -> str:
    """Return a help line with the nearest functions; few letters make many words alike."""
    return did_you_mean(name, _known_functions(), alike=0.7)


def _known_functions() -> list[str]:
    known = [*(a for f in FUNCTIONS.values() for a in f.aliases), *FUNCTIONS]  # dR before dr
    return [*known, *prelude.known_names(), *REDUCERS, *PRIMITIVES, *_SPELLED, *QUANTIFIERS]
