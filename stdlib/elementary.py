"""Elementary functions from ``+ - *``, division and square root: the same bits on every machine.

A libm differs from another one in the last bits, and so would our results. A body here is one
straight line of primitives, which IEEE 754 defines to the last bit: called with floats it computes,
called with IR nodes it builds a graph. So there is no ``if`` on a value: every case is computed and
``where`` chooses, and a case that is not taken may be infinite or NaN on the way.

Two names recur. ``head + tail`` (or ``head - tail``) is a number to about 106 bits, of which
``head`` is the first 53. The integer k of a range reduction is a double; n is the same as an int.

A bound in a docstring is the largest error that was measured against mpmath, in units of the last
place of the result; ``tests/test_elementary.py`` says on which points and checks it on fewer.
"""

from __future__ import annotations

import math

from adl.stdlib import ops
from adl.stdlib.registry import elementary

_SIGN = -(1 << 63)  # the bit that is set in -0.0
_FRACTION = (1 << 52) - 1
_UPPER = -(1 << 27)  # the bits of a double that leave 26 of its 53 digits
_TINY = 2.0**-1022  # below are the subnormals

# Adding this to |x| < 2^51 rounds x to an integer, which is then in the low bits of the sum.
_ROUND = 1.5 * 2.0**52
_ROUND_BITS = 0x4338000000000000

# A constant in two parts is the exact one to 95 bits or more. The first part is cut, not rounded,
# so that its product with any k that occurs is exact, and no part is negative.
_LOG2E = 1.4426950408889634
_LN2 = (0.6931471805598903, 5.497923018708371e-14)
_LN_3_2 = (0.4054651081080465, 1.1790280407716567e-13)
_LOG10_2 = (0.30102999566395283, 2.8363394551044964e-14)
_LOG10E = (0.4342944771051407, 4.798111141615973e-09)
_TWO_THIRDS = (0.6666666666666666, 3.700743415417188e-17)
_PI_4 = (0.7853981633974483, 3.061616997868383e-17)
_PI_2 = (1.5707963267948966, 6.123233995736766e-17)
_SQRT_1_2 = 0.7071067811865476
_SQRT_3_4 = 0.8660254037844386
_TWO_OVER_PI = 0.6366197723675814
# pi/2 in four pieces of 23 bits and a rest: times a k below 2^30, each of the four is exact.
_PI_2_PIECES = (
    1.570796251296997,
    7.549789415861596e-08,
    5.39030083589187e-15,
    2.0222659584103533e-21,
    2.9038559739793605e-28,
)
_LARGEST_ANGLE = 2.0**30

