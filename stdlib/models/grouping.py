"""From the columns of a file to its collections and singletons.

Columns belong together that one counter counts, and those whose names begin as a model says. The
attributes are the file's; what a model lists and a file lacks does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from adl.stdlib.models import (
    Branch,
    CollectionSchema,
    Formula,
    Inverse,
    Link,
    Part,
    Schema,
    SingletonSchema,
    Storage,
)


def of_file(listed: Schema, branches: Mapping[str, Branch]) -> Schema:
    """Return the schema of a file with these branches."""
    columns: dict[str, list[Branch]] = {}
    for branch in _jagged(listed, branches):
        columns.setdefault(branch.counter or branch.name, []).append(branch)
    scalars = {b.name: b for b in branches.values() if b.counter is None}
    grouped = [
        _collection(listed, _collection_name(counter, columns), members, scalars.get(counter))
        for counter, members in columns.items()
    ]
    stored = {c.name: c for c in grouped}
    collections = {c.name: c for c in _related(listed, {**stored, **_lists_in_units(stored)})}
    singletons = [
        found
        for known in listed.singletons.values()
        if (found := _singleton(known, scalars, collections)) is not None
    ]
    single = {s.element.name for s in singletons if s.element is not None}
    computed = {n: b for n, b in listed.scalars.items() if isinstance(b, Formula)}
    apart = _parts(listed, collections)
    return replace(
        listed,
        collections={
            **{name: c for name, c in collections.items() if name not in single},
            **apart,
        },
        singletons={s.name: s for s in singletons},
        scalars={**computed, **_in_units(listed, scalars), **_of_singletons(singletons)},
        complete=True,
        generated=any(name in branches for name in listed.simulation),
        lacks=_lacking(listed, {*collections, *apart, *(s.name for s in singletons), *scalars}),
    )


def _lacking(listed: Schema, found: set[str]) -> dict[str, str]:
    """Return what a model lists and a file has not, by all of its names."""
    owners: list[CollectionSchema | SingletonSchema] = [
        *listed.collections.values(),
        *listed.singletons.values(),
    ]
    words = {alias: o.name for o in owners for alias in o.aliases if o.name not in found}
    columns = {n: n for n, b in listed.scalars.items() if not isinstance(b, Formula)}
    own = {o.name: o.name for o in owners if o.name not in found}
    return {**{n: n for n in columns if n not in found}, **own, **words}


def _parts(listed: Schema, found: Mapping[str, CollectionSchema]) -> dict[str, CollectionSchema]:
    """Return the parts that a model makes of collections; what a file stores goes before them."""
    return {
        p.name: replace(p, attributes=found[p.of].attributes, counter=found[p.of].counter)
        for p in listed.collections.values()
        if isinstance(p, Part) and p.of in found and p.name not in found
    }


def _of_singletons(singletons: Iterable[SingletonSchema]) -> dict[str, Branch]:
    """Return the columns of singletons by their full names, in the units that these say."""
    every = (b for s in singletons for b in s.attributes.values())
    return {b.name: b for b in every if not isinstance(b, Formula)}


def _in_units(listed: Schema, columns: Mapping[str, Branch]) -> dict[str, Branch]:
    """Return columns that no object has, in the units of attributes that are called so."""
    usual = listed.storage
    if usual is None or not usual.converts:
        return dict(columns)
    return {name: usual.in_unit(b, name.rpartition(".")[2]) for name, b in columns.items()}


# ------------------------------------------------------------------------------- counters


def _jagged(listed: Schema, branches: Mapping[str, Branch]) -> list[Branch]:
    """Return the columns over elements, all those of a collection with its one counter.

    Columns with a prefix that the model lists belong to that collection, whatever counts them.
    Skims made with uproot have a counter for each column (nJet_pt for Jet_pt), beside nJet or
    without it, and a std::vector counts itself; such a column goes to the collection that its name
    begins with. Without nJet that is one that the model lists, or that has pt, eta and phi.
    """
    jagged = [b for b in branches.values() if b.counter is not None]
    own = {b.counter for b in jagged if b.counter in (b.name, f"n{b.name}")}
    lists = [b.counter for b in jagged if b.border and b.name.startswith(f"{b.counter}_")]
    own |= {counter for counter in lists if counter is not None}
    shared = {b.name for b in branches.values() if b.counter is None and "int" in b.dtype} - own
    prefixes = dict(_prefixes(listed))
    each = {b.name for b in jagged if b.counter in own and not (b.inside or b.border)}
    plain = {f"n{name}" for name, c in listed.collections.items() if c.storage is None}
    known = plain | _objects(each)
    known -= branches.keys()  # what is called so is no whole number, or it would count them
    counters = {
        b.name: _of_prefix(b.name, prefixes)
        or (b.counter in own and _shared_counter(b.name, shared))
        or (b.name in each and _shared_counter(b.name, known))
        or b.counter
        for b in jagged
    }
    inside = list(_inside(jagged, prefixes))
    of = {f"{b.inside}_{border}" for b in inside for border in ("begin", "end")}
    outside = [b for b in jagged if not b.inside and not (b.border and b.name not in of)]
    return [replace(b, counter=counters[b.name]) for b in outside] + inside


def _objects(columns: Collection[str]) -> set[str]:
    """Return how objects are counted that have all of pt, eta and phi among columns."""
    owners = {name.removesuffix("_pt") for name in columns if name.endswith("_pt")}
    return {f"n{o}" for o in owners if f"{o}_eta" in columns and f"{o}_phi" in columns}


def _inside(jagged: Iterable[Branch], prefixes: Mapping[str, str]) -> Iterator[Branch]:
    """Yield the columns of items of lists in lists: numbers, and what the model knows."""
    for branch in jagged:
        if not branch.inside:
            continue
        own = f"{branch.inside}[]"
        listed = _of_prefix(branch.name, {p: c for p, c in prefixes.items() if p.startswith(own)})
        if listed is not None or branch.name == own:
            yield replace(branch, counter=listed or own)


def _prefixes(listed: Schema) -> Iterator[tuple[str, str]]:
    """Yield how columns of a listed collection begin, and how it is counted here."""
    singles = (s.element for s in listed.singletons.values() if s.element is not None)
    for owner in (*listed.collections.values(), *singles):
        for prefix in owner.storage.prefixes if owner.storage else ():
            yield prefix, f"n{owner.name}"


def _of_prefix(column: str, prefixes: Mapping[str, str]) -> str | None:
    longest = max((p for p in prefixes if column.startswith(p)), key=len, default=None)
    return None if longest is None else prefixes[longest]


def _shared_counter(branch: str, counters: set[str]) -> str | None:
    owner = branch.rpartition("_")[0]
    while owner and f"n{owner}" not in counters:
        owner = owner.rpartition("_")[0]
    return f"n{owner}" if owner else None


def _collection_name(counter: str, columns: Mapping[str, list[Branch]]) -> str:
    """Return what a counter counts: nJet and NJet Jets, unless the columns are called otherwise."""
    name = counter.removeprefix("n")
    if counter.startswith("N") and all(
        b.name.startswith(f"{counter[1:]}_") for b in columns[counter]
    ):
        name = counter[1:]
    counts_itself = any(b.name == counter for b in columns[counter])
    # A file may have the counters nJet and Jet; these are two collections.
    return counter if counts_itself or name in columns else name


# ----------------------------------------------------------------------------- attributes


def _collection(
    listed: Schema, name: str, members: Iterable[Branch], counter: Branch | None
) -> CollectionSchema:
    known = _known(listed, name)
    storage = known.storage or (listed.storage.of(name) if listed.storage else None)
    stored = _attributes(name, members) if storage is None else _stored(storage, members, name)
    formulas = {**listed.formulas, **_formulas(known.attributes)}
    attributes = {**stored, **{a: f for a, f in formulas.items() if a not in stored}}
    return replace(
        known,
        attributes=attributes,
        counter=counter,
        ordered=known.ordered if known.ordered in attributes else None,
        links={},
        inverses={},
        probabilities=known.probabilities & attributes.keys(),
        storage=storage,
    )


def _known(listed: Schema, name: str) -> CollectionSchema:
    singles = {s.element.name: s.element for s in listed.singletons.values() if s.element}
    unknown = CollectionSchema(name, (), {}, None, None)
    found = {**singles, **listed.collections}.get(name, unknown)
    # What a model makes of another collection, this file stores.
    return replace(unknown, aliases=found.aliases) if isinstance(found, Part) else found


def _stored(storage: Storage, branches: Iterable[Branch], owner: str) -> dict[str, Branch]:
    """Return columns by attribute; of two for one attribute the one with the suffix has it."""
    found: dict[str, Branch] = {}
    ordered = sorted(
        branches, key=lambda b: not (storage.suffix and b.name.endswith(storage.suffix))
    )
    for branch in ordered:
        prefix = storage.prefix(branch.name)
        attribute = storage.attribute(branch.name)
        if "@" in attribute:  # what a reference leads to, for which the model has no name
            continue
        if branch.name in (owner, prefix):
            attribute = ""
        elif attribute in found:
            attribute = branch.name.removeprefix(prefix).replace(".", "_")
        found[attribute] = storage.in_unit(branch, attribute)
    return found


def _formulas(attributes: Mapping[str, Branch]) -> dict[str, Branch]:
    return {name: b for name, b in attributes.items() if isinstance(b, Formula)}


def _attributes(owner: str, branches: Iterable[Branch]) -> dict[str, Branch]:
    """Key branches by what follows the owner's name; one that does not start with it by its own."""
    return {"" if b.name == owner else b.name.removeprefix(f"{owner}_"): b for b in branches}


