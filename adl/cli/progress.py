"""The progress bar of long work: events, rate and the time that is left, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adl.runtime.progress import Progress


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show progress on standard error while the body runs."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.completed:,.0f} events"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    # It begins with the first event: what is said about the analysis comes before.
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None, rate="")

    def update(progress: Progress) -> None:
        rate = f"{progress.rate:,.0f} events/s" if progress.rate else ""
        bar.start()
        bar.update(task, completed=progress.events, total=progress.total, rate=rate)

    try:
        yield update
    finally:
        bar.stop()
