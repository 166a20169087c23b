"""``adl check``: find every mistake before an event is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from adl.cli.common import UserError, colour, show_findings
from adl.cli.options import (
    Places,
    dialect_option,
    format_option,
    lenient_option,
    model_option,
    model_path_option,
    rewrite_option,
)

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect
    from adl.cli.findings import Report
    from adl.stdlib.models import Schema


@click.command("check", short_help="Find every mistake before an event is read.")
@click.argument("files", metavar="FILE...", type=click.Path(), nargs=-1, required=True)
@format_option("json", "sarif", "github", help="For people, or on standard output for programs.")
@click.option("--strict", is_flag=True, help="A warning counts as an error.")
@click.option("--input", "sample", metavar="ROOT", help="Check against this file's own branches.")
@click.option("--tree", metavar="NAME", help="Tree of the events in --input.")
@rewrite_option
@lenient_option
@model_path_option
@model_option
@dialect_option
def command(
    files: tuple[str, ...],
    form: str,
    strict: bool,
    sample: str | None,
    tree: str | None,
    places: Places,
    lenient: bool,
    model_path: tuple[str, ...],
    model: str,
    dialect: AskedDialect,
) -> None:
    """Check analyses: names, types, cycles, indices without a size cut.

    Mistakes of syntax are reported first, those of names and types once there are none, all that
    are found in one run; the exit code is 2 if there is one, or with --strict a
    warning. Without --input the names are those that the object model lists. A comment
    `# adl: ignore[W301]` on a line, or alone above it, silences a warning or a note of the line;
    `adl explain W301` tells what a code means. With --lenient a mistake that can be meant in one
    way only is read so, and is a warning. The file - is standard input.

    \b
    Example:
      adl check examples/zpeak.adl --input examples/sample/zmumu.root
      adl check examples/search.adl examples/ttbar.adl --format json
    """
    from adl.cli.findings import FORMATS
    from adl.cli.front import schema

    known = schema(model, sample, tree, places)
    reports = []
    for path in files:
        report = _report(path, known, dialect, lenient, model_path)
        reports.append(report)
        if form == "text":
            _show(report, strict)
        elif report.error:
            UserError(report.error).show()
    if form != "text":
        click.echo(FORMATS[form](reports))
    if any(_fails(report, strict) for report in reports):
        raise SystemExit(2)


def _report(
    path: str,
    known: Schema,
    dialect: AskedDialect,
    lenient: bool,
    model_path: tuple[str, ...],
) -> Report:
    from adl.cli.common import read_source
    from adl.cli.findings import Report
    from adl.cli.front import examine
    from adl.syntax.source import Source

    try:
        source = read_source(path)
    except UserError as error:
        return Report(Source(path, ""), error=error.message)
    analysis, findings = examine(source, known, dialect, None, lenient, model_path)
    return Report(source, findings, len(analysis.regions) if analysis else 0)


def _fails(report: Report, strict: bool) -> bool:
    warned = strict and report.number("warning")
    return bool(report.error or report.number("error") or warned)


def _show(report: Report, strict: bool) -> None:
    if report.error:
        UserError(report.error).show()
        return
    show_findings(report.findings, report.source)
    number = report.number("warning")
    warnings = f"{number} warning{'s' if number != 1 else ''}"
    if not _fails(report, strict):
        beside = f", {warnings}" if number else ""
        click.echo(f"{report.file}: no mistakes{beside}; {_regions(report.regions)}")
    elif not report.number("error"):
        click.echo(f"{report.file}: {warnings}, errors under --strict", err=True, color=colour())


def _regions(number: int) -> str:
    """Say how many regions there are, and what it means that there is none."""
    if not number:
        return "no region, so there is nothing to run"
    return f"{number} region{'s' if number > 1 else ''}"