# ------------------------------------------------------------------------------ relations


def _related(listed: Schema, found: Mapping[str, CollectionSchema]) -> list[CollectionSchema]:
    """Return a file's collections with the relations for which it has columns and targets."""
    links = {
        name: {
            word: link
            for word, link in _known(listed, name).links.items()
            if link.attribute in own.attributes and link.target in found
        }
        for name, own in found.items()
    }
    related = [
        replace(
            own,
            links=links[name],
            inverses={
                word: inverse
                for word, inverse in (*_numbers(own, found), *_known(listed, name).inverses.items())
                if _leads(inverse, own, links)
            },
        )
        for name, own in found.items()
    ]
    return [with_lent(own, found) for own in related]


def _numbers(
    own: CollectionSchema, found: Mapping[str, CollectionSchema]
) -> Iterator[tuple[str, Inverse]]:
    """Yield the lists of numbers that elements of a collection have."""
    for begin, branch in own.attributes.items():
        word = begin.removesuffix("_begin")
        values = f"{branch.name.removesuffix('_begin')}[]"
        if word != begin and values in found:
            yield word, Inverse(values, "", range=(begin, f"{word}_end"))


def _lists_in_units(found: Mapping[str, CollectionSchema]) -> dict[str, CollectionSchema]:
    """Return the lists of numbers that elements have, in the units of attributes of that name."""
    return {
        inverse.source: replace(
            found[inverse.source],
            attributes={"": own.storage.in_unit(found[inverse.source].attributes[""], word)},
        )
        for own in found.values()
        for word, inverse in _numbers(own, found)
        if own.storage is not None
    }


