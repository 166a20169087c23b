"""Expressions of the dialect cutlang, each in adl's words."""

from __future__ import annotations

import re
from dataclasses import replace

from adl.check.analysis import Analysis
from adl.check.bindings import binds
from adl.migrate.rebuild import Rule
from adl.migrate.report import Report, text
from adl.stdlib.models.finding import find_collection, find_scalar
from adl.syntax.source import Span
from adl.syntax.tree import (
    Attribute,
    Binary,
    Block,
    Call,
    Composite,
    Expr,
    File,
    Index,
    Name,
    Number,
    Object,
    Slice,
    Ternary,
)

_INDEXED = re.compile(r"(.+)_([0-9]+)")


class Expressions:
    """The rules for expressions; ``rule`` applies them all to one whose operands are done."""

    def __init__(
        self, file: File, analysis: Analysis, absent: dict[Span, str], report: Report
    ) -> None:
        self.report = report
        self.schema = analysis.schema
        self.absent = absent
        self.todo = {(reading.kind, reading.span) for reading in analysis.readings}
        self.names = set(map(_name, file.blocks))
        self.lists = {b.name.name for b in file.blocks if isinstance(b, (Object, Composite))}
        self._steps: tuple[Rule, ...] = (
            self._index,
            self._slice,
            self._vector_sum,
            self._extremum,
            self._absent,
            self._no_loop,
            self._summed,
            self._counted,
            self._truth,
        )

    def rule(self, tree: Expr) -> Expr:
        """Return an expression as adl says it."""
        for step in self._steps:
            tree = step(tree)
        return tree

    def _index(self, tree: Expr) -> Expr:
        """Write ``jets[0]`` for ``jets_0``: no other meaning, another spelling."""
        indexed = _INDEXED.fullmatch(tree.name) if isinstance(tree, Name) else None
        if indexed is None or not isinstance(tree, Name) or tree.name in self.names:
            return tree
        name = indexed[1]
        known = name in self.lists or find_collection(self.schema, name) is not None
        if not known or find_scalar(self.schema, tree.name) is not None:
            return tree
        return Index(Name(name, span=tree.span), int(indexed[2]), span=tree.span)

    def _slice(self, tree: Expr) -> Expr:
        if not isinstance(tree, Slice) or tree.stop is None:
            return tree
        new = replace(tree, stop=tree.stop + 1)
        self.report.changed("slice", tree.span, text(new), "the end is an element of a slice")
        return new

    def _vector_sum(self, tree: Expr) -> Expr:
        if not isinstance(tree, Name) or not self._take("vector sum", tree):
            return tree
        new = Call(Name("add", span=tree.span), (tree,), span=tree.span)
        why = "a whole collection in a pair function of a reducer is its vector sum"
        self.report.changed("pair function in a reducer", tree.span, text(new), why)
        return new

    def _extremum(self, tree: Expr) -> Expr:
        if not isinstance(tree, Call) or tree.function.name.lower() not in ("min", "max"):
            return tree
        if tree.function.name in self.names or binds(tree.arguments) or len(tree.arguments) != 2:
            return tree
        first, second = tree.arguments
        zero = Number("0", span=tree.span)
        new = Ternary(Binary("==", first, second, span=tree.span), zero, tree, span=tree.span)
        why = f"{tree.function.name} of two equal numbers is 0"
        self.report.changed("min and max", tree.span, text(new), why)
        return new

    def _absent(self, tree: Expr) -> Expr:
        if not isinstance(tree, (Call, Attribute)) or tree.span not in self.absent:
            return tree
        value = self.absent.pop(tree.span)
        zero: Expr = Number("0", span=tree.span)
        if value == "false":
            zero = Name("false", span=tree.span)
        new = Call(Name("default", span=tree.span), (tree, zero), span=tree.span)
        why = "an element that is not there is a four-vector of zeros"
        self.report.changed("missing element", tree.span, text(new), why)
        return new

    def _no_loop(self, tree: Expr) -> Expr:
        """Take off a reducer that had one value, because its collections are vector sums."""
        if isinstance(tree, Call) and self._take("no loop", tree):
            return tree.arguments[0]
        return tree

    def _summed(self, tree: Expr) -> Expr:
        if not isinstance(tree, (Call, Attribute, Name)) or not self._take("summed", tree):
            return tree
        new = Call(Name("sum", span=tree.span), (tree,), span=tree.span)
        why = "a whole collection as a number is the sum over its elements"
        self.report.changed("collection as a number", tree.span, text(new), why)
        return new

    def _counted(self, tree: Expr) -> Expr:
        if not isinstance(tree, Call) or not self._take("counted", tree):
            return tree
        new = Call(Name("size", span=tree.span), (tree,), span=tree.span)
        why = "what belongs to an element is their number"
        self.report.changed("collection as a number", tree.span, text(new), why)
        return new

    def _truth(self, tree: Expr) -> Expr:
        if not self._take("truth", tree):
            return tree
        new = Binary("!=", tree, Number("0", span=tree.span), span=tree.span)
        self.report.changed("NaN", tree.span, text(new), "NaN is true as a condition")
        return new

    def _take(self, kind: str, tree: Expr) -> bool:
        """Whether this was read at a place; it is done then."""
        key = kind, tree.span
        if key not in self.todo:
            return False
        self.todo.remove(key)
        return True

    def report_rest(self) -> None:
        """Report what the checker read at places that are no expression of their own."""
        for span in (*(s for k, s in self.todo if k != "partner"), *self.absent):
            words = self.report.source.words(span)
            message = f"{words} means something else in adl, and this version cannot rewrite it"
            self.report.impossible(span, message, "write it in adl's words")


def _name(block: Block) -> str:
    found = getattr(block, "name", "")
    return found.name if isinstance(found, Name) else str(found)
