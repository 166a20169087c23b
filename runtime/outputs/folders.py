"""Directories of ROOT files that many objects go into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def at_once(root: Any, path: str) -> Iterator[None]:
    """Write what a directory lists when all is in it: uproot writes it anew after each object.

    ``root`` is uproot's writable file; ``path`` is made if it is not there, "" is the file's top.
    """
    folder = root.mkdir(path) if path else root
    writer, sink = folder._cascading, folder.file.sink
    writer.write = lambda sink: None
    try:
        yield
    finally:
        del writer.write
        writer.write(sink)
        sink.flush()
