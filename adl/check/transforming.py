"""The idiom ``take jets`` with ``select fmegajets(jets) == 2``, which means ``take fmegajets(jets)``.

CutLang's functions that make a collection put it in the place of the one that is cut, and return 1;
what the value is compared with is decoration. Behind cuts they make it of what these have left.
``select sum(-jets) > 0`` is one of them: it leaves one element, the vector sum with the opposite
momentum.
"""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Sequence

from adl.check.algorithms import made, makes_collection
from adl.check.analysis import Collection, Each, ObjectDef, Produced, Whole
from adl.check.collections import lineage
from adl.check.context import Context, order_key
from adl.check.operators import COMPARISON
from adl.check.scope import Scope
from adl.syntax.tree import Binary, Call, Expr, Name, Number, Select, Statement, Unary

TOTAL = "fVectorSum"


def transformed(
    context: Context, call: Call, named: Sequence[Collection], before: Collection
) -> Collection | None:
    """Return what a call makes, for which the ``named`` collections are ``before``.

    None after a mistake; one is a call of something else than what is cut before it.
    """
    words = _words(context, call)
    said = context.words(call.span)
    message = f"{said} is no condition: it makes the collection, as after take"
    context.findings.warning("W313", message, call.span, f"write take {words}")
    outside, context.orders = context.orders, {}
    if isinstance(before, ObjectDef):
        context.orders = {order_key(collection): before for collection in named}
    found = made(Scope(context, taking=True), call)
    context.orders = outside
    if found is None or before in named or _is_made_of(found, before):
        return found
    message = f"{said} is made of something else than what is cut before it"
    context.findings.error("E206", message, call.span, "an object of its own can take it")
    return None


def _is_made_of(found: Collection, before: Collection) -> bool:
    call = found.call if isinstance(found, Produced) else None
    if isinstance(found, ObjectDef):
        call = found.kept_by
    given: list[Collection | None] = []
    for argument in call.arguments if call is not None else ():
        if isinstance(argument, Whole) and isinstance(argument.collection, Collection):
            given.append(argument.collection)
        if isinstance(argument, Each):
            given += (loop.collection for loop in argument.loops)
    return any(step is before for c in given if c is not None for step in lineage(c))


def _words(context: Context, call: Call) -> str:
    """Return a call as it is written after take."""
    if call.function.name != TOTAL:
        return context.words(call.span)
    sign = ", -1" if len(call.arguments) > 1 else ""
    return f"{TOTAL}({context.words(call.arguments[0].span)}{sign})"


def call_that_makes(context: Context, statement: Statement, taken: Names[str]) -> Call | None:
    """Return the call that makes a collection, of a select of nothing else."""
    condition: Expr | None = statement.condition if isinstance(statement, Select) else None
    if isinstance(condition, Binary) and condition.operator in COMPARISON:
        condition = condition.left if isinstance(condition.right, Number) else None
    if not isinstance(condition, Call):
        return None
    return condition if makes_collection(context, condition) else _total(condition, taken)


def _total(call: Call, taken: Names[str]) -> Call | None:
    """Return what ``sum(jets)`` or ``sum(-jets)`` makes of the collection that is taken."""
    if call.function.name.lower() != "sum" or len(call.arguments) != 1:
        return None
    (argument,) = call.arguments
    minus = isinstance(argument, Unary) and argument.operator == "-"
    summed = argument.operand if isinstance(argument, Unary) and minus else argument
    if not isinstance(summed, Name) or summed.name not in taken:
        return None
    sign = (Unary("-", Number("1", span=argument.span), span=argument.span),) if minus else ()
    function = Name(TOTAL, span=call.function.span)
    return Call(function, (summed, *sign), span=call.span)