# Polynomials in z, the constant first. Each one interpolates its function in n points of (0, b]:
# the roots of the Chebyshev polynomial of degree n + 1, shifted and scaled such that the least is 0
# and 1 comes to b. This makes the largest error of z times the polynomial about as small as can be.
# Computed with mpmath and rounded; test_a_polynomial_is_what_its_recipe_gives repeats it.
# (sinh r - r)/r^3 and (cosh r - 1 - r^2/2)/r^4 for z = r^2, |r| < ln(2)/2
_SINH = (
    0.16666666666666677,
    0.008333333333321593,
    0.00019841269886226778,
    2.7557244105584217e-06,
    2.5109073938361333e-08,
)
_COSH = (
    0.04166666666666667,
    0.0013888888888880504,
    2.4801587333693127e-05,
    2.755726557739e-07,
    2.0917441278242458e-09,
)
# (sin y - y)/y^3 and (cos y - 1 + y^2/2)/y^4 for z = y^2, |y| < pi/4
_SIN = (
    -0.16666666666666632,
    0.008333333333322404,
    -0.00019841269829800958,
    2.7557313689617902e-06,
    -2.5050757764922836e-08,
    1.589677581860031e-10,
)
_COS = (
    0.041666666666666644,
    -0.0013888888888882052,
    2.480158729441328e-05,
    -2.755731576228444e-07,
    2.0875912256079023e-09,
    -1.1369274327270106e-11,
)
# (ln((1 + s)/(1 - s)) - 2 s)/s^3 for z = s^2, |s| < 0.1716
_LOG = (
    0.6666666666666734,
    0.3999999999941769,
    0.2857142874176354,
    0.22222198632462345,
    0.18183561491230885,
    0.1531411692891872,
    0.1479534532674964,
)
# (ln((1 + s)/(1 - s)) - 2 s - 2/3 s^3)/s^5 for z = s^2, |s| < 0.1011
_LOG_TAIL = (
    0.39999999999999886,
    0.2857142857164547,
    0.22222222084829696,
    0.18181858164314843,
    0.15378740943243138,
    0.1375651189833948,
)
# (atan t - t)/t^3 for z = t^2, |t| < sqrt(2) - 1
_ATAN = (
    -0.33333333333333187,
    0.1999999999995142,
    -0.14285714279985756,
    0.11111110773285737,
    -0.09090897475231345,
    0.07692055358148933,
    -0.06663050618900256,
    0.05847512475805133,
    -0.050376564974725556,
    0.03802385509160264,
    -0.01786382248906083,
)
# (asin x - x)/x^3 for z = x^2, |x| < 1/2
_ASIN = (
    0.16666666666666752,
    0.07499999999973,
    0.04464285717252159,
    0.030381942807291024,
    0.022372212213280618,
    0.01735166123256277,
    0.013980238628336344,
    0.0114036037516015,
    0.010754356570411804,
    0.003802711542807362,
    0.021476782127774097,
    -0.02067771352408721,
    0.03243077035731294,
)
# (asinh x - x)/x^3 for z = x^2, |x| < 0.3536
_ASINH = (
    -0.16666666666666638,
    0.07499999999988365,
    -0.04464285712713193,
    0.03038194338983227,
    -0.022372118331662187,
    0.017351785927592005,
    -0.013949725609739885,
    0.01140040948511278,
    -0.008799703432259614,
    0.0047379537914550044,
)
# (erf x / x - 2/sqrt(pi))/z for z = x^2, |x| < 0.84375; with that, (erf(c + z) - erf c)/z for c =
# 0.84375, c + z < 1.25; and e^(x^2) erfc(x)/(z + 1/8) for z = 1/(x + 2) - 1/8, 1.25 < x < 6
_ERF = (
    -0.37612638903183754,
    0.1128379167095512,
    -0.026866170645129448,
    0.005223977625411982,
    -0.0008548327020482586,
    0.0001205533279590893,
    -1.4925642586316352e-05,
    1.6461892212256752e-06,
    -1.636148093478415e-07,
    1.474908291924655e-08,
    -1.1786110519194387e-09,
    6.800283273145606e-11,
)
_ERF_STEP = (
    0.5537002382507723,
    -0.46718457602415253,
    0.07822457793430226,
    0.1227271980444501,
    -0.06488779973405101,
    -0.014477598028542246,
    0.018939954146089996,
    -0.0008949081150364954,
    -0.0035058637667688434,
    0.0007229230153154087,
    0.0005214568336070112,
    -0.00026524305853480203,
    3.175665654517216e-05,
)
_ERF_REST = (
    0.7422125424042401,
    1.7732006471936221,
    3.2437818381638883,
    3.733886227578665,
    0.08906476104525049,
    -8.358045934388437,
    -9.140190204834797,
    19.7669898833886,
    41.40426704846207,
    -21.532956996774008,
    -460.30267608700393,
    1288.2234058043946,
    -1461.823585802023,
    624.3812957852983,
)
_ERF_SLOPE = 0.1283791670955126  # 2/sqrt(pi) - 1
_ERF_C = (0.7672256612323416, 3.982733307777803e-17)  # erf(0.84375)


@elementary("real -> real")
def sin(x):
    """Return the sine of x radians; NaN beyond 2^30, where the reduction would lose bits.

    Error: at most 0.78 ULP on 400 000 points against mpmath.

    >>> sin(1.0)
    0.8414709848078965
    """
    n, angle, tail = _quadrant(x)
    sine_rest, unit, cosine_rest = _sin_cos(angle, tail, angle * angle)
    return _of_quadrant(x, n, angle - sine_rest, unit + cosine_rest)


