"""Tables, triggers, formats, functions, defines and lists of histograms."""

from __future__ import annotations

from tests.adltext import conditions, numbers, particles
from tests.adltext.kinds import EVENT_REALS
from tests.adltext.statements import axis
from tests.adltext.writer import Particle, Scope, Writer

ROWS = (("-50", "0"), ("0", "1"), ("1", "20"), ("20", "50"))


def blocks(w: Writer) -> None:
    """Write the blocks that need no collection."""
    if w.functions:
        for name in ("scaled", "folded"):
            w.blocks.append(f'function {name}\n  code "functions.py"')
    if w.chance(3):
        table(w)
    if w.chance(3):
        correction(w)
    if w.chance(4):
        name, stream = w.name("trg"), w.among("", " stream Muons")
        path = w.among('"HLT_IsoMu24"', '"HLT_Ele27" or optional "HLT_None"', 'optional "HLT_None"')
        w.blocks.append(f"trigger {name} {path}{stream}")
        w.triggers.append(name)
    if w.chance(5):
        name = w.name("fmt")
        w.blocks.append(f'countsformat {name}\n  process bkg, "Bkg", stat\n  process obs, "Obs"')
        w.formats.append(name)
    w.blocks.append(f"use MET = {w.among('MET', 'PuppiMET')}")
    if w.chance(5):
        w.blocks.append('use bTag = btagDeepFlavB > wp("M")')
        w.tags = True


def correction(w: Writer) -> None:
    """Write a correction with its variation, if it has one."""
    name, own = w.name("cor"), w.name("idv")
    inputs, lines = w.among(
        ("$, *", ['  nominal "nominal"', f'  vary {own} up "up" down "nominal"']),
        ("1, *", []),
    )
    which = "muon_id" if lines else "muon_scale"
    head = f'correction {name} "{numbers.CORRECTIONS}" {which}\n  inputs {inputs}'
    w.blocks.append("\n".join([head, *lines]))
    w.corrections.append((name, 2))


def systematic(w: Writer) -> None:
    """Write a systematic: of columns, of weights, or of both."""
    lines = []
    if w.chance(2):
        factors = w.among(
            ("1.1", "0.9"), ("1 + 0.02 * abs(eta)", "0.5"), ("2", "pt > 20 ? 1 : 0.5")
        )
        nominal = w.among("", "", "nominal 1.01 ")
        owner = w.among("Jet", "Muon", "Electron")
        columns = w.among(f"pt({owner})", f"pt({owner}), mass({owner})", f"{owner}.pt")
        lines.append(f"  scale {columns} {nominal}up {factors[0]} down {factors[1]}")
        lines += w.among([], ["  propagate MET from Jet pt > 15"] if owner == "Jet" else [])
    elif w.chance(2):
        lines.append(f"  set eta(Jet) up {w.among('-eta', 'phi', 'eta + 0.1')} down eta")
    if w.weights and (not lines or w.chance(3)):
        varied = w.among(*w.weights)
        lines.append(f"  weight {varied} up {w.among('2', 'genWeight')} down {numbers.constant(w)}")
    if not lines or w.chance(4):
        lines.append(f"  reweight up {w.among('2', 'genWeight')} down {w.among('0.5', 'PV_npvs')}")
    w.blocks.append("\n".join([f"systematic {w.name('sys')}", *lines]))


def table(w: Writer) -> None:
    """Write a table of one to four variables."""
    name, variables = w.name("tab"), w.among(1, 1, 2, 3, 4)
    errors = w.chance(3)
    lines = [f"table {name}", "  tabletype efficiency", f"  nvars {variables}"]
    lines.append(f"  errors {'true' if errors else 'false'}")
    outside = w.among("", "nearest", "zero")
    if outside:
        lines.append(f"  outside {outside}")
    rows: list[tuple[tuple[str, str], ...]] = [()]
    for _ in range(variables):
        ranges = ROWS[: w.among(1, 2)] if variables > 2 else ROWS[: w.among(1, 2, 4)]
        rows = [(*row, r) for row in rows for r in ranges]
    for row in rows:
        value = w.among("0.5", "0", "1", "2.5", "-1")
        more = "0.1 0.2 " if errors else ""
        lines.append(f"  {value} {more}{' '.join(f'{a} {b}' for a, b in row)}")
    w.blocks.append("\n".join(lines))
    w.tables.append((name, variables))


def defines(w: Writer) -> None:
    """Write defines of the event: numbers, conditions, particles."""
    keyword = w.among("define", "define", "def")
    for _ in range(w.among(0, 1, 2)):
        name, sign = w.name("def"), w.among("=", ":")
        match w.among("number", "number", "truth", "particle", "element", "pair", "drawn"):
            case "drawn":
                named = w.among("", " draw toy")
                mean = w.among(*EVENT_REALS)
                w.blocks.append(f"{keyword} {name} {sign} gauss({mean}, 5){named}")
                w.numbers.append(name)
            case "pair":
                found = particles.candidate(w, Scope())
                w.blocks.append(f"{keyword} {name} {sign} {found.text}")
                w.candidates.append(Particle(name, found.kind))
            case "number":
                w.blocks.append(f"{keyword} {name} {sign} {numbers.real(w, Scope(), 3)}")
                w.numbers.append(name)
            case "truth":
                w.blocks.append(f"{keyword} {name} {sign} {conditions.condition(w, Scope(), 2)}")
                w.truths.append(name)
            case "particle":
                found = particles.total(w, Scope(), 1)
                w.blocks.append(f"{keyword} {name} {sign} {found.text}")
                w.candidates.append(Particle(name, found.kind))
            case "element":
                found = particles.best(w, Scope(), 1)
                w.blocks.append(f"{keyword} {name} {sign} {found.text}")
                w.candidates.append(Particle(name, found.kind))


def histo_lists(w: Writer) -> None:
    """Write a list of histograms."""
    if w.chance(4):
        name = w.name("list")
        lines = [f"histoList {name}"]
        for _ in range(w.among(1, 2)):
            lines.append(f'  histo {w.name("h")}, "l", {axis(w)}, {numbers.real(w, Scope(), 1)}')
        w.blocks.append("\n".join(lines))
        w.histo_lists.append(name)
