"""W338: GeV beside an angle or a plain number, in a sum or a comparison.

A unit is known of stored momenta and angles, of functions that say theirs, and of what keeps one,
such as a sum or a maximum. Numbers that an analysis writes have any, products none that is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from adl.check.analysis import (
    Apply,
    AttributeOf,
    Choice,
    Default,
    Extremum,
    Interval,
    Operation,
    OwnAttribute,
    Reduction,
    Size,
    Value,
)
from adl.check.lints.domains import inner
from adl.check.lints.subject import Subject
from adl.stdlib.ops import COMPARISON

MASSES = ("fMT", "massive_mt", "fMCT", "fMCTperp", "fMCTpar", "fMll", "fMTauTau", "fCollinearMass")
ENERGIES = frozenset(
    ["pt", "mass", "energy", "px", "py", "pz", "p", "razor_mr", "razor_mtr", "mt2xy", *MASSES]
)
ANGLES = frozenset(("phi", "theta", "dphi", "sdphi"))
NUMBERS = frozenset(("eta", "abseta", "rapidity", "deta", "sdeta", "dr", "dry"))
WORDS = {"GeV": "in GeV", "rad": "in radians", "": "a plain number"}
KEPT = frozenset(("sum", "min", "max", "ave"))


def mixed_units(subject: Subject) -> None:
    """Warn of sums and comparisons of a momentum with an angle or a plain number."""
    known: dict[int, str | None] = {}
    for value in subject.values():
        for left, right in _together(value):
            units = unit(left, known), unit(right, known)
            if None in units or "GeV" not in units or units[0] == units[1]:
                continue
            words = subject.context.words
            first, second = (WORDS[u] for u in units if u is not None)
            message = f"{words(left.span)} is {first}, {words(right.span)} is {second}"
            subject.context.findings.warning("W338", message, value.span)
            break


def _together(value: Value) -> Iterator[tuple[Value, Value]]:
    """Yield the pairs of numbers that have to have one unit."""
    match value:
        case Operation(arguments=(left, right)) if value.name in ("add", "sub", *COMPARISON):
            yield left, right
        case Interval():
            yield value.value, value.lower
            yield value.value, value.upper
        case Extremum():
            yield from combinations(value.values, 2)


def unit(value: Value, known: dict[int, str | None]) -> str | None:
    """Return GeV, rad or "" for a plain number; None where nothing says it.

    ``known`` keeps what was found, by identity: defines are shared.
    """
    value = inner(value)
    if id(value) not in known:
        known[id(value)] = None  # while it is looked at
        known[id(value)] = _unit(value, known)
    return known[id(value)]


def _unit(value: Value, known: dict[int, str | None]) -> str | None:
    match value:
        case AttributeOf():
            return _of_name(value.attribute)
        case Apply():
            return _of_name(value.function.name)
        case OwnAttribute():
            return unit(value.definition.value, known)
        case Size() | Reduction(operation="count"):
            return ""
        case Reduction() if value.operation in KEPT:
            return unit(value.value, known)
        case Operation(name="neg" | "abs", arguments=(argument,)):
            return unit(argument, known)
        case Operation(name="add" | "sub", arguments=parts):
            return _common(parts, known)
        case Extremum():
            return _common(value.values, known)
        case Choice():
            return _common((value.then, value.otherwise), known)
        case Default():
            return unit(value.value, known)
        case _:
            return None


def _common(values: tuple[Value, ...], known: dict[int, str | None]) -> str | None:
    """Return the unit of those that have one, None if they have several."""
    units = {found for value in values if (found := unit(value, known)) is not None}
    return units.pop() if len(units) == 1 else None


def _of_name(name: str) -> str | None:
    if name in ENERGIES:
        return "GeV"
    return "rad" if name in ANGLES else "" if name in NUMBERS else None
