"""ROOT files as plain arrays; the only part that knows uproot.

``paths`` finds the files, ``trees`` opens one and names its branches, ``chunks`` reads its events.
Whatever is wrong with a file is an ``InputError`` with its name: it is never a bug of ours.
"""

from __future__ import annotations


class InputError(Exception):
    """A file or tree that cannot be used, why, and what to do about it."""

    def __init__(self, path: str, reason: str, help: str = "") -> None:
        super().__init__(path, reason, help)
        self.path = path
        self.reason = reason
        self.help = help

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" + (f"\n  help: {self.help}" if self.help else "")


class DataError(InputError):
    """Events of a file that cannot be read."""


def first_line(error: BaseException) -> str:
    """Return what an exception says, in one line."""
    return next(
        (line for line in map(str.strip, str(error).splitlines()) if line), type(error).__name__
    )
