"""The whole library of functions: importing this registers every one; ``find_function`` looks up.

``sqrt``, ``abs`` and the operators are no functions here but primitives, see ``ops``.
"""

from __future__ import annotations

from adl.stdlib import elementary, kinematics
from adl.stdlib.registry import FUNCTIONS, Function

__all__ = ["elementary", "find_function", "kinematics"]


def find_function(name: str) -> Function | None:
    """Return the function of this name or alias, else a unique case-insensitive match.

    >>> find_function("dR").name, find_function("DR").name, find_function("dRR")
    ('dr', 'dr', None)
    """
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    functions = FUNCTIONS.values()
    exact = [f for f in functions if name in f.aliases]
    folded = name.casefold()
    near = [f for f in functions if folded in (n.casefold() for n in (f.name, *f.aliases))]
    matches = exact or near
    return matches[0] if len(matches) == 1 else None
