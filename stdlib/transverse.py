"""Masses and angles of decays that are seen in part: transverse masses, razor, ditau masses.

Formulas in GeV and radians; missing momentum is any particle, of which the transverse components
count. Where a formula has no value for a configuration the result is NaN, which no cut passes.
"""

from __future__ import annotations

import math
from typing import Any

from adl.stdlib import ops
from adl.stdlib.elementary import sin
from adl.stdlib.kinematics import add, dphi
from adl.stdlib.registry import formula

Number = Any  # a float or an IR node

_Z_MASS = 91.187


# ----------------------------------------------------------------------------- transverse mass


@formula("particle, particle -> real", name="fMT")
def mt(a, met):
    """Transverse mass in GeV of a particle and missing momentum, both taken as massless.

    sqrt(2 pT pTmiss (1 - cos dphi)), here as 2 sqrt(pT pTmiss) sin(dphi / 2), which cancels
    nowhere. PDG review of kinematics (pdg.lbl.gov).

    >>> from adl.stdlib.kinematics import Polar, Transverse
    >>> mt(Polar(40.0, 1.0, 0.0, 0.0), Transverse(40.0, math.pi))
    80.0
    """
    return 2.0 * (ops.sqrt(a.pt * met.pt) * sin(0.5 * dphi(a, met)))


@formula("particle, particle, real -> real")
def massive_mt(a, met, mass):
    """Transverse mass in GeV of a particle with its mass and an invisible one of a given mass.

    sqrt(m^2 + M^2 + 2 (eT(a) eT(miss) - pT(a) . pTmiss)), eT^2 = m^2 + pT^2.
    PDG review of kinematics (pdg.lbl.gov).

    >>> from adl.stdlib.kinematics import Polar, Transverse
    >>> massive_mt(Polar(0.0, 0.0, 0.0, 30.0), Transverse(0.0, 0.0), 50.0)
    80.0
    """
    own, other = _square(a), mass * mass
    energies = ops.sqrt(own + a.pt * a.pt) * ops.sqrt(other + met.pt * met.pt)
    return _root(own + other + 2.0 * (energies - _dot(a, met)))


# ------------------------------------------------------------------------- contransverse mass


@formula("particle, particle -> real", name="fMCT")
def mct(a, b):
    """Contransverse mass in GeV of two visible particles.

    sqrt(m_a^2 + m_b^2 + 2 (eT_a eT_b + pT_a . pT_b)), which equal and opposite boosts of a and b
    leave alone: Tovey, JHEP 04 (2008) 034 [arXiv:0802.2879].

    >>> from adl.stdlib.kinematics import Polar
    >>> mct(Polar(40.0, 0.0, 0.0, 0.0), Polar(40.0, 1.0, 0.0, 0.0))
    80.0
    """
    own, other = _square(a), _square(b)
    energies = ops.sqrt(own + a.pt * a.pt) * ops.sqrt(other + b.pt * b.pt)
    return _root(own + other + 2.0 * (energies + _dot(a, b)))


@formula("particle, particle, particle -> real", name="fMCTperp")
def mct_perpendicular(a, b, met):
    """Contransverse mass in GeV across the transverse boost of the pair by what is upstream.

    As ``fMCT``, of the components of pT_a and pT_b perpendicular to the upstream momentum
    -(pT_a + pT_b + pTmiss): no boost along it changes them. Matchev and Park, Phys. Rev. Lett. 107
    (2011) 061801 [arXiv:0910.1584]. Without upstream momentum it is NaN.

    >>> from adl.stdlib.kinematics import Polar, Transverse
    >>> a, b = Polar(30.0, 0.0, 0.5 * math.pi, 0.0), Polar(40.0, 0.0, 0.5 * math.pi, 0.0)
    >>> round(mct_perpendicular(a, b, Transverse(75.0, -0.5 * math.pi)), 9)  # all along y: none
    0.0
    """
    x, y = _upstream(a, b, met)
    return _contransverse(a, b, a.px * y - a.py * x, b.px * y - b.py * x)


