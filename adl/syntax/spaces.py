"""The white space that means something: what stands side by side in a statement.

``mu[0] mu[1]`` is a sum and gets a ``_SIDE`` between its operands; the items of a list, ``0 20 50``
or the two bounds after ``[]``, get a ``_GAP``. In a list, a minus with white space before it and
none behind it is the sign of the next item: ``[] -2.5 -1.5``.
"""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from adl.syntax.tokens import CLOSED_BY, CLOSING, ENDING, retype, touch

BEGINNING = frozenset({"NAME", "SEARCHED", "INT", "REAL", "LPAR", "LBRACE", "BAR_OPEN"})
NUMBERS = frozenset({"INT", "REAL"})

# Statements without expressions.
PLAIN = frozenset(
    {"INFO", "FIELD", "COMPOSITE", "TABLE", "COUNTSFORMAT", "PROCESS", "HISTOLIST", "FUNCTION"}
    | {"ARG", "CODE", "FLAG", "TRIGGER", "AUTO", "LEGACY", "CORRECTION", "COUNTS", "TITLE"}
)
# Statements whose own level, outside all brackets, is a list; in the second, of texts, too.
LISTS = frozenset({"NAME", "OBJECT", "TAKE", "HISTO", "BIN", "SAVE"})
MIXED_LISTS = frozenset({"PRINT", "CLAUSE"})
CONDITIONAL = frozenset({"AND", "OR", "NOT", "COMPARE", "SEARCH", "RANGE", "QUERY"})
# What ends the two bounds after a [].
SEPARATING = frozenset({"AND", "OR", "COMPARE", "SEARCH", "QUERY", "COLON", "_COMMA"})
# Before braces that hold the values of a list.
LISTED = frozenset({"LPAR", "_COMMA", "EQUALS"})
LIST_ENDS = frozenset({"RPAR", "_COMMA", ""})
# What stands between [ and ] when it is a whole number or a slice of them.
POSITIONS = frozenset(
    f"{first}{rest}"
    for first in ("", "INT ", "MINUS INT ")
    for rest in ("RSQB ", "COLON RSQB ", "COLON INT RSQB ", "COLON MINUS INT RSQB ")
) - {"RSQB ", "COLON RSQB "}
LONGEST_POSITION = 6


@dataclass(slots=True)
class _Level:
    """One level of brackets: what parts its operands."""

    listing: bool = False
    texts: bool = False  # a text is an item like any other
    signs: bool = False  # a minus behind white space may begin a number
    bounds: bool = False  # between [] and its second bound
    behind: bool = False  # braces with their function behind them: {jets[0]}pT


def mark_spaces(tokens: list[Token]) -> list[Token]:
    """Return the statement with ``_SIDE`` and ``_GAP`` where operands stand side by side."""
    return list(tokens) if tokens[0].type in PLAIN else _Marker(tokens).mark()


