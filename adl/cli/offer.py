"""What a file offers, as lines of at most a hundred columns."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

_WIDTH = 100
_SHOWN = 12  # triggers, variations, lists that belong to nothing
_UNITS = {"MeV": "GeV"}  # what columns are stored in -> what they are in ADL


def lines(document: dict[str, Any]) -> Iterator[str]:
    """Yield the text of what ``inspected`` found."""
    yield from _heading(document)
    lists = [n for n, owner in document["collections"].items() if [*owner["attributes"]] == [""]]
    for key, title in (("collections", ""), ("singletons", ", once an event")):
        for name, owner in sorted(document[key].items()):
            if name not in lists:
                yield ""
                yield from _owner(name, owner, title)
    yield ""
    yield from _rest(document, lists)
    for text in document["lacking"]:
        yield from _wrapped("", text, "    ")


def _heading(document: dict[str, Any]) -> Iterator[str]:
    compression = document["compression"]
    version = f" {document['version']}" if document["version"] else ""
    yield document["file"]
    yield from _wrapped("  model        ", f"{document['model']}{version}: {document['reason']}")
    yield f"  tree         {document['tree']}, {document['events']:,} events"
    yield f"  size         {_size(document['bytes'])}, {_compression(compression)}"
    if document["skim"]:
        yield f"  skim         {_skim(document['skim'])}"


def _skim(record: dict[str, Any]) -> str:
    """Say what a skim was made from."""
    inputs = record["inputs"]
    events = sum(file["events"] for file in inputs)
    weights = sum(file["sum_of_weights"] for file in inputs)
    files = f"{len(inputs)} files" if len(inputs) > 1 else inputs[0]["path"]
    by = f"{', '.join(record['regions'])} of {record['analysis']['file']}"
    return f"of {events:,} events in {files}, sum of weights {weights:.9g}: {by}"


def _size(number: int) -> str:
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= bytes_:
            return f"{number / bytes_:.3g} {unit}"
    return f"{number} bytes"


def _compression(known: dict[str, Any]) -> str:
    if not known["algorithm"]:
        return "not compressed"
    factor = f", columns {known['factor']:.1f} times smaller" if known["factor"] else ""
    return f"{known['algorithm']} level {known['level']}{factor}"


# ------------------------------------------------------------------------------- objects


def _owner(name: str, owner: dict[str, Any], title: str) -> Iterator[str]:
    """Yield an object: its names, then its attributes by type and unit; with * those computed."""
    ordered = f", by {owner['ordered']}" if owner.get("ordered") else ""
    also = f" (also {' '.join(owner['aliases'])})" if owner["aliases"] else ""
    yield from _wrapped("", f"{name}{title}{ordered}{also}", "    ")
    if "of" in owner:  # it has those of the other one
        yield from _wrapped("  ", f"{owner['of']} where {owner['where']}", "    ")
        return
    kinds: dict[str, list[str]] = {}
    for attribute, column in owner["attributes"].items():
        stored = column.get("stored_in")
        kind = f"{column['type']} in {_UNITS[stored]} (the file has {stored})" if stored else ""
        mark = "*" if "computed" in column else ""
        named = f"{attribute or 'its value'}{mark}"
        kinds.setdefault(kind or column["type"], []).append(named)
    for kind, names in kinds.items():
        yield from _wrapped(f"  {kind}: ", ", ".join(names), "    ")
    for arrow, key in (("->", "links"), ("=>", "inverses")):
        for relation, other in owner.get(key, {}).items():
            yield f"  {arrow} {relation} ({other})"


def _wrapped(head: str, text: str, indent: str | None = None) -> list[str]:
    """Return a text behind its head; a word is whole, however long it is."""
    after = " " * len(head) if indent is None else indent
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=after,
        break_long_words=False,
        break_on_hyphens=False,
    )


# ---------------------------------------------------------------------------------- rest


def _rest(document: dict[str, Any], lists: list[str]) -> Iterator[str]:
    counters = {*document["counters"]}
    columns = {name: c for name, c in document["columns"].items() if name not in counters}
    kinds = defaultdict(list)
    for name, column in columns.items():
        kinds[column["type"]].append(name)
    yield f"columns of the event: {len(columns)}{_lengths(len(counters))}"
    for kind, names in sorted(kinds.items()):
        yield from _wrapped(f"  {kind}: ", _some(names), "    ")
    if lists:
        text = f"lists of plain numbers: {_some(sorted(lists))}"
        yield from _wrapped("", text, "    ")
    yield from _wrapped("", f"triggers: {_some(document['triggers']) or 'none'}", "    ")
    yield f"weights: {', '.join(document['weights']) or 'none'}"
    varied = list(document["variations"])
    if varied:
        text = f"variations in columns: {_some(varied)} (systematic auto GLOB)"
        yield from _wrapped("", text, "    ")
    if document["unread"]:
        yield f"{len(document['unread'])} branches are no numbers or lists of numbers: not read"
    if len(lists) > _SHOWN or document["unread"] or any(len(n) > _SHOWN for n in kinds.values()):
        yield "--format json names them all"
    owners = (*document["collections"].values(), *document["singletons"].values())
    if any("computed" in c for owner in owners for c in owner["attributes"].values()):
        yield "* computed; -> leads to an element of another collection, => to several"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _lengths(number: int) -> str:
    """Say how many columns hold nothing but how many elements lists have."""
    return f", and the lengths of {number} list{'s' if number > 1 else ''}" if number else ""