@elementary("real -> real")
def cos(x):
    """Return the cosine of x radians; NaN beyond 2^30, where the reduction would lose bits.

    Error: at most 0.80 ULP on 400 000 points against mpmath.

    >>> cos(1.0)
    0.5403023058681398
    """
    n, angle, tail = _quadrant(x)
    sine_rest, unit, cosine_rest = _sin_cos(angle, tail, angle * angle)
    return _of_quadrant(x, n + 1, angle - sine_rest, unit + cosine_rest)


@elementary("real -> real")
def tan(x):
    """Return the tangent of x radians; NaN beyond 2^30, where the reduction would lose bits.

    Error: at most 0.91 ULP on 400 000 points against mpmath.

    >>> tan(1.0)
    1.5574077246549023
    """
    n, angle, tail = _quadrant(x)
    square, square_tail = _product(angle, angle)
    sine_rest, unit, cosine_rest = _sin_cos(angle, tail, square)
    sine, sine_tail = _sum(angle, -sine_rest)
    cosine, cosine_tail = _sum(unit, cosine_rest - 0.5 * square_tail)
    even = ops.eq(ops.bitand(n, 1), 0)
    quotient, rest = _quotient(
        ops.where(even, sine, -cosine),
        ops.where(even, sine_tail, -cosine_tail),
        ops.where(even, cosine, sine),
        ops.where(even, cosine_tail, sine_tail),
    )
    # The quotient of a negative zero has a positive rest, and the sum would be positive.
    result = ops.where(abs(x) < 2.0**-28, x, quotient + rest)
    return ops.where(abs(x) <= _LARGEST_ANGLE, result, math.nan)


@elementary("real -> real")
def asin(x):
    """Return the angle in [-pi/2, pi/2] whose sine is x; NaN outside [-1, 1].

    Error: at most 0.65 ULP on 400 000 points against mpmath.

    >>> asin(1.0) == math.pi / 2
    True
    """
    near, angle, rest = _arcsine(abs(x))
    head, tail = _sum(_PI_2[0], -2.0 * angle)
    far = head + (tail + (_PI_2[1] - 2.0 * rest))
    return _with_sign(ops.where(near, angle + rest, far), x)


@elementary("real -> real")
def acos(x):
    """Return the angle in [0, pi] whose cosine is x; NaN outside [-1, 1].

    Error: at most 0.61 ULP on 400 000 points against mpmath.

    >>> acos(-1.0) == math.pi
    True
    """
    near, angle, rest = _arcsine(abs(x))
    # pi/2 - asin(x) in the middle, twice the half angle at the right and pi minus that at the left
    left = x < 0.0
    quarters = ops.where(near, 1.0, ops.where(left, 2.0, 0.0))
    factor = ops.where(near, ops.where(left, 1.0, -1.0), ops.where(left, -2.0, 2.0))
    head, tail = _sum(quarters * _PI_2[0], factor * angle)
    return head + (tail + (quarters * _PI_2[1] + factor * rest))


@elementary("real -> real")
def atan(x):
    """Return the angle in [-pi/2, pi/2] whose tangent is x.

    Error: at most 0.87 ULP on 400 000 points against mpmath.

    >>> atan(1.0) == math.pi / 4
    True
    """
    # Beyond 2^100 every angle rounds to pi/2; an infinite x would become NaN on the way.
    size = ops.where(abs(x) > 2.0**100, 2.0**100, abs(x))
    steep = size > 1.0
    small, large = ops.where(steep, 1.0, size), ops.where(steep, size, 1.0)
    eighths, sense = ops.where(steep, 2.0, 0.0), ops.where(steep, -1.0, 1.0)
    return _with_sign(_angle(small, large, eighths, sense), x)


