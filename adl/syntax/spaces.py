"""The white space that means something: what stands side by side in a statement.

``mu[0] mu[1]`` is a sum and gets a ``_SIDE`` between its operands; the items of a list, ``0 20 50``
or the two bounds after ``[]``, get a ``_GAP``. In a list, a minus with white space before it and
none behind it is the sign of the next item: ``[] -2.5 -1.5``.
"""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from adl.syntax.lines import CLOSED_BY, CLOSING, ENDING, retype, touch

BEGINNING = frozenset({"NAME", "SEARCHED", "INT", "REAL", "LPAR", "LBRACE", "BAR_OPEN"})
NUMBERS = frozenset({"INT", "REAL"})

# Statements whose own level, outside all brackets, is a list.
LISTS = frozenset({"NAME", "OBJECT", "TAKE", "HISTO", "BIN"})
CONDITIONAL = frozenset({"AND", "OR", "NOT", "COMPARE", "RANGE", "QUERY"})
# What ends the two bounds after a [].
SEPARATING = frozenset({"AND", "OR", "COMPARE", "QUERY", "COLON", "_COMMA"})


@dataclass(slots=True)
class _Level:
    """One level of brackets: what parts its operands."""

    listing: bool = False
    bounds: bool = False  # between [] and its second bound
    behind: bool = False  # braces with their function behind them: {jets[0]}pT


def mark_spaces(tokens: list[Token]) -> list[Token]:
    """Return the statement with ``_SIDE`` and ``_GAP`` where operands stand side by side."""
    return _Marker(tokens).mark()


class _Marker:
    """Reads a statement from the left; ``levels`` are the brackets that are open."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = list(tokens)
        if tokens[0].type == "BIN" and len(tokens) > 1 and tokens[1].type == "STRING":
            self.tokens[1] = retype(tokens[1], "LABEL")
        self.edges = tokens[0].type == "BIN" and not _has_condition(tokens)
        self.levels = [_Level(listing=tokens[0].type in LISTS)]
        self.applied = -1  # the index of a function that stands behind its braces

    def mark(self) -> list[Token]:
        marked: list[Token] = []
        for i, token in enumerate(self.tokens):
            separator = self.separator(i)
            if separator:
                marked.append(retype(token, separator))
                self.levels[-1].bounds = False
            marked.append(token)
            self.follow(i)
        return marked

    def separator(self, i: int) -> str:
        """What has to stand before token ``i``: ``_SIDE``, ``_GAP`` or nothing."""
        token, before = self.tokens[i], self.tokens[i - 1]
        if i == 0 or before.type not in ENDING:
            return ""
        level = self.levels[-1]
        if token.type == "MINUS":
            return "_GAP" if self.is_sign(i) else ""
        if token.type not in BEGINNING or i == self.applied or self.calls(i):
            return ""
        if before.type == "STRING":
            return ""
        named = i == 2 and self.tokens[0].type == "WEIGHT" and before.type == "NAME"
        return "_GAP" if level.listing or level.bounds or named else "_SIDE"

    def is_sign(self, i: int) -> bool:
        """Whether the minus at ``i``, which follows an operand, begins a new item of a list."""
        if i + 1 == len(self.tokens):
            return False
        before, minus, after = self.tokens[i - 1 : i + 2]
        if touch(before, minus) or not touch(minus, after):
            return False
        if self.levels[-1].bounds:
            return True
        if len(self.levels) > 1 or after.type not in NUMBERS:
            return False
        return self.edges or (self.tokens[0].type == "HISTO" and before.type in NUMBERS)

    def calls(self, i: int) -> bool:
        """Whether the bracket at ``i`` belongs to the name before it: ``f(x)``, ``f{x}``."""
        token, before = self.tokens[i], self.tokens[i - 1]
        if before.type != "NAME" or i - 1 == self.applied:
            return False
        if token.type == "LPAR":
            return True
        # f {a}g stands side by side; f{a} and f {a} are calls.
        return token.type == "LBRACE" and (touch(before, token) or not self.function_behind(i))

    def function_behind(self, i: int) -> bool:
        """Whether a name touches the brace that closes the one at ``i``."""
        depth = 0
        for j in range(i, len(self.tokens) - 1):
            depth += (self.tokens[j].type in CLOSED_BY) - (self.tokens[j].type in CLOSING)
            if depth == 0:
                after = self.tokens[j + 1]
                return after.type == "NAME" and touch(self.tokens[j], after)
        return False

    def follow(self, i: int) -> None:
        """Open and close levels behind token ``i``."""
        token = self.tokens[i]
        if token.type in CLOSED_BY:
            behind = token.type == "LBRACE" and not (i > 0 and self.calls(i))
            self.levels.append(_Level(behind=behind))
        elif token.type in CLOSING:
            if self.levels.pop().behind:
                self.applied = i + 1
        elif token.type == "RANGE":
            self.levels[-1].bounds = True
        elif token.type in SEPARATING:
            self.levels[-1].bounds = False


def _has_condition(tokens: list[Token]) -> bool:
    """Whether something outside all brackets makes a bin a condition, not a list of edges."""
    depth = 0
    for token in tokens:
        depth += (token.type in CLOSED_BY) - (token.type in CLOSING)
        if depth == 0 and token.type in CONDITIONAL:
            return True
    return False
