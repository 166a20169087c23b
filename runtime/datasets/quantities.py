"""Luminosities with their unit: a number alone could be in pb or in fb, so it is never taken."""

from __future__ import annotations

import math
import re

# How many inverse picobarns one of each is.
_UNITS = {"mb": 1e-9, "ub": 1e-6, "nb": 1e-3, "pb": 1.0, "fb": 1e3, "ab": 1e6}
_LUMINOSITY = re.compile(
    r"(?P<number>[0-9.]+([eE][-+]?[0-9]+)?)\s*"
    r"(1?\s*/\s*(?P<below>[munpfa]b)|(?P<inverse>[munpfa]b)\s*\^?-1)"
)
EXAMPLES = '59.8 /fb, or "59.8 fb-1"'


def luminosity(text: object) -> float:
    """Return a luminosity in 1/pb, as in ``59.8 /fb``, ``59.8 fb-1`` or ``1000 1/pb``.

    Raises:
        ValueError: There is no unit, or it is no luminosity.
    """
    if isinstance(text, (int, float)):
        # Not a TypeError: pydantic makes a message of this one.
        raise ValueError(f"a luminosity has a unit: {EXAMPLES}")  # noqa: TRY004
    found = _LUMINOSITY.fullmatch(str(text).strip())
    try:
        number = float(found["number"]) if found else math.nan
    except ValueError:
        number = math.nan
    if found is None or not (0 < number < math.inf):
        raise ValueError(f"{text} is no luminosity: expected a number and its unit, {EXAMPLES}")
    return number * _UNITS[found["below"] or found["inverse"]]


def in_words(value: float) -> str:
    """Return a luminosity of 1/pb for people: ``59.8 /fb``."""
    return f"{value / 1e3:.5g} /fb" if value >= 100 else f"{value:.5g} /pb"
