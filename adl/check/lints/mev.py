"""W346: a momentum that has to be larger than any collider gives: the number is one of MeV."""

from __future__ import annotations

from adl.check.analysis import Interval, Operation, Value
from adl.check.lints.subject import Subject
from adl.check.lints.units import unit

_TOP = 14_000  # GeV: what both beams of the LHC have together
_LOWER = {"gt": 0, "ge": 0, "lt": 1, "le": 1}  # comparison: which of its sides is the larger one


def momenta_in_mev(subject: Subject) -> None:
    """Warn of thresholds of momenta and masses that no event of the LHC reaches."""
    known: dict[int, str | None] = {}
    for value in subject.values():
        found = _at_least(value)
        if found is None or unit(found[0], known) != "GeV":
            continue
        number = subject.numbers.constant(found[1])
        if number is None or number <= _TOP:
            continue
        words = subject.context.words
        message = f"{words(found[0].span)} is in GeV, and {number:g} GeV is {number / 1000:g} TeV"
        help = f"{number / 1000:g} for {number / 1000:g} GeV: ADL has no MeV"
        subject.context.findings.warning("W346", message, value.span, help)


def _at_least(value: Value) -> tuple[Value, Value] | None:
    """Return what a value asks to be large, and what it has to exceed."""
    if isinstance(value, Interval):
        return value.value, value.lower
    if isinstance(value, Operation) and value.name in _LOWER:
        larger = _LOWER[value.name]
        return value.arguments[larger], value.arguments[1 - larger]
    return None
