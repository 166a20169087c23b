"""``adl diff``: where two analyses differ, and where they overlap."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError
from adl.cli.failing import failures
from adl.cli.friends import friend_options
from adl.cli.options import (
    dataset_options,
    dialect_option,
    format_option,
    jobs_option,
    lenient_option,
    model_option,
    model_path_option,
    rewrite_option,
    seed_option,
    tree_option,
)
from adl.cli.pictures import check_file, check_picture
from adl.cli.proving import note_without_solver, pairs_progress
from adl.cli.sides import compared, measured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adl.check.analysis import Analysis, AskedDialect
    from adl.diff.changes import Difference
    from adl.diff.proofs import Proofs
    from adl.runtime.execute.outcome import Outcome
    from adl.runtime.overlap.combination import Combination
    from adl.runtime.overlap.measured import Measured


@click.command("diff", short_help="Show where two analyses differ and overlap.")
@click.argument("a", metavar="A.adl", type=click.Path())
@click.argument("b", metavar="B.adl", type=click.Path())
@click.argument("inputs", metavar="[DATA]...", nargs=-1)
@click.option("--prove", is_flag=True, help="Prove how each two regions relate, where possible.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Of the proof of a pair of regions.",
)
@click.option("--bins", is_flag=True, help="Take each bin of a region as a region, too.")
@click.option("--combine", is_flag=True, help="Find the regions that may be combined.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    metavar="R",
    help="The greatest correlation, with its uncertainty, of regions that may be combined.",
)
@click.option(
    "--signal",
    metavar="GLOB",
    help="Processes of a dataset list: the best set is that of the greatest expected significance.",
)
@click.option(
    "--export",
    metavar="FILE",
    help="Write what may be combined (.json, .csv), or the best set for pyhf (.pyhf.json) or spey "
    "(.spey.json).",
)
@click.option("--events", "listing", metavar="FILE", help="Write the events that moved as CSV.")
@click.option("-o", "--output", metavar="FILE", help="Draw the overlaps (.png, .svg, .pdf).")
@click.option(
    "--fail-on",
    multiple=True,
    type=click.Choice(["change", "overlap", "unproven"]),
    help="End with exit code 1 if there is one. Repeatable.",
)
@jobs_option("Threads. Results are the same bits for any number.")
@click.option(
    "-n",
    "--most-events",
    type=click.IntRange(min=0),
    metavar="N",
    help="Stop after N events in total; with a dataset list, of each dataset.",
)
@tree_option
@rewrite_option
@seed_option()
@click.option("--luminosity", metavar="L", help="Scale a dataset list to this, as in '59.8 /fb'.")
@format_option(
    "json",
    "html",
    "github",
    help="For terminals, for machines, as a page, or as commands of a GitHub workflow.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
@friend_options
@lenient_option
@dataset_options
@model_path_option
@click.option(
    "--model-b",
    metavar="NAME",
    help="Object model of the second analysis, if it is another one. Without DATA.",
)
@model_option
@dialect_option
def command(
    a: str,
    b: str,
    inputs: tuple[str, ...],
    form: str,
    model_path: tuple[str, ...],
    model: str,
    model_b: str | None,
    dialect: AskedDialect,
    lenient: bool,
    prove: bool,
    time_limit: float,
    combine: bool,
    threshold: float,
    signal: str | None,
    export: str | None,
    listing: str | None,
    output: str | None,
    fail_on: tuple[str, ...],
    **about: Any,
) -> None:
    """Show where two analyses differ: what was added, removed, renamed, moved or changed.

    Things are matched by what they compute, then by name; how they are written does not show. A
    changed threshold comes with the phase space that the second analysis gains or loses. With DATA
    (files or a dataset list, as for `adl run`) one pass measures the overlaps of all regions, and
    which statement moved events. Exit code 1 is what --fail-on asks for.

    \b
    Example:
      adl diff old.adl new.adl
      adl diff old.adl new.adl examples/sample/ttbar.root --events moved.csv
      adl diff search.adl other.adl examples/datasets.yaml --combine -o overlaps.png
    """
    combine = combine or export is not None or signal is not None
    asked = prove or combine or not {"overlap", "unproven"}.isdisjoint(fail_on)
    _refuse(inputs, listing, output, model_b, asked)
    if not inputs:
        _refuse_of_data(about)
    if export is not None:
        from adl.cli.combining import check_export

        check_export(export, bool(inputs), signal)
    told = Told()
    settings = model, model_b, dialect, model_path, lenient
    if inputs:
        told.measured, comparing, told.outcome = measured(
            (a, b), settings, inputs, listing is not None, about
        )
        told.difference, told.analyses = comparing.difference, comparing.analyses
    else:
        told.difference, told.analyses = compared(a, b, settings)
    if asked and told.analyses is not None:
        told.proofs = _proofs(told.analyses, time_limit, about)
        assert told.difference is not None
        told.difference = told.difference.with_proofs(told.proofs.equal())
    if combine and told.proofs is not None:
        from adl.cli.combining import combined

        told.combination = combined(told.proofs, told.measured, threshold, signal)
    assert told.difference is not None
    found = told.difference, told.proofs, told.measured
    failed = {what: [*failures(what, *found)] for what in fail_on}
    _print(told, form, failed)
    _write(told, listing, output, export, signal)
    if told.outcome is not None:
        from adl.cli.afterwards import report

        report(told.outcome, None, about["most_events"])
    if any(failed.values()):
        raise SystemExit(1)


@dataclass
class Told:
    """All that a comparison has found."""

    difference: Difference | None = None
    analyses: tuple[Analysis, Analysis] | None = None
    proofs: Proofs | None = None
    measured: Measured | None = None
    combination: Combination | None = None
    outcome: Outcome | None = None


def _refuse(
    inputs: tuple[str, ...],
    listing: str | None,
    output: str | None,
    model_b: str | None,
    proving: bool,
) -> None:
    if not inputs and listing is not None:
        raise UserError("--events lists events of DATA: name files or a dataset list")
    if not inputs and output is not None:
        raise UserError("-o draws what is measured on DATA: name files or a dataset list")
    if listing is not None:
        check_file("--events", listing)
    if output is not None:
        check_picture(output)
    if inputs and model_b is not None:
        raise UserError(
            "--model-b: one pass over DATA reads one object model\n"
            "  help: compare without DATA, or write both analyses for the files' model"
        )
    if proving and model_b is not None:
        raise UserError(
            "--model-b: what two regions share is proven for one object model\n"
            "  help: write both analyses for one model, or leave out --prove, --combine, --export, "
            "--signal and --fail-on overlap or unproven"
        )


# Options that say something of DATA, by what they are called here.
_OF_DATA = {
    "most_events": "--most-events",
    "tree": "--tree",
    "luminosity": "--luminosity",
    "friends": "--friend",
    "process": "--process",
    "era": "--era",
    "stream": "--stream",
    "constants": "--constant",
}


def _refuse_of_data(about: dict[str, Any]) -> None:
    """Refuse what says nothing where nothing is read."""
    given = [option for name, option in _OF_DATA.items() if about[name] not in (None, "", ())]
    given += [f"--{about['kind']}"] if about["kind"] else []
    if given:
        raise UserError(f"{given[0]} is about DATA: name files or a dataset list")


def _proofs(analyses: tuple[Analysis, Analysis], seconds: float, about: dict[str, Any]) -> Proofs:
    from adl.diff.proofs import prove

    note_without_solver()
    with pairs_progress(about["quiet"]) as progress:
        return prove(*analyses, seconds, about["jobs"], progress, about["seed"], about["bins"])


def _write(
    told: Told, listing: str | None, output: str | None, export: str | None, signal: str | None
) -> None:
    from adl.cli import combining, heatmap, overlaps

    found, difference = told.measured, told.difference
    assert difference is not None
    if listing is not None and found is not None:
        number = overlaps.write_events(listing, found, difference)
        click.echo(f"wrote {listing}, {number:,} lines", err=True)
    if output is not None and found is not None:
        heatmap.draw(output, found, f"{difference.a} (A) and {difference.b} (B)")
        click.echo(f"wrote {output}", err=True)
    if export is not None and told.combination is not None and told.proofs is not None:
        combining.export(export, told.combination, told.proofs.regions, found, signal)
        click.echo(f"wrote {export}", err=True)


def _print(told: Told, form: str, failed: Mapping[str, Sequence[str]]) -> None:
    from adl.cli import combining, differences, overlaps, proven

    difference = told.difference
    assert difference is not None
    match form:
        case "json":
            click.echo(json.dumps(_document(told), indent=2))
        case "html":
            from adl.cli.reports import as_html

            click.echo(as_html(difference, told.proofs, told.measured, told.combination))
        case "github":
            from adl.cli.reports import as_github

            errors = [line for what, lines in failed.items() if what != "change" for line in lines]
            text = as_github(difference, errors)
            if text:
                click.echo(text)
        case _:
            differences.print_lines(differences.lines(difference))
            if told.proofs is not None:
                differences.print_lines(proven.lines(told.proofs))
            if told.measured is not None:
                differences.print_lines(overlaps.lines(told.measured, difference))
            if told.combination is not None and told.proofs is not None:
                differences.print_lines(combining.lines(told.combination, told.proofs.regions))


def _document(told: Told) -> dict[str, Any]:
    from adl.cli import combining, differences, overlaps, proven

    assert told.difference is not None
    regions = None if told.proofs is None else told.proofs.regions
    return {
        **differences.document(told.difference),
        "proofs": None if told.proofs is None else proven.document(told.proofs),
        "measured": None if told.measured is None else overlaps.document(told.measured),
        "combination": None
        if told.combination is None or regions is None
        else combining.document(told.combination, regions),
    }
