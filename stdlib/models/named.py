"""The columns that a user's own model names, with their lines, so that a file can be held to them.

Our own models list what files of a format can have; in a user's the columns are those of the user's
files, and one that is not there is worth a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from adl.stdlib.models import CollectionSchema, Formula, Schema, SingletonSchema
from adl.stdlib.models.nodes import compose, entries_of, words_of


class Named(NamedTuple):
    """A column by the names that it can have, and the line that names it."""

    columns: tuple[str, ...]
    place: str  # file:line


def named_columns(path: Path, parts: Collection[str], schema: Schema) -> tuple[Named, ...]:
    """Return what a file itself names, not what it extends; ``schema`` is what both list."""
    root = entries_of(compose(path), tuple(parts))
    lines = path.read_text(encoding="utf-8").splitlines()
    found: list[Named] = []
    known: Mapping[str, Mapping[str, CollectionSchema] | Mapping[str, SingletonSchema]] = {
        "collections": schema.collections,
        "singletons": schema.singletons,
    }
    for part, owners in known.items():
        for name, node in entries_of(root.get(part)).items():
            for attribute, line in _attributes(node, lines):
                columns = _columns(owners[name], attribute)
                found += [Named(columns, f"{path}:{line}")] if columns else []
    for node in entries_of(root.get("scalars")).values():
        found += [Named((w,), f"{path}:{line}") for w, line in _words(node, lines)]
    return tuple(found)


def absent(named: Collection[Named], branches: Collection[str]) -> list[str]:
    """Return what is to be said of columns that a file has not, a line of the model at a time."""
    missing: dict[str, list[str]] = {}
    for column in named:
        if not any(name in branches for name in column.columns):
            missing.setdefault(column.place, []).append(" or ".join(column.columns))
    return [f"{place}: {_and(columns)}: not in" for place, columns in missing.items()]


def _attributes(node: yaml.Node, lines: list[str]) -> Iterator[tuple[str, int]]:
    """Yield the attributes for which an object has columns of its own, and where they are named."""
    entries = entries_of(node)
    if "of" in entries:
        return
    for key, value in entries.items():
        if key == "columns":
            for attribute, words in entries_of(value).items():
                yield attribute, words.start_mark.line + 1
        elif re.fullmatch(r"bool|u?int\d+|float\d+", key):
            yield from _words(value, lines)


def _words(node: yaml.Node, lines: list[str]) -> Iterator[tuple[str, int]]:
    """Yield words, each with its line where they are spread over several."""
    start, end = node.start_mark.line, node.end_mark.line
    for word in words_of(node):
        whole = re.compile(rf"(?<!\S){re.escape(word)}(?![^\s}},])")
        within = range(start, min(end + 1, len(lines)))
        yield word, next((n for n in within if whole.search(lines[n])), start) + 1


def _columns(owner: CollectionSchema | SingletonSchema, attribute: str) -> tuple[str, ...]:
    """Return the columns that an attribute can be; none of one that is computed."""
    branch = owner.attributes.get(attribute)
    element = owner.element if isinstance(owner, SingletonSchema) else None
    if element is not None:
        return _columns(element, attribute)
    if owner.storage is None:
        return () if branch is None or isinstance(branch, Formula) else (branch.name,)
    words = owner.storage.columns.get(attribute, (f"{attribute}{owner.storage.suffix}",))
    return tuple(f"{prefix}{word}" for prefix in owner.storage.prefixes for word in words)


def _and(names: list[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if names[1:] else "") + names[-1]
