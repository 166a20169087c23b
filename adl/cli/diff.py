"""``adl diff``: where two analyses differ, and where they overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from adl.cli.common import dialect_option, model_option, model_path_option

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect
    from adl.diff.canonical import Canonical
    from adl.diff.changes import Difference
    from adl.diff.sides import Side
    from adl.stdlib.models import Schema


@click.command("diff", short_help="Show where two analyses differ and overlap.")
@click.argument("a", metavar="A.adl", type=click.Path())
@click.argument("b", metavar="B.adl", type=click.Path())
@click.argument("inputs", metavar="[DATA]...", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for machines.",
)
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
) -> None:
    """Show where two analyses differ: what was added, removed, renamed, moved or changed.

    Things are matched by what they compute, then by name; how they are written does not show. A
    changed threshold comes with the phase space that the second analysis gains or loses.

    \b
    Example:
      adl diff examples/search.adl other/search.adl
    """
    from adl.cli.differences import document, print_difference

    found = _difference(a, b, model, dialect, model_path)
    if form == "json":
        import json

        click.echo(json.dumps(document(found), indent=2))
    else:
        print_difference(found)


def _difference(
    a: str, b: str, model: str, dialect: AskedDialect, model_path: tuple[str, ...]
) -> Difference:
    from adl.cli.front import schema
    from adl.diff.canonical import Canonical
    from adl.diff.compare import compare

    known, canonical = schema(model, None, None), Canonical()
    return compare(*(_side(path, known, dialect, model_path, canonical) for path in (a, b)))


def _side(
    path: str,
    known: Schema,
    dialect: AskedDialect,
    model_path: tuple[str, ...],
    canonical: Canonical,
) -> Side:
    from adl.cli.common import AnalysisMistakes, read_source
    from adl.cli.front import examine
    from adl.diff.sides import Side
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.parse import parse

    source = read_source(path)
    analysis, findings = examine(source, known, dialect, model_path=model_path)
    if analysis is None:
        raise AnalysisMistakes(AnalysisError(source, findings))
    return Side(parse(source), analysis, canonical)
