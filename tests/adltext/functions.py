"""Python functions that random analyses call."""

from __future__ import annotations


def scaled(x: float, n: int) -> float:
    """Return a number that depends on an integer; it raises for some."""
    if n == 13:
        raise ValueError("thirteen")
    return x * n if n > 0 else x / (n - 1)


def folded(values: list[float], start: float) -> float:
    """Return a number in which the order of the values counts."""
    total = start
    for x in values:
        total = 0.5 * total + x
    return total
