"""Names of the systematics of a file, before anything is known of its input."""

from __future__ import annotations

import re
from itertools import product

from adl.check.systematics.families import word
from adl.syntax.tree import Clause, Correction, File, LegacySystematic, Name, Systematic, Text

_PLACE = re.compile(r"\{(\w+)\}")


def names(file: File) -> list[str]:
    """Return the names, with ``*`` for what a dataset fills in; of ``auto``, the pattern."""
    found: list[str] = []
    for block in file.blocks:
        match block:
            case Systematic(clauses=(Clause("auto") as clause, *_)):
                patterns = dict(clause.settings).get("", ())
                found += [p.value for p in patterns if isinstance(p, Text)]
            case Systematic():
                found += _of_family(block)
            case LegacySystematic(up=up):
                found.append(f"{up[:1]}*")  # it begins as its columns do
            case Correction(clauses=clauses):
                found += [_PLACE.sub("*", name) for c in clauses for name in _varied(c)]
    return list(dict.fromkeys(found))


def _of_family(block: Systematic) -> list[str]:
    lists: dict[str, list[str]] = {}
    for clause in block.clauses:
        if clause.word == "for":
            words = [w for v in dict(clause.settings).get("", ()) if (w := word(v)) is not None]
            lists |= {words[0]: words[1:]} if words else {}
    return [
        _PLACE.sub("*", _filled(block.name, dict(zip(lists, own, strict=True))))
        for own in product(*lists.values())
    ]


def _filled(name: str, places: dict[str, str]) -> str:
    return _PLACE.sub(lambda found: places.get(found[1], found[0]), name)


def _varied(clause: Clause) -> list[str]:
    values = dict(clause.settings).get("", ()) if clause.word == "vary" else ()
    return [value.name for value in values if isinstance(value, Name)]
