"""Files of corrections: what is in them, read and validated by correctionlib itself.

A file is read once as long as it does not change. ``correctionlib`` is imported only here and in
``formulas``, when a file is first read.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from adl.stdlib.corrections.numbers import number

# What ``correctionlib`` evaluates, and what is read here.
SCHEMA = 2
_OPERATIONS = {"+": "add", "*": "mul", "/": "div", "last": "last"}
_GZIP = b"\x1f\x8b"

Kind = Literal["string", "int", "real"]


class CorrectionFileError(Exception):
    """A file that cannot be used; ``version`` if only its schema version is at fault."""

    def __init__(self, message: str, version: bool = False) -> None:
        super().__init__(message)
        self.version = version


@dataclass(frozen=True)
class Input:
    """An input of a correction, or its output."""

    name: str
    kind: Kind
    description: str = ""


@dataclass(frozen=True, eq=False)
class Correction:
    """One correction of a file: its inputs, and its content as the file has it.

    A compound one has a ``stack`` instead: each correction is applied to the inputs as those before
    it have changed them (``updated`` by ``update``), and the outputs are joined with ``join``.
    """

    path: str
    name: str
    description: str
    version: int
    inputs: tuple[Input, ...]
    output: Input
    data: Any = None
    formulas: tuple[Any, ...] = ()
    stack: tuple[Correction, ...] = ()
    updated: tuple[str, ...] = ()
    update: str = ""
    join: str = ""
    _categories: dict[str, tuple[str | int, ...]] = field(default_factory=dict, repr=False)

    def place(self, name: str) -> int:
        """Return the place of an input."""
        return next(i for i, given in enumerate(self.inputs) if given.name == name)

    def categories(self, name: str) -> tuple[str | int, ...]:
        """Return the keys that the file has for an input, in its order; not those of a default."""
        if name not in self._categories:
            own = dict.fromkeys(_keys(self.data, name))
            for part in self.stack:
                if any(given.name == name for given in part.inputs):
                    own.update(dict.fromkeys(part.categories(name)))
            self._categories[name] = tuple(own)
        return self._categories[name]


@dataclass(frozen=True, eq=False)
class CorrectionFile:
    """The corrections of a file by name, compound ones last."""

    path: str
    description: str
    corrections: Mapping[str, Correction]


def read(path: Path) -> CorrectionFile:
    """Return what a file holds.

    Raises:
        CorrectionFileError: it is no file of corrections, or of another schema version.
        OSError: it cannot be read.
    """
    state = path.stat()
    return _read(str(path), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _read(path: str, _changed: int, _size: int) -> CorrectionFile:
    text = _text(Path(path))
    try:
        content = json.loads(text, parse_float=number)
    except (ValueError, RecursionError) as error:
        raise CorrectionFileError(f"it is no JSON ({error})") from None
    if not isinstance(content, dict) or "schema_version" not in content:
        raise CorrectionFileError("it does not say a schema_version, as files of correctionlib do")
    if content["schema_version"] != SCHEMA:
        version = content["schema_version"]
        raise CorrectionFileError(
            f"its schema version is {version!r}, only {SCHEMA} is known", True
        )
    _validate(text)
    try:
        return _file(path, content)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        # What correctionlib lets pass and does not look at; we need it.
        raise CorrectionFileError(f"it is incomplete ({error!r})") from None


def _text(path: Path) -> str:
    """Return a file's text, unpacked if it is packed: by its first bytes, as correctionlib does."""
    content = path.read_bytes()
    try:
        return (gzip.decompress(content) if content.startswith(_GZIP) else content).decode()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorrectionFileError(f"it cannot be unpacked ({error})") from None
    except UnicodeDecodeError:
        raise CorrectionFileError("it is no text") from None


def _validate(text: str) -> None:
    """Let correctionlib read it: what it refuses is refused here, in its words."""
    from correctionlib import _core

    try:
        _core.CorrectionSet.from_string(text)
    except (RuntimeError, IndexError, ValueError) as error:
        raise CorrectionFileError(f"correctionlib refuses it: {error}") from None


def _file(path: str, content: dict[str, Any]) -> CorrectionFile:
    found = {c["name"]: _correction(path, c) for c in content["corrections"]}
    for compound in content.get("compound_corrections") or ():
        found[compound["name"]] = _compound(path, compound, found)
    return CorrectionFile(path, content.get("description") or "", found)


def _correction(path: str, content: dict[str, Any]) -> Correction:
    return Correction(
        path,
        content["name"],
        content.get("description") or "",
        content["version"],
        tuple(map(_input, content["inputs"])),
        _input(content["output"]),
        content["data"],
        tuple(content.get("generic_formulas") or ()),
    )


def _compound(path: str, content: dict[str, Any], known: Mapping[str, Correction]) -> Correction:
    return Correction(
        path,
        content["name"],
        content.get("description") or "",
        0,
        tuple(map(_input, content["inputs"])),
        _input(content["output"]),
        stack=tuple(known[name] for name in content["stack"]),
        updated=tuple(content["inputs_update"]),
        update=_OPERATIONS[content["input_op"]],
        join=_OPERATIONS[content["output_op"]],
    )


def _input(content: dict[str, Any]) -> Input:
    return Input(content["name"], content["type"], content.get("description") or "")


def _keys(content: Any, name: str) -> Iterator[str | int]:
    """Yield the keys of an input's categories, in the file's order."""
    todo = [content]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo += reversed(node)
        elif isinstance(node, dict):
            if node.get("nodetype") == "category" and node["input"] == name:
                yield from (item["key"] for item in node["content"])
            todo += reversed([v for v in node.values() if isinstance(v, (dict, list))])
