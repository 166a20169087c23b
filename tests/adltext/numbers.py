"""Numbers: attributes, arithmetic, reducers, tables, functions of the library and the user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.adltext import conditions, loops, particles
from tests.adltext.kinds import EVENT_INTEGERS, EVENT_REALS
from tests.adltext.writer import GRID, POSITIVE, Particle, Scope, Writer

Write = Callable[[Writer, Scope, int], str]

ELEMENTARY = ("sqrt", "abs", "sin", "cos", "exp", "log", "tanh", "atan", "floor", "hstep", "delta")
PAIRS = ("dR", "dEta", "dPhi", "dRy", "sdphi", "sdeta", "dot", "cross", "fMll", "fMCT")
OF_COLLECTION = (
    "fHT",
    "fMHT",
    "fSphericity",
    "fThrust",
    "fTransverseSphericity",
    "fAplanarity",
    "fAlphaT",
    "fCentrality",
)


def constant(w: Writer) -> str:
    """Return a number that a user writes."""
    return w.among(*GRID)


def real(w: Writer, s: Scope, depth: int) -> str:
    """Return a number that can stand anywhere in an expression."""
    if depth <= 0:
        return leaf(w, s)
    choices = (
        arithmetic,
        arithmetic,
        arithmetic,
        elementary,
        several,
        ternary,
        power,
        pair,
        pair,
        reduced,
        reduced,
        reduced,
        defaulted,
        integer,
        of_collection,
        table,
        correction,
        correction,
        listed,
        listed,
        user,
        network,
        drawn_physics,
        leaf,
    )
    return w.among(*choices)(w, s, depth - 1)


def leaf(w: Writer, s: Scope, depth: int = 0) -> str:
    """Return an attribute, a column of the event, a define or a constant."""
    match w.among("attribute", "attribute", "attribute", "event", "define", "constant"):
        case "event":
            return w.among(*EVENT_REALS)
        case "define" if w.numbers:
            return w.among(*w.numbers)
        case "constant":
            return constant(w)
    if s.bare is not None and w.chance(2):
        return w.among(*s.bare.reals[:4])
    return of_particle(w, particles.particle(w, s, 0), s)


def of_particle(w: Writer, p: Particle, s: Scope) -> str:
    """Return a number of one particle."""
    choices = (*p.kind.reals[:2], *p.kind.reals, *p.kind.integers)
    return particles.spelled(w, p, w.among(*choices))


def arithmetic(w: Writer, s: Scope, depth: int) -> str:
    """Return a sum, difference, product, quotient, or what a division leaves."""
    first, second = real(w, s, depth), real(w, s, depth)
    if w.chance(8):
        return f"mod({first}, {second})"
    text = f"{first} {w.among('+', '-', '*', '/')} {second}"
    return text if w.chance(6) and not second.startswith("-") else f"({text})"


def elementary(w: Writer, s: Scope, depth: int) -> str:
    """Return a function of one number."""
    inside = real(w, s, depth)
    if w.chance(4) and "|" not in inside:
        return f"|{inside}|"
    return f"{w.among(*ELEMENTARY)}({inside})"


def several(w: Writer, s: Scope, depth: int) -> str:
    """Return the least or largest of numbers."""
    values = ", ".join(real(w, s, depth) for _ in range(w.among(2, 2, 3)))
    return f"{w.among('min', 'max')}({values})"


def ternary(w: Writer, s: Scope, depth: int) -> str:
    """Return one of two numbers."""
    asked = conditions.condition(w, s, depth)
    return f"({asked} ? {real(w, s, depth)} : {real(w, s, depth)})"


def power(w: Writer, s: Scope, depth: int) -> str:
    """Return a power."""
    return f"({real(w, s, depth)})^{w.among('2', '3', '-1', '0', '0.5', '(1 + 1)')}"


def pair(w: Writer, s: Scope, depth: int) -> str:
    """Return a function of two particles."""
    name = w.among(*PAIRS)
    if name in ("dPhi", "sdphi") or w.chance(6):
        first, second = particles.particle(w, s, depth), particles.particle(w, s, depth)
        return f"{w.among('dPhi', 'dphi', 'sdphi', 'fMT')}({first.text}, {second.text})"
    first, second = particles.momentum(w, s, depth), particles.momentum(w, s, depth)
    return f"{name}({first.text}, {second.text})"


def reduced(w: Writer, s: Scope, depth: int) -> str:
    """Return a reducer of numbers."""
    if s.loops > 2:
        return leaf(w, s)
    name = w.among("sum", "sum", "prod", "min", "max", "ave")
    return reducer(w, s, depth, name, real) or leaf(w, s)


def reducer(w: Writer, s: Scope, depth: int, name: str, value: Write) -> str:
    """Return a reducer with or without written loops; empty if there is nothing to loop over."""
    if w.chance(2) and w.usable(s):
        number = w.among(1, 1, 2) if s.loops == 0 else 1
        found = {c.name: c for c in (w.among(*w.usable(s)) for _ in range(number))}
        whole = tuple(Particle(c.name, c.kind, True) for c in found.values())
        # What an outer reducer loops over would be looped over by this one.
        outer = tuple(p for p in s.particles if not p.whole)
        inside = replace(
            s,
            particles=(*outer, *whole),
            loops=s.loops + len(whole),
            barred=s.barred | set(found),
        )
        body = value(w, inside, depth)
        for p in whole:  # each is mentioned
            extra = of_particle(w, p, inside)
            body = (
                f"({body} {w.among('and', 'or')} {extra} > {constant(w)})"
                if value is conditions.condition
                else f"({body} {w.among('+', '*')} {extra})"
            )
        return f"{name}({body})"
    written = loops.bindings(w, s)
    if written is None:
        return ""
    text, inside, _ = written
    return f"{name}({text}, {value(w, inside, depth)})"


def defaulted(w: Writer, s: Scope, depth: int) -> str:
    """Return a number that takes the place of a missing one."""
    return f"default({real(w, s, depth)}, {constant(w)})"


def integer(w: Writer, s: Scope, depth: int = 0) -> str:
    """Return an integer: sizes, counts, columns, bits."""
    match w.among("size", "size", "count", "column", "bits", "bits", "mod", "bool"):
        case "count" if s.loops < 2:
            found = reducer(w, s, depth - 1, "count", conditions.condition)
            if found:
                return found
        case "column":
            owned = [p for p in s.particles if p.kind.integers]
            if owned:
                p = w.among(*owned)
                return particles.spelled(w, p, w.among(*p.kind.integers))
            return w.among(*EVENT_INTEGERS)
        case "bits" if depth > 0:
            operator = w.among("&", "|", "<<", ">>")
            return f"({integer(w, s, depth - 1)} {operator} {w.among('1', '2', '5', '62')})"
        case "mod" if depth > 0:
            return f"mod({integer(w, s, depth - 1)}, {integer(w, s, depth - 1)})"
        case "bool" if depth > 0:
            return f"({conditions.condition(w, s, 0)} ? 1 : {w.among('0', '3')})"
    usable = [*w.usable(s), *w.usable(s, composite=True)]
    if not usable:
        return w.among(*EVENT_INTEGERS)
    name = w.among(*usable).name
    return w.among(f"size({name})", f"{name}.size", f"numof({name})", f"count({name})")


def of_collection(w: Writer, s: Scope, depth: int) -> str:
    """Return a function of a whole collection."""
    c = loops.source(w, s)
    if c is None or s.loops > 1:
        return leaf(w, s)
    tuples = w.usable(s, composite=True)
    c = w.among(*tuples) if tuples and w.chance(3) else loops.sliced(w, c)
    return f"{w.among(*OF_COLLECTION)}({c.name})"


def table(w: Writer, s: Scope, depth: int) -> str:
    """Return a table's value; what can be missing has a default."""
    if not w.tables:
        return leaf(w, s)
    name, variables = w.among(*w.tables)
    values = (f"default({real(w, s, depth - 1)}, {constant(w)})" for _ in range(variables))
    return f"{name}({', '.join(values)})"


