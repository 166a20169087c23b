"""``adl diff``: where two analyses differ, and where they overlap."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import (
    Places,
    UserError,
    dataset_of,
    dataset_options,
    dialect_option,
    lenient_option,
    model_option,
    model_path_option,
    rewrite_option,
    show_note,
)
from adl.cli.friends import friend_options, taken_out

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect
    from adl.check.dataset import Dataset
    from adl.diff.canonical import Canonical
    from adl.diff.changes import Difference
    from adl.diff.sides import Side
    from adl.runtime.execute.local import Outcome
    from adl.runtime.overlap.measured import Measured
    from adl.runtime.prepare import Preparation
    from adl.stdlib.models import Schema


@click.command("diff", short_help="Show where two analyses differ and overlap.")
@click.argument("a", metavar="A.adl", type=click.Path())
@click.argument("b", metavar="B.adl", type=click.Path())
@click.argument("inputs", metavar="[DATA]...", nargs=-1)
@click.option("--events", "listing", metavar="FILE", help="Write the events that moved as CSV.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
    show_default="the CPUs available",
    metavar="N",
    help="Threads. Results are the same bits for any number.",
)
@click.option(
    "-n",
    "--most-events",
    type=click.IntRange(min=0),
    metavar="N",
    help="Stop after N events in total; with a dataset list, of each dataset.",
)
@click.option("--tree", metavar="NAME", help="Tree of the events, where a file has several.")
@rewrite_option
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=1, metavar="N", help="As in `adl run`."
)
@click.option("--luminosity", metavar="L", help="Scale a dataset list to this, as in '59.8 /fb'.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for machines.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
@friend_options
@lenient_option
@dataset_options
@model_path_option
@model_option
@dialect_option
def command(
    a: str,
    b: str,
    inputs: tuple[str, ...],
    form: str,
    model_path: tuple[str, ...],
    model: str,
    dialect: AskedDialect,
    lenient: bool,
    listing: str | None,
    **about: Any,
) -> None:
    """Show where two analyses differ: what was added, removed, renamed, moved or changed.

    Things are matched by what they compute, then by name; how they are written does not show. A
    changed threshold comes with the phase space that the second analysis gains or loses. With DATA
    (files or a dataset list, as for `adl run`) one pass measures the overlaps of all regions, and
    which statement moved events.

    \b
    Example:
      adl diff examples/search.adl other/search.adl
      adl diff old.adl new.adl examples/sample/ttbar.root --events moved.csv
    """
    from adl.cli import differences, overlaps

    found: Measured | None = None
    outcome: Outcome | None = None
    if not inputs:
        if listing is not None:
            raise UserError("--events lists events of DATA: name files or a dataset list")
        difference = _difference(a, b, model, dialect, model_path, lenient)
    else:
        first, second = (
            _preparation(path, model, dialect, about["seed"], lenient, model_path)
            for path in (a, b)
        )
        found, difference, outcome = _measured(first, second, inputs, listing is not None, about)
    if form == "json":
        import json

        plain = differences.document(difference)
        plain["measured"] = None if found is None else overlaps.document(found)
        click.echo(json.dumps(plain, indent=2))
    else:
        differences.print_difference(difference)
        if found is not None:
            overlaps.print_measured(found, difference)
    if listing is not None and found is not None:
        number = overlaps.write_events(listing, found, difference)
        click.echo(f"wrote {listing}, {number:,} lines", err=True)
    if outcome is not None:
        from adl.cli.afterwards import report

        report(outcome, None, about["most_events"])


def _difference(
    a: str,
    b: str,
    model: str,
    dialect: AskedDialect,
    model_path: tuple[str, ...],
    lenient: bool,
) -> Difference:
    from adl.cli.front import schema
    from adl.diff.canonical import Canonical
    from adl.diff.compare import compare

    known, canonical = schema(model, None, None), Canonical()
    return compare(
        *(_side(path, known, dialect, model_path, lenient, canonical) for path in (a, b))
    )


def _side(
    path: str,
    known: Schema,
    dialect: AskedDialect,
    model_path: tuple[str, ...],
    lenient: bool,
    canonical: Canonical,
) -> Side:
    from adl.cli.common import AnalysisMistakes, read_source
    from adl.cli.front import examine
    from adl.diff.sides import Side
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.parse import parse_with_notes

    source = read_source(path)
    analysis, findings = examine(source, known, dialect, None, lenient, model_path)
    if analysis is None:
        raise AnalysisMistakes(AnalysisError(source, findings))
    return Side(parse_with_notes(source, lenient)[0], analysis, canonical)


def _preparation(
    path: str,
    model: str,
    dialect: AskedDialect,
    seed: int,
    lenient: bool,
    model_path: tuple[str, ...],
) -> Preparation:
    from adl.check.dataset import Dataset
    from adl.cli.preparing import prepare

    found = prepare(path, model, dialect, "host", seed, Dataset(), lenient)
    found.model_path, found.noted = model_path, show_note
    found.systematics = lambda name: False  # the nominal events are compared
    return found


def _measured(
    first: Preparation,
    second: Preparation,
    inputs: tuple[str, ...],
    listing: bool,
    about: dict[str, Any],
) -> tuple[Measured | None, Difference, Outcome]:
    from adl.cli.afterwards import report
    from adl.cli.lists import is_list, refuse_options
    from adl.cli.measuring import Asked, measure

    places: Places = about.pop("places")
    jobs, most, tree = about.pop("jobs"), about["most_events"], about.pop("tree")
    quiet, luminosity, friends = about.pop("quiet"), about.pop("luminosity"), taken_out(about)
    said = {k: v for k, v in about.items() if k not in ("seed", "most_events")}
    if any(map(is_list, inputs)):
        if friends:
            raise UserError("--friend: in a dataset list, each dataset has its own friends:")
        refuse_options(said)
    dataset: Dataset = dataset_of(**said)
    first.dataset = second.dataset = dataset
    asked = Asked(jobs, most, tree, places, quiet, listing, friends, luminosity)
    found, comparing, outcome = measure(first, second, inputs, asked, dataset)
    if comparing.difference is None:
        report(outcome, None, most)  # no file could be used: it says why
        raise UserError("no input could be read with both analyses")
    return found, comparing.difference, outcome
