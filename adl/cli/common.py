"""What the commands share: reading analyses, showing findings, exit codes. Options: ``options.py``.

Exit codes: 0 all went well; 1 ``adl fmt --check`` would change a file; 2 the user's input has a
mistake or a file could not be used.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.source import Source

_OTHERS = (".yaml", ".yml", ".json", ".json.gz")  # endings of no analysis
DIALECT_NOTE = "N401"
MOST_BYTES = 100_000_000  # of an analysis, comments included

T = TypeVar("T")

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


def colour() -> bool | None:
    """Whether to colour: None leaves it to click, which asks for a terminal.

    NO_COLOR is https://no-color.org's: any value but an empty one.
    """
    return False if os.environ.get("NO_COLOR") else None


class UserError(click.ClickException):
    """A mistake of the user's: one message, exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the message to standard error."""
        mark = click.style("error", fg="red", bold=True)
        click.echo(f"{mark}: {self.message}", err=True, color=colour())


class AnalysisMistakes(UserError):
    """Findings in the text of an analysis, errors among them."""

    def __init__(self, error: AnalysisError) -> None:
        super().__init__(str(error))
        self.error = error

    def show(self, file: Any = None) -> None:
        """Print every finding with its place, unless a comment silences it."""
        from adl.check.silence import silenced

        show_findings(silenced(self.error.diagnostics, self.error.source), self.error.source)


class Several(UserError):
    """Mistakes of several files, told one after the other."""

    def __init__(self, mistakes: Iterable[UserError]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(one) for one in self.mistakes))

    def show(self, file: Any = None) -> None:
        """Print each as it is."""
        for one in self.mistakes:
            one.show(file)


def read_all(paths: Iterable[str], readers: Iterable[Callable[[str], T]]) -> list[T]:
    """Return what is read of some files; mistakes of all of them are told in one run."""
    paths = tuple(paths)
    if paths.count("-") > 1:
        raise UserError("- is standard input, which is one analysis: name files for the others")
    found: list[T] = []
    mistakes: dict[str, UserError] = {}  # by the file: one that is named twice has them once
    for path, read in zip(paths, readers, strict=True):
        try:
            found.append(read(path))
        except UserError as mistake:
            mistakes.setdefault(path, mistake)
    if mistakes:
        raise Several(mistakes.values()) if len(mistakes) > 1 else next(iter(mistakes.values()))
    return found


def show_findings(findings: Iterable[Diagnostic], source: Source) -> None:
    """Print findings to standard error, coloured on a terminal."""
    for finding in findings:
        text = finding.render(source)
        mark = f"{finding.severity}[{finding.code}]"
        styled = click.style(mark, fg=_COLOURS[finding.severity], bold=True)
        click.echo(text.replace(mark, styled, 1), err=True, color=colour())


def told_by_a_run(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return findings without notes, which are for `adl check`: but for the dialect's.

    It alone decides what comes out.
    """
    return [f for f in findings if f.severity != "note" or f.code == DIALECT_NOTE]


def show_note(text: str) -> None:
    """Print what is good to know, to standard error."""
    mark = click.style("note", fg=_COLOURS["note"], bold=True)
    click.echo(f"{mark}: {text}", err=True, color=colour())


def show_warning(text: str) -> None:
    """Print what is probably not meant, to standard error."""
    mark = click.style("warning", fg=_COLOURS["warning"], bold=True)
    click.echo(f"{mark}: {text}", err=True, color=colour())


def read_source(path: str) -> Source:
    """Read an analysis file; - is standard input."""
    name = "<stdin>" if path == "-" else path
    if path.lower().endswith(_OTHERS):
        help = "adl datasets check reads a dataset list, adl inspect a file of corrections"
        raise UserError(f"{path} is no analysis by its name\n  help: {help}")
    try:
        content = _bytes(path)
    except IsADirectoryError:
        raise UserError(f"{path} is a folder, not an analysis file") from None
    except FileNotFoundError:
        raise UserError(f"{path}: No such file or directory{_near(path)}") from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise UserError(f"{name} has more than {MOST_BYTES // 1_000_000} MB: that is no analysis")
    if content.startswith(b"root"):
        raise UserError(f"{path} is a ROOT file: the analysis comes first, then the inputs")
    try:
        return Source(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(
            f"{name}:{line}: byte 0x{content[error.start]:02x} is not UTF-8 text\n"
            "  help: save the file as UTF-8; an analysis is plain text"
        ) from error


def _near(path: str) -> str:
    from adl.runtime.inputs.paths import near  # here, as only a misspelt name needs it

    help = near(path)
    return f"\n  help: {help}" if help else ""


def _bytes(path: str) -> bytes:
    """Return what a file or standard input holds, one byte more than an analysis may have."""
    if path == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with open(path, "rb") as file:
        return file.read(MOST_BYTES + 1)


def check_folder(path: str) -> None:
    """Refuse a folder for results that cannot be made or written."""
    folder = Path(path)
    if not path:
        raise UserError("the name of the folder for results is empty")
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{path} is a file: results need a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"cannot write results in {path}: {error.strerror}") from None
