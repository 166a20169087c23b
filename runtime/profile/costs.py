"""What regions and cuts cost of a kernel, estimated by counting.

A value counts once for each event (and element) that asks for it: those that reach the first
statement that needs it, and statements of several regions share it by theirs. Nothing is
timed: the numbers are shares of the kernel's work, good to tell 50 % from 5 %.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from adl.compiler.ir import Call, Cell, Choice, Column, Fill, Lookup, Node, Part
from adl.compiler.layout import Layout, Partial
from adl.compiler.program import Program, RegionOutput
from adl.compiler.variations import is_group
from adl.runtime.results import NOMINAL
from adl.stdlib import ops

# Work in units of an addition. Elementary functions and searches are dear; a part is of its pick.
_WORK: tuple[tuple[type[Node], float], ...] = (
    (Lookup, 10.0),
    (Choice, 5.0),
    (Cell, 3.0),
    (Part, 0.0),
)
_ELEMENTARY = 20.0
_BIN = 3.0  # to find one, or to add to one of its sums
_FILLED = ("histogram", "bins")


class Counted(NamedTuple):
    """A program with what it has counted over so many events."""

    program: Program
    layout: Layout
    partial: Partial
    events: int


@dataclass(frozen=True)
class Cost:
    """A statement of a region: the events that reached it, its share of the kernel's work."""

    region: str
    variation: str
    label: str
    kind: str  # "cut", "weight", "histogram" or "bins"
    events: int
    share: float


class _Part(NamedTuple):
    region: str
    variation: str
    label: str
    kind: str
    fills: tuple[Fill, ...]
    reached: int


@dataclass(frozen=True)
class Costs:
    """The share of each statement, how many events need each column of the kernels.

    ``filling`` is the share of finding the bins of histograms and adding to them, whatever is filled.
    """

    statements: tuple[Cost, ...]
    needed: Mapping[str, int]
    filling: float = 0.0


def costs(runs: Sequence[Counted], elements: Mapping[str, int]) -> Costs:
    """Return the costs of all runs; ``elements`` of collections there were in their events."""
    events = sum(run.events for run in runs)
    lengths = {name: number / max(events, 1) for name, number in elements.items()}
    work: dict[tuple[str, str, str, str], tuple[float, int]] = {}
    needed: dict[str, int] = {}
    filling = 0.0
    for run in runs:
        parts = list(_parts(run))
        users = _users(parts)
        for part in parts:
            cost, reached = work.get(part[:4], (0.0, 0))
            work[part[:4]] = cost, reached + part.reached
        for node, its in users.items():
            reached = max(parts[number].reached for number in its)
            axes = node.axes if isinstance(node, Fill) else node.free
            cost = reached * _work(node) * prod(_length(axis.source, lengths) for axis in axes)
            if isinstance(node, Fill) and parts[its[0]].kind in _FILLED:
                filling += cost
            asked = sum(parts[number].reached for number in its) or 1
            for number in its:
                key = parts[number][:4]
                before, most = work.get(key, (0.0, 0))
                work[key] = before + cost * parts[number].reached / asked, most
        for name, reached in _needed(parts, users).items():
            needed[name] = needed.get(name, 0) + min(reached, run.events)
    total = sum(cost for cost, _ in work.values()) or 1.0
    found = (Cost(*key, reached, cost / total) for key, (cost, reached) in work.items())
    return Costs(tuple(found), needed, filling / total)


def _parts(run: Counted) -> Iterator[_Part]:
    for region in run.program.regions:
        yield from _of_region(run, region, NOMINAL)
    for varied in run.program.variations:
        label = varied.members[0].label if len(varied.members) == 1 else "variations"
        for before, after in zip(run.program.regions, varied.regions, strict=True):
            if after != before:
                yield from _of_region(run, after, label)


def _of_region(run: Counted, region: RegionOutput, variation: str) -> Iterator[_Part]:
    reached = run.events
    for step in region.steps:
        fills = (step.fill,) if step.missing is None else (step.fill, step.missing)
        kind = "weight" if step.weight else "cut"
        yield _Part(region.name, variation, step.label, kind, fills, reached)
        reached = _raw(run, step.fill)
    for histogram in region.histograms:
        entries = max(_raw(run, fill) for fill in histogram.fills)
        name = histogram.name
        yield _Part(region.name, variation, name, "histogram", histogram.fills, entries)
    if region.bins is not None:
        yield _Part(region.name, variation, "bins", "bins", (region.bins.fill,), reached)


def _raw(run: Counted, fill: Fill) -> int:
    place = run.layout.places[fill]
    return int(run.partial.raw[place.cells : place.cells + place.size].sum())


def _users(parts: Sequence[_Part]) -> dict[Node, list[int]]:
    """Return for each node the parts that need it first in their region."""
    users: dict[Node, list[int]] = {}
    seen: set[Node] = set()
    region = ("", "")
    for number, part in enumerate(parts):
        if part[:2] != region:
            region, seen = part[:2], set()
        left: list[Node] = list(part.fills)
        while left:
            node = left.pop()
            if node not in seen:
                seen.add(node)
                users.setdefault(node, []).append(number)
                left += node.children
    return users


def _needed(parts: Sequence[_Part], users: Mapping[Node, Sequence[int]]) -> dict[str, int]:
    needed: dict[str, int] = {}
    for node, its in users.items():
        reached = max(parts[number].reached for number in its)
        for name in _columns(node):
            needed[name] = max(needed.get(name, 0), reached)
    return needed


def _columns(node: Node) -> tuple[str, ...]:
    if isinstance(node, Choice):
        return tuple(column.name for column in node.columns)
    return (node.name,) if isinstance(node, Column) else ()


def _work(node: Node) -> float:
    if isinstance(node, Fill):
        return _BIN * (len(node.bins) + 1 + node.weighted)
    if isinstance(node, Call):
        return 1.0 if node.function in ops.MEANING else _ELEMENTARY
    return next((work for kind, work in _WORK if isinstance(node, kind)), 1.0)


def _length(source: tuple[str, ...], lengths: Mapping[str, float]) -> float:
    """Return how many elements an axis has in an event; of variations each has its own events."""
    if any(is_group(name) for name in source):
        return 1.0
    return sum(lengths.get(name, 1.0) for name in source)