@formula("particle, particle, particle -> real", name="fMCTpar")
def mct_parallel(a, b, met):
    """Contransverse mass in GeV along the transverse boost of the pair by what is upstream.

    As ``fMCTperp``, of the components along the upstream momentum, in the same paper.

    >>> from adl.stdlib.kinematics import Polar, Transverse
    >>> a, b = Polar(40.0, 0.0, 0.0, 0.0), Polar(40.0, 0.0, 0.0, 0.0)
    >>> mct_parallel(a, b, Transverse(50.0, 0.0))
    80.0
    """
    x, y = _upstream(a, b, met)
    return _contransverse(a, b, a.px * x + a.py * y, b.px * x + b.py * y)


def _upstream(a: Any, b: Any, met: Any) -> tuple[Number, Number]:
    """Return the direction of the upstream momentum."""
    x, y = -(a.px + b.px + met.px), -(a.py + b.py + met.py)
    size = ops.sqrt(x * x + y * y)
    return ops.div(x, size), ops.div(y, size)


def _contransverse(a: Any, b: Any, p: Number, q: Number) -> Number:
    """Return the contransverse mass of components p of a and q of b in one direction."""
    own, other = _square(a), _square(b)
    energies = ops.sqrt(own + p * p) * ops.sqrt(other + q * q)
    return _root(own + other + 2.0 * (energies + p * q))


# ------------------------------------------------------------------------------------ razor


@formula("particle, particle -> real", name="razor_mr")
def mr(a, b):
    """Razor mass M_R in GeV of two mega-jets, taken as massless.

    sqrt((|p_a| + |p_b|)^2 - (pz_a + pz_b)^2), CMS, Phys. Rev. D 85 (2012) 012004 [arXiv:1107.1279]:
    it is gamma* M_R* of older texts, whose factor cancels.

    >>> from adl.stdlib.kinematics import Cartesian
    >>> mr(Cartesian(3.0, 0.0, 4.0, 5.0), Cartesian(-3.0, 0.0, -4.0, 5.0))
    10.0
    """
    total, along = a.p + b.p, a.pz + b.pz
    return _root((total - along) * (total + along))


@formula("particle, particle, particle -> real", name="razor_mtr")
def mtr(a, b, met):
    """Transverse razor mass M_T^R in GeV of two mega-jets and missing momentum.

    sqrt((pTmiss (pT_a + pT_b) - pTmiss . (pT_a + pT_b)) / 2), with vectors in the second product:
    CMS, Phys. Rev. D 85 (2012) 012004 [arXiv:1107.1279].

    >>> from adl.stdlib.kinematics import Cartesian, Transverse
    >>> jet = Cartesian(-30.0, 0.0, 0.0, 30.0)
    >>> mtr(jet, jet, Transverse(60.0, 0.0))
    60.0
    """
    sizes = met.pt * (a.pt + b.pt)
    return _root(0.5 * (sizes - (_dot(met, a) + _dot(met, b))))


# ----------------------------------------------------------------------------------- ditaus


@formula("particle, particle, particle -> real", name="fMTauTau")
def mtautau(a, b, met):
    """Mass in GeV of two leptons and their neutrinos, taken as transverse and along the leptons.

    pTmiss = f pT_a + g pT_b gives neutrinos f pT_a and g pT_b with pz = 0; then the mass of all
    four. That is CutLang's function of this name; ``fCollinearMass`` is the usual one. NaN where
    the leptons' transverse directions are parallel.

    >>> from adl.stdlib.kinematics import Polar, Transverse
    >>> a, b = Polar(40.0, 0.0, 0.0, 0.0), Polar(40.0, 0.0, 0.5 * math.pi, 0.0)
    >>> round(mtautau(a, b, Transverse(0.0, 0.0)) / math.sqrt(2.0), 9)
    40.0
    """
    f, g = _shares(a, b, met)
    nu_a, nu_b = abs(f) * a.pt, abs(g) * b.pt
    pair = add([(+1, a), (+1, b)])
    energy = pair.energy + nu_a + nu_b
    x, y = (1.0 + f) * a.px + (1.0 + g) * b.px, (1.0 + f) * a.py + (1.0 + g) * b.py
    return _root(energy * energy - (x * x + y * y + pair.pz * pair.pz))


