"""Random numbers: uniform, without memory, and the same in the interpreter and the kernel."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from adl.compiler.emit.module import emit
from adl.compiler.ir import ONE, TRUE, Axis, Column, Const, Index, Uniform, fill
from adl.compiler.layout import Chunk, layout
from adl.compiler.program import HistogramOutput, Program, RegionOutput
from adl.compiler.schedule import schedule
from adl.compiler.targets import reference
from adl.compiler.targets.host import load
from adl.stdlib.random import hashed, named, uniform

Array = npt.NDArray[np.float64]


def grid(events: int = 4_000, elements: int = 5, seed: int = 1) -> Array:
    """Return the numbers of neighbouring events (rows) and elements (columns)."""
    keys = itertools.product(range(events), range(elements))
    draws = [uniform([seed, 1, 7, event, named("Jet"), named("eff"), i]) for event, i in keys]
    return np.array(draws).reshape(events, elements)


def test_numbers_are_uniform_between_0_and_1() -> None:
    draws = grid().ravel()
    assert 0 <= draws.min() < draws.max() < 1
    counts, _ = np.histogram(draws, 100, (0, 1))
    expected = len(draws) / 100
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert 60 < chi2 < 148  # 99 degrees of freedom: one in a thousand on either side


@pytest.mark.parametrize("bit", [0, 1, 25, 51, 52])
def test_each_bit_is_set_half_of_the_time(bit: int) -> None:
    bits = (grid().ravel() * 2.0**53).astype(np.int64) >> bit & 1
    assert abs(bits.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(bits))


def test_neighbours_are_not_correlated() -> None:
    draws = grid()
    pairs = [(draws[1:], draws[:-1]), (draws[:, 1:], draws[:, :-1]), (draws, grid(seed=2))]
    for left, right in pairs:
        correlation = np.corrcoef(left.ravel(), right.ravel())[0, 1]
        assert abs(correlation) < 4 / np.sqrt(left.size)


def test_pairs_of_neighbours_fill_the_square_evenly() -> None:
    draws = grid()
    counts, _, _ = np.histogram2d(draws[1:].ravel(), draws[:-1].ravel(), 10, [[0, 1], [0, 1]])
    expected = draws[1:].size / 100
    assert ((counts - expected) ** 2 / expected).sum() < 148


def test_every_key_and_their_order_count() -> None:
    keys = [1, 1, 7, 5, named("Jet"), named("eff"), 0]
    base = hashed(keys)
    for place in range(len(keys)):
        assert hashed([*keys[:place], keys[place] + 1, *keys[place + 1 :]]) != base
    assert hashed([1, 2]) != hashed([2, 1])
    assert len({hashed(list(k)) for k in itertools.product(range(-10, 10), repeat=3)}) == 20**3


def test_zeros_and_large_numbers_are_keys_like_others() -> None:
    values = [0, -1, 2**63 - 1, -(2**63)]
    assert len({hashed([0, 0, v]) for v in values} | {hashed([0, v]) for v in values}) == 8


def test_a_name_is_the_same_key_everywhere() -> None:
    assert named("eff") == named("eff") != named("Eff")
    assert named("eff") == 9064545474960504718  # another would change every draw


def test_changing_one_bit_of_a_key_changes_half_of_the_bits() -> None:
    flips = [
        (hashed([1, event]) ^ hashed([1, event ^ (1 << bit)])) % 2**64
        for event in range(200)
        for bit in range(20)
    ]
    mean = np.mean([flip.bit_count() for flip in flips])
    assert abs(mean - 32) < 0.3


def test_a_kernel_draws_what_the_interpreter_draws() -> None:
    jets = Axis(("Jet",), 0)
    event = Column("event", "uint64")
    value = uniform([Const(3, True), event, Const(named("eff")), Index(jets)])
    histogram = fill((Uniform(1000, 0.0, 1.0),), (jets,), (value,), TRUE, ONE)
    program = Program((RegionOutput("r", (), None, (HistogramOutput("h", "", (histogram,)),)),))
    numbers = np.array([1, 2, 2**63 + 5, 2**64 - 1], np.uint64)
    chunk = Chunk(4, {"event": numbers}, {"Jet": np.array([0, 3, 4, 4, 9], np.int64)})
    where = layout(program)
    kernel = load(emit(program, schedule(program), where))
    expected = reference.run(program, chunk).raw
    np.testing.assert_array_equal(kernel.run(chunk).raw, expected)
    signed = numbers.astype(np.int64).tolist()
    draws = [
        uniform([3, e, named("eff"), i])
        for e, n in zip(signed, (3, 1, 0, 5), strict=True)
        for i in range(n)
    ]
    np.testing.assert_array_equal(expected[1:-1], np.histogram(draws, 1000, (0, 1))[0])
