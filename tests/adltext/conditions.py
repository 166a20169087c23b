"""Conditions: comparisons, intervals, logic, reducers, identity, triggers, regions."""

from __future__ import annotations

from tests.adltext import numbers, particles
from tests.adltext.kinds import EVENT_TRUTHS
from tests.adltext.writer import Particle, Scope, Writer

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=", "LT", "GE", "EQ", "NE", "GT", "LE")


def condition(w: Writer, s: Scope, depth: int) -> str:
    """Return a condition that can stand anywhere in an expression."""
    if depth <= 0:
        return w.among(comparison, comparison, truth)(w, s, 0)
    choices = (
        comparison,
        comparison,
        comparison,
        interval,
        logic,
        logic,
        negated,
        reduced,
        reduced,
        identity,
        truth,
        ternary,
        counted,
        region,
    )
    return w.among(*choices)(w, s, depth - 1)


def comparison(w: Writer, s: Scope, depth: int) -> str:
    """Compare two numbers."""
    first = numbers.real(w, s, depth)
    second = numbers.constant(w) if w.chance(2) else numbers.real(w, s, depth - 1)
    return f"({first} {w.among(*COMPARISONS)} {second})"


def counted(w: Writer, s: Scope, depth: int) -> str:
    """Compare two integers."""
    number = w.among("0", "1", "2", "3")
    return f"({numbers.integer(w, s, depth)} {w.among(*COMPARISONS)} {number})"


def interval(w: Writer, s: Scope, depth: int) -> str:
    """Ask whether a number lies between two others."""
    lower, upper = w.among(("0", "50"), ("-1", "1"), ("0.5", "20"), ("2", "2"))
    return f"({numbers.real(w, s, depth)} {w.among('[]', '][')} {lower} {upper})"


def logic(w: Writer, s: Scope, depth: int) -> str:
    """Join two conditions."""
    operator = w.among("and", "or", "AND", "&&", "||", "or")
    return f"({condition(w, s, depth)} {operator} {condition(w, s, depth)})"


def negated(w: Writer, s: Scope, depth: int) -> str:
    """Negate a condition."""
    return f"({w.among('not', 'not', '!', 'NOT')} {condition(w, s, depth)})"


def reduced(w: Writer, s: Scope, depth: int) -> str:
    """Ask it of the elements of collections."""
    if s.loops > 1:
        return truth(w, s)
    return numbers.reducer(w, s, depth, w.among("any", "all"), condition) or truth(w, s)


def identity(w: Writer, s: Scope, depth: int) -> str:
    """Ask whether two elements are the same object."""
    first, second = (_stored(w, s) for _ in range(2))
    if first is None or second is None or not first.kind.origins & second.kind.origins:
        return comparison(w, s, depth)
    return f"({first.text} {w.among('==', '!=')} {second.text})"


def _stored(w: Writer, s: Scope) -> Particle | None:
    found = particles.element(w, s)
    return found if found.kind.origins and not found.kind.parts else None


def truth(w: Writer, s: Scope, depth: int = 0) -> str:
    """Return a column or define that is a condition."""
    owned = [p for p in s.particles if p.kind.truths]
    if owned and w.chance(2):
        p = w.among(*owned)
        return particles.spelled(w, p, w.among(*p.kind.truths))
    known = ("isData", "(era == 2018)", '(process != "ttbar")', "(dataset.x_k > 1)")
    # A loop that only an excluded part asks for is a mistake.
    if w.chance(8) and not any(p.whole for p in s.particles):
        return w.among(*known)
    return w.among(*EVENT_TRUTHS, "true", "NONE", *w.truths)


def ternary(w: Writer, s: Scope, depth: int) -> str:
    """Choose one of two conditions."""
    asked, first, second = (condition(w, s, depth) for _ in range(3))
    return f"({asked} ? {first} : {second})"


def region(w: Writer, s: Scope, depth: int) -> str:
    """Return the decision of a region, or of a trigger."""
    fired = [f"trigger {name}" for name in w.triggers]
    options = [*w.regions, *fired, 'HLT "HLT_Ele27"']
    if s.particles or s.bare is not None or s.loops:
        return comparison(w, s, depth)
    return f"({w.among(*options)})"
