"""Functions that are one operation, of numbers: ``abs(x)``, ``sqrt(x)``, ``floor(x)``, ``mod(x, y)``."""

from __future__ import annotations

from adl.check.analysis import Operation, Value
from adl.check.reducers import Check
from adl.check.scope import Scope, mistake
from adl.check.types import number, unify
from adl.syntax.tree import Call

# Functions that are one operation -> its name; abs keeps an integer.
PRIMITIVES = {"abs": "abs", "sqrt": "sqrt", "floor": "floor"}


def primitive(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``abs(x)`` and the like."""
    operation = PRIMITIVES[expr.function.name.lower()]
    if len(expr.arguments) != 1:
        return mistake(scope, "E206", f"{expr.function.name} takes one number", expr.span)
    asking = scope.asking(f"{expr.function.name} needs one number")
    argument = number(scope, check(asking, expr.arguments[0]))
    if argument is None:
        return None
    (argument,) = unify(argument, least="int" if operation == "abs" else "real")
    return Operation(operation, (argument,), type=argument.type, span=expr.span)


def remainder(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return ``mod(x, y)``: of integers an integer, which is missing where y is 0."""
    if len(expr.arguments) != 2:
        message = f"{expr.function.name} takes two numbers, not {len(expr.arguments)}"
        return mistake(scope, "E206", message, expr.span, "mod(event, 2)")
    asking = scope.asking(f"{expr.function.name} needs two numbers")
    x, y = (number(scope, check(asking, argument)) for argument in expr.arguments)
    if x is None or y is None:
        return None
    x, y = unify(x, y)
    return Operation("mod", (x, y), type=x.type, span=expr.span)
