"""The idiom ``take jets`` with ``select fmegajets(jets) == 2``, which means ``take fmegajets(jets)``.

CutLang's functions that make a collection put it in the place of the one that is cut, and return 1;
what the value is compared with is decoration. ``select sum(-jets) > 0`` is one of them: it leaves
one element, the vector sum with the opposite momentum.
"""

from __future__ import annotations

from dataclasses import replace

from adl.check.algorithms import makes_collection
from adl.check.context import Context
from adl.check.operators import COMPARISON
from adl.syntax.tree import Binary, Call, Expr, Name, Number, Object, Select, Take, Unary

TOTAL = "fVectorSum"


def spelled_as_take(context: Context, block: Object) -> Object:
    """Return a block that takes what its select makes; as it is if there is no such select."""
    takes = [s.source for s in block.statements if isinstance(s, Take)]
    taken = {source.name for source in takes if isinstance(source, Name)}
    made = [(s, call) for s in block.statements if (call := _made(context, s, taken)) is not None]
    if not made:
        return block
    select, call = made[0]
    said, words = context.words(call.span), _words(context, call)
    if len(made) > 1 or select != next(s for s in block.statements if not isinstance(s, Take)):
        message = f"{said} makes a collection of what is cut before it: not supported yet"
        help = f"end the block above; then an object of its own: take {words}"
        context.findings.error("E190", message, select.span, help)
    else:
        message = f"{said} is no condition: it makes the collection, as after take"
        context.findings.warning("W313", message, select.span, f"write take {words}")
    instance = next((s.instance for s in block.statements if isinstance(s, Take)), None)
    calls = [id(s) for s, _ in made]
    rest = (s for s in block.statements if not isinstance(s, Take) and id(s) not in calls)
    return replace(block, statements=(Take(call, instance, span=select.span), *rest))


def _words(context: Context, call: Call) -> str:
    """Return a call as it is written after take."""
    if call.function.name != TOTAL:
        return context.words(call.span)
    sign = ", -1" if len(call.arguments) > 1 else ""
    return f"{TOTAL}({context.words(call.arguments[0].span)}{sign})"


def _made(context: Context, statement: object, taken: set[str]) -> Call | None:
    """Return the call that makes a collection, of a select of nothing else."""
    condition: Expr | None = statement.condition if isinstance(statement, Select) else None
    if isinstance(condition, Binary) and condition.operator in COMPARISON:
        condition = condition.left if isinstance(condition.right, Number) else None
    if not isinstance(condition, Call):
        return None
    return condition if makes_collection(context, condition) else _total(condition, taken)


def _total(call: Call, taken: set[str]) -> Call | None:
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
