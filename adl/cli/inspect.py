"""``adl inspect``: what a file is and what it offers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError, read_source, show_findings, show_note
from adl.cli.correction_files import is_corrections
from adl.cli.friends import friend_options, taken_out
from adl.cli.options import (
    Places,
    dialect_option,
    format_option,
    model_option,
    rewrite_option,
    tree_option,
)

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect
    from adl.cli.findings import Report
    from adl.stdlib.models import Schema


@click.command("inspect", short_help="Show what a file is and what it offers.")
@click.argument("file", type=click.Path())
@tree_option
@rewrite_option
@friend_options
@click.option("--analysis", metavar="ADL", help="Check this analysis against the file.")
@format_option("json")
@model_option
@dialect_option
def command(
    file: str,
    tree: str | None,
    places: Places,
    analysis: str | None,
    form: str,
    model: str,
    dialect: AskedDialect,
    **about: Any,
) -> None:
    """Show what a ROOT file, or a file of corrections, is and what it offers.

    That is the object model and why it is this one, events, size and compression, the collections
    and their attributes by the names that ADL has for them, missing momentum, triggers, the
    variations that it has as columns. With --analysis also what the analysis would find missing, as
    `adl check --input` says it; the exit code is 2 if it has a mistake.

    Of a file of corrections (.json, .json.gz of correctionlib) it shows the corrections: their
    inputs, and the categories that these know.

    \b
    Example:
      adl inspect examples/sample/zmumu.root
      adl inspect examples/corrections/muons.json
      adl inspect examples/sample/zmumu.root --analysis examples/ttbar.adl
    """
    from adl.cli.front import model_of
    from adl.cli.inspection import inspected
    from adl.runtime.friends import Joining
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.opening import open_input
    from adl.stdlib.models import ModelError

    if is_corrections(file):
        _corrections(file, form, {"--tree": tree, "--analysis": analysis})
        return
    asked, friends = model_of(model), taken_out(about)
    join = Joining(friends, [file], asked, places, show_note)
    try:
        with open_input(file, tree, places(file)) as source:
            document, schema = inspected(source, asked, join(source))
    except (InputError, ModelError) as error:
        raise UserError(str(error)) from None
    report = _report(analysis, schema, dialect) if analysis else None
    if form == "json":
        click.echo(json.dumps({**document, **_findings(report)}, indent=2))
    else:
        from adl.cli.offer import lines

        click.echo("\n".join(lines(document)))
        if report is not None:
            _show(report)
    if report is not None and report.number("error"):
        raise SystemExit(2)


def _corrections(file: str, form: str, options: dict[str, str | None]) -> None:
    """Show a file of corrections, for which these options mean nothing."""
    from adl.cli.correction_files import document, show

    for option, given in options.items():
        if given is not None:
            raise UserError(f"{file} is a file of corrections: {option} is for one of events")
    found = document(file)
    if form == "json":
        click.echo(json.dumps(found, indent=2))
    else:
        show(found)


def _report(analysis: str, schema: Schema, dialect: AskedDialect) -> Report:
    from adl.cli.findings import Report
    from adl.cli.front import examine

    source = read_source(analysis)
    checked, findings = examine(source, schema, dialect)
    return Report(source, findings, len(checked.regions) if checked else 0)


def _findings(report: Report | None) -> dict[str, Any]:
    from adl.cli.findings import as_json

    return {} if report is None else {"analysis": json.loads(as_json([report]))}


def _show(report: Report) -> None:
    show_findings(report.findings, report.source)
    errors = report.number("error")
    if not errors:
        click.echo(f"{report.file}: the file has all that it needs")
