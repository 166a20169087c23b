"""Regions: cuts, inheritance, weights, histograms, bins, searches, sorts, prints and saves."""

from __future__ import annotations

from tests.adltext import conditions, numbers
from tests.adltext.kinds import SUM
from tests.adltext.statements import axis
from tests.adltext.writer import Particle, Scope, Writer

EVENT = Scope()


def block(w: Writer) -> None:
    """Write one region and declare it."""
    name = w.name("reg")
    lines = [f"{w.among('region', 'region', 'algo', 'algorithm', 'REGION')} {name}"]
    if w.regions and w.chance(2):
        lines += _inherit(w)
    kinds = (
        "cut",
        "cut",
        "cut",
        "cut",
        "weight",
        "histo",
        "histo",
        "list",
        "sort",
        "search",
        "print",
        "save",
    )
    histograms = 0
    searched = False
    for _ in range(w.among(2, 3, 4, 5)):
        what = w.among(*kinds)
        if what == "histo":
            histograms += 1
        if what == "search":
            if searched:
                continue
            searched = True
        lines += STATEMENTS[what](w)
    if w.chance(3):
        lines += _bins(w)
    w.blocks.append("\n".join(lines))
    w.regions.append(name)


def _inherit(w: Writer) -> list[str]:
    parent = w.among(*w.regions)
    return [w.among(f"  {parent}", f"  take {parent}", f"  select {parent}", f"  reject {parent}")]


def _cut(w: Writer) -> list[str]:
    verb = w.among("select", "select", "select", "reject", "cut", "cmd")
    asked = conditions.condition(w, EVENT, 3)
    if w.chance(3):  # lets most events pass, so that what follows sees some
        asked = f"{asked} {w.among('or', '||')} MET {w.among('>', '>=')} 1"
    guarded = f" ? {conditions.condition(w, EVENT, 1)}" if w.chance(6) else _only(w)
    lines = [f"  {verb} {asked}{guarded}"]
    if w.formats and w.chance(3):
        name = w.among(*w.formats)
        lines.append(
            f"  counts {name} {w.among('3 +- 1', 'NA', '12 + 1 - 2')}, {w.among('12', 'NA')}"
        )
    return lines


def _only(w: Writer) -> str:
    if not w.chance(8):
        return ""
    return f" only {w.among('data', 'simulation', 'ttbar', 'era 2018', 'era 2017 era 2018', 'data wjets')}"


def _weight(w: Writer) -> list[str]:
    name = w.among("", f"{w.name('w')} ")
    if name:
        w.weights.append(name.strip())
    value = f"default({numbers.real(w, EVENT, 2)}, {numbers.constant(w)})"
    if w.chance(3):
        value = w.among("genWeight", "0.5")
    return [f"  weight {name}{value}{_only(w)}"]


def _histo(w: Writer) -> list[str]:
    name, title = w.name("h"), w.among("t", "t;x;y", "{era} {process}")
    scope = EVENT
    mentions: tuple[Particle, ...] = ()
    usable = [c for c in w.usable(EVENT) if c.kind.momentum] + w.usable(EVENT, composite=True)
    if w.chance(2) and usable:
        c = w.among(*usable)
        mentions = (Particle(c.name, c.kind, True),)
        scope = Scope(mentions, barred=frozenset((c.name,)), loops=1)

    def value() -> str:
        text = numbers.real(w, scope, 2)
        for p in mentions:
            text = f"{numbers.of_particle(w, p, scope)} {w.among('+', '*')} {text}"
        return text

    match w.among(1, 1, 1, 2, 3):
        case 1:
            return [f'  histo {name}, "{title}", {axis(w)}, {value()}{_only(w)}']
        case 2:
            return [f'  histo {name}, "{title}", {axis(w)}, {axis(w)}, {value()}, {value()}']
    return [f'  histo {name}, "{title}", {axis(w)}, {value()}, {value()}']


def _list(w: Writer) -> list[str]:
    return [f"  {w.among(*w.histo_lists)}"] if w.histo_lists else []