@elementary("real, real -> real")
def atan2(y, x):
    """Return the angle in [-pi, pi] of the point (x, y); zeros and infinities are as in C.

    Error: at most 0.87 ULP on 400 000 points against mpmath.

    >>> atan2(0.0, -1.0) == math.pi
    True
    """
    steep = abs(y) > abs(x)
    small, large = ops.where(steep, abs(x), abs(y)), ops.where(steep, abs(y), abs(x))
    # The origin and the infinite points become points with the same angle that can be divided;
    # 0.0 * small and not 0.0, because small may be NaN.
    infinite = ops.eq(large, math.inf)
    small = ops.where(infinite, ops.where(ops.eq(small, math.inf), 1.0, 0.0 * small), small)
    large = ops.where(ops.either(infinite, ops.eq(large, 0.0)), 1.0, large)
    # Keeps 1/large and the remainder of the division away from overflow and underflow.
    scale = ops.where(large < 2.0**800, 2.0**200, 2.0**-30)
    left = ops.bits(x) < 0  # also for -0.0
    eighths, sense = ops.where(steep, 2.0, 0.0), ops.where(steep, -1.0, 1.0)
    eighths, sense = ops.where(left, 4.0 - eighths, eighths), ops.where(left, -sense, sense)
    return _with_sign(_angle(scale * small, scale * large, eighths, sense), y)


@elementary("real -> real")
def exp(x):
    """Return e to the power x.

    Error: at most 0.75 ULP on 400 000 points against mpmath.

    >>> exp(1.0)
    2.718281828459045
    """
    return _exp(x, 0.0)


@elementary("real -> real")
def log(x):
    """Return the natural logarithm of x; -inf at zero and NaN below.

    Error: at most 0.89 ULP on 400 000 points against mpmath.

    >>> log(10.0)
    2.302585092994046
    """
    return _of_domain(x, _log(x, 0.0))


@elementary("real -> real")
def log10(x):
    """Return the logarithm of x to base 10; -inf at zero and NaN below.

    Error: at most 0.73 ULP on 400 000 points against mpmath.

    >>> log10(1000.0)
    3.0
    """
    k, fraction = _split(x, _SQRT_1_2)
    excess = fraction - 1.0
    head, tail = _sum(excess, -_log_rest(excess))
    upper = _upper(head)
    lower = (head - upper) + tail
    result, error = _sum(k * _LOG10_2[0], upper * _LOG10E[0])
    small = k * _LOG10_2[1] + (lower * _LOG10E[0] + head * _LOG10E[1])
    return _of_domain(x, result + (error + small))


@elementary("real -> real")
def sinh(x):
    """Return the hyperbolic sine of x.

    Error: at most 0.76 ULP on 400 000 points against mpmath.

    >>> sinh(1.0)
    1.1752011936438014
    """
    n, (head, rest), _ = _hyperbolic(ops.where(abs(x) > 711.0, 711.0, abs(x)))
    return _with_sign((head + rest) * _power_of_two(n - 2), x)


@elementary("real -> real")
def cosh(x):
    """Return the hyperbolic cosine of x.

    Error: at most 0.69 ULP on 400 000 points against mpmath.

    >>> cosh(1.0)
    1.5430806348152437
    """
    n, _, (head, rest) = _hyperbolic(ops.where(abs(x) > 711.0, 711.0, abs(x)))
    return (head + rest) * _power_of_two(n - 2)


@elementary("real -> real")
def tanh(x):
    """Return the hyperbolic tangent of x.

    Error: at most 0.81 ULP on 400 000 points against mpmath.

    >>> tanh(1.0)
    0.7615941559557649
    """
    # Beyond 22 it rounds to 1.
    _, sine, cosine = _hyperbolic(ops.where(abs(x) > 22.0, 22.0, abs(x)))
    quotient, rest = _quotient(*_sum(*sine), *_sum(*cosine))
    return _with_sign(quotient + rest, x)


