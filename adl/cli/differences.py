"""How differences look: text for terminals, and the same as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import colour

if TYPE_CHECKING:
    from adl.diff.changes import Change, Difference, Place, RegionPair

# status -> its sign and colour
SIGNS = {
    "changed": ("~", "yellow"),
    "added": ("+", "green"),
    "removed": ("-", "red"),
    "renamed": ("=", "cyan"),
    "moved": (">", "cyan"),
}


def print_lines(lines: Iterable[str]) -> None:
    """Print lines for people."""
    for line in lines:
        click.echo(line, color=colour())


def lines(found: Difference) -> Iterator[str]:
    """Yield the lines of a comparison."""
    for note in found.notes:
        yield f"{click.style('note', fg='cyan', bold=True)}: {note}"
    if found.equal:
        number = len(found.regions)
        yield f"no difference: {number} region{'' if number == 1 else 's'} of each count the same"
        return
    for change in found.changes:
        yield from change_lines(found, change)
    yield ""
    yield from region_lines(found)
    yield from systematic_lines(found)


def change_lines(found: Difference, change: Change) -> Iterator[str]:
    """Yield what one change is, then where it stands and what it does."""
    sign, shade = SIGNS[change.status]
    name = f" {change.name}" if change.name and change.owner != change.name else ""
    where = f" of {change.owner}" if change.owner else ""
    heading = f"{change.status} {change.kind}{name}{where}"
    yield f"{click.style(sign, fg=shade, bold=True)} {click.style(heading, bold=True)}"
    for file, place, mark, own in (
        (found.a, change.a, "-", "red"),
        (found.b, change.b, "+", "green"),
    ):
        if place is not None:
            yield f"    {file}:{place.line}: {click.style(f'{mark} {place.text}', fg=own)}"
    for detail in change.details:
        yield f"    {detail}"
    for part in change.slices:
        yield f"    {part.effect}: {part.condition}"
    if change.regions and change.kind != "region" and change.regions != (change.owner,):
        yield f"    regions: {', '.join(change.regions)}"


def region_lines(found: Difference) -> Iterator[str]:
    """Yield what became of each region; where systematics differ, variations are not spoken of."""
    for pair in found.regions:
        aside = found.varies and pair.status == "equal"
        yield _region_line(pair) + (", variations aside" if aside else "")


def systematic_lines(found: Difference) -> Iterator[str]:
    """Yield which systematics differ by what they name."""
    for one in found.systematics:
        yield f"systematic {one.name} differs, because of {', '.join(one.causes)}"


def _region_line(pair: RegionPair) -> str:
    name = pair.b or pair.a or ""
    words = {
        "equal": "counts the same",
        "added": "is new",
        "removed": "is gone",
        "undecided": "reads the same, and was not found to count the same (--prove, or DATA, tells)",
        "changed": "selects the same, and counts otherwise" if pair.selects else "differs",
    }[pair.status]
    because = f", because of {', '.join(pair.causes)}" if pair.causes else ""
    return f"region {name} {words}{because}"


def document(found: Difference) -> dict[str, Any]:
    """Return a comparison as JSON has it."""
    return {
        "a": found.a,
        "b": found.b,
        "equal": found.equal,
        "notes": list(found.notes),
        "changes": [_plain(change) for change in found.changes],
        "regions": [
            {
                "a": pair.a,
                "b": pair.b,
                "status": pair.status,
                "selects_the_same": pair.status == "equal" or pair.selects,
                "causes": list(pair.causes),
            }
            for pair in found.regions
        ],
        "systematics": [
            {"name": one.name, "causes": list(one.causes)} for one in found.systematics
        ],
    }


def _plain(change: Change) -> dict[str, Any]:
    return {
        "status": change.status,
        "kind": change.kind,
        "name": change.name,
        "owner": change.owner,
        "a": _place(change.a),
        "b": _place(change.b),
        "phase_space": [
            {
                "effect": part.effect,
                "condition": part.condition,
                "quantity": part.quantity,
                "intervals": [_interval(*interval) for interval in part.ranges],
            }
            for part in change.slices
        ],
        "details": list(change.details),
        "regions": list(change.regions),
    }


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"line": place.line, "text": place.text}


def _interval(lower: float, lower_in: bool, upper: float, upper_in: bool) -> dict[str, Any]:
    """Return an interval; an end that is infinite is null, since JSON has no infinity."""
    from math import isfinite

    return {
        "lower": lower if isfinite(lower) else None,
        "lower_included": lower_in,
        "upper": upper if isfinite(upper) else None,
        "upper_included": upper_in,
    }
