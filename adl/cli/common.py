"""What the commands share: reading analyses, showing findings, exit codes.

Exit codes: 0 all went well; 2 the user's input has a mistake or a file could not be used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.source import Source

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}

F = TypeVar("F", bound=Callable[..., Any])


class UserError(click.ClickException):
    """A mistake of the user's: one message, exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the message to standard error."""
        click.echo(f"{click.style('error', fg='red', bold=True)}: {self.message}", err=True)


class AnalysisMistakes(UserError):
    """Findings in the text of an analysis, errors among them."""

    def __init__(self, error: AnalysisError) -> None:
        super().__init__(str(error))
        self.error = error

    def show(self, file: Any = None) -> None:
        """Print every finding with its place."""
        show_findings(self.error.diagnostics, self.error.source)


def show_findings(findings: Iterable[Diagnostic], source: Source) -> None:
    """Print findings to standard error, coloured on a terminal."""
    for finding in findings:
        text = finding.render(source)
        mark = f"{finding.severity}[{finding.code}]"
        colour = _COLOURS[finding.severity]
        click.echo(text.replace(mark, click.style(mark, fg=colour, bold=True), 1), err=True)


def read_source(path: str) -> Source:
    """Read an analysis file."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    try:
        return Source(path, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}:{line}: byte 0x{content[error.start]:02x} is not UTF-8 text\n"
            "  help: save the file as UTF-8; an analysis is plain text"
        ) from error


def dialect_option(command: F) -> F:
    """Add ``--dialect``."""
    choices = click.Choice(["auto", "adl", "cutlang"])
    return click.option(
        "--dialect",
        type=choices,
        default="auto",
        show_default=True,
        help="How to read the few constructs on which tools differ.",
    )(command)


def model_option(command: F) -> F:
    """Add ``--model``."""
    return click.option(
        "--model",
        default="nanoaod",
        show_default=True,
        metavar="NAME",
        help="Object model of the input: a built-in name or a YAML file.",
    )(command)
