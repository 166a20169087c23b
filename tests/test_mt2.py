"""MT2 against its definition, exact cases, 60 digits, and Lester and Nachman's program.

That is the package ``mt2`` of PyPI, compared where it is installed.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace

import mpmath  # type: ignore[import-untyped] # it has no annotations
import numpy as np
import pytest

from adl.stdlib.algorithms import mt2
from tests.momenta import (
    INF,
    NAN,
    PI,
    close,
)


def mt_squared(m: float, p: Sequence[float], q: Sequence[float], mass: float) -> float:
    energies = math.sqrt(m * m + p[0] ** 2 + p[1] ** 2) * math.sqrt(mass**2 + q[0] ** 2 + q[1] ** 2)
    return m * m + mass * mass + 2.0 * (energies - p[0] * q[0] - p[1] * q[1])


def least(f: Callable[[float], float], low: float, high: float) -> float:
    """Return the minimum of a convex function, by golden sections."""
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    a, b = high - golden * (high - low), low + golden * (high - low)
    fa, fb = f(a), f(b)
    for _ in range(60):
        if fa <= fb:
            high, b, fb = b, a, fa
            a = high - golden * (high - low)
            fa = f(a)
        else:
            low, a, fa = a, b, fb
            b = low + golden * (high - low)
            fb = f(b)
    return min(fa, fb)


def searched_mt2(arguments: Sequence[float]) -> float:
    """Return MT2 as its definition has it: both masses are convex in q, and so is the larger."""
    m1, x1, y1, m2, x2, y2, x, y, mass1, mass2 = arguments

    def larger(qx: float, qy: float) -> float:
        first = mt_squared(m1, (x1, y1), (qx, qy), mass1)
        return max(first, mt_squared(m2, (x2, y2), (x - qx, y - qy), mass2))

    reach = 1e5  # momenta that are almost opposite need much
    square = least(lambda qx: least(lambda qy: larger(qx, qy), -reach, reach), -reach, reach)
    return math.sqrt(max(square, 0.0))


def decays(number: int, seed: int) -> Iterator[list[float]]:
    draw = random.Random(seed)

    def p() -> float:
        return draw.choice((draw.uniform(-300, 300), draw.uniform(-30, 30)))

    for i in range(number):
        m1, m2 = (0.0 if i & bit else draw.choice((0.106, draw.uniform(0, 200))) for bit in (1, 2))
        mass1 = 0.0 if i & 4 else draw.uniform(0, 300)
        mass2 = draw.uniform(0, 300) if i % 5 == 0 else mass1
        yield [m1, p(), p(), m2, p(), p(), p(), p(), mass1, mass2]


def test_mt2_is_the_least_larger_transverse_mass() -> None:
    for arguments in decays(40, seed=3):
        assert abs(mt2.mt2xy(*arguments) - searched_mt2(arguments)) < 2e-4, arguments


def test_mt2_is_lester_and_nachmans() -> None:
    peer = pytest.importorskip("mt2", reason="the package mt2 is not installed")
    for arguments in decays(4000, seed=4):
        ours, theirs = mt2.mt2xy(*arguments), float(peer.mt2(*arguments))
        if ours == 0.0:  # theirs is a small number there, up to some 0.01 GeV
            assert shares_are_positive(arguments), arguments
        else:  # below 1 GeV theirs is off by up to 1e-4, as 60 digits show: the test below
            assert close(ours, theirs, 1e-9) or (ours < 1.0 and abs(ours - theirs) < 1e-4), (
                arguments
            )


def shares_are_positive(arguments: Sequence[float]) -> bool:
    """Whether nothing has a mass and pTmiss = f p1 + g p2 with f, g >= 0: then MT2 is 0."""
    m1, x1, y1, m2, x2, y2, x, y, mass1, mass2 = arguments
    f, g = np.linalg.solve(np.array([[x1, x2], [y1, y2]]), np.array([x, y]))
    return m1 == m2 == mass1 == mass2 == 0.0 and min(f, g) >= 0.0


def test_mt2_is_right_to_1e_11(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the same steps in 60 digits: that they are the right ones is for the other tests."""
    every = [*decays(20, seed=4)]
    # Almost in one direction, as from a splitting.
    every += [
        [m1, x, y, m2, 2 * x, 2 * y * (1 + 1e-3), *rest] for m1, x, y, m2, _, _, *rest in every
    ]
    ours = [mt2.mt2xy(*arguments) for arguments in every]
    longer = SimpleNamespace(sqrt=mpmath.sqrt, inf=mpmath.inf, nan=mpmath.nan)
    monkeypatch.setattr(mt2, "math", longer)
    monkeypatch.setattr(mt2, "_PARALLEL", 1e-40)
    with mpmath.workdps(60):
        for value, arguments in zip(ours, every, strict=True):
            assert close(value, float(mt2.mt2xy(*map(mpmath.mpf, arguments))), 1e-11, 1e-9), (
                arguments
            )


