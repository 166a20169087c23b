"""Primitive operations: one row each, with the Python function that is their meaning.

The interpreter calls these functions; the emitter has one instruction for each row. A *formula*
is written with them and with ``+ - * <``; called with floats it computes, called with IR nodes it
builds nodes, because a node answers to ``build_call``. Everything here is total: 1/0, sqrt(-1)
and NaN follow IEEE 754 and nothing raises.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

_WRAP = 1 << 64
_SIGN = 1 << 63
_DOUBLE = struct.Struct("<d")
_INT64 = struct.Struct("<q")


def wrap(x: int) -> int:
    """Reduce an integer to 64 bits, two's complement."""
    return (x + _SIGN) % _WRAP - _SIGN


def _divide(x: float, y: float) -> float:
    if y != 0.0:
        return x / y
    if x == 0.0 or math.isnan(x) or math.isnan(y):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def _sqrt(x: float) -> float:
    return math.sqrt(x) if x >= 0.0 else math.nan


def _rint(x: float) -> float:
    # Beyond 2^52 every double is an integer; NaN and infinity come back as they are.
    return math.copysign(float(round(x)), x) if abs(x) < 4503599627370496.0 else x


def _floor(x: float) -> float:
    return math.copysign(float(math.floor(x)), x) if abs(x) < 4503599627370496.0 else x


def _modulo(x: Any, y: Any) -> Any:
    if isinstance(x, int):  # by 0 it is 0, since an integer has no NaN
        rest = abs(x) % abs(y) if y else 0
        return -rest if x < 0 else rest
    if math.isnan(x) or math.isnan(y) or math.isinf(x) or y == 0.0:
        return math.nan
    return math.fmod(x, y)


def _truncate(x: float) -> int:
    """Round towards zero; NaN gives 0 and what does not fit gives the nearest int64."""
    if math.isnan(x):
        return 0
    return int(x) if abs(x) < float(_SIGN) else _SIGN - 1 if x > 0.0 else -_SIGN


# name -> the meaning, for arguments of any kind: "real" is float, "int" is int64, "bool" is bool
ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "neg": lambda x: -x,
    "abs": abs,
    "mod": _modulo,  # the remainder of x / y with the sign of x; exact
}
COMPARISON: dict[str, Callable[..., bool]] = {
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
}
LOGIC: dict[str, Callable[..., bool]] = {
    "and": lambda x, y: x and y,
    "or": lambda x, y: x or y,
    "not": lambda x: not x,
}
REAL: dict[str, Callable[..., float]] = {
    "div": _divide,
    "sqrt": _sqrt,
    "rint": _rint,
    "floor": _floor,
}
BITS: dict[str, Callable[..., int]] = {
    "bitand": lambda x, y: x & y,
    "bitor": lambda x, y: x | y,
    "bitxor": lambda x, y: x ^ y,
    # A shift by more than 63 has no meaning on the machines we run on; take the count modulo 64.
    "shl": lambda x, y: wrap(x << (y & 63)),
    "shr": lambda x, y: x >> (y & 63),
}
CONVERSION: dict[str, Callable[..., Any]] = {
    "real": float,  # int or bool -> real
    "int": int,  # bool -> int
    "truncate": _truncate,  # real -> int
    "bits": lambda x: _INT64.unpack(_DOUBLE.pack(x))[0],  # real -> int, the same 64 bits
    "from_bits": lambda x: _DOUBLE.unpack(_INT64.pack(wrap(x)))[0],  # int -> real
}
CHOICE: dict[str, Callable[..., Any]] = {"where": lambda c, x, y: x if c else y}

MEANING: dict[str, Callable[..., Any]] = {
    **ARITHMETIC,
    **COMPARISON,
    **LOGIC,
    **REAL,
    **BITS,
    **CONVERSION,
    **CHOICE,
}


def result_kind(name: str, kinds: tuple[str, ...]) -> str:
    """Return the kind of a primitive's result, given the kinds of its arguments."""
    if name in COMPARISON or name in LOGIC:
        return "bool"
    if name in REAL or name in ("real", "from_bits"):
        return "real"
    if name in BITS or name in ("int", "truncate", "bits"):
        return "int"
    return kinds[-1]


def apply(name: str, *arguments: Any) -> Any:
    """Apply a primitive to numbers, or build a call of it when an argument is an IR node."""
    for argument in arguments:
        build = getattr(argument, "build_call", None)
        if build is not None:
            return build(name, arguments)
    value = MEANING[name](*arguments)
    return wrap(value) if type(value) is int else value


def sqrt(x: Any) -> Any:
    """Return the correctly rounded square root; NaN below zero."""
    return apply("sqrt", x)


def div(x: Any, y: Any) -> Any:
    """Return x / y by IEEE 754: 1/0 is infinite, 0/0 is NaN."""
    return apply("div", x, y)


def rint(x: Any) -> Any:
    """Round to the nearest integer, ties to even."""
    return apply("rint", x)


def floor(x: Any) -> Any:
    """Round down."""
    return apply("floor", x)


def where(condition: Any, x: Any, y: Any) -> Any:
    """Return x where the condition holds, else y; both are evaluated."""
    return apply("where", condition, x, y)


def eq(x: Any, y: Any) -> Any:
    """Compare for equality (``==`` on nodes is identity)."""
    return apply("eq", x, y)


def both(x: Any, y: Any) -> Any:
    """Return x and y, for booleans."""
    return apply("and", x, y)


def either(x: Any, y: Any) -> Any:
    """Return x or y, for booleans."""
    return apply("or", x, y)


def no(x: Any) -> Any:
    """Return not x, for booleans."""
    return apply("not", x)


def bits(x: Any) -> Any:
    """Return the 64 bits of a double as an integer."""
    return apply("bits", x)


def from_bits(x: Any) -> Any:
    """Return the double that has these 64 bits."""
    return apply("from_bits", x)


def truncate(x: Any) -> Any:
    """Round towards zero to an integer; NaN gives 0, what does not fit saturates."""
    return apply("truncate", x)


def real(x: Any) -> Any:
    """Convert an integer or a boolean to a double."""
    return apply("real", x)


def shl(x: Any, y: Any) -> Any:
    """Shift an integer left, dropping what leaves 64 bits."""
    return apply("shl", x, y)


def shr(x: Any, y: Any) -> Any:
    """Shift an integer right, keeping its sign."""
    return apply("shr", x, y)


def bitand(x: Any, y: Any) -> Any:
    """Return the bits that are set in both integers."""
    return apply("bitand", x, y)


def bitor(x: Any, y: Any) -> Any:
    """Return the bits that are set in either integer."""
    return apply("bitor", x, y)


def bitxor(x: Any, y: Any) -> Any:
    """Return the bits that are set in exactly one of the integers."""
    return apply("bitxor", x, y)
