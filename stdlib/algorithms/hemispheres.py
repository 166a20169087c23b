"""Hemispheres: an event cut in two, around two axes that its own elements vote for."""

from __future__ import annotations

import math

from adl.stdlib.elementary import asinh, atan2
from adl.stdlib.registry import algorithm

_ITERATIONS = 100
_APART = 0.5  # in dR, of the seeds 1 and 4


@algorithm(
    "collection, real?=2, real?=3 -> collection",
    name="fhemisphere",
    aliases=("fhemispheres",),
    parameters=("collection", "seeding", "association"),
    scratch=1,
)
def hemispheres(px, py, pz, energy, seeding, association, ox, oy, oz, oe, group):
    """Return the two hemispheres of a collection: sums of elements, that of the first seed first.

    CMS Physics TDR II, J. Phys. G 34 (2007) 995, section 13.4. Seeds: 1 the largest |p|, then the
    largest |p| dR to it with dR > 0.5; 2 the pair of largest mass; 3 the pair of largest transverse
    mass; 4 the largest pT, then the largest with dR > 0.5. Association: 1 to the axis of larger
    projection; 2 to the axis with the smaller E - P cos; 3 to that with the smaller Lund distance
    (E - P cos) E / (E + e)^2. In 2 and 3, E and P are the hemisphere's without the element, e is
    the element's; seeds stay, and one element moves at a time. It ends when nothing moves or after
    100 rounds. Without two seeds, or with other numbers, there are no hemispheres.

    >>> x, y, e, zero = [9.0, -8.0, 3.0], [0.0, 0.0, 1.0], [9.0, 8.0, 3.5], [0.0, 0.0, 0.0]
    >>> out, group = [[0.0] * 3 for _ in range(4)], [0.0] * 4
    >>> hemispheres(x, y, zero, e, 2.0, 3.0, *out, group), out[0][:2], out[3][:2]
    (2, [12.0, -8.0], [12.5, 8.0])
    """
    a, b = _seeds(px, py, pz, energy, seeding)
    if b < 0 or not (association == 1.0 or association == 2.0 or association == 3.0):
        return 0
    for k, seed in ((0, a), (1, b)):
        ox[k], oy[k], oz[k], oe[k] = px[seed], py[seed], pz[seed], energy[seed]
    for i in range(len(px)):
        group[i] = -1.0
    for turn in range(_ITERATIONS):
        if association == 1.0:
            moved = _project(px, py, pz, ox, oy, oz, group)
        else:
            moved = _attach(px, py, pz, energy, a, b, association, turn, ox, oy, oz, oe, group)
        _recompute(px, py, pz, energy, group, ox, oy, oz, oe)
        if not moved and turn > 0:
            break
    return 2


# ---------------------------------------------------------------------------------- seeds


def _seeds(px, py, pz, energy, seeding):
    """Return the indices of the seeds, -1 for what is not there."""
    if seeding == 1.0 or seeding == 4.0:
        a = _hardest(px, py, pz, seeding)
        return a, (_second(px, py, pz, a, seeding) if a >= 0 else -1)
    a = b = -1
    best = 0.0
    if not (seeding == 2.0 or seeding == 3.0):
        return a, b
    for i in range(len(px)):
        for j in range(i + 1, len(px)):
            mass = _pair(px, py, pz, energy, i, j, seeding)
            if mass > best:
                best, a, b = mass, i, j
    return a, b


def _hardest(px, py, pz, seeding):
    """Return the element with the largest |p|, or pT for seeding 4."""
    best, found = 0.0, -1
    for i in range(len(px)):
        size = _size(px, py, pz, i, seeding)
        if size > best:
            best, found = size, i
    return found


def _second(px, py, pz, a, seeding):
    """Return the element with the largest |p| dR to element a, or pT for seeding 4."""
    best, found = 0.0, -1
    for i in range(len(px)):
        dr = _distance(px, py, pz, i, a)
        if i != a and dr > _APART:
            size = _size(px, py, pz, i, seeding)
            if seeding == 1.0:
                size *= dr
            if size > best:
                best, found = size, i
    return found