# The example in the documentation of the package mt2, and exact cases.
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((100, 410, 20, 150, -210, -300, -200, 280, 100, 100), 412.62766845821949),
        ((0, 40, 0, 0, 40, 0, -80, 0, 0, 0), 80.0),  # q = -40, -40
        ((0, 40, 0, 0, -40, 0, 0, 0, 0, 0), 0.0),  # no missing momentum, nothing has a mass
        ((0, 40, 0, 0, 0, 40, 30, 20, 0, 0), 0.0),  # pTmiss between the visible momenta
        ((10, 0, 0, 10, 0, 0, 0, 0, 50, 50), 60.0),  # all at rest
        ((80, 30, 10, 0, 0, 0, 99, 3, 20, 10), 100.0),  # the other decay has no momentum
        ((173, 20, 0, 5, 0, 30, 0, 0, 0, 0), 173.0),  # unbalanced: the heavier at its least
        ((-1e-6, 40, 0, -1e-6, 40, 0, -80, 0, 0, 0), 80.0),  # masses rounded below zero
    ],
)
def test_mt2_of_exact_cases(arguments: Sequence[float], expected: float) -> None:
    assert close(mt2.mt2xy(*map(float, arguments)), expected, 1e-14)


def test_mt2_of_visible_momenta_in_one_direction_is_continuous() -> None:
    exact = mt2.mt2xy(0.0, 40.0, 0.0, 0.0, 60.0, 0.0, -80.0, 30.0, 0.0, 0.0)
    assert abs(exact - searched_mt2((0, 40, 0, 0, 60, 0, -80, 30, 0, 0))) < 1e-5
    for angle in (1e-15, 1e-12, 1e-9, 1e-8, 1e-7, 1e-6):
        turned = mt2.mt2xy(0.0, 40.0, 0.0, 0.0, 60.0, 60.0 * angle, -80.0, 30.0, 0.0, 0.0)
        assert close(turned, exact, max(2.0 * angle, 1e-8)), angle


def test_mt2_is_symmetric_and_scales() -> None:
    for a in decays(200, seed=6):
        value = mt2.mt2xy(*a)
        swapped = mt2.mt2xy(*a[3:6], *a[:3], *a[6:8], a[9], a[8])
        doubled = mt2.mt2xy(*(2.0 * x for x in a))
        assert close(swapped, value, 1e-9, 1e-6)
        assert close(doubled, 2.0 * value, 1e-9, 1e-6)


def test_mt2_is_at_most_the_mass_of_the_parents() -> None:
    """Two W of 80.4 GeV, each to a lepton and a neutrino, with any boost along the beam."""
    draw = random.Random(8)
    largest = 0.0
    for _ in range(300):
        visible, missing = [], [0.0, 0.0]
        for _ in range(2):
            cosine, phi = draw.uniform(-1, 1), draw.uniform(-PI, PI)
            sine = math.sqrt(1.0 - cosine * cosine)
            px, py = 40.2 * sine * math.cos(phi), 40.2 * sine * math.sin(phi)
            visible += [0.0, px, py]
            missing = [missing[0] - px, missing[1] - py]
        largest = max(largest, mt2.mt2xy(*visible, *missing, 0.0, 0.0))
        assert mt2.mt2xy(*visible, *missing, 0.0, 0.0) <= 80.4 * (1.0 + 1e-12)
    assert largest > 75.0


def test_mt2_of_what_is_not_finite_is_nan() -> None:
    good = [0.0, 40.0, 0.0, 0.0, 40.0, 0.0, -80.0, 0.0, 0.0, 0.0]
    for i, bad in itertools.product(range(10), (NAN, INF, -INF)):
        assert math.isnan(mt2.mt2xy(*good[:i], bad, *good[i + 1 :]))
