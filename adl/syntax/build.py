# ruff: noqa: D102 - a method is documented by the rule of its name in grammar/adl.lark
"""Grammar rules to trees: the method named after a rule makes what the rule reads.

Methods get the tokens and trees of their rule, without those whose name begins with ``_``. Names,
numbers and texts are trees already; an optional part that is not there is None.
"""

from __future__ import annotations

import re
from typing import Any

from adl.syntax.blocks import BlockBuilder
from adl.syntax.build_axes import axes_and_values, edge
from adl.syntax.build_basics import Misread, across, place
from adl.syntax.build_expressions import ExpressionBuilder
from adl.syntax.keywords import FILE_FORMATS
from adl.syntax.source import NOWHERE, Span
from adl.syntax.tree import (
    Bin,
    Binding,
    Call,
    Candidate,
    Composite,
    Define,
    Edges,
    Expr,
    File,
    Histo,
    Info,
    Name,
    Object,
    Print,
    Region,
    Reject,
    Save,
    Select,
    Sort,
    Take,
    Use,
    UseAs,
    Weight,
    Within,
)

CONDITIONS = frozenset({"and", "or", "not", "<", "<=", ">", ">=", "==", "!=", "~=", "~!"})


class Builder(ExpressionBuilder, BlockBuilder):
    """One method for each rule of adl.lark; every ``parts`` holds what the rule's line shows."""

    # ---------------------------------------------------------------------------------- blocks

    def file(self, blocks: list[Any]) -> File:
        return File(tuple(blocks), span=across(blocks[0], blocks[-1]) if blocks else NOWHERE)

    def info(self, parts: list[Any]) -> Info:
        keyword, name, *lines = parts
        fields = tuple(_field(line.value) for line in lines)
        return Info(name, fields, span=across(keyword, parts[-1]))

    def object(self, parts: list[Any]) -> Object:
        keyword, name, first, *rest = parts
        statements = rest if first is None else [first, *rest]
        return Object(name, tuple(statements), span=across(keyword, (statements or [name])[-1]))

    def after_colon(self, parts: list[Any]) -> Take:
        return self.take(parts)

    def composite(self, parts: list[Any]) -> Composite:
        keyword, name, *statements = parts
        span = across(keyword, (statements or [name])[-1])
        return Composite(name, tuple(statements), span=span)

    def region(self, parts: list[Any]) -> Region:
        keyword, name, *groups = parts
        # A line of names holds several statements.
        statements = [s for group in groups for s in (group if type(group) is list else [group])]
        return Region(name, tuple(statements), span=across(keyword, (statements or [name])[-1]))

    def define(self, parts: list[Any]) -> Define:
        keyword, name, _, value = parts
        return Define(name, value, span=across(keyword, value))

    def use_as(self, parts: list[Any]) -> UseAs:
        keyword, name, _, value = parts
        return UseAs(name, value, span=across(keyword, value))

    # ------------------------------------------------------------------------------ statements

    def take(self, parts: list[Any]) -> Take:
        keyword, source, instance = parts
        return Take(source, instance, span=across(keyword, instance or source))

    def members(self, parts: list[Any]) -> Take:
        keyword, collection, *names = parts
        tuples = Name("disjoint", span=collection.span)
        members = (Binding(collection, name, span=across(collection, name)) for name in names)
        source = Call(tuples, tuple(members), span=across(collection, names[-1]))
        return Take(source, None, span=across(keyword, names[-1]))

    def candidate(self, parts: list[Any]) -> Candidate:
        keyword, name, _, value = parts
        return Candidate(name, value, span=across(keyword, value))

    def select(self, parts: list[Any]) -> Select:
        keyword, condition, only = parts
        words, last = only or ((), condition.span)
        return Select(condition, words, span=place(keyword).to(last))

    def reject(self, parts: list[Any]) -> Reject:
        keyword, condition, only = parts
        words, last = only or ((), condition.span)
        return Reject(condition, words, span=place(keyword).to(last))

    def only(self, words: list[Any]) -> tuple[tuple[str, ...], Span]:
        return tuple(word.value.strip('"') for word in words), across(words[0], words[-1])

    def use(self, names: list[Any]) -> list[Use]:
        return [Use(name, span=name.span) for name in names]

    def weight(self, parts: list[Any]) -> Weight:
        keyword, name, value, only = parts
        words, last = only or ((), value.span)
        return Weight(name, value, words, span=place(keyword).to(last))

    def histo(self, parts: list[Any]) -> Histo:
        keyword, name, title, *groups, only = parts
        axes, values = axes_and_values(name, groups)
        words, last = only or ((), groups[-1][-1].span)
        return Histo(name, title.value, axes, values, words, span=place(keyword).to(last))

    def group(self, items: list[Any]) -> list[Expr]:
        return items

    def bin(self, parts: list[Any]) -> Bin | Edges:
        keyword, label, value, *edges = parts
        span = across(keyword, parts[-1])
        text = label.value[1:-1] if label else None
        if not edges:
            return Bin(text, value, span=span)
        if isinstance(value, Within) or getattr(value, "operator", None) in CONDITIONS:
            help = "bin MET > 300 is one bin; bin MET 100 200 400 are bins between edges"
            raise Misread(
                "a bin is a condition or a list of edges, not both", place(edges[0]), help
            )
        if len(edges) < 2:
            raise Misread("bins need two edges at least", place(edges[0]))
        return Edges(value, tuple(edge(e) for e in edges), text, span=span)

    def sort(self, parts: list[Any]) -> Sort:
        keyword, value, direction = parts
        return Sort(value, direction.lower().startswith("desc"), span=across(keyword, direction))

    def print(self, parts: list[Any]) -> Print:
        keyword, *items = parts
        return Print(tuple(items), span=across(keyword, items[-1]))

    def save(self, parts: list[Any]) -> Save:
        keyword, name, *values = parts
        form = ""
        if values and isinstance(values[0], Name) and values[0].name.lower() in FILE_FORMATS:
            form = values.pop(0).name.lower()
        return Save(name, form, tuple(values), span=across(keyword, parts[-1]))


def _field(line: str) -> tuple[str, str]:
    """Split a line of free text into its first word and the rest, without comment and quotes.

    >>> _field('title "a # in quotes"  # a comment')
    ('title', 'a # in quotes')
    """
    text = re.match(r'[^"#]*(?:"[^"]*"[^"#]*)*(?:".*)?', line)
    assert text is not None
    word, _, rest = text.group().replace("\t", " ").partition(" ")
    rest = rest.strip()
    if len(rest) > 1 and rest[0] == rest[-1] == '"' and rest.count('"') == 2:
        rest = rest[1:-1]
    return word.strip(), rest
