"""The YAML file of an object model; nanoaod.yaml explains its format.

It is read as nodes and not as values: a node has a line to name in an error, a key that stands
twice is seen, and ``on`` stays a word. A file that extends another is laid over it, node by node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from adl.stdlib.models import (
    ATTRIBUTE_ALIASES,
    Branch,
    CollectionSchema,
    Formula,
    Inverse,
    Link,
    Model,
    ModelError,
    Part,
    Recognition,
    Schema,
    SingletonSchema,
    Storage,
    Version,
    model_path,
)
from adl.stdlib.models.choices import Choice
from adl.stdlib.models.merging import over
from adl.stdlib.models.named import named_columns
from adl.stdlib.models.nodes import compose, entries_of, mistake_at, words_of

_PARTS = (
    *("collections", "singletons", "scalars", "computed", "storage", "formulas", "recognise"),
    *("versions", "extends", "attribute_aliases", "scalar_aliases", "choices", "working_points"),
    *("simulation", "weights", "counters", "counted", "counted_each"),
    *("triggers", "absent"),
)
_STORAGE = ("prefix", "suffix", "columns")
_UNITS = {"MeV": 1000.0, "as_stored": 1.0}  # how many are one of ADL's
_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "float32", "float64"),
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
    usual = entries_of(parts.get("storage"), (*_STORAGE, *_UNITS))
    every = _formulas(parts.get("formulas"))
    apart = {n: node for n, node in nodes["collections"].items() if "of" in _keys(node)}
    collections = {
        n: _listed_collection(n, node, usual, every)
        for n, node in nodes["collections"].items()
        if n not in apart
    }
    made = {n: _listed_part(n, node, collections) for n, node in apart.items()}
    collections = {n: {**collections, **made}[n] for n in nodes["collections"]}
    singletons = {n: _listed_singleton(n, node, usual) for n, node in nodes["singletons"].items()}
    _refuse_shared_aliases(nodes["collections"], collections.values())
    _refuse_broken_relations(nodes["collections"], collections)
    _refuse_shared_aliases(nodes["singletons"], singletons.values())
    columns = _columns(entries_of(parts.get("scalars")), "", None)
    counters = [c.counter for c in collections.values() if c.counter is not None]
    members = [b for s in singletons.values() for b in s.attributes.values() if b.name]
    common = {alias: name for name, words in ATTRIBUTE_ALIASES.items() for alias in words}
    return Schema(
        model=model,
        collections=collections,
        singletons=singletons,
        scalars={
            **{b.name: b for b in [*columns.values(), *counters, *members]},
            **_formulas(parts.get("computed")),
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
        storage=_storage(usual) if usual else None,
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


def _listed_collection(
    name: str, node: yaml.Node, usual: Mapping[str, yaml.Node], every: Mapping[str, Formula]
) -> CollectionSchema:
    entries = entries_of(node)
    aliases = words_of(entries.pop("aliases", None))
    ordered_node, own = entries.pop("ordered", None), entries.pop("values", None)
    probabilities_node = entries.pop("probabilities", None)
    links = _relations(entries.pop("links", None), 2, "NAME: ATTRIBUTE COLLECTION")
    inverses = _relations(entries.pop("inverses", None), 3, "NAME: COLLECTION LINK, maybe LINK")
    ranges = _relations(entries.pop("ranges", None), 4, "NAME: COLLECTION [LINK] BEGIN END", 3)
    formulas = _formulas(entries.pop("formulas", None))
    through_node = entries.pop("through", None)
    through = words_of(through_node)
    for unknown in sorted(set(through) - links.keys()):
        raise mistake_at(through_node or node, f"{name} has no link {unknown}")
    storage = _own_storage(name, entries, usual)
    counter = Branch(f"n{name}", "uint32", None)
    attributes = _columns(entries, f"{name}_", counter.name)
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


def _keys(node: yaml.Node) -> list[str]:
    return list(entries_of(node))


def _listed_part(
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
    own = {key: entries.pop(key) for key in (*_STORAGE, *_UNITS) if key in entries}
    if not own and not usual:
        return None
    columns = {**entries_of(usual.get("columns")), **entries_of(own.get("columns"))}
    per = {**_units(own), **{p: n for p, n in _units(usual).items() if p not in _units(own)}}
    return _storage({**usual, **own}, columns, per).of(name)


def _storage(
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
    said = [(a, per) for unit, per in _UNITS.items() for a in words_of(nodes.get(unit))]
    found: dict[str, float] = {}
    for attribute, per in sorted(said, key=lambda pair: any(c in pair[0] for c in "*?[")):
        found.setdefault(attribute, per)
    return found


def _formulas(node: yaml.Node | None) -> dict[str, Formula]:
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


def _refuse_broken_relations(
    nodes: Mapping[str, yaml.Node], collections: Mapping[str, CollectionSchema]
) -> None:
    """Report links without their column or target, inverses of no link, and taken names."""
    for owner in collections.values():
        node = nodes[owner.name]
        for name, link in owner.links.items():
            if link.attribute not in owner.attributes or link.target not in collections:
                raise mistake_at(
                    node, f"{owner.name}: link {name} needs {' and '.join(_both(link))}"
                )
            target = collections[link.target]
            if isinstance(target, Part):
                message = f"{owner.name}: link {name}: {target.name} is a part of {target.of}"
                raise mistake_at(node, f"{message}, in which positions count")
        for name, inverse in owner.inverses.items():
            source = collections.get(inverse.source)
            if inverse.range is not None:
                links = {"", *source.links} if source is not None else set()
                if inverse.via not in links or not owner.attributes.keys() >= set(inverse.range):
                    via = f"a link {inverse.via} of" if inverse.via else "the collection"
                    needs = f"{' and '.join(inverse.range)}, and {via}"
                    message = f"{owner.name}: {name} needs attributes {needs} {inverse.source}"
                    raise mistake_at(node, message)
                continue
            found = source.links.get(inverse.link) if source else None
            broken = found is None or found.target != owner.name
            if broken or (inverse.via and (source is None or inverse.via not in source.links)):
                message = f"{owner.name}: {name} is the inverse of no link to {owner.name}"
                raise mistake_at(node, message)
        for name in (*owner.links, *owner.inverses):
            if name in owner.attributes or (name in owner.links and name in owner.inverses):
                raise mistake_at(node, f"{owner.name} has two things called {name}")


def _both(link: Link) -> tuple[str, str]:
    return f"an attribute {link.attribute}", f"a collection {link.target}"


def _listed_singleton(
    name: str, node: yaml.Node, usual: Mapping[str, yaml.Node]
) -> SingletonSchema:
    entries = entries_of(node)
    aliases = words_of(entries.pop("aliases", None))
    formulas = _formulas(entries.pop("formulas", None))
    of = " ".join(words_of(entries.pop("element", None)))
    if of:
        storage = _own_storage(of, entries, usual)
        columns = _columns(entries, f"{of}_", f"n{of}")
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
    attributes = _columns(entries, f"{name}_", None)
    if storage is not None:
        attributes = {a: storage.column(a, b.dtype, None) for a, b in attributes.items()}
    return SingletonSchema(name, aliases, {**attributes, **formulas}, storage)


def _columns(
    entries: Mapping[str, yaml.Node], prefix: str, counter: str | None
) -> dict[str, Branch]:
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


def _refuse_shared_aliases(
    nodes: Mapping[str, yaml.Node], owners: Iterable[CollectionSchema | SingletonSchema]
) -> None:
    seen: dict[str, str] = {}
    for owner in owners:
        for alias in owner.aliases:
            first = seen.setdefault(alias, owner.name)
            if first != owner.name:
                raise mistake_at(nodes[owner.name], f"{alias} already is an alias of {first}")
