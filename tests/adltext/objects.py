"""Object blocks: in every form, with cuts, attributes, quantified pairs, histograms and prints."""

from __future__ import annotations

from dataclasses import replace

from tests.adltext import conditions, numbers, particles
from tests.adltext.kinds import MADE, common
from tests.adltext.statements import axis
from tests.adltext.writer import Collection, Kind, Particle, Scope, Writer


def block(w: Writer) -> None:
    """Write one object block and declare it."""
    having = [c for c in w.collections if c.kind.many and not c.composite]
    if w.dialect == "cutlang" and having and w.chance(2):
        daughters(w, w.among(*having))
        return
    form = w.among("take", "take", "take", "colon", "named", "union", "sort", "slice", "algorithm")
    {"union": union, "sort": sort, "algorithm": algorithm}.get(form, filtered)(w, form)


def daughters(w: Writer, parent: Collection) -> None:
    """Write an object of cutlang with cuts on what belongs to elements, which filter it."""
    name, lines = w.name("obj"), []
    kind = parent.kind
    for _ in range(w.among(1, 2, 3)):
        value = f"{w.among('pT', 'eta', 'pdgId')}({parent.name} daughters)"
        asked = w.among(value, f"abs({value})", f"{value} * {value}", f"anyof({value})")
        asked = w.among(asked, asked, f"{w.among('sum', 'max')}({value})")
        cut = f"{asked} {w.among('>', '<', '!=')} {numbers.constant(w)}"
        if w.chance(3):
            cut += f" {w.among('and', 'or')} pT({parent.name}) > {numbers.constant(w)}"
        lines.append(f"  {w.among('select', 'reject')} {cut}")
        if w.chance(2):
            own = w.name("own")
            lines.append(f"  define {own} = daughters({parent.name})")
            kind = replace(kind, reals=(*kind.reals, own))
    w.blocks.append("\n".join([f"object {name}", f"  take {parent.name}", *lines]))
    w.collections.append(Collection(name, kind, parent.ancestors | {parent.name}))


def _parent(w: Writer) -> Collection:
    return w.among(*(c for c in w.collections if not c.composite))


def filtered(w: Writer, form: str) -> None:
    """Write an object that takes one collection."""
    parent, name = _parent(w), w.name("obj")
    head, instance = w.among("object", "object", "obj", "Object"), ""
    if form == "colon":
        lines = [f"{head} {name} : {parent.name}"]
    elif form == "named":
        instance = w.name("one")
        lines = [f"{head} {name}", f"  take {parent.name} {instance}"]
    else:
        part = w.among("[0:2]", "[1:]", "[:3]") if form == "slice" else ""
        keyword = w.among("take", "take", "using")
        lines = [f"{head} {name}", f"  {keyword} {parent.name}{part}"]
    current = () if form == "slice" else (parent.name,)
    _body(
        w, lines, Collection(name, parent.kind, parent.ancestors | {parent.name}), instance, current
    )


def union(w: Writer, form: str) -> None:
    """Write a union of two or three collections."""
    sources = [_parent(w) for _ in range(w.among(2, 2, 3))]
    sources = [s for s in sources if s.kind.origins] or [w.collections[0]]
    if len({s.name for s in sources}) < 2:
        sources = w.collections[:2]
    sources = list({s.name: s for s in sources}.values())
    name, names = w.name("obj"), [s.name for s in sources]
    ancestors = frozenset(names).union(*(s.ancestors for s in sources))
    match w.among("colon", "take", "lines"):
        case "colon":
            lines = [f"object {name} : {w.among('Union', 'union')}({', '.join(names)})"]
        case "take":
            lines = [f"object {name}", f"  take union({', '.join(names)})"]
        case _:
            lines = [f"object {name}", *(f"  take {n}" for n in names)]
    kind = common(*(s.kind for s in sources))
    _body(w, lines, Collection(name, kind, ancestors), "", ())


def sort(w: Writer, form: str) -> None:
    """Write an object that takes a sorted collection."""
    parent, name = _parent(w), w.name("obj")
    key = numbers.real(w, Scope(bare=parent.kind, barred=_all(w)), 1)
    own = w.among(*parent.kind.reals[:4])
    order = w.among("ascend", "descend", "ASCEND", "Descend")
    lines = [
        f"object {name}",
        f"  take sort({parent.name}, {own} {w.among('+', '*')} {key}, {order})",
    ]
    _body(w, lines, Collection(name, parent.kind, parent.ancestors | {parent.name}), "", ())


def _all(w: Writer) -> frozenset[str]:
    return frozenset(c.name for c in w.collections)


def algorithm(w: Writer, form: str) -> None:
    """Write an object that an algorithm makes or filters."""
    parent, name = _parent(w), w.name("obj")
    call, kind = w.among(
        (f"separated({parent.name}, {w.among('0.5', '2')})", parent.kind),
        (
            f"fhemisphere({parent.name}, {w.among('1', '2', '3', '4')}, {w.among('1', '2', '3')})",
            MADE,
        ),
        (f"fmegajets({parent.name})", MADE),
        (f"antikT({parent.name}, 0.4)", MADE),
    )
    ancestors = parent.ancestors | {parent.name}
    _body(w, [f"object {name}", f"  take {call}"], Collection(name, kind, ancestors), "", ())


# ----------------------------------------------------------------------------------- lines


