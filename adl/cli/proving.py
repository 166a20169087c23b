"""What commands that prove share: a note where the solver is missing, and progress by pairs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from adl.cli.common import show_note

if TYPE_CHECKING:
    from adl.compiler.prove.study import Progress


def note_without_solver() -> None:
    """Say that intervals alone prove, where z3 is not installed."""
    from adl.compiler.prove import smt

    if not smt.available():
        show_note("z3 is not installed, intervals alone are used: pip install 'adlc[prove]'")


@contextmanager
def pairs_progress(quiet: bool) -> Iterator[Progress | None]:
    """Show how many pairs are done on standard error, on a terminal only."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description} pairs"), BarColumn(), MofNCompleteColumn()
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("proving", total=None)

        def update(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield update
