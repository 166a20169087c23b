"""W346: a threshold that no momentum and no angle reaches: the number is one of MeV, or of degrees."""

from __future__ import annotations

import math

from adl.check.analysis import Interval, Operation, Value
from adl.check.lints.subject import Subject
from adl.check.lints.units import unit
from adl.stdlib.ops import COMPARISON

_TOP = 14_000  # GeV: what both beams of the LHC have together
_LOWER = {"gt": 0, "ge": 0, "lt": 1, "le": 1}  # comparison: which of its sides is the larger one


def numbers_of_other_units(subject: Subject) -> None:
    """Warn of thresholds of momenta that no event of the LHC reaches, and of angles in degrees."""
    known: dict[int, str | None] = {}
    for value in subject.values():
        for left, right, lower in _compared(value):
            number = subject.numbers.constant(right)
            kind = unit(left, known) if number is not None else None
            words = subject.context.words(left.span)
            if number is not None and kind == "GeV" and lower and number > _TOP:
                message = f"{words} is in GeV, and {number:g} GeV is {number / 1000:g} TeV"
                help = f"{number / 1000:g} for {number / 1000:g} GeV: ADL has no MeV"
            elif number is not None and kind == "rad" and abs(number) > 2 * math.pi:
                message = f"{words} is in radians, and {number:g} is more than a turn"
                help = f"{math.radians(number):.4g} for {number:g} degrees"
            else:
                continue
            subject.context.findings.warning("W346", message, value.span, help)
            break


def _compared(value: Value) -> list[tuple[Value, Value, bool]]:
    """Return what a value compares with what, and whether the first has to be the larger one."""
    if isinstance(value, Interval):
        return [(value.value, value.lower, True), (value.value, value.upper, False)]
    if isinstance(value, Operation) and value.name in COMPARISON:
        left, right = value.arguments
        larger = _LOWER.get(value.name)
        return [(left, right, larger == 0), (right, left, larger == 1)]
    return []
