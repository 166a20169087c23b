"""Writers of results, one module a format, and what they share: a file appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class OutputError(Exception):
    """Results that could not be written; the message names the directory and the reason."""


@contextlib.contextmanager
def replacing(directory: str | os.PathLike[str], name: str) -> Iterator[IO[bytes]]:
    """An open binary file that takes the place of ``directory/name`` when the block ends well.

    The directory is made if need be. Until the block ends the data are in a file beside the old
    one, and an exception in the block leaves the old one as it was.

    Raises:
        OutputError: The directory or the file cannot be written.
    """
    directory = Path(directory)
    # Not tempfile: it makes files that only their owner may read, and these are to be shared.
    temporary = directory / f".{name}.{os.getpid()}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("w+b") as file:
                yield file
            os.replace(temporary, directory / name)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"cannot write {name} in {directory}: {reason}") from error
