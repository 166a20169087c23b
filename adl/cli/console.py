"""Standard output for styled text that has text of an analysis in it."""

from __future__ import annotations

import io
import sys

from rich.console import Console


def text_console() -> Console:
    """Return a console that leaves brackets and numbers alone; in a pipe no line is broken."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a locale without some character loses only it
        sys.stdout.reconfigure(errors="replace")
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = 10_000
    return console
