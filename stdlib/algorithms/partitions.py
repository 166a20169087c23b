"""Two groups of a collection: the mega-jets of razor analyses, and alpha_T.

All ways to make two groups are tried where the collection has at most 20 elements. Of a larger one
the first 20 elements are divided in the best way, then each other one, in its order, goes where it
does least harm: of jets in descending pT those are the softest.
"""

from __future__ import annotations

import math

from adl.stdlib.registry import algorithm

_MOST = 20  # 2^19 ways


@algorithm("collection -> collection", name="fmegajets", scratch=5)
def megajets(px, py, pz, energy, ox, oy, oz, oe, sx, sy, sz, se, group):
    """Return the two mega-jets: groups of the elements with the least sum of squared masses.

    Each is the sum of its group, the one of larger pT comes first. All divisions into two groups
    that are not empty are compared, m1^2 + m2^2 decides, the first of equals wins. CMS, Phys. Rev.
    D 85 (2012) 012004 [arXiv:1107.1279]. Of fewer than two elements there are no mega-jets.

    >>> x, y, e, zero = [9.0, -8.0, 3.0], [0.0, 0.0, 1.0], [9.0, 8.0, 3.5], [0.0, 0.0, 0.0]
    >>> out, work = [[0.0] * 3 for _ in range(4)], [[0.0] * 4 for _ in range(5)]
    >>> megajets(x, y, zero, e, *out, *work), out[0][:2], out[3][:2]
    (2, [12.0, -8.0], [12.5, 8.0])
    """
    n = len(px)
    if n < 2:
        return 0
    first = min(n, _MOST)
    tx = ty = tz = te = 0.0
    for i in range(first):
        tx, ty, tz, te = tx + px[i], ty + py[i], tz + pz[i], te + energy[i]
    best, chosen = -math.inf, 1
    for ways in range(1, 1 << (first - 1)):
        _partial_sums(px, py, pz, energy, first, ways, sx, sy, sz, se)
        x, y, z, e = sx[first - 1], sy[first - 1], sz[first - 1], se[first - 1]
        # m1^2 + m2^2 is the mass of all, squared, less twice this.
        product = e * (te - e) - x * (tx - x) - y * (ty - y) - z * (tz - z)
        if product > best:
            best, chosen = product, ways
    for i in range(first):
        group[i] = _group(chosen, first, i)
    for i in range(first, n):
        group[i] = _nearer(px, py, pz, energy, group, i)
    return _sums(px, py, pz, energy, group, ox, oy, oz, oe)


@algorithm("collection -> real", name="fAlphaT", scratch=2)
def alpha_t(px, py, pz, energy, partial, group):
    """Return alpha_T of jets: above 1/2 only with momentum that is missing.

    (H - D) / (2 sqrt(H^2 - M^2)), where H is the sum of the transverse energies, M the size of the
    vector sum of the transverse momenta, and D the least difference of transverse energy between
    two groups of the jets. CMS, Phys. Lett. B 698 (2011) 196 [arXiv:1101.1628]; for two jets the
    eT(second) / mT of Randall and Tucker-Smith, Phys. Rev. Lett. 101 (2008) 221803. Of fewer than
    two jets it is NaN; where nothing opposes the jets (H = M) infinite.

    >>> x, y, e, work = [40.0, -40.0], [0.0, 0.0], [40.0, 40.0], [[0.0] * 3 for _ in range(2)]
    >>> alpha_t(x, y, y, e, *work)
    0.5
    """
    n = len(px)
    if n < 2:
        return math.nan
    total = x = y = 0.0
    for i in range(n):
        group[i] = _transverse_energy(px[i], py[i], pz[i], energy[i])
        total, x, y = total + group[i], x + px[i], y + py[i]
    first = min(n, _MOST)
    less = abs(_least_difference(group, partial, first, n))
    opposed = total * total - (x * x + y * y)
    if opposed <= 0.0:
        return math.inf
    return (total - less) / (2.0 * math.sqrt(opposed))


def _least_difference(weights, partial, first, n):
    """Return the least difference between the weights of two groups."""
    chief = 0.0
    for i in range(first):
        chief += weights[i]
    best = math.inf
    for ways in range(1 << (first - 1)):
        start = first - 1 - _trailing_zeros(ways, first - 1)
        own = partial[start - 1] if start > 0 else 0.0
        for i in range(start, first):
            own += weights[i] * (1.0 - _group(ways, first, i))
            partial[i] = own
        difference = 2.0 * own - chief
        if abs(difference) < abs(best):
            best = difference
    for i in range(first, n):
        best = best + weights[i] if best < 0.0 else best - weights[i]
    return best


def _transverse_energy(px, py, pz, energy):
    """Return E sin(theta); 0 without momentum."""
    square = px * px + py * py
    if square == 0.0:
        return 0.0
    return energy * math.sqrt(square / (square + pz * pz))


def _partial_sums(px, py, pz, energy, n, ways, sx, sy, sz, se):
    """Fill in the sums of the first group's elements up to each, from where ``ways`` changed."""
    start = n - 1 - _trailing_zeros(ways, n - 1)
    x = y = z = e = 0.0
    if ways == 1:
        start = 0
    if start > 0:
        x, y, z, e = sx[start - 1], sy[start - 1], sz[start - 1], se[start - 1]
    for i in range(start, n):
        if _group(ways, n, i) == 0.0:
            x, y, z, e = x + px[i], y + py[i], z + pz[i], e + energy[i]
        sx[i], sy[i], sz[i], se[i] = x, y, z, e


def _group(ways, n, i):
    """Return the group, 0 or 1, of element i: the first has 0, the last one is the lowest bit."""
    return float((ways >> (n - 1 - i)) & 1) if i > 0 else 0.0


def _trailing_zeros(ways, most):
    """Return how many bits at the end are 0: the next one is the highest that changed last."""
    zeros = 0
    while zeros < most and (ways >> zeros) & 1 == 0:
        zeros += 1
    return zeros


def _nearer(px, py, pz, energy, group, i):
    """Return the group to whose squared mass element i adds less; those before i have theirs."""
    products = 0.0
    for j in range(i):
        product = energy[i] * energy[j] - px[i] * px[j] - py[i] * py[j] - pz[i] * pz[j]
        products += product if group[j] == 0.0 else -product
    return 1.0 if products > 0.0 else 0.0


def _sums(px, py, pz, energy, group, ox, oy, oz, oe):
    """Fill in the sums of both groups, the one of larger pT first; return their number, 2."""
    for k in range(2):
        ox[k] = oy[k] = oz[k] = oe[k] = 0.0
    for i in range(len(px)):
        k = int(group[i])
        ox[k] += px[i]
        oy[k] += py[i]
        oz[k] += pz[i]
        oe[k] += energy[i]
    if ox[0] * ox[0] + oy[0] * oy[0] < ox[1] * ox[1] + oy[1] * oy[1]:
        ox[0], ox[1] = ox[1], ox[0]
        oy[0], oy[1] = oy[1], oy[0]
        oz[0], oz[1] = oz[1], oz[0]
        oe[0], oe[1] = oe[1], oe[0]
    return 2
