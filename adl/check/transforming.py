"""The idiom ``take jets`` with ``select fmegajets(jets) == 2``, which means ``take fmegajets(jets)``.

CutLang's functions that make a collection put it in the place of the one that is cut, and return 1;
what the value is compared with is decoration.
"""

from __future__ import annotations

from dataclasses import replace

from adl.check.algorithms import makes_collection
from adl.check.context import Context
from adl.check.operators import COMPARISON
from adl.syntax.tree import Binary, Call, Expr, Number, Object, Select, Take


def spelled_as_take(context: Context, block: Object) -> Object:
    """Return a block that takes what its select makes; as it is if there is no such select."""
    made = [(s, call) for s in block.statements if (call := _made(context, s)) is not None]
    if not made:
        return block
    select, call = made[0]
    words = context.words(call.span)
    if len(made) > 1 or select != next(s for s in block.statements if not isinstance(s, Take)):
        message = f"{words} makes a collection of what is cut before it: not supported yet"
        help = f"end the block above; then an object of its own: take {words}"
        context.findings.error("E190", message, select.span, help)
    else:
        message = f"{words} is no condition: it makes the collection, as after take"
        context.findings.warning("W313", message, select.span, f"write take {words}")
    instance = next((s.instance for s in block.statements if isinstance(s, Take)), None)
    calls = [id(s) for s, _ in made]
    rest = (s for s in block.statements if not isinstance(s, Take) and id(s) not in calls)
    return replace(block, statements=(Take(call, instance, span=select.span), *rest))


def _made(context: Context, statement: object) -> Call | None:
    """Return the call that makes a collection, of a select of nothing else."""
    condition: Expr | None = statement.condition if isinstance(statement, Select) else None
    if isinstance(condition, Binary) and condition.operator in COMPARISON:
        condition = condition.left if isinstance(condition.right, Number) else None
    if isinstance(condition, Call) and makes_collection(context, condition):
        return condition
    return None
