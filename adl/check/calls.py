"""Calls: of what an analysis declares, of the words of the language, and of the library.

Each function gets ``check``, the checker of expressions, for its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adl.check import prelude
from adl.check.algorithms import apply, python_function
from adl.check.analysis import Value
from adl.check.argmin import EXTREMES, MEMBERS, combined_alone, extreme
from adl.check.context import Found
from adl.check.correction_blocks import call as correction_block
from adl.check.correction_files import correction
from adl.check.corrections import is_factor
from adl.check.corrections import refuse as refuse_factor
from adl.check.defaults import default
from adl.check.draws import DRAWING, gauss, hit_or_miss, refuse_name
from adl.check.library_calls import several, unary
from adl.check.links import closest
from adl.check.networks import NAMES as NETWORKS
from adl.check.networks import network
from adl.check.primitives import PRIMITIVES, primitive, remainder
from adl.check.reducers import REDUCERS, Check, reducer
from adl.check.scope import Scope, mistake
from adl.check.tables import look_up, named_table
from adl.check.triggers import fired, is_fired
from adl.check.tuples import COMBINERS
from adl.check.unknown_functions import unknown_function
from adl.check.whole_calls import (
    QUANTIFIERS,
    SIZES,
    add,
    belonging,
    counted,
    is_of_collection,
    last,
    quantified,
)
from adl.stdlib.library import find_function
from adl.syntax.tree import Call

Checked = Callable[[Scope, Call, Check], Value | None]


def call(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return the value of a call."""
    name = expr.function.name.lower()
    if expr.draw and name not in DRAWING:
        return refuse_name(scope, expr)
    declared = _declared(scope, expr, check)
    if declared is not None:
        return declared.meaning
    if is_factor(expr):
        return refuse_factor(scope, expr)
    if is_fired(expr):
        return fired(scope, expr)
    if name == "count" and is_of_collection(scope, expr):
        return counted(scope, expr, check)
    if name in WORDS:
        return WORDS[name](scope, expr, check)
    function = python_function(scope.context, expr)
    if function is not None:
        return apply(scope, expr, function, check)
    if name in _ELSEWHERE:
        code, message, help = _ELSEWHERE[name]
        return mistake(scope, code, message, expr.span, help)
    defined = prelude.definition_of(expr)
    if defined is not None:
        return prelude.expand(scope, expr, defined, check)
    if len(expr.arguments) == 1:
        return unary(scope, expr, check)
    known = find_function(expr.function.name)
    return unknown_function(scope, expr) if known is None else several(scope, expr, known, check)


# What is called by one of these words, whatever functions there are.
WORDS: Mapping[str, Checked] = {
    "applyhm": hit_or_miss,
    "gauss": gauss,
    "correction": correction,
    "default": default,
    "mod": remainder,
    "add": add,
    "last": last,
    "closest": closest,
    **dict.fromkeys(NETWORKS, network),
    **dict.fromkeys(SIZES, counted),
    **dict.fromkeys(REDUCERS, reducer),
    **dict.fromkeys(PRIMITIVES, primitive),
    **dict.fromkeys(EXTREMES, extreme),
    **dict.fromkeys(MEMBERS, belonging),
    **dict.fromkeys(COMBINERS, combined_alone),
    **dict.fromkeys(QUANTIFIERS, quantified),
}

# Words that stand somewhere else than in an expression: code, message, and how it is written.
_ELSEWHERE = {
    "sort": (
        "E206",
        "sort makes a collection: it stands after take in an object block",
        "take sort(jets, eta, ascend)",
    ),
    "union": (
        "E206",
        "a union stands after take in an object block",
        "object leptons, below it take union(…)",
    ),
    "wp": (
        "E255",
        "wp stands beside the tagger that it is compared with",
        'btagDeepFlavB > wp("M")',
    ),
}


def _declared(scope: Scope, expr: Call, check: Check) -> Found[Value] | None:
    """Return a call of what the analysis declares: a function of Python's, a correction, a table."""
    name = expr.function.name
    if name in scope.context.functions:
        own = scope.context.functions[name]
        return Found(None if own is None else apply(scope, expr, own, check))
    if name in scope.context.corrections:
        block = scope.context.corrections[name]
        return Found(None if block is None else correction_block(scope, expr, block, check))
    table = named_table(scope.context, expr.function)
    return None if table is None else Found(look_up(scope, expr, table, check))
