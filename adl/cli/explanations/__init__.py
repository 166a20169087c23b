"""What each code means, with a wrong and a right example: the YAML files beside this module.

Every example is checked by a test: the wrong one has a finding of the code, the right one has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

FAMILIES = {"E": "error", "W": "warning", "N": "note"}


@dataclass(frozen=True)
class Explanation:
    """One code; ``prelude`` declares what both examples use, ``input`` is the file they need.

    ``python`` is the file mine.py beside them. In ``language`` yaml the examples are dataset lists.
    """

    meaning: str
    wrong: str
    right: str
    prelude: str = ""
    input: str = ""
    python: str = ""
    language: str = "adl"
    model: str = "nanoaod"  # the object model of their input


def titles() -> dict[str, str]:
    """Return every code with its meaning in one line, in the order of the codes."""
    from adl.check import codes
    from adl.syntax import mistakes

    return dict(sorted({**mistakes.CODES, **codes.CODES}.items()))


@cache
def explanations() -> dict[str, Explanation]:
    """Return the explanation of every code that has one."""
    found: dict[str, Explanation] = {}
    for file in resources.files(__name__).iterdir():
        if file.name.endswith(".yaml"):
            for code, fields in yaml.safe_load(file.read_text(encoding="utf-8")).items():
                assert code not in found, f"{code} is explained twice"
                found[code] = Explanation(**{k: v.strip("\n") for k, v in fields.items()})
    return found
