"""Doubles to the last bit: their parts, and sums and products with what rounding takes away.

``head + tail`` (or ``head - tail``) is a number to about 106 bits, of which ``head`` is the first
53. Everything here is called with floats or with nodes of the IR, as ``elementary.py`` says.
"""

from __future__ import annotations

from adl.stdlib import ops

_SIGN = -(1 << 63)  # the bit that is set in -0.0
_FRACTION = (1 << 52) - 1
_UPPER = -(1 << 27)  # the bits of a double that leave 26 of its 53 digits
_TINY = 2.0**-1022  # below are the subnormals

# Adding this to |x| < 2^51 rounds x to an integer, which is then in the low bits of the sum.
_ROUND = 1.5 * 2.0**52
_ROUND_BITS = 0x4338000000000000


def exponent_and_fraction(x, least):
    """Return k and m with x = 2^k m and least <= m < 2 least, for finite positive x."""
    subnormal = x < _TINY
    least_bits = ops.bits(least)
    distance = ops.bits(ops.where(subnormal, 2.0**54 * x, x)) - least_bits
    k = ops.real(ops.shr(distance, 52)) - ops.where(subnormal, 54.0, 0.0)
    return k, ops.from_bits(ops.bitand(distance, _FRACTION) + least_bits)


def nearest(x):
    """Return the integer nearest to x, as a double and as an int; meaningless for |x| > 2^51."""
    shifted = x + _ROUND
    return shifted - _ROUND, ops.bits(shifted) - _ROUND_BITS


def power_of_two(n):
    """Return 2^n for -1022 <= n <= 1023, infinity for 1024."""
    return ops.from_bits(ops.shl(n + 1023, 52))


def with_sign(size, x):
    """Return size >= 0 with the sign of x."""
    return ops.from_bits(ops.bitor(ops.bits(size), ops.bitand(ops.bits(x), _SIGN)))


def polynomial(x, coefficients):
    """Return the polynomial with these coefficients, the constant first, by Horner's rule."""
    result = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        result = coefficient + x * result
    return result


def exact_sum(x, y):
    """Return x + y as head and tail, for x = 0 or |x| >= |y| (Dekker 1971)."""
    head = x + y
    return head, y - (head - x)


def exact_product(x, y):
    """Return x y as head and tail (Dekker 1971, with halves cut from the bits: no overflow)."""
    head = x * y
    x_upper, y_upper = leading(x), leading(y)
    x_lower, y_lower = x - x_upper, y - y_upper
    middle = x_upper * y_lower + x_lower * y_upper
    return head, ((x_upper * y_upper - head) + middle) + x_lower * y_lower


def product_of_pairs(x, y):
    """Return the product of two numbers given as head and tail."""
    head, tail = exact_product(x[0], y[0])
    return head, tail + (x[0] * y[1] + x[1] * y[0])


def quotient_of_pairs(top, top_tail, bottom, bottom_tail):
    """Return (top + top_tail)/(bottom + bottom_tail) as head and tail, with one division."""
    inverse = ops.div(1.0, bottom)
    head = top * inverse
    back, back_tail = exact_product(head, bottom)
    remainder = ((top - back) - back_tail) + (top_tail - head * bottom_tail)
    return head, remainder * inverse


def root_of_pair(square, tail):
    """Return the square root of square + tail as head and tail; 0 of 0."""
    root = ops.sqrt(square)
    back, back_tail = exact_product(root, root)
    lost = ops.div(((square - back) - back_tail) + tail, root + root)
    return root, ops.where(square > 0.0, lost, 0.0)


def leading(x):
    """Return x cut to 26 bits."""
    return ops.from_bits(ops.bitand(ops.bits(x), _UPPER))