def _leads(
    inverse: Inverse, own: CollectionSchema, links: Mapping[str, Mapping[str, Link]]
) -> bool:
    """Whether a file has the columns of a relation to several elements."""
    known = links.get(inverse.source, {})
    if inverse.range is not None:
        via = not inverse.via or inverse.via in known
        return via and own.attributes.keys() >= set(inverse.range)
    return {inverse.link, inverse.via or inverse.link} <= known.keys()


def with_lent(own: CollectionSchema, found: Mapping[str, CollectionSchema]) -> CollectionSchema:
    """Return a collection with what its elements have of those for which they stand."""
    links = [own.links[name] for name in own.through if name in own.links]
    lent: dict[str, Branch] = {}
    for attribute in dict.fromkeys(a for k in links for a in found[k.target].attributes):
        if not attribute or attribute in own.attributes:
            continue
        having = [k for k in links if attribute in found[k.target].attributes]
        words = [n for n in own.through if own.links.get(n) in having]
        text = "".join(f"default(this.{word}.{attribute}, " for word in words[:-1])
        text += f"this.{words[-1]}.{attribute}" + ")" * (len(words) - 1)
        dtype = found[having[0].target].attributes[attribute].dtype
        lent[attribute] = Formula("", dtype, None, text=text, place=own.name)
    return replace(own, attributes={**own.attributes, **lent}) if lent else own


# ----------------------------------------------------------------------------- singletons


def _singleton(
    known: SingletonSchema,
    scalars: Mapping[str, Branch],
    collections: Mapping[str, CollectionSchema],
) -> SingletonSchema | None:
    """Return a singleton with what a file has of it; None if that is nothing."""
    formulas = _formulas(known.attributes)
    if known.element is not None:
        element = collections.get(known.element.name)
        if element is None:
            return None
        stored = _of_element(element)
        return replace(known, attributes={**stored, **formulas}, element=element)
    storage = known.storage
    if storage is None:
        stored = _attributes(known.name, _prefixed((f"{known.name}_",), scalars.values()))
    else:
        stored = _stored(storage, _prefixed(storage.prefixes, scalars.values()), "")
    attributes = {**stored, **{a: f for a, f in formulas.items() if a not in stored}}
    return replace(known, attributes=attributes) if attributes else None


def _of_element(element: CollectionSchema) -> dict[str, Branch]:
    return {
        name: Formula("", b.dtype, None, text=f"{element.name}[0].{name}", place=element.name)
        for name, b in element.attributes.items()
        if name
    }


def _prefixed(prefixes: Iterable[str], branches: Iterable[Branch]) -> list[Branch]:
    return [b for b in branches if b.name.startswith(tuple(prefixes))]
