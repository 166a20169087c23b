"""Replicas that no event of a file has: a band of them would be of the events of other files.

A TTree can say how many numbers an event has at most; then nothing of the file is read. Else it is
counted on the way, and what needs the replica is in no result. Neither is a band of replicas that
some events lack: its width would be that of the numbers of events.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from adl.check.variations import SystematicDef
from adl.compiler.replicas import Replica, replicas
from adl.runtime.execute.outcome import Outcome
from adl.runtime.inputs.trees import Input
from adl.runtime.results import NOMINAL, Cutflow, Finding, Histogram, Results, Systematic
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.source import Source

CODE = "E277"
_NAMED = 3
_EDGES = ("Up", "Down")

_Kind = Literal["absent", "incomplete"]


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


def refuse_absent(file: Input, systematics: Iterable[SystematicDef], source: Source) -> None:
    """Refuse a file that says that no event has a replica.

    Raises:
        AnalysisError: With all systematics that read one.
    """
    if not file.most:
        return
    most = {(file.path, name): number for name, number in file.most.items()}
    found = _of_file(file.path, most, systematics)
    if found:
        raise AnalysisError(source, [absent.told() for absent in found])


def absent(outcome: Outcome) -> tuple[Absent, ...]:
    """Return the replicas that no event had of a file that was read, or of a list's files."""
    kernel = outcome.kernel
    if kernel is None:
        return tuple(found for part in outcome.parts for found in absent(part))
    known = kernel.program.systematics
    read = (file["path"] for file in outcome.files if not file["error"] and file["events"])
    return tuple(found for path in read for found in _of_file(path, outcome.most, known))


def _of_file(
    path: str, most: dict[tuple[str, str], int], systematics: Iterable[SystematicDef]
) -> list[Absent]:
    # Parts of a dataset have the same systematics: each replica once.
    by_systematic: dict[str, dict[str, Replica]] = {}
    for replica in replicas(systematics):
        if most.get((path, replica.column), replica.place + 1) <= replica.place:
            by_systematic.setdefault(replica.systematic.name, {})[replica.variation.label] = replica
    found = (tuple(labels.values()) for labels in by_systematic.values())
    return [Absent(path, most[path, own[0].column], own) for own in found]


@dataclass(frozen=True)
class Gaps:
    """A band that some events have no weight for: its systematic, and how many, where most."""

    systematic: SystematicDef
    events: int
    region: str

    def told(self) -> Diagnostic:
        """Return what to tell the user, at the systematic."""
        events = "1 event" if self.events == 1 else f"{self.events:,} events"
        message = (
            f"the weight of {events} of {self.region} is missing, NaN or infinite for a replica of "
            f"{self.systematic.name}: {self.systematic.combine} has no band"
        )
        help = "reweight with the numbers that all events have; only PROCESS keeps it to samples"
        return Diagnostic(CODE, "error", message, self.systematic.span, help)


def gaps(outcome: Outcome, results: Results) -> tuple[Gaps, ...]:
    """Return the bands among the results of which a replica lacks events that the nominal has."""
    nominal = {_place(i): lost_events(i) for i in _items(results) if i.variation == NOMINAL}
    bands = {f"{s.name}{d}": s.name for s in results.systematics if s.combine for d in _EDGES}
    most: dict[str, tuple[int, str]] = {}
    for item in _items(results):
        before = nominal.get(_place(item))
        if item.variation in bands and before is not None:
            # A band's counts are those of the replica that lacks most.
            lost = max(own - old for own, old in zip(lost_events(item), before, strict=True))
            name = bands[item.variation]
            if lost > most.get(name, (0, ""))[0]:
                most[name] = lost, item.region
    defined = _defined(outcome)
    return tuple(Gaps(defined[name], *found) for name, found in most.items())


def lost_events(item: Cutflow | Histogram) -> list[int]:
    """Return how many events have no weight, by step, or fills no value or weight."""
    return [item.skipped] if isinstance(item, Histogram) else [s.skipped for s in item.steps]


def _items(results: Results) -> Iterator[Cutflow | Histogram]:
    yield from results.cutflows
    yield from results.histograms


def _place(item: Cutflow | Histogram) -> tuple[object, ...]:
    return item.process, item.region, item.name if isinstance(item, Histogram) else ""


def _defined(outcome: Outcome) -> dict[str, SystematicDef]:
    found = {name: s for part in outcome.parts for name, s in _defined(part).items()}
    if outcome.kernel is not None:
        found |= {s.name: s for s in outcome.kernel.program.systematics}
    return found


def without_bands(results: Results, found: Iterable[Gaps]) -> Results:
    """Return results without these bands, marked as such."""
    names = {one.systematic.name for one in found}
    gone = {s.name: {f"{s.name}{d}" for d in _EDGES} for s in results.systematics}
    labels = {label for name in names for label in gone[name]}
    return _dropped(results, labels, names, "incomplete")


def without(results: Results, found: Iterable[Absent]) -> Results:
    """Return results without what replicas would have made that are absent, marked as such."""
    gone: dict[str, set[str]] = {}
    for one in found:
        labels = gone.setdefault(one.found[0].systematic.name, set())
        labels |= {replica.variation.label for replica in one.found}
    if not gone:
        return results
    labels = {name for s in results.systematics for name in _made_of(s, gone.get(s.name, set()))}
    return _dropped(results, labels, gone, "absent")


def _dropped(
    results: Results, labels: Collection[str], names: Collection[str], kind: _Kind
) -> Results:
    marked = (
        replace(s, findings=(Finding(kind),)) if s.name in names else s for s in results.systematics
    )
    return replace(
        results,
        cutflows=tuple(c for c in results.cutflows if c.variation not in labels),
        histograms=tuple(h for h in results.histograms if h.variation not in labels),
        systematics=tuple(marked),
    )


def _made_of(systematic: Systematic, gone: set[str]) -> set[str]:
    """Return the labels of results that need one of the replicas."""
    if not gone:
        return set()
    if systematic.combine:
        return {f"{systematic.name}Up", f"{systematic.name}Down"}
    return gone | ({systematic.mirror} if systematic.mirror else set())
