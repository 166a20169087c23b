"""What the commands share: reading analyses, showing findings, exit codes.

Exit codes: 0 all went well; 1 ``adl fmt --check`` would change a file; 2 the user's input has a
mistake or a file could not be used.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.source import Source

if TYPE_CHECKING:
    from adl.check.dataset import Dataset, Kind

_OTHERS = (".yaml", ".yml", ".json", ".json.gz")  # endings of no analysis
DIALECT_NOTE = "N401"
MOST_BYTES = 100_000_000  # of an analysis, comments included

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}

Places = Callable[[str], tuple[str, ...]]  # where a file may be, in the order in which to try
F = TypeVar("F", bound=Callable[..., Any])


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
        default="auto",
        show_default=True,
        metavar="NAME",
        help="Object model of the input: a built-in name, a YAML file, or what the file shows.",
    )(command)


def model_path_option(command: F) -> F:
    """Add ``--model-path``."""
    return click.option(
        "--model-path",
        multiple=True,
        metavar="FOLDER",
        envvar="ADL_MODEL_PATH",
        help="Look for networks here, too; beside the analysis in any case. Repeatable.",
    )(command)


def rewrite_option(command: F) -> F:
    """Add ``--rewrite`` and ``--patience``.

    The command is given where a file may be, as a function of its name; patience is the program's.
    """
    command = click.option(
        "--patience",
        metavar="SECONDS",
        type=click.FloatRange(min=0),
        default=30,
        show_default=True,
        expose_value=False,
        is_eager=True,
        callback=_be_patient,
        help="Try a server that fails again for so long; 0 is one attempt.",
    )(command)
    return click.option(
        "--rewrite",
        "places",
        metavar="FROM=TO",
        multiple=True,
        callback=lambda context, parameter, texts: places_of(texts),
        help="Look for files whose name begins with FROM at TO first, as in a cache. Repeatable.",
    )(command)


def _be_patient(context: click.Context, parameter: click.Parameter, seconds: float) -> None:
    from adl.runtime.inputs.patience import PATIENCE

    PATIENCE.seconds, PATIENCE.told = seconds, show_note
    PATIENCE.silent.clear()


def as_called(path: str) -> tuple[str, ...]:
    """Return where a file is that may be nowhere else."""
    return (path,)


def places_of(texts: Iterable[str]) -> Places:
    """Return what says where a file may be, by the texts that ``--rewrite`` is given."""
    pairs = []
    for text in texts:
        old, equals, new = text.partition("=")
        if not (old and equals and new):
            raise UserError(f"--rewrite {text}: expected FROM=TO, as in root://far/=root://cache/")
        pairs.append((old, new))

    def places(path: str) -> tuple[str, ...]:
        from adl.runtime.inputs.paths import rewritten

        return rewritten(path, pairs)

    return places


def tree_option(command: F) -> F:
    """Add ``--tree``."""
    return click.option(
        "--tree", metavar="NAME", help="Tree of the events, where a file has several."
    )(command)


def jobs_option(help: str) -> Callable[[F], F]:
    """Return what adds ``--jobs``: threads, as many as there are processors."""
    return click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=1),
        default=lambda: len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
        show_default="the CPUs available",
        metavar="N",
        help=help,
    )


def seed_option(help: str = "As in `adl run`.") -> Callable[[F], F]:
    """Return what adds ``--seed``."""
    return click.option(
        "--seed",
        type=click.IntRange(0, 2**63 - 1),
        default=1,
        show_default=True,
        metavar="N",
        help=help,
    )


def lenient_option(command: F) -> F:
    """Add ``--lenient``."""
    return click.option(
        "--lenient",
        is_flag=True,
        help="Read mistakes that have one possible reading, with a warning that says it.",
    )(command)


def dataset_options(command: F) -> F:
    """Add ``--data``, ``--simulation``, ``--process``, ``--era``, ``--stream``, ``--constant``."""
    options = (
        click.option("--data", "kind", flag_value="data", help="The input is data: isData."),
        click.option(
            "--simulation", "kind", flag_value="simulation", help="The input is simulated."
        ),
        click.option("--process", metavar="NAME", default="", help="What `process` is."),
        click.option("--era", metavar="ERA", default="", help="What `era` is, as in 2018."),
        click.option("--stream", metavar="NAME", default="", help="The stream of data."),
        click.option(
            "--constant",
            "constants",
            metavar="NAME=VALUE",
            multiple=True,
            help="What dataset.NAME is; may be given again.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def dataset_of(
    kind: str | None, process: str, era: str, stream: str, constants: Iterable[str]
) -> Dataset:
    """Return what the options of ``dataset_options`` say."""
    from adl.check.dataset import Dataset

    known = {}
    for text in constants:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UserError(f"--constant {text}: expected NAME=VALUE, as in x_kfactor=1.2")
        known[name] = _constant(value)
    return Dataset(cast("Kind", kind or ""), process, era, stream, known)


def _constant(text: str) -> bool | float | str:
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text