@formula("particle, particle, particle -> real", name="fCollinearMass")
def collinear_mass(a, b, met):
    """Mass in GeV of two taus whose neutrinos have the directions of their visible parts.

    m(a + b) / sqrt(x_a x_b), where x is the part of a tau's momentum that is seen: Ellis et al.,
    Nucl. Phys. B 297 (1988) 221. NaN where the missing momentum has a negative share in either tau
    or their transverse directions are parallel.

    >>> from adl.stdlib.kinematics import Polar, Transverse
    >>> a, b = Polar(40.0, 0.0, 0.0, 0.0), Polar(40.0, 0.0, 0.5 * math.pi, 0.0)
    >>> round(collinear_mass(a, b, Transverse(40.0, 0.0)), 9)  # x_a = 1/2: sqrt(2) m(a + b)
    80.0
    """
    f, g = _shares(a, b, met)
    physical = ops.both(f >= 0.0, g >= 0.0)
    mass = add([(+1, a), (+1, b)]).mass * ops.sqrt((1.0 + f) * (1.0 + g))
    return ops.where(physical, mass, math.nan)


def _shares(a: Any, b: Any, met: Any) -> tuple[Number, Number]:
    """Return f and g of pTmiss = f pT_a + g pT_b; infinite or NaN for parallel ones."""
    across = a.px * b.py - a.py * b.px
    f = ops.div(met.px * b.py - met.py * b.px, across)
    g = ops.div(a.px * met.py - a.py * met.px, across)
    # Not infinite: an infinite share times a zero momentum is no number, and either is none here.
    parallel = ops.eq(across, 0.0)
    return ops.where(parallel, math.nan, f), ops.where(parallel, math.nan, g)


# ------------------------------------------------------------------------------------- pairs


@formula("particle, particle -> real", name="fMll")
def distance_from_z(a, b):
    """Distance in GeV of the mass of a pair from that of the Z, |m(a + b) - 91.187|.

    As the function of this name in adl2tnm's analyses has it.

    >>> from adl.stdlib.kinematics import Polar
    >>> round(distance_from_z(Polar(45.0, 0.0, 0.0, 0.0), Polar(45.0, 0.0, math.pi, 0.0)), 3)
    1.187
    """
    return abs(add([(+1, a), (+1, b)]).mass - _Z_MASS)


@formula("particle, particle -> real")
def dot(a, b):
    """Scalar product of two momenta in GeV^2, p_a . p_b.

    >>> from adl.stdlib.kinematics import Cartesian
    >>> dot(Cartesian(1.0, 2.0, 3.0, 9.0), Cartesian(4.0, 5.0, 6.0, 9.0))
    32.0
    """
    return _dot(a, b) + a.pz * b.pz


@formula("particle, particle -> real")
def cross(a, b):
    """Size of the vector product of two momenta in GeV^2, |p_a x p_b|.

    >>> from adl.stdlib.kinematics import Cartesian
    >>> cross(Cartesian(3.0, 0.0, 0.0, 9.0), Cartesian(1.0, 4.0, 0.0, 9.0))
    12.0
    """
    x = a.py * b.pz - a.pz * b.py
    y = a.pz * b.px - a.px * b.pz
    z = a.px * b.py - a.py * b.px
    return ops.sqrt(x * x + y * y + z * z)


# ----------------------------------------------------------------------------------- helpers


def _square(a: Any) -> Number:
    """Return the squared mass; 0 where rounding made it negative."""
    return ops.where(a.mass > 0.0, a.mass * a.mass, 0.0 * a.mass)


def _dot(a: Any, b: Any) -> Number:
    return a.px * b.px + a.py * b.py


def _root(x: Number) -> Number:
    """Return the square root; 0 where rounding made x negative."""
    return ops.sqrt(ops.where(x < 0.0, 0.0, x))
