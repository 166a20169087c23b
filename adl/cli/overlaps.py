"""How measured overlaps look: text for terminals, plain data, and a list of events."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from adl.cli.common import UserError

if TYPE_CHECKING:
    from adl.diff.changes import Change, Difference
    from adl.runtime.overlap.measured import Measured, MovedCount, MovedEvent
    from adl.runtime.overlap.program import Step

_HEADER = (
    *("file", "run", "luminosityBlock", "event", "entry", "change", "region_a", "region_b"),
    *("statement", "line", "because", "bin_a", "bin_b", "weight", "in_a", "in_b"),
)
WORDS = {"lost": "lost", "gained": "gained", "rebinned": "in another bin"}


def lines(found: Measured, difference: Difference) -> Iterator[str]:
    """Yield what was measured: yields, overlaps, and what moved events."""
    yield ""
    if not found.sums.events:
        yield "no event was read, so nothing is measured"
        return
    yield from _yields(found)
    yield from _overlaps(found)
    if found.moved:
        yield ""
        yield click.style("events that moved, by the first statement that they fail", bold=True)
    elif any(p.a and p.b and p.status != "equal" for p in difference.regions):
        yield ""
        yield "no event moved: each region has the events of its counterpart, in the same bins"
    for moved in found.moved:
        yield from _moved(moved, difference)


def _yields(found: Measured) -> Iterator[str]:
    width = max((len(name) for _, name in found.regions), default=0)
    yield click.style(f"yields of {found.sums.events:,} events", bold=True)
    yield f"  {'':<{width + 2}}  {'events':>10}  {'weighted':>14}"
    for (side, name), raw, total in zip(
        found.regions, found.sums.raw.diagonal(), found.sums.yields, strict=True
    ):
        yield f"  {side} {name:<{width}}  {raw:>10,}  {total:>14.6g}"


def _overlaps(found: Measured) -> Iterator[str]:
    """Yield the overlaps of regions of A with those of B: raw, fraction of each, correlation."""
    sums = found.sums
    fractions, rho, error = sums.fractions, sums.correlation, sums.uncertainty
    rows = []
    for i, (side, name) in enumerate(found.regions):
        for j, (other, its) in enumerate(found.regions):
            if side == "A" and other == "B" and sums.raw[i, j]:
                rows.append((i, j, name, its))
    yield ""
    yield click.style("overlaps of regions of A with regions of B", bold=True)
    if not rows:
        yield "  no event is in a region of A and in one of B"
    first = max((len(name) for *_, name, _ in rows), default=0)
    second = max((len(its) for *_, its in rows), default=0)
    for i, j, name, its in rows:
        yield (
            f"  {name:<{first}}  {its:<{second}}  {sums.raw[i, j]:>10,}  "
            f"{fractions[i, j]:7.2%} of A  {fractions[j, i]:7.2%} of B  "
            f"correlation {rho[i, j]:.4f} ± {error[i, j]:.4f}"
        )


def _moved(moved: MovedCount, difference: Difference) -> Iterator[str]:
    name = moved.a if moved.a == moved.b else f"{moved.a} → {moved.b}"
    events = "event" if moved.raw == 1 else "events"
    number = f"{moved.raw:,} {events} ({moved.weighted:.6g} weighted)"
    if moved.step is None:
        yield f"  {name}: {number} in bin {moved.bins[0] or 'none'} → {moved.bins[1] or 'none'}"
        return
    where = statement_file(moved, difference)
    yield f"  {name}: {WORDS[moved.kind]} {number}"
    because = cause(moved.kind, moved.b, moved.step, difference)
    yield f"      {where}:{moved.step.line}: {moved.step.text}{because and f'  ({because})'}"


def statement_file(moved: MovedCount | MovedEvent, difference: Difference) -> str:
    """Return the file of the statement that an event fails: what is lost fails in B."""
    return difference.b if moved.kind == "lost" else difference.a


def cause(kind: str, region: str, step: Step, difference: Difference) -> str:
    """Return which change makes a statement fail that reads the same in both files."""
    side: Literal["a", "b"] = "b" if kind == "lost" else "a"
    for change in difference.changes:
        place = change.b if side == "b" else change.a
        if place is not None and place.line == step.line:
            return ""
    pair = next(pair for pair in difference.regions if pair.b == region)
    causes = pair.cause(side, step.line)
    follows = [c for c in difference.changes if c.name in causes and c.status != "renamed"]
    return ", ".join(dict.fromkeys(_words(change, difference) for change in follows))


def _words(change: Change, difference: Difference) -> str:
    place, file = (change.b, difference.b) if change.b else (change.a, difference.a)
    line = f" at {file}:{place.line}" if place else ""
    return f"{change.owner or change.name}{line}"


# ------------------------------------------------------------------------------- plain data


def document(found: Measured) -> dict[str, Any]:
    """Return what was measured as JSON has it: matrices by the order of ``regions``."""
    sums = found.sums
    return {
        "events": sums.events,
        "regions": [{"analysis": side, "name": name} for side, name in found.regions],
        "yields": [_number(x) for x in sums.yields],
        "processes": {
            name: {"is_data": found.is_data[name], "yields": [_number(x) for x in values]}
            for name, values in found.yields.items()
        },
        "raw": sums.raw.tolist(),
        "weighted": _matrix(sums.s10),
        "fraction": _matrix(sums.fractions),
        "weighted_fraction": _matrix(sums.weighted_fractions),
        "correlation": _matrix(sums.correlation),
        "correlation_uncertainty": _matrix(sums.uncertainty),
        "moved": [
            {
                "kind": moved.kind,
                "a": moved.a,
                "b": moved.b,
                "statement": moved.step.text if moved.step else None,
                "line": moved.step.line if moved.step else None,
                "file": None if moved.step is None else "b" if moved.kind == "lost" else "a",
                "bins": list(moved.bins) if moved.step is None else None,
                "raw": moved.raw,
                "weighted": _number(moved.weighted),
            }
            for moved in found.moved
        ],
    }


def _matrix(values: Any) -> list[list[float | None]]:
    return [[_number(x) for x in row] for row in values]


def _number(x: float) -> float | None:
    """Return a number that JSON has: null where there is none."""
    return float(x) if math.isfinite(x) else None


def write_events(path: str, found: Measured, difference: Difference) -> int:
    """Write the events that moved as CSV, and return how many lines there are."""
    number = 0
    try:
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(_HEADER)
            for moved in found.events():
                out.writerow(_row(moved, difference))
                number += 1
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    return number


def _row(moved: MovedEvent, difference: Difference) -> tuple[object, ...]:
    step = moved.step
    at = f"{statement_file(moved, difference)}:{step.line}" if step else ""
    because = cause(moved.kind, moved.b, step, difference) if step else ""
    return (
        *(moved.path, *moved.numbers, WORDS[moved.kind], moved.a, moved.b),
        *(step.text if step else "", at, because, *moved.bins, moved.weight),
        *(" ".join(moved.in_a), " ".join(moved.in_b)),
    )
