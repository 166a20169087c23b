"""YAML as nodes: mappings with names, words, and errors that name the line."""

from __future__ import annotations

from pathlib import Path

import yaml

from adl.stdlib.models import ModelError


def compose(path: Path) -> yaml.Node:
    """Return the root of a file.

    Raises:
        ModelError: it is no YAML, or empty; with the line.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with path.open("rb") as file:
            root = yaml.compose(file, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ModelError(f"{path}:{line}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ModelError(f"{path}:1: {error}") from error
    if root is None:
        raise ModelError(f"{path}:1: the file is empty")
    return root


def entries_of(node: yaml.Node | None, allowed: tuple[str, ...] = ()) -> dict[str, yaml.Node]:
    """Return a mapping's values by name, perhaps only of some; nothing is an empty mapping."""
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise mistake_at(node, "expected `name: ...` lines")
    out: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise mistake_at(key, "expected a name before the colon")
        if key.value in out:
            raise mistake_at(key, f"{key.value} stands here twice")
        if allowed and key.value not in allowed:
            raise mistake_at(key, f"unknown {key.value!r}: expected {', '.join(allowed)}")
        out[key.value] = value
    return out


def words_of(node: yaml.Node | None) -> tuple[str, ...]:
    """Return words with blanks between them; nothing is no words."""
    if node is None:
        return ()
    if not isinstance(node, yaml.ScalarNode):
        raise mistake_at(node, "expected names with blanks between them")
    return tuple(node.value.split())


def mistake_at(node: yaml.Node, message: str) -> ModelError:
    """Return an error at the line of a node."""
    mark = node.start_mark
    return ModelError(f"{mark.name}:{mark.line + 1}: {message}")
