"""The stransverse mass: the least mass that two decays into something visible and invisible share.

For a trial mass M, the invisible momenta q of one decay with a transverse mass of at most M fill a
conic, those that leave enough for the other decay a second one: MT2 is the least M for which they
meet. Two conics A(q) <= 0 and B(q) <= 0 are apart exactly if some mixture t A + (1 - t) B is
positive everywhere (the S-lemma); the determinant of the mixture is a cubic in t, whose largest
value has the sign that is asked for. Bisection in M as by Lester and Nachman, JHEP 03 (2015) 100
[arXiv:1411.4312]; the test for "apart" and the scaling are our own.
"""

from __future__ import annotations

import math

from adl.stdlib.registry import algorithm

_STEPS = 200  # more than the halvings that any pair of doubles of one scale allows
_PARALLEL = 1e-8  # an angle whose square is nothing to 1


@algorithm(
    "real, real, real, real, real, real, real, real, real, real -> real",
    parameters=("m1", "px1", "py1", "m2", "px2", "py2", "pxmiss", "pymiss", "mass1", "mass2"),
)
def mt2xy(m1, x1, y1, m2, x2, y2, x, y, mass1, mass2):
    """Stransverse mass in GeV of two visible systems, missing momentum and two invisible masses.

    min over q1 + q2 = pTmiss of max(mT(1, q1), mT(2, q2)), Lester and Summers, Phys. Lett. B 463
    (1999) 99 [hep-ph/9906349]. Arguments are the mass and the transverse momentum of each
    visible system, the missing momentum, and the masses that its two parts are taken to have.
    Negative masses count as 0; NaN if an argument is not finite. To 1e-11 of its value; to 1e-8
    where the visible systems are massless and within 1e-4 rad of each other.

    >>> mt2xy(0.0, 40.0, 0.0, 0.0, 40.0, 0.0, -80.0, 0.0, 0.0, 0.0)
    80.0
    >>> round(mt2xy(100.0, 410.0, 20.0, 150.0, -210.0, -300.0, -200.0, 280.0, 100.0, 100.0), 9)
    412.627668458
    """
    total = m1 + x1 + y1 + m2 + x2 + y2 + x + y + mass1 + mass2
    if not abs(total) < math.inf:
        return math.nan
    m1, m2 = max(m1, 0.0), max(m2, 0.0)
    mass1, mass2 = max(mass1, 0.0), max(mass2, 0.0)
    e1 = math.sqrt(m1 * m1 + x1 * x1 + y1 * y1)
    e2 = math.sqrt(m2 * m2 + x2 * x2 + y2 * y2)
    low = max(m1 + mass1, m2 + mass2)
    if e1 == 0.0 or e2 == 0.0:  # that decay has its least mass whatever the other needs
        return low
    if _reaches(low, m1, x1, y1, m2, x2, y2, x, y, mass1, mass2):
        return low
    # Half of the missing momentum for each decay is one way to share it: MT2 is not larger.
    high = math.sqrt(
        max(
            _mt_squared(m1, x1, y1, 0.5 * x, 0.5 * y, mass1),
            _mt_squared(m2, x2, y2, 0.5 * x, 0.5 * y, mass2),
        )
    )
    # In a frame along the first visible momentum, the second at an angle to it.
    p1, p2 = math.sqrt(x1 * x1 + y1 * y1), math.sqrt(x2 * x2 + y2 * y2)
    cosine, sine, along, across = 1.0, 0.0, x, y
    if p1 > 0.0:
        along, across = (x * x1 + y * y1) / p1, (y * x1 - x * y1) / p1
    elif p2 > 0.0:
        along, across = (x * x2 + y * y2) / p2, (y * x2 - x * y2) / p2
    if p1 > 0.0 and p2 > 0.0:
        cosine, sine = (x1 * x2 + y1 * y2) / p1 / p2, (x1 * y2 - y1 * x2) / p1 / p2
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        if middle <= low or middle >= high:
            break
        if _apart(middle, m1, p1, e1, m2, p2, e2, cosine, sine, along, across, mass1, mass2):
            low = middle
        else:
            high = middle
    return high


def _mt_squared(m, px, py, qx, qy, mass):
    """Return the squared transverse mass of a visible system and an invisible momentum q."""
    e = math.sqrt(m * m + px * px + py * py)
    other = math.sqrt(mass * mass + qx * qx + qy * qy)
    return max(m * m + mass * mass + 2.0 * (e * other - px * qx - py * qy), 0.0)


