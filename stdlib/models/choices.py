"""Names for which a file offers several columns, and working points: what `use X = Y` is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# A tagger -> an era -> a working point -> the threshold.
WorkingPoints = Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True)
class Choice:
    """A name that stands for one of several; an analysis says which with ``use``."""

    name: str
    aliases: tuple[str, ...]
    candidates: tuple[str, ...]  # singletons, or attributes of elements

    @property
    def spellings(self) -> tuple[str, ...]:
        """The name and its aliases."""
        return (self.name, *self.aliases)


def find_choice(choices: Iterable[Choice], name: str) -> Choice | None:
    """Return the choice of this name or alias, in any case of letters."""
    folded = name.casefold()
    return next((c for c in choices if folded in (s.casefold() for s in c.spellings)), None)
