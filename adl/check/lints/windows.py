"""W331: ``x [] 120 60`` holds for nothing, ``x ][ 120 60`` for everything."""

from __future__ import annotations

from adl.check.analysis import Interval
from adl.check.lints.subject import Subject


def reversed_windows(subject: Subject) -> None:
    """Warn of windows whose constant bounds stand the wrong way round."""
    for value in subject.values():
        if not isinstance(value, Interval):
            continue
        lower, upper = subject.numbers.constant(value.lower), subject.numbers.constant(value.upper)
        if lower is None or upper is None or lower <= upper:
            continue
        fate = "is never true" if value.operator == "[]" else "is always true"
        message = f"the lower bound {lower:g} lies above the upper one {upper:g}: this {fate}"
        help = f"write {value.operator} {upper:g} {lower:g}"
        subject.context.findings.warning("W331", message, value.span, help)
