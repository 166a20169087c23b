"""Numbers of a file of corrections as correctionlib reads them, which is not always to the nearest.

correctionlib's reader of JSON, RapidJSON without kParseFullPrecisionFlag, adds digits up and divides
by a power of ten: what has 17 digits can be one unit in the last place away from the float that
Python reads. That moves an edge of a bin, or gives a jet another random number.
"""

from __future__ import annotations

import re

_EXACT = 16  # characters, point included: then digits and power are exact, as is one division
_DIGITS = 17  # more are not looked at
_POWERS = [float(f"1e{power}") for power in range(309)]
_NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?")


def number(text: str) -> float:
    """Return the number that correctionlib reads where a file of JSON says ``text``.

    >>> number("0.012939865692439823") == 0.012939865692439823
    False
    """
    if len(text) <= _EXACT and "e" not in text and "E" not in text:
        return float(text)
    found = _NUMBER.fullmatch(text)
    assert found is not None, text  # the JSON parser knows what a number is
    sign, whole, fraction, exponent = found.groups()
    digits, power = _whole(whole, 2**63 if sign else 2**64 - 1)
    size = _scaled(*_digits(digits, power, len(whole) - 1, fraction or ""), int(exponent or 0))
    return -size if sign else size


def _whole(digits: str, most: int) -> tuple[float, bool]:
    """Return the part before the point, and whether it is rounded: beyond 64 bits."""
    found: float = 0  # a whole number of any size, then a float
    for digit in digits:
        more = found * 10 + int(digit)
        found = float(found) * 10.0 + int(digit) if more > most else more
    return found, isinstance(found, float)


def _digits(found: float, rounded: bool, known: int, fraction: str) -> tuple[float, int]:
    """Return all digits as one number, and the power of ten that makes it the number meant."""
    left = 0 if rounded else len(fraction)
    power = 0
    for place, digit in enumerate(fraction[:left]):
        if found > 2**53 - 1:
            left = place
            break
        found = found * 10 + int(digit)
        power -= 1
        known += found != 0
    size = float(found)
    for digit in fraction[left:]:
        if known < _DIGITS:
            size = size * 10.0 + int(digit)
            power -= 1
            known += size > 0
    return size, power


def _scaled(size: float, power: int, exponent: int) -> float:
    """Return ``size`` times a power of ten, the way RapidJSON does without full precision."""
    power += exponent
    if power < -308:
        return _by_power(_by_power(size, -308), power + 308)
    return _by_power(size, power)


def _by_power(size: float, power: int) -> float:
    if power < -308:
        return 0.0
    return size * _POWERS[power] if power >= 0 else size / _POWERS[-power]
