"""ROOT files as plain arrays; the only part that knows uproot.

``paths`` finds the files, ``trees`` opens one and names its branches, ``chunks`` reads its events.
Whatever is wrong with a file is an ``InputError`` with its name: it is never a bug of ours.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


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


def way_out(error: BaseException) -> str:
    """Return what to do about bytes that make no sense; what a system or server says stands alone."""
    if isinstance(error, OSError):
        return ""
    return (
        "copy the file again; if it stays so it is damaged, or of a kind that uproot does not read"
    )


def reason(error: BaseException) -> str:
    """Return what an exception says, in one line; uproot's go on for a page."""
    text = getattr(error, "message", None) or str(error)
    lines = [line.strip() for line in str(text).splitlines()]
    return next((line for line in lines if line), type(error).__name__)


@contextlib.contextmanager
def reading(path: str, branch: str, start: int, stop: int) -> Iterator[None]:
    """Turn whatever uproot and numpy meet in bytes that are not as they should be to DataError."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        what = f"{branch}: entries {start} to {stop} cannot be read: {reason(error)}"
        raise DataError(path, what, way_out(error)) from error
