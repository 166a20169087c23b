"""Jets of jets: the anti-kT algorithm."""

from __future__ import annotations

import math

from adl.stdlib.elementary import asinh, atan2
from adl.stdlib.registry import algorithm


@algorithm(
    "collection, real -> collection",
    name="antikT",
    parameters=("collection", "radius"),
    scratch=7,
)
def antikt(px, py, pz, energy, radius, ox, oy, oz, oe, sx, sy, sz, se, rapidity, phi, weight):
    """Jets that the anti-kT algorithm clusters from a collection, in descending pT in GeV.

    Of the distances d_ij = min(1/pT_i^2, 1/pT_j^2) ((y_i - y_j)^2 + dphi^2) / R^2 and
    d_i = 1/pT_i^2 the least decides: two elements are replaced by their four-vector sum, one
    becomes a jet. Cacciari, Salam and Soyez, JHEP 04 (2008) 063 [arXiv:0802.1189]; rapidities and
    the E scheme as in FastJet.

    >>> from numpy import array, zeros
    >>> out, work = zeros((4, 3)), zeros((7, 4))
    >>> p = array([[50.0, 30.0, -60.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0], [50.0, 31.0, 60.0]])
    >>> antikt(*p, 0.4, *out, *work)
    2
    >>> out[0].tolist()
    [80.0, -60.0, 0.0]
    """
    left = len(px)
    for i in range(left):
        _put(px[i], py[i], pz[i], energy[i], i, sx, sy, sz, se, rapidity, phi, weight)
    jets = 0
    while left > 0:
        first, second = _nearest(left, radius, rapidity, phi, weight)
        if second < 0:
            _insert(sx[first], sy[first], sz[first], se[first], jets, ox, oy, oz, oe)
            jets += 1
            gone = first
        else:
            x, y = sx[first] + sx[second], sy[first] + sy[second]
            z, e = sz[first] + sz[second], se[first] + se[second]
            _put(x, y, z, e, first, sx, sy, sz, se, rapidity, phi, weight)
            gone = second
        left -= 1
        if gone != left:  # the last one takes the free place
            x, y, z, e = sx[left], sy[left], sz[left], se[left]
            _put(x, y, z, e, gone, sx, sy, sz, se, rapidity, phi, weight)
    return jets


def _put(x, y, z, e, at, sx, sy, sz, se, rapidity, phi, weight):
    """Store an element and what its distances need."""
    sx[at], sy[at], sz[at], se[at] = x, y, z, e
    pt2 = x * x + y * y
    mt2 = max(pt2, (e - z) * (e + z))  # rounding must not make a mass imaginary
    rapidity[at] = asinh(z / math.sqrt(mt2)) if mt2 > 0.0 else 0.0
    phi[at] = atan2(y, x)
    weight[at] = 1.0 / pt2 if pt2 > 0.0 else math.inf


def _nearest(number, radius, rapidity, phi, weight):
    """Return the pair with the least distance, or one element and -1."""
    first, second = 0, -1
    least = weight[0]
    for i in range(number):
        if weight[i] < least:
            first, second, least = i, -1, weight[i]
        for j in range(i):
            dy, dphi = rapidity[i] - rapidity[j], abs(phi[i] - phi[j])
            if dphi > math.pi:
                dphi = 2.0 * math.pi - dphi
            distance = min(weight[i], weight[j]) * ((dy * dy + dphi * dphi) / (radius * radius))
            if distance < least:
                first, second, least = j, i, distance
    return first, second


def _insert(x, y, z, e, number, ox, oy, oz, oe):
    """Put a jet among those before it, in descending pT."""
    at = number
    while at > 0 and ox[at - 1] * ox[at - 1] + oy[at - 1] * oy[at - 1] < x * x + y * y:
        ox[at], oy[at], oz[at], oe[at] = ox[at - 1], oy[at - 1], oz[at - 1], oe[at - 1]
        at -= 1
    ox[at], oy[at], oz[at], oe[at] = x, y, z, e
