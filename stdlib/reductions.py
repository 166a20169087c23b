"""What elementary functions share: any argument made a small one, where a polynomial is enough.

The integer k of a reduction is a double; n is the same as an int.
"""

from __future__ import annotations

import math

from adl.stdlib import ops
from adl.stdlib.doubles import (
    exact_product,
    exact_sum,
    exponent_and_fraction,
    nearest,
    polynomial,
    power_of_two,
    product_of_pairs,
    quotient_of_pairs,
)
from adl.stdlib.polynomials import (
    ASIN,
    ATAN,
    COS,
    COSH,
    LARGEST_ANGLE,
    LN2,
    LN_3_2,
    LOG,
    LOG2E,
    LOG_TAIL,
    PI_2_PIECES,
    PI_4,
    SIN,
    SINH,
    SQRT_1_2,
    SQRT_3_4,
    TWO_OVER_PI,
    TWO_THIRDS,
)


def quadrant(x):
    """Return n, head and tail with x = n pi/2 + head - tail and |head| < pi/4, for |x| < 2^30.

    Subtracting the tail, and not adding it, keeps the sign of zero.
    """
    k, n = nearest(x * TWO_OVER_PI)
    first, second, third, fourth, rest = (k * piece for piece in PI_2_PIECES)
    # The two differences are exact, and so is the fourth piece plus what the third has lost.
    exact = (x - first) - second
    rough = exact - third
    lost = ((rough - exact) + third) + fourth
    head = rough - lost
    return n, head, ((head - rough) + lost) + rest


def sin_cos(angle, tail, square):
    """Return s, u and c: the sine of angle - tail is angle - s, and the cosine is u + c."""
    half = 0.5 * square
    unit = 1.0 - half
    sine_rest = unit * tail - angle * (square * polynomial(square, SIN))
    cosine_rest = square * (square * polynomial(square, COS)) + angle * tail
    return sine_rest, unit, ((1.0 - unit) - half) + cosine_rest


def of_quadrant(x, n, sine, cosine):
    """Return the sine n quarter turns on."""
    size = ops.where(ops.eq(ops.bitand(n, 1), 0), sine, cosine)
    result = ops.where(ops.eq(ops.bitand(n, 2), 0), size, -size)
    return ops.where(abs(x) <= LARGEST_ANGLE, result, math.nan)


def arcsine(size):
    """Return whether size < 1/2, and head and tail of its arcsine, else of half its arccosine.

    The half-angle formula: arccos x = 2 arcsin(sqrt((1 - x)/2)).
    """
    near = size < 0.5
    square = ops.where(near, size * size, 0.5 * (1.0 - size))
    root = ops.sqrt(square)
    back, back_tail = exact_product(root, root)
    lost = ops.div((square - back) - back_tail, root + root)
    lost = ops.where(ops.both(size >= 0.5, size < 1.0), lost, 0.0)  # 0/0 at 1
    head = ops.where(near, size, root)
    return near, head, lost + head * (square * polynomial(square, ASIN))


def angle_of(small, large, eighths, sense):
    """Return eighths pi/4 + sense atan(small/large), for 0 <= small <= large."""
    # atan(a/b) = pi/4 - atan((b - a)/(b + a)) where a/b is more than the tangent of pi/8
    near = small < 0.4142135623730951 * large
    difference, difference_tail = exact_sum(large, -small)
    total, total_tail = exact_sum(large, small)
    tangent, rest = quotient_of_pairs(
        ops.where(near, small, -difference),
        ops.where(near, 0.0, -difference_tail),
        ops.where(near, large, total),
        ops.where(near, 0.0, total_tail),
    )
    eighths = ops.where(near, eighths, eighths + sense)
    square = tangent * tangent
    rest = rest + tangent * (square * polynomial(square, ATAN))
    head, tail = exact_sum(eighths * PI_4[0], sense * tangent)
    return head + (tail + (eighths * PI_4[1] + sense * rest))


def exponential(x, tail):
    """Return e to the power x + tail."""
    x = ops.where(x > 710.0, 710.0, ops.where(x < -746.0, -746.0, x))  # infinite and zero there
    n, head, rest = _modulo_ln2(x, tail)
    odd, even = _odd_even(head)
    value, error = exact_sum(1.0, head)
    value = value + (error + (value * rest + (even + odd)))
    half = ops.shr(n, 1)  # in two steps, for 2^1024 and subnormals
    return (value * power_of_two(half)) * power_of_two(n - half)