def _reaches(low, m1, x1, y1, m2, x2, y2, x, y, mass1, mass2):
    """Whether one decay can have its least mass while the other needs no more."""
    if m1 > 0.0 and m1 + mass1 == low:  # at rest with each other: q = p mass/m
        qx, qy = x - x1 * (mass1 / m1), y - y1 * (mass1 / m1)
        if _mt_squared(m2, x2, y2, qx, qy, mass2) <= low * low:
            return True
    if m2 > 0.0 and m2 + mass2 == low:
        qx, qy = x - x2 * (mass2 / m2), y - y2 * (mass2 / m2)
        if _mt_squared(m1, x1, y1, qx, qy, mass1) <= low * low:
            return True
    if low > 0.0:
        return False
    # Nothing has a mass: the missing momentum lies between the visible ones.
    cross = x1 * y2 - y1 * x2
    first, second = x * y2 - y * x2, x1 * y - y1 * x
    if cross < 0.0:
        cross, first, second = -cross, -first, -second
    if cross > 0.0:
        return first >= 0.0 and second >= 0.0
    along, against = x * x1 + y * y1, x1 * x2 + y1 * y2
    return first == 0.0 and second == 0.0 and (along >= 0.0 or against < 0.0)


def _apart(trial, m1, p1, e1, m2, p2, e2, cosine, sine, along, across, mass1, mass2):
    """Whether no q has mT(1, q) <= trial and mT(2, pTmiss - q) <= trial.

    Over (1 - t)^3 the determinant is the cubic a s^3 + b s^2 + c s + d of s = t/(1 - t); u and v are
    the visible momenta over their transverse energies. All depends on the angle in such a way that
    its rounding does no harm, however small it is.
    """
    k1 = (trial * trial - m1 * m1 - mass1 * mass1) / (2.0 * e1)
    k2 = (trial * trial - m2 * m2 - mass2 * mass2) / (2.0 * e2)
    u, v, n1, n2 = p1 / e1, p2 / e2, (m1 / e1) * (m1 / e1), (m2 / e2) * (m2 / e2)
    if n1 + n2 == 0.0 and abs(sine) < _PARALLEL and cosine > 0.0:
        return _parallel(k1, k2, along, across, mass1 * mass1, mass2 * mass2)
    turn = sine * sine / (1.0 + cosine) if cosine > 0.0 else 1.0 - cosine
    angle = (n1 + n2 - n1 * n2) / (1.0 + u * v) + u * v * turn  # 1 - u v
    both = n1 * n2 + angle * (2.0 - angle)
    square = along * along + across * across
    l1, l2 = k1 + u * along, k2 + v * (cosine * along + sine * across)
    # (u v) v - u and (u v) u - v, times the missing momentum
    first = u * ((1.0 - n2) * sine * (cosine * across - sine * along) - n2 * along)
    second = v * (-n1 * cosine * along - sine * across)
    b = mass1 * mass1 * both - k1 * k1 * n2 + 2.0 * k1 * (first - angle * k2)
    b += n1 * (square + mass2 * mass2 - l2 * l2)
    c = mass2 * mass2 * both - k2 * k2 * n1 + 2.0 * k2 * (second - angle * k1)
    c += n2 * (square + mass1 * mass1 - l1 * l1)
    # The squares of k1 and k2 taken apart: for almost parallel momenta what remains is small.
    a, d = n1 * mass1 * mass1, n2 * mass2 * mass2
    return _positive(k1, k2, a, b, c, d, _own(trial, m1, mass1, e1), _own(trial, m2, mass2, e2))


def _positive(k1, k2, a, b, c, d, own1, own2):
    """Whether own1 s^3 + (b - k1^2 + 2 k1 k2) s^2 + (c - k2^2 + 2 k1 k2) s + own2 > 0 for an s > 0.

    own1 is a - k1^2 and own2 is d - k2^2, but for rounding.
    """
    whole_b, whole_c = b - k1 * k1 + 2.0 * k1 * k2, c - k2 * k2 + 2.0 * k1 * k2
    inside = whole_b * whole_b - 3.0 * own1 * whole_c
    if inside < 0.0:
        return False
    root = math.sqrt(inside)
    # The maximum, as the formula for it that has no difference, is at s = up/down.
    up, down = (whole_b + root, -3.0 * own1) if whole_b >= 0.0 else (whole_c, root - whole_b)
    if not (up > 0.0 and down >= 0.0):
        return False
    t, r = up / (up + down), down / (up + down)
    if a + d < 1e-3 * (k1 * k1 + k2 * k2):
        gap = k1 * t - k2 * r
        return a * t * t * t + (b * t + c * r) * t * r + d * r * r * r > gap * gap
    return own1 * t * t * t + (whole_b * t + whole_c * r) * t * r + own2 * r * r * r > 0.0


def _parallel(k1, k2, along, across, square1, square2):
    """Return what ``_apart`` does for massless visible systems of one direction.

    Both conics are parabolas around that direction, one open at either end; the only mixture that
    has a minimum is the one in which the terms linear along it cancel.
    """
    if k1 <= 0.0 or k2 <= 0.0:
        return True
    t, r = k2 / (k1 + k2), k1 / (k1 + k2)
    return t * r * across * across + t * square1 + r * square2 > k1 * k2 + 2.0 * r * k2 * along


def _own(trial, m, mass, e):
    """Return the determinant of one conic: zero where the trial mass is the least possible."""
    least, most = m - mass, m + mass
    return -(trial - most) * (trial + most) * (trial - least) * (trial + least) / (4.0 * e * e)