def _body(
    w: Writer, lines: list[str], made: Collection, instance: str, current: tuple[str, ...]
) -> None:
    kind = made.kind
    written = set[str]()
    for _ in range(w.among(0, 1, 1, 2, 3)):
        what = w.among(
            *("cut", "cut", "cut", "pair", "define", "histo", "print", "element", "drawn"),
            *("scaled", "made"),
        )
        named = w.among("this", "this", instance or "this") if w.chance(2) else ""
        if what == "cut":
            lines.append(f"  {_verb(w)} {_cut(w, made, kind, named, current)}")
        elif what == "pair":
            lines.append(f"  {_verb(w)} {_pair(w, made, kind, named)}")
        elif what == "define":
            shared = w.chance(2) and "shared" not in written  # by all sources of a union, perhaps
            attribute = "shared" if shared else w.name("own")
            line = numbers.real(w, _scope(w, made, kind, named), 2)
            line = _mention(w, line, kind, named)
            if w.chance(6):
                line = _smeared(w, w.among(*kind.reals[:4]))
            lines.append(f"  define {attribute} {w.among('=', ':')} {line}")
            written.add(attribute)
            kind = replace(kind, reals=tuple(dict.fromkeys((*kind.reals, attribute))))
        elif what == "scaled" and kind.momentum:
            factor = w.among("1.02", "0.5", "1 + abs(eta) / 10", _smeared(w, "1"))
            corrected = f"{w.among('applyPTF', 'scalePT')}({factor})"
            if w.chance(4):
                corrected = f"abs(eta) < 1 ? {corrected}{w.among('', ' : ALL', ' : applyPTF(2)')}"
            lines.append(f"  select {corrected}")
        elif what == "made" and current and kind.momentum:
            call = w.among(
                "fmegajets({0})", "fhemisphere({0}, 2, 1)", "antikT({0}, 0.4)", "sum(-{0})"
            )
            lines.append(f"  select {call.format(current[0])} {w.among('==', '>')} {w.among(0, 2)}")
            kind, current = MADE, ()
        elif what == "element" and kind.origins and kind.momentum:
            attribute, others = w.name("near"), [c for c in w.usable(Scope()) if c.kind.origins]
            other = w.among(*others)
            found = Particle(f"closest(this, {other.name}{w.among('', ', 2')})", other.kind)
            if kind.positions and w.chance(2):
                found = particles.linked(w, Particle("this", replace(kind, many=())))
            lines.append(f"  define {attribute} = {found.text}")
            kind = replace(kind, parts=(*kind.parts, (attribute, found.kind)))
        elif what == "drawn" and w.tables and kind.momentum:
            table, variables = w.among(*w.tables)
            values = ", ".join(w.among(*kind.reals[:4]) for _ in range(variables))
            lines.append(f"  select applyHM({table}({values}) == {w.among('0', '1')})")
        elif what == "histo" and kind.momentum:
            value = _mention(w, numbers.real(w, _scope(w, made, kind, named), 1), kind, named)
            lines.append(f'  histo {w.name("h")}, "own", {axis(w)}, {value}')
        elif what == "print":
            lines.append(f'  print {w.among(*kind.reals[:4])} "and" {w.among(*kind.reals)}')
    w.blocks.append("\n".join(lines))
    w.collections.append(replace(made, kind=kind))


def _smeared(w: Writer, mean: str) -> str:
    """Return a normal random number of the element."""
    return (
        f"gauss({mean}, {w.among('0.1', '1', 'abs(eta)')}){w.among('', ' draw jer', ' draw other')}"
    )


def _verb(w: Writer) -> str:
    return w.among("select", "select", "reject", "cut", "REJECT", "cmd")


def _scope(w: Writer, made: Collection, kind: Kind, named: str) -> Scope:
    """Return the scope of a value of each element.

    Where nothing names the element, the collections it comes from mean the element.
    """
    if named:
        return Scope((Particle(named, kind),), barred=frozenset(), bare=kind)
    return Scope(barred=made.ancestors, bare=kind)


def _mention(w: Writer, text: str, kind: Kind, named: str) -> str:
    """Have the element named in a statement that is to name it, and otherwise mentioned."""
    if named:
        return f"{text} {w.among('+', '*')} {particles.spelled(w, Particle(named, kind), kind.reals[0])}"
    return f"{text} + {w.among(*kind.reals[:4])}"


def _cut(w: Writer, made: Collection, kind: Kind, named: str, current: tuple[str, ...]) -> str:
    scope = _scope(w, made, kind, named)
    if not named and current and w.chance(3):
        scope = scope.with_(Particle(current[0], kind))
    asked = conditions.condition(w, scope, 2)
    value = numbers.real(w, scope, 0)
    return (
        f"{asked} {w.among('and', 'or')} {_mention(w, value, kind, named)} > {numbers.constant(w)}"
    )


def _pair(w: Writer, made: Collection, kind: Kind, named: str) -> str:
    """Return a cut with another collection that is not indexed: quantified."""
    scope = _scope(w, made, kind, named)
    others = [c for c in w.usable(scope) if c.name not in made.ancestors and c.kind.momentum]
    if not others or not kind.momentum:
        return _cut(w, made, kind, named, ())
    other = w.among(*others)
    mention = w.among(other.name, other.name, f"anyof({other.name})", f"allof({other.name})")
    whole = Particle(other.name, other.kind)
    near = f"{w.among('dR', 'dEta', 'dPhi')}({named or 'this'}, {mention}) < {w.among('0.5', '2')}"
    if mention == other.name and w.chance(2):
        own = numbers.of_particle(w, whole, scope)
        near = f"({near} {w.among('and', 'or')} {own} > {numbers.constant(w)})"
    if w.chance(4):
        near = f"not {near}"
    scope = replace(scope, particles=(Particle(named or "this", kind),))
    if w.chance(3):
        near = f"{near} {w.among('and', 'or')} {conditions.condition(w, scope, 0)}"
    return near
