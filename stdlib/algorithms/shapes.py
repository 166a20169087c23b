"""Shapes of events: how the momenta of a collection spread over directions.

All are pure numbers, 0 and 1 (thrust: 1/2 and 1) at their ends. Where there is no momentum at all,
in an empty collection above all, no direction is preferred and the shape is NaN, not a number that
a cut could pass. One or two elements have the shape that the definition gives them.
"""

from __future__ import annotations

import math

from adl.stdlib.registry import algorithm

_SWEEPS = 20  # of Jacobi's method, which doubles the right digits in each
_FLAT = 1e-12  # the sine of an angle that counts as none
_MOST_MOMENTS = 100

# ----------------------------------------------------------------------- momentum tensor


@algorithm("collection, real?=2 -> real", name="fSphericity", parameters=("collection", "power"))
def sphericity(px, py, pz, energy, power):
    """Sphericity, 3/2 (l2 + l3): 0 for two back-to-back jets, 1 for an isotropic event.

    l1 >= l2 >= l3 are the eigenvalues of sum p_i p_j / sum |p|^2; with ``power`` 1 those of the
    linear tensor sum (p_i p_j / |p|) / sum |p|, which no collinear splitting changes. Bjorken and
    Brodsky, Phys. Rev. D 1 (1970) 1416.

    >>> x, y, z, e = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0]
    >>> round(sphericity(x, y, z, e, 2.0), 12)
    1.0
    """
    _, second, third = _spread(px, py, pz, power)
    return 1.5 * (second + third)


@algorithm("collection, real?=2 -> real", name="fAplanarity", parameters=("collection", "power"))
def aplanarity(px, py, pz, energy, power):
    """Aplanarity, 3/2 l3: 0 for momenta in one plane, 1/2 for an isotropic event.

    With the eigenvalues of ``fSphericity``.

    >>> x, y, z, e = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0]
    >>> round(aplanarity(x, y, z, e, 2.0), 12)
    0.5
    """
    _, _, third = _spread(px, py, pz, power)
    return 1.5 * third


@algorithm("collection -> real", name="fTransverseSphericity")
def transverse_sphericity(px, py, pz, energy):
    """Transverse sphericity, 2 l2 / (l1 + l2): 0 for a line, 1 for a circle.

    l1 >= l2 are the eigenvalues of sum p_i p_j for i, j = x, y.

    >>> transverse_sphericity([1.0, 0.0], [0.0, 1.0], [5.0, 0.0], [9.0, 9.0])
    1.0
    """
    xx = yy = xy = 0.0
    for i in range(len(px)):
        xx += px[i] * px[i]
        yy += py[i] * py[i]
        xy += px[i] * py[i]
    if xx + yy == 0.0:
        return math.nan
    split = math.sqrt((xx - yy) * (xx - yy) + 4.0 * xy * xy)
    return max(1.0 - split / (xx + yy), 0.0)


def _spread(px, py, pz, power):
    """Return the eigenvalues of the momentum tensor, the largest first; their sum is 1."""
    xx = yy = zz = xy = xz = yz = 0.0
    for i in range(len(px)):
        square = px[i] * px[i] + py[i] * py[i] + pz[i] * pz[i]
        weight = 1.0
        if power == 1.0 and square > 0.0:
            weight = 1.0 / math.sqrt(square)
        xx += weight * px[i] * px[i]
        yy += weight * py[i] * py[i]
        zz += weight * pz[i] * pz[i]
        xy += weight * px[i] * py[i]
        xz += weight * px[i] * pz[i]
        yz += weight * py[i] * pz[i]
    total = xx + yy + zz
    if total == 0.0 or not (power == 1.0 or power == 2.0):
        return math.nan, math.nan, math.nan
    first, second, third = _eigenvalues(
        xx / total, yy / total, zz / total, xy / total, xz / total, yz / total
    )
    # n momenta span n dimensions: beyond them there is rounding only.
    if len(px) < 3:
        third = 0.0
    if len(px) < 2:
        second = 0.0
    return first, second, third


def _eigenvalues(xx, yy, zz, xy, xz, yz):
    """Return the eigenvalues of a symmetric matrix of trace 1, the largest first: Jacobi's method."""
    for _ in range(_SWEEPS):
        if abs(xy) + abs(xz) + abs(yz) < 1e-30:
            break
        tangent, c, s = _turn(xx, yy, xy)
        xx, yy, xy = xx - tangent * xy, yy + tangent * xy, 0.0
        xz, yz = c * xz - s * yz, s * xz + c * yz
        tangent, c, s = _turn(xx, zz, xz)
        xx, zz, xz = xx - tangent * xz, zz + tangent * xz, 0.0
        xy, yz = c * xy - s * yz, s * xy + c * yz
        tangent, c, s = _turn(yy, zz, yz)
        yy, zz, yz = yy - tangent * yz, zz + tangent * yz, 0.0
        xy, xz = c * xy - s * xz, s * xy + c * xz
    least, most = min(xx, min(yy, zz)), max(xx, max(yy, zz))
    return most, max(1.0 - most - least, 0.0), max(least, 0.0)


def _turn(pp, qq, pq):
    """Return tangent, cosine and sine of the rotation that makes the element pq zero."""
    if pq == 0.0:
        return 0.0, 1.0, 0.0
    half = 0.5 * (qq - pp) / pq
    tangent = 1.0 / (abs(half) + math.sqrt(half * half + 1.0))
    if half < 0.0:
        tangent = -tangent
    c = 1.0 / math.sqrt(tangent * tangent + 1.0)
    return tangent, c, tangent * c


# --------------------------------------------------------------------------------- thrust


