"""Random numbers: ``applyHM(eff(pT(this)) == 1)`` and ``gauss(mean, sigma)``.

Each has a name, so that it is the same number wherever it stands and in every variation: that after
``draw``; else applyHM has that of its table, and gauss one of its own place.
"""

from __future__ import annotations

from adl.check.analysis import (
    Draw,
    Element,
    EventValue,
    Loop,
    Operation,
    TableAt,
    Value,
    Variable,
)
from adl.check.collections import inputs
from adl.check.dominance import elements
from adl.check.reducers import Check
from adl.check.scope import Scope, mistake
from adl.check.tables import look_up, named_table
from adl.check.trees import subtrees
from adl.check.types import convert, negated, number
from adl.check.values import free_loops
from adl.stdlib.models.finding import find_scalar
from adl.syntax.tree import Binary, Call, Name, Number

# What tells events apart: the columns that a random number depends on.
EVENT_COLUMNS = ("run", "luminosityBlock", "event")
DRAWING = frozenset(("applyhm", "gauss"))


def refuse_name(scope: Scope, expr: Call) -> Value | None:
    """Report ``draw NAME`` after a function that draws nothing."""
    message = f"{expr.function.name} draws no random number: it has no name"
    return mistake(scope, "E206", message, expr.span, "gauss(1, 0.1) draw smear")


# ---------------------------------------------------------------------------------------- gauss


def gauss(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``gauss(mean, sigma)``: a random number of an element, or of the event."""
    if len(expr.arguments) != 2:
        message = f"{expr.function.name} takes a mean and a sigma"
        return mistake(scope, "E206", message, expr.span, "gauss(1, 0.1)")
    asking = scope.asking(f"{expr.function.name} needs one number")
    found = [number(scope, check(asking, argument)) for argument in expr.arguments]
    mean, sigma = (None if x is None else convert(x, "real") for x in found)
    event = _event(scope, expr.function)
    if mean is None or sigma is None or event is None:
        return None
    loops = list(dict.fromkeys((*_written_out(scope), *free_loops(mean), *free_loops(sigma))))
    if len(loops) > 1 or (scope.binders and not loops):
        message = f"{expr.function.name} draws for one element, here "
        message += f"are {len(loops)} at a time" if loops else "it has none of those in the loop"
        help = "name it in the loop, sum(jets j, gauss(pT(j), 1)), or define it in an object block"
        return mistake(scope, "E242", message, expr.span, help)
    of = Variable(loops[0], type="particle", span=expr.span) if loops else None
    name = expr.draw or _own_name(scope, expr)
    drawn = Draw(of, name, event, "normal", type="real", span=expr.span)
    shift = Operation("mul", (sigma, drawn), type="real", span=expr.span)
    return Operation("add", (mean, shift), type="real", span=expr.span)


def _written_out(scope: Scope) -> list[Loop]:
    """Return the element that is meant without a mention: this one, or that of a loop."""
    named = [loop for binder in scope.binders if not binder.implicit for loop in binder.loops]
    within = all(binder.implicit for binder in scope.binders)
    current = [scope.current.loop] if scope.current is not None and within else []
    return [*current, *named]


def _own_name(scope: Scope, expr: Call) -> str:
    """Return the block and which of its unnamed gauss it is: another line moves none of them."""
    block = scope.context.blocks.get(scope.context.open_name())
    calls = () if block is None else subtrees(block)
    places = sorted(t.span.start for t in calls if isinstance(t, Call) and _is_unnamed(t))
    number = places.index(expr.span.start) if expr.span.start in places else 0
    return f"gauss {number} of {scope.context.open_name()}"


def _is_unnamed(call: Call) -> bool:
    return call.function.name.lower() == "gauss" and not call.draw


# -------------------------------------------------------------------------------- hit or miss


def hit_or_miss(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``applyHM(eff(pT(j)) == 1)``: whether an element is in a sample of that efficiency.

    ``== 0`` is the complement: the same random number decides.
    """
    call, wanted = _compared(expr)
    table = named_table(scope.context, call.function) if call is not None else None
    if table is None or call is None:
        message = "applyHM takes a table's value compared with 1 or 0"
        help = "select applyHM(eff(pT(this)) == 1) keeps an element with the probability eff"
        return mistake(scope, "E206", message, expr.span, help)
    value = look_up(scope, call, table, check, drawn=True)
    event = _event(scope, expr.function)
    if value is None or event is None:
        return None
    particle = _drawn_for(scope, value)
    if particle is None:
        message = "applyHM draws for one element, here is none or are several"
        help = (
            "write it in a select or reject of an object, outside of sum, any and the like; or of"
        )
        help += " one element: applyHM(eff(pT(jets[0])) == 1)"
        return mistake(scope, "E242", message, expr.span, help)
    draw = Draw(particle, expr.draw or value.table.name, event, type="real", span=expr.span)
    kept = Operation("gt", (value, draw), type="bool", span=expr.span)
    return kept if wanted == 1 else negated(kept)


def _drawn_for(scope: Scope, value: TableAt) -> Variable | Element | None:
    """Return the current element of an object block, or the one element that a look-up is about."""
    current = scope.current
    if current is not None:
        whole = len(scope.binders) == 1 and scope.binders[0].implicit
        return Variable(current.loop, type="particle", span=value.span) if whole else None
    found = [e for argument in value.arguments for e in elements(argument)]
    one = len({(e.collection.name, e.index) for e in found}) == 1
    # An element of a union has its number only in its own source.
    return found[0] if one and len(inputs([found[0].collection])) == 1 else None


def _compared(expr: Call) -> tuple[Call | None, float]:
    """Return the table's call and the number in ``applyHM(eff(x) == 1)``."""
    match expr.arguments:
        case [Binary("==", Call() as call, Number() as side)] if side.value in (0, 1):
            return call, side.value
    return None, 0


def _event(scope: Scope, name: Name) -> tuple[EventValue, ...] | None:
    """Return the columns that tell events apart."""
    schema = scope.context.schema
    matches = [find_scalar(schema, column) for column in EVENT_COLUMNS]
    lacking = [
        column
        for column, match in zip(EVENT_COLUMNS, matches, strict=True)
        if match is None or "int" not in match.item.dtype
    ]
    if lacking:
        message = f"{name.name} needs a number for each event, the input has no {lacking[0]}"
        help = f"its random numbers are chosen by {', '.join(EVENT_COLUMNS)}"
        mistake(scope, "E243", message, name.span, help)
        return None
    found = (m.item for m in matches if m is not None)
    return tuple(EventValue(b, type="int", span=name.span) for b in found)
