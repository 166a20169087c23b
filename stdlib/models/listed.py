"""Collections and singletons as the file of a model lists them, and how their columns are called."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from adl.stdlib.models import (
    Branch,
    CollectionSchema,
    Formula,
    Inverse,
    Link,
    Part,
    SingletonSchema,
    Storage,
)
from adl.stdlib.models.nodes import entries_of, mistake_at, words_of

STORAGE = ("prefix", "suffix", "columns")


UNITS = {"MeV": 1000.0, "as_stored": 1.0}  # how many are one of ADL's


_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "float32", "float64"),
)


def listed_collection(
    name: str, node: yaml.Node, usual: Mapping[str, yaml.Node], every: Mapping[str, Formula]
) -> CollectionSchema:
    """Return a collection; ``usual`` says how columns are called, ``every`` has formulas of all."""
    entries = entries_of(node)
    aliases = words_of(entries.pop("aliases", None))
    ordered_node, own = entries.pop("ordered", None), entries.pop("values", None)
    probabilities_node = entries.pop("probabilities", None)
    links = _relations(entries.pop("links", None), 2, "NAME: ATTRIBUTE COLLECTION")
    inverses = _relations(entries.pop("inverses", None), 3, "NAME: COLLECTION LINK, maybe LINK")
    ranges = _relations(entries.pop("ranges", None), 4, "NAME: COLLECTION [LINK] BEGIN END", 3)
    formulas = formulas_of(entries.pop("formulas", None))
    through_node = entries.pop("through", None)
    through = words_of(through_node)
    for unknown in sorted(set(through) - links.keys()):
        raise mistake_at(through_node or node, f"{name} has no link {unknown}")
    storage = _own_storage(name, entries, usual)
    counter = Branch(f"n{name}", "uint32", None)
    attributes = columns_of(entries, f"{name}_", counter.name)
    if storage is not None:
        attributes = {a: storage.column(a, b.dtype, b.counter) for a, b in attributes.items()}
    for dtype in words_of(own):
        attributes[""] = Branch(name, _dtype(own or node, dtype), counter.name)
    attributes = {
        **{a: f for a, f in every.items() if a not in attributes},
        **attributes,
        **formulas,
    }
    ordered = " ".join(words_of(ordered_node)) or None
    if ordered is not None and ordered not in attributes and not through:
        raise mistake_at(ordered_node or node, f"{name} is ordered by {ordered!r}, which it lacks")
    probabilities = frozenset(words_of(probabilities_node))
    for unknown in sorted(probabilities - attributes.keys()):
        raise mistake_at(probabilities_node or node, f"{name} lacks the probability {unknown!r}")
    return CollectionSchema(
        name,
        aliases,
        attributes,
        counter if storage is None else None,
        ordered,
        {word: Link(*words) for word, words in links.items()},
        {
            **{
                word: Inverse(words[0], words[1], "".join(words[2:]))
                for word, words in inverses.items()
            },
            **{
                word: Inverse(r[0], "", "".join(r[1:-2]), (r[-2], r[-1]))
                for word, r in ranges.items()
            },
        },
        probabilities,
        storage,
        through,
    )


def listed_part(
    name: str, node: yaml.Node, collections: Mapping[str, CollectionSchema]
) -> CollectionSchema:
    """Return a collection that is the elements of another one for which a condition holds."""
    entries = entries_of(node, ("aliases", "of", "where"))
    of = " ".join(words_of(entries["of"]))
    whole = collections.get(of)
    if whole is None or isinstance(whole, Part):
        raise mistake_at(entries["of"], f"{name} is a part of {of}, which is no stored collection")
    where = entries.get("where")
    if where is None:
        raise mistake_at(node, f"{name} is a part of {of}: where says of which elements")
    return Part(
        name,
        words_of(entries.get("aliases")),
        whole.attributes,
        whole.counter,
        whole.ordered,
        probabilities=whole.probabilities,
        of=of,
        where=" ".join(words_of(where)),
        place=f"{where.start_mark.name}:{where.start_mark.line + 1}",
    )


def _own_storage(
    name: str, entries: dict[str, yaml.Node], usual: Mapping[str, yaml.Node]
) -> Storage | None:
    """Take out of an owner's entries how its columns are called, over what is usual."""
    own = {key: entries.pop(key) for key in (*STORAGE, *UNITS) if key in entries}
    if not own and not usual:
        return None
    columns = {**entries_of(usual.get("columns")), **entries_of(own.get("columns"))}
    per = {**_units(own), **{p: n for p, n in _units(usual).items() if p not in _units(own)}}
    return storage_of({**usual, **own}, columns, per).of(name)


