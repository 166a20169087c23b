"""Analyses as texts that a command rewrites: read, compared and replaced."""

from __future__ import annotations

import os
import stat
import tempfile
from difflib import unified_diff
from pathlib import Path

import click

from adl.cli.common import UserError, colour, read_source
from adl.syntax.source import Source

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def read_text(path: str) -> Source:
    """Read an analysis file, or standard input for -."""
    return read_source(path)


def show_diff(source: Source, text: str, what: str) -> None:
    """Print what changes; ``what`` says in brackets what the new text is."""
    old, new = (content.splitlines(keepends=True) for content in (source.text, text))
    for line in unified_diff(old, new, source.name, f"{source.name} ({what})"):
        styled = click.style(line.rstrip("\r\n"), fg=_COLOURS.get(line[0]))
        click.echo(styled, color=colour())
        if not line.endswith("\n"):
            click.echo("\\ No newline at end of file")


def write_text(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it meets the old text or the new one."""
    target = path.resolve()  # a link stays a link
    name = ""
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
        os.chmod(name, stat.S_IMODE(target.stat().st_mode) if target.exists() else _new_mode())
        os.replace(name, target)
    except OSError as error:
        if name:
            Path(name).unlink(missing_ok=True)
        raise UserError(f"cannot write {path}: {error.strerror}") from None


def _new_mode() -> int:
    """Return the mode of a file that is new."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
