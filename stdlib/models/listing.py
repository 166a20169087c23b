"""The YAML file of an object model; nanoaod.yaml explains its format.

It is read as nodes and not as values: a node has a line to name in an error, a key that stands
twice is seen, and ``on`` stays a word. A file that extends another is laid over it, node by node.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from adl.stdlib.models import (
    ATTRIBUTE_ALIASES,
    Model,
    ModelError,
    Recognition,
    Schema,
    Version,
    model_path,
)
from adl.stdlib.models.choices import Choice
from adl.stdlib.models.contradictions import refuse_broken_relations, refuse_shared_aliases
from adl.stdlib.models.listed import (
    STORAGE,
    UNITS,
    columns_of,
    formulas_of,
    listed_collection,
    listed_part,
    listed_singleton,
    storage_of,
)
from adl.stdlib.models.merging import over
from adl.stdlib.models.named import named_columns
from adl.stdlib.models.nodes import compose, entries_of, mistake_at, words_of

_PARTS = (
    *("collections", "singletons", "scalars", "computed", "storage", "formulas", "recognise"),
    *("versions", "extends", "attribute_aliases", "scalar_aliases", "choices", "working_points"),
    *("simulation", "weights", "counters", "counted", "counted_each"),
    *("triggers", "absent"),
)


def read(path: Path) -> Model:
    """Return the model that a file describes, with what it extends.

    Raises:
        ModelError: the file breaks the format; with the line.
    """
    root, extends = _whole(path, ())
    parts = entries_of(root, _PARTS)
    recognise, schema = parts.get("recognise"), _schema(path.stem, parts)
    own = path.resolve().parent != Path(__file__).resolve().parent
    return Model(
        path.stem,
        schema,
        _recognition(recognise) if recognise is not None else None,
        tuple(_version(n, node) for n, node in entries_of(parts.get("versions")).items()),
        extends,
        named_columns(path, _PARTS, schema) if own else (),
    )


def _whole(path: Path, inside: tuple[Path, ...]) -> tuple[yaml.Node, tuple[str, ...]]:
    """Return a file's nodes, laid over those of the file that it extends, and the latter's names."""
    root = compose(path)
    said = entries_of(root, _PARTS).get("extends")
    if said is None:
        return root, ()
    name = " ".join(words_of(said))
    try:
        base = model_path(_beside(path, name))
    except ModelError as error:
        raise mistake_at(said, str(error)) from None
    if base.resolve() in (p.resolve() for p in (*inside, path)):
        raise mistake_at(said, f"{path.stem} extends itself")
    below, names = _whole(base, (*inside, path))
    return over(below, root), (base.stem, *names)


def _beside(path: Path, name: str) -> str:
    beside = path.parent / name
    return str(beside) if name.endswith((".yaml", ".yml")) else name


def _recognition(node: yaml.Node) -> Recognition:
    entries = entries_of(node, ("trees", "branches", "some", "none"))
    return Recognition(*(words_of(entries.get(k)) for k in ("trees", "branches", "some", "none")))


def _version(name: str, node: yaml.Node) -> Version:
    entries = entries_of(node, ("branches", "replaces"))
    former = {old: " ".join(words_of(n)) for old, n in entries_of(entries.get("replaces")).items()}
    return Version(name, words_of(entries.get("branches")), former)


def _schema(model: str, parts: Mapping[str, yaml.Node]) -> Schema:
    nodes = {part: entries_of(parts.get(part)) for part in ("collections", "singletons")}
    usual = entries_of(parts.get("storage"), (*STORAGE, *UNITS))
    every = formulas_of(parts.get("formulas"))
    apart = {n: node for n, node in nodes["collections"].items() if "of" in _keys(node)}
    collections = {
        n: listed_collection(n, node, usual, every)
        for n, node in nodes["collections"].items()
        if n not in apart
    }
    made = {n: listed_part(n, node, collections) for n, node in apart.items()}
    collections = {n: {**collections, **made}[n] for n in nodes["collections"]}
    singletons = {n: listed_singleton(n, node, usual) for n, node in nodes["singletons"].items()}
    refuse_shared_aliases(nodes["collections"], collections.values())
    refuse_broken_relations(nodes["collections"], collections)
    refuse_shared_aliases(nodes["singletons"], singletons.values())
    columns = columns_of(entries_of(parts.get("scalars")), "", None)
    counters = [c.counter for c in collections.values() if c.counter is not None]
    members = [b for s in singletons.values() for b in s.attributes.values() if b.name]
    common = {alias: name for name, words in ATTRIBUTE_ALIASES.items() for alias in words}
    return Schema(
        model=model,
        collections=collections,
        singletons=singletons,
        scalars={
            **{b.name: b for b in [*columns.values(), *counters, *members]},
            **formulas_of(parts.get("computed")),
        },
        attribute_aliases={**common, **_alias_table(parts.get("attribute_aliases"))},
        complete=False,
        scalar_aliases=_alias_table(parts.get("scalar_aliases")),
        choices=tuple(_choice(n, node) for n, node in entries_of(parts.get("choices")).items()),
        working_points={
            tagger: {era: _numbers(node) for era, node in entries_of(eras).items()}
            for tagger, eras in entries_of(parts.get("working_points")).items()
        },
        simulation=words_of(parts.get("simulation")),
        storage=storage_of(usual) if usual else None,
        formulas=every,
        weights=words_of(parts.get("weights")),
        counters=words_of(parts.get("counters")),
        counted={n: " ".join(words_of(t)) for n, t in entries_of(parts.get("counted")).items()},
        counted_each={
            counter: {n: " ".join(words_of(t)) for n, t in entries_of(node).items()}
            for counter, node in entries_of(parts.get("counted_each")).items()
        },
        triggers=words_of(parts.get("triggers")),
        absent={n: " ".join(words_of(t)) for n, t in entries_of(parts.get("absent")).items()},
    )


def _keys(node: yaml.Node) -> list[str]:
    return list(entries_of(node))


def _alias_table(node: yaml.Node | None) -> dict[str, str]:
    return {alias: name for name, words in entries_of(node).items() for alias in words_of(words)}


def _choice(name: str, node: yaml.Node) -> Choice:
    entries = entries_of(node, ("aliases", "candidates"))
    return Choice(name, words_of(entries.get("aliases")), words_of(entries.get("candidates")))


def _numbers(node: yaml.Node) -> dict[str, float]:
    """Return numbers by the word before each: ``L 0.05 M 0.28``."""
    words = words_of(node)
    try:
        return {name: float(n) for name, n in zip(words[::2], words[1::2], strict=True)}
    except ValueError:
        raise mistake_at(node, "expected a name before each number: L 0.05 M 0.28") from None
