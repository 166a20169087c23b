"""Small functions with loops, for random programs: arrays in, numbers and arrays out."""

from __future__ import annotations

from typing import Any

import numpy as np

from adl.stdlib.registry import Function


def _folded(x: np.ndarray[Any, Any], y: float) -> float:
    total = y
    for i in range(len(x)):
        total = 0.5 * total + x[i]  # the order counts
    return total


def _reversed(px: Any, py: Any, pz: Any, energy: Any, ox: Any, oy: Any, oz: Any, oe: Any) -> int:
    number = 0
    for i in range(len(px) - 1, -1, -1):
        if px[i] == px[i]:
            ox[number], oy[number], oz[number], oe[number] = px[i], py[i], pz[i], energy[i]
            number += 1
    return number


def _alternate(px: Any, py: Any, pz: Any, energy: Any, kept: Any) -> None:
    for i in range(0, len(px), 2):
        kept[i] = True


def _function(name: str, arguments: tuple[str, ...], result: str, body: Any) -> Function:
    form: Any = "user" if result == "real" else "algorithm"  # one is called with NaN, one is not
    return Function(name, arguments, result, form, body, body, ())


FOLDED = _function("folded", ("array", "real"), "real", _folded)
REVERSED = _function("reversed", ("collection",), "collection", _reversed)
ALTERNATE = _function("alternate", ("collection",), "flags", _alternate)
