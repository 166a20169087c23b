"""``adl fmt``: write analyses in their one canonical form."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adl.cli.common import AnalysisMistakes, UserError, colour, read_source

if TYPE_CHECKING:
    from adl.syntax.source import Source
    from adl.syntax.tree import File

WOULD_CHANGE = 1
MISTAKEN = 2

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command("fmt", short_help="Write analyses in their one canonical form.")
@click.argument("files", metavar="FILE...", type=click.Path(), nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; name the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
def command(files: tuple[str, ...], check: bool, diff: bool) -> None:
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
            changed |= _treat(path, check, diff)
        except UserError as error:
            error.show()
            failed = True
    if failed:
        raise SystemExit(MISTAKEN)
    if check and changed:
        raise SystemExit(WOULD_CHANGE)


def _treat(path: str, check: bool, diff: bool) -> bool:
    """Format one file; return whether it changes."""
    source = _read(path)
    text = formatted(source)
    changed = text != source.text
    if check and changed:
        click.echo(f"{source.name} would change", err=True)
    if diff and changed:
        _show_diff(source, text)
    if check or diff:
        return changed
    if path == "-":
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    elif changed:
        _write(Path(path), text)
        click.echo(f"{path} formatted", err=True)
    return changed


def formatted(source: Source) -> str:
    """Return the text of an analysis in its canonical form, with the line ends that it has.

    Other tools' spellings can decide on the dialect of a file, and they are no part of this form:
    where they did, the text says so.
    """
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.format import format_file
    from adl.syntax.parse import parse
    from adl.syntax.source import Source

    try:
        tree = parse(source)
        dialect = "cutlang" if _is_cutlang(tree, source) else None
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


def _is_cutlang(tree: File, source: Source) -> bool:
    """Whether the spellings of a file make it one of the dialect cutlang, and that matters."""
    from adl.check.dialect import detect
    from adl.stdlib.models import load_model
    from adl.syntax.diagnostics import AnalysisError, Findings

    findings = Findings()
    dialect = detect(tree, source, load_model("nanoaod").schema(), "auto", findings)
    errors = [finding for finding in findings.items if finding.severity == "error"]
    if errors:
        raise AnalysisError(source, errors)
    return dialect == "cutlang"


def _read(path: str) -> Source:
    if path != "-":
        return read_source(path)
    from adl.syntax.source import Source

    try:
        return Source("<stdin>", sys.stdin.buffer.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError(f"standard input is not UTF-8 text: {error.reason}") from None


def _show_diff(source: Source, text: str) -> None:
    old, new = (content.splitlines(keepends=True) for content in (source.text, text))
    for line in unified_diff(old, new, source.name, f"{source.name} (formatted)"):
        styled = click.style(line.rstrip("\r\n"), fg=_COLOURS.get(line[0]))
        click.echo(styled, color=colour())
        if not line.endswith("\n"):
            click.echo("\\ No newline at end of file")


def _write(path: Path, text: str) -> None:
    """Replace a file in one step: whoever reads it meets the old text or the new one."""
    target = path.resolve()  # a link stays a link
    name = ""
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
        os.chmod(name, stat.S_IMODE(target.stat().st_mode))
        os.replace(name, target)
    except OSError as error:
        if name:
            Path(name).unlink(missing_ok=True)
        raise UserError(f"cannot write {path}: {error.strerror}") from None