@elementary("real -> real")
def asinh(x):
    """Return the inverse hyperbolic sine of x.

    Error: at most 0.86 ULP on 400 000 points against mpmath.

    >>> asinh(1.0)
    0.881373587019543
    """
    size = abs(x)
    square, square_tail = _product(size, size)
    small = size + size * (square * _polynomial(square, _ASINH))
    # Else the logarithm of |x| + sqrt(x^2 + 1), with what the root and the sum have lost.
    root = ops.sqrt(square + 1.0)
    back, back_tail = _product(root, root)
    lost = ops.div(((1.0 - back) + square) + (square_tail - back_tail), root + root)
    argument, argument_tail = _sum(root, size)
    huge = size > 2.0**28  # where it is ln(2 |x|), and the square may overflow
    result = _log(
        ops.where(huge, size, argument),
        # root - |x| is the inverse of the argument.
        ops.where(huge, math.log(2.0), (lost + argument_tail) * (root - size)),
    )
    result = ops.where(size < math.inf, result, size)
    return _with_sign(ops.where(size < 0.35, small, result), x)


@elementary("real -> real")
def acosh(x):
    """Return the inverse hyperbolic cosine of x, which is not negative; NaN below 1.

    Error: at most 0.59 ULP on 400 000 points against mpmath.

    >>> acosh(2.0)
    1.3169578969248168
    """
    # Twice asinh(sqrt((x - 1)/2)) near 1, where the difference is exact.
    half = 0.5 * (x - 1.0)
    root, lost = _root(half, 0.0)
    small = root + (lost + root * (half * _polynomial(half, _ASINH)))
    # Else the logarithm of x + sqrt(x^2 - 1), as in asinh.
    square, square_tail = _product(x, x)
    below, below_tail = _sum(square, -1.0)
    leg, leg_lost = _root(below, below_tail + square_tail)
    argument, argument_tail = _sum(x, leg)
    huge = x > 2.0**28  # where it is ln(2 x), and the square may overflow
    result = _log(
        ops.where(huge, x, argument),
        # x - leg is the inverse of the argument.
        ops.where(huge, math.log(2.0), (leg_lost + argument_tail) * (x - leg)),
    )
    result = ops.where(x < math.inf, result, x)
    result = ops.where(x < 1.25, small + small, result)
    return ops.where(x < 1.0, math.nan, ops.where(ops.eq(x, 1.0), 0.0, result))


@elementary("real -> real")
def atanh(x):
    """Return the inverse hyperbolic tangent of x; infinite at 1, NaN beyond.

    Error: at most 0.86 ULP on 400 000 points against mpmath.

    >>> atanh(0.5)
    0.5493061443340549
    """
    size = abs(x)
    square = size * size
    small = size + size * (0.5 * square * _polynomial(square, _LOG))
    # Else half the logarithm of (1 + x)/(1 - x).
    top, top_tail = _sum(1.0, size)
    bottom, bottom_tail = _sum(1.0, -size)
    head, rest = _quotient(top, top_tail, bottom, bottom_tail)
    result = 0.5 * _log(head, ops.div(rest, head))
    result = ops.where(size < 1.0, result, ops.where(ops.eq(size, 1.0), math.inf, math.nan))
    return _with_sign(ops.where(size < 0.17, small, result), x)


@elementary("real -> real")
def erf(x):
    """Return the error function of x, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x.

    Error: at most 0.92 ULP on 400 000 points against mpmath.

    >>> erf(1.0)
    0.8427007929497149
    """
    size = abs(x)
    square, square_tail = _product(size, size)
    small = size + size * (_ERF_SLOPE + square * _polynomial(square, _ERF))
    step = size - 0.84375  # exact in its range
    middle = _ERF_C[0] + (_ERF_C[1] + step * _polynomial(step, _ERF_STEP))
    # Else 1 less the rest, which makes little of its errors.
    place = ops.div(1.0, size + 2.0)
    rest = place * _polynomial(place - 0.125, _ERF_REST)
    large = 1.0 - _exp(-square, -square_tail) * rest
    result = ops.where(size < 0.84375, small, ops.where(size < 1.25, middle, large))
    return _with_sign(ops.where(size >= 6.0, 1.0, result), x)


