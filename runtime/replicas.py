"""Replicas that no event of a file has: a band of them would be of the events of other files.

A TTree can say how many numbers an event has at most; then nothing of the file is read. Else it is
counted on the way, and what needs the replica is in no result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from adl.compiler.replicas import Replica, replicas
from adl.runtime.execute.local import Kernel, Outcome
from adl.runtime.inputs.trees import Input
from adl.runtime.results import Cutflow, Finding, Histogram, Results, Systematic
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.source import Source

CODE = "E277"
_NAMED = 3


@dataclass(frozen=True)
class Absent:
    """Replicas of one systematic that no event of a file has."""

    path: str
    most: int  # numbers of the column in any event
    found: tuple[Replica, ...]

    def told(self) -> Diagnostic:
        """Return what to tell the user, at the systematic."""
        first = self.found[0]
        names = [f"{r.column}[{r.place}]" for r in self.found[:_NAMED]]
        more = len(self.found) - len(names)
        what = ", ".join(names) + (f" and {more} more" if more else "")
        has = f"at most {self.most} numbers" if self.most else "no number"
        message = f"no event of {self.path} has {what}: {first.column} has {has} an event"
        span = first.systematic.span
        return Diagnostic(CODE, "error", message, span, _way_out(first.column, self.most))


def _way_out(column: str, most: int) -> str:
    only = "only PROCESS keeps the systematic to samples that have them"
    return f"the last that there is: {column}[{most - 1}]; {only}" if most else only


def refuse_absent(file: Input, kernel: Kernel, source: Source) -> None:
    """Refuse a file that says that no event has a replica.

    Raises:
        AnalysisError: With all systematics that read one.
    """
    if not file.most:
        return
    most = {(file.path, name): number for name, number in file.most.items()}
    found = _of_file(file.path, most, kernel)
    if found:
        raise AnalysisError(source, [absent.told() for absent in found])


def absent(outcome: Outcome) -> tuple[Absent, ...]:
    """Return the replicas that no event had of a file that was read, or of a list's files."""
    kernel = outcome.kernel
    if kernel is None:
        return tuple(found for part in outcome.parts for found in absent(part))
    read = (file["path"] for file in outcome.files if not file["error"] and file["events"])
    return tuple(found for path in read for found in _of_file(path, outcome.most, kernel))


def _of_file(path: str, most: dict[tuple[str, str], int], kernel: Kernel) -> list[Absent]:
    # Parts of a dataset have the same systematics: each replica once.
    by_systematic: dict[str, dict[str, Replica]] = {}
    for replica in replicas(kernel.program.systematics):
        if most.get((path, replica.column), replica.place + 1) <= replica.place:
            by_systematic.setdefault(replica.systematic.name, {})[replica.variation.label] = replica
    found = (tuple(labels.values()) for labels in by_systematic.values())
    return [Absent(path, most[path, own[0].column], own) for own in found]


def without(results: Results, found: Iterable[Absent]) -> Results:
    """Return results without what replicas would have made that are absent, marked as such."""
    gone: dict[str, set[str]] = {}
    for one in found:
        labels = gone.setdefault(one.found[0].systematic.name, set())
        labels |= {replica.variation.label for replica in one.found}
    if not gone:
        return results
    labels = {name for s in results.systematics for name in _made_of(s, gone.get(s.name, set()))}
    cutflows: Sequence[Cutflow] = [c for c in results.cutflows if c.variation not in labels]
    histograms: Sequence[Histogram] = [h for h in results.histograms if h.variation not in labels]
    marked = (
        replace(s, findings=(Finding("absent"),)) if s.name in gone else s
        for s in results.systematics
    )
    return replace(
        results,
        cutflows=tuple(cutflows),
        histograms=tuple(histograms),
        systematics=tuple(marked),
    )


def _made_of(systematic: Systematic, gone: set[str]) -> set[str]:
    """Return the labels of results that need one of the replicas."""
    if not gone:
        return set()
    if systematic.combine:
        return {f"{systematic.name}Up", f"{systematic.name}Down"}
    return gone | ({systematic.mirror} if systematic.mirror else set())
