"""Random numbers that depend on keys alone: the same for any thread, order and set of regions.

Each key is mixed in with the finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014; constants of
Stafford's mix 13), so keys that follow each other, as events and elements do, give the numbers of
that generator. Everything is integers of 64 bits that wrap.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any

from adl.stdlib import elementary, ops

# 2^64 over the golden ratio, and the multipliers of mix 13.
_GOLDEN = ops.wrap(0x9E3779B97F4A7C15)
_FIRST = ops.wrap(0xBF58476D1CE4E5B9)
_SECOND = ops.wrap(0x94D049BB133111EB)
_UNIT = 2.0**-53
# The two numbers of a normal one, told apart from each other by a last key.
_DISTANCE, _ANGLE = 1, 2


def uniform(keys: Sequence[Any]) -> Any:
    """Return a number in [0, 1), a multiple of 2^-53, that integers choose.

    >>> round(uniform([1, 2, 3]), 6) == round(uniform([1, 2, 3]), 6) != uniform([1, 3, 2])
    True
    """
    return ops.apply("mul", ops.real(_shifted(hashed(keys), 11)), _UNIT)


def normal(keys: Sequence[Any]) -> Any:
    """Return a number of mean 0 and variance 1 that integers choose: Box and Muller's, 1958.

    Its size is at most 8.6: the least of the 2^53 uniform numbers decides the tail.

    >>> abs(normal([1, 2, 3])) < 8.6
    True
    """
    distance, angle = uniform([*keys, _DISTANCE]), uniform([*keys, _ANGLE])
    above = ops.apply("sub", 1.0, distance)  # in (0, 1]: its logarithm is finite
    radius = ops.apply("sqrt", ops.apply("mul", -2.0, elementary.log(above)))
    return ops.apply("mul", radius, elementary.cos(ops.apply("mul", 2 * math.pi, angle)))


def hashed(keys: Sequence[Any]) -> Any:
    """Return an integer of 64 bits that integers choose; the order of the keys counts."""
    state: Any = _GOLDEN
    for key in keys:
        state = _mix(ops.apply("add", state, ops.apply("mul", key, _GOLDEN)))
    return state


def named(name: str) -> int:
    """Return the key of a name, the same everywhere."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _mix(x: Any) -> Any:
    x = ops.apply("mul", ops.bitxor(x, _shifted(x, 30)), _FIRST)
    x = ops.apply("mul", ops.bitxor(x, _shifted(x, 27)), _SECOND)
    return ops.bitxor(x, _shifted(x, 31))


def _shifted(x: Any, by: int) -> Any:
    """Shift right, filling with zeros: ``ops.shr`` keeps the sign."""
    return ops.bitand(ops.shr(x, by), (1 << (64 - by)) - 1)
