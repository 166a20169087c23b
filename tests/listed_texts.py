"""Texts of dataset lists beside files of nothing, and the mistakes in them."""

from __future__ import annotations

from pathlib import Path

from adl.runtime.datasets.lists import DatasetList
from adl.runtime.datasets.reading import read_list
from adl.syntax.diagnostics import AnalysisError


def with_files(folder: Path) -> Path:
    """Return a folder with empty files a, b and sub/c, and a text that names two of them."""
    for name in ("a.root", "b.root", "sub/c.root"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "sub" / "files.txt").write_text("# two files\n\nc.root\n../b.root  # the other\n")
    return folder


def read(folder: Path, text: str, name: str = "list.yaml") -> DatasetList:
    """Return what a text means as a list in a folder."""
    (folder / name).write_text(text)
    return read_list(str(folder / name))[0]


def mistakes(folder: Path, text: str, name: str = "list.yaml") -> list[str]:
    """Return the code, line and column of every mistake."""
    try:
        read(folder, text, name)
    except AnalysisError as error:
        places = [error.source.position(d.span.start) for d in error.diagnostics]
        return [
            f"{d.code} {line}:{column}"
            for d, (line, column) in zip(error.diagnostics, places, strict=True)
        ]
    return []
