from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import vector
from hypothesis import given
from hypothesis import strategies as st

from adl.compiler import ir
from adl.stdlib import kinematics as k
from adl.stdlib import library
from adl.stdlib.elementary import cos
from adl.stdlib.kinematics import Cartesian, Particle, Polar, Transverse, add
from adl.stdlib.library import find_function
from adl.stdlib.registry import FUNCTIONS

EPS = 2.0**-52
PI = math.pi


def particles(number: int) -> Iterator[Polar]:
    draw = random.Random(1)
    for _ in range(number):
        yield Polar(
            pt=math.exp(draw.uniform(-3.0, 8.0)),
            eta=draw.uniform(-5.0, 5.0),
            phi=draw.uniform(-PI, PI),
            mass=math.exp(draw.uniform(-8.0, 6.0)),
        )


def peer(a: Polar) -> vector.MomentumObject4D:
    return vector.obj(pt=a.pt, eta=a.eta, phi=a.phi, mass=a.mass)


def close(ours: float, theirs: float, *, condition: float = 0.0) -> bool:
    """Whether two numbers agree to 8 ULP, or to 8 ULP of an intermediate of size ``condition``."""
    return abs(ours - theirs) <= 8.0 * EPS * max(abs(theirs), condition)


# ------------------------------------------------------------------------- against vector


def test_a_stored_particle_agrees_with_vector() -> None:
    for a in particles(300):
        b = peer(a)
        assert close(k.px(a), b.px)
        assert close(k.py(a), b.py)
        assert close(k.pz(a), b.pz)
        assert close(k.p(a), b.p)
        assert close(k.energy(a), b.energy)
        assert close(k.theta(a), b.theta)
        assert close(k.abseta(a), abs(b.eta))
        # Theirs is a logarithm of (E + pz) / (E - pz), which cancels.
        assert close(k.rapidity(a), b.rapidity, condition=b.energy / (b.energy - abs(b.pz)))


def test_a_sum_agrees_with_vector() -> None:
    pool = list(particles(300))
    for a, b, c in zip(pool[0::3], pool[1::3], pool[2::3], strict=True):
        ours, less = add([(+1, a), (+1, b), (+1, c)]), add([(+1, a), (-1, b)])
        theirs, scale = peer(a) + peer(b) + peer(c), a.energy + b.energy + c.energy
        for name in ("px", "py", "pz", "energy", "pt", "p"):
            assert close(getattr(ours, name), getattr(theirs, name), condition=scale), name
        # Not the energy: vector has no negative one.
        for name in ("px", "py", "pz", "pt", "p"):
            assert close(getattr(less, name), getattr(peer(a) - peer(b), name), condition=scale)
        exact = vector.obj(px=ours.px, py=ours.py, pz=ours.pz, energy=ours.energy)
        assert close(ours.pt, exact.pt)
        assert close(ours.p, exact.p)
        assert close(ours.eta, exact.eta)
        assert close(ours.phi, exact.phi)
        # Theirs is an arc cosine.
        assert close(k.theta(ours), exact.theta, condition=1.0 / math.sin(exact.theta))
        assert close(ours.mass, exact.mass, condition=ours.energy**2 / abs(exact.mass))


def test_distances_agree_with_vector() -> None:
    pool = list(particles(300))
    for a, b in zip(pool[0::2], pool[1::2], strict=True):
        one, other = peer(a), peer(b)
        assert close(k.deta(a, b), abs(one.deltaeta(other)))
        assert close(k.sdeta(a, b), one.deltaeta(other))
        assert close(k.dphi(a, b), abs(one.deltaphi(other)), condition=2.0 * PI)
        assert close(k.sdphi(a, b), one.deltaphi(other), condition=2.0 * PI)
        assert close(k.dr(a, b), one.deltaR(other), condition=2.0 * PI)
        condition = max(c.energy / (c.energy - abs(c.pz)) for c in (one, other))
        assert close(k.dry(a, b), one.deltaRapidityPhi(other), condition=condition)


# ------------------------------------------------------------------------- special particles


def test_a_massless_pair_back_to_back_has_its_energy_as_mass() -> None:
    pair = add([(+1, Polar(45.0, 0.0, 0.0, 0.0)), (+1, Polar(45.0, 0.0, PI, 0.0))])
    assert pair.mass == 90.0
    assert pair.pt < 1e-13
    assert k.eta(pair) == 0.0


def test_a_massless_particle_has_the_rapidity_of_its_direction() -> None:
    for eta in (-8.0, -1.5, 0.0, 3.0, 12.0):
        assert close(k.rapidity(Polar(20.0, eta, 1.0, 0.0)), eta)


