"""Loops of reducers: over collections that stand un-indexed, and over those that are bound."""

from __future__ import annotations

from dataclasses import replace

from tests.adltext.kinds import KINDS, SUM
from tests.adltext.writer import Collection, Particle, Scope, Writer


def source(w: Writer, s: Scope) -> Collection | None:
    """Return a collection to loop over, now and then a slice of one."""
    usable = w.usable(s)
    return w.among(*usable) if usable else None


def sliced(w: Writer, c: Collection) -> Collection:
    """Return a slice of a collection, or itself."""
    if not w.chance(4):
        return c
    text = w.among("[0:2]", "[1:]", "[:3]", "[1:3]", "[2:9]")
    return replace(c, name=c.name + text, sliced=True)


def bindings(w: Writer, s: Scope) -> tuple[str, Scope, tuple[Particle, ...]] | None:
    """Return written loops, the scope inside them, and what they bind."""
    usable = w.usable(s)
    tuples = w.usable(s, composite=True)
    if tuples and w.chance(4):
        c = w.among(*tuples)
        name = w.name("z")
        one = (Particle(name, c.kind),)
        return f"{c.name} {name}", _inside(s, one), one
    if not usable:
        return None
    if w.chance(8):
        return made(w, s)
    number = w.among(1, 1, 1, 2, 2, 3) if s.loops == 0 else 1
    found = [sliced(w, w.among(*usable)) for _ in range(number)]
    if w.chance(2):
        found = [found[0]] * number  # of one collection
    names = [w.name("e") for _ in found]
    many = _many(w, s)
    if number == 1 and many is not None and w.chance(3):
        found = [many]
    bound = tuple(Particle(n, c.kind) for n, c in zip(names, found, strict=True))
    inside = ", ".join(f"{c.name} {n}" for c, n in zip(found, names, strict=True))
    form = w.among("", "disjoint", "cartesian") if number > 1 else ""
    if form and all(c.kind.origins for c in found):
        inside = f"{form}({inside})"
    return inside, _inside(s, bound), bound


def made(w: Writer, s: Scope) -> tuple[str, Scope, tuple[Particle, ...]]:
    """Return a loop over what a call makes."""
    usable = [c for c in w.usable(s) if c.kind.momentum]
    c, name = w.among(*usable), w.name("e")
    kind, call = c.kind, f"separated({c.name}, {w.among('0.5', '2')})"
    if {"charge", "pdgId"} <= set(c.kind.integers) and c.kind.origins and w.chance(2):
        kind, call = replace(SUM, parts=(("a", c.kind), ("b", c.kind))), f"ossf({c.name})"
    bound = (Particle(name, kind),)
    return f"{call} {name}", _inside(s, bound), bound


def _inside(s: Scope, bound: tuple[Particle, ...]) -> Scope:
    named = tuple(p for p in s.particles if not p.whole)
    return replace(s, particles=(*named, *bound), loops=s.loops + len(bound), bound=True)


def _many(w: Writer, s: Scope) -> Collection | None:
    """Return a relation with several elements of a particle in scope."""
    found = [
        Collection(f"{p.text}.{name}", KINDS[target])
        for p in s.particles
        if not p.whole
        for name, target in p.kind.many
    ]
    return w.among(*found) if found else None