CATEGORIES = ('"nominal"', '"up"')
CORRECTIONS = "../corpus/corrections/muons.json"


def correction(w: Writer, s: Scope, depth: int) -> str:
    """Return the value of a correction; what can be missing has a default."""

    def given(number: int) -> str:
        return ", ".join(f"default({real(w, s, depth - 1)}, {constant(w)})" for _ in range(number))

    if w.corrections and w.chance(2):
        name, number = w.among(*w.corrections)
        return f"{name}({given(number)})"
    charge = w.among("1", "-1", f"default({integer(w, s)}, 1)")
    inside = w.among(
        f'"muon_id", {w.among(*CATEGORIES)}, {given(2)}',
        f'"muon_scale", {charge}, {given(2)}',
        f'"muon_smear", event, {given(3)}',
    )
    return f'correction("{CORRECTIONS}", {inside})'


def listed(w: Writer, s: Scope, depth: int) -> str:
    """Return a number of the list that a particle has, or of all of them."""
    owners = [p for p in (particles.particle(w, s, 0) for _ in range(3)) if p.kind.lists]
    looped = [p.text for p in s.particles if p.whole]  # what comes of them is looped over, too
    owners = [p for p in owners if not p.whole and not p.text.startswith(tuple(looped))]
    if not owners or s.loops > 2:
        return leaf(w, s)
    p = w.among(*owners)
    values, name = f"{p.text}.{w.among(*p.kind.lists)}", w.name("v")
    return w.among(
        f"{values}[{w.among('0', '1', '2')}]",
        f"size({values})",
        f"{w.among('sum', 'min', 'max', 'ave')}({values} {name}, {name} * {constant(w)})",
        f"count({values} {name}, {name} > {constant(w)})",
    )


def user(w: Writer, s: Scope, depth: int) -> str:
    """Return a user's function of numbers or of the elements of a collection."""
    if not w.functions:
        return leaf(w, s)
    c = loops.source(w, s)
    if c is None or s.loops > 0 or w.chance(2):
        return f"scaled({real(w, s, depth)}, {integer(w, s)})"
    tuples = w.usable(s, composite=True)
    c = w.among(*tuples) if tuples and w.chance(3) else c
    inside = Scope((Particle(c.name, c.kind),), barred=s.barred, loops=1)
    return f"folded({of_particle(w, inside.particles[0], inside)}, {real(w, s, depth)})"


def network(w: Writer, s: Scope, depth: int) -> str:
    """Return the output of a network."""
    if not w.network:
        return leaf(w, s)
    values = ", ".join(f"default({real(w, s, depth - 1)}, 0)" for _ in range(2))
    return f'onnx("{w.network}", {values})'


def drawn_physics(w: Writer, s: Scope, depth: int) -> str:
    """Return a function of the library with several particles."""
    a, b = (particles.momentum(w, s, 0).text for _ in range(2))
    mass = w.among("", f", {w.among(*POSITIVE)}")
    return w.among(
        f"fMT2({a}, {b}, MET{mass})",
        f"fMT({a}, MET{mass})",
        f"fMCTperp({a}, {b}, MET)",
        f"fMTR({a}, {b}, MET)",
        f"fMR({a}, {b})",
        f"fMTauTau({a}, {b}, MET)",
        "METsig(Jet, Muon, Electron, Muon, MET)",
        "hardMET",
    )
