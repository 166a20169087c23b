"""Comparisons as HTML, and as the commands that GitHub shows beside the lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from math import isfinite
from typing import TYPE_CHECKING

import click

from adl.cli import combining, differences, overlaps, proven
from adl.cli.findings import data, property_

if TYPE_CHECKING:
    from adl.diff.changes import Change, Difference
    from adl.diff.proofs import Proofs
    from adl.runtime.overlap.combination import Combination
    from adl.runtime.overlap.measured import Measured

_STYLE = """
body { font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }
pre { background: #f6f6f6; padding: .6em; overflow-x: auto; margin: .3em 0 }
table { border-collapse: collapse } td, th { padding: .2em .6em; text-align: right }
.a { color: #b00020 } .b { color: #00701a } .note { color: #555 }
"""


def as_github(found: Difference, errors: Iterable[str]) -> str:
    """Return workflow commands: of each change a notice at its line of the second file, and errors."""
    title = property_("adl diff")
    said = (f"::error file={property_(found.b)},title={title}::{data(e)}" for e in errors)
    return "\n".join([*(_command(found, change) for change in found.changes), *said])


def _command(found: Difference, change: Change) -> str:
    file, place = (found.b, change.b) if change.b is not None else (found.a, change.a)
    assert place is not None, "every change stands somewhere"
    text = "\n".join(
        click.unstyle(line).strip() for line in differences.change_lines(found, change)
    )
    fields = f"file={property_(file)},line={place.line},title={property_('adl diff')}"
    return f"::notice {fields}::{data(text)}"


def as_html(
    found: Difference,
    proofs: Proofs | None,
    measured: Measured | None,
    combination: Combination | None,
) -> str:
    """Return a page that needs nothing but itself."""
    title = f"{found.a} → {found.b}"
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
            f"<style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            *_differences(found),
            *(() if proofs is None else _plain("Proofs", proven.lines(proofs))),
            *(() if measured is None else _measured(measured, found)),
            *(
                ()
                if combination is None or proofs is None
                else _plain("Combination", combining.lines(combination, proofs.regions))
            ),
            "</body></html>",
        ]
    )


def _differences(found: Difference) -> Iterator[str]:
    yield "<h2>Differences</h2>"
    for note in found.notes:
        yield f'<p class="note">{escape(note)}</p>'
    if found.equal:
        yield "<p>No difference.</p>"
    for change in found.changes:
        heading, *rest = (click.unstyle(line) for line in differences.change_lines(found, change))
        yield f"<h3>{escape(heading)}</h3><pre>"
        for line in rest:
            kind = "a" if ": - " in line else "b" if ": + " in line else ""
            yield f'<span class="{kind}">{escape(line.strip())}</span>'
        yield "</pre>"
    yield "<ul>"
    for line in (*differences.region_lines(found), *differences.systematic_lines(found)):
        yield f"<li>{escape(line)}</li>"
    yield "</ul>"


def _plain(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2><pre>"
    yield from (escape(click.unstyle(line)) for line in lines if line)
    yield "</pre>"


def _measured(found: Measured, difference: Difference) -> Iterator[str]:
    yield from _plain("Overlaps", overlaps.lines(found, difference))
    names = ["/".join(region) for region in found.regions]
    heads = "".join(f"<th>{escape(name)}</th>" for name in names)
    yield "<h3>Part of the row's events that is in the column, too</h3>"
    yield f"<table><tr><th></th>{heads}</tr>"
    for name, row in zip(names, found.sums.fractions, strict=True):
        cells = "".join(_cell(float(x)) for x in row)
        yield f"<tr><th>{escape(name)}</th>{cells}</tr>"
    yield "</table>"


def _cell(x: float) -> str:
    if not isfinite(x):
        return "<td>-</td>"
    return f'<td style="background: rgba(0, 90, 200, {0.6 * x:.3f})">{x:.3f}</td>'