def _sort(w: Writer) -> list[str]:
    usable = [c for c in w.usable(EVENT) if c.kind.momentum] + w.usable(EVENT, composite=True)
    c = w.among(*usable)
    key = numbers.of_particle(w, Particle(c.name, c.kind), EVENT)
    return [f"  sort {w.among(key, f'abs({key})', f'-{key}')} {w.among('ascend', 'descend')}"]


def _search(w: Writer) -> list[str]:
    """Write one or two searches, and what is done with the elements that they find."""
    w.unknown = w.among(1, 1, 5)
    lines: list[str] = []
    for _ in range(w.among(1, 1, 2)):
        lines += _one_search(w)
    return lines


def _one_search(w: Writer) -> list[str]:
    usable = [c for c in w.usable(EVENT) if c.kind.momentum and c.kind.origins]
    number = w.among(1, 2, 2, 2, 3, 3, 4, 6)
    c = w.among(*usable)
    sources = [c if w.chance(2) else w.among(*usable) for _ in range(number)]
    equal = w.chance(2)
    if equal:
        sources = [c] * number
    first = w.unknown
    numbered = [first if equal else first + i for i in range(number)]
    w.unknown = numbered[-1] + 1
    unknowns = [f"{s.name}[-{n}]" for s, n in zip(sources, numbered, strict=True)]
    found = w.among(" ".join, " + ".join)(unknowns)
    if number > 1 and w.chance(3):
        name = w.name("def")
        w.blocks.append(f"define {name} {w.among(':', '=')} {found}")
        found = name
    search = f"{w.among('m', 'pT', 'm', 'eta')}({found}) {w.among('~=', '~=', '~!')} "
    search += w.among("91.2", "50", "0", "MET")
    if w.chance(3):
        other = numbers.of_particle(w, Particle(unknowns[0], sources[0].kind), EVENT)
        search = f"(({w.among('m', 'pT')}({found}) - 50) / 2)^2 + |{other}| ~= 0"
        if equal and number > 1:
            search = f"((m({found}) - 50) / 2)^2 ~= 0"
    if w.chance(5):
        search = f"{conditions.condition(w, EVENT, 1)} ? {search}"
        if w.chance(2):  # finds some of them
            some = w.among(*unknowns)
            search += f" : {w.among('pT', 'eta')}({some}) ~= {w.among('30', '0')}"
    whole = found if found.isidentifier() or number == 1 else f"({found})"
    after = numbers.of_particle(w, Particle(whole, SUM), EVENT)
    lines = [f"  select {search}", f"  select {after} > {numbers.constant(w)}"]
    if w.chance(2) and not equal:
        value = numbers.of_particle(w, Particle(unknowns[0], sources[0].kind), EVENT)
        lines.append(f'  histo {w.name("h")}, "found", {axis(w)}, {value}')
    return lines


def _print(w: Writer) -> list[str]:
    return [f"  print {w.among(' ', ', ').join(_columns(w))}"]


def _columns(w: Writer) -> list[str]:
    found = [w.among("MET", "genWeight", "event")]
    for _ in range(w.among(1, 2)):
        c = w.among(*w.collections)
        p = Particle(c.name, c.kind)
        found.append(
            w.among(
                numbers.of_particle(w, p, EVENT),
                f"abs({numbers.real(w, EVENT, 1)})",
                f"size({c.name})",
            )
        )
    return found


def _save(w: Writer) -> list[str]:
    match w.among("whole", "columns", "columns"):
        case "whole":
            return [f"  save {w.name('skim')}"]
    return [
        f"  save {w.name('skim')} {w.among('', 'csv ', 'parquet ')}{w.among(' ', ', ').join(_columns(w))}"
    ]


def _bins(w: Writer) -> list[str]:
    if w.chance(2):
        edges = w.among("0 20 50", "-1 0.5 1 2 inf", "1 50", "-50 0")
        return [f"  bin {numbers.real(w, EVENT, 1)} {edges}"]
    lines = []
    for _ in range(w.among(1, 2, 3)):
        label = w.among("", f'"{w.name("bin")}" ')
        lines.append(f"  bin {label}{conditions.condition(w, EVENT, 2)}")
    return lines


STATEMENTS = {
    "cut": _cut,
    "weight": _weight,
    "histo": _histo,
    "list": _list,
    "sort": _sort,
    "search": _search,
    "print": _print,
    "save": _save,
}
