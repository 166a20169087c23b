"""``adl check``: find every mistake before an event is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from adl.cli.common import dialect_option, model_option

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect


@click.command("check")
@click.argument("file", type=click.Path())
@click.option("--input", "sample", metavar="ROOT", help="Check against this file's own branches.")
@click.option("--tree", metavar="NAME", help="Tree of the events in --input.")
@model_option
@dialect_option
def command(
    file: str, sample: str | None, tree: str | None, model: str, dialect: AskedDialect
) -> None:
    """Check an analysis: names, types, cycles, indices without a size cut.

    All mistakes are reported in one run; the exit code is 2 if there is one. Without --input the
    names are those that the object model lists.

    \b
    Example:
      adl check examples/zpeak.adl --input examples/sample/zmumu.root
    """
    from adl.cli.front import checked

    analysis = checked(file, model, dialect, sample, tree)
    regions = len(analysis.regions)
    click.echo(f"{file}: no mistakes; {regions} region{'s' if regions != 1 else ''}")
