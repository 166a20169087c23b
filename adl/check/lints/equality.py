"""W330: ``==`` of real numbers, which rounding decides."""

from __future__ import annotations

from adl.check.analysis import Choice, Default, Literal_, Operation, TableAt, Value
from adl.check.lints.domains import Numbers, inner
from adl.check.lints.subject import Subject

HELP = "compare with a window, x [] 0.9 1.1; argmin(…) names the element that has the least"


def equal_reals(subject: Subject) -> None:
    """Warn of ``==`` and ``!=`` between numbers that are not whole."""
    for value in subject.values():
        if not isinstance(value, Operation) or value.name not in ("eq", "ne"):
            continue
        left, right = value.arguments
        if "particle" in (left.type, right.type) or _exact(subject.numbers, left, right):
            continue
        asked = "equal to" if value.name == "eq" else "different from"
        message = f"a real number is hardly ever exactly {asked} another"
        subject.context.findings.warning("W330", message, value.span, HELP)


def _exact(numbers: Numbers, left: Value, right: Value) -> bool:
    if numbers.is_exact(left) and numbers.is_exact(right):
        return True
    return any(_passes(numbers, a, numbers.constant(b)) for a, b in ((left, right), (right, left)))


def _passes(numbers: Numbers, value: Value, number: float | None) -> bool:
    """Whether a value can be a constant that the analysis itself names, as in default(x, -1)."""
    value = inner(value)
    match value:
        case Literal_():
            return number is not None and float(value.value) == number
        case Default():
            return numbers.constant(value.otherwise) == number is not None
        case Choice():
            branches = (value.then, value.otherwise)
            return any(_passes(numbers, branch, number) for branch in branches)
        case TableAt():
            return number is not None and any(row.value == number for row in value.table.rows)
        case _:
            return number is not None and numbers.constant(value) == number
