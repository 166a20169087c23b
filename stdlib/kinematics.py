"""Functions of particles: momenta, masses, angles and distances, in GeV and radians.

A particle is one of three records with the same properties, whose numbers are floats (then a
property computes) or IR nodes (then it builds nodes): ``Polar`` as stored in a file, ``Cartesian``
for a sum, ``Transverse`` for missing momentum. Nothing is cached: equal nodes are one node.

Conventions are ROOT's: a negative mass stands for a negative squared mass, and what has no direction
has eta = phi = 0. Formulas are those of the PDG review of kinematics (pdg.lbl.gov).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from adl.stdlib import ops
from adl.stdlib.elementary import asinh, atan2, cos, sin, sinh
from adl.stdlib.models import ATTRIBUTE_ALIASES
from adl.stdlib.registry import formula

Number = Any  # a float or an IR node

_TWO_PI = 2.0 * math.pi

# ------------------------------------------------------------------------------- particles


@dataclass(frozen=True, slots=True)
class Polar:
    """A particle as it is stored.

    >>> Polar(pt=3.0, eta=0.0, phi=0.0, mass=4.0).energy
    5.0
    """

    pt: Number
    eta: Number
    phi: Number
    mass: Number

    @property
    def px(self) -> Number:
        """The momentum along x."""
        return self.pt * cos(self.phi)

    @property
    def py(self) -> Number:
        """The momentum along y."""
        return self.pt * sin(self.phi)

    @property
    def pz(self) -> Number:
        """The momentum along the beam."""
        return self.pt * sinh(self.eta)

    @property
    def p(self) -> Number:
        """The momentum. From pt and pz, so that a ``sinh`` is shared and no ``cosh`` needed."""
        return ops.sqrt(self.pt * self.pt + self.pz * self.pz)

    @property
    def energy(self) -> Number:
        """The energy, the root of pt^2 + pz^2 + m^2: px^2 + py^2 is pt^2, without their rounding."""
        return ops.sqrt(self.pt * self.pt + self.pz * self.pz + self.mass * abs(self.mass))

    @property
    def rapidity(self) -> Number:
        """The rapidity, asinh(pz / mT) with mT^2 = pt^2 + m^2; no E - pz that cancels."""
        return asinh(_slope(self.pz, ops.sqrt(self.pt * self.pt + self.mass * abs(self.mass))))


@dataclass(frozen=True, slots=True)
class Cartesian:
    """A sum of particles.

    >>> Cartesian(px=3.0, py=4.0, pz=0.0, energy=13.0).mass
    12.0
    """

    px: Number
    py: Number
    pz: Number
    energy: Number

    @property
    def pt(self) -> Number:
        """The transverse momentum."""
        return ops.sqrt(self.px * self.px + self.py * self.py)

    @property
    def eta(self) -> Number:
        """The pseudorapidity, asinh(pz / pt): infinite along the beam, 0 for no momentum at all."""
        return asinh(_slope(self.pz, self.pt))

    @property
    def phi(self) -> Number:
        """The azimuth, in [-pi, pi]."""
        return atan2(self.py, self.px)

    @property
    def mass(self) -> Number:
        """The mass; with a minus where E < p, as rounding gives for a massless particle."""
        square = self.energy * self.energy - self._p2
        root = ops.sqrt(abs(square))
        return ops.where(square < 0.0, -root, root)

    @property
    def p(self) -> Number:
        """The momentum."""
        return ops.sqrt(self._p2)

    @property
    def rapidity(self) -> Number:
        """The rapidity, asinh(pz / mT) with mT^2 = (E - pz) (E + pz)."""
        mt2 = (self.energy - self.pz) * (self.energy + self.pz)
        return asinh(_slope(self.pz, ops.sqrt(mt2)))

    @property
    def _p2(self) -> Number:
        return self.px * self.px + self.py * self.py + self.pz * self.pz


@dataclass(frozen=True, slots=True)
class Transverse:
    """Missing momentum: massless, and with no component along the beam.

    >>> Transverse(pt=50.0, phi=0.0).energy
    50.0
    """

    pt: Number
    phi: Number

    eta = rapidity = pz = mass = 0.0

    @property
    def px(self) -> Number:
        """The momentum along x."""
        return self.pt * cos(self.phi)

    @property
    def py(self) -> Number:
        """The momentum along y."""
        return self.pt * sin(self.phi)

    @property
    def p(self) -> Number:
        """The momentum."""
        return self.pt

    @property
    def energy(self) -> Number:
        """The energy."""
        return self.pt


Particle = Polar | Cartesian | Transverse


def add(terms: Iterable[tuple[int, Particle]]) -> Cartesian:
    """Return the sum of particles with their signs (+1 or -1), folded left from the first.

    >>> jet, met = Polar(50.0, 0.0, 0.0, 0.0), Transverse(20.0, 0.0)
    >>> add([(+1, jet), (-1, met)])
    Cartesian(px=30.0, py=0.0, pz=0.0, energy=30.0)
    """
    (sign, first), *rest = terms
    total = [_signed(sign, part) for part in _parts(first)]
    for sign, particle in rest:
        # Not + (-x): a subtraction is one operation, and reads as what was written.
        total = [x - y if sign < 0 else x + y for x, y in zip(total, _parts(particle), strict=True)]
    return Cartesian(*total)


def _parts(a: Particle) -> tuple[Number, Number, Number, Number]:
    return a.px, a.py, a.pz, a.energy


def _signed(sign: int, x: Number) -> Number:
    return -x if sign < 0 else x


def _slope(z: Number, t: Number) -> Number:
    """Return z / t, but z itself (a zero) for 0 / 0."""
    return ops.where(ops.both(ops.eq(z, 0.0), ops.eq(t, 0.0)), z, ops.div(z, t))


# --------------------------------------------------------------------------- of one particle


@formula("particle -> real", aliases=ATTRIBUTE_ALIASES["pt"])
def pt(a):
    """Transverse momentum in GeV, sqrt(px^2 + py^2).

    >>> pt(Cartesian(3.0, 4.0, 7.0, 20.0))
    5.0
    """
    return a.pt


@formula("particle -> real", aliases=ATTRIBUTE_ALIASES["eta"])
def eta(a):
    """Pseudorapidity, asinh(pz / pt) = -ln tan(theta / 2).

    >>> eta(Cartesian(3.0, 4.0, 0.0, 5.0))
    0.0
    """
    return a.eta


@formula("particle -> real", aliases=ATTRIBUTE_ALIASES["phi"])
def phi(a):
    """Azimuth in rad: as stored, or in [-pi, pi] for a sum.

    >>> phi(Cartesian(0.0, 2.0, 0.0, 2.0)) == math.pi / 2
    True
    """
    return a.phi


@formula("particle -> real", aliases=ATTRIBUTE_ALIASES["mass"])
def mass(a):
    """Invariant mass in GeV, sqrt(E^2 - p^2), or -sqrt(p^2 - E^2) where that is negative.

    >>> mass(Cartesian(0.0, 0.0, 3.0, 5.0)), mass(Cartesian(0.0, 0.0, 5.0, 3.0))
    (4.0, -4.0)
    """
    return a.mass


@formula("particle -> real")
def px(a):
    """Momentum along x in GeV, pt cos(phi).

    >>> px(Polar(20.0, 1.5, 0.0, 0.0))
    20.0
    """
    return a.px


@formula("particle -> real")
def py(a):
    """Momentum along y in GeV, pt sin(phi).

    >>> py(Polar(20.0, 1.5, 0.0, 0.0))
    0.0
    """
    return a.py


@formula("particle -> real")
def pz(a):
    """Momentum along the beam in GeV, pt sinh(eta).

    >>> pz(Polar(20.0, 0.0, 1.0, 0.0)), pz(Transverse(20.0, 1.0))
    (0.0, 0.0)
    """
    return a.pz


@formula("particle -> real", aliases=("P",))
def p(a):
    """Momentum in GeV, sqrt(px^2 + py^2 + pz^2).

    >>> p(Cartesian(2.0, 3.0, 6.0, 10.0))
    7.0
    """
    return a.p


@formula("particle -> real", aliases=("E", "e"))
def energy(a):
    """Energy in GeV, sqrt(p^2 + m^2).

    >>> energy(Polar(3.0, 0.0, 1.0, 4.0))
    5.0
    """
    return a.energy


@formula("particle -> real", aliases=("rap",))
def rapidity(a):
    """Rapidity, asinh(pz / sqrt(E^2 - pz^2)) = ln((E + pz) / (E - pz)) / 2.

    >>> round(rapidity(Polar(20.0, 1.5, 0.0, 0.0)), 12)  # of a massless particle: eta
    1.5
    """
    return a.rapidity


@formula("particle -> real")
def theta(a):
    """Angle to the beam in rad, in [0, pi], atan2(pt, pz).

    >>> theta(Cartesian(0.0, 1.0, 0.0, 1.0)) == math.pi / 2
    True
    """
    return atan2(a.pt, a.pz)


@formula("particle -> real")
def abseta(a):
    """Size of the pseudorapidity.

    >>> abseta(Polar(20.0, -1.5, 0.0, 0.0))
    1.5
    """
    return abs(a.eta)


# --------------------------------------------------------------------------- of two particles


@formula("particle, particle -> real", aliases=("dEta",))
def deta(a, b):
    """Distance in pseudorapidity, |eta_a - eta_b|.

    >>> deta(Polar(20.0, -1.5, 0.0, 0.0), Polar(30.0, 0.5, 0.0, 0.0))
    2.0
    """
    return abs(a.eta - b.eta)


@formula("particle, particle -> real")
def sdeta(a, b):
    """Difference in pseudorapidity, eta_a - eta_b.

    >>> sdeta(Polar(20.0, -1.5, 0.0, 0.0), Polar(30.0, 0.5, 0.0, 0.0))
    -2.0
    """
    return a.eta - b.eta


@formula("particle, particle -> real", aliases=("dPhi",))
def dphi(a, b):
    """Distance in azimuth in rad, in [0, pi]; ADL's has no sign.

    For azimuths at most 3 pi apart, so of any mixture of the ranges [-pi, pi] and [0, 2 pi], also
    when float32 has rounded pi up.

    >>> round(dphi(Polar(20.0, 0.0, -3.0, 0.0), Polar(30.0, 0.0, 3.0, 0.0)), 6)
    0.283185
    """
    gap = abs(a.phi - b.phi)
    return ops.where(gap > math.pi, abs(_TWO_PI - gap), gap)


@formula("particle, particle -> real")
def sdphi(a, b):
    """Difference in azimuth in rad, phi_a - phi_b in (-pi, pi]; the size is ``dphi``'s.

    >>> round(sdphi(Polar(20.0, 0.0, -3.0, 0.0), Polar(30.0, 0.0, 3.0, 0.0)), 6)
    0.283185
    """
    gap = a.phi - b.phi
    return ops.where(gap > math.pi, gap - _TWO_PI, ops.where(gap <= -math.pi, gap + _TWO_PI, gap))


@formula("particle, particle -> real", aliases=("dR",))
def dr(a, b):
    """Distance in the plane of eta and phi, sqrt(deta^2 + dphi^2).

    >>> dr(Polar(20.0, 0.0, 0.0, 0.0), Polar(30.0, 3.0, 4.0 - 2.0 * math.pi, 0.0)) < 5.0
    True
    >>> dr(Polar(20.0, -1.5, 0.4, 0.0), Polar(30.0, 0.0, 2.4, 0.0))
    2.5
    """
    return _distance(a.eta - b.eta, dphi(a, b))


@formula("particle, particle -> real", aliases=("dRy",))
def dry(a, b):
    """Distance in the plane of rapidity and phi, sqrt(dy^2 + dphi^2).

    >>> round(dry(Polar(20.0, -1.5, 0.4, 0.0), Polar(30.0, 0.0, 2.4, 0.0)), 12)
    2.5
    """
    return _distance(a.rapidity - b.rapidity, dphi(a, b))


def _distance(x: Number, y: Number) -> Number:
    return ops.sqrt(x * x + y * y)


# -------------------------------------------------------------------------------- of a number


@formula("real -> real")
def hstep(x):
    """Heaviside's step as ADL has it: 1 if x > 0, else 0.

    >>> hstep(2.5), hstep(0.0)
    (1.0, 0.0)
    """
    return ops.where(x > 0.0, 1.0, 0.0)


@formula("real -> real")
def delta(x):
    """Return 1 if x is 0, else 0.

    >>> delta(0.0), delta(0.1)
    (1.0, 0.0)
    """
    return ops.where(ops.eq(x, 0.0), 1.0, 0.0)