def test_the_mass_of_a_massless_sum_is_a_small_number_of_either_sign() -> None:
    masses = [add([(+1, a), (+1, a)]).mass for a in (Polar(50.0, 2.0, x, 0.0) for x in range(9))]
    assert all(abs(m) < 1e-5 for m in masses)
    assert not any(math.isnan(m) for m in masses)


def test_a_negative_mass_is_a_negative_square_there_and_back() -> None:
    odd = Polar(50.0, 0.3, 0.0, -4.0)
    assert odd.energy < odd.p
    assert close(add([(+1, odd)]).mass, -4.0, condition=odd.energy**2 / 4.0)


def test_no_momentum_has_no_direction_and_no_nan() -> None:
    nothing = Cartesian(0.0, 0.0, 0.0, 0.0)
    values = [nothing.pt, nothing.eta, nothing.phi, nothing.mass, nothing.p, nothing.rapidity]
    assert values == [0.0] * 6
    assert k.theta(nothing) == 0.0
    assert Polar(0.0, 0.0, 0.0, 0.0).rapidity == 0.0


def test_along_the_beam_eta_is_infinite() -> None:
    assert Cartesian(0.0, 0.0, 5.0, 5.0).eta == math.inf
    assert Cartesian(0.0, 0.0, -5.0, 5.0).eta == -math.inf
    assert Cartesian(0.0, 0.0, 5.0, 5.0).rapidity == math.inf


def test_nan_stays_nan() -> None:
    bad = Polar(math.nan, 1.0, math.nan, 1.0)
    good = Polar(10.0, 1.0, 2.0, 1.0)
    total = add([(+1, good), (+1, bad)])
    values = [bad.energy, total.pt, total.eta, total.mass, total.rapidity]
    values += [k.dphi(good, bad), k.sdphi(bad, good), k.dr(good, bad)]
    assert all(math.isnan(x) for x in values)


def test_missing_momentum_is_massless_and_transverse() -> None:
    met = Transverse(30.0, 0.5)
    assert (met.pz, met.mass, met.eta, met.rapidity, met.p, met.energy) == (0.0,) * 4 + (30.0,) * 2
    assert (met.px, met.py) == (Polar(30.0, 0.0, 0.5, 0.0).px, Polar(30.0, 0.0, 0.5, 0.0).py)
    assert k.theta(met) == PI / 2


# ------------------------------------------------------------------------- sums


def test_a_sum_folds_left_from_its_first_particle() -> None:
    a, b, c = Polar(0.1, 0.0, 0.0, 0.0), Polar(0.2, 0.0, 0.0, 0.0), Polar(0.3, 0.0, 0.0, 0.0)
    assert add([(+1, a), (+1, b), (+1, c)]).px == (0.1 + 0.2) + 0.3
    assert add([(+1, c), (+1, b), (+1, a)]).px == (0.3 + 0.2) + 0.1
    assert add([(-1, a), (+1, b), (-1, c)]).px == (-0.1 + 0.2) - 0.3


def test_a_sum_adds_no_zero() -> None:
    west = Polar(0.0, 0.0, PI, 0.0)
    assert math.copysign(1.0, add([(+1, west)]).px) == -1.0
    assert math.copysign(1.0, add([(+1, west), (+1, west)]).px) == -1.0


# ------------------------------------------------------------------------- angles

ANGLE = st.floats(-PI, PI) | st.sampled_from([PI, -PI, 0.0, -0.0, PI / 2, float(np.float32(PI))])


def facing(angle: float) -> Polar:
    return Polar(1.0, 0.0, angle, 0.0)


@given(ANGLE, ANGLE)
def test_azimuths_fold_into_their_ranges(x: float, y: float) -> None:
    a, b = facing(x), facing(y)
    assert 0.0 <= k.dphi(a, b) <= PI
    assert -PI < k.sdphi(a, b) <= PI
    assert abs(k.sdphi(a, b)) == k.dphi(a, b) == k.dphi(b, a)
    assert k.dr(a, b) == k.dr(b, a)
    assert abs(cos(k.dphi(a, b)) - cos(x - y)) < 4.0 * EPS


@given(st.floats(0.0, 2.0 * PI), st.floats(-PI, PI))
def test_azimuths_of_either_convention_can_be_mixed(x: float, y: float) -> None:
    assert 0.0 <= k.dphi(facing(x), facing(y)) <= PI
    assert abs(cos(k.dphi(facing(x), facing(y))) - cos(x - y)) < 8.0 * EPS


