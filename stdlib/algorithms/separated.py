"""Elements that keep a distance from one another."""

from __future__ import annotations

import math

from adl.stdlib.elementary import asinh, atan2
from adl.stdlib.registry import algorithm


@algorithm("collection, real -> flags", parameters=("collection", "distance"))
def separated(px, py, pz, energy, distance, kept):
    """Return the elements that are no nearer than ``distance`` in dR to one kept before them.

    Greedy, in the order of the collection: the first one is kept, then each that is at least
    ``distance`` away, in dR = sqrt(deta^2 + dphi^2), from all that are kept.

    >>> from numpy import array, zeros
    >>> kept = zeros(3, bool)
    >>> separated(array([9.0, 8.0, -7.0]), array([0.0, 0.1, 0.0]), zeros(3), zeros(3), 0.4, kept)
    >>> kept.tolist()
    [True, False, True]
    """
    for i in range(len(px)):
        kept[i] = True
        for j in range(i):
            if kept[j] and _distance(px, py, pz, i, j) < distance:
                kept[i] = False


def _distance(px, py, pz, i, j):
    deta = _eta(px[i], py[i], pz[i]) - _eta(px[j], py[j], pz[j])
    dphi = abs(atan2(px[i] * py[j] - py[i] * px[j], px[i] * px[j] + py[i] * py[j]))
    return math.sqrt(deta * deta + dphi * dphi)


def _eta(px, py, pz):
    if pz == 0.0:
        return pz
    return asinh(pz / math.sqrt(px * px + py * py))
