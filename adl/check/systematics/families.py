"""Families: ``systematic jes_{s}`` with ``for s A B`` is one systematic for each word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any, TypeVar

from adl.check.constants import interpolated
from adl.check.context import Context
from adl.syntax.source import Span
from adl.syntax.tree import Clause, Expr, Name, Number, Systematic, Text, Tree

T = TypeVar("T")
_PLACE = re.compile(r"\{(\w+)\}")
_OF_DATASET = frozenset(("era", "process"))


@dataclass(frozen=True)
class Member:
    """One systematic of a family, or the only one: its lines without ``for``, all places filled."""

    name: str
    clauses: tuple[Clause, ...]
    span: Span
    family: str = ""


def members(context: Context, block: Systematic) -> Iterator[Member]:
    """Yield the systematics that a block declares, none after a mistake in its ``for`` lines."""
    lists: dict[str, list[str]] = {}
    clauses = [clause for clause in block.clauses if clause.word != "for"]
    for clause in block.clauses:
        if clause.word != "for":
            continue
        variable, words = _list(context, clause)
        if not words or f"{{{variable}}}" not in block.name:
            if words:
                message = f"every {variable} would be called {block.name}"
                help = f"systematic {block.name}_{{{variable}}}"
                context.findings.error("E263", message, clause.span, help)
            return
        lists[variable] = words
    unknown = set(_PLACE.findall(block.name)) - lists.keys() - _OF_DATASET
    if unknown:
        (first, *_) = sorted(unknown)
        message = f"nothing says what {{{first}}} stands for"
        help = f"a line below: for {first} A B C"
        context.findings.error("E263", message, block.span, help)
        return
    for words_ in product(*lists.values()):
        places = dict(zip(lists, words_, strict=True))
        name = interpolated(context, _filled_text(block.name, places), block.span)
        own = tuple(_filled(context, clause, places) for clause in clauses)
        yield Member(name, own, block.span, block.name if lists else "")


def _list(context: Context, clause: Clause) -> tuple[str, list[str]]:
    """Return the variable of a ``for`` line and the words for which it stands."""
    values = dict(clause.settings).get("", ())
    words = [w for value in values if (w := word(value)) is not None]
    taken = next((setting for setting, _ in clause.settings if setting), "")
    if taken or len(words) < 2 or len(words) != len(values):
        message = "for has a name, and the words for which it stands"
        help = "for s AbsoluteStat TimePtEta"
        if taken:
            help = f"{taken} means something in a line: as a word it stands in quotes"
        context.findings.error("E263", message, clause.span, help)
        return "", []
    variable, *rest = words
    double = next((w for i, w in enumerate(rest) if w in rest[:i]), None)
    if double is not None:
        context.findings.error("E263", f"{double} stands here twice", clause.span, "remove one")
        return "", []
    return variable, rest


def word(value: Expr) -> str | None:
    """Return a word that was written as a name, a number or a text."""
    match value:
        case Name():
            return value.name
        case Text():
            return value.value
        case Number():
            return value.text
    return None


def _filled(context: Context, content: T, places: Mapping[str, str]) -> T:
    """Return a tree with all places in names and texts filled."""
    new: Any = content
    match content:
        case tuple():
            new = tuple(_filled(context, part, places) for part in content)
        case Text():
            text = _filled_text(content.value, places)
            new = replace(content, value=interpolated(context, text, content.span))
        case Name():
            text = _filled_text(content.name, places)
            new = replace(content, name=interpolated(context, text, content.span))
        case Tree():
            own = {f.name: getattr(content, f.name) for f in fields(content) if f.name != "span"}
            new = replace(content, **{n: _filled(context, v, places) for n, v in own.items()})
    found: T = new
    return found


def _filled_text(text: str, places: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: places.get(found[1], found[0]), text)