def hyperbolic(size):
    """Return n, and sinh and cosh of size times 2^(2 - n) as head and rest, for 0 <= size < 712.

    With size = n ln2 + r and q = 4^-n, the two are (2 - 2q) cosh r + (2 + 2q) sinh r and
    (2 + 2q) cosh r + (2 - 2q) sinh r: no division, and sinh loses nothing near zero, where n = 0.
    """
    n, r, tail = _modulo_ln2(size, 0.0)
    odd, even = _odd_even(r)
    twice = ops.where(size > 32.0, 0.0, power_of_two(1 - (n + n)))  # 2q
    minus, plus = 2.0 - twice, 2.0 + twice
    # From n = 27 on both round to 2, where up to half a unit in the last place would be lost.
    minus_lost, plus_lost = (2.0 - minus) - twice, twice - (plus - 2.0)
    linear, linear_lost = exact_sum(r + r, twice * r)
    sine, error = exact_sum(minus, linear)
    sine_rest = (plus * odd + minus * even) + ((error + minus_lost) + (linear_lost + plus * tail))
    cosine, error = exact_sum(plus, r + r)
    cosine_rest = (plus * even + minus * odd) - twice * r + ((error + plus_lost) + minus * tail)
    return n, (sine, sine_rest), (cosine, cosine_rest)


def _modulo_ln2(x, tail):
    """Return n, head and rest with x + tail = n ln2 + head + rest and |head| < 0.347."""
    k, n = nearest(x * LOG2E)
    exact = x - k * LN2[0]
    small = k * LN2[1] - tail
    head = exact - small
    return n, head, (exact - head) - small


def _odd_even(r):
    """Return sinh r - r and cosh r - 1 for |r| < 0.347; with 1 + r they sum to the exponential."""
    square = r * r
    odd = r * (square * polynomial(square, SINH))
    return odd, 0.5 * square + square * (square * polynomial(square, COSH))


def logarithm(x, tail):
    """Return ln(x) + tail for positive x and a tail that is small beside it."""
    k, fraction = exponent_and_fraction(x, SQRT_1_2)
    excess = fraction - 1.0
    head, error = exact_sum(k * LN2[0], excess)
    return head + (error - (logarithm_rest(excess) - (k * LN2[1] + tail)))


def logarithm_rest(f):
    """Return f - ln(1 + f) for a fraction f - 1 from ``exponent_and_fraction``.

    ln(1 + f) = 2 s + s R(s^2) where s = f/(2 + f), and 2 s = f - f^2/2 + s f^2/2.
    """
    s = ops.div(f, 2.0 + f)
    square = s * s
    half = (0.5 * f) * f
    return half - s * (half + square * polynomial(square, LOG))


def logarithm_pair(x):
    """Return head and tail of ln(x) to about 68 bits, for finite positive x.

    x = 2^k c m with c = 1 or 3/2 is chosen for a small s = (m - 1)/(m + 1), and
    ln(m) = 2 s + s^3 (2/3 + s^2 P(s^2)); only the polynomial P needs no tail.
    """
    k, fraction = exponent_and_fraction(x, SQRT_3_4)
    below = fraction < 1.224744871391589  # sqrt(3/2)
    centre = ops.where(below, 1.0, 1.5)
    s, s_tail = quotient_of_pairs(fraction - centre, 0.0, *exact_sum(centre, fraction))
    square, square_tail = exact_product(s, s)
    square_tail = square_tail + (s + s) * s_tail
    factor, factor_tail = exact_sum(TWO_THIRDS[0], square * polynomial(square, LOG_TAIL))
    factor_tail = factor_tail + TWO_THIRDS[1]
    cube = product_of_pairs(
        (s, s_tail), product_of_pairs((square, square_tail), (factor, factor_tail))
    )

    # k ln2 + ln c is exact: the first parts of both end at the same bit.
    base = k * LN2[0] + ops.where(below, 0.0, LN_3_2[0])
    base_tail = k * LN2[1] + ops.where(below, 0.0, LN_3_2[1])
    head, error = exact_sum(base, s + s)
    head, second_error = exact_sum(head, cube[0])
    small = (cube[1] + (s_tail + s_tail)) + base_tail
    return exact_sum(head, (error + second_error) + small)


def of_domain(x, result):
    """Return the logarithm, or what it is at zero, below zero, at infinity and for NaN."""
    positive = ops.where(x < math.inf, result, x)
    return ops.where(x > 0.0, positive, ops.where(ops.eq(x, 0.0), -math.inf, math.nan))
