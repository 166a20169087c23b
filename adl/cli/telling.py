"""The results of a run, printed and written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adl.cli.common import UserError, show_note
from adl.cli.lists import print_wrote
from adl.cli.profile import METRICS, Profiled

if TYPE_CHECKING:
    from adl.runtime.outputs.keeper import Keeper
    from adl.runtime.results import Results

_NAMED = 5  # files of saves


def print_results(results: Results, keepers: list[Keeper], output: str | None) -> None:
    """Print cutflows, processes and rows, and what was written.

    Raises:
        UserError: nothing can be printed there.
    """
    from adl.cli.rows import print_rows
    from adl.cli.tables import print_cutflows

    try:
        print_cutflows(results)
        if results.datasets:
            from adl.cli.listed import print_processes

            print_processes(results)
        for keeper in keepers:
            print_rows(keeper)
        if output is not None:
            click.echo(f"wrote {output}/results.json and {output}/results.root")
            print_wrote(keepers, output)
        elif results.histograms:
            number = len(results.histograms)
            click.echo(f"-o DIR keeps the {number} histogram{'s' if number > 1 else ''}", err=True)
        files = sum(not file["error"] for file in results.files)
        if files > 1 and not results.datasets:
            process = results.cutflows[0].process
            after = " after the first" if process.name == process.dataset else ""
            click.echo(f"{files} files are one process, {process.name}{after}", err=True)
    except BrokenPipeError:
        raise  # whoever reads has seen enough: click ends the command quietly
    except OSError as error:
        raise UserError(f"cannot print: {error.strerror}") from None


def note_unwritten(keepers: list[Keeper]) -> None:
    """Say which saves of the analysis are written nowhere."""
    names = list(dict.fromkeys(name for keeper in keepers for name in keeper.unwritten))
    if names:
        few = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
        show_note(
            f"{few}, which the analysis saves, {'are' if names[1:] else 'is'} written with -o DIR"
        )


def write_results(results: Results, output: str, profiled: Profiled | None = None) -> None:
    """Write results.json and results.root.

    Raises:
        UserError: they cannot be written there.
    """
    from adl.runtime.profile.meter import stage

    with stage("start"):
        from adl.runtime.outputs import OutputError
        from adl.runtime.outputs.json_ import write_json
        from adl.runtime.outputs.root import write_root

    results = replace(results, metrics=METRICS if profiled else "")
    try:
        Path(output, METRICS).unlink(missing_ok=True)  # of another run
        with stage("write"):
            write_json(results, Path(output))
            write_root(results, Path(output))
    except (OutputError, OSError) as error:
        raise UserError(str(error)) from None
