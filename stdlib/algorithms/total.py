"""The vector sum of a collection, as a collection of one element."""

from __future__ import annotations

from adl.stdlib.registry import algorithm


@algorithm("collection, real?=1 -> collection", parameters=("collection", "sign"))
def fVectorSum(px, py, pz, energy, sign, ox, oy, oz, oe):
    """The vector sum of a collection as its one element; with sign -1 of opposite momentum.

    The energy is that of the sum in either case. Of nothing there is no sum.

    >>> out = [[0.0] * 2 for _ in range(4)]
    >>> fVectorSum([3.0, 1.0], [0.0, 2.0], [0.0, 0.0], [3.0, 3.0], -1.0, *out), [o[0] for o in out]
    (1, [-4.0, -2.0, -0.0, 6.0])
    """
    if len(px) == 0:
        return 0
    x, y, z, e = 0.0, 0.0, 0.0, 0.0
    for i in range(len(px)):
        x += px[i]
        y += py[i]
        z += pz[i]
        e += energy[i]
    ox[0], oy[0], oz[0], oe[0] = sign * x, sign * y, sign * z, e
    return 1
