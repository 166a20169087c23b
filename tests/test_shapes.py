"""Shapes against numpy's eigenvalues, every pattern of signs, and what the texts say."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import pytest

from tests.momenta import (
    INF,
    NAN,
    PI,
    close,
    events,
    run,
)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_sphericity_and_aplanarity_are_of_numpys_eigenvalues(power: float) -> None:
    for jets in events(60, 9, seed=11, least=1):
        p = np.array(jets)[:, :3]
        weights = np.linalg.norm(p, axis=1) ** (power - 2.0)
        tensor = (p * weights[:, None]).T @ p
        low, middle, _ = np.sort(np.linalg.eigvalsh(tensor / np.trace(tensor)))
        assert close(run("fSphericity", jets, power), 1.5 * (low + middle), 1e-13, 1.0)
        assert close(run("fAplanarity", jets, power), 1.5 * low, 1e-13, 1.0)


def test_transverse_sphericity_is_of_numpys_eigenvalues() -> None:
    for jets in events(60, 9, seed=12, least=1):
        p = np.array(jets)[:, :2]
        small, large = np.linalg.eigvalsh(p.T @ p)
        assert close(run("fTransverseSphericity", jets), 2 * small / (small + large), 1e-13, 1.0)


def test_the_linear_sphericity_does_not_see_a_collinear_splitting() -> None:
    for jets in events(20, 6, seed=13, least=2):
        x, y, z, e = jets[0]
        split = [(0.3 * x, 0.3 * y, 0.3 * z, 0.3 * e), (0.7 * x, 0.7 * y, 0.7 * z, 0.7 * e)]
        for name in ("fSphericity", "fAplanarity"):
            assert close(run(name, [*split, *jets[1:]], 1.0), run(name, jets, 1.0), 1e-12, 1.0)
        assert run("fSphericity", [*split, *jets[1:]], 2.0) != run("fSphericity", jets, 2.0)
    assert math.isnan(run("fSphericity", jets, 1.5))


def signed_sums(p: np.ndarray[Any, Any]) -> float:
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=len(p))))
    return float(np.max(np.linalg.norm(signs @ p, axis=1)) / np.sum(np.linalg.norm(p, axis=1)))


def test_thrust_is_the_largest_of_all_signed_sums() -> None:
    for jets in events(60, 9, seed=14, least=1):
        p = np.array(jets)[:, :3]
        assert close(run("fThrust", jets), signed_sums(p), 1e-12)
        assert close(run("fTransverseThrust", jets), signed_sums(p[:, :2]), 1e-12)


def test_thrust_is_exact_where_momenta_share_a_plane_or_a_line() -> None:
    draw = random.Random(15)
    steps = [-1.0, 0.0, 1.0, 2.0]
    for _ in range(300):
        p = np.array([[draw.choice(steps) for _ in range(3)] for _ in range(draw.randint(1, 7))])
        if draw.random() < 0.5:
            p[:, 2] = 0.0
        if np.any(p):
            jets = [(*map(float, row), 9.0) for row in p]
            assert close(run("fThrust", jets), signed_sums(p), 1e-12), p  # type: ignore[arg-type]


def test_a_circle_and_a_sphere_have_the_thrust_of_the_texts() -> None:
    circle = [(math.cos(a), math.sin(a), 0.0, 1.0) for a in np.arange(40) * PI / 20]
    assert abs(run("fTransverseThrust", circle) - 2.0 / PI) < 2e-3
    assert abs(run("fSphericity", circle) - 0.75) < 1e-12
    assert abs(run("fTransverseSphericity", circle) - 1.0) < 1e-12
    golden = PI * (3.0 - math.sqrt(5.0))
    sphere = []
    for i in range(60):
        z = 1.0 - (2.0 * i + 1.0) / 60.0
        r = math.sqrt(1.0 - z * z)
        sphere.append((r * math.cos(golden * i), r * math.sin(golden * i), z, 1.0))
    assert abs(run("fThrust", sphere) - 0.5) < 0.02
    assert run("fSphericity", sphere) > 0.99
    assert run("fFoxWolfram", sphere, 2.0) < 1e-4


def test_fox_wolfram_moments_are_of_numpys_legendre_polynomials() -> None:
    for jets in events(30, 7, seed=16, least=1):
        p, e = np.array(jets)[:, :3], np.array(jets)[:, 3]
        sizes = np.linalg.norm(p, axis=1)
        cosines = np.clip((p / sizes[:, None]) @ (p / sizes[:, None]).T, -1, 1)
        for order in (0, 1, 2, 3, 4, 10):
            polynomial = np.polynomial.legendre.Legendre.basis(order)
            moment = np.sum(np.outer(sizes, sizes) * polynomial(cosines)) / np.sum(e) ** 2
            assert close(run("fFoxWolfram", jets, float(order)), float(moment), 1e-11, 1.0)
    assert all(math.isnan(run("fFoxWolfram", jets, l)) for l in (-1.0, 0.5, 101.0, INF))


def test_without_momentum_there_is_no_shape() -> None:
    names = ("fSphericity", "fAplanarity", "fTransverseSphericity", "fThrust", "fTransverseThrust")
    for name in names:
        assert math.isnan(run(name, []))
        assert math.isnan(run(name, [(0.0, 0.0, 0.0, 0.0)] * 3))
    assert math.isnan(run("fFoxWolfram", [], 0.0))
    one = [(3.0, 4.0, 12.0, 13.0)]
    assert [run(name, one) for name in names] == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert run("fFoxWolfram", one, 4.0) == 1.0


def test_a_nan_momentum_gives_a_nan_shape() -> None:
    jets = [(NAN, 1.0, 2.0, 3.0), (3.0, 4.0, 12.0, 13.0), (1.0, 4.0, -2.0, 13.0)]
    assert math.isnan(run("fTransverseSphericity", jets))
    assert math.isnan(run("fSphericity", jets))
    assert math.isnan(run("fThrust", jets))
    assert math.isnan(run("fAlphaT", jets))