def _size(px, py, pz, i, seeding):
    z = pz[i] if seeding == 1.0 else 0.0
    return math.sqrt(px[i] * px[i] + py[i] * py[i] + z * z)


def _pair(px, py, pz, energy, i, j, seeding):
    """Return the squared mass of a pair, or the transverse one of massless elements."""
    if seeding == 2.0:
        e, x, y = energy[i] + energy[j], px[i] + px[j], py[i] + py[j]
        z = pz[i] + pz[j]
        return e * e - x * x - y * y - z * z
    first = math.sqrt(px[i] * px[i] + py[i] * py[i])
    other = math.sqrt(px[j] * px[j] + py[j] * py[j])
    return 2.0 * (first * other - px[i] * px[j] - py[i] * py[j])


def _distance(px, py, pz, i, j):
    deta = _eta(px[i], py[i], pz[i]) - _eta(px[j], py[j], pz[j])
    dphi = abs(atan2(px[i] * py[j] - py[i] * px[j], px[i] * px[j] + py[i] * py[j]))
    return math.sqrt(deta * deta + dphi * dphi)


def _eta(px, py, pz):
    if pz == 0.0:
        return 0.0
    pt = math.sqrt(px * px + py * py)
    if pt == 0.0:
        return math.copysign(math.inf, pz)
    return asinh(pz / pt)


# ----------------------------------------------------------------------------- association


def _project(px, py, pz, ox, oy, oz, group):
    """Give each element to the axis on which its projection is larger; whether one moved."""
    moved = False
    one = math.sqrt(ox[0] * ox[0] + oy[0] * oy[0] + oz[0] * oz[0])
    two = math.sqrt(ox[1] * ox[1] + oy[1] * oy[1] + oz[1] * oz[1])
    for i in range(len(px)):
        # p . P1/|P1| against p . P2/|P2|, without a division.
        first = (px[i] * ox[0] + py[i] * oy[0] + pz[i] * oz[0]) * two
        other = (px[i] * ox[1] + py[i] * oy[1] + pz[i] * oz[1]) * one
        own = 0.0 if first >= other else 1.0
        moved = moved or own != group[i]
        group[i] = own
    return moved


def _attach(px, py, pz, energy, a, b, association, turn, ox, oy, oz, oe, group):
    """Give every element a hemisphere, later move at most one; return whether one moved."""
    group[a], group[b] = 0.0, 1.0
    for i in range(len(px)):
        if i in (a, b):
            continue
        first = _cost(px, py, pz, energy, i, 0, association, ox, oy, oz, oe, group)
        other = _cost(px, py, pz, energy, i, 1, association, ox, oy, oz, oe, group)
        own = 0.0 if first < other else 1.0
        moved = turn > 0 and own != group[i]
        group[i] = own
        if moved:
            return True
    return False


def _cost(px, py, pz, energy, i, k, association, ox, oy, oz, oe, group):
    """Return how badly element i suits hemisphere k, from which it is taken out first."""
    x, y, z, e = ox[k], oy[k], oz[k], oe[k]
    if group[i] == k:
        x, y, z, e = x - px[i], y - py[i], z - pz[i], e - energy[i]
    p = math.sqrt(px[i] * px[i] + py[i] * py[i] + pz[i] * pz[i])
    along = (px[i] * x + py[i] * y + pz[i] * z) / p if p > 0.0 else 0.0
    cost = e - along
    if association == 3.0:
        both = e + energy[i]
        cost = cost * e / (both * both) if both != 0.0 else 0.0
    return cost


def _recompute(px, py, pz, energy, group, ox, oy, oz, oe):
    """Set both axes to the sums of their elements; one without momentum stays as it was."""
    for k in range(2):
        x = y = z = e = 0.0
        for i in range(len(px)):
            if group[i] == k:
                x, y, z, e = x + px[i], y + py[i], z + pz[i], e + energy[i]
        if x * x + y * y + z * z > 0.0:
            ox[k], oy[k], oz[k], oe[k] = x, y, z, e
