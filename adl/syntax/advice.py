"""The way out of a line that the grammar cannot read: what its tokens look like they were meant as."""

from __future__ import annotations

from lark import Token

from adl.syntax.keywords import KEYWORD_TYPES
from adl.syntax.reading import Line
from adl.syntax.tokens import UNITS, touch

# What a statement looks like when it is right.
STATEMENTS = {
    "HISTO": 'histo h, "title", 50, 0, 500, pT(jets[0])',
    "SORT": "sort pT(jets) descend",
    "SAVE": "save skim, or save values csv MET HT",
    "COUNTS": "counts results 12.3 +- 1.1, 14",
    "TITLE": 'title "Signal region"',
    "PROCESS": 'process bkg, "Total background", stat, syst',
    "ARG": "arg jets",
    "CODE": 'code "masses.py"',
    "FLAG": "the value of a switch is a whole number",
    "TRIGGER": 'trigger mu "HLT_IsoMu24" or optional "HLT_Mu50" stream SingleMuon',
    "USE": "use MET = PuppiMET; a region is used by its name alone",
    "TABLE": "table eff tabletype efficiency nvars 1 errors false, then rows: value, min, max",
    "LEGACY": 'systematic on "up" "down" weight_pileup',
    "SYSTEMATIC": "a systematic has a name and its lines below",
    "CORRECTION": 'correction bSF "btagging.json.gz" deepJet_comb',
    "CANDIDATE": "object Z = a + b",
}

# Blocks whose lines are read although their keyword is misspelt.
OPENED = {"OBJECT": "object", "COMPOSITE": "composite", "REGION": "region"}


def advice(line: Line, at: int, before: Token, after: Token | None) -> str:
    """Return the way out of a frequent mistake, or an empty string."""
    defines = line.head in ("DEFINE", "OWN_DEFINE")
    match (before.type, before.value, _kind(after), after.value if after else ""):
        case ("STRING", _, "LPAR", _):
            return f"a name stands without quotes: {before.value[1:-1]}(...)"
        case ("DOT", _, "STRING", name):
            return f"a name stands without quotes: .{name[1:-1]}"
        case ("INT" | "REAL", _, _, _) if _bounds_a_window(line, at):
            return "a window has two bounds, without brackets and commas: MET [] 60 120"
        case (_, _, "EQUALS", _) if _turned(line, at):
            return f"write {_turned(line, at)}=, not ={_turned(line, at)}"
        case (_, _, "EQUALS", _) if not defines:
            return "== compares, = belongs to define"
        case (_, _, "COMPARE", "==") if defines and at == 2:
            return "one = defines"
        case ("INT", _, "_COMMA", _) if _is_decimal(line, at):
            return f"a number has a decimal point: {before}.{line.tokens[at + 1]}"
        case (_, _, "_COMMA", _) if line.head in ("SELECT", "REJECT"):
            return "and joins two conditions: pT > 20 and abs(eta) < 2.4"
        case (_, _, "COLON", _) if line.head in OPENED and at == 2 and len(line.tokens) == 3:
            return f"a block has no colon: {line.tokens[0]} {before}, and its lines below"
        case ("_ONLY", _, _, _):
            return "only simulation, only data, only ttbar, only era 2018"
        case ("COLON", _, "_NL", _) if line.head in OPENED:
            return f"a block has no colon: {line.tokens[0]} {line.tokens[1]}, and its lines below"
        case ("QUERY", _, "_NL", _):
            return "remove the ?, or say what has to hold when the condition does"
        case ("TIMES", "*", "TIMES", "*"):
            return "^ is the power: pT^2"
        case ("INT" | "REAL", _, "NAME", unit) if unit in UNITS:
            return "numbers have no units: they are GeV, radians and mm"
        case ("LSQB", _, "RSQB", _):
            return "between [ and ] stands an index; the operator [] has no blank in it"
        case ("LSQB", _, _, _):
            return "an index is a whole number: jets[0]; jets[0:3] is a slice"
        case ("RANGE", "[]", _, _) if at > 1 and line.tokens[at - 2].type == "NAME":
            return "[] compares: MET [] 100 200; without it the name alone is the whole collection"
        case ("RBRACE", _, _, _):
            return "behind braces stands a function: {jets[0]}pT"
        case ("INFO", _, _, _):
            return "an info block has a name, as in info analysis"
        case (_, _, "INT", _) if before.type in KEYWORD_TYPES:
            return "a name begins with a letter"
    return _advice_by_statement(line, at, after)


def second_colon(line: Line, at: int) -> Token | None:
    """Return the colon before a step, as in ``jets[0:10:2]``, of the slice with the token ``at``."""
    kinds = [token.type for token in line.tokens]
    if at >= len(kinds) or kinds[at] != "COLON" or "LSQB" not in kinds[:at]:
        return None
    start = at - kinds[at::-1].index("LSQB")
    end = kinds.index("RSQB", at) if "RSQB" in kinds[at:] else len(kinds)
    inside = kinds[start:end]
    if inside.count("COLON") < 2 or "QUERY" in inside:
        return None
    return line.tokens[start + inside.index("COLON", inside.index("COLON") + 1)]


def _turned(line: Line, at: int) -> str:
    """Return the sign of ``=>`` or ``=<`` that stands at a place, or an empty string."""
    signs = line.tokens[at : at + 2]
    found = len(signs) == 2 and signs[1] in ("<", ">") and touch(*signs)
    return str(signs[1]) if found else ""


def _is_decimal(line: Line, at: int) -> bool:
    """Whether the comma at a place stands between digits, as in ``0,4``."""
    pieces = line.tokens[at - 1 : at + 2]
    return [p.type for p in pieces[::2]] == ["INT", "INT"] and all(map(touch, pieces, pieces[1:]))


def _kind(token: Token | None) -> str:
    """Return the type of a token, or that of the end of a line."""
    return token.type if token else "_NL"


def _bounds_a_window(line: Line, at: int) -> bool:
    """Whether the number before ``at`` is the lower bound of ``x [] 1 2``, or of ``x [1 2]``."""
    before = line.tokens[at - 2] if at > 1 else None
    if _kind(before) == "MINUS":
        before = line.tokens[at - 3]
    after = line.tokens[at] if at < len(line.tokens) else None
    if _kind(before) == "RANGE":
        return True
    return _kind(before) == "LSQB" and _kind(after) in ("INT", "REAL")


def _advice_by_statement(line: Line, at: int, after: Token | None) -> str:
    """Return what the statement looks like when it is right, or an empty string."""
    kind = _kind(after)
    if line.head == "TAKE" and kind == "_COMMA":
        return "take union(mu, ele), or a second take, for the elements of both"
    if line.head in STATEMENTS:
        return STATEMENTS[line.head]
    if line.head == "INFO":
        return "each field of an info block stands on a line of its own"
    if line.head == "REGION" and at == 2:
        return "names of other regions stand on the lines below"
    if line.head == "OBJECT" and at == 2:
        return "object jets : Jet, or take Jet on the next line"
    return ""
