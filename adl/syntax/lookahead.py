"""What the tokens behind a word say about it: a keyword, a trigger, or a name like any other."""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from adl.syntax.keywords import CLAUSE_TYPES, STATEMENT_TYPES, TABLE_WORDS, keyword
from adl.syntax.tokens import BEGINNING, COMPARISONS, LOGIC, touch

NUMERIC = frozenset({"INT", "REAL", "MINUS", "PLUS"})
SWITCHES = frozenset(("on", "off", "true", "false"))
# Blocks whose header is the keyword and a name, and nothing else.
NAMED_ALONE = frozenset({"INFO", "COMPOSITE", "COUNTSFORMAT", "HISTOLIST", "FUNCTION"})
# Keywords in the midst of a line only where their operand follows on it.
MODEST = frozenset(
    {"SORT", "PRINT", "SAVE", "COUNTS", "COMPOSITE", "TABLE", "COUNTSFORMAT", "HISTOLIST"}
    | {"FUNCTION", "SYSTEMATIC", "CORRECTION"}
)


@dataclass(frozen=True, slots=True)
class Text:
    """The tokens of a file, and whether each of them is the first of its line."""

    tokens: list[Token]
    fresh: list[bool]

    def kind(self, at: int) -> str:
        """Return the type of a token, or nothing behind the last one."""
        return self.tokens[at].type if at < len(self.tokens) else ""

    def next_kind(self, at: int) -> str:
        """Return the type of the token that follows on the same line, or nothing."""
        at += 1
        return self.tokens[at].type if at < len(self.tokens) and not self.fresh[at] else ""

    def next_kinds(self, at: int, number: int) -> list[str]:
        """Return the types of at most so many tokens that follow on the same line."""
        kinds: list[str] = []
        while len(kinds) < number and (kind := self.next_kind(at + len(kinds))):
            kinds.append(kind)
        return kinds

    def operand_follows(self, at: int, or_else: str = "") -> bool:
        """Whether an operand begins behind ``at`` on the same line."""
        after = self.next_kind(at)
        return after in BEGINNING or (after != "" and after == or_else)


def demanded(text: Text, at: int, kind: str) -> bool:
    """Whether what follows a word makes it the keyword that it is spelled like."""
    fresh = text.fresh[at]
    following = text.next_kinds(at, 2)
    match kind:
        case "TITLE":
            return fresh or following[:1] == ["STRING"]
        case "TRIGGER":
            return fresh or (following[:1] == ["NAME"] and _path_follows(text, at + 2))
        case "USE":
            return following == ["NAME", "EQUALS"] or (fresh and following[:1] == ["NAME"])
        case "FLAG":
            return following[:1] == ["EQUALS"]
        case "CORRECTION":  # else it is the function
            return following[:1] != ["LPAR"]
        case _ if kind in MODEST and not fresh:
            return text.operand_follows(at, "LPAR")
    return True


def _path_follows(text: Text, at: int) -> bool:
    return text.kind(at) == "STRING" or (
        at < len(text.tokens) and text.tokens[at].lower() == "optional"
    )


def starting(text: Text, at: int, block: str) -> str:
    """Return the type that the word at ``at`` has as the first of a statement, or nothing."""
    word = text.tokens[at].lower()
    kind = keyword(word, block)
    if kind == "CLAUSE" and word == "table":
        # In a systematic: the name of a table, or the next block.
        header = at + 2 < len(text.tokens) and (
            text.kind(at + 2) in NUMERIC or text.tokens[at + 2].lower() in TABLE_WORDS
        )
        return "TABLE" if header else "CLAUSE"
    if kind == "SYSTEMATIC" and at + 1 < len(text.tokens):
        after = text.tokens[at + 1].lower()
        third = text.next_kind(at + 1)
        if after == "auto" and third in ("NAME", "STRING", "TIMES"):
            return "AUTO"
        if after in SWITCHES and third == "STRING":
            return "LEGACY"
    return kind


def fires(text: Text, at: int) -> bool:
    """Whether ``trigger`` or ``HLT`` at ``at`` is followed by the trigger that it asks for."""
    after = text.next_kind(at)
    if after == "STRING":
        return True
    if after != "NAME" or text.tokens[at].lower() != "trigger":
        return False
    word = text.tokens[at + 1]
    return word.lower() not in LOGIC and word not in COMPARISONS


def ends_info(text: Text, at: int) -> bool:
    """Whether the line at ``at`` begins something else than a field of an info block.

    ``region of interest`` is free text and ``region signal`` is a block.
    """
    kind = starting(text, at, "INFO")
    if not kind or text.kind(at) != "NAME":
        return False
    following = text.next_kinds(at, 3)
    while following[1:2] == ["MINUS"] and len(following) == 3:  # region SR-low
        at += 2
        following = following[:1] + text.next_kinds(at + 1, 2)
    third = text.tokens[at + 2].lower() if len(following) > 1 else ""
    named = following[:1] in (["NAME"], ["DIGIT_FIRST"])
    match kind:
        case "DEFINE":
            return named and following[1:2] in (["EQUALS"], ["COLON"])
        case "USE":
            return named and following[1:2] == ["EQUALS"]
        case "FLAG":
            return following[:1] == ["EQUALS"]
        case "AUTO" | "LEGACY":
            return True
        case "TRIGGER" | "CORRECTION":
            return named and (following[1:2] == ["STRING"] or third == "optional")
        case "TABLE":
            return named and (not third or third in TABLE_WORDS)
        case "OBJECT":
            return named and (not third or third == ":" or keyword(third, "") == "TAKE")
        case "SYSTEMATIC" if named and following[1:2] == ["LBRACE"]:  # systematic jes_{s}
            return True
        case "REGION" | "SYSTEMATIC":
            return named and (not third or keyword(third, kind) in STATEMENT_TYPES | CLAUSE_TYPES)
        case "SELECT" | "REJECT":
            return _compares(text, at)
    return kind in NAMED_ALONE and named and not third


def _compares(text: Text, at: int) -> bool:
    while text.next_kind(at):
        at += 1
        if text.tokens[at].type in ("COMPARE", "RANGE"):
            return True
    return False


def opens_bars(text: Text, at: int) -> bool:
    """Whether the bar at ``at``, behind an operand, opens a pair: ``x |y|``, not ``x | y``."""
    if at + 1 >= len(text.tokens) or touch(text.tokens[at - 1], text.tokens[at]):
        return False
    if not touch(text.tokens[at], text.tokens[at + 1]):
        return False
    while text.next_kind(at):
        at += 1
        if text.tokens[at].type == "BAR":
            return touch(text.tokens[at - 1], text.tokens[at])
    return False
