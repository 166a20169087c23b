"""Files that analyses take numbers from, corrections and networks: one if they hold the same.

Another version of an analysis has its files in another folder. So a file is called as the analysis
calls it, and what it holds is compared once, whatever uses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adl.check import analysis as core
from adl.diff.contents import content, held
from adl.diff.walking import everything
from adl.stdlib.corrections.files import Correction
from adl.syntax.source import Span


@dataclass(frozen=True)
class Used:
    """What an analysis takes from a file, and where it first does."""

    kind: str
    thing: Correction | str  # of a network its path
    span: Span

    def holds_the_same(self, other: Used) -> bool:
        """Whether two files hold the same under one name."""
        match self.thing, other.thing:
            case str() as one, str() as two:
                return content(one) == content(two)
            case Correction() as first, Correction() as second:
                return first is second or held(first) == held(second)
        return False


def used(analysis: core.Analysis) -> dict[str, Used]:
    """Return what an analysis takes from files, by what it calls that."""
    found: dict[str, Used] = {}
    folder = str(Path(analysis.source.name).parent)
    for value in everything(analysis):
        if isinstance(value, core.CorrectionAt):
            name = called(value.correction, folder)
            one = Used("correction", value.correction, value.span)
        elif isinstance(value, core.Network):
            name, one = value.name, Used("network", value.path, value.span)
        else:
            continue
        if name not in found or one.span.start < found[name].span.start:
            found[name] = one
    return found


def called(correction: Correction, folder: str) -> str:
    """Return what an analysis of a folder calls a correction."""
    where = Path(correction.path)
    written = where.relative_to(folder) if where.is_relative_to(folder) else where
    return f"{correction.name} of {written}"


def both_use(a: Mapping[str, Used], b: Mapping[str, Used]) -> Iterator[tuple[str, Used, Used]]:
    """Yield what two analyses take from files under one name."""
    yield from ((name, a[name], b[name]) for name in b if name in a)


def elsewhere(a: Mapping[str, Used], b: Mapping[str, Used]) -> dict[str, str]:
    """Return what the second analysis calls what the first has under a name that it has not."""
    free = [name for name in b if name not in a]
    found = {}
    for name in a:
        same = (n for n in free if name not in b and a[name].holds_the_same(b[n]))
        other = next(same, None)
        if other is not None:
            found[name] = other
    return found