class _Marker:
    """Reads a statement from the left; ``levels`` are the brackets that are open."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = list(tokens)
        self.head = tokens[0].type
        if self.head == "BIN" and len(tokens) > 1 and tokens[1].type == "STRING":
            self.tokens[1] = retype(tokens[1], "LABEL")
        self.edges = self.head == "BIN" and not _has_condition(tokens)
        mixed = self.head in MIXED_LISTS
        self.levels = [
            _Level(listing=mixed or self.head in LISTS, texts=mixed, signs=self.head == "PRINT")
        ]
        self.applied = -1  # the index of a function that stands behind its braces
        self.closing = _closing_braces(tokens)

    def mark(self) -> list[Token]:
        marked: list[Token] = []
        for i in range(len(self.tokens)):
            separator = self.separator(i)
            if separator:
                marked.append(retype(self.tokens[i], separator))
                self.levels[-1].bounds = False
            self.follow(i)
            marked.append(self.tokens[i])
        return marked

    def separator(self, i: int) -> str:
        """What has to stand before token ``i``: ``_SIDE``, ``_GAP`` or nothing."""
        token, before = self.tokens[i], self.tokens[i - 1]
        if i == 0 or before.type not in ENDING:
            return ""
        level = self.levels[-1]
        if token.type == "MINUS":
            return "_GAP" if self.is_sign(i) else ""
        if level.texts and (token.type in ("STRING", "NOT", "FIRED") or before.type == "STRING"):
            starts = token.type in BEGINNING or token.type in ("STRING", "NOT", "FIRED")
            return "_GAP" if starts else ""
        if token.type not in BEGINNING or i == self.applied or self.calls(i):
            return ""
        if before.type == "STRING":
            return ""
        named = i == 2 and self.head == "WEIGHT" and before.type == "NAME"
        return "_GAP" if level.listing or level.bounds or named else "_SIDE"

    def is_sign(self, i: int) -> bool:
        """Whether the minus at ``i``, which follows an operand, begins a new item of a list."""
        if i + 1 == len(self.tokens):
            return False
        before, minus, after = self.tokens[i - 1 : i + 2]
        if touch(before, minus) or not touch(minus, after):
            return False
        if self.levels[-1].bounds or (i == 2 and self.head == "WEIGHT" and before.type == "NAME"):
            return True
        if after.type not in NUMBERS:
            return False
        if self.levels[-1].signs:
            return True
        if len(self.levels) > 1:
            return False
        return self.edges or (self.head in ("HISTO", "CLAUSE") and before.type in NUMBERS)

    def calls(self, i: int) -> bool:
        """Whether the bracket at ``i`` belongs to the name before it: ``f(x)``, ``f{x}``."""
        token, before = self.tokens[i], self.tokens[i - 1]
        if before.type != "NAME" or i - 1 == self.applied:
            return False
        if token.type == "LPAR":
            return not self.factor(i)
        # f {a}g stands side by side; f{a} and f {a} are calls.
        return token.type == "LBRACE" and (touch(before, token) or not self.function_behind(i))

    def factor(self, i: int) -> bool:
        """Whether the parenthesis at ``i`` is the factor of a named weight: weight sf (1 + 2)."""
        if i != 2 or self.head != "WEIGHT" or i + 1 == len(self.tokens):
            return False
        before, opening, after = self.tokens[i - 1 : i + 2]
        return not touch(before, opening) and touch(opening, after)

    def function_behind(self, i: int) -> bool:
        """Whether a name touches the brace that closes the one at ``i``."""
        j = self.closing[i]
        if j + 1 >= len(self.tokens):
            return False
        after = self.tokens[j + 1]
        return after.type == "NAME" and touch(self.tokens[j], after)

    def lists(self, i: int) -> bool:
        """Whether the bracket at ``i`` holds the values of a list: ``{ ht, 1.5 }``, ``[a, b]``."""
        before = self.tokens[i - 1].type if i else ""
        if self.tokens[i].type == "LSQB":
            return before in LISTED
        colon = before == "COLON" and i == 3 and self.head in ("DEFINE", "OWN_DEFINE")
        j = self.closing[i] + 1
        after = self.tokens[j].type if j < len(self.tokens) else ""
        return (colon or before in LISTED) and after in LIST_ENDS

    def follow(self, i: int) -> None:
        """Open and close levels behind token ``i``."""
        token = self.tokens[i]
        if token.type in ("LBRACE", "LSQB") and self.lists(i):
            self.tokens[i] = retype(token, "LIST_OPEN")
            self.levels.append(_Level(listing=True, texts=True, signs=True))
        elif token.type in CLOSED_BY:
            behind = token.type == "LBRACE" and not (i > 0 and self.calls(i))
            self.levels.append(_Level(behind=behind))
            if token.type == "LSQB":
                self.position(i + 1)
        elif token.type in CLOSING:
            if self.levels.pop().behind:
                self.applied = i + 1
        elif token.type == "RANGE":
            self.levels[-1].bounds = True
        elif token.type in SEPARATING:
            self.levels[-1].bounds = False

    def position(self, i: int) -> None:
        """Mark the whole numbers of the index or slice that begins at ``i``."""
        inside = self.tokens[i : i + LONGEST_POSITION]
        kinds = [token.type for token in inside]
        if "RSQB" not in kinds:
            return
        end = kinds.index("RSQB")
        if "".join(f"{kind} " for kind in kinds[: end + 1]) not in POSITIONS:
            return
        for j in range(end):
            if kinds[j] == "INT":
                self.tokens[i + j] = retype(inside[j], "AT")


def _closing_braces(tokens: list[Token]) -> dict[int, int]:
    """Return for every opening brace the index of the bracket that closes it."""
    closing: dict[int, int] = {}
    if not any(token.type == "LBRACE" for token in tokens):
        return closing
    opened: list[int] = []
    for i, token in enumerate(tokens):
        if token.type in CLOSED_BY:
            opened.append(i)
        elif token.type in CLOSING:
            closing[opened.pop()] = i
    return closing


def _has_condition(tokens: list[Token]) -> bool:
    """Whether something outside all brackets makes a bin a condition, not a list of edges."""
    depth = 0
    for token in tokens:
        depth += (token.type in CLOSED_BY) - (token.type in CLOSING)
        if depth == 0 and token.type in CONDITIONAL:
            return True
    return False
