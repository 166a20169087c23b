"""What is proven of pairs of regions of two analyses: disjoint, equal, one in the other, overlapping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from adl.check.analysis import Analysis
from adl.compiler.lower.regions import lower
from adl.compiler.prove.promises import promises_of
from adl.compiler.prove.regions import regions_of
from adl.compiler.prove.study import Study
from adl.compiler.prove.verdicts import Limits, Verdict
from adl.diff.functions import shared

SideName = Literal["A", "B"]
Region = tuple[SideName, str]
Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Proofs:
    """The verdict of each pair of regions, of one analysis or of two; the first stands first."""

    regions: tuple[Region, ...]
    verdicts: dict[tuple[Region, Region], Verdict]

    def of(self, first: Region, second: Region) -> Verdict:
        """Return how two regions relate."""
        if (first, second) in self.verdicts:
            return self.verdicts[first, second]
        return self.verdicts[second, first].mirrored

    def between(self) -> list[tuple[Region, Region, Verdict]]:
        """Return the verdicts of regions of A with regions of B."""
        return [
            (first, second, verdict)
            for (first, second), verdict in self.verdicts.items()
            if first[0] != second[0]
        ]

    def equal(self) -> frozenset[tuple[str, str]]:
        """Return the regions of A and of B that select the same events."""
        return frozenset(
            (first[1], second[1])
            for first, second, verdict in self.between()
            if verdict.relation == "equal"
        )


def prove(
    a: Analysis,
    b: Analysis,
    seconds: float,
    jobs: int,
    told: Told | None = None,
    seed: int = 1,
    bins: bool = False,
) -> Proofs:
    """Return what is proven of all regions of two analyses, nominal values alone.

    Args:
        a: The first analysis.
        b: The second one, of the same object model.
        seconds: How long to try, a pair.
        jobs: Processes.
        told: Told what is being done, and how many pairs of how many.
        seed: Of random numbers.
        bins: Whether each bin of a region is a region, too, with the name REGION: BIN.
    """
    sides: tuple[tuple[SideName, Analysis], ...] = (("A", a), ("B", b))
    programs = shared([lower(replace(analysis, systematics=()), seed) for _, analysis in sides])
    found, names = [], []
    for (side, analysis), program in zip(sides, programs, strict=True):
        known = {region.name for region in analysis.regions}
        for region in regions_of(program, bins):
            if region.name in known:
                found.append(replace(region, file=side))
                names.append((side, str(region)))
    study = Study(found, promises_of(a.schema, b.schema), Limits(seconds=seconds), jobs=jobs)
    verdicts = study.run(told)
    return Proofs(tuple(names), {(names[i], names[j]): v for (i, j), v in verdicts.items()})
