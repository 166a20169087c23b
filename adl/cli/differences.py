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
        counted = f"{number} region{'' if number == 1 else 's'} of each count the same"
        yield f"no difference: {counted if number else 'neither has a region'}"
        return
    for change in found.changes:
        yield from change_lines(found, change)
    yield ""
    yield from region_lines(found)
    yield from systematic_lines(found)


def change_lines(found: Difference, change: Change) -> Iterator[str]:
    """Yield what one change is, then where it stands and what it does."""
    sign, shade = SIGNS[change.status]
    name = f" {change.name}" if change.name else ""
    where = f" of {change.owner}" if change.owner not in ("", change.name) else ""
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
    """Yield what became of regions, those of which the same is to be said in one line.

    Where systematics differ, variations are not spoken of.
    """
    told: dict[tuple[str, str], list[str]] = {}
    for pair in found.regions:
        aside = ", variations aside" if found.varies and pair.status == "equal" else ""
        also = "also " if pair.own else ""
        causes = () if pair.proven else pair.causes
        because = f", {also}because of {', '.join(causes)}" if causes else ""
        told.setdefault((_status(pair), because + aside), []).append(pair.b or pair.a or "")
    for (status, more), names in told.items():
        one, several = _WORDS[status]
        if status == "undecided" and found.one_model:
            more += " (--prove, or DATA, tells)"
        if len(names) == 1:
            yield f"region {names[0]} {one}{more}"
        else:
            yield f"regions {', '.join(names)} {several}{more}"


def _status(pair: RegionPair) -> str:
    if pair.proven:
        return "proven"
    return "selected" if pair.status == "changed" and pair.selects else pair.status


# What is said of one region, and of several.
_WORDS = {
    "equal": ("counts the same", "count the same"),
    "added": ("is new", "are new"),
    "removed": ("is gone", "are gone"),
    "undecided": (
        "reads the same, and was not found to count the same",
        "read the same, and were not found to count the same",
    ),
    "changed": ("differs", "differ"),
    "selected": (
        "selects the same, and counts otherwise",
        "select the same, and count otherwise",
    ),
    "proven": ("selects the same, as is proven", "select the same, as is proven"),
}


def systematic_lines(found: Difference) -> Iterator[str]:
    """Yield which systematics differ by what they name."""
    for one in found.systematics:
        yield f"systematic {one.name} differs, because of {', '.join(one.causes)}"


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