@elementary("real, real -> real")
def pow(x, y):
    """Return x to the power y; NaN for x < 0 and a fractional y, else the special cases of C.

    Error: at most 0.76 ULP on 400 000 points against mpmath.

    >>> pow(2.0, 0.5)
    1.4142135623730951
    """
    # Beyond 2^100 only the sign of y counts, and an infinite y would make NaN of ln(1) = 0.
    y = ops.where(y > 2.0**100, 2.0**100, ops.where(y < -(2.0**100), -(2.0**100), y))
    size = abs(x)
    head, tail = _log_pair(size)
    head = ops.where(ops.eq(size, 0.0), -math.inf, ops.where(size < math.inf, head, size))
    exponent, error = _product(y, head)
    result = _exp(exponent, ops.where(abs(exponent) < 800.0, error + y * tail, 0.0))

    whole = ops.eq(ops.rint(y), y)
    odd = ops.both(whole, ops.no(ops.eq(ops.rint(0.5 * y), 0.5 * y)))
    result = ops.where(ops.both(odd, ops.bits(x) < 0), -result, result)
    fractional = ops.both(ops.both(x < 0.0, size < math.inf), ops.no(whole))
    result = ops.where(fractional, math.nan, result)
    return ops.where(ops.either(ops.eq(x, 1.0), ops.eq(y, 0.0)), 1.0, result)


def _quadrant(x):
    """Return n, head and tail with x = n pi/2 + head - tail and |head| < pi/4, for |x| < 2^30.

    Subtracting the tail, and not adding it, keeps the sign of zero.
    """
    k, n = _nearest(x * _TWO_OVER_PI)
    first, second, third, fourth, rest = (k * piece for piece in _PI_2_PIECES)
    # The two differences are exact, and so is the fourth piece plus what the third has lost.
    exact = (x - first) - second
    rough = exact - third
    lost = ((rough - exact) + third) + fourth
    head = rough - lost
    return n, head, ((head - rough) + lost) + rest


def _sin_cos(angle, tail, square):
    """Return s, u and c: the sine of angle - tail is angle - s, and the cosine is u + c."""
    half = 0.5 * square
    unit = 1.0 - half
    sine_rest = unit * tail - angle * (square * _polynomial(square, _SIN))
    cosine_rest = square * (square * _polynomial(square, _COS)) + angle * tail
    return sine_rest, unit, ((1.0 - unit) - half) + cosine_rest


def _of_quadrant(x, n, sine, cosine):
    """Return the sine n quarter turns on."""
    size = ops.where(ops.eq(ops.bitand(n, 1), 0), sine, cosine)
    result = ops.where(ops.eq(ops.bitand(n, 2), 0), size, -size)
    return ops.where(abs(x) <= _LARGEST_ANGLE, result, math.nan)


def _arcsine(size):
    """Return whether size < 1/2, and head and tail of its arcsine, else of half its arccosine.

    The half-angle formula: arccos x = 2 arcsin(sqrt((1 - x)/2)).
    """
    near = size < 0.5
    square = ops.where(near, size * size, 0.5 * (1.0 - size))
    root = ops.sqrt(square)
    back, back_tail = _product(root, root)
    lost = ops.div((square - back) - back_tail, root + root)
    lost = ops.where(ops.both(size >= 0.5, size < 1.0), lost, 0.0)  # 0/0 at 1
    head = ops.where(near, size, root)
    return near, head, lost + head * (square * _polynomial(square, _ASIN))


def _root(square, tail):
    """Return the square root of square + tail as head and tail; 0 of 0."""
    root = ops.sqrt(square)
    back, back_tail = _product(root, root)
    lost = ops.div(((square - back) - back_tail) + tail, root + root)
    return root, ops.where(square > 0.0, lost, 0.0)


