"""``adl migrate``: rewrite analyses of other dialects in ours, with the same meaning."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl import __version__
from adl.cli.common import AnalysisMistakes, UserError, show_findings
from adl.cli.options import dialect_option, format_option, model_option, model_path_option
from adl.cli.texts import read_text, show_diff, write_text

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect
    from adl.migrate.migrate import Migrated
    from adl.stdlib.models import Schema
    from adl.syntax.source import Source

JSON_VERSION = 1  # goes up when a field changes its meaning or is removed
DIFFERS = 1


@click.command("migrate", short_help="Rewrite a CutLang analysis in adl, with the same meaning.")
@click.argument("path", metavar="FILE", type=click.Path())
@click.option("--to", type=click.Choice(["adl"]), required=True, help="The dialect to write.")
@click.option("-o", "out", metavar="OUT", help="Write here and leave FILE; - is standard output.")
@click.option("--check", "ask", is_flag=True, help="Write nothing; say whether FILE would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@format_option(
    "json", help="How to list the changes: for people, or on standard output for programs."
)
@click.option("--input", "sample", metavar="ROOT", help="Names are those of this file's branches.")
@click.option("--tree", metavar="NAME", help="Tree of the events in --input.")
@model_option
@model_path_option
@dialect_option
def command(
    path: str,
    to: str,
    out: str | None,
    ask: bool,
    diff: bool,
    form: str,
    sample: str | None,
    tree: str | None,
    model: str,
    model_path: tuple[str, ...],
    dialect: AskedDialect,
) -> None:
    """Rewrite an analysis of the dialect cutlang so that it means the same in adl.

    Every place where the two differ is listed with what stands there now and why. Where adl has no
    words for the old meaning nothing is written, the places are errors, and the exit code is 1; it
    is 1 with --check too if the file would change, and 2 after a mistake in the file. A file that
    is in adl already stays as it is. --dialect cutlang says how to read a file that does not show
    it. FILE may be - for standard input, which is written to standard output.

    \b
    Example:
      adl migrate --to adl --diff search.adl
      adl migrate --to adl search.adl -o search_adl.adl
    """
    from adl.cli.front import schema

    assert to == "adl"
    target = out or path
    if form == "json" and target == "-" and not (ask or diff):
        raise UserError("--format json and the analysis cannot both be on standard output")
    source = read_text(path)
    known = schema(model, sample, tree)
    found = _migrated(source, known, dialect, model_path)
    if form == "json":
        click.echo(json.dumps(_as_json(source, found), indent=2, ensure_ascii=False))
    else:
        _list(source, found)
    if found.obstacles:
        raise SystemExit(DIFFERS)
    if diff:
        show_diff(source, found.text, "in adl")
    if ask and found.text != source.text:
        raise SystemExit(DIFFERS)
    if not (ask or diff):
        _write(target, path, found.text, source)


def _migrated(
    source: Source, known: Schema, dialect: AskedDialect, model_path: tuple[str, ...]
) -> Migrated:
    from adl.check.checker import check
    from adl.migrate.migrate import Migrated, migrate
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.parse import parse

    try:
        file = parse(source)
        analysis, _ = check(file, source, known, dialect, model_path=model_path)
    except AnalysisError as error:
        raise AnalysisMistakes(error) from None
    if analysis.dialect == "adl":
        return Migrated(source.text, (), ())
    found = migrate(file, source, known, analysis, model_path)
    first_line = source.text.partition("\n")[0]
    if first_line.endswith("\r"):
        return Migrated(found.text.replace("\n", "\r\n"), found.changes, found.obstacles)
    return found


def _list(source: Source, found: Migrated) -> None:
    """Print the places where the dialects differ to standard error."""
    show_findings(found.obstacles, source)
    for change in found.changes:
        line, column = source.position(change.span.start)
        click.echo(f"{source.name}:{line}:{column}: {change.construct}: {change.why}", err=True)
        click.echo(f"    {change.was}\n  → {change.now}", err=True)
    if found.obstacles:
        number = len(found.obstacles)
        places = f"{number} place{'s' if number != 1 else ''}"
        click.echo(f"{source.name} is not changed: {places} cannot be said in adl", err=True)
    elif found.text == source.text:
        click.echo(f"{source.name} is in the dialect adl already", err=True)
    else:
        number = len(found.changes)
        places = f"{number} place{'s' if number != 1 else ''}"
        click.echo(f"{source.name}: {places} where the dialects differ", err=True)


def _as_json(source: Source, found: Migrated) -> dict[str, Any]:
    """Return the changes and obstacles; lines and columns count from 1."""
    changes, obstacles = [], []
    for change in found.changes:
        line, column = source.position(change.span.start)
        row = {"construct": change.construct, "was": change.was, "now": change.now}
        changes.append({"line": line, "column": column, **row, "why": change.why})
    for obstacle in found.obstacles:
        line, column = source.position(obstacle.span.start)
        row = {"code": obstacle.code, "message": obstacle.message, "help": obstacle.help}
        obstacles.append({"line": line, "column": column, **row})
    return {
        "version": JSON_VERSION,
        "adlc": __version__,
        "file": source.name,
        "changed": not found.obstacles and found.text != source.text,
        "changes": changes,
        "obstacles": obstacles,
    }


def _write(target: str, path: str, text: str, source: Source) -> None:
    if target == "-":
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    elif target != path or text != source.text:
        write_text(Path(target), text)
