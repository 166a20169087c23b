"""The files of a dataset: names, globs and texts relative to the list; none is claimed twice."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath
from typing import Protocol

from adl.runtime.datasets.foreign import lines
from adl.runtime.datasets.texts import Document, Path
from adl.runtime.inputs import InputError
from adl.runtime.inputs.paths import expand, is_url
from adl.syntax.diagnostics import Findings
from adl.syntax.source import Source, Span

Found = list[tuple[str, Span]]


class Reports(Protocol):
    """Takes mistakes at a value of a list."""

    def error(
        self, code: str, message: str, place: Path, help: str = "", named: bool = False
    ) -> None:
        """Record a mistake."""


def find_files(
    names: Sequence[str], folder: FilePath, document: Document, place: Path, reports: Reports
) -> Found:
    """Return the files that the names of a dataset stand for, each with the place of its name."""
    found: Found = []
    for i, name in enumerate(names):
        at = (*place, i) if (*place, i) in document.places else place
        try:
            paths = _listed(name, folder) if name.lower().endswith(".txt") else [name]
            for path in _found(paths, folder):
                found.append((path, document.place(at)))
        except InputError as error:
            help = f"paths begin in {folder}, the folder of the list"
            reports.error("E505", f"{error.path}: {error.reason}", at, error.help or help)
    return found


def _found(names: Iterable[str], folder: FilePath) -> list[str]:
    return [path for name in names for path in expand([below(name, folder)])]


def _listed(name: str, folder: FilePath) -> list[str]:
    """Return what a text with a file a line names, below the folder of that text."""
    path = below(name, folder)
    try:
        text = FilePath(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(path, (error.strerror or str(error)).lower()) from None
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text") from None
    here = os.path.relpath(FilePath(path).parent, folder)
    return [below(line, FilePath(here)) for line, _ in lines(Source(path, text))]


def below(name: str, folder: FilePath) -> str:
    """Return where a file of a list is: relative names begin in the folder of the list."""
    if is_url(name) or os.path.isabs(name):
        return name
    return os.path.normpath(folder / name)


class Claims:
    """Which dataset has which file."""

    def __init__(self, findings: Findings, source: Source) -> None:
        self.findings = findings
        self.source = source
        self.owners: dict[str, tuple[str, Span]] = {}

    def add(self, dataset: str, files: Found) -> None:
        """Note the files of a dataset, and report one that is claimed already."""
        for path, span in files:
            key = path if is_url(path) else os.path.realpath(path)
            owner, first = self.owners.setdefault(key, (dataset, span))
            if first is span and owner == dataset:
                continue
            line = self.source.position(first.start)[0]
            whose = "this dataset" if owner == dataset else owner
            message = f"{path} is a file of {whose} already, by line {line}"
            help = "its events would count twice"
            self.findings.error("E506", message, span, help)
