"""Words that people bring from other tools, and what ADL says instead.

Only for help: none of them is ever understood.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from adl.stdlib.models import Schema

FUNCTIONS = {
    "deltar": "dR(a, b)",
    "deltaphi": "dPhi(a, b)",
    "deltaeta": "dEta(a, b)",
    "fabs": "abs(x)",
    "ln": "log(x)",
    "len": "size(jets)",
    "length": "size(jets)",
    "round": "floor(x + 0.5)",
    "invmass": "m(a + b)",
    "invariantmass": "m(a + b)",
    "mean": "sum(x) / size(jets)",
    "avg": "sum(x) / size(jets)",
    "mt": "fMT(l, MET)",
    "mt2": "fMT2(a, b, MET)",
    "met_significance": "fMETsig(MET, jets)",
    "index": "a == b, which asks whether two elements are the same",
}
NAMES = {
    "gev": "numbers have no units: energies are in GeV, angles in radians",
    "tev": "energies are in GeV: 1000 is a TeV",
    "mev": "energies are in GeV: 0.001 is an MeV",
    "pi": "write 3.141592653589793",
    "if": "select, or condition ? a : b",
    "ht": "define HT = sum(pT(jets))",
    "bjet": "b jets are an object of yours: take Jet, select bTag",
    "qgjet": "these are an object of yours: take Jet, reject bTag",
    "lepsf": "CutLang's own scale factor: write weight lepsf and the column that has it",
    "btagsf": "CutLang's own scale factor: write weight btagsf and the column that has it",
    "xslumicorrsf": "CutLang's own scale factor: write weight xs and the column that has it",
}
# How somebody writes one reading of a name that has the letter O for a zero: dO for d0.
_LETTER_O = re.compile(r"[oO]")
_NEAR = 0.75  # how much of a misspelt attribute is right
_BRANCH = re.compile(r"([A-Za-z0-9]+)_(\w+)")


def with_zeros(name: str) -> str:
    """Return a name with zeros for its letters O, or an empty string where it has none.

    >>> with_zeros("dO"), with_zeros("pT")
    ('d0', '')
    """
    changed = _LETTER_O.sub("0", name)
    return changed if changed != name else ""


def of_function(name: str) -> str:
    """Return what to write for another tool's function, or an empty string."""
    known = FUNCTIONS.get(name.lower())
    return f"write {known}" if known else ""


def of_name(name: str, schema: Schema) -> str:
    """Return what to write for another tool's word, or for a column's own name."""
    match = _BRANCH.fullmatch(name)
    if match and match[1] in schema.collections:
        collection, attribute = match.groups()
        known = [a for a in schema.collections[collection].attributes if a]
        near = get_close_matches(attribute, known, n=1, cutoff=_NEAR)
        for found in [attribute] if attribute in known else near:
            is_it = "it is an attribute" if found == attribute else "did you mean an attribute"
            end = "" if found == attribute else "?"
            return f"{is_it}: {collection}[0].{found}, or {found}({collection}[0]){end}"
    return NAMES.get(name.lower(), "")
