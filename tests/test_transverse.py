"""Transverse, contransverse, razor and ditau masses against their texts and invariances."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import numpy as np

from adl.stdlib import transverse as t
from adl.stdlib.kinematics import Cartesian, Polar, Transverse, add
from tests.momenta import (
    NAN,
    PI,
    close,
    momenta,
)


def pairs(number: int, seed: int) -> Iterator[tuple[Cartesian, Cartesian, Transverse]]:
    draw = random.Random(seed)
    for _ in range(number):
        a, b = (Cartesian(*p) for p in momenta(draw, 2))
        yield a, b, Transverse(draw.uniform(0, 200), draw.uniform(-PI, PI))


def test_the_transverse_mass_of_massless_particles_has_two_formulas() -> None:
    for a, _, met in pairs(300, 1):
        massless = Polar(a.pt, a.eta, a.phi, 0.0)
        short = math.sqrt(2.0 * a.pt * met.pt * (1.0 - math.cos(a.phi - met.phi)))
        assert close(t.mt(a, met), short, 1e-9, 1.0)
        assert close(t.massive_mt(massless, met, 0.0), short, 1e-9, 10.0)


def test_the_transverse_mass_is_at_most_the_mass() -> None:
    """It equals the mass of the pair where both have one rapidity, here 0."""
    for a, _, met in pairs(300, 2):
        flat = Polar(a.pt, 0.0, a.phi, 7.0)
        whole = add([(+1, flat), (+1, Polar(met.pt, 0.0, met.phi, 11.0))])
        assert close(t.massive_mt(flat, met, 11.0), whole.mass, 1e-11)
        tilted = add([(+1, a), (+1, Polar(met.pt, 1.0, met.phi, 11.0))])
        assert t.massive_mt(a, met, 11.0) <= tilted.mass * (1 + 1e-12)


def boosted(a: Cartesian, beta: float, phi: float) -> Cartesian:
    """Return a particle after a transverse boost."""
    gamma = 1.0 / math.sqrt(1.0 - beta * beta)
    c, s = math.cos(phi), math.sin(phi)
    along, across = a.px * c + a.py * s, -a.px * s + a.py * c
    longer = gamma * (along + beta * a.energy)
    x, y = longer * c - across * s, longer * s + across * c
    return Cartesian(x, y, a.pz, gamma * (a.energy + beta * along))


def test_opposite_boosts_leave_the_contransverse_mass_alone() -> None:
    for a, b, _ in pairs(200, 3):
        a, b = Cartesian(a.px, a.py, 0.0, a.pt), Cartesian(b.px, b.py, 0.0, b.pt)
        there, back = boosted(a, 0.6, 0.8), boosted(b, -0.6, 0.8)
        assert close(t.mct(there, back), t.mct(a, b), 1e-6, 1.0)


def test_a_common_boost_leaves_what_is_across_it_alone() -> None:
    for a, b, met in pairs(200, 4):
        x, y = -(a.px + b.px + met.px), -(a.py + b.py + met.py)
        phi = math.atan2(y, x)
        there, also = boosted(a, 0.5, phi), boosted(b, 0.5, phi)
        # Upstream keeps its direction: the missing momentum takes up what the pair has gained.
        mx, my = -(there.px + also.px) - 2.0 * x, -(there.py + also.py) - 2.0 * y
        moved = Transverse(math.hypot(mx, my), math.atan2(my, mx))
        across = t.mct_perpendicular(a, b, met)
        assert close(t.mct_perpendicular(there, also, moved), across, 1e-6, 1.0)


def test_contransverse_masses_along_and_across_are_of_the_components() -> None:
    a, b = Cartesian(30.0, 40.0, 0.0, 50.0), Cartesian(-10.0, 20.0, 0.0, math.sqrt(500.0))
    met = Transverse(70.0, 0.0)  # upstream (-90, -60)
    x, y = -90.0 / math.hypot(90, 60), -60.0 / math.hypot(90, 60)
    along = (30 * x + 40 * y, -10 * x + 20 * y)
    across = (-30 * y + 40 * x, 10 * y + 20 * x)
    for f, (p, q) in ((t.mct_parallel, along), (t.mct_perpendicular, across)):
        assert close(f(a, b, met), math.sqrt(2.0 * (abs(p * q) + p * q)), 1e-7, 1.0)
    balanced = Transverse(math.hypot(20, 60), math.atan2(-60, -20))
    still = [f(a, b, balanced) for f in (t.mct_parallel, t.mct_perpendicular)]
    assert all(math.isnan(v) or math.isfinite(v) for v in still)
    nothing = Cartesian(0.0, 0.0, 0.0, 0.0)
    assert math.isnan(t.mct_parallel(nothing, nothing, Transverse(0.0, 0.0)))


def test_the_razor_mass_is_gamma_times_that_of_older_texts() -> None:
    for a, b, met in pairs(300, 5):
        total = (a.p + b.p) ** 2 - (a.pz + b.pz) ** 2
        sum_t = math.hypot(a.px + b.px, a.py + b.py)
        beta = (b.pt**2 - a.pt**2) / math.sqrt(sum_t**2 * total)
        star = math.sqrt(total - (b.pt**2 - a.pt**2) ** 2 / sum_t**2)
        assert close(t.mr(a, b), star / math.sqrt(1.0 - beta * beta), 1e-9)
        dot = met.px * (a.px + b.px) + met.py * (a.py + b.py)
        mtr = math.sqrt(0.5 * (met.pt * (a.pt + b.pt) - dot))
        assert close(t.mtr(a, b, met), mtr, 1e-9, 1.0)


def test_collinear_neutrinos_give_the_mass_of_the_taus() -> None:
    """Neutrinos along the visible parts, massless ones: the mass comes back exactly."""
    draw = random.Random(9)
    for a, b, _ in pairs(200, 6):
        one, two = (Polar(p.pt, p.eta, p.phi, 0.0) for p in (a, b))
        f, g = draw.uniform(0.0, 3.0), draw.uniform(0.0, 3.0)
        nus = [Polar(f * one.pt, one.eta, one.phi, 0.0), Polar(g * two.pt, two.eta, two.phi, 0.0)]
        missing = add([(+1, nus[0]), (+1, nus[1])])
        met = Transverse(missing.pt, missing.phi)
        whole = add([(+1, one), (+1, two), (+1, nus[0]), (+1, nus[1])])
        if abs(math.sin(a.phi - b.phi)) > 0.01:
            assert close(t.collinear_mass(one, two, met), whole.mass, 1e-6, 1.0)
            flat = [Cartesian(n.px, n.py, 0.0, n.pt) for n in nus]
            cutlang = add([(+1, one), (+1, two), (+1, flat[0]), (+1, flat[1])])
            assert close(t.mtautau(one, two, met), cutlang.mass, 1e-6, 1.0)


def test_ditau_masses_of_parallel_leptons_or_negative_shares_are_nan() -> None:
    a, b = Polar(40.0, 0.0, 0.0, 0.0), Polar(30.0, 1.0, 0.0, 0.0)
    side, met = Polar(30.0, 1.0, 1.0, 0.0), Transverse(20.0, 0.3)
    assert math.isnan(t.collinear_mass(a, b, met))
    assert math.isnan(t.mtautau(a, b, met))
    assert math.isnan(t.collinear_mass(a, side, Transverse(20.0, -2.0)))
    assert math.isfinite(t.mtautau(a, side, Transverse(20.0, -2.0)))


def test_products_of_momenta_are_numpys() -> None:
    for a, b, _ in pairs(100, 7):
        p, q = np.array([a.px, a.py, a.pz]), np.array([b.px, b.py, b.pz])
        assert close(t.dot(a, b), float(p @ q), 1e-12, a.p * b.p)
        assert close(t.cross(a, b), float(np.linalg.norm(np.cross(p, q))), 1e-12, a.p * b.p)


def test_formulas_of_nothing_are_zero() -> None:
    nothing, met = Cartesian(0.0, 0.0, 0.0, 0.0), Transverse(0.0, 0.0)
    assert t.mt(nothing, met) == t.massive_mt(nothing, met, 0.0) == t.mct(nothing, nothing) == 0.0
    assert t.mr(nothing, nothing) == t.mtr(nothing, nothing, met) == 0.0
    assert t.dot(nothing, nothing) == t.cross(nothing, nothing) == 0.0


def test_formulas_pass_nan_on() -> None:
    bad, good, met = Polar(NAN, 1.0, 0.3, 0.0), Polar(20.0, 1.0, 0.0, 0.0), Transverse(30.0, 1.0)
    values = [t.mt(bad, met), t.massive_mt(bad, met, 0.0), t.mct(bad, good), t.mr(good, bad)]
    values += [t.mtr(bad, good, met), t.mtautau(bad, good, met), t.collinear_mass(good, bad, met)]
    values += [t.dot(bad, good), t.cross(bad, good), t.distance_from_z(bad, good)]
    assert all(math.isnan(v) for v in values)
