"""The whole library of functions: importing this registers every one; ``find_function`` looks up.

``sqrt``, ``abs`` and the operators are no functions here but primitives, see ``ops``.
"""

from __future__ import annotations

from functools import cache

from adl.stdlib import elementary, kinematics, transverse
from adl.stdlib.algorithms import antikt, hemispheres, mt2, partitions, separated, shapes, total
from adl.stdlib.registry import FUNCTIONS, Function

__all__ = [
    "antikt",
    "elementary",
    "find_function",
    "hemispheres",
    "kinematics",
    "mt2",
    "partitions",
    "separated",
    "shapes",
    "total",
    "transverse",
]


def find_function(name: str) -> Function | None:
    """Return the function of this name or alias, else a unique case-insensitive match.

    >>> find_function("dR").name, find_function("DR").name, find_function("dRR")
    ('dr', 'dr', None)
    """
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    aliases, folded = _names()
    matches = aliases.get(name) or folded.get(name.casefold(), [])
    return matches[0] if len(matches) == 1 else None


@cache
def _names() -> tuple[dict[str, list[Function]], dict[str, list[Function]]]:
    """Return the functions by their aliases, and by all their names without regard to case."""
    aliases: dict[str, list[Function]] = {}
    folded: dict[str, list[Function]] = {}
    for function in FUNCTIONS.values():
        for alias in dict.fromkeys(function.aliases):
            aliases.setdefault(alias, []).append(function)
        for name in dict.fromkeys(n.casefold() for n in (function.name, *function.aliases)):
            folded.setdefault(name, []).append(function)
    return aliases, folded