@algorithm("collection -> real", name="fThrust")
def thrust(px, py, pz, energy):
    """Thrust, max over axes n of sum |p . n| / sum |p|: 1 for two jets, 1/2 for an isotropic event.

    Farhi, Phys. Rev. Lett. 39 (1977) 1587. Exact: the best axis has the direction of a sum
    of +p and -p whose signs some plane through two momenta gives, and all such are tried.

    >>> x, y, zero = [1.0, -0.5, -0.5], [0.0, 0.75**0.5, -(0.75**0.5)], [0.0, 0.0, 0.0]
    >>> round(thrust(x, y, zero, zero), 12)  # three equal jets at 120 degrees
    0.666666666667
    """
    return _thrust(px, py, pz, 1.0)


@algorithm("collection -> real", name="fTransverseThrust")
def transverse_thrust(px, py, pz, energy):
    """Thrust of the transverse momenta: 1 for two jets, 2/pi for a circle.

    Banfi, Salam and Zanderighi, JHEP 08 (2004) 062 [hep-ph/0407287].

    >>> transverse_thrust([1.0, -1.0], [0.0, 0.0], [3.0, 5.0], [9.0, 9.0])
    1.0
    """
    return _thrust(px, py, pz, 0.0)


def _thrust(px, py, pz, depth):
    """Return the thrust of momenta whose z is scaled with ``depth``, 1 or 0."""
    n, total, best = len(px), 0.0, 0.0
    for i in range(n):
        z = depth * pz[i]
        size = math.sqrt(px[i] * px[i] + py[i] * py[i] + z * z)
        total += size
        best = max(best, size)
    if total == 0.0:
        return math.nan
    for i in range(n):
        for j in range(n):
            if i != j:
                best = max(best, _largest_sum(px, py, pz, depth, i, j))
    return min(best / total, 1.0)


def _largest_sum(px, py, pz, depth, i, j):
    """Return the largest |sum of +-p| of the signs on the sides of the plane of p_i and p_j.

    In the plane it is the sides of p_i that count, and for what is parallel to p_i its direction:
    three partial sums, which may each be turned around.
    """
    x, y, z = px[i], py[i], depth * pz[i]
    nx, ny, nz = _product(x, y, z, px[j], py[j], depth * pz[j])
    dx, dy, dz = _product(nx, ny, nz, x, y, z)
    ax = ay = az = bx = by = bz = cx = cy = cz = 0.0
    for k in range(len(px)):
        kx, ky, kz = px[k], py[k], depth * pz[k]
        off = _side(kx, ky, kz, nx, ny, nz)
        beside = _side(kx, ky, kz, dx, dy, dz)
        if off != 0.0:
            ax, ay, az = ax + off * kx, ay + off * ky, az + off * kz
        elif beside != 0.0:
            bx, by, bz = bx + beside * kx, by + beside * ky, bz + beside * kz
        else:
            along = _side(kx, ky, kz, x, y, z)
            cx, cy, cz = cx + along * kx, cy + along * ky, cz + along * kz
    best = 0.0
    for b in (-1.0, 1.0):
        for c in (-1.0, 1.0):
            sx, sy, sz = ax + b * bx + c * cx, ay + b * by + c * cy, az + b * bz + c * cz
            best = max(best, math.sqrt(sx * sx + sy * sy + sz * sz))
    return best


def _product(ax, ay, az, bx, by, bz):
    """Return the vector product."""
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


def _side(ax, ay, az, bx, by, bz):
    """Return the sign of the scalar product, 0 for vectors at right angles."""
    product = ax * bx + ay * by + az * bz
    sizes = math.sqrt((ax * ax + ay * ay + az * az) * (bx * bx + by * by + bz * bz))
    if abs(product) <= _FLAT * sizes:
        return 0.0
    return 1.0 if product > 0.0 else -1.0


# ------------------------------------------------------------------------------- moments


@algorithm("collection, real -> real", name="fFoxWolfram", parameters=("collection", "order"))
def fox_wolfram(px, py, pz, energy, order):
    """Fox-Wolfram moment H_l, sum over i, j of |p_i| |p_j| P_l(cos angle_ij) / (sum E)^2.

    Fox and Wolfram, Phys. Rev. Lett. 41 (1978) 1581. ``order`` l is a whole number from 0 to 100,
    of any other the moment is NaN.

    >>> x, zero, e = [1.0, -1.0], [0.0, 0.0], [1.0, 1.0]
    >>> [fox_wolfram(x, zero, zero, e, l) for l in (0.0, 1.0, 2.0)]
    [1.0, 0.0, 1.0]
    """
    seen = 0.0
    for i in range(len(px)):
        seen += energy[i]
    if seen == 0.0 or not (0.0 <= order <= _MOST_MOMENTS) or order != int(order):
        return math.nan
    total = 0.0
    for i in range(len(px)):
        own = math.sqrt(px[i] * px[i] + py[i] * py[i] + pz[i] * pz[i])
        for j in range(len(px)):
            other = math.sqrt(px[j] * px[j] + py[j] * py[j] + pz[j] * pz[j])
            sizes = own * other
            if sizes > 0.0:
                cosine = (px[i] * px[j] + py[i] * py[j] + pz[i] * pz[j]) / sizes
                total += sizes * _legendre(int(order), cosine)
    return total / (seen * seen)


def _legendre(order, x):
    """Return the Legendre polynomial P_order(x), by its recursion."""
    previous, value = 1.0, x
    if order == 0:
        return previous
    for l in range(2, order + 1):
        previous, value = value, ((2 * l - 1) * x * value - (l - 1) * previous) / l
    return value
