"""Options that commands share, and what they say.

Each adds one option, or a few that belong together, to a command.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from adl.cli.common import UserError, show_note

if TYPE_CHECKING:
    from adl.check.dataset import Dataset, Kind

Places = Callable[[str], tuple[str, ...]]  # where a file may be, in the order in which to try
F = TypeVar("F", bound=Callable[..., Any])


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


def format_option(*forms: str, help: str = "For people or for programs.") -> Callable[[F], F]:
    """Return what adds ``--format``: text, or one of the other forms, as ``form``."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", *forms]),
        default="text",
        show_default=True,
        help=help,
    )


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
