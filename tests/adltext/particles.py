"""Particles: elements by index, link and choice, sums, members of tuples."""

from __future__ import annotations

from dataclasses import replace

from tests.adltext import conditions, loops, numbers
from tests.adltext.kinds import KINDS, MET, SPELLINGS, SUM, common
from tests.adltext.writer import Collection, Particle, Scope, Writer


def particle(w: Writer, s: Scope, depth: int) -> Particle:
    """Return any particle that has at least a transverse momentum."""
    if s.particles and not w.chance(4):
        return part(w, w.among(*s.particles))
    if depth <= 0:
        return w.among(element, element, event_particle)(w, s)
    forms = ("element", "event", "sum", "sum", "best", "linked", "choice", "near", "candidate")
    match w.among("element", *forms, "all"):
        case "candidate":
            return candidate(w, s)
        case "all":
            c = loops.source(w, s)
            return Particle(f"add({c.name})", SUM) if c else element(w, s)
        case "event":
            return event_particle(w, s)
        case "sum":
            return total(w, s, depth - 1)
        case "best":
            return best(w, s, depth - 1)
        case "linked":
            return linked(w, element(w, s))
        case "choice":
            return choice(w, s, depth - 1)
        case "near":
            return nearest(w, s, depth - 1)
    return element(w, s)


def momentum(w: Writer, s: Scope, depth: int) -> Particle:
    """Return a particle with pt, eta, phi and mass."""
    found = particle(w, s, depth)
    return found if found.kind.momentum else element(w, s)


def element(w: Writer, s: Scope) -> Particle:
    """Return an element that is stored, made by an algorithm, or one of the scope's."""
    mine = [p for p in s.particles if p.kind.element]
    if mine and w.chance(2):
        return w.among(*mine)
    tuples = [c for c in w.collections if c.composite]
    if tuples and w.chance(4):
        found = indexed(w, w.among(*tuples))
        return part(w, found, certain=True)
    return indexed(w, w.among(*(c for c in w.collections if not c.composite)))


def indexed(w: Writer, c: Collection) -> Particle:
    """Return one element of a collection, in one of the spellings."""
    k = w.among(0, 0, 0, 1, 1, 2, 3)
    text = w.among(f"{c.name}[{k}]", f"{c.name}[{k}]", f"{c.name}[{k}]", f"{c.name}_{k}")
    if not c.composite and w.chance(6):
        text = f"last({c.name})"
    return Particle(text, c.kind)


def part(w: Writer, whole: Particle, certain: bool = False) -> Particle:
    """Return a member or candidate of a tuple; of what is none, itself."""
    parts = whole.kind.parts
    if not parts or not (certain or w.chance(2)):
        return whole
    name, kind = w.among(*parts)
    return part(w, Particle(f"{whole.text}.{name}", kind))


def event_particle(w: Writer, s: Scope) -> Particle:
    """Return a particle of the event."""
    return w.among(
        Particle("MET", MET), Particle(w.among("MET[0]", "METLV[0]"), MET), *w.candidates
    )


def total(w: Writer, s: Scope, depth: int) -> Particle:
    """Return a sum of particles."""
    first, second = momentum(w, s, depth), momentum(w, s, depth)
    simple = all(p.text.endswith("]") for p in (first, second))
    if simple and w.chance(3):
        return Particle(f"{first.text} {second.text}", SUM)
    return Particle(f"({first.text} {w.among('+', '+', '-')} {second.text})", SUM)


def linked(w: Writer, owner: Particle) -> Particle:
    """Return what a link or a column of positions leads to; without any, the owner."""
    kind = owner.kind
    if kind.many and w.chance(2):
        name, target = w.among(*kind.many)
        return Particle(f"{owner.text}.{name}[{w.among(0, 1)}]", KINDS[target])
    if kind.links and w.chance(2):
        name, target = w.among(*kind.links)
        return Particle(f"{owner.text}.{name}", KINDS[target])
    if kind.positions:
        column, target = w.among(*kind.positions)
        position = w.among(f"{owner.text}.{column}", f"{column}({owner.text})")
        within = [c.name for c in w.collections if c.kind.name == target and not c.composite]
        return Particle(f"{w.among(target, *within)}[{position}]", KINDS[target])
    return owner


def choice(w: Writer, s: Scope, depth: int) -> Particle:
    """Choose between two particles."""
    first, second = momentum(w, s, depth), momentum(w, s, depth)
    asked = conditions.condition(w, s, depth)
    return Particle(f"({asked} ? {first.text} : {second.text})", common(first.kind, second.kind))


def best(w: Writer, s: Scope, depth: int) -> Particle:
    """Return the element or tuple for which a value is least or largest."""
    if s.loops > 1:
        return element(w, s)
    extremum = w.among("argmin", "argmax")
    if w.chance(4) and not s.bound:
        c = loops.source(w, s)
        if c is not None:
            inner = s.with_(Particle(c.name, c.kind, True), loops=s.loops + 1, bound=True)
            return Particle(
                f"{extremum}({numbers.of_particle(w, Particle(c.name, c.kind), inner)})", c.kind
            )
    written = loops.bindings(w, s)
    if written is None:
        return element(w, s)
    text, inner, names = written
    value = numbers.real(w, inner, depth)
    mentioned = numbers.of_particle(w, inner.particles[-1], inner)
    found = f"{extremum}({text}, {value} {w.among('+', '-', '*')} {mentioned})"
    if len(names) == 1:
        return Particle(found, names[0].kind)
    parts = tuple((p.text, p.kind) for p in names)
    return Particle(found, replace(SUM, parts=parts))


def candidate(w: Writer, s: Scope) -> Particle:
    """Return a candidate of the library: the tuple of a collection whose mass is nearest."""
    c = loops.source(w, s)
    if c is None or s.loops or not c.kind.origins:
        return element(w, s)
    name, members = w.among(("fWcandidate", "ab"), ("fTopcandidate", "abc"))
    parts = tuple((member, c.kind) for member in members)
    return Particle(f"{name}({c.name}{w.among('', ', 20')})", replace(SUM, parts=parts))


def nearest(w: Writer, s: Scope, depth: int) -> Particle:
    """Return the element of a collection that is closest to a particle."""
    c = loops.source(w, s)
    if c is None or s.loops > 1:
        return element(w, s)
    to = momentum(w, s, 0).text
    limit = w.among("", ", 0.5", ", 2")
    return Particle(f"closest({to}, {c.name}{limit})", c.kind)


def spelled(w: Writer, p: Particle, attribute: str) -> str:
    """Return an attribute or function of a particle, in one of the spellings."""
    name = w.among(*SPELLINGS.get(attribute, (attribute,)))
    if p.text.startswith("MET") and "[" not in p.text and attribute == "mass":
        name = "mass"
    whole = " " in p.text
    options = [f"{name}({p.text})", f"{name}({p.text})"]
    if not whole or p.text.startswith("("):
        options += [f"{p.text}.{name}"]
    if not p.text.startswith("("):
        options += [f"{{{p.text}}}{name}"]
    return w.among(*options)