def storage_of(
    nodes: Mapping[str, yaml.Node],
    columns: Mapping[str, yaml.Node] | None = None,
    per: Mapping[str, float] | None = None,
) -> Storage:
    """Return how columns are called and scaled."""
    named = entries_of(nodes.get("columns")) if columns is None else columns
    words = {a: words_of(node) for a, node in named.items()}
    for attribute, ends in words.items():
        if not ends:
            raise mistake_at(named[attribute], "expected ATTRIBUTE: the end of its column's name")
    prefixes = words_of(nodes.get("prefix")) or ("{}_",)
    units = _units(nodes) if per is None else per
    return Storage(prefixes, words, units, "".join(words_of(nodes.get("suffix"))))


def _units(nodes: Mapping[str, yaml.Node]) -> dict[str, float]:
    """Return how many units of attributes are one of ADL's: by names, then by patterns."""
    said = [(a, per) for unit, per in UNITS.items() for a in words_of(nodes.get(unit))]
    found: dict[str, float] = {}
    for attribute, per in sorted(said, key=lambda pair: any(c in pair[0] for c in "*?[")):
        found.setdefault(attribute, per)
    return found


def formulas_of(node: yaml.Node | None) -> dict[str, Formula]:
    """Return formulas in ADL, each a text of one line or more."""
    out = {}
    for name, value in entries_of(node).items():
        text = " ".join(words_of(value))
        if not text:
            raise mistake_at(value, f"expected what {name} is, in ADL")
        mark = value.start_mark
        out[name] = Formula("", "float64", None, text=text, place=f"{mark.name}:{mark.line + 1}")
    return out


def _relations(
    node: yaml.Node | None, most: int, form: str, least: int = 2
) -> dict[str, tuple[str, ...]]:
    """Return relations: under each name two words or more."""
    out: dict[str, tuple[str, ...]] = {}
    for name, value in entries_of(node).items():
        out[name] = words_of(value)
        if not least <= len(out[name]) <= most:
            raise mistake_at(value, f"expected {form}")
    return out


def listed_singleton(name: str, node: yaml.Node, usual: Mapping[str, yaml.Node]) -> SingletonSchema:
    """Return a singleton: columns of its own, or the first element of a collection."""
    entries = entries_of(node)
    aliases = words_of(entries.pop("aliases", None))
    formulas = formulas_of(entries.pop("formulas", None))
    of = " ".join(words_of(entries.pop("element", None)))
    if of:
        storage = _own_storage(of, entries, usual)
        columns = columns_of(entries, f"{of}_", f"n{of}")
        stored = {
            a: storage.column(a, b.dtype, b.counter) if storage else b for a, b in columns.items()
        }
        element = CollectionSchema(of, (), {**stored, **formulas}, None, None, storage=storage)
        lent = {
            a: Formula("", b.dtype, None, text=f"{of}[0].{a}", place=name)
            for a, b in element.attributes.items()
        }
        return SingletonSchema(name, aliases, lent, None, element)
    storage = _own_storage(name, entries, {})
    attributes = columns_of(entries, f"{name}_", None)
    if storage is not None:
        attributes = {a: storage.column(a, b.dtype, None) for a, b in attributes.items()}
    return SingletonSchema(name, aliases, {**attributes, **formulas}, storage)


def columns_of(
    entries: Mapping[str, yaml.Node], prefix: str, counter: str | None
) -> dict[str, Branch]:
    """Return columns by name, which are listed under their types."""
    out: dict[str, Branch] = {}
    for dtype, node in entries.items():
        for name in words_of(node):
            if name in out:
                raise mistake_at(node, f"{prefix}{name} is listed twice")
            out[name] = Branch(f"{prefix}{name}", _dtype(node, dtype), counter)
    return out


def _dtype(node: yaml.Node, name: str) -> str:
    if name not in _DTYPES:
        raise mistake_at(node, f"unknown type {name!r}: numpy's names are meant, as in float32")
    return name