def _angle(small, large, eighths, sense):
    """Return eighths pi/4 + sense atan(small/large), for 0 <= small <= large."""
    # atan(a/b) = pi/4 - atan((b - a)/(b + a)) where a/b is more than the tangent of pi/8
    near = small < 0.4142135623730951 * large
    difference, difference_tail = _sum(large, -small)
    total, total_tail = _sum(large, small)
    tangent, rest = _quotient(
        ops.where(near, small, -difference),
        ops.where(near, 0.0, -difference_tail),
        ops.where(near, large, total),
        ops.where(near, 0.0, total_tail),
    )
    eighths = ops.where(near, eighths, eighths + sense)
    square = tangent * tangent
    rest = rest + tangent * (square * _polynomial(square, _ATAN))
    head, tail = _sum(eighths * _PI_4[0], sense * tangent)
    return head + (tail + (eighths * _PI_4[1] + sense * rest))


def _exp(x, tail):
    """Return e to the power x + tail."""
    x = ops.where(x > 710.0, 710.0, ops.where(x < -746.0, -746.0, x))  # infinite and zero there
    n, head, rest = _modulo_ln2(x, tail)
    odd, even = _odd_even(head)
    value, error = _sum(1.0, head)
    value = value + (error + (value * rest + (even + odd)))
    half = ops.shr(n, 1)  # in two steps, for 2^1024 and subnormals
    return (value * _power_of_two(half)) * _power_of_two(n - half)


def _hyperbolic(size):
    """Return n, and sinh and cosh of size times 2^(2 - n) as head and rest, for 0 <= size < 712.

    With size = n ln2 + r and q = 4^-n, the two are (2 - 2q) cosh r + (2 + 2q) sinh r and
    (2 + 2q) cosh r + (2 - 2q) sinh r: no division, and sinh loses nothing near zero, where n = 0.
    """
    n, r, tail = _modulo_ln2(size, 0.0)
    odd, even = _odd_even(r)
    twice = ops.where(size > 32.0, 0.0, _power_of_two(1 - (n + n)))  # 2q
    minus, plus = 2.0 - twice, 2.0 + twice
    # From n = 27 on both round to 2, where up to half a unit in the last place would be lost.
    minus_lost, plus_lost = (2.0 - minus) - twice, twice - (plus - 2.0)
    linear, linear_lost = _sum(r + r, twice * r)
    sine, error = _sum(minus, linear)
    sine_rest = (plus * odd + minus * even) + ((error + minus_lost) + (linear_lost + plus * tail))
    cosine, error = _sum(plus, r + r)
    cosine_rest = (plus * even + minus * odd) - twice * r + ((error + plus_lost) + minus * tail)
    return n, (sine, sine_rest), (cosine, cosine_rest)


def _modulo_ln2(x, tail):
    """Return n, head and rest with x + tail = n ln2 + head + rest and |head| < 0.347."""
    k, n = _nearest(x * _LOG2E)
    exact = x - k * _LN2[0]
    small = k * _LN2[1] - tail
    head = exact - small
    return n, head, (exact - head) - small


def _odd_even(r):
    """Return sinh r - r and cosh r - 1 for |r| < 0.347; with 1 + r they sum to the exponential."""
    square = r * r
    odd = r * (square * _polynomial(square, _SINH))
    return odd, 0.5 * square + square * (square * _polynomial(square, _COSH))


def _log(x, tail):
    """Return ln(x) + tail for positive x and a tail that is small beside it."""
    k, fraction = _split(x, _SQRT_1_2)
    excess = fraction - 1.0
    head, error = _sum(k * _LN2[0], excess)
    return head + (error - (_log_rest(excess) - (k * _LN2[1] + tail)))


def _log_rest(f):
    """Return f - ln(1 + f) for a fraction f - 1 from ``_split``.

    ln(1 + f) = 2 s + s R(s^2) where s = f/(2 + f), and 2 s = f - f^2/2 + s f^2/2.
    """
    s = ops.div(f, 2.0 + f)
    square = s * s
    half = (0.5 * f) * f
    return half - s * (half + square * _polynomial(square, _LOG))


