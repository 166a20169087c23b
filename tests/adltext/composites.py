"""Composites and COMB: members, candidates, values, tuples of tuples."""

from __future__ import annotations

from dataclasses import replace

from tests.adltext import conditions, numbers
from tests.adltext.kinds import SUM
from tests.adltext.writer import Collection, Kind, Particle, Scope, Writer


def block(w: Writer) -> None:
    """Write one composite and declare it."""
    w.among(disjoint, disjoint, comb, pairs)(w)


def _members(w: Writer, most: int = 3) -> list[Collection]:
    usable = [c for c in w.collections if not c.composite and c.kind.origins and c.kind.momentum]
    first = w.among(*usable)
    number = w.among(2, 2, most)
    if w.chance(2):
        return [first] * number
    return [w.among(*usable) for _ in range(number)]


def disjoint(w: Writer) -> None:
    """Write a composite of written members."""
    members, name = _members(w, w.among(3, 3, 4)), w.name("comp")
    names = [w.name("m") for _ in members]
    listed = ", ".join(f"{c.name} {n}" for c, n in zip(members, names, strict=True))
    form = w.among("disjoint", "disjoint", "cartesian")
    lines = [f"composite {name}", f"  take {form}({listed})"]
    if len({c.name for c in members}) == 1 and w.chance(3):
        lines[-1] = f"  take {members[0].name} {', '.join(names)}"
    _body(w, lines, name, tuple(zip(names, (c.kind for c in members), strict=True)))


def pairs(w: Writer) -> None:
    """Write a composite of pairs of the library, of some of another, or of tuples."""
    charged = [c for c in w.collections if "charge" in c.kind.integers and not c.composite]
    earlier = [c for c in w.collections if c.composite]
    name = w.name("comp")
    if earlier and w.chance(2):
        source = w.among(*earlier)
        if w.chance(2):
            lines = [f"composite {name}", f"  take {source.name}"]
            return _body(w, lines, name, source.kind.parts)
        lines = [f"composite {name}", f"  take disjoint({source.name} one, {source.name} two)"]
        return _body(w, lines, name, (("one", source.kind), ("two", source.kind)))
    source = w.among(*charged)
    if "pdgId" not in source.kind.integers:
        return disjoint(w)
    lines = [f"composite {name}", f"  take ossf({source.name})"]
    return _body(w, lines, name, (("a", source.kind), ("b", source.kind)))


def comb(w: Writer) -> None:
    """Write CutLang's form."""
    members, name, alias = _members(w, 2)[:2], w.name("comp"), w.name("pair")
    written = [f"{c.name}[-{i + 1}]" for i, c in enumerate(members)]
    lines = [f"object {name} : COMB({' '.join(written)}) alias {alias}"]
    for text, c in [*zip(written, members, strict=True), (alias, None)]:
        if w.chance(2):
            kind = c.kind if c else SUM
            value = numbers.of_particle(w, Particle(text, kind), Scope())
            lines.append(f"  select {value} {w.among('<', '>')} {numbers.constant(w)}")
    w.blocks.append("\n".join(lines))
    w.collections.append(Collection(name, replace(SUM, name=name), composite=True))


def _body(w: Writer, lines: list[str], name: str, parts: tuple[tuple[str, Kind], ...]) -> None:
    members = tuple(Particle(n, k) for n, k in parts)
    kind = replace(SUM, name=name, parts=parts)
    for _ in range(w.among(0, 1, 2)):
        # A statement that names its members names every other collection whole.
        scope = Scope((*members, Particle("this", SUM)), loops=2, bound=True)
        match w.among("cut", "cut", "candidate", "value") if members else "cut":
            case "cut":
                verb = w.among("select", "select", "reject")
                asked = conditions.condition(w, scope, 1)
                lines.append(
                    f"  {verb} {asked} {w.among('and', 'or')} m(this) > {numbers.constant(w)}"
                )
            case "candidate":
                own = w.name("cand")
                lines.append(f"  object {own} = {' + '.join(m.text for m in members[:2])}")
                kind = replace(kind, parts=(*kind.parts, (own, SUM)))
            case "value":
                own = w.name("val")
                value = numbers.of_particle(w, w.among(*members), scope)
                lines.append(f"  define {own} = {value} + {numbers.real(w, scope, 1)}")
                kind = replace(kind, reals=(*kind.reals, own))
    w.blocks.append("\n".join(lines))
    w.collections.append(Collection(name, kind, composite=True))
