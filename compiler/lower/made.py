"""Collections that algorithms make, as arrays of an ``Evaluate``.

What an algorithm makes is no longer than what it is given, so a loop over it runs over the input
collections of its arguments, and the first positions are its elements.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from adl.check import analysis as core
from adl.check.collections import origin
from adl.compiler.ir import Element, Evaluate, Node, Part, as_real, both, lift
from adl.stdlib.kinematics import Cartesian
from adl.stdlib.models import CollectionSchema

# What the calls of collections have become; a lowering writes those that it meets, in place of
# what an earlier one with another seed has written.
_MADE: WeakKeyDictionary[core.Collection, Evaluate] = WeakKeyDictionary()


def remember(collection: core.Collection, call: Evaluate) -> None:
    """Keep the call from which a collection comes."""
    _MADE[collection] = call


def source(part: CollectionSchema) -> tuple[str, ...]:
    """Return the input collections over which a loop over one part runs."""
    part = origin(part)
    return _MADE[part].source if isinstance(part, core.Produced) else (part.name,)


def inside(part: core.Produced, position: Node) -> Node:
    """Return whether an algorithm has made an element for a position."""
    return both(_MADE[part].mask, position < Part(_MADE[part], 0))


def momentum(part: core.Produced, position: Node) -> Cartesian:
    """Return the particle at a position of what an algorithm has made."""
    return Cartesian(*(Element(_MADE[part], position, place) for place in range(4)))


def attribute(part: core.Produced, name: str, position: Node) -> Node:
    """Return pt, eta, phi or mass of an element that an algorithm has made."""
    return as_real(lift(getattr(momentum(part, position), name)))


def kept(collection: core.ObjectDef, rank: Node) -> Node:
    """Return whether an algorithm keeps the element of this rank in its source."""
    return both(_MADE[collection].mask, Element(_MADE[collection], rank))
