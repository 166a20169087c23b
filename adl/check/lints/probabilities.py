"""W335: a tagger's score, which the object model calls a probability, beyond 1."""

from __future__ import annotations

from adl.check.analysis import Interval, Operation, Value
from adl.check.lints.subject import Subject
from adl.stdlib.ops import COMPARISON


def probabilities_above_one(subject: Subject) -> None:
    """Warn of comparisons of a probability with a constant above 1."""
    for value in subject.values():
        for score, limit in _comparisons(value):
            number = subject.numbers.constant(limit)
            if number is None or number <= 1 or not subject.numbers.is_probability(score):
                continue
            text = subject.context.words(score.span)
            message = f"{text} is a probability, it never reaches {number:g}"
            help = "a cut lies between 0 and 1"
            subject.context.findings.warning("W335", message, value.span, help)


def _comparisons(value: Value) -> list[tuple[Value, Value]]:
    """Return what a value compares with what, both ways round."""
    if isinstance(value, Operation) and value.name in COMPARISON:
        left, right = value.arguments
        return [(left, right), (right, left)]
    if isinstance(value, Interval):
        return [(value.value, value.lower), (value.value, value.upper)]
    return []