def _log_pair(x):
    """Return head and tail of ln(x) to about 68 bits, for finite positive x.

    x = 2^k c m with c = 1 or 3/2 is chosen for a small s = (m - 1)/(m + 1), and
    ln(m) = 2 s + s^3 (2/3 + s^2 P(s^2)); only the polynomial P needs no tail.
    """
    k, fraction = _split(x, _SQRT_3_4)
    below = fraction < 1.224744871391589  # sqrt(3/2)
    centre = ops.where(below, 1.0, 1.5)
    s, s_tail = _quotient(fraction - centre, 0.0, *_sum(centre, fraction))
    square, square_tail = _product(s, s)
    square_tail = square_tail + (s + s) * s_tail
    factor, factor_tail = _sum(_TWO_THIRDS[0], square * _polynomial(square, _LOG_TAIL))
    factor_tail = factor_tail + _TWO_THIRDS[1]
    cube = _times((s, s_tail), _times((square, square_tail), (factor, factor_tail)))

    # k ln2 + ln c is exact: the first parts of both end at the same bit.
    base = k * _LN2[0] + ops.where(below, 0.0, _LN_3_2[0])
    base_tail = k * _LN2[1] + ops.where(below, 0.0, _LN_3_2[1])
    head, error = _sum(base, s + s)
    head, second_error = _sum(head, cube[0])
    small = (cube[1] + (s_tail + s_tail)) + base_tail
    return _sum(head, (error + second_error) + small)


def _split(x, least):
    """Return k and m with x = 2^k m and least <= m < 2 least, for finite positive x."""
    subnormal = x < _TINY
    least_bits = ops.bits(least)
    distance = ops.bits(ops.where(subnormal, 2.0**54 * x, x)) - least_bits
    k = ops.real(ops.shr(distance, 52)) - ops.where(subnormal, 54.0, 0.0)
    return k, ops.from_bits(ops.bitand(distance, _FRACTION) + least_bits)


def _of_domain(x, logarithm):
    """Return the logarithm, or what it is at zero, below zero, at infinity and for NaN."""
    positive = ops.where(x < math.inf, logarithm, x)
    return ops.where(x > 0.0, positive, ops.where(ops.eq(x, 0.0), -math.inf, math.nan))


def _nearest(x):
    """Return the integer nearest to x, as a double and as an int; meaningless for |x| > 2^51."""
    shifted = x + _ROUND
    return shifted - _ROUND, ops.bits(shifted) - _ROUND_BITS


def _power_of_two(n):
    """Return 2^n for -1022 <= n <= 1023, infinity for 1024."""
    return ops.from_bits(ops.shl(n + 1023, 52))


def _with_sign(size, x):
    """Return size >= 0 with the sign of x."""
    return ops.from_bits(ops.bitor(ops.bits(size), ops.bitand(ops.bits(x), _SIGN)))


def _polynomial(x, coefficients):
    """Return the polynomial with these coefficients, the constant first, by Horner's rule."""
    result = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        result = coefficient + x * result
    return result


def _sum(x, y):
    """Return x + y as head and tail, for x = 0 or |x| >= |y| (Dekker 1971)."""
    head = x + y
    return head, y - (head - x)


def _product(x, y):
    """Return x y as head and tail (Dekker 1971, with halves cut from the bits: no overflow)."""
    head = x * y
    x_upper, y_upper = _upper(x), _upper(y)
    x_lower, y_lower = x - x_upper, y - y_upper
    middle = x_upper * y_lower + x_lower * y_upper
    return head, ((x_upper * y_upper - head) + middle) + x_lower * y_lower


def _times(x, y):
    """Return the product of two numbers given as head and tail."""
    head, tail = _product(x[0], y[0])
    return head, tail + (x[0] * y[1] + x[1] * y[0])


def _quotient(top, top_tail, bottom, bottom_tail):
    """Return (top + top_tail)/(bottom + bottom_tail) as head and tail, with one division."""
    inverse = ops.div(1.0, bottom)
    head = top * inverse
    back, back_tail = _product(head, bottom)
    remainder = ((top - back) - back_tail) + (top_tail - head * bottom_tail)
    return head, remainder * inverse


def _upper(x):
    """Return x cut to 26 bits."""
    return ops.from_bits(ops.bitand(ops.bits(x), _UPPER))
