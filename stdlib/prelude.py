"""The functions that ADL itself can express: ``prelude.adl``, read but not understood.

A definition is ADL text with parameters; the checker puts a call's arguments in their places. A
comment above it is its documentation; one without a comment is for other definitions only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Kind = Literal["collection", "particle", "real"]

_DEFINITION = re.compile(
    r"(?P<doc>(?:^#.*\n)*)^define (?P<name>\w+)\((?P<parameters>[^)]*)\) ="
    r"(?P<body>.*\n(?:[ ].*\n)*)",
    re.MULTILINE,
)
_PARAMETER = re.compile(r"(?P<kind>collection|particle|real) (?P<name>\w+)(?: = (?P<default>.+))?")
_EXAMPLE = re.compile(r"^ {4}(.+) -> (.+)$")


@dataclass(frozen=True)
class Parameter:
    """A parameter; ``default`` is ADL text, None where the argument has to be written."""

    kind: Kind
    name: str
    default: str | None


@dataclass(frozen=True)
class Definition:
    """A function of the prelude; ``examples`` are pairs of an expression and its value."""

    name: str
    parameters: tuple[Parameter, ...]
    body: str
    doc: str
    examples: tuple[tuple[str, str], ...]

    @property
    def least(self) -> int:
        """How many arguments a call needs."""
        return sum(p.default is None for p in self.parameters)

    @property
    def heading(self) -> str:
        """The call as people read it: ``fMT2(a, b, met, mass = 0)``."""
        words = (
            p.name if p.default is None else f"{p.name} = {p.default}" for p in self.parameters
        )
        return f"{self.name}({', '.join(words)})"

    @property
    def result(self) -> str:
        """What a call is: a real number, or the tuple that an argmin picks."""
        return "particle" if self.body.startswith("argmin(") else "real"

    def takes(self, arguments: int) -> bool:
        """Whether a call may have this many arguments."""
        return self.least <= arguments <= len(self.parameters)


@cache
def definitions() -> tuple[Definition, ...]:
    """Return every definition of the prelude, in the order of the file."""
    text = resources.files("adl.stdlib").joinpath("prelude.adl").read_text(encoding="utf-8")
    return tuple(_definition(match) for match in _DEFINITION.finditer(text))


@cache
def named(name: str) -> tuple[Definition, ...]:
    """Return the definitions of a name, one for each number of arguments.

    Without an exact one those of the name in another case; names differ by more than their case.

    >>> [d.heading for d in named("fmr")]
    ['fMR(megajets)', 'fMR(a, b)']
    """
    exact = tuple(d for d in definitions() if d.name == name)
    folded = name.casefold()
    return exact or tuple(d for d in definitions() if d.name.casefold() == folded)


def _definition(match: re.Match[str]) -> Definition:
    lines = [line[1:].removeprefix(" ") for line in match["doc"].splitlines()]
    found = [(line, _EXAMPLE.match(line)) for line in lines]
    return Definition(
        match["name"],
        tuple(_parameter(p.strip()) for p in match["parameters"].split(",")),
        " ".join(match["body"].split()),
        "\n".join(line for line, example in found if example is None).strip(),
        tuple((example[1], example[2]) for _, example in found if example is not None),
    )


def _parameter(text: str) -> Parameter:
    match = _PARAMETER.fullmatch(text)
    assert match is not None, f"prelude.adl: {text} is no parameter"
    kind: Kind = match["kind"]  # type: ignore[assignment]  # the pattern has no other words
    return Parameter(kind, match["name"], match["default"])
