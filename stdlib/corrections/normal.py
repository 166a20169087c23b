"""Normal numbers of a PCG32 by Marsaglia's polar method: rejection, so loops that are compiled.

G. Marsaglia, T. A. Bray, SIAM Rev. 6 (1964) 260. What is drawn, how often and which of the two
numbers is taken is as in correctionlib: ``normal`` by its own loop, ``stdnormal`` as
std::normal_distribution of GNU's library does. No functions of ADL: only corrections have them.
"""

from __future__ import annotations

import math

from adl.stdlib.corrections.draws import INCREMENT, MULTIPLIER
from adl.stdlib.elementary import log
from adl.stdlib.registry import Function


def normal(state):
    """Return a normal number of mean 0 and width 1, of points of 32 bits in the square."""
    while True:
        u = _output(state) * 2.0**-31 - 1.0
        state = state * MULTIPLIER + INCREMENT
        v = _output(state) * 2.0**-31 - 1.0
        state = state * MULTIPLIER + INCREMENT
        size = u * u + v * v
        if size < 1.0 and size != 0.0:
            return u * math.sqrt(-2.0 * log(size) / size)


def stdnormal(state):
    """Return a normal number of mean 0 and width 1, of points of 53 bits in the square."""
    while True:
        x = 2.0 * _unit(state) - 1.0
        state = (state * MULTIPLIER + INCREMENT) * MULTIPLIER + INCREMENT
        y = 2.0 * _unit(state) - 1.0
        state = (state * MULTIPLIER + INCREMENT) * MULTIPLIER + INCREMENT
        size = x * x + y * y
        if size <= 1.0 and size != 0.0:
            return y * math.sqrt(-2.0 * log(size) / size)


def _unit(state):
    """Return a number in [0, 1) of two draws."""
    high = _output(state * MULTIPLIER + INCREMENT) * 2.0**32
    drawn = (_output(state) + high) * 2.0**-64
    return drawn if drawn < 1.0 else 1.0 - 2.0**-53


def _output(state):
    """Return 32 bits of a state as a number: as in ``draws``, where nothing is compiled."""
    mixed = ((((state >> 18) & 0x3FFFFFFFFFFF) ^ state) >> 27) & 0xFFFFFFFF
    turn = (state >> 59) & 31
    return float(((mixed >> turn) | (mixed << (-turn & 31))) & 0xFFFFFFFF)


def _function(name, body):
    return Function(name, ("int",), "real", "algorithm", body, body, ())


FUNCTIONS = {
    name: _function(name, body) for name, body in (("normal", normal), ("stdnormal", stdnormal))
}
