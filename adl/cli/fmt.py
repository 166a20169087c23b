"""``adl fmt``: write analyses in their one canonical form."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adl.cli.common import AnalysisMistakes, UserError
from adl.cli.options import model_option
from adl.cli.texts import read_text, show_diff, write_text

if TYPE_CHECKING:
    from adl.syntax.source import Source
    from adl.syntax.tree import File

WOULD_CHANGE = 1
MISTAKEN = 2


@click.command("fmt", short_help="Write analyses in their one canonical form.")
@click.argument("files", metavar="FILE...", type=click.Path(), nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; name the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@model_option
def command(files: tuple[str, ...], check: bool, diff: bool, model: str) -> None:
    """Write analyses in their one canonical form; - is standard input.

    Comments, empty lines and the meaning stay. A file with a mistake of syntax is not touched.
    The exit code is 2 if there is one, and with --check 1 if a file would change.

    \b
    Example:
      adl fmt analysis.adl
      adl fmt --check --diff examples/*.adl
    """
    failed = changed = False
    for path in files:
        try:
            changed |= _treat(path, check, diff, model)
        except UserError as error:
            error.show()
            failed = True
    if failed:
        raise SystemExit(MISTAKEN)
    if check and changed:
        raise SystemExit(WOULD_CHANGE)


def _treat(path: str, check: bool, diff: bool, model: str) -> bool:
    """Format one file; return whether it changes."""
    source = read_text(path)
    text = formatted(source, model)
    changed = text != source.text
    if check and changed:
        click.echo(f"{source.name} would change", err=True)
    if diff and changed:
        show_diff(source, text, "formatted")
    if check or diff:
        return changed
    if path == "-":
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    elif changed:
        write_text(Path(path), text)
        click.echo(f"{path} formatted", err=True)
    return changed


def formatted(source: Source, model: str = "nanoaod") -> str:
    """Return the text of an analysis in its canonical form, with the line ends that it has.

    Other tools' spellings can decide on the dialect of a file, and they are no part of this form:
    where they did, the text says so. What a name is in the object model tells whether they did.
    """
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.format import format_file
    from adl.syntax.parse import parse
    from adl.syntax.source import Source

    try:
        tree = parse(source)
        dialect = "cutlang" if _is_cutlang(tree, source, model) else None
    except AnalysisError as error:
        raise AnalysisMistakes(error) from None
    text = format_file(tree, source)
    # A formatter that changes an analysis is worse than none.
    again = parse(Source(source.name, text))
    assert again == tree, f"formatting would change {source.name}"
    assert _comments(again) == _comments(tree), f"formatting would lose comments of {source.name}"
    if dialect:
        text = format_file(tree, source, dialect)
    first_line = source.text.partition("\n")[0]
    return text.replace("\n", "\r\n") if first_line.endswith("\r") else text


def _comments(tree: File) -> list[str]:
    return [comment.text.rstrip() for comment in tree.comments]


def _is_cutlang(tree: File, source: Source, model: str) -> bool:
    """Whether the spellings of a file make it one of the dialect cutlang, and that matters."""
    from adl.check.dialect import detect
    from adl.cli.front import schema
    from adl.syntax.diagnostics import AnalysisError, Findings

    findings = Findings()
    dialect = detect(tree, source, schema(model, None, None), "auto", findings)
    errors = [finding for finding in findings.items if finding.severity == "error"]
    if errors:
        raise AnalysisError(source, errors)
    return dialect == "cutlang"
