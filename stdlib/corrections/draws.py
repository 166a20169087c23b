"""Random numbers of corrections: XXH64 of the inputs' words seeds a PCG32, as in correctionlib.

XXH64 is Y. Collet's (xxHash, format of the 64-bit hash); the generator is pcg32_oneseq of M. E.
O'Neill (HMC-CS-2014-0905). Everything is integers of 64 bits that wrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adl.stdlib import ops

# What there is a rule for.
DISTRIBUTIONS = ("stdflat", "normal", "stdnormal")

_PRIMES = tuple(
    map(
        ops.wrap,
        (
            0x9E3779B185EBCA87,
            0xC2B2AE3D27D4EB4F,
            0x165667B19E3779F9,
            0x85EBCA77C2B2AE63,
            0x27D4EB2F165667C5,
        ),
    )
)
MULTIPLIER = 6364136223846793005
INCREMENT = 1442695040888963407
_LANES = 4  # words that are mixed at once where there are as many


def flat(words: Sequence[Any]) -> Any:
    """Return a number in [0, 1) as std::uniform_real_distribution makes it of two draws."""
    state = first(words)
    low, state = _output(state), _advanced(state)
    high = ops.apply("mul", ops.real(_output(state)), 2.0**32)
    drawn = ops.apply("mul", ops.apply("add", ops.real(low), high), 2.0**-64)
    return ops.where(ops.apply("lt", drawn, 1.0), drawn, 1.0 - 2.0**-53)


def first(words: Sequence[Any]) -> Any:
    """Return the first state of the generator."""
    return _advanced(seed(words))


def seed(words: Sequence[Any]) -> Any:
    """Return XXH64 of words of 64 bits, with the seed 0, which is what the generator adds to."""
    first, second, third, fourth, fifth = _PRIMES
    whole = len(words) // _LANES * _LANES
    state = _stripes(words[:whole]) if whole else fifth
    state = _add(state, 8 * len(words))
    for word in words[whole:]:
        mixed = ops.bitxor(state, _round(0, word))
        state = _add(_times(_rotated(mixed, 27), first), fourth)
    state = _times(ops.bitxor(state, _shifted(state, 33)), second)
    state = _times(ops.bitxor(state, _shifted(state, 29)), third)
    return _add(ops.bitxor(state, _shifted(state, 32)), INCREMENT)


def _stripes(words: Sequence[Any]) -> Any:
    first, second, _, fourth, _ = _PRIMES
    lanes: list[Any] = [ops.wrap(first + second), second, 0, ops.wrap(-first)]
    for start in range(0, len(words), _LANES):
        stripe = words[start : start + _LANES]
        lanes = [_round(lane, word) for lane, word in zip(lanes, stripe, strict=True)]
    state: Any = 0
    for lane, turn in zip(lanes, (1, 7, 12, 18), strict=True):
        state = _add(state, _rotated(lane, turn))
    for lane in lanes:
        state = _add(_times(ops.bitxor(state, _round(0, lane)), first), fourth)
    return state


def _round(lane: Any, word: Any) -> Any:
    first, second, *_ = _PRIMES
    return _times(_rotated(_add(lane, _times(word, second)), 31), first)


def _advanced(state: Any) -> Any:
    """Return the next state of the generator."""
    return _add(_times(state, MULTIPLIER), INCREMENT)


def _output(state: Any) -> Any:
    """Return 32 bits of a state: some of its bits, rotated by its highest ones."""
    mixed = ops.bitand(_shifted(ops.bitxor(_shifted(state, 18), state), 27), 0xFFFFFFFF)
    turn = _shifted(state, 59)
    left = ops.shl(mixed, ops.bitand(ops.apply("neg", turn), 31))
    return ops.bitand(ops.bitor(ops.shr(mixed, turn), left), 0xFFFFFFFF)


def _add(x: Any, y: Any) -> Any:
    return ops.apply("add", x, y)


def _times(x: Any, y: Any) -> Any:
    return ops.apply("mul", x, y)


def _rotated(x: Any, by: int) -> Any:
    return ops.bitor(ops.shl(x, by), _shifted(x, 64 - by))


def _shifted(x: Any, by: int) -> Any:
    """Shift right, filling with zeros: ``ops.shr`` keeps the sign."""
    return ops.bitand(ops.shr(x, by), (1 << (64 - by)) - 1)