def test_pi_rounded_up_to_float32_folds_back() -> None:
    above = float(np.float32(PI))
    assert above > PI
    assert k.dphi(facing(above), facing(-above)) == 2.0 * (above - PI)
    assert PI - 1e-7 < k.dphi(facing(above), facing(0.0)) < PI
    assert -PI < k.sdphi(facing(above), facing(0.0)) < 0.0


def test_the_signed_difference_of_opposite_directions_is_plus_pi() -> None:
    assert k.sdphi(facing(0.0), facing(PI)) == PI
    assert k.sdphi(facing(PI), facing(0.0)) == PI


def test_a_small_angle_keeps_its_digits() -> None:
    assert k.dphi(facing(1e-12), facing(-2e-12)) == 1e-12 + 2e-12


# ------------------------------------------------------------------------- numbers


def test_step_and_delta_are_zero_and_one() -> None:
    assert [k.hstep(x) for x in (-1.0, -0.0, 0.0, 5e-324, math.nan)] == [0.0, 0.0, 0.0, 1.0, 0.0]
    assert [k.delta(x) for x in (-1.0, -0.0, 0.0, 5e-324, math.nan)] == [0.0, 1.0, 1.0, 0.0, 0.0]


# ------------------------------------------------------------------------- nodes

AXIS = ir.Axis(("Jet",), 0)


def jet(attribute: str) -> ir.Node:
    column: ir.Node = ir.Column(f"Jet_{attribute}", "float32", "Jet", ir.Index(AXIS))
    return column


def traced() -> list[Particle]:
    polar = Polar(jet("pt"), jet("eta"), jet("phi"), jet("mass"))
    met = Transverse(ir.Column("MET_pt", "float32"), ir.Column("MET_phi", "float32"))
    return [polar, met, add([(+1, polar), (-1, met)]), add([(-1, met), (+1, met)])]


KINEMATIC = [f for f in FUNCTIONS.values() if f.body.__module__ == k.__name__]


@pytest.mark.parametrize("function", KINEMATIC, ids=lambda f: f.name)
def test_every_function_can_be_traced_on_every_kind_of_particle(function: k.Number) -> None:
    pool = [[jet("pt")]] if function.arguments == ("real",) else [[p] for p in traced()]
    if len(function.arguments) == 2:
        pool = [[a, b] for a in traced() for b in traced()]
    for arguments in pool:
        assert ir.lift(function.call(*arguments)).kind == "real"


def test_equal_formulas_of_one_particle_are_one_node() -> None:
    a, b = traced()[0], traced()[0]
    assert k.px(a) is k.px(b)
    assert k.dr(a, traced()[1]) is k.dr(b, traced()[1])
    assert add([(+1, a), (+1, a)]).px is k.px(a) + k.px(b)
    nodes = set(ir.postorder([k.p(a), k.energy(a), k.rapidity(a)]))
    assert k.pz(a) in nodes
    sinhs = [n for n in nodes if isinstance(n, ir.Call) and n.function == "sinh"]
    assert len(sinhs) == 1


# ------------------------------------------------------------------------- look-up


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("dr", "dr"),
        ("dR", "dr"),
        ("DR", "dr"),
        ("dPhi", "dphi"),
        ("dEta", "deta"),
        ("dRy", "dry"),
        ("pT", "pt"),
        ("m", "mass"),
        ("E", "energy"),
        ("e", "energy"),
        ("P", "p"),
        ("rap", "rapidity"),
        ("pZ", "pz"),
        ("sin", "sin"),
        ("SIN", "sin"),
    ],
)
def test_a_function_is_found_by_name_alias_or_other_case(name: str, canonical: str) -> None:
    function = find_function(name)
    assert function is not None
    assert function.name == canonical


def test_an_exact_name_goes_before_other_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, "DR", replace(FUNCTIONS["dr"], name="DR", aliases=()))
    monkeypatch.setattr(library, "_names", library._names.__wrapped__)  # which is kept otherwise
    found = [find_function(name) for name in ("dr", "dR", "DR", "Dr")]
    assert [f and f.name for f in found] == ["dr", "dr", "DR", None]


def test_what_is_no_function_is_not_found() -> None:
    assert [find_function(name) for name in ("", "deltaR2", "Jet")] == [None] * 3


def test_no_two_functions_share_a_name_even_without_regard_to_case() -> None:
    names = [{n.casefold() for n in (f.name, *f.aliases)} for f in FUNCTIONS.values()]
    assert len(set().union(*names)) == sum(map(len, names))
