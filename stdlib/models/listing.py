"""The YAML file of an object model; nanoaod.yaml explains its format.

It is read as nodes and not as values: a node has a line to name in an error, a key that stands
twice is seen, and ``on`` stays a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from adl.stdlib.models import (
    ATTRIBUTE_ALIASES,
    Branch,
    CollectionSchema,
    ModelError,
    Schema,
    SingletonSchema,
)

_PARTS = ("collections", "singletons", "scalars", "attribute_aliases", "scalar_aliases")
_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "float32", "float64"),
)


def read(path: Path) -> Schema:
    """Return the schema that a file lists.

    Raises:
        ModelError: the file breaks the format; with the line.
    """
    return _schema(path.stem, _compose(path))


def _compose(path: Path) -> yaml.Node:
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


def _schema(model: str, root: yaml.Node) -> Schema:
    parts = _entries(root, _PARTS)
    nodes = {part: _entries(parts.get(part)) for part in ("collections", "singletons")}
    collections = {n: _listed_collection(n, node) for n, node in nodes["collections"].items()}
    singletons = {n: _listed_singleton(n, node) for n, node in nodes["singletons"].items()}
    _refuse_shared_aliases(nodes["collections"], collections.values())
    _refuse_shared_aliases(nodes["singletons"], singletons.values())
    columns = _columns(_entries(parts.get("scalars")), "", None)
    counters = [c.counter for c in collections.values() if c.counter is not None]
    members = [b for s in singletons.values() for b in s.attributes.values()]
    common = {alias: name for name, words in ATTRIBUTE_ALIASES.items() for alias in words}
    return Schema(
        model=model,
        collections=collections,
        singletons=singletons,
        scalars={b.name: b for b in [*columns.values(), *counters, *members]},
        attribute_aliases={**common, **_alias_table(parts.get("attribute_aliases"))},
        complete=False,
        scalar_aliases=_alias_table(parts.get("scalar_aliases")),
    )


def _listed_collection(name: str, node: yaml.Node) -> CollectionSchema:
    entries = _entries(node)
    aliases = _words(entries.pop("aliases", None))
    ordered_node, own = entries.pop("ordered", None), entries.pop("values", None)
    counter = Branch(f"n{name}", "uint32", None)
    attributes = _columns(entries, f"{name}_", counter.name)
    for dtype in _words(own):
        attributes[""] = Branch(name, _dtype(own or node, dtype), counter.name)
    ordered = " ".join(_words(ordered_node)) or None
    if ordered is not None and ordered not in attributes:
        raise _error(ordered_node or node, f"{name} is ordered by {ordered!r}, which it lacks")
    return CollectionSchema(name, aliases, attributes, counter, ordered)


def _listed_singleton(name: str, node: yaml.Node) -> SingletonSchema:
    entries = _entries(node)
    aliases = _words(entries.pop("aliases", None))
    return SingletonSchema(name, aliases, _columns(entries, f"{name}_", None))


def _columns(
    entries: Mapping[str, yaml.Node], prefix: str, counter: str | None
) -> dict[str, Branch]:
    out: dict[str, Branch] = {}
    for dtype, node in entries.items():
        for name in _words(node):
            if name in out:
                raise _error(node, f"{prefix}{name} is listed twice")
            out[name] = Branch(f"{prefix}{name}", _dtype(node, dtype), counter)
    return out


def _dtype(node: yaml.Node, name: str) -> str:
    if name not in _DTYPES:
        raise _error(node, f"unknown type {name!r}: numpy's names are meant, as in float32")
    return name


def _alias_table(node: yaml.Node | None) -> dict[str, str]:
    return {alias: name for name, words in _entries(node).items() for alias in _words(words)}


def _refuse_shared_aliases(
    nodes: Mapping[str, yaml.Node], owners: Iterable[CollectionSchema | SingletonSchema]
) -> None:
    seen: dict[str, str] = {}
    for owner in owners:
        for alias in owner.aliases:
            first = seen.setdefault(alias, owner.name)
            if first != owner.name:
                raise _error(nodes[owner.name], f"{alias} already is an alias of {first}")


def _entries(node: yaml.Node | None, allowed: tuple[str, ...] = ()) -> dict[str, yaml.Node]:
    """Return a mapping's values by name, perhaps only of some; nothing is an empty mapping."""
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise _error(node, "expected `name: ...` lines")
    out: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _error(key, "expected a name before the colon")
        if key.value in out:
            raise _error(key, f"{key.value} stands here twice")
        if allowed and key.value not in allowed:
            raise _error(key, f"unknown {key.value!r}: a model has {', '.join(allowed)}")
        out[key.value] = value
    return out


def _words(node: yaml.Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    if not isinstance(node, yaml.ScalarNode):
        raise _error(node, "expected names with blanks between them")
    return tuple(node.value.split())


def _error(node: yaml.Node, message: str) -> ModelError:
    mark = node.start_mark
    return ModelError(f"{mark.name}:{mark.line + 1}: {message}")
